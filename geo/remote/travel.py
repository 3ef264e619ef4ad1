"""Travel times from the cache of a matrix service, the estimate elsewhere; implements `TravelTimes`."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.estimate import SPEEDS, EstimateTravel
from geo.remote.cache import CacheState, WayCache, place_keys
from geo.remote.service import Answer
from optimizer.model import TravelMode
from optimizer.travel import Places, TravelMatrix

__all__ = ["CachedTravel"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedTravel:
    """What a service answered until a moment; asks nobody, so that all workers and the checker see the same.

    The file must be where it was made, on every machine that plans with it. is_estimate: no answer was there at all.
    """

    cache: WayCache
    state: CacheState
    service: str
    title: str
    profiles: Mapping[TravelMode, str]
    is_estimate: bool

    @property
    def name(self) -> str:
        """Service, how far the cache went, and what stands in."""
        return f"{self.title}, cache up to row {self.state.number}; where it has no answer, {EstimateTravel.name}"

    def matrix(self, origins: Places, destinations: Places, mode: TravelMode) -> TravelMatrix:
        """Return the service's seconds, with the mode's seconds per trip as in the estimate, and metres."""
        estimated = EstimateTravel().matrix(origins, destinations, mode)
        if mode not in self.profiles:
            return estimated
        found, known = self._found(origins, destinations, mode)
        return TravelMatrix(
            seconds=np.where(known, found.seconds + SPEEDS[mode].trip_s, estimated.seconds).astype(np.int32),
            metres=np.where(known, found.metres, estimated.metres).astype(np.int32),
        )

    def answered(self, origins: Places, destinations: Places, mode: TravelMode) -> NDArray[np.bool_]:
        """Return for which ways the service's answer stands, shape (origins, destinations)."""
        if mode not in self.profiles:
            return np.zeros((len(origins), len(destinations)), dtype=bool)
        return self._found(origins, destinations, mode)[1]

    def _found(self, origins: Places, destinations: Places, mode: TravelMode) -> tuple[Answer, NDArray[np.bool_]]:
        start, end = place_keys(origins), place_keys(destinations)
        found = self.cache.known(self.service, self.profiles[mode], start, end, self.state)
        # Neighbours within a metre are one place to the service, though not to the plan.
        return found, (found.seconds >= 0) & (start[:, None] != end)
