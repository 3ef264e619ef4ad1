"""What happened, in the order in which it was committed, and who is told."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.functions import FunctionElement

from api.tables.base import Base, Instant

__all__ = ["Delivery", "Event", "Webhook", "current_transaction", "oldest_open_transaction"]

Position = BigInteger().with_variant(Integer, "sqlite")


class current_transaction(FunctionElement[int]):
    """The number of the transaction that asks; SQLite, with one writer at a time, needs none: 0."""

    type = BigInteger()
    inherit_cache = True


class oldest_open_transaction(FunctionElement[int]):
    """The least number of a transaction that may still commit; everything below it is settled."""

    type = BigInteger()
    inherit_cache = True


@compiles(current_transaction, "sqlite")
def _current_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return "0"


@compiles(current_transaction, "postgresql")
def _current_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"


@compiles(oldest_open_transaction, "sqlite")
def _oldest_on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    return "1"


@compiles(oldest_open_transaction, "postgresql")
def _oldest_on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return "CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"


class Event(Base):
    """One event, written in the transaction of what it tells; (transaction_id, position) orders the feed."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_order", "transaction_id", "position"), {"sqlite_autoincrement": True})

    position: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    transaction_id: Mapped[int] = mapped_column(BigInteger, default=current_transaction())
    at: Mapped[dt.datetime] = mapped_column(Instant)
    type: Mapped[str]
    subject: Mapped[str]
    """The id of what it is about: events of one subject are delivered in order."""
    centre_id: Mapped[str | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class Webhook(Base):
    """An address that is told."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    url: Mapped[str]
    types: Mapped[list[str]] = mapped_column(JSON)
    """The types it is told of; empty: all."""
    centres: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    """The centres of the key that made it; null: all."""
    description: Mapped[str]
    secret: Mapped[str]
    is_active: Mapped[bool]
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    handed_transaction: Mapped[int] = mapped_column(BigInteger)
    """Deliveries exist of all events up to here."""
    handed_position: Mapped[int] = mapped_column(BigInteger)
    failures: Mapped[int]
    """Attempts in a row that did not reach the receiver."""
    resumes_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    """Until then it is left alone."""


class Delivery(Base):
    """One event on its way to one webhook. state: waiting, delivered, given_up."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("webhook_id", "event_position", name="uq_deliveries_event"),
        Index("ix_deliveries_subject", "webhook_id", "state", "subject", "event_transaction", "event_position"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    event_position: Mapped[int] = mapped_column(ForeignKey("events.position"))
    event_transaction: Mapped[int] = mapped_column(BigInteger)
    subject: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int]
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    due_at: Mapped[dt.datetime] = mapped_column(Instant)
    tried_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    status: Mapped[int | None]
    """HTTP status of the last attempt; null: no answer."""
    error: Mapped[str | None]
