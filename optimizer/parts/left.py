"""What the promises leave on shelves and at docks."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.model import ShipMode
from optimizer.parts.drawing import draws_of
from optimizer.parts.grid import MODES, NEVER_S, NOTHING, Laid
from optimizer.parts.model import Dispatch, Order, Shelf, Source, Sourced, Sourcing
from optimizer.parts.ways import Ways

__all__ = ["Departed", "Taken", "fitting", "left_above", "left_of", "taken_by"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """Units that leave a shelf at a time; below_floor of them may be of the reserve."""

    ships_s: int
    units: int
    below_floor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What is promised: units by (source, part) and departure, and order lines by (source, mode, departure)."""

    shelves: defaultdict[tuple[str, str], dict[int, Departed]] = field(default_factory=lambda: defaultdict(dict))
    docks: defaultdict[tuple[str, ShipMode, int], int] = field(default_factory=lambda: defaultdict(int))

    def gone(self, source_id: str, part_id: str) -> Collection[Departed]:
        """Return what leaves a shelf, by departure."""
        return self.shelves.get((source_id, part_id), _NOTHING).values()

    def leave(self, source: Source, part_id: str, mode: ShipMode | None, ships_s: int, releases: bool) -> int:
        """Return how many units may leave by a departure beside all that is promised (`optimizer.parts.cutting`)."""
        lines = self.docks.get((source.id, mode, ships_s), 0) if mode is not None else 0
        if mode is not None and source.dock_lines is not None and lines >= source.dock_lines:
            return 0
        shelf = source.shelves[part_id]
        known = shelf.with_reserve if releases else shelf
        return left_above(known, self.gone(source.id, part_id), ships_s)

    def take(self, source_id: str, part_id: str, gone: Departed) -> None:
        """Add units that leave a shelf."""
        shelf = self.shelves[source_id, part_id]
        before = shelf.get(gone.ships_s, _NONE)
        shelf[gone.ships_s] = Departed(
            ships_s=gone.ships_s,
            units=gone.units + before.units,
            below_floor=gone.below_floor + before.below_floor,
        )

    def add(self, order: Order, dispatches: Iterable[Dispatch], sources: Mapping[str, Source], times: int = 1) -> None:
        """Add what an order takes; times: −1 gives it back."""
        for dispatch in dispatches:
            gone = Departed(
                ships_s=dispatch.ships_s, units=times * dispatch.quantity, below_floor=times * dispatch.below_floor
            )
            self.take(dispatch.source_id, dispatch.part_id, gone)
            if not sources[dispatch.source_id].lies_with(order):
                self.docks[dispatch.source_id, dispatch.mode, dispatch.ships_s] += times


_NONE = Departed(ships_s=0, units=0, below_floor=0)
_NOTHING: dict[int, Departed] = {}


def taken_by(asked: Sourcing, sourced: Sourced) -> Taken:
    """Return what all answers take."""
    taken = Taken()
    sources = {source.id: source for source in asked.sources}
    orders = {order.id: order for order in asked.orders}
    for answer in sourced.answers:
        taken.add(orders[answer.order_id], answer.dispatches, sources)
    return taken


def left_of(asked: Sourcing, laid: Laid, taken: Taken) -> NDArray[np.int64]:
    """Return by row what is left at its step alone; what may leave then is the least of it and of all later steps."""
    g = laid.grid
    left = g.capacity.copy()
    for number, (s, p) in enumerate(laid.rows.shelves):
        gone = taken.gone(asked.sources[s].id, asked.parts[p].id)
        if not gone:
            continue
        shelf = g.shelves[number]
        first, rows, floor_row = int(shelf["row"]), int(shelf["rows"]), int(shelf["floor_row"])
        begins = g.row_from[first : first + rows].tolist()
        for some in gone:
            step = bisect_right(begins, some.ships_s) - 1
            left[first + step : first + rows] -= some.units
            if floor_row != NOTHING:
                left[floor_row + step : floor_row + rows] -= some.units - some.below_floor
    for (s, mode, ships_s), row in laid.rows.docks.items():
        left[row] -= taken.docks.get((asked.sources[s].id, MODES[mode], ships_s), 0)
    return left


def left_above(shelf: Shelf, gone: Collection[Departed], ships_s: int) -> int:
    """Return how many units may leave a shelf at a time, the reserve and what is promised for later kept."""
    if not shelf.inbound:
        units, below = sum(some.units for some in gone), sum(some.below_floor for some in gone)
        there = max(0, shelf.free)
        return max(0, min(there - units, max(0, there - shelf.floor) - units + below))
    times = {ships_s, *(some.ready_s for some in shelf.inbound), *(some.ships_s for some in gone)}
    least = NEVER_S
    for time_s in times:
        if time_s < ships_s:
            continue
        there = max(0, shelf.free) + sum(some.quantity for some in shelf.inbound if some.ready_s <= time_s)
        departed = [some for some in gone if some.ships_s <= time_s]
        units = sum(some.units for some in departed)
        above = units - sum(some.below_floor for some in departed)
        least = min(least, there - units, max(0, there - shelf.floor) - above)
    return max(0, least)


def fitting(ways: Ways, left: NDArray[np.int64]) -> Ways:
    """Return the ways for which there is enough left."""
    draws = draws_of(ways)
    short = np.zeros(len(ways.rows), bool)
    short[draws.way[draws.amount > left[draws.row]]] = True
    rows = ways.rows[~short]
    return Ways(rows=rows, first=np.searchsorted(rows["piece"], np.arange(len(ways.first))))
