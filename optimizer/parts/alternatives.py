"""Every other way for every dispatch, weighed: does it fit into what everybody else leaves, and what would it change?

One change at a time, all else as it is. The change is priced exactly: what the way costs by itself, the lateness of
the order (a kit's once, at its last line), parcels and sources that it opens or closes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.model import ShipMode
from optimizer.parts.drawing import draws_of
from optimizer.parts.grid import MODES, NEVER_S, NOTHING, Grid, Laid, lay_out
from optimizer.parts.helping import latest_s
from optimizer.parts.left import Taken, left_of
from optimizer.parts.model import Dispatch, Order, OrderLine, Sourced, SourceKind, Sourcing
from optimizer.parts.price import late_fen, lost_fen
from optimizer.parts.ways import OWN, Ways, every_way, far_fen

__all__ = ["NO_WAY", "Item", "Looked", "Weighed", "nearest_sources", "weigh"]

GROUPS_AT_ONCE = 1_000
MOST_TOLD = 2
_LOOKED_AT = 3 * MOST_TOLD
"""A way and the same way into the reserve count as one, and the present one does not count."""
NO_WAY = 1 << 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Units of a line that come together, or do not come (dispatch None)."""

    order: Order
    line: OrderLine
    quantity: int
    dispatch: Dispatch | None


