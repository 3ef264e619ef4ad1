"""A sourcing problem as arrays: pieces that must come, runs that could bring them, shelves and docks that limit them.

A piece is an order line, or a share of one that no single source could send whole. A group is what is decided
together: the kit of a job, which is complete or nothing, or an order of stock, whose pieces share parcels but not
their fate. A run is one departure of one route, once for each kind of outlet that may fetch by it. A row is a limit:
so many units on a shelf until so long, so many lines at a dock.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.model import DAY_S, ShipMode
from optimizer.parts.cutting import Cutting, Leave, all_there
from optimizer.parts.departures import departures_worth_a_look
from optimizer.parts.fetching import Fetchers, Reached
from optimizer.parts.model import Order, Shelf, Source, Sourcing
from optimizer.search.arrays import CLOCK_KINDS, rate_tables
from optimizer.travel import unit_vectors

__all__ = [
    "GROUP",
    "MODES",
    "NEVER_S",
    "NOTHING",
    "PIECE",
    "RUN",
    "Grid",
    "Laid",
    "Piece",
    "Rows",
    "lay_out",
    "never_s",
]

NOTHING = -1
MODES = tuple(ShipMode)

PIECE = np.dtype(
    [
        ("group", "i4"),
        ("quantity", "i4"),
        ("part_first", "i4"),
        ("part_last", "i4"),
        ("pinned", "i4"),
        ("of", "i4"),
        ("over_quota", "i1"),
        ("twin", "i1"),
        ("line", "i4"),
        ("none_fen", "i8"),
        ("in_time_fen", "i8"),
    ]
)
"""twin: as many units of the same line as the piece before it. in_time_fen: per unit, lost after the group's need."""
GROUP = np.dtype(
    [
        ("first", "i4"),
        ("last", "i4"),
        ("run_first", "i4"),
        ("run_last", "i4"),
        ("own", "i4"),
        ("complete", "i1"),
        ("fast", "i1"),
        ("release", "i1"),
        ("most_sources", "i4"),
        ("clock_first", "i4"),
        ("clock_last", "i4"),
        ("weight", "i8"),
        ("lead", "i8"),
        ("waits_from", "i8"),
        ("needed_by", "i8"),
        ("latest", "i8"),
        ("none_fen", "i8"),
    ]
)
RUN = np.dtype(
    [
        ("route", "i4"),
        ("source", "i4"),
        ("mode", "i4"),
        ("carries", "i4"),
        ("dock", "i4"),
        ("parcel", "i4"),
        ("ships", "i8"),
        ("ready_p50", "i8"),
        ("ready_p90", "i8"),
        ("fen", "i8"),
        ("fen_per_kg", "i8"),
    ]
)
_SHELF = np.dtype([("row", "i4"), ("rows", "i4"), ("floor_row", "i4")])
NEVER_S = 1 << 40


