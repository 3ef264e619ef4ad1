"""Baidu's (百度) batch routing, `routematrix/v2`: BD-09, latitude first.

Sources: Baidu's Web 服务 documentation, pages 批量算路服务 v2.0 and 附录 (状态码): origins times destinations at most
50; quota and concurrency count ways, not requests; `tactics=11` is the usual way with the traffic of the moment;
`riding_type=1` rides an e-bike; walks up to 200 km. 4, 301, 302: quota, the day's until midnight; 401, 402: too many
at once; 1: internal; 2: parameters; 3, 5, 9, 101, 2xx: key or service not allowed. How many ways a key has per day and
second stands in its console only: 50 a second, one full request, and 5,000 a run are our cautious guess. What an
unreachable pair looks like is not said: 0 m between places that differ is taken for none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import httpx
import numpy as np

from geo.crs import Datum
from geo.matrix import NO_WAY
from geo.remote.service import Answer, Busy, Halted, Limits, Reason, Unanswered
from optimizer.model import TravelMode
from optimizer.travel import Places

__all__ = ["BaiduMatrix"]

BUSY = frozenset({1, 401, 402})
QUOTA = frozenset({4, 301, 302})
PARAMETERS = frozenset({2, 8})
OPTIONS: Mapping[str, Mapping[str, str]] = {"driving": {"tactics": "11"}, "riding": {"riding_type": "1"}, "walking": {}}
USUAL = Limits(origins=10, destinations=5, units_per_second=50.0, units_per_run=5_000)
PROFILES: Mapping[TravelMode, str] = MappingProxyType(
    {TravelMode.CAR: "driving", TravelMode.EBIKE: "riding", TravelMode.WALK: "walking"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaiduMatrix:
    """`routematrix/v2` by car, e-bike and on foot; key: the query parameter `ak`."""

    address: str = "https://api.map.baidu.com"
    key: Mapping[str, str] = field(repr=False)
    limits: Limits = USUAL
    datum: Datum = Datum.BD09
    profiles: Mapping[TravelMode, str] = field(default_factory=lambda: PROFILES)
    id: str = "baidu"
    title: str = "Baidu routematrix v2"

    def units(self, origins: int, destinations: int) -> int:
        """Return the number of pairs, as Baidu counts."""
        return origins * destinations

    def request(self, origins: Places, destinations: Places, profile: str) -> httpx.Request:
        """Return the question, origins slowest."""
        asked = {
            "output": "json",
            "origins": _joined(origins),
            "destinations": _joined(destinations),
            "coord_type": "bd09ll",
            **OPTIONS[profile],
        }
        return httpx.Request("GET", f"{self.address}/routematrix/v2/{profile}", params=asked)

    def read(self, status: int, document: Any, shape: tuple[int, int]) -> Answer:
        """Return the list of results as a block; 0 m has no way."""
        code = document.get("status")
        if status >= 500 or code in BUSY:
            raise Busy(f"Baidu answered {code}")
        if code in QUOTA:
            raise Halted(Reason.QUOTA, f"Baidu answered {code}")
        if code in PARAMETERS:
            raise Unanswered(f"Baidu answered {code}")
        if code != 0:
            raise Halted(Reason.DENIED, f"Baidu answered {code}")
        results = document["result"]
        seconds = np.array([result["duration"]["value"] for result in results], np.int64).reshape(shape)
        metres = np.array([result["distance"]["value"] for result in results], np.int64).reshape(shape)
        lost = metres <= 0
        return Answer(seconds=np.where(lost, NO_WAY, seconds), metres=np.where(lost, NO_WAY, metres))


def _joined(places: Places) -> str:
    return "|".join(f"{lat:.6f},{lon:.6f}" for lon, lat in places.tolist())
