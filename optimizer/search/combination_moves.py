"""Taking customers out of all their dates and putting them back by whichever combination is cheapest, compiled."""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.combinations import Choices, Standing
from optimizer.search.compiled import compiled, compiled_into
from optimizer.search.detour import BLINK, USE, Gaps, cheapest_detour
from optimizer.search.draw import below, unit
from optimizer.search.insertion import insert
from optimizer.search.problem import FREE, Problem
from optimizer.search.recreate import arrange, best_two
from optimizer.search.ruin import STRING_LENGTH, close_gaps, save, string_around, undo
from optimizer.search.run import Run
from optimizer.search.schedule import INFEASIBLE, State

__all__ = ["customer_orders", "give_back", "put_back", "take_customers"]


def customer_orders(p: Problem, k: Choices) -> NDArray[np.int64]:
    """Return the sort keys of the recreate orders, small first; (ways, q).

    Tight windows, few combinations, many visits, dear to leave out, heavy, far, near.
    """
    first = k.first_job[:-1]
    width = p.windows["latest"].astype(np.int64) - p.windows["earliest"]
    visits = np.diff(k.first_member)[k.first_combination[:-1]]
    load = (p.delivery + p.pickup).sum(axis=1)[first]
    keys = np.zeros((7, len(first)), np.int64)
    keys[0] = width[p.jobs["first_window"][first]]
    keys[1], keys[2], keys[3], keys[4] = np.diff(k.first_combination), -visits, -k.unserved_fen, -load
    if len(p.shifts):
        keys[6] = p.leg[:, np.unique(p.shifts["leaves"])][:, :, first, 1].min(axis=(0, 1))
        keys[5] = -keys[6]
    return keys


@compiled
def _take(k: Choices, h: Standing, r: Run, c: int) -> int:
    """Take customer c out of all routes; return how many visits that were."""
    combination = h.chosen[c]
    if combination == FREE:
        return 0
    first, behind = k.first_member[combination], k.first_member[combination + 1]
    for i in range(first, behind):
        j = k.members[i]
        save(r, r.now.route_of[j])
        r.now.route_of[j] = FREE
    h.chosen[c], h.former[c] = FREE, combination
    h.taken[h.taken[-1]] = c
    h.taken[-1] += 1
    r.bank[r.bank[-1]] = c
    r.bank[-1] += 1
    return int(behind - first)


@compiled_into
def _visit_in(k: Choices, h: Standing, s: State, c: int, period: int) -> int:
    """Return the job that serves customer c in a period, FREE when none does."""
    if h.chosen[c] == FREE:
        return FREE
    for i in range(k.first_member[h.chosen[c]], k.first_member[h.chosen[c] + 1]):
        j = k.members[i]
        if s.route_of[j] != FREE and k.period[s.route_of[j]] == period:
            return int(j)
    return FREE


@compiled_into
def _period_of(k: Choices, h: Standing, r: Run, c: int) -> int:
    """Return one of the periods that customer c is visited in, FREE when there is none."""
    if h.chosen[c] == FREE:
        return FREE
    first, behind = k.first_member[h.chosen[c]], k.first_member[h.chosen[c] + 1]
    return int(k.period[r.now.route_of[k.members[first + below(r.draws, behind - first)]]])


@compiled
def _strings(k: Choices, h: Standing, r: Run, seed: int, size: float) -> None:
    """Take the customers of strings of stops, all in one period and near a customer, until about `size` are out."""
    s = r.now
    period = _period_of(k, h, r, seed)
    if period == FREE:
        return
    routes, visits = 0, 0
    for v in range(s.length.shape[0]):
        if k.period[v] == period and s.length[v] > 0:
            routes += 1
            visits += s.length[v]
    most = min(STRING_LENGTH, visits / max(1, routes))
    strings = int(unit(r.draws) * (4.0 * size / (1.0 + most) - 1.0) + 1.0)
    for i in range(-1, k.near.shape[1]):
        if strings <= 0:
            break
        j = _visit_in(k, h, s, seed if i < 0 else k.near[seed, i], period)
        if j == FREE or r.before.route_of[s.route_of[j]] == 1:
            continue
        v = s.route_of[j]
        first, behind, spared, on = string_around(r, j, most)
        for at in range(first, behind):
            if at < spared or at >= on:
                _take(k, h, r, k.customer[s.stops[v, at]])
        strings -= 1


@compiled
def _neighbours(k: Choices, h: Standing, r: Run, seed: int, size: int) -> None:
    """Take customers near one, whenever they are visited, sparing one in four."""
    for i in range(-1, k.near.shape[1]):
        if size <= 0:
            break
        c = seed if i < 0 else k.near[seed, i]
        if h.chosen[c] != FREE and below(r.draws, 4) > 0:
            _take(k, h, r, c)
            size -= 1


@compiled
def _whole_routes(k: Choices, h: Standing, r: Run, seed: int, size: int) -> None:
    """Take the customers of whole routes, all in one period and near a customer."""
    s = r.now
    period = _period_of(k, h, r, seed)
    for i in range(-1, k.near.shape[1]):
        if size <= 0:
            break
        j = _visit_in(k, h, s, seed if i < 0 else k.near[seed, i], period)
        if j == FREE:
            continue
        v = s.route_of[j]
        size -= s.length[v]
        for at in range(s.length[v]):
            _take(k, h, r, k.customer[s.stops[v, at]])


