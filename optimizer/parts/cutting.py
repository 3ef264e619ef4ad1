"""Into which shares a line is cut that no source can send whole: the fullest shares of those who may serve it.

A source may serve a line if its order may have the source's units by a departure that is there in time, in a mode
that is lawful for so many of them. A line that one source which may serve it could send whole is not cut.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from optimizer.model import FAST_MODES, ShipMode
from optimizer.parts.fetching import Fetchers, Reached, open_to
from optimizer.parts.model import Order, OrderLine, Route, Source, Sourcing
from optimizer.ship_modes import is_bulky, lawful_modes

__all__ = ["Cutting", "Leave", "all_there"]

_USUAL = frozenset(ShipMode) - {ShipMode.DEDICATED}
Leave = Callable[[Source, str, ShipMode | None, int, bool], int]
"""How many units of a part may leave a source in a mode (None: on the spot) at a time, by one who may or may not have
the reserve."""


def all_there(source: Source, part_id: str, mode: ShipMode | None, ships_s: int, releases: bool) -> int:
    """Return how many units a departure could bring if nobody else asked for any."""
    if mode is not None and source.dock_lines == 0:
        return 0
    shelf = source.shelves[part_id]
    units = max(0, shelf.free) + sum(lot.quantity for lot in shelf.inbound if lot.ready_s <= ships_s)
    return units if releases else max(0, units - shelf.floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """So many units of a part that a source could send by one mode (None: on the spot)."""

    units: int
    part_id: str
    source_id: str
    mode: ShipMode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offers:
    """What could be sent for a line, the most units first.

    surely: so many units at least some source could send whole, be it how it may; carriers: modes with how many units
    they could ever carry at once.
    """

    offers: Sequence[_Offer]
    carriers: Mapping[ShipMode, int]
    waits: bool
    bulky: bool
    surely: int

    def lawful(self, offer: _Offer, quantity: int) -> bool:
        """Tell whether so many units may travel as this offer does."""
        if offer.mode is None:
            return True
        carrying = [mode for mode, units in self.carriers.items() if units >= quantity]
        return offer.mode in lawful_modes(carrying, waits=self.waits, bulky=self.bulky)

    def whole(self, quantity: int) -> bool:
        """Tell whether some source could send so many units at once."""
        return quantity <= self.surely or any(
            offer.units >= quantity and self.lawful(offer, quantity) for offer in self.offers
        )

    def shares(self, quantity: int, offers: Sequence[_Offer]) -> list[int]:
        """Return so many units as shares of the fullest of some offers, as far as these go."""
        shares: list[int] = []
        used: set[tuple[str, str]] = set()
        for offer in offers:
            share = min(offer.units, quantity)
            shelf = offer.source_id, offer.part_id
            if share > 0 and shelf not in used and self.lawful(offer, share):
                used.add(shelf)
                shares.append(share)
                quantity -= share
        return shares


class Cutting:
    """Cuts the lines of one problem. What may serve a line is found once for all orders that are alike in it."""

    def __init__(self, asked: Sourcing, leave: Leave = all_there) -> None:
        self._asked, self._leave = asked, leave
        self._fetchers = Fetchers(asked)
        self._parts = {part.id: part for part in asked.parts}
        self._sources = {source.id: source for source in asked.sources if source.open}
        self._own = {source.outlet_id: source for source in asked.sources if source.outlet_id is not None}
        self._to: defaultdict[str, list[Route]] = defaultdict(list)
        for route in asked.routes:
            if route.source_id in self._sources and route.departures_s:
                self._to[route.to_id].append(route)
        self._routes: dict[Reached, Sequence[Route]] = {}
        self._offers: dict[tuple[object, ...], _Offers] = {}

    def shares(self, order: Order, line: OrderLine) -> list[int]:
        """Return the units of each piece of a line, those that nobody could send last."""
        if line.quantity < 2:
            return [line.quantity]
        if self._surely_whole(order, line):
            return [line.quantity]
        some = self._offers_of(order, line)
        if some.whole(line.quantity):
            return [line.quantity]
        of_its_own = [offer for offer in some.offers if offer.part_id == line.part_id]
        most = max(1, order.most_sources)
        # Other parts beside its own only where more comes by it from as many sources as there may be.
        shares = max(
            (some.shares(line.quantity, offers) for offers in (of_its_own, some.offers)),
            key=lambda shares: sum(shares[:most]),
        )
        rest = line.quantity - sum(shares)
        return [*shares, rest] if rest > 0 else shares

    def _routes_of(self, order: Order) -> Sequence[Route]:
        reached = self._fetchers.reached(order)
        if reached not in self._routes:
            self._routes[reached] = open_to(self._to.get(order.centre_id, ()), order)
        return self._routes[reached]

    def _surely_whole(self, order: Order, line: OrderLine) -> bool:
        """Tell whether some source can send a line whole by a mode that is lawful for it in any case; a quick look."""
        part, releases = self._parts.get(line.part_id), self._asked.may_have_reserve(order)
        if part is None:
            return False
        modes = FAST_MODES if order.urgent and order.waiting else _USUAL
        for route in self._routes_of(order):
            source = self._sources[route.source_id]
            if (
                part.id in source.shelves
                and part.size_class in route.carries
                and route.mode in modes
                and line.pinned_source_id in (None, source.id)
                and not source.lies_with(order)
                and self._units(order, source, part.id, route, releases) >= line.quantity
            ):
                return True
        return False

    def _offers_of(self, order: Order, line: OrderLine) -> _Offers:
        reached, releases = self._fetchers.reached(order), self._asked.may_have_reserve(order)
        waits, own = order.urgent and order.waiting, self._own.get(order.own_outlet_id or "")
        own_id = None if own is None else own.id
        key = reached, own_id, waits, releases, order.latest_s, line.part_id, line.pinned_source_id
        if key not in self._offers:
            self._offers[key] = self._find(order, line, own, self._routes_of(order))
        return self._offers[key]

    def _find(self, order: Order, line: OrderLine, own: Source | None, routes: Sequence[Route]) -> _Offers:
        asked, releases = self._asked, self._asked.may_have_reserve(order)
        waits = order.urgent and order.waiting
        some = (line.part_id, *asked.substitutes.get(line.part_id, ()))
        parts = [self._parts[part_id] for part_id in dict.fromkeys(some) if part_id in self._parts]
        offers: list[_Offer] = []
        carriers: dict[ShipMode, int] = {}
        if own is not None and own.id in self._sources and line.pinned_source_id in (None, own.id):
            for part in parts:
                if part.id in own.shelves:
                    units = self._leave(own, part.id, None, asked.now_s, releases)
                    offers.append(_Offer(units=units, part_id=part.id, source_id=own.id, mode=None))
        for route in routes:
            source = self._sources[route.source_id]
            if (own is not None and source.id == own.id) or line.pinned_source_id not in (None, source.id):
                continue
            for part in parts:
                if part.size_class in route.carries and part.id in source.shelves:
                    carriers[route.mode] = max(carriers.get(route.mode, 0), source.shelves[part.id].ever)
                    units = self._units(order, source, part.id, route, releases)
                    offers.append(_Offer(units=units, part_id=part.id, source_id=source.id, mode=route.mode))
        bulky = any(is_bulky(part) for part in parts)
        always = FAST_MODES if waits else frozenset(ShipMode) if bulky else _USUAL
        return _Offers(
            offers=sorted((offer for offer in offers if offer.units > 0), key=lambda offer: -offer.units),
            carriers=carriers,
            waits=waits,
            bulky=bulky,
            surely=max((offer.units for offer in offers if offer.mode is None or offer.mode in always), default=0),
        )

    def _units(self, order: Order, source: Source, part_id: str, route: Route, releases: bool) -> int:
        """Return how many units the last departure that has any brings in time: no earlier one brings more."""
        if source.shelves[part_id].ever == 0:
            return 0
        for ships_s in reversed(route.departures_s):
            if order.latest_s is None or ships_s + route.transit_p90_s <= order.latest_s:
                units = self._leave(source, part_id, route.mode, ships_s, releases)
                if units > 0:
                    return units
        return 0
