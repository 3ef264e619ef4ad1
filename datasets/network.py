"""Builds centres, outlets, technicians, shifts and parts of a Day from tables that are free of faults."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from datasets.calendars import Calendar
from datasets.closures import Span, closed_days, merged
from datasets.settings import Settings
from datasets.table import Table
from datasets.times import midnight_of
from geo.crs import Datum, to_wgs84
from optimizer.model import (
    DAY_S,
    Break,
    Centre,
    Inbound,
    Lane,
    Outlet,
    Part,
    Shift,
    SourceKind,
    Technician,
    Warehouse,
)
from optimizer.travel import EARTH_M, unit_vectors

__all__ = [
    "BY_ROAD",
    "build_centres",
    "build_lanes",
    "build_outlets",
    "build_parts",
    "build_shifts",
    "build_technicians",
    "build_warehouses",
    "days_closed",
    "days_shut",
    "lanes_of",
    "live_rows",
    "unpromised",
    "wgs84",
]

BY_ROAD = 1.25
"""Road metres for a metre as the crow flies, where lanes are long: how far it is to fetch a part."""


def wgs84(table: Table) -> NDArray[np.float64]:
    """Return the positions of a table's rows, shape (n, 2), as WGS84 longitude and latitude."""
    places = np.column_stack([table.numbers("lon"), table.numbers("lat")])
    datums = table.text["datum"]
    for datum in Datum:
        rows = datums == datum.value
        if rows.any():
            places[rows] = np.column_stack(to_wgs84(places[rows, 0], places[rows, 1], datum))
    return places


def live_rows(outlets: Table, date: dt.date) -> NDArray[np.bool_]:
    """Return which outlets are live on a date: from opened_on to before closed_on."""
    life = zip(outlets.values["opened_on"], outlets.values["closed_on"], strict=True)
    return np.array(
        [(first is None or first <= date) and (last is None or date < last) for first, last in life], dtype=np.bool_
    )


def build_centres(table: Table) -> tuple[Centre, ...]:
    """Build every centre."""
    places = wgs84(table).tolist()
    return tuple(
        Centre(id=id_, position=(lon, lat)) for id_, (lon, lat) in zip(table.values["centre_id"], places, strict=True)
    )


def build_outlets(table: Table, rows: NDArray[np.bool_], settings: Settings) -> tuple[Outlet, ...]:
    """Build the outlets of these rows."""
    places = wgs84(table).tolist()
    values = table.values
    return tuple(
        Outlet(
            id=values["outlet_id"][row],
            centre_id=values["centre_id"][row],
            position=(places[row][0], places[row][1]),
            ownership=values["ownership"][row],
            channel=values["channel"][row],
            tariff_id=values["tariff_id"][row],
            freeze_s=settings.freeze_s.get(values["channel"][row]),
            workload_target=max(0, values["workload_target"][row] - values["visits_so_far"][row]),
            duration_percent=values["duration_percent"][row],
            first_fix_percent=values["first_fix_percent"][row],
        )
        for row in np.flatnonzero(rows).tolist()
    )


def build_technicians(table: Table, rows: NDArray[np.bool_], outlets: Mapping[str, Outlet]) -> tuple[Technician, ...]:
    """Build the technicians of these rows, based at their outlets."""
    values = table.values
    return tuple(
        Technician(
            id=values["technician_id"][row],
            outlet_id=values["outlet_id"][row],
            position=outlets[values["outlet_id"][row]].position,
            mode=values["travel_mode"][row],
            skills=values["skills"][row],
            certificates=values["certificates"][row],
            load_capacity=values["load_capacity"][row],
            crew=values["crew_size"][row],
        )
        for row in np.flatnonzero(rows).tolist()
    )


