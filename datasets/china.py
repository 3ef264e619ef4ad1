"""The sample national network and one of its days, as a day folder; docs/sample-network.md tells what is in it."""

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from datasets.china_calendar import closures
from datasets.china_calls import calls, instants
from datasets.china_ground import DAY_S, NOW_S, Floats, Ground, Ints, kilometres, load_ground, sphere
from datasets.china_network import centres, outlet_load, outlets, warehouses
from datasets.china_parts import NEVER_S, fetching, kits, lanes, parts, ready_times, stock
from datasets.china_people import is_master, staffing, team
from datasets.china_published import name_preferred, publish, spoil
from datasets.china_repair_modes import REPAIR_MODES
from datasets.china_supply import POLICY, furnish, supply
from datasets.china_windows import Answers, agree
from datasets.day import write_day
from geo.crs import Datum, from_wgs84

__all__ = ["make_day"]

DAYS = 2
VISITS_OWED_PER_TECHNICIAN = 4
STRAIGHT_KMH = 33.0
"""As the crow flies, by motor on country roads."""
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CALENDARS: dict[str, dict[str, list[str] | bool]] = {
    "office": {"weekdays": list(_WEEKDAYS[:6]), "public_holidays": True},
    "retail": {"weekdays": list(_WEEKDAYS), "public_holidays": False},
}
_NETWORK, _PEOPLE, _PARTS, _CALLS, _PUBLISHED, _SUPPLY = range(6)
"""Streams of random numbers: more calls leave the network as it is."""


def make_day(
    folder: Path,
    *,
    jobs: int = 20_000,
    technicians: int = 4_200,
    seed: int = 1,
    date: dt.date = dt.date(2026, 3, 2),
) -> None:
    """Write the sample network with so many calls and technicians as a day folder; same arguments, same bytes.

    The outlets are always the same number (29 centres, 1,400 contract outlets); with few technicians some of them
    have nobody.
    """
    ground = load_ground()
    random = [np.random.default_rng([seed, stream]) for stream in range(6)]
    centre_table = centres(ground)
    outlet_table = outlets(random[_NETWORK], ground, centre_table)
    own = outlet_table["ownership"].to_numpy() == "own"
    people = staffing(outlet_load(ground, outlet_table), own, technicians)
    outlet_table["workload_target"] = np.where(own, 0, VISITS_OWED_PER_TECHNICIAN * people)
    technician_table = team(random[_PEOPLE], outlet_table, people, date)
    network = _network(random[_PARTS], ground, centre_table, jobs)
    job_table = calls(random[_CALLS], ground, outlet_table, jobs, date)
    closed, working = _year_of(date)
    present = technician_table[_on_duty(technician_table, outlet_table, date, closed, working)]
    agree(random[_CALLS], job_table, _answers(job_table, present, outlet_table, network), date)
    publish(random[_PUBLISHED], job_table, present.reset_index(drop=True), outlet_table, date)
    name_preferred(random[_PUBLISHED], job_table, technician_table, outlet_table)
    spoil(random[_PUBLISHED], job_table, technician_table, date)
    _as_typed(job_table)
    load = _load_of_warehouses(ground, network["warehouses"])
    network |= {"outlets": outlet_table, **furnish(random[_SUPPLY], network, load, jobs, date)}
    tables = {
        **network,
        **supply(random[_SUPPLY], ground, network, jobs, date),
        "centres": centre_table.drop(columns="province_id"),
        "outlets": outlet_table.drop(columns="place"),
        "technicians": technician_table,
        "jobs": job_table.drop(columns=["reported_s", "seat", "place", "minutes", "kit", "shipped", "repeat"]),
        "kits": kits(),
    }
    write_day(folder, tables, _settings(date, closed, working))


def _as_typed(job_table: pd.DataFrame) -> None:
    """Write positions as the channel's map gives them: the app uses AMap's datum, the shops' till Baidu's."""
    for channel, datum in (("app", Datum.GCJ02), ("shop", Datum.BD09)):
        rows = job_table["channel"] == channel
        lon, lat = (job_table.loc[rows, column].to_numpy(dtype=np.float64) for column in ("lon", "lat"))
        shifted = from_wgs84(lon, lat, datum)
        job_table.loc[rows, "lon"], job_table.loc[rows, "lat"] = (np.round(values, 6) for values in shifted)
        job_table.loc[rows, "datum"] = datum.value


def _year_of(date: dt.date) -> tuple[list[dt.date], list[dt.date]]:
    """Return holidays and swapped days of the date's year, and of the next one when the horizon reaches into it."""
    last = dt.date((date + dt.timedelta(days=DAYS)).year, 12, 31)
    first = dt.date(date.year, 1, 1)
    return closures(first + dt.timedelta(days=number) for number in range((last - first).days + 1))


def _on_duty(
    technician_table: pd.DataFrame,
    outlet_table: pd.DataFrame,
    date: dt.date,
    closed: list[dt.date],
    working: list[dt.date],
) -> np.ndarray:
    """Tell for each technician whether they have a shift on the date, by the rule of docs/data-format.md."""
    weekday = _WEEKDAYS[date.weekday()]
    is_open = {"retail": True, "office": date in working or (weekday != "sun" and date not in closed)}
    calendars = outlet_table.set_index("outlet_id")["calendar"]
    swapped = {"office"} if date in working else set()
    return np.array(
        [
            is_open[calendars[outlet]]
            and (weekday not in rest.split(";") or calendars[outlet] in swapped)
            and date.isoformat() not in absent.split(";")
            for outlet, rest, absent in zip(
                technician_table["outlet_id"],
                technician_table["rest_weekdays"],
                technician_table["absent_on"],
                strict=True,
            )
        ],
        dtype=bool,
    )


