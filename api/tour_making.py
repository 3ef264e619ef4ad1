"""Tours from rows to papers: read as a day folder is, planned, kits ordered, weighed against later, checked."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from api.tour_kits import Loaded, late_kits, load_vans
from api.travel_source import open_source
from datasets.day import source_of
from datasets.faults import DayRefused, FaultList
from datasets.settings import SETTINGS_FILE
from datasets.tour_kpis import TourKpis, tour_kpis
from datasets.tour_levers import MoreCrew, MoreDay, Pulled, pull
from datasets.tour_names import Toured
from datasets.tour_naming import names_of
from datasets.tour_reading import base_of
from datasets.tours import TourFolder, build_tours
from geo.areas import Areas
from geo.remote.gather import Surroundings
from optimizer.budget import Budget, Portion
from optimizer.tours.check import check_tours
from optimizer.tours.fitting import fitting
from optimizer.tours.model import LockedDay, Span, Touring
from optimizer.tours.outlets import with_outlets
from optimizer.tours.plan import TourPlan, TourResult, TourViolation
from optimizer.tours.planning import plan_tours
from optimizer.travel import UNREACHABLE, TravelTimes
from optimizer.workers import Workers

__all__ = [
    "KIT_ROUNDS",
    "SHARES",
    "Progress",
    "TourQuestion",
    "ToursBroken",
    "ToursMade",
    "day_with_levers",
    "make_tours",
    "read_folder",
    "read_question",
]

Progress = Callable[[str, float], None]

KIT_ROUNDS = 3
"""So often tours are planned at most until every kit is there when its crew leaves."""
SHARES = {"planning": 0.55, "kits": 0.15, "fitting": 0.3}
"""Of the budget: for the tours, for planning again where a kit comes too late, for the same tours some days later."""


class ToursBroken(Exception):
    """The checker objects to tours that were made: a defect of ours."""

    def __init__(self, found: Sequence[TourViolation | str]) -> None:
        super().__init__()
        self.found = tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class TourQuestion:
    """What tours are planned from, whole: travel, levers and what outlets would be paid included."""

    folder: TourFolder
    asked: Touring
    pulled: Pulled
    travel: TravelTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class ToursMade:
    """Tours that the checker found nothing against, and their figures."""

    toured: Toured
    kpis: TourKpis


def day_with_levers(values: Mapping[str, Any], levers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a day.toml with levers in its table [tour], those without dates; both as JSON has them."""
    tour = dict(values.get("tour", {}))
    for name in ("nights", "day_metres", "van_days"):
        if levers.get(name) is not None:
            tour[name] = levers[name]
    for name in ("must_visit", "never_visit", "forbidden_lodgings"):
        if levers.get(name):
            tour[name] = list(levers[name])
    holidays = {
        key: [dt.date.fromisoformat(item) if isinstance(item, str) else item for item in dates]
        for key, dates in values.get("holidays", {}).items()
    }
    own = {"date": dt.date.fromisoformat(values["date"]) if isinstance(values["date"], str) else values["date"]}
    return {**values, **own, "tour": tour} | ({"holidays": holidays} if holidays else {})


def read_question(
    source: Mapping[str, Any],
    wish: Mapping[str, Any],
    areas: Areas | None,
    around: Surroundings,
) -> TourQuestion:
    """Return what tours are planned from; a service of travel times is asked for what it may need.

    source: rows by table and the content of day.toml. wish: what was wished for, as it is kept.

    Raises
    ------
    DayRefused
        With every fault of rows and levers.
    """
    folder = read_folder(source, wish["levers"], areas)
    travel = open_source(folder.folder, around).travel
    pulled = _pulled(folder.touring, wish["levers"], wish.get("held", ()))
    asked = with_outlets(pull(folder.touring, pulled), folder.day, travel)
    return TourQuestion(folder=folder, asked=asked, pulled=pulled, travel=travel)


