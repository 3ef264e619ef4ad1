"""Builds the proxy road graph that geo/estimate.py reads: over the committed places, from nothing else.

`python -m bench.build_roads` writes it beside them. Constants, their reasons and their errors: docs/decisions/0010.
"""

import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from geo.estimate import BOAT, EXPRESS, LOCAL, LOCAL_DETOUR, RAMP
from geo.matrix import EARTH_M, contraction_order, straight_m, unit_vectors
from geo.places import load_places, load_provinces
from optimizer.travel import Places

__all__ = ["build_roads"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

EXPRESS_DETOUR = 1.05
RAMP_M = 4_000
TOWN_FROM = 100_000
"""Population from which a town has its own expressway ramp."""
RURAL_PER_KM2, URBAN_PER_KM2 = 200.0, 4_000.0
BOAT_S = 3_600
BOAT_KMH = 25.0
WATER_M = 3_000
"""Water wider than this (as far as coarse polygons can tell) is crossed by boat unless a bridge is near."""
COASTAL = frozenset({"CN.02", "CN.04", "CN.07", "CN.10", "CN.19", "CN.23", "CN.25", "CN.28", "CN.30", "CN.31"})
"""Provinces with boats; elsewhere what lies outside the polygons is a foreign strip beside a border road."""
BRIDGE_REACH_M = 30_000
BRIDGES = np.array([
    (121.13, 30.45),  # Hangzhou Bay, 2008
    (120.73, 30.27),  # Jiaxing–Shaoxing, 2013
    (121.97, 30.07),  # Zhoushan, 2009, and Daishan, 2021
    (121.83, 31.45),  # Shanghai–Chongming, 2009, and Chongqi, 2011
    (120.28, 36.15),  # Jiaozhou Bay, 2011
    (113.65, 22.78),  # Humen and Nansha
    (113.75, 22.48),  # Shenzhen–Zhongshan, 2024
    (118.10, 24.52),  # Xiamen
    (119.62, 25.62),  # Pingtan, 2010
    (117.03, 23.45),  # Nan'ao, 2015
    (110.40, 21.15),  # Zhanjiang Bay, 2006, and Donghai island
])  # fmt: skip
"""Middle of the sea crossings by road, longitude and latitude."""


def build_roads() -> dict[str, NDArray[np.generic]]:
    """Return the proxy graph as arrays: nodes are the places, then one copy of each town on the expressway layer.

    places (longitude and latitude), density (urban, 0 to 1) and landmass (a number) per place; pairs of nodes, and
    metres, layer and boat_ms per pair; order, in which the hierarchy contracts the nodes.
    """
    table = load_places()
    places = table[["lon", "lat"]].to_numpy()
    coastal = table.province_id.isin(COASTAL).to_numpy()
    vectors = unit_vectors(places)
    conic = pyproj.Transformer.from_crs(4326, "+proj=lcc +lat_1=25 +lat_2=47 +lat_0=35 +lon_0=105", always_xy=True)
    flat = np.column_stack(conic.transform(places[:, 0], places[:, 1]))

    local = _gabriel(flat)
    local_m = straight_m(vectors[local[:, 0]], vectors[local[:, 1]])
    local_water = _water_m(places, coastal, local, local_m)
    towns = np.flatnonzero((table.population >= TOWN_FROM) & ~table.level.isin(["village"]))
    express = _gabriel(flat[towns])
    express_m = straight_m(vectors[towns[express[:, 0]]], vectors[towns[express[:, 1]]])
    dry = _water_m(places, coastal, towns[express], express_m) == 0.0
    express, express_m = express[dry], express_m[dry]

    copies = np.arange(len(towns)) + len(places)
    pairs = np.vstack([local, express + len(places), np.column_stack([towns, copies])])
    layer = np.repeat(np.array([LOCAL, EXPRESS, RAMP], dtype=np.int8), [len(local), len(express), len(towns)])
    layer[: len(local)][local_water > 0] = BOAT
    dry_m, water_m = local_m - local_water, local_water
    metres = np.concatenate([dry_m * LOCAL_DETOUR + water_m, express_m * EXPRESS_DETOUR, np.full(len(towns), RAMP_M)])
    boat_ms = np.zeros(len(pairs))
    boat_ms[: len(local)] = np.where(water_m > 0, BOAT_S * 1000 + water_m * 3600 / BOAT_KMH, 0.0)

    roads = local[local_water == 0]
    joined = coo_array((np.ones(len(roads)), (roads[:, 0], roads[:, 1])), shape=(len(places), len(places)))
    _, landmass = connected_components(joined, directed=False)
    tail, head = np.concatenate([pairs, pairs[:, ::-1]]).T
    return {
        "places": places,
        "density": _density(table, vectors),
        "landmass": landmass.astype(np.int32),
        "pairs": pairs.astype(np.int32),
        "metres": np.rint(metres).astype(np.int32),
        "layer": layer,
        "boat_ms": np.rint(boat_ms).astype(np.int32),
        "order": contraction_order(np.vstack([places, places[towns]]), tail, head),
    }


def _gabriel(points: _Floats) -> NDArray[np.int64]:
    """Pairs of points with no third one in the circle over them: a planar, connected graph (Gabriel & Sokal 1969)."""
    corners = Delaunay(points).simplices
    pairs = np.unique(np.sort(np.vstack([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]]), axis=1), axis=0)
    ends = points[pairs]
    nearest, _ = cKDTree(points).query(ends.mean(axis=1))
    radius = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1) / 2
    return np.asarray(pairs[nearest >= radius - 1e-6], dtype=np.int64)


