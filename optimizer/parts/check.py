"""Every rule of sourcing again, in plain Python: shares no code with what decides."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from optimizer.clock import time_text
from optimizer.model import FAST_MODES, Part, ShipMode, SizeClass
from optimizer.parts.check_told import untrue
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
    SourcingCost,
)
from optimizer.parts.price import price

__all__ = ["broken_rules", "faults"]

_SERVED = frozenset({Answer.CONFIRMED, Answer.SUBSTITUTED, Answer.NEEDS_APPROVAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The problem, by id."""

    orders: Mapping[str, Order]
    lines: Mapping[str, tuple[Order, OrderLine]]
    parts: Mapping[str, Part]
    sources: Mapping[str, Source]
    routes: Mapping[tuple[str, str, ShipMode], list[Route]]
    to: Mapping[str, list[Route]]


def faults(asked: Sourcing, sourced: Sourced) -> list[str]:
    """Return a sentence for everything that is wrong with an answer, none when it is right."""
    by_id = _by_id(asked)
    return [
        *_lines_without_an_answer(by_id, sourced),
        *(fault for answer in sourced.answers for fault in _of_answer(by_id, answer)),
        *_of_dispatches(asked, by_id, sourced),
        *untrue(asked, sourced),
        *_prices(asked, by_id, sourced),
        *_bound(sourced),
    ]


def broken_rules(asked: Sourcing, sourced: Sourced) -> list[str]:
    """Return a sentence for every rule that the dispatches break, whatever is said about them."""
    return list(_of_dispatches(asked, _by_id(asked), sourced))


def _of_dispatches(asked: Sourcing, by_id: _Asked, sourced: Sourced) -> Iterator[str]:
    for answer in sourced.answers:
        order, line = by_id.lines.get(answer.line_id, (None, None))
        if order is None or line is None:
            continue
        sent = sum(dispatch.quantity for dispatch in answer.dispatches)
        if sent > line.quantity:
            yield f"line {line.id} asks for {line.quantity}, {sent} are sent"
        for dispatch in answer.dispatches:
            yield from (f"line {line.id}: {fault}" for fault in _of_dispatch(asked, by_id, order, line, dispatch))
    yield from _incomplete_kits(by_id, sourced)
    yield from _empty_shelves(by_id, sourced)
    yield from _full_docks(by_id, sourced)


def _by_id(asked: Sourcing) -> _Asked:
    routes: defaultdict[tuple[str, str, ShipMode], list[Route]] = defaultdict(list)
    to: defaultdict[str, list[Route]] = defaultdict(list)
    for route in asked.routes:
        routes[route.source_id, route.to_id, route.mode].append(route)
        to[route.to_id].append(route)
    return _Asked(
        orders={order.id: order for order in asked.orders},
        lines={line.id: (order, line) for order in asked.orders for line in order.lines},
        parts={part.id: part for part in asked.parts},
        sources={source.id: source for source in asked.sources},
        routes=routes,
        to=to,
    )


def _lines_without_an_answer(by_id: _Asked, sourced: Sourced) -> Iterator[str]:
    told = Counter(answer.line_id for answer in sourced.answers)
    yield from (f"line {line_id} has no answer" for line_id in by_id.lines.keys() - told.keys())
    yield from (f"line {line_id} has {count} answers" for line_id, count in told.items() if count > 1)


def _of_answer(by_id: _Asked, answer: LineAnswer) -> Iterator[str]:
    if answer.line_id not in by_id.lines:
        yield f"{answer.line_id} is no line of this problem"
        return
    _, line = by_id.lines[answer.line_id]
    sent = sum(dispatch.quantity for dispatch in answer.dispatches)
    if sent < line.quantity and answer.answer in _SERVED:
        yield f"line {line.id} is told {answer.answer}, {sent} of {line.quantity} are sent"
    if answer.answer is Answer.BACKORDERED and answer.eta_p90_s is None and not answer.dispatches:
        yield f"line {line.id} is told backordered without a time"
    if answer.answer is Answer.DECLINED and answer.dispatches:
        yield f"line {line.id} is declined and sent"
    if answer.answer in _SERVED and answer.eta_p90_s is None:
        yield f"line {line.id} is told {answer.answer} without a time"
    if answer.dispatches and sent == line.quantity:
        ready_s = max(dispatch.ready_p90_s for dispatch in answer.dispatches)
        if answer.eta_p90_s != ready_s:
            yield f"line {line.id} is promised for another time than {time_text(ready_s)}"


