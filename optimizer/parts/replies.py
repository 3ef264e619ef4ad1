"""The reply to every order line: the decision in words, two other ways, why not the nearest source, help and risk."""

from collections import defaultdict
from collections.abc import Sequence

from optimizer.parts import reply_wording
from optimizer.parts.alternatives import Weighed, weigh
from optimizer.parts.helping import Helping, risk_of
from optimizer.parts.hurrying import Hurrying
from optimizer.parts.left import Taken, taken_by
from optimizer.parts.model import Dispatch, LineAnswer, Order, OrderLine, Sourced, Sourcing
from optimizer.parts.nearest import Nearby
from optimizer.parts.quotas import over_quota
from optimizer.parts.reply import Alternative, Help, LineReply, Proposal

__all__ = ["replies", "replies_among"]


def replies(asked: Sourcing, sourced: Sourced, proposals: Sequence[Proposal] = ()) -> tuple[LineReply, ...]:
    """Return the reply to every line, in order.

    Parameters
    ----------
    asked
        The problem.
    sourced
        Its answers, whoever decided them.
    proposals
        Transfers that are told to the lines which they would serve (`optimizer.parts.transfers`).
    """
    return replies_among(asked, sourced, taken_by(asked, sourced), over_quota(asked), proposals)


def replies_among(
    asked: Sourcing,
    sourced: Sourced,
    taken: Taken,
    over: frozenset[str],
    proposals: Sequence[Proposal] = (),
    never_s: int | None = None,
) -> tuple[LineReply, ...]:
    """Return the replies where more is promised than these answers: taken has theirs and everybody else's.

    over: ids of the lines over their quota. never_s: as for `weigh`.
    """
    by_line: defaultdict[str, list[Weighed]] = defaultdict(list)
    for weighed in weigh(asked, sourced, taken, over, never_s):
        by_line[weighed.item.line.id].append(weighed)
    answers = {answer.line_id: answer for answer in sourced.answers}
    nearby = Nearby(asked, sourced, taken, over)
    helping = Helping(asked, sourced, taken, over, proposals)
    hurrying = Hurrying(helping)
    found = []
    for order in asked.orders:
        hurried = hurrying.of(order, answers, {line.id: _in_time(by_line[line.id]) for line in order.lines})
        for line in order.lines:
            helps = (*helping.of(order, line, answers[line.id]), *hurried.get(line.id, ()))
            found.append(_reply(order, line, answers[line.id], by_line[line.id], nearby, helps))
    return tuple(found)


def _reply(
    order: Order,
    line: OrderLine,
    answer: LineAnswer,
    weighed: Sequence[Weighed],
    nearby: Nearby,
    helps: tuple[Help, ...],
) -> LineReply:
    others = sorted(
        (
            _alternative(one, some.item.dispatch, fen, over_sources)
            for some in weighed
            for over_sources, ways in enumerate((some.others, some.beyond))
            for one, fen in ways
        ),
        key=_order,
    )
    return LineReply(
        line_id=line.id,
        order_id=order.id,
        job_id=order.job_id,
        answer=answer.answer,
        said=reply_wording.answer_words(answer),
        eta_p50_s=answer.eta_p50_s,
        eta_p90_s=answer.eta_p90_s,
        dispatches=answer.dispatches,
        freight_fen=sum(one.cost_fen for one in answer.dispatches),
        below_floor=sum(one.below_floor for one in answer.dispatches),
        alternatives=tuple(others[:2]),
        nearest=nearby.said(weighed) if weighed else None,
        helps=helps,
        risk=risk_of(order, line, answer),
    )


def _in_time(weighed: Sequence[Weighed]) -> list[tuple[Dispatch, Sequence[Dispatch]]]:
    """Return what in a line could come in time instead of too late: instead of what, and how."""
    return [(some.item.dispatch, some.in_time) for some in weighed if some.in_time and some.item.dispatch is not None]


def _order(other: Alternative) -> tuple[bool, int, int, str, str]:
    """Return what the best of other ways has least of: those that are open come first."""
    one = other.dispatch
    return other.over_sources, other.difference_fen, one.ready_p90_s, one.source_id, one.mode


def _alternative(one: Dispatch, now: Dispatch | None, fen: int, over_sources: int) -> Alternative:
    later_s = None if now is None else one.ready_p90_s - now.ready_p90_s
    said = reply_wording.alternative_words(one, fen, later_s)
    return Alternative(
        dispatch=one,
        instead_of=now,
        difference_fen=fen,
        later_s=later_s,
        said=reply_wording.over_sources_words(said) if over_sources else said,
        over_sources=bool(over_sources),
    )
