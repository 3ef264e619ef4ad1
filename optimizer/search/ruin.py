"""Taking visits out, compiled: each way of choosing them is one function.

Adjacent strings follow Christiaens and Vanden Berghe, "Slack Induction by String Removals" (Transportation Science
2020); the other ways are for what a technician's day has besides: shifts, dates, outlets, prices that rise with time.
"""

from optimizer.search.compiled import compiled, compiled_into
from optimizer.search.draw import below, unit
from optimizer.search.problem import FREE, Problem
from optimizer.search.run import Run
from optimizer.search.schedule import State, evaluate

__all__ = ["STRING_LENGTH", "close_gaps", "ruin", "save", "string_around", "undo"]

STRING_LENGTH = 10.0
SAME_TIME_S = 5_400


@compiled
def _copy_route(source: State, target: State, v: int) -> None:
    count = source.length[v]
    for k in range(count):
        target.stops[v, k] = source.stops[v, k]
        target.end[v, k] = source.end[v, k]
        target.taken[v, k] = source.taken[v, k]
        target.spent[v, k] = source.spent[v, k]
        target.missed[v, k] = source.missed[v, k]
        target.latest[v, k] = source.latest[v, k]
    for k in range(count + 1):
        target.hop[v, k] = source.hop[v, k]
        for d in range(source.load_before.shape[2]):
            target.load_before[v, k, d] = source.load_before[v, k, d]
            target.load_after[v, k, d] = source.load_after[v, k, d]
    target.length[v] = count
    target.fen[v] = source.fen[v]
    target.saving[v] = source.saving[v]
    target.misses[v] = source.misses[v]
    target.travel[v] = source.travel[v]
    target.metres[v] = source.metres[v]
    target.version[v] = source.version[v]


@compiled
def save(r: Run, v: int) -> None:
    """Remember route v as it is, once per step."""
    if r.before.route_of[v] == 1:
        return
    r.before.route_of[v] = 1
    r.touched[r.touched[-1]] = v
    r.touched[-1] += 1
    _copy_route(r.now, r.before, v)


@compiled
def undo(p: Problem, r: Run) -> None:
    """Put every touched route back as it was."""
    s = r.now
    for i in range(r.touched[-1]):
        v = r.touched[i]
        for k in range(s.length[v]):
            s.route_of[s.stops[v, k]] = FREE
    for i in range(r.touched[-1]):
        v = r.touched[i]
        s.visits[p.shifts[v].outlet] += r.before.length[v] - s.length[v]
        _copy_route(r.before, s, v)
        for k in range(s.length[v]):
            s.route_of[s.stops[v, k]] = v


@compiled
def _take(r: Run, j: int) -> None:
    v = r.now.route_of[j]
    if v == FREE:
        return
    save(r, v)
    r.now.route_of[j] = FREE
    r.bank[r.bank[-1]] = j
    r.bank[-1] += 1


@compiled
def close_gaps(p: Problem, r: Run, version: int) -> bool:
    """Drop the taken visits from their routes; False when a shortened route is illegal (no triangle inequality)."""
    s = r.now
    legal = True
    for i in range(r.touched[-1]):
        v = r.touched[i]
        kept = 0
        for k in range(s.length[v]):
            j = s.stops[v, k]
            if s.route_of[j] == v:
                s.stops[v, kept] = j
                kept += 1
        s.visits[p.shifts[v].outlet] -= s.length[v] - kept
        s.length[v] = kept
        s.version[v] = version + i
        legal = evaluate(p, s, v) and legal
    return legal


@compiled_into
def string_around(r: Run, c: int, most: float) -> tuple[int, int, int, int]:
    """Draw a string of neighbouring stops around job c, half of the time sparing a stretch inside it.

    Returns (first, behind the last, first spared, behind the last spared), places on the job's route.
    """
    s = r.now
    v = s.route_of[c]
    count = s.length[v]
    length = min(count, int(unit(r.draws) * min(float(count), most) + 1.0))
    spare = 0
    if 1 < length < count and below(r.draws, 2) == 0:
        spare = 1 + below(r.draws, count - length)
    span = length + spare
    at = 0
    for k in range(count):
        if s.stops[v, k] == c:
            at = k
    lowest, highest = max(0, at - span + 1), min(at, count - span)
    first = lowest + below(r.draws, highest - lowest + 1)
    spared = first + (1 + below(r.draws, length - 1) if spare > 0 else span)
    return first, first + span, spared, spared + spare


