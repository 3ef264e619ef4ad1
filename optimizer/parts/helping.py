"""What would help a line that is not sent, and which lines may hold up their job."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from optimizer.explanation import Sentence
from optimizer.model import ClockKind
from optimizer.parts import reply_wording
from optimizer.parts.fetching import open_to
from optimizer.parts.left import Departed, Taken, left_above
from optimizer.parts.model import (
    Answer,
    LineAnswer,
    Order,
    OrderLine,
    Route,
    Shelf,
    Source,
    Sourced,
    Sourcing,
)
from optimizer.parts.reply import Help, HelpKind, Proposal, Risk, RiskKind
from optimizer.wording import clause

__all__ = ["Helping", "dues_of", "latest_s", "risk_of"]

_DUE_WORDS = {
    ClockKind.ARRIVAL: clause("the visit promised by", "承诺到场时间"),
    ClockKind.RESOLUTION: clause("the repair promised by", "承诺修复时间"),
}
_NEED_WORDS = clause("the need by", "需求时间")


class Helping:
    """Finds help in one problem."""

    def __init__(
        self,
        asked: Sourcing,
        sourced: Sourced,
        taken: Taken,
        over_quota: frozenset[str],
        proposals: Sequence[Proposal],
    ) -> None:
        self.asked, self.taken, self.over_quota = asked, taken, over_quota
        self.sourced, self.answers = sourced, {answer.line_id: answer for answer in sourced.answers}
        self.missing = {answer.line_id: -sum(one.quantity for one in answer.dispatches) for answer in sourced.answers}
        for order in asked.orders:
            for line in order.lines:
                self.missing[line.id] += line.quantity
        self.holders: defaultdict[str, list[tuple[Source, Shelf]]] = defaultdict(list)
        for source in asked.sources:
            for part_id, shelf in source.shelves.items():
                self.holders[part_id].append((source, shelf))
        self.routes: defaultdict[tuple[str, str], list[Route]] = defaultdict(list)
        for route in asked.routes:
            self.routes[route.source_id, route.to_id].append(route)
        self.proposals: defaultdict[str, list[Proposal]] = defaultdict(list)
        for proposal in proposals:
            for line_id in proposal.line_ids:
                self.proposals[line_id].append(proposal)

    def of(self, order: Order, line: OrderLine, answer: LineAnswer) -> Iterator[Help]:
        """Yield what would help a line."""
        if answer.answer is Answer.NEEDS_APPROVAL or (self.missing[line.id] > 0 and line.id in self.over_quota):
            yield Help(kind=HelpKind.APPROVAL, said=reply_wording.APPROVAL_HELPS)
        for proposal in self.proposals[line.id]:
            yield Help(
                kind=HelpKind.TRANSFER,
                said=reply_wording.transfer_words(
                    proposal.from_id, proposal.to_id, proposal.quantity, proposal.part_id
                ),
                source_id=proposal.from_id,
                part_id=proposal.part_id,
                quantity=proposal.quantity,
                at_s=proposal.ready_p90_s,
            )
        if self.missing[line.id] > 0:
            yield from self._kit(order, line)
            yield from self._inbound(order, line)
            yield from self._of_people(order, line)

    def _kit(self, order: Order, line: OrderLine) -> Iterator[Help]:
        if order.job_id is None or len(order.lines) == 1 or self._lacking(order, line):
            return
        blocking = [other.part_id for other in order.lines if other.id != line.id and self._lacking(order, other)]
        if blocking:
            yield Help(kind=HelpKind.KIT, said=reply_wording.kit_words(blocking))

    def _lacking(self, order: Order, line: OrderLine) -> bool:
        """Say whether less is left of a part than a line needs, at all sources together that could send it."""
        parts = (line.part_id, *self.asked.substitutes.get(line.part_id, ()))
        units = sum(self._left(order, source, shelf, part) for part in parts for source, shelf in self.holders[part])
        return units < self.missing[line.id]

    def _left(self, order: Order, source: Source, shelf: Shelf, part_id: str) -> int:
        """Return how many units above the reserve could be sent by the last departure, promises kept."""
        ships_s = self._last_s(order, source)
        if not source.open or ships_s is None:
            return 0
        return left_above(shelf, self._gone(source, part_id), ships_s)

    def _last_s(self, order: Order, source: Source) -> int | None:
        if source.lies_with(order):
            return self.asked.now_s
        last = [
            route.departures_s[-1]
            for route in open_to(self.routes[source.id, order.centre_id], order)
            if route.departures_s
        ]
        return max(last, default=None)

    def _gone(self, source: Source, part_id: str) -> Collection[Departed]:
        return self.taken.gone(source.id, part_id)

    def _inbound(self, order: Order, line: OrderLine) -> Iterator[Help]:
        """Yield the first arrival at a source of which something is left, and when it could be here."""
        times = [
            (ships_s + route.transit_p90_s, inbound.ready_s, source.id, min(left, inbound.quantity))
            for source, shelf in self.holders[line.part_id]
            if source.open
            for inbound in shelf.inbound
            for route in open_to(self.routes[source.id, order.centre_id], order)
            for ships_s in [next((ships_s for ships_s in route.departures_s if ships_s >= inbound.ready_s), None)]
            if ships_s is not None
            for left in [left_above(shelf, self._gone(source, line.part_id), ships_s)]
            if left > 0
        ]
        if times:
            eta_s, ready_s, source_id, units = min(times)
            said = reply_wording.inbound_words(source_id, line.part_id, ready_s, eta_s)
            yield Help(
                kind=HelpKind.INBOUND,
                said=said,
                source_id=source_id,
                part_id=line.part_id,
                quantity=min(self.missing[line.id], units),
                at_s=eta_s,
            )

    def _of_people(self, order: Order, line: OrderLine) -> Iterator[Help]:
        """Yield what somebody could decide."""
        need = self.missing[line.id]
        units = {
            source.id: self._left(order, source, shelf, line.part_id) for source, shelf in self.holders[line.part_id]
        }
        fullest = sorted(units.values(), reverse=True)
        enough = next((source_id for source_id, some in units.items() if some >= need), None)
        if line.pinned_source_id is not None and enough not in (None, line.pinned_source_id):
            said = reply_wording.unpin_words(line.pinned_source_id, enough or "")
            yield Help(kind=HelpKind.UNPIN, said=said, source_id=enough or "", part_id=line.part_id, quantity=need)
        if enough is None and sum(fullest) >= need:
            sources = next(k for k in range(1, len(fullest) + 1) if sum(fullest[:k]) >= need)
            if sources > order.most_sources:
                yield Help(kind=HelpKind.SPLIT, said=reply_wording.split_help_words(sources), quantity=sources)
        for part_id in self.asked.substitutes.get(line.part_id, ()):
            for source, shelf in self.holders[part_id]:
                if (left := self._left(order, source, shelf, part_id)) >= need:
                    said = reply_wording.substitute_words(part_id, source.id, left)
                    yield Help(kind=HelpKind.SUBSTITUTE, said=said, source_id=source.id, part_id=part_id, quantity=left)
                    break
        for source, shelf in self.holders[line.part_id]:
            yield from self._held_back(order, line, source, shelf)

    def _held_back(self, order: Order, line: OrderLine, source: Source, shelf: Shelf) -> Iterator[Help]:
        """Yield what a source keeps: its reserve, or everything while it is offline."""
        need, ships_s, gone = self.missing[line.id], self._last_s(order, source), self._gone(source, line.part_id)
        if ships_s is None:
            return
        entitled = self.asked.may_have_reserve(order)
        reserve = left_above(shelf.with_reserve, gone, ships_s)
        above = left_above(shelf, gone, ships_s)
        if source.open and not entitled and above < need <= reserve:
            said = reply_wording.reserve_words(source.id, need, line.part_id)
            yield Help(kind=HelpKind.RESERVE, said=said, source_id=source.id, part_id=line.part_id, quantity=need)
        if not source.open and above >= need:
            said = reply_wording.reopen_words(source.id, above)
            yield Help(kind=HelpKind.REOPEN, said=said, source_id=source.id, part_id=line.part_id, quantity=above)


def latest_s(order: Order) -> int | None:
    """Return when an order's parts must be there so that it makes all that it should, None for whenever."""
    return min((due.due_s - due.ahead_s for due in dues_of(order)), default=None)


