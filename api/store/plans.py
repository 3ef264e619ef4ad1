"""Plans in the store: what a wish becomes, what a run may write, what is read of it."""

import datetime as dt
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from api.checkpoints import Done, answer_of, document_of
from api.errors import Conflict, NotFound
from api.event_types import EventType
from api.events import emit
from api.plan_files import WHOLE, PackedDocument, packed_json
from api.plan_states import PlanState
from api.schemas.runs import RunOutcome, RunProgress
from api.store import durable_runs
from api.store.durable_runs import RunLost
from api.tables.base import new_id
from api.tables.plans import Plan, PlanEvent, PlanFile, PlanShard
from optimizer.solve import Answer

__all__ = [
    "RunLost",
    "ask_to_cancel",
    "begin_run",
    "create_plan",
    "end_run",
    "events_after",
    "file_of",
    "get_plan",
    "keep_day",
    "keep_file",
    "keep_shard",
    "list_plans",
    "plan_alone",
    "put_back",
    "run_alone",
    "shard_keys",
    "shards_of",
    "tell_progress",
]


def create_plan(  # noqa: PLR0913 - the columns that a wish fills
    session: Session,
    *,
    wish: Mapping[str, Any],
    date: dt.date,
    days: int,
    now: dt.datetime,
    centre_ids: Sequence[str],
    actor: str,
    at: dt.datetime,
) -> Plan:
    """Add a plan that waits for a worker."""
    plan = Plan(
        id=new_id("plan"),
        version=1,
        state=PlanState.QUEUED,
        created_at=at,
        actor=actor,
        wish=dict(wish),
        date=date,
        days=days,
        now=now,
        centre_ids=list(centre_ids),
        attempt=0,
        progress={},
        told=0,
    )
    session.add(plan)
    session.flush()
    return plan


def get_plan(session: Session, plan_id: str, centres: frozenset[str] | None = None, *, lock: bool = False) -> Plan:
    """Return a plan. Raises NotFound, also for one that reaches beyond the centres that a key sees.

    lock: nobody else changes it until the transaction ends.
    """
    plan = durable_runs.seen(session, Plan, plan_id, centres, lock=lock)
    if plan is None:
        raise NotFound("There is no such plan.")
    return plan


def plan_alone(session: Session, plan_id: str) -> Plan:
    """Return a plan to be read after the transaction has ended."""
    return durable_runs.alone(session, Plan, plan_id)


run_alone = plan_alone
"""As other kinds of runs call it."""


def list_plans(session: Session, *, after: str | None, limit: int, states: Sequence[str] = ()) -> list[Plan]:
    """Return plans, the newest first, one more than asked for when there are more."""
    return durable_runs.listed(session, Plan, after=after, limit=limit, states=states)


def ask_to_cancel(session: Session, plan: Plan, at: dt.datetime) -> None:
    """Cancel a plan that waits; ask the worker to end one that runs. Raises Conflict for one that has ended."""
    over = Conflict(f"The plan is {plan.state}.", members={"state": plan.state})
    if durable_runs.wish_to_cancel(plan, at, over):
        _end(session, plan, PlanState.CANCELLED, at, {})


def begin_run(session: Session, plan_id: str, executor: str, at: dt.datetime) -> int | None:
    """Start a run, or start it again; return the number of this attempt, None when there is nothing to do any more."""

    def cancel(plan: Plan) -> None:
        _end(session, plan, PlanState.CANCELLED, at, {})

    return durable_runs.begun(session, Plan, plan_id, executor, at, cancel)


def put_back(session: Session, plan_id: str, attempt: int) -> None:
    """Forbid an attempt to write any more: its process is gone, or given up."""
    durable_runs.forbid(session, Plan, plan_id, attempt)


def tell_progress(session: Session, plan_id: str, attempt: int, progress: Mapping[str, Any], at: dt.datetime) -> None:
    """Say how far a run is, to whoever asks and follows; the feed hears of stages and tenths. Raises RunLost."""
    plan = session.execute(
        select(Plan.progress, Plan.centre_ids).where(*durable_runs.mine(Plan, plan_id, attempt))
    ).first()
    said = RunProgress.of(progress).model_dump(mode="json", exclude_none=True)
    _tell(session, plan_id, attempt, "plan.progress", said, at, {"progress": dict(progress)})
    if plan is not None and durable_runs.milestone(plan.progress) != durable_runs.milestone(progress):
        emit(session, EventType.PLAN_PROGRESS, plan_id, said, durable_runs.centre_of(plan.centre_ids), at)


