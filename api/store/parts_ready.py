"""A job whose parts have arrived needs a visit again."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.job_states import JobState, Role
from api.store.job_moves import move_job
from api.store.jobs import By
from api.store.parts_orders import CANCELLED
from api.tables.jobs import JobHistory, JobRow
from api.tables.parts import Allocation, PartsOrder, PartsOrderLine

__all__ = ["orders_there", "parts_came", "parts_ready"]


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


def orders_there(session: Session, job_ids: Collection[str], now: dt.datetime) -> dict[str, str]:
    """Return the jobs, of these that wait for a part, to which all that was ordered has come, and its last order.

    All: of every part the lines of the order that had it last, by the p90 of their departures; one that was declined
    holds the job up until it is ordered again. Something came since the job began to wait: what came before was not
    what it lacked.
    """
    since = dict(
        session.execute(
            select(JobHistory.job_id, func.max(JobHistory.at))
            .where(JobHistory.job_id.in_(job_ids), JobHistory.to_state == JobState.NEEDS_PART.value)
            .group_by(JobHistory.job_id)
        ).all()
    )
    lines = session.execute(
        select(PartsOrder.job_id, PartsOrderLine)
        .join(PartsOrderLine, PartsOrderLine.order_id == PartsOrder.id)
        .where(PartsOrder.job_id.in_(job_ids), PartsOrder.state != CANCELLED, PartsOrder.quoted_until.is_(None))
        .order_by(PartsOrder.id, PartsOrderLine.number)
    ).all()
    came = _came(session, {line.order_id for _, line in lines}, now)
    there: dict[str, str] = {}
    short = set()
    last_order = {(job_id, line.part_id): line.order_id for job_id, line in lines}
    for job_id, line in lines:
        if line.order_id != last_order[job_id, line.part_id]:
            continue
        units, last = came.get((line.order_id, line.id), (0, now))
        if units < line.quantity:
            short.add(job_id)
        elif job_id in since and last >= since[job_id]:
            there[job_id] = line.order_id
    return {job_id: order_id for job_id, order_id in there.items() if job_id not in short}


def _came(
    session: Session, order_ids: Collection[str], now: dt.datetime
) -> Mapping[tuple[str, str], tuple[int, dt.datetime]]:
    """Return how many units of each line of these orders have come, and when the last did."""
    came: defaultdict[tuple[str, str], list[Allocation]] = defaultdict(list)
    query = select(Allocation).where(
        Allocation.holder.in_(order_ids),
        Allocation.released_at.is_(None),
        Allocation.provisional.is_(False),
        Allocation.ready_p90_at <= now,
    )
    for one in session.scalars(query):
        came[one.holder, one.line_id].append(one)
    return {
        key: (sum(one.quantity for one in some), max(one.ready_p90_at for one in some)) for key, some in came.items()
    }


def parts_came(session: Session, order_of: Mapping[str, str], *, by: By, at: dt.datetime) -> int:
    """Let the next plan take up jobs whose parts have come, by job; return how many still waited."""
    jobs = session.scalars(select(JobRow).where(JobRow.id.in_(order_of)).order_by(JobRow.id).with_for_update()).all()
    return sum(parts_ready(session, job, by=by, at=at, order_id=order_of[job.id]) for job in jobs)
