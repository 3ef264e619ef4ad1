"""Sample rural regions to tour: real places, one home outlet, a few contract outlets around, towns with beds."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets.china_calendar import closures
from datasets.china_calls import instants
from datasets.china_catalogue import COOLANT, ELECTRICIAN, FAMILIES, GAS, HEIGHT
from datasets.china_ground import NOW_S, Ground, kilometres, load_ground, sphere
from datasets.china_network import centres, warehouses
from datasets.china_parts import kits, lanes, parts, stock
from datasets.china_people import names, phones
from datasets.china_repair_modes import REPAIR_MODES
from datasets.china_tour_work import consents, maintenance, region_calls, van_parts
from datasets.day import write_day

__all__ = ["BEDS", "MOST_VILLAGES", "Region", "chosen_places", "make_tours"]

MOST_VILLAGES = 120
WAREHOUSES = 4
CALLS_THE_STOCK_IS_FOR = 2_000
WALK_IN_PRODUCT = "gas_stove"
WALK_INS_PER_THOUSAND = 3
SEASON = 1.5
"""What is bought for walk-ins, as a multiple of what they are expected to need."""
SHELF_WALK_INS = 30
"""The home outlet's shelf is for so many walk-ins by crew: those of a tour that leaves before anything can be sent."""
VILLAGES_PER_TOWN = 4
LEAST_TOWNS = 12
BED_KM = 40.0
"""A neighbour's seat of a county has beds for tours when a village is as near as that, straight."""
OUTLETS_AROUND = 4
HOUSEHOLDS_PER_PERSON = 1 / 30
"""Those near enough to an announced stop to come: a place of the file stands for a whole township."""
BEDS = {
    "city": (18_000, "22:30"),
    "county": (12_000, "22:00"),
    "district": (13_000, "22:00"),
    "township": (8_000, "21:00"),
}
"""What a bed costs and until when one is let in, by how large a place is: smaller ones have none."""

OWN_IDS = frozenset(
    {"outlet_id", "technician_id", "technician_ids", "crew_id", "lodging_id", "village_id", "job_id", "plan_id"}
)
"""Ids of what a region has and no other; centres, warehouses and parts are those of the whole country."""


class Region(StrEnum):
    """A prefecture whose villages are toured."""

    GARZE = "garze"
    HULUNBUIR = "hulunbuir"
    NUJIANG = "nujiang"


_Box = tuple[float, float, float, float]
"""West, east, south, north, degrees."""


class _Prefecture(NamedTuple):
    """Its name, the letters that its ids begin with, its seat, its province, its centre, and two boxes: one around it,
    and a wider one with its like around it.

    The place file has some thirty rural places in 甘孜 or 怒江; further villages are their neighbours'.
    """

    name: str
    ids: str
    seat: tuple[float, float]
    province_id: str
    centre: str
    box: _Box
    around: _Box


_PREFECTURES = {
    Region.GARZE: _Prefecture(
        "甘孜", "GZ", (101.957, 30.002), "CN.32", "成都", (97.3, 102.5, 27.9, 34.3), (97.0, 103.5, 26.6, 34.0)
    ),
    Region.HULUNBUIR: _Prefecture(
        "呼伦贝尔", "HL", (119.756, 49.211), "CN.20", "呼和浩特", (115.5, 126.1, 47.0, 53.4), (115.5, 126.1, 46.0, 53.4)
    ),
    Region.NUJIANG: _Prefecture(
        "怒江", "NJ", (98.859, 25.823), "CN.29", "昆明", (98.0, 99.8, 25.2, 28.5), (97.5, 102.0, 22.0, 29.0)
    ),
}


