"""The organisations of the sample network: 29 centres, own outlets, 1,400 contract outlets, 30 warehouses."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets.china_catalogue import FAMILIES
from datasets.china_ground import Floats, Ground, Ints, kilometres, sphere, within
from datasets.china_people import names, phones

__all__ = ["CONTRACT_OUTLETS", "OWN_CITIES", "centres", "outlet_load", "outlets", "warehouses"]

_Objects = NDArray[np.object_]

CONTRACT_OUTLETS = 1_400
OWN_CITIES = 118
CITY_SHARE, COUNTY_SHARE = 0.34, 0.42
"""Contract outlets in cities and their districts; the others sit in county and township seats."""
OWN_LOAD_SHARE = 1 / 3
OUTPOSTS = 80
"""Contract outlets that stand where they are the only one within a morning's drive."""
OUTPOST_REACH_KM = 80.0
_METROPOLISES = 12
"""So many cities have a second own outlet, the very largest a third."""


class _City(NamedTuple):
    name: str
    province_id: str
    lon: float
    lat: float


_CENTRES = (
    _City("北京", "CN.22", 116.40, 39.91),
    _City("天津", "CN.28", 117.18, 39.14),
    _City("石家庄", "CN.10", 114.48, 38.04),
    _City("太原", "CN.24", 112.56, 37.87),
    _City("呼和浩特", "CN.20", 111.65, 40.81),
    _City("沈阳", "CN.19", 123.43, 41.79),
    _City("长春", "CN.05", 125.32, 43.88),
    _City("哈尔滨", "CN.08", 126.65, 45.75),
    _City("上海", "CN.23", 121.46, 31.22),
    _City("南京", "CN.04", 118.78, 32.06),
    _City("杭州", "CN.02", 120.16, 30.29),
    _City("合肥", "CN.01", 117.28, 31.86),
    _City("福州", "CN.07", 119.31, 26.06),
    _City("南昌", "CN.03", 115.85, 28.68),
    _City("济南", "CN.25", 117.00, 36.67),
    _City("郑州", "CN.09", 113.65, 34.76),
    _City("武汉", "CN.12", 114.27, 30.58),
    _City("长沙", "CN.11", 112.97, 28.20),
    _City("广州", "CN.30", 113.25, 23.12),
    _City("南宁", "CN.16", 108.32, 22.82),
    _City("海口", "CN.31", 110.35, 20.03),
    _City("重庆", "CN.33", 106.56, 29.56),
    _City("成都", "CN.32", 104.07, 30.67),
    _City("贵阳", "CN.18", 106.72, 26.58),
    _City("昆明", "CN.29", 102.72, 25.04),
    _City("西安", "CN.26", 108.93, 34.26),
    _City("兰州", "CN.15", 103.84, 36.06),
    _City("银川", "CN.21", 106.27, 38.47),
    _City("乌鲁木齐", "CN.13", 87.60, 43.80),
)

_SERVED_BY = {"CN.14": "CN.32", "CN.06": "CN.15"}
"""Tibet is served from Chengdu and Qinghai from Lanzhou: 31 mainland provinces, 29 centres."""

_FURTHER_OWN_CITIES = (_City("拉萨", "CN.14", 91.10, 29.65), _City("西宁", "CN.06", 101.76, 36.63))

_WAREHOUSES = (
    *(city for city in _CENTRES if city.name not in {"呼和浩特", "福州", "海口", "银川"}),
    _City("厦门", "CN.07", 118.08, 24.48),
    _City("青岛", "CN.25", 120.38, 36.06),
    _City("临沂", "CN.25", 118.34, 35.06),
    _City("佛山", "CN.30", 113.13, 23.03),
    _City("金华", "CN.02", 119.64, 29.11),
)

_DURATION_PERCENT = {"own": (92, 102), "city": (96, 110), "county": (104, 122), "township": (108, 128)}
_FIRST_FIX_PERCENT = {"own": (88, 97), "city": (82, 93), "county": (70, 87), "township": (64, 83)}


def centres(ground: Ground) -> pd.DataFrame:
    """Return the rows of centres.csv, and its `province_id`."""
    rows = _rows_of(ground, _CENTRES)
    return pd.DataFrame(
        {
            "centre_id": [f"C{number:02d}" for number in range(1, len(_CENTRES) + 1)],
            "name": [f"{city.name}客户服务中心" for city in _CENTRES],
            "province": ground.places["province_zh"].to_numpy()[rows],
            "lon": ground.places["lon"].to_numpy()[rows],
            "lat": ground.places["lat"].to_numpy()[rows],
            "datum": "WGS84",
            "calendar": "office",
            "province_id": [city.province_id for city in _CENTRES],
        }
    )


