"""Jobs: entered one or twenty thousand at a time, changed with a line of history each, never without."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.errors import Conflict
from api.job_states import OPEN_STATES, JobState
from api.store.batches import batches
from api.store.network import CHUNK, point
from api.tables.base import new_id
from api.tables.jobs import JobHistory, JobRow
from datasets.day import DaySource, build_day
from datasets.times import EPOCH, moment_of
from optimizer.model import ClockKind, Job

__all__ = [
    "LIVE_COLUMNS",
    "LOADING",
    "By",
    "Entered",
    "change_job",
    "enter_jobs",
    "job_by_external",
    "job_history",
    "jobs_by_external",
    "lived_on",
]

LIVE_COLUMNS = ("appointment", "consent", "lock", "published_technician_id", "published_start", "told")
"""Columns of jobs.csv that the store keeps in columns of their own: they live on after the job was entered."""
_LIVE_HERE = frozenset(LIVE_COLUMNS) - {"appointment"} | {"appointment_start", "appointment_end"}
LOADING = "load"
"""The channel of files that are loaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who did something, by which channel (api, load, board, …), and under which plan."""

    actor: str
    channel: str
    plan_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What became of one row: the job's id here, its name at its source, what was done."""

    id: str
    external_id: str
    outcome: Literal["created", "changed", "unchanged"]


def job_by_external(session: Session, source: str, external_id: str) -> JobRow | None:
    """Return a job by the name it has at its source."""
    query = select(JobRow).where(JobRow.source == source, JobRow.external_id == external_id)
    return session.scalars(query).one_or_none()


def jobs_by_external(session: Session, source: str, external_ids: Sequence[str]) -> dict[str, Any]:
    """Return the jobs that a source has named so, by these names: rows with all columns but the position."""
    found: dict[str, Any] = {}
    for some in batches(external_ids, CHUNK):
        query = select(*_PLAIN_COLUMNS).where(JobRow.source == source, JobRow.external_id.in_(some))
        found |= {job.external_id: job for job in session.execute(query)}
    return found


_PLAIN_COLUMNS = [getattr(JobRow, column.key) for column in JobRow.plain().columns if column.key != "position"]


def job_history(session: Session, job_id: str) -> Sequence[JobHistory]:
    """Return all that happened to a job, the first first."""
    return session.scalars(select(JobHistory).where(JobHistory.job_id == job_id).order_by(JobHistory.id)).all()


def lived_on(session: Session, job_ids: Sequence[str]) -> frozenset[str]:
    """Return those of these jobs to which more has happened than that files were loaded."""
    found: set[str] = set()
    for some in batches(job_ids, CHUNK):
        query = select(JobHistory.job_id).where(JobHistory.job_id.in_(some), JobHistory.channel != LOADING)
        found.update(session.scalars(query.distinct()))
    return frozenset(found)


def change_job(
    session: Session,
    job: JobRow,
    kind: str,
    *,
    by: By,
    now: dt.datetime,
    detail: Mapping[str, Any] | None = None,
    **columns: Any,
) -> JobRow:
    """Set columns of a job, its state among them, with the line of history that says so; its version rises."""
    before = job.state
    for column, value in columns.items():
        setattr(job, column, value)
    job.version += 1
    job.updated_at = now
    told = detail if detail is not None else {"columns": sorted(columns.keys() - {"state"})}
    session.add(JobHistory(**_line(job.id, kind, by, now, states=(before, job.state), detail=told)))
    session.flush()
    return job


