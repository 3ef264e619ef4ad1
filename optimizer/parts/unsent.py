"""Why a line is not sent, or not all of it, and when the rest is expected: only what is true of what is left."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from optimizer.clock import time_text
from optimizer.explanation import Sentence
from optimizer.parts.cutting import Cutting
from optimizer.parts.expecting import Eta, Expecting
from optimizer.parts.left import left_above
from optimizer.parts.model import Answer, Dispatch, LineAnswer, Order, OrderLine, Route, Shelf
from optimizer.parts.withheld import withheld_words
from optimizer.wording import clause, time_words

__all__ = ["Unsent"]


class Unsent:
    """Answers lines of one problem that are not sent whole."""

    def __init__(self, expecting: Expecting) -> None:
        self.expecting = expecting

    @cached_property
    def _cutting(self) -> Cutting:
        return Cutting(self.expecting.asked)

    def answer(
        self,
        order: Order,
        line: OrderLine,
        dispatches: tuple[Dispatch, ...],
        missing: Mapping[str, int],
        expected: Eta | None,
        used: frozenset[str] = frozenset(),
    ) -> LineAnswer:
        """Return what a line is told of which so much is missing, and expected; used: its order's sources."""
        said = self._why(order, line, dispatches, missing, used)
        reason, reason_zh = said.en, said.zh
        if dispatches:
            coming = line.quantity - missing[line.id]
            reason = f"{coming} of {line.quantity} are sent; {reason}"
            reason_zh = f"先发{coming}件（共{line.quantity}件）；{reason_zh}"
        if expected is None:
            more = min(self.expecting.arriving(order, line), missing[line.id])
            few = f"; of the {missing[line.id]} missing {more} on the way" if more else ", and no more is expected"
            reason = reason + few
            reason_zh += f"；所缺{missing[line.id]}件中在途{more}件" if more else "，且无可用在途"
        else:
            expected = max([expected, *((one.ready_p50_s, one.ready_p90_s) for one in dispatches)], key=lambda t: t[1])
            at = time_text(expected[1])
            reason, reason_zh = f"{reason}; expected by {at}", f"{reason_zh}，预计{at}前到"
        return LineAnswer(
            line_id=line.id,
            order_id=order.id,
            answer=Answer.DECLINED if expected is None and not dispatches else Answer.BACKORDERED,
            reason=reason,
            reason_zh=reason_zh,
            eta_p50_s=None if expected is None else expected[0],
            eta_p90_s=None if expected is None else expected[1],
            dispatches=dispatches,
        )

    def _why(
        self,
        order: Order,
        line: OrderLine,
        dispatches: tuple[Dispatch, ...],
        missing: Mapping[str, int],
        used: frozenset[str],
    ) -> Sentence:
        expecting, part_id = self.expecting, line.part_id
        lacking = next(
            (other for other in order.lines if other.id != line.id and self._lacks(order, other, missing)), None
        )
        if order.job_id is not None and lacking is not None and not self._lacks(order, line, missing):
            return clause(
                f"waits for {lacking.part_id}, without which the kit is not complete",
                f"等待{lacking.part_id}，齐套后发出",
            )
        if sum(shelf.ever for _, _, shelf in expecting.holding(order, line)) < line.quantity:
            return self._nowhere(line)
        carrying = expecting.carrying(order, line)
        if not carrying:
            return clause(f"no lane carries {part_id} here from where it lies", f"无线路可将{part_id}运到")
        if all(_too_late(order, route) for _, _, route in carrying):
            return clause(
                f"no lane brings {part_id} here by {time_text(order.latest_s or 0)}",
                f"无线路可在{time_words(order.latest_s or 0).zh}前将{part_id}运到",
            )
        if not self._lacks(order, line, missing):
            return withheld_words(expecting, order, line, missing, used, self._cutting)
        shelves = {(route.source_id, held_id): shelf for held_id, shelf, route in carrying}
        promised = sum(some.units for key in shelves for some in expecting.taken.gone(*key))
        if promised > sum(one.quantity for one in dispatches):
            return clause(
                f"what there is of {part_id} is promised to other orders", f"{part_id}现有库存已分配给其他订单"
            )
        reserved = next((held_id for held_id, shelf, route in carrying if self._under_floor(held_id, shelf, route)), "")
        if reserved:
            return clause(f"what is left of {reserved} is kept in reserve", f"{reserved}余量为安全库存")
        return clause(
            f"the lanes that carry {part_id} here cannot bring {line.quantity} by their next departures",
            f"可到此处的线路最近班次凑不足{line.quantity}件{part_id}",
        )

    def _lacks(self, order: Order, line: OrderLine, missing: Mapping[str, int]) -> bool:
        return self.expecting.left_next(order, line) < missing[line.id]

    def _under_floor(self, part_id: str, shelf: Shelf, route: Route) -> bool:
        """Tell whether a shelf would have more to send by the next departure if it kept no reserve."""
        gone, ships_s = self.expecting.taken.gone(route.source_id, part_id), route.departures_s[0]
        return left_above(replace(shelf, floor=0), gone, ships_s) > left_above(shelf, gone, ships_s)

    def _nowhere(self, line: OrderLine) -> Sentence:
        """Say that nobody who may be asked has so many, and never will."""
        pinned_id = line.pinned_source_id
        if pinned_id is None:
            return clause(
                f"no open source has {line.quantity} × {line.part_id}", f"各库均无{line.part_id}（需{line.quantity}件）"
            )
        if any(source.id == pinned_id and not source.open for source in self.expecting.asked.sources):
            return clause(f"{pinned_id}, which a person decided on, is offline", f"人工指定的{pinned_id}停用中")
        return clause(
            f"{pinned_id}, which a person decided on, does not have {line.quantity} × {line.part_id}",
            f"人工指定的{pinned_id}无{line.part_id}（需{line.quantity}件）",
        )


def _too_late(order: Order, route: Route) -> bool:
    return order.latest_s is not None and route.departures_s[0] + route.transit_p90_s > order.latest_s
