"""The key figures of sourcing: what was answered, sent, promised and paid; docs/kpis.md defines each in words."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from optimizer.parts.expecting import waiting_for_stock
from optimizer.parts.model import Answer, Dispatch, LineAnswer, Order, OrderLine, Sourced, Sourcing, SourcingCost

__all__ = ["OWN_SHELF", "SourcingKpis", "mode_of", "sourcing_kpis"]

OWN_SHELF = "own_shelf"
"""Stands for a mode where a line lies on the outlet's own shelf."""
_HOUR_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcingKpis:
    """Counts of order lines, but for kits, lateness and splits, which count orders; percentages are None of nothing.

    filled: every unit has its departure; expected: of them those that wait for stock to arrive first, approved or
    not. kits: orders of a job; complete_kits: every line filled. served: filled lines by mode, the one of the
    largest piece. late_orders: those with a line that is not filled, or whose need or clock some line does not make
    at its p90. hours_to_ready: from an order to its last unit, p90, mean over filled lines for which a customer
    waits.
    """

    lines: int
    answers: Mapping[str, int]
    answered_in_time: int
    filled: int
    expected: int
    kits: int
    complete_kits: int
    served: Mapping[str, int]
    freight_fen: int
    late_orders: int
    split_orders: int
    units_below_floor: int
    bulky_fallbacks: int
    hours_to_ready: float | None
    cost: SourcingCost
    bound_fen: int
    optimal: bool

    @property
    def answered_in_time_percent(self) -> float | None:
        """Of all lines."""
        return _percent(self.answered_in_time, self.lines)

    @property
    def fill_rate_percent(self) -> float | None:
        """Filled lines, of all."""
        return _percent(self.filled, self.lines)

    @property
    def complete_kits_percent(self) -> float | None:
        """Of all kits."""
        return _percent(self.complete_kits, self.kits)

    @property
    def gap(self) -> float:
        """How far the cost may be from the least possible, as a share of it."""
        return (self.cost.total - self.bound_fen) / self.cost.total if self.cost.total else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as kpis.json has them."""
        return asdict(self) | {
            "cost": asdict(self.cost) | {"total": self.cost.total},
            "answered_in_time_percent": self.answered_in_time_percent,
            "fill_rate_percent": self.fill_rate_percent,
            "complete_kits_percent": self.complete_kits_percent,
            "gap": round(self.gap, 6),
        }


def sourcing_kpis(asked: Sourcing, sourced: Sourced) -> SourcingKpis:
    """Return the key figures of an answer, whoever gave it; all lines are answered at the moment of the problem."""
    answers = {answer.line_id: answer for answer in sourced.answers}
    lines = [(order, line, answers[line.id]) for order in asked.orders for line in order.lines]
    filled = {line.id for _, line, answer in lines if _is_filled(line, answer)}
    kits = [order for order in asked.orders if order.job_id is not None]
    dispatches = [dispatch for answer in sourced.answers for dispatch in answer.dispatches]
    waiting = {dispatch.line_id for dispatch in waiting_for_stock(asked.sources, dispatches)}
    approving = {line.id for _, line, answer in lines if answer.answer is Answer.NEEDS_APPROVAL} & waiting
    waited = list(_hours_waited(lines, filled))
    return SourcingKpis(
        lines=len(lines),
        answers=dict(Counter(str(answer.answer) for _, _, answer in lines)),
        answered_in_time=sum(order.respond_by_s >= asked.now_s for order, _, _ in lines),
        filled=len(filled),
        expected=sum(
            line.id in filled and (answer.answer is Answer.BACKORDERED or line.id in approving)
            for _, line, answer in lines
        ),
        kits=len(kits),
        complete_kits=sum(all(line.id in filled for line in order.lines) for order in kits),
        served=_served(asked, lines, filled),
        freight_fen=sum(dispatch.cost_fen for dispatch in dispatches),
        late_orders=sum(_is_late(order, answers, filled) for order in asked.orders),
        split_orders=_split_orders(dispatches),
        units_below_floor=sum(dispatch.below_floor for dispatch in dispatches),
        bulky_fallbacks=sum(dispatch.bulky_fallback for dispatch in dispatches),
        hours_to_ready=round(sum(waited) / len(waited), 2) if waited else None,
        cost=sourced.cost,
        bound_fen=sourced.bound_fen,
        optimal=sourced.optimal,
    )


def mode_of(dispatch: Dispatch, order: Order, outlet_of: Mapping[str, str | None]) -> str:
    """Return how units come, in a word; outlet_of: the outlet that a source is, by its id."""
    outlet_id = outlet_of[dispatch.source_id]
    return OWN_SHELF if outlet_id is not None and outlet_id == order.outlet_id else str(dispatch.mode)


def _is_filled(line: OrderLine, answer: LineAnswer) -> bool:
    return sum(dispatch.quantity for dispatch in answer.dispatches) == line.quantity


def _is_late(order: Order, answers: Mapping[str, LineAnswer], filled: set[str]) -> bool:
    if any(line.id not in filled for line in order.lines):
        return True
    ready_s = max(answers[line.id].eta_p90_s or 0 for line in order.lines)
    dues_s = [clock.due_s - order.lead_s for clock in order.clocks]
    return ready_s > min([*dues_s, ready_s if order.needed_by_s is None else order.needed_by_s])


def _hours_waited(lines: list[tuple[Order, OrderLine, LineAnswer]], filled: set[str]) -> Iterator[float]:
    for order, line, answer in lines:
        if order.waiting and line.id in filled and answer.eta_p90_s is not None:
            yield (answer.eta_p90_s - order.ordered_s) / _HOUR_S


def _served(asked: Sourcing, lines: list[tuple[Order, OrderLine, LineAnswer]], filled: set[str]) -> dict[str, int]:
    outlet_of = {source.id: source.outlet_id for source in asked.sources}
    modes = Counter(
        mode_of(max(answer.dispatches, key=lambda dispatch: dispatch.quantity), order, outlet_of)
        for order, line, answer in lines
        if line.id in filled
    )
    return dict(sorted(modes.items()))


def _split_orders(dispatches: list[Dispatch]) -> int:
    sources: dict[str, set[str]] = {}
    for dispatch in dispatches:
        sources.setdefault(dispatch.order_id, set()).add(dispatch.source_id)
    return sum(len(some) > 1 for some in sources.values())


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None
