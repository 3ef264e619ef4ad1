"""The clock of one route, compiled: when each visit starts, what that costs, whether a rule forbids it.

The schedule is the earliest one. Waiting happens before driving. A break is taken for free while waiting where that
fits; otherwise it is put off until another visit could not be finished before the break's latest start.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.model import LOCK_TOLERANCE_S
from optimizer.search.compiled import compiled, compiled_into
from optimizer.search.problem import FORBIDDEN, FREE, NEVER_S, Problem

__all__ = [
    "INFEASIBLE",
    "State",
    "close_route",
    "evaluate",
    "late_fen",
    "late_saving",
    "new_state",
    "over",
    "overtime_fen",
    "pass_stop",
    "pause_start",
    "visit_fen",
    "visit_start",
]

INFEASIBLE = 1 << 60


class State(NamedTuple):
    """Where a search stands: m routes of at most `most` stops, and what is known of each.

    stops: (m, most) jobs in order; length: (m,). end, taken, spent, missed: (m, most) after each stop: end of service,
    breaks behind, fen since the start, missed remote jobs. latest: (m, most) latest start that the rest of the route
    allows, breaks and setups aside. hop: (m, most + 1) fen of the leg that each gap lies on. load_before, load_after:
    (m, most + 1, d) the heaviest load up to a gap and from it on. fen, misses, travel, metres: (m,). saving: (m,) what
    later starts could save at most. route_of: (n,) shift or FREE. version: (m,) changes with each change of the route.
    visits: (o,) visits per outlet.
    """

    stops: NDArray[np.int32]
    length: NDArray[np.int32]
    end: NDArray[np.int32]
    taken: NDArray[np.int8]
    spent: NDArray[np.int64]
    missed: NDArray[np.int32]
    latest: NDArray[np.int32]
    fen: NDArray[np.int64]
    saving: NDArray[np.int64]
    misses: NDArray[np.int32]
    hop: NDArray[np.int32]
    load_before: NDArray[np.int64]
    load_after: NDArray[np.int64]
    travel: NDArray[np.int64]
    metres: NDArray[np.int64]
    route_of: NDArray[np.int32]
    version: NDArray[np.int64]
    visits: NDArray[np.int32]


def new_state(problem: Problem) -> State:
    """Return empty routes for every shift."""
    n, m = problem.fixed.shape
    most = _most_stops(problem)
    dimensions = problem.capacity.shape[1]
    return State(
        stops=np.zeros((m, most), np.int32),
        length=np.zeros(m, np.int32),
        end=np.zeros((m, most), np.int32),
        taken=np.zeros((m, most), np.int8),
        spent=np.zeros((m, most), np.int64),
        missed=np.zeros((m, most), np.int32),
        latest=np.zeros((m, most), np.int32),
        fen=np.zeros(m, np.int64),
        saving=np.zeros(m, np.int64),
        misses=np.zeros(m, np.int32),
        hop=np.zeros((m, most + 1), np.int32),
        load_before=np.zeros((m, most + 1, dimensions), np.int64),
        load_after=np.zeros((m, most + 1, dimensions), np.int64),
        travel=np.zeros(m, np.int64),
        metres=np.zeros(m, np.int64),
        route_of=np.full(n, FREE, np.int32),
        version=np.zeros(m, np.int64),
        visits=np.zeros(len(problem.outlets), np.int32),
    )


def _most_stops(problem: Problem) -> int:
    """Return an upper bound on the stops of a route: the longest shift over the shortest visits."""
    n, m = problem.fixed.shape
    if n == 0 or m == 0:
        return 1
    longest_s = int((problem.shifts["latest_end"] - problem.shifts["start"]).max())
    shortest_s = int(problem.service.min())
    if shortest_s == 0:
        return max(1, min(int(n), int(problem.shifts["most_stops"].max())))
    return max(1, min(int(n), longest_s // shortest_s + 1, int(problem.shifts["most_stops"].max())))


@compiled_into
def late_fen(p: Problem, kind: int, x: int) -> int:
    """Return the price of an event x seconds after it was due (negative: before)."""
    rule = p.lateness[kind]
    if x <= -rule.warn:
        return 0
    if x <= 0:
        return int((x + rule.warn) * rule.warn_fen // 3600)
    days = x // 86400
    rest = x - days * 86400
    rising = 12 * days * (days + 1) * rule.late_fen + (days + 1) * rest * rule.late_fen // 3600
    return int(rule.warn * rule.warn_fen // 3600 + rule.breach_fen + rising)


@compiled_into
def _kit_fen(p: Problem, j: int, v: int, start: int) -> int:
    """Return what the cheapest kit costs that shift v can have for job j by this start; there is one."""
    kind = p.kit_of[j, p.shifts[v].outlet]
    best = FREE
    for k in range(p.jobs[j].kits):
        if p.kit_ready[j, kind, k] <= start:
            best = k
    return int(p.kit_fen[j, kind, best])


@compiled_into
def visit_start(p: Problem, j: int, v: int, t: int) -> int:
    """Return the earliest start of service at job j on shift v not before t; NEVER_S when there is none."""
    job = p.jobs[j]
    shift = p.shifts[v]
    t = max(t, shift.open)
    if job.kits > 0:
        t = max(t, p.kit_ready[j, p.kit_of[j, shift.outlet], 0])
    for w in range(job.first_window, job.last_window):
        if t <= p.windows[w].latest:
            t = max(t, p.windows[w].earliest)
            return t if t <= shift.close else NEVER_S
    return NEVER_S


@compiled_into
def visit_fen(p: Problem, j: int, v: int, start: int, end: int) -> int:
    """Return what a visit costs besides travel."""
    job = p.jobs[j]
    rates = p.rates[0]
    fen = int(p.fixed[j, v])
    late = 0
    for c in range(job.first_clock, job.last_clock):
        clock = p.clocks[c]
        late += late_fen(p, clock.kind, (start if clock.kind == 0 else end) - clock.due) * job.weight // 100
    fen += late
    if start > job.reported:
        fen += (np.int64(start - job.reported) * rates.waiting_fen // 3600) * job.weight // 100
    if job.kits > 0:
        fen += _kit_fen(p, j, v, start)
    if job.prefers == 1 and (start < job.prefer_earliest or start > job.prefer_latest):
        fen += rates.preference_fen
    if job.published_technician >= 0 and job.published_technician == p.shifts[v].technician:
        moved = start - job.published_start
        if moved > LOCK_TOLERANCE_S or moved < -LOCK_TOLERANCE_S:
            fen += job.moved_fen
    return fen


@compiled_into
def late_saving(p: Problem, j: int, v: int, start: int) -> int:
    """Return what a visit could save at most by starting later: moved back, in the slot liked, with a cheaper kit."""
    job = p.jobs[j]
    fen = np.int64(0)
    if job.kits > 0:
        fen += _kit_fen(p, j, v, start) - p.kit_fen[j, p.kit_of[j, p.shifts[v].outlet], job.kits - 1]
    if job.prefers == 1 and start < job.prefer_earliest:
        fen += p.rates[0].preference_fen
    stays = job.published_technician >= 0 and job.published_technician == p.shifts[v].technician
    if stays and start < job.published_start - LOCK_TOLERANCE_S:
        fen += job.moved_fen
    return int(fen)


@compiled_into
def pause_start(p: Problem, k: int, t: int) -> int:
    """Return the earliest start of break k not before t; NEVER_S when there is none."""
    for w in range(p.pauses[k].first_window, p.pauses[k].last_window):
        if t <= p.windows[w].latest:
            return int(max(t, p.windows[w].earliest))
    return NEVER_S


@compiled_into
def pass_stop(p: Problem, j: int, v: int, at: int, t: int, taken: int, drive: int) -> tuple[int, int, int]:
    """Return (start, end, breaks behind) of job j next on shift v, free at a point from t on; NEVER_S if impossible."""
    shift = p.shifts[v]
    start = visit_start(p, j, v, t + drive)
    busy = p.service[j, shift.outlet]
    if p.place[at] != p.place[j]:
        busy += p.setup[j, shift.outlet]
    k = shift.first_pause + taken
    free, rested = t, 0
    while k < shift.last_pause and start < NEVER_S:
        rest = p.pauses[k]
        pause = pause_start(p, k, free)
        free = pause + rest.duration
        rested += rest.duration
        there = max(t + drive + rested, free)
        if there > start:
            if start + busy <= rest.latest:
                break
            if pause >= NEVER_S:
                return NEVER_S, NEVER_S, 0
            start = visit_start(p, j, v, there)
        k += 1
    return start, start + busy, k - shift.first_pause


@compiled_into
def close_route(p: Problem, v: int, t: int, taken: int, drive: int) -> int:
    """Return when the technician is back, breaks that are due included; NEVER_S when one cannot be taken any more."""
    shift = p.shifts[v]
    back = t + drive
    free, rested = t, 0
    for k in range(shift.first_pause + taken, shift.last_pause):
        rest = p.pauses[k]
        if rest.always == 0 and back <= rest.latest:
            break
        pause = pause_start(p, k, free)
        if pause >= NEVER_S:
            return NEVER_S
        free = pause + rest.duration
        rested += rest.duration
        back = max(t + drive + rested, free)
    return int(back)


@compiled_into
def overtime_fen(p: Problem, v: int, back: int) -> int:
    """Return the price of being back at base at this time."""
    over = back - p.shifts[v].end
    return np.int64(over) * p.rates[0].overtime_fen // 3600 if over > 0 else 0


@compiled
def _weigh(p: Problem, s: State, v: int) -> bool:
    """Work out the loads of route v at each of its gaps; return whether they fit."""
    count = s.length[v]
    before, after = s.load_before[v], s.load_after[v]
    fits = True
    for d in range(p.capacity.shape[1]):
        load = 0
        for k in range(count):
            load += p.delivery[s.stops[v, k], d]
        before[0, d] = load
        after[0, d] = load
        for k in range(count):
            load += p.pickup[s.stops[v, k], d] - p.delivery[s.stops[v, k], d]
            before[k + 1, d] = max(before[k, d], load)
            after[k + 1, d] = load
        for k in range(count - 1, -1, -1):
            after[k, d] = max(after[k, d], after[k + 1, d])
        fits = fits and before[count, d] <= p.capacity[v, d]
    return fits


@compiled_into
def over(p: Problem, v: int, travel: int, metres: int) -> bool:
    """Return whether a route drives for longer or farther than its shift may."""
    shift = p.shifts[v]
    return bool(travel > shift.most_travel or metres > shift.most_metres)


@compiled
def evaluate(p: Problem, s: State, v: int) -> bool:
    """Work out route v from its stops and keep everything known of it; return whether it is legal."""
    shift = p.shifts[v]
    leg = p.leg[shift.way]
    t, taken, spent, missed = shift.start, 0, np.int64(0), 0
    travel, metres, saving = np.int64(0), np.int64(0), np.int64(0)
    at = shift.leaves
    stops = s.stops[v]
    count = s.length[v]
    for k in range(count):
        j = stops[k]
        if p.fixed[j, v] >= FORBIDDEN:
            return False
        start, t, taken = pass_stop(p, j, v, at, t, taken, leg[at, j, 0])
        if start >= NEVER_S:
            return False
        travel += leg[at, j, 0]
        metres += p.metres[shift.way, at, j]
        spent += leg[at, j, 1] + visit_fen(p, j, v, start, t)
        saving += late_saving(p, j, v, start)
        if p.jobs[j].remote == 1 and start > p.jobs[j].arrival_due:
            missed += 1
        s.end[v, k], s.taken[v, k], s.spent[v, k], s.missed[v, k] = t, taken, spent, missed
        s.hop[v, k] = leg[at, j, 1]
        at = j
    # Nobody drives from base to base: an empty route has no leg to save.
    s.hop[v, count] = leg[at, shift.returns, 1] if count > 0 else 0
    if count > 0:
        t = close_route(p, v, t, taken, leg[at, shift.returns, 0])
        travel += leg[at, shift.returns, 0]
        metres += p.metres[shift.way, at, shift.returns]
        spent += shift.use_fen + leg[at, shift.returns, 1] + overtime_fen(p, v, t)
        if t > shift.latest_end or count > shift.most_stops or over(p, v, travel, metres):
            return False
    s.fen[v], s.misses[v], s.travel[v], s.metres[v] = spent, missed, travel, metres
    s.saving[v] = saving
    latest = shift.latest_end
    at = shift.returns
    for k in range(count - 1, -1, -1):
        j = stops[k]
        latest = latest - leg[j, at, 0] - p.service[j, shift.outlet]
        latest = min(latest, shift.close, p.windows[p.jobs[j].last_window - 1].latest)
        s.latest[v, k] = latest
        at = j
    return _weigh(p, s, v)
