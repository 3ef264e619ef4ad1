"""Two plain rules to compare with: orders are served in turn as they came, from the nearest or the cheapest source.

Every rule of sourcing is kept; nothing is kept for anybody who comes later, and nothing is proven.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from optimizer.clock import time_text
from optimizer.model import Position, ShipMode
from optimizer.parts.bid_prices import bid_prices
from optimizer.parts.expecting import Expecting, waiting_for_stock
from optimizer.parts.fetching import open_to
from optimizer.parts.left import Taken, left_above
from optimizer.parts.model import (
    Answer,
    Consignment,
    Dispatch,
    LineAnswer,
    Order,
    OrderLine,
    Route,
    Source,
    Sourced,
    Sourcing,
    SourcingCost,
)
from optimizer.parts.price import late_fen, lost_fen, price
from optimizer.parts.quotas import over_quota
from optimizer.ship_modes import is_bulky, is_fallback, lawful_modes

__all__ = ["Preference", "first_come"]


class Preference(StrEnum):
    """What a plain rule looks for."""

    NEAREST = "nearest"
    """The nearest source in a straight line that has it; of its lanes the cheapest."""
    CHEAPEST = "cheapest"
    """The least freight and lateness of the line by itself."""


def first_come(
    asked: Sourcing, preference: Preference, bid_fen: Mapping[tuple[str, str], int] | None = None
) -> Sourced:
    """Return the answers of a plain rule, at the price that all answers have; bound_fen is 0.

    bid_fen: what a unit is worth in that price, None for as the problem says.
    """
    if bid_fen is None:
        bid_fen = bid_prices(asked) if asked.bid_fen is None else asked.bid_fen
    turn = _Turns(asked, preference)
    sent = {
        order.id: turn.serve(order) for order in sorted(asked.orders, key=lambda order: (order.ordered_s, order.id))
    }
    sourced = Sourced(
        answers=tuple(_answers(turn, sent)),
        consignments=tuple(parcel for order in asked.orders for parcel in _parcels(order, sent[order.id])),
        cost=SourcingCost(),
        bound_fen=0,
        optimal=False,
        bid_fen=bid_fen,
    )
    cost = price(asked, sourced)
    return replace(sourced, cost=cost, optimal=cost.total == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Option:
    """One departure, or the outlet's own shelf, by which so many units could come."""

    source: Source
    route: Route | None
    ships_s: int
    units: int
    below_floor: int
    rank: tuple[float, int, int, str]


