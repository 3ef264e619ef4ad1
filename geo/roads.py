"""Travel times from an OpenStreetMap extract: real roads by class, maximum speed and direction."""

import hashlib
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from geo.estimate import SPEEDS
from geo.matrix import CLOSED_MS, EARTH_M, NO_WAY, RoadGraph, contraction_order, straight_m, unit_vectors
from optimizer.model import TravelMode
from optimizer.travel import UNREACHABLE, Places, TravelMatrix

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SNAP_LIMIT_M", "RoadTravel"]

_Floats = NDArray[np.float64]
_Ints = NDArray[np.int64]

SNAP_LIMIT_M = 5_000
"""Farther than this from every road there is no known way."""
ACCESS_DETOUR = 1.3
FREE_SHARE = 0.75
"""Average speed as a share of the allowed one: lights, traffic and bends."""

LEGAL_KMH: Mapping[str, float] = {
    "motorway": 110, "motorway_link": 50, "trunk": 80, "trunk_link": 45, "primary": 60, "primary_link": 40,
    "secondary": 50, "secondary_link": 35, "tertiary": 45, "tertiary_link": 30, "unclassified": 40,
    "residential": 30, "living_street": 15, "service": 15, "track": 15,
}  # fmt: skip
"""Allowed speed by highway class where no maxspeed is tagged; other classes as a service road."""
ROAD_KMH = 15.0
MOTORWAYS = ("motorway", "motorway_link")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Profile:
    """How a mode uses its network: share of the allowed speed, own limit, and which rules bind it."""

    network: str
    share: float = FREE_SHARE
    limit_kmh: float
    access_kmh: float
    motorways: bool = False
    one_way: bool = True


