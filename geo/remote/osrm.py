"""OSRM's table service (`osrm-routed`, HTTP API v1): one prepared profile per server, here the car.

Sources: OSRM's docs/http.md, and the server itself, version 26.10: `--max-table-size` is 100, and more than its square
of pairs is answered HTTP 400 `TooBig`; a pair without a way is null; a place is moved to the nearest road however far
that is, and the answer says how far.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from geo.crs import Datum
from geo.matrix import NO_WAY
from geo.remote.service import Answer, Busy, Halted, Limits, Reason, Unanswered
from geo.roads import SNAP_LIMIT_M
from optimizer.model import TravelMode
from optimizer.travel import Places

__all__ = ["NO_KEY", "OsrmTable", "ceiled"]

NO_KEY: Mapping[str, str] = MappingProxyType({})
USUAL = Limits(origins=100, destinations=100, units_per_second=50.0, neighbours=1_000)
PROFILES: Mapping[TravelMode, str] = MappingProxyType({TravelMode.CAR: "driving"})


@dataclass(frozen=True, slots=True, kw_only=True)
class OsrmTable:
    """`/table` of an OSRM server at an address such as http://127.0.0.1:5000."""

    address: str
    limits: Limits = USUAL
    datum: Datum = Datum.WGS84
    profiles: Mapping[TravelMode, str] = field(default_factory=lambda: PROFILES)
    key: Mapping[str, str] = field(default_factory=lambda: NO_KEY)

    @property
    def id(self) -> str:
        """Server and address: two servers may have different roads."""
        return f"osrm {self.address}"

    @property
    def title(self) -> str:
        """Name and address."""
        return f"OSRM table v1 at {self.address}"

    def units(self, origins: int, destinations: int) -> int:
        """Return one: requests are counted."""
        return 1

    def request(self, origins: Places, destinations: Places, profile: str) -> httpx.Request:
        """Return the table request: all places, sources first."""
        places = ";".join(f"{lon:.5f},{lat:.5f}" for lon, lat in np.concatenate([origins, destinations]).tolist())
        n, m = len(origins), len(destinations)
        sources = ";".join(map(str, range(n)))
        targets = ";".join(map(str, range(n, n + m)))
        question = f"annotations=duration,distance&sources={sources}&destinations={targets}&generate_hints=false"
        return httpx.Request("GET", f"{self.address}/table/v1/{profile}/{places}?{question}")

    def read(self, status: int, document: Any, shape: tuple[int, int]) -> Answer:
        """Return durations and distances rounded up; no way from or to a place far from every road."""
        code = document.get("code")
        if code == "NoSegment" or code == "NoTable":
            raise Unanswered(f"OSRM answered {code}")
        if code != "Ok":
            if status >= 500:
                raise Busy(f"OSRM answered HTTP {status}")
            raise Halted(Reason.NOT_UNDERSTOOD, f"OSRM answered {code}")
        seconds, metres = ceiled(document["durations"], shape), ceiled(document["distances"], shape)
        lost = _far(document["sources"])[:, None] | _far(document["destinations"]) | (seconds < 0) | (metres < 0)
        return Answer(seconds=np.where(lost, NO_WAY, seconds), metres=np.where(lost, NO_WAY, metres))


def ceiled(rows: list[list[float | None]], shape: tuple[int, int], scale: float = 1.0) -> NDArray[np.int64]:
    """Return numbers of a JSON table times a scale, rounded up to whole ones; NO_WAY where null."""
    numbers = np.array(rows, dtype=np.float64).reshape(shape)
    # A thousandth less, for 1.129 km is a float above 1,129 m.
    return np.where(np.isnan(numbers), NO_WAY, np.ceil(np.nan_to_num(numbers) * scale - 1e-3)).astype(np.int64)


def _far(waypoints: list[dict[str, Any] | None]) -> NDArray[np.bool_]:
    return np.array([point is None or point["distance"] > SNAP_LIMIT_M for point in waypoints])
