"""Travel times as the optimiser sees them: a matrix and a protocol of one method."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optimizer.model import TravelMode

__all__ = ["EARTH_M", "UNREACHABLE", "Places", "TravelMatrix", "TravelTimes", "there_and_back", "unit_vectors"]

EARTH_M = 6_371_009.0
"""Mean radius of the Earth, metres."""
UNREACHABLE = 1 << 28
"""Seconds (and metres) that stand for "no known way"; sums of a few still fit 32 bits."""

Places = NDArray[np.float64]
"""Longitude and latitude in WGS84 degrees, shape (n, 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelMatrix:
    """Travel between two lists of places, read-only.

    seconds, metres: int32 arrays of shape (origins, destinations); `UNREACHABLE` where no way is known.
    """

    seconds: NDArray[np.int32]
    metres: NDArray[np.int32]

    def __post_init__(self) -> None:
        self.seconds.flags.writeable = False
        self.metres.flags.writeable = False


class TravelTimes(Protocol):
    """Whoever knows how long a way takes; must be picklable, so that workers can ask it too.

    One whose ways are all as long back as there may say so by an attribute `same_back`: it is then asked once.
    """

    @property
    def name(self) -> str:
        """Provider and version, for the plan's footnote."""
        ...

    @property
    def is_estimate(self) -> bool:
        """True when no road file or map service stands behind the figures."""
        ...

    def matrix(self, origins: Places, destinations: Places, mode: TravelMode) -> TravelMatrix:
        """Return seconds and metres from each origin to each destination by this travel mode.

        A place is 0 s and 0 m from itself (equal coordinates). The answer for a pair must not depend on
        which other places are asked for in the same call: the checker asks again in other groups.
        """
        ...


def there_and_back(
    travel: TravelTimes, origins: Places, destinations: Places, mode: TravelMode
) -> tuple[TravelMatrix, TravelMatrix]:
    """Return the ways from each origin to each destination, and those from each destination to each origin."""
    there = travel.matrix(origins, destinations, mode)
    if getattr(travel, "same_back", False):
        return there, TravelMatrix(seconds=there.seconds.T, metres=there.metres.T)
    return there, travel.matrix(destinations, origins, mode)


def unit_vectors(places: Places) -> NDArray[np.float64]:
    """Return places as points of the unit sphere, shape (n, 3): the larger their product, the nearer they are."""
    longitude, latitude = np.radians(places).T
    across = np.cos(latitude)
    vectors: NDArray[np.float64] = np.stack(
        [across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)], axis=1
    )
    return vectors