def _of_dispatch(asked: Sourcing, by_id: _Asked, order: Order, line: OrderLine, dispatch: Dispatch) -> Iterator[str]:
    source = by_id.sources.get(dispatch.source_id)
    part = by_id.parts.get(dispatch.part_id)
    if source is None or part is None:
        yield f"{dispatch.source_id} or {dispatch.part_id} is not of this problem"
        return
    if dispatch.quantity <= 0:
        yield f"{dispatch.quantity} are sent"
    if dispatch.part_id != line.part_id and dispatch.part_id not in asked.substitutes.get(line.part_id, ()):
        yield f"{dispatch.part_id} does not do instead of {line.part_id}"
    if not source.open:
        yield f"{source.id} is offline"
    if line.pinned_source_id not in (None, source.id):
        yield f"comes from {source.id}, a person decided on {line.pinned_source_id}"
    if dispatch.below_floor and not _may_have_reserve(asked, order):
        yield f"takes {dispatch.below_floor} from the reserve of {source.id}, which is not for it"
    if dispatch.below_floor not in (0, dispatch.quantity):
        yield f"takes {dispatch.below_floor} of {dispatch.quantity} from the reserve: it is of it whole or not at all"
    if source.lies_with(order):
        if {dispatch.ships_s, dispatch.ready_p50_s, dispatch.ready_p90_s} != {asked.now_s} or dispatch.cost_fen != 0:
            yield "lies on the outlet's own shelf and is not there at once for nothing"
        return
    yield from _of_route(asked, by_id, order, part, dispatch)
    yield from _of_mode(asked, by_id, order, line, dispatch)


def _of_route(asked: Sourcing, by_id: _Asked, order: Order, part: Part, dispatch: Dispatch) -> Iterator[str]:
    routes = [
        route
        for route in by_id.routes.get((dispatch.source_id, order.centre_id, dispatch.mode), [])
        if (route.reach is None or order.fetching_outlet_id in route.reach)
        and dispatch.ships_s in route.departures_s
        and part.size_class in route.carries
        and dispatch.ready_p50_s == dispatch.ships_s + route.transit_p50_s
        and dispatch.ready_p90_s == dispatch.ships_s + route.transit_p90_s
        and dispatch.cost_fen == route.cost_fen + dispatch.quantity * part.weight_g * route.cost_fen_per_kg // 1000
    ]
    if not routes:
        yield (
            f"no {dispatch.mode} lane from {dispatch.source_id} to {order.centre_id} carries {part.id} "
            f"at {time_text(dispatch.ships_s)} in that time and at that price"
        )
    if order.latest_s is not None and dispatch.ready_p90_s > order.latest_s:
        yield f"is there at {time_text(dispatch.ready_p90_s)}, nothing may come after {time_text(order.latest_s)}"
    if dispatch.ships_s < asked.now_s:
        yield "has left before now"


def _of_mode(asked: Sourcing, by_id: _Asked, order: Order, line: OrderLine, dispatch: Dispatch) -> Iterator[str]:
    """Yield what is wrong with the mode, given the modes by which this line could come."""
    part_ids = [
        part_id for part_id in (line.part_id, *asked.substitutes.get(line.part_id, ())) if part_id in by_id.parts
    ]
    bulky = any(by_id.parts[part_id].size_class is SizeClass.BULKY for part_id in part_ids)
    carrying = {
        route.mode
        for part_id in part_ids
        for route in by_id.to.get(order.centre_id, ())
        if route.departures_s and by_id.parts[part_id].size_class in route.carries
        if route.reach is None or order.fetching_outlet_id in route.reach
        if route.source_id in by_id.sources
        if _could_send(by_id.sources[route.source_id], order, line, part_id, dispatch.quantity)
    }
    if order.urgent and order.waiting:
        if dispatch.mode in FAST_MODES:
            return
        if not dispatch.bulky_fallback:
            yield f"a customer waits and it travels {dispatch.mode}, not marked as a fallback"
        if carrying & FAST_MODES:
            yield f"a customer waits and it travels {dispatch.mode}, though a faster lane carries it"
        elif dispatch.mode is not ShipMode.DEDICATED and ShipMode.DEDICATED in carrying:
            yield f"a customer waits and it travels {dispatch.mode}, though a vehicle of its own carries it"
    elif dispatch.mode is ShipMode.DEDICATED and not bulky and carrying - {ShipMode.DEDICATED}:
        yield f"it goes by itself, though {' and '.join(sorted(carrying - {ShipMode.DEDICATED}))} carry it"


