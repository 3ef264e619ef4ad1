"""Reports for people and for SAP: JSON or CSV, each with the readings of the promises that apply."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, Header, Query, Response
from sqlalchemy.orm import Session

from api.csv_answers import CSV, csv_text
from api.dependencies import EdgeOf
from api.edge import Edge
from api.errors import BadRequest, Fault, NotFound
from api.routes import router
from api.schemas.parts_reports import FillRateRow, PartsResponseRow
from api.schemas.reports import (
    ChurnRow,
    ParityRow,
    PolicyReading,
    Report,
    SettlementLine,
    SlaReportRow,
    WorkloadRow,
)
from api.schemas.tour_reports import TourReportRow, UnvisitedRow
from api.schemas.values import CHINA
from api.store.documents import settings_on
from api.store.parts_reports import fill_rate_rows, parts_response_rows
from api.store.reports import Period, churn_rows, parity_rows, reading_of, sla_rows, workload_rows
from api.store.settlement import settlement_lines
from api.store.tour_reports import tour_rows, unvisited_rows
from datasets.settings import Settings
from datasets.times import local_date

__all__ = [
    "Asked",
    "report_churn",
    "report_fill_rate",
    "report_parity",
    "report_parts_response",
    "report_settlement",
    "report_sla",
    "report_tours",
    "report_unvisited",
    "report_workload",
    "routes",
]

LONGEST = dt.timedelta(days=366)
LISTED = dt.timedelta(days=7)
routes = router("reports", NotFound, BadRequest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a report is about, and how it is wanted."""

    first: dt.date | None
    last: dt.date | None
    centre_id: str | None
    as_csv: bool


async def _asked(
    first: Annotated[
        dt.date | None, Query(alias="from", description="First date; default: 7 days ago.", examples=["2026-03-01"])
    ] = None,
    last: Annotated[
        dt.date | None, Query(alias="to", description="Last date, included; default: today.", examples=["2026-03-31"])
    ] = None,
    centre_id: Annotated[str | None, Query(max_length=64, description="Of this centre.", examples=["C-NJ"])] = None,
    format: Annotated[
        Literal["json", "csv"] | None, Query(description="Default: as Accept says, else JSON.", examples=["csv"])
    ] = None,
    accept: Annotated[str, Header(description="`text/csv` for CSV.", examples=["text/csv"])] = "",
) -> Asked:
    as_csv = format == "csv" or (format is None and "text/csv" in accept)
    return Asked(first=first, last=last, centre_id=centre_id, as_csv=as_csv)


_COUNTS = ["kept", "late", "missed", "open", "percent", "by_actuals", "by_plan"]
_PAID = ["call_out_fen", "distance_fen", "service_fen", "total_fen", "currency"]
_FOR_WHAT = ["done_at", "product", "tariff_id", "distance_m", "service_s"]
COLUMNS = {
    "sla": [*_COUNTS, "policy", "clock"],
    "parity": [*_COUNTS, "area_class", "ownership"],
    "workload": [
        *("outlet_id", "name", "centre_id", "ownership"),
        *("visits", "service_minutes", "target", "so_far", "owed", "starved"),
    ],
    "churn": ["plan_id", "centre_id", "changed", "technician", "moved", "left_out", "told", "churn_fen"],
    "settlement-lines": [
        *("job_id", "source", "external_id", "outlet_id", "outlet_name", "technician_id", "centre_id"),
        *(*_FOR_WHAT, *_PAID, "plan_id", "travel"),
    ],
    "parts-response": [
        *("centre_id", "lines", "in_time", "late", "missed", "open"),
        *("confirmed", "substituted", "needs_approval", "backordered", "declined", "percent", "mean_minutes"),
    ],
    "fill-rate": [
        *("centre_id", "part_id", "lines", "filled", "at_once", "backordered", "declined"),
        *("units", "sent_units", "percent"),
    ],
    "tours": [
        *("tour_plan_id", "tour_id", "centre_id", "crew_id", "first", "last", "days", "nights", "visits", "done"),
        *("no_part", "nobody_home", "not_reached", "other", "replanned", "unsaid", "late_minutes"),
        *("road_fen", "road_per_job_fen", "priced_jobs", "outlet_per_job_fen"),
    ],
    "unvisited-villages": ["village_id", "name", "households", "last_visit", "days", "announced"],
}
"""The columns of each report as CSV."""

AskedOf = Annotated[Asked, Depends(_asked)]
Rows = Callable[[Session, Period, dt.datetime, Settings], Sequence[dict[str, Any]]]


def _period(edge: Edge, asked: Asked) -> Period:
    last = asked.last or local_date(edge.clock())
    first = asked.first or last - LISTED
    if first > last or last - first > LONGEST or not (first.year >= 2000 and last.year < 2100):
        fault = Fault(parameter="query.from", code="period", detail="from not after to, at most 366 days apart")
        raise BadRequest("There is no such period.", faults=(fault,))
    centres = edge.caller.centres
    if asked.centre_id is not None:
        edge.caller.require_centre(asked.centre_id, "centre")
        centres = frozenset({asked.centre_id})
    return Period(first=first, last=last, centres=centres)


def _readings(settings: Settings) -> list[PolicyReading]:
    return [PolicyReading(policy=row.name, clock=row.clock.value, reading=reading_of(row)) for row in settings.sla]


