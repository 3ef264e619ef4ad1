"""Orders of parts are answered: from what is left on the shelves, with promises in the same transaction."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.event_types import EventType
from api.events import emit
from api.parts_network import PartsNetwork
from api.parts_quotes import NOTHING_PROMISED
from api.parts_refusals import lost, no_network, nowhere
from api.parts_replies import reply_written
from api.store.batches import batches
from api.store.parts_orders import (
    CANCELLED,
    LAST,
    OPEN,
    SETTLED,
    OrderSeen,
    quota_left,
    units_of_orders,
)
from api.store.parts_promises import RELEASED, USED, Sending, allocate, fitted, keep, release, sends_of
from api.store.parts_shelves import lock_shelves, standings
from api.tables.parts import Allocation, PartsOrder, PartsOrderLine
from datasets.times import TIME_ZONE
from optimizer.model import CustomerClass
from optimizer.parts.model import (
    Answer,
    Dispatch,
    LineAnswer,
    Order,
    OrderLine,
    Quota,
    Sourcing,
)
from optimizer.parts.quoting import QuoteDesk
from optimizer.parts.reply import LineReply

__all__ = [
    "Decided",
    "answer_at_once",
    "asked_of_orders",
    "asked_order",
    "cancel_order",
    "confirm_quote",
    "decide",
    "decline_unanswered",
    "let_go",
    "settle_sent",
    "take_back",
]

AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Who decides: quote, run, watch or person, and which run. until: what is promised is only reserved so long."""

    by: str
    now: dt.datetime
    actor: str
    run_id: str | None = None
    until: dt.datetime | None = None


def asked_order(network: PartsNetwork, seen: OrderSeen, now: dt.datetime) -> Order | None:
    """Return what an order still asks for; None when nothing is left to decide."""
    row = seen.row
    lines = tuple(
        OrderLine(
            id=line.id,
            part_id=line.part_id,
            quantity=line.quantity - seen.sent(line, now),
            pinned_source_id=line.pinned_source_id,
        )
        for line in seen.lines
        if seen.undecided(line) and line.quantity > seen.sent(line, now) and line.part_id in network.parts
    )
    outlet = network.outlets.get(row.outlet_id)
    if not lines or outlet is None:
        return None
    return Order(
        id=row.id,
        centre_id=row.centre_id,
        outlet_id=row.outlet_id,
        position=outlet.position,
        ordered_s=network.seconds(row.ordered_at),
        respond_by_s=network.seconds(row.respond_by),
        lines=lines,
        job_id=row.job_id,
        needed_by_s=None if row.needed_by is None else network.seconds(row.needed_by),
        customer_class=CustomerClass(row.customer_class),
        waiting=row.waiting,
        urgent=row.urgent,
        most_sources=row.most_sources,
    )


def asked_of_orders(session: Session, network: PartsNetwork, seen: Sequence[OrderSeen], now: dt.datetime) -> Sourcing:
    """Return orders as one problem, their own provisional promises given back for it. The session is rolled back.

    Raises nothing: an order whose outlet is gone asks for nothing.
    """
    take_back(session, seen, now)
    orders = [order for one in seen if (order := asked_order(network, one, now)) is not None]
    shelves = standings(session, network.also(line.part_id for order in orders for line in order.lines), now)
    return network.asked(orders, shelves, now, _quotas(session, seen))


def _quotas(session: Session, seen: Sequence[OrderSeen]) -> list[Quota]:
    """Return what is left of quotas without these orders; what is approved of a single one it has beside it."""
    standing = quota_left(session, {one.row.outlet_id for one in seen} if len(seen) < 100 else None)
    own = units_of_orders(session, [one.row.id for one in seen])
    approved: Counter[tuple[str, str]] = Counter()
    if len(seen) == 1:
        row = seen[0].row
        approved.update({(row.outlet_id, one.part_id): one.quantity for one in seen[0].lines if one.approved_at})
    keys = [(one.row.outlet_id, one.row.part_id) for one in standing]
    return [
        Quota(outlet_id=key[0], part_id=key[1], left=max(one.left_besides(own[key]), approved[key]))
        for key, one in zip(keys, standing, strict=True)
    ]


def take_back(session: Session, seen: Sequence[OrderSeen], now: dt.datetime) -> None:
    """Take back what is promised or reserved to lines that are decided again, and has not left."""
    for some in batches(seen, AT_ONCE):
        lines = [line.id for one in some for line in one.lines if one.undecided(line)]
        release(session, [one.row.id for one in some], now, Allocation.line_id.in_(lines))
        for one in some:
            let_go(one)
    session.flush()


