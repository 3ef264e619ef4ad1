"""The network and its jobs."""

from alembic import op

from api.migrations.guards import add_refusals

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0001_store"
down_revision = None


def upgrade() -> None:
    """The network and its jobs."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    add_refusals()


def downgrade() -> None:
    """Refuse: going back is restoring the backup that was taken before."""
    raise RuntimeError("restore the backup that was taken before the upgrade")
