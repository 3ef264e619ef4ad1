"""Tencent's (腾讯) distance matrix, `ws/distance/v1/matrix`: GCJ-02, latitude first.

Sources: Tencent's WebService documentation, page 距离矩阵, and its table of status codes. At most 25 × 25, the product
at most 625 (one to many: 200); quota and concurrency count pairs, not requests, the pairs of a second being the
concurrency. 120: too often. 121, 122, 123: quota of the key, of the address, of the account. 110–113, 190, 199, 301,
311: key, address or service not allowed. 310: parameters. 373: too far. How many pairs a key has per day and second
stands in its console only: 100 a second, so blocks of 10 × 10, and 5,000 a run are our cautious guess. An element
whose own status is not 0 (4: no road near, the distance is then a straight line) has no way.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import httpx

from geo.crs import Datum
from geo.remote.service import Answer, Busy, Halted, Limits, Reason, Unanswered, no_answer
from optimizer.model import TravelMode
from optimizer.travel import Places

__all__ = ["TencentMatrix"]

BUSY = frozenset({120})
QUOTA = frozenset({121, 122, 123})
WITHOUT_A_WAY = frozenset({310, 373})
USUAL = Limits(origins=10, destinations=10, units_per_second=100.0, units_per_run=5_000)
PROFILES: Mapping[TravelMode, str] = MappingProxyType({TravelMode.CAR: "driving", TravelMode.WALK: "walking"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TencentMatrix:
    """`ws/distance/v1/matrix` by car and on foot; key: the query parameter `key`."""

    address: str = "https://apis.map.qq.com"
    key: Mapping[str, str] = field(repr=False)
    limits: Limits = USUAL
    datum: Datum = Datum.GCJ02
    profiles: Mapping[TravelMode, str] = field(default_factory=lambda: PROFILES)
    id: str = "tencent"
    title: str = "Tencent distance matrix v1"

    def units(self, origins: int, destinations: int) -> int:
        """Return the number of pairs, as Tencent counts."""
        return origins * destinations

    def request(self, origins: Places, destinations: Places, profile: str) -> httpx.Request:
        """Return the question about a block."""
        asked = {"mode": profile, "from": _joined(origins), "to": _joined(destinations), "output": "json"}
        return httpx.Request("GET", f"{self.address}/ws/distance/v1/matrix", params=asked)

    def read(self, status: int, document: Any, shape: tuple[int, int]) -> Answer:
        """Return the rows of elements as a block."""
        code = document.get("status")
        if status >= 500 or code in BUSY:
            raise Busy(f"Tencent answered {code}")
        if code in QUOTA:
            raise Halted(Reason.QUOTA, f"Tencent answered {code}")
        if code in WITHOUT_A_WAY:
            raise Unanswered(f"Tencent answered {code}")
        if code != 0:
            raise Halted(Reason.DENIED, f"Tencent answered {code}")
        answer = no_answer(shape)
        for i, row in enumerate(document["result"]["rows"]):
            for j, element in enumerate(row["elements"]):
                if element.get("status", 0) == 0:
                    answer.seconds[i, j], answer.metres[i, j] = element["duration"], element["distance"]
        return answer


def _joined(places: Places) -> str:
    return ";".join(f"{lat:.6f},{lon:.6f}" for lon, lat in places.tolist())
