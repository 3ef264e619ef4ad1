"""The best way for a whole group, compiled: its pieces share parcels, and a kit is late when its last piece is."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.parts.few_sources import FAR, Near, lay_near, new_near, rest_from_few
from optimizer.parts.grid import NOTHING, Grid
from optimizer.parts.ways import Ways
from optimizer.search.compiled import compiled, compiled_into

__all__ = [
    "FAR",
    "Desk",
    "best_few",
    "best_of_all",
    "bundle_fen",
    "bundles_below",
    "find_dominated",
    "new_desk",
    "refit",
]

MOST_NODES = 200_000
"""So many steps to find the best of one group; what is not looked at then is bounded by its pieces one by one."""


class Desk(NamedTuple):
    """Room to work in: per depth the way tried, what was spent down to it, and what the pieces from there on cost.

    rest: at least, without lateness. wait: what a kit's lateness adds to that at least. near: by source. steps: how
    many it took so far, of all groups.
    """

    at: NDArray[np.int64]
    fen: NDArray[np.int64]
    late: NDArray[np.int64]
    rest: NDArray[np.int64]
    wait: NDArray[np.int64]
    best: NDArray[np.int64]
    near: Near
    steps: NDArray[np.int64]


def new_desk(g: Grid) -> Desk:
    """Return room for the largest of these groups."""
    most = int((g.groups["last"] - g.groups["first"]).max(initial=0))
    at, fen, late, rest, wait, best = (np.zeros(most + 1, np.int64) for _ in range(6))
    near = new_near(most, len(g.shelf_of))
    return Desk(at=at, fen=fen, late=late, rest=rest, wait=wait, best=best, near=near, steps=np.zeros(1, np.int64))


@compiled
def best_of_all(
    g: Grid,
    w: Ways,
    base: NDArray[np.int64],
    desk: Desk,
    wanted: NDArray[np.int8],
    chosen: NDArray[np.int64],
    told: NDArray[np.int64],
) -> None:
    """Find the cheapest bundle of every group that is wanted.

    base: fen of each way with the prices of the rows it draws on. chosen: (pieces,) has ways, NOTHING for going
    without, and gets better ones. told: (groups, 2) has what that costs, FAR if it is not to be looked at, and gets
    what the best costs, and what no bundle costs less than.
    """
    for group in range(len(g.groups)):
        if wanted[group] == 1:
            o = g.groups[group]
            cheapest = o.none_fen
            for k in range(o.last - o.first):
                desk.best[k] = NOTHING
            if told[group, 0] < cheapest:
                cheapest = told[group, 0]
                for k in range(o.last - o.first):
                    desk.best[k] = chosen[o.first + k]
            told[group, 0], told[group, 1] = _best(g, w, base, desk, group, cheapest)
            for k in range(o.last - o.first):
                chosen[o.first + k] = desk.best[k]


@compiled
def find_dominated(g: Grid, w: Ways, contested: NDArray[np.int8], dominated: NDArray[np.int8]) -> None:
    """Mark the ways that no best choice needs, since another way of the piece does as well in every bundle.

    contested: (ways,) 1 for those that draw on something which is short. The other way is no later, no dearer even if
    it cannot share a parcel, and draws on nothing that is short, or on the same.
    """
    for piece in range(len(g.pieces)):
        o = g.groups[g.pieces[piece].group]
        narrow = max(1, o.most_sources) < o.last - o.first
        fees = g.consignment_fen + g.split_fen if o.last - o.first > 1 else 0
        for a in range(w.first[piece], w.first[piece + 1]):
            dominated[a] = 0
            x = w.rows[a]
            for b in range(w.first[piece], w.first[piece + 1]):
                y = w.rows[b]
                if b == a or dominated[b] == 1 or y.fen + y.late > x.fen + x.late:
                    continue
                if narrow and y.source != x.source:
                    continue
                if o.complete == 1 and o.last - o.first > 1:
                    worse = y.fen + fees <= x.fen and y.late <= x.late
                else:
                    worse = y.fen + y.late + fees < x.fen + x.late or (
                        y.fen + y.late + fees == x.fen + x.late and b < a
                    )
                same = y.row == x.row and y.below_floor == x.below_floor and y.dock == x.dock
                free = contested[b] == 0 and _has_room_for_all(g, w, b)
                # Of two that do equally well the first stays.
                equal = y.fen == x.fen and y.late == x.late and fees == 0
                if worse and (free or same) and not (equal and b > a):
                    dominated[a] = 1
                    break


@compiled_into
def _has_room_for_all(g: Grid, w: Ways, number: int) -> bool:
    """Say whether a whole group could draw on what a way draws on: then no way of the others stands against it."""
    way = w.rows[number]
    o = g.groups[g.pieces[way.piece].group]
    if o.last - o.first == 1:
        return True
    units = 0
    for piece in range(o.first, o.last):
        for option in range(g.pieces[piece].part_first, g.pieces[piece].part_last):
            if g.parts[option] == way.part:
                units += g.pieces[piece].quantity
                break
    if g.capacity[way.row] < units or (way.floor_row != NOTHING and g.capacity[way.floor_row] < units):
        return False
    return bool(way.dock == NOTHING or g.capacity[way.dock] >= o.last - o.first)


@compiled
def bundles_below(  # noqa: PLR0913 - a kernel sees plain arrays
    g: Grid,
    w: Ways,
    base: NDArray[np.int64],
    desk: Desk,
    groups: NDArray[np.int64],
    limit: NDArray[np.int64],
    most: int,
    found: NDArray[np.int64],
    cost: NDArray[np.int64],
    counts: NDArray[np.int64],
    begin: int,
) -> int:
    """Write all bundles of these groups that cost less than their limits, one below the other, as far as there is room.

    found: (rows, pieces) gets ways. cost: (rows,) gets what each costs with the prices of the rows. counts: (groups,)
    gets how many there are, NOTHING for more than `most`. Return which of the groups is next.
    """
    end = 0
    for number in range(begin, len(groups)):
        if end + most > len(found):
            return number
        counts[number] = _below(g, w, base, desk, groups[number], limit[number], found[end : end + most], cost[end:])
        end += max(0, counts[number])
    return len(groups)


@compiled_into
def _below(  # noqa: PLR0913 - a kernel sees plain arrays
    g: Grid,
    w: Ways,
    base: NDArray[np.int64],
    desk: Desk,
    group: int,
    limit: int,
    found: NDArray[np.int64],
    cost: NDArray[np.int64],
) -> int:
    o = g.groups[group]
    n = o.last - o.first
    _lay_rest(g, w, base, desk, group)
    count, depth, nodes = 0, 0, 0
    desk.at[0] = w.first[o.first] - 1
    while depth >= 0:
        nodes += 1
        desk.steps[0] += 1
        if nodes > MOST_NODES:
            return NOTHING
        if not _next(g, w, base, desk, group, depth, limit):
            depth -= 1
        elif depth == n - 1:
            if count == len(found):
                return NOTHING
            for k in range(n):
                found[count, k] = _way_at(w, desk, o.first + k, k)
            cost[count] = desk.fen[n] + desk.late[n]
            count += 1
        else:
            depth += 1
            desk.at[depth] = _begin(g, w, desk, o.first + depth, depth) - 1
    return count


@compiled
def refit(  # noqa: PLR0913 - a kernel sees plain arrays
    room: Grid,
    w: Ways,
    base: NDArray[np.int64],
    desk: Desk,
    draw_first: NDArray[np.int64],
    draw_row: NDArray[np.int64],
    draw_amount: NDArray[np.int64],
    order: NDArray[np.int64],
    way: NDArray[np.int64],
) -> None:
    """Give these groups, one after the other, the best bundle that what is left has room for.

    room: its capacity is what is left; each gives back what it has before it chooses. way: (pieces,) of all.
    """
    for number in range(len(order)):
        o = room.groups[order[number]]
        for piece in range(o.first, o.last):
            _draw(room, draw_first, draw_row, draw_amount, way[piece], -1)
        for k in range(o.last - o.first):
            desk.best[k] = NOTHING
        _best(room, w, base, desk, order[number], o.none_fen)
        for piece in range(o.first, o.last):
            way[piece] = desk.best[piece - o.first]
            _draw(room, draw_first, draw_row, draw_amount, way[piece], 1)


@compiled_into
def _draw(
    room: Grid,
    draw_first: NDArray[np.int64],
    draw_row: NDArray[np.int64],
    draw_amount: NDArray[np.int64],
    way: int,
    times: int,
) -> None:
    """Take what a way draws on from what is left; times: -1 gives it back."""
    if way != NOTHING:
        for entry in range(draw_first[way], draw_first[way + 1]):
            room.capacity[draw_row[entry]] -= times * draw_amount[entry]


@compiled
def best_few(  # noqa: PLR0913 - a kernel sees plain arrays
    g: Grid,
    w: Ways,
    base: NDArray[np.int64],
    desk: Desk,
    groups: NDArray[np.int64],
    limit: NDArray[np.int64],
    found: NDArray[np.int64],
    cost: NDArray[np.int64],
    counts: NDArray[np.int64],
) -> None:
    """Write the few cheapest bundles of each of these groups, rising; a kit's going without is not among them.

    limit: (groups,) what they have to cost less than. found: (groups, few, pieces) gets ways. cost: (groups, few)
    gets what each costs with the prices of the rows. counts: (groups,) gets how many there are.
    """
    for number in range(len(groups)):
        counts[number] = _few(g, w, base, desk, groups[number], limit[number], found[number], cost[number])


@compiled_into
def _few(  # noqa: PLR0913 - a kernel sees plain arrays
    g: Grid,
    w: Ways,
    base: NDArray[np.int64],
    desk: Desk,
    group: int,
    limit: int,
    found: NDArray[np.int64],
    cost: NDArray[np.int64],
) -> int:
    o = g.groups[group]
    n = o.last - o.first
    few = len(found)
    _lay_rest(g, w, base, desk, group)
    count, depth, nodes = 0, 0, 0
    desk.at[0] = w.first[o.first] - 1
    while depth >= 0 and nodes < MOST_NODES:
        nodes += 1
        desk.steps[0] += 1
        if not _next(g, w, base, desk, group, depth, limit):
            depth -= 1
        elif depth == n - 1:
            fen = desk.fen[n] + desk.late[n]
            place = min(count, few - 1)
            while place > 0 and cost[place - 1] > fen:
                cost[place] = cost[place - 1]
                for k in range(n):
                    found[place, k] = found[place - 1, k]
                place -= 1
            cost[place] = fen
            for k in range(n):
                found[place, k] = _way_at(w, desk, o.first + k, k)
            count = min(count + 1, few)
            if count == few:
                limit = cost[few - 1]
        else:
            depth += 1
            desk.at[depth] = _begin(g, w, desk, o.first + depth, depth) - 1
    return count


@compiled_into
def _begin(g: Grid, w: Ways, desk: Desk, piece: int, depth: int) -> int:
    """Return the first way to try: of pieces that are alike the later has no earlier way, so that no two swap."""
    if g.pieces[piece].twin == 0:
        return int(w.first[piece])
    return int(w.first[piece] + desk.at[depth - 1] - w.first[piece - 1])


@compiled_into
def _way_at(w: Ways, desk: Desk, piece: int, depth: int) -> int:
    return NOTHING if desk.at[depth] == w.first[piece + 1] else int(desk.at[depth])


@compiled_into
def _best(g: Grid, w: Ways, base: NDArray[np.int64], desk: Desk, group: int, cheapest: int) -> tuple[int, int]:
    """Leave the best bundle in `best`, which has one at this price; return its price and what none costs less than."""
    o = g.groups[group]
    n = o.last - o.first
    if n == 1:
        cheapest = _best_alone(g, w, base, desk, group, cheapest)
        return cheapest, cheapest
    _lay_rest(g, w, base, desk, group)
    depth, nodes = 0, 0
    desk.at[0] = w.first[o.first] - 1
    while depth >= 0:
        nodes += 1
        desk.steps[0] += 1
        if nodes > MOST_NODES:
            return cheapest, min(cheapest, desk.rest[0] + desk.wait[0])
        if not _next(g, w, base, desk, group, depth, cheapest):
            depth -= 1
        elif depth == n - 1:
            cheapest = desk.fen[n] + desk.late[n]
            for k in range(n):
                desk.best[k] = _way_at(w, desk, o.first + k, k)
        else:
            depth += 1
            desk.at[depth] = _begin(g, w, desk, o.first + depth, depth) - 1
    return cheapest, cheapest


@compiled_into
def _best_alone(g: Grid, w: Ways, base: NDArray[np.int64], desk: Desk, group: int, cheapest: int) -> int:
    """Find the best way of a group of one piece; no price makes one cheaper, so the first too dear ends it."""
    o = g.groups[group]
    for way in range(w.first[o.first], w.first[o.first + 1]):
        late = w.rows[way].late + g.consignment_fen
        if w.rows[way].fen + late >= cheapest:
            break
        if base[way] + late < cheapest and _has_room(g, w, desk, group, 0, way):
            cheapest = base[way] + late
            desk.best[0] = way
    return int(cheapest)


@compiled_into
def _lay_rest(g: Grid, w: Ways, base: NDArray[np.int64], desk: Desk, group: int) -> None:
    """Set what the pieces from each depth on cost at least; a kit's lateness is counted once, at the top."""
    o = g.groups[group]
    n = o.last - o.first
    desk.rest[n], desk.wait[n] = 0, 0
    for k in range(n - 1, -1, -1):
        piece = o.first + k
        least = FAR if o.complete == 1 else g.pieces[piece].none_fen
        least_there = least
        for way in range(w.first[piece], w.first[piece + 1]):
            fen = base[way] if o.complete == 1 else base[way] + w.rows[way].late
            least = min(least, fen)
            least_there = min(least_there, base[way] + w.rows[way].late)
        desk.rest[k] = min(FAR, desk.rest[k + 1] + least)
        # The kit is there no sooner than its slowest piece.
        desk.wait[k] = max(desk.wait[k + 1], least_there - least) if o.complete == 1 else 0
    desk.fen[0] = 0
    desk.late[0] = 0
    lay_near(g, w, base, desk.near, group)


