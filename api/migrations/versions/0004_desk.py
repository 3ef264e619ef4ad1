"""Slots that were offered, places that are held, appointments."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0004_desk"
down_revision = "0003_plans"

INSTANT = sa.DateTime(timezone=True)


def _id(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=64), nullable=nullable)


def _instants(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, INSTANT, nullable=False) for name in names]


def upgrade() -> None:
    """Slots that were offered, places that are held, appointments."""
    op.create_table(
        "slot_offers",
        _id("id"),
        *_instants("at"),
        _id("centre_id"),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("offers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_offers")),
    )
    op.create_index(op.f("ix_slot_offers_at"), "slot_offers", ["at"])
    op.create_table(
        "slot_holds",
        _id("id"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("offer_id", sa.String(length=80), nullable=False),
        _id("job_id", nullable=True),
        _id("centre_id"),
        _id("outlet_id"),
        _id("technician_id"),
        sa.Column("date", sa.Date(), nullable=False),
        *_instants("start_at", "end_at", "planned_start", "created_at", "expires_at"),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("shipments", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_slot_holds_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_holds")),
    )
    live = sa.text("state IN ('held', 'confirmed')")
    op.create_index(
        "uq_slot_holds_live_offer", "slot_holds", ["offer_id"], unique=True, sqlite_where=live, postgresql_where=live
    )
    op.create_index(
        op.f("ix_slot_holds_centre_id_state_expires_at"), "slot_holds", ["centre_id", "state", "expires_at"]
    )
    op.create_index(op.f("ix_slot_holds_job_id"), "slot_holds", ["job_id"])
    op.create_table(
        "appointments",
        _id("id"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        _id("job_id"),
        _id("hold_id"),
        _id("centre_id"),
        _id("outlet_id"),
        _id("technician_id"),
        *_instants("start_at", "end_at", "planned_start", "created_at", "updated_at"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_appointments_job_id_jobs")),
        sa.ForeignKeyConstraint(["hold_id"], ["slot_holds.id"], name=op.f("fk_appointments_hold_id_slot_holds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
    )
    binds = sa.text("state = 'confirmed'")
    op.create_index(
        "uq_appointments_binding_job",
        "appointments",
        ["job_id"],
        unique=True,
        sqlite_where=binds,
        postgresql_where=binds,
    )
    op.create_index("uq_appointments_hold_id", "appointments", ["hold_id"], unique=True)


def downgrade() -> None:
    """Refuse: going back is restoring the backup that was taken before."""
    raise RuntimeError("restore the backup that was taken before the upgrade")
