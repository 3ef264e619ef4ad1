"""Travel times for China without a road file: a proxy road graph over the committed places.

Neighbouring places (Gabriel graph) are joined by local roads, neighbouring towns by expressways with ramps, water
by boats or by the bridges that exist. Constants, their reasons and their errors: docs/decisions/0010.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from geo.matrix import CLOSED_MS, EARTH_M, NO_WAY, RoadGraph, straight_m, unit_vectors
from geo.places import load_places, load_provinces
from optimizer.model import TravelMode
from optimizer.travel import UNREACHABLE, Places, TravelMatrix

__all__ = ["SPEEDS", "EstimateTravel", "Speeds", "direct_way"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """How fast a travel mode is.

    rural_kmh, urban_kmh: on local roads, lights and traffic included; by density in between. express_kmh: on
    expressways, None when not allowed there. trip_s: once per trip (parking, waiting for the bus, finding the door).
    """

    rural_kmh: float
    urban_kmh: float
    express_kmh: float | None
    trip_s: int


SPEEDS = {
    TravelMode.CAR: Speeds(rural_kmh=45.0, urban_kmh=25.0, express_kmh=92.0, trip_s=240),
    TravelMode.MOTORBIKE: Speeds(rural_kmh=38.0, urban_kmh=25.0, express_kmh=None, trip_s=120),
    TravelMode.EBIKE: Speeds(rural_kmh=22.0, urban_kmh=18.0, express_kmh=None, trip_s=90),
    TravelMode.TRANSIT: Speeds(rural_kmh=26.0, urban_kmh=18.0, express_kmh=None, trip_s=900),
    TravelMode.WALK: Speeds(rural_kmh=4.8, urban_kmh=4.8, express_kmh=None, trip_s=60),
}

LOCAL_DETOUR = 1.30
EXPRESS_DETOUR = 1.05
RAMP_S = 300
RAMP_M = 4_000
TOWN_FROM = 100_000
"""Population from which a town has its own expressway ramp."""
DIRECT_M = 15_000
"""Up to here a direct local road is taken for granted; beyond it the direct way grows slower …"""
DIRECT_FADE_M = 30_000
"""… by its own time once more for every so many straight metres, so that no pair meets a step."""
DIRECT_LIMIT_M = 200_000
"""Beyond this the direct way, seven times slower by then, is never the quicker one and is not looked at."""
DOORS = 3
"""A place joins the graph through this many nearest nodes: with one, times jump where the nearest one changes …"""
DOOR_RATIO = 3.0
"""… of those not farther than this many times the nearest: close to a place the others gain next to nothing."""
SNAP_LIMIT_M = 100_000
"""Farther from every known place than this there is no known way."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _ProxyRoads:
    """The proxy graph in arrays: nodes are the places, then one copy of each town on the expressway layer."""

    graph: RoadGraph
    tree: cKDTree
    density: _Floats
    landmass: NDArray[np.int32]
    tail: _Ints
    head: _Ints
    metres: _Ints
    layer: NDArray[np.int8]
    boat_ms: _Ints


_LOCAL, _EXPRESS, _RAMP, _BOAT = 0, 1, 2, 3