class Looked(NamedTuple):
    """What was found of the ways from the nearest source: how many pass each test, and the best that passes all.

    best_ready_s: when that one is there at its p90, the soonest of those that cost the same.
    """

    ways: int
    in_stock: int
    docked: int
    fitting: int
    best_fen: int
    best_ready_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The best other ways of an item, with the difference of cost each makes; nearest: its index, NOTHING for none.

    in_time: of all other ways of an item that comes too late the cheapest that is in time, and then that from a source
    more than its order may have: what else is late may come from there as well. beyond: of units that do not come, the
    best ways that would make one source more than the order may have, where there are no others.
    """

    item: Item
    others: tuple[tuple[Dispatch, int], ...]
    in_time: tuple[Dispatch, ...]
    nearest: int
    looked: Looked
    beyond: tuple[tuple[Dispatch, int], ...] = ()


class _Way(NamedTuple):
    """A way in plain numbers; ships from now."""

    source: int
    mode: int
    ships: int
    part: int
    p50: int
    ready: int
    freight: int
    below_floor: int
    fallback: int


class _Present(NamedTuple):
    """How every item comes now, (items,) each: NOTHING in source for items that do not come."""

    source: NDArray[np.int64]
    mode: NDArray[np.int64]
    part: NDArray[np.int64]
    ships: NDArray[np.int64]
    fen: NDArray[np.int64]
    late: NDArray[np.int64]
    quantity: NDArray[np.int64]
    below: NDArray[np.int64]
    movable: NDArray[np.bool_]


def weigh(
    asked: Sourcing, sourced: Sourced, taken: Taken, over_quota: frozenset[str], never_s: int | None = None
) -> list[Weighed]:
    """Return every item of every line, in order, with its best other ways.

    Parameters
    ----------
    asked
        The problem.
    sourced
        Its answers.
    taken
        What all promises take, those of `sourced` among them.
    over_quota
        Ids of the lines over their quota.
    never_s
        When what nobody sends is taken to arrive, None for as the problem says by itself.
    """
    items = _items(asked, sourced)
    laid, item_of = _lay_items(asked, items, over_quota, sourced)
    if not items:
        return []
    if never_s is not None:
        laid = replace(laid, grid=laid.grid._replace(never_s=never_s))
    groups = _group_of_item(items)
    present = _present(asked, laid.grid, items, sourced, over_quota)
    left = left_of(asked, laid, taken)
    nearest = nearest_sources(asked, laid.grid)
    others: list[list[tuple[Dispatch, int]]] = [[] for _ in items]
    beyond: list[list[tuple[Dispatch, int]]] = [[] for _ in items]
    in_time: list[list[Dispatch]] = [[] for _ in items]
    latest = _latest(items)
    looked = [Looked(0, 0, 0, 0, NO_WAY)] * len(items)
    order_facts = _OrderFacts(laid.grid, groups, present)
    for grid, first_piece in _parts_of(laid.grid):
        ways = every_way(grid)
        item = item_of[ways["piece"] + first_piece]
        rows = _Rows(laid.grid, ways[item != NOTHING], item[item != NOTHING], present)
        in_stock, docked = rows.fits(left)
        split, change = order_facts.changes(rows, laid.grid)
        fits = in_stock & docked & split & present.movable[rows.item]
        other = fits & ~rows.same()
        for number, way, fen in rows.best(other, change, MOST_TOLD):
            others[number].append((_dispatch(asked, items[number], way), fen))
        unsent = present.source[rows.item] == NOTHING
        for number, way, fen in rows.best(
            in_stock & docked & ~split & unsent & present.movable[rows.item], change, MOST_TOLD
        ):
            beyond[number].append((_dispatch(asked, items[number], way), fen))
        soon = (rows.table["ready"] <= latest[rows.item]) & present.movable[rows.item] & ~rows.same()
        for enough in (fits, in_stock & docked):
            for number, way, _ in rows.best(soon & enough, change, 1):
                in_time[number].append(_dispatch(asked, items[number], way))
        near = rows.table["source"] == nearest[rows.group]
        for number, some in rows.tally(near, (in_stock, in_stock & docked, fits), change):
            looked[number] = some
    return [
        Weighed(
            item=item,
            others=tuple(others[number]),
            in_time=tuple(in_time[number]),
            nearest=int(nearest[groups[number]]),
            looked=looked[number],
            beyond=() if others[number] else tuple(beyond[number]),
        )
        for number, item in enumerate(items)
    ]


def nearest_sources(asked: Sourcing, g: Grid) -> NDArray[np.int64]:
    """Return by group the nearest warehouse in a straight line, NOTHING without any; other shops do not count."""
    able = [i for i, source in enumerate(asked.sources) if source.kind is SourceKind.WAREHOUSE] or [
        i for i, source in enumerate(asked.sources) if source.kind is not SourceKind.OUTLET
    ]
    if not able:
        return np.full(len(g.groups), NOTHING, np.int64)
    near: NDArray[np.int64] = np.array(able, np.int64)[np.argmax(g.group_at @ g.source_at[able].T, axis=1)]
    return near


def _items(asked: Sourcing, sourced: Sourced) -> list[Item]:
    answers = {answer.line_id: answer for answer in sourced.answers}
    items = []
    for order in asked.orders:
        for line in order.lines:
            missing = line.quantity
            for dispatch in answers[line.id].dispatches:
                items.append(Item(order=order, line=line, quantity=dispatch.quantity, dispatch=dispatch))
                missing -= dispatch.quantity
            if missing > 0:
                items.append(Item(order=order, line=line, quantity=missing, dispatch=None))
    return items


def _lay_items(
    asked: Sourcing, items: Sequence[Item], over_quota: frozenset[str], sourced: Sourced
) -> tuple[Laid, NDArray[np.int64]]:
    """Return a problem in which every item is a line, and the item of each piece, NOTHING for a share of one."""
    lines: dict[str, list[OrderLine]] = {order.id: [] for order in asked.orders}
    first: dict[str, int] = {}
    over = []
    for number, item in enumerate(items):
        first.setdefault(item.order.id, number)
        lines[item.order.id].append(replace(item.line, id=f"{number}", quantity=item.quantity))
        if item.line.id in over_quota:
            over.append(f"{number}")
    orders = tuple(replace(order, lines=tuple(lines[order.id])) for order in asked.orders if lines[order.id])
    laid = lay_out(replace(asked, orders=orders), over, sourced.bid_fen)
    item_of = np.array(
        [
            number if items[number].quantity == piece.quantity else NOTHING
            for piece in laid.pieces
            for number in (first[piece.order.id] + piece.line,)
        ],
        np.int64,
    )
    return laid, item_of


def _latest(items: Sequence[Item]) -> NDArray[np.int64]:
    """Return when each item that comes too late would have to be there, a time long past for any other."""
    return np.array(
        [
            latest
            if item.dispatch is not None and latest is not None and item.dispatch.ready_p90_s > latest
            else -NEVER_S
            for item in items
            for latest in (latest_s(item.order),)
        ],
        np.int64,
    )


def _group_of_item(items: Sequence[Item]) -> NDArray[np.int64]:
    """Return the group of each item: orders are counted as they come."""
    number = {order_id: k for k, order_id in enumerate(dict.fromkeys(item.order.id for item in items))}
    return np.array([number[item.order.id] for item in items], np.int64)


def _present(asked: Sourcing, g: Grid, items: Sequence[Item], sourced: Sourced, over_quota: frozenset[str]) -> _Present:
    sources = {source.id: number for number, source in enumerate(asked.sources)}
    parts = {part.id: number for number, part in enumerate(asked.parts)}
    rows = []
    lines: dict[str, int] = {}
    for item in items:
        lines[item.order.id] = lines.get(item.order.id, 0) + 1
    for item in items:
        one = item.dispatch
        if one is None:
            kit = item.order.job_id is not None
            # A kit is sent or not: one line more of it changes nothing unless it is the only one.
            movable = not kit or lines[item.order.id] == 1
            fen = _none_fen(asked, g, item, over_quota)
            rows.append((NOTHING, 0, NOTHING, 0, fen, 0, item.quantity, 0, movable))
            continue
        source = sources[one.source_id]
        fen = one.cost_fen + one.below_floor * asked.charges.release_fen
        fen += one.quantity * sourced.bid_fen.get((one.source_id, one.part_id), 0)
        fen += 0 if one.part_id == item.line.part_id else asked.charges.substitute_fen
        fen += one.quantity * asked.charges.over_quota_fen if item.line.id in over_quota else 0
        fen += lost_fen(item.order, item.line, one.quantity, one.ready_p90_s)
        late = late_fen(asked, item.order, one.ready_p90_s)
        rows.append(
            (
                source,
                MODES.index(one.mode),
                parts[one.part_id],
                one.ships_s - asked.now_s,
                fen,
                late,
                one.quantity,
                one.below_floor,
                True,
            )
        )
    table = np.array(rows, np.int64)
    columns = [table[:, k].copy() for k in range(8)]
    present = _Present(*columns, movable=table[:, 8] == 1)  # type: ignore[arg-type, misc]
    here = np.array(
        [
            one is not None and asked.sources[sources[one.source_id]].lies_with(item.order)
            for item in items
            for one in (item.dispatch,)
        ],
        bool,
    )
    far = far_fen(g, _group_of_item(items), np.maximum(present.source, 0))  # type: ignore[arg-type]
    present.fen[:] += np.where(here | (present.source == NOTHING), 0, far)
    return present


def _none_fen(asked: Sourcing, g: Grid, item: Item, over_quota: frozenset[str]) -> int:
    """Return what it costs that these units do not come; a kit is late once."""
    late = late_fen(asked, item.order, g.never_s)
    left_fen = asked.charges.backorder_fen // (2 if item.line.id in over_quota else 1)
    left_fen += item.line.quantity * item.line.in_time_fen
    if item.order.job_id is not None:
        return item.quantity * -(-left_fen // item.line.quantity) + late
    return item.quantity * -(-(left_fen + late) // item.line.quantity)


def _parts_of(g: Grid) -> Iterator[tuple[Grid, int]]:
    """Yield the problem some groups at a time, each with the number of its first piece: ways take room."""
    for begin in range(0, len(g.groups), GROUPS_AT_ONCE):
        groups = g.groups[begin : begin + GROUPS_AT_ONCE].copy()
        first, last = int(groups["first"][0]), int(groups["last"][-1])
        pieces = g.pieces[first:last].copy()
        pieces["group"] -= begin
        groups["first"] -= first
        groups["last"] -= first
        group_at = g.group_at[begin : begin + GROUPS_AT_ONCE]
        yield g._replace(pieces=pieces, groups=groups, group_at=group_at), first


class _Rows:
    """Ways of some items beside how these come now."""

    def __init__(self, g: Grid, table: NDArray[np.void], item: NDArray[np.int64], present: _Present) -> None:
        self.g, self.table, self.item, self.present = g, table, item, present
        self.own = self.table["run"] == OWN
        run = g.runs[np.where(self.own, 0, self.table["run"])] if len(g.runs) else np.zeros(len(item), g.runs.dtype)
        self.mode = np.where(self.own, MODES.index(ShipMode.PICKUP), run["mode"]).astype(np.int64)
        self.ships = np.where(self.own, 0, run["ships"] - g.now).astype(np.int64)
        self.p50 = np.where(self.own, g.now, run["ready_p50"]).astype(np.int64)
        self.group = np.zeros(len(item), np.int64)

    def same(self) -> NDArray[np.bool_]:
        """Say which rows are how their item comes now."""
        p, item = self.present, self.item
        same = (p.source[item] == self.table["source"]) & (p.part[item] == self.table["part"])
        result: NDArray[np.bool_] = same & (p.mode[item] == self.mode) & (p.ships[item] == self.ships)
        return result

    def fits(self, left: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Say which rows have their units, and which a place at their dock, once their item has given back its own."""
        draws = draws_of(Ways(rows=self.table, first=np.zeros(1, np.int64)))
        way, row = draws.way, draws.row
        item = self.item[way]
        p = self.present
        same_shelf = (p.source[item] == self.table["source"][way]) & (p.part[item] == self.table["part"][way])
        dock = row == self.table["dock"][way]
        above = ~dock & (row > self.table["last_row"][way])
        last = np.where(above, self.table["last_floor_row"][way], self.table["last_row"][way])
        # What an item takes now it takes from the step on in which it leaves.
        begins_after = np.where(row < last, self.g.row_from[np.minimum(row + 1, last)], NEVER_S)
        taking = same_shelf & (begins_after > p.ships[item] + self.g.now)
        back = np.where(taking, p.quantity[item] - np.where(above, p.below[item], 0), 0)
        back = np.where(dock, self._same_dock(way), back)
        short = draws.amount > left[row] + back
        lacks, full = np.zeros(len(self.table), bool), np.zeros(len(self.table), bool)
        lacks[way[short & ~dock]] = True
        full[way[short & dock]] = True
        return ~lacks, ~full

    def _same_dock(self, way: NDArray[np.int64]) -> NDArray[np.int64]:
        p, item = self.present, self.item[way]
        same = (p.source[item] == self.table["source"][way]) & (p.mode[item] == self.mode[way])
        result: NDArray[np.int64] = (same & (p.ships[item] == self.ships[way])).astype(np.int64)
        return result

    def best(self, fits: NDArray[np.bool_], change: NDArray[np.int64], most: int) -> Iterator[tuple[int, _Way, int]]:
        """Yield (item, way, change) of the cheapest ways of each item; one and the same into the reserve count once."""
        rows = np.flatnonzero(fits)
        rows = rows[np.lexsort((self.table["ready"][rows], change[rows], self.item[rows]))]
        item = self.item[rows]
        rows = rows[np.arange(len(rows)) - np.searchsorted(item, item) < _LOOKED_AT]
        table = self.table[rows]
        columns = (table["source"], self.mode[rows], self.ships[rows], table["part"], self.p50[rows], table["ready"])
        ways = [*columns, table["freight"], table["below_floor"], table["fallback"]]
        told: dict[int, set[tuple[int, ...]]] = {}
        for number, fen, *values in zip(
            *(column.tolist() for column in (self.item[rows], change[rows], *ways)), strict=True
        ):
            way = _Way(*values)
            known = told.setdefault(number, set())
            if way[:4] not in known and len(known) < most:
                known.add(way[:4])
                yield number, way, fen

    def tally(
        self, near: NDArray[np.bool_], passed: Sequence[NDArray[np.bool_]], change: NDArray[np.int64]
    ) -> Iterator[tuple[int, Looked]]:
        """Yield for each item how many of these rows pass each test, and the best that fits."""
        items, place = np.unique(self.item[near], return_inverse=True)
        counts = [np.bincount(place, minlength=len(items))]
        counts += [np.bincount(place, some[near], minlength=len(items)).astype(np.int64) for some in passed]
        best = np.full(len(items), NO_WAY, np.int64)
        np.minimum.at(best, place, np.where(passed[-1][near], change[near], NO_WAY))
        is_best = passed[-1][near] & (change[near] == best[place])
        ready = np.full(len(items), NO_WAY, np.int64)
        np.minimum.at(ready, place, np.where(is_best, self.table["ready"][near], NO_WAY))
        for number, item in enumerate(items.tolist()):
            ways, in_stock, docked, fitting = (int(count[number]) for count in counts)
            yield item, Looked(ways, in_stock, docked, fitting, int(best[number]), int(ready[number]))