def _report(edge: Edge, asked: Asked, name: str, schema: Any, rows_of: Rows) -> Response:
    period, now = _period(edge, asked), edge.clock()
    with edge.read() as session:
        settings = settings_on(session, local_date(now), now)
        rows = rows_of(session, period, now, settings)
    readings = _readings(settings)
    if asked.as_csv:
        return _csv(name, period, rows, readings)
    report = Report[schema](
        report=name,
        first=period.first,
        last=period.last,
        centre_id=asked.centre_id,
        as_of=now,
        readings=readings,
        rows=[schema.of(row) for row in rows],
    )
    return Response(report.model_dump_json(), media_type="application/json")


def _csv(name: str, period: Period, rows: Sequence[dict[str, Any]], readings: Sequence[PolicyReading]) -> Response:
    """Return the rows as spreadsheets add them up: durations and money as whole numbers, the unit in the column."""
    columns = COLUMNS[name]
    said = {(one.policy, one.clock): f"{one.policy}: {one.reading}" for one in readings}
    every = " | ".join(said.values())
    # A row of a promise has that promise's reading; rows of all promises have all readings once, in the first row.
    by_policy = {"policy", "clock"} <= set(columns)
    table = [
        [
            *(_csv_cell(row[column]) for column in columns),
            said.get((row["policy"], row["clock"]), "") if by_policy else every if number == 0 else "",
        ]
        for number, row in enumerate(rows)
    ]
    file = f"{name}-{period.first}-{period.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return Response(csv_text([*columns, "policy_reading"], table), media_type=CSV, headers=headers)


def _csv_cell(value: Any) -> Any:
    return value.astimezone(CHINA).isoformat() if isinstance(value, dt.datetime) else value


def _documented(schema: Any) -> dict[str, Any]:
    content = {"text/csv": {"schema": {"type": "string"}}}
    return {
        "response_model": Report[schema],
        "responses": {200: {"description": "The report.", "content": content}},
    }


@routes.get("/reports/sla", summary="How promises were kept", **_documented(SlaReportRow))
def report_sla(edge: EdgeOf, asked: AskedOf) -> Response:
    """Return how each promise came out over the jobs reported in the period; appointments apart."""
    return _report(edge, asked, "sla", SlaReportRow, sla_rows)


@routes.get("/reports/parity", summary="Arrivals by class of place and by who comes", **_documented(ParityRow))
def report_parity(edge: EdgeOf, asked: AskedOf) -> Response:
    """Return arrivals by area class and ownership: as reported where somebody reported, else as planned."""
    return _report(edge, asked, "parity", ParityRow, parity_rows)


@routes.get("/reports/workload", summary="Visits per outlet", **_documented(WorkloadRow))
def report_workload(edge: EdgeOf, asked: AskedOf) -> Response:
    """Return each outlet's visits against what contract outlets are owed; starved ones are marked."""
    rows: Rows = lambda session, period, _now, _settings: workload_rows(session, period)  # noqa: E731
    return _report(edge, asked, "workload", WorkloadRow, rows)


@routes.get("/reports/churn", summary="What replanning changed", **_documented(ChurnRow))
def report_churn(edge: EdgeOf, asked: AskedOf) -> Response:
    """Return what each published plan changed of what had been promised, priced."""
    rows: Rows = lambda session, period, _, settings: churn_rows(session, period, settings.tariff)  # noqa: E731
    return _report(edge, asked, "churn", ChurnRow, rows)


@routes.get("/reports/settlement-lines", summary="What contract outlets are paid", **_documented(SettlementLine))
def report_settlement(edge: EdgeOf, asked: AskedOf) -> Response:
    """Return a line per job that a contract outlet finished, by the tariff that planned it."""
    rows: Rows = lambda session, period, _now, _settings: settlement_lines(session, period)  # noqa: E731
    return _report(edge, asked, "settlement-lines", SettlementLine, rows)


@routes.get("/reports/parts-response", summary="How orders of parts were answered", **_documented(PartsResponseRow))
def report_parts_response(edge: EdgeOf, asked: AskedOf) -> Response:
    """Return by centre how many order lines were answered in time, and how."""
    rows: Rows = lambda session, period, now, _settings: parts_response_rows(session, period, now)  # noqa: E731
    return _report(edge, asked, "parts-response", PartsResponseRow, rows)


@routes.get("/reports/fill-rate", summary="How much of what was ordered is sent", **_documented(FillRateRow))
def report_fill_rate(edge: EdgeOf, asked: AskedOf) -> Response:
    """Return by centre and part how many of the units ordered are promised or sent."""
    rows: Rows = lambda session, period, _now, _settings: fill_rate_rows(session, period)  # noqa: E731
    return _report(edge, asked, "fill-rate", FillRateRow, rows)


@routes.get("/reports/tours", summary="Tours: planned against actual, and their cost", **_documented(TourReportRow))
def report_tours(edge: EdgeOf, asked: AskedOf) -> Response:
    """Return by published tour what became of its visits, and what a job costs on it against an outlet."""
    rows: Rows = lambda session, period, _now, _settings: tour_rows(session, period)  # noqa: E731
    return _report(edge, asked, "tours", TourReportRow, rows)


@routes.get("/reports/unvisited-villages", summary="Villages that nobody visits", **_documented(UnvisitedRow))
def report_unvisited(
    edge: EdgeOf,
    asked: AskedOf,
    days: Annotated[int, Query(ge=0, le=36_600, description="For at least so many days.", examples=[180])] = 180,
) -> Response:
    """Return the villages that no tour visited for so many days by the end of the period, longest first."""
    rows: Rows = lambda session, period, _now, _settings: unvisited_rows(session, period, days)  # noqa: E731
    return _report(edge, asked, "unvisited-villages", UnvisitedRow, rows)