def make_tours(
    folder: Path,
    *,
    region: Region,
    villages: int = 80,
    crews: int = 2,
    days: int = 14,
    seed: int = 1,
    date: dt.date = dt.date(2026, 3, 2),
) -> None:
    """Write a rural region with so many villages and crews as a day folder; same arguments, same bytes.

    The villages are the rural places nearest to the prefecture's seat, those with a Chinese name before others.
    """
    ground, prefecture = load_ground(), _PREFECTURES[region]
    rng = np.random.default_rng([seed, list(Region).index(region)])
    seat, towns, village_rows = chosen_places(ground, region, villages)
    centre_table = centres(ground)
    centre_table = centre_table[centre_table["name"].str.startswith(prefecture.centre)].reset_index(drop=True)
    outlet_table = _outlets(rng, seat, towns, centre_table)
    village_table = _villages(rng, village_rows, days, date)
    job_table = region_calls(rng, village_table, date)
    _tell_twice(village_table, job_table, days, date)
    home_id = str(outlet_table["outlet_id"].iloc[0])
    walk_ins = village_table["households"].sum() * WALK_INS_PER_THOUSAND / 1_000
    tables = {
        **_with_walk_in_parts(_parts_network(rng, ground, centre_table), walk_ins, home_id, crews, date),
        "centres": centre_table.drop(columns="province_id"),
        "outlets": outlet_table,
        "technicians": _technicians(rng, outlet_table, crews, date),
        "jobs": job_table,
        "kits": kits(),
        "villages": village_table,
        "lodgings": _lodgings(rng, pd.concat([seat, towns])),
        "crews": _crews(crews, home_id, prefecture.name),
        "consents": consents(rng, job_table, date),
        "maintenance": maintenance(rng, village_table, days, date),
        "van_parts": van_parts(),
    }
    write_day(folder, {name: _own_ids(table, prefecture.ids) for name, table in tables.items()}, _settings(date, days))


def _own_ids(table: pd.DataFrame, region: str) -> pd.DataFrame:
    """Return a table whose own ids begin with the region's letters: several regions are loaded into one store."""
    found = table.copy()
    for column in OWN_IDS & set(table):
        found[column] = [";".join(f"{region}-{id_}" for id_ in ids.split(";")) for ids in table[column]]
    return found


def _places_of(ground: Ground, prefecture: _Prefecture) -> pd.DataFrame:
    """Return the places in the wider box, those with a Chinese name first, by their way from the seat."""
    places = ground.places[_inside(ground.places, prefecture.around)]
    lon, lat = places["lon"].to_numpy(dtype=np.float64), places["lat"].to_numpy(dtype=np.float64)
    away_km, _ = kilometres(sphere(*(np.array([part]) for part in prefecture.seat)), lon, lat)
    elsewhere = ~_inside(places, prefecture.box) | (places["province_id"] != prefecture.province_id).to_numpy()
    unnamed = (places["zh"] == "").to_numpy()
    return places.assign(away_km=away_km, own=~elsewhere).iloc[np.lexsort((away_km, unnamed))].reset_index(drop=True)


def _inside(places: pd.DataFrame, box: _Box) -> NDArray[np.bool_]:
    west, east, south, north = box
    inside = places["lon"].between(west, east) & places["lat"].between(south, north)
    return inside.to_numpy(dtype=np.bool_)


