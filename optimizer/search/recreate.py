"""Putting visits back, compiled: greedily in one of several orders, or by regret."""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.arrays import FREE, Problem
from optimizer.search.compiled import compiled
from optimizer.search.draw import below
from optimizer.search.insertion import Memory, insert, quote
from optimizer.search.ruin import save
from optimizer.search.schedule import INFEASIBLE, State

__all__ = ["Orders", "new_orders", "parity_fen", "recreate"]

BLINK = 100
"""One quote in this many is overlooked (the blinks of slack induction)."""
REGRET_MOST = 24

Orders = NDArray[np.int64]
"""Sort keys, small first; (ways, n)."""


def new_orders(p: Problem, candidates: NDArray[np.int32]) -> Orders:
    """Return the sort keys of the recreate orders: tight windows, scarce skills, early due, dear to leave out, far, near."""
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


@compiled
def parity_fen(p: Problem, missed: int) -> int:
    """Return the price of this many missed remote jobs."""
    over = missed - p.rates[0].parity_allowed
    return over * p.rates[0].parity_fen if over > 0 else 0


@compiled
def _outside_fen(p: Problem, s: State, v: int, now_missed: int, missed: int) -> int:
    """Return what an insertion changes outside its route: the outlet's workload and the parity floor."""
    outlet = p.shifts[v].outlet
    fen = parity_fen(p, now_missed) - parity_fen(p, missed)
    if s.visits[outlet] < p.outlets[outlet].target:
        fen -= p.rates[0].workload_fen
    return fen


@compiled
def _best_two(p: Problem, s: State, m: Memory, draws: NDArray[np.uint64], j: int, missed: int) -> tuple[int, int, int]:
    """Return (fen, candidate, second-best fen) of job j; leaving it out is the yardstick."""
    remote = p.jobs[j].remote
    best = p.jobs[j].unserved_fen
    second = best
    chosen = FREE
    for c in range(m.shift.shape[1]):
        v = m.shift[j, c]
        if v == FREE:
            break
        fen = quote(p, s, m, j, c)
        if fen >= INFEASIBLE:
            continue
        fen += _outside_fen(p, s, v, missed + m.missed[j, c] - remote, missed)
        if fen < best:
            if below(draws, BLINK) == 0:
                continue
            second = best
            best = fen
            chosen = c
        elif fen < second:
            second = fen
    return best, chosen, second


@compiled
def _place(
    p: Problem, s: State, old: State, m: Memory, touched: NDArray[np.int32], j: int, c: int, version: int
) -> bool:
    v = m.shift[j, c]
    save(s, old, touched, v)
    return insert(p, s, j, v, m.gap[j, c], version)


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
def recreate(
    p: Problem,
    s: State,
    old: State,
    m: Memory,
    touched: NDArray[np.int32],
    bank: NDArray[np.int32],
    orders: Orders,
    draws: NDArray[np.uint64],
    missed: int,
    version: int,
) -> tuple[bool, int, int]:
    """Put the jobs of the bank back where that is cheaper than leaving them out.

    bank: jobs, bank[-1] their number; on return those still out. Returns (legal, missed remote jobs, next version).
    """
    for i in range(bank[-1] - 1, 0, -1):
        k = below(draws, i + 1)
        bank[i], bank[k] = bank[k], bank[i]
    way = below(draws, orders.shape[0] + 4)
    if way < orders.shape[0]:
        _sort(bank, orders[way])
    by_regret = way == orders.shape[0] and bank[-1] <= REGRET_MOST
    left = 0
    waiting = bank[-1]
    for i in range(waiting):
        at = i
        if by_regret:
            most = -1
            for k in range(i, waiting):
                best, c, second = _best_two(p, s, m, draws, bank[k], missed)
                if c != FREE and second - best > most:
                    most, at = second - best, k
        j = bank[at]
        bank[at] = bank[i]
        best, c, second = _best_two(p, s, m, draws, j, missed)
        if c == FREE:
            bank[left] = j
            left += 1
            continue
        missed += m.missed[j, c] - p.jobs[j].remote
        if not _place(p, s, old, m, touched, j, c, version):
            return False, missed, version
        version += 1
    bank[-1] = left
    return True, missed, version
