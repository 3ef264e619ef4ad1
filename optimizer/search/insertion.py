"""The cheapest place for a job on a shift, compiled: every gap, exact prices, remembered until the route changes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.search.compiled import compiled, compiled_into
from optimizer.search.problem import FORBIDDEN, FREE, NEVER_S, NO_LIMIT, Problem
from optimizer.search.schedule import (
    INFEASIBLE,
    State,
    close_route,
    evaluate,
    over,
    overtime_fen,
    pass_stop,
    visit_fen,
    visit_start,
)

__all__ = ["Memory", "cheapest_gap", "fits", "insert", "new_memory", "quote", "rank_shifts"]


class Memory(NamedTuple):
    """Candidate shifts of each job and the last quote of each, valid while the route's version is the one quoted.

    shift: (n, k) by rising price alone, FREE-padded. fen, gap, missed, version: (n, k); a gap of FREE says that no
    insertion is cheaper than fen, whatever it would cost.
    """

    shift: NDArray[np.int32]
    fen: NDArray[np.int64]
    gap: NDArray[np.int32]
    missed: NDArray[np.int32]
    version: NDArray[np.int64]


@compiled_into
def _rest(p: Problem, s: State, v: int, first: int, at: int, t: int, taken: int) -> tuple[int, int]:
    """Return (fen, missed remote jobs) of route v from stop `first` on, leaving `at` at t; INFEASIBLE if illegal."""
    shift = p.shifts[v]
    leg = p.leg[shift.way]
    fen, missed = 0, 0
    for i in range(first, s.length[v]):
        x = s.stops[v, i]
        start, t, taken = pass_stop(p, x, v, at, t, taken, leg[at, x, 0])
        if start >= NEVER_S or start > s.latest[v, i]:
            return INFEASIBLE, 0
        fen += leg[at, x, 1] + visit_fen(p, x, v, start, t)
        if p.jobs[x].remote == 1 and start > p.jobs[x].arrival_due:
            missed += 1
        at = x
        if t == s.end[v, i] and taken == s.taken[v, i]:
            # From here on the route is as it was.
            return fen + s.fen[v] - s.spent[v, i], missed + s.misses[v] - s.missed[v, i]
    back = close_route(p, v, t, taken, leg[at, shift.returns, 0])
    if back > shift.latest_end:
        return INFEASIBLE, 0
    return fen + shift.use_fen + leg[at, shift.returns, 1] + overtime_fen(p, v, back), missed


@compiled_into
def fits(p: Problem, s: State, j: int, v: int, gap: int) -> bool:
    """Return whether shift v can carry job j's load put into a gap: its delivery until there, its pickup from there."""
    for d in range(p.capacity.shape[1]):
        room = p.capacity[v, d]
        if s.load_before[v, gap, d] + p.delivery[j, d] > room or s.load_after[v, gap, d] + p.pickup[j, d] > room:
            return False
    return True


@compiled_into
def _farther(p: Problem, s: State, j: int, v: int, at: int, following: int) -> bool:
    """Return whether going by job j makes route v longer than its shift may drive."""
    shift = p.shifts[v]
    seconds, metres = p.leg[shift.way, :, :, 0], p.metres[shift.way]
    travel = s.travel[v] + seconds[at, j] + seconds[j, following]
    far = s.metres[v] + metres[at, j] + metres[j, following]
    if s.length[v] > 0:
        travel -= seconds[at, following]
        far -= metres[at, following]
    return over(p, v, travel, far)


@compiled_into
def _detour_fen(p: Problem, s: State, j: int, v: int, k: int, detour: int, there: int) -> int:
    """Return what job j in gap k of a steady shift costs, which begins there at the earliest; INFEASIBLE if illegal."""
    shift = p.shifts[v]
    following = s.stops[v, k] if k < s.length[v] else shift.returns
    end = visit_start(p, j, v, there) + p.service[j, shift.outlet]
    if end + p.leg[shift.way, j, following, 0] > (s.latest[v, k] if k < s.length[v] else shift.latest_end):
        return INFEASIBLE
    return int(detour + p.fixed[j, v] + (shift.use_fen if s.length[v] == 0 else 0))


@compiled_into
def _changed_fen(p: Problem, s: State, j: int, v: int, k: int, at: int, t: int) -> tuple[int, int]:
    """Return (fen, newly missed remote jobs) of job j in gap k of route v, reached from `at` at t."""
    shift, count = p.shifts[v], s.length[v]
    drive, onward = p.leg_to[shift.way, j, at], p.leg[shift.way, j]
    taken, spent, missed = 0, np.int64(0), 0
    if k > 0:
        taken, spent, missed = s.taken[v, k - 1], s.spent[v, k - 1], s.missed[v, k - 1]
    start, end, now_taken = pass_stop(p, j, v, at, t, taken, drive[0])
    if start >= NEVER_S or (k < count and end + onward[s.stops[v, k], 0] > s.latest[v, k]):
        return INFEASIBLE, 0
    rest, rest_missed = _rest(p, s, v, k, j, end, now_taken)
    if rest >= INFEASIBLE:
        return INFEASIBLE, 0
    late = 1 if p.jobs[j].remote == 1 and start > p.jobs[j].arrival_due else 0
    fen = spent + drive[1] + visit_fen(p, j, v, start, end) + rest - s.fen[v]
    return fen, missed + late + rest_missed - s.misses[v]