@compiled
def _string(r: Run, c: int, most: float) -> None:
    """Take a string of neighbouring stops around job c."""
    v = r.now.route_of[c]
    first, behind, spared, on = string_around(r, c, most)
    for k in range(first, behind):
        if k < spared or k >= on:
            _take(r, r.now.stops[v, k])


@compiled
def _strings(p: Problem, r: Run, seed: int, size: float) -> None:
    """Take strings from routes near a job until about `size` visits are out."""
    s = r.now
    served = s.route_of.shape[0] - r.absent[-1]
    routes = 0
    for v in range(s.length.shape[0]):
        if s.length[v] > 0:
            routes += 1
    most = min(STRING_LENGTH, served / max(1, routes))
    strings = int(unit(r.draws) * (4.0 * size / (1.0 + most) - 1.0) + 1.0)
    for i in range(-1, p.near.shape[1]):
        if strings <= 0:
            break
        c = seed if i < 0 else p.near[seed, i]
        v = s.route_of[c]
        if v == FREE or r.before.route_of[v] == 1:
            continue
        _string(r, c, most)
        strings -= 1


@compiled
def _start_of(p: Problem, s: State, j: int) -> int:
    v = s.route_of[j]
    for k in range(s.length[v]):
        if s.stops[v, k] == j:
            return int(s.end[v, k] - p.service[j, p.shifts[v].outlet])
    return 0


@compiled
def _same_time(p: Problem, r: Run, seed: int, size: int) -> None:
    """Take visits near a job that start at about the same time."""
    s = r.now
    if s.route_of[seed] == FREE:
        return
    centre = _start_of(p, s, seed)
    for i in range(-1, p.near.shape[1]):
        if size <= 0:
            break
        j = seed if i < 0 else p.near[seed, i]
        if s.route_of[j] == FREE or abs(_start_of(p, s, j) - centre) > SAME_TIME_S:
            continue
        if below(r.draws, 4) > 0:
            _take(r, j)
            size -= 1


@compiled
def _whole_routes(p: Problem, r: Run, seed: int, size: int) -> None:
    """Take whole routes near a job."""
    s = r.now
    for i in range(-1, p.near.shape[1]):
        if size <= 0:
            break
        v = s.route_of[seed if i < 0 else p.near[seed, i]]
        if v == FREE:
            continue
        size -= s.length[v]
        for k in range(s.length[v]):
            _take(r, s.stops[v, k])


@compiled
def _outlet(p: Problem, r: Run, seed: int, size: int) -> None:
    """Take the visits of one outlet, route by route."""
    s = r.now
    v = s.route_of[seed]
    if v == FREE:
        return
    outlet = p.shifts[v].outlet
    for w in range(v, v + s.length.shape[0]):
        u = w % s.length.shape[0]
        if size <= 0:
            break
        if p.shifts[u].outlet == outlet:
            size -= s.length[u]
            for k in range(s.length[u]):
                _take(r, s.stops[u, k])


@compiled
def _dearest(r: Run, size: int) -> None:
    """Take, of four visits drawn at random, the one that costs most; again and again."""
    s = r.now
    for _ in range(size):
        worst, worst_fen = FREE, -1
        for _ in range(4):
            j = below(r.draws, s.route_of.shape[0])
            v = s.route_of[j]
            if v == FREE:
                continue
            for k in range(s.length[v]):
                if s.stops[v, k] == j:
                    fen = s.spent[v, k] - (s.spent[v, k - 1] if k > 0 else 0)
                    if fen > worst_fen:
                        worst, worst_fen = j, fen
        if worst != FREE:
            _take(r, worst)


@compiled
def ruin(p: Problem, r: Run, size: float, version: int) -> bool:
    """Take about `size` visits out in one of the ways; False when what remains is not legal."""
    n = r.now.route_of.shape[0]
    seed = below(r.draws, n)
    way = below(r.draws, 20)
    some = 1 + below(r.draws, int(2 * size))
    if way < 13:
        _strings(p, r, seed, size)
    elif way < 15:
        _same_time(p, r, seed, some)
    elif way < 17:
        _whole_routes(p, r, seed, some)
    elif way < 18:
        _outlet(p, r, seed, some)
    elif way < 19:
        _dearest(r, some)
    else:
        for _ in range(some):
            _take(r, below(r.draws, n))
    return close_gaps(p, r, version)
