"""Valhalla's matrix service (`/sources_to_targets`).

Sources: Valhalla's matrix API reference, and the server itself, version 3.9.1, with its default configuration: 2,500
pairs in a request (`max_matrix_location_pairs`; beyond it error 150), up to 400 km for cars (`max_matrix_distance`;
beyond it error 154 for the whole request), 200 km for others; 170 and 171 for places without roads in common or near.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import httpx
import numpy as np

from geo.crs import Datum
from geo.matrix import NO_WAY
from geo.remote.osrm import NO_KEY, ceiled
from geo.remote.service import Answer, Busy, Halted, Limits, Reason, Unanswered
from geo.roads import SNAP_LIMIT_M
from optimizer.model import TravelMode
from optimizer.travel import Places

__all__ = ["ValhallaMatrix"]

WITHOUT_A_WAY = frozenset({154, 170, 171, 442})
USUAL = Limits(origins=50, destinations=50, units_per_second=50.0, neighbours=1_000)
PROFILES: Mapping[TravelMode, str] = MappingProxyType(
    {TravelMode.CAR: "auto", TravelMode.MOTORBIKE: "motorcycle", TravelMode.WALK: "pedestrian"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ValhallaMatrix:
    """`/sources_to_targets` of a Valhalla server at an address such as http://127.0.0.1:8002."""

    address: str
    limits: Limits = USUAL
    datum: Datum = Datum.WGS84
    profiles: Mapping[TravelMode, str] = field(default_factory=lambda: PROFILES)
    key: Mapping[str, str] = field(default_factory=lambda: NO_KEY)

    @property
    def id(self) -> str:
        """Server and address: two servers may have different roads."""
        return f"valhalla {self.address}"

    @property
    def title(self) -> str:
        """Name and address."""
        return f"Valhalla matrix at {self.address}"

    def units(self, origins: int, destinations: int) -> int:
        """Return one: requests are counted."""
        return 1

    def request(self, origins: Places, destinations: Places, profile: str) -> httpx.Request:
        """Return the matrix request in the short form, roads looked for as far as `SNAP_LIMIT_M`."""
        body = {
            "sources": _locations(origins),
            "targets": _locations(destinations),
            "costing": profile,
            "units": "kilometers",
            "verbose": False,
        }
        return httpx.Request("POST", f"{self.address}/sources_to_targets", json=body)

    def read(self, status: int, document: Any, shape: tuple[int, int]) -> Answer:
        """Return durations and distances, kilometres made metres; null has no way."""
        code = document.get("error_code")
        if code in WITHOUT_A_WAY:
            raise Unanswered(f"Valhalla answered {code}")
        if code is not None or status >= 400:
            if status >= 500:
                raise Busy(f"Valhalla answered HTTP {status}")
            raise Halted(Reason.NOT_UNDERSTOOD, f"Valhalla answered {code}")
        table = document["sources_to_targets"]
        seconds, metres = ceiled(table["durations"], shape), ceiled(table["distances"], shape, 1000.0)
        lost = (seconds < 0) | (metres < 0)
        return Answer(seconds=np.where(lost, NO_WAY, seconds), metres=np.where(lost, NO_WAY, metres))


def _locations(places: Places) -> list[dict[str, float]]:
    return [{"lon": round(lon, 5), "lat": round(lat, 5), "search_cutoff": SNAP_LIMIT_M} for lon, lat in places.tolist()]
