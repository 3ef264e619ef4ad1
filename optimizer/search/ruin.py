"""Taking visits out, compiled: each way of choosing them is one function.

Adjacent strings follow Christiaens and Vanden Berghe, "Slack Induction by String Removals" (Transportation Science 2020);
the other ways are for what a technician's day has besides: shifts, dates, outlets and prices that rise with time.
"""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.arrays import FREE, Problem
from optimizer.search.compiled import compiled
from optimizer.search.draw import below, unit
from optimizer.search.schedule import State, evaluate

__all__ = ["ruin", "save", "undo"]

STRING_LENGTH = 10.0
SAME_TIME_S = 5_400


@compiled
def _copy_route(source: State, target: State, v: int) -> None:
    count = source.count[v]
    for k in range(count):
        target.stops[v, k] = source.stops[v, k]
        target.end[v, k] = source.end[v, k]
        target.taken[v, k] = source.taken[v, k]
        target.spent[v, k] = source.spent[v, k]
        target.missed[v, k] = source.missed[v, k]
        target.latest[v, k] = source.latest[v, k]
    target.count[v] = count
    target.fen[v] = source.fen[v]
    target.misses[v] = source.misses[v]
    target.load[v] = source.load[v]
    target.version[v] = source.version[v]


@compiled
def save(s: State, old: State, touched: NDArray[np.int32], v: int) -> None:
    """Remember route v as it is, once per step; touched[-1] counts the routes remembered."""
    if old.route_of[v] == 1:
        return
    old.route_of[v] = 1
    touched[touched[-1]] = v
    touched[-1] += 1
    _copy_route(s, old, v)


@compiled
def undo(p: Problem, s: State, old: State, touched: NDArray[np.int32]) -> None:
    """Put every touched route back as it was."""
    for i in range(touched[-1]):
        v = touched[i]
        for k in range(s.count[v]):
            s.route_of[s.stops[v, k]] = FREE
    for i in range(touched[-1]):
        v = touched[i]
        s.visits[p.shifts[v].outlet] += old.count[v] - s.count[v]
        _copy_route(old, s, v)
        for k in range(s.count[v]):
            s.route_of[s.stops[v, k]] = v


@compiled
def _take(s: State, old: State, touched: NDArray[np.int32], bank: NDArray[np.int32], j: int) -> None:
    v = s.route_of[j]
    if v == FREE:
        return
    save(s, old, touched, v)
    s.route_of[j] = FREE
    bank[bank[-1]] = j
    bank[-1] += 1


@compiled
def _close_gaps(p: Problem, s: State, touched: NDArray[np.int32], version: int) -> bool:
    """Drop the taken visits from their routes; False when a shortened route is illegal (no triangle inequality)."""
    legal = True
    for i in range(touched[-1]):
        v = touched[i]
        kept = 0
        for k in range(s.count[v]):
            j = s.stops[v, k]
            if s.route_of[j] == v:
                s.stops[v, kept] = j
                kept += 1
        s.visits[p.shifts[v].outlet] -= s.count[v] - kept
        s.count[v] = kept
        s.version[v] = version + i
        legal = evaluate(p, s, v) and legal
    return legal


@compiled
def _string(
    s: State,
    old: State,
    touched: NDArray[np.int32],
    bank: NDArray[np.int32],
    draws: NDArray[np.uint64],
    c: int,
    most: float,
) -> None:
    """Take a string of neighbouring stops around job c, half of the time sparing a stretch inside it."""
    v = s.route_of[c]
    count = s.count[v]
    length = min(count, int(unit(draws) * min(float(count), most) + 1.0))
    spare = 0
    if 1 < length < count and below(draws, 2) == 0:
        spare = 1 + below(draws, count - length)
    span = length + spare
    at = 0
    for k in range(count):
        if s.stops[v, k] == c:
            at = k
    lowest, highest = max(0, at - span + 1), min(at, count - span)
    first = lowest + below(draws, highest - lowest + 1)
    spared = first + (1 + below(draws, length - 1) if spare > 0 else span)
    for k in range(first, first + span):
        if k < spared or k >= spared + spare:
            _take(s, old, touched, bank, s.stops[v, k])


