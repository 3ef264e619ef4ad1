"""The class of stored jobs from the outlets that are live on a date, as a day of that date would have it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from geoalchemy2.shape import to_shape
from numpy.typing import NDArray
from sqlalchemy import or_
from sqlalchemy.orm import Session

from api.store.days import areas_on
from api.store.network import holding
from api.tables.jobs import JobRow
from api.tables.network import OutletRow
from geo.areas import Areas, seat_mask
from geo.crs import Datum, to_wgs84
from optimizer.model import AreaClass

__all__ = ["area_classes_of", "wgs84_of"]


def area_classes_of(session: Session, jobs: Sequence[JobRow], on: dt.date) -> dict[str, AreaClass]:
    """Return the class of each job: does the area that holds it also hold an outlet that is live on the date?"""
    live = (
        or_(OutletRow.opened_on.is_(None), OutletRow.opened_on <= on),
        or_(OutletRow.closed_on.is_(None), OutletRow.closed_on > on),
    )
    outlets = _degrees(session.scalars(holding(OutletRow, on, *live, columns=[OutletRow.position])).all())
    places = wgs84_of([job.cells for job in jobs])
    if not len(outlets) or not len(places):
        return {job.id: AreaClass.REMOTE for job in jobs}
    areas = areas_on(session, on) or Areas.of_places()
    seats = seat_mask(areas, outlets[:, 0], outlets[:, 1], places[:, 0], places[:, 1]).tolist()
    return {job.id: AreaClass.SEAT if seat else AreaClass.REMOTE for job, seat in zip(jobs, seats, strict=True)}


def wgs84_of(rows: Sequence[Mapping[str, str]]) -> NDArray[np.float64]:
    """Return the positions of rows of cells, shape (n, 2), as WGS84 longitude and latitude."""
    typed = [(float(row["lon"]), float(row["lat"])) for row in rows]
    places = np.array(typed, dtype=np.float64).reshape(-1, 2)
    datums = np.array([row["datum"] for row in rows], dtype=object)
    for datum in Datum:
        of_datum = datums == datum.value
        if of_datum.any():
            places[of_datum] = np.column_stack(to_wgs84(places[of_datum, 0], places[of_datum, 1], datum))
    return places


def _degrees(positions: Sequence[Any]) -> NDArray[np.float64]:
    shapes = [to_shape(position) for position in positions]
    return np.array([(shape.x, shape.y) for shape in shapes], dtype=np.float64).reshape(-1, 2)