def risk_of(order: Order, line: OrderLine, answer: LineAnswer) -> Risk | None:
    """Return why a line may hold up its job, None if it comes in time even at the p90."""
    sent = sum(one.quantity for one in answer.dispatches)
    p50_s, p90_s = answer.eta_p50_s, answer.eta_p90_s
    if sent < line.quantity or p50_s is None or p90_s is None:
        return Risk(kind=RiskKind.NOT_SENT, late_s=None, said=reply_wording.not_sent_words(order.job_id))
    worst = max(dues_of(order), key=lambda due: due.ahead_s - due.due_s, default=None)
    if worst is None or p90_s + worst.ahead_s <= worst.due_s:
        return None
    late_s = p90_s + worst.ahead_s - worst.due_s
    if p50_s + worst.ahead_s > worst.due_s:
        said = reply_wording.late_risk_words(worst.what, worst.due_s, late_s)
        return Risk(kind=RiskKind.LATE, late_s=late_s, said=said)
    return Risk(kind=RiskKind.SPREAD, late_s=late_s, said=reply_wording.spread_words(worst.what, worst.due_s, late_s))


class _Due(NamedTuple):
    """A time that an order should make: how long after the parts' arrival it counts, its name.

    of_visit: another visit agreed with the customer makes it; the repair promised by a time stays promised.
    """

    due_s: int
    ahead_s: int
    what: Sentence
    of_visit: bool


def dues_of(order: Order) -> Iterator[_Due]:
    """Yield each time that an order should make."""
    if order.needed_by_s is not None:
        yield _Due(order.needed_by_s, 0, _NEED_WORDS, of_visit=True)
    for clock in order.clocks:
        if clock.kind in _DUE_WORDS:
            yield _Due(clock.due_s, order.lead_s, _DUE_WORDS[clock.kind], of_visit=clock.kind is ClockKind.ARRIVAL)
