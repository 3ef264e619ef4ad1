"""Events: written with what they tell, in one transaction, and read in an order that never changes behind a reader."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, tuple_
from sqlalchemy.orm import Session

from api.clock import utc_now
from api.event_types import EventType
from api.tables.base import new_id
from api.tables.events import Event, current_transaction, oldest_open_transaction

__all__ = ["START", "Place", "emit", "emit_all", "end_of_feed", "read_events"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A place in the feed: everything up to it has been read."""

    transaction: int
    position: int


START = Place(transaction=0, position=0)


def emit(
    session: Session,
    type_: EventType,
    subject: str,
    data: Mapping[str, Any],
    centre_id: str | None = None,
    at: dt.datetime | None = None,
) -> str:
    """Add an event to the transaction, and return its id; data: JSON values, without customers' data."""
    event_id = new_id("evt")
    session.execute(
        insert(Event).values(
            id=event_id,
            transaction_id=current_transaction(),
            at=at or utc_now(),
            type=type_.value,
            subject=subject,
            centre_id=centre_id,
            data=dict(data),
        )
    )
    return event_id


def emit_all(
    session: Session,
    type_: EventType,
    told: Sequence[tuple[str, Mapping[str, Any], str | None]],
    at: dt.datetime,
) -> None:
    """Add many events of a type at once, in this order: subject, data and centre of each."""
    transaction = session.scalar(select(current_transaction()))
    rows = [
        {
            "id": new_id("evt"),
            "transaction_id": transaction,
            "at": at,
            "type": type_.value,
            "subject": subject,
            "centre_id": centre_id,
            "data": dict(data),
        }
        for subject, data, centre_id in told
    ]
    if rows:
        session.execute(insert(Event.plain()), rows)


def read_events(
    session: Session,
    after: Place,
    limit: int,
    *,
    types: Sequence[str] = (),
    centres: frozenset[str] | None = None,
) -> list[Event]:
    """Return the events after a place, none of which an earlier one can still be committed before.

    PostgreSQL gives numbers before it commits: a transaction that is still open may hold an event that belongs before
    one which is visible already. Events of transactions younger than the oldest open one wait for it.
    """
    wanted = (
        select(Event)
        .where(
            tuple_(Event.transaction_id, Event.position) > tuple_(after.transaction, after.position),
            Event.transaction_id < oldest_open_transaction(),
        )
        .order_by(Event.transaction_id, Event.position)
        .limit(limit)
    )
    if types:
        wanted = wanted.where(Event.type.in_(types))
    if centres is not None:
        wanted = wanted.where(Event.centre_id.in_(centres))
    return list(session.scalars(wanted))


def end_of_feed(session: Session) -> Place:
    """Return the place after everything that is settled."""
    settled = select(Event.transaction_id, Event.position).where(Event.transaction_id < oldest_open_transaction())
    last = session.execute(settled.order_by(Event.transaction_id.desc(), Event.position.desc()).limit(1)).first()
    return START if last is None else Place(transaction=last[0], position=last[1])
