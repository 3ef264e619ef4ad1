"""What would help lines that are sent and may come too late: ways that are in time, open or not, or another visit."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from optimizer.explanation import Sentence
from optimizer.model import ShipMode
from optimizer.parts import reply_wording
from optimizer.parts.fetching import open_to
from optimizer.parts.helping import Helping, dues_of, latest_s, risk_of
from optimizer.parts.left import left_above
from optimizer.parts.model import Dispatch, LineAnswer, Order, OrderLine, Route
from optimizer.parts.price import price
from optimizer.parts.reply import Help, HelpKind, RiskKind
from optimizer.ship_modes import is_bulky, is_lawful_for_all

__all__ = ["Hurrying"]

Hurried = tuple[Dispatch, Dispatch]
"""A dispatch as it comes now, and another that would be in time."""
Choices = tuple[Dispatch, Sequence[Dispatch]]
"""A dispatch as it comes now, and others that would be in time, first those that may be without any other change."""


class Hurrying:
    """Finds what would be in time in one problem. A visit needs its whole kit: nothing less is told to help."""

    def __init__(self, helping: Helping) -> None:
        self._helping, self._asked, self._taken = helping, helping.asked, helping.taken
        self._sources = {source.id: source for source in helping.asked.sources}
        self._parts = {part.id: part for part in helping.asked.parts}

    def of(
        self, order: Order, answers: Mapping[str, LineAnswer], in_time: Mapping[str, Sequence[Choices]]
    ) -> Mapping[str, Sequence[Help]]:
        """Return by line what would help those of an order that are sent and come too late.

        answers: by line. in_time: by line the cheapest ways in time of what is late.
        """
        latest = latest_s(order)
        if latest is None:
            return {}
        together = [order.lines] if order.job_id is not None else [(line,) for line in order.lines]
        return {
            line_id: helps
            for lines in together
            for line_id, helps in self._of_lines(order, lines, answers, in_time, latest)
        }

    def _of_lines(
        self,
        order: Order,
        lines: Sequence[OrderLine],
        answers: Mapping[str, LineAnswer],
        in_time: Mapping[str, Sequence[Choices]],
        latest: int,
    ) -> Iterator[tuple[str, Sequence[Help]]]:
        """Yield what would help those lines that are needed together."""
        risks = {line.id: risk_of(order, line, answers[line.id]) for line in lines}
        if any(risk is not None and risk.kind is RiskKind.NOT_SENT for risk in risks.values()):
            return
        late = [line for line in lines if risks[line.id] is not None]
        sent = [one for line in lines for one in answers[line.id].dispatches]
        slow = [one for one in sent if one.ready_p90_s > latest]
        ways = [way for line in late for way in in_time.get(line.id, ())]
        tried = (self._together(order, slow, {now: others[place] for now, others in ways}) for place in (0, -1))
        whole = next((some for some in tried if some is not None), None)
        if whole is not None:
            fen = self._dearer_fen(order, whole)
            found = {now.line_id: _sooner(other, fen, [one for _, one in whole]) for now, other in whole}
            helps = {line.id: [found[line.id]] for line in late}
        else:
            helps = {line.id: list(self._closed(order, line, slow, latest)) for line in late}
        for line in late:
            if order.job_id is not None:
                helps[line.id] += _another_visit(order, max(one.ready_p90_s for one in sent))
            yield line.id, helps[line.id]

    def _together(
        self, order: Order, slow: Sequence[Dispatch], other_of: Mapping[Dispatch, Dispatch]
    ) -> list[Hurried] | None:
        """Return ways in time of all that is slow, if there is enough for all at once, from few enough sources."""
        if not slow or any(one not in other_of for one in slow):
            return None
        hurried = [(now, other_of[now]) for now in slow]
        answers = self._helping.answers
        places = {one.source_id for line in order.lines for one in answers[line.id].dispatches if one not in other_of}
        places |= {other.source_id for _, other in hurried}
        if len(places) > max(1, order.most_sources):
            return None
        taken: list[Dispatch] = []
        self._taken.add(order, slow, self._sources, times=-1)
        for _, other in hurried:
            if self._has(order, other):
                self._taken.add(order, [other], self._sources)
                taken.append(other)
        self._taken.add(order, taken, self._sources, times=-1)
        self._taken.add(order, slow, self._sources)
        return hurried if len(taken) == len(hurried) else None

    def _has(self, order: Order, one: Dispatch) -> bool:
        source, part_id = self._sources[one.source_id], one.part_id
        shelf = source.shelves[part_id]
        reserve = shelf if one.below_floor == 0 else shelf.with_reserve
        if left_above(reserve, self._taken.gone(source.id, part_id), one.ships_s) < one.quantity:
            return False
        lines = self._taken.docks.get((source.id, one.mode, one.ships_s), 0)
        return source.lies_with(order) or source.dock_lines is None or lines < source.dock_lines

    def _dearer_fen(self, order: Order, hurried: Sequence[Hurried]) -> int:
        """Return how much dearer an order is with these changes: by all that is minimised."""
        other_of = dict(hurried)
        before = [self._helping.answers[line.id] for line in order.lines]
        after = [
            replace(answer, dispatches=tuple(other_of.get(one, one) for one in answer.dispatches)) for answer in before
        ]
        alone = replace(self._asked, orders=(order,))
        now, then = (
            price(alone, replace(self._helping.sourced, answers=tuple(answers))).total for answers in (before, after)
        )
        return then - now

    def _closed(self, order: Order, line: OrderLine, slow: Sequence[Dispatch], latest: int) -> Iterator[Help]:
        """Yield ways in time that no rule opens and somebody could: a vehicle of its own, a reserve; the cheapest each.

        Of what is slow alone: two people's decisions for one kit are not thought of.
        """
        if len(slow) != 1 or slow[0].line_id != line.id:
            return
        (now,) = slow
        self._taken.add(order, [now], self._sources, times=-1)
        ways: defaultdict[HelpKind, list[Dispatch]] = defaultdict(list)
        for kind, way in self._ways(order, line, now, latest):
            ways[kind].append(way)
        self._taken.add(order, [now], self._sources)
        for kind in (HelpKind.OWN_VEHICLE, HelpKind.RESERVE):
            if ways[kind]:
                way = min(ways[kind], key=lambda one: (one.cost_fen, one.ready_p90_s, one.source_id))
                said = reply_wording.closed_way_words(way, self._dearer_fen(order, [(now, way)]), way.below_floor > 0)
                yield _help(kind, way, said)

    def _ways(self, order: Order, line: OrderLine, now: Dispatch, latest: int) -> Iterator[tuple[HelpKind, Dispatch]]:
        """Yield closed ways in time of what is slow, and what would open each."""
        part, waits = self._parts[now.part_id], order.urgent and order.waiting
        for source, shelf in self._helping.holders[now.part_id]:
            if not source.open or source.lies_with(order) or line.pinned_source_id not in (None, source.id):
                continue
            for route in open_to(self._helping.routes[source.id, order.centre_id], order):
                if part.size_class not in route.carries:
                    continue
                lawful = route.mode == now.mode or is_lawful_for_all(route.mode, waits=waits, bulky=is_bulky(part))
                for way in _departing(route, now, part.weight_g, latest):
                    if self._has(order, way):
                        if not lawful and route.mode is ShipMode.DEDICATED:
                            yield HelpKind.OWN_VEHICLE, way
                        break
                    below = replace(way, below_floor=now.quantity)
                    if lawful and shelf.floor > 0 and self._has(order, below):
                        yield HelpKind.RESERVE, below
                        break


def _departing(route: Route, now: Dispatch, weight_g: int, latest: int) -> Iterator[Dispatch]:
    """Yield what comes now as it would by each departure of a route that is in time."""
    for ships_s in route.departures_s:
        if ships_s + route.transit_p90_s > latest:
            return
        yield replace(
            now,
            source_id=route.source_id,
            mode=route.mode,
            ships_s=ships_s,
            ready_p50_s=ships_s + route.transit_p50_s,
            ready_p90_s=ships_s + route.transit_p90_s,
            cost_fen=route.freight_fen(now.quantity * weight_g),
            below_floor=0,
        )


def _sooner(own: Dispatch, fen: int, ways: Sequence[Dispatch]) -> Help:
    """Return the help of a line: its own way, or all of them where it is in time only with others."""
    said = reply_wording.sooner_way_words(own, fen) if len(ways) == 1 else reply_wording.sooner_kit_words(ways, fen)
    return replace(_help(HelpKind.SOONER, own, said), at_s=max(way.ready_p90_s for way in ways))


def _help(kind: HelpKind, way: Dispatch, said: Sentence) -> Help:
    return Help(
        kind=kind, said=said, source_id=way.source_id, part_id=way.part_id, quantity=way.quantity, at_s=way.ready_p90_s
    )


def _another_visit(order: Order, ready_s: int) -> Iterator[Help]:
    """Yield the visit once the whole kit is there, if it is the visit that would be late, and what stays missed."""
    missed = [due for due in dues_of(order) if ready_s + due.ahead_s > due.due_s]
    kept = [due for due in missed if not due.of_visit]
    if len(kept) < len(missed):
        left = [
            reply_wording.still_missed_words(due.what, due.due_s, ready_s + due.ahead_s - due.due_s) for due in kept
        ]
        yield Help(kind=HelpKind.VISIT, said=reply_wording.visit_words(ready_s, left), at_s=ready_s)
