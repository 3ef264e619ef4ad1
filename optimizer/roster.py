"""Look-ups over a day: who works when and for whom, and what a lock or a freeze holds."""

from collections import defaultdict
from typing import TYPE_CHECKING

from optimizer.model import DAY_S, LOCK_TOLERANCE_S, Day, Job, Lock, Outlet, Shift, Technician, Window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from optimizer.plan import Route

__all__ = ["BINDING", "Roster", "visit_windows"]

BINDING = (Lock.TECHNICIAN, Lock.BOTH, Lock.PINNED)
"""Locks that bind a job to its technician."""


class Roster:
    """Look-ups over a day, made once: by id, and who is frozen."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.jobs: dict[str, Job] = {job.id: job for job in day.jobs}
        self.place_of_job: dict[str, int] = {job.id: place for place, job in enumerate(day.jobs)}
        self.outlets: dict[str, Outlet] = {outlet.id: outlet for outlet in day.outlets}
        self.technicians: dict[str, Technician] = {technician.id: technician for technician in day.technicians}
        self.shifts: dict[str, Shift] = {shift.id: shift for shift in day.shifts}
        self.shifts_of: dict[str, list[Shift]] = defaultdict(list)
        for shift in day.shifts:
            self.shifts_of[self.technicians[shift.technician_id].outlet_id].append(shift)
        self.shift_on: dict[tuple[str, int], Shift] = {(s.technician_id, s.day): s for s in day.shifts}

    def technician_of(self, shift: Shift) -> Technician:
        """Return who works this shift."""
        return self.technicians[shift.technician_id]

    def outlet_of(self, shift: Shift) -> Outlet:
        """Return whose shift it is."""
        return self.outlets[self.technicians[shift.technician_id].outlet_id]

    def visits(self, routes: "Iterable[Route]") -> dict[str, tuple[int, str]]:
        """Return the start and the outlet of every visit on these routes, by job."""
        return {
            stop.job_id: (stop.start_s, self.outlet_of(self.shifts[route.shift_id]).id)
            for route in routes
            for stop in route.stops
        }

    def is_frozen(self, shift: Shift) -> bool:
        """Return whether this shift's visits may no longer change."""
        freeze_s = self.outlet_of(shift).freeze_s
        return freeze_s is not None and self.day.now_s >= shift.day * DAY_S + freeze_s

    def published_shift(self, job: Job) -> Shift | None:
        """Return the shift that the published plan gave the job, if it still exists."""
        if job.published is None:
            return None
        return self.shift_on.get((job.published.technician_id, job.published.start_s // DAY_S))

    def is_freezing(self, job: Job) -> bool:
        """Return whether the job was published on a shift that is frozen by now."""
        shift = self.published_shift(job)
        return shift is not None and self.is_frozen(shift)

    def is_held(self, job: Job) -> bool:
        """Return whether a lock or a freeze holds the job to its published place or time."""
        return job.published is not None and (job.lock is not Lock.NONE or self.is_freezing(job))

    def is_bound(self, job: Job) -> bool:
        """Return whether a lock or a freeze binds the job to its published technician."""
        return job.published is not None and (job.lock in BINDING or self.is_freezing(job))


def visit_windows(roster: Roster, job: Job) -> list[Window]:
    """Return when the service may start: the customer's windows, from now on, within locks and freezes; disjoint."""
    horizon_s = roster.day.days * DAY_S
    wished = [job.appointment] if job.appointment else list(job.windows) or [Window(earliest_s=0, latest_s=horizon_s)]
    earliest_s, latest_s = roster.day.now_s, horizon_s
    if job.published is not None:
        start_s = job.published.start_s
        if job.lock is Lock.PINNED:
            earliest_s, latest_s = max(earliest_s, start_s), min(latest_s, start_s)
        elif job.lock in (Lock.TIME, Lock.BOTH) or roster.is_freezing(job):
            earliest_s = max(earliest_s, start_s - LOCK_TOLERANCE_S)
            latest_s = min(latest_s, start_s + LOCK_TOLERANCE_S)
    clipped = sorted((max(w.earliest_s, earliest_s), min(w.latest_s, latest_s)) for w in wished)
    merged: list[Window] = []
    for first, last in clipped:
        if first > last:
            continue
        if merged and first <= merged[-1].latest_s:
            merged[-1] = Window(earliest_s=merged[-1].earliest_s, latest_s=max(last, merged[-1].latest_s))
        else:
            merged.append(Window(earliest_s=first, latest_s=last))
    return merged