class Grid(NamedTuple):
    """What the kernels see.

    pieces, groups: in the order of the orders. parts: part indices that would do, the one that was asked for first,
    and `weight_g`, `size` (bit of the size class) by part. runs: by destination and who fetches, source and
    departure. shelf_of: (sources, parts) index into `shelves` or NOTHING. shelves: first row, number of rows, first
    of as many rows above the floor (NOTHING without one). row_from: the time from which a row's limit holds. clocks:
    (kind, due). near: (groups, 3) and (sources, 3) unit vectors. bid: fen per unit by shelf. lateness: prices by kind
    of clock. never_s: when what nobody sends is taken to arrive.
    """

    pieces: NDArray[np.void]
    groups: NDArray[np.void]
    parts: NDArray[np.int32]
    weight_g: NDArray[np.int64]
    size: NDArray[np.int32]
    runs: NDArray[np.void]
    shelf_of: NDArray[np.int32]
    shelves: NDArray[np.void]
    bid: NDArray[np.int64]
    row_from: NDArray[np.int64]
    capacity: NDArray[np.int64]
    clocks: NDArray[np.int64]
    group_at: NDArray[np.float64]
    source_at: NDArray[np.float64]
    open: NDArray[np.int8]
    lateness: NDArray[np.void]
    now: int
    never_s: int
    waiting_fen: int
    late_fen_per_hour: int
    sooner_fen_per_hour: int
    release_fen: int
    substitute_fen: int
    over_quota_fen: int
    proximity_fen: int
    consignment_fen: int
    split_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Which units of which line a piece is."""

    order: Order
    line: int
    quantity: int
    over_quota: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What every row limits: (source, part) of a shelf, or (source, mode, departure) of a dock, for those who read."""

    shelves: Sequence[tuple[int, int]]
    docks: Mapping[tuple[int, int, int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """The arrays with what their numbers stand for."""

    grid: Grid
    pieces: Sequence[Piece]
    groups: Sequence[Order]
    rows: Rows


def lay_out(
    asked: Sourcing, over_quota: Iterable[str], bid_fen: Mapping[tuple[str, str], int], leave: Leave = all_there
) -> Laid:
    """Return the problem as arrays.

    Parameters
    ----------
    asked
        The problem.
    over_quota
        Ids of the lines that are over their quota: they give way where stock is short.
    bid_fen
        What a unit is worth to later orders, fen, by source and part id.
    leave
        How many units may leave where: lines are cut along these. The limits are of all that is there in any case.
    """
    part_index = {part.id: i for i, part in enumerate(asked.parts)}
    source_index = {source.id: i for i, source in enumerate(asked.sources)}
    shelf_of, shelves, limits, owners = _shelves(asked.sources, part_index)
    runs, docks, span = _runs(asked, source_index, len(limits))
    limits += [(0, asked.sources[source].dock_lines or 0) for source, _, _ in docks]
    pieces, groups = _pieces(asked, frozenset(over_quota), Cutting(asked, leave))
    tables = _Tables(asked, part_index, source_index, span)
    for piece, order in zip(pieces, groups, strict=True):
        tables.add(order, piece)
    bids = np.array(
        [bid_fen.get((asked.sources[s].id, asked.parts[p].id), 0) for s, p in owners] or [0],
        np.int64,
    )
    grid = Grid(
        pieces=np.array(tables.pieces, PIECE),
        groups=np.array(tables.groups, GROUP),
        parts=np.array(tables.parts, np.int32),
        weight_g=np.array([part.weight_g for part in asked.parts], np.int64),
        size=np.array([1 << list(type(part.size_class)).index(part.size_class) for part in asked.parts], np.int32),
        runs=runs,
        shelf_of=shelf_of,
        shelves=np.array(shelves, _SHELF),
        bid=bids,
        row_from=np.array([since for since, _ in limits], np.int64),
        capacity=np.array([most for _, most in limits], np.int64),
        clocks=np.array(tables.clocks, np.int64).reshape(-1, 2),
        group_at=unit_vectors(np.array([order.position for order in groups], np.float64).reshape(-1, 2)),
        source_at=unit_vectors(np.array([source.position for source in asked.sources], np.float64).reshape(-1, 2)),
        open=np.array([source.open for source in asked.sources], np.int8),
        lateness=rate_tables(asked.tariff, 0)[0],
        now=asked.now_s,
        never_s=never_s(asked),
        waiting_fen=asked.tariff.waiting_fen_per_hour,
        late_fen_per_hour=asked.charges.late_fen_per_hour,
        sooner_fen_per_hour=asked.charges.sooner_fen_per_hour,
        release_fen=asked.charges.release_fen,
        substitute_fen=asked.charges.substitute_fen,
        over_quota_fen=asked.charges.over_quota_fen,
        proximity_fen=asked.charges.proximity_fen_per_100km,
        consignment_fen=asked.charges.consignment_fen,
        split_fen=asked.charges.split_fen,
    )
    flat = [piece for bunch in pieces for piece in bunch]
    return Laid(grid=grid, pieces=flat, groups=groups, rows=Rows(shelves=owners, docks=docks))


def _shelves(
    sources: Sequence[Source], part_index: Mapping[str, int]
) -> tuple[NDArray[np.int32], list[tuple[int, int, int]], list[tuple[int, int]], list[tuple[int, int]]]:
    """Return where each shelf is, its rows, their limits as (from when, units), and whose it is."""
    shelf_of = np.full((max(1, len(sources)), max(1, len(part_index))), NOTHING, np.int32)
    shelves: list[tuple[int, int, int]] = []
    limits: list[tuple[int, int]] = []
    owners: list[tuple[int, int]] = []
    for s, source in enumerate(sources):
        for part_id, shelf in source.shelves.items():
            p = part_index.get(part_id)
            if p is None or (shelf.free <= 0 and not shelf.inbound):
                continue
            shelf_of[s, p] = len(shelves)
            steps = _steps(shelf)
            floor_row = len(limits) + len(steps) if shelf.floor else NOTHING
            shelves.append((len(limits), len(steps), floor_row))
            owners.append((s, p))
            limits += steps
            if shelf.floor:
                limits += [(since, max(0, units - shelf.floor)) for since, units in steps]
    return shelf_of, shelves or [(0, 0, NOTHING)], limits, owners


def _steps(shelf: Shelf) -> list[tuple[int, int]]:
    """Return from when how many units in all may have left a shelf."""
    units = max(0, shelf.free)
    steps = [(-NEVER_S, units)]
    for inbound in sorted(shelf.inbound, key=lambda inbound: inbound.ready_s):
        units += inbound.quantity
        if steps[-1][0] == inbound.ready_s:
            steps[-1] = inbound.ready_s, units
        else:
            steps.append((inbound.ready_s, units))
    return steps


def _runs(
    asked: Sourcing, source_index: Mapping[str, int], first_dock: int
) -> tuple[NDArray[np.void], dict[tuple[int, int, int], int], Mapping[str, tuple[int, int]]]:
    """Return the runs by destination and who fetches, the rows of the docks, and the span of runs of each order."""
    sizes = {size: 1 << i for i, size in enumerate(type(asked.parts[0].size_class))} if asked.parts else {}
    fetchers = Fetchers(asked)
    by_kind: defaultdict[Reached, list[tuple[int, ...]]] = defaultdict(list)
    docks: dict[tuple[int, int, int], int] = {}
    for number, (route, leaving) in enumerate(zip(asked.routes, departures_worth_a_look(asked), strict=True)):
        s = source_index.get(route.source_id)
        if s is None:
            continue
        narrow = asked.sources[s].dock_lines is not None
        mode = MODES.index(route.mode)
        carries = sum(sizes[size] for size in route.carries if size in sizes)
        for ships_s in leaving:
            dock = NOTHING
            if narrow:
                dock = docks.setdefault((s, mode, ships_s), first_dock + len(docks))
            p50, p90 = ships_s + route.transit_p50_s, ships_s + route.transit_p90_s
            run = (number, s, mode, carries, dock, 0, ships_s, p50, p90, route.cost_fen, route.cost_fen_per_kg)
            for kind, outlet_id in fetchers.at(route.to_id).items():
                if route.is_for(outlet_id):
                    by_kind[kind].append(run)
    runs: list[tuple[int, ...]] = []
    span: dict[Reached, tuple[int, int]] = {}
    for kind, bunch in by_kind.items():
        span[kind] = len(runs), len(runs) + len(bunch)
        runs += sorted(bunch, key=lambda run: (run[1], run[6], run[2], run[0]))
    table = np.array(runs, RUN)
    # What leaves one source by one departure of one mode for one place is one parcel, whatever lane's price it pays.
    place = np.repeat(np.arange(len(span)), [last - first for first, last in span.values()])
    keys = np.stack([place, *(table[name].astype(np.int64) for name in ("source", "mode", "ships"))])
    table["parcel"] = np.unique(keys, axis=1, return_inverse=True)[1].reshape(-1) if len(table) else 0
    return table, docks, {order.id: span.get(fetchers.reached(order), (0, 0)) for order in asked.orders}


def never_s(asked: Sourcing) -> int:
    """Return a day after the last arrival by any departure that is known."""
    arrivals = (route.departures_s[-1] + route.transit_p90_s for route in asked.routes if route.departures_s)
    return max(arrivals, default=asked.now_s) + DAY_S


def _pieces(asked: Sourcing, over_quota: frozenset[str], cutting: Cutting) -> tuple[list[list[Piece]], list[Order]]:
    """Return the pieces of each group; a line that no source could send whole is cut."""
    bunches = [
        [
            Piece(order=order, line=number, quantity=quantity, over_quota=line.id in over_quota)
            for number, line in enumerate(order.lines)
            for quantity in cutting.shares(order, line)
        ]
        for order in asked.orders
    ]
    return bunches, list(asked.orders)


class _Tables:
    """The rows of pieces and groups as they come."""

    def __init__(
        self,
        asked: Sourcing,
        part_index: Mapping[str, int],
        source_index: Mapping[str, int],
        span: Mapping[str, tuple[int, int]],
    ) -> None:
        self._asked = asked
        self._part_index = part_index
        self._source_index = source_index
        self._span = span
        self._own = {source.outlet_id: i for i, source in enumerate(asked.sources) if source.outlet_id is not None}
        self.pieces: list[tuple[int, ...]] = []
        self.groups: list[tuple[int, ...]] = []
        self.parts: list[int] = []
        self.clocks: list[tuple[int, int]] = []

    def add(self, order: Order, pieces: Sequence[Piece]) -> None:
        """Add a group and its pieces."""
        asked, first = self._asked, len(self.pieces)
        none_fen, all_none_fen = asked.charges.backorder_fen, 0
        before: Piece | None = None
        for piece in pieces:
            line = order.lines[piece.line]
            parts = [line.part_id, *asked.substitutes.get(line.part_id, ())]
            known = [self._part_index[part] for part in parts if part in self._part_index]
            self.parts += known
            pinned = NOTHING
            if line.pinned_source_id is not None:
                pinned = self._source_index.get(line.pinned_source_id, len(asked.sources))
            # A line over its quota gives way: leaving it costs half of what leaving another one costs.
            left_fen = none_fen // 2 if piece.over_quota else none_fen
            left_fen += line.quantity * line.in_time_fen
            all_none_fen += piece.quantity * -(-left_fen // line.quantity)
            begin = len(self.parts) - len(known)
            self.pieces.append(
                (
                    len(self.groups),
                    piece.quantity,
                    begin,
                    len(self.parts),
                    pinned,
                    line.quantity,
                    piece.over_quota,
                    before is not None and (before.line, before.quantity) == (piece.line, piece.quantity),
                    piece.line,
                    left_fen,
                    line.in_time_fen,
                )
            )
            before = piece
        clock_first = len(self.clocks)
        self.clocks += [
            (CLOCK_KINDS.index(clock.kind), clock.due_s) for clock in order.clocks if clock.kind in CLOCK_KINDS
        ]
        run_first, run_last = self._span[order.id]
        self.groups.append(
            (
                first,
                len(self.pieces),
                run_first,
                run_last,
                self._own.get(order.own_outlet_id or "", NOTHING),
                order.job_id is not None,
                order.urgent and order.waiting,
                asked.may_have_reserve(order),
                order.most_sources,
                clock_first,
                len(self.clocks),
                asked.tariff.weight_percent[order.customer_class],
                order.lead_s,
                order.ordered_s if order.waiting else NEVER_S,
                NEVER_S if order.needed_by_s is None else order.needed_by_s,
                NEVER_S if order.latest_s is None else order.latest_s,
                all_none_fen,
            )
        )