def _water_m(places: Places, coastal: NDArray[np.bool_], pairs: _Ints, straight: _Floats) -> _Floats:
    """Straight metres of each pair that lie outside every province; 0 inland and beside a bridge."""
    # Closing fills the slivers between coarse province borders, and river mouths; 1 km more forgives coasts.
    land = shapely.union_all(load_provinces().geometry.to_numpy()).buffer(0.04, quad_segs=2).buffer(-0.03, quad_segs=2)
    shapely.prepare(land)
    lines = shapely.linestrings(places[pairs])
    wet = np.flatnonzero(~shapely.covers(land, lines))
    share = shapely.length(shapely.difference(lines[wet], land)) / shapely.length(lines[wet])
    water = np.zeros(len(pairs))
    water[wet] = straight[wet] * share
    middle = unit_vectors(places[pairs].mean(axis=1))
    from_bridge, _ = cKDTree(unit_vectors(BRIDGES)).query(middle)
    inland = ~coastal[pairs].any(axis=1)
    water[inland | (water < WATER_M) | (from_bridge * EARTH_M < BRIDGE_REACH_M)] = 0.0
    return water


def _density(places: pd.DataFrame, vectors: _Floats) -> _Floats:
    """Urban density of each place, 0 (rural) to 1: people of towns spread by a bell curve as wide as the town."""
    towns = places.population.to_numpy() >= 20_000
    people = places.population.to_numpy()[towns].astype(np.float64)
    width_km = 3.0 + np.sqrt(people / (np.pi * 6_000))
    near = cKDTree(vectors).sparse_distance_matrix(cKDTree(vectors[towns]), 60_000 / EARTH_M, output_type="coo_matrix")
    distance_km = near.data * EARTH_M / 1000
    width = width_km[near.col]
    per_km2 = people[near.col] / (np.pi * width**2) * np.exp(-((distance_km / width) ** 2))
    total = np.bincount(near.row, weights=per_km2, minlength=len(places))
    share = np.log(np.maximum(total, 1.0) / RURAL_PER_KM2) / np.log(URBAN_PER_KM2 / RURAL_PER_KM2)
    density: _Floats = np.round(np.clip(share, 0.0, 1.0), 6)
    return density
