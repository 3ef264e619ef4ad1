"""The clock of parts: whatever nobody has answered near its time is answered, quotes that ran out are over."""

import datetime as dt
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.database import Database
from api.errors import Conflict
from api.logs import store_error
from api.parts_answers import Decided, answer_at_once, cancel_order, decline_unanswered, settle_sent
from api.parts_network import PartsNetwork, PartsNetworks
from api.store.parts_orders import OPEN, OrderSeen, order_seen
from api.tables.parts import Allocation, PartsOrder, PartsOrderLine
from optimizer.parts.model import Answer

__all__ = ["BEFORE", "LAST_MOMENT", "watch_orders"]

BEFORE = dt.timedelta(minutes=15)
"""So long before it is due an order is answered by itself, if no run has decided it yet."""
LAST_MOMENT = dt.timedelta(minutes=5)
"""So long before it is due an order is declined, if there still is no network to send anything in."""
WATCH = "watch"

log = structlog.get_logger("paigong.parts_watch")


def watch_orders(database: Database, networks: PartsNetworks, now: dt.datetime) -> tuple[int, int]:
    """Answer what is due, end quotes that have run out, and return how many of each; each is its own transaction.

    Orders of which all has left at last are settled by the way.
    """
    decided = Decided(by=WATCH, now=now, actor=WATCH)
    is_open = PartsOrder.state == OPEN
    unanswered = select(PartsOrderLine.id).where(
        PartsOrderLine.order_id == PartsOrder.id, PartsOrderLine.answer.is_(None)
    )
    due = select(PartsOrder.id).where(is_open, PartsOrder.respond_by <= now + BEFORE, unanswered.exists())
    over = select(PartsOrder.id).where(is_open, PartsOrder.quoted_until <= now)
    with database.read() as session:
        due_ids = session.scalars(due.order_by(PartsOrder.respond_by, PartsOrder.id)).all()
        over_ids = session.scalars(over.order_by(PartsOrder.id)).all()
        sent_ids = _sent(session, now)

    def end(session: Session, seen: OrderSeen) -> bool:
        if seen.row.quoted_until is None or seen.row.quoted_until > now:
            return False
        cancel_order(session, seen, now)
        return True

    ended = _each(database, over_ids, end)
    _each(database, sent_ids, lambda session, seen: settle_sent(session, seen, decided))
    if not due_ids:
        return 0, ended
    network = _network(database, networks, now)
    return _each(database, due_ids, lambda session, seen: _answered(session, network, seen, decided)), ended


def _sent(session: Session, now: dt.datetime) -> Sequence[str]:
    """Return open orders with backordered lines of which all has left."""
    left = (
        select(func.coalesce(func.sum(Allocation.quantity), 0))
        .where(
            Allocation.holder == PartsOrderLine.order_id,
            Allocation.line_id == PartsOrderLine.id,
            Allocation.released_at.is_(None),
            Allocation.provisional.is_(False),
            Allocation.ships_at <= now,
        )
        .correlate(PartsOrderLine)
        .scalar_subquery()
    )
    query = (
        select(PartsOrder.id)
        .join(PartsOrderLine, PartsOrderLine.order_id == PartsOrder.id)
        .where(
            PartsOrder.state == OPEN,
            PartsOrderLine.answer == Answer.BACKORDERED.value,
            PartsOrderLine.quantity <= left,
        )
    )
    return session.scalars(query.distinct().order_by(PartsOrder.id)).all()


def _each(database: Database, order_ids: Sequence[str], act: Callable[[Session, OrderSeen], bool]) -> int:
    """Do something to orders that are still open, and return to how many; one that fails does not keep the others."""
    done = 0
    for order_id in order_ids:
        try:
            with database.write() as session:
                seen = order_seen(session, order_id, None, lock=True)
                acted = seen.row.state == OPEN and act(session, seen)
        except Exception as error:
            log.error("watch_of_order", order_id=order_id, **store_error(error))
        else:
            done += acted
    return done


def _network(database: Database, networks: PartsNetworks, now: dt.datetime) -> PartsNetwork | None:
    try:
        with database.read() as session:
            return networks.current(session, now)
    except Conflict as refused:
        log.error("no_network", detail=refused.detail)
        return None


def _answered(session: Session, network: PartsNetwork | None, seen: OrderSeen, decided: Decided) -> bool:
    """Answer an order, and return whether every line of it has an answer now."""
    if all(line.answer is not None for line in seen.lines):
        return False
    if network is not None:
        answer_at_once(session, network, seen, decided)
    elif seen.row.respond_by <= decided.now + LAST_MOMENT:
        decline_unanswered(session, seen, decided)
    return all(line.answer is not None for line in seen.lines)
