"""Part options of every job by the simple rule: the nearest warehouse that has the part and can send it.

Order lines reserve stock job by job, first come first served; a line reserves once, in one warehouse, whatever lane
it takes later, so any choice of options is within stock. A job whose kit is not complete reserves nothing.
"""

import math
from collections import Counter, defaultdict
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
    "kits_at",
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
    """A way to get a job's complete kit: all of it is there from ready_s on, for cost_fen.

    outlets: those whose visits may have it, None for any.
    """

    ready_s: int
    cost_fen: int
    shipments: tuple[Shipment, ...]
    outlets: frozenset[str] | None = None


def kit_options(
    day: Day, *, ever: Sequence[Warehouse] | None = None, beside: Iterable[Shipment] = ()
) -> dict[str, tuple[KitOption, ...]]:
    """Return for every job with order lines its kit options by rising ready time and falling cost, by job id.

    An empty tuple says that the kit cannot be completed; `missing_parts` says why. Jobs with consent come first, then
    by first due time, report and id. For each time at which a kit can be ready, every line takes its cheapest lane
    that makes it; of more than MAX_OPTIONS such kits the earliest, the cheapest and some between stay. Parts travel
    by dedicated vehicle only where no warehouse that ever has them has another lane that carries them. Urgent jobs
    have one option, the earliest; their parts travel express (or are picked up), where no warehouse that ever has them
    can do so by dedicated vehicle, and else by any lane. Where a dock is narrow, every option has its place there.

    ever: the warehouses before anything was taken from them, by which modes are judged. beside: what leaves already.
    """
    kits = kits_or_reasons(day, ever=ever, beside=beside)
    return {job_id: () if isinstance(kit, str) else kit for job_id, kit in kits.items()}


def missing_parts(day: Day) -> dict[str, str]:
    """Return a sentence for every job whose kit cannot be completed, by job id: which part is missing, and why."""
    return {job_id: kit for job_id, kit in kits_or_reasons(day).items() if isinstance(kit, str)}


def kits_or_reasons(
    day: Day, *, ever: Sequence[Warehouse] | None = None, beside: Iterable[Shipment] = ()
) -> dict[str, tuple[KitOption, ...] | str]:
    """Return for every job with order lines its kit options, or the sentence why there are none, by job id."""
    shelves = _Shelves(day, day.warehouses if ever is None else ever, beside)
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

    def __init__(self, day: Day, ever: Sequence[Warehouse], beside: Iterable[Shipment]) -> None:
        self._now_s = day.now_s
        self._parts = {part.id: part for part in day.parts}
        self._ever = tuple(house for house in ever if house.open)
        self._docks = {house.id: house.dock_lines for house in day.warehouses if house.dock_lines is not None}
        self._leaving = Counter(_departure(shipment) for shipment in beside if shipment.warehouse_id in self._docks)
        self._stock = {house.id: _above_floor(house) for house in day.warehouses if house.open}
        self._opening = tuple(house for house in day.warehouses if house.open)
        self._lanes = lanes_between(day)
        self._nearest = {centre.id: _by_distance(day.warehouses, centre.position) for centre in day.centres}

    def serve(self, job: Job) -> tuple[KitOption, ...] | str:
        """Reserve the whole kit and return its options, or reserve nothing and return why not."""
        choices: list[list[Shipment]] = []
        for line in job.order_lines:
            ways = self._ways(job, line)
            if not ways:
                for earlier in choices:
                    self._reserve(earlier, -1)
                return self._why_not(job, line)
            self._reserve(ways, 1)
            choices.append(ways)
        options = best_kits(choices)
        return options[:1] if job.urgent else options

    def _reserve(self, ways: Sequence[Shipment], times: int) -> None:
        """Take a line's units off the shelf, and a place at the dock for every way that it may take from there."""
        self._stock[ways[0].warehouse_id][ways[0].part_id] -= times * ways[0].quantity
        for way in ways:
            self._leaving[_departure(way)] += times

    def _ways(self, job: Job, line: OrderLine) -> list[Shipment]:
        """Return the ways the line may take from the nearest warehouse that can still give it."""
        part, modes = self._parts[line.part_id], self._modes(job, line)
        for warehouse_id in self._nearest[job.centre_id]:
            if self._stock.get(warehouse_id, {}).get(part.id, 0) < line.quantity:
                continue
            lanes = [lane for lane in self._carrying(warehouse_id, job.centre_id, part) if lane.mode in modes]
            if ways := [way for lane in lanes if (way := self._way(lane, job, line)) is not None]:
                return ways
        return []

    def _modes(self, job: Job, line: OrderLine) -> frozenset[ShipMode]:
        """Return how the line may travel, by where its part ever is."""
        part = self._parts[line.part_id]
        carrying = frozenset(
            lane.mode
            for house in self._ever
            if house.stock.get(part.id, 0) + sum(lot.quantity for lot in house.inbound.get(part.id, ()))
            >= line.quantity
            for lane in self._carrying(house.id, job.centre_id, part)
        )
        wanted = (FAST_MODES, frozenset({ShipMode.DEDICATED})) if job.urgent else (_REGULAR,)
        return next((carrying & modes for modes in wanted if carrying & modes), carrying)

    def _way(self, lane: Lane, job: Job, line: OrderLine) -> Shipment | None:
        """Return the shipment by the next departure of a lane that is not packed full."""
        part, most = self._parts[line.part_id], self._docks.get(lane.warehouse_id)
        for ships_s in lane.departures_s(self._now_s, self._now_s + HORIZON_S):
            if most is None or self._leaving[lane.warehouse_id, lane.mode, ships_s] < most:
                return shipment_by(lane, job, line, part, since_s=ships_s)
        return None

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


