"""The plan a dispatcher makes by hand: nearest outlet, first come first served.

Jobs are taken in the order of their calls, those that a lock or a freeze holds before all. Each goes to the nearest
capable outlet that can take it, there to whoever can be on site first without delaying anybody promised before. It
keeps every rule. Each centre's team places its calls with the outlets of its own territory.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.candidates import nearest_capable_outlets
from optimizer.kit_options import KitOption, shipments_for
from optimizer.model import Day, Rule
from optimizer.plan import Plan, Route, Unassigned
from optimizer.roster import Roster
from optimizer.search.arrays import Shard, build_problem
from optimizer.search.compiled import compiled
from optimizer.search.insertion import fits, insert
from optimizer.search.problem import FORBIDDEN, FREE, NEVER_S, Problem
from optimizer.search.readback import read_route
from optimizer.search.schedule import State, close_route, new_state, pass_stop
from optimizer.shards import day_of, make_shards
from optimizer.sourcing import kit_options
from optimizer.travel import TravelTimes
from optimizer.workers import Workers, answer_all

__all__ = ["HandTask", "by_hand", "plan_by_hand"]

MOST_JOBS = 3_000
"""Territories with more calls are halved: the arrays of one must fit a worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandTask:
    """A shard to be planned by hand: nearest holds each job's outlets by id, nearest first."""

    day: Day
    shard: Shard
    kits: Mapping[str, tuple[KitOption, ...]]
    travel: TravelTimes
    nearest: tuple[tuple[str, ...], ...]


def by_hand(day: Day, travel: TravelTimes, workers: Workers, progress: Callable[[float], None]) -> Plan:
    """Return the nearest-outlet, first-come plan of a day, worked out shard by shard along the centres' territories."""
    roster = Roster(day)
    kits = kit_options(day)
    candidates = nearest_capable_outlets(roster, travel)
    nearest = {
        job.id: tuple(day.outlets[o].id for o in row if o >= 0)
        for job, row in zip(day.jobs, candidates.outlet, strict=True)
    }
    tasks = [
        HandTask(
            day=day_of(roster, shard),
            shard=shard,
            kits={job_id: kits[job_id] for job_id in shard.job_ids if job_id in kits},
            travel=travel,
            nearest=tuple(nearest[job_id] for job_id in shard.job_ids),
        )
        for shard in make_shards(roster, candidates.outlet[:, 0], MOST_JOBS)
        if shard.job_ids
    ]
    answers = answer_all(plan_by_hand, tasks, workers, progress)
    return _plan(roster, [route for routes in answers for route in routes], kits)


def plan_by_hand(task: HandTask) -> tuple[Route, ...]:
    """Return the routes of one shard by hand."""
    shard = task.shard
    roster = Roster(task.day)
    problem = build_problem(roster, shard, task.kits, task.travel, neighbours=0)
    local: dict[str, int] = {}
    for v, shift_id in enumerate(shard.shift_ids):
        local.setdefault(roster.outlet_of(roster.shifts[shift_id]).id, int(problem.shifts["outlet"][v]))
    nearest = np.full((len(shard.job_ids), max(map(len, task.nearest), default=0)), FREE, np.int32)
    for j, outlets in enumerate(task.nearest):
        nearest[j, : len(outlets)] = [local.get(outlet_id, FREE) for outlet_id in outlets]
    state = new_state(problem)
    _first_come(problem, state, _turns(roster, shard.job_ids), nearest)
    return tuple(
        read_route(problem, v, state.stops[v, : state.length[v]].tolist(), shard.job_ids, shard.shift_ids)
        for v in np.flatnonzero(state.length).tolist()
    )


def _turns(roster: Roster, job_ids: Sequence[str]) -> NDArray[np.int32]:
    """Return the jobs in the order a dispatcher takes them."""

    def turn(j: int) -> tuple[bool, int, str]:
        job = roster.jobs[job_ids[j]]
        if roster.is_held(job) and job.published is not None:
            return False, job.published.start_s, job.id
        return True, job.reported_s, job.id

    return np.array(sorted(range(len(job_ids)), key=turn), np.int32)


@compiled
def _start_in(p: Problem, s: State, j: int, v: int, gap: int) -> int:
    """Return when job j would start in this gap of route v; NEVER_S when that is illegal or delays a later visit."""
    shift = p.shifts[v]
    leg = p.leg[shift.way]
    if not fits(p, s, j, v, gap):
        return NEVER_S
    at, t, taken = shift.leaves, shift.start, 0
    if gap > 0:
        at, t, taken = s.stops[v, gap - 1], s.end[v, gap - 1], s.taken[v, gap - 1]
    start, t, taken = pass_stop(p, j, v, at, t, taken, leg[at, j, 0])
    if start >= NEVER_S:
        return NEVER_S
    if gap == s.length[v]:
        return start if close_route(p, v, t, taken, leg[j, shift.returns, 0]) <= shift.latest_end else NEVER_S
    following = s.stops[v, gap]
    _, t, taken = pass_stop(p, following, v, j, t, taken, leg[j, following, 0])
    return start if t == s.end[v, gap] and taken == s.taken[v, gap] else NEVER_S


@compiled
def _first_come(p: Problem, s: State, turns: NDArray[np.int32], nearest: NDArray[np.int32]) -> None:
    """Give every job, in turn, to the first outlet that can take it, there to the earliest start."""
    for i in range(turns.shape[0]):
        j = turns[i]
        for o in range(nearest.shape[1]):
            outlet = nearest[j, o]
            if outlet == FREE:
                continue
            best, best_v, best_gap = NEVER_S, FREE, 0
            for v in range(s.length.shape[0]):
                if p.shifts[v].outlet != outlet or p.fixed[j, v] >= FORBIDDEN or s.length[v] >= s.stops.shape[1]:
                    continue
                for gap in range(s.length[v] + 1):
                    start = _start_in(p, s, j, v, gap)
                    if start < best:
                        best, best_v, best_gap = start, v, gap
            if best_v != FREE:
                insert(p, s, j, best_v, best_gap, 0)
                break


def _plan(roster: Roster, routes: Sequence[Route], kits: Mapping[str, tuple[KitOption, ...]]) -> Plan:
    position = {shift.id: i for i, shift in enumerate(roster.day.shifts)}
    starts = {stop.job_id: stop.start_s for route in routes for stop in route.stops}
    left_out = tuple(
        Unassigned(job_id=job.id, rule=Rule.UNKNOWN, reason="found no place by hand")
        for job in roster.day.jobs
        if job.id not in starts
    )
    return Plan(
        routes=tuple(sorted(routes, key=lambda route: position[route.shift_id])),
        unassigned=left_out,
        shipments=shipments_for(roster.day.jobs, roster.visits(routes), kits),
    )
