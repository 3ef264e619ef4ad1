"""Which ways no best choice needs, since others do as well wherever they stand, compiled.

One way does as well as another of its piece if it is no dearer, no later, and draws on nothing that could run out and
that the other does not draw on. Pieces of a group share parcels: there whole parcels of a source are compared, piece
by piece, and single ways only where a parcel of its own would not make the better one dearer.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.parts.grid import NOTHING, Grid
from optimizer.search.compiled import compiled_into

__all__ = ["Sieve", "new_sieve", "sift"]


class Sieve(NamedTuple):
    """Room to work in for the ways of one group, which are by piece, its own shelf's first, then by source.

    crowded: (rows,) whether a dock may run out of lines. kept, order: of each way. begins: (pieces + 1,) where the
    ways of each piece begin. span: (pieces, 2) where those from one source begin and end.
    """

    crowded: NDArray[np.bool_]
    kept: NDArray[np.int8]
    order: NDArray[np.int64]
    begins: NDArray[np.int64]
    span: NDArray[np.int64]


def new_sieve(most_pieces: int, most_ways: int, crowded: NDArray[np.bool_]) -> Sieve:
    """Return room for groups of so many pieces and ways."""
    return Sieve(
        crowded=crowded,
        kept=np.zeros(most_ways, np.int8),
        order=np.zeros(most_ways, np.int64),
        begins=np.zeros(most_pieces + 1, np.int64),
        span=np.zeros((most_pieces, 2), np.int64),
    )


@compiled_into
def sift(g: Grid, s: Sieve, rows: NDArray[np.void], group: int) -> None:
    """Set which ways of a group are kept: what is cheaper than going without, less what others do as well as."""
    o = g.groups[group]
    n = o.last - o.first
    for k in range(n):
        none_fen = o.none_fen if o.complete == 1 else g.pieces[o.first + k].none_fen
        s.span[k, 1] = s.begins[k]
        for i in range(s.begins[k], s.begins[k + 1]):
            s.kept[i] = rows[i].fen + rows[i].late < none_fen
    while _next_source(s, rows, n, o.own):
        if n > 1:
            _sift_parcels(s, rows, n, o.complete == 1)
        for k in range(n):
            _sift_ways(s, rows, k, o.complete == 1 and n > 1, g.consignment_fen if n > 1 else 0)


@compiled_into
def _next_source(s: Sieve, rows: NDArray[np.void], n: int, own: int) -> bool:
    """Move on to the ways from the next source; say whether there is one."""
    source, least = NOTHING, 0
    for k in range(n):
        s.span[k, 0] = s.span[k, 1]
        if s.span[k, 1] < s.begins[k + 1]:
            other = rows[s.span[k, 1]].source
            # The own shelf's ways come before all others.
            place = NOTHING if other == own else other
            if source == NOTHING or place < least:
                source, least = other, place
    for k in range(n):
        while s.span[k, 1] < s.begins[k + 1] and rows[s.span[k, 1]].source == source:
            s.span[k, 1] += 1
    return bool(source != NOTHING)


@compiled_into
def _sift_parcels(s: Sieve, rows: NDArray[np.void], n: int, kit: bool) -> None:
    """Drop the ways of every parcel of the source at hand for which another does as well, piece by piece."""
    for k in range(n):
        for i in range(s.span[k, 0], s.span[k, 1]):
            if s.kept[i] == 0:
                continue
            for j in range(s.span[k, 0], s.span[k, 1]):
                other, parcel = rows[j].parcel, rows[i].parcel
                if (
                    s.kept[j] == 1
                    and other != parcel
                    and _does_as_well(s, rows, j, i, kit)
                    and _parcel_does_as_well(s, rows, n, other, parcel, kit)
                ):
                    _drop_parcel(s, rows, n, parcel)
                    break


@compiled_into
def _parcel_does_as_well(s: Sieve, rows: NDArray[np.void], n: int, other: int, parcel: int, kit: bool) -> bool:
    for k in range(n):
        for i in range(s.span[k, 0], s.span[k, 1]):
            if s.kept[i] == 0 or rows[i].parcel != parcel:
                continue
            found = False
            for j in range(s.span[k, 0], s.span[k, 1]):
                if s.kept[j] == 1 and rows[j].parcel == other and _does_as_well(s, rows, j, i, kit):
                    found = True
                    break
            if not found:
                return False
    return True


@compiled_into
def _drop_parcel(s: Sieve, rows: NDArray[np.void], n: int, parcel: int) -> None:
    for k in range(n):
        for i in range(s.span[k, 0], s.span[k, 1]):
            if rows[i].parcel == parcel:
                s.kept[i] = 0


@compiled_into
def _does_as_well(s: Sieve, rows: NDArray[np.void], other: int, way: int, kit: bool) -> bool:
    x, y = rows[way], rows[other]
    if kit and (y.fen > x.fen or y.late > x.late):
        return False
    return bool(y.fen + y.late <= x.fen + x.late and _draws_less(s, rows, way, other))


@compiled_into
def _sift_ways(s: Sieve, rows: NDArray[np.void], k: int, kit: bool, parcel_fen: int) -> None:
    """Drop the ways of a piece than which another is better even in a parcel of its own."""
    for i in range(s.span[k, 0], s.span[k, 1]):
        x = rows[i]
        for j in range(s.span[k, 0], s.span[k, 1]):
            y = rows[j]
            if s.kept[i] == 0 or s.kept[j] == 0 or i == j or (kit and y.late > x.late):
                continue
            saved = x.fen - y.fen if kit else x.fen + x.late - y.fen - y.late
            if y.parcel != x.parcel:
                saved -= parcel_fen
            # Of two that do equally well the first stays.
            better = saved > 0 or (saved == 0 and (j < i or (kit and y.late < x.late)))
            if better and _draws_less(s, rows, i, j):
                s.kept[i] = 0


@compiled_into
def _draws_less(s: Sieve, rows: NDArray[np.void], way: int, other: int) -> bool:
    """Say whether the other draws on no more of what may run out."""
    x, y = rows[way], rows[other]
    if y.dock != NOTHING and y.dock != x.dock and s.crowded[y.dock]:
        return False
    if y.last_row != x.last_row or y.row < x.row:
        return False
    return bool(y.floor_row == NOTHING or (y.last_floor_row == x.last_floor_row and y.floor_row >= x.floor_row))
