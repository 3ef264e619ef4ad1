"""Plans of tours in the store: what a wish becomes, what a run may write, what is read of it."""

import datetime as dt
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from api.errors import Conflict, NotFound
from api.event_types import EventType
from api.events import emit
from api.plan_states import PlanState
from api.schemas.runs import RunProgress
from api.store import durable_runs
from api.store.durable_runs import RunLost
from api.tables.base import new_id
from api.tables.tours import TourEvent, TourFile, TourPlanRow

__all__ = [
    "PREFIX",
    "ask_to_cancel",
    "begin_run",
    "create_tour_plan",
    "end_run",
    "events_after",
    "file_of",
    "get_tour_plan",
    "is_tour",
    "keep_source",
    "list_tour_plans",
    "put_back",
    "run_alone",
    "tell_progress",
]

PREFIX = "tour"
JSON = "application/json"


def is_tour(run_id: str) -> bool:
    """Tell whether an id in the queue is that of a plan of tours."""
    return run_id.startswith(f"{PREFIX}_")


def create_tour_plan(  # noqa: PLR0913 - the columns that a wish fills
    session: Session,
    *,
    wish: Mapping[str, Any],
    date: dt.date,
    days: int,
    now: dt.datetime,
    centre_ids: Sequence[str],
    crew_ids: Sequence[str],
    actor: str,
    at: dt.datetime,
) -> TourPlanRow:
    """Add a plan of tours that waits for a worker."""
    plan = TourPlanRow(
        id=new_id(PREFIX),
        version=1,
        state=PlanState.QUEUED.value,
        created_at=at,
        actor=actor,
        wish=dict(wish),
        date=date,
        days=days,
        now=now,
        centre_ids=list(centre_ids),
        crew_ids=list(crew_ids),
        attempt=0,
        progress={},
        told=0,
    )
    session.add(plan)
    session.flush()
    return plan


def get_tour_plan(
    session: Session, plan_id: str, centres: frozenset[str] | None = None, *, lock: bool = False
) -> TourPlanRow:
    """Return a plan of tours. Raises NotFound, also for one that reaches beyond the centres that a key sees.

    lock: nobody else changes it until the transaction ends.
    """
    plan = durable_runs.seen(session, TourPlanRow, plan_id, centres, lock=lock)
    if plan is None:
        raise NotFound("There is no such plan of tours.")
    return plan


def run_alone(session: Session, run_id: str) -> TourPlanRow:
    """Return a plan of tours to be read after the transaction has ended."""
    return durable_runs.alone(session, TourPlanRow, run_id)


def list_tour_plans(
    session: Session, *, after: str | None, limit: int, states: Sequence[str] = ()
) -> list[TourPlanRow]:
    """Return plans of tours, the newest first, one more than asked for when there are more."""
    return durable_runs.listed(session, TourPlanRow, after=after, limit=limit, states=states)


def ask_to_cancel(session: Session, plan: TourPlanRow, at: dt.datetime) -> None:
    """Cancel what waits; ask the worker to end a run that goes on. Raises Conflict for one that has ended."""
    over = Conflict(f"The tours are {plan.state}.", members={"state": plan.state})
    if durable_runs.wish_to_cancel(plan, at, over):
        _end(session, plan, PlanState.CANCELLED, at, {})


def begin_run(session: Session, run_id: str, executor: str, at: dt.datetime) -> int | None:
    """Start a run, or start it again; return the number of this attempt, None when there is nothing to do any more."""

    def cancel(plan: TourPlanRow) -> None:
        _end(session, plan, PlanState.CANCELLED, at, {})

    return durable_runs.begun(session, TourPlanRow, run_id, executor, at, cancel)


def put_back(session: Session, run_id: str, attempt: int) -> None:
    """Forbid an attempt to write any more: its process is gone, or given up."""
    durable_runs.forbid(session, TourPlanRow, run_id, attempt)