def _could_send(source: Source, order: Order, line: OrderLine, part_id: str, quantity: int) -> bool:
    """Say whether a source that is no shelf of the outlet itself may ever have so many units for a line."""
    shelf = source.shelves.get(part_id, Shelf(free=0))
    units = max(0, shelf.free) + sum(some.quantity for some in shelf.inbound)
    return (
        source.open and not source.lies_with(order) and line.pinned_source_id in (None, source.id) and units >= quantity
    )


def _may_have_reserve(asked: Sourcing, order: Order) -> bool:
    return order.customer_class in asked.charges.release or (order.urgent and order.waiting)


def _incomplete_kits(by_id: _Asked, sourced: Sourced) -> Iterator[str]:
    sent: defaultdict[str, int] = defaultdict(int)
    sources_of: defaultdict[str, set[str]] = defaultdict(set)
    for answer in sourced.answers:
        for dispatch in answer.dispatches:
            sent[answer.line_id] += dispatch.quantity
            sources_of[answer.order_id].add(dispatch.source_id)
    for order in by_id.orders.values():
        missing = [line for line in order.lines if sent[line.id] < line.quantity]
        if order.job_id is not None and missing and any(sent[line.id] for line in order.lines):
            yield f"order {order.id} is a kit: {missing[0].id} is not sent, others are"
        sources = sources_of[order.id]
        if len(sources) > max(1, order.most_sources):
            yield f"order {order.id} comes from {len(sources)} sources, at most {order.most_sources} may be"


def _empty_shelves(by_id: _Asked, sourced: Sourced) -> Iterator[str]:
    taken: defaultdict[tuple[str, str], list[Dispatch]] = defaultdict(list)
    for answer in sourced.answers:
        for dispatch in answer.dispatches:
            taken[dispatch.source_id, dispatch.part_id].append(dispatch)
    for (source_id, part_id), dispatches in taken.items():
        shelf = (
            by_id.sources[source_id].shelves.get(part_id, Shelf(free=0))
            if source_id in by_id.sources
            else Shelf(free=0)
        )
        for ships_s in sorted({dispatch.ships_s for dispatch in dispatches}):
            gone = [dispatch for dispatch in dispatches if dispatch.ships_s <= ships_s]
            there = max(0, shelf.free) + sum(some.quantity for some in shelf.inbound if some.ready_s <= ships_s)
            units = sum(dispatch.quantity for dispatch in gone)
            above = sum(dispatch.quantity - dispatch.below_floor for dispatch in gone)
            if units > there:
                yield f"{source_id} has {there} of {part_id} by {time_text(ships_s)}, {units} have left"
            elif above > max(0, there - shelf.floor):
                yield f"{source_id} keeps {shelf.floor} of {part_id}, and {above} of {there} have left without leave"


def _full_docks(by_id: _Asked, sourced: Sourced) -> Iterator[str]:
    lines: defaultdict[tuple[str, ShipMode, int], int] = defaultdict(int)
    for answer in sourced.answers:
        for dispatch in answer.dispatches:
            source = by_id.sources.get(dispatch.source_id)
            order, _ = by_id.lines.get(answer.line_id, (None, None))
            if source is not None and order is not None and not source.lies_with(order):
                lines[dispatch.source_id, dispatch.mode, dispatch.ships_s] += 1
    for (source_id, mode, ships_s), count in lines.items():
        most = by_id.sources[source_id].dock_lines
        if most is not None and count > most:
            yield f"{source_id} packs {most} lines for {mode} at {time_text(ships_s)}, {count} are to leave"


def _bound(sourced: Sourced) -> Iterator[str]:
    if sourced.bound_fen > sourced.cost.total:
        yield f"it costs {sourced.cost.total} fen, less than the {sourced.bound_fen} that are said to be proven"
    if sourced.optimal and sourced.bound_fen != sourced.cost.total:
        yield "it is said to be the best, and the bound says otherwise"


def _prices(asked: Sourcing, by_id: _Asked, sourced: Sourced) -> Iterator[str]:
    known = all(
        dispatch.source_id in by_id.sources and answer.line_id in by_id.lines
        for answer in sourced.answers
        for dispatch in answer.dispatches
    )
    if not known:
        return
    right = price(asked, sourced)
    for item in fields(SourcingCost):
        told, fen = getattr(sourced.cost, item.name), getattr(right, item.name)
        if told != fen:
            yield f"{item.name} is said to cost {told} fen, it costs {fen}"
