"""What became of the published visits: each change with its price, and whose customers and outlets must hear of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from optimizer.cost import churn_price
from optimizer.model import DAY_S, LOCK_TOLERANCE_S, Day, Published
from optimizer.plan import Plan

__all__ = ["Change", "Fate", "additions", "by_urgency", "changes", "visits_of", "withdrawn"]


class Fate(StrEnum):
    """What became of a visit against the published plan."""

    TIME = "time"
    TECHNICIAN = "technician"
    TECHNICIAN_AND_TIME = "technician_and_time"
    LEFT_OUT = "left_out"
    NEW = "new"
    DROPPED = "dropped"
    """The day no longer has the job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A visit that is not as it was published.

    was: None for a new one. technician_id, start_s: None where nobody comes any more. fen: what `Cost.churn` holds
    for it.
    """

    job_id: str
    fate: Fate
    was: Published | None = None
    technician_id: str | None = None
    start_s: int | None = None
    fen: int = 0

    @property
    def call_again(self) -> bool:
        """Tell whether the customer was told what no longer holds; one who cancelled knows."""
        return self.was is not None and self.was.told and self.fate is not Fate.DROPPED

    @property
    def first_s(self) -> int:
        """The earlier of the old and the new start."""
        starts = [] if self.was is None else [self.was.start_s]
        return min(starts if self.start_s is None else [*starts, self.start_s])

    @property
    def moved_s(self) -> int | None:
        """Seconds from the old start to the new one, None where there are not both."""
        return None if self.was is None or self.start_s is None else self.start_s - self.was.start_s


def visits_of(day: Day, plan: Plan) -> dict[str, tuple[str, int]]:
    """Return technician and start of each visit of a plan, by job."""
    shifts = {shift.id: shift for shift in day.shifts}
    return {
        stop.job_id: (shifts[route.shift_id].technician_id, stop.start_s)
        for route in plan.routes
        for stop in route.stops
    }


def changes(day: Day, plan: Plan) -> tuple[Change, ...]:
    """Return the published jobs whose visit changed; together their prices are `Cost.churn`."""
    visits = visits_of(day, plan)
    return tuple(_changes(day, visits))


def _changes(day: Day, visits: Mapping[str, tuple[str, int]]) -> Iterator[Change]:
    for job in day.jobs:
        if job.published is None:
            continue
        technician_id, start_s = visits.get(job.id, (None, None))
        fate = _fate(job.published, technician_id, start_s)
        if fate is not None:
            yield Change(
                job_id=job.id,
                fate=fate,
                was=job.published,
                technician_id=technician_id,
                start_s=start_s,
                fen=churn_price(day.tariff, job, technician_id, start_s),
            )


def _fate(was: Published, technician_id: str | None, start_s: int | None) -> Fate | None:
    """Return what became of a published visit, None when it stands."""
    if start_s is None:
        return Fate.LEFT_OUT
    moved = abs(start_s - was.start_s) > LOCK_TOLERANCE_S
    if technician_id != was.technician_id:
        return Fate.TECHNICIAN_AND_TIME if moved else Fate.TECHNICIAN
    return Fate.TIME if moved else None


def additions(day: Day, plan: Plan) -> tuple[Change, ...]:
    """Return the visits of jobs that were not published."""
    published = {job.id for job in day.jobs if job.published is not None}
    return tuple(
        Change(job_id=job_id, fate=Fate.NEW, technician_id=technician_id, start_s=start_s)
        for job_id, (technician_id, start_s) in visits_of(day, plan).items()
        if job_id not in published
    )


def withdrawn(day: Day, published: Mapping[str, tuple[str, int]]) -> tuple[Change, ...]:
    """Return the published visits still to come whose job the day no longer has.

    Earlier ones were made, and one that begins before its technician is free again that day is under way.
    """
    known = {job.id for job in day.jobs}
    free_s = {(shift.technician_id, shift.day): shift.start_s for shift in day.shifts}
    return tuple(
        Change(
            job_id=job_id,
            fate=Fate.DROPPED,
            was=Published(technician_id=technician_id, start_s=start_s, told=False),
        )
        for job_id, (technician_id, start_s) in published.items()
        if job_id not in known and start_s >= max(day.now_s, free_s.get((technician_id, start_s // DAY_S), day.now_s))
    )


def by_urgency(change: Change) -> tuple[bool, int, str]:
    """Order changes as they are called through: who was told first, then by the earlier of old and new start."""
    return not change.call_again, change.first_s, change.job_id