def tell_progress(session: Session, plan_id: str, attempt: int, progress: Mapping[str, Any], at: dt.datetime) -> None:
    """Say how far a run is, to whoever asks and follows; the feed hears of stages and tenths. Raises RunLost."""
    plan = session.execute(
        select(TourPlanRow.progress, TourPlanRow.centre_ids).where(*durable_runs.mine(TourPlanRow, plan_id, attempt))
    ).first()
    said = RunProgress.of(progress).model_dump(mode="json", exclude_none=True)
    changes = {"told": TourPlanRow.told + 1, "progress": dict(progress)}
    told = session.scalar(
        update(TourPlanRow)
        .where(*durable_runs.mine(TourPlanRow, plan_id, attempt))
        .values(changes)
        .returning(TourPlanRow.told)
    )
    if told is None or plan is None:
        raise RunLost(plan_id)
    session.add(TourEvent(tour_plan_id=plan_id, number=told, at=at, type=EventType.TOUR_PROGRESS.value, data=said))
    if durable_runs.milestone(plan.progress) != durable_runs.milestone(progress):
        emit(session, EventType.TOUR_PROGRESS, plan_id, said, durable_runs.centre_of(plan.centre_ids), at)


def end_run(  # noqa: PLR0913 - what a run may leave
    session: Session,
    run_id: str,
    attempt: int,
    state: PlanState,
    at: dt.datetime,
    *,
    outcome: Mapping[str, Any] | None = None,
    problem: Mapping[str, Any] | None = None,
    documents: Mapping[str, tuple[str, bytes]] | None = None,
) -> None:
    """End a run with all it leaves, in one transaction; documents: media type and packed body by name.

    Raises RunLost.
    """
    plan = durable_runs.hold(session, TourPlanRow, run_id, attempt)
    for name, (media_type, body) in (documents or {}).items():
        _keep(session, run_id, name, media_type, body)
    if outcome is not None:
        plan.outcome, plan.progress = dict(outcome), durable_runs.at_the_end(plan.progress)
    plan.problem = None if problem is None else dict(problem)
    _end(session, plan, state, at, problem or {})


def _end(session: Session, plan: TourPlanRow, state: PlanState, at: dt.datetime, data: Mapping[str, Any]) -> None:
    plan.version += 1
    plan.state = state.value
    plan.ended_at = at
    plan.told += 1
    told = {"state": str(state), **data}
    finished = EventType.TOUR_FINISHED
    session.add(TourEvent(tour_plan_id=plan.id, number=plan.told, at=at, type=finished.value, data=told))
    session.flush()
    emit(session, finished, plan.id, told, durable_runs.centre_of(plan.centre_ids), at)


def keep_source(session: Session, plan_id: str, attempt: int, source: bytes) -> None:
    """Keep what every attempt plans from now on, packed. Raises RunLost."""
    durable_runs.hold(session, TourPlanRow, plan_id, attempt)
    _keep(session, plan_id, "source", JSON, source)


def _keep(session: Session, plan_id: str, name: str, media_type: str, body: bytes) -> None:
    session.execute(delete(TourFile).filter_by(tour_plan_id=plan_id, name=name))
    session.execute(insert(TourFile).values(tour_plan_id=plan_id, name=name, media_type=media_type, body=body))


def file_of(session: Session, plan_id: str, name: str) -> Any | None:
    """Return the content of a document, None when there is none of this name."""
    body = session.scalar(select(TourFile.body).filter_by(tour_plan_id=plan_id, name=name))
    return None if body is None else json.loads(zlib.decompress(body))


def events_after(session: Session, plan_id: str, number: int, limit: int = 100) -> list[TourEvent]:
    """Return what a run told after the event of this number."""
    wanted = select(TourEvent).where(TourEvent.tour_plan_id == plan_id, TourEvent.number > number)
    return list(session.scalars(wanted.order_by(TourEvent.number).limit(limit)))
