"""Part options of every job by the simple rule: the nearest warehouse that has the part and can send it to any outlet.

Where none can, the nearest from which outlets within reach may fetch it. Order lines reserve stock job by job, first
come first served; a line reserves once, in one warehouse, whatever lane it takes later, so any choice of options is
within stock. A job whose kit is not complete reserves nothing.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from optimizer.kit_options import ANYBODY, MAX_OPTIONS, KitOption, OutletKind, kits_of_kinds, outlet_kinds
from optimizer.model import DAY_S, Day, Job, Lane, OrderLine, Part, Position, ShipMode, Warehouse
from optimizer.plan import Plan, Shipment
from optimizer.ship_modes import carrying_modes, is_bulky, is_lawful_for_all, lawful_modes

__all__ = [
    "HORIZON_S",
    "kit_options",
    "kits_of_plan",
    "kits_or_reasons",
    "lanes_between",
    "lanes_explaining",
    "lanes_to",
    "missing_parts",
    "shipment_by",
]

HORIZON_S = 14 * DAY_S
"""No later departure is looked at: a lane that is closed for longer is no lane."""


def kit_options(
    day: Day, *, ever: Sequence[Warehouse] | None = None, beside: Iterable[Shipment] = ()
) -> dict[str, tuple[KitOption, ...]]:
    """Return for every job with order lines its kit options by rising ready time and falling cost, by job id.

    An empty tuple says that the kit cannot be completed; `missing_parts` says why. Jobs with consent come first, then
    by first due time, report and id. For each time at which a kit can be ready, every line takes its cheapest lane
    that makes it; of more than MAX_OPTIONS such kits the earliest, the cheapest and some between stay. How parts may
    travel says `ship_modes.lawful_modes`, by the warehouses that ever have them. Urgent jobs have one option, the
    earliest. Where a dock is narrow, every option has its place there.
    Behind what every outlet may have stands what those may have beside it that are near enough to fetch it.

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


def lanes_to(between: Mapping[tuple[str, str], Sequence[Lane]]) -> Mapping[str, Sequence[Lane]]:
    """Return the same lanes by centre alone."""
    found: defaultdict[str, list[Lane]] = defaultdict(list)
    for (_, centre_id), lanes in between.items():
        found[centre_id] += lanes
    return found


def lanes_explaining(lanes: Iterable[Lane], sent: Shipment, part: Part) -> list[Lane]:
    """Return the lanes of these by which a shipment of a part may have been sent, ready when it says."""
    return [
        lane
        for lane in lanes
        if (lane.warehouse_id, lane.mode) == (sent.warehouse_id, sent.mode)
        and part.size_class in lane.carries
        and (sent.ships_s - lane.cut_off_s) % DAY_S == 0
        and sent.ready_s == sent.ships_s + lane.transit_p90_s
    ]


def _turn(job: Job) -> tuple[bool, float, int, str]:
    first_due_s = min((clock.due_s for clock in job.clocks), default=math.inf)
    return (not job.consent, first_due_s, job.reported_s, job.id)


_Ways = dict[OutletKind, list[Shipment]]
"""How a line may come, all from one warehouse, by who fetches."""


