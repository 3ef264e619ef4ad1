"""From `travel` in day.toml and the environment to travel times of a matrix service."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from geo.remote.amap import AmapDistance
from geo.remote.baidu import BaiduMatrix
from geo.remote.blocks import Question, questions
from geo.remote.cache import CacheState, WayCache
from geo.remote.gather import Gathered, Surroundings, gather
from geo.remote.osrm import OsrmTable
from geo.remote.service import Limits, Service
from geo.remote.tencent import TencentMatrix
from geo.remote.travel import CachedTravel
from geo.remote.valhalla import ValhallaMatrix
from optimizer.model import Day

__all__ = ["REMOTE", "SettingRefused", "fault_of_remote", "gather_travel", "is_remote", "reopen_travel"]

Environment = Mapping[str, str]

SERVERS = ("osrm", "valhalla")
KEYS = {"amap": "key", "baidu": "ak", "tencent": "key"}
"""Map services, and the query parameter of each with its key."""
LARGEST = {"baidu": (10, 5), "tencent": (25, 25)}
"""Blocks where the pace counts pairs: one must fit into a second."""
REMOTE = "osrm:http://HOST:PORT | valhalla:http://HOST:PORT | amap | baidu | tencent"
MAX_AGE_DAYS = 90
DAY_S = 86_400


class SettingRefused(Exception):
    """A setting of the environment that is missing or cannot be; its value is not told, for it may be a key."""


def is_remote(specification: str) -> bool:
    """Return whether a service over HTTP is meant."""
    return specification.partition(":")[0] in {*SERVERS, *KEYS}


def fault_of_remote(specification: str) -> str | None:
    """Return what is allowed instead of this service, None when it is well written."""
    kind, colon, address = specification.partition(":")
    if kind in KEYS:
        return f"{kind} alone: its key comes from the environment, PAIGONG_{kind.upper()}_KEY" if colon else None
    try:
        parts = urlsplit(address)
        plain = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        plain = None
    if not plain or parts.query or parts.fragment or "@" in address or any(c.isspace() for c in address):
        return f"{kind}:http://HOST:PORT, without name, password or question mark"
    return None


def gather_travel(
    specification: str, day: Day, environment: Environment, around: Surroundings, more: Sequence[Question] = ()
) -> tuple[CachedTravel, Gathered]:
    """Ask the service for what the day may need, and return travel times from its cache, with where they come from.

    more: what else is asked beside it.

    Raises SettingRefused when a setting of the environment cannot be, or a key is missing.
    """
    service = _open_service(specification, environment, need_key=True)
    cache = _cache_of(environment)
    days = _number(environment, "PAIGONG_TRAVEL_MAX_AGE_DAYS") or MAX_AGE_DAYS
    gathered = gather(service, cache, [*questions(day), *more], max_age_s=int(days * DAY_S), around=around)
    answered = gathered.fetched + gathered.cached > 0
    return _travel(service, cache, gathered.state, is_estimate=not answered), gathered


def reopen_travel(
    specification: str, environment: Environment, state: CacheState | None, *, is_estimate: bool
) -> CachedTravel:
    """Return travel times from the cache alone, of an earlier plan's state or as it stands; no key is needed."""
    service, cache = _open_service(specification, environment, need_key=False), _cache_of(environment)
    if state is None:
        cache.prepare()
        state = CacheState(number=cache.last(), since=0)
    return _travel(service, cache, state, is_estimate=is_estimate)


def _travel(service: Service, cache: WayCache, state: CacheState, *, is_estimate: bool) -> CachedTravel:
    return CachedTravel(
        cache=cache,
        state=state,
        service=service.id,
        title=service.title,
        profiles=dict(service.profiles),
        is_estimate=is_estimate,
    )


def _open_service(specification: str, environment: Environment, *, need_key: bool) -> Service:
    kind, _, address = specification.partition(":")
    if kind == "osrm":
        osrm = OsrmTable(address=address.rstrip("/"))
        return replace(osrm, limits=_limits(kind, osrm.limits, environment))
    if kind == "valhalla":
        valhalla = ValhallaMatrix(address=address.rstrip("/"))
        return replace(valhalla, limits=_limits(kind, valhalla.limits, environment))
    service = _map_service(kind, environment, need_key=need_key)
    other = environment.get(f"PAIGONG_{kind.upper()}_URL", "").rstrip("/")
    if not other:
        return service
    if fault_of_remote(f"osrm:{other}") is not None:
        raise SettingRefused(f"PAIGONG_{kind.upper()}_URL must be http://HOST:PORT or https://HOST:PORT")
    # Elsewhere is another service: what it answers stays apart in the cache.
    return replace(service, address=other, id=f"{kind} {other}", title=f"{service.title} at {other}")


def _map_service(kind: str, environment: Environment, *, need_key: bool) -> AmapDistance | BaiduMatrix | TencentMatrix:
    secret = environment.get(f"PAIGONG_{kind.upper()}_KEY", "").strip()
    if need_key and not secret:
        raise SettingRefused(f"PAIGONG_{kind.upper()}_KEY must hold the key of the service")
    key = {KEYS[kind]: secret}
    if kind == "amap":
        amap = AmapDistance(key=key)
        return replace(amap, limits=_limits(kind, amap.limits, environment))
    if kind == "baidu":
        baidu = BaiduMatrix(key=key)
        return replace(baidu, limits=_limits(kind, baidu.limits, environment))
    tencent = TencentMatrix(key=key)
    return replace(tencent, limits=_limits(kind, tencent.limits, environment))


def _limits(kind: str, usual: Limits, environment: Environment) -> Limits:
    prefix = f"PAIGONG_{kind.upper()}"
    rate = _number(environment, f"{prefix}_RATE") or usual.units_per_second
    most = _number(environment, f"{prefix}_RUN_LIMIT") or usual.units_per_run
    limits = replace(usual, units_per_second=rate, units_per_run=None if most is None else int(most))
    if kind not in LARGEST:
        return limits
    origins, destinations = LARGEST[kind]
    if origins * destinations > rate:
        origins = destinations = max(1, min(destinations, math.isqrt(int(rate))))
    return replace(limits, origins=origins, destinations=destinations)


def _number(environment: Environment, name: str) -> float | None:
    text = environment.get(name, "")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise SettingRefused(f"{name} must be a number above 0")
    return number


def _cache_of(environment: Environment) -> WayCache:
    named = environment.get("PAIGONG_TRAVEL_CACHE", "")
    if named:
        return WayCache(path=Path(named).absolute())
    home = environment.get("XDG_CACHE_HOME", "") or Path.home() / ".cache"
    return WayCache(path=Path(home).absolute() / "paigong" / "travel.sqlite3")
