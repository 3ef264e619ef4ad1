"""The network as it holds from one date to the next: centres, outlets, people, warehouses, parts, and its documents.

A row is one version of one thing. On a date holds the version with the latest `effective_from` until then; `ended`
says that the thing is gone from there on. Nothing is overwritten but a version of the same date.
"""

import datetime as dt
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import JSON, ForeignKeyConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from api.tables.base import Base, Instant

__all__ = [
    "AreaRow",
    "CentreRow",
    "Document",
    "Effective",
    "ForecastRow",
    "KitRow",
    "LaneRow",
    "OutletRow",
    "PartRow",
    "ReturnRow",
    "StockRow",
    "TechnicianCertificate",
    "TechnicianRow",
    "TechnicianSkill",
    "TransferLaneRow",
    "WarehouseRow",
]

ID = String(64)
ROW_ID = String(256)
POINT = Geometry("POINT", srid=4326, spatial_index=False)


class Effective:
    """What every version has.

    id: the thing's; where several columns are the key, their cells joined by `;`. entered: the order in which things
    were first entered, so that a day lists them as its files did. version: counts the changes of the thing, for
    ETag. cells: column of docs/data-format.md → cell, as typed.
    """

    id: Mapped[str] = mapped_column(ROW_ID, primary_key=True)
    effective_from: Mapped[dt.date] = mapped_column(primary_key=True)
    ended: Mapped[bool] = mapped_column(default=False)
    entered: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    written_at: Mapped[dt.datetime] = mapped_column(Instant)
    cells: Mapped[dict[str, Any]] = mapped_column(JSON)


class CentreRow(Effective, Base):
    """A customer-service centre."""

    __tablename__ = "centres"

    position: Mapped[Any] = mapped_column(POINT)


class OutletRow(Effective, Base):
    """An outlet; live from opened_on to before closed_on."""

    __tablename__ = "outlets"

    centre_id: Mapped[str] = mapped_column(ID, index=True)
    position: Mapped[Any] = mapped_column(POINT)
    ownership: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    opened_on: Mapped[dt.date | None]
    closed_on: Mapped[dt.date | None]


class TechnicianRow(Effective, Base):
    """A technician of an outlet."""

    __tablename__ = "technicians"

    outlet_id: Mapped[str] = mapped_column(ID, index=True)


class TechnicianSkill(Base):
    """What a technician can do, in this version."""

    __tablename__ = "technician_skills"
    __table_args__ = (
        ForeignKeyConstraint(
            ["technician_id", "effective_from"],
            ["technicians.id", "technicians.effective_from"],
            name="fk_technician_skills_technicians",
            ondelete="CASCADE",
        ),
        Index(None, "family", "level"),
    )

    technician_id: Mapped[str] = mapped_column(ROW_ID, primary_key=True)
    effective_from: Mapped[dt.date] = mapped_column(primary_key=True)
    family: Mapped[str] = mapped_column(ID, primary_key=True)
    level: Mapped[int]


class TechnicianCertificate(Base):
    """A certificate of a technician, in this version; valid on both dates and between."""

    __tablename__ = "technician_certificates"
    __table_args__ = (
        ForeignKeyConstraint(
            ["technician_id", "effective_from"],
            ["technicians.id", "technicians.effective_from"],
            name="fk_technician_certificates_technicians",
            ondelete="CASCADE",
        ),
    )

    technician_id: Mapped[str] = mapped_column(ROW_ID, primary_key=True)
    effective_from: Mapped[dt.date] = mapped_column(primary_key=True)
    scheme: Mapped[str] = mapped_column(ID, primary_key=True)
    valid_from: Mapped[dt.date] = mapped_column(primary_key=True)
    valid_to: Mapped[dt.date] = mapped_column(primary_key=True)


class WarehouseRow(Effective, Base):
    """A parts transfer warehouse."""

    __tablename__ = "warehouses"

    position: Mapped[Any] = mapped_column(POINT)


class PartRow(Effective, Base):
    """A spare part."""

    __tablename__ = "parts"


class KitRow(Effective, Base):
    """How many of a part a fault of a product takes."""

    __tablename__ = "kits"


class StockRow(Effective, Base):
    """How many of a part a warehouse has."""

    __tablename__ = "stock"

    warehouse_id: Mapped[str] = mapped_column(ID)
    part_id: Mapped[str] = mapped_column(ID, index=True)
    on_hand: Mapped[int]
    reserved: Mapped[int]


class LaneRow(Effective, Base):
    """A way from a warehouse to a centre's outlets."""

    __tablename__ = "lanes"

    warehouse_id: Mapped[str] = mapped_column(ID)
    centre_id: Mapped[str] = mapped_column(ID, index=True)


class TransferLaneRow(Effective, Base):
    """A way for parts from one source to another."""

    __tablename__ = "transfer_lanes"


class ForecastRow(Effective, Base):
    """How many of a part a centre is expected to need per day."""

    __tablename__ = "forecast"


class ReturnRow(Effective, Base):
    """A defective part that an outlet sends back."""

    __tablename__ = "returns"


class Document(Effective, Base):
    """What is not a row: a calendar, the promises, prices; `cells` holds its keys and values as in day.toml.

    kind: calendars | sla_policies | tariffs | contract_tariffs | settings.
    """

    __tablename__ = "documents"

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)


class AreaRow(Base):
    """A city or township; where several hold a place, the one with the lowest number counts."""

    __tablename__ = "areas"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str]
    polygon: Mapped[Any] = mapped_column(Geometry("GEOMETRY", srid=4326, spatial_index=False))
