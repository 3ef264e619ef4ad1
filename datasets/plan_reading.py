"""Reads the plan back from a plan folder, and notices when its tables no longer say what plan.json says.

plan.json is what counts: it alone is complete. The CSV files are for people, and an edited one is a fault, because
silently following either side would surprise whoever believed the other.
"""

import csv
import datetime as dt
import io
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from datasets.at_risk import AT_RISK_COLUMNS, at_risk_table
from datasets.day import DayFolder
from datasets.faults import FaultList, PlanRefused
from datasets.keys import Keys, boolean, from_text, known, nullable, one_of, text, text_or_empty, whole_number
from datasets.pick_list import PICK_COLUMNS, PICK_LIST_FILE, pick_list_table
from datasets.plan_folder import PLAN_FILE, PLAN_FORMAT
from datasets.plan_tables import PLAN_TABLES
from datasets.table import csv_records, read_text
from datasets.times import instant_of, midnight_of
from optimizer.explanation import Why
from optimizer.model import Day, Rule, ShipMode
from optimizer.plan import Plan, Route, Shipment, Status, Stop, Unassigned

__all__ = ["Statement", "plan_of", "read_plan", "read_statement", "refuse_other_papers"]

MOST = 1 << 40
COUNT = whole_number(0, MOST)
ANY_NUMBER = whole_number(-MOST, MOST)
AT_RISK_FILE = "at_risk.csv"
AUTHORITY = "plan.json is what counts; to change a plan, lock or publish jobs in jobs.csv and plan again"

Row = tuple[str, ...]


def read_plan(out: Path, folder: DayFolder) -> Plan:
    """Read the plan of a day.

    Raises
    ------
    PlanRefused
        With every fault: files missing, unreadable or corrupt, ids the day does not know, another day's plan, and
        tables that differ from plan.json.
    """
    faults = FaultList()
    files = (PLAN_FILE, *(table.file for table in PLAN_TABLES))
    if not out.is_dir():
        faults.add(str(out), None, "", "not a folder" if out.exists() else "missing", "a plan folder")
        raise PlanRefused(faults.faults)
    plan = _read_document(out, folder.day, faults)
    for table in PLAN_TABLES:
        expected = None if faults.faults or plan is None else table.rows(folder.day, plan)
        _compare(out / table.file, table.columns, expected, faults, at_first=table.at_first)
    if faults.faults or plan is None:
        raise PlanRefused(faults.ordered(files))
    return plan


