"""The people of the sample network: invented names, numbers nobody has, and the technicians of every outlet."""

import datetime as dt
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets.china_catalogue import COOLANT, ELECTRICIAN, GAS, HEIGHT
from datasets.china_ground import Floats, Ints, sphere, within

__all__ = ["NUMBER_PREFIX", "hubs", "is_master", "names", "phones", "staffing", "team"]

NUMBER_PREFIX = "1540000"
"""To our knowledge no operator in China has opened the prefix 154, so these numbers reach nobody."""

_Objects = NDArray[np.object_]

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高梁郑谢宋唐许邓冯韩曹曾彭萧蔡潘田董袁于余叶蒋杜苏魏程吕丁沈任"
    "姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严武戚"
)
_GIVEN = (
    "伟强磊军洋勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林欢佳建国志海永文立成东春山新生玉秀兰英梅"
    "丽芳敏静燕霞红娟桂珍云月晨雨思嘉子一安康乐正德福顺"
)

_MODES = ("car", "motorbike", "ebike", "transit", "walk")
_MODE_SHARES = {
    "own": (0.36, 0.00, 0.46, 0.14, 0.04),
    "city": (0.30, 0.08, 0.54, 0.06, 0.02),
    "county": (0.46, 0.52, 0.02, 0.00, 0.00),
    "township": (0.48, 0.52, 0.00, 0.00, 0.00),
}
_CREW_OF_TWO = {"own": 0.08, "city": 0.05, "county": 0.05, "township": 0.03}

HUB_REACH_KM = 75.0
"""Straight; about 100 km by road."""
_PEOPLE_PER_MASTER = 10

_WATER = ("water_heater_gas", "water_heater_electric", "gas_stove", "range_hood")
_COLD = ("air_conditioner", "refrigerator", "washing_machine")
_KITCHEN = ("gas_stove", "range_hood", "dishwasher", "water_heater_gas")
_WHITE = ("washing_machine", "refrigerator", "dishwasher", "water_heater_electric", "air_conditioner")
_ALL_BUT_DISHWASHER = (*_WATER, *_COLD)
_EVERYTHING = (*_ALL_BUT_DISHWASHER, "dishwasher")
_BUNDLES = {
    "own": (_COLD, _WATER, _WHITE, (*_KITCHEN, "water_heater_electric"), (*_COLD, "water_heater_electric")),
    "city": ((*_COLD, "water_heater_electric"), _WATER, (*_WHITE, "range_hood"), (*_KITCHEN, "washing_machine")),
    "county": (_ALL_BUT_DISHWASHER, _EVERYTHING, (*_WATER, "dishwasher", "washing_machine"), _ALL_BUT_DISHWASHER),
    "township": (_ALL_BUT_DISHWASHER, _EVERYTHING, (*_WATER, "washing_machine")),
}
"""What the first, second, third … technician of an outlet learns: the smaller the place, the more of everything."""

_LEVELS = {
    "own": (0.22, 0.48, 0.30),
    "city": (0.30, 0.48, 0.22),
    "county": (0.40, 0.45, 0.15),
    "township": (0.48, 0.42, 0.10),
}

_NEEDS = {
    "water_heater_gas": ((GAS, 0.99),),
    "gas_stove": ((GAS, 0.99),),
    "water_heater_electric": ((ELECTRICIAN, 0.97),),
    "air_conditioner": ((COOLANT, 0.85), (HEIGHT, 0.65)),
    "refrigerator": ((COOLANT, 0.75),),
}
_EXPIRED, _EXPIRING, _COMING = 0.025, 0.010, 0.005
"""Shares of certificates already expired, expiring within the horizon, and issued but not valid yet."""

_SHIFTS = {
    "retail": (("08:00", "17:00"), ("08:00", "17:30"), ("08:30", "17:30"), ("09:00", "18:00"), ("09:30", "19:00")),
    "office": (("08:30", "17:30"), ("08:30", "18:00"), ("09:00", "18:00"), ("08:30", "17:30")),
}
_OVERTIME = ("PT0S", "PT30M", "PT1H", "PT1H30M", "PT2H")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def names(rng: np.random.Generator, count: int) -> list[str]:
    """Return invented Chinese names: a surname, common ones more often, and one or two given characters."""
    rank = np.arange(len(_SURNAMES))
    weight = 1 / (3 + rank)
    surname = rng.choice(len(_SURNAMES), size=count, p=weight / weight.sum())
    given = rng.integers(0, len(_GIVEN), (count, 2))
    double = rng.random(count) < 0.72
    return [
        _SURNAMES[s] + _GIVEN[a] + (_GIVEN[b] if two else "")
        for s, (a, b), two in zip(surname, given, double, strict=True)
    ]


