"""Stores in which a plan holds: made here, by few steps of search."""

import datetime as dt
from typing import Any

from api.database import Database
from api.frozen_days import frozen
from api.judging import stored_plan
from api.plan_documents import WHOLE, PlanDocument, finished, outcome_of, plan_documents
from api.plan_states import PlanState
from api.planning import make_plan
from api.store.plan_days import centres_on, freeze
from api.store.plans import begin_run, create_plan, end_run, file_of, get_plan, keep_file
from api.store.publishing import publish
from optimizer.budget import Steps
from optimizer.workers import HereWorkers

__all__ = ["plan_and_publish"]


def plan_and_publish(database: Database, *, date: dt.date, now: dt.datetime, days: int = 2, steps: int = 200) -> str:
    """Plan all centres and let the plan hold; return its id."""
    wish: dict[str, Any] = {
        "scope": {"centres": "all"},
        "limits": {"seconds": None, "steps": steps},
        "seed": 1,
        "engine": "search",
        "freeze": "channels",
        "base_plan": "published",
    }
    with database.write() as session:
        plan = create_plan(
            session,
            wish=wish,
            date=date,
            days=days,
            now=now,
            centre_ids=centres_on(session, date),
            actor="test",
            at=now,
        )
        plan_id, centre_ids = plan.id, plan.centre_ids
        attempt = begin_run(session, plan_id, "here", now)
        assert attempt is not None
        day = freeze(session, plan)
        keep_file(session, plan_id, PlanDocument(centre_id=WHOLE, name="day", content=frozen(day)))
    made = make_plan(
        day.folder,
        visits=day.published(),
        stable=False,
        budget=Steps(steps=steps),
        workers=HereWorkers(),
        seed=1,
        progress=lambda _stage, _share: None,
    )
    done = finished(made)
    documents = list(plan_documents(done, centre_ids))
    with database.write() as session:
        end_run(session, plan_id, attempt, PlanState.FINISHED, now, outcome=outcome_of(done), documents=documents)
    with database.write() as session:
        plan = get_plan(session, plan_id)
        files = [file_of(session, plan_id, name) for name in ("day", "plan")]
        assert files[0]
        assert files[1]
        publish(session, plan, stored_plan(files[0], files[1]), actor="test", at=now)
    return plan_id