def read_folder(source: Mapping[str, Any], levers: Mapping[str, Any], areas: Areas | None) -> TourFolder:
    """Return rows of the store as the folder that they would be. Raises DayRefused with every fault."""
    folder = build_tours(source_of(source["tables"], day_with_levers(source["values"], levers), areas=areas))
    known = {job.id for job in folder.touring.jobs}
    faults = FaultList()
    for number, row in enumerate(levers["locked"], start=1):
        for id_ in row["job_ids"]:
            if id_ not in known:
                faults.add(SETTINGS_FILE, None, f"tour.locked[{number}].job_ids", id_, "jobs that a tour could do")
    if faults.faults:
        raise DayRefused(faults.faults)
    return folder


def _pulled(asked: Touring, levers: Mapping[str, Any], held: Sequence[Mapping[str, Any]]) -> Pulled:
    """Return levers with those that have dates; held: days that earlier plans locked, of which some jobs are over."""
    known = {job.id for job in asked.jobs}

    def day_of(date: str) -> int:
        return (dt.date.fromisoformat(date) - asked.date).days

    named = {(row["crew_id"], row["date"]) for row in levers["locked"]}
    rows = [*levers["locked"], *(row for row in held if (row["crew_id"], row["date"]) not in named)]
    locked = tuple(
        LockedDay(
            crew_id=row["crew_id"],
            day=day_of(row["date"]),
            job_ids=tuple(id_ for id_ in row["job_ids"] if id_ in known),
            lodging_id=row["lodging_id"],
        )
        for row in rows
        if 0 <= day_of(row["date"]) < asked.days
    )
    spans = tuple(
        Span(crew_id=row["crew_id"], first_day=day_of(row["first"]), last_day=day_of(row["last"]))
        for row in levers["spans"]
    )
    return Pulled(
        levers=replace(asked.levers, locked=locked, spans=spans),
        crews=tuple(MoreCrew(id=more["crew_id"], like=more["like"]) for more in levers["more_crews"]),
        days=tuple(MoreDay(crew_id=more["crew_id"], day=day_of(more["date"])) for more in levers["more_days"]),
    )


def make_tours(
    question: TourQuestion,
    base: Mapping[str, Any] | None,
    *,
    stays: bool,
    budget: Budget,
    workers: Workers,
    seed: int,
    progress: Progress,
) -> ToursMade:
    """Plan, check and weigh tours.

    base: tours to begin from, as `tours_document` has them. stays: as much of them as can is to stay.

    Raises
    ------
    ToursBroken
        The checker objects.
    """
    known = None if base is None else base_of(base, question.asked)
    tries = [question]
    if stays and known is not None:
        tries = [_held(question, known), question]
    best: tuple[TourQuestion, TourResult, Loaded] | None = None
    for one in tries:
        # What is announced is kept before what was planned stays: only that is a reason to move other days.
        if best is None or best[1].cost.kept:
            part = Portion(budget=budget, part=1 / len(tries))
            result, loaded = _planned(one, known, part, workers, seed, progress)
            if best is None or result.cost.kept < best[1].cost.kept:
                best = one, result, loaded
    assert best is not None
    question, result, loaded = best
    progress("check", 0.0)
    if found := check_tours(question.asked, result.plan, question.travel):
        raise ToursBroken(found)
    weighed = None
    if base is None:
        weighed = fitting(
            question.asked,
            question.travel,
            Portion(budget=budget, part=SHARES["fitting"]),
            seed,
            workers,
            question.folder.policy.threshold_fen,
            lambda done: progress("fitting", done),
            result.plan,
        )
    toured = Toured(
        asked=question.asked,
        result=result,
        names=names_of(question.folder),
        kits=loaded.kits,
        kit_orders=loaded.orders,
        covers=_covers(question.asked, result.plan, question.travel),
        pulled=question.pulled,
        provider=question.travel.name,
        is_estimate=question.travel.is_estimate,
        fitting=weighed,
    )
    return ToursMade(toured=toured, kpis=tour_kpis(toured))


