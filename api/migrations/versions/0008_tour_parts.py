"""Parts of tours: promises are held by tours too, whose names are longer; visits say which spare parts they used."""

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0008_tour_parts"
down_revision = "0007_tours"


def upgrade() -> None:
    """Make room for the names of tours in the ledger of parts, and for spare parts that visits used."""
    with op.batch_alter_table("allocations") as allocations:
        allocations.alter_column("holder", type_=sa.String(128), existing_type=sa.String(64), existing_nullable=False)
        allocations.alter_column("line_id", type_=sa.String(256), existing_type=sa.String(128), existing_nullable=False)
    nothing = sa.Column("parts_used", sa.JSON(), nullable=False, server_default="[]")
    with op.batch_alter_table("tour_visits") as visits:
        visits.add_column(nothing)
    with op.batch_alter_table("tour_visits") as visits:
        visits.alter_column("parts_used", server_default=None, existing_type=sa.JSON(), existing_nullable=False)


def downgrade() -> None:
    """Refuse: going back is restoring the backup that was taken before."""
    raise RuntimeError("restore the backup that was taken before the upgrade")
