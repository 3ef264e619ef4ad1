"""One job out of a finished plan and back again, compiled: what a place would cost, and what one change would open.

Nothing here searches. A change is written into the arrays, asked for with `cheapest_gap`, and taken back. The job
asked about is on no route meanwhile, so that its rows may be edited freely.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.search.compiled import compiled
from optimizer.search.insertion import cheapest_gap, insert
from optimizer.search.problem import FORBIDDEN, FREE, Problem
from optimizer.search.schedule import INFEASIBLE, State, close_route, evaluate, late_fen, overtime_fen, pass_stop
from optimizer.search.schedule import visit_fen as visit_fen_of

__all__ = [
    "GRID_S",
    "ITEMS",
    "PLACES",
    "UNASKED",
    "Ask",
    "Found",
    "give_way",
    "latest_parts",
    "least_overtime",
    "least_stretch",
    "quotes",
    "stretch",
    "take_out",
    "walk",
]

GRID_S = 300
"""Remedies speak of time in steps of five minutes."""
ITEMS = ("travel", "overtime", "visit", "lateness", "time")
"""What `walk` adds up: "visit" is what the pair of job and technician costs whatever the time."""
PLACES = 4
"""Other shifts looked at for a visit that gives way: the cheapest ones of the plan as it is."""
UNASKED = -2


class Ask(NamedTuple):
    """What is asked: job j on these shifts, within windows (k, 2) and not after latest (m,).

    spare: first of k free rows of `Problem.windows`. now, end: no start before or after.
    """

    job: int
    shifts: NDArray[np.int64]
    windows: NDArray[np.int64]
    latest: NDArray[np.int64]
    spare: int
    now: int
    end: int


class Found(NamedTuple):
    """The answer for each shift asked: fen (INFEASIBLE: none), gap, and how much of the change it takes."""

    fen: NDArray[np.int64]
    gap: NDArray[np.int64]
    amount: NDArray[np.int64]


@compiled
def _place(s: State, j: int) -> int:
    v = s.route_of[j]
    for k in range(s.length[v]):
        if s.stops[v, k] == j:
            return k
    return FREE


@compiled
def take_out(p: Problem, s: State, j: int) -> tuple[int, bool]:
    """Take job j off its route; return the gap it leaves and whether the rest is legal."""
    v, gap = s.route_of[j], _place(s, j)
    for k in range(gap, s.length[v] - 1):
        s.stops[v, k] = s.stops[v, k + 1]
    s.length[v] -= 1
    s.route_of[j] = FREE
    s.visits[p.shifts[v].outlet] -= 1
    return gap, evaluate(p, s, v)


@compiled
def walk(p: Problem, s: State, v: int, starts: NDArray[np.int64], items: NDArray[np.int64]) -> int:
    """Write when each visit of route v starts and what the route costs by `ITEMS`; return when it is back at base."""
    shift = p.shifts[v]
    leg = p.leg[shift.way]
    t, taken, at = shift.start, 0, shift.leaves
    items[:] = 0
    for k in range(s.length[v]):
        j = s.stops[v, k]
        job = p.jobs[j]
        start, t, taken = pass_stop(p, j, v, at, t, taken, leg[at, j, 0])
        starts[k] = start
        late = 0
        for c in range(job.first_clock, job.last_clock):
            clock = p.clocks[c]
            late += late_fen(p, clock.kind, (start if clock.kind == 0 else t) - clock.due) * job.weight // 100
        items[0] += leg[at, j, 1]
        items[2] += p.fixed[j, v]
        items[3] += late
        items[4] += visit_fen_of(p, j, v, start, t) - p.fixed[j, v] - late
        at = j
    if s.length[v] == 0:
        return int(t)
    back = close_route(p, v, t, taken, leg[at, shift.returns, 0])
    items[0] += leg[at, shift.returns, 1]
    items[1] += overtime_fen(p, v, back)
    return int(back)


@compiled
def stretch(p: Problem, a: Ask, v: int, earlier: int, later: int) -> None:
    """Give the job its windows for shift v: wider by so much, then cut off at the latest start wanted there."""
    count = 0
    for w in range(a.windows.shape[0]):
        first = max(a.now, a.windows[w, 0] - earlier)
        last = min(min(a.end, a.windows[w, 1] + later), a.latest[v])
        if first <= last:
            p.windows[a.spare + count].earliest = first
            p.windows[a.spare + count].latest = last
            count += 1
    p.jobs[a.job].first_window = a.spare
    p.jobs[a.job].last_window = a.spare + count


@compiled
def _note(found: Found, i: int, fen: int, gap: int, amount: int) -> None:
    found.fen[i], found.gap[i], found.amount[i] = fen, gap, amount


@compiled
def quotes(p: Problem, s: State, a: Ask, found: Found) -> None:
    """Ask for the cheapest gap on every shift, nothing changed."""
    for i in range(a.shifts.shape[0]):
        stretch(p, a, a.shifts[i], 0, 0)
        fen, gap, _ = cheapest_gap(p, s, a.job, a.shifts[i])
        _note(found, i, fen, gap, 0)


@compiled
def _with_overtime(p: Problem, s: State, a: Ask, v: int, latest_end: int) -> tuple[int, int]:
    p.shifts[v].latest_end = latest_end
    evaluate(p, s, v)
    fen, gap, _ = cheapest_gap(p, s, a.job, v)
    return fen, gap


@compiled
def least_overtime(p: Problem, s: State, a: Ask, most: int, found: Found) -> None:
    """Find for every shift the fewest more minutes of overtime, up to `most`, that open a place, and its price."""
    for i in range(a.shifts.shape[0]):
        v = a.shifts[i]
        limit = p.shifts[v].latest_end
        stretch(p, a, v, 0, 0)
        few, enough = 0, most
        fen, gap = INFEASIBLE, FREE
        if p.fixed[a.job, v] < FORBIDDEN:
            fen, gap = _with_overtime(p, s, a, v, limit + 60 * most)
        if fen < INFEASIBLE:
            while enough - few > 1:
                middle = (few + enough) // 2
                if _with_overtime(p, s, a, v, limit + 60 * middle)[0] < INFEASIBLE:
                    enough = middle
                else:
                    few = middle
            fen, gap = _with_overtime(p, s, a, v, limit + 60 * enough)
        _note(found, i, fen, gap, enough)
        p.shifts[v].latest_end = limit
        evaluate(p, s, v)


@compiled
def _with_window(p: Problem, s: State, a: Ask, v: int, shift_s: int) -> tuple[int, int]:
    stretch(p, a, v, max(0, -shift_s), max(0, shift_s))
    fen, gap, _ = cheapest_gap(p, s, a.job, v)
    return fen, gap


@compiled
def least_stretch(p: Problem, s: State, a: Ask, most: int, found: Found) -> None:
    """Find the least widening of the windows, in steps of GRID_S, that opens a place; `most` < 0 widens backwards."""
    sign = 1 if most > 0 else -1
    for i in range(a.shifts.shape[0]):
        v = a.shifts[i]
        few, enough = 0, most * sign
        fen, gap = _with_window(p, s, a, v, most * GRID_S)
        if fen < INFEASIBLE:
            while enough - few > 1:
                middle = (few + enough) // 2
                if _with_window(p, s, a, v, sign * middle * GRID_S)[0] < INFEASIBLE:
                    enough = middle
                else:
                    few = middle
            fen, gap = _with_window(p, s, a, v, sign * enough * GRID_S)
        _note(found, i, fen, gap, sign * enough * GRID_S)


@compiled
def _with_parts(p: Problem, s: State, a: Ask, v: int, ready: int) -> tuple[int, int]:
    p.kit_ready[a.job, p.kit_of[a.job, p.shifts[v].outlet], 0] = ready
    fen, gap, _ = cheapest_gap(p, s, a.job, v)
    return fen, gap


@compiled
def latest_parts(p: Problem, s: State, a: Ask, found: Found) -> None:
    """Find for every shift the latest time, on a grid of GRID_S, by which parts would have to be there."""
    kits = p.jobs[a.job].kits
    soonest = (a.now + GRID_S - 1) // GRID_S * GRID_S
    p.jobs[a.job].kits = max(1, kits)
    for i in range(a.shifts.shape[0]):
        v = a.shifts[i]
        kind = p.kit_of[a.job, p.shifts[v].outlet]
        ready = p.kit_ready[a.job, kind, 0]
        stretch(p, a, v, 0, 0)
        early, late = 0, (min(ready, a.end) - soonest) // GRID_S + 1
        fen, gap = INFEASIBLE, FREE
        if late > 1:
            fen, gap = _with_parts(p, s, a, v, soonest)
        if fen < INFEASIBLE:
            while late - early > 1:
                middle = (early + late) // 2
                if _with_parts(p, s, a, v, soonest + middle * GRID_S)[0] < INFEASIBLE:
                    early = middle
                else:
                    late = middle
            fen, gap = _with_parts(p, s, a, v, soonest + early * GRID_S)
        p.kit_ready[a.job, kind, 0] = ready
        _note(found, i, fen, gap, soonest + early * GRID_S)
    p.jobs[a.job].kits = kits


@compiled
def _cheapest_shifts(p: Problem, s: State, x: int, home: int, best: NDArray[np.int32]) -> None:
    """Write the shifts, home apart, where job x is cheapest; FREE where there are fewer."""
    best[:] = FREE
    worst = INFEASIBLE
    for v in range(s.length.shape[0]):
        if v == home or p.fixed[x, v] >= FORBIDDEN:
            continue
        fen = cheapest_gap(p, s, x, v)[0]
        if fen >= INFEASIBLE or (best[-1] != FREE and fen >= worst):
            continue
        at = best.shape[0] - 1
        while at > 0 and (best[at - 1] == FREE or cheapest_gap(p, s, x, best[at - 1])[0] > fen):
            best[at] = best[at - 1]
            at -= 1
        best[at] = v
        if best[-1] != FREE:
            worst = cheapest_gap(p, s, x, best[-1])[0]


@compiled
def _elsewhere(p: Problem, s: State, x: int, v: int, left_fen: int, places: NDArray[np.int32]) -> tuple[int, int, int]:
    """Return (fen, shift, gap) of the cheapest way out for visit x of shift v: one of its places, or left out."""
    best, best_u, best_at = left_fen, FREE, FREE
    for c in range(places.shape[0]):
        u = places[c]
        if u in (FREE, v):
            continue
        fen, at, _ = cheapest_gap(p, s, x, u)
        if fen < best:
            best, best_u, best_at = fen, u, at
    return best, best_u, best_at


@compiled
def give_way(
    p: Problem, s: State, a: Ask, v: int, left_fen: NDArray[np.int64], places: NDArray[np.int32]
) -> tuple[int, int, int, int, int]:
    """Find the visit of route v that gives way to the job for least; (fen, visit, the job's gap, its shift, its gap).

    left_fen: (n,) price of leaving each visit out, -1 for those that must stay. places: (n, PLACES), UNASKED at first.
    Its shift is FREE when the visit is left out.
    """
    best, best_x, best_gap, best_u, best_at = INFEASIBLE, FREE, FREE, FREE, FREE
    stretch(p, a, v, 0, 0)
    before = s.fen[v]
    for k in range(s.length[v]):
        x = s.stops[v, k]
        if left_fen[x] < 0:
            continue
        fen, gap = INFEASIBLE, FREE
        if take_out(p, s, x)[1]:
            fen, gap, _ = cheapest_gap(p, s, a.job, v)
        if fen < INFEASIBLE:
            fen += s.fen[v] - before
            if places[x, 0] == UNASKED:
                _cheapest_shifts(p, s, x, v, places[x])
            way, u, at = _elsewhere(p, s, x, v, left_fen[x], places[x])
            if insert(p, s, a.job, v, gap, 0):
                same, same_at, _ = cheapest_gap(p, s, x, v)
                if same < way:
                    way, u, at = same, v, same_at
            take_out(p, s, a.job)
            if fen + way < best:
                best, best_x, best_gap, best_u, best_at = fen + way, x, gap, u, at
        insert(p, s, x, v, k, 0)
    return best, best_x, best_gap, best_u, best_at
