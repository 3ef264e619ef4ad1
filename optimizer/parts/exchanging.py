"""Annealing over orders of one piece, compiled: one moves where there is room, or in another's place."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.parts.drawing import Draws
from optimizer.parts.grid import NOTHING
from optimizer.search.compiled import compiled, compiled_into

__all__ = ["MOVES_OF_A_SWEEP", "Exchange", "drawn", "exchange", "first_state", "new_exchange", "overdraw"]


MOVES_OF_A_SWEEP = 16
"""For every mover."""
STEEPER = 20
"""By so many times the price of breaking a limit rises, slowly at first."""


class Exchange(NamedTuple):
    """Who may move where: ways of each mover, likeliest first, with what they cost and the shelf each draws on.

    first: (movers + 1,) where the ways of each begin. way, fen, shelf: of each of these. at: (movers,) the number of
    what each has now. draw_first, draw_row, draw_amount: of every way. left: (rows,). shelf_first: where the members of
    each shelf begin in `member`; members: how many there are; place: of each mover in `member`.
    """

    first: NDArray[np.int64]
    way: NDArray[np.int64]
    fen: NDArray[np.int64]
    shelf: NDArray[np.int64]
    at: NDArray[np.int64]
    best: NDArray[np.int64]
    draw_first: NDArray[np.int64]
    draw_row: NDArray[np.int64]
    draw_amount: NDArray[np.int64]
    left: NDArray[np.int64]
    shelf_first: NDArray[np.int64]
    members: NDArray[np.int64]
    member: NDArray[np.int64]
    place: NDArray[np.int64]


@compiled_into
def first_state(seed: int) -> np.uint64:
    """Return the state with which drawing begins."""
    return np.uint64(seed * 2 + 1) * np.uint64(0x9E3779B97F4A7C15)


@compiled_into
def drawn(state: np.uint64) -> np.uint64:
    """Return the next state: 64 random bits (Marsaglia's xorshift)."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    state ^= state << np.uint64(17)
    return state


@compiled
def exchange(x: Exchange, sweeps: int, hot_fen: float, cold_fen: float, seed: int) -> int:
    """Move about, ever less willing to pay for it, and leave the best in `best`; return what it saves, in fen.

    Each sweep tries sixteen moves for every mover.
    """
    movers = len(x.at)
    state = first_state(seed)
    now, best = 0, 0
    heat = hot_fen
    cooling = (cold_fen / hot_fen) ** (1.0 / max(1, sweeps - 1))
    for mover in range(movers):
        x.best[mover] = x.at[mover]
    for _ in range(sweeps):
        for _ in range(MOVES_OF_A_SWEEP * movers):
            state = drawn(state)
            one = int((state >> np.uint64(33)) % np.uint64(movers))
            ways = x.first[one + 1] - x.first[one]
            # The earlier a way comes the likelier it is tried.
            share = float((state >> np.uint64(11)) & np.uint64(0xFFFFF)) / 0x100000
            to = x.first[one] + int(share * share * ways)
            if to == x.at[one]:
                continue
            state = drawn(state)
            dearest = now - heat * np.log((float(state >> np.uint64(12)) + 1.0) / 4503599627370497.0)
            now += _move(x, one, to, dearest - now, np.int64(state >> np.uint64(20)))
        if now < best:
            best = now
            for mover in range(movers):
                x.best[mover] = x.at[mover]
        heat *= cooling
    return best


@compiled
def overdraw(  # noqa: C901 - a step, in one place
    x: Exchange, over_fen: NDArray[np.int64], enough_fen: int, sweeps: int, hot_fen: float, cold_fen: float, seed: int
) -> int:
    """Move about as `exchange` does, but let limits be broken at a price; `best` gets the best that breaks none.

    over_fen: of every row, per unit drawn beyond its limit. enough_fen: it ends where it saves so much, as a negative
    number. One moves, or two change places, whether there is room or
    not. Return what the best saves, in fen.
    """
    movers = len(x.at)
    state = first_state(seed)
    now, best, over = 0, 0, 0
    heat = hot_fen
    cooling = (cold_fen / hot_fen) ** (1.0 / max(1, sweeps - 1))
    for mover in range(movers):
        x.best[mover] = x.at[mover]
    for sweep in range(sweeps):
        scale = 16 + int(16 * STEEPER * (sweep / sweeps) ** 4)
        for _ in range(MOVES_OF_A_SWEEP * movers):
            state = drawn(state)
            one = int((state >> np.uint64(33)) % np.uint64(movers))
            ways = x.first[one + 1] - x.first[one]
            share = float((state >> np.uint64(11)) & np.uint64(0xFFFFF)) / 0x100000
            to = x.first[one] + int(share * share * ways)
            was = x.at[one]
            if to == was:
                continue
            state = drawn(state)
            most = -heat * np.log((float(state >> np.uint64(12)) + 1.0) / 4503599627370497.0)
            other, had, goes = NOTHING, NOTHING, NOTHING
            delta = x.fen[to] - x.fen[was]
            shelf = x.shelf[to]
            if state & np.uint64(3) != np.uint64(0) and shelf != x.shelf[was] and x.members[shelf] > 0:
                pick = np.int64((state >> np.uint64(20)) % np.uint64(x.members[shelf]))
                other = x.member[x.shelf_first[shelf] + pick]
                had = x.at[other]
                for way in range(x.first[other], x.first[other + 1]):
                    if x.shelf[way] == x.shelf[was]:
                        goes = way
                        break
                if goes == NOTHING:
                    continue
                delta += x.fen[goes] - x.fen[had]
            if over == 0 and delta > most:
                continue
            more, broken = _draw_beyond(x, was, 1, over_fen, scale)
            for number, sign in ((had, 1), (to, -1), (goes, -1)):
                if number != NOTHING:
                    fen, units = _draw_beyond(x, number, sign, over_fen, scale)
                    more, broken = more + fen, broken + units
            if delta + more > most:
                _draw(x, to, 1)
                _draw(x, was, -1)
                if other != NOTHING:
                    _draw(x, goes, 1)
                    _draw(x, had, -1)
                continue
            _settle(x, one, to)
            if other != NOTHING:
                _settle(x, other, goes)
            now, over = now + delta, over + broken
            if over == 0 and now < best:
                best = now
                for mover in range(movers):
                    x.best[mover] = x.at[mover]
        if best <= enough_fen:
            break
        heat *= cooling
    return best


@compiled_into
def _draw_beyond(x: Exchange, number: int, sign: int, over_fen: NDArray[np.int64], scale: int) -> tuple[int, int]:
    """Take what a way draws on, or give it back; return what breaking limits costs more by it, and by how much."""
    way = x.way[number]
    fen, units = 0, 0
    if way != NOTHING:
        for entry in range(x.draw_first[way], x.draw_first[way + 1]):
            row = x.draw_row[entry]
            beyond = min(0, x.left[row])
            x.left[row] += sign * x.draw_amount[entry]
            more = beyond - min(0, x.left[row])
            units += more
            fen += more * over_fen[row] * scale // 16
    return fen, units


@compiled_into
def _move(x: Exchange, one: int, to: int, most_fen: float, pick: np.int64) -> int:
    """Move one, and whoever must make room for it, if that costs no more than this; return what it costs."""
    was = x.at[one]
    delta = x.fen[to] - x.fen[was]
    _draw(x, was, 1)
    if _fits(x, to):
        if delta <= most_fen:
            _draw(x, to, -1)
            _settle(x, one, to)
            return int(delta)
        _draw(x, was, -1)
        return 0
    shelf = x.shelf[to]
    if x.members[shelf] > 0:
        other = x.member[x.shelf_first[shelf] + pick % x.members[shelf]]
        had = x.at[other]
        if other != one:
            _draw(x, had, 1)
            if _fits(x, to):
                _draw(x, to, -1)
                goes, goes_fen = NOTHING, most_fen - delta + x.fen[had]
                for way in range(x.first[other], x.first[other + 1]):
                    if way != had and x.fen[way] <= goes_fen and _fits(x, way):
                        goes, goes_fen = way, float(x.fen[way])
                if goes != NOTHING:
                    delta += x.fen[goes] - x.fen[had]
                    _draw(x, goes, -1)
                    _settle(x, one, to)
                    _settle(x, other, goes)
                    return int(delta)
                _draw(x, to, 1)
            _draw(x, had, -1)
    _draw(x, was, -1)
    return 0


@compiled_into
def _draw(x: Exchange, number: int, sign: int) -> None:
    way = x.way[number]
    if way != NOTHING:
        for entry in range(x.draw_first[way], x.draw_first[way + 1]):
            x.left[x.draw_row[entry]] += sign * x.draw_amount[entry]


@compiled_into
def _fits(x: Exchange, number: int) -> bool:
    way = x.way[number]
    if way != NOTHING:
        for entry in range(x.draw_first[way], x.draw_first[way + 1]):
            if x.left[x.draw_row[entry]] < x.draw_amount[entry]:
                return False
    return True


@compiled_into
def _settle(x: Exchange, one: int, to: int) -> None:
    """Write down where a mover is now, in its shelf's list too."""
    shelf = x.shelf[x.at[one]]
    last = x.shelf_first[shelf] + x.members[shelf] - 1
    x.member[x.place[one]] = x.member[last]
    x.place[x.member[last]] = x.place[one]
    x.members[shelf] -= 1
    shelf = x.shelf[to]
    x.place[one] = x.shelf_first[shelf] + x.members[shelf]
    x.member[x.place[one]] = one
    x.members[shelf] += 1
    x.at[one] = to


def new_exchange(
    ways: list[NDArray[np.int64]],
    fen: list[NDArray[np.int64]],
    at: NDArray[np.int64],
    shelf_of_way: NDArray[np.int64],
    draws: Draws,
    left: NDArray[np.int64],
) -> Exchange:
    """Return it; ways, fen: of each mover. at: which of these it has. left: what is left beside all of that."""
    first = np.append(0, np.cumsum([len(some) for some in ways]))
    way, price = np.concatenate(ways), np.concatenate(fen)
    # Who has nothing is on a shelf of its own, that nobody looks at.
    nowhere = int(shelf_of_way.max(initial=-1)) + 1
    shelf = np.where(way == NOTHING, nowhere, shelf_of_way[way])
    shelf_first = np.append(0, np.cumsum(np.bincount(shelf, minlength=nowhere + 1)))
    here = first[:-1] + at
    order = np.argsort(shelf[here], kind="stable")
    count = np.bincount(shelf[here], minlength=nowhere + 1)
    begins = np.append(0, np.cumsum(count))[:-1]
    place, member = np.zeros(len(ways), np.int64), np.zeros(len(way), np.int64)
    place[order] = shelf_first[shelf[here][order]] + np.arange(len(order)) - begins[shelf[here][order]]
    member[place] = np.arange(len(ways))
    return Exchange(
        first=first,
        way=way,
        fen=price,
        shelf=shelf,
        at=here,
        best=here.copy(),
        draw_first=draws.first,
        draw_row=draws.row,
        draw_amount=draws.amount,
        left=left,
        shelf_first=shelf_first,
        members=count,
        member=member,
        place=place,
    )
