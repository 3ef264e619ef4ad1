"""Jobs that callers send become rows: judged as jobs.csv is, all faults of every job at once, good ones entered."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import Conflict, Fault
from api.event_types import EventType
from api.events import emit_all
from api.job_states import OPEN_STATES, JobState
from api.schemas.cells import row_of
from api.schemas.jobs import JobIn
from api.store.batches import batches
from api.store.checked_rows import LAYOUTS, as_held, faults_by_row
from api.store.days import read_jobs
from api.store.families import unknown_families
from api.store.job_moves import MAY_BE_AHEAD, job_event, state_event
from api.store.jobs import LIVE_COLUMNS, By, Entered, enter_jobs, jobs_by_external
from api.tables.jobs import JobRow
from datasets.day import DaySource
from datasets.faults import DayRefused
from datasets.times import TIME_ZONE

__all__ = ["JOB_COLUMNS", "Sending", "Upserted", "upsert_jobs"]

JOB_COLUMNS = tuple(column.name for column in LAYOUTS["jobs"].columns if column.name != "job_id")
_AT_ONCE = 500

Cells = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """Who sends jobs. centres: whose rows they may write, None for all."""

    source: str
    by: By
    centres: frozenset[str] | None
    first_state: JobState = JobState.NEEDS_VISIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Upserted:
    """What became of jobs, each by its place: entered, or refused with every fault."""

    entered: dict[int, Entered] = field(default_factory=dict)
    refused: dict[int, list[Fault]] = field(default_factory=dict)


def upsert_jobs(session: Session, sending: Sending, jobs: Sequence[tuple[str, JobIn]], *, now: dt.datetime) -> Upserted:
    """Enter the good ones of these jobs, by their names at the source; what is equal is left alone.

    What lives on after a job was entered – its published visit, lock, consent, appointment – stays, unless the caller
    speaks of it. A closed job does not change any more.
    """
    known = jobs_by_external(session, sending.source, [name for name, _ in jobs])
    cells = [_with_live(row_of(said, JOB_COLUMNS), said, known.get(name)) for name, said in jobs]
    refused: dict[int, list[Fault]] = {}
    for place, (name, said) in enumerate(jobs):
        faults = _edge_faults(said, sending, known.get(name), cells[place], now)
        if faults:
            refused[place] = faults
    unknown = unknown_families(session, {said.product for _, said in jobs})
    for place, (_, said) in enumerate(jobs):
        if said.product in unknown:
            detail = f'"{said.product}"; allowed: a family that some technician, kit or part has'
            refused.setdefault(place, []).append(_fault("/product", "unknown_family", detail))
    last: dict[str, int] = {name: place for place, (name, _) in enumerate(jobs)}
    for place, (name, _) in enumerate(jobs):
        if last[name] != place:
            refused.setdefault(place, [_fault("/external_id", "twice", "the same job comes again in a later line")])
    places, read = _read_good(session, cells, refused, now)
    if read is None:
        return Upserted(refused=refused)
    done = enter_jobs(
        session,
        read,
        source=sending.source,
        external_ids=[jobs[place][0] for place in places],
        by=sending.by,
        now=now,
        first_state=sending.first_state.value,
        known=known,
    )
    entered = dict(zip(places, done, strict=True))
    _tell(session, done, now)
    return Upserted(entered=entered, refused=refused)


def _read_good(
    session: Session, cells: Sequence[Cells], refused: dict[int, list[Fault]], now: dt.datetime
) -> tuple[list[int], DaySource | None]:
    """Read the rows that are not refused; those that the reader refuses are added. Twice at most: faults come all."""
    for _ in range(2):
        places = [place for place in range(len(cells)) if place not in refused]
        if not places:
            return places, None
        try:
            return places, read_jobs(session, [cells[place] for place in places], now=now)
        except DayRefused as day:
            if any(fault.file != LAYOUTS["jobs"].file or fault.row is None for fault in day.faults):
                said = [str(fault) for fault in day.faults if fault.file != LAYOUTS["jobs"].file]
                raise Conflict("The network of today cannot take jobs.", members={"network": said[:20]}) from day
            for row, faults in faults_by_row(day.faults).items():
                refused[places[row]] = faults
    return [], None


def _edge_faults(said: JobIn, sending: Sending, job: Any | None, cells: Cells, now: dt.datetime) -> list[Fault]:
    """Return what no cell can know: clocks ahead, other centres, loops that are closed."""
    faults = []
    if dt.datetime.fromisoformat(said.reported_at) > now + MAY_BE_AHEAD:
        faults.append(_fault("/reported_at", "in_the_future", "at most 5 minutes ahead of this service's clock"))
    if sending.centres is not None:
        allowed = ", ".join(sorted(sending.centres))
        if said.centre_id not in sending.centres:
            faults.append(_fault("/centre_id", "other_centre", f"a centre of this key: {allowed}"))
        if job is not None and job.centre_id not in sending.centres:
            return [_fault("/external_id", "not_found", "there is no such job")]
    if job is not None and JobState(job.state) not in OPEN_STATES and not _same(job, cells):
        faults.append(_fault("", "closed", f"the job is {job.state} and does not change any more"))
    return faults


def _same(job: Any, cells: Cells) -> bool:
    return all(job.cells.get(name, "") == cells.get(name, "") for name in JOB_COLUMNS if name not in LIVE_COLUMNS)


def _with_live(cells: Cells, said: JobIn, job: Any | None) -> Cells:
    if job is None:
        return cells
    live: Mapping[str, str] = {}
    cells = as_held("jobs", cells, job.cells)
    if job.published_technician_id is not None and job.published_start is not None:
        live = {
            "published_technician_id": job.published_technician_id,
            "published_start": _written(job.published_start),
            "told": "yes" if job.told else "no",
            "lock": job.lock,
        }
    if said.consent is None:
        cells["consent"] = job.consent
    if said.appointment is None and job.appointment_start is not None and job.appointment_end is not None:
        cells["appointment"] = f"{_written(job.appointment_start)}/{_written(job.appointment_end)}"
    return {**cells, **live}


_TOLD = (JobRow.id, JobRow.source, JobRow.external_id, JobRow.state, JobRow.version, JobRow.centre_id)


def _tell(session: Session, done: Sequence[Entered], now: dt.datetime) -> None:
    """Emit what was created, which comes to its first state by it, and what has changed."""
    outcomes = {one.id: one.outcome for one in done if one.outcome != "unchanged"}
    created, changed, moved = [], [], []
    for some in batches(list(outcomes), _AT_ONCE):
        jobs: Sequence[Any] = session.execute(select(*_TOLD).where(JobRow.id.in_(some))).all()
        for job in jobs:
            told = (job.id, job_event(job), job.centre_id)
            if outcomes[job.id] == "changed":
                changed.append(told)
                continue
            created.append(told)
            moved.append((job.id, state_event(job, None), job.centre_id))
    emit_all(session, EventType.JOB_CREATED, created, now)
    emit_all(session, EventType.JOB_STATE_CHANGED, moved, now)
    emit_all(session, EventType.JOB_CHANGED, changed, now)


def _written(moment: dt.datetime) -> str:
    return moment.astimezone(TIME_ZONE).isoformat(timespec="seconds")


def _fault(pointer: str, code: str, detail: str) -> Fault:
    return Fault(pointer=pointer, code=code, detail=detail)
