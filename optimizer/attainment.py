"""How promises to customers are kept: counted over jobs, not over visits, so that leaving a job out never helps."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from optimizer.model import DAY_S, AreaClass, Clock, ClockKind, Day, Job, Outlet, Ownership, Shift
from optimizer.plan import Plan, Route, Stop

__all__ = [
    "NOBODY",
    "Attainment",
    "ParityFloor",
    "PlannedVisit",
    "Reading",
    "appointments",
    "arrival_by_area",
    "arrival_by_area_and_ownership",
    "arrival_by_ownership",
    "arrivals",
    "attainment",
    "by_policy",
    "parity_floors",
    "percent",
]

NOBODY = "nobody"
"""Stands where an ownership would: the job was left out."""

_HOUR_S = 3_600
_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attainment:
    """How promises were kept.

    kept: in time. late: the visit is planned, too late. missed: left out and due before the horizon ends. open: left
    out, due after it, so that a later day's plan can still keep it.
    """

    kept: int = 0
    late: int = 0
    missed: int = 0
    open: int = 0

    @property
    def due(self) -> int:
        """All promises that this plan keeps or breaks: without the open ones."""
        return self.kept + self.late + self.missed

    @property
    def percent(self) -> float | None:
        """Kept of due; None when nothing is due."""
        return percent(self.kept, self.due)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityFloor:
    """Remote arrivals of a centre, those left out or late, and how many of them its floor allows."""

    jobs: int
    missed: int
    allowed: int

    @property
    def met(self) -> bool:
        """True when no more are missed than allowed."""
        return self.missed <= self.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedVisit:
    """A stop with who comes."""

    stop: Stop
    outlet: Outlet
    technician_id: str


class Reading:
    """A plan laid beside its day, without asking travel times; routes without stops are passed over."""

    def __init__(self, day: Day, plan: Plan) -> None:
        outlets = {outlet.id: outlet for outlet in day.outlets}
        outlet_of = {technician.id: outlets[technician.outlet_id] for technician in day.technicians}
        self.day = day
        self.shifts: dict[str, Shift] = {shift.id: shift for shift in day.shifts}
        self.routes: dict[Ownership, list[Route]] = {ownership: [] for ownership in Ownership}
        self.visits: dict[str, PlannedVisit] = {}
        for route in plan.routes:
            if not route.stops:
                continue
            technician_id = self.shifts[route.shift_id].technician_id
            outlet = outlet_of[technician_id]
            self.routes[outlet.ownership].append(route)
            for stop in route.stops:
                self.visits[stop.job_id] = PlannedVisit(stop=stop, outlet=outlet, technician_id=technician_id)
        # No visit starts later, so a job that is due later is late in no plan: leaving it out gains nothing.
        self.horizon_s = max(day.days * DAY_S, max((shift.latest_end_s for shift in day.shifts), default=0))

    def ownership(self, job: Job) -> str:
        """Return whose technician comes, or NOBODY."""
        visit = self.visits.get(job.id)
        return visit.outlet.ownership.value if visit else NOBODY

    def outcome(self, job: Job, clock: Clock) -> str:
        """Return the field of Attainment that one promise counts in."""
        visit = self.visits.get(job.id)
        if visit is None:
            return "missed" if clock.due_s <= self.horizon_s else "open"
        event_s = visit.stop.start_s if clock.kind is ClockKind.ARRIVAL else visit.stop.end_s
        return "kept" if event_s <= clock.due_s else "late"


def arrivals(day: Day) -> list[tuple[Job, Clock]]:
    """Return the jobs that may be dispatched with their (earliest) arrival clock; those without one have no promise."""
    found = []
    for job in day.jobs:
        clocks = [clock for clock in job.clocks if clock.kind is ClockKind.ARRIVAL]
        if job.consent and clocks:
            found.append((job, min(clocks, key=lambda clock: clock.due_s)))
    return found


def attainment(reading: Reading) -> Attainment:
    """Return how all arrival promises are kept."""
    return Attainment(**Counter(reading.outcome(job, clock) for job, clock in arrivals(reading.day)))


def arrival_by_area(reading: Reading) -> dict[str, Attainment]:
    """Return how arrival promises are kept by area class."""
    found = _grouped(reading, ((job.area_class.value, job, clock) for job, clock in arrivals(reading.day)))
    return {area.value: found.get(area.value, Attainment()) for area in AreaClass}


def arrival_by_ownership(reading: Reading) -> dict[str, Attainment]:
    """Return how arrival promises are kept by who comes; jobs that were left out count under NOBODY."""
    found = _grouped(reading, ((reading.ownership(job), job, clock) for job, clock in arrivals(reading.day)))
    return {owner: found.get(owner, Attainment()) for owner in _owners()}


def arrival_by_area_and_ownership(reading: Reading) -> dict[str, dict[str, Attainment]]:
    """Return how arrival promises are kept by area class, then by who comes."""
    found = _grouped(
        reading,
        (((job.area_class.value, reading.ownership(job)), job, clock) for job, clock in arrivals(reading.day)),
    )
    return {
        area.value: {owner: found.get((area.value, owner), Attainment()) for owner in _owners()} for area in AreaClass
    }


def by_policy(reading: Reading, policies: Mapping[str, Sequence[str]]) -> dict[str, Attainment]:
    """Return how promises of every kind are kept by policy row.

    policies: job id → the row behind each of its clocks; clocks of other jobs are named by what they promise.
    """
    found = _grouped(
        reading,
        (
            (name, job, clock)
            for job in reading.day.jobs
            if job.consent
            for name, clock in zip(policies.get(job.id) or _promises(job), job.clocks, strict=True)
        ),
    )
    return dict(sorted(found.items()))


def appointments(reading: Reading) -> Attainment:
    """Return how confirmed appointments are kept: kept means a start within the slot."""
    outcomes: Counter[str] = Counter()
    for job in reading.day.jobs:
        if job.appointment is None or not job.consent:
            continue
        visit = reading.visits.get(job.id)
        if visit is None:
            outcomes["missed" if job.appointment.latest_s <= reading.horizon_s else "open"] += 1
        else:
            inside = job.appointment.earliest_s <= visit.stop.start_s <= job.appointment.latest_s
            outcomes["kept" if inside else "late"] += 1
    return Attainment(**outcomes)


def percent(part: int, whole: int) -> float | None:
    """Return part of whole in percent, None of nothing."""
    return 100 * part / whole if whole else None


def parity_floors(reading: Reading) -> dict[str, ParityFloor]:
    """Return each centre's floor for its remote customers, counted as the price of parity counts it."""
    jobs: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for job, clock in arrivals(reading.day):
        if job.area_class is AreaClass.REMOTE:
            jobs[job.centre_id] += 1
            missed[job.centre_id] += reading.outcome(job, clock) != "kept"
    may_miss = 100 - reading.day.tariff.parity_target_percent
    return {
        centre.id: ParityFloor(
            jobs=jobs[centre.id], missed=missed[centre.id], allowed=jobs[centre.id] * may_miss // 100
        )
        for centre in reading.day.centres
        if jobs[centre.id]
    }


def _owners() -> list[str]:
    return [*(ownership.value for ownership in Ownership), NOBODY]


def _grouped(reading: Reading, promises: Iterable[tuple[_Key, Job, Clock]]) -> dict[_Key, Attainment]:
    groups: defaultdict[_Key, Counter[str]] = defaultdict(Counter)
    for key, job, clock in promises:
        groups[key][reading.outcome(job, clock)] += 1
    return {key: Attainment(**outcomes) for key, outcomes in groups.items()}


def _promises(job: Job) -> list[str]:
    return [_promise(clock, job.reported_s) for clock in job.clocks]


def _promise(clock: Clock, reported_s: int) -> str:
    within_s = clock.due_s - reported_s
    if within_s % _HOUR_S == 0:
        return f"{clock.kind} within {within_s // _HOUR_S} h"
    if clock.due_s % DAY_S == 0:
        return f"{clock.kind} by the end of day {clock.due_s // DAY_S - reported_s // DAY_S}"
    return f"{clock.kind} within {round(within_s / 60)} min"
