"""What tours are planned from, out of the store: the rows that go to the reader of a day folder with tours."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.job_states import JobState
from api.store.days import Horizon, stocked_tables
from api.store.due_jobs import had_by, still_owed
from api.store.network import TOUR_TABLES, holding
from api.store.people import outlets_of_centres
from api.store.settings import day_values
from api.store.tour_holds import away_on_tours, held_by_tours
from api.store.tour_parts import kit_holders, sent_kits
from api.store.tour_rows import MAINTENANCE, PLACED, WAS_HAD
from api.store.tour_settled import settled_visits
from api.tables.jobs import JobRow
from api.tables.network import OutletRow, TechnicianRow
from api.tables.tours import (
    CrewRow,
    JobWait,
    LodgingRow,
    MaintenanceRow,
    TourDayRow,
    TourPlanRow,
    TourVisitRow,
    VillageRow,
)
from datasets.times import TIME_ZONE, local_date
from datasets.tour_told import told_cells, told_in

__all__ = ["Reported", "TourSource", "crews_on", "reported_of", "seen_to", "source_of_tours", "tour_source"]

Cells = Mapping[str, str]
ON_THE_ROAD = ("away_on", "sleeps_at", "nights_out", "aboard")
SEEN_TO = (JobState.DONE.value, JobState.CALLBACK_DUE.value, JobState.CLOSED.value)
NO_VISIT = ("appointment", "published_technician_id", "published_start", "told", "lock", "preferred_technician_id")
"""Cells of jobs about the technician of a day: tours have crews."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What went wrong on the road. down: crew → the first date without its van. back: crew → the first with it again,
    where it will be. cut_off: village → dates.

    trusts_begun: visits that have begun, and of which nobody has said anything yet, are as good as done.
    """

    down: Mapping[str, dt.date] = field(default_factory=dict)
    back: Mapping[str, dt.date] = field(default_factory=dict)
    cut_off: Mapping[str, Sequence[dt.date]] = field(default_factory=dict)
    trusts_begun: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TourSource:
    """Rows by table, and the content of day.toml: what `datasets.day.source_of` takes. sent: kits that have left."""

    tables: Mapping[str, Sequence[Cells]]
    values: Mapping[str, Any]
    sent: Sequence[Mapping[str, Any]] = ()


def reported_of(wish: Mapping[str, Any]) -> Reported:
    """Return what a wish says went wrong on the road."""
    said = wish.get("reported", {})
    return Reported(
        **{
            name: {crew_id: dt.date.fromisoformat(date) for crew_id, date in said.get(name, {}).items()}
            for name in ("down", "back")
        },
        cut_off={
            village_id: [dt.date.fromisoformat(date) for date in dates]
            for village_id, dates in said.get("cut_off", {}).items()
        },
        trusts_begun="replan" in wish and not wish["replan"].get("plan_unreported", False),
    )


def seen_to(
    session: Session, job_ids: Collection[str], crew_ids: Collection[str], reported: Reported, now: dt.datetime
) -> set[str]:
    """Return those of some jobs that were done, or that are as good as done."""
    visits = select(TourVisitRow.job_id).where(TourVisitRow.job_id.in_(job_ids), TourVisitRow.outcome == "done")
    jobs = select(JobRow.id).where(JobRow.id.in_(job_ids), JobRow.state.in_(SEEN_TO))
    settled = settled_visits(session, crew_ids, now if reported.trusts_begun else None)
    return {*session.scalars(visits), *session.scalars(jobs), *settled.job_ids} & set(job_ids)


def crews_on(session: Session, date: dt.date) -> dict[str, str]:
    """Return the centre of every crew that there is on a date; one whose outlet has gone is in none."""
    homes = {
        id_: centre_id
        for id_, centre_id in session.execute(holding(OutletRow, date, columns=[OutletRow.id, OutletRow.centre_id]))
    }
    crews = session.execute(holding(CrewRow, date, columns=[CrewRow.id, CrewRow.outlet_id]))
    return {id_: homes[outlet_id] for id_, outlet_id in crews if outlet_id in homes}


def source_of_tours(session: Session, plan: TourPlanRow) -> TourSource:
    """Return what a plan of tours is made from, as the store knows it and as was reported with the wish."""
    return tour_source(
        session,
        centre_ids=plan.centre_ids,
        crew_ids=plan.crew_ids,
        date=plan.date,
        days=plan.days,
        now=plan.now,
        reported=reported_of(plan.wish),
    )


def tour_source(
    session: Session,
    *,
    centre_ids: Collection[str],
    crew_ids: Collection[str],
    date: dt.date,
    days: int,
    now: dt.datetime,
    reported: Reported | None = None,
) -> TourSource:
    """Return what tours of these crews through the work of these centres are planned from, as the store knows it."""
    reported = reported or Reported()
    horizon = _Dates(date, days)
    settled = settled_visits(session, crew_ids, now if reported.trusts_begun else None)
    jobs = [_job_cells(row, now) for row in _waiting(session, centre_ids, crew_ids) if row.id not in settled.job_ids]
    job_ids = {job["job_id"] for job in jobs}
    own = {name: _rows(session, name, date) for name in TOUR_TABLES if name not in PLACED}
    crews = [row for row in own["crews"] if row["crew_id"] in crew_ids]
    ours = holding(MaintenanceRow, date, MaintenanceRow.centre_id.in_(centre_ids), columns=[MaintenanceRow.cells])
    owed = had_by(session.scalars(ours), max(date, local_date(now)))
    crew_cells = [_crew_cells(session, row, date, reported, job_ids) for row in crews]
    villages = _placed(session, VillageRow, date, centre_ids, {cells.get("village_id", "") for cells in owed})
    stops = {row["village_id"] for row in villages}
    beds = {cells.get("sleeps_at", "") for cells in crew_cells}
    tables: dict[str, Sequence[Cells]] = {
        **stocked_tables(session, centre_ids, job_ids | kit_holders(session, crew_ids, date), date=date, now=now),
        "technicians": _members(session, crews, centre_ids, date, days),
        "jobs": jobs,
        "villages": [
            horizon.village(settled.village(row), reported.cut_off.get(row["village_id"], ()), stops)
            for row in villages
        ],
        "lodgings": _placed(session, LodgingRow, date, centre_ids, beds),
        "crews": crew_cells,
        "maintenance": still_owed(session, settled.owed(owed, local_date(now)), date, held_by_tours(session)),
        "van_parts": own["van_parts"],
        "consents": _consents(session, job_ids, now),
    }
    outlet_of = {row["crew_id"]: row["outlet_id"] for row in crews}
    aboard = {job_id for cells in crew_cells for job_id in cells.get("aboard", "").split(";")}
    return TourSource(
        tables=tables,
        values=day_values(session, date=date, days=days, now=now),
        sent=sent_kits(session, outlet_of, date, now, aboard=aboard),
    )


class _Dates:
    """The dates of a horizon, outside of which a folder may not name some."""

    def __init__(self, date: dt.date, days: int) -> None:
        self.first, self.last = date.isoformat(), (date + dt.timedelta(days=days - 1)).isoformat()

    def village(self, cells: Cells, cut_off: Sequence[dt.date], stops: Collection[str]) -> dict[str, str]:
        """Return a village's cells as they are for the horizon. stops: villages that crews can stop in."""
        known = dict(cells)
        if told := told_in(cells):
            here = {one for one in told if self.first <= one[0].isoformat() <= self.last and one[1] in stops}
            known |= told_cells(cells["village_id"], here)
        if known.get("last_visit", "") > self.first:
            known.pop("last_visit")
        if cut_off:
            dates = {*known.get("cut_off", "").split(";"), *(date.isoformat() for date in cut_off)} - {""}
            known["cut_off"] = ";".join(sorted(dates))
        return known


