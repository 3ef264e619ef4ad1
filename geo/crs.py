"""Datums of Chinese maps: WGS84, the shifted GCJ-02 of AMap and Tencent, and BD-09 of Baidu on top of it.

The forward formulas are the published ones (the "Mars coordinates" polynomial on the Krasovsky ellipsoid, and
Baidu's published offset). They have no closed inverse, so the inverse is a fixed-point iteration: the shift changes
by under 1 % of a displacement, so each round gains two digits.
"""

from enum import StrEnum
from typing import overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["Datum", "from_wgs84", "in_china", "to_wgs84"]

_SEMI_MAJOR_AXIS_M = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943
_BAIDU_PI = np.pi * 3000.0 / 180.0
_ROUNDS = 12

_Floats = NDArray[np.float64]


class Datum(StrEnum):
    """Which map a coordinate was read from."""

    WGS84 = "WGS84"
    GCJ02 = "GCJ02"
    BD09 = "BD09"


@overload
def in_china(lon: float, lat: float) -> bool: ...
@overload
def in_china(lon: _Floats, lat: _Floats) -> NDArray[np.bool_]: ...
def in_china(lon: float | _Floats, lat: float | _Floats) -> bool | NDArray[np.bool_]:
    """Return whether positions lie in the box 73–135.1° E, 3–54° N.

    A box, not the polygons: it is meant to catch swapped, missing and foreign coordinates, and coarse polygons
    would refuse harbours and islands.
    """
    lon_array, lat_array = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    inside = (lon_array >= 73.0) & (lon_array <= 135.1) & (lat_array >= 3.0) & (lat_array <= 54.0)
    return bool(inside) if inside.ndim == 0 else inside


@overload
def to_wgs84(lon: float, lat: float, datum: Datum) -> tuple[float, float]: ...
@overload
def to_wgs84(lon: _Floats, lat: _Floats, datum: Datum) -> tuple[_Floats, _Floats]: ...
def to_wgs84(lon: float | _Floats, lat: float | _Floats, datum: Datum) -> tuple[float, float] | tuple[_Floats, _Floats]:
    """Convert positions in degrees from the datum to WGS84, exact to 1e-9 degrees inside China."""
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if datum is Datum.BD09:
        x, y = _baidu_to_gcj(x, y)
    if datum is not Datum.WGS84:
        x, y = _gcj_to_wgs(x, y)
    return (float(x), float(y)) if x.ndim == 0 else (x, y)


@overload
def from_wgs84(lon: float, lat: float, datum: Datum) -> tuple[float, float]: ...
@overload
def from_wgs84(lon: _Floats, lat: _Floats, datum: Datum) -> tuple[_Floats, _Floats]: ...
def from_wgs84(
    lon: float | _Floats, lat: float | _Floats, datum: Datum
) -> tuple[float, float] | tuple[_Floats, _Floats]:
    """Convert positions in degrees from WGS84 to the datum, by the published forward formulas."""
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if datum is not Datum.WGS84:
        x, y = _wgs_to_gcj(x, y)
    if datum is Datum.BD09:
        x, y = _gcj_to_baidu(x, y)
    return (float(x), float(y)) if x.ndim == 0 else (x, y)


def _shift(lon: _Floats, lat: _Floats) -> tuple[_Floats, _Floats]:
    """GCJ-02's offset in degrees at WGS84 positions; none outside its own box, as published."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north += (20.0 * np.sin(np.pi * y) + 40.0 * np.sin(np.pi / 3.0 * y)) * 2.0 / 3.0
    north += (160.0 * np.sin(np.pi / 12.0 * y) + 320.0 * np.sin(np.pi / 30.0 * y)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east += (20.0 * np.sin(np.pi * x) + 40.0 * np.sin(np.pi / 3.0 * x)) * 2.0 / 3.0
    east += (150.0 * np.sin(np.pi / 12.0 * x) + 300.0 * np.sin(np.pi / 30.0 * x)) * 2.0 / 3.0
    latitude = np.radians(lat)
    flattening = 1.0 - _ECCENTRICITY_SQUARED * np.sin(latitude) ** 2
    meridian_m = _SEMI_MAJOR_AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / flattening**1.5
    parallel_m = _SEMI_MAJOR_AXIS_M / np.sqrt(flattening) * np.cos(latitude)
    inside = (lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271)
    zero = np.zeros_like(lon)
    return np.where(inside, np.degrees(east / parallel_m), zero), np.where(inside, np.degrees(north / meridian_m), zero)


def _wgs_to_gcj(lon: _Floats, lat: _Floats) -> tuple[_Floats, _Floats]:
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def _gcj_to_wgs(lon: _Floats, lat: _Floats) -> tuple[_Floats, _Floats]:
    x, y = lon, lat
    for _ in range(_ROUNDS):
        east, north = _shift(x, y)
        x, y = lon - east, lat - north
    return x, y


def _gcj_to_baidu(lon: _Floats, lat: _Floats) -> tuple[_Floats, _Floats]:
    radius = np.hypot(lon, lat) + 2e-5 * np.sin(lat * _BAIDU_PI)
    angle = np.arctan2(lat, lon) + 3e-6 * np.cos(lon * _BAIDU_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _baidu_to_gcj(lon: _Floats, lat: _Floats) -> tuple[_Floats, _Floats]:
    x, y = lon - 0.0065, lat - 0.006
    for _ in range(_ROUNDS):
        east, north = _gcj_to_baidu(x, y)
        x, y = x + (lon - east), y + (lat - north)
    return x, y
