"""The ground under the sample network: which places there are, how many calls come from each, where people live."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from geo.places import load_places, load_provinces

__all__ = ["DAY_S", "NOW_S", "Floats", "Ground", "Ints", "kilometres", "load_ground", "sphere", "within"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY_S = 86_400
NOW_S = 6 * 3600
"""The planning moment, from midnight of the date."""

EARTH_KM = 6_371.0
DEMAND_EXPONENT = 0.85
"""Calls grow a little slower than population: in a large city more other workshops are around the corner."""

SPREAD_KM = {"city": 1.2, "county": 1.6, "district": 1.5, "township": 2.4, "village": 1.5}
"""How far homes lie from the middle of a place, at least; large cities grow from there with their population."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """Mainland places and what follows from them; there is one, and it equals itself alone.

    places: the rows of `geo.places.load_places` inside the mainland, with `label` (the Chinese name where there is
    one). demand: share of all calls per place, sums to 1. spread_km: how far homes
    lie from the middle of each place.
    """

    places: pd.DataFrame
    demand: Floats
    spread_km: Floats
    land: shapely.Geometry

    def scatter(self, rng: np.random.Generator, rows: Ints, factor: float = 1.0) -> tuple[Floats, Floats]:
        """Return longitudes and latitudes scattered around the places of these rows, all on the land."""
        middle_lon = self.places["lon"].to_numpy(dtype=np.float64)[rows]
        middle_lat = self.places["lat"].to_numpy(dtype=np.float64)[rows]
        distance = rng.rayleigh(1.0, len(rows)) * self.spread_km[rows] * factor / np.sqrt(2)
        angle = rng.uniform(0, 2 * np.pi, len(rows))
        north = distance * np.sin(angle) / 111.2
        east = distance * np.cos(angle) / (111.2 * np.cos(np.radians(middle_lat)))
        lon, lat = np.round(middle_lon + east, 6), np.round(middle_lat + north, 6)
        for share in (0.5, 0.25, 0.0):
            at_sea = ~shapely.contains_xy(self.land, lon, lat)
            lon[at_sea] = np.round(middle_lon[at_sea] + share * east[at_sea], 6)
            lat[at_sea] = np.round(middle_lat[at_sea] + share * north[at_sea], 6)
        return lon, lat


@cache
def load_ground() -> Ground:
    """Load the places of the mainland, once per process, without those that the province polygons leave in the sea."""
    places = load_places()
    land = shapely.unary_union(list(load_provinces().geometry))
    shapely.prepare(land)
    on_land = shapely.contains_xy(land, places["lon"].to_numpy(), places["lat"].to_numpy())
    places = places[places["province_id"].str.startswith("CN.") & on_land].reset_index(drop=True)
    places["label"] = places["zh"].where(places["zh"] != "", places["name"])
    people = places["population"].to_numpy(dtype=np.float64)
    weight = people**DEMAND_EXPONENT
    least = places["level"].map(SPREAD_KM).to_numpy(dtype=np.float64)
    return Ground(
        places=places,
        demand=weight / weight.sum(),
        spread_km=np.clip(0.0035 * np.sqrt(people), least, 9.0),
        land=land,
    )


def sphere(lon: Floats, lat: Floats) -> cKDTree:
    """Return a search tree whose distances are straight lines in kilometres."""
    return cKDTree(_cartesian(lon, lat))


def kilometres(tree: cKDTree, lon: Floats, lat: Floats, k: int = 1) -> tuple[Floats, Ints]:
    """Return distances in kilometres and indices of the k nearest points of the tree, one row per place if k > 1."""
    distance, index = tree.query(_cartesian(lon, lat), k=k)
    return np.asarray(distance, dtype=np.float64), np.asarray(index, dtype=np.int64)


def within(tree: cKDTree, other: cKDTree, reach_km: float) -> csr_array:
    """Return which points of the other tree are within reach of each of the first, as ones in a sparse matrix."""
    near = tree.sparse_distance_matrix(other, reach_km, output_type="coo_matrix")
    return csr_array((np.ones(near.nnz), (near.row, near.col)), shape=near.shape)


def _cartesian(lon: Floats, lat: Floats) -> Floats:
    along, up = np.radians(lon), np.radians(lat)
    return EARTH_KM * np.column_stack([np.cos(up) * np.cos(along), np.cos(up) * np.sin(along), np.sin(up)])
