"""What outlets are told and what they answer: dispatch items, all that happened to them, refusals, disruptions."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api.tables.base import Base, Instant

__all__ = ["DispatchEntry", "DispatchItem", "Disruption", "Refusal"]

ID = String(64)
OPEN = text("state IN ('pending', 'acknowledged', 'inProgress')")


class DispatchItem(Base):
    """A visit as its outlet was told it. A job has at most one that is open: the database refuses a second one.

    state: words of TM Forum 697. acknowledged_version: the version that somebody said yes to. sends: how often it was
    sent. outlet_tries, customer_tries: calls; …_unreached: those in a row that reached nobody. replan_since: from when
    on it is up for replanning. alarmed_at: when it was said that nobody has acknowledged it.
    """

    __tablename__ = "dispatch_items"
    __table_args__ = (
        Index("uq_dispatch_items_open", "job_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_dispatch_items_centre_id", "centre_id", "date"),
        Index("ix_dispatch_items_outlet_id", "outlet_id", "date"),
        Index("ix_dispatch_items_state", "state", "start_at"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    version: Mapped[int]
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), index=True)
    centre_id: Mapped[str] = mapped_column(ID)
    outlet_id: Mapped[str] = mapped_column(ID)
    technician_id: Mapped[str] = mapped_column(ID)
    date: Mapped[dt.date] = mapped_column(Date)
    start_at: Mapped[dt.datetime] = mapped_column(Instant)
    end_at: Mapped[dt.datetime] = mapped_column(Instant)
    plan_id: Mapped[str | None] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(16))
    freeze_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None]
    sent_at: Mapped[dt.datetime] = mapped_column(Instant)
    sends: Mapped[int]
    acknowledged_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    acknowledged_version: Mapped[int | None]
    en_route_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    on_site_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    actor: Mapped[str]
    outlet_tries: Mapped[int]
    outlet_unreached: Mapped[int]
    customer_tries: Mapped[int]
    customer_unreached: Mapped[int]
    customer_told_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    last_call: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    replan_since: Mapped[dt.datetime | None] = mapped_column(Instant)
    alarmed_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    updated_at: Mapped[dt.datetime] = mapped_column(Instant)


class DispatchEntry(Base):
    """One thing that happened to an item; the database refuses changes. at: when it happened, as reported."""

    __tablename__ = "dispatch_entries"
    __table_args__ = (Index("ix_dispatch_entries_item_id", "item_id", "id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("dispatch_items.id"))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    written_at: Mapped[dt.datetime] = mapped_column(Instant)
    actor: Mapped[str]
    channel: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int]
    plan_id: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)


class Refusal(Base):
    """An outlet that a job does not go to for now. kind: refused, or unreached. lifted_at: the round is over."""

    __tablename__ = "refusals"
    __table_args__ = (Index("ix_refusals_outlet_id", "outlet_id", "at"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), index=True)
    outlet_id: Mapped[str] = mapped_column(ID)
    item_id: Mapped[str] = mapped_column(ForeignKey("dispatch_items.id"))
    kind: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str]
    actor: Mapped[str]
    at: Mapped[dt.datetime] = mapped_column(Instant)
    lifted_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class Disruption(Base):
    """What has gone otherwise than planned; every day that is planned while it lasts is planned with it.

    said: what was reported, and what was made of it (`until`, `job_id`). now: the moment that it is planned from.
    """

    __tablename__ = "disruptions"
    __table_args__ = (Index("ix_disruptions_centre_id", "centre_id", "to_at"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    centre_id: Mapped[str] = mapped_column(ID)
    said: Mapped[dict[str, Any]] = mapped_column(JSON)
    now: Mapped[dt.datetime] = mapped_column(Instant)
    from_at: Mapped[dt.datetime] = mapped_column(Instant)
    to_at: Mapped[dt.datetime] = mapped_column(Instant)
    thawed: Mapped[list[str]] = mapped_column(JSON)
    """Outlets whose freeze it lifts."""
    publish: Mapped[str] = mapped_column(String(16))
    plan_id: Mapped[str | None] = mapped_column(ForeignKey("plans.id"))
    actor: Mapped[str]
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    """Null, or when somebody took it back."""
