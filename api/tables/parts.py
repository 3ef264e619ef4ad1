"""Parts: what was counted on the shelves, what of it is held or promised, orders with their answers, quotas, runs.

What is on hand is what was last counted; a promise never edits it. What is left of it `api.store.parts_shelves` reads.
"""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from api.tables.base import Base, Instant

__all__ = [
    "Allocation",
    "PartsOrder",
    "PartsOrderLine",
    "QuotaRow",
    "Reservation",
    "ShelfRow",
    "SourcingFinding",
    "SourcingRun",
    "StockSnapshot",
]

ID = String(64)
LIVE = text("released_at IS NULL")
HELD = text("state = 'held'")
OPEN = text("state = 'open'")


class ShelfRow(Base):
    """What a source has of a part by its newest count, and the row that whoever promises of it locks.

    source_id: a warehouse, or an outlet with stock of its own. reserved: of what is on hand, promised by others than
    this service. floor: units kept in reserve. inbound: units on their way there, `{"quantity", "ready_at"}` each.
    """

    __tablename__ = "shelves"
    __table_args__ = (Index(None, "part_id"),)

    source_id: Mapped[str] = mapped_column(ID, primary_key=True)
    part_id: Mapped[str] = mapped_column(ID, primary_key=True)
    on_hand: Mapped[int]
    reserved: Mapped[int]
    floor: Mapped[int]
    inbound: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    as_of: Mapped[dt.datetime] = mapped_column(Instant)


