"""Part options of every job by the simple rule: the nearest warehouse that has the part and can send it.

Order lines reserve stock job by job, first come first served; a line reserves once, in one warehouse, whatever lane
it takes later, so any choice of options is within stock. A job whose kit is not complete reserves nothing.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.model import DAY_S, FAST_MODES, Day, Job, Lane, OrderLine, Part, Position, ShipMode, Warehouse
from optimizer.plan import Plan, Shipment

__all__ = [
    "HORIZON_S",
    "MAX_OPTIONS",
    "KitOption",
    "best_kits",
    "kit_options",
    "kits_of_plan",
    "kits_or_reasons",
    "lanes_between",
    "missing_parts",
    "shipment_by",
    "shipments_for",
]

MAX_OPTIONS = 3
"""The search looks at no more kits per job."""

HORIZON_S = 14 * DAY_S
"""No later departure is looked at: a lane that is closed for longer is no lane."""

_REGULAR = frozenset({ShipMode.STANDARD, ShipMode.EXPRESS, ShipMode.PICKUP})


@dataclass(frozen=True, slots=True, kw_only=True)
class KitOption:
    """A way to get a job's complete kit: all of it is there from ready_s on, for cost_fen."""

    ready_s: int
    cost_fen: int
    shipments: tuple[Shipment, ...]


def kit_options(day: Day) -> dict[str, tuple[KitOption, ...]]:
    """Return for every job with order lines its kit options by rising ready time and falling cost, by job id.

    An empty tuple says that the kit cannot be completed; `missing_parts` says why. Jobs with consent come first, then
    by first due time, report and id. For each time at which a kit can be ready, every line takes its cheapest lane
    that makes it; of more than MAX_OPTIONS such kits the earliest, the cheapest and some between stay. Parts travel
    by dedicated vehicle only where no warehouse with stock has another lane that carries them. Urgent jobs have one
    option, the earliest; their parts travel express (or are picked up) from the nearest warehouse that can do so, and
    where none can, by the earliest lane the nearest one has.
    """
    return {job_id: () if isinstance(kit, str) else kit for job_id, kit in kits_or_reasons(day).items()}


def missing_parts(day: Day) -> dict[str, str]:
    """Return a sentence for every job whose kit cannot be completed, by job id: which part is missing, and why."""
    return {job_id: kit for job_id, kit in kits_or_reasons(day).items() if isinstance(kit, str)}


def kits_or_reasons(day: Day) -> dict[str, tuple[KitOption, ...] | str]:
    """Return for every job with order lines its kit options, or the sentence why there are none, by job id."""
    shelves = _Shelves(day)
    waiting = sorted((job for job in day.jobs if job.order_lines), key=_turn)
    return {job.id: shelves.serve(job) for job in waiting}


def lanes_between(day: Day) -> Mapping[tuple[str, str], Sequence[Lane]]:
    """Return the lanes that leave within the horizon, by warehouse and centre."""
    between: defaultdict[tuple[str, str], list[Lane]] = defaultdict(list)
    for lane in day.lanes:
        if not lane.closed or lane.departures_s(day.now_s, day.now_s + HORIZON_S):
            between[lane.warehouse_id, lane.centre_id].append(lane)
    return between


def _turn(job: Job) -> tuple[bool, float, int, str]:
    first_due_s = min((clock.due_s for clock in job.clocks), default=math.inf)
    return (not job.consent, first_due_s, job.reported_s, job.id)


class _Shelves:
    """The promisable stock, going down as jobs reserve, and the lanes that leave it."""

    def __init__(self, day: Day) -> None:
        self._now_s = day.now_s
        self._parts = {part.id: part for part in day.parts}
        self._stock = {house.id: _above_floor(house) for house in day.warehouses if house.open}
        self._opening = tuple(house for house in day.warehouses if house.open)
        self._lanes = lanes_between(day)
        self._nearest = {centre.id: _by_distance(day.warehouses, centre.position) for centre in day.centres}

    def serve(self, job: Job) -> tuple[KitOption, ...] | str:
        """Reserve the whole kit and return its options, or reserve nothing and return why not."""
        reserved: list[tuple[str, OrderLine]] = []
        choices: list[list[Shipment]] = []
        for line in job.order_lines:
            source = self._source_of(job, line)
            if source is None:
                for warehouse_id, earlier in reserved:
                    self._stock[warehouse_id][earlier.part_id] += earlier.quantity
                return self._why_not(job, line)
            warehouse_id, lanes = source
            self._stock[warehouse_id][line.part_id] -= line.quantity
            reserved.append((warehouse_id, line))
            part = self._parts[line.part_id]
            choices.append([shipment_by(lane, job, line, part, since_s=self._now_s) for lane in lanes])
        options = best_kits(choices)
        return options[:1] if job.urgent else options

    def _source_of(self, job: Job, line: OrderLine) -> tuple[str, list[Lane]] | None:
        """Find the nearest warehouse that can still give the line, and the lanes the line may take from there."""
        part = self._parts[line.part_id]
        fallback: tuple[str, list[Lane]] | None = None
        for warehouse_id in self._nearest[job.centre_id]:
            if self._stock.get(warehouse_id, {}).get(part.id, 0) < line.quantity:
                continue
            carrying = self._carrying(warehouse_id, job.centre_id, part)
            wanted = FAST_MODES if job.urgent else _REGULAR
            lanes = [lane for lane in carrying if lane.mode in wanted]
            if lanes:
                return warehouse_id, lanes
            if carrying and fallback is None:
                fallback = warehouse_id, carrying
        return fallback

    def _carrying(self, warehouse_id: str, centre_id: str, part: Part) -> list[Lane]:
        return [lane for lane in self._lanes.get((warehouse_id, centre_id), ()) if part.size_class in lane.carries]

    def _why_not(self, job: Job, line: OrderLine) -> str:
        part = self._parts[line.part_id]
        need = f"{line.quantity} × part {part.id}"
        owners = [warehouse for warehouse in self._opening if warehouse.stock.get(part.id, 0) >= line.quantity]
        if not owners:
            return f"{need}: no warehouse has this many in stock."
        connected = [owner for owner in owners if self._carrying(owner.id, job.centre_id, part)]
        if not connected:
            return (
                f"{need}: in stock at {_names(owners)}, but no lane from there carries {part.size_class} parts "
                f"to centre {job.centre_id}."
            )
        return f"{need}: the stock at {_names(connected)} is promised to jobs that are due earlier."


