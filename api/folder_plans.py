"""A plan folder becomes a published plan of the store: what was planned from files need not be planned again."""

import datetime as dt
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from api.day_differences import day_differences
from api.errors import Conflict
from api.frozen_days import FrozenDay, frozen
from api.judging import StoredPlan, judged
from api.plan_documents import Finished, outcome_of, plan_documents
from api.plan_files import WHOLE, PlanDocument, packed
from api.plan_states import PlanState
from api.replanning import published_as
from api.store.plan_days import centres_on, freeze
from api.store.plans import create_plan, keep_file
from api.store.publishing import Publication, publish
from api.travel_source import reopen_source
from datasets.day import read_day
from datasets.plan_folder import KPIS_FILE, PLAN_FILE
from datasets.plan_reading import read_plan
from datasets.times import local_date, moment_of
from optimizer.cost import price
from optimizer.measure import measure
from optimizer.plan import Result, Status

__all__ = ["read_folder_plan", "take_over"]


def read_folder_plan(day_path: Path, out: Path) -> Finished:
    """Read a plan folder with its day. Raises DayRefused or PlanRefused with every fault."""
    folder = read_day(day_path)
    plan = read_plan(out, folder)
    document: dict[str, Any] = json.loads((out / PLAN_FILE).read_text(encoding="utf-8"))
    said = defaultdict(list)
    for explanation in document["explanations"]:
        said[explanation["job_id"]].append(explanation)
    measured = measure(folder.day, plan, reopen_source(folder, document["travel"]))
    result = Result(
        plan=plan,
        status=Status(document["status"]),
        cost=price(folder.day, plan, measured),
        bound_fen=document["bound_fen"],
        seed=document["seed"],
    )
    return Finished(
        folder=folder,
        result=result,
        measured=measured,
        travel_said=document["travel"],
        kpis=json.loads((out / KPIS_FILE).read_text(encoding="utf-8")),
        explanations=said,
    )


def take_over(session: Session, given: Finished, *, actor: str, at: dt.datetime) -> Publication:
    """Put a folder's plan into the store and let it hold, in one transaction with whatever else the session does.

    Raises
    ------
    Conflict
        The day is over, the store holds another day than the folder, the checker objects, or other promises were made
        meanwhile.
    """
    day = given.folder.day
    last = day.date + dt.timedelta(days=day.days - 1)
    if last < local_date(at):
        raise Conflict(
            f"The day is over: its last date is {last}. Publish a plan of today or later, such as one of "
            "paigong day make DIR --date YYYY-MM-DD."
        )
    plan = create_plan(
        session,
        wish={
            "scope": {"centres": "all"},
            "horizon": {"date": day.date.isoformat(), "days": day.days},
            "seed": given.result.seed,
            "freeze": "channels",
            "base_plan": "published",
            "source": "plan folder",
        },
        date=day.date,
        days=day.days,
        now=moment_of(day.date, day.now_s),
        centre_ids=centres_on(session, day.date),
        actor=actor,
        at=at,
    )
    here = freeze(session, plan)
    if here.folder.day != day:
        differing = day_differences(here.folder.day, day)
        raise Conflict(
            "The store holds another day than the folder. If it is not loaded yet: paigong db load. What has happened "
            "in the store since stays there; then plan through the API. What differs: " + "; ".join(differing) + "."
        )
    keep_file(session, plan.id, packed(PlanDocument(centre_id=WHOLE, name="day", content=frozen(here))))
    for document in plan_documents(given, plan.centre_ids):
        keep_file(session, plan.id, packed(document))
    plan.outcome = outcome_of(given)
    plan.state, plan.started_at, plan.ended_at = PlanState.FINISHED, at, at
    session.flush()
    stored = _stored(here, given)
    judgement = judged(stored, given.measured if stored.day is day else None)
    if judgement.findings:
        sentences = "; ".join(finding.sentence for finding in judgement.findings[:5])
        raise Conflict(f"The checker objects: {len(judgement.findings)} findings: {sentences}")
    return publish(session, plan, stored, actor=actor, at=at)


def _stored(here: FrozenDay, given: Finished) -> StoredPlan:
    """Return the folder's plan as the store would give it back: beside what is promised there by now."""
    visits = here.published()
    return StoredPlan(
        frozen=here,
        day=given.folder.day if visits is None else published_as(here.folder, visits).day,
        plan=given.result.plan,
        stated_fen=given.result.cost.total,
        travel=reopen_source(given.folder, given.travel_said),
        digest="",
    )
