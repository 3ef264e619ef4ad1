"""Every way in which every piece could come: which run from which shelf, and what it costs by itself."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.model import ShipMode, SizeClass
from optimizer.parts.grid import MODES, NEVER_S, NOTHING, Grid
from optimizer.search.compiled import compiled, compiled_into
from optimizer.search.schedule import late_fen
from optimizer.travel import EARTH_M

__all__ = ["OWN", "WAY", "Ways", "every_way", "far_fen", "lay_ways"]

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
_FOUND = np.dtype([("piece", "i4"), ("part", "i4"), ("run", "i4"), ("shelf", "i4"), ("step", "i4"), ("fallback", "i1")])

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


def lay_ways(g: Grid) -> Ways:
    """Return all ways worth a thought, and set the prices of going without in `pieces` and `groups`.

    For an order of one piece only the cheapest run from each step of each shelf; for others all runs, since their
    lines may share a parcel. What is dearer than going without is left out.
    """
    _price_none(g)
    rows = _cheapest_runs(g, every_way(g))
    rows = rows[np.lexsort((rows["run"], rows["fen"] + rows["late"], rows["piece"]))]
    return Ways(rows=rows, first=np.searchsorted(rows["piece"], np.arange(len(g.pieces) + 1)))


def every_way(g: Grid) -> NDArray[np.void]:
    """Return all ways in no order, also those that are in no best answer."""
    counts = np.zeros(len(g.pieces) + 1, np.int64)
    _find(g, np.zeros(1, _FOUND), counts, False)
    begins = np.append(0, np.cumsum(counts[:-1]))
    found = np.zeros(int(begins[-1]), _FOUND)
    _find(g, found, begins.copy(), True)
    return _priced(g, found)


@compiled_into
def _late_of(g: Grid, group: int, ready: int) -> int:
    """Return the price of a group's being there at a time: its job's clocks and waiting, and hours past the need."""
    o = g.groups[group]
    fen = 0
    for c in range(o.clock_first, o.clock_last):
        fen += o.weight * late_fen(g, g.clocks[c, 0], ready + o.lead - g.clocks[c, 1]) // 100  # type: ignore[arg-type]
    if o.waits_from < NEVER_S:
        fen += o.weight * (max(0, ready + o.lead - o.waits_from) * g.waiting_fen // 3600) // 100
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
def _price_late(g: Grid, rows: NDArray[np.void]) -> None:
    for i in range(len(rows)):
        rows[i].late = _late_of(g, g.pieces[rows[i].piece].group, rows[i].ready)


@compiled
def _find(g: Grid, found: NDArray[np.void], next_: NDArray[np.int64], fill: bool) -> None:
    """Count the ways of each piece into `next_`, or write them from there on."""
    for piece in range(len(g.pieces)):
        p = g.pieces[piece]
        o = g.groups[p.group]
        allowed = _allowed_modes(g, piece)
        for option in range(p.part_first, p.part_last):
            part = g.parts[option]
            # The outlet's own shelf comes as one more run before the first.
            for run in range(o.run_first - 1, o.run_last):
                own = run < o.run_first
                source = o.own if own else g.runs[run].source
                if source == NOTHING or (not own and source == o.own) or not _may_send(g, piece, source, part):
                    continue
                if not own and (allowed >> g.runs[run].mode & 1 == 0 or g.runs[run].carries & g.size[part] == 0):
                    continue
                step = _step(g, g.shelf_of[source, part], g.now if own else g.runs[run].ships, p.quantity)
                if step == NOTHING:
                    continue
                if fill:
                    row = found[next_[piece]]
                    row.piece, row.part, row.step, row.run = piece, part, step, OWN if own else run
                    row.shelf, row.fallback = g.shelf_of[source, part], 0
                    if not own and o.fast == 1 and _FAST >> g.runs[run].mode & 1 == 0:
                        row.fallback = 1
                next_[piece] += 1


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


def _priced(g: Grid, found: NDArray[np.void]) -> NDArray[np.void]:
    """Return the ways of what was found, with their rows and prices; a way to the units below a floor is one more."""
    own = found["run"] == OWN
    run = g.runs[np.where(own, 0, found["run"])] if len(g.runs) else np.zeros(len(found), g.runs.dtype)
    piece, shelf = g.pieces[found["piece"]], g.shelves[found["shelf"]]
    group = g.groups[piece["group"]]
    rows = np.zeros(len(found), WAY)
    for name in ("piece", "part", "run", "fallback"):
        rows[name] = found[name]
    rows["quantity"] = piece["quantity"]
    rows["source"] = np.where(own, group["own"], run["source"])
    rows["row"], rows["last_row"] = shelf["row"] + found["step"], shelf["row"] + shelf["rows"] - 1
    rows["floor_row"] = np.where(shelf["floor_row"] == NOTHING, NOTHING, shelf["floor_row"] + found["step"])
    rows["last_floor_row"] = np.where(
        shelf["floor_row"] == NOTHING, NOTHING - 1, shelf["floor_row"] + shelf["rows"] - 1
    )
    rows["dock"] = np.where(own, NOTHING, run["dock"])
    rows["parcel"] = np.where(own, OWN, run["parcel"])
    weight = rows["quantity"] * g.weight_g[rows["part"]]
    rows["freight"] = np.where(own, 0, run["fen"] + weight * run["fen_per_kg"] // 1000)
    rows["ready"] = np.where(own, g.now, run["ready_p90"])
    asked = g.parts[piece["part_first"]]
    rows["fen"] = rows["freight"] + np.where(rows["part"] == asked, 0, g.substitute_fen)
    rows["fen"] += np.where(piece["over_quota"] == 1, rows["quantity"] * g.over_quota_fen, 0)
    rows["fen"] += rows["quantity"] * g.bid[found["shelf"]] + np.where(
        own, 0, far_fen(g, piece["group"], rows["source"])
    )
    _price_late(g, rows)
    released = rows[(rows["floor_row"] != NOTHING) & (group["release"] == 1)].copy()
    released["fen"] += released["quantity"] * g.release_fen
    released["floor_row"], released["last_floor_row"], released["below_floor"] = NOTHING, NOTHING - 1, 1
    filled = rows[(rows["floor_row"] == NOTHING) | (g.capacity[rows["floor_row"]] >= rows["quantity"])]
    return np.concatenate((filled, released))


def far_fen(g: Grid, group: NDArray[np.int32], source: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the price of the distance from source to customer in a straight line."""
    chord = np.linalg.norm(g.group_at[group] - g.source_at[source], axis=1)
    km = 2 * EARTH_M / 1000 * np.arcsin(np.minimum(1.0, chord / 2))
    far: NDArray[np.int64] = (km * g.proximity_fen / 100).astype(np.int64)
    return far


def _cheapest_runs(g: Grid, rows: NDArray[np.void]) -> NDArray[np.void]:
    """Return the ways less those that can be in no best answer."""
    group = g.groups[g.pieces["group"][rows["piece"]]]
    alone = group["last"] - group["first"] == 1
    none_fen = np.where(group["complete"] == 1, group["none_fen"], g.pieces["none_fen"][rows["piece"]])
    rows, alone = (some[rows["fen"] + rows["late"] < none_fen] for some in (rows, alone))
    order = np.lexsort((rows["run"], rows["fen"] + rows["late"], rows["below_floor"], rows["row"], rows["piece"]))
    rows, alone = rows[order], alone[order]
    same = np.ones(len(rows), bool)
    for name in ("piece", "row", "below_floor"):
        same[1:] &= rows[name][1:] == rows[name][:-1]
    same[:1] = False
    kept: NDArray[np.void] = rows[~(same & alone & (rows["dock"] == NOTHING))]
    return kept
