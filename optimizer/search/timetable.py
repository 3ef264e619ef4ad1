"""A published plan's routes as arrays with the legs they drive and no others, compiled: a draft job put into a gap.

The job asked about is a problem of its own, with one row: nothing shared is written while a price is worked out, so
that any number of threads may ask at once. A visit never starts earlier than it is planned.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.search.compiled import compiled, compiled_into
from optimizer.search.problem import FREE, NEVER_S, Problem
from optimizer.search.schedule import INFEASIBLE, close_route, overtime_fen, pass_stop, pause_start, visit_fen

__all__ = ["Draft", "Times", "Timetable", "lay", "put", "quote"]


class Timetable(NamedTuple):
    """m routes of at most `most` stops.

    stops: (m, most) rows of jobs; length: (m,). hop_s, hop_fen: (m, most + 1) the leg to each stop and then home.
    start, end, taken, spent: (m, most) of each stop: service, breaks behind, fen since the start. rest, back, fen:
    (m,) start of the break or FREE, return, fen without what a pair of job and shift costs whatever the time.
    centre: (n,) index of each job's centre.
    """

    stops: NDArray[np.int32]
    length: NDArray[np.int32]
    hop_s: NDArray[np.int32]
    hop_fen: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    taken: NDArray[np.int8]
    spent: NDArray[np.int64]
    rest: NDArray[np.int32]
    back: NDArray[np.int32]
    fen: NDArray[np.int64]
    centre: NDArray[np.int32]


class Draft(NamedTuple):
    """Where a draft job is looked for: c shifts, and the ways between it and their gaps.

    there_s, there_fen, away_s, away_fen: (c, most + 1) from before a gap, and on to what follows. slots: (s, 2) first
    and last row of windows. now: nobody sets out earlier. centre: whose parity the job counts for, FREE for none's.
    missed, allowed: by centre, the job itself not missed; more: scratch. parity_fen: the price of parity as it is.
    """

    shifts: NDArray[np.int64]
    there_s: NDArray[np.int32]
    there_fen: NDArray[np.int32]
    away_s: NDArray[np.int32]
    away_fen: NDArray[np.int32]
    slots: NDArray[np.int64]
    now: int
    centre: int
    missed: NDArray[np.int64]
    allowed: NDArray[np.int64]
    more: NDArray[np.int64]
    parity_fen: int


class Times(NamedTuple):
    """A route with the draft in it: start, end (most + 1,) of each stop; whole (3,): break or FREE, return, price."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    whole: NDArray[np.int64]


@compiled
def lay(p: Problem, t: Timetable, v: int) -> bool:
    """Work out when route v does what; return whether it is legal."""
    shift = p.shifts[v]
    free, taken, spent, count = shift.start, 0, np.int64(0), t.length[v]
    t.rest[v] = FREE
    for k in range(count):
        j, left, behind = t.stops[v, k], free, taken
        start, free, taken = pass_stop(p, j, v, 0, left, behind, t.hop_s[v, k])
        if start >= NEVER_S:
            return False
        if taken > behind:
            t.rest[v] = pause_start(p, shift.first_pause + behind, left)
        spent += t.hop_fen[v, k] + visit_fen(p, j, v, start, free)
        t.start[v, k], t.end[v, k], t.taken[v, k], t.spent[v, k] = start, free, taken, spent
    t.back[v], t.fen[v] = shift.start, 0
    if count > 0:
        home = t.hop_s[v, count]
        back = close_route(p, v, free, taken, home)
        if back > shift.latest_end:
            return False
        if back > free + home:
            t.rest[v] = pause_start(p, shift.first_pause + taken, free)
        t.back[v], t.fen[v] = back, spent + t.hop_fen[v, count] + overtime_fen(p, v, back)
    return True


@compiled_into
def _is_past(p: Problem, t: Timetable, v: int, k: int, now: int) -> bool:
    """Return whether the technician has set out for what follows gap k, or rests on the way there."""
    if k == t.length[v]:
        return False
    leaves = t.start[v, k] - t.hop_s[v, k]
    rest = t.rest[v]
    if rest != FREE and rest < t.start[v, k] and (k == 0 or rest >= t.end[v, k - 1]):
        leaves = min(leaves, rest)
    return bool(leaves < now)


@compiled_into
def _parity(p: Problem, d: Draft) -> int:
    fen = np.int64(0)
    for c in range(d.missed.shape[0]):
        fen += p.rates[0].parity_fen * max(0, d.missed[c] + d.more[c] - d.allowed[c])
    return int(fen - d.parity_fen)


@compiled_into
def _rested(p: Problem, v: int, left: int, breaks: tuple[int, int], rest: int) -> int:
    """Return when the break starts, given how many were behind before and after a stop left for at a time."""
    if breaks[1] > breaks[0]:
        return pause_start(p, p.shifts[v].first_pause + breaks[0], left)
    return rest


