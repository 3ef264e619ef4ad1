"""A plan as the three tables that people read: stops, unassigned and shipments, every cell as text."""

import csv
import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from datasets.times import instant_text
from optimizer.model import ClockKind, Day, Job
from optimizer.plan import Plan, Stop
from optimizer.ship_modes import is_fallback

__all__ = ["PLAN_TABLES", "PlanTable", "no_formula", "write_rows"]

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTable:
    """One CSV file of a plan folder; its first column tells the rows apart.

    at_first: how many columns the file had at first, None for all; older plan folders are still read, also those with
    some of the columns that came later.
    """

    file: str
    columns: tuple[str, ...]
    rows: Callable[[Day, Plan], list[Row]]
    at_first: int | None = None


def write_rows(path: Path, columns: Row, rows: Iterable[Row]) -> None:
    """Write a CSV file with a header, and the mark by which Excel in China knows UTF-8."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _stop_rows(day: Day, plan: Plan) -> list[Row]:
    shifts = {shift.id: shift for shift in day.shifts}
    outlet_of = {technician.id: technician.outlet_id for technician in day.technicians}
    channel_of = {outlet.id: str(outlet.channel) for outlet in day.outlets}
    jobs = {job.id: job for job in day.jobs}
    ready = _ready_moments(plan)
    rows: list[Row] = []
    for route in plan.routes:
        shift = shifts[route.shift_id]
        outlet_id = outlet_of[shift.technician_id]
        for sequence, stop in enumerate(route.stops, start=1):
            job = jobs[stop.job_id]
            start = instant_text(day.date, stop.start_s)
            due_at, late_s = _lateness(day, job, stop, (ClockKind.ARRIVAL, ClockKind.RESOLUTION))
            rows.append(
                (
                    stop.job_id,
                    shift.technician_id,
                    outlet_id,
                    (day.date + dt.timedelta(days=shift.day)).isoformat(),
                    str(sequence),
                    start,
                    start,
                    instant_text(day.date, stop.end_s),
                    str(stop.travel_s),
                    str(stop.travel_m),
                    due_at,
                    late_s,
                    instant_text(day.date, ready[job.id]) if job.id in ready else "",
                    str(job.area_class),
                    channel_of[outlet_id],
                    *_lateness(day, job, stop, (ClockKind.RESOLUTION,)),
                )
            )
    return rows


def _ready_moments(plan: Plan) -> dict[str, int]:
    ready: dict[str, int] = {}
    for shipment in plan.shipments:
        ready[shipment.job_id] = max(shipment.ready_s, ready.get(shipment.job_id, shipment.ready_s))
    return ready


def _lateness(day: Day, job: Job, stop: Stop, kinds: Iterable[ClockKind]) -> tuple[str, str]:
    """Return due time and seconds late of the clock of the first of these kinds that the job has."""
    clock = next((clock for kind in kinds for clock in job.clocks if clock.kind is kind), None)
    if clock is None:
        return "", ""
    event_s = stop.start_s if clock.kind is ClockKind.ARRIVAL else stop.end_s
    return instant_text(day.date, clock.due_s), str(max(0, event_s - clock.due_s))


def _unassigned_rows(day: Day, plan: Plan) -> list[Row]:
    del day
    return [
        (
            left.job_id,
            str(left.rule),
            no_formula(left.reason),
            no_formula(left.remedy),
            no_formula(left.reason_zh),
            no_formula(left.remedy_zh),
            "" if left.difference_fen is None else str(left.difference_fen),
        )
        for left in plan.unassigned
    ]


def no_formula(text: str) -> str:
    """Return text that a spreadsheet does not run; ids need no such care, see `datasets.cells.IDENTIFIER`.

    Lone carriage returns become line feeds: the csv module of Python 3.11 would not quote them.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\n")) else text


def _shipment_rows(day: Day, plan: Plan) -> list[Row]:
    waiting = {job.id for job in day.jobs if job.urgent}
    return [
        (
            shipment.order_line_id,
            shipment.job_id,
            shipment.part_id,
            str(shipment.quantity),
            shipment.warehouse_id,
            str(shipment.mode),
            instant_text(day.date, shipment.ships_s),
            instant_text(day.date, shipment.ready_s),
            str(shipment.cost_fen),
            "needed" if shipment.needs_approval else "",
            "yes" if is_fallback(shipment.mode, waits=shipment.job_id in waiting) else "",
        )
        for shipment in plan.shipments
    ]


STOPS = PlanTable(
    file="stops.csv",
    columns=(
        "job_id",
        "technician_id",
        "outlet_id",
        "date",
        "sequence",
        "arrival",
        "start",
        "departure",
        "travel_s",
        "distance_m",
        "due_at",
        "late_s",
        "ready_at",
        "area_class",
        "channel",
        "resolution_due_at",
        "resolution_late_s",
    ),
    rows=_stop_rows,
)
UNASSIGNED = PlanTable(
    file="unassigned.csv",
    columns=("job_id", "rule", "reason", "remedy", "reason_zh", "remedy_zh", "difference_fen"),
    rows=_unassigned_rows,
    at_first=4,
)
SHIPMENTS = PlanTable(
    file="shipments.csv",
    columns=(
        "order_line_id",
        "job_id",
        "part_id",
        "quantity",
        "warehouse_id",
        "mode",
        "ships_at",
        "ready_at",
        "cost_fen",
        "approval",
        "bulky_fallback",
    ),
    rows=_shipment_rows,
    at_first=9,
)
PLAN_TABLES = (STOPS, UNASSIGNED, SHIPMENTS)