def phones(rng: np.random.Generator, count: int) -> list[str]:
    """Return telephone numbers that nobody has."""
    return [f"{NUMBER_PREFIX}{number:04d}" for number in rng.integers(0, 10_000, count)]


def staffing(load: Floats, own: NDArray[np.bool_], count: int) -> Ints:
    """Return the number of technicians per outlet: a third own, one for every outlet first, the rest by load.

    When there are fewer technicians than outlets, the outlets with most work are staffed.
    """
    result = np.zeros(len(load), dtype=np.int64)
    own_count = round(count / 3)
    for mine, people in ((own, own_count), (~own, count - own_count)):
        rows = np.flatnonzero(mine)
        rows = rows[np.argsort(-load[rows], kind="stable")]
        staffed = rows[:people]
        if len(staffed):
            result[staffed] = _at_least_one(load[staffed], people)
    return result


def _at_least_one(load: Floats, people: int) -> Ints:
    """Share people by highest averages (Sainte-Laguë) after one each."""
    share = load / load.sum() * people
    base: Ints = np.maximum(1, np.floor(share)).astype(np.int64)
    while base.sum() > people:
        over = np.where(base > 1, base / share, 0.0)
        base[int(np.argmax(over))] -= 1
    while base.sum() < people:
        base[int(np.argmax(share / (base + 0.5)))] += 1
    return base


def hubs(outlet_table: pd.DataFrame, people: Ints) -> NDArray[np.bool_]:
    """Tell which staffed outlets have masters: all own ones, and as few others as bring one near every outlet.

    They are chosen one by one, each where most outlets still lack one within reach; a lonely outlet is its own hub.
    """
    staffed = np.flatnonzero(people > 0)
    chosen: NDArray[np.bool_] = (outlet_table["ownership"].to_numpy() == "own") & (people > 0)
    if len(staffed) == 0:
        return chosen
    tree = sphere(outlet_table["lon"].to_numpy()[staffed], outlet_table["lat"].to_numpy()[staffed])
    joined = within(tree, tree, HUB_REACH_KM)
    lacking = joined @ chosen[staffed] == 0
    while lacking.any():
        best = int(np.argmax(joined @ lacking))
        chosen[staffed[best]] = True
        lacking[joined.indices[joined.indptr[best] : joined.indptr[best + 1]]] = False
    return chosen


def team(rng: np.random.Generator, outlet_table: pd.DataFrame, people: Ints, date: dt.date) -> pd.DataFrame:
    """Return the rows of technicians.csv for so many people per outlet.

    The first of every ten at a hub is a master: best at everything, with every certificate, a van and a helper.
    """
    rows = np.repeat(np.arange(len(outlet_table)), people)
    turn = np.concatenate([np.arange(n) for n in people]) if len(rows) else rows
    count = len(rows)
    master = hubs(outlet_table, people)[rows] & (turn % _PEOPLE_PER_MASTER == 0)
    own = (outlet_table["ownership"].to_numpy() == "own")[rows]
    grade = np.where(own, "own", outlet_table["place_level"].to_numpy()[rows])
    calendar = outlet_table["calendar"].to_numpy()[rows]
    chance = np.array([_CREW_OF_TWO[g] for g in grade])
    crew = np.where(master | (rng.random(count) < chance), 2, 1)
    mode = np.where(crew == 2, "car", _draw_by_grade(rng, grade, _MODE_SHARES, _MODES))
    skills = [_skills(rng, str(g), int(t), bool(m)) for g, t, m in zip(grade, turn, master, strict=True)]
    shift = [_SHIFTS[c][n % len(_SHIFTS[c])] for c, n in zip(calendar, rng.integers(0, 20, count), strict=True)]
    load = np.where(
        mode == "car",
        rng.integers(np.where(master, 6, 4), 9, count),
        np.where(np.isin(mode, ["motorbike", "ebike"]), 1, 0),
    )
    absent = rng.random((count, 2)) < 0.025
    days = (date, date + dt.timedelta(days=1))
    return pd.DataFrame(
        {
            "technician_id": [f"T{number:05d}" for number in range(1, count + 1)],
            "name": names(rng, count),
            "outlet_id": outlet_table["outlet_id"].to_numpy()[rows],
            "travel_mode": mode,
            "skills": [";".join(f"{family}:{level}" for family, level in s.items()) for s in skills],
            "certificates": [_certificates(rng, s, date, bool(m)) for s, m in zip(skills, master, strict=True)],
            "load_capacity": load,
            "crew_size": crew,
            "shift_start": [start for start, _ in shift],
            "shift_end": [end for _, end in shift],
            "overtime_limit": rng.choice(_OVERTIME, size=count, p=(0.1, 0.2, 0.35, 0.15, 0.2)),
            "break_earliest": "11:30",
            "break_latest": "13:30",
            "break_duration": rng.choice(("PT45M", "PT50M", "PT1H"), size=count, p=(0.45, 0.2, 0.35)),
            "rest_weekdays": _rest(rng, calendar),
            "absent_on": [";".join(d.isoformat() for d, a in zip(days, row, strict=True) if a) for row in absent],
        }
    )


