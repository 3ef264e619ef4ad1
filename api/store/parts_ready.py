"""A job whose part has arrived needs a visit again."""

import datetime as dt

from sqlalchemy.orm import Session

from api.job_states import JobState, Role
from api.store.job_moves import move_job
from api.store.jobs import By
from api.tables.jobs import JobRow

__all__ = ["parts_ready"]


def parts_ready(session: Session, job: JobRow, *, by: By, at: dt.datetime, order_id: str = "") -> bool:
    """Let the next plan take up a job that waited for its part; return whether it did wait.

    The job is locked by the caller. order_id: the order that has arrived, for the history. Whoever hears of a part says
    so here; by hand it is a PATCH to `needs_visit`.
    """
    if job.state != JobState.NEEDS_PART:
        return False
    detail = {"reason": "parts ready", **({"order_id": order_id} if order_id else {})}
    move_job(session, job, JobState.NEEDS_VISIT, roles=frozenset({Role.CLOCK}), by=by, at=at, detail=detail)
    return True
