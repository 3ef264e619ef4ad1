"""A day as it has become: what was reported is written into it before it is planned (docs/replanning.md)."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from typing import Any

from datasets.day import DayFolder
from datasets.times import seconds_of
from optimizer.model import DAY_S, Certificate, Channel, Day, Job, Lock, Outlet, Shift, TravelMode, Window

__all__ = ["Begun", "DisruptionKind", "Reported", "disrupted"]

SPARED = "outlet other than "
"""How the certificate begins that keeps a job from the outlet that refused it: all others have it."""


class DisruptionKind(StrEnum):
    """What can go otherwise than planned."""

    OVERRUN = "overrun"
    NO_SHOW = "no_show"
    ILL = "ill"
    VEHICLE_DOWN = "vehicle_down"
    URGENT_JOB = "urgent_job"
    PART_LATE = "part_late"
    OUTLET_OFFLINE = "outlet_offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """One disruption that lasts. said: technician_id, job_id, outlet_id, travel_mode as its kind has them."""

    kind: DisruptionKind
    said: Mapping[str, Any]
    from_at: dt.datetime
    to_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A promised visit whose way should have begun by now, and of which nobody has said anything."""

    job_id: str
    technician_id: str
    end_at: dt.datetime


@dataclass(slots=True, kw_only=True)
class _Edited:
    """What is being edited of a day."""

    day: Day
    freeze_s: Mapping[Channel, int]
    offline: set[str] = field(default_factory=set)

    def seconds(self, moment: dt.datetime) -> int:
        """Return a moment on the day's clock."""
        return seconds_of(self.day.date, moment)

    def jobs(self, job_id: str, change: Callable[[Job], Job | None]) -> None:
        """Change a job; None takes it out."""
        changed = (change(job) if job.id == job_id else job for job in self.day.jobs)
        self.day = replace(self.day, jobs=tuple(job for job in changed if job is not None))

    def shifts(self, technician_id: str, change: Callable[[Shift], Shift | None]) -> None:
        """Change the shifts of a technician; None takes one out."""
        changed = (change(shift) if shift.technician_id == technician_id else shift for shift in self.day.shifts)
        self.day = replace(self.day, shifts=tuple(shift for shift in changed if shift is not None))


def disrupted(
    folder: DayFolder,
    reported: Sequence[Reported],
    *,
    refusals: Collection[tuple[str, str]],
    thawed: Collection[str],
    freeze_s: Mapping[Channel, int],
    begun: Sequence[Begun] = (),
) -> DayFolder:
    """Return the day with everything that was reported.

    refusals: job and outlet that do not come together. thawed: outlets whose freeze is lifted. freeze_s: by channel.
    """
    edited = _Edited(day=folder.day, freeze_s=freeze_s)
    for one in reported:
        _EDITS[one.kind](edited, one)
    _leave_begun(edited, begun, reported)
    _keep_apart(edited, refusals)
    outlets = tuple(replace(each, freeze_s=None) if each.id in thawed else each for each in edited.day.outlets)
    cells = folder.outlets
    if edited.offline:
        cells = cells.copy()
        cells.loc[cells.index.isin(sorted(edited.offline)), "channel"] = str(Channel.PHONE)
    edited.day = replace(edited.day, outlets=outlets)
    _leave_frozen(edited)
    return replace(folder, day=edited.day, outlets=cells)


def _overrun(edited: _Edited, one: Reported) -> None:
    """Let the technician begin again when the visit that takes longer has ended, without that visit."""
    until_s = edited.seconds(one.to_at)
    edited.shifts(one.said["technician_id"], lambda shift: _from(shift, until_s))
    if one.said.get("job_id"):
        edited.jobs(one.said["job_id"], lambda _: None)


def _absent(edited: _Edited, one: Reported) -> None:
    """Take the time between out of the shifts; of what is left before and after, the longer one is worked."""
    first_s, last_s = edited.seconds(one.from_at), edited.seconds(one.to_at)
    edited.shifts(one.said["technician_id"], lambda shift: _without(shift, first_s, last_s, edited.day.now_s))


def _vehicle_down(edited: _Edited, one: Reported) -> None:
    mode = one.said.get("travel_mode")
    if mode is None:
        _absent(edited, one)
        return
    people = (
        replace(person, mode=TravelMode(mode)) if person.id == one.said["technician_id"] else person
        for person in edited.day.technicians
    )
    edited.day = replace(edited.day, technicians=tuple(people))


def _urgent(edited: _Edited, one: Reported) -> None:
    """Hold the job to the time until `before`; its parts travel express."""
    first_s, last_s = edited.day.now_s, edited.seconds(one.to_at)
    edited.jobs(one.said["job_id"], lambda job: replace(_within(job, first_s, last_s), urgent=True))


def _not_before(edited: _Edited, one: Reported) -> None:
    """Let nobody come before the moment; a lock to an earlier time cannot hold."""
    first_s = edited.seconds(one.to_at)
    edited.jobs(one.said["job_id"], lambda job: replace(_within(job, first_s, None), lock=Lock.NONE))


def _offline(edited: _Edited, one: Reported) -> None:
    """Let the outlet be told by phone, and frozen as those are."""
    id_ = one.said["outlet_id"]

    def told(outlet: Outlet) -> Outlet:
        if outlet.id != id_ or outlet.channel is not Channel.ONLINE:
            return outlet
        edited.offline.add(id_)
        return replace(outlet, channel=Channel.PHONE, freeze_s=edited.freeze_s.get(Channel.PHONE))

    edited.day = replace(edited.day, outlets=tuple(told(outlet) for outlet in edited.day.outlets))


