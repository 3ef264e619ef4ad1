"""What tests of services over HTTP share: a clock without time, the five services behind stand-ins, and questions."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from geo.remote.amap import AmapDistance
from geo.remote.baidu import BaiduMatrix
from geo.remote.blocks import Question
from geo.remote.cache import WayCache, place_keys
from geo.remote.gather import Gathered, Surroundings, gather
from geo.remote.osrm import OsrmTable
from geo.remote.service import Service
from geo.remote.tencent import TencentMatrix
from geo.remote.travel import CachedTravel
from geo.remote.valhalla import ValhallaMatrix
from optimizer.model import TravelMode
from tests.geo.remote.stand_in import KEY, StandIn

__all__ = ["KINDS", "NoTime", "ask", "chengdu", "service_at", "travel_of"]

KINDS = ("osrm", "valhalla", "amap", "baidu", "tencent")


@dataclass(slots=True)
class NoTime:
    """A clock that only waiting moves on."""

    now: float = 1_000.0
    waits: list[float] = field(default_factory=list)

    def read(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def service_at(kind: str, address: str, key: str = KEY) -> Service:
    match kind:
        case "osrm":
            return OsrmTable(address=address)
        case "valhalla":
            return ValhallaMatrix(address=address)
        case "amap":
            return AmapDistance(address=address, key={"key": key})
        case "baidu":
            return BaiduMatrix(address=address, key={"ak": key})
        case _:
            return TencentMatrix(address=address, key={"key": key})


def chengdu(count: int, mode: TravelMode = TravelMode.CAR, spread: float = 0.05) -> Question:
    """Return all ways between so many places of a city."""
    places = np.array([104.06, 30.66]) + np.random.default_rng(count).normal(0, spread, (count, 2))
    return Question(mode=mode, keys=np.unique(place_keys(places)), reach_m=300_000)


def ask(
    stand_in: StandIn,
    path: Path,
    *asked: Question,
    time: NoTime | None = None,
    key: str = KEY,
    max_age_s: int | None = None,
    most: int | None = None,
) -> Gathered:
    """Gather from a stand-in; most: units of the run."""
    time = time or NoTime()
    service = service_at(stand_in.kind, stand_in.address, key)
    if most is not None:
        service = replace(service, limits=replace(service.limits, units_per_run=most))  # type: ignore[type-var]
    around = Surroundings(now=time.read, clock=time.read, sleep=time.sleep)
    return gather(service, WayCache(path=path), asked, max_age_s=max_age_s, around=around)


def travel_of(kind: str, path: Path, gathered: Gathered, address: str = "") -> CachedTravel:
    service = service_at(kind, address)
    return CachedTravel(
        cache=WayCache(path=path),
        state=gathered.state,
        service=service.id,
        title=service.title,
        profiles=dict(service.profiles),
        is_estimate=False,
    )