def is_master(technicians: pd.DataFrame) -> NDArray[np.bool_]:
    """Tell which rows of technicians.csv are masters: they come with a helper and know everything best."""
    best = ";".join(f"{family}:3" for family in _EVERYTHING)
    masters: NDArray[np.bool_] = ((technicians["crew_size"] == 2) & (technicians["skills"] == best)).to_numpy(
        dtype=bool
    )
    return masters


def _draw_by_grade(
    rng: np.random.Generator, grade: _Objects, shares: Mapping[str, tuple[float, ...]], values: tuple[str, ...]
) -> _Objects:
    table = np.array([np.cumsum(shares[g]) for g in grade]).reshape(len(grade), len(values))
    index = (rng.random(len(grade))[:, None] >= table).sum(axis=1)
    chosen: _Objects = np.asarray(values, dtype=object)[np.minimum(index, len(values) - 1)]
    return chosen


def _skills(rng: np.random.Generator, grade: str, turn: int, is_master: bool) -> dict[str, int]:
    if is_master:
        return dict.fromkeys(_EVERYTHING, 3)
    bundles = _BUNDLES[grade]
    families = bundles[turn % len(bundles)]
    grown = int(rng.choice(3, p=_LEVELS[grade])) + 1
    drift = rng.random(len(families))
    return {
        family: max(1, min(3, grown + (1 if chance > 0.85 else -1 if chance < 0.2 else 0)))
        for family, chance in zip(families, drift, strict=True)
    }


def _certificates(rng: np.random.Generator, skills: dict[str, int], date: dt.date, is_master: bool) -> str:
    chance: dict[str, float] = {}
    for family in skills:
        for scheme, share in _NEEDS.get(family, ()):
            chance[scheme] = 1.0 if is_master else max(share, chance.get(scheme, 0.0))
    held = []
    for scheme, share in chance.items():
        draw, fate, days = rng.random(), rng.random(), int(rng.integers(5, 900))
        if draw >= share:
            continue
        first, last = date - dt.timedelta(days=1_095 - days), date + dt.timedelta(days=days)
        if fate < _EXPIRED:
            last = date - dt.timedelta(days=1 + days % 60)
        elif fate < _EXPIRED + _EXPIRING:
            last = date
        elif fate < _EXPIRED + _EXPIRING + _COMING:
            first = date + dt.timedelta(days=1)
            last = first + dt.timedelta(days=1_095)
        held.append(f"{scheme}:{min(first, last - dt.timedelta(days=365))}:{last}")
    return ";".join(held)


def _rest(rng: np.random.Generator, calendar: _Objects) -> list[str]:
    """Return rest days: the closed Sunday of an office, a day of one's own in a shop that never closes."""
    own_day = rng.choice(_WEEKDAYS, size=len(calendar), p=(0.14, 0.17, 0.17, 0.16, 0.12, 0.10, 0.14))
    return ["sun" if kind == "office" else str(day) for kind, day in zip(calendar, own_day, strict=True)]