class _Shelves:
    """The promisable stock, going down as jobs reserve, and the lanes that leave it."""

    def __init__(self, day: Day, ever: Sequence[Warehouse], beside: Iterable[Shipment]) -> None:
        self._now_s = day.now_s
        self._parts = {part.id: part for part in day.parts}
        self._ever = {house.id: house for house in ever}
        self._docks = {house.id: house.dock_lines for house in day.warehouses if house.dock_lines is not None}
        self._leaving = Counter(_departure(shipment) for shipment in beside if shipment.warehouse_id in self._docks)
        self._stock = {house.id: _above_floor(house) for house in day.warehouses if house.open}
        self._opening = tuple(house for house in day.warehouses if house.open)
        self._lanes = lanes_between(day)
        self._to = lanes_to(self._lanes)
        self._outlet_ids = [outlet.id for outlet in day.outlets]
        self._kinds = {centre_id: outlet_kinds(lanes) for centre_id, lanes in self._to.items()}
        self._nearest = {centre.id: _by_distance(day.warehouses, centre.position) for centre in day.centres}

    def serve(self, job: Job) -> tuple[KitOption, ...] | str:
        """Reserve the whole kit and return its options, or reserve nothing and return why not."""
        kinds = self._kinds.get(job.centre_id, (ANYBODY,))
        choices: list[_Ways] = []
        for line in job.order_lines:
            ways = self._ways(job, line, kinds)
            if not any(ways.values()):
                for earlier in choices:
                    self._reserve(earlier, -1)
                return self._why_not(job, line)
            self._reserve(ways, 1)
            choices.append(ways)
        most = 1 if job.urgent else MAX_OPTIONS
        kits = kits_of_kinds(kinds, lambda kind: [ways[kind] for ways in choices], self._outlet_ids, most)
        if kits:
            return kits
        for earlier in choices:
            self._reserve(earlier, -1)
        return "No outlet is near enough to fetch what can only be fetched."

    def _reserve(self, ways: "_Ways", times: int) -> None:
        """Take a line's units off the shelf, and a place at the dock for every way that it may take from there."""
        every = list(dict.fromkeys(way for some in ways.values() for way in some))
        self._stock[every[0].warehouse_id][every[0].part_id] -= times * every[0].quantity
        for way in every:
            self._leaving[_departure(way)] += times

    def _ways(self, job: Job, line: OrderLine, kinds: Sequence[OutletKind]) -> "_Ways":
        """Return the ways the line may take from the nearest warehouse that can still give it, by who fetches.

        A warehouse that can send it to every outlet comes before one where some can fetch it.
        """
        some: _Ways = {}
        modes = {kind: self._modes(job, line, kind.outlet_id) for kind in kinds}
        for warehouse_id in self._nearest[job.centre_id]:
            if self._stock.get(warehouse_id, {}).get(line.part_id, 0) < line.quantity:
                continue
            ways = {kind: self._ways_from(warehouse_id, job, line, kind, modes[kind]) for kind in kinds}
            if all(ways.values()):
                return ways
            if not any(some.values()):
                some = ways
        return some

    def _ways_from(
        self, warehouse_id: str, job: Job, line: OrderLine, kind: OutletKind, modes: frozenset[ShipMode]
    ) -> list[Shipment]:
        lanes = [
            lane
            for lane in self._carrying(warehouse_id, job.centre_id, self._parts[line.part_id])
            if lane.mode in modes and lane.is_for(kind.outlet_id)
        ]
        return [way for lane in lanes if (way := self._way(lane, job, line)) is not None]

    def _modes(self, job: Job, line: OrderLine, outlet_id: str | None) -> frozenset[ShipMode]:
        """Return how the line may travel to an outlet, by where its part ever is."""
        part = self._parts[line.part_id]
        carrying = carrying_modes(self._to.get(job.centre_id, ()), self._ever, part, line.quantity, outlet_id)
        return lawful_modes(carrying, waits=job.urgent, bulky=is_bulky(part))

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
    visiting = _visiting(day, plan)
    jobs = {job.id: job for job in day.jobs}
    fixed = {
        job_id: (
            KitOption(
                ready_s=max(line.ready_s for line in lines),
                cost_fen=sum(line.cost_fen for line in lines),
                shipments=tuple(lines),
                outlets=frozenset(line.warehouse_id for line in lines) - houses
                or _who_may(day, jobs[job_id], lines, visiting.get(job_id)),
            ),
        )
        for job_id, lines in sent.items()
    }
    return {**kit_options(left, ever=day.warehouses, beside=(*plan.shipments, *plan.promised)), **fixed}


def _who_may(day: Day, job: Job, lines: Sequence[Shipment], outlet_id: str | None) -> frozenset[str] | None:
    """Return the outlets that may have the kit which is sent for one's visit, None for all.

    What is fetched is for those within reach. What travels as nothing else carries it is for those who may fetch as
    little as the one that visits.
    """
    lanes = [lane for lane in day.lanes if lane.centre_id == job.centre_id]
    parts = {part.id: part for part in day.parts}
    reaches = [
        frozenset[str]().union(*(reach for reach in of_line if reach is not None))
        for line in lines
        for of_line in ([lane.reach for lane in lanes_explaining(lanes, line, parts[line.part_id])],)
        if of_line and None not in of_line
    ]
    usual = all(is_lawful_for_all(line.mode, waits=job.urgent, bulky=is_bulky(parts[line.part_id])) for line in lines)
    if reaches or usual:
        return frozenset.intersection(*reaches) if reaches else None
    if all(lane.reach is None for lane in lanes):
        return None
    beyond, *kinds = outlet_kinds(lanes)
    own = next((kind for kind in kinds if kind.outlets is not None and outlet_id in kind.outlets), beyond)
    within = frozenset[str]().union(*(kind.outlets for kind in kinds if kind.outlets is not None))
    return own.outlets if own.outlets is not None else frozenset(outlet.id for outlet in day.outlets) - within


def _visiting(day: Day, plan: Plan) -> Mapping[str, str]:
    """Return the outlet that visits, by job."""
    outlets = {person.id: person.outlet_id for person in day.technicians}
    of_shift = {shift.id: outlets[shift.technician_id] for shift in day.shifts}
    return {stop.job_id: of_shift[route.shift_id] for route in plan.routes for stop in route.stops}
