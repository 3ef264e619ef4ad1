"""Dispatch items, all that happened to them, refusals, and disruptions."""

import sqlalchemy as sa
from alembic import op

from api.migrations.guards import make_append_only

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0005_dispatch"
down_revision = "0004_desk"

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(64)
OPEN = sa.text("state IN ('pending', 'acknowledged', 'inProgress')")


def upgrade() -> None:
    """Dispatch items, all that happened to them, refusals, and disruptions."""
    op.create_table(
        "dispatch_items",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("centre_id", ID, nullable=False),
        sa.Column("outlet_id", ID, nullable=False),
        sa.Column("technician_id", ID, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("end_at", INSTANT, nullable=False),
        sa.Column("plan_id", ID, nullable=True),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("freeze_at", INSTANT, nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("sends", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", INSTANT, nullable=True),
        sa.Column("acknowledged_version", sa.Integer(), nullable=True),
        sa.Column("en_route_at", INSTANT, nullable=True),
        sa.Column("on_site_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("outlet_tries", sa.Integer(), nullable=False),
        sa.Column("outlet_unreached", sa.Integer(), nullable=False),
        sa.Column("customer_tries", sa.Integer(), nullable=False),
        sa.Column("customer_unreached", sa.Integer(), nullable=False),
        sa.Column("customer_told_at", INSTANT, nullable=True),
        sa.Column("last_call", sa.JSON(), nullable=True),
        sa.Column("replan_since", INSTANT, nullable=True),
        sa.Column("alarmed_at", INSTANT, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_dispatch_items_job_id_jobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_items")),
    )
    op.create_index(
        "uq_dispatch_items_open", "dispatch_items", ["job_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index(op.f("ix_dispatch_items_job_id"), "dispatch_items", ["job_id"])
    op.create_index("ix_dispatch_items_centre_id", "dispatch_items", ["centre_id", "date"])
    op.create_index("ix_dispatch_items_outlet_id", "dispatch_items", ["outlet_id", "date"])
    op.create_index("ix_dispatch_items_state", "dispatch_items", ["state", "start_at"])
    op.create_table(
        "dispatch_entries",
        sa.Column("id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("written_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan_id", ID, nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["dispatch_items.id"], name=op.f("fk_dispatch_entries_item_id_dispatch_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_entries")),
    )
    op.create_index("ix_dispatch_entries_item_id", "dispatch_entries", ["item_id", "id"])
    make_append_only("dispatch_entries")
    op.create_table(
        "refusals",
        sa.Column("id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=False),
        sa.Column("outlet_id", ID, nullable=False),
        sa.Column("item_id", ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("lifted_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["dispatch_items.id"], name=op.f("fk_refusals_item_id_dispatch_items")),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_refusals_job_id_jobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
    )
    op.create_index(op.f("ix_refusals_job_id"), "refusals", ["job_id"])
    op.create_index("ix_refusals_outlet_id", "refusals", ["outlet_id", "at"])
    op.create_table(
        "disruptions",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("centre_id", ID, nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("now", INSTANT, nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("to_at", INSTANT, nullable=False),
        sa.Column("thawed", sa.JSON(), nullable=False),
        sa.Column("publish", sa.String(16), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_disruptions_plan_id_plans")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disruptions")),
    )
    op.create_index("ix_disruptions_centre_id", "disruptions", ["centre_id", "to_at"])


def downgrade() -> None:
    """Refuse: going back is restoring the backup that was taken before."""
    raise RuntimeError("restore the backup that was taken before the upgrade")