def shipment_by(lane: Lane, job: Job, line: OrderLine, part: Part, *, since_s: int) -> Shipment:
    """Return a line's shipment by the next departure of a lane that has one within the horizon."""
    ships_s = lane.departures_s(since_s, since_s + HORIZON_S)[0]
    return Shipment(
        order_line_id=line.id,
        job_id=job.id,
        part_id=part.id,
        quantity=line.quantity,
        warehouse_id=lane.warehouse_id,
        mode=lane.mode,
        ships_s=ships_s,
        ready_s=ships_s + lane.transit_p90_s,
        cost_fen=lane.cost_fen + line.quantity * part.weight_g * lane.cost_fen_per_kg // 1000,
    )


def best_kits(choices: list[list[Shipment]]) -> tuple[KitOption, ...]:
    """Combine the lanes of each line into kits: the cheapest kit for each ready time, without dominated ones."""
    earliest_s = max(min(shipment.ready_s for shipment in ways) for ways in choices)
    times = {shipment.ready_s for ways in choices for shipment in ways if shipment.ready_s >= earliest_s}
    options: list[KitOption] = []
    for ready_s in sorted(times):
        kit = tuple(
            min((way for way in ways if way.ready_s <= ready_s), key=lambda way: (way.cost_fen, way.ready_s, way.mode))
            for ways in choices
        )
        cost_fen = sum(shipment.cost_fen for shipment in kit)
        if not options or cost_fen < options[-1].cost_fen:
            kit_ready_s = max(shipment.ready_s for shipment in kit)
            options.append(KitOption(ready_s=kit_ready_s, cost_fen=cost_fen, shipments=kit))
    if len(options) > MAX_OPTIONS:
        kept = {round(place * (len(options) - 1) / (MAX_OPTIONS - 1)) for place in range(MAX_OPTIONS)}
        options = [option for place, option in enumerate(options) if place in kept]
    return tuple(options)


def _above_floor(warehouse: Warehouse) -> dict[str, int]:
    """Return what a warehouse gives to whoever comes first: its reserve stays."""
    return {part_id: free - warehouse.floors.get(part_id, 0) for part_id, free in warehouse.stock.items()}


def _by_distance(warehouses: Iterable[Warehouse], position: Position) -> tuple[str, ...]:
    ranked = sorted(warehouses, key=lambda warehouse: (_haversine(warehouse.position, position), warehouse.id))
    return tuple(warehouse.id for warehouse in ranked)


def _haversine(a: Position, b: Position) -> float:
    """Return a number that grows with the great-circle distance (the haversine of the angle)."""
    (lon_a, lat_a), (lon_b, lat_b) = ((math.radians(x), math.radians(y)) for x, y in (a, b))
    across = math.sin((lon_b - lon_a) / 2) ** 2
    return math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * across


def _names(warehouses: Iterable[Warehouse]) -> str:
    ids = sorted(warehouse.id for warehouse in warehouses)
    return ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")


def shipments_for(
    jobs: Iterable[Job], starts: Mapping[str, int], kits: Mapping[str, tuple[KitOption, ...]]
) -> tuple[Shipment, ...]:
    """Return the shipments of every job that starts, each by its cheapest option that is ready by then."""
    return tuple(
        shipment
        for job in jobs
        if job.order_lines and job.id in starts
        for shipment in [option for option in kits[job.id] if option.ready_s <= starts[job.id]][-1].shipments
    )


def kits_of_plan(day: Day, plan: Plan) -> dict[str, tuple[KitOption, ...]]:
    """Return the kit options that a plan leaves open: what it ships is shipped, the rest of the stock may be promised.

    Where it ships by the simple rule of this module, the options of that rule are the answer.
    """
    kits = kit_options(day)
    sent: dict[str, list[Shipment]] = defaultdict(list)
    for shipment in plan.shipments:
        sent[shipment.job_id].append(shipment)
    ours = all(any(set(option.shipments) == set(lines) for option in kits.get(j, ())) for j, lines in sent.items())
    if ours:
        return kits
    taken: dict[tuple[str, str], int] = defaultdict(int)
    for shipment in plan.shipments:
        taken[shipment.warehouse_id, shipment.part_id] += shipment.quantity
    left = replace(
        day,
        jobs=tuple(job for job in day.jobs if job.id not in sent),
        warehouses=tuple(
            replace(house, stock={part: most - taken[house.id, part] for part, most in house.stock.items()})
            for house in day.warehouses
        ),
    )
    fixed = {
        job_id: (
            KitOption(
                ready_s=max(line.ready_s for line in lines),
                cost_fen=sum(line.cost_fen for line in lines),
                shipments=tuple(lines),
            ),
        )
        for job_id, lines in sent.items()
    }
    return {**kit_options(left), **fixed}
