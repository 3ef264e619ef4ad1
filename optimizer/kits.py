"""The kits of a day, all order lines decided at once: before the routes are known, and again once they are.

Before, every kit is worth what its job's waiting and clocks cost, and open orders that are no kit are promised theirs.
After, a visit that has a time needs its kit by then and no sooner, so stock that was held for jobs without a visit, and
haste that nobody needs, go to others; what was promised stays promised.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.budget import Remaining
from optimizer.kit_options import ANYBODY, KitOption, OutletKind, kits_at, kits_of_kinds, outlet_kinds
from optimizer.model import Day, Job, OrderLine, ShipMode
from optimizer.own_shelves import held_on_shelves
from optimizer.parts.model import Dispatch, LineAnswer, Order, Sourcing
from optimizer.parts.sourcing import source
from optimizer.parts.supply import NOTHING_BESIDE, Supply, asked_of
from optimizer.plan import Shipment
from optimizer.ship_modes import carrying_modes, is_bulky, lawful_modes
from optimizer.sourcing import HORIZON_S, kits_or_reasons, lanes_between, lanes_explaining, lanes_to, shipment_by

__all__ = ["GAP", "Beside", "Kits", "first_come", "kits_after", "kits_before"]

GAP = 0.001
"""So near to the bound is near enough for a day: what is left is less than its search leaves."""

GAP_AFTER = 0.0001
"""What is left to gain once the routes are known is small, and so is what may be left of it."""

MISSED_FEN_PER_HOUR = 1_000_000
"""Going without the kit of a visit, or without what was promised, is dearer than anything else."""

_REST = " (rest)"
"""Behind the id of a line that was promised only in part, for what it was not promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What the kits of a day are decided with: supply, what is known of the parts beside the day; near: the capable
    outlets nearest to a job, nearest first, by job."""

    supply: Supply = NOTHING_BESIDE
    near: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kits:
    """options: of every job with order lines, as `kit_options` has them. missing: why, for those without, by job id.

    Behind the options of any outlet stand those of some. promised: to open orders that are no kit of the day.
    """

    options: Mapping[str, tuple[KitOption, ...]]
    missing: Mapping[str, str]
    promised: tuple[Shipment, ...] = ()


def first_come(day: Day) -> Kits:
    """Return the kits of a day by the simple rule of `optimizer.sourcing`."""
    kits = kits_or_reasons(day)
    return Kits(
        options={job_id: () if isinstance(kit, str) else kit for job_id, kit in kits.items()},
        missing={job_id: kit for job_id, kit in kits.items() if isinstance(kit, str)},
    )


def kits_before(day: Day, beside: Beside, *, remaining: Remaining) -> Kits:
    """Return the kits of a day without routes. Any choice of options is within stock: a line keeps its source.

    An outlet's own shelf gives whole kits to its own visits, beside what any outlet may have.
    """
    kits = _answered(day, _asked(day, beside), remaining, GAP)
    return _with_shelves(day, beside, kits, [job for job in day.jobs if job.order_lines])


def kits_after(
    day: Day, beside: Beside, visits: Mapping[str, tuple[int, str]], kept: Kits, *, remaining: Remaining
) -> Kits:
    """Return the kits of a day with these visits (start and outlet by job id); `kept` is what they rely on by now.

    Who had a kit and got no visit all the same gives way to who had none. A visit whose new kit would miss it, or a
    promise that would be broken, keeps every kit as it was: then `kept` is returned.
    """
    asked = _asked(day, beside)
    charges = replace(asked.charges, late_fen_per_hour=MISSED_FEN_PER_HOUR)
    idle = {job_id for job_id, options in kept.options.items() if options and job_id not in visits}
    promised = _promises(kept.promised)
    orders: list[Order] = []
    for order in asked.orders:
        if order.id not in kept.options:
            orders += _as_promised(order, promised)
        else:
            orders.append(_giving_way(order) if order.id in idle else _due(order, visits))
    kits = _answered(day, replace(asked, orders=tuple(orders), charges=charges), remaining, GAP_AFTER)
    kits = replace(kits, promised=_by_their_lines(asked, kits.promised))
    if not _keeps(kits, kept, visits):
        return kept
    late = [job for job in day.jobs if job.order_lines and (job.id not in visits or _is_late(job, visits[job.id][0]))]
    return _with_shelves(day, beside, kits, late)


def _asked(day: Day, beside: Beside) -> Sourcing:
    """Return the problem of the kits; while nobody is to visit, the nearest capable outlet is thought to fetch."""
    supply = replace(beside.supply, horizon_s=max(beside.supply.horizon_s, HORIZON_S))
    return asked_of(day, supply, {job_id: outlets[0] for job_id, outlets in beside.near.items() if outlets})


def _giving_way(order: Order) -> Order:
    return replace(order, clocks=(), waiting=order.urgent)


def _is_late(job: Job, start_s: int) -> bool:
    return any(start_s > clock.due_s for clock in job.clocks)


def _due(order: Order, visits: Mapping[str, tuple[int, str]]) -> Order:
    """Return the order of a kit that a visit waits for: needed by then, and worth more sooner only if it is late."""
    if order.id not in visits:
        return order
    start_s, outlet_id = visits[order.id]
    order = replace(order, outlet_id=outlet_id, needed_by_s=start_s, latest_s=start_s)
    if any(start_s > clock.due_s for clock in order.clocks):
        return order
    return replace(order, clocks=(), waiting=order.urgent, ordered_s=start_s)


def _as_promised(order: Order, promised: Mapping[str, tuple[int, int]]) -> Iterator[Order]:
    """Yield an order that is no kit, one for each line if it was promised any: by then it gets what it was promised,
    and nobody's promise is less for what it was not."""
    if not any(line.id in promised for line in order.lines):
        yield replace(order, needed_by_s=None)
        return
    for line in order.lines:
        units, ready_s = promised.get(line.id, (0, None))
        if units:
            own = replace(line, quantity=units)
            yield replace(order, id=f"{order.id} {line.id}", lines=(own,), needed_by_s=ready_s, latest_s=ready_s)
        if line.quantity > units:
            rest = replace(line, id=f"{line.id}{_REST}", quantity=line.quantity - units)
            yield replace(order, id=f"{order.id} {rest.id}", lines=(rest,), needed_by_s=None)