@compiled
def take_customers(p: Problem, k: Choices, h: Standing, r: Run, size: float, version: int) -> bool:
    """Take about `size` customers out in one of the ways; False when what remains is not legal."""
    q = h.chosen.shape[0]
    seed = below(r.draws, q)
    way = below(r.draws, 20)
    some = 1 + below(r.draws, int(2 * size))
    if way < 11:
        _strings(k, h, r, seed, size)
    elif way < 16:
        _neighbours(k, h, r, seed, some)
    elif way < 18:
        _whole_routes(k, h, r, seed, some)
    else:
        for _ in range(some):
            _take(k, h, r, below(r.draws, q))
    return close_gaps(p, r, version)


@compiled
def give_back(p: Problem, h: Standing, r: Run, was_absent: int) -> None:
    """Undo a step: every touched route and every customer is as before, absent[: was_absent] left out."""
    undo(p, r)
    for i in range(r.absent[-1], was_absent):
        h.chosen[r.absent[i]] = FREE
    for i in range(h.taken[-1]):
        c = h.taken[i]
        h.chosen[c] = h.former[c]


@compiled_into
def _roomy(p: Problem, s: State, j: int, v: int) -> bool:
    """Return whether shift v can carry job j's delivery: all of a route's are on board from the start."""
    roomy = True
    for d in range(p.capacity.shape[1]):
        roomy = roomy and s.load_before[v, 0, d] + p.delivery[j, d] <= p.capacity[v, d]
    return roomy


@compiled
def _quote_detour(p: Problem, h: Standing, r: Run, j: int) -> None:
    """Note job j's cheapest place where an insertion costs its detour and loads are deliveries."""
    d, s = r.detours, r.now
    g = Gaps(s.stops, s.length, s.end, s.latest, s.hop)
    best = d.left_fen[j]
    h.shift[j] = FREE
    for c in range(d.shift.shape[1]):
        v = d.shift[j, c]
        if v == FREE:
            break
        if not _roomy(p, s, j, v):
            continue
        price = np.int64(d.fixed[j, c]) + (d.lanes[v, USE] if s.length[v] == 0 else 0)
        fen, gap = cheapest_detour(d, g, j, v, best - price)
        if gap != FREE and below(r.draws, BLINK) > 0:
            best = fen + price
            h.shift[j], h.gap[j] = v, gap
    h.fen[j] = best


@compiled
def _quote(p: Problem, h: Standing, r: Run, j: int) -> None:
    """Note job j's cheapest place and the version of the route it is on."""
    if r.detours.lanes.shape[0] > 0:
        _quote_detour(p, h, r, j)
    else:
        fen, c, _ = best_two(p, r, j, 0, False)
        h.shift[j], h.fen[j] = FREE, fen
        if c != FREE:
            h.shift[j], h.gap[j] = r.memory.shift[j, c], r.memory.gap[j, c]
    if h.shift[j] != FREE:
        h.version[j] = r.now.version[h.shift[j]]


@compiled
def _cheapest(p: Problem, k: Choices, h: Standing, r: Run, c: int) -> tuple[int, int]:
    """Return (fen, combination) that serve customer c for least; the price of leaving it out, FREE where that is."""
    for j in range(k.first_job[c], k.first_job[c + 1]):
        _quote(p, h, r, j)
    best, chosen = k.unserved_fen[c], FREE
    begin, behind = k.first_combination[c], k.first_combination[c + 1]
    # Empty days cost alike: begun anywhere, so that the first of them is not always the one.
    turn = below(r.draws, behind - begin)
    for i in range(begin + turn, behind + turn):
        combination = i if i < behind else i - (behind - begin)
        fen = k.fen[combination]
        for at in range(k.first_member[combination], k.first_member[combination + 1]):
            j = k.members[at]
            fen += h.fen[j] if h.shift[j] != FREE else INFEASIBLE
            if fen >= best:
                break
        if fen < best:
            best, chosen = fen, combination
    return best, chosen


@compiled
def _put(p: Problem, k: Choices, h: Standing, r: Run, c: int, combination: int, version: int) -> bool:
    """Serve customer c by a combination; False when its visits do not fit on one shift together."""
    for i in range(k.first_member[combination], k.first_member[combination + 1]):
        j = k.members[i]
        if r.now.version[h.shift[j]] != h.version[j]:
            _quote(p, h, r, j)
            if h.shift[j] == FREE:
                return False
        save(r, h.shift[j])
        if not insert(p, r.now, j, h.shift[j], h.gap[j], version + i - k.first_member[combination]):
            return False
    h.chosen[c] = combination
    return True


@compiled
def put_back(p: Problem, k: Choices, h: Standing, r: Run, version: int, room: float) -> tuple[bool, int]:
    """Put the customers of the bank back where that is cheaper than leaving them out; the others remain in it.

    room: fen that all of it may cost. Returns (legal and within the room, next version).
    """
    bank = r.bank
    arrange(r, 0)
    left = 0
    for i in range(bank[-1]):
        c = bank[i]
        fen, combination = _cheapest(p, k, h, r, c)
        room -= fen
        if room < 0:
            return False, version
        if combination == FREE:
            bank[left] = c
            left += 1
            continue
        legal = _put(p, k, h, r, c, combination, version)
        version += k.first_member[combination + 1] - k.first_member[combination]
        if not legal:
            return False, version
    bank[-1] = left
    return True, version
