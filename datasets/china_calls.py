"""The calls of the sample day: who reported what, when and where, and when they are at home."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets.china_catalogue import FAMILIES, SERIES
from datasets.china_ground import NOW_S, Floats, Ground, Ints
from datasets.china_parts import part_id, shipped_kits
from datasets.china_people import names, phones
from geo.areas import Areas, seat_mask
from optimizer.model import AreaClass

__all__ = ["calls", "instants"]

_BY_HOUR = (6, 4, 3, 3, 4, 8, 22, 48, 82, 112, 110, 86, 62, 58, 64, 66, 62, 60, 74, 98, 96, 66, 34, 14)
"""Calls by hour of the day: the hotline never closes, peaks after breakfast and after supper."""

_STILL_WAITING = {
    AreaClass.SEAT: ((0, 14, 20, 24, 26, 48), (0.98, 0.95, 0.16, 0.11, 0.02, 0.008)),
    AreaClass.REMOTE: ((0, 24, 44, 48, 50, 72), (0.98, 0.92, 0.12, 0.08, 0.015, 0.005)),
}
"""Age of a call in hours, and the chance that nobody has been there yet; straight lines between."""

_CHANNELS = (("hotline", 0.58), ("app", 0.14), ("wechat", 0.16), ("web", 0.05), ("shop", 0.07))
_BRANDS = (("甲牌", 0.52), ("乙牌", 0.27), ("丙牌", 0.13), ("丁牌", 0.08))
_CLASSES = (("ordinary", 0.86), ("priority", 0.09), ("vulnerable", 0.05))
_URGENT_SHARE = 0.05
_PENDING_SHARE = 0.03
_OUT_OF_WARRANTY = 0.38
_REPEAT_SHARE = 0.04

_ROADS = (
    "人民",
    "解放",
    "建设",
    "中山",
    "新华",
    "和平",
    "胜利",
    "文化",
    "团结",
    "光明",
    "幸福",
    "朝阳",
    "东风",
    "工农",
    "友谊",
    "长江",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Faults:
    """The catalogue's faults, flat: family index, fault index and share of all calls in the month."""

    family: Ints
    fault: Ints
    share: Floats


def calls(
    rng: np.random.Generator, ground: Ground, outlet_table: pd.DataFrame, count: int, date: dt.date
) -> pd.DataFrame:
    """Return the rows of jobs.csv, oldest first, without windows, not yet published, and columns for what follows.

    Those are `reported_s` (seconds from midnight of the date), `seat` (whether the promise of 24 hours holds), `place`
    (row of the ground), `minutes`, `kit` (ids of the parts that must be sent), `shipped` (whether there are any) and
    `repeat` (whether the customer has called before).
    """
    place = rng.choice(len(ground.demand), size=count, p=ground.demand)
    lon, lat = ground.scatter(rng, place)
    seat = seat_mask(Areas.of_places(), outlet_table["lon"].to_numpy(), outlet_table["lat"].to_numpy(), lon, lat)
    reported_s = _reported(rng, seat)
    order = np.argsort(reported_s, kind="stable")
    place, lon, lat, seat, reported_s = place[order], lon[order], lat[order], seat[order], reported_s[order]
    kinds = _faults(date.month)
    kind = rng.choice(len(kinds.share), size=count, p=kinds.share)
    family, fault = kinds.family[kind], kinds.fault[kind]
    series = rng.choice(len(SERIES), size=count, p=SERIES)
    asked = [FAMILIES[f].faults[x] for f, x in zip(family, fault, strict=True)]
    minutes = _minutes(rng, np.array([f.minutes for f in asked], dtype=np.float64))
    kit_of = shipped_kits()
    kit = [kit_of[f, x, s] for f, x, s in zip(family.tolist(), fault.tolist(), series.tolist(), strict=True)]
    pending = rng.random(count) < _PENDING_SHARE
    paid = rng.random(count) < _OUT_OF_WARRANTY
    return pd.DataFrame(
        {
            "job_id": [f"J{date:%y%m%d}{number:06d}" for number in range(1, count + 1)],
            "reported_at": instants(date, reported_s),
            "channel": _draw(rng, _CHANNELS, count),
            "brand": _draw(rng, _BRANDS, count),
            "product": [FAMILIES[f].key for f in family],
            "fault": [f.name for f in asked],
            "job_type": [f.job_type for f in asked],
            "skill_level": np.array([f.level for f in asked], dtype=np.int64),
            "certificates": [
                ";".join((*FAMILIES[f].certificates, *a.certificates)) for f, a in zip(family, asked, strict=True)
            ],
            "lon": lon,
            "lat": lat,
            "datum": np.full(count, "WGS84"),
            "address": _addresses(rng, ground, place),
            "contact": names(rng, count),
            "phone": phones(rng, count),
            "centre_id": np.full(count, ""),
            "customer_class": _draw(rng, _CLASSES, count),
            "urgent": np.where(rng.random(count) < _URGENT_SHARE, "yes", "no"),
            "service_duration": [f"PT{m}M" for m in minutes],
            "crew_size": np.array([f.crew for f in asked], dtype=np.int64),
            "load": np.array([f.load for f in asked], dtype=np.int64),
            "consent": np.where(pending, "pending", np.where(paid, "given", "not_needed")),
            "parts": [_own_parts(int(f), int(x), int(s)) for f, x, s in zip(family, fault, series, strict=True)],
            "preferred_technician_id": np.full(count, ""),
            "lock": np.full(count, "none"),
            "published_technician_id": np.full(count, ""),
            "published_start": np.full(count, ""),
            "told": np.full(count, "no"),
            "windows": np.full(count, ""),
            "appointment": np.full(count, ""),
            "preferred": np.full(count, ""),
            "reported_s": reported_s,
            "seat": seat,
            "place": place,
            "minutes": minutes,
            "kit": kit,
            "shipped": np.array([bool(parts) for parts in kit], dtype=bool),
            "repeat": rng.random(count) < _REPEAT_SHARE,
        }
    )


