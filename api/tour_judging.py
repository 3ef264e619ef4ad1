"""What is stored of tours, judged anew by the checker: nothing that the search said is believed."""

import hashlib
import json
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from api.database import Database
from api.judging import Finding, Judgement
from api.row_faults import row_named
from api.store.checked_rows import said_of_cell
from api.store.days import areas_on
from api.store.tour_plans import file_of, run_alone
from api.tour_making import read_question
from api.tour_verdict import toured_as_read, verdict
from datasets.faults import DayRefused, PlanRefused
from datasets.tour_levers import Pulled, pull
from datasets.tour_reading import jobs_named, tours_of
from datasets.tour_walk_ins import as_planned
from geo.remote.gather import Surroundings
from optimizer.tours.outlets import with_outlets

__all__ = ["judge_tours", "tours_digest"]


def tours_digest(session: Session, plan_id: str) -> str:
    """Return what tells two versions of stored tours apart."""
    kept = [file_of(session, plan_id, name) for name in ("source", "tours", "days", "sendings")]
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def judge_tours(url: str, plan_id: str) -> Judgement:
    """Return what the checker says about stored tours; in a process of its own, which opens the store itself."""
    database = Database(url)
    try:
        with database.read() as session:
            plan = run_alone(session, plan_id)
            source: Any = file_of(session, plan_id, "source")
            document: Any = file_of(session, plan_id, "tours")
            areas = areas_on(session, plan.date)
            digest = tours_digest(session, plan_id)
    finally:
        database.close()
    try:
        around = Surroundings(stopped=lambda: False, progress=lambda _: None)
        question = read_question(source, plan.wish, areas, around, document["travel"])
        folder, travel = question.folder, question.travel
        asked = as_planned(folder.touring, folder.policy.walk_ins, jobs_named(document))
        read = tours_of(document, asked)
        asked = with_outlets(pull(asked, _pulled(question.pulled, read.pulled)), folder.day, travel)
        found = verdict(document, toured_as_read(folder, asked, read, travel), folder, travel)
    except (DayRefused, PlanRefused) as refused:
        findings = [
            Finding(rule="READING", where=row_named(fault, source["tables"]), sentence=said_of_cell(fault))
            for fault in refused.faults
        ]
        return Judgement(digest=digest, findings=tuple(findings))
    findings = [Finding(rule=one.rule, where=one.where, sentence=one.sentence) for one in found]
    return Judgement(digest=digest, findings=tuple(findings))


def _pulled(wished: Pulled, stated: Pulled) -> Pulled:
    """Return the levers of the wish, with the days that were locked, and the dates that were given up, in planning."""
    named = {(lock.crew_id, lock.day) for lock in wished.levers.locked}
    besides = tuple(lock for lock in stated.levers.locked if (lock.crew_id, lock.day) not in named)
    released = wished.levers.released | stated.levers.released
    levers = replace(wished.levers, locked=(*wished.levers.locked, *besides), released=released)
    return replace(wished, levers=levers)
