"""Estimated travel times anywhere on Earth: over the proxy roads where they reach, as the crow flies elsewhere."""

import numpy as np
from numpy.typing import NDArray

from geo.estimate import SPEEDS, EstimateTravel
from geo.matrix import EARTH_M, straight_m, unit_vectors
from optimizer.model import TravelMode
from optimizer.travel import UNREACHABLE, Places, TravelMatrix

__all__ = ["AnywhereTravel"]

BOX = (73.0, 3.0, 135.1, 54.0)
"""West, south, east, north of the land that the proxy roads cover."""
DETOUR = 1.3
"""Road metres per metre as the crow flies, as for local roads in `geo.estimate`."""


class AnywhereTravel:
    """Estimated travel times between any two places; implements `TravelTimes`.

    Where the proxy roads know no way: great-circle metres times 1.3 at the mode's rural speed, plus its seconds per
    trip; seas are not looked at.
    """

    name = "estimate: proxy roads in China, elsewhere 1.3 times the great circle at the speed of country roads"
    is_estimate = True
    same_back = True

    def matrix(self, origins: Places, destinations: Places, mode: TravelMode) -> TravelMatrix:
        """Return estimated seconds and metres from each origin to each destination; every pair has a way."""
        speeds = SPEEDS[mode]
        chord = straight_m(unit_vectors(origins)[:, None], unit_vectors(destinations))
        arc = np.round(2 * EARTH_M * np.arcsin(np.minimum(chord / (2 * EARTH_M), 1.0)), 3)
        metres = np.rint(arc * DETOUR).astype(np.int32)
        seconds = np.ceil(arc * DETOUR * 3.6 / speeds.rural_kmh).astype(np.int32) + speeds.trip_s
        same = (origins[:, None] == destinations).all(axis=-1)
        seconds[same] = metres[same] = 0
        rows, columns = np.flatnonzero(_covered(origins)), np.flatnonzero(_covered(destinations))
        if len(rows) and len(columns):
            known = EstimateTravel().matrix(origins[rows], destinations[columns], mode)
            way = known.seconds < UNREACHABLE
            cells = np.ix_(rows, columns)
            seconds[cells] = np.where(way, known.seconds, seconds[cells])
            metres[cells] = np.where(way, known.metres, metres[cells])
        return TravelMatrix(seconds=seconds, metres=metres)


def _covered(places: Places) -> NDArray[np.bool_]:
    west, south, east, north = BOX
    lon, lat = places[:, 0], places[:, 1]
    return (west <= lon) & (lon <= east) & (south <= lat) & (lat <= north)
