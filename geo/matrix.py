"""Shortest ways in a road graph, many to many: a customisable contraction hierarchy with one metric per travel mode."""

from collections.abc import Hashable

import numpy as np
import routingkit_cch
from numpy.typing import NDArray

from optimizer.travel import Places

__all__ = ["CLOSED_MS", "EARTH_M", "NO_WAY", "RoadGraph", "contraction_order", "straight_m", "unit_vectors"]

CLOSED_MS = (1 << 31) - 1
"""The hierarchy's infinity: the weight of an arc that a mode may not use. Ways from 596 h on count as none."""
NO_WAY = -1
EARTH_M = 6_371_008.8

_Ints = NDArray[np.int64]


def unit_vectors(places: Places) -> NDArray[np.float64]:
    """Return shape (n, 3) unit vectors of longitude and latitude in degrees, rounded to a tenth of a millimetre.

    Rounded, so that the last bit of a vectorised sine, which may differ with the place in the array, never shows.
    """
    lon, lat = np.radians(places[:, 0]), np.radians(places[:, 1])
    vectors = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    return np.round(vectors, 11)


def straight_m(origins: NDArray[np.float64], destinations: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return straight-line metres between unit vectors that broadcast against each other (..., 3).

    The chord, which is 0.001 % short of the arc at 100 km, from additions, products and a root only: these are
    exactly rounded, so a pair's answer does not depend on its neighbours in the array.
    """
    x = origins[..., 0] - destinations[..., 0]
    y = origins[..., 1] - destinations[..., 1]
    z = origins[..., 2] - destinations[..., 2]
    distance: NDArray[np.float64] = np.sqrt(x * x + y * y + z * z) * EARTH_M
    return distance


def contraction_order(places: Places, tail: _Ints, head: _Ints) -> NDArray[np.int32]:
    """Return the nodes in the order in which a hierarchy over arcs contracts them best; places of the nodes help.

    It takes most of the time that preparing a graph takes, and depends on no weight.
    """
    latitude, longitude = places[:, 1].tolist(), places[:, 0].tolist()
    order = routingkit_cch.compute_order_inertial(len(places), tail.tolist(), head.tolist(), latitude, longitude)
    return np.array(order, dtype=np.int32)


class RoadGraph:
    """A directed road graph prepared once and weighted lazily per travel mode.

    Parameters
    ----------
    order : all nodes, as `contraction_order` returns them
    tail, head : node numbers of each arc
    """

    def __init__(self, order: NDArray[np.int32], tail: _Ints, head: _Ints) -> None:
        self._hierarchy = routingkit_cch.CCH(order.tolist(), tail.tolist(), head.tolist(), filter_always_inf_arcs=False)
        self._metrics: dict[Hashable, tuple[routingkit_cch.CCHMetric, routingkit_cch.CCHMetric]] = {}

    def knows(self, key: Hashable) -> bool:
        """Return whether weights were given under this key."""
        return key in self._metrics

    def weigh(self, key: Hashable, milliseconds: _Ints, metres: _Ints) -> None:
        """Give every arc its time and length under a key; CLOSED_MS milliseconds close an arc."""
        both = np.where(milliseconds >= CLOSED_MS, CLOSED_MS, milliseconds + metres)
        time = routingkit_cch.CCHMetric(self._hierarchy, milliseconds.tolist())
        self._metrics[key] = (time, routingkit_cch.CCHMetric(self._hierarchy, both.tolist()))

    def ways(self, key: Hashable, origins: _Ints, destinations: _Ints) -> tuple[_Ints, _Ints]:
        """Return milliseconds and metres of the fastest ways, shape (origins, destinations); NO_WAY where none.

        With T(w) the milliseconds and L(w) the metres of a way w, and M the shortest under a metric, metres are
        M(T + L) − M(T). Let p be the fastest way and q the best under T + L (a millisecond more per metre): then
        L(q) ≤ M(T + L) − M(T) ≤ L(p), so the figure is bracketed by the lengths of the two, which differ only
        where a way hardly slower is shorter, and it never exceeds the length of the fastest way.
        """
        time, both = self._metrics[key]
        nodes_from, row = np.unique(origins, return_inverse=True)
        nodes_to, column = np.unique(destinations, return_inverse=True)
        milliseconds = _sweep(time, nodes_from, nodes_to)
        combined = _sweep(both, nodes_from, nodes_to)
        none = (milliseconds == NO_WAY) | (combined == NO_WAY)
        metres = np.where(none, NO_WAY, combined - milliseconds)
        milliseconds = np.where(none, NO_WAY, milliseconds)
        cells = np.ix_(row, column)
        return milliseconds[cells], metres[cells]


def _sweep(metric: routingkit_cch.CCHMetric, origins: _Ints, destinations: _Ints) -> _Ints:
    """Distances by one pinned target set; the hierarchy says None where there is no way."""
    if len(origins) == 0 or len(destinations) == 0:
        return np.zeros((len(origins), len(destinations)), dtype=np.int64)
    pinned = routingkit_cch.CCHOneToMany(metric, destinations.tolist())
    rows = [pinned.distances_from(node) for node in origins.tolist()]
    # Only the thread that made it may drop it; a profiler's (Dask has one) may hold this frame longer than we do.
    del pinned
    try:
        return np.array(rows, dtype=np.int64).reshape(len(origins), len(destinations))
    except TypeError:
        return np.nan_to_num(np.array(rows, dtype=np.float64), nan=NO_WAY).astype(np.int64)
