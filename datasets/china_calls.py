"""The calls of the sample day: who reported what, when and where, and when they are at home."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets.china_catalogue import FAMILIES, SERIES
from datasets.china_ground import Floats, Ground, Ints
from datasets.china_parts import part_id
from datasets.china_people import names, phones

__all__ = ["BACKLOG_SHARE", "NOW_S", "calls", "instants"]

NOW_S = 6 * 3600
DAY_S = 86_400
BACKLOG_SHARE = 0.10
"""Calls of the day before that still wait."""

_BY_HOUR = (6, 4, 3, 3, 4, 8, 22, 48, 82, 112, 110, 86, 62, 58, 64, 66, 62, 60, 74, 98, 96, 66, 34, 14)
"""Calls by hour of the day: the hotline never closes, peaks after breakfast and after supper."""

_CHANNELS = (("hotline", 0.58), ("app", 0.14), ("wechat", 0.16), ("web", 0.05), ("shop", 0.07))
_BRANDS = (("甲牌", 0.52), ("乙牌", 0.27), ("丙牌", 0.13), ("丁牌", 0.08))
_CLASSES = (("ordinary", 0.86), ("priority", 0.09), ("vulnerable", 0.05))
_URGENT_SHARE = 0.05
_PENDING_SHARE = 0.03
_OUT_OF_WARRANTY = 0.38
_PREFERRED_SLOT_SHARE = 0.15
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

_NO_WINDOW, _HALF_DAY, _SHORT, _SEVERAL, _APPOINTMENT = range(5)
_WINDOW_SHARES = (0.50, 0.22, 0.13, 0.06, 0.09)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Faults:
    """The catalogue's faults, flat: family index, fault index and share of all calls in the month."""

    family: Ints
    fault: Ints
    share: Floats


def calls(rng: np.random.Generator, ground: Ground, count: int, date: dt.date) -> pd.DataFrame:
    """Return the rows of jobs.csv, oldest first, not yet published, and columns of their own for what follows.

    Those are `reported_s` (seconds from midnight of the date), `place` (row of the ground), `minutes` and `shipped`
    (whether a part must be sent).
    """
    reported_s = np.sort(_reported(rng, count))
    place = rng.choice(len(ground.demand), size=count, p=ground.demand)
    lon, lat = ground.scatter(rng, place)
    kinds = _faults(date.month)
    kind = rng.choice(len(kinds.share), size=count, p=kinds.share)
    family, fault = kinds.family[kind], kinds.fault[kind]
    series = rng.choice(len(SERIES), size=count, p=SERIES)
    asked = [FAMILIES[f].faults[x] for f, x in zip(family, fault, strict=True)]
    minutes = _minutes(rng, np.array([f.minutes for f in asked], dtype=np.float64))
    pending = rng.random(count) < _PENDING_SHARE
    paid = rng.random(count) < _OUT_OF_WARRANTY
    table = pd.DataFrame(
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
            "reported_s": reported_s,
            "place": place,
            "minutes": minutes,
            "shipped": np.array([_is_shipped(int(f), int(x)) for f, x in zip(family, fault, strict=True)], dtype=bool),
        }
    )
    for column in ("windows", "appointment", "preferred"):
        table[column] = ""
    _at_home(rng, table, date)
    table["repeat"] = rng.random(count) < _REPEAT_SHARE
    return table


def instants(date: dt.date, seconds: Ints) -> list[str]:
    """Write seconds from midnight of the date as times with offset."""
    moments = np.datetime64(date, "s") + seconds.astype("timedelta64[s]")
    return [f"{text}+08:00" for text in np.datetime_as_string(moments, unit="s").tolist()]


def _reported(rng: np.random.Generator, count: int) -> Ints:
    """Return when calls came: within 24 h before now, a tenth within the 24 h before that."""
    weight = np.array(_BY_HOUR, dtype=np.float64)
    hour = rng.choice(24, size=count, p=weight / weight.sum())
    second = hour * 3600 + rng.integers(0, 3600, count)
    second = np.where(second >= NOW_S, second - DAY_S, second)
    return np.asarray(second - np.where(rng.random(count) < BACKLOG_SHARE, DAY_S, 0), dtype=np.int64)


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


def _is_shipped(family: int, fault: int) -> bool:
    wanted = FAMILIES[family].faults[fault].components
    return any(not c.carried for c in FAMILIES[family].components if c.name in wanted)


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


def _at_home(rng: np.random.Generator, table: pd.DataFrame, date: dt.date) -> None:
    """Write windows, appointments and preferred slots.

    The hotline offers times inside the promise where it can: whoever called before yesterday noon is mostly asked
    to be at home this morning, later callers this afternoon or tomorrow.
    """
    count = len(table)
    kind = rng.choice(5, size=count, p=_WINDOW_SHARES)
    before_noon = table["reported_s"].to_numpy() < -DAY_S // 2
    evening = table["reported_s"].to_numpy() > -6 * 3600
    draw = rng.random((count, 4))
    first_half = draw[:, 0] < np.where(before_noon, 0.80, 0.40)
    day = np.where(draw[:, 1] < np.where(before_noon, 0.10, np.where(evening, 0.35, 0.22)), 1, 0)
    half_start = day * DAY_S + np.where(first_half, 8, 12) * 3600
    half_end = day * DAY_S + np.where(first_half, 12, 18) * 3600
    short_start = day * DAY_S + np.where(first_half, 8 + draw[:, 2] * 2.5, 12.5 + draw[:, 2] * 4).round() * 3600
    short_end = short_start + np.where(draw[:, 3] < 0.6, 2, 3) * 3600
    columns: dict[str, list[str]] = {"windows": [""] * count, "appointment": [""] * count, "preferred": [""] * count}
    half = _spans(date, half_start, half_end)
    short = _spans(date, short_start, short_end)
    evening_span = _spans(date, day * DAY_S + 17 * 3600, day * DAY_S + 19 * 3600)
    next_morning = _spans(date, np.full(count, DAY_S + 8 * 3600), np.full(count, DAY_S + 12 * 3600))
    for row in np.flatnonzero(kind == _HALF_DAY):
        columns["windows"][row] = half[row]
    for row in np.flatnonzero(kind == _SHORT):
        columns["windows"][row] = short[row]
    for row in np.flatnonzero(kind == _SEVERAL):
        other = next_morning[row] if day[row] == 0 else evening_span[row]
        columns["windows"][row] = f"{short[row]};{other}"
    for row in np.flatnonzero(kind == _APPOINTMENT):
        columns["appointment"][row] = short[row]
    prefers = (rng.random(count) < _PREFERRED_SLOT_SHARE) & np.isin(kind, [_NO_WINDOW, _HALF_DAY])
    for row in np.flatnonzero(prefers):
        columns["preferred"][row] = short[row]
    for column, values in columns.items():
        table[column] = values


def _spans(date: dt.date, start_s: NDArray[np.generic], end_s: NDArray[np.generic]) -> list[str]:
    starts, ends = (instants(date, seconds.astype(np.int64)) for seconds in (start_s, end_s))
    return [f"{start}/{end}" for start, end in zip(starts, ends, strict=True)]
