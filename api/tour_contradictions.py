"""Levers that cannot hold, whatever the tours: said before anything is planned, by file and over HTTP."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from datasets.tour_levers import MoreDay, Pulled, pull
from optimizer.model import DAY_S
from optimizer.tours.model import Crew, LockedDay, Span, Touring

__all__ = ["Contradiction", "contradictions"]

OPTIONS = {"locked": "--lock, [[tour.locked]]", "spans": "--merge, [[tour.spans]]", "more_days": "--more-day"}
"""Lever → where a planner at the command line pulls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A lever that a rule or another lever forbids. lever: as over HTTP. number: among its like. name: as typed."""

    lever: str
    number: int
    name: str
    why: str

    def __str__(self) -> str:
        return f'{OPTIONS[self.lever]}: "{self.name}"; {self.why}'


def contradictions(asked: Touring, pulled: Pulled) -> list[Contradiction]:
    """Return what speaks against locked days, tours made one, and days more."""
    before = {crew.id: crew for crew in pull(asked, replace(pulled, days=())).crews}
    after = pull(asked, pulled)
    crews = {crew.id: crew for crew in after.crews}
    locked, spans = after.levers.locked, after.levers.spans
    named = (
        ("locked", [_lock(after, one) for one in locked], [list(_of_lock(after, crews[x.crew_id], x)) for x in locked]),
        ("spans", [_span(after, one) for one in spans], [list(_of_span(after, crews[x.crew_id], x)) for x in spans]),
        (
            "more_days",
            [f"{one.crew_id}@{_date(asked, one.day)}" for one in pulled.days],
            [list(_of_more_day(asked, before[one.crew_id], one)) for one in pulled.days],
        ),
    )
    found = [
        Contradiction(lever=lever, number=number, name=name, why=why)
        for lever, names, reasons in named
        for number, (name, whys) in enumerate(zip(names, reasons, strict=True))
        for why in whys
    ]
    return [*found, *_between_locks(after, locked), *_between_spans(after, spans), *_both(after, locked, spans)]


def _of_more_day(asked: Touring, crew: Crew, more: MoreDay) -> Iterator[str]:
    if more.day in crew.no_van:
        yield "its van is down that day (van_down_on, van_back_on)"
    elif more.day in crew.days:
        yield "it works that day already"
    elif more.day < asked.now_s // DAY_S:
        yield "that day is over"


def _of_lock(asked: Touring, crew: Crew, lock: LockedDay) -> Iterator[str]:
    yield from _stays(asked, crew, lock.day, "")
    jobs = {job.id: job for job in asked.jobs}
    villages = {village.id: village for village in asked.villages}
    beds = {lodging.id: lodging for lodging in asked.lodgings}
    if lock.lodging_id is not None:
        if lock.lodging_id in asked.levers.forbidden_lodgings:
            yield f"its night is in {lock.lodging_id}, which is forbidden"
        elif lock.lodging_id not in beds:
            yield f"its night is in {lock.lodging_id}, which there is no more"
        elif lock.day in beds[lock.lodging_id].closed:
            yield f"its night is in {lock.lodging_id}, which has no bed then (closed_on)"
    for job_id in lock.job_ids:
        if job_id not in jobs:
            yield f"{job_id} is no job that a tour could do any more"
            continue
        job = jobs[job_id]
        if job.village_id in asked.levers.never_visit:
            yield f"{job_id} is in {job.village_id}, which is never to be visited"
        if lock.day in villages[job.village_id].cut_off:
            yield f"{job_id} is in {job.village_id}, which is cut off that day"
        if job.last_s < lock.day * DAY_S or job.first_s >= (lock.day + 1) * DAY_S:
            first, last = _date(asked, max(0, job.first_s) // DAY_S), _date(asked, job.last_s // DAY_S)
            yield f"{job_id} may be done from {first} to {last} only"


def _stays(asked: Touring, crew: Crew, day: int, which: str) -> Iterator[str]:
    """Yield why a crew is not on its way on a day."""
    if day < asked.now_s // DAY_S:
        yield f"{which}that day is over"
    elif day in crew.no_van:
        yield f"{which}its van is down that day"
    elif day not in crew.days:
        yield f"{which}the crew does not work that day (--more-day)"
    elif (day + 1) * DAY_S <= crew.free_s:
        yield f"{which}somebody of the crew is busy until after that day"


def _between_locks(asked: Touring, locked: Sequence[LockedDay]) -> Iterator[Contradiction]:
    for (number, one), (_, other) in combinations(enumerate(locked), 2):
        name = _lock(asked, one)
        if (one.crew_id, one.day) == (other.crew_id, other.day) and one != other:
            why = "it is locked twice, to different work"
            yield Contradiction(lever="locked", number=number, name=name, why=why)
            continue
        for job_id in sorted(set(one.job_ids) & set(other.job_ids)):
            if (one.crew_id, one.day) != (other.crew_id, other.day):
                why = f"{job_id} is locked to {other.crew_id}@{_date(asked, other.day)} as well"
                yield Contradiction(lever="locked", number=number, name=name, why=why)


def _of_span(asked: Touring, crew: Crew, span: Span) -> Iterator[str]:
    nights = span.last_day - span.first_day
    if nights > asked.levers.nights:
        yield f"that is {nights} nights, and {asked.levers.nights} are allowed (--nights)"
    if nights and not asked.lodgings:
        yield "there is no lodging to sleep in"
    yield from _stays(asked, crew, span.first_day, "it cannot leave: ")
    if nights:
        yield from _stays(asked, crew, span.last_day, "it cannot come home: ")
    road = crew.on_the_road
    if road is not None and span.first_day < road.day:
        yield f"the crew is on the road already, and goes on on {_date(asked, road.day)}"


def _between_spans(asked: Touring, spans: Sequence[Span]) -> Iterator[Contradiction]:
    for (number, one), (_, other) in combinations(enumerate(spans), 2):
        overlap = one.first_day <= other.last_day and other.first_day <= one.last_day
        if one.crew_id == other.crew_id and one != other and overlap:
            why = f"{_span(asked, other)} shares days with it"
            yield Contradiction(lever="spans", number=number, name=_span(asked, one), why=why)


def _both(asked: Touring, locked: Sequence[LockedDay], spans: Sequence[Span]) -> Iterator[Contradiction]:
    """Yield locked nights that a tour made one cannot have: at home in its middle, away after its end."""
    for number, span in enumerate(spans):
        for lock in locked:
            if lock.crew_id != span.crew_id or not span.first_day <= lock.day <= span.last_day:
                continue
            if (lock.lodging_id is None) != (lock.day == span.last_day):
                where = "at home" if lock.lodging_id is None else f"in {lock.lodging_id}"
                why = f"{_date(asked, lock.day)} is locked to end {where}"
                yield Contradiction(lever="spans", number=number, name=_span(asked, span), why=why)


def _lock(asked: Touring, lock: LockedDay) -> str:
    return f"{lock.crew_id}@{_date(asked, lock.day)}"


def _span(asked: Touring, span: Span) -> str:
    return f"{span.crew_id}@{_date(asked, span.first_day)}/{_date(asked, span.last_day)}"


def _date(asked: Touring, day: int) -> str:
    return (asked.date + dt.timedelta(days=day)).isoformat()
