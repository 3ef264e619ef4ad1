"""Settlement lines: per finished job of a contract outlet what it is paid, by the tariff and distances of the plan."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from geoalchemy2.shape import to_shape
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.job_states import JobState
from api.store.documents import settings_on
from api.store.network import get
from api.store.reports import Period
from api.tables.jobs import JobHistory, JobRow
from api.tables.network import OutletRow, TechnicianRow
from api.tables.plans import Plan
from datasets.settings import Settings
from datasets.times import local_date
from geo.providers import open_travel
from optimizer.cost import contract_price
from optimizer.model import ContractTariff, Ownership, TravelMode
from optimizer.travel import TravelTimes

__all__ = ["settlement_lines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finished:
    """A job that a contract outlet has finished."""

    job: JobRow
    entry: JobHistory
    outlet: Any
    mode: TravelMode
    settings: Settings


def settlement_lines(session: Session, period: Period) -> list[dict[str, Any]]:
    """Return what contract outlets are paid for the jobs done on these dates, with each line's parts."""
    lines = []
    by_way: defaultdict[tuple[str, TravelMode, str], list[_Finished]] = defaultdict(list)
    for one in _finished(session, period):
        by_way[one.outlet.id, one.mode, one.settings.travel].append(one)
    for (_, mode, specification), finished in by_way.items():
        travel = _travel(specification)
        origin = np.array([_degrees(finished[0].outlet.position)], dtype=np.float64)
        places = np.array([_degrees(one.job.position) for one in finished], dtype=np.float64)
        metres = travel.matrix(origin, places, mode).metres[0].tolist()
        lines += [_line(one, base_m, travel.name) for one, base_m in zip(finished, metres, strict=True)]
    return sorted(lines, key=lambda line: (line["outlet_id"], line["done_at"], line["job_id"]))


def _finished(session: Session, period: Period) -> Iterator[_Finished]:
    """Yield each job done on these dates once, by its last finish, with what held for the plan of its visit."""
    entries: Any = select(JobHistory, JobRow).join(JobRow, JobRow.id == JobHistory.job_id)
    entries = entries.where(JobHistory.to_state == JobState.DONE.value, JobHistory.from_state != JobState.DONE.value)
    entries = period.within(entries, JobHistory.at, JobRow.centre_id).order_by(JobHistory.at, JobHistory.id)
    last: dict[str, tuple[JobHistory, JobRow]] = {job.id: (entry, job) for entry, job in session.execute(entries)}
    of_date: dict[dt.date, Settings] = {}
    for entry, job in last.values():
        detail = entry.detail
        if not detail.get("outlet_id") or not detail.get("planned_start"):
            continue
        date = _priced_on(session, detail)
        outlet = get(session, OutletRow, detail["outlet_id"], date)
        person = get(session, TechnicianRow, detail["technician_id"], date)
        if outlet is None or person is None or outlet.ownership != Ownership.CONTRACT:
            continue
        if date not in of_date:
            of_date[date] = settings_on(session, date, entry.at)
        yield _Finished(
            job=job,
            entry=entry,
            outlet=outlet,
            mode=TravelMode(person.cells["travel_mode"]),
            settings=of_date[date],
        )


def _priced_on(session: Session, detail: Mapping[str, Any]) -> dt.date:
    """Return the date whose prices promised a visit: the first of its plan, its own where it was booked."""
    plan = session.get(Plan, detail.get("plan_id") or "")
    return local_date(dt.datetime.fromisoformat(detail["planned_start"])) if plan is None else plan.date


def _line(one: _Finished, base_m: int, travel_name: str) -> dict[str, Any]:
    detail = one.entry.detail
    begins, ends = (dt.datetime.fromisoformat(detail[name]) for name in ("planned_start", "planned_end"))
    service_s = round((ends - begins).total_seconds())
    tariff = _tariff(one)
    total_fen = contract_price(tariff, base_m, service_s)
    without_service_fen = contract_price(tariff, base_m, 0)
    return {
        "job_id": one.job.id,
        "source": one.job.source,
        "external_id": one.job.external_id,
        "outlet_id": one.outlet.id,
        "outlet_name": one.outlet.cells["name"],
        "technician_id": detail["technician_id"],
        "centre_id": one.job.centre_id,
        "done_at": one.entry.at,
        "product": one.job.product,
        "tariff_id": tariff.id,
        "distance_m": base_m,
        "service_s": service_s,
        "call_out_fen": tariff.call_out_fen,
        "distance_fen": without_service_fen - tariff.call_out_fen,
        "service_fen": total_fen - without_service_fen,
        "total_fen": total_fen,
        "currency": "CNY",
        "plan_id": detail.get("plan_id"),
        "travel": travel_name,
    }


def _tariff(one: _Finished) -> ContractTariff:
    id_ = one.outlet.cells.get("tariff_id", "")
    return next(row for row in one.settings.tariff.contract_tariffs if row.id == id_)


def _degrees(position: Any) -> tuple[float, float]:
    point = to_shape(position)
    return point.x, point.y


@cache
def _travel(specification: str) -> TravelTimes:
    return open_travel(specification, Path())