@compiled
def cheapest_gap(p: Problem, s: State, j: int, v: int) -> tuple[int, int, int]:
    """Return (fen, gap, newly missed remote jobs) of the cheapest legal insertion; INFEASIBLE when there is none."""
    return _cheaper_gap(p, s, j, v, INFEASIBLE)


@compiled_into
def _cheaper_gap(p: Problem, s: State, j: int, v: int, limit: int) -> tuple[int, int, int]:
    """Return (fen, gap, newly missed remote jobs) of the cheapest insertion below a limit; the limit, FREE if none."""
    best, best_gap, best_missed = limit, FREE, 0
    job, shift, count = p.jobs[j], p.shifts[v], s.length[v]
    if p.fixed[j, v] >= FORBIDDEN or count >= min(s.stops.shape[1], shift.most_stops):
        return best, best_gap, best_missed
    # Both rows are job j's own: all its gaps are read from a few lines of memory.
    away, there = p.leg[shift.way, j], p.leg_to[shift.way, j]
    first = p.windows[job.first_window].earliest + p.service[j, shift.outlet]
    final = p.windows[job.last_window - 1].latest
    limited = shift.most_travel < NO_LIMIT or shift.most_metres < NO_LIMIT
    at, t = shift.leaves, shift.start
    for k in range(count + 1):
        if k > 0:
            at, t = s.stops[v, k - 1], s.end[v, k - 1]
        following = s.stops[v, k] if k < count else shift.returns
        if t + there[at, 0] > final:
            # Later gaps start later still.
            break
        detour = np.int64(there[at, 1]) + away[following, 1] - s.hop[v, k]
        if detour + p.fixed[j, v] - s.saving[v] >= best or (k < count and first + away[following, 0] > s.latest[v, k]):
            continue
        if not fits(p, s, j, v, k) or (limited and _farther(p, s, j, v, at, following)):
            continue
        if shift.steady:
            fen, now_missed = _detour_fen(p, s, j, v, k, detour, t + there[at, 0]), 0
        else:
            fen, now_missed = _changed_fen(p, s, j, v, k, at, t)
        if fen < best:
            best, best_gap, best_missed = fen, k, now_missed
    return best, best_gap, best_missed


@compiled
def insert(p: Problem, s: State, j: int, v: int, gap: int, version: int) -> bool:
    """Put job j into gap of route v and work the route out again."""
    for k in range(s.length[v], gap, -1):
        s.stops[v, k] = s.stops[v, k - 1]
    s.stops[v, gap] = j
    s.length[v] += 1
    s.route_of[j] = v
    s.visits[p.shifts[v].outlet] += 1
    s.version[v] = version
    return evaluate(p, s, v)


@compiled_into
def quote(p: Problem, s: State, m: Memory, j: int, c: int, limit: int) -> int:
    """Return fen of the cheapest gap for job j on its c-th candidate shift, from memory while that is valid.

    What is not below the limit may stay unknown: the answer is then some figure not below it, and the gap is FREE.
    """
    v = m.shift[j, c]
    if m.version[j, c] != s.version[v] or (m.gap[j, c] == FREE and m.fen[j, c] < limit):
        fen, gap, missed = _cheaper_gap(p, s, j, v, limit)
        m.fen[j, c], m.gap[j, c], m.missed[j, c], m.version[j, c] = fen, gap, missed, s.version[v]
    return int(m.fen[j, c])


@compiled
def _alone(p: Problem, s: State, fen: NDArray[np.int64]) -> None:
    for j in range(fen.shape[0]):
        for v in range(fen.shape[1]):
            fen[j, v] = cheapest_gap(p, s, j, v)[0]


def rank_shifts(p: Problem, empty: State, most: int) -> NDArray[np.int32]:
    """Return each job's candidate shifts by rising price of a route for it alone; (n, most), FREE-padded.

    Every date gets its share of the places, so that a full first day does not hide the second.
    """
    n, m = p.fixed.shape
    if n == 0 or m == 0:
        return np.full((n, 1), FREE, np.int32)
    fen = np.empty((n, m), np.int64)
    _alone(p, empty, fen)
    dates = p.shifts["start"] // 86_400
    most = min(most, m)
    share = max(1, most // len(np.unique(dates)))
    order = np.argsort(fen, axis=1, kind="stable")
    ranked = np.full((n, most), FREE, np.int32)
    for j in range(n):
        able = order[j][: np.count_nonzero(fen[j] < INFEASIBLE)]
        if len(able) > most:
            rank_on_date = np.zeros(len(able), np.int64)
            for date in np.unique(dates[able]):
                on_date = dates[able] == date
                rank_on_date[on_date] = np.arange(on_date.sum())
            first = np.argsort(rank_on_date >= share, kind="stable")[:most]
            able = able[np.sort(first)]
        ranked[j, : len(able)] = able
    return ranked


def new_memory(p: Problem, empty: State, most: int) -> Memory:
    """Return the candidates of every job, nothing quoted yet."""
    shift = rank_shifts(p, empty, most)
    return Memory(
        shift=shift,
        fen=np.zeros(shift.shape, np.int64),
        gap=np.zeros(shift.shape, np.int32),
        missed=np.zeros(shift.shape, np.int32),
        version=np.full(shift.shape, -1, np.int64),
    )
