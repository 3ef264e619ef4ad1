"""Tours: villages, lodgings, crews, consents to wait, maintenance plans, plans of tours with their days and visits."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0007_tours"
down_revision = "0006_parts"

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(64)
JOB_ID = sa.String(128)
OPEN = sa.text("outcome IS NULL")


def upgrade() -> None:
    """Tours: villages, lodgings, crews, consents to wait, maintenance plans, plans of tours with days and visits."""
    own = {
        "villages": [],
        "lodgings": [],
        "crews": [sa.Column("outlet_id", ID, nullable=False)],
        "maintenance": [sa.Column("centre_id", ID, nullable=True)],
        "van_parts": [],
    }
    for name, columns in own.items():
        op.create_table(
            name,
            sa.Column("id", sa.String(256), nullable=False),
            sa.Column("effective_from", sa.Date(), nullable=False),
            sa.Column("ended", sa.Boolean(), nullable=False),
            sa.Column("entered", sa.Integer(), nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
            sa.Column("written_at", INSTANT, nullable=False),
            sa.Column("cells", sa.JSON(), nullable=False),
            *columns,
            sa.PrimaryKeyConstraint("id", "effective_from", name=op.f(f"pk_{name}")),
        )
    op.create_index("ix_crews_outlet_id", "crews", ["outlet_id"])
    op.create_index("ix_maintenance_centre_id", "maintenance", ["centre_id"])
    op.create_table(
        "job_waits",
        sa.Column("job_id", ID, nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_job_waits_job_id_jobs")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_waits")),
    )
    op.create_table(
        "tour_plans",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("now", INSTANT, nullable=False),
        sa.Column("centre_ids", sa.JSON(), nullable=False),
        sa.Column("crew_ids", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("executor", sa.String(), nullable=True),
        sa.Column("cancel_asked_at", INSTANT, nullable=True),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("published_at", INSTANT, nullable=True),
        sa.Column("progress", sa.JSON(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tour_plans")),
    )
    op.create_table(
        "tour_files",
        sa.Column("tour_plan_id", ID, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _of_plan("tour_files"),
        sa.PrimaryKeyConstraint("tour_plan_id", "name", name=op.f("pk_tour_files")),
    )
    op.create_table(
        "tour_events",
        sa.Column("tour_plan_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("type", sa.String(32), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        _of_plan("tour_events"),
        sa.PrimaryKeyConstraint("tour_plan_id", "number", name=op.f("pk_tour_events")),
    )
    op.create_table(
        "tour_days",
        sa.Column("crew_id", ID, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("tour_plan_id", ID, nullable=False),
        sa.Column("technician_ids", sa.JSON(), nullable=False),
        sa.Column("sleeps_at", ID, nullable=True),
        sa.Column("nights_out", sa.Integer(), nullable=False),
        _of_plan("tour_days"),
        sa.PrimaryKeyConstraint("crew_id", "date", name=op.f("pk_tour_days")),
    )
    op.create_index("ix_tour_days_tour_plan_id", "tour_days", ["tour_plan_id"])
    op.create_table(
        "tour_visits",
        sa.Column("tour_plan_id", ID, nullable=False),
        sa.Column("job_id", JOB_ID, nullable=False),
        sa.Column("tour_id", JOB_ID, nullable=False),
        sa.Column("centre_id", ID, nullable=False),
        sa.Column("crew_id", ID, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("village_id", ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("maintenance_id", ID, nullable=True),
        sa.Column("start_at", INSTANT, nullable=False),
        sa.Column("end_at", INSTANT, nullable=False),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        _of_plan("tour_visits"),
        sa.PrimaryKeyConstraint("tour_plan_id", "job_id", name=op.f("pk_tour_visits")),
    )
    op.create_index("ix_tour_visits_crew_id", "tour_visits", ["crew_id", "date"])
    op.create_index(
        "ix_tour_visits_open", "tour_visits", ["job_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )


def _of_plan(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_tour_plan_id_tour_plans")
    return sa.ForeignKeyConstraint(["tour_plan_id"], ["tour_plans.id"], name=name)


def downgrade() -> None:
    """Refuse: going back is restoring the backup that was taken before."""
    raise RuntimeError("restore the backup that was taken before the upgrade")