def _rows(session: Session, name: str, date: dt.date) -> list[dict[str, str]]:
    model = TOUR_TABLES[name]
    return list(session.scalars(holding(model, date, columns=[model.cells])))


def _placed(
    session: Session,
    model: type[VillageRow | LodgingRow],
    date: dt.date,
    centre_ids: Collection[str],
    named: Collection[str],
) -> list[dict[str, str]]:
    """Return what lies in the territories of centres, or in none, and what is named by rows that do."""
    ours = model.centre_id.in_(centre_ids) | model.centre_id.is_(None) | model.id.in_(named)
    return list(session.scalars(holding(model, date, ours, columns=[model.cells])))


def _waiting(session: Session, centre_ids: Collection[str], crew_ids: Collection[str]) -> Sequence[JobRow]:
    """Return the jobs that nobody is promised to, and those that a published tour of these crews promises."""
    held = select(TourVisitRow.job_id).where(TourVisitRow.outcome.is_(None), TourVisitRow.crew_id.in_(crew_ids))
    query = select(JobRow).where(
        JobRow.centre_id.in_(centre_ids),
        (JobRow.state == "needs_visit") | JobRow.id.in_(held),
        # Due visits are owed by their plans, until they were had.
        (JobRow.source != MAINTENANCE) | WAS_HAD,
    )
    return session.scalars(query.order_by(JobRow.entered, JobRow.id)).all()


