"""Plans and the runs that make them, what each holds, and what is published: the live visits and routes."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from api.tables.base import Base, Instant

__all__ = ["LiveRoute", "Plan", "PlanEvent", "PlanFile", "PlanShard", "Published", "Visit", "Worker"]


class Plan(Base):
    """A plan from the wish to what is published.

    state: queued, running, finished, failed, cancelled, published, superseded.
    """

    __tablename__ = "plans"
    __table_args__ = (Index("ix_plans_state", "state"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    state: Mapped[str]
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    actor: Mapped[str]
    wish: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What was asked, as it was asked."""
    date: Mapped[dt.date] = mapped_column(Date)
    days: Mapped[int]
    now: Mapped[dt.datetime] = mapped_column(Instant)
    """The planning moment: nothing begins before it."""
    centre_ids: Mapped[list[str]] = mapped_column(JSON)
    attempt: Mapped[int]
    """Which start of the run may write: an earlier one that wakes up again is refused."""
    executor: Mapped[str | None]
    """The worker that runs it, or ran it last."""
    cancel_asked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    progress: Mapped[dict[str, Any]] = mapped_column(JSON)
    told: Mapped[int]
    """How many plan_events there are."""
    started_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    published_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Of a finished plan: status, cost, where travel times are from, key figures; null before."""
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Of a failed plan: why."""


class PlanFile(Base):
    """One document of a plan, compressed; centre_id is "" for the whole plan's."""

    __tablename__ = "plan_files"

    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True)
    centre_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)


class PlanShard(Base):
    """A shard that a run has solved: the row is the mark and the answer, committed together."""

    __tablename__ = "plan_shards"
    __table_args__ = (UniqueConstraint("plan_id", "number", name="uq_plan_shards_plan_id"),)

    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
    stage: Mapped[str]
    attempt: Mapped[int]
    """The start of the run that solved it."""
    done_at: Mapped[dt.datetime] = mapped_column(Instant)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class PlanEvent(Base):
    """What a run told while it went on, numbered from 1: followers go on where they were."""

    __tablename__ = "plan_events"

    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    type: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class Published(Base):
    """Which plan holds for a centre on a date: at most one."""

    __tablename__ = "published"

    centre_id: Mapped[str] = mapped_column(primary_key=True)
    date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id"), index=True)
    published_at: Mapped[dt.datetime] = mapped_column(Instant)
    actor: Mapped[str]


class LiveRoute(Base):
    """The route that a technician has on a date, as published and changed since."""

    __tablename__ = "live_routes"
    __table_args__ = (Index("ix_live_routes_centre_id", "centre_id", "date"),)

    technician_id: Mapped[str] = mapped_column(primary_key=True)
    date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    version: Mapped[int]
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id"), index=True)
    centre_id: Mapped[str]
    outlet_id: Mapped[str]
    depart_at: Mapped[dt.datetime] = mapped_column(Instant)
    return_at: Mapped[dt.datetime] = mapped_column(Instant)
    break_start_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    return_travel_s: Mapped[int]
    return_travel_m: Mapped[int]


class Visit(Base):
    """A promised visit. No job has two, and no technician is at two places at once: the database refuses it."""

    __tablename__ = "visits"
    __table_args__ = (
        CheckConstraint("start_at < end_at", name="some_time"),
        Index("ix_visits_technician_id", "technician_id", "date"),
        Index("ix_visits_centre_id", "centre_id", "date"),
    )

    job_id: Mapped[str] = mapped_column(primary_key=True)
    plan_id: Mapped[str | None] = mapped_column(ForeignKey("plans.id"), index=True)
    """Null: promised between two plans."""
    centre_id: Mapped[str]
    outlet_id: Mapped[str]
    technician_id: Mapped[str]
    date: Mapped[dt.date] = mapped_column(Date)
    sequence: Mapped[int]
    start_at: Mapped[dt.datetime] = mapped_column(Instant)
    end_at: Mapped[dt.datetime] = mapped_column(Instant)
    travel_s: Mapped[int]
    travel_m: Mapped[int]


class Worker(Base):
    """A process that runs plans, and when it last said so."""

    __tablename__ = "workers"

    executor: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[dt.datetime] = mapped_column(Instant)
    seen_at: Mapped[dt.datetime] = mapped_column(Instant)
    place: Mapped[str]
    """Host and process, for people."""
