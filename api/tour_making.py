"""Tours from rows to papers: read as a day folder is, planned, kits ordered, weighed against later, checked."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from api.tour_rounds import KIT_ROUNDS, Kitted, Progress, Searching, tours_with_kits
from api.tour_sent import with_sent
from api.travel_source import TravelSource, open_source, reopen_source
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
from optimizer.tours.covering import nearest_stops
from optimizer.tours.fitting import fitting
from optimizer.tours.model import LockedDay, Span, Touring
from optimizer.tours.outlets import with_outlets
from optimizer.tours.plan import TourPlan, TourViolation
from optimizer.tours.told import released
from optimizer.travel import TravelTimes
from optimizer.workers import Workers

__all__ = [
    "SHARES",
    "TourQuestion",
    "ToursBroken",
    "ToursMade",
    "folder_with_levers",
    "make_tours",
    "pulled_of",
    "read_folder",
    "read_question",
]

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
    asked_of_service: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToursMade:
    """Tours that the checker found nothing against, and their figures."""

    toured: Toured
    kpis: TourKpis


def _day_with_levers(values: Mapping[str, Any], levers: Mapping[str, Any]) -> dict[str, Any]:
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
    stated: Mapping[str, Any] | None = None,
) -> TourQuestion:
    """Return what tours are planned from; a service of travel times is asked for what it may need.

    source: rows by table, the content of day.toml, and kits that have left. wish: what was wished for, as it is kept.
    stated: what tours that were made say of their travel times; then no service is asked.

    Raises
    ------
    DayRefused
        With every fault of rows and levers.
    """
    folder = read_folder(source, wish["levers"], areas)
    if stated is None:
        opened = open_source(folder.folder, around, folder.touring)
    else:
        opened = TravelSource(travel=reopen_source(folder.folder, stated))
    travel = opened.travel
    pulled = pulled_of(folder.touring, wish["levers"], wish.get("held", ()), source.get("done", ()))
    asked = with_outlets(pull(folder.touring, pulled), folder.day, travel)
    return TourQuestion(folder=folder, asked=asked, pulled=pulled, travel=travel, asked_of_service=opened.asked())


def read_folder(source: Mapping[str, Any], levers: Mapping[str, Any], areas: Areas | None) -> TourFolder:
    """Return rows of the store as the folder that they would be. Raises DayRefused with every fault."""
    faults = FaultList()
    folder = folder_with_levers(source["tables"], source["values"], levers, areas, faults)
    if faults.faults:
        raise DayRefused(faults.faults)
    return with_sent(folder, source.get("sent", ()))


def folder_with_levers(
    tables: Mapping[str, Sequence[Mapping[str, str]]],
    values: Mapping[str, Any],
    levers: Mapping[str, Any],
    areas: Areas | None,
    faults: FaultList,
) -> TourFolder:
    """Return rows and levers as the folder that they would be, noting levers about what there is not.

    Raises DayRefused with every fault of the rows.
    """
    folder = build_tours(source_of(tables, _day_with_levers(values, levers), areas=areas))
    _unknown_jobs(folder.touring, levers, faults)
    return folder


def _unknown_jobs(asked: Touring, levers: Mapping[str, Any], faults: FaultList) -> None:
    """Note every job of a day that a caller locks that is none of a tour's."""
    known = {job.id for job in asked.jobs}
    for number, row in enumerate(levers["locked"], start=1):
        for id_ in row["job_ids"]:
            if id_ not in known:
                faults.add(SETTINGS_FILE, None, f"tour.locked[{number}].job_ids", id_, "jobs that a tour could do")


def pulled_of(
    asked: Touring,
    levers: Mapping[str, Any],
    held: Sequence[Mapping[str, Any]] = (),
    done: Collection[str] = (),
) -> Pulled:
    """Return levers with those that have dates.

    held: days that earlier plans locked. done: jobs of them that somebody saw to; others are gone.
    """
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
            gone=tuple(id_ for id_ in row["job_ids"] if id_ not in known and id_ not in done),
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
    held = _held(question, known) if stays and known is not None else None
    searching = Searching(
        budget=budget if held is None else Portion(budget=budget, part=1 / 2),
        workers=workers,
        seed=seed,
        progress=progress,
        first=SHARES["planning"],
        again=SHARES["kits"] / (KIT_ROUNDS - 1),
        loading=SHARES["kits"],
    )
    kitted = _planned(held or question, known, searching)
    # What is announced is kept before what was planned stays: only that is a reason to move other days.
    if held is not None and kitted.result.cost.kept:
        free = _planned(question, kitted.result.plan, searching)
        if free.result.cost.kept < kitted.result.cost.kept:
            kitted, held = free, None
    question = _released(held or question, kitted.released)
    result, loaded = kitted.result, kitted.loaded
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
        kit_short=loaded.short,
        covers=nearest_stops(question.asked, result.plan, question.travel),
        pulled=question.pulled,
        provider=question.travel.name,
        is_estimate=question.travel.is_estimate,
        asked_of_service=question.asked_of_service,
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
        if tour.crew_id in crews and all(day.day in crews[tour.crew_id].out_days for day in tour.days)
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


def _planned(question: TourQuestion, base: TourPlan | None, searching: Searching) -> Kitted:
    """Return tours and what their vans are loaded with. Raises ToursBroken where a checker objects to the kits."""
    found = tours_with_kits(question.folder, question.asked, question.travel, base, searching)
    if found.loaded.found:
        raise ToursBroken(found.loaded.found)
    return found


def _released(question: TourQuestion, dates: frozenset[tuple[str, int]]) -> TourQuestion:
    """Return the question in which these days are given up, which these villages were told."""
    asked = released(question.asked, dates)
    return replace(question, asked=asked, pulled=replace(question.pulled, levers=asked.levers))
