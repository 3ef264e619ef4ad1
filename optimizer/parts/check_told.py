"""Whether lines are told what is true of their dispatches: the word, the times, the parcels. Shares no code with what
decides."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from optimizer.clock import time_text
from optimizer.model import FAST_MODES, ShipMode, SizeClass
from optimizer.parts.model import (
    Answer,
    Dispatch,
    LineAnswer,
    Order,
    OrderLine,
    Route,
    Shelf,
    Source,
    Sourced,
    Sourcing,
)
from optimizer.parts.price import lines_over_quota

__all__ = ["untrue"]

_ON_HAND = frozenset({Answer.CONFIRMED, Answer.SUBSTITUTED})
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """The problem and its dispatches, by id."""

    asked: Sourcing
    lines: Mapping[str, tuple[Order, OrderLine]]
    sources: Mapping[str, Source]
    over_quota: frozenset[str]
    sizes: Mapping[str, SizeClass]
    routes: Mapping[tuple[str, str], list[Route]]
    to: Mapping[str, list[Route]]
    gone: defaultdict[_Key, list[Dispatch]] = field(default_factory=lambda: defaultdict(list))

    def shelf(self, key: _Key) -> Shelf:
        """Return what a source has of a part."""
        source = self.sources.get(key[0])
        return Shelf(free=0) if source is None else source.shelves.get(key[1], Shelf(free=0))

    def there(self, key: _Key, by_s: int) -> int:
        """Return how many units a shelf has had by a time."""
        shelf = self.shelf(key)
        return max(0, shelf.free) + sum(some.quantity for some in shelf.inbound if some.ready_s <= by_s)

    def left(self, key: _Key, ships_s: int) -> int:
        """Return how many units above the floor may leave at a time without being missed later."""
        shelf, gone = self.shelf(key), self.gone.get(key, [])
        times = [ships_s, *(some.ready_s for some in shelf.inbound), *(some.ships_s for some in gone)]
        least = []
        for time_s in times:
            if time_s >= ships_s:
                departed = [some for some in gone if some.ships_s <= time_s]
                units, below = sum(some.quantity for some in departed), sum(some.below_floor for some in departed)
                there = self.there(key, time_s)
                least.append(min(there - units, max(0, there - shelf.floor) - units + below))
        return min(least)


def untrue(asked: Sourcing, sourced: Sourced) -> list[str]:
    """Return a sentence for everything that lines are told and that is not so."""
    routes: defaultdict[tuple[str, str], list[Route]] = defaultdict(list)
    to: defaultdict[str, list[Route]] = defaultdict(list)
    for route in asked.routes:
        if route.departures_s:
            routes[route.source_id, route.to_id].append(route)
            to[route.to_id].append(route)
    told = _Told(
        asked=asked,
        lines={line.id: (order, line) for order in asked.orders for line in order.lines},
        sources={source.id: source for source in asked.sources},
        over_quota=lines_over_quota(asked),
        sizes={part.id: part.size_class for part in asked.parts},
        routes=routes,
        to=to,
    )
    for answer in sourced.answers:
        for one in answer.dispatches:
            told.gone[one.source_id, one.part_id].append(one)
    faults = [fault for answer in sourced.answers if answer.line_id in told.lines for fault in _of_line(told, answer)]
    faults += _too_much_on_hand(told, sourced)
    faults += _parcels(told, sourced)
    if asked.bid_fen is not None and dict(sourced.bid_fen) != dict(asked.bid_fen):
        faults.append("units are worth something else than the problem says")
    return faults


def _of_line(told: _Told, answer: LineAnswer) -> Iterator[str]:
    order, line = told.lines[answer.line_id]
    if answer.order_id != order.id:
        yield f"line {line.id} is answered for order {answer.order_id}, it is of {order.id}"
    for one in answer.dispatches:
        yield from _of_dispatch(told, order, line, one)
    if sum(one.quantity for one in answer.dispatches) >= line.quantity:
        yield from _word(told, line, answer)
        ready_s = max((one.ready_p50_s for one in answer.dispatches), default=None)
        if answer.eta_p50_s != ready_s:
            yield f"line {line.id} is usually there at another time than it is told"
    else:
        yield from _rest(told, order, line, answer)


def _of_dispatch(told: _Told, order: Order, line: OrderLine, one: Dispatch) -> Iterator[str]:
    if (one.line_id, one.order_id) != (line.id, order.id):
        yield f"line {line.id}: its dispatch says it is for {one.line_id} of order {one.order_id}"
    if not 0 <= one.below_floor <= one.quantity:
        yield f"line {line.id}: {one.below_floor} of {one.quantity} are said to be of the reserve"
    source = told.sources.get(one.source_id)
    own = source is not None and source.lies_with(order)
    if one.bulky_fallback and (own or one.mode in FAST_MODES or not (order.urgent and order.waiting)):
        yield f"line {line.id}: marked as a fallback, and it is none"


def _word(told: _Told, line: OrderLine, answer: LineAnswer) -> Iterator[str]:
    """Yield what is wrong with the word that a line sent whole is told."""
    if (line.id in told.over_quota) != (answer.answer is Answer.NEEDS_APPROVAL):
        within = "over" if line.id in told.over_quota else "within"
        yield f"line {line.id} is {within} its quota and told {answer.answer}"
    other = any(one.part_id != line.part_id for one in answer.dispatches)
    if answer.answer in _ON_HAND and other != (answer.answer is Answer.SUBSTITUTED):
        yield f"line {line.id} is told {answer.answer}, {'another' if other else 'its own'} part is sent"
    if answer.answer is Answer.BACKORDERED and not any(_may_wait(told, one) for one in answer.dispatches):
        yield f"line {line.id} is told backordered, what it gets is on hand"


def _may_wait(told: _Told, one: Dispatch) -> bool:
    key = one.source_id, one.part_id
    shelf, units = told.shelf(key), sum(some.quantity for some in told.gone[key])
    return units > max(0, shelf.free) and any(some.ready_s <= one.ships_s for some in shelf.inbound)


def _too_much_on_hand(told: _Told, sourced: Sourced) -> Iterator[str]:
    """Yield the shelves from which more is confirmed than lies on them: the rest waits for stock."""
    units: Counter[_Key] = Counter()
    for answer in sourced.answers:
        if answer.answer in _ON_HAND:
            units.update(Counter({(one.source_id, one.part_id): 0 for one in answer.dispatches}))
            for one in answer.dispatches:
                units[one.source_id, one.part_id] += one.quantity
    for (source_id, part_id), count in units.items():
        if count > (free := max(0, told.shelf((source_id, part_id)).free)):
            yield f"{source_id} has {free} of {part_id} on hand, {count} are told as if they were"


def _rest(told: _Told, order: Order, line: OrderLine, answer: LineAnswer) -> Iterator[str]:
    """Yield what is wrong with what a line is told of units that are not sent."""
    missing = line.quantity - sum(one.quantity for one in answer.dispatches)
    if (answer.eta_p50_s is None) != (answer.eta_p90_s is None):
        yield f"line {line.id} is told one time of two"
    if answer.eta_p90_s is None:
        if (order.job_id is None or len(order.lines) == 1) and _is_expected(told, order, line, missing):
            yield f"line {line.id} is told that no more comes, and {missing} are left to come"
        return
    if answer.answer is Answer.DECLINED:
        yield f"line {line.id} is declined for {time_text(answer.eta_p90_s)}"
    eta = answer.eta_p50_s, answer.eta_p90_s
    if not any(
        eta == (ships_s + route.transit_p50_s, ships_s + route.transit_p90_s)
        for route in told.to.get(order.centre_id, ())
        if route.reach is None or order.fetching_outlet_id in route.reach
        for ships_s in route.departures_s
    ):
        yield f"line {line.id} is told {time_text(answer.eta_p90_s)}, when no lane comes"
    if sum(max(0, told.there(key, 1 << 60) - _units(told, key)) for key in _keys(told, line)) < missing:
        yield f"line {line.id} is told that {missing} come, fewer are left"


def _is_expected(told: _Told, order: Order, line: OrderLine, missing: int) -> bool:
    """Say whether one source is to get as many units as are missing and could send them, though it could not now."""
    lanes = [(key, route) for key in _keys(told, line) for route in _lanes(told, order, key)]
    next_s = max((route.departures_s[0] for _, route in lanes), default=0)
    now = sum(max(0, told.there(key, next_s) - _units(told, key, next_s)) for key in _keys(told, line))
    return now < missing and any(
        told.left(key, ships_s) >= missing
        for key, route in lanes
        for ships_s in route.departures_s
        if any(some.ready_s <= ships_s for some in told.shelf(key).inbound)
    )


def _keys(told: _Told, line: OrderLine) -> list[_Key]:
    """Return the shelves of open sources that a line may come from."""
    parts = (line.part_id, *told.asked.substitutes.get(line.part_id, ()))
    return [
        (source.id, part_id)
        for source in told.asked.sources
        for part_id in parts
        if source.open and part_id in source.shelves and line.pinned_source_id in (None, source.id)
    ]


def _lanes(told: _Told, order: Order, key: _Key) -> Iterator[Route]:
    """Yield the lanes by which an order may surely get a part: none but fast ones where a customer waits."""
    source = told.sources[key[0]]
    own = source.lies_with(order)
    for route in told.routes.get((source.id, order.centre_id), ()):
        usual = route.mode in FAST_MODES or (route.mode is ShipMode.STANDARD and not (order.urgent and order.waiting))
        near = route.reach is None or order.fetching_outlet_id in route.reach
        if usual and near and not own and told.sizes.get(key[1]) in route.carries:
            yield route


def _units(told: _Told, key: _Key, by_s: int = 1 << 60) -> int:
    return sum(one.quantity for one in told.gone.get(key, ()) if one.ships_s <= by_s)


def _parcels(told: _Told, sourced: Sourced) -> Iterator[str]:
    """Yield what is wrong with the parcels: one for what an order gets from a source by a departure."""
    right: defaultdict[tuple[str, str, ShipMode, int], set[str]] = defaultdict(set)
    for answer in sourced.answers:
        if answer.line_id in told.lines:
            order, line = told.lines[answer.line_id]
            for one in answer.dispatches:
                right[order.id, one.source_id, one.mode, one.ships_s].add(line.id)
    said = Counter(
        ((one.order_id, one.source_id, one.mode, one.ships_s), frozenset(one.line_ids)) for one in sourced.consignments
    )
    for key, line_ids in right.items():
        if said[key, frozenset(line_ids)] != 1:
            yield f"order {key[0]} gets a parcel from {key[1]} at {time_text(key[3])}, not as the parcels say"
    if len(sourced.consignments) > len(right):
        yield f"{len(sourced.consignments)} parcels are said to leave, {len(right)} do"
