"""What is stored of a plan, judged anew by the checker: nothing that the search said is believed."""

import hashlib
import json
from dataclasses import dataclass

from api.database import Database
from api.frozen_days import FrozenDay, OtherVersion, thawed
from api.replanning import published_as
from api.store.plans import file_of
from api.travel_source import reopen_source
from datasets.faults import DayRefused, PlanRefused
from datasets.plan_reading import plan_of
from optimizer.check import check
from optimizer.cost import price
from optimizer.measure import Measured, measure
from optimizer.model import Day
from optimizer.plan import Plan
from optimizer.travel import TravelTimes

__all__ = ["Finding", "Judgement", "StoredPlan", "digest_of", "judge", "judged", "stored_plan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with a plan: a rule and where it is broken."""

    rule: str
    where: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the checker says about exactly these bytes."""

    digest: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredPlan:
    """A plan read back from the store, with its day as the search saw it: published visits included.

    travel: the travel times that it was made from; a service is not asked again.
    """

    frozen: FrozenDay
    day: Day
    plan: Plan
    stated_fen: int
    travel: TravelTimes
    digest: str


def digest_of(day: bytes, plan: bytes) -> str:
    """Return what tells two versions of a stored plan apart."""
    return hashlib.sha256(day + b"\0" + plan).hexdigest()


def stored_plan(day: bytes, plan: bytes) -> StoredPlan:
    """Read a stored plan. Raises PlanRefused or OtherVersion."""
    frozen = thawed(day)
    visits = frozen.published()
    folder = frozen.folder if visits is None else published_as(frozen.folder, visits)
    document = json.loads(plan)
    return StoredPlan(
        frozen=frozen,
        day=folder.day,
        plan=plan_of(document, folder.day),
        stated_fen=document["cost_fen"]["total"],
        travel=reopen_source(frozen.folder, document["travel"]),
        digest=digest_of(day, plan),
    )


def judge(database_url: str, plan_id: str) -> Judgement:
    """Return what the checker says about a stored plan; for a process of its own, since it takes its time."""
    database = Database(database_url)
    try:
        with database.read() as session:
            day, plan = file_of(session, plan_id, "day"), file_of(session, plan_id, "plan")
    finally:
        database.close()
    if day is None or plan is None:
        finding = Finding(rule="READABLE", where="plan", sentence="nothing is stored")
        return Judgement(digest="", findings=(finding,))
    try:
        stored = stored_plan(day, plan)
    except OtherVersion as other:
        finding = Finding(rule="VERSION", where="day", sentence=f"{other}: plan again")
        return Judgement(digest=digest_of(day, plan), findings=(finding,))
    except (DayRefused, PlanRefused, ValueError, KeyError, TypeError) as refused:
        finding = Finding(rule="READABLE", where="plan", sentence=str(refused))
        return Judgement(digest=digest_of(day, plan), findings=(finding,))
    return judged(stored)


def judged(stored: StoredPlan, measured: Measured | None = None) -> Judgement:
    """Return what the checker says about a plan that was read back; measured: the plan beside its day, if it is."""
    measured = measured or measure(stored.day, stored.plan, stored.travel)
    findings = [
        Finding(rule=str(found.rule), where=found.where, sentence=found.sentence)
        for found in check(stored.day, stored.plan, measured, stored.frozen.folder.supply)
    ]
    fen = price(stored.day, stored.plan, measured).total
    if fen != stored.stated_fen:
        sentence = f"the plan states {stored.stated_fen} fen, it is {fen}"
        findings.append(Finding(rule="COST", where="plan", sentence=sentence))
    return Judgement(digest=stored.digest, findings=tuple(findings))
