"""Which skill families the network knows at all: what nobody can repair is most likely a slip of the pen."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.tables.network import KitRow, PartRow, TechnicianSkill

__all__ = ["unknown_families"]


def unknown_families(session: Session, families: Collection[str]) -> frozenset[str]:
    """Return those families that no technician, kit and part has ever had; without technicians nothing is known."""
    if session.scalars(select(TechnicianSkill.family).limit(1)).first() is None:
        return frozenset()
    left = set(families)
    named: tuple[Any, ...] = (
        TechnicianSkill.family,
        KitRow.cells["product"].as_string(),
        PartRow.cells["family"].as_string(),
    )
    for column in named:
        if left:
            left -= set(session.scalars(select(column).where(column.in_(left)).distinct()))
    return frozenset(left)
