"""Sourcing runs in the store: a run writes under its attempt, as a plan's does; an earlier one is refused."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import Conflict, NotFound
from api.plan_states import PlanState
from api.store import durable_runs
from api.tables.base import new_id
from api.tables.parts import SourcingFinding, SourcingRun

__all__ = [
    "PREFIX",
    "RETURN",
    "TRANSFER",
    "add_findings",
    "ask_to_cancel",
    "begin_run",
    "create_run",
    "end_run",
    "findings_of",
    "get_run",
    "hold_run",
    "is_sourcing",
    "list_runs",
    "put_back",
    "run_alone",
]

PREFIX = "srun"
TRANSFER, RETURN = "transfer", "return"
"""What a run proposes beside its answers."""


def is_sourcing(run_id: str) -> bool:
    """Tell whether an id in the queue is that of a sourcing run."""
    return run_id.startswith(f"{PREFIX}_")


def create_run(
    session: Session, *, wish: Mapping[str, Any], centre_ids: Sequence[str], actor: str, at: dt.datetime
) -> SourcingRun:
    """Add a run that waits for a worker."""
    run = SourcingRun(
        id=new_id(PREFIX),
        version=1,
        state=PlanState.QUEUED.value,
        created_at=at,
        actor=actor,
        wish=dict(wish),
        centre_ids=list(centre_ids),
        attempt=0,
    )
    session.add(run)
    session.flush()
    return run


def get_run(session: Session, run_id: str, centres: frozenset[str] | None = None, *, lock: bool = False) -> SourcingRun:
    """Return a run. Raises NotFound, also for one that reaches beyond the centres that a key sees."""
    run = durable_runs.seen(session, SourcingRun, run_id, centres, lock=lock)
    if run is None:
        raise NotFound("There is no such sourcing run.")
    return run


def run_alone(session: Session, run_id: str) -> SourcingRun:
    """Return a run to be read after the transaction has ended."""
    return durable_runs.alone(session, SourcingRun, run_id)


def list_runs(session: Session, *, after: str | None, limit: int) -> list[SourcingRun]:
    """Return runs, the newest first, one more than asked for when there are more."""
    return durable_runs.listed(session, SourcingRun, after=after, limit=limit)


def ask_to_cancel(session: Session, run: SourcingRun, at: dt.datetime) -> None:
    """Cancel a run that waits; ask the worker to end one that goes on. Raises Conflict for one that has ended."""
    over = Conflict(f"The run is {run.state}.", members={"state": run.state})
    if durable_runs.wish_to_cancel(run, at, over):
        run.state, run.ended_at = PlanState.CANCELLED.value, at
    session.flush()


def begin_run(session: Session, run_id: str, executor: str, at: dt.datetime) -> int | None:
    """Start a run, or start it again; return the number of this attempt, None when there is nothing to do any more."""
    run = durable_runs.locked(session, SourcingRun, run_id)
    if run is None:
        return None
    attempt = durable_runs.started(session, run, executor, at)
    if run.cancel_asked_at is not None:
        # Its worker died before it could end it.
        end_run(session, run_id, attempt, PlanState.CANCELLED, at)
        return None
    return attempt


def put_back(session: Session, run_id: str, attempt: int) -> None:
    """Forbid an attempt to write any more: its process is gone, or given up."""
    durable_runs.forbid(session, SourcingRun, run_id, attempt)


def hold_run(session: Session, run_id: str, attempt: int) -> SourcingRun:
    """Lock a run that this attempt may still write. Raises RunLost."""
    return durable_runs.hold(session, SourcingRun, run_id, attempt)


def end_run(
    session: Session,
    run_id: str,
    attempt: int,
    state: PlanState,
    at: dt.datetime,
    *,
    outcome: Mapping[str, Any] | None = None,
    problem: Mapping[str, Any] | None = None,
) -> None:
    """End a run. Raises RunLost."""
    run = hold_run(session, run_id, attempt)
    run.outcome = None if outcome is None else dict(outcome)
    run.problem = None if problem is None else dict(problem)
    run.state, run.ended_at = state.value, at
    run.version += 1
    session.flush()


def add_findings(session: Session, run_id: str, kind: str, contents: Sequence[Mapping[str, Any]]) -> None:
    """Keep what a run proposes, in this order."""
    session.add_all(
        SourcingFinding(run_id=run_id, kind=kind, number=number, content=dict(content))
        for number, content in enumerate(contents, start=1)
    )
    session.flush()


def findings_of(session: Session, run: SourcingRun, kind: str, *, after: int, limit: int) -> Sequence[SourcingFinding]:
    """Return what a run proposes, one more than asked for when there are more. Raises Conflict for one not finished."""
    if run.state != PlanState.FINISHED:
        raise Conflict(f"The run is {run.state}.", members={"state": run.state})
    query = (
        select(SourcingFinding)
        .where(SourcingFinding.run_id == run.id, SourcingFinding.kind == kind, SourcingFinding.number > after)
        .order_by(SourcingFinding.number)
        .limit(limit + 1)
    )
    return session.scalars(query).all()
