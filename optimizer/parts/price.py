"""What answers cost, item by item, in plain Python: shares no code with what decides."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from optimizer.cost import late_price
from optimizer.model import DAY_S, ClockKind, Position
from optimizer.parts.model import Dispatch, Order, OrderLine, Sourced, Sourcing, SourcingCost

__all__ = ["late_fen", "left_fen", "lines_over_quota", "lost_fen", "price"]

_HOUR_S = 3_600
_EARTH_KM = 6_371.009


def price(asked: Sourcing, sourced: Sourced) -> SourcingCost:
    """Return what the dispatches of an answer cost, and what it costs not to send the rest."""
    sent: defaultdict[str, list[Dispatch]] = defaultdict(list)
    for answer in sourced.answers:
        sent[answer.line_id] += answer.dispatches
    over_quota = lines_over_quota(asked)
    item: defaultdict[str, int] = defaultdict(int)
    for order in asked.orders:
        for name, fen in _of_order(asked, order, sent, sourced.bid_fen, over_quota):
            item[name] += fen
    return SourcingCost(**item)


def late_fen(asked: Sourcing, order: Order, ready_s: int) -> int:
    """Return what it costs that an order is there at a time: its clocks, its waiting, the hours past its need."""
    weight = asked.tariff.weight_percent[order.customer_class]
    event_s = ready_s + order.lead_s
    fen = sum(
        weight * late_price(asked.tariff.lateness[clock.kind], event_s - clock.due_s) // 100
        for clock in order.clocks
        if clock.kind in (ClockKind.ARRIVAL, ClockKind.RESOLUTION)
    )
    if order.waiting:
        fen += weight * (max(0, event_s - order.ordered_s) * asked.tariff.waiting_fen_per_hour // _HOUR_S) // 100
    fen += max(0, ready_s - asked.now_s) * asked.charges.sooner_fen_per_hour // _HOUR_S
    if order.needed_by_s is not None and ready_s > order.needed_by_s:
        hours_fen = (ready_s - order.needed_by_s) * asked.charges.late_fen_per_hour // _HOUR_S
        fen += hours_fen * weight // 100
    return fen


def lost_fen(order: Order, line: OrderLine, units: int, ready_s: int) -> int:
    """Return what is lost because so many units of a line are there at a time, and not by when they are needed."""
    too_late = order.needed_by_s is not None and ready_s > order.needed_by_s
    return units * line.in_time_fen if too_late else 0


def left_fen(asked: Sourcing, order: Order, missing: Mapping[str, int], over_quota: frozenset[str]) -> int:
    """Return what it costs that so many units of lines are not sent: the backorders, and lateness as if they came late.

    They are taken to arrive a day after the last arrival that is known. A kit is late once. Half the price of a
    backorder where the line is over its quota.
    """
    late = late_fen(asked, order, _never_s(asked))
    kit = order.job_id is not None
    fen = late if kit else 0
    for line in order.lines:
        backorder_fen = asked.charges.backorder_fen // (2 if line.id in over_quota else 1)
        backorder_fen += line.quantity * line.in_time_fen
        fen += missing.get(line.id, 0) * math.ceil((backorder_fen + (0 if kit else late)) / line.quantity)
    return fen


def _of_order(
    asked: Sourcing,
    order: Order,
    sent: Mapping[str, Sequence[Dispatch]],
    bid_fen: Mapping[tuple[str, str], int],
    over_quota: frozenset[str],
) -> Iterator[tuple[str, int]]:
    charges = asked.charges
    dispatches = [(line, dispatch) for line in order.lines for dispatch in sent.get(line.id, ())]
    missing = {line.id: line.quantity - sum(one.quantity for one in sent.get(line.id, ())) for line in order.lines}
    late = [late_fen(asked, order, dispatch.ready_p90_s) for _, dispatch in dispatches]
    if any(missing.values()):
        yield "backorder", left_fen(asked, order, missing, over_quota)
    if order.job_id is None:
        yield "lateness", sum(late)
    elif not any(missing.values()):
        yield "lateness", max(late, default=0)
    parcels = {(dispatch.source_id, dispatch.mode, dispatch.ships_s) for _, dispatch in dispatches}
    sources = {dispatch.source_id for _, dispatch in dispatches}
    yield "consignments", charges.consignment_fen * len(parcels)
    yield "split", charges.split_fen * max(0, len(sources) - 1)
    yield from _of_dispatches(asked, order, dispatches, bid_fen, over_quota)


def _of_dispatches(
    asked: Sourcing,
    order: Order,
    dispatches: Sequence[tuple[OrderLine, Dispatch]],
    bid_fen: Mapping[tuple[str, str], int],
    over_quota: frozenset[str],
) -> Iterator[tuple[str, int]]:
    charges = asked.charges
    sources = {source.id: source for source in asked.sources}
    for line, dispatch in dispatches:
        source = sources[dispatch.source_id]
        yield "freight", dispatch.cost_fen
        yield "scarcity", dispatch.quantity * bid_fen.get((dispatch.source_id, dispatch.part_id), 0)
        yield "reserve", dispatch.below_floor * charges.release_fen
        yield "lateness", lost_fen(order, line, dispatch.quantity, dispatch.ready_p90_s)
        if line.id in over_quota:
            yield "quota", dispatch.quantity * charges.over_quota_fen
        if dispatch.part_id != line.part_id:
            yield "substitution", charges.substitute_fen
        if not source.lies_with(order):
            km = _straight_km(source.position, order.position)
            yield "proximity", int(km * charges.proximity_fen_per_100km / 100)


def _never_s(asked: Sourcing) -> int:
    arrivals = [route.departures_s[-1] + route.transit_p90_s for route in asked.routes if route.departures_s]
    return max(arrivals, default=asked.now_s) + DAY_S


def lines_over_quota(asked: Sourcing) -> frozenset[str]:
    """Return the lines that no longer fit into what is left of a quota; those who wait are counted first."""
    left = {(quota.outlet_id, quota.part_id): quota.left for quota in asked.quotas}
    over = set()
    for order in sorted(asked.orders, key=lambda order: (not order.waiting, order.ordered_s, order.id)):
        for line in order.lines:
            key = order.outlet_id or "", line.part_id
            if order.outlet_id is None or key not in left:
                continue
            if line.quantity > left[key]:
                over.add(line.id)
            else:
                left[key] -= line.quantity
    return frozenset(over)


def _straight_km(first: Position, second: Position) -> float:
    (east, north), (other_east, other_north) = ((math.radians(x), math.radians(y)) for x, y in (first, second))
    across = (
        math.sin((other_north - north) / 2) ** 2
        + math.cos(north) * math.cos(other_north) * math.sin((other_east - east) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(math.sqrt(across))