def _by_their_lines(asked: Sourcing, promised: Sequence[Shipment]) -> tuple[Shipment, ...]:
    """Return what orders of lines, and of rests of lines, were promised as promised to the orders asked for."""
    order_of = {line.id: order.id for order in asked.orders for line in order.lines}
    line_ids = [sent.order_line_id.removesuffix(_REST) for sent in promised]
    return tuple(
        replace(sent, job_id=order_of[line_id], order_line_id=line_id)
        for sent, line_id in zip(promised, line_ids, strict=True)
    )


def _keeps(kits: Kits, kept: Kits, visits: Mapping[str, tuple[int, str]]) -> bool:
    """Say whether every visit still has its kit, and every order what it was promised, by the time it was."""
    for job_id, (start_s, outlet_id) in visits.items():
        if job_id in kits.options and not any(
            kit.ready_s <= start_s for kit in kits_at(kits.options[job_id], outlet_id)
        ):
            return False
    now: defaultdict[str, list[Shipment]] = defaultdict(list)
    for sent in kits.promised:
        now[sent.order_line_id].append(sent)
    # What is promised beyond that, to a line that was promised only in part, may come later.
    return all(
        sum(sent.quantity for sent in now[line_id] if sent.ready_s <= ready_s) >= units
        for line_id, (units, ready_s) in _promises(kept.promised).items()
    )


def _promises(promised: Iterable[Shipment]) -> dict[str, tuple[int, int]]:
    """Return how many units each line is promised, and when the last of them is there."""
    lines: dict[str, tuple[int, int]] = {}
    for sent in promised:
        units, ready_s = lines.get(sent.order_line_id, (0, sent.ready_s))
        lines[sent.order_line_id] = units + sent.quantity, max(ready_s, sent.ready_s)
    return lines


def _answered(day: Day, asked: Sourcing, remaining: Remaining, gap: float) -> Kits:
    jobs = [job for job in day.jobs if job.order_lines]
    if not jobs:
        return Kits(options={}, missing={})
    answers: defaultdict[str, list[LineAnswer]] = defaultdict(list)
    for answer in source(asked, remaining=remaining, gap=gap).answers:
        answers[answer.order_id].append(answer)
    network = _Network(day)
    sent = {job.id: _shipped(answers[job.id]) for job in jobs}
    fetching = {order.id: order.fetching_outlet_id for order in asked.orders}
    return Kits(
        options={job.id: network.options(job, sent[job.id], fetching[job.id]) for job in jobs},
        missing={job.id: _why_none(answers[job.id]) for job in jobs if not sent[job.id]},
        promised=tuple(
            _as_shipment(dispatch)
            for order in asked.orders[len(jobs) :]
            for answer in answers[order.id]
            for dispatch in answer.dispatches
        ),
    )


def _with_shelves(day: Day, beside: Beside, kits: Kits, jobs: Sequence[Job]) -> Kits:
    """Return the kits with what lies on outlets' own shelves and nobody has been given, held for these jobs."""
    if not beside.supply.shelves:
        return kits
    # Every option of a line draws on the same units.
    of_line = {sent.order_line_id: sent for kit in kits.options.values() if kit for sent in kit[0].shipments}
    given = (*kits.promised, *of_line.values())
    held = held_on_shelves(day, beside.supply, beside.near, given, jobs, kits.options)
    return replace(
        kits,
        options={job_id: (*options, *held.get(job_id, ())) for job_id, options in kits.options.items()},
        missing={job_id: why for job_id, why in kits.missing.items() if job_id not in held},
    )