@compiled_into
def _next(g: Grid, w: Ways, base: NDArray[np.int64], desk: Desk, group: int, depth: int, limit: int) -> bool:
    """Move on to the next way at this depth that may still end below the limit; say whether there is one."""
    o = g.groups[group]
    piece = o.first + depth
    end = w.first[piece + 1]
    way = desk.at[depth] + 1
    while way < end or (way == end and o.complete == 0):
        if way == end:
            fen, late = desk.fen[depth] + g.pieces[piece].none_fen, desk.late[depth]
        else:
            fen, late = desk.fen[depth] + base[way], desk.late[depth]
            late = max(late, w.rows[way].late) if o.complete == 1 else late + w.rows[way].late
        most = limit - desk.rest[depth + 1] - max(late, desk.wait[depth + 1])
        if fen < most:
            if way < end:
                fees = _fees(g, w, desk, group, depth, way)
                fen = FAR if fees < 0 else fen + fees
            if fen < most and (way == end or _has_room(g, w, desk, group, depth, way)):
                desk.at[depth] = way
                desk.fen[depth + 1], desk.late[depth + 1] = fen, late
                if fen + rest_from_few(g, w, desk.near, desk.at, group, depth + 1, late) < limit:
                    return True
        way += 1
    return False


@compiled_into
def _has_room(g: Grid, w: Ways, desk: Desk, group: int, depth: int, way: int) -> bool:
    """Say whether every row that a way draws on has room for it beside the ways above it."""
    x = w.rows[way]
    for step in range(x.last_row - x.row + 1):
        if _units_above(g, w, desk, group, depth, way, step, False) + x.quantity > g.capacity[x.row + step]:
            return False
    for step in range(x.last_floor_row - x.floor_row + 1):
        if _units_above(g, w, desk, group, depth, way, step, True) + x.quantity > g.capacity[x.floor_row + step]:
            return False
    return bool(x.dock == NOTHING or _lines_above(g, w, desk, group, depth, way) < g.capacity[x.dock])


