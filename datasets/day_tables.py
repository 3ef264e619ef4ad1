"""Checks in the tables of a day what one cell alone cannot show: references, order, duplicates."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.columns import TABLES
from datasets.faults import FaultList
from datasets.settings import SETTINGS_FILE, Settings
from datasets.supply_columns import OPTIONAL_TABLES
from datasets.supply_tables import SUPPLY_ROWS, check_supply
from datasets.table import Table, read_table, table_of
from datasets.times import midnight_of
from datasets.tour_tables import TOUR_ROWS, check_tours
from optimizer.model import DAY_S, Lock, Ownership, ShipMode

__all__ = ["CHINA_LATITUDE", "CHINA_LONGITUDE", "check_jobs", "check_rows", "check_tables", "read_tables"]

CHINA_LONGITUDE = (73.0, 135.1)
CHINA_LATITUDE = (3.0, 54.0)
"""Degrees that hold all of China, its islands included."""

MAX_DISTANCE_FROM_DAY_S = 1_000 * DAY_S

Mask = NDArray[np.bool_]


def read_tables(folder: Path, settings: Settings | None, faults: FaultList) -> dict[str, Table]:
    """Return every table by name; whatever is wrong in or between them is a fault.

    A table about parts or tours whose file is not there has no rows.
    """
    tables = {layout.name: read_table(folder, layout, faults) for layout in TABLES}
    for layout in OPTIONAL_TABLES:
        path = folder / layout.file
        there = path.exists() or path.is_symlink()
        tables[layout.name] = read_table(folder, layout, faults) if there else table_of((), layout, faults)
    check_tables(tables, settings, faults)
    return tables


def check_tables(tables: Mapping[str, Table], settings: Settings | None, faults: FaultList) -> None:
    """Note what is wrong in and between tables whose cells were read."""
    for table in tables.values():
        check_rows(table, faults)
        _check_references(table, tables, faults)
    if settings is not None:
        _check_calendars(tables, settings, faults)
        _check_tariffs(tables["outlets"], settings, faults)
        _check_moments(tables["jobs"], settings, faults)
        _check_busy(tables["technicians"], settings, faults)
        _check_depots(tables["warehouses"], settings, faults)
    _check_kits_of_jobs(tables["jobs"], tables["parts"], faults)
    check_supply(tables, settings, faults)
    check_tours(tables, settings, faults)


def check_jobs(jobs: Table, tables: Mapping[str, Table], settings: Settings, faults: FaultList) -> None:
    """Note what is wrong in jobs that are read beside tables found good before."""
    check_rows(jobs, faults)
    _check_references(jobs, tables, faults)
    _check_moments(jobs, settings, faults)
    _check_kits_of_jobs(jobs, tables["parts"], faults)


def check_rows(table: Table, faults: FaultList) -> None:
    """Note what is wrong within the rows of one table: keys, coordinates, columns that must fit each other."""
    _check_keys(table, faults)
    if "lon" in table.values:
        _check_coordinates(table, faults)
    check = _OF_ROWS.get(table.layout.name)
    if check is not None:
        check(table, faults)


def _check_keys(table: Table, faults: FaultList) -> None:
    keys = table.layout.keys
    first: dict[tuple[str, ...], int] = {}
    for row, cells in enumerate(zip(*(table.text[key].tolist() for key in keys), strict=True)):
        before = first.setdefault(cells, row)
        if before == row or not all(cells):
            continue
        allowed = f"each {' and '.join(keys)} once; it stands in line {table.lines[before]} already"
        faults.add(table.layout.file, int(table.lines[row]), keys[0], ", ".join(cells), allowed)


def _check_references(table: Table, tables: Mapping[str, Table], faults: FaultList) -> None:
    for column in table.layout.columns:
        if not column.refers:
            continue
        target = tables[column.refers]
        # An id that cannot be read is one fault, not one for every row that refers to it.
        cells = table.text[column.name].tolist()
        dangling = np.array([cell != "" and cell not in target.ids for cell in cells], dtype=np.bool_)
        good = np.array([value is not None for value in table.values[column.name]], dtype=np.bool_)
        if target.whole:
            table.refuse(dangling & good, column.name, f"an id that stands in {target.layout.file}", faults)


def _check_coordinates(table: Table, faults: FaultList) -> None:
    longitude, latitude = table.numbers("lon"), table.numbers("lat")
    swapped = _within(longitude, CHINA_LATITUDE) & _within(latitude, CHINA_LONGITUDE)
    table.refuse(swapped, "lon", "a longitude in China, 73 to 135.1: lon and lat look swapped", faults)
    for column, values, bounds in (("lon", longitude, CHINA_LONGITUDE), ("lat", latitude, CHINA_LATITUDE)):
        outside = ~_within(values, bounds) & ~np.isnan(values) & ~swapped
        table.refuse(outside, column, f"degrees in China, {bounds[0]:g} to {bounds[1]:g}", faults)


def _within(values: NDArray[np.float64], bounds: tuple[float, float]) -> Mask:
    inside: Mask = (values >= bounds[0]) & (values <= bounds[1])
    return inside


def _check_calendars(tables: Mapping[str, Table], settings: Settings, faults: FaultList) -> None:
    known = ", ".join(settings.calendars) or "none is there"
    for name in ("centres", "outlets", "warehouses", "lanes"):
        table = tables[name]
        unknown = ~table.among("calendar", {*settings.calendars, ""})
        table.refuse(unknown, "calendar", f"a calendar of day.toml: {known}", faults)


def _check_tariffs(outlets: Table, settings: Settings, faults: FaultList) -> None:
    known = [tariff.id for tariff in settings.tariff.contract_tariffs if tariff.id]
    given = outlets.given("tariff_id")
    unknown = given & ~outlets.among("tariff_id", known)
    allowed = f"a contract_tariff of day.toml: {', '.join(known) or 'none is there'}"
    outlets.refuse(unknown, "tariff_id", allowed, faults)
    contract = outlets.values["ownership"] == Ownership.CONTRACT
    outlets.refuse(contract & ~given, "tariff_id", f"not empty for a contract outlet: {allowed}", faults)


def _check_moments(jobs: Table, settings: Settings, faults: FaultList) -> None:
    midnight = midnight_of(settings.date)
    for column in ("reported_at", "published_start"):
        far = np.abs(jobs.numbers(column) - midnight) > MAX_DISTANCE_FROM_DAY_S
        jobs.refuse(far, column, f"a time within 1000 days of {settings.date}", faults)
    for column in ("windows", "appointment", "preferred"):
        far = np.array([_is_far(value, midnight) for value in jobs.values[column]], dtype=np.bool_)
        jobs.refuse(far, column, f"times within 1000 days of {settings.date}", faults)


def _check_busy(technicians: Table, settings: Settings, faults: FaultList) -> None:
    free_s = technicians.numbers("busy_until") - midnight_of(settings.date)
    elsewhere = (free_s < 0) | (free_s >= settings.days * DAY_S)
    last = settings.date + dt.timedelta(days=settings.days - 1)
    technicians.refuse(elsewhere, "busy_until", f"a time from {settings.date} to {last}", faults)


def _check_depots(warehouses: Table, settings: Settings, faults: FaultList) -> None:
    for depot in sorted(settings.repair_modes.depots) if warehouses.whole else ():
        if depot not in warehouses.ids:
            allowed = f"ids that stand in {warehouses.layout.file}"
            faults.add(SETTINGS_FILE, None, "repair_modes.depots", depot, allowed)


def _is_far(value: object, midnight: int) -> bool:
    if not value:
        return False
    windows = value if isinstance(value, tuple) else (value,)
    return any(
        abs(moment - midnight) > MAX_DISTANCE_FROM_DAY_S
        for window in windows
        for moment in (window.earliest_s, window.latest_s)
    )


def _check_outlets(table: Table, faults: FaultList) -> None:
    reversed_hours = table.numbers("opens") >= table.numbers("closes")
    table.refuse(reversed_hours, "closes", "a time of day after opens", faults)
    both = zip(table.values["opened_on"], table.values["closed_on"], strict=True)
    reversed_life = np.array([bool(first and last and first >= last) for first, last in both], dtype=np.bool_)
    table.refuse(reversed_life, "closed_on", "a date after opened_on", faults)


def _check_technicians(table: Table, faults: FaultList) -> None:
    start, end = table.numbers("shift_start"), table.numbers("shift_end")
    table.refuse(start >= end, "shift_end", "a time of day after shift_start", faults)
    columns = ("break_earliest", "break_latest", "break_duration")
    given = [table.given(column) for column in columns]
    some = np.logical_or.reduce(given)
    for column, here in zip(columns, given, strict=True):
        table.refuse(some & ~here, column, "break_earliest, break_latest and break_duration, all or none", faults)
    earliest, latest = table.numbers("break_earliest"), table.numbers("break_latest")
    table.refuse(earliest > latest, "break_latest", "a time of day not before break_earliest", faults)
    apart = (start < end) & (earliest <= latest) & ((latest < start) | (earliest >= end))
    table.refuse(apart, "break_earliest", "a break within the shift", faults)


def _check_jobs(table: Table, faults: FaultList) -> None:
    not_before = table.numbers("same_fault_at") >= table.numbers("reported_at")
    table.refuse(not_before, "same_fault_at", "a time before reported_at", faults)
    technician, start = table.given("published_technician_id"), table.given("published_start")
    both = "published_technician_id and published_start, both or neither"
    table.refuse(start & ~technician, "published_technician_id", both, faults)
    table.refuse(technician & ~start, "published_start", both, faults)
    lock = table.values["lock"]
    locked = np.array([value is not None and value != Lock.NONE for value in lock], dtype=np.bool_)
    unpublished = ~technician & ~start
    table.refuse(
        locked & unpublished,
        "lock",
        "none, unless the job is published (published_technician_id, published_start)",
        faults,
    )
    told = np.array([value is True for value in table.values["told"]], dtype=np.bool_)
    table.refuse(
        told & unpublished, "told", "no, unless the job is published (published_technician_id, published_start)", faults
    )


def _check_kits_of_jobs(table: Table, parts: Table, faults: FaultList) -> None:
    if parts.whole:
        unknown = np.array(
            [bool(kit) and any(part not in parts.ids for part, _ in kit) for kit in table.values["parts"]]
        )
        table.refuse(unknown.astype(np.bool_), "parts", "part_id:quantity;… with ids that stand in parts.csv", faults)


def _check_lanes(table: Table, faults: FaultList) -> None:
    reversed_transit = table.numbers("transit_p50") > table.numbers("transit_p90")
    table.refuse(reversed_transit, "transit_p90", "a duration not shorter than transit_p50", faults)
    sent = np.array([mode is not None and mode is not ShipMode.PICKUP for mode in table.values["mode"]], np.bool_)
    limited = ~np.isnan(table.numbers("reach_km"))
    table.refuse(limited & sent, "reach_km", "nothing, unless the mode is pickup", faults)


_OF_ROWS: Mapping[str, Callable[[Table, FaultList], None]] = {
    "outlets": _check_outlets,
    "technicians": _check_technicians,
    "jobs": _check_jobs,
    "lanes": _check_lanes,
    **SUPPLY_ROWS,
    **TOUR_ROWS,
}
