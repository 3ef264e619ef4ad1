"""What has served its purpose goes: old events and deliveries, stored answers, offers, holds that came to nothing.

Audit, history and plans are never swept. Little at a time, so that nobody waits for it.
"""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, or_, select, tuple_

from api.database import Database
from api.store.slots import EXPIRED, RELEASED, forget_offers
from api.tables.access import Posted
from api.tables.events import Delivery, Event, Webhook
from api.tables.slots import Appointment, SlotHold

__all__ = ["Retention", "sweep"]

AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long answers are repeated, events stay in the feed, and holds that came to nothing in the store."""

    answers: dt.timedelta
    events: dt.timedelta
    holds: dt.timedelta


def sweep(database: Database, now: dt.datetime, retention: Retention) -> dict[str, int]:
    """Remove what is older than that, and return how many of each kind."""
    with database.write() as session:
        forget_offers(session, now)
    return {
        "answers": _answers(database, now - retention.answers),
        "deliveries": _deliveries(database, now - retention.events),
        "events": _events(database, now - retention.events),
        "holds": _holds(database, now - retention.holds),
    }


def _answers(database: Database, before: dt.datetime) -> int:
    name = tuple_(Posted.key_id, Posted.idempotency_key)
    old = select(Posted.key_id, Posted.idempotency_key).where(Posted.at < before).limit(AT_ONCE)
    count = 0
    while True:
        with database.write() as session:
            rows = [tuple(row) for row in session.execute(old)]
            session.execute(delete(Posted).where(name.in_(rows)))
        count += len(rows)
        if len(rows) < AT_ONCE:
            return count


def _deliveries(database: Database, before: dt.datetime) -> int:
    old = select(Delivery.id).where(Delivery.created_at < before).limit(AT_ONCE)
    count = 0
    while True:
        with database.write() as session:
            ids = session.scalars(old).all()
            session.execute(delete(Delivery).where(Delivery.id.in_(ids)))
        count += len(ids)
        if len(ids) < AT_ONCE:
            return count


def _events(database: Database, before: dt.datetime) -> int:
    """Remove events from the beginning of the feed, but those that are on their way, again perhaps."""
    count, after = 0, 0
    while True:
        with database.write() as session:
            first = select(Event.position, Event.at).where(Event.position > after).order_by(Event.position)
            rows = session.execute(first.limit(AT_ONCE)).all()
            old = [row.position for row in rows if row.at < before]
            removed = delete(Event).where(Event.position.in_(old), ~_is_on_its_way()).returning(Event.position)
            count += len(session.scalars(removed.execution_options(synchronize_session=False)).all())
        if len(old) < AT_ONCE:
            return count
        after = old[-1]


def _is_on_its_way() -> ColumnElement[bool]:
    """Tell whether an event is still to be delivered, or to be handed to a webhook at all."""
    place = tuple_(Event.transaction_id, Event.position)
    is_ahead = tuple_(Webhook.handed_transaction, Webhook.handed_position) < place
    waits = select(Delivery.id).where(Delivery.event_position == Event.position).exists()
    return or_(waits, select(Webhook.id).where(Webhook.is_active, is_ahead).exists())


def _holds(database: Database, before: dt.datetime) -> int:
    is_kept = select(Appointment.id).where(Appointment.hold_id == SlotHold.id).exists()
    old = select(SlotHold.id).where(SlotHold.state.in_((RELEASED, EXPIRED)), SlotHold.expires_at < before, ~is_kept)
    count = 0
    while True:
        with database.write() as session:
            ids = session.scalars(old.limit(AT_ONCE)).all()
            session.execute(delete(SlotHold).where(SlotHold.id.in_(ids)))
        count += len(ids)
        if len(ids) < AT_ONCE:
            return count
