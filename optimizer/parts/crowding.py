"""Annealing where every way draws on one limit only, compiled: limits are broken freely at first, then ever less.

It moves among regrets, what a way costs more than its mover's best at the prices of the limits. So the start,
everybody's best, costs nothing, and all that is paid is paid for keeping to the limits and for what they leave unused.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.parts.exchanging import drawn, first_state
from optimizer.parts.grid import NOTHING
from optimizer.search.compiled import compiled, compiled_into

__all__ = ["Crowd", "Crowding", "crowd", "new_crowd"]

STEEPER = 10.0
"""By so many times the price of breaking a limit rises, slowly at first."""
LIKELIER = 1.5
"""Moves are drawn by this power of a share of them all, those of least regret first."""
ALONE, IN_TURN = 0.1, 0.4
"""So many tries move one only; up to so many, two change places; with all others the second goes anywhere."""
CALM = 1_000
"""After so many tries the price of breaking a limit is set anew."""
TRIES = 24_000
MOST_TRIES = 20_000_000
"""So many for every mover the first time, at most so many in all; half as many each time it begins again."""
AGAIN = 0.4
"""It begins again where the price of breaking a limit had risen so far."""
HEAT = 0.25
"""In steps from the best way to the second."""
AT_ONCE = 2


class Crowd(NamedTuple):
    """Movers, each with the same number of ways of least regret, by their places.

    regret, row, amount: (movers, ways). price, left: (rows,). mover, place: of every move from anybody's best, those of
    least regret first. at, best: (movers,) the place of the way that each has. members, member: of each row, who is
    there; seat: of each mover in it. over: (rows,) what a unit beyond each limit costs now.
    """

    regret: NDArray[np.float64]
    row: NDArray[np.int64]
    amount: NDArray[np.int64]
    price: NDArray[np.float64]
    left: NDArray[np.int64]
    mover: NDArray[np.int64]
    place: NDArray[np.int64]
    at: NDArray[np.int64]
    best: NDArray[np.int64]
    members: NDArray[np.int64]
    member: NDArray[np.int64]
    seat: NDArray[np.int64]
    over: NDArray[np.float64]


def new_crowd(
    regret: NDArray[np.float64],
    row: NDArray[np.int64],
    amount: NDArray[np.int64],
    price: NDArray[np.float64],
    capacity: NDArray[np.int64],
    at: NDArray[np.int64],
) -> Crowd:
    """Return it, with everybody at these places."""
    movers, ways = regret.shape
    here = row[np.arange(movers), at]
    rows = len(capacity)
    used = np.zeros(rows, np.int64)
    np.add.at(used, here, amount[np.arange(movers), at])
    member, members, seat = np.zeros((rows, movers), np.int64), np.zeros(rows, np.int64), np.zeros(movers, np.int64)
    for one, of in enumerate(here.tolist()):
        member[of, members[of]], seat[one] = one, members[of]
        members[of] += 1
    mover, place = np.nonzero(np.tile(np.arange(ways) > 0, (movers, 1)))
    order = np.argsort(regret[mover, place], kind="stable")
    return Crowd(
        regret=regret,
        row=row,
        amount=amount,
        price=price,
        left=capacity - used,
        mover=mover[order],
        place=place[order],
        at=at.copy(),
        best=at.copy(),
        members=members,
        member=member,
        seat=seat,
        over=price.copy(),
    )


@compiled
def crowd(  # noqa: C901 - a step, in one place
    x: Crowd, tries: int, begin: float, heat_fen: float, seed: int
) -> float:
    """Move about, and leave the best that breaks no limit in `best`; return what it costs, infinity where none was.

    begin: 0 … 1, how far the price of breaking a limit has risen at first.
    """
    state = first_state(seed)
    now, beyond, best = 0.0, 0, np.inf
    for row in range(len(x.left)):
        now += x.price[row] * x.left[row]
        beyond += max(0, -x.left[row])
    for one in range(len(x.at)):
        now += x.regret[one, x.at[one]]
    if beyond == 0:
        best = now
    for step in range(tries):
        if step % CALM == 0:
            risen = begin + (1.0 - begin) * step / tries
            for row in range(len(x.left)):
                x.over[row] = x.price[row] * (1.0 + STEEPER * risen**4)
        state = drawn(state)
        pair = int(_share(state) ** LIKELIER * len(x.mover))
        one, to = x.mover[pair], x.place[pair]
        was = x.at[one]
        if to == was:
            to = 0
        state = drawn(state)
        most = -heat_fen * np.log(_share(state) + 1e-16)
        here, there = x.row[one, was], x.row[one, to]
        if here == there:
            continue
        delta = x.regret[one, to] - x.regret[one, was]
        left_here, left_there = x.left[here] + x.amount[one, was], x.left[there] - x.amount[one, to]
        state = drawn(state)
        kind = _share(state)
        other, had, goes, third, left_third = NOTHING, 0, 0, here, 0
        if kind >= ALONE and x.members[there] > 0:
            other = x.member[there, int((state & np.uint64(0xFFFFF)) % np.uint64(x.members[there]))]
            had = x.at[other]
            goes = NOTHING
            if kind < IN_TURN:
                for place in range(x.row.shape[1]):
                    if x.row[other, place] == here:
                        goes = place
                        break
            else:
                state = drawn(state)
                share = _share(state)
                goes = int(share * share * x.row.shape[1])
            if goes in (NOTHING, had):
                continue
            third = x.row[other, goes]
            if third == there:
                continue
            delta += x.regret[other, goes] - x.regret[other, had]
            left_there += x.amount[other, had]
            if third == here:
                left_here -= x.amount[other, goes]
            else:
                left_third = x.left[third] - x.amount[other, goes]
        cost, more = _change(x, here, left_here)
        fen, units = _change(x, there, left_there)
        cost, more = cost + fen, more + units
        delta += x.price[here] * (left_here - x.left[here]) + x.price[there] * (left_there - x.left[there])
        if third != here:
            fen, units = _change(x, third, left_third)
            cost, more = cost + fen, more + units
            delta += x.price[third] * (left_third - x.left[third])
        if delta + cost > most:
            continue
        now, beyond = now + delta, beyond + more
        x.left[here], x.left[there] = left_here, left_there
        if third != here:
            x.left[third] = left_third
        _settle(x, one, to)
        if other != NOTHING:
            _settle(x, other, goes)
        if beyond == 0 and now < best:
            best = now
            for each in range(len(x.at)):
                x.best[each] = x.at[each]
    return best


@compiled_into
def _share(state: np.uint64) -> float:
    return float(state >> np.uint64(12)) / 4503599627370496.0


@compiled_into
def _change(x: Crowd, row: int, left: int) -> tuple[float, int]:
    """Return what breaking a limit costs more with so much left of it, and by how much it is broken more."""
    units = max(0, -left) - max(0, -x.left[row])
    return x.over[row] * units, units


@compiled_into
def _settle(x: Crowd, one: int, to: int) -> None:
    """Write down where a mover is now."""
    row = x.row[one, x.at[one]]
    last = x.member[row, x.members[row] - 1]
    x.member[row, x.seat[one]] = last
    x.seat[last] = x.seat[one]
    x.members[row] -= 1
    row = x.row[one, to]
    x.member[row, x.members[row]] = one
    x.seat[one] = x.members[row]
    x.members[row] += 1
    x.at[one] = to


class Crowding:
    """Annealing over and over, each time from the best so far.

    ways, regret, row, amount: (movers, ways), those of least regret first. price, capacity: (rows,).
    """

    def __init__(
        self,
        *,
        ways: NDArray[np.int64],
        regret: NDArray[np.float64],
        row: NDArray[np.int64],
        amount: NDArray[np.int64],
        price: NDArray[np.float64],
        capacity: NDArray[np.int64],
    ) -> None:
        self._ways = ways
        self._regret, self._row, self._amount = regret, row, amount
        self._price, self._capacity = price, capacity
        self._heat_fen = HEAT * float(np.median(regret[:, 1])) + 1.0
        self._tries = min(MOST_TRIES, TRIES * len(regret))
        self._runs = 0
        self.at = np.zeros(len(regret), np.int64)
        self.fen = np.inf

    @property
    def chosen(self) -> NDArray[np.int64]:
        """The way that each mover has in the best so far, (movers,)."""
        chosen: NDArray[np.int64] = self._ways[np.arange(len(self.at)), self.at]
        return chosen

    def again(self) -> bool:
        """Anneal twice at once, each on its own; return whether one came to something better that breaks no limit."""
        known, before = np.isfinite(self.fen), self.fen
        begin, tries = (AGAIN, self._tries // 2) if known else (0.0, self._tries)
        crowds = [
            new_crowd(self._regret, self._row, self._amount, self._price, self._capacity, self.at)
            for _ in range(AT_ONCE)
        ]
        seeds = range(self._runs + 1, self._runs + AT_ONCE + 1)
        self._runs += AT_ONCE
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # The kernel lets go of Python's lock.
            fen = list(pool.map(lambda x, seed: crowd(x, tries, begin, self._heat_fen, seed), crowds, seeds))
        least = int(np.argmin(fen))
        if fen[least] < self.fen:
            self.fen, self.at = fen[least], crowds[least].best
        return bool(self.fen < before)
