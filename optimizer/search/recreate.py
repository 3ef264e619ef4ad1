"""Putting visits back, compiled: greedily in one of several orders, or by regret."""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.compiled import compiled, compiled_into
from optimizer.search.detour import BLINK, FEN, SECOND, best_detour, offer, reoffer
from optimizer.search.draw import below
from optimizer.search.insertion import insert, quote
from optimizer.search.problem import FREE, Problem
from optimizer.search.ruin import save
from optimizer.search.run import Run

__all__ = ["arrange", "best_two", "new_orders", "parity_fen", "recreate"]

REGRET_MOST = 24
REGRET_MOST_PLAIN = 48
"""Regret decides among so many jobs at most; where an offer is brought up to date cheaply, among more."""


def new_orders(p: Problem, candidates: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the sort keys of the recreate orders, small first; (ways, n).

    Tight windows, scarce skills, early due, dear to leave out, far, near.
    """
    n = len(p.jobs)
    keys = np.zeros((6, n), np.int64)
    for j in range(n):
        first, last = p.jobs["first_window"][j], p.jobs["last_window"][j]
        windows = p.windows[first:last]
        keys[0, j] = (windows["latest"].astype(np.int64) - windows["earliest"]).sum()
        clocks = p.clocks[p.jobs["first_clock"][j] : p.jobs["last_clock"][j]]
        keys[2, j] = clocks["due"].min() if len(clocks) else np.iinfo(np.int32).max
    keys[1] = (candidates != FREE).sum(axis=1)
    keys[3] = -p.jobs["unserved_fen"]
    if p.near.shape[1] and n:
        # The tenth neighbour tells town from country.
        nearest = p.leg[:, np.arange(n), p.near[:, min(9, p.near.shape[1] - 1)], 0].min(axis=0)
        keys[4], keys[5] = -nearest, nearest
    return keys


@compiled_into
def parity_fen(p: Problem, missed: int) -> int:
    """Return the price of this many missed remote jobs."""
    over = missed - p.rates[0].parity_allowed
    return over * p.rates[0].parity_fen if over > 0 else 0


@compiled_into
def _outside_fen(p: Problem, r: Run, v: int, now_missed: int, missed: int) -> int:
    """Return what an insertion changes outside its route: the outlet's workload and the parity floor."""
    outlet = p.shifts[v].outlet
    fen = parity_fen(p, now_missed) - parity_fen(p, missed)
    if r.now.visits[outlet] < p.outlets[outlet].target:
        fen -= p.rates[0].workload_fen
    return fen


@compiled_into
def _slack(p: Problem, j: int) -> int:
    """Return by how much an insertion of job j may be cheaper than its route says."""
    rates = p.rates[0]
    return int(rates.workload_fen + (rates.parity_fen if p.jobs[j].remote == 1 else 0))


@compiled
def best_two(p: Problem, r: Run, j: int, missed: int, regret: bool) -> tuple[int, int, int]:
    """Return (fen, candidate, second-best fen if regret asks for it) of job j; leaving it out is the yardstick."""
    m, s = r.memory, r.now
    remote = p.jobs[j].remote
    slack = _slack(p, j)
    best = p.jobs[j].unserved_fen
    second = best
    chosen = FREE
    # What is known already comes first: it spares most of the rest an exact answer.
    for known in (True, False):
        for c in range(m.shift.shape[1]):
            v = m.shift[j, c]
            if v == FREE:
                break
            if (m.version[j, c] == s.version[v]) != known:
                continue
            fen = quote(p, s, m, j, c, (second if regret else best) + slack)
            if m.gap[j, c] == FREE:
                continue
            fen += _outside_fen(p, r, v, missed + m.missed[j, c] - remote, missed)
            if fen < best:
                if below(r.draws, BLINK) == 0:
                    continue
                second = best
                best = fen
                chosen = c
            elif fen < second:
                second = fen
    return best, chosen, second


@compiled
def _sort(bank: NDArray[np.int32], keys: NDArray[np.int64]) -> None:
    for i in range(1, bank[-1]):
        j = bank[i]
        k = i
        while k > 0 and keys[bank[k - 1]] > keys[j]:
            bank[k] = bank[k - 1]
            k -= 1
        bank[k] = j


@compiled
def arrange(r: Run, most: int) -> bool:
    """Bring the bank into one of the orders; return whether regret decides instead, among so many at most."""
    bank = r.bank
    for i in range(bank[-1] - 1, 0, -1):
        k = below(r.draws, i + 1)
        bank[i], bank[k] = bank[k], bank[i]
    ways = r.orders.shape[0]
    way = below(r.draws, ways + 4)
    if way < ways:
        _sort(bank, r.orders[way])
    return way == ways and bool(bank[-1] <= most)


@compiled
def _most_regretted(p: Problem, r: Run, first: int, missed: int) -> int:
    """Return the place in the bank, from `first` on, of the job that loses most if it does not get its best shift."""
    at, most = first, -1
    for k in range(first, r.bank[-1]):
        best, c, second = best_two(p, r, r.bank[k], missed, True)
        if c != FREE and second - best > most:
            most, at = second - best, k
    return at


@compiled
def _dearest_to_put_off(r: Run, first: int) -> int:
    """Return the place in the bank, from `first` on, of the job whose offers differ most."""
    at, most = first, -1
    for k in range(first, r.bank[-1]):
        o = r.detours.offers[r.bank[k]]
        if o[FEN] < r.detours.left_fen[r.bank[k]] and o[SECOND] - o[FEN] > most:
            most, at = o[SECOND] - o[FEN], k
    return at


@compiled
def _recreate_plain(p: Problem, r: Run, version: int, room: float) -> tuple[bool, int]:
    """Do what `recreate` does where an insertion costs its detour; (legal and within the room, next version)."""
    bank, d, s = r.bank, r.detours, r.now
    by_regret = arrange(r, REGRET_MOST_PLAIN)
    if by_regret:
        for i in range(bank[-1]):
            offer(d, s, r.draws, bank[i])
    left = 0
    for i in range(bank[-1]):
        at = _dearest_to_put_off(r, i) if by_regret else i
        j = bank[at]
        bank[at] = bank[i]
        fen, v, gap = best_detour(d, s, r.draws, j)
        room -= fen
        if room < 0:
            return False, version
        if v == FREE:
            bank[left] = j
            left += 1
            continue
        save(r, v)
        if not insert(p, s, j, v, gap, version):
            return False, version
        version += 1
        if by_regret:
            for k in range(i + 1, bank[-1]):
                reoffer(d, s, r.draws, bank[k], v, p.fixed[bank[k], v])
    bank[-1] = left
    return True, version


@compiled
def recreate(p: Problem, r: Run, missed: int, version: int, room: float) -> tuple[bool, int, int]:
    """Put the jobs of the bank back where that is cheaper than leaving them out; those still out remain in it.

    missed: remote jobs missed while the bank is out. room: fen that all of it may cost; beyond that the rest is not
    worth placing any more. Returns (legal and within the room, missed then, next version).
    """
    bank, m = r.bank, r.memory
    if r.detours.lanes.shape[0] > 0:
        legal, version = _recreate_plain(p, r, version, room)
        return legal, missed, version
    by_regret = arrange(r, REGRET_MOST)
    left = 0
    for i in range(bank[-1]):
        at = _most_regretted(p, r, i, missed) if by_regret else i
        j = bank[at]
        bank[at] = bank[i]
        fen, c, _ = best_two(p, r, j, missed, False)
        room -= fen
        if room < 0:
            return False, missed, version
        if c == FREE:
            bank[left] = j
            left += 1
            continue
        missed += m.missed[j, c] - p.jobs[j].remote
        v = m.shift[j, c]
        save(r, v)
        if not insert(p, r.now, j, v, m.gap[j, c], version):
            return False, missed, version
        version += 1
    bank[-1] = left
    return True, missed, version