_EDITS: Mapping[DisruptionKind, Callable[[_Edited, Reported], None]] = {
    DisruptionKind.OVERRUN: _overrun,
    DisruptionKind.NO_SHOW: _not_before,
    DisruptionKind.ILL: _absent,
    DisruptionKind.VEHICLE_DOWN: _vehicle_down,
    DisruptionKind.URGENT_JOB: _urgent,
    DisruptionKind.PART_LATE: _not_before,
    DisruptionKind.OUTLET_OFFLINE: _offline,
}


def _leave_begun(edited: _Edited, begun: Sequence[Begun], reported: Sequence[Reported]) -> None:
    """Take what has begun as planned at outlets that report nothing online; the absent ended nothing after leaving."""
    day = edited.day
    told = {outlet.id for outlet in day.outlets if outlet.channel is not Channel.ONLINE}
    offline = {person.id for person in day.technicians if person.outlet_id in told}
    absent = {
        one.said["technician_id"]: one.from_at
        for one in reported
        if one.kind in (DisruptionKind.ILL, DisruptionKind.VEHICLE_DOWN)
    }
    for visit in begun:
        if visit.technician_id in offline and visit.end_at <= absent.get(visit.technician_id, visit.end_at):
            edited.shifts(visit.technician_id, partial(_from, first_s=edited.seconds(visit.end_at)))
            edited.jobs(visit.job_id, lambda _: None)


def _leave_frozen(edited: _Edited) -> None:
    """Take shifts that are frozen, and the visits promised on them, out of the day: they stand as published.

    Planning them anew could only lose visits: during the day ways are counted from the outlet, wherever somebody is.
    """
    day = edited.day
    freeze_s = {outlet.id: outlet.freeze_s for outlet in day.outlets}
    home = {person.id: person.outlet_id for person in day.technicians}

    def is_frozen(technician_id: str, number: int) -> bool:
        at_s = freeze_s.get(home.get(technician_id, ""))
        return at_s is not None and day.now_s >= number * DAY_S + at_s

    edited.day = replace(
        day,
        shifts=tuple(shift for shift in day.shifts if not is_frozen(shift.technician_id, shift.day)),
        jobs=tuple(
            job
            for job in day.jobs
            if job.published is None or not is_frozen(job.published.technician_id, job.published.start_s // DAY_S)
        ),
    )


def _from(shift: Shift, first_s: int) -> Shift | None:
    """Return a shift that begins later, None when nothing is left; a break that had to begin before then was had."""
    start_s = max(shift.start_s, first_s)
    if start_s >= shift.end_s:
        return None
    pause = shift.break_
    return replace(shift, start_s=start_s, break_=None if pause is None or pause.latest_s < start_s else pause)


def _without(shift: Shift, first_s: int, last_s: int, now_s: int) -> Shift | None:
    if last_s <= shift.start_s or first_s >= shift.latest_end_s:
        return shift
    before_s = first_s - max(shift.start_s, now_s)
    after = _from(shift, last_s)
    if before_s <= 0 or (after is not None and after.end_s - after.start_s >= before_s):
        return after
    pause = shift.break_
    return replace(
        shift,
        end_s=min(shift.end_s, first_s),
        latest_end_s=min(shift.latest_end_s, first_s),
        break_=None if pause is None or pause.earliest_s + pause.duration_s > first_s else _ending(pause, first_s),
    )


def _ending(pause: Any, last_s: int) -> Any:
    return replace(pause, latest_s=min(pause.latest_s, last_s - pause.duration_s))


def _within(job: Job, first_s: int, last_s: int | None) -> Job:
    """Return a job that may begin only between; where no window reaches there, the agreed times no longer bind."""
    wished = (job.appointment,) if job.appointment else job.windows
    end_s = last_s if last_s is not None else max([first_s, 14 * DAY_S, *(window.latest_s for window in wished)])
    end_s = max(first_s, end_s)
    clipped = tuple(
        Window(earliest_s=max(window.earliest_s, first_s), latest_s=min(window.latest_s, end_s))
        for window in wished
        if window.earliest_s <= end_s and window.latest_s >= first_s
    )
    if job.appointment and clipped:
        return replace(job, appointment=clipped[0])
    return replace(job, appointment=None, windows=clipped or (Window(earliest_s=first_s, latest_s=end_s),))


def _keep_apart(edited: _Edited, refusals: Collection[tuple[str, str]]) -> None:
    """Keep jobs from the outlets that refused them.

    The model has no such rule of its own. A certificate that everybody has but the technicians of one outlet says
    the same: search, checker and explanations know certificates.
    """
    known = {job.id for job in edited.day.jobs}
    wanted = {(job_id, outlet_id) for job_id, outlet_id in refusals if job_id in known}
    if not wanted:
        return
    day = edited.day
    outlets = sorted({outlet_id for _, outlet_id in wanted})
    first, last = day.date, day.date + dt.timedelta(days=day.days)
    people = tuple(
        replace(
            person,
            certificates=(
                *person.certificates,
                *(
                    Certificate(scheme=f"{SPARED}{outlet_id}", first=first, last=last)
                    for outlet_id in outlets
                    if outlet_id != person.outlet_id
                ),
            ),
        )
        for person in day.technicians
    )
    needed: dict[str, set[str]] = {}
    for job_id, outlet_id in wanted:
        needed.setdefault(job_id, set()).add(f"{SPARED}{outlet_id}")
    jobs = tuple(
        replace(job, certificates=job.certificates | needed[job.id], lock=Lock.NONE) if job.id in needed else job
        for job in day.jobs
    )
    edited.day = replace(day, technicians=people, jobs=jobs)