class _Turns:
    """Orders taking from the same shelves, one after the other."""

    def __init__(self, asked: Sourcing, preference: Preference) -> None:
        self.asked, self.preference = asked, preference
        self.taken = Taken()
        self.parts = {part.id: part for part in asked.parts}
        self.sources = {source.id: source for source in asked.sources}
        self.routes: defaultdict[str, list[Route]] = defaultdict(list)
        for route in asked.routes:
            if route.source_id in self.sources and route.departures_s:
                self.routes[route.to_id].append(route)
        self.own = {source.outlet_id: source for source in asked.sources if source.outlet_id is not None}
        self._modes_of: tuple[tuple[str, str, int], frozenset[ShipMode]] = (("", "", 0), frozenset())
        self._km: dict[tuple[Position, str], float] = {}

    def serve(self, order: Order) -> dict[str, list[Dispatch]]:
        """Return what an order takes, by line; a kit that cannot be completed takes nothing."""
        sent: dict[str, list[Dispatch]] = {}
        for line in order.lines:
            places = {one.source_id for some in sent.values() for one in some}
            got = self._whole(order, line, places) or self._shares(order, line, places)
            complete = sum(one.quantity for one in got) == line.quantity
            sent[line.id] = got
            if order.job_id is not None and not complete:
                for some in sent.values():
                    self.taken.add(order, some, self.sources, times=-1)
                return {}
        return sent

    def _whole(self, order: Order, line: OrderLine, places: set[str]) -> list[Dispatch]:
        """Take a line from one source, another part only where none has the one asked for."""
        for part_id in self._parts_of(line):
            best = self._best(order, places, self._options(order, line, part_id, line.quantity, line.quantity))
            if best is not None:
                return [self._take(order, line, part_id, best, line.quantity)]
        return []

    def _shares(self, order: Order, line: OrderLine, places: set[str]) -> list[Dispatch]:
        """Take a line from as many sources as it needs, all that the best of them has and so on."""
        got: list[Dispatch] = []
        missing = line.quantity if line.part_id in self.parts and line.pinned_source_id is None else 0
        while missing > 0:
            taken_from = places | {one.source_id for one in got}
            best = self._best(order, taken_from, self._options(order, line, line.part_id, 1, missing))
            if best is None:
                break
            got.append(self._take(order, line, line.part_id, best, min(missing, best.units)))
            missing -= got[-1].quantity
        return got

    def _best(self, order: Order, places: set[str], options: Iterator[_Option]) -> _Option | None:
        """Return the best that keeps to the most sources; by nearness the first source that has one is enough."""
        best: _Option | None = None
        for option in options:
            if not self._one_more(order, places, option):
                continue
            if best is not None and self.preference is Preference.NEAREST and option.rank[0] > best.rank[0]:
                break
            if best is None or option.rank < best.rank:
                best = option
        return best

    def _parts_of(self, line: OrderLine) -> list[str]:
        some = (line.part_id, *self.asked.substitutes.get(line.part_id, ()))
        return [part_id for part_id in some if part_id in self.parts]

    def _one_more(self, order: Order, places: set[str], option: _Option) -> bool:
        return len(places | {option.source.id}) <= max(1, order.most_sources)

    def _options(self, order: Order, line: OrderLine, part_id: str, least: int, most: int) -> Iterator[_Option]:
        """Yield the first departure of each route by which at least so many units can come, at most so many."""
        own = self.own.get(order.own_outlet_id or "")
        if own is not None and self._may_send(own, line, part_id):
            units, below = self._left(own, order, part_id, self.asked.now_s, most)
            if units >= least:
                fen = late_fen(self.asked, order, self.asked.now_s)
                rank = (-1.0 if self.preference is Preference.NEAREST else float(fen), 0, 0, own.id)
                yield _Option(
                    source=own, route=None, ships_s=self.asked.now_s, units=units, below_floor=below, rank=rank
                )
        routes = open_to(self.routes[order.centre_id], order)
        if self.preference is Preference.NEAREST:
            routes = sorted(routes, key=lambda route: self._away_km(order, self.sources[route.source_id]))
        for route in routes:
            source = self.sources[route.source_id]
            if source is own or not self._may_send(source, line, part_id):
                continue
            if self.parts[part_id].size_class in route.carries:
                yield from self._first_of(order, line, part_id, route, (least, most))

    def _first_of(
        self, order: Order, line: OrderLine, part_id: str, route: Route, limits: tuple[int, int]
    ) -> Iterator[_Option]:
        source, part = self.sources[route.source_id], self.parts[part_id]
        if limits[0] == limits[1] and route.mode not in self._modes(order, line, limits[0]):
            return
        for ships_s in route.departures_s:
            lines = self.taken.docks.get((source.id, route.mode, ships_s), 0)
            if source.dock_lines is not None and lines >= source.dock_lines:
                continue
            units, below = self._left(source, order, part_id, ships_s, limits[1])
            if units >= limits[0]:
                break
        else:
            return
        if route.mode not in self._modes(order, line, units):
            return
        ready_s = ships_s + route.transit_p90_s
        fen = route.freight_fen(units * part.weight_g)
        if self.preference is Preference.NEAREST:
            rank = (self._away_km(order, source), fen, ready_s, source.id)
        else:
            fen += late_fen(self.asked, order, ready_s) + lost_fen(order, line, units, ready_s)
            rank = (float(fen), 0, ready_s, source.id)
        yield _Option(source=source, route=route, ships_s=ships_s, units=units, below_floor=below, rank=rank)

    def _may_send(self, source: Source, line: OrderLine, part_id: str) -> bool:
        return source.open and line.pinned_source_id in (None, source.id) and part_id in source.shelves

    def _left(self, source: Source, order: Order, part_id: str, ships_s: int, most: int) -> tuple[int, int]:
        """Return how many units an order may take by a departure, and how many of them are of the reserve."""
        shelf, gone = source.shelves[part_id], self.taken.gone(source.id, part_id)
        above = min(most, left_above(shelf, gone, ships_s))
        if above == most or not self.asked.may_have_reserve(order):
            return above, 0
        units = min(most, left_above(shelf.with_reserve, gone, ships_s))
        # As where all is decided at once, what comes together is of the reserve or is not.
        return (units, units) if units > above else (above, 0)

    def _modes(self, order: Order, line: OrderLine, quantity: int) -> frozenset[ShipMode]:
        """Return the modes by which so many units of a line may travel, given those that could carry it."""
        key = order.id, line.id, quantity
        if self._modes_of[0] != key:
            self._modes_of = key, self._all_modes(order, line, quantity)
        return self._modes_of[1]

    def _all_modes(self, order: Order, line: OrderLine, quantity: int) -> frozenset[ShipMode]:
        own = self.own.get(order.own_outlet_id or "")
        carrying = frozenset(
            route.mode
            for route in open_to(self.routes[order.centre_id], order)
            for part_id in self._parts_of(line)
            if self.sources[route.source_id] is not own
            and self._may_send(self.sources[route.source_id], line, part_id)
            and self.parts[part_id].size_class in route.carries
            and self.sources[route.source_id].shelves[part_id].ever >= quantity
        )
        bulky = any(is_bulky(self.parts[part_id]) for part_id in self._parts_of(line))
        return lawful_modes(carrying, waits=order.urgent and order.waiting, bulky=bulky)

    def _away_km(self, order: Order, source: Source) -> float:
        key = order.position, source.id
        if key not in self._km:
            self._km[key] = _km(order.position, source.position)
        return self._km[key]

    def _take(self, order: Order, line: OrderLine, part_id: str, option: _Option, quantity: int) -> Dispatch:
        route, now_s = option.route, self.asked.now_s
        dispatch = Dispatch(
            line_id=line.id,
            order_id=order.id,
            part_id=part_id,
            quantity=quantity,
            source_id=option.source.id,
            mode=ShipMode.PICKUP if route is None else route.mode,
            ships_s=option.ships_s,
            ready_p50_s=now_s if route is None else option.ships_s + route.transit_p50_s,
            ready_p90_s=now_s if route is None else option.ships_s + route.transit_p90_s,
            cost_fen=0 if route is None else route.freight_fen(quantity * self.parts[part_id].weight_g),
            below_floor=quantity if option.below_floor else 0,
            bulky_fallback=route is not None and is_fallback(route.mode, waits=order.urgent and order.waiting),
        )
        self.taken.add(order, [dispatch], self.sources)
        return dispatch


