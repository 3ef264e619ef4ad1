"""The kits of a day, all order lines decided at once: before the routes are known, and again once they are.

Before, every kit is worth what its job's waiting and clocks cost. After, a visit that has a time needs its kit by then
and no sooner, so stock that was held for jobs without a visit, and haste that nobody needs, go to others.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from optimizer.budget import Remaining
from optimizer.model import Day, Job, OrderLine, ShipMode, SizeClass
from optimizer.parts.model import Dispatch, LineAnswer, Order, Sourcing
from optimizer.parts.sourcing import source
from optimizer.parts.supply import Supply, asked_of
from optimizer.plan import Shipment
from optimizer.sourcing import HORIZON_S, KitOption, best_kits, kits_or_reasons, lanes_between, shipment_by

__all__ = ["GAP", "Kits", "first_come", "kits_after", "kits_before"]

GAP = 0.001
"""So near to the bound is near enough for a day: what is left is less than its search leaves."""

TOO_LATE_FEN_PER_HOUR = 1_000_000
"""A kit that misses its visit is dearer than anything else: it is not to be missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kits:
    """options: of every job with order lines, as `kit_options` has them. missing: why, for those without, by job id."""

    options: Mapping[str, tuple[KitOption, ...]]
    missing: Mapping[str, str]


def first_come(day: Day) -> Kits:
    """Return the kits of a day by the simple rule of `optimizer.sourcing`."""
    kits = kits_or_reasons(day)
    return Kits(
        options={job_id: () if isinstance(kit, str) else kit for job_id, kit in kits.items()},
        missing={job_id: kit for job_id, kit in kits.items() if isinstance(kit, str)},
    )


def kits_before(day: Day, *, remaining: Remaining) -> Kits:
    """Return the kits of a day without routes. Any choice of options is within stock: a line keeps its source."""
    return _answered(day, asked_of(day, Supply(horizon_s=HORIZON_S)), remaining)


def kits_after(day: Day, starts: Mapping[str, int], kept: Kits, *, remaining: Remaining) -> Kits:
    """Return the kits of a day whose visits start at these times, by job id; `kept` is what they rely on by now.

    Who had a kit and got no visit all the same gives way to who had none. A visit whose new kit would miss it keeps
    every kit as it was: then `kept` is returned.
    """
    asked = asked_of(day, Supply(horizon_s=HORIZON_S))
    charges = replace(asked.charges, late_fen_per_hour=TOO_LATE_FEN_PER_HOUR)
    idle = {job_id for job_id, options in kept.options.items() if options and job_id not in starts}
    orders = tuple(_giving_way(order) if order.id in idle else _due(order, starts) for order in asked.orders)
    kits = _answered(day, replace(asked, orders=orders, charges=charges), remaining)
    for job_id, start_s in starts.items():
        if job_id in kits.options and not any(kit.ready_s <= start_s for kit in kits.options[job_id]):
            return kept
    return kits


def _giving_way(order: Order) -> Order:
    return replace(order, clocks=(), waiting=order.urgent)


def _due(order: Order, starts: Mapping[str, int]) -> Order:
    """Return the order of a kit that a visit waits for: needed by then, and worth more sooner only if it is late."""
    start_s = starts.get(order.id)
    if start_s is None:
        return order
    if any(start_s > clock.due_s for clock in order.clocks):
        return replace(order, needed_by_s=start_s)
    return replace(order, clocks=(), waiting=order.urgent, ordered_s=start_s, needed_by_s=start_s)


def _answered(day: Day, asked: Sourcing, remaining: Remaining) -> Kits:
    if not asked.orders:
        return Kits(options={}, missing={})
    answers: defaultdict[str, list[LineAnswer]] = defaultdict(list)
    for answer in source(asked, remaining=remaining, gap=GAP).answers:
        answers[answer.order_id].append(answer)
    network = _Network(day)
    jobs = [job for job in day.jobs if job.order_lines]
    sent = {job.id: _shipped(answers[job.id]) for job in jobs}
    return Kits(
        options={job.id: network.options(job, sent[job.id]) for job in jobs},
        missing={job.id: _why_none(answers[job.id]) for job in jobs if not sent[job.id]},
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


class _Network:
    """What may travel how, for lines whose source is decided."""

    def __init__(self, day: Day) -> None:
        self._now_s = day.now_s
        self._parts = {part.id: part for part in day.parts}
        self._warehouses = {warehouse.id: warehouse for warehouse in day.warehouses}
        self._lanes = lanes_between(day)

    def options(self, job: Job, sent: Sequence[Dispatch]) -> tuple[KitOption, ...]:
        """Return the kits that these sources make possible; an urgent job's parts go as was decided."""
        if not sent:
            return ()
        lines = {line.id: line for line in job.order_lines}
        return best_kits([self._ways(job, lines[dispatch.line_id], dispatch) for dispatch in sent])

    def _ways(self, job: Job, line: OrderLine, dispatch: Dispatch) -> list[Shipment]:
        """Return how a line may come from its source, the way that was decided first."""
        decided = Shipment(
            order_line_id=dispatch.line_id,
            job_id=job.id,
            part_id=dispatch.part_id,
            quantity=dispatch.quantity,
            warehouse_id=dispatch.source_id,
            mode=dispatch.mode,
            ships_s=dispatch.ships_s,
            ready_s=dispatch.ready_p90_s,
            cost_fen=dispatch.cost_fen,
        )
        warehouse = self._warehouses[dispatch.source_id]
        if job.urgent or warehouse.dock_lines is not None:
            return [decided]
        part = self._parts[dispatch.part_id]
        # A unit that is yet to arrive is there from its departure on; one on hand for any.
        since_s = dispatch.ships_s if warehouse.inbound.get(part.id) else self._now_s
        others = [
            shipment_by(lane, job, line, part, since_s=since_s)
            for lane in self._lanes.get((warehouse.id, job.centre_id), ())
            if part.size_class in lane.carries
            and (lane.mode is not ShipMode.DEDICATED or part.size_class is SizeClass.BULKY)
            and lane.departures_s(since_s, since_s + HORIZON_S)
        ]
        return [decided, *(way for way in others if way != decided)]
