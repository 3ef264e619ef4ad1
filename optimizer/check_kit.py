"""Rule KIT: a visit has its complete kit, and every shipment keeps to lane, cut-off, size class and stock."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optimizer.clock import time_text
from optimizer.cost import shipment_price
from optimizer.measure import Measured
from optimizer.model import DAY_S, Day, Job, Lane, Part, Rule, ShipMode, Warehouse
from optimizer.plan import Violation

if TYPE_CHECKING:
    from optimizer.plan import Shipment

__all__ = ["check_kit"]


def check_kit(measured: Measured) -> Iterator[Violation]:
    """Yield starts before the kit, order lines not shipped in full, and shipments that cannot be."""
    by_job: dict[str, list[Shipment]] = defaultdict(list)
    for shipment in measured.plan.shipments:
        by_job[shipment.job_id].append(shipment)
    yield from _starts_before_kit(measured, by_job)
    yield from _lines_not_shipped(measured, by_job)
    yield from _impossible_shipments(measured)
    yield from _stock_exceeded(measured)


def _starts_before_kit(measured: Measured, by_job: Mapping[str, Sequence["Shipment"]]) -> Iterator[Violation]:
    for job_id, visits in measured.visits.items():
        ready_s = max((shipment.ready_s for shipment in by_job.get(job_id, ())), default=None)
        for visit in visits:
            if ready_s is not None and visit.stop.start_s < ready_s:
                sentence = f"{job_id} starts {time_text(visit.stop.start_s)}, its kit is ready {time_text(ready_s)}"
                where = f"job {job_id}, technician {visit.technician.id}, shift {visit.shift.id}"
                yield Violation(rule=Rule.KIT, where=where, sentence=sentence)


def _lines_not_shipped(measured: Measured, by_job: Mapping[str, Sequence["Shipment"]]) -> Iterator[Violation]:
    """Look at the order lines of visited jobs: one shipment each, of the whole quantity."""
    for job_id in measured.visits:
        for line in measured.jobs[job_id].order_lines:
            sent = [shipment.quantity for shipment in by_job.get(job_id, ()) if shipment.order_line_id == line.id]
            if not sent:
                sentence = f"{job_id} is visited, its order line {line.id} is not shipped"
            elif len(sent) > 1:
                sentence = f"order line {line.id} is shipped {len(sent)} times, a line goes in one shipment"
            elif sent[0] != line.quantity:
                sentence = f"order line {line.id} needs {line.quantity} of {line.part_id}, {sent[0]} are shipped"
            else:
                continue
            yield Violation(rule=Rule.KIT, where=f"job {job_id}", sentence=sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Network:
    """What shipments refer to, by id."""

    parts: Mapping[str, Part]
    warehouses: Mapping[str, Warehouse]
    lanes: Mapping[tuple[str, str, ShipMode], Sequence[Lane]]
    now_s: int


def _network(day: Day) -> _Network:
    lanes: dict[tuple[str, str, ShipMode], list[Lane]] = defaultdict(list)
    for lane in day.lanes:
        lanes[lane.warehouse_id, lane.centre_id, lane.mode].append(lane)
    return _Network(
        parts={part.id: part for part in day.parts},
        warehouses={warehouse.id: warehouse for warehouse in day.warehouses},
        lanes=lanes,
        now_s=day.now_s,
    )


def _impossible_shipments(measured: Measured) -> Iterator[Violation]:
    network = _network(measured.day)
    for shipment in measured.plan.shipments:
        for sentence in _shipment_faults(shipment, measured.jobs, network):
            where = f"job {shipment.job_id}, order line {shipment.order_line_id}"
            yield Violation(rule=Rule.KIT, where=where, sentence=sentence)


def _shipment_faults(shipment: "Shipment", jobs: Mapping[str, Job], network: _Network) -> list[str]:
    """Return what is wrong with a shipment, given that it sends anything at all."""
    job = jobs.get(shipment.job_id)
    if job is None:
        return [f"{shipment.job_id} is no job of this day"]
    line = next((line for line in job.order_lines if line.id == shipment.order_line_id), None)
    if line is None:
        return [f"{shipment.order_line_id} is no order line of {job.id}"]
    if shipment.part_id != line.part_id:
        return [f"order line {line.id} needs part {line.part_id}, {shipment.part_id} is shipped"]
    part = network.parts.get(line.part_id)
    if part is None:
        return [f"{line.part_id} is no part of this day"]
    if shipment.warehouse_id not in network.warehouses:
        return [f"{shipment.warehouse_id} is no warehouse of this day"]
    lanes = network.lanes.get((shipment.warehouse_id, job.centre_id, shipment.mode), ())
    if not lanes:
        return [f"there is no {shipment.mode} lane from {shipment.warehouse_id} to centre {job.centre_id}"]
    # Two lanes may differ in their cut-off only: the shipment goes by the one that explains it best.
    faults = min((_lane_faults(shipment, lane, part, network.now_s) for lane in lanes), key=len)
    if not network.warehouses[shipment.warehouse_id].open:
        faults.append(f"{shipment.warehouse_id} is offline and sends nothing")
    if shipment.quantity <= 0:
        faults.append(f"{shipment.quantity} of {line.part_id} are shipped")
    return faults


def _lane_faults(shipment: "Shipment", lane: Lane, part: Part, now_s: int) -> list[str]:
    faults = []
    if part.size_class not in lane.carries:
        faults.append(
            f"the {lane.mode} lane from {lane.warehouse_id} carries no {part.size_class} parts like {part.id}"
        )
    if (shipment.ships_s - lane.cut_off_s) % DAY_S:
        faults.append(f"{part.id} ships {time_text(shipment.ships_s)}, the lane leaves at {time_text(lane.cut_off_s)}")
    elif any(begin <= shipment.ships_s < end for begin, end in lane.closed):
        faults.append(f"{part.id} ships {time_text(shipment.ships_s)}, when the lane is closed")
    if shipment.ships_s < now_s:
        faults.append(f"{part.id} ships {time_text(shipment.ships_s)}, before the planning moment {time_text(now_s)}")
    ready_s = shipment.ships_s + lane.transit_p90_s
    if shipment.ready_s != ready_s:
        faults.append(f"{part.id} is ready {time_text(shipment.ready_s)} in the plan, {time_text(ready_s)} by the lane")
    cost_fen = shipment_price(lane, part, shipment.quantity)
    if shipment.cost_fen != cost_fen:
        faults.append(f"the shipment costs {shipment.cost_fen} fen in the plan, {cost_fen} by the lane")
    return faults


def _stock_exceeded(measured: Measured) -> Iterator[Violation]:
    """Look at every shelf at each departure: what has left by then was on hand or had arrived."""
    warehouses = {warehouse.id: warehouse for warehouse in measured.day.warehouses}
    leaving: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for shipment in measured.plan.shipments:
        leaving[shipment.warehouse_id, shipment.part_id].append((shipment.ships_s, shipment.quantity))
    for (warehouse_id, part_id), sent in leaving.items():
        warehouse = warehouses.get(warehouse_id)
        if warehouse is None:
            continue
        taken = 0
        short: tuple[int, int] | None = None
        for at_s in sorted({ships_s for ships_s, _ in sent}):
            taken = sum(quantity for ships_s, quantity in sent if ships_s <= at_s)
            arrived = sum(lot.quantity for lot in warehouse.inbound.get(part_id, ()) if lot.ready_s <= at_s)
            if taken > warehouse.stock.get(part_id, 0) + arrived:
                short = taken, warehouse.stock.get(part_id, 0) + arrived
        if short is not None:
            sentence = f"{warehouse_id} gives {short[0]} of {part_id}, it has {short[1]}"
            yield Violation(rule=Rule.KIT, where=f"warehouse {warehouse_id}, part {part_id}", sentence=sentence)