def chosen_places(ground: Ground, region: Region, count: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the seat of a region, the towns that have beds, and so many villages.

    Towns are the seats of the prefecture's counties, those of others that are near to a village, and townships one by
    one, each the farthest from any bed.
    """
    places = _places_of(ground, _PREFECTURES[region])
    urban = places["level"].isin(["city", "county", "district"]).to_numpy()
    cities = np.flatnonzero((places["level"] == "city").to_numpy())
    seat = int(cities[np.argmin(places["away_km"].to_numpy()[cities])])
    rural = np.flatnonzero(~urban)
    lon, lat = (places[name].to_numpy(dtype=np.float64) for name in ("lon", "lat"))
    near_km, _ = kilometres(sphere(lon[rural[:count]], lat[rural[:count]]), lon, lat)
    towns = [int(row) for row in np.flatnonzero(urban & (places["own"] | (near_km < BED_KM))) if row != seat]
    wanted = max(min(LEAST_TOWNS, count), count // VILLAGES_PER_TOWN - len(towns))
    area = rural[: count + wanted]
    large = area[places["level"].isin(BEDS).to_numpy()[area]]
    chosen: list[int] = []
    for _ in range(wanted):
        beds = [seat, *towns, *chosen]
        away_km, _ = kilometres(sphere(lon[beds], lat[beds]), lon[large], lat[large])
        chosen.append(int(large[int(np.argmax(away_km))]))
    left = [row for row in area.tolist() if row not in set(chosen)][:count]
    return places.iloc[[seat]], places.iloc[towns + chosen], places.iloc[left].reset_index(drop=True)


def _outlets(
    rng: np.random.Generator, seat: pd.DataFrame, towns: pd.DataFrame, centre_table: pd.DataFrame
) -> pd.DataFrame:
    """Return the home outlet in the prefecture's seat, and contract outlets in the seats of counties nearest to it."""
    counties = towns[towns["level"].isin(["city", "county"])].sort_values("away_km", kind="stable")
    where = pd.concat([seat, counties.iloc[:OUTLETS_AROUND]])
    own = np.arange(len(where)) == 0
    percent = [";".join(f"{family.key}:{value}" for family in FAMILIES) for value in (100, 112)]
    fixed = [";".join(f"{family.key}:{value}" for family in FAMILIES) for value in (93, 80)]
    return pd.DataFrame(
        {
            "outlet_id": ["Z0001", *(f"K{number:04d}" for number in range(1, len(where)))],
            "name": [
                f"{label}{'自营服务站' if o else '特约维修部'}" for label, o in zip(where["label"], own, strict=True)
            ],
            "centre_id": str(centre_table["centre_id"].iloc[0]),
            "ownership": np.where(own, "own", "contract"),
            "channel": np.where(own, "online", "phone"),
            "lon": where["lon"].to_numpy(),
            "lat": where["lat"].to_numpy(),
            "datum": "WGS84",
            "place_level": np.where(own, "city", "county"),
            "calendar": "retail",
            "opens": "08:00",
            "closes": "20:00",
            "tariff_id": np.where(own, "", "county"),
            "duration_percent": np.where(own, percent[0], percent[1]),
            "first_fix_percent": np.where(own, fixed[0], fixed[1]),
            "contact": names(rng, len(where)),
            "phone": phones(rng, len(where)),
        }
    )


def _technicians(rng: np.random.Generator, outlet_table: pd.DataFrame, crews: int, date: dt.date) -> pd.DataFrame:
    """Return two people for each crew, two more at home, one at each contract outlet.

    The first of a crew is an expert with every certificate and drives; the gas certificate of the second crew's runs
    out within the week.
    """
    home, others = str(outlet_table["outlet_id"].iloc[0]), outlet_table["outlet_id"].iloc[1:].tolist()
    everything = ";".join(f"{family.key}:3" for family in FAMILIES)
    usual = ";".join(f"{family.key}:2" for family in FAMILIES if family.key != "dishwasher")
    rows = []
    for number in range(2 * crews + 2 + len(others)):
        at_home = number < 2 * crews + 2
        leads = number < 2 * crews and number % 2 == 0
        schemes = (GAS, ELECTRICIAN, COOLANT, HEIGHT) if leads else (GAS, ELECTRICIAN, COOLANT)
        rows.append(
            {
                "technician_id": f"T{number + 1:05d}",
                "outlet_id": home if at_home else others[number - 2 * crews - 2],
                "travel_mode": "car" if number % 2 == 0 or not at_home else "motorbike",
                "skills": everything if leads else usual,
                "certificates": ";".join(
                    f"{scheme}:{date - dt.timedelta(days=700)}:{date + dt.timedelta(days=_left(number, scheme))}"
                    for scheme in schemes
                ),
                "load_capacity": 8 if leads else 4 if number % 2 == 0 or not at_home else 1,
                "shift_start": "08:30",
                "shift_end": "17:30",
                "overtime_limit": "PT1H",
                "break_earliest": "11:30",
                "break_latest": "13:30",
                "break_duration": "PT45M",
                "rest_weekdays": "sun",
            }
        )
    return pd.DataFrame(rows).assign(name=names(rng, len(rows)))


def _left(number: int, scheme: str) -> int:
    """Return for how many days a certificate is still valid."""
    return 4 if scheme == GAS and number in {2, 3} else 395


def _crews(crews: int, home: str, name: str) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "crew_id": f"G{number + 1}",
                "name": f"{name}巡回{number + 1}组",
                "outlet_id": home,
                "technician_ids": f"T{2 * number + 1:05d};T{2 * number + 2:05d}",
                "travel_mode": "car",
                "load_capacity": 8,
                "volume_ml": 900_000,
                "nights_before": 3 * (number % 2),
            }
            for number in range(crews)
        ]
    )


