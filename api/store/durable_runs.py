"""What plans, plans of tours and sourcing runs have in common in the store: a run writes under its attempt.

When another worker has taken it over, whatever the earlier one still sends is refused.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from api.errors import Conflict
from api.plan_states import ENDED, PlanState
from api.tables.parts import SourcingRun
from api.tables.plans import Plan
from api.tables.tours import TourPlanRow

__all__ = [
    "RunLost",
    "alone",
    "at_the_end",
    "begun",
    "centre_of",
    "forbid",
    "hold",
    "listed",
    "locked",
    "milestone",
    "mine",
    "seen",
    "started",
    "wish_to_cancel",
]

Run = TypeVar("Run", Plan, SourcingRun, TourPlanRow)
Told = TypeVar("Told", Plan, TourPlanRow)
"""Those that tell how far they are."""


class RunLost(Exception):
    """Another worker has taken the run over, or it has ended: this one must not write."""


def seen(
    session: Session, kind: type[Run], run_id: str, centres: frozenset[str] | None, *, lock: bool = False
) -> Run | None:
    """Return a run, None when there is none or it reaches beyond the centres that a key sees.

    lock: nobody else changes it until the transaction ends.
    """
    wanted = select(kind).where(kind.id == run_id).execution_options(populate_existing=True)
    run = session.scalar(wanted.with_for_update() if lock else wanted)
    return None if run is None or (centres is not None and not centres.issuperset(run.centre_ids)) else run


def listed(
    session: Session, kind: type[Run], *, after: str | None, limit: int, states: Sequence[str] = ()
) -> list[Run]:
    """Return runs, the newest first, one more than asked for when there are more."""
    wanted = select(kind).order_by(kind.id.desc()).limit(limit + 1)
    if after is not None:
        wanted = wanted.where(kind.id < after)
    if states:
        wanted = wanted.where(kind.state.in_(states))
    return list(session.scalars(wanted))


def wish_to_cancel(run: Plan | SourcingRun | TourPlanRow, at: dt.datetime, over: Conflict) -> bool:
    """Note that a run is to end; return whether it still waits, so that whoever asks ends it.

    over: raised for one that has ended.
    """
    if run.state in ENDED:
        raise over
    run.version += 1
    run.cancel_asked_at = run.cancel_asked_at or at
    return run.state == PlanState.QUEUED


def begun(
    session: Session,
    kind: type[Told],
    run_id: str,
    executor: str,
    at: dt.datetime,
    cancel: Callable[[Told], None],
) -> int | None:
    """Start a run, or start it again; return the number of this attempt, None when there is nothing to do any more.

    cancel: ends a run that was to end when its worker died.
    """
    run = locked(session, kind, run_id)
    if run is None:
        return None
    if run.cancel_asked_at is not None:
        run.attempt += 1
        cancel(run)
        return None
    return started(session, run, executor, at)


def milestone(progress: Mapping[str, Any]) -> tuple[Any, int]:
    """Return the stage of a run, and how many tenths of it are done."""
    return progress.get("stage"), int(progress.get("share", 0.0) * 10)


def at_the_end(progress: Mapping[str, Any]) -> dict[str, Any]:
    """Return the progress of a run that has made what it was to make."""
    return {**progress, "stage": "done", "share": 1.0}


def centre_of(centre_ids: Sequence[str]) -> str | None:
    """Return the centre that the events of a run belong to: none when it has several."""
    return centre_ids[0] if len(centre_ids) == 1 else None


def alone(session: Session, kind: type[Run], run_id: str) -> Run:
    """Return a run to be read after the transaction has ended."""
    run = session.get_one(kind, run_id)
    session.expunge(run)
    return run


def locked(session: Session, kind: type[Run], run_id: str) -> Run | None:
    """Return a run that an attempt may be made at, locked; None when there is nothing to do any more."""
    run = session.scalar(select(kind).where(kind.id == run_id).with_for_update())
    return None if run is None or run.state in ENDED else run


def started(session: Session, run: Plan | SourcingRun | TourPlanRow, executor: str, at: dt.datetime) -> int:
    """Start a run, or start it again; return the number of this attempt."""
    run.attempt += 1
    run.executor = executor
    if run.state == PlanState.QUEUED:
        run.version += 1
        run.state, run.started_at = PlanState.RUNNING.value, at
    session.flush()
    return run.attempt


def forbid(session: Session, kind: type[Run], run_id: str, attempt: int) -> None:
    """Forbid an attempt to write any more: its process is gone, or given up."""
    session.execute(update(kind).where(*mine(kind, run_id, attempt)).values(attempt=attempt + 1))


def hold(session: Session, kind: type[Run], run_id: str, attempt: int) -> Run:
    """Lock a run that this attempt may still write, so that the check and what is written are one. Raises RunLost."""
    run = session.scalar(select(kind).where(*mine(kind, run_id, attempt)).with_for_update())
    if run is None:
        raise RunLost(run_id)
    return run


def mine(kind: type[Run], run_id: str, attempt: int) -> tuple[ColumnElement[bool], ...]:
    """Return what must be so for an attempt to write."""
    return kind.id == run_id, kind.attempt == attempt, kind.state == PlanState.RUNNING.value
