"""Says, once each, which open jobs are at risk, broken, overdue for a supervisor or stuck."""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.events import emit
from api.job_states import OPEN_STATES, JobState, stuck_since
from api.promises import Grade, Standing
from api.store.standings import ESCALATED, RUNNING, JobStanding, standings_of
from api.tables.jobs import JobHistory, JobRow
from datasets.policies import PolicyClock

__all__ = ["AT_RISK", "BREACHED", "STUCK", "watch"]

AT_RISK, BREACHED, STUCK = "sla_at_risk", "sla_breached", "stuck"
"""Kinds of history entries; the event is `job.` and the same word."""
_ENTERS = JobHistory.to_state.is_not(None) & (JobHistory.from_state.is_distinct_from(JobHistory.to_state))
_WATCH = "watch"
_ENTERED_BY_HEARING = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alarm:
    """Something to say once. key: what makes it the same thing when seen again."""

    job: JobRow
    kind: str
    key: str
    detail: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The id of its history entry: the same for the same thing, so that the primary key refuses a second one."""
        digest = hashlib.sha256(f"{self.job.id} {self.kind} {self.key}".encode()).hexdigest()
        return f"alarm_{digest[:40]}"


def watch(session: Session, now: dt.datetime) -> dict[str, int]:
    """Write and emit what is new at this moment, and return how many of each kind; run again, it says nothing new.

    Two watchers at once say each thing once: the entry's id follows from what it says, and only who has written the
    entry emits the event.
    """
    open_states = [state.value for state in OPEN_STATES]
    jobs = session.scalars(select(JobRow).where(JobRow.state.in_(open_states)).order_by(JobRow.id)).all()
    running = [job for job in jobs if job.state in RUNNING]
    alarms = [alarm for found in standings_of(session, running, now) for alarm in _of_promises(found)]
    alarms += _of_states(session, jobs, now)
    said: Counter[str] = Counter()
    for alarm in _unsaid(session, alarms):
        if _say(session, alarm, now):
            said[alarm.kind] += 1
    return dict(said)


def _of_promises(found: JobStanding) -> Iterator[_Alarm]:
    """Yield what the clocks of a job say; a paused clock says nothing."""
    if found.job.clock_paused_at is not None:
        return
    for standing in found.standings:
        if standing.stopped_s is not None:
            continue
        detail = _detail(found, standing)
        clock = f"{standing.row.clock} {detail['due_at']}"
        if standing.grade in (Grade.AT_RISK, Grade.WILL_BREACH):
            yield _Alarm(job=found.job, kind=AT_RISK, key=clock, detail=detail)
        elif standing.grade is Grade.BREACHED:
            yield _Alarm(job=found.job, kind=BREACHED, key=clock, detail=detail)
            if standing.row.clock is PolicyClock.PHONE:
                reason = "not solved by phone in time"
                yield _Alarm(job=found.job, kind=ESCALATED, key=clock, detail={**detail, "reason": reason})


def _detail(found: JobStanding, standing: Standing) -> dict[str, Any]:
    expected = standing.expected_s
    return {
        "clock": standing.row.clock.value,
        "policy": standing.row.name,
        "grade": standing.grade.value,
        "due_at": found.moment(standing.due_s).isoformat(),
        "expected_at": None if expected is None else found.moment(expected).isoformat(),
    }


def _of_states(session: Session, jobs: Sequence[JobRow], now: dt.datetime) -> Iterator[_Alarm]:
    """Yield the jobs that have stood in their state for too long."""
    entered = _entered(session, [job.id for job in jobs])
    for job in jobs:
        at = entered.get(job.id, job.created_at)
        since = stuck_since(JobState(job.state), at, job.published_start)
        if since is not None and since <= now:
            detail = {"state": job.state, "entered_at": at.isoformat(), "stuck_at": since.isoformat()}
            yield _Alarm(job=job, kind=STUCK, key=f"{job.state} {since.isoformat()}", detail=detail)


def _entered(session: Session, job_ids: Sequence[str]) -> dict[str, dt.datetime]:
    """Return when each job came to its present state."""
    found: dict[str, dt.datetime] = {}
    for begin in range(0, len(job_ids), _ENTERED_BY_HEARING):
        some = job_ids[begin : begin + _ENTERED_BY_HEARING]
        entries = (
            select(JobHistory.job_id, JobHistory.at)
            .where(JobHistory.job_id.in_(some), _ENTERS)
            .order_by(JobHistory.at, JobHistory.id)
        )
        for job_id, at in session.execute(entries):
            found[job_id] = at
    return found


def _unsaid(session: Session, alarms: Sequence[_Alarm]) -> list[_Alarm]:
    """Return the alarms without an entry; the entry's primary key has the last word."""
    said: set[str] = set()
    ids = [alarm.id for alarm in alarms]
    for begin in range(0, len(ids), _ENTERED_BY_HEARING):
        some = ids[begin : begin + _ENTERED_BY_HEARING]
        said.update(session.scalars(select(JobHistory.id).where(JobHistory.id.in_(some))))
    return [alarm for alarm in alarms if alarm.id not in said]


def _say(session: Session, alarm: _Alarm, now: dt.datetime) -> bool:
    """Write the entry and emit its event, unless somebody else has."""
    into = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    entry = {
        "id": alarm.id,
        "job_id": alarm.job.id,
        "at": now,
        "actor": _WATCH,
        "channel": "clock",
        "kind": alarm.kind,
        "detail": dict(alarm.detail),
    }
    written = into(JobHistory).values(entry).on_conflict_do_nothing().returning(JobHistory.id)
    if session.execute(written).first() is None:
        return False
    emit(session, f"job.{alarm.kind}", alarm.job.id, alarm.detail, alarm.job.centre_id, at=now)
    return True
