"""A day for planning out of the store: its rows go to the same reader as a folder's files."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from geoalchemy2.shape import to_shape
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from api.store.due_jobs import IS_OWED, due_tables, with_due_clocks
from api.store.network import MASTER_TABLES, NETWORK_TABLES, holding
from api.store.parts_days import supply_cells
from api.store.parts_shelves import standings
from api.store.parts_stock import ledger_cells
from api.store.settings import AREAS, day_values
from api.store.slots import HELD, hold_cells
from api.store.tour_holds import away_on_tours, held_by_tours
from api.store.tour_rows import MAINTENANCE, WAS_HAD
from api.tables.jobs import JobRow
from api.tables.network import AreaRow, Document, LaneRow, OutletRow, TechnicianRow
from api.tables.slots import SlotHold
from datasets.day import DayFolder, DaySource, build_day, source_of
from datasets.times import TIME_ZONE, duration_of, local_date
from geo.areas import Areas
from optimizer.model import Lock

__all__ = [
    "VISIT_STATES",
    "Horizon",
    "areas_on",
    "day_of",
    "job_cells",
    "network_on",
    "read_jobs",
    "stocked_tables",
    "supply_source",
]

VISIT_STATES = ("needs_visit", "planned", "offered", "acknowledged", "en_route")
"""States of jobs that somebody has to come for; `en_route` is held where it is, `needs_part` waits for its part."""

Cells = Mapping[str, str]


def day_of(
    session: Session, *, centre_ids: Collection[str] | None, date: dt.date, days: int, now: dt.datetime
) -> DayFolder:
    """Return the day as the store knows it: what holds on its first date, the jobs that need a visit, and due visits.

    centre_ids: the centres whose outlets, technicians and jobs are wanted; None means all. A technician of another
    centre who is promised to one of these jobs is there too, without shifts.

    Raises
    ------
    DayRefused
        The store's rows do not fit together on that date, every fault listed.
    """
    horizon = Horizon(date, days)
    people = _people(session, date)
    on_tour = held_by_tours(session)
    waiting = [row for row in _rows(session, centre_ids, VISIT_STATES) if row.id not in on_tour]
    held = _held(session, centre_ids, now)
    # A job for which a place is held, and that nobody is promised to yet, waits for the customer's yes.
    undecided = {hold.job_id for hold in held}
    jobs = [
        _job_cells(row, people.keys(), now)
        for row in waiting
        if row.id not in undecided or row.published_technician_id is not None
    ]
    jobs += [hold_cells(hold, hold.id) for hold in held if hold.technician_id in people]
    named = {job.get("published_technician_id", "") for job in jobs}
    centre_of = _centre_of_outlets(session, date)
    ours = {
        id_ for id_, cells in people.items() if centre_ids is None or centre_of.get(cells["outlet_id"]) in centre_ids
    }
    busy = _busy(_rows(session, centre_ids, ("on_site",)))
    away = away_on_tours(session, date, days)
    technicians = [
        horizon.person(cells, busy.get(id_), away.get(id_, ()))
        for id_, cells in people.items()
        if id_ in ours or id_ in named
    ]
    there = ours | named
    for job in jobs:
        if job.get("preferred_technician_id", "") not in there:
            job["preferred_technician_id"] = ""
    tables: dict[str, Sequence[Cells]] = {
        **stocked_tables(session, centre_ids, {job["job_id"] for job in jobs}, date=date, now=now),
        **due_tables(session, centre_ids, date=date, now=now),
    }
    values = day_values(session, date=date, days=days, now=now)
    folder = build_day(
        source_of({**tables, "technicians": technicians, "jobs": jobs}, values, areas=areas_on(session, date))
    )
    folder = with_due_clocks(
        folder,
        {row.id for row in waiting if row.source == MAINTENANCE and not row.was_had}.intersection(folder.jobs.index),
    )
    return folder if centre_ids is None else _within(folder, centre_ids, ours)


def stocked_tables(
    session: Session, centre_ids: Collection[str] | None, job_ids: Collection[str], *, date: dt.date, now: dt.datetime
) -> dict[str, list[dict[str, str]]]:
    """Return the tables of a day but people and jobs: stock as it is free for these jobs, lanes of these centres."""
    lanes = () if centre_ids is None else (LaneRow.centre_id.in_(centre_ids),)
    tables = {
        name: _cells(session, name, date, *(lanes if name == "lanes" else ()))
        for name in NETWORK_TABLES
        if name != "technicians"
    }
    shelves = standings(session, [part["part_id"] for part in tables["parts"]], now)
    tables["stock"] = ledger_cells(session, tables["stock"], shelves, now, job_ids)
    return tables | supply_cells(session, tables, shelves, date=date, now=now, job_ids=job_ids)


def _held(session: Session, centre_ids: Collection[str] | None, now: dt.datetime) -> Sequence[SlotHold]:
    """Return the places that are held: jobs of the day, pinned."""
    query = select(SlotHold).where(SlotHold.state == HELD, SlotHold.expires_at > now)
    if centre_ids is not None:
        query = query.where(SlotHold.centre_id.in_(centre_ids))
    return session.scalars(query.order_by(SlotHold.id)).all()


def read_jobs(session: Session, jobs: Sequence[Cells], *, now: dt.datetime) -> DaySource:
    """Read jobs, rows of jobs.csv, by the network that holds now, ready for `enter_jobs`; none needs a job_id.

    Raises
    ------
    DayRefused
        With every fault of every job; its row counts from 1, its file is jobs.csv.
    """
    date = local_date(now)
    horizon = Horizon(date, 1)
    named = {job.get(column, "") for job in jobs for column in ("preferred_technician_id", "published_technician_id")}
    people = _people(session, date, TechnicianRow.id.in_(named - {""}))
    nothing: Mapping[str, Sequence[Cells]] = {name: [] for name in ("warehouses", "stock", "lanes", "kits")}
    tables = {name: _cells(session, name, date) for name in ("centres", "outlets", "parts")}
    # What an outlet is good at says nothing about a job that is entered, and takes longest to read.
    tables["outlets"] = [{**cells, "duration_percent": "", "first_fix_percent": ""} for cells in tables["outlets"]]
    technicians = [horizon.person(cells, None) for cells in people.values()]
    numbered = [{"job_id": f"row_{number}", **job} for number, job in enumerate(jobs, start=1)]
    return source_of(
        {**nothing, **tables, "technicians": technicians, "jobs": numbered},
        day_values(session, date=date, days=1, now=now),
        areas=areas_on(session, date),
    )


def network_on(session: Session, *, date: dt.date, days: int, now: dt.datetime) -> DaySource:
    """Return the source of a day without jobs: the network and the promises that hold on its first date."""
    horizon = Horizon(date, days)
    tables = {name: _cells(session, name, date) for name in NETWORK_TABLES if name != "technicians"}
    technicians = [horizon.person(cells, None) for cells in _people(session, date).values()]
    return source_of(
        {**tables, "technicians": technicians, "jobs": []},
        day_values(session, date=date, days=days, now=now),
        areas=areas_on(session, date),
    )


def supply_source(session: Session, *, date: dt.date, now: dt.datetime) -> DaySource:
    """Return the source of a day that has only what parts need: no people, jobs, kits or stock.

    A lane between sources of which one is no more is none; nor is there a way back from an outlet that is gone.
    """
    names = ("centres", "outlets", "warehouses", "parts", "lanes", "transfer_lanes", "returns")
    tables = {name: _cells(session, name, date) for name in names}
    places = {cells["warehouse_id"] for cells in tables["warehouses"]}
    places |= {cells["outlet_id"] for cells in tables["outlets"]}
    tables["transfer_lanes"] = [one for one in tables["transfer_lanes"] if {one["from_id"], one["to_id"]} <= places]
    tables["returns"] = [one for one in tables["returns"] if one["outlet_id"] in places]
    nothing: Mapping[str, Sequence[Cells]] = {name: [] for name in ("technicians", "jobs", "kits", "stock")}
    tables["outlets"] = [{**cells, "duration_percent": "", "first_fix_percent": ""} for cells in tables["outlets"]]
    return source_of(
        {**nothing, **tables}, day_values(session, date=date, days=1, now=now), areas=areas_on(session, date)
    )


def job_cells(job: JobRow, now: dt.datetime) -> dict[str, str]:
    """Return a job's row of jobs.csv as if nobody were promised to it yet."""
    technician_ids: Collection[str] = ()
    return _job_cells(job, technician_ids, now) | {"lock": "", "appointment": ""}


