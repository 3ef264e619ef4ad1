"""Says, once each, which open jobs are at risk, broken, overdue for a supervisor or stuck; what is done goes on."""

import datetime as dt
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from api.database import Database
from api.event_types import EventType
from api.events import emit_all
from api.job_states import OPEN_STATES, JobState, stuck_since
from api.promises import Grade, Standing
from api.store.batches import batches
from api.store.callbacks import call_back
from api.store.due_orphans import call_off, owed_no_more
from api.store.jobs import By
from api.store.parts_ready import orders_there, parts_came
from api.store.standings import ESCALATED, RUNNING, JobStanding, standings_of
from api.store.tour_rows import MAINTENANCE, WAS_HAD
from api.tables.jobs import JobHistory, JobRow
from datasets.policies import PolicyClock
from datasets.times import local_date

__all__ = ["AT_RISK", "BREACHED", "CALLED_BACK", "PARTS_CAME", "STUCK", "watch"]

AT_RISK, BREACHED, STUCK = "sla_at_risk", "sla_breached", "stuck"
"""Kinds of history entries; the event is `job.` and the same word."""
CALLED_BACK = JobState.CALLBACK_DUE.value
PARTS_CAME = "parts_came"
_ENTERS = JobHistory.to_state.is_not(None) & (JobHistory.from_state.is_distinct_from(JobHistory.to_state))
_OPEN = [state.value for state in OPEN_STATES]
_WATCH = "watch"
_LOOKED_AT_ONCE = 5_000
_ASKED_AT_ONCE = 5_000
_WRITTEN_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A job as it was looked at; what is said of it holds while its version does."""

    id: str
    version: int
    centre_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alarm:
    """Something to say once. key: what makes it the same thing when seen again."""

    job: _Seen
    kind: str
    key: str
    detail: Mapping[str, Any]

    @property
    def id(self) -> str:
        """The id of its history entry: the same for the same thing, so that the primary key refuses a second one."""
        digest = hashlib.sha256(f"{self.job.id} {self.kind} {self.key}".encode()).hexdigest()
        return f"alarm_{digest[:40]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Due:
    """A due time that jobs are listed by and that has moved: outlets open and close, clocks stand still."""

    job: _Seen
    due_at: dt.datetime | None


def watch(database: Database, now: dt.datetime) -> dict[str, int]:
    """Write and emit what is new at this moment, and return how many of each kind; run again, it says nothing new.

    It looks without holding anything up, and writes only what has changed, little at a time, of jobs that are still as
    they were seen: the next look sees the others. Two watchers at once say each thing once: the entry's id follows
    from what it says, and only who has written the entry emits the event.
    """
    said: Counter[str] = Counter()
    with database.read() as session:
        open_ = select(JobRow.id, JobRow.state).where(JobRow.state.in_(_OPEN)).order_by(JobRow.centre_id, JobRow.id)
        found = session.execute(open_).all()
    ids = [id_ for id_, _ in found]
    for done in batches([id_ for id_, state in found if state == JobState.DONE.value], _WRITTEN_AT_ONCE):
        with database.write() as session:
            said[CALLED_BACK] += call_back(session, now, By(actor=_WATCH, channel="clock"), len(done))
    for waiting in batches([id_ for id_, state in found if state == JobState.NEEDS_PART.value], _WRITTEN_AT_ONCE):
        with database.read() as session:
            order_of = orders_there(session, waiting, now)
        if order_of:
            with database.write() as session:
                said[PARTS_CAME] += parts_came(session, order_of, by=By(actor=_WATCH, channel="clock"), at=now)
    _call_off(database, now)
    for some in batches(ids, _LOOKED_AT_ONCE):
        with database.read() as session:
            new = _new(session, some, now)
        for few in batches(new, _WRITTEN_AT_ONCE):
            with database.write() as session:
                said.update(_write(session, few, now))
    return dict(said)


def _call_off(database: Database, now: dt.datetime) -> None:
    """Call off due visits that no plan owes any more."""
    with database.read() as session:
        orphans = owed_no_more(session, local_date(now))
    for some in batches(orphans, _WRITTEN_AT_ONCE):
        with database.write() as session:
            call_off(session, some, by=By(actor=_WATCH, channel="clock"), at=now)


def _new(session: Session, job_ids: Sequence[str], now: dt.datetime) -> list[_Alarm | _Due]:
    """Return what is to be written about these jobs, those of one centre together."""
    jobs: list[JobRow] = []
    for some in batches(job_ids, _ASKED_AT_ONCE):
        jobs += session.scalars(select(JobRow).where(JobRow.id.in_(some), JobRow.state.in_(_OPEN)))
    jobs.sort(key=lambda job: (job.centre_id or "", job.id))
    # Nobody called for a due visit, until it was had and is needed again: no promise runs.
    due = [job.id for job in jobs if job.source == MAINTENANCE]
    had = set(session.scalars(select(JobRow.id).where(JobRow.id.in_(due), WAS_HAD))) if due else set()
    running = [job for job in jobs if job.state in RUNNING and (job.source != MAINTENANCE or job.id in had)]
    standings = standings_of(session, running, now)
    alarms = [alarm for found in standings for alarm in _of_promises(found)]
    alarms += _of_states(session, jobs, now)
    return [*_moved_due(standings), *_unsaid(session, alarms)]


def _moved_due(standings: Sequence[JobStanding]) -> Iterator[_Due]:
    for found in standings:
        arrivals = [one.due_s for one in found.standings if one.row.clock is PolicyClock.ARRIVAL]
        due_at = found.moment(min(arrivals)).astimezone(dt.UTC) if arrivals else None
        if found.job.due_at != due_at:
            yield _Due(job=_seen(found.job), due_at=due_at)


def _seen(job: JobRow) -> _Seen:
    return _Seen(id=job.id, version=job.version, centre_id=job.centre_id)


def _write(session: Session, new: Sequence[_Alarm | _Due], now: dt.datetime) -> Counter[str]:
    """Write what is still so; return how many alarms of each kind."""
    ids = sorted({one.job.id for one in new})
    held = select(JobRow.id, JobRow.version).where(JobRow.id.in_(ids)).order_by(JobRow.id).with_for_update()
    versions = {id_: version for id_, version in session.execute(held)}
    same = [one for one in new if versions[one.job.id] == one.job.version]
    due = [{"job_id": one.job.id, "due": one.due_at} for one in same if isinstance(one, _Due)]
    if due:
        moved = update(JobRow).where(JobRow.id == bindparam("job_id")).values(due_at=bindparam("due"))
        session.connection().execute(moved, due)
    return _say(session, [one for one in same if isinstance(one, _Alarm)], now)


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
            yield _Alarm(job=_seen(found.job), kind=AT_RISK, key=clock, detail=detail)
        elif standing.grade is Grade.BREACHED:
            yield _Alarm(job=_seen(found.job), kind=BREACHED, key=clock, detail=detail)
            if standing.row.clock is PolicyClock.PHONE:
                reason = "not solved by phone in time"
                yield _Alarm(job=_seen(found.job), kind=ESCALATED, key=clock, detail={**detail, "reason": reason})


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
            yield _Alarm(job=_seen(job), kind=STUCK, key=f"{job.state} {since.isoformat()}", detail=detail)


def _entered(session: Session, job_ids: Sequence[str]) -> dict[str, dt.datetime]:
    """Return when each job came to its present state."""
    found: dict[str, dt.datetime] = {}
    for some in batches(job_ids, _ASKED_AT_ONCE):
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
    for some in batches(ids, _ASKED_AT_ONCE):
        said.update(session.scalars(select(JobHistory.id).where(JobHistory.id.in_(some))))
    return [alarm for alarm in alarms if alarm.id not in said]


def _say(session: Session, alarms: Sequence[_Alarm], now: dt.datetime) -> Counter[str]:
    """Write the entries that nobody else has written, and emit their events; return how many of each kind."""
    if not alarms:
        return Counter()
    into = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    entries = [
        {
            "id": alarm.id,
            "job_id": alarm.job.id,
            "at": now,
            "actor": _WATCH,
            "channel": "clock",
            "kind": alarm.kind,
            "detail": dict(alarm.detail),
        }
        for alarm in alarms
    ]
    writing = into(JobHistory).values(entries).on_conflict_do_nothing().returning(JobHistory.id)
    written = set(session.scalars(writing))
    by_kind: defaultdict[str, list[_Alarm]] = defaultdict(list)
    for alarm in alarms:
        if alarm.id in written:
            by_kind[alarm.kind].append(alarm)
    for kind, said in by_kind.items():
        emit_all(session, EventType(f"job.{kind}"), [(one.job.id, one.detail, one.job.centre_id) for one in said], now)
    return Counter({kind: len(said) for kind, said in by_kind.items()})