def _answers(turn: _Turns, sent: Mapping[str, Mapping[str, Sequence[Dispatch]]]) -> Iterator[LineAnswer]:
    """Yield what the lines are told by a plain rule."""
    asked, over = turn.asked, over_quota(turn.asked)
    every = [one for order in asked.orders for line in order.lines for one in sent[order.id].get(line.id, ())]
    waiting = waiting_for_stock(asked.sources, every)
    expecting = Expecting(asked, turn.taken)
    for order in asked.orders:
        coming = {line.id: sent[order.id].get(line.id, ()) for line in order.lines}
        missing = {line.id: line.quantity - sum(one.quantity for one in coming[line.id]) for line in order.lines}
        expected = expecting.of_order(order, missing) if any(missing.values()) else {}
        for line in order.lines:
            some = coming[line.id]
            eta = max(((one.ready_p50_s, one.ready_p90_s) for one in some), key=lambda eta: eta[1], default=None)
            if missing[line.id] > 0:
                more = expected[line.id]
                eta = more and max(more, eta or more, key=lambda eta: eta[1])
                answer = Answer.DECLINED if eta is None and not some else Answer.BACKORDERED
                reason, reason_zh = "not in stock when its turn came", "轮到时已无货"
            else:
                eta = max(one.ready_p50_s for one in some), max(one.ready_p90_s for one in some)
                answer = _word(line, some, over=line.id in over, waits=any(one in waiting for one in some))
                places, at = ", ".join(one.source_id for one in some), time_text(eta[1])
                reason, reason_zh = f"from {places}, there by {at}", f"由{places}发出，{at}前到"
            yield LineAnswer(
                line_id=line.id,
                order_id=order.id,
                answer=answer,
                reason=reason,
                reason_zh=reason_zh,
                eta_p50_s=eta and eta[0],
                eta_p90_s=eta and eta[1],
                dispatches=tuple(some),
            )


def _word(line: OrderLine, sent: Sequence[Dispatch], *, over: bool, waits: bool) -> Answer:
    if over:
        return Answer.NEEDS_APPROVAL
    if waits:
        return Answer.BACKORDERED
    return Answer.SUBSTITUTED if any(one.part_id != line.part_id for one in sent) else Answer.CONFIRMED


def _parcels(order: Order, sent: Mapping[str, Sequence[Dispatch]]) -> Iterator[Consignment]:
    lines: defaultdict[tuple[str, ShipMode, int], list[str]] = defaultdict(list)
    for some in sent.values():
        for one in some:
            lines[one.source_id, one.mode, one.ships_s].append(one.line_id)
    for (source_id, mode, ships_s), line_ids in lines.items():
        yield Consignment(
            order_id=order.id,
            source_id=source_id,
            mode=mode,
            ships_s=ships_s,
            line_ids=tuple(dict.fromkeys(line_ids)),
        )


def _km(first: Position, second: Position) -> float:
    """Return a distance good enough to tell which of two places is nearer."""
    north = math.radians((first[1] + second[1]) / 2)
    return 111.2 * math.hypot((first[0] - second[0]) * math.cos(north), first[1] - second[1])