class _OrderFacts:
    """What the other items of each item's order amount to."""

    def __init__(self, g: Grid, group: NDArray[np.int64], present: _Present) -> None:
        self.present, self.group = present, group
        sent = present.source != NOTHING
        self.parcel = _code(self.group, present.source, present.mode, present.ships)
        self.place = _code(self.group, present.source, 0, 0)
        self.parcels, self.parcel_uses = np.unique(self.parcel[sent], return_counts=True)
        self.places, self.place_uses = np.unique(self.place[sent], return_counts=True)
        self.place_count = np.bincount(self.places >> _GROUP_BITS, minlength=len(g.groups))
        latest = np.zeros(len(g.groups), np.int64)
        np.maximum.at(latest, self.group[sent], present.late[sent])
        is_latest = sent & (present.late == latest[self.group])
        several = np.bincount(self.group[is_latest], minlength=len(g.groups)) > 1
        second = np.zeros(len(g.groups), np.int64)
        rest = sent & ~is_latest
        np.maximum.at(second, self.group[rest], present.late[rest])
        self.others_late = np.where(is_latest & ~several[self.group], second[self.group], latest[self.group])

    def changes(self, rows: _Rows, g: Grid) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Return which rows keep to the most sources of their order, and what each would change, in fen."""
        item, p = rows.item, self.present
        group = rows.group = self.group[item]
        order = g.groups[group]
        sent = p.source[item] != NOTHING
        parcel = _code(group, rows.table["source"], rows.mode, rows.ships)
        place = _code(group, rows.table["source"], 0, 0)
        closed = sent & (_uses(self.parcels, self.parcel_uses, self.parcel[item]) == 1)
        opened = _uses(self.parcels, self.parcel_uses, parcel) - (sent & (parcel == self.parcel[item])) == 0
        left = sent & (_uses(self.places, self.place_uses, self.place[item]) == 1)
        joined = _uses(self.places, self.place_uses, place) - (sent & (place == self.place[item])) == 0
        now = self.place_count[group]
        then = now - left + joined
        late = rows.table["late"] - p.late[item]
        kit = np.maximum(self.others_late[item], rows.table["late"]) - np.maximum(self.others_late[item], p.late[item])
        change = rows.table["fen"] - p.fen[item] + np.where(order["complete"] == 1, kit, late)
        change += g.consignment_fen * (opened.astype(np.int64) - closed)
        change += g.split_fen * (np.maximum(0, then - 1) - np.maximum(0, now - 1))
        return then <= np.maximum(1, order["most_sources"]), change


_GROUP_BITS = 45


def _code(
    group: NDArray[np.int64], source: NDArray[np.int64], mode: NDArray[np.int64] | int, ships: NDArray[np.int64] | int
) -> NDArray[np.int64]:
    """Return one number per group, source, mode and departure: up to 2¹⁷ groups, 2¹⁶ sources, 2²⁷ seconds."""
    place: NDArray[np.int64] = (group << _GROUP_BITS) + ((source.astype(np.int64) + 1) << 29)
    return place + np.asarray(ships << 2, np.int64) + np.asarray(mode, np.int64)


def _uses(known: NDArray[np.int64], uses: NDArray[np.int64], code: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often each code is used."""
    if not len(known):
        return np.zeros(len(code), np.int64)
    at = np.minimum(np.searchsorted(known, code), len(known) - 1)
    return np.where(known[at] == code, uses[at], 0)


def _dispatch(asked: Sourcing, item: Item, way: _Way) -> Dispatch:
    return Dispatch(
        line_id=item.line.id,
        order_id=item.order.id,
        part_id=asked.parts[way.part].id,
        quantity=item.quantity,
        source_id=asked.sources[way.source].id,
        mode=MODES[way.mode],
        ships_s=way.ships + asked.now_s,
        ready_p50_s=way.p50,
        ready_p90_s=way.ready,
        cost_fen=way.freight,
        below_floor=item.quantity if way.below_floor else 0,
        bulky_fallback=bool(way.fallback),
    )
