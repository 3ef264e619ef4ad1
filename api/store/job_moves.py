"""What happens to one job: its moves in the loop, its clocks, its consent; each with its history and its event."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.orm import Session

from api.errors import Conflict, Fault, NotFound, Refused
from api.event_types import EventType
from api.events import emit, emit_all
from api.job_states import OPEN_STATES, TMF_STATE, JobState, Role, check_move
from api.store.batches import batches
from api.store.dispatch_log import follow_job
from api.store.jobs import By, change_job
from api.store.parts_promises import release
from api.store.standings import ESCALATED, PAUSED, RESUMED
from api.store.tour_holds import leave_tour
from api.store.tour_rows import MAINTENANCE, WAS_HAD, visit_had
from api.tables.jobs import JobRow
from api.tables.plans import LiveRoute, Visit
from api.tables.tours import JobWait
from datasets.times import TIME_ZONE, local_date
from optimizer.model import Lock

__all__ = [
    "MAY_BE_AHEAD",
    "escalate",
    "job_event",
    "job_seen",
    "move_job",
    "pause_clock",
    "record_consent",
    "record_wait",
    "release_visit",
    "require_open",
    "resume_clock",
    "state_event",
    "tell_moves",
    "told_at",
]

MAY_BE_AHEAD = dt.timedelta(minutes=5)
"""Clocks of others may be ahead by this; what was reported from further in the future is refused."""
TOLD_AT_ONCE = 5_000
HELD_BY_VISIT = (JobState.PLANNED, JobState.OFFERED, JobState.ACKNOWLEDGED, JobState.EN_ROUTE, JobState.ON_SITE)
"""States in which somebody is promised."""


def job_seen(session: Session, job_id: str, centres: frozenset[str] | None, *, lock: bool = False) -> JobRow:
    """Return a job. Raises NotFound, also for one of a centre that the caller does not see.

    lock: nobody else changes it until the transaction ends.
    """
    wanted = select(JobRow).where(JobRow.id == job_id)
    job = session.scalar(wanted.with_for_update() if lock else wanted)
    if job is None or (centres is not None and job.centre_id not in centres):
        raise NotFound("There is no such job.")
    return job


def told_at(said: str | None, now: dt.datetime, job: JobRow, pointer: str) -> dt.datetime:
    """Return when something happened: now, unless it was said. Raises Refused for a moment that cannot be."""
    if said is None:
        return now
    at = dt.datetime.fromisoformat(said).astimezone(dt.UTC)
    if at > now + MAY_BE_AHEAD:
        fault = Fault(pointer=pointer, code="in_the_future", detail="at most 5 minutes ahead of this service's clock")
        raise Refused("That has not happened yet.", faults=(fault,))
    if at < job.reported_at:
        fault = Fault(pointer=pointer, code="before_the_report", detail="not before the job was reported")
        raise Refused("The job was not there yet.", faults=(fault,))
    return min(at, now)


def require_open(job: JobRow) -> None:
    """Raise Conflict for a job whose loop is closed."""
    if JobState(job.state) not in OPEN_STATES:
        raise Conflict(f"The job is {job.state}.", members={"state": job.state})


def job_event(job: JobRow | Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Return what an event tells of a job; no customer's data."""
    return {
        "job_id": job.id,
        "source": job.source,
        "external_id": job.external_id,
        "state": job.state,
        "version": job.version,
    }


def state_event(job: JobRow | Row[*tuple[Any, ...]], before: str | None) -> dict[str, Any]:
    """Return what an event tells of a change of state; no customer's data."""
    state = JobState(job.state)
    return {
        "job_id": job.id,
        "source": job.source,
        "external_id": job.external_id,
        "from_state": before,
        "to_state": state.value,
        "tmf_state": TMF_STATE[state].value,
        "version": job.version,
    }