@compiled_into
def _onward(p: Problem, t: Timetable, d: Draft, c: int, k: int, taken: int, times: Times) -> int:
    """Return the price of the route from the end of the draft in gap k on; INFEASIBLE if illegal.

    The times of the stops are written as far as they change; `times.whole` comes with the break so far.
    """
    v, fen = d.shifts[c], np.int64(0)
    free, rest, count = times.end[k], times.whole[0], t.length[v]
    drive, drive_fen = d.away_s[c, k], d.away_fen[c, k]
    for i in range(k, count):
        x, left, behind = t.stops[v, i], free, taken
        start, free, taken = pass_stop(p, x, v, 0, left, behind, drive)
        if start >= NEVER_S:
            return INFEASIBLE
        rest = _rested(p, v, left, (behind, taken), rest)
        times.start[i + 1], times.end[i + 1] = start, free
        fen += drive_fen + visit_fen(p, x, v, start, free)
        due = p.jobs[x].arrival_due
        if p.jobs[x].remote == 1 and start > due and t.start[v, i] <= due:
            d.more[t.centre[x]] += 1
        if free == t.end[v, i] and taken == t.taken[v, i]:
            # From here on the route is as it was.
            times.whole[0], times.whole[1] = rest if taken > 0 else t.rest[v], t.back[v]
            return int(fen + t.fen[v] - t.spent[v, i])
        drive, drive_fen = t.hop_s[v, i + 1], t.hop_fen[v, i + 1]
    back = close_route(p, v, free, taken, drive)
    if back > p.shifts[v].latest_end:
        return INFEASIBLE
    if back > free + drive:
        rest = pause_start(p, p.shifts[v].first_pause + taken, free)
    times.whole[0], times.whole[1] = rest, back
    return int(fen + drive_fen + overtime_fen(p, v, back))


@compiled_into
def _through(p: Problem, t: Timetable, q: Problem, d: Draft, c: int, k: int, times: Times) -> int:
    """Return the plan's price with the draft in gap k of its c-th shift less its price without; INFEASIBLE if illegal.

    Starts and ends are written from the draft on as far as they change.
    """
    v = d.shifts[c]
    free, taken, rest, before = p.shifts[v].start, 0, FREE, np.int64(0)
    d.more[:] = 0
    if k > 0:
        free, taken, before = t.end[v, k - 1], t.taken[v, k - 1], t.spent[v, k - 1]
        if taken > 0:
            rest = t.rest[v]
    left, behind = max(free, d.now), taken
    start, free, taken = pass_stop(q, 0, v, 0, left, behind, d.there_s[c, k])
    if start >= NEVER_S:
        return INFEASIBLE
    times.whole[0] = _rested(p, v, left, (behind, taken), rest)
    times.start[k], times.end[k] = start, free
    if d.centre != FREE and start > q.jobs[0].arrival_due:
        d.more[d.centre] += 1
    onward = _onward(p, t, d, c, k, taken, times)
    if onward >= INFEASIBLE:
        return INFEASIBLE
    fen = before + d.there_fen[c, k] + visit_fen(q, 0, v, start, free) + onward
    return int(fen - t.fen[v] + _parity(p, d))


@compiled
def quote(
    p: Problem, t: Timetable, q: Problem, d: Draft, times: Times, fen: NDArray[np.int64], gap: NDArray[np.int32]
) -> None:
    """Write price and gap of the cheapest legal place in each slot on each shift; (s, c), INFEASIBLE if none."""
    for w in range(d.slots.shape[0]):
        q.jobs[0].first_window, q.jobs[0].last_window = d.slots[w, 0], d.slots[w, 1]
        opens = q.windows[d.slots[w, 0]].earliest
        closes = q.windows[d.slots[w, 1] - 1].latest
        for c in range(d.shifts.shape[0]):
            v = d.shifts[c]
            fen[w, c], gap[w, c] = INFEASIBLE, FREE
            if closes < p.shifts[v].open or closes < p.shifts[v].start or opens > p.shifts[v].close:
                continue
            for k in range(t.length[v] + 1):
                if k > 0 and t.end[v, k - 1] + d.there_s[c, k] > closes:
                    # Later gaps start later still.
                    break
                if _is_past(p, t, v, k, d.now):
                    continue
                price = _through(p, t, q, d, c, k, times)
                if price < fen[w, c]:
                    fen[w, c], gap[w, c] = price, k


@compiled
def put(p: Problem, t: Timetable, q: Problem, d: Draft, times: Times, place: tuple[int, int, int]) -> None:
    """Write the times of a whole route with the draft in a place: slot, number of the shift, gap."""
    w, c, k = place
    v = d.shifts[c]
    for i in range(k):
        times.start[i], times.end[i] = t.start[v, i], t.end[v, i]
    for i in range(k, t.length[v]):
        times.start[i + 1], times.end[i + 1] = t.start[v, i], t.end[v, i]
    q.jobs[0].first_window, q.jobs[0].last_window = d.slots[w, 0], d.slots[w, 1]
    times.whole[2] = _through(p, t, q, d, c, k, times)
