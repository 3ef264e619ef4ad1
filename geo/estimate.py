"""Travel times for China without a road file: a proxy road graph over the committed places.

Neighbouring places (Gabriel graph) are joined by local roads, neighbouring towns by expressways with ramps, water
by boats or by the bridges that exist (geo/proxy_roads.py builds it). Constants, their reasons and their errors:
docs/decisions/0010.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geo.matrix import CLOSED_MS, EARTH_M, NO_WAY, RoadGraph, straight_m, unit_vectors
from optimizer.model import TravelMode
from optimizer.travel import UNREACHABLE, Places, TravelMatrix

__all__ = [
    "BOAT",
    "EXPRESS",
    "LOCAL",
    "LOCAL_DETOUR",
    "RAMP",
    "ROADS_PATH",
    "SPEEDS",
    "EstimateTravel",
    "Speeds",
    "direct_way",
]

# The floor above owns the folder; it is read as data, not imported.
ROADS_PATH = Path(__file__).resolve().parent.parent / "datasets" / "data" / "roads.npz"
"""The proxy graph, built once: a process reads it in a hundredth of the time that building takes."""

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
RAMP_S = 300
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
LOCAL, EXPRESS, RAMP, BOAT = 0, 1, 2, 3
"""What a pair of nodes is joined by."""


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
        if destinations is origins:
            return _quickest(origins, origins, mode)
        if len(origins) > len(destinations):
            # Every way is as long back as there, and each origin is a sweep over the graph.
            turned = _last_asked(destinations.tobytes(), origins.tobytes(), mode)
            return TravelMatrix(seconds=turned.seconds.T.copy(), metres=turned.metres.T.copy())
        return _last_asked(origins.tobytes(), destinations.tobytes(), mode)


@lru_cache(maxsize=1)
def _last_asked(origins: bytes, destinations: bytes, mode: TravelMode) -> TravelMatrix:
    """Return the quickest ways there; who asked for these asks for the ways back next."""
    start, end = (np.frombuffer(places, np.float64).reshape(-1, 2) for places in (origins, destinations))
    return _quickest(start, end, mode)


def _quickest(origins: Places, destinations: Places, mode: TravelMode) -> TravelMatrix:
    """Return seconds and metres of the quicker way between each two places."""
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
        milliseconds[(roads.layer == EXPRESS) | (roads.layer == RAMP)] = CLOSED_MS
    else:
        express = roads.layer == EXPRESS
        milliseconds[express] = np.rint(roads.metres[express] * (3600.0 / speeds.express_kmh)).astype(np.int64)
        milliseconds[roads.layer == RAMP] = RAMP_S * 1000
    roads.graph.weigh(mode, milliseconds, roads.metres)


@cache
def _roads() -> _ProxyRoads:
    """Read the proxy graph, once per process."""
    with np.load(ROADS_PATH) as stored:
        tables = {name: stored[name] for name in stored.files}
    pairs = tables["pairs"].astype(np.int64)
    tail, head = np.concatenate([pairs, pairs[:, ::-1]]).T
    return _ProxyRoads(
        graph=RoadGraph(tables["order"], tail, head),
        tree=cKDTree(unit_vectors(tables["places"])),
        density=tables["density"],
        landmass=tables["landmass"],
        tail=tail,
        head=head,
        metres=np.tile(tables["metres"].astype(np.int64), 2),
        layer=np.tile(tables["layer"], 2),
        boat_ms=np.tile(tables["boat_ms"].astype(np.int64), 2),
    )