def _villages(rng: np.random.Generator, rows: pd.DataFrame, days: int, date: dt.date) -> pd.DataFrame:
    """Return villages.csv: when somebody was there last, a few that were told a date, a few without a road for days."""
    count = len(rows)
    ago = rng.integers(20, 420, count)
    told = np.sort(rng.choice(min(count, 12), size=min(2, count), replace=False)).tolist()
    cut = set(rng.choice(count, size=min(count, 1 + count // 40), replace=False).tolist()) - set(told)
    weekday = _weekdays(days, date)
    announced = {row: f"{date + dt.timedelta(days=day)}" for row, day in zip(told, weekday, strict=False)}
    closed = ";".join(f"{date + dt.timedelta(days=day)}" for day in range(1, min(4, days)))
    return pd.DataFrame(
        {
            "village_id": [f"V{number:04d}" for number in range(1, count + 1)],
            "name": rows["label"].to_numpy(),
            "lon": rows["lon"].to_numpy(),
            "lat": rows["lat"].to_numpy(),
            "datum": "WGS84",
            "households": (rows["population"].to_numpy(dtype=np.float64) * HOUSEHOLDS_PER_PERSON).astype(int),
            "contact": names(rng, count),
            "phone": phones(rng, count),
            "last_visit": [
                "" if rare else f"{date - dt.timedelta(days=int(past))}"
                for past, rare in zip(ago, (rng.random(count) < 0.15).tolist(), strict=True)
            ],
            "announced": [announced.get(row, "") for row in range(count)],
            "cut_off": [closed if row in cut else "" for row in range(count)],
        }
    )


def _tell_twice(village_table: pd.DataFrame, job_table: pd.DataFrame, days: int, date: dt.date) -> None:
    """Tell a second visit, in the second half of the horizon, to the first village that was told one and has calls for
    two.
    """
    weekday = _weekdays(days, date)
    tree = sphere(village_table["lon"].to_numpy(dtype=np.float64), village_table["lat"].to_numpy(dtype=np.float64))
    _, home = kilometres(tree, job_table["lon"].to_numpy(), job_table["lat"].to_numpy())
    calls = np.bincount(home.ravel(), minlength=len(village_table))
    told = np.flatnonzero((village_table["announced"] != "").to_numpy())
    if len(weekday) > 2 * len(told):
        for row in told[calls[told] > 1][:1]:
            second = date + dt.timedelta(days=weekday[len(weekday) // 2 + 1])
            village_table.loc[row, "announced"] += f";{second}"


def _weekdays(days: int, date: dt.date) -> list[int]:
    """Return the days that villages are told: none of the first two, no weekends."""
    return [day for day in range(2, days) if (date + dt.timedelta(days=day)).weekday() < 5]


def _lodgings(rng: np.random.Generator, towns: pd.DataFrame) -> pd.DataFrame:
    prices = [BEDS[level] for level in towns["level"]]
    return pd.DataFrame(
        {
            "lodging_id": [f"L{number:03d}" for number in range(1, len(towns) + 1)],
            "name": [f"{label}住宿" for label in towns["label"]],
            "lon": towns["lon"].to_numpy(),
            "lat": towns["lat"].to_numpy(),
            "datum": "WGS84",
            "price_fen": [
                price + 500 * int(more) for (price, _), more in zip(prices, rng.integers(0, 7, len(towns)), strict=True)
            ],
            "check_in": [latest for _, latest in prices],
            "phone": phones(rng, len(towns)),
        }
    )


def _parts_network(rng: np.random.Generator, ground: Ground, centre_table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the warehouses nearest to the centre with the stock that the national sample gives them."""
    house_table, part_table = warehouses(ground), parts()
    tree = sphere(house_table["lon"].to_numpy(), house_table["lat"].to_numpy())
    _, nearest = kilometres(tree, centre_table["lon"].to_numpy(), centre_table["lat"].to_numpy(), k=WAREHOUSES)
    kept = house_table.iloc[np.sort(nearest[0])].reset_index(drop=True)
    load = np.full(len(house_table), 1 / len(house_table))
    shelves = stock(rng, part_table, load, CALLS_THE_STOCK_IS_FOR)
    return {
        "warehouses": kept,
        "parts": part_table,
        "stock": shelves[shelves["warehouse_id"].isin(kept["warehouse_id"])].reset_index(drop=True),
        "lanes": lanes(kept, centre_table),
    }


def _with_walk_in_parts(
    network: dict[str, pd.DataFrame], walk_ins: float, outlet_id: str, crews: int, date: dt.date
) -> dict[str, pd.DataFrame]:
    """Return the network of parts with those that people who come to a stop are expected to need: on the home outlet's
    shelf for the first tours, and in the nearest warehouse, whose usual lane is the cheapest, for a season.
    """
    vans, family = van_parts(), network["parts"].set_index("part_id")["family"]
    vans = vans[(vans["part_id"].map(family) == WALK_IN_PRODUCT).to_numpy()]
    chance = vans["chance_permille"].to_numpy(dtype=np.float64) / 1_000
    shelf = pd.DataFrame(
        {
            "outlet_id": outlet_id,
            "part_id": vans["part_id"].to_numpy(),
            "on_hand": np.ceil(chance * SHELF_WALK_INS * crews).astype(int),
            "reserved": 0,
            "as_of": instants(date, np.array([NOW_S - 10 * 3_600]))[0],
        }
    )
    stocked = network["stock"].copy()
    bought = dict(zip(vans["part_id"], np.ceil(SEASON * chance * walk_ins).astype(int).tolist(), strict=True))
    lane_table = network["lanes"]
    usual = lane_table[lane_table["mode"] == "standard"]
    nearest = usual.sort_values("cost_fen")["warehouse_id"].iloc[0]
    here = (stocked["warehouse_id"] == nearest).to_numpy()
    stocked.loc[here, "on_hand"] += [bought.get(part, 0) for part in stocked.loc[here, "part_id"]]
    return {**network, "stock": stocked, "outlet_stock": shelf}


def _settings(date: dt.date, days: int) -> Mapping[str, object]:
    """Return day.toml. Prices stay at their defaults."""
    weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    first, last = dt.date(date.year, 1, 1), dt.date((date + dt.timedelta(days=days)).year, 12, 31)
    closed, working = closures(first + dt.timedelta(days=number) for number in range((last - first).days + 1))
    return {
        "date": date,
        "days": days,
        "now": instants(date, np.array([NOW_S]))[0],
        "time_zone": "Asia/Shanghai",
        "travel": "estimate",
        "policy": "network",
        "calendars": {
            "office": {"weekdays": weekdays[:6], "public_holidays": True},
            "retail": {"weekdays": weekdays, "public_holidays": False},
        },
        "holidays": {"closed": closed, "working": working},
        "repair_modes": REPAIR_MODES,
        "freeze": {"phone": "07:00"},
        "contract_tariff": [
            {
                "id": "county",
                "call_out_fen": 3_000,
                "bands": [[5_000, 0], [15_000, 1_000], [40_000, 3_000], [100_000, 8_000], [300_000, 16_000]],
                "fen_per_minute": 80,
            }
        ],
        "tour": {
            "threshold_fen": 50_000,
            "walk_ins": {
                "product": WALK_IN_PRODUCT,
                "per_thousand": WALK_INS_PER_THOUSAND,
                "certificates": [GAS],
                "service": "PT30M",
                "lead_days": 2,
            },
        },
    }
