"""Every way in which every piece could come: which run from which shelf, and what it costs by itself."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.model import ShipMode, SizeClass
from optimizer.parts.grid import MODES, NEVER_S, NOTHING, Grid
from optimizer.parts.sifting import Sieve, new_sieve, sift
from optimizer.search.compiled import compiled, compiled_into
from optimizer.search.schedule import late_fen
from optimizer.travel import EARTH_M

__all__ = ["OWN", "WAY", "Ways", "every_way", "far_fen", "lay_ways", "ways_between"]

OWN = -2
"""The run of what lies on the outlet's own shelf."""

WAY = np.dtype(
    [
        ("piece", "i4"),
        ("source", "i4"),
        ("run", "i4"),
        ("part", "i4"),
        ("row", "i4"),
        ("last_row", "i4"),
        ("floor_row", "i4"),
        ("last_floor_row", "i4"),
        ("dock", "i4"),
        ("parcel", "i4"),
        ("quantity", "i4"),
        ("fallback", "i1"),
        ("below_floor", "i1"),
        ("freight", "i8"),
        ("fen", "i8"),
        ("late", "i8"),
        ("ready", "i8"),
    ]
)

_CHUNK = 1 << 16
_FAST = 1 << MODES.index(ShipMode.EXPRESS) | 1 << MODES.index(ShipMode.PICKUP)
_USUAL = _FAST | 1 << MODES.index(ShipMode.STANDARD)
_DEDICATED = 1 << MODES.index(ShipMode.DEDICATED)
_ANY = _USUAL | _DEDICATED
_BULKY = 1 << list(SizeClass).index(SizeClass.BULKY)


class Ways(NamedTuple):
    """rows: ways by piece, the cheapest by itself first. first: (pieces + 1,) where the ways of each piece begin.

    A way has: fen, all it costs by itself but for its lateness; late, what its order's lateness costs if it is the last
    to come; freight of fen; the rows it draws on, row … last_row and, unless it is below_floor, floor_row …
    last_floor_row, NOTHING without a floor; its dock's row; parcel, equal for ways that could share one.
    """

    rows: NDArray[np.void]
    first: NDArray[np.int64]


def lay_ways(g: Grid, crowded: NDArray[np.bool_] | None = None) -> Ways:
    """Return all ways worth a thought, and set the prices of going without in `pieces` and `groups`.

    What is dearer than going without is left out, and every way that another does as well as. crowded: (rows,) which
    docks may run out of lines, None for all of them; ways that differ only in others do as well as each other.
    """
    _price_none(g)
    return ways_between(g, np.ones(len(g.capacity), bool) if crowded is None else crowded)


def ways_between(g: Grid, crowded: NDArray[np.bool_]) -> Ways:
    """Return what `lay_ways` does, where the prices of going without are set already."""
    most = int((g.groups["last"] - g.groups["first"]).max(initial=0))
    # What one group could fill by itself is crowded in any case.
    sieve = new_sieve(most, _most_ways(g), crowded | (g.capacity < most))
    here = np.zeros(len(sieve.kept), WAY)
    rows = np.zeros(max(_CHUNK, len(here)), WAY)
    counts, laid, group = np.zeros(len(g.pieces), np.int64), [rows[:0]], 0
    while group < len(g.groups):
        group, count = _lay(g, sieve, here, rows, counts, group)
        laid.append(rows[:count].copy())
    return Ways(rows=np.concatenate(laid), first=np.append(0, np.cumsum(counts)))


def every_way(g: Grid) -> NDArray[np.void]:
    """Return all ways by piece, also those that are in no best answer."""
    rows = np.zeros(_find_all(g, np.zeros(1, WAY), False), WAY)
    _find_all(g, rows, True)
    return rows