def tell_moves(session: Session, before: Mapping[str, str], at: dt.datetime) -> None:
    """Emit that jobs have changed their state, by their states before; the store has those that they came to."""
    columns = (JobRow.id, JobRow.source, JobRow.external_id, JobRow.state, JobRow.version, JobRow.centre_id)
    job_ids = sorted(before)
    told = []
    for some in batches(job_ids, TOLD_AT_ONCE):
        for job in session.execute(select(*columns).where(JobRow.id.in_(some)).order_by(JobRow.id)):
            if job.state != before[job.id]:
                told.append((job.id, state_event(job, before[job.id]), job.centre_id))
    emit_all(session, EventType.JOB_STATE_CHANGED, told, at)


def move_job(
    session: Session,
    job: JobRow,
    to: JobState,
    *,
    roles: frozenset[Role],
    by: By,
    at: dt.datetime,
    detail: Mapping[str, Any] | None = None,
) -> JobRow:
    """Move a job on in its loop; what it loses its visit by frees the technician, and parts that have not left.

    Raises
    ------
    Conflict, Forbidden
        As `check_move` says.
    """
    before = JobState(job.state)
    check_move(before, to, roles)
    visit = session.get(Visit, job.id)
    who = _who(job, visit)
    columns: dict[str, Any] = {}
    keeps = to in HELD_BY_VISIT or to in (JobState.DONE, JobState.CALLBACK_DUE, JobState.CLOSED)
    if not keeps:
        release_visit(session, job.id)
        leave_tour(session, job.id, at)
        release(session, [job.id], at)
        columns = {"published_technician_id": None, "published_start": None, "told": False, "lock": str(Lock.NONE)}
    if to is JobState.CANCELLED:
        columns |= _clock_ended(job, at)
    # What is solved on the telephone is had, too: the plan counts from then.
    is_had = to in (JobState.DONE, JobState.CALLBACK_DUE) and before is not JobState.DONE
    if is_had and job.source == MAINTENANCE:
        visit_had(session, job.id, at)
    if (before, to) == (JobState.CALLBACK_DUE, JobState.NEEDS_VISIT) and job.source == MAINTENANCE:
        columns |= _as_called(session, job, at)
    change_job(session, job, "state", by=by, now=at, detail={**who, **(detail or {})}, state=to.value, **columns)
    emit(session, EventType.JOB_STATE_CHANGED, job.id, state_event(job, before), job.centre_id, at=at)
    follow_job(session, job.id, to, by=by, at=at)
    return job


def _as_called(session: Session, job: JobRow, at: dt.datetime) -> dict[str, Any]:
    """Return the columns of a due visit that was had and is needed again: as if the customer called now."""
    if session.scalar(select(JobRow.id).where(JobRow.id == job.id, WAS_HAD)) is None:
        return {}
    reported = at.astimezone(TIME_ZONE).isoformat(timespec="seconds")
    return {"reported_at": at, "cells": {**job.cells, "reported_at": reported, "windows": ""}}


def release_visit(session: Session, job_id: str) -> None:
    """Take a promised visit back; whoever shows the route sees that it has changed."""
    visit = session.get(Visit, job_id)
    if visit is None:
        return
    route = (LiveRoute.technician_id == visit.technician_id, LiveRoute.date == visit.date)
    session.execute(update(LiveRoute).where(*route).values(version=LiveRoute.version + 1))
    session.execute(delete(Visit).where(Visit.job_id == job_id))
    session.expire_all()


def escalate(session: Session, job: JobRow, reason: str, *, by: By, at: dt.datetime) -> JobRow:
    """Hand a job to a supervisor."""
    require_open(job)
    change_job(session, job, ESCALATED, by=by, now=at, detail={"reason": reason})
    emit(session, EventType.JOB_ESCALATED, job.id, {"job_id": job.id, "reason": reason}, job.centre_id, at=at)
    return job


def pause_clock(session: Session, job: JobRow, reason: str, note: str | None, *, by: By, at: dt.datetime) -> JobRow:
    """Stop the clocks of a job, with a reason. Raises Conflict when they stand still already."""
    require_open(job)
    if job.clock_paused_at is not None:
        raise Conflict("The clocks stand still already.", members={"clock_paused_at": job.clock_paused_at.isoformat()})
    detail = {"reason": reason, "note": note} if note else {"reason": reason}
    change_job(session, job, PAUSED, by=by, now=at, detail=detail, clock_paused_at=at, clock_paused_reason=reason)
    emit(session, EventType.JOB_CLOCK_PAUSED, job.id, {"job_id": job.id, "reason": reason}, job.centre_id, at=at)
    return job