def _shipped(answers: Sequence[LineAnswer]) -> list[Dispatch]:
    """Return the dispatch of each line, nothing unless every line goes whole: a visit's line is one shipment."""
    sent = [answer.dispatches[0] for answer in answers if len(answer.dispatches) == 1]
    return sent if len(sent) == len(answers) else []


def _why_none(answers: Iterable[LineAnswer]) -> str:
    """Return what is said of the first line that nobody sends, or that no warehouse sends whole."""
    for answer in answers:
        if not answer.dispatches:
            return answer.reason[:1].upper() + answer.reason[1:] + "."
    return "No single warehouse has the whole of an order line."


def _as_shipment(dispatch: Dispatch) -> Shipment:
    return Shipment(
        order_line_id=dispatch.line_id,
        job_id=dispatch.order_id,
        part_id=dispatch.part_id,
        quantity=dispatch.quantity,
        warehouse_id=dispatch.source_id,
        mode=dispatch.mode,
        ships_s=dispatch.ships_s,
        ready_s=dispatch.ready_p90_s,
        cost_fen=dispatch.cost_fen,
    )


class _Network:
    """What may travel how, for lines whose source is decided."""

    def __init__(self, day: Day) -> None:
        self._now_s = day.now_s
        self._parts = {part.id: part for part in day.parts}
        self._warehouses = {warehouse.id: warehouse for warehouse in day.warehouses}
        self._lanes = lanes_between(day)
        self._outlet_ids = [outlet.id for outlet in day.outlets]
        self._to = lanes_to(self._lanes)
        self._kinds = {centre_id: outlet_kinds(lanes) for centre_id, lanes in self._to.items()}

    def options(self, job: Job, sent: Sequence[Dispatch], outlet_id: str | None) -> tuple[KitOption, ...]:
        """Return the kits that these sources make possible; an urgent job's parts go as was decided.

        outlet_id: who was thought to fetch them, or visits; others may have what they can fetch, or have sent.
        """
        if not sent:
            return ()
        kinds = self._kinds.get(job.centre_id, (ANYBODY,))
        own = next((kind for kind in kinds if kind.outlets is not None and outlet_id in kind.outlets), ANYBODY)
        lines = {line.id: line for line in job.order_lines}

        def ways(kind: OutletKind) -> list[list[Shipment]]:
            return [self._ways(job, lines[one.line_id], one, kind, lawful=kind == own) for one in sent]

        shelves = frozenset(dispatch.source_id for dispatch in sent) - self._warehouses.keys()
        kits = kits_of_kinds((own,) if shelves else kinds, ways, self._outlet_ids)
        return tuple(replace(kit, outlets=shelves) for kit in kits) if shelves else kits

    def _ways(self, job: Job, line: OrderLine, dispatch: Dispatch, kind: OutletKind, *, lawful: bool) -> list[Shipment]:
        """Return how a line may come to outlets from its source, the way decided on first; lawful: to them too."""
        decided = _as_shipment(dispatch)
        warehouse = self._warehouses.get(dispatch.source_id)
        modes = frozenset(ShipMode) if lawful else self._modes(job, dispatch, kind)
        lawful = lawful or self._may_go(job, decided, kind, modes)
        if warehouse is None or warehouse.dock_lines is not None or (job.urgent and lawful):
            return [decided] if lawful else []
        part = self._parts[dispatch.part_id]
        # A unit that is yet to arrive is there from its departure on; one on hand for any.
        since_s = dispatch.ships_s if warehouse.inbound.get(part.id) else self._now_s
        if lawful and not job.urgent:
            modes = lawful_modes(modes, waits=False, bulky=is_bulky(part))
        others = [
            shipment_by(lane, job, line, part, since_s=since_s)
            for lane in self._lanes.get((warehouse.id, job.centre_id), ())
            if part.size_class in lane.carries
            and lane.mode in modes
            and lane.is_for(kind.outlet_id)
            and lane.departures_s(since_s, since_s + HORIZON_S)
        ]
        return [*([decided] if lawful else []), *(way for way in others if way != decided)]

    def _modes(self, job: Job, dispatch: Dispatch, kind: OutletKind) -> frozenset[ShipMode]:
        """Return how as many units of a part may travel to outlets, by which lanes to them could ever carry these."""
        part = self._parts[dispatch.part_id]
        carrying = carrying_modes(
            self._to.get(job.centre_id, ()), self._warehouses, part, dispatch.quantity, kind.outlet_id
        )
        return lawful_modes(carrying, waits=job.urgent, bulky=is_bulky(part))

    def _may_go(self, job: Job, decided: Shipment, kind: OutletKind, modes: frozenset[ShipMode]) -> bool:
        """Say whether what was decided for other outlets may go to these: by such a mode, and a lane within reach."""
        return decided.mode in modes and any(
            lane.is_for(kind.outlet_id)
            for lane in lanes_explaining(
                self._lanes.get((decided.warehouse_id, job.centre_id), ()), decided, self._parts[decided.part_id]
            )
        )