def _network(
    rng: np.random.Generator, ground: Ground, centre_table: pd.DataFrame, jobs: int
) -> dict[str, pd.DataFrame]:
    """Return centres, warehouses, parts, stock and lanes by name."""
    warehouse_table, part_table = warehouses(ground), parts()
    return {
        "centres": centre_table,
        "warehouses": warehouse_table,
        "parts": part_table,
        "stock": stock(rng, part_table, _load_of_warehouses(ground, warehouse_table), jobs),
        "lanes": lanes(warehouse_table, centre_table),
    }


def _answers(
    job_table: pd.DataFrame, present: pd.DataFrame, outlet_table: pd.DataFrame, network: Mapping[str, pd.DataFrame]
) -> Answers:
    """Return what the hotline knows of each job: the way there, when parts can come, and what was promised."""
    number_of = {centre: number for number, centre in enumerate(network["centres"]["centre_id"])}
    lon, lat = job_table["lon"].to_numpy(), job_table["lat"].to_numpy()
    _, nearest = kilometres(sphere(outlet_table["lon"].to_numpy(), outlet_table["lat"].to_numpy()), lon, lat)
    ready = [ready_times(network, fetched=fetched) for fetched in (False, True)]
    fetched = fetching(network, outlet_table)[nearest].tolist()
    centre = outlet_table["centre_id"].map(number_of).to_numpy()[nearest].tolist()
    ready_s = [
        max((ready[may][part][c] for part in kit), default=0)
        for kit, c, may in zip(job_table["kit"], centre, fetched, strict=True)
    ]
    wide = ((job_table["crew_size"] > 1) | (job_table["skill_level"] > 2)).to_numpy()
    motor = present[present["travel_mode"].isin(["car", "motorbike"])]
    usual_s, master_s = (
        _way_s(outlet_table[outlet_table["outlet_id"].isin(who["outlet_id"])], lon, lat)
        for who in (motor, present[is_master(present)])
    )
    return Answers(
        way_s=np.where(wide, master_s, usual_s),
        ready_s=np.array(ready_s, dtype=np.int64),
        due_s=job_table["reported_s"].to_numpy() + np.where(job_table["seat"], 1, 2) * DAY_S,
        wide=wide,
    )


def _way_s(outlet_table: pd.DataFrame, lon: Floats, lat: Floats) -> Ints:
    """Return roughly how long the way from the nearest of these outlets is by road; `NEVER_S` where there is none."""
    if outlet_table.empty:
        return np.full(len(lon), NEVER_S)
    tree = sphere(outlet_table["lon"].to_numpy(), outlet_table["lat"].to_numpy())
    away_km, _ = kilometres(tree, lon, lat)
    return np.asarray(600 + away_km / STRAIGHT_KMH * 3600, dtype=np.int64)


def _load_of_warehouses(ground: Ground, warehouse_table: pd.DataFrame) -> np.ndarray:
    """Return the share of all calls that is nearest to each warehouse."""
    tree = sphere(warehouse_table["lon"].to_numpy(), warehouse_table["lat"].to_numpy())
    _, nearest = kilometres(tree, ground.places["lon"].to_numpy(), ground.places["lat"].to_numpy())
    return np.bincount(nearest, ground.demand, minlength=len(warehouse_table))


def _settings(date: dt.date, closed: list[dt.date], working: list[dt.date]) -> dict[str, object]:
    """Return day.toml: everything the tables do not say. Prices stay at their defaults, contract tariffs apart."""
    return {
        "date": date,
        "days": DAYS,
        "now": instants(date, np.array([NOW_S]))[0],
        "time_zone": "Asia/Shanghai",
        "travel": "estimate",
        "calendars": _CALENDARS,
        "holidays": {"closed": closed, "working": working},
        "parts": POLICY,
        "repair_modes": REPAIR_MODES,
        "freeze": {"fax": "-1 18:00", "phone": "07:00"},
        "sla": [
            _promise("丁牌: end of the second calendar day", "arrival", "P2D", brand="丁牌", area_class="seat"),
            _promise("shops agree a day", "arrival", "P2D", area_class="seat", channel="shop"),
            _promise("seat", "arrival", "PT24H", area_class="seat"),
            _promise("remote", "arrival", "PT48H", area_class="remote"),
            _promise("丙牌: repaired in two days", "resolution", "PT48H", brand="丙牌", area_class="seat"),
            _promise("food spoils", "resolution", "PT72H", product="refrigerator"),
            _promise("gas", "resolution", "PT72H", product="water_heater_gas"),
        ],
        "contract_tariff": [
            {
                "id": "city",
                "call_out_fen": 3_500,
                "bands": [[5_000, 0], [15_000, 800], [40_000, 2_600], [300_000, 8_000]],
                "fen_per_minute": 90,
            },
            {
                "id": "county",
                "call_out_fen": 3_000,
                "bands": [[5_000, 0], [15_000, 1_000], [40_000, 3_000], [300_000, 8_000]],
                "fen_per_minute": 80,
            },
            {
                "id": "township",
                "call_out_fen": 2_600,
                "bands": [[5_000, 0], [15_000, 1_200], [40_000, 3_400], [300_000, 9_000]],
                "fen_per_minute": 75,
            },
        ],
    }


def _promise(name: str, clock: str, within: str, **matches: str) -> dict[str, str]:
    """Return one SLA row; what is not said matches everything."""
    row = {"name": name, "brand": "*", "product": "*", "area_class": "*", "channel": "*"}
    return {**row, **matches, "clock": clock, "within": within}