def _held(question: TourQuestion, base: TourPlan) -> TourQuestion:
    """Return the question with every day of the base locked that can still be as it was."""
    asked = question.asked
    crews = {crew.id: crew for crew in asked.crews}
    villages = {village.id: village for village in asked.villages}
    jobs = {job.id: job for job in asked.jobs}
    taken = {(lock.crew_id, lock.day) for lock in asked.levers.locked}
    locks = [
        LockedDay(
            crew_id=tour.crew_id,
            day=day.day,
            job_ids=tuple(visit.job_id for visit in day.visits),
            lodging_id=day.lodging_id,
        )
        for tour in base.tours
        if tour.crew_id in crews and all(day.day in crews[tour.crew_id].days for day in tour.days)
        for day in tour.days
        if (tour.crew_id, day.day) not in taken
        and not any(
            day.day in villages[village_id].cut_off
            for visit in day.visits
            for village_id in {visit.village_id, jobs[visit.job_id].village_id}
        )
    ]
    # A tour of which one day cannot stay is free as a whole: its nights hang together.
    whole = {
        (lock.crew_id, lock.day)
        for tour in base.tours
        for lock in locks
        if lock.crew_id == tour.crew_id
        and tour.first_day <= lock.day <= tour.last_day
        and sum(one.crew_id == tour.crew_id and tour.first_day <= one.day <= tour.last_day for one in locks)
        == len(tour.days)
    }
    kept = tuple(lock for lock in locks if (lock.crew_id, lock.day) in whole)
    levers = replace(asked.levers, locked=(*asked.levers.locked, *kept))
    return replace(question, asked=replace(asked, levers=levers), pulled=replace(question.pulled, levers=levers))


def _planned(
    question: TourQuestion, base: TourPlan | None, budget: Budget, workers: Workers, seed: int, progress: Progress
) -> tuple[TourResult, Loaded]:
    """Return tours, and what their vans are loaded with; where a kit comes too late, tours are planned again."""
    asked, again = question.asked, SHARES["kits"] / (KIT_ROUNDS - 1)
    for share in (SHARES["planning"], *([again] * (KIT_ROUNDS - 1))):
        part = Portion(budget=budget, part=share)
        result = plan_tours(asked, question.travel, part, seed, workers, lambda done: progress("planning", done), base)
        progress("kits", 0.0)
        loaded = load_vans(question.folder, asked, result.plan, budget.countdown(SHARES["kits"]))
        if loaded.found:
            raise ToursBroken(loaded.found)
        late = late_kits(loaded.orders)
        if not late:
            break
        base = result.plan
        jobs = tuple(replace(job, kit_ready_s=late[job.id]) if job.id in late else job for job in asked.jobs)
        asked = replace(asked, jobs=jobs)
    return result, loaded


def _covers(asked: Touring, plan: TourPlan, travel: TravelTimes) -> dict[str, tuple[str, int]]:
    """Return for villages without a stop the nearest one with, if people can carry a unit there."""
    at = {village.id: village.position for village in asked.villages}
    stops = sorted({visit.village_id for tour in plan.tours for day in tour.days for visit in day.visits})
    others = [village_id for village_id in at if village_id not in set(stops)]
    if not stops or not others:
        return {}
    places = [np.array([at[id_] for id_ in ids], np.float64) for ids in (others, stops)]
    seconds = travel.matrix(places[0], places[1], asked.crews[0].mode).seconds
    seconds = np.where(seconds == UNREACHABLE, np.iinfo(np.int32).max, seconds)
    nearest = seconds.argmin(axis=1)
    return {
        village_id: (stops[stop], int(seconds[row, stop]))
        for row, (village_id, stop) in enumerate(zip(others, nearest.tolist(), strict=True))
        if seconds[row, stop] <= asked.cover_s
    }
