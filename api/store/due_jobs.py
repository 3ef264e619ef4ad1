"""Due visits of maintenance plans in the store: a day may take them in, and publishing makes jobs of those it plans.

A job of theirs that nobody is promised to is owed by its plan again, under the same name: days and tours take it from
there, never from both.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from api.job_states import JobState
from api.store.batches import batches
from api.store.jobs import By, enter_jobs
from api.store.network import holding
from api.store.tour_rows import MAINTENANCE, WAS_HAD
from api.store.tour_settled import settled_visits
from api.tables.jobs import JobHistory, JobRow
from api.tables.tours import MaintenanceRow, TourVisitRow, VillageRow
from datasets.day import DayFolder, DaySource
from datasets.due_visits import CLOCK_NAME, plan_of
from datasets.times import instant_of, local_date, midnight_of
from optimizer.model import DAY_S, Clock, ClockKind

__all__ = [
    "CALLED_OFF",
    "IS_OWED",
    "NOT_OWED",
    "due_rows",
    "due_tables",
    "enter_due",
    "had_by",
    "on_tours",
    "still_owed",
    "with_due_clocks",
]

HAD = (JobState.DONE, JobState.CALLBACK_DUE, JobState.CLOSED)
PLACE = ("village_id", "name", "lon", "lat", "datum", "contact", "phone")
"""Of villages, what a visit in one needs to know."""
AT_ONCE = 500
IS_OWED = and_(JobRow.source == MAINTENANCE, JobRow.state == JobState.NEEDS_VISIT.value, ~WAS_HAD)
"""Of jobs: due visits that nobody is promised to, and nobody has had."""
NOT_OWED = "not_owed"
"""Why a due visit's job is cancelled whose plan ended, or owes its visit on another date."""
CALLED_OFF = (
    select(JobHistory.id)
    .where(
        JobHistory.job_id == JobRow.id,
        JobHistory.to_state == JobState.CANCELLED.value,
        JobHistory.detail["reason"].as_string().is_distinct_from(NOT_OWED),
    )
    .exists()
)
"""Of jobs that are cancelled: somebody wanted it so."""

Cells = Mapping[str, str]


def due_tables(
    session: Session, centre_ids: Collection[str] | None, *, date: dt.date, now: dt.datetime
) -> dict[str, list[Cells]]:
    """Return the tables of a day about due visits: plans that owe one which no tour does, and where it is."""
    ours = () if centre_ids is None else (MaintenanceRow.centre_id.in_(centre_ids),)
    plans = session.scalars(holding(MaintenanceRow, date, *ours, columns=[MaintenanceRow.cells]))
    known = had_by(plans, max(date, local_date(now)))
    owed = still_owed(session, settled_visits(session, (), None).owed(known, local_date(now)), date)
    wanted = {cells.get("village_id", "") for cells in owed}
    villages = session.scalars(holding(VillageRow, date, columns=[VillageRow.cells]))
    places: list[Cells] = [
        {name: cells.get(name, "") for name in PLACE} for cells in villages if cells["village_id"] in wanted - {""}
    ]
    return {"maintenance": owed, "villages": places}


def had_by(plans: Iterable[Cells], today: dt.date) -> list[Cells]:
    """Return plans as their last visits can have been: a date that is still to come, which a store may hold, is today.

    The reader of a folder refuses it, and one such row is no reason to plan nothing.
    """
    return [{**cells, "last_on": min(cells["last_on"], today.isoformat())} for cells in plans]


def still_owed(session: Session, plans: Iterable[Cells], date: dt.date, held: Collection[str] = ()) -> list[Cells]:
    """Return plans without those whose visit is a job that somebody is promised to; held: jobs that count as owed.

    date: from which on it is planned. A visit that was called off is not owed: the next one counts from its date.
    """
    query = select(JobRow.id, JobRow.state).where(
        JobRow.source == MAINTENANCE,
        JobRow.state.not_in([state.value for state in (*HAD, JobState.NEEDS_VISIT)]),
        (JobRow.state != JobState.CANCELLED.value) | CALLED_OFF,
    )
    taken, called_off = set(), dict[str, str]()
    for id_, state in session.execute(query):
        plan_id, due = plan_of(id_), id_.rpartition("@")[2]
        if state == JobState.CANCELLED:
            called_off[plan_id] = max(due, called_off.get(plan_id, ""))
        if id_ not in held and (state != JobState.CANCELLED or due > date.isoformat()):
            taken.add(plan_id)
    return [
        {**cells, "last_on": max(cells["last_on"], called_off.get(cells["plan_id"], ""))}
        for cells in plans
        if cells["plan_id"] not in taken
    ]


def due_rows(folder: DayFolder) -> dict[str, dict[str, str]]:
    """Return the rows of a day's due visits that its plans owe, by id; those that are jobs already are not there."""
    owed = [job for job in folder.day.jobs if job.id not in folder.answers]
    rows = folder.jobs.loc[[job.id for job in owed]].to_dict(orient="records")
    return {
        job.id: {**{str(name): str(cell) for name, cell in row.items()}, "centre_id": job.centre_id}
        for job, row in zip(owed, rows, strict=True)
    }


def on_tours(session: Session, visit_ids: Collection[str]) -> set[str]:
    """Return the due visits whose plan has a visit on a published tour that is still open."""
    plans = select(TourVisitRow.maintenance_id).where(TourVisitRow.outcome.is_(None)).distinct()
    held = set(session.scalars(plans))
    return {id_ for id_ in visit_ids if plan_of(id_) in held}


def enter_due(session: Session, read: DaySource, *, by: By, at: dt.datetime) -> list[JobRow]:
    """Make jobs of due visits that are about to be promised, and return them; read: their rows."""
    ids = read.tables["jobs"].values["job_id"].tolist()
    enter_jobs(session, read, source=MAINTENANCE, external_ids=ids, by=by, now=at, ids=ids)
    made: list[JobRow] = []
    for some in batches(ids, AT_ONCE):
        # Nobody called: no promise about an arrival runs.
        session.execute(update(JobRow).where(JobRow.id.in_(some)).values(due_at=None))
        made += session.scalars(select(JobRow).where(JobRow.id.in_(some)).order_by(JobRow.id))
    return made


def with_due_clocks(folder: DayFolder, due_ids: Collection[str]) -> DayFolder:
    """Return a day in which these jobs, due visits that somebody is promised to, have the clock of a due visit."""
    if not due_ids:
        return folder
    day = folder.day
    windows = {str(id_): str(cell) for id_, cell in folder.jobs["windows"].items()}
    jobs = tuple(
        replace(job, clocks=(_clock(windows[job.id], day.date),)) if job.id in due_ids else job for job in day.jobs
    )
    names = {**folder.sla_names, **dict.fromkeys(due_ids, (CLOCK_NAME,))}
    return replace(folder, day=replace(day, jobs=jobs), sla_names=names)


def _clock(windows: str, date: dt.date) -> Clock:
    """Return the clock of a visit by its window, which is its tolerance; none is left of an overdue one's."""
    due_s = instant_of(windows.rpartition("/")[2]) + 1 - midnight_of(date) if windows else DAY_S
    return Clock(kind=ClockKind.RESOLUTION, due_s=due_s)
