"""What the rest of a bundle costs at least where its order may have few sources only, compiled.

Every piece of a large kit has a cheap way from somewhere, but not all from the same few places. Once all sources that
an order may have are taken but one, its other pieces come from these, or from one more that all of them share.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.parts.grid import NOTHING, Grid
from optimizer.parts.ways import Ways
from optimizer.search.compiled import compiled_into

__all__ = ["FAR", "LARGE", "Near", "lay_near", "new_near", "rest_from_few"]

FAR = 1 << 60
"""Dearer than anything: a way that need not be looked at."""
LARGE = 5
"""Smaller groups are through before it is worth the look."""


class Near(NamedTuple):
    """fen: (pieces, sources, 2) of the cheapest way of each piece from each source, without a kit's lateness and with.

    taken: (pieces, 2) the same of the cheapest from those that are taken. sources: which these are. reached: which
    sources the group has any ways from, so many as `reaches` holds; place: (sources,) of each among them, or NOTHING.
    """

    fen: NDArray[np.int64]
    taken: NDArray[np.int64]
    sources: NDArray[np.int64]
    reached: NDArray[np.int64]
    place: NDArray[np.int64]
    reaches: NDArray[np.int64]


def new_near(most_pieces: int, sources: int) -> Near:
    """Return room for groups of so many pieces."""
    return Near(
        fen=np.zeros((most_pieces, sources, 2), np.int64),
        taken=np.zeros((most_pieces, 2), np.int64),
        sources=np.zeros(most_pieces + 1, np.int64),
        reached=np.zeros(sources, np.int64),
        place=np.full(sources, NOTHING, np.int64),
        reaches=np.zeros(1, np.int64),
    )


@compiled_into
def lay_near(g: Grid, w: Ways, base: NDArray[np.int64], near: Near, group: int) -> None:
    """Set what every piece of a large group costs at least from every source."""
    o = g.groups[group]
    n = o.last - o.first
    if n < LARGE:
        return
    _list_reached(w, near, o.first, o.last)
    for k in range(n):
        piece = o.first + k
        left = FAR if o.complete == 1 else g.pieces[piece].none_fen
        for j in range(near.reaches[0]):
            source = near.reached[j]
            near.fen[k, source, 0] = left
            near.fen[k, source, 1] = left
        for way in range(w.first[piece], w.first[piece + 1]):
            source, late = w.rows[way].source, w.rows[way].late
            fen = base[way] if o.complete == 1 else base[way] + late
            near.fen[k, source, 0] = min(near.fen[k, source, 0], fen)
            near.fen[k, source, 1] = min(near.fen[k, source, 1], base[way] + late)


@compiled_into
def _list_reached(w: Ways, near: Near, first: int, last: int) -> None:
    """List the sources that pieces have any ways from: with outlets there are a hundred times as many in all."""
    for j in range(near.reaches[0]):
        near.place[near.reached[j]] = NOTHING
    count = 0
    for way in range(w.first[first], w.first[last]):
        source = w.rows[way].source
        if near.place[source] == NOTHING:
            near.place[source] = count
            near.reached[count] = source
            count += 1
    near.reaches[0] = count


@compiled_into
def rest_from_few(g: Grid, w: Ways, near: Near, at: NDArray[np.int64], group: int, depth: int, late: int) -> int:
    """Return what the pieces from a depth on cost at least with the lateness of all, −FAR where nothing is known.

    at: the ways above. late: of these.
    """
    o = g.groups[group]
    n = o.last - o.first
    if n < LARGE or depth == n:
        return -FAR
    count = _sources_above(w, near, at, o.first, depth)
    further = max(1, o.most_sources) - count
    if further > 1:
        return -FAR
    for k in range(depth, n):
        for i in range(2):
            fen = FAR if o.complete == 1 else g.pieces[o.first + k].none_fen
            for j in range(count):
                fen = min(fen, near.fen[k, near.sources[j], i])
            near.taken[k, i] = fen
    least = _with(near, NOTHING, depth, n, late)
    if further == 1:
        fees = g.consignment_fen + (g.split_fen if count > 0 else 0)
        for j in range(near.reaches[0]):
            least = min(least, fees + _with(near, near.reached[j], depth, n, late))
    return least


@compiled_into
def _sources_above(w: Ways, near: Near, at: NDArray[np.int64], first: int, depth: int) -> int:
    """Write down which sources the ways above a depth are from; return how many these are."""
    count = 0
    for k in range(depth):
        if at[k] == w.first[first + k + 1]:
            continue
        source, seen = w.rows[at[k]].source, False
        for j in range(count):
            seen = seen or near.sources[j] == source
        if not seen:
            near.sources[count] = source
            count += 1
    return count


@compiled_into
def _with(near: Near, source: int, depth: int, n: int, late: int) -> int:
    """Return what the pieces from a depth on cost at least from the sources that are taken and this one."""
    total, wait = 0, late
    for k in range(depth, n):
        fen, fen_there = near.taken[k, 0], near.taken[k, 1]
        if source != NOTHING:
            fen, fen_there = min(fen, near.fen[k, source, 0]), min(fen_there, near.fen[k, source, 1])
        if fen >= FAR:
            return FAR
        total += fen
        # The kit is there no sooner than its slowest piece.
        wait = max(wait, fen_there - fen)
    return total + wait