def far_fen(g: Grid, group: NDArray[np.int32], source: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the price of the distance from each source to each group, (n,)."""
    far = np.zeros(len(group), np.int64)
    _price_far(g, np.asarray(group, np.int64), np.asarray(source, np.int64), far)
    return far


@compiled
def _price_far(g: Grid, group: NDArray[np.int64], source: NDArray[np.int64], far: NDArray[np.int64]) -> None:
    for i in range(len(group)):
        far[i] = _far_fen(g, group[i], source[i])


def _most_ways(g: Grid) -> int:
    """Return how many ways one group could have at most: every part of every piece by every run, twice with a floor."""
    o = g.groups[g.pieces["group"]]
    parts = (g.pieces["part_last"] - g.pieces["part_first"]).astype(np.int64)
    ways = 2 * parts * (o["run_last"] - o["run_first"] + 1)
    return int(np.bincount(g.pieces["group"], ways).max(initial=0))


@compiled_into
def _late_of(g: Grid, group: int, ready: int) -> int:
    """Return the price of a group's being there at a time: its job's clocks and waiting, and hours past the need."""
    o = g.groups[group]
    fen = 0
    for c in range(o.clock_first, o.clock_last):
        fen += o.weight * late_fen(g, g.clocks[c, 0], ready + o.lead - g.clocks[c, 1]) // 100  # type: ignore[arg-type]
    if o.waits_from < NEVER_S:
        fen += o.weight * (max(0, ready + o.lead - o.waits_from) * g.waiting_fen // 3600) // 100
    fen += max(0, ready - g.now) * g.sooner_fen_per_hour // 3600
    if ready > o.needed_by:
        fen += (ready - o.needed_by) * g.late_fen_per_hour // 3600 * o.weight // 100
    return int(fen)


@compiled
def _price_none(g: Grid) -> None:
    """Set what going without costs: a kit is late once, everything else by the unit, so that shares add up."""
    for group in range(len(g.groups)):
        o = g.groups[group]
        late = _late_of(g, group, g.never_s)
        if o.complete == 1:
            g.groups[group].none_fen += late
            continue
        none_fen = 0
        for piece in range(o.first, o.last):
            p = g.pieces[piece]
            g.pieces[piece].none_fen = p.quantity * ((p.none_fen + late + p.of - 1) // p.of)
            none_fen += g.pieces[piece].none_fen
        g.groups[group].none_fen = none_fen


@compiled
def _lay(
    g: Grid, sieve: Sieve, here: NDArray[np.void], rows: NDArray[np.void], counts: NDArray[np.int64], group: int
) -> tuple[int, int]:
    """Lay the ways of the groups from this one on, as far as there is room; return who is next, and how many ways.

    here: room for all ways of one group. counts: (pieces,) gets how many each has.
    """
    end = 0
    while group < len(g.groups):
        o = g.groups[group]
        count = 0
        for piece in range(o.first, o.last):
            sieve.begins[piece - o.first] = count
            count = _find(g, piece, here, count, True)
        sieve.begins[o.last - o.first] = count
        if end + count > len(rows):
            break
        _price(g, here, count)
        sift(g, sieve, here, group)
        for piece in range(o.first, o.last):
            first, last = sieve.begins[piece - o.first], sieve.begins[piece - o.first + 1]
            counts[piece] = _sort(here, sieve.kept, sieve.order, first, last)
            for i in range(counts[piece]):
                rows[end + i] = here[sieve.order[i]]
            end += counts[piece]
        group += 1
    return group, end


@compiled
def _find_all(g: Grid, rows: NDArray[np.void], fill: bool) -> int:
    """Count all ways, or write what they are into `rows`, with their prices."""
    count = 0
    for piece in range(len(g.pieces)):
        count = _find(g, piece, rows, count, fill)
    if fill:
        _price(g, rows, count)
    return count


@compiled_into
def _find(  # noqa: C901 - what rules a way out, in one place
    g: Grid, piece: int, rows: NDArray[np.void], next_: int, fill: bool
) -> int:
    """Count the ways of a piece on from `next_`, and write what they are into `rows` if asked to; source by source."""
    p = g.pieces[piece]
    o = g.groups[p.group]
    if _cut_too_fine(g, piece):
        return next_
    allowed = _allowed_modes(g, piece)
    # The outlet's own shelf comes as one more run before the first.
    for run in range(o.run_first - 1, o.run_last):
        own = run < o.run_first
        source = o.own if own else g.runs[run].source
        if source == NOTHING or (not own and (source == o.own or allowed >> g.runs[run].mode & 1 == 0)):
            continue
        if not own and g.runs[run].ready_p90 > o.latest:
            continue
        for option in range(p.part_first, p.part_last):
            part = g.parts[option]
            if not _may_send(g, piece, source, part) or (not own and g.runs[run].carries & g.size[part] == 0):
                continue
            shelf = g.shelves[g.shelf_of[source, part]]
            step = _step(g, g.shelf_of[source, part], g.now if own else g.runs[run].ships, p.quantity)
            if step == NOTHING:
                continue
            # From a shelf with a floor: what is above it, and, for those who may, all of it.
            for below in range(2):
                if below == 1 and (shelf.floor_row == NOTHING or o.release == 0):
                    continue
                if below == 0 and shelf.floor_row != NOTHING and g.capacity[shelf.floor_row + step] < p.quantity:
                    continue
                if fill:
                    row = rows[next_]
                    row.piece, row.part, row.run, row.source = piece, part, OWN if own else run, source
                    row.row, row.last_row = shelf.row + step, shelf.row + shelf.rows - 1
                    row.floor_row, row.last_floor_row, row.below_floor = NOTHING, NOTHING - 1, below
                    if below == 0 and shelf.floor_row != NOTHING:
                        row.floor_row, row.last_floor_row = shelf.floor_row + step, shelf.floor_row + shelf.rows - 1
                next_ += 1
    return next_


@compiled_into
def _price(g: Grid, rows: NDArray[np.void], count: int) -> None:
    """Set what each of the first ways costs by itself and by its lateness, before it shares a parcel."""
    group, source, far = NOTHING, NOTHING, 0
    for i in range(count):
        row = rows[i]
        p = g.pieces[row.piece]
        own = row.run == OWN
        row.quantity, row.dock, row.parcel, row.freight, row.ready = p.quantity, NOTHING, OWN, 0, g.now
        row.fen, row.fallback = row.quantity * g.bid[g.shelf_of[row.source, row.part]], 0
        if not own:
            run = g.runs[row.run]
            row.dock, row.parcel, row.ready = run.dock, run.parcel, run.ready_p90
            row.fallback = g.groups[p.group].fast == 1 and _FAST >> run.mode & 1 == 0
            row.freight = run.fen + p.quantity * g.weight_g[row.part] * run.fen_per_kg // 1000
            if group != p.group or source != row.source:
                group, source, far = p.group, row.source, _far_fen(g, p.group, row.source)
            row.fen += far
        row.fen += row.freight
        if row.part != g.parts[p.part_first]:
            row.fen += g.substitute_fen
        if p.over_quota == 1:
            row.fen += row.quantity * g.over_quota_fen
        if row.below_floor == 1:
            row.fen += row.quantity * g.release_fen
        if row.ready > g.groups[p.group].needed_by:
            row.fen += row.quantity * p.in_time_fen
        row.late = _late_of(g, p.group, row.ready)


@compiled_into
def _sort(rows: NDArray[np.void], kept: NDArray[np.int8], order: NDArray[np.int64], first: int, last: int) -> int:
    """Put the ways that are kept into `order`, the cheapest first; return how many there are."""
    count = 0
    for i in range(first, last):
        if kept[i] == 0:
            continue
        place = count
        while place > 0 and _is_dearer(rows, order[place - 1], rows[i].fen + rows[i].late, rows[i].run):
            order[place] = order[place - 1]
            place -= 1
        order[place] = i
        count += 1
    return count


@compiled_into
def _is_dearer(rows: NDArray[np.void], other: int, fen: int, run: int) -> bool:
    other_fen = rows[other].fen + rows[other].late
    return bool(other_fen > fen or (other_fen == fen and rows[other].run > run))


@compiled_into
def _cut_too_fine(g: Grid, piece: int) -> bool:
    """Say whether a kit's line was cut into more pieces than its order may have sources: no fewer hold enough."""
    p = g.pieces[piece]
    o = g.groups[p.group]
    alike = 0
    for other in range(o.first, o.last):
        q = g.pieces[other]
        if q.line == p.line:
            alike += 1
    return bool(o.complete == 1 and p.part_last - p.part_first == 1 and alike > max(1, o.most_sources))


@compiled_into
def _may_send(g: Grid, piece: int, source: int, part: int) -> bool:
    """Say whether a source is open, has such a shelf, and is the one that a person decided on, if one did."""
    pinned = g.pieces[piece].pinned
    if pinned != NOTHING and pinned != source:
        return False
    return bool(g.shelf_of[source, part] != NOTHING and g.open[source] == 1)


@compiled_into
def _allowed_modes(g: Grid, piece: int) -> int:
    """Return a bit per mode: the fast ones for customers who wait; dedicated vehicles for what is bulky, and for what
    nothing else carries."""
    p = g.pieces[piece]
    o = g.groups[p.group]
    carrying = 0
    bulky = False
    for option in range(p.part_first, p.part_last):
        part = g.parts[option]
        bulky |= g.size[part] == _BULKY
        for run in range(o.run_first, o.run_last):
            r = g.runs[run]
            if r.source != o.own and r.carries & g.size[part] and _may_send(g, piece, r.source, part):
                shelf = g.shelves[g.shelf_of[r.source, part]]
                if g.capacity[shelf.row + shelf.rows - 1] >= p.quantity:
                    carrying |= 1 << r.mode
    if o.fast == 1:
        return _FAST if carrying & _FAST else _DEDICATED if carrying & _DEDICATED else _ANY
    return _USUAL if carrying & _USUAL and not bulky else _ANY


@compiled_into
def _step(g: Grid, shelf: int, ships: int, quantity: int) -> int:
    """Return the last step of a shelf that has begun when a run leaves, NOTHING if the shelf cannot fill the piece."""
    s = g.shelves[shelf]
    step = 0
    while step + 1 < s.rows and g.row_from[s.row + step + 1] <= ships:
        step += 1
    return step if g.capacity[s.row + step] >= quantity else NOTHING


@compiled_into
def _far_fen(g: Grid, group: int, source: int) -> int:
    """Return the price of the distance from source to customer in a straight line."""
    chord = 0.0
    for axis in range(3):
        chord += (g.group_at[group, axis] - g.source_at[source, axis]) ** 2
    km = 2 * EARTH_M / 1000 * np.arcsin(min(1.0, np.sqrt(chord) / 2))
    return int(km * g.proximity_fen / 100)