def let_go(seen: OrderSeen) -> None:
    """Let go of what is only reserved for an order."""
    for kept in seen.reserved.values():
        for reservation in kept:
            if reservation.order_id == seen.row.id:
                reservation.state, reservation.version = RELEASED, reservation.version + 1


def answer_at_once(session: Session, network: PartsNetwork, seen: OrderSeen, decided: Decided) -> None:
    """Decide an order by itself, from what is left now; the order is locked by the caller."""
    now = decided.now
    lock_shelves(session, network.also(line.part_id for line in seen.lines))
    asked = asked_of_orders(session, network, [seen], now)
    answers = {
        line.id: nowhere(seen.row, line) for line in seen.lines if seen.undecided(line) and seen.sent(line, now) == 0
    }
    replies: tuple[LineReply, ...] = ()
    if asked.orders:
        quote = QuoteDesk(replace(asked, orders=()), NOTHING_PROMISED).quote(asked.orders[0])
        answers |= {answer.line_id: answer for answer in quote.answers}
        replies = quote.replies
    if answers and decide(session, network, [(seen, answers)], decided, replies):
        # Nobody is left without an answer.
        told = {line.id: lost(seen.row, line) for line in seen.lines if line.id in answers}
        decide(session, network, [(seen, told)], decided)


def decide(
    session: Session,
    network: PartsNetwork,
    answers: Sequence[tuple[OrderSeen, Mapping[str, LineAnswer]]],
    decided: Decided,
    replies: Iterable[LineReply] = (),
) -> list[OrderSeen]:
    """Write the answers to orders with their promises, and return the orders for which there is not enough any more.

    The shelves are locked, and what the orders had has been taken back (`take_back`).
    """
    now = decided.now
    sendings = {
        one.row.id: [_sending(network, dispatch, now) for answer in of_lines.values() for dispatch in answer.dispatches]
        for one, of_lines in answers
    }
    part_ids = {sending.part_id for some in sendings.values() for sending in some}
    every = [sending for some in sendings.values() for sending in some]
    fits, short = fitted(every, standings(session, part_ids, now))
    found: defaultdict[str, list[Sending]] = defaultdict(list)
    for one in fits:
        found[one.line_id].append(one)
    told = {reply.line_id: reply for reply in replies}
    unfit = []
    for seen, of_lines in answers:
        if short & of_lines.keys():
            unfit.append(seen)
            continue
        for line in seen.lines:
            if (answer := of_lines.get(line.id)) is not None:
                _promise(session, seen.row, line, answer, found[line.id], decided)
                _answer(network, line, answer, told.get(line.id), decided)
        _respond(session, seen, of_lines.keys(), decided)
    session.flush()
    return unfit


def _promise(
    session: Session,
    row: PartsOrder,
    line: PartsOrderLine,
    answer: LineAnswer,
    sendings: Sequence[Sending],
    decided: Decided,
) -> None:
    if decided.until is not None:
        keep(session, row.id, row.centre_id, sendings, decided.until, actor=decided.actor, now=decided.now)
        return
    waits = answer.answer is Answer.NEEDS_APPROVAL and line.approved_at is None
    allocate(session, row.id, sendings, decided.now, provisional=waits)


def _sending(network: PartsNetwork, dispatch: Dispatch, now: dt.datetime) -> Sending:
    """Return a dispatch in moments; nothing leaves before it is promised, be it by a part of a second."""
    ships_at = max(now, network.moment(dispatch.ships_s))
    return Sending(
        line_id=dispatch.line_id,
        source_id=dispatch.source_id,
        part_id=dispatch.part_id,
        quantity=dispatch.quantity,
        mode=str(dispatch.mode),
        ships_at=ships_at,
        ready_p50_at=max(ships_at, network.moment(dispatch.ready_p50_s)),
        ready_p90_at=max(ships_at, network.moment(dispatch.ready_p90_s)),
        cost_fen=dispatch.cost_fen,
        below_floor=dispatch.below_floor,
        bulky_fallback=dispatch.bulky_fallback,
    )


def _answer(
    network: PartsNetwork, line: PartsOrderLine, answer: LineAnswer, reply: LineReply | None, decided: Decided
) -> None:
    """Say it in the line. One that a person has approved needs no approval."""
    said = answer.answer
    if said is Answer.NEEDS_APPROVAL and line.approved_at is not None:
        others = any(dispatch.part_id != line.part_id for dispatch in answer.dispatches)
        said = Answer.SUBSTITUTED if others else Answer.CONFIRMED
    line.eta_p50_at = None if answer.eta_p50_s is None else network.moment(answer.eta_p50_s)
    line.eta_p90_at = None if answer.eta_p90_s is None else network.moment(answer.eta_p90_s)
    line.reply = None if reply is None else reply_written(reply, network)
    _say(line, said, answer.reason, answer.reason_zh, decided)


