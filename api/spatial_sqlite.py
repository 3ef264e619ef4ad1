"""Spatial functions for stock SQLite, from shapely: what GeoAlchemy2 emits for its SpatiaLite, and what the store asks.

Python here cannot load SpatiaLite. A geometry is kept as EWKB, exactly as PostGIS writes it.
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import shapely

__all__ = ["EARTH_M", "add_spatial_functions"]

EARTH_M = 6_371_008.771_415
"""Mean radius of the Earth, the one that PostGIS measures spheres with."""


def add_spatial_functions(connection: Any) -> None:
    """Register every function with a connection of the sqlite3 module."""
    for name, (arguments, function) in _FUNCTIONS.items():
        connection.create_function(name, arguments, function, deterministic=True)


@lru_cache(maxsize=4_096)
def _shape(ewkb: bytes) -> Any:
    return shapely.from_wkb(ewkb)


def _geometry(ewkt: str | None) -> bytes | None:
    """GeomFromEWKT: `SRID=4326;POINT(104.06 30.67)` to EWKB; NULL stays NULL."""
    if ewkt is None:
        return None
    head, _, body = ewkt.rpartition(";")
    shape = shapely.from_wkt(body)
    if head:
        shape = shapely.set_srid(shape, int(head.upper().removeprefix("SRID=")))
    return bytes(shapely.to_wkb(shape, include_srid=True))


def _hex(ewkb: bytes | None) -> str | None:
    """AsEWKB, in the digits that PostgreSQL sends: GeoAlchemy2 reads the same from both."""
    return None if ewkb is None else ewkb.hex()


def _of_shape(measure: Callable[[Any], float]) -> Callable[[bytes | None], float | None]:
    def measured(ewkb: bytes | None) -> float | None:
        return None if ewkb is None else measure(_shape(ewkb))

    return measured


def _bound(side: int) -> Callable[[bytes | None], float | None]:
    return _of_shape(lambda shape: float(shape.bounds[side]))


def _of_two(judge: Callable[[Any, Any], Any]) -> Callable[[bytes | None, bytes | None], Any]:
    def judged(one: bytes | None, other: bytes | None) -> Any:
        return None if one is None or other is None else judge(_shape(one), _shape(other))

    return judged


def _sphere_m(one: Any, other: Any) -> float:
    """ST_DistanceSphere of two points (haversine)."""
    lon, lat, other_lon, other_lat = map(math.radians, (one.x, one.y, other.x, other.y))
    half = math.sin((other_lat - lat) / 2) ** 2
    half += math.cos(lat) * math.cos(other_lat) * math.sin((other_lon - lon) / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, half)))


def _nothing(*_: Any) -> int:
    """A step of SpatiaLite's set-up that GeoAlchemy2 asks for and our migrations do themselves."""
    return 1


_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "GeomFromEWKT": (1, _geometry),
    "AsEWKB": (1, _hex),
    "ST_X": (1, _of_shape(lambda shape: float(shape.x))),
    "ST_Y": (1, _of_shape(lambda shape: float(shape.y))),
    "ST_XMin": (1, _bound(0)),
    "ST_YMin": (1, _bound(1)),
    "ST_XMax": (1, _bound(2)),
    "ST_YMax": (1, _bound(3)),
    "ST_Contains": (2, _of_two(lambda one, other: int(shapely.contains(one, other)))),
    "ST_Intersects": (2, _of_two(lambda one, other: int(shapely.intersects(one, other)))),
    "ST_DistanceSphere": (2, _of_two(_sphere_m)),
    "AddGeometryColumn": (-1, _nothing),
    "RecoverGeometryColumn": (-1, _nothing),
    "DiscardGeometryColumn": (-1, _nothing),
}
