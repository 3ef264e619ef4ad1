"""Rule KIT: a visit has its complete kit, and every shipment keeps to its line, lane, cut-off, size class and mode."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optimizer.check_stock import check_stock
from optimizer.clock import time_text
from optimizer.cost import shipment_price
from optimizer.measure import Measured
from optimizer.model import DAY_S, FAST_MODES, Day, Lane, Part, Rule, ShipMode, SizeClass, Warehouse
from optimizer.plan import Violation
from optimizer.sent_for import Wanted, wanted_lines

if TYPE_CHECKING:
    from optimizer.plan import Shipment

__all__ = ["check_kit"]

HORIZON_S = 14 * DAY_S
"""A lane that does not leave within so long is no lane."""


def check_kit(measured: Measured) -> Iterator[Violation]:
    """Yield starts before the kit, order lines not shipped in full, and shipments that cannot be."""
    by_job: dict[str, list[Shipment]] = defaultdict(list)
    for shipment in measured.plan.shipments:
        by_job[shipment.job_id].append(shipment)
    wanted = wanted_lines(measured)
    yield from _starts_before_kit(measured, by_job)
    yield from _lines_not_shipped(measured, by_job)
    yield from _impossible_shipments(measured, wanted)
    yield from _promised_too_much(measured, wanted)
    yield from check_stock(measured, wanted)


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


def _promised_too_much(measured: Measured, wanted: Mapping[tuple[str, str], Wanted]) -> Iterator[Violation]:
    """Look at the lines of open orders that are no kit: never more than they ask for."""
    units: dict[tuple[str, str], int] = defaultdict(int)
    for shipment in measured.plan.promised:
        units[shipment.job_id, shipment.order_line_id] += shipment.quantity
    for key, promised in units.items():
        if key in wanted and promised > wanted[key].quantity:
            sentence = f"order line {key[1]} asks for {wanted[key].quantity}, {promised} are promised"
            yield Violation(rule=Rule.KIT, where=f"order {key[0]}", sentence=sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Network:
    """What shipments refer to, by id."""

    parts: Mapping[str, Part]
    warehouses: Mapping[str, Warehouse]
    shelves: Mapping[str, Mapping[str, object]]
    lanes: Mapping[tuple[str, str, ShipMode], Sequence[Lane]]
    to: Mapping[str, Sequence[Lane]]
    now_s: int


def _network(day: Day, shelves: Mapping[str, Mapping[str, object]]) -> _Network:
    lanes: dict[tuple[str, str, ShipMode], list[Lane]] = defaultdict(list)
    to: dict[str, list[Lane]] = defaultdict(list)
    for lane in day.lanes:
        lanes[lane.warehouse_id, lane.centre_id, lane.mode].append(lane)
        to[lane.centre_id].append(lane)
    return _Network(
        parts={part.id: part for part in day.parts},
        warehouses={warehouse.id: warehouse for warehouse in day.warehouses},
        shelves=shelves,
        lanes=lanes,
        to=to,
        now_s=day.now_s,
    )


def _impossible_shipments(measured: Measured, wanted: Mapping[tuple[str, str], Wanted]) -> Iterator[Violation]:
    network = _network(measured.day, measured.supply.shelves)
    orders = {order.id for order in measured.supply.orders}
    plan = measured.plan
    for shipments, known, word in ((plan.shipments, measured.jobs, "job"), (plan.promised, orders, "order")):
        for shipment in shipments:
            if shipment.job_id not in known:
                faults = [f"{shipment.job_id} is no {word} of this day"]
            elif (shipment.job_id, shipment.order_line_id) not in wanted:
                faults = [f"{shipment.order_line_id} is no order line of {shipment.job_id}"]
            else:
                faults = _shipment_faults(shipment, wanted[shipment.job_id, shipment.order_line_id], network)
            where = f"{word} {shipment.job_id}, order line {shipment.order_line_id}"
            yield from (Violation(rule=Rule.KIT, where=where, sentence=sentence) for sentence in faults)


def _shipment_faults(shipment: "Shipment", line: Wanted, network: _Network) -> list[str]:
    """Return what is wrong with a shipment for a line that there is."""
    if shipment.part_id not in line.part_ids:
        return [f"order line {line.id} needs part {line.part_ids[0]}, {shipment.part_id} is shipped"]
    part = network.parts.get(shipment.part_id)
    if part is None:
        return [f"{shipment.part_id} is no part of this day"]
    if shipment.warehouse_id in network.shelves:
        faults = _shelf_faults(shipment, line, network)
    elif shipment.warehouse_id in network.warehouses:
        faults = _lanes_faults(shipment, line, part, network)
    else:
        return [f"{shipment.warehouse_id} is no warehouse of this day"]
    if shipment.quantity <= 0:
        faults.append(f"{shipment.quantity} of {shipment.part_id} are shipped")
    if line.pinned_source_id not in (None, shipment.warehouse_id):
        faults.append(f"it comes from {shipment.warehouse_id}, a person decided on {line.pinned_source_id}")
    if shipment.needs_approval != line.over_quota:
        said = "is" if shipment.needs_approval else "is not"
        faults.append(f"order line {line.id} {said} said to need approval, by its outlet's quota it is otherwise")
    return faults


def _shelf_faults(shipment: "Shipment", line: Wanted, network: _Network) -> list[str]:
    """Return what is wrong with what lies on an outlet's own shelf: it is there at once, for whom the outlet visits."""
    outlet_id = shipment.warehouse_id
    if line.outlet_id != outlet_id:
        return [f"{shipment.part_id} lies on the shelf of {outlet_id}, which does not come: {line.outlet_id} does"]
    if (shipment.ships_s, shipment.ready_s, shipment.cost_fen) != (network.now_s, network.now_s, 0):
        return [f"{shipment.part_id} lies on the shelf of {outlet_id}, and is not there at once for nothing"]
    return []