def enter_jobs(  # noqa: PLR0913 - what whoever enters jobs may say
    session: Session,
    read: DaySource,
    *,
    source: str,
    external_ids: Sequence[str],
    by: By,
    now: dt.datetime,
    ids: Sequence[str] | None = None,
    first_state: str = "needs_visit",
    known: Mapping[str, Any] | None = None,
    living: frozenset[str] = frozenset(),
) -> list[Entered]:
    """Create the jobs that a source names anew, and change those it has named before; equal ones are left alone.

    read: the jobs, read and found good (`read_jobs` of api/store/days.py, or a day folder); external_ids: their names
    at the source, in order. ids: names here for those that are new; None gives them. first_state: of those that are
    new and not published. known: what `jobs_by_external` says of them, if it was asked already. living: ids of jobs
    whose live columns are not this source's any more.

    Raises
    ------
    Conflict
        Somebody entered one of them in the same moment; nothing of this session may be kept.
    """
    wanted = dict(zip(external_ids, _columns(read), strict=True))
    here = dict(zip(external_ids, ids if ids is not None else [""] * len(external_ids), strict=True))
    known = jobs_by_external(session, source, list(wanted)) if known is None else known
    first = (session.scalar(select(func.max(JobRow.entered))) or 0) + 1
    entered, created, changed, lines = [], [], [], []
    for place, (external_id, columns) in enumerate(wanted.items()):
        job = known.get(external_id)
        if job is None:
            id_ = here[external_id] or new_id("job")
            state = "planned" if columns["published_technician_id"] else first_state
            named = {"id": id_, "source": source, "external_id": external_id, "entered": first + place}
            created.append({**named, **_NEW, **columns, "state": state, "created_at": now, "updated_at": now})
            lines.append(_line(id_, "created", by, now, states=(None, state)))
            entered.append(Entered(id=id_, external_id=external_id, outcome="created"))
            continue
        if job.id in living:
            columns |= {name: getattr(job, name) for name in _LIVE_HERE}
        differing = _differing(job, columns, is_living=job.id in living)
        if differing:
            changed.append({**columns, "id": job.id, "version": job.version + 1, "updated_at": now})
            lines.append(_line(job.id, "changed", by, now, states=(job.state,) * 2, detail={"columns": differing}))
        entered.append(Entered(id=job.id, external_id=external_id, outcome="changed" if differing else "unchanged"))
    try:
        for statement, rows in (
            (insert(JobRow.plain()), created),
            (update(JobRow), changed),
            (insert(JobHistory.plain()), lines),
        ):
            if rows:
                session.execute(statement, rows)
    except IntegrityError as error:
        raise Conflict("A job of this name was entered in the same moment; send it again.") from error
    session.expire_all()
    return entered


def _differing(job: JobRow, columns: Mapping[str, Any], *, is_living: bool) -> list[str]:
    if is_living and JobState(job.state) not in OPEN_STATES:
        return []
    # A place is as its cells; when the job is due follows from the rest, and the watch keeps it.
    compared = columns.keys() - {"position", "due_at"}
    return sorted(name for name in compared if getattr(job, name) != columns[name])


_NEW: Mapping[str, Any] = {"version": 1, "clock_paused_at": None, "clock_paused_reason": None, "paused_s": 0}


def _line(
    job_id: str,
    kind: str,
    by: By,
    now: dt.datetime,
    *,
    states: tuple[str | None, str | None],
    detail: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "id": new_id("hist"),
        "job_id": job_id,
        "at": now,
        "actor": by.actor,
        "channel": by.channel,
        "kind": kind,
        "from_state": states[0],
        "to_state": states[1],
        "plan_id": by.plan_id,
        "detail": dict(detail or {}),
    }


def _columns(read: DaySource) -> Iterable[dict[str, Any]]:
    """Yield what the store's columns hold of each job of a source, in order."""
    table = read.tables["jobs"]
    # A day marks exchanges in the text of its jobs: the store keeps what was typed.
    kept = {"job_id", *LIVE_COLUMNS}
    typed = {name: cells.tolist() for name, cells in table.text.items() if name not in kept}
    values = {name: cells.tolist() for name, cells in table.values.items()}
    calls = build_day(read).day.jobs[: len(table.lines)]
    # Due visits that fill the day follow them.
    for row, job in enumerate(calls):
        appointment = values["appointment"][row]
        published_start = values["published_start"][row]
        yield {
            "centre_id": job.centre_id,
            "position": point(*job.position),
            "product": values["product"][row],
            "brand": values["brand"][row],
            "channel": values["channel"][row],
            "customer_class": str(values["customer_class"][row]),
            "urgent": values["urgent"][row],
            "reported_at": _instant(values["reported_at"][row]),
            "due_at": _due(job, read.settings.date),
            "cells": {str(name): cells[row] for name, cells in typed.items() if cells[row]},
            "appointment_start": None if appointment is None else _instant(appointment.earliest_s),
            "appointment_end": None if appointment is None else _instant(appointment.latest_s),
            "consent": values["consent"][row],
            "lock": str(values["lock"][row]),
            "published_technician_id": values["published_technician_id"][row],
            "published_start": None if published_start is None else _instant(published_start),
            "told": values["told"][row],
        }


def _instant(seconds: int) -> dt.datetime:
    return (EPOCH + dt.timedelta(seconds=seconds)).astimezone(dt.UTC)


def _due(job: Job, date: dt.date) -> dt.datetime | None:
    due_s = min((clock.due_s for clock in job.clocks if clock.kind is ClockKind.ARRIVAL), default=None)
    return None if due_s is None else moment_of(date, due_s)
