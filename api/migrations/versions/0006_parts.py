"""Parts: shelves and counts, reservations, allocations, orders with their answers, quotas, sourcing runs."""

import sqlalchemy as sa
from alembic import op

from api.migrations.guards import make_append_only

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0006_parts"
down_revision = "0005_dispatch"

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(64)
LIVE = sa.text("released_at IS NULL")
HELD = sa.text("state = 'held'")
OPEN = sa.text("state = 'open'")


def upgrade() -> None:
    """Parts: shelves and counts, reservations, allocations, orders with their answers, quotas, sourcing runs."""
    op.create_table(
        "shelves",
        sa.Column("source_id", ID, nullable=False),
        sa.Column("part_id", ID, nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("inbound", sa.JSON(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("source_id", "part_id", name=op.f("pk_shelves")),
    )
    op.create_index("ix_shelves_part_id", "shelves", ["part_id"])
    op.create_table(
        "stock_snapshots",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("part_id", ID, nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("floor", sa.Integer(), nullable=False),
        sa.Column("inbound", sa.JSON(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_snapshots")),
    )
    op.create_index(
        "ix_stock_snapshots_source_id_part_id_as_of", "stock_snapshots", ["source_id", "part_id", "as_of"], unique=True
    )
    op.create_table(
        "reservations",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("part_id", ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("centre_id", ID, nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("order_id", ID, nullable=True),
        sa.Column("line_id", sa.String(128), nullable=True),
        sa.Column("sends", sa.JSON(), nullable=True),
        sa.Column("arrives_at", INSTANT, nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_reservations_some_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservations")),
    )
    op.create_index(
        "ix_reservations_held", "reservations", ["source_id", "part_id"], sqlite_where=HELD, postgresql_where=HELD
    )
    op.create_index("ix_reservations_order_id", "reservations", ["order_id"])
    op.create_table(
        "allocations",
        sa.Column("id", ID, nullable=False),
        sa.Column("source_id", ID, nullable=False),
        sa.Column("part_id", ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("holder", ID, nullable=False),
        sa.Column("line_id", sa.String(128), nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("ships_at", INSTANT, nullable=False),
        sa.Column("ready_p50_at", INSTANT, nullable=False),
        sa.Column("ready_p90_at", INSTANT, nullable=False),
        sa.Column("cost_fen", sa.Integer(), nullable=False),
        sa.Column("below_floor", sa.Integer(), nullable=False),
        sa.Column("bulky_fallback", sa.Boolean(), nullable=False),
        sa.Column("arrives_at", INSTANT, nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("made_at", INSTANT, nullable=False),
        sa.Column("released_at", INSTANT, nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_allocations_some_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allocations")),
    )
    op.create_index("ix_allocations_holder", "allocations", ["holder"])
    op.create_index(
        "ix_allocations_live",
        "allocations",
        ["source_id", "part_id", "ships_at"],
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_table(
        "parts_orders",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("centre_id", ID, nullable=False),
        sa.Column("outlet_id", ID, nullable=False),
        sa.Column("job_id", ID, nullable=True),
        sa.Column("ordered_at", INSTANT, nullable=False),
        sa.Column("respond_by", INSTANT, nullable=False),
        sa.Column("needed_by", INSTANT, nullable=True),
        sa.Column("waiting", sa.Boolean(), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("customer_class", sa.String(16), nullable=False),
        sa.Column("most_sources", sa.Integer(), nullable=False),
        sa.Column("quoted_until", INSTANT, nullable=True),
        sa.Column("responded_at", INSTANT, nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_orders")),
    )
    op.create_index("ix_parts_orders_centre_id_ordered_at", "parts_orders", ["centre_id", "ordered_at"])
    op.create_index("ix_parts_orders_open", "parts_orders", ["respond_by"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_parts_orders_outlet_id", "parts_orders", ["outlet_id"])
    op.create_table(
        "parts_order_lines",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("order_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("part_id", ID, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("pinned_source_id", ID, nullable=True),
        sa.Column("approved_at", INSTANT, nullable=True),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("answer", sa.String(16), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("reason_zh", sa.String(), nullable=True),
        sa.Column("reply", sa.JSON(), nullable=True),
        sa.Column("eta_p50_at", INSTANT, nullable=True),
        sa.Column("eta_p90_at", INSTANT, nullable=True),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("answered_by", sa.String(16), nullable=True),
        sa.Column("run_id", ID, nullable=True),
        sa.Column("first_answer", sa.String(16), nullable=True),
        sa.Column("first_answered_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["parts_orders.id"], name=op.f("fk_parts_order_lines_order_id_parts_orders")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parts_order_lines")),
    )
    op.create_index("ix_parts_order_lines_order_id", "parts_order_lines", ["order_id"])
    op.create_index("ix_parts_order_lines_part_id", "parts_order_lines", ["part_id"])
    op.create_table(
        "quotas",
        sa.Column("outlet_id", ID, nullable=False),
        sa.Column("part_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("quota", sa.Integer(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("counted_from", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("outlet_id", "part_id", name=op.f("pk_quotas")),
    )
    op.create_table(
        "sourcing_runs",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("wish", sa.JSON(), nullable=False),
        sa.Column("centre_ids", sa.JSON(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("executor", sa.String(), nullable=True),
        sa.Column("cancel_asked_at", INSTANT, nullable=True),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("problem", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sourcing_runs")),
    )
    for name in ("transfer_lanes", "forecast", "returns"):
        op.create_table(
            name,
            sa.Column("id", sa.String(256), nullable=False),
            sa.Column("effective_from", sa.Date(), nullable=False),
            sa.Column("ended", sa.Boolean(), nullable=False),
            sa.Column("entered", sa.Integer(), nullable=False),
            sa.Column("version", sa.Integer(), nullable=False),
            sa.Column("written_at", INSTANT, nullable=False),
            sa.Column("cells", sa.JSON(), nullable=False),
            sa.PrimaryKeyConstraint("id", "effective_from", name=op.f(f"pk_{name}")),
        )
    make_append_only("stock_snapshots")
    # What stock there was by the files is the first count.
    op.execute(
        "INSERT INTO shelves (source_id, part_id, on_hand, reserved, floor, inbound, as_of) "
        "SELECT warehouse_id, part_id, on_hand, reserved, 0, '[]', written_at FROM stock AS held WHERE NOT ended "
        "AND effective_from = (SELECT max(effective_from) FROM stock AS later WHERE later.id = held.id)"
    )


def downgrade() -> None:
    """Refuse: going back is restoring the backup that was taken before."""
    raise RuntimeError("restore the backup that was taken before the upgrade")
