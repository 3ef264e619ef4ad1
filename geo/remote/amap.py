"""AMap's (高德) distance service, `v3/distance`: many origins to one destination, GCJ-02, longitude first.

Sources: AMap's Web 服务 documentation, pages 距离测量 and 错误码说明. At most 100 origins and one destination, six
decimals; type 1 drives with the traffic of the moment; a result with `code` has no way; a request counts once.
10003, 10044: the day's quota, until midnight. 10004, 10014–10016, 10019–10021, 10029: too often, or busy. Other
100xx: key, service or address not allowed. 20800–20803: no road, no way, or too far. 40000, 40002: no longer paid for.
How many requests a key has per day and second depends on the account and stands in its console only: three a second
and 5,000 a run are our cautious guess.
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

__all__ = ["AmapDistance"]

BUSY = frozenset({"10004", "10014", "10015", "10016", "10019", "10020", "10021", "10029"})
QUOTA = frozenset({"10003", "10044", "10045", "40000", "40002", "40003"})
WITHOUT_A_WAY = frozenset({"20011", "20800", "20801", "20802", "20803"})
USUAL = Limits(origins=100, destinations=1, units_per_second=3.0, units_per_run=5_000)
PROFILES: Mapping[TravelMode, str] = MappingProxyType({TravelMode.CAR: "1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AmapDistance:
    """`v3/distance`, by car; key: the query parameter `key`."""

    address: str = "https://restapi.amap.com"
    key: Mapping[str, str] = field(repr=False)
    limits: Limits = USUAL
    datum: Datum = Datum.GCJ02
    profiles: Mapping[TravelMode, str] = field(default_factory=lambda: PROFILES)
    id: str = "amap"
    title: str = "AMap distance v3"

    def units(self, origins: int, destinations: int) -> int:
        """Return one: requests are counted."""
        return 1

    def request(self, origins: Places, destinations: Places, profile: str) -> httpx.Request:
        """Return the question about the ways to the one destination."""
        many = "|".join(f"{lon:.6f},{lat:.6f}" for lon, lat in origins.tolist())
        lon, lat = destinations[0].tolist()
        asked = {"origins": many, "destination": f"{lon:.6f},{lat:.6f}", "type": profile, "output": "json"}
        return httpx.Request("GET", f"{self.address}/v3/distance", params=asked)

    def read(self, status: int, document: Any, shape: tuple[int, int]) -> Answer:
        """Return each result at its origin's number; one with a code has no way."""
        code = str(document.get("infocode"))
        if status >= 500 or code in BUSY:
            raise Busy(f"AMap answered {code}")
        if code in QUOTA:
            raise Halted(Reason.QUOTA, f"AMap answered {code}")
        if code in WITHOUT_A_WAY:
            raise Unanswered(f"AMap answered {code}")
        if str(document.get("status")) != "1":
            raise Halted(Reason.DENIED if code.startswith("100") else Reason.NOT_UNDERSTOOD, f"AMap answered {code}")
        answer = no_answer(shape)
        for result in document["results"]:
            if "code" not in result:
                row = int(result["origin_id"]) - 1
                answer.seconds[row, 0], answer.metres[row, 0] = int(result["duration"]), int(result["distance"])
        return answer
