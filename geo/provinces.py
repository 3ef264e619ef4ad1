"""In which province a place lies."""

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.places import load_provinces

__all__ = ["provinces_at"]


@cache
def _tree() -> tuple[shapely.STRtree, tuple[str, ...]]:
    provinces = load_provinces()
    return shapely.STRtree(provinces.geometry.to_numpy()), tuple(provinces["id"])


def provinces_at(places: NDArray[np.float64]) -> list[str]:
    """Return the province id of each place (longitude, latitude in WGS84 degrees; shape (n, 2)).

    The borders are coarse: a place outside of every province belongs to the nearest.
    """
    tree, ids = _tree()
    points = shapely.points(places.reshape(-1, 2))
    found = np.full(len(points), -1, np.int64)
    within, province = tree.query(points, predicate="within")
    found[within] = province
    outside = np.flatnonzero(found < 0)
    if len(outside):
        found[outside] = tree.nearest(points[outside])
    return [ids[row] for row in found.tolist()]