def _say(line: PartsOrderLine, said: Answer, reason: str, reason_zh: str, decided: Decided) -> None:
    line.answer, line.reason, line.reason_zh = said.value, reason, reason_zh
    line.answered_at, line.answered_by, line.run_id = decided.now, decided.by, decided.run_id
    if line.first_answer is None:
        line.first_answer, line.first_answered_at = line.answer, decided.now


def _respond(session: Session, seen: OrderSeen, line_ids: Iterable[str], decided: Decided) -> None:
    """Note in the order that it has been answered, and tell whoever listens."""
    row = seen.row
    row.version += 1
    row.updated_at = decided.now
    row.quoted_until = decided.until
    is_last = decided.until is None and all(line.answer in LAST for line in seen.lines)
    row.state = SETTLED if is_last else OPEN
    if row.responded_at is None and all(line.answer is not None for line in seen.lines):
        row.responded_at = decided.now
    data = {
        "order_id": row.id,
        "job_id": row.job_id,
        "outlet_id": row.outlet_id,
        "by": decided.by,
        "version": row.version,
        "lines": [_told(line) for line in seen.lines if line.id in set(line_ids)],
    }
    emit(session, EventType.PARTS_ORDER_RESPONDED, row.id, data, row.centre_id, at=decided.now)


def _told(line: PartsOrderLine) -> dict[str, Any]:
    eta = line.eta_p90_at
    return {
        "line_id": line.id,
        "part_id": line.part_id,
        "quantity": line.quantity,
        "answer": line.answer,
        "eta_p90": None if eta is None else eta.astimezone(TIME_ZONE).isoformat(),
    }


def confirm_quote(session: Session, network: PartsNetwork, seen: OrderSeen, decided: Decided) -> None:
    """Promise what is reserved for a quote. The caller has locked the shelves before it looked at the clock.

    A quote that has missed a departure, or whose units are not there any more, is answered anew.
    """
    row, now = seen.row, decided.now
    kept = [one for some in seen.reserved.values() for one in some if one.order_id == row.id]
    let_go(seen)
    session.flush()
    wanted = [sends_of(one) for one in kept]
    found, short = fitted(wanted, standings(session, {one.part_id for one in wanted}, now))
    if short or any(one.ships_at < now for one in wanted):
        for line in seen.lines:
            line.answer = None
        row.quoted_until = None
        session.flush()
        answer_at_once(session, network, seen, decided)
        return
    waiting = {line.id for line in seen.lines if line.answer == Answer.NEEDS_APPROVAL}
    for reservation in kept:
        reservation.state = USED
    for waits in (True, False):
        some = [one for one in found if (one.line_id in waiting) == waits]
        allocate(session, row.id, some, now, provisional=waits)
    _respond(session, seen, [line.id for line in seen.lines], decided)
    session.flush()


def settle_sent(session: Session, seen: OrderSeen, decided: Decided) -> bool:
    """Give backordered lines of which all has left their last answer; return whether there were any."""
    done = [
        line
        for line in seen.lines
        if line.answer == Answer.BACKORDERED and seen.sent(line, decided.now) >= line.quantity
    ]
    for line in done:
        others = any(one.part_id != line.part_id for one in seen.promised[line.id])
        said = Answer.SUBSTITUTED if others else Answer.CONFIRMED
        _say(line, said, "all of it has left", "已全部发出", decided)
    if done:
        _respond(session, seen, [line.id for line in done], decided)
        session.flush()
    return bool(done)


def decline_unanswered(session: Session, seen: OrderSeen, decided: Decided) -> None:
    """Decline what has no answer, where no network holds that could give one."""
    lines = [line for line in seen.lines if line.answer is None]
    release(session, [seen.row.id], decided.now, Allocation.line_id.in_([line.id for line in lines]))
    for line in lines:
        told = no_network(seen.row, line)
        _say(line, told.answer, told.reason, told.reason_zh, decided)
    _respond(session, seen, [line.id for line in lines], decided)
    session.flush()


def cancel_order(session: Session, seen: OrderSeen, now: dt.datetime) -> int:
    """Cancel an order: what has not left is free again. Return how many units have left and do not come back by it."""
    release(session, [seen.row.id], now)
    let_go(seen)
    seen.row.state, seen.row.updated_at, seen.row.quoted_until = CANCELLED, now, None
    seen.row.version += 1
    session.flush()
    left = select(Allocation.quantity).where(Allocation.holder == seen.row.id, Allocation.released_at.is_(None))
    return sum(session.scalars(left))