def instants(date: dt.date, seconds: Ints) -> list[str]:
    """Write seconds from midnight of the date as times with offset."""
    moments = np.datetime64(date, "s") + seconds.astype("timedelta64[s]")
    return [f"{text}+08:00" for text in np.datetime_as_string(moments, unit="s").tolist()]


def _reported(rng: np.random.Generator, seat: NDArray[np.bool_]) -> Ints:
    """Return when the calls came that still wait now: of those long ago, most have been served."""
    second = np.zeros(len(seat), dtype=np.int64)
    for area, rows in ((AreaClass.SEAT, np.flatnonzero(seat)), (AreaClass.REMOTE, np.flatnonzero(~seat))):
        ages, chances = _STILL_WAITING[area]
        age = np.arange(ages[-1])
        waiting = np.array(_BY_HOUR)[(NOW_S // 3600 - 1 - age) % 24] * np.interp(age + 0.5, ages, chances)
        hours = rng.choice(len(age), size=len(rows), p=waiting / waiting.sum())
        second[rows] = NOW_S - hours * 3600 - rng.integers(1, 3601, len(rows))
    return second


def _faults(month: int) -> _Faults:
    family, fault, share = [], [], []
    for f, row in enumerate(FAMILIES):
        weights = sum(kind.weight for kind in row.faults)
        for x, kind in enumerate(row.faults):
            family.append(f)
            fault.append(x)
            share.append(row.share * row.season[month - 1] * kind.weight / weights)
    total = np.array(share, dtype=np.float64)
    return _Faults(family=np.array(family), fault=np.array(fault), share=total / total.sum())


def _minutes(rng: np.random.Generator, usual: Floats) -> Ints:
    """Return whole five minutes around the usual time."""
    drawn = usual * np.exp(rng.normal(0, 0.16, len(usual)))
    return np.clip(5 * np.round(drawn / 5), 15, 120).astype(np.int64)


def _own_parts(family: int, fault: int, series: int) -> str:
    """Return the parts cell: empty for the first series (the kit of kits.csv) and for faults without parts."""
    wanted = FAMILIES[family].faults[fault].components
    if series == 0 or not wanted:
        return ""
    components = enumerate(FAMILIES[family].components)
    return ";".join(f"{part_id(family, c, series)}:1" for c, component in components if component.name in wanted)


def _draw(rng: np.random.Generator, choices: tuple[tuple[str, float], ...], count: int) -> NDArray[np.object_]:
    values = np.array([value for value, _ in choices], dtype=object)
    return np.asarray(values[rng.choice(len(values), size=count, p=[share for _, share in choices])])


def _addresses(rng: np.random.Generator, ground: Ground, place: Ints) -> list[str]:
    province = ground.places["province_zh"].to_numpy()[place]
    label = ground.places["label"].to_numpy()[place]
    urban = ground.places["level"].isin(["city", "district", "county"]).to_numpy()[place]
    road = rng.integers(0, len(_ROADS), len(place))
    number = rng.integers(1, 400, len(place))
    room = rng.integers(1, 19, len(place)) * 100 + rng.integers(1, 5, len(place))
    block = rng.integers(1, 20, len(place))
    return [
        f"{p if p != t else ''}{t}{_ROADS[r]}路{n}号{b}栋{m}室" if u else f"{p}{t}{_ROADS[r]}村{n}号"
        for p, t, u, r, n, b, m in zip(province, label, urban, road, number, block, room, strict=True)
    ]