class StockSnapshot(Base):
    """One count as it came in; the newest of a source and part is its shelf."""

    __tablename__ = "stock_snapshots"
    __table_args__ = (Index(None, "source_id", "part_id", "as_of", unique=True),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    source_id: Mapped[str] = mapped_column(ID)
    part_id: Mapped[str] = mapped_column(ID)
    on_hand: Mapped[int]
    reserved: Mapped[int]
    floor: Mapped[int]
    inbound: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    as_of: Mapped[dt.datetime] = mapped_column(Instant)
    taken_at: Mapped[dt.datetime] = mapped_column(Instant)
    actor: Mapped[str]


class Reservation(Base):
    """Units that are kept for somebody until a moment; after it they are free, whether anybody has looked or not.

    state: held, released, used. order_id, line_id, sends: of a quote, what it would send; null for others. arrives_at:
    of units that were still on their way to the source when they were reserved.
    """

    __tablename__ = "reservations"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="some_units"),
        Index("ix_reservations_held", "source_id", "part_id", sqlite_where=HELD, postgresql_where=HELD),
        Index(None, "order_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    source_id: Mapped[str] = mapped_column(ID)
    part_id: Mapped[str] = mapped_column(ID)
    quantity: Mapped[int]
    centre_id: Mapped[str] = mapped_column(ID)
    purpose: Mapped[str]
    order_id: Mapped[str | None] = mapped_column(ID)
    line_id: Mapped[str | None] = mapped_column(String(128))
    sends: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    arrives_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    actor: Mapped[str]
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    expires_at: Mapped[dt.datetime] = mapped_column(Instant)


class Allocation(Base):
    """Units promised to a line: they leave their source at a moment, and have left it since.

    holder: the parts order, the job, the held place or the tour that they are for; line_id: its line. arrives_at: of
    units that were still on their way to the source when they were promised. provisional: nothing leaves before a
    person agrees. released_at: the promise was taken back.
    """

    __tablename__ = "allocations"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="some_units"),
        Index("ix_allocations_live", "source_id", "part_id", "ships_at", sqlite_where=LIVE, postgresql_where=LIVE),
        Index(None, "holder"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    source_id: Mapped[str] = mapped_column(ID)
    part_id: Mapped[str] = mapped_column(ID)
    quantity: Mapped[int]
    holder: Mapped[str] = mapped_column(String(128))
    line_id: Mapped[str] = mapped_column(String(256))
    mode: Mapped[str] = mapped_column(String(16))
    ships_at: Mapped[dt.datetime] = mapped_column(Instant)
    ready_p50_at: Mapped[dt.datetime] = mapped_column(Instant)
    ready_p90_at: Mapped[dt.datetime] = mapped_column(Instant)
    cost_fen: Mapped[int]
    below_floor: Mapped[int]
    bulky_fallback: Mapped[bool]
    arrives_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    provisional: Mapped[bool]
    made_at: Mapped[dt.datetime] = mapped_column(Instant)
    released_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class PartsOrder(Base):
    """What an outlet asks for at once. state: open, settled (every line has its last answer), cancelled.

    quoted_until: units are only reserved, until then. responded_at: when every line had been answered for the first
    time.
    """

    __tablename__ = "parts_orders"
    __table_args__ = (
        Index("ix_parts_orders_open", "respond_by", sqlite_where=OPEN, postgresql_where=OPEN),
        Index(None, "centre_id", "ordered_at"),
        Index(None, "outlet_id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    centre_id: Mapped[str] = mapped_column(ID)
    outlet_id: Mapped[str] = mapped_column(ID)
    job_id: Mapped[str | None] = mapped_column(ID)
    ordered_at: Mapped[dt.datetime] = mapped_column(Instant)
    respond_by: Mapped[dt.datetime] = mapped_column(Instant)
    needed_by: Mapped[dt.datetime | None] = mapped_column(Instant)
    waiting: Mapped[bool]
    urgent: Mapped[bool]
    customer_class: Mapped[str] = mapped_column(String(16))
    most_sources: Mapped[int]
    quoted_until: Mapped[dt.datetime | None] = mapped_column(Instant)
    responded_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    actor: Mapped[str]
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    updated_at: Mapped[dt.datetime] = mapped_column(Instant)


class PartsOrderLine(Base):
    """A line of an order with its present answer, null while it has none, and its first one.

    answered_by: quote, run, watch or person. reply: what else there is to say, as `api.parts_replies` writes it.
    """

    __tablename__ = "parts_order_lines"

    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("parts_orders.id"), index=True)
    number: Mapped[int]
    part_id: Mapped[str] = mapped_column(ID, index=True)
    quantity: Mapped[int]
    pinned_source_id: Mapped[str | None] = mapped_column(ID)
    approved_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    approved_by: Mapped[str | None]
    answer: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str | None]
    reason_zh: Mapped[str | None]
    reply: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    eta_p50_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    eta_p90_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    answered_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    answered_by: Mapped[str | None] = mapped_column(String(16))
    run_id: Mapped[str | None] = mapped_column(ID)
    first_answer: Mapped[str | None] = mapped_column(String(16))
    first_answered_at: Mapped[dt.datetime | None] = mapped_column(Instant)


class QuotaRow(Base):
    """How many of a part an outlet may order without approval. used: of them before counted_from."""

    __tablename__ = "quotas"

    outlet_id: Mapped[str] = mapped_column(ID, primary_key=True)
    part_id: Mapped[str] = mapped_column(ID, primary_key=True)
    version: Mapped[int]
    quota: Mapped[int]
    used: Mapped[int]
    counted_from: Mapped[dt.datetime] = mapped_column(Instant)
    updated_at: Mapped[dt.datetime] = mapped_column(Instant)


class SourcingRun(Base):
    """A run over all open orders of some centres; its columns mean what those of a plan do."""

    __tablename__ = "sourcing_runs"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[dt.datetime] = mapped_column(Instant)
    actor: Mapped[str]
    wish: Mapped[dict[str, Any]] = mapped_column(JSON)
    centre_ids: Mapped[list[str]] = mapped_column(JSON)
    attempt: Mapped[int]
    executor: Mapped[str | None]
    cancel_asked_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    started_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    ended_at: Mapped[dt.datetime | None] = mapped_column(Instant)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class SourcingFinding(Base):
    """What a run proposes beside its answers, as `api.sourcing_findings` writes it.

    kind: transfer or return. number: its place in the list, from 1.
    """

    __tablename__ = "sourcing_findings"

    run_id: Mapped[str] = mapped_column(ForeignKey("sourcing_runs.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
