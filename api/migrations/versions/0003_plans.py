"""Plans, their documents and shards, what is published, and the workers that run them."""

import sqlalchemy as sa
from alembic import op

from api.migrations.guards import no_overlap

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0003_plans"
down_revision = "0002_frame"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Plans, their documents and shards, what is published, and the workers that run them."""
    op.create_table(
        "plans",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("now", INSTANT, nullable=False),
        sa.Column("centre_ids", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("executor", sa.String(), nullable=True),
        sa.Column("cancel_asked_at", INSTANT, nullable=True),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("published_at", INSTANT, nullable=True),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_index("ix_plans_state", "plans", ["state"])
    op.create_table(
        "plan_files",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("centre_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_plan_files_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "centre_id", "name", name=op.f("pk_plan_files")),
    )
    op.create_table(
        "plan_shards",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("done_at", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_plan_shards_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "key", name=op.f("pk_plan_shards")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_plan_shards_plan_id")),
    )
    op.create_table(
        "plan_events",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["plans.id"], name=op.f("fk_plan_events_plan_id_plans"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("plan_id", "number", name=op.f("pk_plan_events")),
    )
    op.create_table(
        "published",
        sa.Column("centre_id", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("published_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_published_plan_id_plans")),
        sa.PrimaryKeyConstraint("centre_id", "date", name=op.f("pk_published")),
    )
    op.create_index(op.f("ix_published_plan_id"), "published", ["plan_id"])
    op.create_table(
        "live_routes",
        sa.Column("technician_id", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("centre_id", sa.String(), nullable=False),
        sa.Column("outlet_id", sa.String(), nullable=False),
        sa.Column("depart_at", INSTANT, nullable=False),
        sa.Column("return_at", INSTANT, nullable=False),
        sa.Column("break_start_at", INSTANT, nullable=True),
        sa.Column("return_travel_s", sa.Integer(), nullable=False),
        sa.Column("return_travel_m", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_live_routes_plan_id_plans")),
        sa.PrimaryKeyConstraint("technician_id", "date", name=op.f("pk_live_routes")),
    )
    op.create_index("ix_live_routes_centre_id", "live_routes", ["centre_id", "date"])
    op.create_index(op.f("ix_live_routes_plan_id"), "live_routes", ["plan_id"])
    op.create_table(
        "visits",
        sa.Column("job_id", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=True),
        sa.Column("centre_id", sa.String(), nullable=False),
        sa.Column("outlet_id", sa.String(), nullable=False),
        sa.Column("technician_id", sa.String(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("end_at", INSTANT, nullable=False),
        sa.Column("travel_s", sa.Integer(), nullable=False),
        sa.Column("travel_m", sa.Integer(), nullable=False),
        sa.CheckConstraint("start_at < end_at", name=op.f("ck_visits_some_time")),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_visits_plan_id_plans")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_visits")),
    )
    op.create_index("ix_visits_technician_id", "visits", ["technician_id", "date"])
    op.create_index("ix_visits_centre_id", "visits", ["centre_id", "date"])
    op.create_index(op.f("ix_visits_plan_id"), "visits", ["plan_id"])
    no_overlap("visits", "technician_id", "start_at", "end_at")
    op.create_table(
        "workers",
        sa.Column("executor", sa.String(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("executor", name=op.f("pk_workers")),
    )


def downgrade() -> None:
    """Refuse: going back is restoring the backup that was taken before."""
    raise RuntimeError("restore the backup that was taken before the upgrade")
