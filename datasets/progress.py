"""A day taken up again while it is under way: visits done or begun leave its folder, with the stock that they used."""

import csv
import datetime as dt
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from datasets.day import AREAS_FILE, DaySource, read_source, write_day
from datasets.due_visits import due_visits, plan_of
from datasets.faults import DayRefused, FaultList, PlanRefused
from datasets.settings import SETTINGS_FILE
from datasets.table import read_text
from datasets.times import Unreadable, instant_of, instant_text, midnight_of
from optimizer.model import DAY_S

__all__ = ["Progress", "moment_in", "take_up", "travel_from", "use_stock"]

STOPS_FILE, SHIPMENTS_FILE = "stops.csv", "shipments.csv"
ROAD_FILE = "osm:"
Row = Mapping[str, int | str]
Reader = Callable[[str], int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What was taken out of a day.

    done, under_way: visits. on_their_way: order lines of visits still to come whose parts have left; sourced anew.
    """

    done: int
    under_way: int
    on_their_way: int


def take_up(day: Path, plan: Path, out: Path, now: str) -> Progress:
    """Write the day as it stands at a moment, every visit having gone as planned.

    Whose way began by then is under way: their technician is busy until the visit ends. Jobs that the day no longer
    has were taken out before, and count no more. Whatever is in no plan stays as it is.

    Raises
    ------
    DayRefused, PlanRefused
        The moment is none of the day, or a folder cannot be read; every fault is listed.
    ForeignFolder
        Something else than a day stands where it is to be written.
    """
    source = read_source(day)
    now_s = moment_in(source, now)
    faults = FaultList()
    stops = _rows(plan / STOPS_FILE, _STOP, faults)
    lines = _rows(plan / SHIPMENTS_FILE, _SHIPMENT, faults)
    if faults.faults:
        raise PlanRefused(faults.faults)
    owed = {visit.id for visit in due_visits(source.tables["maintenance"], source.settings)}
    known = owed.union(source.tables["jobs"].text["job_id"])
    begun = [stop for stop in stops if stop["job_id"] in known and _sets_out(stop) < now_s]
    gone = {stop["job_id"] for stop in begun}
    under_way = [stop for stop in begun if _number(stop, "departure") > now_s]
    tables = {name: pd.DataFrame(dict(table.text)) for name, table in source.tables.items()}
    tables["jobs"] = tables["jobs"][~tables["jobs"]["job_id"].isin(gone)]
    tables["consents"] = tables["consents"][~tables["consents"]["job_id"].isin(gone)]
    tables["crews"]["aboard"] = [
        ";".join(id_ for id_ in ids.split(";") if id_ not in gone) for ids in tables["crews"]["aboard"]
    ]
    _keep_plans(tables["maintenance"], [stop for stop in begun if stop["job_id"] in owed], source.settings.date)
    _make_busy(tables["technicians"], under_way, source.settings.date)
    _count_visits(tables["outlets"], begun)
    used = [line for line in lines if line["job_id"] in gone]
    use_stock(tables["stock"], "warehouse_id", used)
    use_stock(tables["outlet_stock"], "outlet_id", used)
    values = dict(source.values) | {"now": now, "travel": travel_from(source, out)}
    areas = day / AREAS_FILE
    write_day(out, tables, values, areas.read_bytes() if areas.exists() else None)
    waiting = known - gone
    left = [line for line in lines if line["job_id"] in waiting and _number(line, "ships_at") <= now_s]
    return Progress(done=len(begun) - len(under_way), under_way=len(under_way), on_their_way=len(left))


def moment_in(source: DaySource, now: str) -> int:
    """Return the moment as instants are counted; one before `now` or beyond the horizon is refused."""
    faults = FaultList()
    midnight = midnight_of(source.settings.date)
    try:
        now_s = instant_of(now)
    except Unreadable as unreadable:
        faults.add(SETTINGS_FILE, None, "now", now, str(unreadable))
        raise DayRefused(faults.faults) from None
    if not source.settings.now_s <= now_s - midnight < source.settings.days * DAY_S:
        faults.add(SETTINGS_FILE, None, "now", now, "a time from `now` in the day's folder to the end of its last day")
        raise DayRefused(faults.faults)
    return now_s


_STOP: Mapping[str, Reader] = {
    "job_id": str,
    "technician_id": str,
    "outlet_id": str,
    "arrival": instant_of,
    "departure": instant_of,
    "travel_s": int,
}
_SHIPMENT: Mapping[str, Reader] = {
    "job_id": str,
    "part_id": str,
    "quantity": int,
    "warehouse_id": str,
    "ships_at": instant_of,
}


def _rows(path: Path, columns: Mapping[str, Reader], faults: FaultList) -> list[Row]:
    """Return these columns of a table of a plan folder; whatever cannot be read is a fault."""
    text = read_text(path, faults)
    if text is None:
        return []
    reader = csv.DictReader(text.splitlines())
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    for name in missing:
        faults.add(path.name, 1, name, "missing", "a column of this name")
    rows: list[Row] = []
    for cells in reader if not missing else ():
        row: dict[str, int | str] = {}
        for name, read in columns.items():
            try:
                row[name] = read(cells[name] or "")
            except Unreadable as unreadable:
                faults.add(path.name, reader.line_num, name, cells[name], str(unreadable))
            except ValueError:
                faults.add(path.name, reader.line_num, name, cells[name], "an integer")
        rows.append(row)
    return rows


def _number(row: Row, column: str) -> int:
    return int(row[column])


def _sets_out(stop: Row) -> int:
    return _number(stop, "arrival") - _number(stop, "travel_s")


def _make_busy(technicians: pd.DataFrame, under_way: Sequence[Row], date: dt.date) -> None:
    """Let technicians set out for their next visit when the one that they are on has ended as planned."""
    ends = {str(stop["technician_id"]): stop for stop in sorted(under_way, key=lambda stop: _number(stop, "departure"))}
    for technician_id, stop in ends.items():
        mine = technicians["technician_id"] == technician_id
        until = [instant_of(text) for text in technicians.loc[mine, "busy_until"] if text]
        if max(until, default=0) < _number(stop, "departure"):
            technicians.loc[mine, "busy_until"] = instant_text(date, _number(stop, "departure") - midnight_of(date))


def _keep_plans(maintenance: pd.DataFrame, begun: Sequence[Row], first: dt.date) -> None:
    """Let plans count from the visits that they have had."""
    for stop in begun:
        mine = maintenance["plan_id"] == plan_of(str(stop["job_id"]))
        days = (_number(stop, "arrival") - midnight_of(first)) // DAY_S
        maintenance.loc[mine, "last_on"] = (first + dt.timedelta(days=days)).isoformat()


def _count_visits(outlets: pd.DataFrame, begun: Sequence[Row]) -> None:
    """Raise `visits_so_far` by what each outlet has had."""
    for outlet_id, visits in Counter(str(stop["outlet_id"]) for stop in begun).items():
        mine = outlets["outlet_id"] == outlet_id
        outlets.loc[mine, "visits_so_far"] = [
            str(int(text or 0) + visits) for text in outlets.loc[mine, "visits_so_far"]
        ]


def use_stock(stock: pd.DataFrame, source: str, lines: Sequence[Row]) -> None:
    """Lower the stock by what the visits used; source: the column that says whose it is."""
    used: Counter[tuple[str, str]] = Counter()
    for line in lines:
        used[str(line["warehouse_id"]), str(line["part_id"])] += _number(line, "quantity")
    for (warehouse_id, part_id), quantity in used.items():
        here = (stock[source] == warehouse_id) & (stock["part_id"] == part_id)
        stock.loc[here, "on_hand"] = [str(max(0, int(text) - quantity)) for text in stock.loc[here, "on_hand"]]


def travel_from(source: DaySource, out: Path) -> str:
    """Return where travel times are from, a road file as it is named from the new folder."""
    travel = source.settings.travel
    if not travel.startswith(ROAD_FILE):
        return travel
    place = (source.folder / travel.removeprefix(ROAD_FILE)).resolve()
    return ROAD_FILE + os.path.relpath(place, out.resolve())