class Horizon:
    """The dates of a day, to which moments in technicians' cells are held."""

    def __init__(self, date: dt.date, days: int) -> None:
        self.begins = dt.datetime.combine(date, dt.time(), TIME_ZONE)
        self.ends = self.begins + dt.timedelta(days=days)

    def person(self, cells: Cells, busy_until: dt.datetime | None, away: Collection[dt.date] = ()) -> Cells:
        """Return a technician's cells, busy no earlier and no later than a day may say; away: dates on tour."""
        if away:
            absent = {*cells.get("absent_on", "").split(";"), *(date.isoformat() for date in away)} - {""}
            cells = {**cells, "absent_on": ";".join(sorted(absent))}
        typed = cells.get("busy_until")
        moments = [] if typed is None else [dt.datetime.fromisoformat(typed)]
        until = max([*moments, *([busy_until] if busy_until else [])], default=self.begins)
        # Busy beyond the horizon is busy until its last second: no shift is left either way.
        until = min(until, self.ends - dt.timedelta(seconds=1))
        return {**cells, "busy_until": _written(until) if until > self.begins else ""}


def _written(moment: dt.datetime) -> str:
    return moment.astimezone(TIME_ZONE).isoformat(timespec="seconds")


def _cells(session: Session, name: str, date: dt.date, *where: ColumnElement[bool]) -> list[dict[str, str]]:
    model = MASTER_TABLES[name]
    return list(session.scalars(holding(model, date, *where, columns=[model.cells])))