@compiled_into
def _units_above(  # noqa: PLR0913 - where it is in the search
    g: Grid, w: Ways, desk: Desk, group: int, depth: int, way: int, step: int, floor: bool
) -> int:
    """Return what the ways above take of a step of the shelf that a way draws on, or of what is above its floor."""
    x, first, units = w.rows[way], g.groups[group].first, 0
    for k in range(depth):
        if desk.at[k] == w.first[first + k + 1]:
            continue
        y = w.rows[desk.at[k]]
        if floor and y.last_floor_row == x.last_floor_row and y.floor_row <= x.floor_row + step:
            units += y.quantity
        if not floor and y.last_row == x.last_row and y.row <= x.row + step:
            units += y.quantity
    return units


@compiled_into
def _lines_above(g: Grid, w: Ways, desk: Desk, group: int, depth: int, way: int) -> int:
    """Return how many of the ways above leave from the dock of a way."""
    lines, first = 0, g.groups[group].first
    for k in range(depth):
        if desk.at[k] != w.first[first + k + 1] and w.rows[desk.at[k]].dock == w.rows[way].dock:
            lines += 1
    return lines


@compiled_into
def _fees(g: Grid, w: Ways, desk: Desk, group: int, depth: int, way: int) -> int:
    """Return what a new parcel and a further source cost, −1 when there would be too many sources."""
    o = g.groups[group]
    parcel, source, fees, sources = w.rows[way].parcel, w.rows[way].source, g.consignment_fen, 1
    new_source = True
    for k in range(depth):
        other = desk.at[k]
        if other == w.first[o.first + k + 1]:
            continue
        if w.rows[other].parcel == parcel and w.rows[other].source == source:
            fees = 0
        if w.rows[other].source == source:
            new_source = False
        seen = False
        for i in range(k):
            if desk.at[i] != w.first[o.first + i + 1] and w.rows[desk.at[i]].source == w.rows[other].source:
                seen = True
        sources += 0 if seen else 1
    if not new_source:
        return fees
    if sources > max(1, o.most_sources):
        return -1
    return fees + (g.split_fen if sources > 1 else 0)


def bundle_fen(g: Grid, w: Ways, group: int, chosen: NDArray[np.int64]) -> int:
    """Return what a bundle costs without any price of a row; chosen: a way per piece, NOTHING for going without."""
    o = g.groups[group]
    ways = [int(way) for way in chosen if way != NOTHING]
    if o["complete"] and len(ways) < len(chosen):
        return int(o["none_fen"])
    rows = w.rows[ways]
    late = rows["late"].max(initial=0) if o["complete"] else rows["late"].sum()
    missing = sum(int(g.pieces["none_fen"][o["first"] + k]) for k, way in enumerate(chosen) if way == NOTHING)
    parcels = len({(int(row["source"]), int(row["parcel"])) for row in rows})
    sources = len({int(row["source"]) for row in rows})
    fees = parcels * g.consignment_fen + max(0, sources - 1) * g.split_fen
    return int(rows["fen"].sum() + late + missing + fees)
