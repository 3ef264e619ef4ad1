"""Sourcing runs: what they propose beside their answers."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0010_sourcing_findings"
down_revision = "0009_places_of_centres"

ID = sa.String(64)


def upgrade() -> None:
    """Keep the transfers and returns that a sourcing run proposes."""
    op.create_table(
        "sourcing_findings",
        sa.Column("run_id", ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["sourcing_runs.id"], name=op.f("fk_sourcing_findings_run_id_sourcing_runs")
        ),
        sa.PrimaryKeyConstraint("run_id", "kind", "number", name=op.f("pk_sourcing_findings")),
    )


def downgrade() -> None:
    """Refuse: going back is restoring the backup that was taken before."""
    raise RuntimeError("restore the backup that was taken before the upgrade")
