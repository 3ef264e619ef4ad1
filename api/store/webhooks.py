"""Webhooks and their deliveries in the store."""

import base64
import datetime as dt
import secrets
from collections.abc import Sequence

from sqlalchemy import and_, func, insert, select, tuple_, update
from sqlalchemy.orm import Session, aliased

from api.errors import NotFound
from api.events import Place, end_of_feed, read_events
from api.tables.base import new_id
from api.tables.events import Delivery, Event, Webhook

__all__ = [
    "active_webhooks",
    "create_webhook",
    "due_deliveries",
    "get_webhook",
    "hand_over",
    "list_deliveries",
    "list_webhooks",
    "oldest_due",
    "replay",
]

SECRET_BYTES = 32
EVENTS_AT_ONCE = 1_000


def create_webhook(
    session: Session,
    *,
    url: str,
    types: Sequence[str],
    description: str,
    centres: frozenset[str] | None,
    now: dt.datetime,
) -> Webhook:
    """Add a webhook that is told what happens from now on."""
    end = end_of_feed(session)
    webhook = Webhook(
        id=new_id("hook"),
        version=1,
        url=url,
        types=list(types),
        centres=None if centres is None else sorted(centres),
        description=description,
        secret="whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode(),
        is_active=True,
        created_at=now,
        handed_transaction=end.transaction,
        handed_position=end.position,
        failures=0,
        resumes_at=None,
    )
    session.add(webhook)
    session.flush()
    return webhook


def get_webhook(session: Session, webhook_id: str, centres: frozenset[str] | None) -> Webhook:
    """Return a webhook. Raises NotFound for one that tells more than these centres."""
    webhook = session.get(Webhook, webhook_id)
    if webhook is None or not _within(webhook, centres):
        raise NotFound(f"There is no webhook {webhook_id}.")
    return webhook


def _within(webhook: Webhook, centres: frozenset[str] | None) -> bool:
    return centres is None or (webhook.centres is not None and centres.issuperset(webhook.centres))


def list_webhooks(session: Session, centres: frozenset[str] | None) -> list[Webhook]:
    """Return the webhooks that tell no more than these centres, the oldest first."""
    return [found for found in session.scalars(select(Webhook).order_by(Webhook.id)) if _within(found, centres)]


def active_webhooks(session: Session) -> list[Webhook]:
    """Return the webhooks that are told."""
    return list(session.scalars(select(Webhook).where(Webhook.is_active).order_by(Webhook.id)))


def list_deliveries(session: Session, webhook_id: str, limit: int, before: str | None) -> list[tuple[Delivery, Event]]:
    """Return deliveries with their events, the latest first."""
    wanted = select(Delivery, Event).join(Event, Event.position == Delivery.event_position)
    wanted = wanted.where(Delivery.webhook_id == webhook_id).order_by(Delivery.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(Delivery.id < before)
    return [(delivery, event) for delivery, event in session.execute(wanted)]


def hand_over(session: Session, webhook: Webhook, now: dt.datetime) -> int:
    """Make deliveries of the events that a webhook has none of yet; return how many events were looked at."""
    after = Place(transaction=webhook.handed_transaction, position=webhook.handed_position)
    events = read_events(session, after, EVENTS_AT_ONCE)
    if events:
        _add(session, webhook, events, now)
        webhook.handed_transaction, webhook.handed_position = events[-1].transaction_id, events[-1].position
    return len(events)


def replay(session: Session, webhook: Webhook, after: Place, now: dt.datetime) -> int:
    """Send again what came after a place, in the same order; return how many events that is."""
    handed = Place(transaction=webhook.handed_transaction, position=webhook.handed_position)
    place = tuple_(Delivery.event_transaction, Delivery.event_position)
    again = and_(Delivery.webhook_id == webhook.id, place > tuple_(after.transaction, after.position))
    there = set(session.scalars(select(Delivery.event_position).where(again)))
    session.execute(
        update(Delivery)
        .where(again)
        .values(state="waiting", attempts=0, created_at=now, due_at=now, tried_at=None, status=None, error=None)
    )
    count = len(there)
    while True:
        events = [
            event
            for event in read_events(session, after, EVENTS_AT_ONCE)
            if Place(transaction=event.transaction_id, position=event.position) <= handed
        ]
        if not events:
            return count
        count += _add(session, webhook, [event for event in events if event.position not in there], now)
        after = Place(transaction=events[-1].transaction_id, position=events[-1].position)


def _add(session: Session, webhook: Webhook, events: Sequence[Event], now: dt.datetime) -> int:
    rows = [
        {
            "id": new_id("dlv"),
            "webhook_id": webhook.id,
            "event_position": event.position,
            "event_transaction": event.transaction_id,
            "subject": event.subject,
            "state": "waiting",
            "attempts": 0,
            "created_at": now,
            "due_at": now,
        }
        for event in events
        if _is_for(webhook, event)
    ]
    if rows:
        session.execute(insert(Delivery), rows)
    return len(rows)


def _is_for(webhook: Webhook, event: Event) -> bool:
    is_seen = webhook.centres is None or event.centre_id in webhook.centres
    return is_seen and (not webhook.types or event.type in webhook.types)


def due_deliveries(session: Session, webhook_id: str, now: dt.datetime, limit: int) -> list[tuple[Delivery, Event]]:
    """Return what may be sent now: the first waiting delivery of each subject, if it is due."""
    earlier = aliased(Delivery)
    is_blocked = (
        select(earlier.id)
        .where(
            earlier.webhook_id == webhook_id,
            earlier.state == "waiting",
            earlier.subject == Delivery.subject,
            tuple_(earlier.event_transaction, earlier.event_position)
            < tuple_(Delivery.event_transaction, Delivery.event_position),
        )
        .exists()
    )
    wanted = (
        select(Delivery, Event)
        .join(Event, Event.position == Delivery.event_position)
        .where(Delivery.webhook_id == webhook_id, Delivery.state == "waiting", Delivery.due_at <= now, ~is_blocked)
        .order_by(Delivery.event_transaction, Delivery.event_position)
        .limit(limit)
    )
    return [(delivery, event) for delivery, event in session.execute(wanted)]


def oldest_due(session: Session) -> dt.datetime | None:
    """Return since when the oldest waiting delivery has been waiting."""
    return session.scalar(select(func.min(Delivery.created_at)).where(Delivery.state == "waiting"))