def _lanes_faults(shipment: "Shipment", line: Wanted, part: Part, network: _Network) -> list[str]:
    lanes = network.lanes.get((shipment.warehouse_id, line.centre_id, shipment.mode), ())
    if not lanes:
        return [f"there is no {shipment.mode} lane from {shipment.warehouse_id} to centre {line.centre_id}"]
    # Two lanes may differ in their cut-off only: the shipment goes by the one that explains it best.
    faults = min((_lane_faults(shipment, lane, part, line, network.now_s) for lane in lanes), key=len)
    if not network.warehouses[shipment.warehouse_id].open:
        faults.append(f"{shipment.warehouse_id} is offline and sends nothing")
    return [*faults, *_mode_faults(shipment, line, network)]


def _lane_faults(shipment: "Shipment", lane: Lane, part: Part, line: Wanted, now_s: int) -> list[str]:
    faults = []
    if lane.reach is not None and _fetching(line) not in lane.reach:
        faults.append(f"{part.id} is to be fetched at {lane.warehouse_id}, {_fetching(line)} is out of its reach")
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


def _mode_faults(shipment: "Shipment", line: Wanted, network: _Network) -> list[str]:
    """Return what is wrong with how it travels, given how it could by what warehouses ever have of it."""
    carrying = {
        lane.mode
        for lane in network.to.get(line.centre_id, ())
        if network.parts[shipment.part_id].size_class in lane.carries
        if lane.reach is None or _fetching(line) in lane.reach
        if line.pinned_source_id in (None, lane.warehouse_id)
        if lane.departures_s(network.now_s, network.now_s + HORIZON_S)
        if _ever_has(network.warehouses.get(lane.warehouse_id), shipment.part_id, shipment.quantity)
    }
    if line.urgent:
        if shipment.mode not in FAST_MODES and carrying & FAST_MODES:
            return [f"a customer waits for {shipment.part_id} and it travels {shipment.mode}, a faster lane carries it"]
        if shipment.mode not in FAST_MODES | {ShipMode.DEDICATED} and ShipMode.DEDICATED in carrying:
            return [f"a customer waits for {shipment.part_id} and it travels {shipment.mode}, not by itself"]
        return []
    bulky = any(part.size_class is SizeClass.BULKY for id_ in line.part_ids if (part := network.parts.get(id_)))
    others = carrying - {ShipMode.DEDICATED}
    if shipment.mode is ShipMode.DEDICATED and others and not bulky:
        return [f"{shipment.part_id} travels by itself, though {' and '.join(sorted(others))} carry it"]
    return []


def _fetching(line: Wanted) -> str | None:
    """Return who would fetch a line: the outlet that visits or that ordered it."""
    return line.outlet_id or line.orderer_id


def _ever_has(warehouse: Warehouse | None, part_id: str, quantity: int) -> bool:
    if warehouse is None or not warehouse.open:
        return False
    coming = sum(lot.quantity for lot in warehouse.inbound.get(part_id, ()))
    return max(0, warehouse.stock.get(part_id, 0)) + coming >= quantity