def _people(session: Session, date: dt.date, *where: ColumnElement[bool]) -> dict[str, dict[str, str]]:
    columns = [TechnicianRow.id, TechnicianRow.cells]
    return {id_: cells for id_, cells in session.execute(holding(TechnicianRow, date, *where, columns=columns))}


def _centre_of_outlets(session: Session, date: dt.date) -> dict[str, str]:
    columns = [OutletRow.id, OutletRow.centre_id]
    return {id_: centre_id for id_, centre_id in session.execute(holding(OutletRow, date, columns=columns))}


def _rows(session: Session, centre_ids: Collection[str] | None, states: Sequence[str]) -> Sequence[Any]:
    """Return jobs in some states, without their positions: cells have those as they were typed."""
    query = select(
        JobRow.id,
        JobRow.source,
        JobRow.state,
        JobRow.centre_id,
        JobRow.cells,
        JobRow.appointment_start,
        JobRow.appointment_end,
        JobRow.consent,
        JobRow.lock,
        JobRow.published_technician_id,
        JobRow.published_start,
        JobRow.told,
        JobRow.clock_paused_at,
        JobRow.paused_s,
        WAS_HAD.label("was_had"),
    ).where(JobRow.state.in_(states), ~IS_OWED)
    if centre_ids is not None:
        query = query.where(JobRow.centre_id.in_(centre_ids))
    return session.execute(query.order_by(JobRow.entered, JobRow.id)).all()


def _job_cells(row: Any, technician_ids: Collection[str], now: dt.datetime) -> dict[str, str]:
    """Return a job's row of jobs.csv as it is now."""
    cells = {**row.cells, "job_id": row.id, "centre_id": row.centre_id, "consent": row.consent}
    paused = dt.timedelta(seconds=row.paused_s)
    if row.clock_paused_at is not None:
        paused += max(now - row.clock_paused_at, dt.timedelta())
    if paused:
        # Clocks that stood still are due later by as much: as if the call had come later.
        cells["reported_at"] = _written(dt.datetime.fromisoformat(cells["reported_at"]) + paused)
    if row.appointment_start is not None:
        cells["appointment"] = f"{_written(row.appointment_start)}/{_written(row.appointment_end)}"
    if row.published_technician_id in technician_ids:
        cells["published_technician_id"] = row.published_technician_id
        cells["published_start"] = _written(row.published_start)
        cells["told"] = "yes" if row.told else "no"
        cells["lock"] = str(Lock.PINNED) if row.state == "en_route" else row.lock
    return cells


def _busy(on_site: Iterable[Any]) -> dict[str, dt.datetime]:
    """Return until when the visits that have begun keep their technicians, as published."""
    busy: dict[str, dt.datetime] = {}
    for row in on_site:
        if row.published_technician_id is None:
            continue
        seconds = duration_of(row.cells["service_duration"]).seconds
        until = row.published_start + dt.timedelta(seconds=seconds)
        busy[row.published_technician_id] = max(until, busy.get(row.published_technician_id, until))
    return busy


def areas_on(session: Session, date: dt.date) -> Areas | None:
    """Return the areas of the store, None for the built-in ones."""
    own = holding(Document, date, Document.kind == "settings", Document.id == AREAS, columns=[Document.cells])
    if session.scalars(own).one_or_none() is None:
        return None
    rows = session.execute(select(AreaRow.name, AreaRow.polygon).order_by(AreaRow.number)).all()
    return Areas([name for name, _ in rows], [to_shape(polygon) for _, polygon in rows])


def _within(folder: DayFolder, centre_ids: Collection[str], ours: Collection[str]) -> DayFolder:
    """Return the day of some centres; area classes came from all outlets, which the reader was given."""
    day = folder.day
    homes = {person.outlet_id for person in day.technicians}
    outlets = tuple(outlet for outlet in day.outlets if outlet.centre_id in centre_ids or outlet.id in homes)
    within = replace(
        day,
        centres=day.centres,
        outlets=outlets,
        shifts=tuple(shift for shift in day.shifts if shift.technician_id in ours),
    )
    kept = folder.outlets.index.isin([outlet.id for outlet in outlets]) | folder.outlets["centre_id"].isin(centre_ids)
    return replace(folder, day=within, outlets=folder.outlets[kept])