def build_shifts(table: Table, outlets: Table, centres: Table, settings: Settings) -> tuple[Shift, ...]:
    """Build one shift for each technician and each date they work, by date and then in file order.

    An outlet without a calendar of its own keeps its centre's.
    An outlet that is not live on the first date gives no shifts; one that closes later in the horizon gives them
    until then. Somebody who is busy begins when they are free, and not at all when that is after the paid hours.
    """
    values = table.values
    live = [
        frozenset(outlets.values["outlet_id"][live_rows(outlets, settings.date + dt.timedelta(days=day))])
        for day in range(settings.days)
    ]
    of_centre = dict(zip(centres.values["centre_id"], centres.values["calendar"], strict=True))
    columns = ("outlet_id", "centre_id", "calendar", "opens", "closes")
    hours = {
        id_: (settings.calendars[calendar or of_centre[centre_id]], opens, closes)
        for id_, centre_id, calendar, opens, closes in zip(*(outlets.values[name] for name in columns), strict=True)
    }
    busy_until_s = [_free_s(moment, settings) for moment in values["busy_until"]]
    shifts = []
    for day in range(settings.days):
        date = settings.date + dt.timedelta(days=day)
        midnight_s = day * DAY_S
        for row, outlet_id in enumerate(values["outlet_id"].tolist()):
            calendar, opens, closes = hours[outlet_id]
            open_ = outlet_id in live[0] and outlet_id in live[day]
            if not open_ or not _works(calendar, date, values["rest_weekdays"][row], values["absent_on"][row]):
                continue
            start_s, end_s = (midnight_s + values[column][row] for column in ("shift_start", "shift_end"))
            start_s = max(start_s, busy_until_s[row])
            if start_s >= end_s:
                continue
            shifts.append(
                Shift(
                    id=f"{values['technician_id'][row]}@{date}",
                    technician_id=values["technician_id"][row],
                    day=day,
                    start_s=start_s,
                    end_s=end_s,
                    latest_end_s=end_s + values["overtime_limit"][row],
                    open_s=midnight_s + opens,
                    close_s=midnight_s + closes,
                    break_=_build_break(table, row, midnight_s, max(start_s, settings.now_s)),
                )
            )
    return tuple(shifts)


def _works(calendar: Calendar, date: dt.date, rest: tuple[int, ...], absent: frozenset[dt.date]) -> bool:
    return date not in absent and calendar.is_open(date, rest)


def _free_s(busy_until: int | None, settings: Settings) -> int:
    """Return when somebody is free, before everything when they are not busy."""
    return -DAY_S if busy_until is None else busy_until - midnight_of(settings.date)


def _build_break(table: Table, row: int, midnight_s: int, free_s: int) -> Break | None:
    """Build the break of a shift; one that had to begin before they are free was had."""
    duration_s = table.values["break_duration"][row]
    if duration_s is None or midnight_s + table.values["break_latest"][row] < free_s:
        return None
    return Break(
        earliest_s=midnight_s + table.values["break_earliest"][row],
        latest_s=midnight_s + table.values["break_latest"][row],
        duration_s=duration_s,
    )


def build_parts(table: Table) -> tuple[Part, ...]:
    """Build every part."""
    columns = (table.values[column] for column in ("part_id", "size_class", "weight_g", "carried"))
    return tuple(
        Part(id=id_, size_class=size, weight_g=weight, carried=carried)
        for id_, size, weight, carried in zip(*columns, strict=True)
    )


def build_warehouses(table: Table, stock: Table, settings: Settings) -> tuple[Warehouse, ...]:
    """Build every warehouse with what it may promise of each part: on hand less reserved, never below zero."""
    free: dict[str, dict[str, int]] = defaultdict(dict)
    floors: dict[str, dict[str, int]] = defaultdict(dict)
    inbound: dict[str, dict[str, tuple[Inbound, ...]]] = defaultdict(dict)
    columns = ("warehouse_id", "part_id", "on_hand", "reserved", "floor", "inbound")
    for house, part, on_hand, reserved, floor, lots in zip(*(stock.values[name] for name in columns), strict=True):
        free[house][part] = max(0, on_hand - reserved)
        if floor:
            floors[house][part] = floor
        if lots := unpromised(lots, reserved - on_hand, midnight_of(settings.date)):
            inbound[house][part] = lots
    places = wgs84(table).tolist()
    values = table.values
    return tuple(
        Warehouse(
            id=id_,
            position=(places[row][0], places[row][1]),
            stock=free.get(id_, {}),
            kind=SourceKind(values["kind"][row]),
            floors=floors.get(id_, {}),
            inbound=inbound.get(id_, {}),
            dock_lines=values["dock_lines"][row],
            open=not values["offline"][row],
        )
        for row, id_ in enumerate(values["warehouse_id"])
    )


