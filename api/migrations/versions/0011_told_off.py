"""What villages were told and holds no more: a folder that was written before does not bring it back."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0011_told_off"
down_revision = "0010_sourcing_findings"

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(64)


def upgrade() -> None:
    """Keep when what a village was told was taken off."""
    op.create_table(
        "told_off",
        sa.Column("village_id", ID, nullable=False),
        sa.Column("date", sa.Date(), nullable=False),
        sa.Column("stop_id", ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("village_id", "date", "stop_id", name=op.f("pk_told_off")),
    )


def downgrade() -> None:
    """Refuse: going back is restoring the backup that was taken before."""
    raise RuntimeError("restore the backup that was taken before the upgrade")