def resume_clock(session: Session, job: JobRow, *, by: By, at: dt.datetime) -> JobRow:
    """Let the clocks of a job run again; they are due later by as long as they stood still."""
    if job.clock_paused_at is None:
        raise Conflict("The clocks run.")
    reason = job.clock_paused_reason
    columns = _clock_ended(job, at)
    detail = {"reason": reason, "paused_s": columns["paused_s"] - job.paused_s}
    change_job(session, job, RESUMED, by=by, now=at, detail=detail, **columns)
    emit(session, EventType.JOB_CLOCK_RESUMED, job.id, {"job_id": job.id, **detail}, job.centre_id, at=at)
    return job


def record_consent(
    session: Session,
    job: JobRow,
    consent: str,
    amount_fen: int | None,
    *,
    roles: frozenset[Role],
    by: By,
    at: dt.datetime,
) -> JobRow:
    """Write down what the customer said to the quote: `given` lets the job be dispatched, `refused` cancels it.

    Clocks that waited for the answer run again.
    """
    require_open(job)
    amount = None if amount_fen is None else {"fen": amount_fen, "currency": "CNY"}
    detail: dict[str, Any] = {"consent": consent, "amount": amount}
    if job.clock_paused_at is not None and job.clock_paused_reason == "awaiting_consent":
        resume_clock(session, job, by=by, at=at)
    if consent == "refused":
        return move_job(session, job, JobState.CANCELLED, roles=roles, by=by, at=at, detail=detail)
    change_job(session, job, "consent", by=by, now=at, detail=detail, consent="given")
    emit(session, EventType.JOB_CONSENT_GIVEN, job.id, {"job_id": job.id}, job.centre_id, at=at)
    return job


def record_wait(session: Session, job: JobRow, until: dt.date | None, *, by: By, at: dt.datetime) -> JobRow:
    """Write down until when the customer waits for a tour, None for not at all: a tour eats no running clock without.

    Raises Refused for a date that is over.
    """
    require_open(job)
    if until is not None and until < local_date(at):
        fault = Fault(pointer="/until", code="past", detail="a date not before that of the consent")
        raise Refused("The customer cannot have agreed to that.", faults=(fault,))
    session.execute(delete(JobWait).where(JobWait.job_id == job.id))
    if until is not None:
        session.add(JobWait(job_id=job.id, until=until, recorded_at=at, channel=by.channel, recorded_by=by.actor))
    detail = {"until": None if until is None else until.isoformat()}
    change_job(session, job, "wait", by=by, now=at, detail=detail)
    data = {"job_id": job.id, "kind": "wait", **detail}
    emit(session, EventType.JOB_CONSENT_GIVEN if until else EventType.JOB_CHANGED, job.id, data, job.centre_id, at=at)
    return job


def _who(job: JobRow, visit: Visit | None) -> dict[str, Any]:
    """Return who is promised, for the history: reports and settlement read it long after the visit is gone."""
    if visit is None:
        return {"technician_id": job.published_technician_id} if job.published_technician_id else {}
    return {
        "technician_id": visit.technician_id,
        "outlet_id": visit.outlet_id,
        "plan_id": visit.plan_id,
        "planned_start": visit.start_at.isoformat(),
        "planned_end": visit.end_at.isoformat(),
    }


def _clock_ended(job: JobRow, at: dt.datetime) -> dict[str, Any]:
    if job.clock_paused_at is None:
        return {}
    lasted = max(dt.timedelta(), at - job.clock_paused_at)
    return {
        "clock_paused_at": None,
        "clock_paused_reason": None,
        "paused_s": job.paused_s + lasted // dt.timedelta(seconds=1),
    }