def _job_cells(job: JobRow, now: dt.datetime) -> dict[str, str]:
    """Return a job's row of jobs.csv; clocks that stood still are due later by as much."""
    cells = {**job.cells, "job_id": job.id, "centre_id": job.centre_id, "consent": job.consent}
    cells |= dict.fromkeys(NO_VISIT, "")
    paused = dt.timedelta(seconds=job.paused_s)
    if job.clock_paused_at is not None:
        paused += max(now - job.clock_paused_at, dt.timedelta())
    if paused:
        cells["reported_at"] = _written(dt.datetime.fromisoformat(cells["reported_at"]) + paused)
    return cells


def _members(
    session: Session,
    crews: Sequence[Cells],
    centre_ids: Collection[str],
    date: dt.date,
    days: int,
) -> list[Cells]:
    """Return the people of the crews and of the centres' outlets, who say what outlets can do.

    Whoever is on a tour that is planned anew is free for it.
    """
    horizon = Horizon(date, days)
    members = {id_ for crew in crews for id_ in crew["technician_ids"].split(";")}
    away = away_on_tours(session, date, days, but=[crew["crew_id"] for crew in crews])
    outlets = outlets_of_centres(session, centre_ids, date)
    ours = TechnicianRow.id.in_(members) | TechnicianRow.outlet_id.in_(outlets)
    query = holding(TechnicianRow, date, ours, columns=[TechnicianRow.id, TechnicianRow.cells])
    return [horizon.person(cells, None, set(away.get(id_, ()))) for id_, cells in session.execute(query)]


def _crew_cells(
    session: Session, cells: Cells, date: dt.date, reported: Reported, job_ids: Collection[str]
) -> dict[str, str]:
    """Return a crew's cells: where it woke up on the first date is what its published tour says."""
    known = {name: cell for name, cell in cells.items() if name not in ON_THE_ROAD} | _van(cells["crew_id"], reported)
    before = session.get(TourDayRow, (cells["crew_id"], date - dt.timedelta(days=1)))
    if before is None:
        own = {name: cells[name] for name in ON_THE_ROAD if cells.get(name)}
        return known | own if own.get("away_on") == date.isoformat() else known
    if before.sleeps_at is None:
        return known
    aboard = select(TourVisitRow.job_id).where(
        TourVisitRow.crew_id == cells["crew_id"],
        TourVisitRow.tour_plan_id == before.tour_plan_id,
        TourVisitRow.date >= date,
        TourVisitRow.outcome.is_(None),
    )
    known |= {
        "away_on": date.isoformat(),
        "sleeps_at": before.sleeps_at,
        "nights_out": str(before.nights_out),
        "aboard": ";".join(id_ for id_ in session.scalars(aboard) if id_ in job_ids),
    }
    return known


def _van(crew_id: str, reported: Reported) -> dict[str, str]:
    """Return the cells of a van that is out of service; none where nobody reported that of the crew's."""
    if crew_id not in reported.down:
        return {}
    back = reported.back.get(crew_id)
    return {
        "van_down_on": reported.down[crew_id].isoformat(),
        "van_back_on": "" if back is None else back.isoformat(),
    }


def _consents(session: Session, job_ids: Collection[str], now: dt.datetime) -> list[dict[str, str]]:
    waits = session.scalars(select(JobWait).where(JobWait.recorded_at <= now).order_by(JobWait.job_id)).all()
    return [
        {
            "job_id": wait.job_id,
            "until": wait.until.isoformat(),
            "recorded_at": _written(wait.recorded_at),
            "channel": wait.channel,
            "recorded_by": wait.recorded_by,
        }
        for wait in waits
        if wait.job_id in job_ids
    ]


def _written(moment: dt.datetime) -> str:
    return moment.astimezone(TIME_ZONE).isoformat(timespec="seconds")