class EstimateTravel:
    """Estimated travel times over China's mainland, Hainan, Hong Kong and Macao; implements `TravelTimes`."""

    name = "estimate: proxy road graph over GeoNames places, calibration 1"
    is_estimate = True
    same_back = True

    def matrix(self, origins: Places, destinations: Places, mode: TravelMode) -> TravelMatrix:
        """Return estimated seconds and metres from each origin to each destination.

        The quicker of two ways: to one of the nearest places, along the proxy roads and on from one of the nearest
        places; or the direct local road (see `direct_way`), when no boat lies between; by transit also on foot.
        All with the mode's seconds per trip. Seconds are rounded up; metres along the proxy roads are bracketed
        as in `RoadGraph.ways`.
        """
        if len(origins) > len(destinations):
            # Every way is as long back as there, and each origin is a sweep over the graph.
            turned = self.matrix(destinations, origins, mode)
            return TravelMatrix(seconds=turned.seconds.T.copy(), metres=turned.metres.T.copy())
        roads, speeds = _roads(), SPEEDS[mode]
        _customise(roads, mode)
        start = _Access(roads, origins, speeds)
        end = start if destinations is origins else _Access(roads, destinations, speeds)
        quickest = _by_graph(roads, mode, start, end)

        straight = straight_m(start.vectors[:, None], end.vectors)
        joined = (start.landmass[:, None] == end.landmass) & (straight <= DIRECT_LIMIT_M)
        density = start.density[:, None], end.density
        quickest = np.minimum(quickest, np.where(joined, _packed(*direct_way(straight, *density, speeds)), _NEVER))
        if mode is TravelMode.TRANSIT:
            walk = SPEEDS[TravelMode.WALK]
            walk_ms, walk_m = direct_way(straight, *density, walk)
            walk_ms = np.maximum(walk_ms + (walk.trip_s - speeds.trip_s) * 1000, (1 - speeds.trip_s) * 1000)
            quickest = np.minimum(quickest, np.where(joined, _packed(walk_ms, walk_m), _NEVER))

        seconds = -(-(quickest >> _METRE_BITS) // 1000) + speeds.trip_s
        metres = quickest & ((1 << _METRE_BITS) - 1)
        unknown = ~(start.near[:, None] & end.near) | (quickest >= _NEVER)
        same = (origins[:, None] == destinations).all(axis=-1)
        for array in (seconds, metres):
            array[unknown] = UNREACHABLE
            array[same] = 0
        return TravelMatrix(seconds=seconds.astype(np.int32), metres=metres.astype(np.int32))


_METRE_BITS = 26
_NEVER = 1 << 61


def _packed(milliseconds: _Ints, metres: _Ints) -> _Ints:
    """Milliseconds and metres in one integer: sums add both, the smaller is the quicker, then the shorter."""
    return (milliseconds << _METRE_BITS) + metres


class _Access:
    """Where places join the proxy roads: the nearest nodes of their landmass, and the local ways there."""

    def __init__(self, roads: _ProxyRoads, places: Places, speeds: Speeds) -> None:
        self.vectors = unit_vectors(places)
        found = roads.tree.query(self.vectors, k=DOORS)
        distance: _Floats = np.round(np.asarray(found[0]) * EARTH_M, 3)
        node: _Ints = np.asarray(found[1], dtype=np.int64)
        self.near = distance[:, 0] <= SNAP_LIMIT_M
        self.density = roads.density[node[:, 0]]
        self.landmass = roads.landmass[node[:, 0]]
        useful = (distance <= DOOR_RATIO * distance[:, :1]) & (roads.landmass[node] == self.landmass[:, None])
        node, distance = np.where(useful, node, node[:, :1]), np.where(useful, distance, distance[:, :1])
        self.legs = _packed(*direct_way(distance, self.density[:, None], roads.density[node], speeds))
        self.nodes, doors = np.unique(node, return_inverse=True)
        self.doors = doors.reshape(node.shape)


def _by_graph(roads: _ProxyRoads, mode: TravelMode, start: _Access, end: _Access) -> _Ints:
    """Packed quickest ways over the graph, through any of the doors of either end."""
    way_ms, way_m = roads.graph.ways(mode, start.nodes, end.nodes)
    ways = np.where(way_ms == NO_WAY, _NEVER, _packed(way_ms, way_m))
    to_nodes = np.full((len(start.doors), len(end.nodes)), _NEVER)
    for door, leg in zip(start.doors.T, start.legs.T, strict=True):
        np.minimum(to_nodes, ways[door] + leg[:, None], out=to_nodes)
    quickest = np.full((len(start.doors), len(end.doors)), _NEVER)
    for door, leg in zip(end.doors.T, end.legs.T, strict=True):
        np.minimum(quickest, to_nodes[:, door] + leg, out=quickest)
    return quickest


def _pace(density: _Floats, speeds: Speeds) -> _Floats:
    """Milliseconds per metre of local road at an urban density of 0 to 1."""
    return 3600.0 / speeds.rural_kmh + density * (3600.0 / speeds.urban_kmh - 3600.0 / speeds.rural_kmh)


def direct_way(straight: _Floats, density: _Floats, other: _Floats, speeds: Speeds) -> tuple[_Ints, _Ints]:
    """Return milliseconds and metres of the direct local road over straight metres between two urban densities."""
    length = straight * LOCAL_DETOUR
    pace = (_pace(density, speeds) + _pace(other, speeds)) / 2
    fade = 1.0 + np.maximum(straight - DIRECT_M, 0.0) / DIRECT_FADE_M
    return np.rint(length * pace * fade).astype(np.int64), np.rint(length).astype(np.int64)


def _customise(roads: _ProxyRoads, mode: TravelMode) -> None:
    """Weigh the graph for a mode on its first use."""
    if roads.graph.knows(mode):
        return
    speeds = SPEEDS[mode]
    places = len(roads.density)
    pace = _pace(roads.density, speeds)
    # Expressway copies stand after the places; their ends never need a local pace.
    ends = np.minimum(roads.tail, places - 1), np.minimum(roads.head, places - 1)
    milliseconds = np.rint(roads.metres * (pace[ends[0]] + pace[ends[1]]) / 2).astype(np.int64)
    milliseconds += roads.boat_ms
    if speeds.express_kmh is None:
        milliseconds[(roads.layer == _EXPRESS) | (roads.layer == _RAMP)] = CLOSED_MS
    else:
        express = roads.layer == _EXPRESS
        milliseconds[express] = np.rint(roads.metres[express] * (3600.0 / speeds.express_kmh)).astype(np.int64)
        milliseconds[roads.layer == _RAMP] = RAMP_S * 1000
    roads.graph.weigh(mode, milliseconds, roads.metres)


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


@cache
def _roads() -> _ProxyRoads:
    """Build the proxy graph, once per process."""
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
    layer = np.repeat(np.array([_LOCAL, _EXPRESS, _RAMP], dtype=np.int8), [len(local), len(express), len(towns)])
    layer[: len(local)][local_water > 0] = _BOAT
    dry_m, water_m = local_m - local_water, local_water
    metres = np.concatenate([dry_m * LOCAL_DETOUR + water_m, express_m * EXPRESS_DETOUR, np.full(len(towns), RAMP_M)])
    boat_ms = np.zeros(len(pairs))
    boat_ms[: len(local)] = np.where(water_m > 0, BOAT_S * 1000 + water_m * 3600 / BOAT_KMH, 0.0)

    roads = local[local_water == 0]
    joined = coo_array((np.ones(len(roads)), (roads[:, 0], roads[:, 1])), shape=(len(places), len(places)))
    _, landmass = connected_components(joined, directed=False)
    tail, head = np.concatenate([pairs, pairs[:, ::-1]]).T
    return _ProxyRoads(
        graph=RoadGraph(np.vstack([places, places[towns]]), tail, head),
        tree=cKDTree(vectors),
        density=_density(table, vectors),
        landmass=landmass,
        tail=tail,
        head=head,
        metres=np.tile(np.rint(metres).astype(np.int64), 2),
        layer=np.tile(layer, 2),
        boat_ms=np.tile(np.rint(boat_ms).astype(np.int64), 2),
    )
