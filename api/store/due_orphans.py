"""Jobs of due visits that their plans owe no more: called off, and taken up again when they are owed after all."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.event_types import EventType
from api.events import emit
from api.job_states import JobState, Role
from api.store.batches import batches
from api.store.due_jobs import CALLED_OFF, IS_OWED, NOT_OWED, still_owed
from api.store.job_moves import move_job, state_event
from api.store.jobs import By, change_job
from api.store.network import holding
from api.store.tour_rows import MAINTENANCE
from api.tables.jobs import JobRow
from api.tables.tours import MaintenanceRow
from datasets.due_visits import plan_of

__all__ = ["call_off", "owed_no_more", "take_up", "take_up_only"]

AT_ONCE = 500


def owed_no_more(session: Session, today: dt.date) -> list[str]:
    """Return the jobs of due visits that nobody is promised to, and that no plan owes on a date: it ended, or moved."""
    waiting = session.scalars(select(JobRow.id).where(IS_OWED).order_by(JobRow.id)).all()
    owed: set[str] = set()
    for some in batches(sorted({plan_of(id_) for id_ in waiting}), AT_ONCE):
        these = MaintenanceRow.id.in_(some)
        plans = session.scalars(holding(MaintenanceRow, today, these, columns=[MaintenanceRow.cells]))
        for cells in still_owed(session, plans, today):
            due = dt.date.fromisoformat(cells["last_on"]) + dt.timedelta(days=int(cells["interval_days"]))
            owed.add(f"{cells['plan_id']}@{due}")
    return [id_ for id_ in waiting if id_ not in owed]


def call_off(session: Session, job_ids: Collection[str], *, by: By, at: dt.datetime) -> int:
    """Call off those of these jobs that are still due visits which nobody is promised to; return how many."""
    many = 0
    for some in batches(sorted(job_ids), AT_ONCE):
        query = select(JobRow).where(JobRow.id.in_(some), IS_OWED).order_by(JobRow.id).with_for_update()
        for job in session.scalars(query).all():
            reason = {"reason": NOT_OWED}
            move_job(session, job, JobState.CANCELLED, roles=frozenset({Role.DISPATCH}), by=by, at=at, detail=reason)
            many += 1
    return many


def take_up(session: Session, visit_ids: Collection[str], *, by: By, at: dt.datetime) -> None:
    """Let the jobs of due visits need a visit again that were called off because no plan owed them."""
    for some in batches(sorted(visit_ids), AT_ONCE):
        gone = (JobRow.source == MAINTENANCE, JobRow.state == JobState.CANCELLED.value, ~CALLED_OFF)
        query = select(JobRow).where(JobRow.id.in_(some), *gone).order_by(JobRow.id).with_for_update()
        for job in session.scalars(query).all():
            before, again = job.state, JobState.NEEDS_VISIT.value
            change_job(session, job, "state", by=by, now=at, detail={"reason": "owed_again"}, state=again)
            emit(session, EventType.JOB_STATE_CHANGED, job.id, state_event(job, before), job.centre_id, at=at)


def take_up_only(session: Session, visit_ids: Collection[str], *, by: By, at: dt.datetime) -> None:
    """Take up due visits that are about to be promised, and call off what else waits of their plans."""
    plans = {plan_of(id_) for id_ in visit_ids}
    take_up(session, visit_ids, by=by, at=at)
    waiting = session.scalars(select(JobRow.id).where(IS_OWED)).all() if plans else ()
    call_off(session, [id_ for id_ in waiting if plan_of(id_) in plans and id_ not in visit_ids], by=by, at=at)
