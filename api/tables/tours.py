"""Tours: where they go and who goes, what customers agreed to, and the tour plans with what became of their visits."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, Date, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api.tables.base import Base, Instant
from api.tables.network import Effective

__all__ = [
    "CrewRow",
    "JobWait",
    "LodgingRow",
    "MaintenanceRow",
    "ToldOff",
    "TourDayRow",
    "TourEvent",
    "TourFile",
    "TourPlanRow",
    "TourVisitRow",
    "VanPartRow",
    "VillageRow",
]

ID = String(64)
JOB_ID = String(128)
OPEN = text("outcome IS NULL")


class VillageRow(Effective, Base):
    """Where people live that a tour may visit; its centre is stated, or that of the nearest outlet live when put."""

    __tablename__ = "villages"

    centre_id: Mapped[str | None] = mapped_column(ID, index=True)


class LodgingRow(Effective, Base):
    """A town with beds; its centre is as a village's."""

    __tablename__ = "lodgings"

    centre_id: Mapped[str | None] = mapped_column(ID, index=True)


class CrewRow(Effective, Base):
    """People with a van; theirs is the centre of their outlet."""

    __tablename__ = "crews"

    outlet_id: Mapped[str] = mapped_column(ID, index=True)


class MaintenanceRow(Effective, Base):
    """A maintenance plan; its centre is its village's, or that of the nearest outlet that was live when it was put."""

    __tablename__ = "maintenance"

    centre_id: Mapped[str | None] = mapped_column(ID, index=True)


class VanPartRow(Effective, Base):
    """A part that a van may carry for the chance of need."""

    __tablename__ = "van_parts"


class ToldOff(Base):
    """What a village was told, a date and the village of the stop, and holds no more; at: since when.

    A folder that was written before may say it still.
    """

    __tablename__ = "told_off"

    village_id: Mapped[str] = mapped_column(ID, primary_key=True)
    date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    stop_id: Mapped[str] = mapped_column(ID, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(Instant)


class JobWait(Base):
    """Until when a customer agreed to wait for a tour; the job's history has who said so, and every earlier answer."""

    __tablename__ = "job_waits"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    until: Mapped[dt.date] = mapped_column(Date)
    recorded_at: Mapped[dt.datetime] = mapped_column(Instant)
    channel: Mapped[str]
    recorded_by: Mapped[str]


class TourPlanRow(Base):
    """A plan of tours; columns that a plan of a day has too mean the same.

    crew_ids: those that it is for. told: how many events it has told.
    """

    __tablename__ = "tour_plans"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    actor: Mapped[str]
    wish: Mapped[dict[str, Any]] = mapped_column(JSON)
    date: Mapped[dt.date] = mapped_column(Date)
    days: Mapped[int]
    now: Mapped[dt.datetime] = mapped_column(Instant)
    centre_ids: Mapped[list[str]] = mapped_column(JSON)
    crew_ids: Mapped[list[str]] = mapped_column(JSON)
    attempt: Mapped[int]
    executor: Mapped[str | None]
    cancel_asked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    started_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    published_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    progress: Mapped[dict[str, Any]] = mapped_column(JSON)
    told: Mapped[int]
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class TourFile(Base):
    """A document of a tour plan, compressed: what it was planned from, the tours, and each of their papers."""

    __tablename__ = "tour_files"

    tour_plan_id: Mapped[str] = mapped_column(ForeignKey("tour_plans.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    media_type: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)


class TourEvent(Base):
    """What a run told, in order, for who follows it."""

    __tablename__ = "tour_events"

    tour_plan_id: Mapped[str] = mapped_column(ForeignKey("tour_plans.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(Instant)
    type: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class TourDayRow(Base):
    """A day of a crew that a published plan of tours holds: the database refuses a second one.

    sleeps_at: the lodging after it, null for at home. nights_out: in a row so far, this night included.
    """

    __tablename__ = "tour_days"

    crew_id: Mapped[str] = mapped_column(ID, primary_key=True)
    date: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    tour_plan_id: Mapped[str] = mapped_column(ForeignKey("tour_plans.id"), index=True)
    technician_ids: Mapped[list[str]] = mapped_column(JSON)
    sleeps_at: Mapped[str | None] = mapped_column(ID)
    nights_out: Mapped[int]


class TourVisitRow(Base):
    """A visit that a published plan of tours promises, and what became of it; no job has two that are open.

    tour_id: its crew and the date it leaves. outcome: done, no_part, nobody_home, not_reached or other, replanned when
    another plan has taken the job over, withdrawn when the job left the tour after its visit had begun, null while
    nobody has said anything. parts_used: spare parts, `{"part_id", "quantity"}` each.
    """

    __tablename__ = "tour_visits"
    __table_args__ = (
        Index("ix_tour_visits_crew_id", "crew_id", "date"),
        Index("ix_tour_visits_open", "job_id", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
    )

    tour_plan_id: Mapped[str] = mapped_column(ForeignKey("tour_plans.id"), primary_key=True)
    job_id: Mapped[str] = mapped_column(JOB_ID, primary_key=True)
    tour_id: Mapped[str] = mapped_column(JOB_ID)
    centre_id: Mapped[str] = mapped_column(ID)
    crew_id: Mapped[str] = mapped_column(ID)
    date: Mapped[dt.date] = mapped_column(Date)
    village_id: Mapped[str] = mapped_column(ID)
    kind: Mapped[str] = mapped_column(String(16))
    maintenance_id: Mapped[str | None] = mapped_column(ID)
    start_at: Mapped[dt.datetime] = mapped_column(Instant)
    end_at: Mapped[dt.datetime] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(String(16))
    started_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    note: Mapped[str]
    parts_used: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