PROFILES = {
    TravelMode.CAR: _Profile(network="driving", limit_kmh=110, access_kmh=15, motorways=True),
    TravelMode.MOTORBIKE: _Profile(network="driving", limit_kmh=60, access_kmh=15),
    TravelMode.TRANSIT: _Profile(network="driving", share=0.5, limit_kmh=40, access_kmh=4.8),
    TravelMode.EBIKE: _Profile(network="cycling", share=1.0, limit_kmh=18, access_kmh=10),
    TravelMode.WALK: _Profile(network="walking", share=1.0, limit_kmh=4.8, access_kmh=4.8, one_way=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Network:
    """One kind of network of a file: arcs both ways, and which directions are allowed."""

    graph: RoadGraph
    places: Places
    tail: _Ints
    head: _Ints
    metres: _Floats
    legal_kmh: _Floats
    motorway: NDArray[np.bool_]
    against: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usable:
    """The largest part of a network in which a mode gets from everywhere to everywhere."""

    nodes: _Ints
    tree: cKDTree


class RoadTravel:
    """Travel times over the roads of an OSM extract (.osm.pbf); implements `TravelTimes`.

    The file is read once per process and network, on first use; pickles carry the path only.
    Raises FileNotFoundError when there is no such file, ImportError when pyrosm is not installed.
    """

    is_estimate = False

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            message = f"{path}: no such file; an OpenStreetMap extract (.osm.pbf) is needed"
            raise FileNotFoundError(message)
        _pyrosm()
        self._path = path.resolve()

    def __reduce__(self) -> tuple[type["RoadTravel"], tuple[Path]]:
        return RoadTravel, (self._path,)

    @property
    def name(self) -> str:
        """File name and the beginning of its SHA-256, which names the extract's version."""
        return f"OpenStreetMap {self._path.name} sha256 {_digest(self._path)[:12]}"

    def matrix(self, origins: Places, destinations: Places, mode: TravelMode) -> TravelMatrix:
        """Return seconds and metres from each origin to each destination over this file's roads.

        Places join the network at the nearest usable node by an access leg. Two places nearer to each other than
        to their roads go straight. Metres are bracketed as in `RoadGraph.ways`.
        """
        network, usable = _network(self._path, PROFILES[mode].network), _usable(self._path, mode)
        start, end = unit_vectors(origins), unit_vectors(destinations)
        start_m, start_node = _snap(usable, start)
        end_m, end_node = _snap(usable, end)
        way_ms, way_m = network.graph.ways(mode, start_node, end_node)

        access = start_m[:, None] + end_m
        straight = straight_m(start[:, None], end)
        pace = ACCESS_DETOUR * 3600 / PROFILES[mode].access_kmh
        beside = straight <= access
        milliseconds = np.where(beside, np.rint(straight * pace), way_ms + np.rint(access * pace))
        metres = np.where(beside, np.rint(straight * ACCESS_DETOUR), way_m + np.rint(access * ACCESS_DETOUR))
        seconds = np.ceil(milliseconds / 1000) + SPEEDS[mode].trip_s

        far = (start_m > SNAP_LIMIT_M)[:, None] | (end_m > SNAP_LIMIT_M)
        unknown = far | ((way_ms == NO_WAY) & ~beside)
        same = (origins[:, None] == destinations).all(axis=-1)
        for array in (seconds, metres):
            array[unknown] = UNREACHABLE
            array[same] = 0
        return TravelMatrix(seconds=seconds.astype(np.int32), metres=metres.astype(np.int32))


def _pyrosm() -> Any:
    """The reader of extracts, an optional extra."""
    try:
        import pyrosm
    except ImportError as error:
        message = 'reading an OpenStreetMap extract needs pyrosm: pip install "paigong[osm]"'
        raise ImportError(message) from error
    return pyrosm


@cache
def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _snap(usable: _Usable, vectors: _Floats) -> tuple[_Floats, _Ints]:
    """Straight metres to the nearest usable node, and the node."""
    chord, nearest = usable.tree.query(vectors)
    return np.round(chord * EARTH_M, 3), usable.nodes[nearest]


@cache
def _network(path: Path, kind: str) -> _Network:
    """Read one kind of network and prepare its hierarchy; every segment is an arc each way."""
    with warnings.catch_warnings():
        # The reader warns of its own dependencies' future and of its multithreading; neither changes the answer.
        warnings.simplefilter("ignore")
        found = _pyrosm().OSM(str(path)).get_network(network_type=kind, nodes=True)
    if found is None or found[1] is None or len(found[1]) == 0:
        message = f"{path}: no roads for {kind}"
        raise ValueError(message)
    nodes, edges = found
    ids, ends = np.unique(edges[["u", "v"]].to_numpy(dtype=np.int64), return_inverse=True)
    ends = ends.reshape(-1, 2)
    places = nodes.drop_duplicates("id").set_index("id").loc[ids, ["lon", "lat"]].to_numpy(dtype=np.float64)
    forbidden = _one_way(edges)
    highway = edges["highway"].fillna("").astype(str)
    legal = _legal_kmh(highway, edges.get("maxspeed"))
    tail, head = np.concatenate([ends[:, 0], ends[:, 1]]), np.concatenate([ends[:, 1], ends[:, 0]])
    return _Network(
        graph=RoadGraph(contraction_order(places, tail, head), tail, head),
        places=places,
        tail=tail,
        head=head,
        metres=np.tile(edges["length"].to_numpy(dtype=np.float64), 2),
        legal_kmh=np.tile(legal, 2),
        motorway=np.tile(highway.isin(MOTORWAYS).to_numpy(), 2),
        against=np.concatenate(forbidden),
    )


def _one_way(edges: "pd.DataFrame") -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each segment is forbidden along, and against, its drawn direction."""
    absent = np.zeros(len(edges), dtype=bool)
    tag = edges["oneway"].fillna("").astype(str) if "oneway" in edges else edges["highway"].map(lambda _: "")
    reverse = tag.isin(["-1", "reverse"]).to_numpy()
    implied = edges["highway"].eq("motorway").to_numpy()
    if "junction" in edges:
        implied = implied | edges["junction"].isin(["roundabout", "circular"]).to_numpy()
    forward = tag.isin(["yes", "true", "1"]).to_numpy() | (implied & tag.eq("").to_numpy())
    return absent | reverse, absent | forward


def _legal_kmh(highway: "pd.Series", maxspeed: "pd.Series | None") -> _Floats:
    """Tagged maximum speed, or the usual one of the highway class."""
    usual = np.asarray(highway.map(LEGAL_KMH).fillna(ROAD_KMH), dtype=np.float64)
    if maxspeed is None:
        return usual
    tagged = np.array([_kmh(value) for value in maxspeed], dtype=np.float64)
    unknown = np.isnan(tagged)
    tagged[unknown] = usual[unknown]
    return tagged


def _kmh(tag: object) -> float:
    """Number of a maxspeed tag in km/h; NaN for words such as "none" and "CN:urban"."""
    match = re.match(r"\s*(\d+(?:\.\d+)?)\s*(mph)?", tag) if isinstance(tag, str) else None
    if match is None or float(match[1]) < 5:
        return float("nan")
    return float(match[1]) * (1.609344 if match[2] else 1.0)


@cache
def _usable(path: Path, mode: TravelMode) -> _Usable:
    """Weigh the network for a mode and keep its largest strongly connected part for snapping."""
    network, profile = _network(path, PROFILES[mode].network), PROFILES[mode]
    closed = network.against & profile.one_way
    if not profile.motorways:
        closed = closed | network.motorway
    kmh = np.minimum(network.legal_kmh * profile.share, profile.limit_kmh)
    if profile.share == 1.0:
        kmh = np.full(len(kmh), profile.limit_kmh)
    milliseconds = np.where(closed, CLOSED_MS, np.rint(network.metres * 3600 / kmh)).astype(np.int64)
    network.graph.weigh(mode, milliseconds, np.rint(network.metres).astype(np.int64))
    tail, head = network.tail[~closed], network.head[~closed]
    count = len(network.places)
    arcs = coo_array((np.ones(len(tail)), (tail, head)), shape=(count, count))
    _, part = connected_components(arcs, connection="strong")
    nodes = np.flatnonzero(part == np.bincount(part).argmax())
    return _Usable(nodes=nodes, tree=cKDTree(unit_vectors(network.places[nodes])))
