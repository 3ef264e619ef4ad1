"""Jobs that are done wait for the call to their customer."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.job_states import JobState, Role
from api.store.job_moves import move_job
from api.store.jobs import By
from api.tables.jobs import JobRow

__all__ = ["call_back"]


def call_back(session: Session, now: dt.datetime, by: By, most: int) -> int:
    """Let the customers of so many jobs that are done be called; return how many there were."""
    done = select(JobRow).where(JobRow.state == JobState.DONE.value).order_by(JobRow.id).limit(most).with_for_update()
    jobs = session.scalars(done).all()
    for job in jobs:
        move_job(session, job, JobState.CALLBACK_DUE, roles=frozenset({Role.CLOCK}), by=by, at=now)
    return len(jobs)
