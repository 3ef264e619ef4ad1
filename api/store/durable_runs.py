"""What plans, plans of tours and sourcing runs have in common in the store: a run writes under its attempt.

When another worker has taken it over, whatever the earlier one still sends is refused.
"""

import datetime as dt
from typing import TypeVar

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from api.plan_states import ENDED, PlanState
from api.tables.parts import SourcingRun
from api.tables.plans import Plan
from api.tables.tours import TourPlanRow

__all__ = ["RunLost", "alone", "forbid", "hold", "locked", "mine", "seen", "started"]

Run = TypeVar("Run", Plan, SourcingRun, TourPlanRow)


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
