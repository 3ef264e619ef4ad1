"""What a day asks of the parts: its jobs' kits as orders, its warehouses and lanes as sources and routes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from optimizer.candidates import likely_outlets
from optimizer.model import DAY_S, Day, Job, Lane, Warehouse
from optimizer.parts.model import Charges, Order, OrderLine, Quota, Route, Shelf, Source, SourceKind, Sourcing

__all__ = ["NOTHING_BESIDE", "Supply", "asked_of", "kit_order", "routes_of", "sources_of"]

LEAD_S = 2 * 3600
"""From a kit's arrival to the start of its visit, while no route is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What is known of the parts beside a day: orders that are no kit of its jobs, and the policy.

    respond_within_s: from an order to its answer. horizon_s: departures later than this are not looked at. shelves: an
    outlet's own stock by outlet and part. transfers: routes between sources. substitutes: best first, by part.
    forecast: units expected before the shelves are filled again, by (centre, part). pinned: the source that a person
    chose for a kit's line, by line.
    """

    respond_within_s: int = DAY_S
    horizon_s: int = 7 * DAY_S
    orders: tuple[Order, ...] = ()
    shelves: Mapping[str, Mapping[str, Shelf]] = field(default_factory=dict)
    transfers: tuple[Route, ...] = ()
    substitutes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    quotas: tuple[Quota, ...] = ()
    forecast: Mapping[tuple[str, str], int] = field(default_factory=dict)
    pinned: Mapping[str, str] = field(default_factory=dict)
    charges: Charges = field(default_factory=Charges)


NOTHING_BESIDE = Supply()


def asked_of(day: Day, supply: Supply, likely: Mapping[str, str] | None = None) -> Sourcing:
    """Return every open order of a day and its supply as one sourcing problem: the jobs' kits first, in their order.

    likely: which outlet is thought to fetch a kit, by job; None: the nearest, in a straight line and of any centre,
    with somebody on duty who may do the job and gets there.
    """
    likely = _likely_outlets(day) if likely is None else likely
    kits = tuple(kit_order(job, supply, likely.get(job.id)) for job in day.jobs if job.order_lines)
    return Sourcing(
        now_s=day.now_s,
        orders=kits + supply.orders,
        parts=day.parts,
        sources=sources_of(day, supply),
        routes=tuple(routes_of(day.lanes, day.now_s, supply.horizon_s)) + supply.transfers,
        substitutes=supply.substitutes,
        quotas=supply.quotas,
        forecast=supply.forecast,
        charges=supply.charges,
        tariff=day.tariff,
    )


def _likely_outlets(day: Day) -> Mapping[str, str]:
    """Return who is thought to fetch each kit that could be fetched, by job."""
    reached = {lane.centre_id for lane in day.lanes if lane.reach is not None}
    return likely_outlets(
        replace(day, jobs=tuple(job for job in day.jobs if job.order_lines and job.centre_id in reached))
    )


def kit_order(job: Job, supply: Supply, likely_outlet_id: str | None = None) -> Order:
    """Return the order of a job's kit. A customer who has yet to agree to pay waits for nothing: no clock prices it."""
    return Order(
        id=job.id,
        centre_id=job.centre_id,
        outlet_id=None,
        position=job.position,
        ordered_s=job.reported_s,
        respond_by_s=job.reported_s + supply.respond_within_s,
        lines=tuple(
            OrderLine(
                id=line.id,
                part_id=line.part_id,
                quantity=line.quantity,
                pinned_source_id=supply.pinned.get(line.id),
            )
            for line in job.order_lines
        ),
        job_id=job.id,
        clocks=job.clocks if job.consent else (),
        lead_s=LEAD_S,
        customer_class=job.customer_class,
        waiting=job.consent,
        urgent=job.urgent,
        likely_outlet_id=likely_outlet_id,
    )


def sources_of(day: Day, supply: Supply) -> tuple[Source, ...]:
    """Return the warehouses in the day's order, then the outlets that have stock of their own."""
    outlets = tuple(
        Source(
            id=outlet.id,
            kind=SourceKind.OUTLET,
            position=outlet.position,
            shelves=supply.shelves[outlet.id],
            outlet_id=outlet.id,
        )
        for outlet in day.outlets
        if outlet.id in supply.shelves
    )
    return tuple(_source(warehouse) for warehouse in day.warehouses) + outlets


def _source(warehouse: Warehouse) -> Source:
    parts = dict.fromkeys([*warehouse.stock, *warehouse.inbound])
    shelves = {
        part_id: Shelf(
            free=warehouse.stock.get(part_id, 0),
            floor=warehouse.floors.get(part_id, 0),
            inbound=warehouse.inbound.get(part_id, ()),
        )
        for part_id in parts
    }
    return Source(
        id=warehouse.id,
        kind=warehouse.kind,
        position=warehouse.position,
        shelves=shelves,
        dock_lines=warehouse.dock_lines,
        open=warehouse.open,
    )


def routes_of(lanes: Iterable[Lane], now_s: int, horizon_s: int) -> Iterable[Route]:
    """Yield lanes with their departures spelled out, and the one that was missed last."""
    for lane in lanes:
        missed = lane.departures_s(now_s - horizon_s, now_s)
        yield Route(
            source_id=lane.warehouse_id,
            to_id=lane.centre_id,
            mode=lane.mode,
            departures_s=lane.departures_s(now_s, now_s + horizon_s),
            transit_p50_s=lane.transit_p50_s,
            transit_p90_s=lane.transit_p90_s,
            cost_fen=lane.cost_fen,
            cost_fen_per_kg=lane.cost_fen_per_kg,
            carries=lane.carries,
            missed_s=missed[-1] if missed else None,
            reach=lane.reach,
        )