def refuse_other_papers(out: Path, folder: DayFolder, plan: Plan) -> None:
    """Raise PlanRefused where the pick list, or what is at risk, says something else than the plan; either may be away.

    Nothing is planned on from these two, so that only who checks a folder has to read them.
    """
    faults = FaultList()
    papers = (
        (PICK_LIST_FILE, PICK_COLUMNS, pick_list_table(folder, plan), ("job_id", "part_id", "order_line_id")),
        (AT_RISK_FILE, AT_RISK_COLUMNS, at_risk_table(folder.day, plan), ("job_id", "clock")),
    )
    for file, columns, content, keys in papers:
        if not (out / file).exists():
            continue
        _, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        expected, named = [tuple(row) for row in rows], tuple(map(columns.index, keys))
        _compare(out / file, columns, expected, faults, keys=named)
    if faults.faults:
        raise PlanRefused(faults.faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a plan folder says of itself, to be held against what is so: cost_fen by item, source of travel times."""

    cost_fen: Mapping[str, int]
    travel: Mapping[str, Any]


def read_statement(out: Path) -> Statement:
    """Return the statement of a plan folder that `read_plan` has accepted."""
    document = json.loads((out / PLAN_FILE).read_text(encoding="utf-8"))
    return Statement(
        cost_fen=document["cost_fen"],
        travel=document["travel"],
    )


def _read_document(out: Path, day: Day, faults: FaultList) -> Plan | None:
    content = read_text(out / PLAN_FILE, faults)
    if content is None:
        return None
    try:
        values = json.loads(content, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        faults.add(PLAN_FILE, error.lineno, "", error.msg, "JSON as `paigong day plan` writes it")
        return None
    except (ValueError, RecursionError) as error:
        faults.add(PLAN_FILE, None, "", error, "JSON as `paigong day plan` writes it")
        return None
    return _read_values(values, day, faults)


def plan_of(document: object, day: Day) -> Plan:
    """Return the plan of a document with the content of plan.json, wherever it was kept.

    Raises
    ------
    PlanRefused
        With every fault.
    """
    faults = FaultList()
    plan = _read_values(document, day, faults)
    if faults.faults or plan is None:
        raise PlanRefused(faults.ordered((PLAN_FILE,)))
    return plan


def _read_values(values: object, day: Day, faults: FaultList) -> Plan | None:
    if not isinstance(values, dict) or values.get("format") != PLAN_FORMAT:
        found = values.get("format", "missing") if isinstance(values, dict) else type(values).__name__
        faults.add(PLAN_FILE, None, "format", found, PLAN_FORMAT)
        return None
    keys = Keys(values, PLAN_FILE, "", faults)
    _check_head(keys, day)
    reader = _PlanReader(day)
    plan = Plan(
        routes=tuple(reader.route(route) for route in keys.tables("routes", required=True)),
        unassigned=tuple(reader.unassigned(left) for left in keys.tables("unassigned", required=True)),
        shipments=tuple(reader.shipment(shipment) for shipment in keys.tables("shipments", required=True)),
        promised=tuple(reader.promise(promise) for promise in keys.tables("promised")),
    )
    for said in keys.tables("explanations"):
        reader.explanation(said)
    keys.close()
    return plan


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _check_head(keys: Keys, day: Day) -> None:
    keys.need("format", one_of(PLAN_FORMAT), PLAN_FORMAT)
    keys.need("date", one_of(day.date.isoformat()), "")
    keys.need("days", whole_number(day.days, day.days), 0)
    keys.need("now", from_text(instant_of), 0)
    keys.need("status", one_of(*Status), "")
    keys.need("seed", ANY_NUMBER, 0)
    keys.need("bound_fen", nullable(ANY_NUMBER), None)
    travel = keys.table("travel")
    travel.need("provider", text, "")
    travel.need("is_estimate", boolean, False)
    if "cache" in travel.values:
        _check_service(travel)
    travel.close()
    cost = keys.table("cost_fen")
    fen = {item: cost.need(item, ANY_NUMBER, 0) for item in cost.values}
    if sum(fen.values()) != 2 * fen.get("total", 0):
        cost.refuse("total", fen.get("total", "missing"), "the sum of the other items")


def _check_service(travel: Keys) -> None:
    """Check what is said of a service over HTTP."""
    counts = {
        "cache": ("number", "since"),
        "pairs": ("fetched", "cached", "estimated"),
        "legs": ("answered", "estimated"),
    }
    for name, numbers in counts.items():
        table = travel.table(name)
        for number in numbers:
            table.need(number, ANY_NUMBER, 0)
        table.close()
    for row in travel.tables("reasons", required=True):
        row.need("reason", text, "")
        row.need("pairs", ANY_NUMBER, 0)
        row.close()
    travel.need("ended", text_or_empty, "")


class _PlanReader:
    """Turns JSON tables into plan objects whose ids the day knows; times become seconds of the day."""

    def __init__(self, day: Day) -> None:
        midnight = midnight_of(day.date)
        self.date = day.date
        self.shifts = {shift.id: shift for shift in day.shifts}
        self.outlet_of = {technician.id: technician.outlet_id for technician in day.technicians}
        self.job_id = known({job.id for job in day.jobs}, "a job of jobs.csv")
        self.shift_id = known(self.shifts, "a shift of the day: technician@date")
        self.part_id = known({part.id for part in day.parts}, "a part of parts.csv")
        sources = {warehouse.id for warehouse in day.warehouses} | {outlet.id for outlet in day.outlets}
        self.warehouse_id = known(sources, "a warehouse of warehouses.csv, or an outlet")
        lines = {line.id for job in day.jobs for line in job.order_lines}
        self.order_line_id = known(lines, "an order line of the day: job/number")
        self.moment = from_text(lambda written: instant_of(written) - midnight)

    def route(self, keys: Keys) -> Route:
        shift_id = keys.need("shift_id", self.shift_id, "")
        shift = self.shifts.get(shift_id)
        if shift is not None:
            date = self.date + dt.timedelta(days=shift.day)
            keys.need("technician_id", one_of(shift.technician_id), "")
            keys.need("outlet_id", one_of(self.outlet_of[shift.technician_id]), "")
            keys.need("date", one_of(date.isoformat()), "")
        route = Route(
            shift_id=shift_id,
            depart_s=keys.need("depart", self.moment, 0),
            stops=tuple(self.stop(stop) for stop in keys.tables("stops", required=True)),
            return_s=keys.need("return", self.moment, 0),
            return_travel_s=keys.need("return_travel_s", COUNT, 0),
            return_travel_m=keys.need("return_distance_m", COUNT, 0),
            break_start_s=keys.need("break_start", nullable(self.moment), None),
        )
        if shift is not None:
            keys.close()
        return route

    def stop(self, keys: Keys) -> Stop:
        stop = Stop(
            job_id=keys.need("job_id", self.job_id, ""),
            start_s=keys.need("start", self.moment, 0),
            end_s=keys.need("end", self.moment, 0),
            travel_s=keys.need("travel_s", COUNT, 0),
            travel_m=keys.need("distance_m", COUNT, 0),
        )
        keys.close()
        return stop

    def unassigned(self, keys: Keys) -> Unassigned:
        left = Unassigned(
            job_id=keys.need("job_id", self.job_id, ""),
            rule=Rule(keys.need("rule", one_of(*Rule), str(Rule.UNKNOWN))),
            reason=keys.need("reason", text_or_empty, ""),
            remedy=keys.need("remedy", text_or_empty, ""),
            reason_zh=keys.take("reason_zh", text_or_empty, ""),
            remedy_zh=keys.take("remedy_zh", text_or_empty, ""),
            difference_fen=keys.take("difference_fen", nullable(ANY_NUMBER), None),
        )
        keys.close()
        return left

    def explanation(self, keys: Keys) -> None:
        """Look at an explanation: people read it, the plan does not depend on it; `paigong day explain` tells anew."""
        keys.need("job_id", self.job_id, "")
        keys.need("why", one_of(*Why), "")
        keys.need("rule", nullable(one_of(*Rule)), None)
        keys.need("en", text, "")
        keys.need("zh", text, "")

    def shipment(self, keys: Keys) -> Shipment:
        """Return an order line of a job on its way."""
        line_id = keys.need("order_line_id", self.order_line_id, "")
        return self._sent(keys, line_id, keys.need("job_id", self.job_id, ""))

    def promise(self, keys: Keys) -> Shipment:
        """Return what an open order beside the day's jobs is promised; the checker knows if there is such a line."""
        return self._sent(keys, keys.need("order_line_id", text, ""), keys.need("order_id", text, ""))

    def _sent(self, keys: Keys, line_id: str, owner_id: str) -> Shipment:
        shipment = Shipment(
            order_line_id=line_id,
            job_id=owner_id,
            part_id=keys.need("part_id", self.part_id, ""),
            quantity=keys.need("quantity", COUNT, 0),
            warehouse_id=keys.need("warehouse_id", self.warehouse_id, ""),
            mode=ShipMode(keys.need("mode", one_of(*ShipMode), str(ShipMode.STANDARD))),
            ships_s=keys.need("ships", self.moment, 0),
            ready_s=keys.need("ready", self.moment, 0),
            cost_fen=keys.need("cost_fen", COUNT, 0),
            needs_approval=keys.take("needs_approval", boolean, False),
        )
        keys.close()
        return shipment


def _compare(
    path: Path,
    columns: Row,
    expected: list[Row] | None,
    faults: FaultList,
    *,
    keys: tuple[int, ...] = (0,),
    at_first: int | None = None,
) -> None:
    """Compare a CSV file, in any order of rows, with what the plan says; None when the plan itself is unknown.

    keys: the columns that tell rows apart. at_first: as of a PlanTable.
    """
    content = read_text(path, faults)
    if content is None:
        return
    file, header = path.name, "the header " + ",".join(columns)
    lines, rows, whole = csv_records(content, file, faults)
    if rows and at_first is not None and at_first <= len(rows[0]):
        columns = columns[: len(rows[0])]
    if not rows or tuple(rows[0]) != columns:
        found = ",".join(rows[0]) if rows else "empty file"
        if whole:
            faults.add(file, lines[0] if rows else None, "", found, header)
        return
    if expected is None:
        return
    wanted: dict[Row, list[Row]] = defaultdict(list)
    for planned in expected:
        wanted[tuple(planned[key] for key in keys)].append(planned[: len(columns)])
    for line, row in zip(lines[1:], rows[1:], strict=True):
        if len(row) == len(columns):
            rest = wanted[tuple(row[key] for key in keys)]
            _compare_row(file, line, dict(zip(columns, row, strict=True)), rest, keys, faults)
        else:
            faults.add(file, line, "", f"{len(row)} cells", f"{len(columns)} cells, as many as the header")
    for away in (" ".join(key).strip() for key, left in wanted.items() for _ in left if whole):
        faults.add(file, None, columns[keys[0]], f"no row for {away}", f"its row in plan.json; {AUTHORITY}")


def _compare_row(
    file: str, line: int, row: Mapping[str, str], found: list[Row], keys: tuple[int, ...], faults: FaultList
) -> None:
    """Compare a row with the first that is found of its name, which is then taken."""
    if not found:
        names = list(row)
        name = " ".join(row[names[key]] for key in keys).strip()
        faults.add(file, line, names[keys[0]], name, f"no such row, as in plan.json; {AUTHORITY}")
        return
    for (column, cell), planned in zip(row.items(), found.pop(0), strict=True):
        if cell != planned:
            faults.add(file, line, column, cell, f'"{planned}" as in plan.json; {AUTHORITY}')
