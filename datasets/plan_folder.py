"""Writes a plan folder, whole or not at all, as docs/data-format.md describes it."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from datasets.day import DayFolder
from datasets.explanation_tables import explanation_document
from datasets.plan_tables import PLAN_TABLES, write_rows
from datasets.times import instant_text
from datasets.whole_folder import refuse_foreign, whole_folder, write_json
from geo.shapes import route_features
from optimizer.model import Day
from optimizer.plan import Result, Route, Shipment, Unassigned

__all__ = ["KPIS_FILE", "PLAN_FILE", "PLAN_FORMAT", "Extra", "check_plan_place", "plan_document", "write_plan"]

PLAN_FILE = "plan.json"
PLAN_FORMAT = "paigong plan 1"
ROUTES_FILE = "routes.geojson"
KPIS_FILE = "kpis.json"
WRITTEN = (PLAN_FILE, *(table.file for table in PLAN_TABLES), ROUTES_FILE, KPIS_FILE)
EXTRAS = ("at_risk.csv", "changes.csv", "picklist.csv", "plan.png", "sheets")

Extra = bytes | Callable[[Path], None]
"""The content of a file, or a function that writes what belongs at a path."""

NO_EXTRAS: Mapping[str, Extra] = MappingProxyType({})


def check_plan_place(out: Path) -> None:
    """Raise ForeignFolder when `write_plan` would refuse to write at `out`: to be asked before a long run."""
    refuse_foreign(out, PLAN_FILE, {*WRITTEN, *EXTRAS})


def write_plan(
    out: Path,
    folder: DayFolder,
    result: Result,
    kpis: Mapping[str, object],
    travel: Mapping[str, object],
    extras: Mapping[str, Extra] = NO_EXTRAS,
) -> None:
    """Write a plan folder at `out`; a plan folder that stands there is replaced in one step.

    Parameters
    ----------
    out
        The folder that appears when everything is written and on the disk, and not before.
    folder
        The day that was planned.
    result
        Its plan, status, cost, bound and seed.
    kpis
        Content of kpis.json.
    travel
        Content of `travel` in plan.json: at least `provider`, and `is_estimate`, whether nothing but an estimate
        stands behind the times.
    extras
        Further files by name: bytes are written as they are, a function is given the path to write. A name without
        a suffix, such as "sheets", is a folder, which is there and empty when its function is called.

    Raises
    ------
    ForeignFolder
        Something other than a plan folder stands at `out`.
    OSError
        The disk refused, for example because it is full; `out` is as it was.
    """
    taken = sorted(set(extras) & set(WRITTEN))
    if taken or any(Path(name).name != name for name in extras):
        raise ValueError(f"extras need plain names of their own, not {', '.join(taken or extras)}")
    plan = result.plan
    document = plan_document(folder.day, result, travel)
    with whole_folder(out, PLAN_FILE, {*WRITTEN, *EXTRAS, *extras}) as temporary:
        write_json(temporary / PLAN_FILE, document)
        for table in PLAN_TABLES:
            write_rows(temporary / table.file, table.columns, table.rows(folder.day, plan))
        write_json(temporary / ROUTES_FILE, route_features(folder.day, plan))
        write_json(temporary / KPIS_FILE, kpis)
        for name, extra in extras.items():
            _write_extra(temporary / name, extra)


def _write_extra(path: Path, extra: Extra) -> None:
    if isinstance(extra, bytes):
        path.write_bytes(extra)
        return
    if not path.suffix:
        path.mkdir()
    extra(path)


def plan_document(day: Day, result: Result, travel: Mapping[str, object]) -> dict[str, Any]:
    """Return the content of plan.json; travel: what is said of the travel times."""
    plan = result.plan
    shifts = {shift.id: shift for shift in day.shifts}
    outlet_of = {technician.id: technician.outlet_id for technician in day.technicians}
    routes = []
    for route in plan.routes:
        shift = shifts[route.shift_id]
        routes.append(
            {
                "shift_id": route.shift_id,
                "technician_id": shift.technician_id,
                "outlet_id": outlet_of[shift.technician_id],
                "date": (day.date + dt.timedelta(days=shift.day)).isoformat(),
                **_route_document(day.date, route),
            }
        )
    return {
        "format": PLAN_FORMAT,
        "date": day.date.isoformat(),
        "days": day.days,
        "now": instant_text(day.date, day.now_s),
        "status": str(result.status),
        "travel": dict(travel),
        "seed": result.seed,
        "bound_fen": result.bound_fen,
        "cost_fen": {**dict(result.cost.items()), "total": result.cost.total},
        "routes": routes,
        "unassigned": [_unassigned_document(left) for left in plan.unassigned],
        "shipments": [_shipment_document(day.date, shipment, "job_id") for shipment in plan.shipments],
        "promised": [_shipment_document(day.date, shipment, "order_id") for shipment in plan.promised],
        "explanations": [explanation_document(day.date, explanation) for explanation in result.explanations],
    }


def _route_document(date: dt.date, route: Route) -> dict[str, Any]:
    return {
        "depart": instant_text(date, route.depart_s),
        "break_start": None if route.break_start_s is None else instant_text(date, route.break_start_s),
        "stops": [
            {
                "job_id": stop.job_id,
                "start": instant_text(date, stop.start_s),
                "end": instant_text(date, stop.end_s),
                "travel_s": stop.travel_s,
                "distance_m": stop.travel_m,
            }
            for stop in route.stops
        ],
        "return": instant_text(date, route.return_s),
        "return_travel_s": route.return_travel_s,
        "return_distance_m": route.return_travel_m,
    }


def _unassigned_document(left: Unassigned) -> dict[str, Any]:
    return {
        "job_id": left.job_id,
        "rule": str(left.rule),
        "reason": left.reason,
        "remedy": left.remedy,
        "reason_zh": left.reason_zh,
        "remedy_zh": left.remedy_zh,
        "difference_fen": left.difference_fen,
    }


def _shipment_document(date: dt.date, shipment: Shipment, whose: str) -> dict[str, Any]:
    return {
        "order_line_id": shipment.order_line_id,
        whose: shipment.job_id,
        "part_id": shipment.part_id,
        "quantity": shipment.quantity,
        "warehouse_id": shipment.warehouse_id,
        "mode": str(shipment.mode),
        "ships": instant_text(date, shipment.ships_s),
        "ready": instant_text(date, shipment.ready_s),
        "cost_fen": shipment.cost_fen,
        "needs_approval": shipment.needs_approval,
    }
