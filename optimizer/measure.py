"""A plan laid beside its day, travel asked once: what both the objective and the checker read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optimizer.model import Day, Job, Outlet, Position, Shift, Technician, TravelMode
from optimizer.parts.supply import NOTHING_BESIDE, Supply
from optimizer.travel import TravelTimes

if TYPE_CHECKING:
    from optimizer.plan import Plan, Route, Stop

__all__ = ["Leg", "Measured", "MeasuredRoute", "Visit", "measure", "measured_once", "part_measured", "service_seconds"]

_LEGS_AT_ONCE = 64
"""Longer routes are measured in pieces, so that a plan with all jobs on one route asks for no huge matrix."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """What travel times say about one way."""

    seconds: int
    metres: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A stop with all it refers to.

    leg: the way from the stop before, or from the base. base_m: road metres from the base to the job.
    service_s: what the service takes here, the outlet's duration factor included.
    """

    job: Job
    stop: "Stop"
    shift: Shift
    technician: Technician
    outlet: Outlet
    leg: Leg
    base_m: int
    service_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRoute:
    """A route with all it refers to; `back` is the way from the last stop to the base."""

    route: "Route"
    shift: Shift
    technician: Technician
    outlet: Outlet
    visits: tuple[Visit, ...]
    back: Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A plan beside its day.

    Routes of unknown shifts and stops of unknown jobs are in `plan` only; the checker reports them.
    """

    day: Day
    plan: "Plan"
    routes: tuple[MeasuredRoute, ...]
    jobs: Mapping[str, Job]
    visits: Mapping[str, Sequence[Visit]]
    """By job; a job that nobody visits is not in it."""
    supply: Supply = NOTHING_BESIDE
    """What is known of the parts beside the day."""

    def left_out(self) -> Iterator[Job]:
        """Yield the jobs that no route visits, whatever the plan lists."""
        return (job for job in self.day.jobs if job.id not in self.visits)


def service_seconds(job: Job, outlet: Outlet) -> int:
    """Return how long the job takes when this outlet does it."""
    return job.service_s * outlet.duration_percent.get(job.skill.family, 100) // 100


def measure(day: Day, plan: "Plan", travel: TravelTimes) -> Measured:
    """Lay the plan beside its day, asking travel times once per route."""
    people = _people(day)
    jobs = {job.id: job for job in day.jobs}
    routes = tuple(
        _measure_route(route, people[route.shift_id], jobs, travel) for route in plan.routes if route.shift_id in people
    )
    return Measured(day=day, plan=plan, routes=routes, jobs=jobs, visits=_by_job(routes))


def measured_once(day: Day, plan: "Plan", travel: TravelTimes | Measured) -> Measured:
    """Return what was measured already, or measure now.

    Raises
    ------
    ValueError
        When the measured plan or day is another one.
    """
    if not isinstance(travel, Measured):
        return measure(day, plan, travel)
    if travel.plan is not plan or travel.day is not day:
        raise ValueError("measured for another plan or another day")
    return travel


def part_measured(whole: Measured, day: Day, plan: "Plan") -> Measured:
    """Return what was measured of a part of a day and its plan (`optimizer.centres.part_of`): no way is asked again.

    A route's ways hang on nothing beyond it, so this is what `measure` would return.
    """
    shift_ids = {shift.id for shift in day.shifts}
    routes = tuple(route for route in whole.routes if route.shift.id in shift_ids)
    return Measured(day=day, plan=plan, routes=routes, jobs={job.id: job for job in day.jobs}, visits=_by_job(routes))


def _by_job(routes: Iterable[MeasuredRoute]) -> Mapping[str, Sequence[Visit]]:
    visits: dict[str, list[Visit]] = defaultdict(list)
    for route in routes:
        for visit in route.visits:
            visits[visit.job.id].append(visit)
    return dict(visits)


def _people(day: Day) -> dict[str, tuple[Shift, Technician, Outlet]]:
    """Return who works each shift and for which outlet, by shift."""
    technicians = {technician.id: technician for technician in day.technicians}
    outlets = {outlet.id: outlet for outlet in day.outlets}
    of_technician = {technician.id: outlets[technician.outlet_id] for technician in day.technicians}
    return {
        shift.id: (shift, technicians[shift.technician_id], of_technician[shift.technician_id]) for shift in day.shifts
    }


def _measure_route(
    route: "Route", people: tuple[Shift, Technician, Outlet], jobs: Mapping[str, Job], travel: TravelTimes
) -> MeasuredRoute:
    shift, technician, outlet = people
    known = [(jobs[stop.job_id], stop) for stop in route.stops if stop.job_id in jobs]
    legs, base_metres = _legs(technician.position, [job.position for job, _ in known], technician.mode, travel)
    visits = tuple(
        Visit(
            job=job,
            stop=stop,
            shift=shift,
            technician=technician,
            outlet=outlet,
            leg=leg,
            base_m=base_m,
            service_s=service_seconds(job, outlet),
        )
        for (job, stop), leg, base_m in zip(known, legs[:-1], base_metres, strict=True)
    )
    return MeasuredRoute(route=route, shift=shift, technician=technician, outlet=outlet, visits=visits, back=legs[-1])


def _legs(base: Position, stops: list[Position], mode: TravelMode, travel: TravelTimes) -> tuple[list[Leg], list[int]]:
    """Return the legs base → stops → base and the metres from the base to every stop."""
    origins = [base, *stops]
    destinations = [*stops, base]
    legs: list[Leg] = []
    base_metres: list[int] = []
    for first in range(0, len(origins), _LEGS_AT_ONCE):
        piece = slice(first, first + _LEGS_AT_ONCE)
        asked = travel.matrix(
            np.array([base, *origins[piece]], dtype=np.float64),
            np.array(destinations[piece], dtype=np.float64),
            mode,
        )
        # Row 0 is the base, so leg i of the piece is at (i + 1, i).
        seconds = np.diagonal(asked.seconds, offset=-1).tolist()
        metres = np.diagonal(asked.metres, offset=-1).tolist()
        legs += [Leg(seconds=leg_s, metres=leg_m) for leg_s, leg_m in zip(seconds, metres, strict=True)]
        base_metres += asked.metres[0].tolist()
    return legs, base_metres[:-1]
