"""Who waits for stock still to arrive, and when what is not sent could come, all promises kept."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from optimizer.model import ShipMode
from optimizer.parts.left import Taken, left_above
from optimizer.parts.model import Dispatch, Order, OrderLine, Route, Shelf, Source, Sourcing
from optimizer.ship_modes import is_bulky, lawful_modes

__all__ = ["Expecting", "waiting_for_stock"]


Eta = tuple[int, int]
"""p50 and p90, in seconds."""
_Arrival = tuple[int, int, tuple[str, str], int]
"""p90 and p50, in seconds, the source and part, and the units that it has left by then."""


def waiting_for_stock(
    sources: Iterable[Source], dispatches: Iterable[Dispatch], taken: Taken | None = None
) -> set[Dispatch]:
    """Return the dispatches that need stock still to arrive: what is on hand goes to those that leave first.

    taken: what is promised to others, who have what is on hand before them.
    """
    shelves = {(source.id, part_id): shelf for source in sources for part_id, shelf in source.shelves.items()}
    used: dict[tuple[str, str], int] = {}
    waiting = set()
    for dispatch in sorted(dispatches, key=lambda one: one.ships_s):
        key = dispatch.source_id, dispatch.part_id
        shelf = shelves[key]
        if key not in used:
            used[key] = sum(some.units for some in taken.gone(*key)) if taken is not None else 0
        arrived = any(inbound.ready_s <= dispatch.ships_s for inbound in shelf.inbound)
        if arrived and used[key] + dispatch.quantity > max(0, shelf.free):
            waiting.add(dispatch)
        else:
            used[key] += dispatch.quantity
    return waiting


class Expecting:
    """Looks for what is left in one problem; taken has everybody's promises, and does not change from then on."""

    def __init__(self, asked: Sourcing, taken: Taken) -> None:
        self.asked, self.taken = asked, taken
        # Thousands of lines that are not sent ask for the same few shelves, each line several times.
        self._left: dict[tuple[str, str, int, bool], int] = {}
        self._carrying: dict[tuple[str, str], Sequence[tuple[str, Shelf, Route]]] = {}
        self._left_next: dict[tuple[str, str], int] = {}
        self._coming: dict[tuple[str, str], Sequence[_Arrival]] = {}
        self.parts = {part.id: part for part in asked.parts}
        self.holders: defaultdict[str, list[tuple[Source, Shelf]]] = defaultdict(list)
        for source in asked.sources:
            for part_id, shelf in source.shelves.items():
                self.holders[part_id].append((source, shelf))
        self.routes: defaultdict[tuple[str, str], list[Route]] = defaultdict(list)
        for route in asked.routes:
            if route.departures_s:
                self.routes[route.source_id, route.to_id].append(route)

    def holding(self, order: Order, line: OrderLine) -> list[tuple[str, Source, Shelf]]:
        """Return the shelves that a line may come from: open, not the outlet's own, the pinned one where one is."""
        return [
            (part_id, source, shelf)
            for part_id in (line.part_id, *self.asked.substitutes.get(line.part_id, ()))
            for source, shelf in self.holders.get(part_id, ())
            if source.open and line.pinned_source_id in (None, source.id)
            if not source.lies_with(order)
        ]

    def carrying(self, order: Order, line: OrderLine) -> Sequence[tuple[str, Shelf, Route]]:
        """Return by which lanes a line may travel, and from which shelf."""
        key = order.id, line.id
        if key not in self._carrying:
            self._carrying[key] = self._lanes(order, line)
        return self._carrying[key]

    def _lanes(self, order: Order, line: OrderLine) -> list[tuple[str, Shelf, Route]]:
        every = [
            (part_id, shelf, route)
            for part_id, source, shelf in self.holding(order, line)
            if part_id in self.parts
            for route in self.routes.get((source.id, order.centre_id), ())
            if self.parts[part_id].size_class in route.carries and route.is_for(order.fetching_outlet_id)
        ]
        modes = self._lawful(order, line, every)
        return [some for some in every if some[2].mode in modes]

    def _lawful(self, order: Order, line: OrderLine, every: Sequence[tuple[str, Shelf, Route]]) -> frozenset[ShipMode]:
        """Return by which modes it may travel, given those whose shelves could ever send so many units.

        A line that is larger than every shelf comes in parts of any size.
        """
        modes = {route.mode for _, shelf, route in every if shelf.ever >= line.quantity}
        wanted = (line.part_id, *self.asked.substitutes.get(line.part_id, ()))
        return lawful_modes(
            modes or {route.mode for _, _, route in every},
            waits=order.urgent and order.waiting,
            bulky=any(is_bulky(self.parts[part_id]) for part_id in wanted if part_id in self.parts),
        )

    def left(self, order: Order, part_id: str, shelf: Shelf, route: Route, ships_s: int) -> int:
        """Return how many units of a shelf an order could still get by a departure."""
        releases = self.asked.may_have_reserve(order)
        key = route.source_id, part_id, ships_s, releases
        if key not in self._left:
            known = shelf.with_reserve if releases else shelf
            self._left[key] = left_above(known, self.taken.gone(route.source_id, part_id), ships_s)
        return self._left[key]

    def left_next(self, order: Order, line: OrderLine) -> int:
        """Return how many units could leave by the next departures."""
        key = order.id, line.id
        if key not in self._left_next:
            units: dict[tuple[str, str], int] = {}
            for part_id, shelf, route in self.carrying(order, line):
                left = self.left(order, part_id, shelf, route, route.departures_s[0])
                units[route.source_id, part_id] = max(left, units.get((route.source_id, part_id), 0))
            self._left_next[key] = sum(units.values())
        return self._left_next[key]

    def arriving(self, order: Order, line: OrderLine) -> int:
        """Return how many units more than by the next departures could leave once what is inbound has arrived."""
        most: dict[tuple[str, str], int] = {}
        for _, _, key, units in self.coming(order, line):
            most[key] = max(units, most.get(key, 0))
        return max(0, sum(most.values()) - self.left_next(order, line))

    def of_order(self, order: Order, missing: Mapping[str, int]) -> Mapping[str, Eta | None]:
        """Return by line when the last of so many units that are not sent could be there, None where none is to come.

        A kit comes when its last line does. What could leave by the next departure and is not sent is not expected.
        """
        lines = [line for line in order.lines if missing[line.id] > 0]
        if order.job_id is None:
            return {
                line.id: self._there(order, line, missing[line.id])
                if self.left_next(order, line) < missing[line.id]
                else None
                for line in lines
            }
        units: defaultdict[str, int] = defaultdict(int)
        for line in lines:
            units[line.part_id] += missing[line.id]
        etas = [self._there(order, line, units[line.part_id]) for line in lines]
        known = [eta for eta in etas if eta is not None]
        lacking = any(self.left_next(order, line) < units[line.part_id] for line in lines)
        last = max(known, key=lambda eta: eta[1]) if lacking and len(known) == len(lines) else None
        return {line.id: last for line in lines}

    def _there(self, order: Order, line: OrderLine, quantity: int) -> Eta | None:
        """Return p50 and p90 of the last of so many units, None where fewer are left."""
        most: dict[tuple[str, str], int] = {}
        for p90_s, p50_s, key, units in self.coming(order, line):
            most[key] = max(units, most.get(key, 0))
            if sum(most.values()) >= quantity:
                return p50_s, p90_s
        return None

    def coming(self, order: Order, line: OrderLine) -> Sequence[_Arrival]:
        """Return what a line could have by the next departures and by the first after each arrival of stock."""
        key = order.id, line.id
        if key not in self._coming:
            self._coming[key] = sorted(self._arrivals(order, line))
        return self._coming[key]

    def _arrivals(self, order: Order, line: OrderLine) -> Iterator[_Arrival]:
        for part_id, shelf, route in self.carrying(order, line):
            for ships_s in _first_after(route.departures_s, [inbound.ready_s for inbound in shelf.inbound]):
                units = self.left(order, part_id, shelf, route, ships_s)
                # What brings nothing makes nobody's wait shorter.
                if units:
                    key = route.source_id, part_id
                    yield ships_s + route.transit_p90_s, ships_s + route.transit_p50_s, key, units


def _first_after(departures_s: Sequence[int], ready_s: Collection[int]) -> set[int]:
    """Return the next departure and the first after each arrival."""
    if not ready_s:
        return {departures_s[0]}
    first = (next((ships_s for ships_s in departures_s if ships_s >= one), None) for one in ready_s)
    return {departures_s[0], *(ships_s for ships_s in first if ships_s is not None)}