@compiled
def _strings(
    p: Problem,
    s: State,
    old: State,
    touched: NDArray[np.int32],
    bank: NDArray[np.int32],
    draws: NDArray[np.uint64],
    seed: int,
    size: float,
) -> None:
    """Take strings from routes near a job until about `size` visits are out."""
    served = s.route_of.shape[0] - bank[-1]
    routes = 0
    for v in range(s.count.shape[0]):
        if s.count[v] > 0:
            routes += 1
    most = min(STRING_LENGTH, served / max(1, routes))
    strings = int(unit(draws) * (4.0 * size / (1.0 + most) - 1.0) + 1.0)
    for r in range(-1, p.near.shape[1]):
        if strings <= 0:
            break
        c = seed if r < 0 else p.near[seed, r]
        v = s.route_of[c]
        if v == FREE or old.route_of[v] == 1:
            continue
        _string(s, old, touched, bank, draws, c, most)
        strings -= 1


@compiled
def _start_of(p: Problem, s: State, j: int) -> int:
    v = s.route_of[j]
    for k in range(s.count[v]):
        if s.stops[v, k] == j:
            return s.end[v, k] - p.service[j, p.shifts[v].outlet]
    return 0


@compiled
def _same_time(
    p: Problem,
    s: State,
    old: State,
    touched: NDArray[np.int32],
    bank: NDArray[np.int32],
    draws: NDArray[np.uint64],
    seed: int,
    size: int,
) -> None:
    """Take visits near a job that start at about the same time."""
    if s.route_of[seed] == FREE:
        return
    centre = _start_of(p, s, seed)
    for r in range(-1, p.near.shape[1]):
        if size <= 0:
            break
        j = seed if r < 0 else p.near[seed, r]
        if s.route_of[j] == FREE or abs(_start_of(p, s, j) - centre) > SAME_TIME_S:
            continue
        if below(draws, 4) > 0:
            _take(s, old, touched, bank, j)
            size -= 1


@compiled
def _whole_routes(
    p: Problem, s: State, old: State, touched: NDArray[np.int32], bank: NDArray[np.int32], seed: int, size: int
) -> None:
    """Take whole routes near a job."""
    for r in range(-1, p.near.shape[1]):
        if size <= 0:
            break
        v = s.route_of[seed if r < 0 else p.near[seed, r]]
        if v == FREE:
            continue
        size -= s.count[v]
        for k in range(s.count[v]):
            _take(s, old, touched, bank, s.stops[v, k])


@compiled
def _outlet(
    p: Problem, s: State, old: State, touched: NDArray[np.int32], bank: NDArray[np.int32], seed: int, size: int
) -> None:
    """Take the visits of one outlet, route by route."""
    v = s.route_of[seed]
    if v == FREE:
        return
    outlet = p.shifts[v].outlet
    for w in range(v, v + s.count.shape[0]):
        u = w % s.count.shape[0]
        if size <= 0:
            break
        if p.shifts[u].outlet == outlet:
            size -= s.count[u]
            for k in range(s.count[u]):
                _take(s, old, touched, bank, s.stops[u, k])


@compiled
def _dearest(
    s: State, old: State, touched: NDArray[np.int32], bank: NDArray[np.int32], draws: NDArray[np.uint64], size: int
) -> None:
    """Take, of four visits drawn at random, the one that costs most; again and again."""
    n = s.route_of.shape[0]
    for _ in range(size):
        worst, worst_fen = FREE, -1
        for _ in range(4):
            j = below(draws, n)
            v = s.route_of[j]
            if v == FREE:
                continue
            for k in range(s.count[v]):
                if s.stops[v, k] == j:
                    fen = s.spent[v, k] - (s.spent[v, k - 1] if k > 0 else 0)
                    if fen > worst_fen:
                        worst, worst_fen = j, fen
        if worst != FREE:
            _take(s, old, touched, bank, worst)


@compiled
def ruin(
    p: Problem,
    s: State,
    old: State,
    touched: NDArray[np.int32],
    bank: NDArray[np.int32],
    draws: NDArray[np.uint64],
    size: float,
    version: int,
) -> bool:
    """Take about `size` visits out in one of the ways; False when what remains is not legal."""
    n = s.route_of.shape[0]
    seed = below(draws, n)
    way = below(draws, 20)
    some = 1 + below(draws, int(2 * size))
    if way < 13:
        _strings(p, s, old, touched, bank, draws, seed, size)
    elif way < 15:
        _same_time(p, s, old, touched, bank, draws, seed, some)
    elif way < 17:
        _whole_routes(p, s, old, touched, bank, seed, some)
    elif way < 18:
        _outlet(p, s, old, touched, bank, seed, some)
    elif way < 19:
        _dearest(s, old, touched, bank, draws, some)
    else:
        for _ in range(some):
            _take(s, old, touched, bank, below(draws, n))
    return _close_gaps(p, s, touched, version)