def _departure(shipment: Shipment) -> tuple[str, ShipMode, int]:
    return shipment.warehouse_id, shipment.mode, shipment.ships_s


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
    return _a_few(options)


def kits_at(options: Iterable[KitOption], outlet_id: str | None) -> tuple[KitOption, ...]:
    """Return the kits that an outlet's visits may have (None: any outlet's) by rising ready time and falling cost."""
    found = [option for option in options if option.outlets is None or outlet_id in option.outlets]
    undominated: list[KitOption] = []
    for option in sorted(found, key=lambda option: (option.ready_s, option.cost_fen)):
        if not undominated or option.cost_fen < undominated[-1].cost_fen:
            undominated.append(option)
    return _a_few(undominated)


def _a_few(options: Sequence[KitOption]) -> tuple[KitOption, ...]:
    """Return the earliest, the cheapest and some between."""
    if len(options) <= MAX_OPTIONS:
        return tuple(options)
    kept = {round(place * (len(options) - 1) / (MAX_OPTIONS - 1)) for place in range(MAX_OPTIONS)}
    return tuple(option for place, option in enumerate(options) if place in kept)


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
    jobs: Iterable[Job], visits: Mapping[str, tuple[int, str]], kits: Mapping[str, tuple[KitOption, ...]]
) -> tuple[Shipment, ...]:
    """Return the shipments of every visited job, each by its cheapest option that its outlet may have by the start.

    visits: start and outlet, by job.
    """
    return tuple(
        shipment
        for job in jobs
        if job.order_lines and job.id in visits
        for shipment in _cheapest(kits[job.id], *visits[job.id]).shipments
    )


def _cheapest(options: Iterable[KitOption], start_s: int, outlet_id: str) -> KitOption:
    return [option for option in kits_at(options, outlet_id) if option.ready_s <= start_s][-1]


def kits_of_plan(day: Day, plan: Plan) -> dict[str, tuple[KitOption, ...]]:
    """Return the kit options that a plan leaves open: what it ships is shipped, the rest of the stock may be promised.

    Where it ships by the simple rule of this module, the options of that rule are the answer.
    """
    kits = kit_options(day)
    sent: dict[str, list[Shipment]] = defaultdict(list)
    for shipment in plan.shipments:
        sent[shipment.job_id].append(shipment)
    ours = all(any(set(option.shipments) == set(lines) for option in kits.get(j, ())) for j, lines in sent.items())
    if ours and not plan.promised:
        return kits
    taken: dict[tuple[str, str], int] = defaultdict(int)
    for shipment in (*plan.shipments, *plan.promised):
        taken[shipment.warehouse_id, shipment.part_id] += shipment.quantity
    left = replace(
        day,
        jobs=tuple(job for job in day.jobs if job.id not in sent),
        warehouses=tuple(
            replace(house, stock={part: most - taken[house.id, part] for part, most in house.stock.items()})
            for house in day.warehouses
        ),
    )
    houses = {house.id for house in day.warehouses}
    fixed = {
        job_id: (
            KitOption(
                ready_s=max(line.ready_s for line in lines),
                cost_fen=sum(line.cost_fen for line in lines),
                shipments=tuple(lines),
                outlets=frozenset(line.warehouse_id for line in lines) - houses or None,
            ),
        )
        for job_id, lines in sent.items()
    }
    return {**kit_options(left, ever=day.warehouses, beside=(*plan.shipments, *plan.promised)), **fixed}
