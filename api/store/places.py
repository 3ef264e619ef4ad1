"""Questions of place, answered by the database: the nearest outlets that can, and which areas have an outlet."""

import datetime as dt
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from geoalchemy2 import Geography
from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    cast,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Session

from api.spatial_sqlite import EARTH_M
from api.store.network import holds, point
from api.tables.jobs import JobRow
from api.tables.network import AreaRow, OutletRow, TechnicianCertificate, TechnicianRow, TechnicianSkill
from optimizer.model import AreaClass

__all__ = ["NearOutlet", "Need", "area_at", "area_classes", "nearest_outlets"]

FIRST_RADIUS_M = 20_000.0
LAST_RADIUS_M = 7_000_000.0
"""From any place in China every other one is nearer."""

_RTREES = MetaData()
_BOX = ("min_x", "max_x", "min_y", "max_y")
_OUTLET_BOXES = Table(
    "idx_outlets_position",
    _RTREES,
    Column("id", String),
    Column("effective_from", OutletRow.effective_from.type),
    *(Column(side, Float) for side in _BOX),
)
_AREA_BOXES = Table("idx_areas_polygon", _RTREES, Column("number", Integer), *(Column(side, Float) for side in _BOX))


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What somebody at the outlet must be able to do: a skill of a level, and certificates valid on the date."""

    family: str
    level: int = 1
    certificates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class NearOutlet:
    """A live outlet and how far it is, as the crow flies."""

    id: str
    centre_id: str
    distance_m: float


def nearest_outlets(
    session: Session, lon: float, lat: float, *, on: dt.date, count: int, need: Need | None = None
) -> list[NearOutlet]:
    """Return the nearest outlets (WGS84) that are live on a date and have somebody who can, the nearest first."""
    conditions = [*_live(on), *([] if need is None else [_capable(need, on)])]
    place = func.ST_GeomFromEWKT(point(lon, lat), type_=OutletRow.position.type)
    distance = func.ST_DistanceSphere(OutletRow.position, place, type_=Float).label("distance_m")
    query = select(OutletRow.id, OutletRow.centre_id, distance).where(*conditions)
    if session.get_bind().dialect.name != "sqlite":
        globe = cast(OutletRow.position, Geography).op("<->")(cast(place, Geography))
        rows = session.execute(query.order_by(globe).limit(count)).all()
        return _near(rows)
    found: list[NearOutlet] = []
    for within in _growing(query, distance, lon, lat):
        found = _near(session.execute(within.order_by(distance, OutletRow.id).limit(count)).all())
        if len(found) == count:
            break
    return found


def _growing(query: Select[Any], distance: Any, lon: float, lat: float) -> Iterator[Select[Any]]:
    """Yield the query within circles that grow: the R*Tree finds boxes, and knows no nearest."""
    radius_m = FIRST_RADIUS_M
    while radius_m < LAST_RADIUS_M:
        high = math.degrees(radius_m / EARTH_M)
        # Meridians draw closer to the pole: the box is as wide as the circle at its northern end.
        wide = high / max(0.1, math.cos(math.radians(min(84.0, abs(lat) + high))))
        yield query.join(
            _OUTLET_BOXES,
            (_OUTLET_BOXES.c.id == OutletRow.id) & (_OUTLET_BOXES.c.effective_from == OutletRow.effective_from),
        ).where(
            _OUTLET_BOXES.c.min_x <= lon + wide,
            _OUTLET_BOXES.c.max_x >= lon - wide,
            _OUTLET_BOXES.c.min_y <= lat + high,
            _OUTLET_BOXES.c.max_y >= lat - high,
            distance <= radius_m,
        )
        radius_m *= 3
    yield query


def _near(rows: Any) -> list[NearOutlet]:
    near = [NearOutlet(id=id_, centre_id=centre_id, distance_m=metres) for id_, centre_id, metres in rows]
    return sorted(near, key=lambda outlet: (outlet.distance_m, outlet.id))


def _live(on: dt.date) -> list[ColumnElement[bool]]:
    return [
        *holds(OutletRow, on),
        or_(OutletRow.opened_on.is_(None), OutletRow.opened_on <= on),
        or_(OutletRow.closed_on.is_(None), OutletRow.closed_on > on),
    ]


def _capable(need: Need, on: dt.date) -> ColumnElement[bool]:
    version = (TechnicianRow.id, TechnicianRow.effective_from)
    skilled = exists().where(
        TechnicianSkill.technician_id == version[0],
        TechnicianSkill.effective_from == version[1],
        TechnicianSkill.family == need.family,
        TechnicianSkill.level >= need.level,
    )
    certified = [
        exists().where(
            TechnicianCertificate.technician_id == version[0],
            TechnicianCertificate.effective_from == version[1],
            TechnicianCertificate.scheme == scheme,
            TechnicianCertificate.valid_from <= on,
            TechnicianCertificate.valid_to >= on,
        )
        for scheme in sorted(need.certificates)
    ]
    return exists().where(TechnicianRow.outlet_id == OutletRow.id, *holds(TechnicianRow, on), skilled, *certified)


def area_at(session: Session, lon: float, lat: float) -> AreaRow | None:
    """Return the area that holds a position (WGS84), None for none."""
    place = func.ST_GeomFromEWKT(point(lon, lat), type_=AreaRow.polygon.type)
    number = session.scalar(select(_area_of(session, place)))
    return None if number is None else session.get(AreaRow, number)


def area_classes(session: Session, job_ids: Collection[str], *, on: dt.date) -> dict[str, AreaClass]:
    """Return for jobs whether the area that holds them also holds an outlet that is live on a date.

    The map's answer. A day's own, `Job.area_class`, also gives places outside every polygon, on coasts and coarse
    borders, to the nearest known place's area.
    """
    seats = select(_area_of(session, OutletRow.position)).where(*_live(on)).distinct()
    held = set(session.scalars(seats)) - {None}
    query = select(JobRow.id, _area_of(session, JobRow.position)).where(JobRow.id.in_(job_ids))
    return {id_: AreaClass.SEAT if number in held else AreaClass.REMOTE for id_, number in session.execute(query).all()}


def _area_of(session: Session, position: Any) -> Any:
    """Return the number of the area that holds a position, as SQL."""
    query = select(func.min(AreaRow.number)).where(func.ST_Intersects(AreaRow.polygon, position))
    if session.get_bind().dialect.name == "sqlite":
        boxes = _AREA_BOXES.c
        query = query.where(
            AreaRow.number == boxes.number,
            boxes.min_x <= func.ST_XMax(position),
            boxes.max_x >= func.ST_XMin(position),
            boxes.min_y <= func.ST_YMax(position),
            boxes.max_y >= func.ST_YMin(position),
        )
    return query.correlate(OutletRow, JobRow).scalar_subquery()
