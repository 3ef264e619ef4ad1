"""Jobs as they are now, and all that ever happened to them."""

import datetime as dt
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import JSON, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.tables.base import Base, Instant

__all__ = ["JobHistory", "JobRow"]


class JobRow(Base):
    """A job. source, external_id: whose job it is, and the name it has there.

    entered: the order in which jobs were entered. due_at: when the earliest arrival promise is due. cells: columns of
    jobs.csv as typed, but those that live in columns of their own from `appointment_start` to `told`.
    paused_s: how long its clocks stood still, ended pauses only. version: counts its changes, for ETag.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(None, "centre_id", "state"),
        Index(None, "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    source: Mapped[str] = mapped_column(String(64))
    external_id: Mapped[str] = mapped_column(String(128))
    entered: Mapped[int] = mapped_column(Integer, index=True)
    state: Mapped[str] = mapped_column(String(32))
    version: Mapped[int] = mapped_column(Integer)
    centre_id: Mapped[str] = mapped_column(String(64))
    position: Mapped[Any] = mapped_column(Geometry("POINT", srid=4326, spatial_index=False))
    product: Mapped[str] = mapped_column(String(64))
    brand: Mapped[str]
    channel: Mapped[str] = mapped_column(String(16))
    customer_class: Mapped[str] = mapped_column(String(16))
    urgent: Mapped[bool]
    reported_at: Mapped[dt.datetime] = mapped_column(Instant)
    due_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    cells: Mapped[dict[str, str]] = mapped_column(JSON)
    appointment_start: Mapped[dt.datetime | None] = mapped_column(Instant)
    appointment_end: Mapped[dt.datetime | None] = mapped_column(Instant)
    consent: Mapped[str] = mapped_column(String(16))
    lock: Mapped[str] = mapped_column(String(16))
    published_technician_id: Mapped[str | None] = mapped_column(String(64), index=True)
    published_start: Mapped[dt.datetime | None] = mapped_column(Instant)
    told: Mapped[bool]
    clock_paused_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    clock_paused_reason: Mapped[str | None]
    paused_s: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    updated_at: Mapped[dt.datetime] = mapped_column(Instant)


class JobHistory(Base):
    """One thing that happened to a job: who, when, by which channel, under which plan; the database refuses changes.

    kind: created | changed | state | … as its writer names it. detail: what a reader of the timeline is told.
    """

    __tablename__ = "job_history"
    __table_args__ = (Index(None, "job_id", "id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    at: Mapped[dt.datetime] = mapped_column(Instant)
    actor: Mapped[str]
    channel: Mapped[str]
    kind: Mapped[str] = mapped_column(String(32))
    from_state: Mapped[str | None] = mapped_column(String(32))
    to_state: Mapped[str | None] = mapped_column(String(32))
    plan_id: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
