<<<<<<< HEAD
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
=======
"""A small network whose plan is published: outlets told online, by phone and by fax."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.auto_publishing import publish_checked
from api.database import Database
from api.run_process import run_here
from api.store.jobs import By
from api.store.load import load_day
from api.store.plan_days import centres_on
from api.store.plans import create_plan
from datasets.day import read_source
from optimizer.budget import Budget
from optimizer.workers import HereWorkers
from tests.bad_days import make_network

__all__ = ["DATE", "EVENING", "SEVEN", "hire", "make", "publish_network"]

DATE = dt.date(2026, 3, 2)
EVENING = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)
"""17:00 of the day before: nothing is frozen."""
SEVEN = dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC)
"""06:30 of the day: fax outlets are frozen, outlets told by phone will be at 07:00."""


class Here(HereWorkers):
    """Workers of a run in the test's own process."""

    def until_stopped(self, budget: Budget) -> Budget:
        return budget


@contextmanager
def hire() -> Iterator[Here]:
    yield Here()


def make(database: Database, plan_id: str) -> None:
    """Make a plan that waits, here."""
    run_here(database, plan_id, "test", hire)


def publish_network(database: Database, folder: Path) -> None:
    """Load a network, plan the day in the evening before, and publish it then."""
    read = read_source(make_network.write(folder / "day", jobs=36, technicians=6))
    wish: dict[str, Any] = {
        "scope": {"centres": "all"},
        "limits": {"seconds": None, "steps": 200},
>>>>>>> 2f0d26299907356f1d4f736c339354d81e37826f
        "seed": 1,
        "engine": "search",
        "freeze": "channels",
        "base_plan": "published",
    }
    with database.write() as session:
<<<<<<< HEAD
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
=======
        load_day(session, read, by=By(actor="test", channel="load"), now=EVENING)
        plan_id = create_plan(
            session,
            wish=wish,
            date=DATE,
            days=1,
            now=EVENING,
            centre_ids=centres_on(session, DATE),
            actor="test",
            at=EVENING,
        ).id
    make(database, plan_id)
    assert publish_checked(database, plan_id, EVENING)
>>>>>>> 2f0d26299907356f1d4f736c339354d81e37826f