def end_run(  # noqa: PLR0913 - what a run may leave
    session: Session,
    plan_id: str,
    attempt: int,
    state: PlanState,
    at: dt.datetime,
    *,
    outcome: Mapping[str, Any] | None = None,
    problem: Mapping[str, Any] | None = None,
    documents: Iterable[PackedDocument] = (),
) -> None:
    """End a run with all it leaves, in one transaction. Raises RunLost."""
    plan = durable_runs.hold(session, Plan, plan_id, attempt)
    for document in documents:
        keep_file(session, plan_id, document)
    # The marks stay, the answers are in the plan now.
    session.execute(update(PlanShard).where(PlanShard.plan_id == plan_id).values(body=b""))
    if outcome is not None:
        plan.outcome, plan.progress = dict(outcome), durable_runs.at_the_end(plan.progress)
    plan.problem = None if problem is None else dict(problem)
    said = RunOutcome.of(outcome).model_dump(mode="json", exclude_none=True) if outcome else problem
    _end(session, plan, state, at, said or {})


def _end(session: Session, plan: Plan, state: PlanState, at: dt.datetime, data: Mapping[str, Any]) -> None:
    plan.version += 1
    plan.state = state
    plan.ended_at = at
    plan.told += 1
    told = {"state": str(state), **data}
    session.add(PlanEvent(plan_id=plan.id, number=plan.told, at=at, type="plan.finished", data=told))
    session.flush()
    emit(session, EventType.PLAN_FINISHED, plan.id, told, durable_runs.centre_of(plan.centre_ids), at)


def keep_shard(session: Session, plan_id: str, attempt: int, done: Done, at: dt.datetime) -> None:
    """Keep a shard's answer and the mark that it is done. Raises RunLost."""
    durable_runs.hold(session, Plan, plan_id, attempt)
    session.add(
        PlanShard(
            plan_id=plan_id,
            key=done.key,
            number=done.number,
            stage=done.stage,
            attempt=attempt,
            done_at=at,
            body=packed_json(document_of(done.answer)),
        )
    )


def shards_of(session: Session, plan_id: str) -> dict[str, Answer]:
    """Return the answers of all shards that are done, by their keys."""
    rows = session.execute(select(PlanShard.key, PlanShard.body).where(PlanShard.plan_id == plan_id))
    return {key: answer_of(_unpacked(body)) for key, body in rows}


def shard_keys(session: Session, plan_id: str) -> set[str]:
    """Return the keys of all shards that are done."""
    return set(session.scalars(select(PlanShard.key).where(PlanShard.plan_id == plan_id)))


def keep_day(session: Session, plan_id: str, attempt: int, day: PackedDocument) -> None:
    """Keep the day that every attempt plans from now on. Raises RunLost."""
    durable_runs.hold(session, Plan, plan_id, attempt)
    keep_file(session, plan_id, day)


def keep_file(session: Session, plan_id: str, document: PackedDocument) -> None:
    """Keep a document of a plan, instead of the one before."""
    key = {"plan_id": plan_id, "centre_id": document.centre_id, "name": document.name}
    session.execute(delete(PlanFile).filter_by(**key))
    session.execute(insert(PlanFile).values({**key, "media_type": document.media_type, "body": document.body}))


def file_of(session: Session, plan_id: str, name: str, centre_id: str = WHOLE) -> bytes | None:
    """Return the JSON of a document, None when the plan has none of this name."""
    wanted = select(PlanFile.body).filter_by(plan_id=plan_id, centre_id=centre_id, name=name)
    body = session.scalar(wanted)
    return None if body is None else zlib.decompress(body)


def events_after(session: Session, plan_id: str, number: int, limit: int = 100) -> list[PlanEvent]:
    """Return what a run told after the event of this number."""
    wanted = select(PlanEvent).where(PlanEvent.plan_id == plan_id, PlanEvent.number > number)
    return list(session.scalars(wanted.order_by(PlanEvent.number).limit(limit)))


def _tell(
    session: Session,
    plan_id: str,
    attempt: int,
    type_: str,
    data: Mapping[str, Any],
    at: dt.datetime,
    changed: Mapping[str, Any],
) -> None:
    changes = {"told": Plan.told + 1, **changed}
    told = session.scalar(
        update(Plan).where(*durable_runs.mine(Plan, plan_id, attempt)).values(changes).returning(Plan.told)
    )
    if told is None:
        raise RunLost(plan_id)
    session.add(PlanEvent(plan_id=plan_id, number=told, at=at, type=type_, data=dict(data)))


def _unpacked(body: bytes) -> Any:
    return json.loads(zlib.decompress(body))
