"""Slots: what was offered, places that are held for minutes, appointments that bind."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api.tables.base import Base, Instant

__all__ = ["Appointment", "SlotHold", "SlotOffers"]


class SlotOffers(Base):
    """The offers of one answer, kept so that a hold can name one: `<id>.<number>`.

    draft: the job as a row of jobs.csv, and whose job it is. slots: what was asked. offers: who would come when.
    """

    __tablename__ = "slot_offers"
    __table_args__ = (Index(None, "at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    centre_id: Mapped[str] = mapped_column(String(64))
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    slots: Mapped[list[list[str]]] = mapped_column(JSON)
    offers: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


LIVE = text("state IN ('held', 'confirmed')")


class SlotHold(Base):
    """A place that is kept: while it is held, a visit of the same id stands in the plan. An offer has one at most.

    state: held, confirmed, released, expired. job_id: of a job that is there already, and of every confirmed one.
    shipments: of its parts, in the clock of the plan.
    """

    __tablename__ = "slot_holds"
    __table_args__ = (
        Index("uq_slot_holds_live_offer", "offer_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index(None, "centre_id", "state", "expires_at"),
        Index(None, "job_id"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    offer_id: Mapped[str] = mapped_column(String(80))
    job_id: Mapped[str | None] = mapped_column(String(64))
    centre_id: Mapped[str] = mapped_column(String(64))
    outlet_id: Mapped[str] = mapped_column(String(64))
    technician_id: Mapped[str] = mapped_column(String(64))
    date: Mapped[dt.date] = mapped_column(Date)
    start_at: Mapped[dt.datetime] = mapped_column(Instant)
    end_at: Mapped[dt.datetime] = mapped_column(Instant)
    planned_start: Mapped[dt.datetime] = mapped_column(Instant)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    expires_at: Mapped[dt.datetime] = mapped_column(Instant)
    actor: Mapped[str]
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id"))
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    shipments: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


BINDS = text("state = 'confirmed'")


class Appointment(Base):
    """A confirmed slot of a job. state: confirmed, cancelled; a job has one that binds at most."""

    __tablename__ = "appointments"
    __table_args__ = (
        Index("uq_appointments_binding_job", "job_id", unique=True, sqlite_where=BINDS, postgresql_where=BINDS),
        Index("uq_appointments_hold_id", "hold_id", unique=True),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"))
    hold_id: Mapped[str] = mapped_column(ForeignKey("slot_holds.id"))
    centre_id: Mapped[str] = mapped_column(String(64))
    outlet_id: Mapped[str] = mapped_column(String(64))
    technician_id: Mapped[str] = mapped_column(String(64))
    start_at: Mapped[dt.datetime] = mapped_column(Instant)
    end_at: Mapped[dt.datetime] = mapped_column(Instant)
    planned_start: Mapped[dt.datetime] = mapped_column(Instant)
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    updated_at: Mapped[dt.datetime] = mapped_column(Instant)
