"""Villages and lodgings belong to centres: those of their nearest outlets, until somebody states another."""

import datetime as dt
import json
import math
from typing import Any

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "downgrade", "revision", "upgrade"]

revision = "0009_places_of_centres"
down_revision = "0008_tour_parts"

PLACES = ("villages", "lodgings")


def upgrade() -> None:
    """Give villages and lodgings the centre of their nearest outlet."""
    for name in PLACES:
        op.add_column(name, sa.Column("centre_id", sa.String(64), nullable=True))
        op.create_index(f"ix_{name}_centre_id", name, ["centre_id"])
    outlets = _live_outlets(_today())
    for name in PLACES if outlets else ():
        for id_, effective_from, cells in _rows(f"SELECT id, effective_from, cells FROM {name}"):
            here = _degrees(cells)
            centre_id = min(outlets, key=lambda outlet: _apart(here, outlet[:2]))[2]
            put = sa.text(f"UPDATE {name} SET centre_id = :centre WHERE id = :id AND effective_from = :since")
            op.get_bind().execute(put, {"centre": centre_id, "id": id_, "since": effective_from})


def _today() -> dt.date:
    return dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()


def _live_outlets(today: dt.date) -> list[tuple[float, float, str]]:
    """Return where the outlets are that are live on a date, and their centres, by their versions in force then.

    An outlet that is all to come counts as it will be.
    """
    versions = _rows(
        "SELECT id, effective_from, ended, centre_id, cells, opened_on, closed_on FROM outlets "
        "ORDER BY id, effective_from"
    )
    held: dict[str, Any] = {}
    for version in versions:
        if version.id not in held or _date(version.effective_from) <= today:
            held[version.id] = version
    return [
        (*_degrees(outlet.cells), outlet.centre_id)
        for outlet in held.values()
        if not outlet.ended
        and (outlet.opened_on is None or _date(outlet.opened_on) <= today)
        and (outlet.closed_on is None or _date(outlet.closed_on) > today)
    ]


def _date(stored: Any) -> dt.date:
    return dt.date.fromisoformat(stored) if isinstance(stored, str) else stored


def _rows(query: str) -> list[Any]:
    return list(op.get_bind().execute(sa.text(query)).all())


def _degrees(cells: Any) -> tuple[float, float]:
    """Return a position as typed: the datums are less apart than centres are."""
    typed = json.loads(cells) if isinstance(cells, str) else cells
    return float(typed["lon"]), float(typed["lat"])


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return what grows with the distance of two places."""
    (lon, lat), (to_lon, to_lat) = one, other
    wide = math.cos(math.radians(lat)) * math.cos(math.radians(to_lat)) * math.sin(math.radians(to_lon - lon) / 2) ** 2
    return math.sin(math.radians(to_lat - lat) / 2) ** 2 + wide


def downgrade() -> None:
    """Refuse: going back is restoring the backup that was taken before."""
    raise RuntimeError("restore the backup that was taken before the upgrade")