def warehouses(ground: Ground) -> pd.DataFrame:
    """Return the rows of warehouses.csv: thirty cities where parts change trucks."""
    rows = _rows_of(ground, _WAREHOUSES)
    return pd.DataFrame(
        {
            "warehouse_id": [f"W{number:02d}" for number in range(1, len(_WAREHOUSES) + 1)],
            "name": [f"{city.name}配件中转库" for city in _WAREHOUSES],
            "lon": ground.places["lon"].to_numpy()[rows],
            "lat": ground.places["lat"].to_numpy()[rows],
            "datum": "WGS84",
        }
    )


def outlets(rng: np.random.Generator, ground: Ground, centre_table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of outlets.csv, and the row of each outlet's place in the column `place`."""
    place, ownership, level = _chosen_places(ground)
    order = np.argsort(ground.places["province_id"].to_numpy()[place].astype(str), kind="stable")
    place, ownership, level = place[order], ownership[order], level[order]
    lon, lat = ground.scatter(rng, place, 0.4)
    table = _described(rng, ground, centre_table, place, ownership, level, lon, lat)
    table["channel"] = _channels(rng, level, ownership == "contract", outlet_load(ground, table))
    return table


@cache
def _chosen_places(ground: Ground) -> tuple[Ints, _Objects, _Objects]:
    """Return the places of all outlets, with ownership and kind of place; the same for every seed."""
    own = _own_places(ground)
    city = _by_highest_average(ground, _rows_of_levels(ground, "city", "district"), own)
    county = _rows_of_levels(ground, "county")
    county = county[np.argsort(-ground.demand[county], kind="stable")][: round(COUNTY_SHARE * CONTRACT_OUTLETS)]
    taken = np.concatenate([own, city, county])
    outpost = _by_far_demand(ground, taken, OUTPOSTS)
    taken = np.concatenate([taken, outpost])
    township = _by_uncovered_demand(ground, taken, CONTRACT_OUTLETS + len(own) - len(taken))
    place = np.concatenate([taken, township])
    ownership = np.repeat(["own", "contract"], [len(own), CONTRACT_OUTLETS])
    in_cities = np.arange(len(place)) < len(own) + len(city)
    level = np.where(in_cities, "city", ground.places["level"].to_numpy()[place])
    return place, ownership, level


def _described(  # noqa: PLR0913 - one column each
    rng: np.random.Generator,
    ground: Ground,
    centre_table: pd.DataFrame,
    place: Ints,
    ownership: _Objects,
    level: _Objects,
    lon: Floats,
    lat: Floats,
) -> pd.DataFrame:
    count = len(place)
    contract = ownership == "contract"
    retail = rng.random(count) < np.where(contract, 0.35, 0.7)
    early = rng.random(count) < 0.4
    grade = np.where(contract, level, "own")
    year, month = rng.integers(2008, 2025, count), rng.integers(1, 13, count)
    serial = pd.Series(contract).groupby(contract).cumcount().to_numpy() + 1
    label = ground.places["label"].to_numpy()[place]
    same = pd.Series(label).groupby([label, contract]).cumcount().to_numpy() + 1
    kind = np.where(contract, "特约维修部", "自营服务站")
    return pd.DataFrame(
        {
            "outlet_id": [f"{'K' if c else 'Z'}{s:04d}" for c, s in zip(contract, serial, strict=True)],
            "name": [f"{t}{k}{'' if n == 1 else n}" for t, k, n in zip(label, kind, same, strict=True)],
            "centre_id": _territory(ground, centre_table, place, lon, lat),
            "ownership": ownership,
            "channel": "online",
            "lon": lon,
            "lat": lat,
            "datum": "WGS84",
            "place_level": level,
            "calendar": np.where(retail, "retail", "office"),
            "opens": np.where(retail, "08:00", np.where(early, "08:00", "09:00")),
            "closes": np.where(retail, "20:00", "18:00"),
            "tariff_id": np.where(contract, level, ""),
            "opened_on": [f"{y}-{m:02d}-01" for y, m in zip(year, month, strict=True)],
            "closed_on": "",
            "duration_percent": _percents(rng, grade, _DURATION_PERCENT),
            "first_fix_percent": _percents(rng, grade, _FIRST_FIX_PERCENT),
            "contact": names(rng, count),
            "phone": phones(rng, count),
            "place": place,
        }
    )


def outlet_load(ground: Ground, outlet_table: pd.DataFrame) -> Floats:
    """Return each outlet's share of the network's work; own outlets together get their third.

    A place gives its calls to the outlets around it, the more the nearer; far homes weigh more, because the way
    to them is work too. How strongly own outlets draw is found by halving.
    """
    tree = sphere(outlet_table["lon"].to_numpy(), outlet_table["lat"].to_numpy())
    near_km, near = kilometres(tree, ground.places["lon"].to_numpy(), ground.places["lat"].to_numpy(), k=8)
    work = ground.demand * (55 + 0.9 * np.minimum(near_km[:, 0], 100))
    pull = 1 / (3 + near_km) ** 2
    is_own = outlet_table["ownership"].to_numpy() == "own"
    low, high = 0.01, 100.0
    load: Floats = np.zeros(len(outlet_table))
    for _ in range(30):
        factor = (low * high) ** 0.5
        share = pull * np.where(is_own[near], factor, 1.0)
        share *= (work / share.sum(axis=1))[:, None]
        load = np.bincount(near.ravel(), share.ravel(), minlength=len(outlet_table)).astype(np.float64)
        low, high = (factor, high) if load[is_own].sum() < OWN_LOAD_SHARE * load.sum() else (low, factor)
    return np.asarray(load / load.sum(), dtype=np.float64)


def _rows_of(ground: Ground, cities: tuple[_City, ...]) -> Ints:
    """Return for each city the most peopled city place within 15 km of where it is known to be."""
    rows = _rows_of_levels(ground, "city", "district")
    lon, lat = (ground.places[column].to_numpy(dtype=np.float64) for column in ("lon", "lat"))
    tree = sphere(lon[rows], lat[rows])
    found = []
    for city in cities:
        distance, index = kilometres(tree, np.array([city.lon]), np.array([city.lat]), k=12)
        near = rows[index[distance < 15]]
        found.append(near[np.argmax(ground.demand[near])])
    return np.array(found, dtype=np.int64)


def _rows_of_levels(ground: Ground, *levels: str) -> Ints:
    return np.flatnonzero(ground.places["level"].isin(levels).to_numpy()).astype(np.int64)


def _own_places(ground: Ground) -> Ints:
    """Return the places of own outlets: the centres, then the largest cities at least 25 km apart; metropolises
    have two or three outlets."""
    chosen = list(_rows_of(ground, _CENTRES + _FURTHER_OWN_CITIES))
    cities = _rows_of_levels(ground, "city")
    lon, lat = (ground.places[column].to_numpy(dtype=np.float64) for column in ("lon", "lat"))
    for row in cities[np.argsort(-ground.demand[cities], kind="stable")]:
        if len(chosen) == OWN_CITIES:
            break
        if kilometres(sphere(lon[chosen], lat[chosen]), lon[[row]], lat[[row]])[0][0] >= 25:
            chosen.append(row)
    metropolis = np.sort(ground.demand[chosen])[-_METROPOLISES]
    extra = [row for row in chosen for _ in range(min(2, int(ground.demand[row] / metropolis)))]
    return np.array([*chosen, *extra], dtype=np.int64)


def _by_highest_average(ground: Ground, candidates: Ints, taken: Ints) -> Ints:
    """Give the contract outlets of cities to the candidates by highest averages, counting the own outlets there.

    A city's first outlet weighs four times as much as under D'Hondt's rule: presence before density.
    """
    already = np.bincount(taken, minlength=len(ground.demand))[candidates]
    number = already[:, None] + np.arange(1, 40)[None, :]
    is_city = (ground.places["level"].to_numpy()[candidates] == "city")[:, None]
    quotients = ground.demand[candidates][:, None] / np.where((number == 1) & is_city, 0.25, number)
    best = np.argsort(-quotients, axis=None, kind="stable")[: round(CITY_SHARE * CONTRACT_OUTLETS)]
    return np.asarray(candidates[best // quotients.shape[1]], dtype=np.int64)


def _by_far_demand(ground: Ground, taken: Ints, count: int) -> Ints:
    """Choose county and township seats one by one, each where most calls are far from every outlet so far."""
    lon, lat = (ground.places[column].to_numpy(dtype=np.float64) for column in ("lon", "lat"))
    away_km, _ = kilometres(sphere(lon[taken], lat[taken]), lon, lat)
    open_demand = np.where(away_km > OUTPOST_REACH_KM, ground.demand, 0.0)
    candidates = np.setdiff1d(_rows_of_levels(ground, "county", "township"), taken)
    candidates = candidates[away_km[candidates] > OUTPOST_REACH_KM / 2]
    around = within(sphere(lon[candidates], lat[candidates]), sphere(lon, lat), OUTPOST_REACH_KM)
    chosen: list[int] = []
    for _ in range(count):
        best = int(np.argmax(around @ open_demand))
        chosen.append(int(candidates[best]))
        open_demand[around.indices[around.indptr[best] : around.indptr[best + 1]]] = 0.0
    return np.array(chosen, dtype=np.int64)


def _by_uncovered_demand(ground: Ground, taken: Ints, count: int, reach_km: float = 14.0) -> Ints:
    """Choose township seats one by one, each time where most calls have no outlet within reach yet."""
    lon, lat = (ground.places[column].to_numpy(dtype=np.float64) for column in ("lon", "lat"))
    everywhere = sphere(lon, lat)
    around = list(everywhere.query_ball_point(everywhere.data, reach_km))
    open_demand = ground.demand.copy()
    for row in np.unique(taken):
        open_demand[around[row]] = 0.0
    candidates = np.setdiff1d(_rows_of_levels(ground, "township"), taken)
    worth = np.array([open_demand[around[row]].sum() + 0.3 * ground.demand[row] for row in candidates])
    position = {int(row): number for number, row in enumerate(candidates)}
    chosen = []
    for _ in range(count):
        best = int(np.argmax(worth))
        row = int(candidates[best])
        chosen.append(row)
        worth[best] = -1.0
        for served in around[row]:
            lost = open_demand[served] * 0.8
            open_demand[served] -= lost
            for other in around[served]:
                if (number := position.get(other)) is not None and worth[number] >= 0:
                    worth[number] -= lost
    return np.array(chosen, dtype=np.int64)


def _territory(ground: Ground, centre_table: pd.DataFrame, place: Ints, lon: Floats, lat: Floats) -> _Objects:
    """Return centre ids: the province's centre, unless it is very far and another is much nearer."""
    number_of = {province: number for number, province in enumerate(centre_table["province_id"])}
    province = ground.places["province_id"].to_numpy()[place]
    home = np.array([number_of[_SERVED_BY.get(p, p)] for p in province])
    tree = sphere(centre_table["lon"].to_numpy(), centre_table["lat"].to_numpy())
    distance, index = kilometres(tree, lon, lat, k=len(centre_table))
    home_km = distance[np.arange(len(home)), np.argmax(index == home[:, None], axis=1)]
    far = (home_km > 450) & (distance[:, 0] < 0.7 * home_km)
    return centre_table["centre_id"].to_numpy()[np.where(far, index[:, 0], home)]


def _channels(rng: np.random.Generator, level: _Objects, contract: NDArray[np.bool_], load: Floats) -> _Objects:
    """Return the channels: exactly 10 % of the contract outlets by phone and 5 % by fax, nearly all rural.

    Outlets with next to no work are seldom drawn: a fax outlet lives on what was published the day before.
    """
    channel = np.full(len(level), "online", dtype=object)
    rural = np.where(level == "city", 0.05, np.where(level == "county", 0.8, 1.0))
    weight = np.where(contract, rural, 0.0) * np.minimum(load / np.median(load[contract]), 1.0) ** 2
    offline = rng.choice(len(level), size=CONTRACT_OUTLETS * 15 // 100, replace=False, p=weight / weight.sum())
    channel[offline] = "phone"
    channel[offline[: CONTRACT_OUTLETS * 5 // 100]] = "fax"
    return channel


def _percents(rng: np.random.Generator, grade: _Objects, ranges: dict[str, tuple[int, int]]) -> list[str]:
    low = np.array([ranges[g][0] for g in grade])
    high = np.array([ranges[g][1] for g in grade])
    middle = rng.uniform(low, high)
    table = np.clip(middle[:, None] + rng.normal(0, 4, (len(grade), len(FAMILIES))), 50, 150)
    table = np.where(table > 100, np.round(table), np.floor(table)).astype(int)
    table = np.where(high[:, None] <= 100, np.minimum(table, 99), table)
    return [";".join(f"{f.key}:{v}" for f, v in zip(FAMILIES, row, strict=True)) for row in table]
