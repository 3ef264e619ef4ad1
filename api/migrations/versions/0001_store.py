"""The network and its jobs."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry

from api.migrations.guards import add_refusals, add_spatial_index, make_append_only

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0001_store"
down_revision = None

INSTANT = sa.DateTime(timezone=True)
ID = sa.String(64)
ROW_ID = sa.String(256)


def upgrade() -> None:
    """The network and its jobs."""
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    add_refusals()
    _create_network()
    _create_people()
    _create_areas()
    _create_jobs()


def downgrade() -> None:
    """Refuse: going back is restoring the backup that was taken before."""
    raise RuntimeError("restore the backup that was taken before the upgrade")


def _needed(name: str, type_: Any) -> "sa.Column[Any]":
    return sa.Column(name, type_, nullable=False)


def _point(name: str = "position") -> "sa.Column[Any]":
    return _needed(name, Geometry("POINT", srid=4326, spatial_index=False))


def _create_versions(table: str, *columns: "sa.Column[Any]", key: tuple[str, ...] = ()) -> None:
    """Create a table of versions, each from a date on."""
    op.create_table(
        table,
        _needed("id", ROW_ID),
        _needed("effective_from", sa.Date()),
        _needed("ended", sa.Boolean()),
        _needed("entered", sa.Integer()),
        _needed("version", sa.Integer()),
        _needed("written_at", INSTANT),
        _needed("cells", sa.JSON()),
        *columns,
        sa.PrimaryKeyConstraint(*key, "id", "effective_from", name=f"pk_{table}"),
    )


def _create_network() -> None:
    _create_versions("centres", _point())
    _create_versions(
        "outlets",
        _needed("centre_id", ID),
        _point(),
        _needed("ownership", sa.String(16)),
        _needed("channel", sa.String(16)),
        sa.Column("opened_on", sa.Date()),
        sa.Column("closed_on", sa.Date()),
    )
    op.create_index("ix_outlets_centre_id", "outlets", ["centre_id"])
    _create_versions("warehouses", _point())
    for table in ("centres", "outlets", "warehouses"):
        add_spatial_index(table, "position", ("id", "effective_from"))
    if op.get_context().dialect.name == "postgresql":
        # Degrees are not equally long: the nearest outlets are sought by metres.
        op.execute("CREATE INDEX idx_outlets_geography ON outlets USING gist ((position::geography))")
    _create_versions("parts")
    _create_versions("kits")
    _create_versions(
        "stock",
        _needed("warehouse_id", ID),
        _needed("part_id", ID),
        _needed("on_hand", sa.Integer()),
        _needed("reserved", sa.Integer()),
    )
    op.create_index("ix_stock_part_id", "stock", ["part_id"])
    _create_versions("lanes", _needed("warehouse_id", ID), _needed("centre_id", ID))
    op.create_index("ix_lanes_centre_id", "lanes", ["centre_id"])
    _create_versions("documents", _needed("kind", sa.String(32)), key=("kind",))


def _create_people() -> None:
    _create_versions("technicians", _needed("outlet_id", ID))
    op.create_index("ix_technicians_outlet_id", "technicians", ["outlet_id"])
    version = ["technician_id", "effective_from"]
    op.create_table(
        "technician_skills",
        _needed("technician_id", ROW_ID),
        _needed("effective_from", sa.Date()),
        _needed("family", ID),
        _needed("level", sa.Integer()),
        sa.PrimaryKeyConstraint(*version, "family", name="pk_technician_skills"),
        sa.ForeignKeyConstraint(
            version,
            ["technicians.id", "technicians.effective_from"],
            name="fk_technician_skills_technicians",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_technician_skills_family_level", "technician_skills", ["family", "level"])
    op.create_table(
        "technician_certificates",
        _needed("technician_id", ROW_ID),
        _needed("effective_from", sa.Date()),
        _needed("scheme", ID),
        _needed("valid_from", sa.Date()),
        _needed("valid_to", sa.Date()),
        sa.PrimaryKeyConstraint(*version, "scheme", "valid_from", "valid_to", name="pk_technician_certificates"),
        sa.ForeignKeyConstraint(
            version,
            ["technicians.id", "technicians.effective_from"],
            name="fk_technician_certificates_technicians",
            ondelete="CASCADE",
        ),
    )


def _create_areas() -> None:
    op.create_table(
        "areas",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        _needed("name", sa.String()),
        _needed("polygon", Geometry("GEOMETRY", srid=4326, spatial_index=False)),
        sa.PrimaryKeyConstraint("number", name="pk_areas"),
    )
    add_spatial_index("areas", "polygon", ("number",), "GEOMETRY")


def _create_jobs() -> None:
    op.create_table(
        "jobs",
        _needed("id", ID),
        _needed("source", ID),
        _needed("external_id", sa.String(128)),
        _needed("entered", sa.Integer()),
        _needed("state", sa.String(32)),
        _needed("version", sa.Integer()),
        _needed("centre_id", ID),
        _point(),
        _needed("product", ID),
        _needed("brand", sa.String()),
        _needed("channel", sa.String(16)),
        _needed("customer_class", sa.String(16)),
        _needed("urgent", sa.Boolean()),
        _needed("reported_at", INSTANT),
        sa.Column("due_at", INSTANT),
        _needed("cells", sa.JSON()),
        sa.Column("appointment_start", INSTANT),
        sa.Column("appointment_end", INSTANT),
        _needed("consent", sa.String(16)),
        _needed("lock", sa.String(16)),
        sa.Column("published_technician_id", ID),
        sa.Column("published_start", INSTANT),
        _needed("told", sa.Boolean()),
        sa.Column("clock_paused_at", INSTANT),
        sa.Column("clock_paused_reason", sa.String()),
        _needed("paused_s", sa.Integer()),
        _needed("created_at", INSTANT),
        _needed("updated_at", INSTANT),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("source", "external_id", name="uq_jobs_source_external_id"),
    )
    for columns in (["centre_id", "state"], ["entered"], ["published_technician_id"], ["state", "due_at"]):
        op.create_index("_".join(["ix_jobs", *columns]), "jobs", columns)
    add_spatial_index("jobs", "position", ("id",))
    op.create_table(
        "job_history",
        _needed("id", ID),
        _needed("job_id", ID),
        _needed("at", INSTANT),
        _needed("actor", sa.String()),
        _needed("channel", sa.String()),
        _needed("kind", sa.String(32)),
        sa.Column("from_state", sa.String(32)),
        sa.Column("to_state", sa.String(32)),
        sa.Column("plan_id", ID),
        _needed("detail", sa.JSON()),
        sa.PrimaryKeyConstraint("id", name="pk_job_history"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_job_history_job_id_jobs"),
    )
    op.create_index("ix_job_history_job_id_id", "job_history", ["job_id", "id"])
    make_append_only("job_history")