def unpromised(lots: tuple[tuple[int, int], ...], short: int, midnight: int) -> tuple[Inbound, ...]:
    """Return what arrives and is promised to nobody: what is reserved beyond the shelf comes out of the first lots."""
    left = []
    for moment, quantity in lots:
        taken = min(max(0, short), quantity)
        short -= taken
        if quantity > taken:
            left.append(Inbound(ready_s=moment - midnight, quantity=quantity - taken))
    return tuple(left)


def build_lanes(tables: Mapping[str, Table], settings: Settings) -> tuple[Lane, ...]:
    """Build every lane; it is closed when its own calendar or that of its warehouse is, and when it says so.

    A reach is the outlets that are at most so many kilometres by road from the warehouse, closed ones too.
    """
    table, warehouses = tables["lanes"], tables["warehouses"]
    values, midnight = table.values, midnight_of(settings.date)
    days, shut = days_closed(settings), days_shut(warehouses, settings)
    closed = [
        merged(
            (
                *days.get(values["calendar"][row], ()),
                *shut[warehouse_id],
                *((span.earliest_s - midnight, span.latest_s - midnight) for span in values["closed"][row]),
            )
        )
        for row, warehouse_id in enumerate(values["warehouse_id"])
    ]
    lanes = lanes_of(table, ("warehouse_id", "centre_id"), closed)
    limits = list(zip(table.values["warehouse_id"].tolist(), table.values["reach_km"].tolist(), strict=True))
    reaches = _reaches({limit for limit in limits if limit[1] is not None}, warehouses, tables["outlets"])
    return tuple(
        lane if limit not in reaches else replace(lane, reach=reaches[limit])
        for lane, limit in zip(lanes, limits, strict=True)
    )


def _reaches(
    limits: Collection[tuple[str, int]], warehouses: Table, outlets: Table
) -> Mapping[tuple[str, int], frozenset[str]]:
    """Return the outlets within so many kilometres of warehouses by road: as the crow flies, times `BY_ROAD`."""
    if not limits:
        return {}
    ids, places = outlets.values["outlet_id"], unit_vectors(wgs84(outlets))
    positions = dict(zip(warehouses.values["warehouse_id"].tolist(), unit_vectors(wgs84(warehouses)), strict=True))
    found = {}
    for warehouse_id, km in limits:
        straight_m = EARTH_M * np.arccos(np.clip(places @ positions[warehouse_id], -1.0, 1.0))
        found[warehouse_id, km] = frozenset(ids[BY_ROAD * straight_m <= km * 1_000].tolist())
    return found


def days_closed(settings: Settings) -> Mapping[str, tuple[Span, ...]]:
    """Return when nothing leaves, by calendar."""
    return {name: closed_days(calendar, settings.date, settings.now_s) for name, calendar in settings.calendars.items()}


def days_shut(warehouses: Table, settings: Settings) -> Mapping[str, tuple[Span, ...]]:
    """Return when nothing leaves a warehouse, by id."""
    days = days_closed(settings)
    columns = (warehouses.values[name] for name in ("warehouse_id", "calendar"))
    return {warehouse_id: days.get(calendar, ()) for warehouse_id, calendar in zip(*columns, strict=True)}


def lanes_of(table: Table, ends: tuple[str, str], closed: Sequence[tuple[Span, ...]]) -> tuple[Lane, ...]:
    """Build the lanes of a table; ends: its columns of where they begin and end. closed: of each row."""
    values = table.values
    return tuple(
        Lane(
            warehouse_id=values[ends[0]][row],
            centre_id=values[ends[1]][row],
            mode=values["mode"][row],
            cut_off_s=values["cut_off"][row],
            transit_p50_s=values["transit_p50"][row],
            transit_p90_s=values["transit_p90"][row],
            cost_fen=values["cost_fen"][row],
            cost_fen_per_kg=values["cost_fen_per_kg"][row],
            carries=values["carries"][row],
            closed=closed[row],
        )
        for row in range(len(table.lines))
    )
