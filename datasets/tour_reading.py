"""Reads planned tours back; every fault at once."""

import datetime as dt
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from datasets.another_folder import Own, of_another_folder
from datasets.faults import Fault, FaultList, PlanRefused
from datasets.keys import (
    Keys,
    Parser,
    boolean,
    from_text,
    known,
    nullable,
    one_of,
    text,
    text_or_empty,
    texts,
    whole_number,
)
from datasets.table import read_text
from datasets.times import date_of, instant_of, midnight_of
from datasets.tour_folder import TOURS_FILE, TOURS_FORMAT
from datasets.tour_levers import MoreCrew, MoreDay, Pulled
from optimizer.tours.model import Levers, LockedDay, Span, Told, Touring, TourRule
from optimizer.tours.plan import Instead, LeftOut, Tour, TourCost, TourDay, TourPlan, TourResult, Visit
from optimizer.tours.unkept import UnkeptKind

__all__ = [
    "TourBase",
    "ToursRead",
    "base_of",
    "jobs_named",
    "jobs_named_in",
    "read_tour_base",
    "read_tour_plan",
    "tours_of",
]

MOST = 1 << 50
COUNT = whole_number(0, MOST)
FEN = whole_number(-MOST, MOST)
NO_IDS: tuple[str, ...] = ()
ALLOWED = "JSON as `paigong tour plan` writes it"
ASKED = frozenset({"ended", "pairs", "reasons"})
"""Of a service over HTTP, what people read."""
TOLD_BESIDE = frozenset({"announcements", "fitting", "kit_orders", "kits"})
"""What people read beside the plan, and what it does not depend on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToursRead:
    """Tours as a folder states them. pulled: by the planner when they were planned. cache: a service's, its state.

    unkept: what villages had been told and the tours do not keep; it is in their price, whoever took it back since.
    """

    result: TourResult
    pulled: Pulled
    provider: str
    is_estimate: bool
    cache: Mapping[str, int] | None = None
    unkept: tuple[tuple[str, Told], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TourBase:
    """Tours to begin from, as far as they can still be made.

    gone: by crew and day, jobs that are no more. job_ids: all that they knew of, on tours or left out.
    """

    plan: TourPlan
    gone: Mapping[tuple[str, int], tuple[str, ...]]
    job_ids: frozenset[str]


def read_tour_plan(out: Path, asked: Touring) -> ToursRead:
    """Read the tours of a problem back.

    Raises
    ------
    PlanRefused
        With every fault of tours.json.
    """
    faults = FaultList()
    return _read(out, faults, _Reader(asked, faults))


def tours_of(document: Mapping[str, object], asked: Touring) -> ToursRead:
    """Return the tours of a document such as `tours_document` makes. Raises PlanRefused with every fault."""
    faults = FaultList()
    found = _Reader(asked, faults).read(document)
    if faults.faults:
        raise PlanRefused(faults.faults)
    return found


def base_of(document: Mapping[str, object], asked: Touring) -> TourPlan:
    """Return the tours of a document that was made from an earlier state: what is over or gone is left away."""
    faults = FaultList()
    plan = _Reader(asked, faults, of_another=True).read(document).result.plan
    if faults.faults:
        raise PlanRefused(faults.faults)
    return _as_far_as_known(plan, asked)


def _read(out: Path, faults: FaultList, reader: "_Reader") -> ToursRead:
    content = read_text(out / TOURS_FILE, faults)
    values: object = None
    if content is not None:
        try:
            values = json.loads(content)
        except (ValueError, RecursionError) as error:
            faults.add(TOURS_FILE, getattr(error, "lineno", None), "", error, ALLOWED)
    if not faults.faults and not isinstance(values, dict):
        faults.add(TOURS_FILE, None, "", type(values).__name__, ALLOWED)
    foreign = reader.foreign(values) if isinstance(values, dict) else None
    if foreign is not None:
        raise PlanRefused([foreign])
    found = reader.read(values) if isinstance(values, dict) else None
    if faults.faults or found is None:
        raise PlanRefused(faults.faults)
    return found


def jobs_named_in(out: Path) -> set[str]:
    """Return the jobs that a folder of tours names; none where it cannot be read, which reading it says."""
    content = read_text(out / TOURS_FILE, FaultList())
    try:
        values = None if content is None else json.loads(content)
    except (ValueError, RecursionError):
        return set()
    return jobs_named(values) if isinstance(values, dict) else set()


def jobs_named(values: Mapping[str, object]) -> set[str]:
    """Return the jobs that a document has on tours or left out, as far as it can be read."""
    rows = [*_visits_in(values), *_rows_in(values, "left_out")]
    return {job_id for row in rows if isinstance(job_id := row.get("job_id"), str)}


def _villages_named(values: Mapping[str, object]) -> set[str]:
    """Return the villages that the tours of a document stop in, as far as it can be read."""
    return {village_id for row in _visits_in(values) if isinstance(village_id := row.get("village_id"), str)}


def _visits_in(values: Mapping[str, object]) -> list[Mapping[str, object]]:
    days = [day for tour in _rows_in(values, "tours") for day in _rows_in(tour, "days")]
    return [visit for day in days for visit in _rows_in(day, "visits")]


def _rows_in(values: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    rows = values.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def read_tour_base(out: Path, asked: Touring) -> TourBase:
    """Read tours that were planned from an earlier state of the folder: what is over or gone is left away.

    Raises
    ------
    PlanRefused
        With every fault of tours.json, or that they are of another region; ids that are not known any more are none.
    """
    faults = FaultList()
    plan = _read(out, faults, _Reader(asked, faults, of_another=True)).result.plan
    known = {job.id for job in asked.jobs}
    gone = {
        (tour.crew_id, day.day): tuple(visit.job_id for visit in day.visits if visit.job_id not in known)
        for tour in plan.tours
        for day in tour.days
    }
    job_ids = plan.done | {left.job_id for left in plan.left_out}
    return TourBase(plan=_as_far_as_known(plan, asked), gone=gone, job_ids=job_ids)


def _as_far_as_known(plan: TourPlan, asked: Touring) -> TourPlan:
    """Return tours of the horizon without jobs that are gone; of one that is on the road, what is still to come."""
    jobs = {job.id for job in asked.jobs}
    goes_on = {crew.id: crew.on_the_road.day for crew in asked.crews if crew.on_the_road is not None}

    def first_of(tour: Tour) -> int:
        day = goes_on.get(tour.crew_id, 0)
        return day if tour.first_day <= day <= tour.last_day else 0

    tours = tuple(
        Tour(
            crew_id=tour.crew_id,
            days=tuple(
                replace(day, visits=tuple(visit for visit in day.visits if visit.job_id in jobs))
                for day in tour.days
                if day.day >= first_of(tour)
            ),
        )
        for tour in plan.tours
        if 0 <= tour.last_day < asked.days
    )
    return TourPlan(tours=tours)


class _Reader:
    """Takes one document apart, noting faults. of_another: of another state of the folder, whose ids may be gone."""

    def __init__(self, asked: Touring, faults: FaultList, *, of_another: bool = False) -> None:
        self._asked, self._faults, self._of_another = asked, faults, of_another
        midnight = midnight_of(asked.date)
        self._moment = from_text(lambda written: instant_of(written) - midnight)
        self._day = from_text(lambda written: (date_of(written) - asked.date) // dt.timedelta(days=1))
        self._job_id = self._ids({job.id for job in asked.jobs}, "a job that a tour could do")
        self._village_id = self._ids({village.id for village in asked.villages}, "a village of villages.csv")
        self._lodging_id = self._ids({lodging.id for lodging in asked.lodgings}, "a lodging of lodgings.csv")
        self._crews = frozenset(crew.id for crew in asked.crews)
        self._crew_id = self._ids(self._crews, "a crew of crews.csv")

    def _ids(self, ids: Collection[str], wording: str) -> Parser[str]:
        return text if self._of_another else known(ids, wording)

    def foreign(self, values: Mapping[str, object]) -> Fault | None:
        """Return what says that the tours belong to another folder: its date, or most of its jobs.

        Of another state of the folder most jobs may be done and other dates planned; villages stay.
        """
        if self._of_another:
            region = Own(
                written={},
                things="villages",
                ids={village.id for village in self._asked.villages},
                key="tours",
                else_="these tours belong to another folder",
                some=True,
            )
            return of_another_folder(TOURS_FILE, values, _villages_named(values), region)
        own = Own(
            written={"date": (self._asked.date.isoformat(), dt.date.fromisoformat)},
            things="jobs",
            ids={job.id for job in self._asked.jobs},
            key="tours",
            else_="these tours belong to another folder",
        )
        return of_another_folder(TOURS_FILE, values, jobs_named(values), own)

    def read(self, values: Mapping[str, object]) -> ToursRead:
        keys = Keys(values, TOURS_FILE, "", self._faults)
        pulled = self._pulled(keys.table("levers"))
        keys.need("format", one_of(TOURS_FORMAT), "")
        if self._of_another:
            keys.taken |= {"date", "days"}
        else:
            keys.need("date", one_of(self._asked.date.isoformat()), "")
            keys.need("days", whole_number(self._asked.days, self._asked.days), 0)
        keys.need("now", self._moment, 0)
        travel = keys.table("travel")
        provider = travel.need("provider", text_or_empty, "")
        is_estimate = travel.need("is_estimate", boolean, True)
        cached = travel.table("cache")
        cache = {name: cached.need(name, COUNT, 0) for name in ("number", "since")} if cached.values else None
        cached.close()
        travel.taken |= ASKED
        travel.close()
        plan = TourPlan(
            tours=tuple(self._tour(tour) for tour in keys.tables("tours", required=True)),
            left_out=tuple(self._left_out(left) for left in keys.tables("left_out", required=True)),
        )
        found = ToursRead(
            result=TourResult(
                plan=plan,
                cost=_cost(keys.table("cost_fen")),
                bound_fen=keys.need("bound_fen", FEN, 0),
                candidates=keys.need("candidates", COUNT, 0),
                seed=keys.need("seed", FEN, 0),
            ),
            pulled=pulled,
            provider=provider,
            is_estimate=is_estimate,
            cache=cache,
            unkept=tuple(self._unkept(keys)),
        )
        keys.taken |= TOLD_BESIDE
        keys.close()
        return found

    def _unkept(self, keys: Keys) -> Iterator[tuple[str, Told]]:
        """Yield the dates of what was not kept."""
        for one in keys.tables("not_kept"):
            if one.need("kind", text, "") == UnkeptKind.DATE:
                village_id = one.need("about", self._village_id, "")
                stop_id = one.take("at_village_id", self._village_id, village_id)
                yield village_id, Told(day=one.need("date", self._day, 0), stop_id=stop_id)

    def _tour(self, keys: Keys) -> Tour:
        keys.need("tour_id", text, "")
        crew_id = keys.need("crew_id", self._crew_id, "")
        days = tuple(self._tour_day(day) for day in keys.tables("days", required=True))
        if "days" in keys.values and not days:
            keys.refuse("days", "none", "at least one day")
        tour = Tour(crew_id=crew_id, days=days)
        keys.need("nights", whole_number(tour.nights, tour.nights), 0)
        keys.close()
        return tour

    def _tour_day(self, keys: Keys) -> TourDay:
        day = TourDay(
            day=keys.need("date", self._day, 0),
            depart_s=keys.need("depart", self._moment, 0),
            visits=tuple(self._visit(visit) for visit in keys.tables("visits", required=True)),
            arrive_s=keys.need("arrive", self._moment, 0),
            travel_s=keys.need("travel_s", COUNT, 0),
            travel_m=keys.need("distance_m", COUNT, 0),
            lodging_id=keys.need("lodging_id", nullable(self._lodging_id), None),
            break_start_s=keys.need("break_start", nullable(self._moment), None),
        )
        keys.close()
        return day

    def _visit(self, keys: Keys) -> Visit:
        visit = Visit(
            job_id=keys.need("job_id", self._job_id, ""),
            village_id=keys.need("village_id", self._village_id, ""),
            start_s=keys.need("start", self._moment, 0),
            end_s=keys.need("end", self._moment, 0),
            travel_s=keys.need("travel_s", COUNT, 0),
            travel_m=keys.need("distance_m", COUNT, 0),
        )
        keys.close()
        return visit

    def _left_out(self, keys: Keys) -> LeftOut:
        left = LeftOut(
            job_id=keys.need("job_id", self._job_id, ""),
            rule=TourRule(keys.need("rule", one_of(*TourRule), str(TourRule.UNKNOWN))),
            reason=keys.need("reason", text_or_empty, ""),
            reason_zh=keys.need("reason_zh", text_or_empty, ""),
            instead=Instead(keys.need("instead", one_of(*Instead), str(Instead.NOBODY))),
            fen=keys.need("fen", FEN, 0),
            remedy=keys.need("remedy", text_or_empty, ""),
            remedy_zh=keys.need("remedy_zh", text_or_empty, ""),
            next_day=keys.need("next_date", nullable(self._day), None),
        )
        keys.close()
        return left

    def _pulled(self, keys: Keys) -> Pulled:
        """Read the levers; a crew that was added is known from here on."""
        crews = tuple(self._more_crew(more) for more in keys.tables("more_crews", required=True))
        self._crew_id = self._ids(
            {*self._crews, *(more.id for more in crews)}, "a crew of crews.csv, or one that is added"
        )
        days = tuple(self._more_day(more) for more in keys.tables("more_days", required=True))
        pulled = Pulled(levers=self._levers(keys), crews=crews, days=days)
        keys.close()
        return pulled

    def _more_crew(self, keys: Keys) -> MoreCrew:
        more = MoreCrew(id=keys.need("crew_id", text, ""), like=keys.need("like", self._crew_id, ""))
        keys.close()
        return more

    def _more_day(self, keys: Keys) -> MoreDay:
        more = MoreDay(crew_id=keys.need("crew_id", self._crew_id, ""), day=keys.need("date", self._day, 0))
        keys.close()
        return more

    def _levers(self, keys: Keys) -> Levers:
        return Levers(
            nights=keys.need("nights", COUNT, 0),
            day_metres=keys.need("day_metres", nullable(COUNT), None),
            van_days=keys.need("van_days", nullable(COUNT), None),
            must_visit=frozenset(keys.need("must_visit", _all(self._village_id), NO_IDS)),
            never_visit=frozenset(keys.need("never_visit", _all(self._village_id), NO_IDS)),
            forbidden_lodgings=frozenset(keys.need("forbidden_lodgings", _all(self._lodging_id), NO_IDS)),
            locked=tuple(self._locked(locked) for locked in keys.tables("locked", required=True)),
            spans=tuple(self._span(span) for span in keys.tables("spans", required=True)),
            released=frozenset(self._given_up(one) for one in keys.tables("released")),
        )

    def _given_up(self, keys: Keys) -> tuple[str, int]:
        found = keys.need("village_id", self._village_id, ""), keys.need("date", self._day, 0)
        keys.close()
        return found

    def _locked(self, keys: Keys) -> LockedDay:
        locked = LockedDay(
            crew_id=keys.need("crew_id", self._crew_id, ""),
            day=keys.need("date", self._day, 0),
            job_ids=keys.need("job_ids", _all(self._job_id), NO_IDS),
            lodging_id=keys.need("lodging_id", nullable(self._lodging_id), None),
            gone=keys.take("gone", texts, NO_IDS),
        )
        keys.close()
        return locked

    def _span(self, keys: Keys) -> Span:
        span = Span(
            crew_id=keys.need("crew_id", self._crew_id, ""),
            first_day=keys.need("first", self._day, 0),
            last_day=keys.need("last", self._day, 0),
        )
        keys.close()
        return span


def _cost(keys: Keys) -> TourCost:
    cost = TourCost(**{item.name: keys.need(item.name, FEN, 0) for item in fields(TourCost)})
    if keys.need("total", FEN, cost.total) != cost.total:
        keys.refuse("total", keys.values["total"], f"the sum of the others, {cost.total}")
    keys.close()
    return cost


def _all(one: Parser[str]) -> Parser[tuple[str, ...]]:
    def parse(value: object) -> tuple[str, ...]:
        return tuple(one(item) for item in texts(value)) if value else ()

    return parse
