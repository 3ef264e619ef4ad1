"""Why the nearest source does not send a line: the first of the tests it fails, or what it would cost."""

from collections import defaultdict
from collections.abc import Sequence

from optimizer.explanation import Sentence
from optimizer.model import FAST_MODES, ShipMode
from optimizer.parts import reply_wording
from optimizer.parts.alternatives import NO_WAY, Item, Looked, Weighed
from optimizer.parts.expecting import Expecting
from optimizer.parts.fetching import open_to
from optimizer.parts.grid import NOTHING
from optimizer.parts.helping import latest_s
from optimizer.parts.left import Taken, left_above
from optimizer.parts.model import Order, OrderLine, Route, Shelf, Source, Sourced, Sourcing
from optimizer.parts.price import late_fen
from optimizer.parts.reply import Nearest, WhyNot

__all__ = ["Nearby"]

_Said = tuple[WhyNot, int, Sentence]


class Nearby:
    """Explains nearest sources of one problem."""

    def __init__(self, asked: Sourcing, sourced: Sourced, taken: Taken, over_quota: frozenset[str]) -> None:
        self.asked, self.sourced, self.taken, self.over_quota = asked, sourced, taken, over_quota
        self.expecting = Expecting(asked, taken)
        self.parts = {part.id: part for part in asked.parts}
        self.routes: defaultdict[tuple[str, str], list[Route]] = defaultdict(list)
        for route in asked.routes:
            self.routes[route.source_id, route.to_id].append(route)

    def said(self, weighed: Sequence[Weighed]) -> Nearest | None:
        """Return what is said of the nearest source for a line; weighed: its items."""
        first = weighed[0]
        if first.nearest == NOTHING:
            return None
        source = self.asked.sources[first.nearest]
        if any(some.item.dispatch is not None and some.item.dispatch.source_id == source.id for some in weighed):
            said = reply_wording.NEAREST_SENDS
            return Nearest(source_id=source.id, why_not=None, amount=0, said=_of(source, said))
        why_not, amount, said = self._why_not(max(weighed, key=lambda some: some.item.quantity), source)
        return Nearest(source_id=source.id, why_not=why_not, amount=amount, said=_of(source, said))

    def _why_not(self, weighed: Weighed, source: Source) -> _Said:
        item, looked = weighed.item, weighed.looked
        return (
            _not_asked(item.line, source)
            or self._no_stock(item, source)
            or self._no_lane(item, source)
            or (self._no_way(item, source) if looked.ways == 0 else None)
            or (self._promised(item, source) if looked.in_stock == 0 else None)
            or ((WhyNot.DOCK_FULL, 0, reply_wording.short_words(0, "", "dock")) if looked.docked == 0 else None)
            or (_unfitting(item) if looked.best_fen == NO_WAY else None)
            or self._cut_off(item, source)
            or self._not_yet(item, looked, source)
            or _dearer(item, looked)
        )

    def _wanted(self, line: OrderLine, source: Source) -> list[str]:
        """Return the parts that would do of which a source has a shelf, the one asked for first."""
        parts = (line.part_id, *self.asked.substitutes.get(line.part_id, ()))
        return [part_id for part_id in parts if part_id in source.shelves and part_id in self.parts]

    def _no_stock(self, item: Item, source: Source) -> _Said | None:
        units = [source.shelves[part_id].ever for part_id in self._wanted(item.line, source)]
        if max(units, default=0) >= item.quantity:
            return None
        had = source.shelves.get(item.line.part_id, Shelf(free=0)).ever
        return WhyNot.NO_STOCK, had, reply_wording.short_words(had, item.line.part_id, "")

    def _open_to(self, order: Order, source: Source) -> list[Route]:
        """Return the lanes from a source to an order, but for those that its outlet is too far away for."""
        return open_to(self.routes[source.id, order.centre_id], order)

    def _no_lane(self, item: Item, source: Source) -> _Said | None:
        if source.lies_with(item.order):
            return None
        routes = self._open_to(item.order, source)
        if not routes and self.routes[source.id, item.order.centre_id]:
            return WhyNot.NO_LANE, 0, reply_wording.out_of_reach_words(item.order.fetching_outlet_id)
        if not routes:
            return WhyNot.NO_LANE, 0, reply_wording.no_lane_words(item.order.centre_id)
        sizes = {self.parts[part_id].size_class for part_id in self._wanted(item.line, source)}
        carrying = [route for route in routes if route.carries & sizes]
        if not carrying:
            return WhyNot.TOO_BULKY, 0, reply_wording.bulky_words(self.parts[item.line.part_id].size_class)
        if not any(route.departures_s for route in carrying):
            return WhyNot.LANE_CLOSED, 0, reply_wording.closed_words()
        return None

    def _no_way(self, item: Item, source: Source) -> _Said:
        """Say why none of the lanes that carry it may, though some day there is stock."""
        sizes = {self.parts[part_id].size_class for part_id in self._wanted(item.line, source)}
        modes = {
            route.mode for route in self._open_to(item.order, source) if route.carries & sizes and route.departures_s
        }
        part_id = self._wanted(item.line, source)[0]
        shelf = source.shelves[part_id]
        if item.order.urgent and item.order.waiting and not modes & FAST_MODES:
            return WhyNot.NEEDS_EXPRESS, 0, reply_wording.NEEDS_EXPRESS
        if modes == {ShipMode.DEDICATED}:
            return WhyNot.ONLY_DEDICATED, 0, reply_wording.ONLY_DEDICATED
        if shelf.ever - shelf.floor < item.quantity:
            return WhyNot.FLOOR, shelf.free, reply_wording.short_words(shelf.free, part_id, "floor")
        return WhyNot.NO_STOCK, 0, reply_wording.short_words(shelf.ever, part_id, "late")

    def _promised(self, item: Item, source: Source) -> _Said:
        part_id = self._wanted(item.line, source)[0]
        units = source.shelves[part_id].ever
        if item.line.id in self.over_quota:
            return WhyNot.QUOTA, units, reply_wording.short_words(units, part_id, "quota")
        gone = sum(some.units for some in self.taken.gone(source.id, part_id))
        if gone == 0:
            return WhyNot.FLOOR, units, reply_wording.short_words(units, part_id, "floor")
        return WhyNot.PROMISED, units, reply_wording.short_words(units, part_id, "promised")

    def _cut_off(self, item: Item, source: Source) -> _Said | None:
        """Say which departure it just missed, if only by that one it would have come in time, and for less."""
        latest = latest_s(item.order)
        if item.dispatch is None or latest is None:
            return None
        now = item.dispatch
        part = self.parts[item.line.part_id]
        modes = {route.mode for _, _, route in self.expecting.carrying(item.order, item.line)}
        lanes = [
            route
            for route in self._open_to(item.order, source)
            if part.size_class in route.carries and route.mode in modes and route.departures_s
        ]
        # Where one lane is still in time it is the money that speaks against it, not a departure of another.
        if any(_next_there_s(route) <= latest for route in lanes) or not self._on_hand(item, source):
            return None
        now_fen = now.cost_fen + late_fen(self.asked, item.order, now.ready_p90_s)
        for route in lanes:
            missed_s = route.missed_s
            if missed_s is None or missed_s + route.transit_p90_s > latest:
                continue
            fen = route.freight_fen(item.quantity * part.weight_g)
            fen += late_fen(self.asked, item.order, missed_s + route.transit_p90_s)
            if fen < now_fen:
                said = reply_wording.cut_off_words(route.mode, missed_s, self.asked.now_s, route.departures_s[0])
                return WhyNot.CUT_OFF, self.asked.now_s - missed_s, said
        return None

    def _on_hand(self, item: Item, source: Source) -> bool:
        """Tell whether it has the units now: nobody knows what it had, and what is still to arrive it had not."""
        part_id, now_s = item.line.part_id, self.asked.now_s
        shelf = source.shelves.get(part_id)
        return shelf is not None and left_above(shelf, self.taken.gone(source.id, part_id), now_s) >= item.quantity

    def _not_yet(self, item: Item, looked: Looked, source: Source) -> _Said | None:
        """Say that it has too few until more arrives, and what sending it then would change."""
        free = [max(0, source.shelves[part_id].free) for part_id in self._wanted(item.line, source)]
        if looked.best_fen < 0 or max(free) >= item.quantity:
            return None
        _, _, then = _dearer(item, looked)
        part_id = self._wanted(item.line, source)[0]
        return WhyNot.NO_STOCK, free[0], reply_wording.not_yet_words(free[0], item.quantity, part_id, then)


def _unfitting(item: Item) -> _Said:
    """Say what keeps it though there are units and a dock: the rest of its kit, or the number of sources."""
    if item.dispatch is None and item.order.job_id is not None:
        return WhyNot.KIT, 0, reply_wording.KIT_ALONE
    return WhyNot.SPLIT, 0, reply_wording.OVER_SOURCES


def _of(source: Source, said: Sentence) -> Sentence:
    return reply_wording.nearest_words(source.id, said)


def _next_there_s(route: Route) -> int:
    return route.departures_s[0] + route.transit_p90_s


def _not_asked(line: OrderLine, source: Source) -> _Said | None:
    if line.pinned_source_id not in (None, source.id):
        return WhyNot.PINNED, 0, reply_wording.pinned_words(line.pinned_source_id or "")
    if not source.open:
        return WhyNot.OFFLINE, 0, reply_wording.offline_words()
    return None


def _dearer(item: Item, looked: Looked) -> _Said:
    fen = looked.best_fen
    why_not = WhyNot.CHEAPER if fen < 0 else WhyNot.DEARER
    later_s = None if item.dispatch is None else looked.best_ready_s - item.dispatch.ready_p90_s
    return why_not, abs(fen), reply_wording.dearer_words(fen, later_s)
