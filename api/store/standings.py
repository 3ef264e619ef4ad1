"""How the promises of stored jobs stand: class from the live outlet map, moments from history and visits."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.job_states import OPEN_STATES, JobState
from api.promises import Heard, Moments, Standing, standings
from api.store.batches import batches
from api.store.documents import settings_on
from api.store.live_map import area_classes_of
from api.tables.jobs import JobHistory, JobRow
from api.tables.plans import Visit
from datasets.policies import PolicyClock
from datasets.settings import Settings
from datasets.times import TIME_ZONE, duration_of, local_date, moment_of, seconds_of
from optimizer.model import AreaClass, CustomerClass

__all__ = ["ESCALATED", "PAUSED", "RESUMED", "RUNNING", "JobStanding", "standings_of", "visits_of"]

PAUSED, RESUMED, ESCALATED = "clock_paused", "clock_resumed", "escalated"
"""Kinds of history entries that clocks listen to."""

RUNNING = OPEN_STATES - {JobState.DONE, JobState.CALLBACK_DUE}
AGAIN = (JobState.CALLBACK_DUE, JobState.NEEDS_PART, JobState.FAILED)
"""States from which somebody must come again: nothing was resolved."""
STOPPED_BY: Mapping[JobState, tuple[PolicyClock, ...]] = {
    JobState.ON_SITE: (PolicyClock.ARRIVAL,),
    JobState.DONE: (PolicyClock.ARRIVAL, PolicyClock.RESOLUTION),
    JobState.CALLBACK_DUE: tuple(PolicyClock),
    JobState.CLOSED: tuple(PolicyClock),
    JobState.CANCELLED: tuple(PolicyClock),
}
_AT_ONCE = 500
"""Ids per query: SQLite takes no more than some thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """A job with its class, its promises and what had been paused; moments count from `first`."""

    job: JobRow
    visit: Visit | None
    area_class: AreaClass
    standings: tuple[Standing, ...]
    paused_s: int
    first: dt.date

    def moment(self, seconds: int) -> dt.datetime:
        """Return a moment that is counted from midnight of `first`."""
        return moment_of(self.first, seconds).astimezone(TIME_ZONE)


def standings_of(
    session: Session, jobs: Sequence[JobRow], now: dt.datetime, settings: Settings | None = None
) -> list[JobStanding]:
    """Return how the promises of jobs stand at a moment, with the outlets that are live on its date."""
    first = local_date(now)
    if settings is None:
        settings = settings_on(session, first, now)
    areas = area_classes_of(session, jobs, first)
    history = _history_of(session, [job.id for job in jobs])
    visits = visits_of(session, [job.id for job in jobs])
    now_s = seconds_of(first, now)
    found = []
    for job in jobs:
        entries, visit = history[job.id], visits.get(job.id)
        pauses = _pauses(entries, first, now_s)
        moments = Moments(stopped_s=_stopped(entries, first), expected_s=_expected(job, visit, first), pauses=pauses)
        heard = Heard(
            brand=job.brand,
            product=job.product,
            channel=job.channel,
            area_class=areas[job.id],
            customer_class=CustomerClass(job.customer_class or CustomerClass.ORDINARY),
            reported_s=seconds_of(first, job.reported_at),
        )
        rows = [row for row in settings.sla if row.clock is not PolicyClock.PARTS_RESPONSE]
        found.append(
            JobStanding(
                job=job,
                visit=visit,
                area_class=areas[job.id],
                standings=standings(rows, heard, moments, settings.tariff, first, now_s),
                paused_s=sum(end - start for start, end in pauses),
                first=first,
            )
        )
    return found


def visits_of(session: Session, job_ids: Sequence[str]) -> dict[str, Visit]:
    """Return the promised visit of each job that has one."""
    found: dict[str, Visit] = {}
    for some in batches(job_ids, _AT_ONCE):
        for visit in session.scalars(select(Visit).where(Visit.job_id.in_(some))):
            found[visit.job_id] = visit
    return found


def _history_of(session: Session, job_ids: Sequence[str]) -> Mapping[str, list[JobHistory]]:
    found: dict[str, list[JobHistory]] = defaultdict(list)
    for some in batches(job_ids, _AT_ONCE):
        entries = select(JobHistory).where(JobHistory.job_id.in_(some)).order_by(JobHistory.at, JobHistory.id)
        for entry in session.scalars(entries):
            found[entry.job_id].append(entry)
    return found


def _pauses(entries: Sequence[JobHistory], first: dt.date, now_s: int) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    begun: int | None = None
    for entry in entries:
        if entry.kind == PAUSED:
            begun = seconds_of(first, entry.at)
        elif entry.kind == RESUMED and begun is not None:
            found.append((begun, seconds_of(first, entry.at)))
            begun = None
    if begun is not None:
        found.append((begun, max(begun, now_s)))
    return tuple(found)


def _stopped(entries: Sequence[JobHistory], first: dt.date) -> dict[PolicyClock, int]:
    """Return which clocks have stopped, and when.

    Somebody's coming stops arrival; what is done, solved by phone or cancelled stops resolution, unless the job was
    opened again; leaving `received` answers the customer, and so does a supervisor.
    """
    stopped: dict[PolicyClock, int] = {}
    for entry in entries:
        for clock in _stops(entry):
            stopped.setdefault(clock, seconds_of(first, entry.at))
        if entry.to_state == JobState.NEEDS_VISIT and entry.from_state in AGAIN:
            stopped.pop(PolicyClock.RESOLUTION, None)
    return stopped


def _stops(entry: JobHistory) -> tuple[PolicyClock, ...]:
    """Return the clocks that stop with an entry, unless they had stopped before."""
    if entry.kind == ESCALATED:
        return (PolicyClock.PHONE, PolicyClock.RESPONSE)
    if entry.to_state is None or entry.to_state == entry.from_state or entry.to_state == JobState.RECEIVED:
        return ()
    return (PolicyClock.RESPONSE, PolicyClock.PHONE, *STOPPED_BY.get(JobState(entry.to_state), ()))


def _expected(job: JobRow, visit: Visit | None, first: dt.date) -> dict[PolicyClock, int]:
    """Return when the published visit stops which clock."""
    if visit is not None:
        return {
            PolicyClock.ARRIVAL: seconds_of(first, visit.start_at),
            PolicyClock.RESOLUTION: seconds_of(first, visit.end_at),
        }
    if job.published_start is None:
        return {}
    start_s = seconds_of(first, job.published_start)
    service_s = duration_of(job.cells["service_duration"]).seconds
    return {PolicyClock.ARRIVAL: start_s, PolicyClock.RESOLUTION: start_s + service_s}
