"""The clock of parts: whatever nobody has answered near its time is answered, quotes that ran out are over."""

import datetime as dt

from sqlalchemy import select

from api.database import Database
from api.parts_answers import Decided, answer_at_once, cancel_order
from api.parts_network import PartsNetworks
from api.store.parts_orders import OPEN, order_seen
from api.tables.parts import PartsOrder, PartsOrderLine

__all__ = ["BEFORE", "watch_orders"]

BEFORE = dt.timedelta(minutes=15)
"""So long before it is due an order is answered by itself, if no run has decided it yet."""
WATCH = "watch"


def watch_orders(database: Database, networks: PartsNetworks, now: dt.datetime) -> tuple[int, int]:
    """Answer what is due, end quotes that have run out, and return how many of each; each is its own transaction."""
    unanswered = (
        select(PartsOrderLine.id)
        .where(PartsOrderLine.order_id == PartsOrder.id, PartsOrderLine.answer.is_(None))
        .exists()
    )
    due = select(PartsOrder.id).where(PartsOrder.state == OPEN, PartsOrder.respond_by <= now + BEFORE, unanswered)
    over = select(PartsOrder.id).where(PartsOrder.state == OPEN, PartsOrder.quoted_until <= now)
    with database.read() as session:
        due_ids = session.scalars(due.order_by(PartsOrder.respond_by, PartsOrder.id)).all()
        over_ids = session.scalars(over.order_by(PartsOrder.id)).all()
    for order_id in over_ids:
        with database.write() as session:
            seen = order_seen(session, order_id, None, lock=True)
            if seen.row.state == OPEN and seen.row.quoted_until is not None and seen.row.quoted_until <= now:
                cancel_order(session, seen, now)
    for order_id in due_ids:
        with database.write() as session:
            seen = order_seen(session, order_id, None, lock=True)
            if seen.row.state == OPEN and any(line.answer is None for line in seen.lines):
                network = networks.current(session, now)
                answer_at_once(session, network, seen, Decided(by=WATCH, now=now, actor=WATCH))
    return len(due_ids), len(over_ids)
