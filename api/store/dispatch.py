"""What outlets answer: yes, no, what happens on the road, and what became of calls; the job goes with it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api.conditions import hold_version
from api.dispatch_states import (
    OPEN,
    UNDECIDED,
    CallOutcome,
    CallParty,
    ItemState,
    Step,
    job_state_after,
    path_of,
    rank_of,
    state_after,
)
from api.errors import Conflict, NotFound
from api.job_states import JobState, Role
from api.store.dispatch_log import log_item
from api.store.job_moves import job_seen, move_job
from api.store.jobs import By, change_job
from api.store.network import get
from api.store.replans import Enqueue, Replan, ask_replan
from api.tables.base import new_id
from api.tables.dispatch import DispatchEntry, DispatchItem, Refusal
from api.tables.network import OutletRow
from optimizer.model import Ownership

__all__ = [
    "CallMade",
    "Called",
    "Progressed",
    "Rejected",
    "acknowledge",
    "entries_of",
    "item_seen",
    "mark_called",
    "progress",
    "refusals_of_outlet",
    "reject",
]

FIELD = frozenset({Role.DISPATCH, Role.OUTLET})
TOLD = FIELD | {Role.PLAN}
"""Whoever answers has been told of the plan, whether somebody noted that or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """What a refusal did. replan_id: the plan that looks for another outlet; refusals: of the outlet, all time."""

    replan_id: str
    refusals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """What a report did: moved the item on, or was only written down, because later ones had come before it."""

    applied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMade:
    """A call. most_unreached: so many in a row that reach nobody put the visit up for replanning."""

    party: CallParty
    outcome: CallOutcome
    note: str
    most_unreached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What a call did. replan_id: the plan that is asked for, None when none is."""

    up_for_replanning: bool
    replan_id: str | None = None


def item_seen(session: Session, item_id: str, centres: frozenset[str] | None, *, lock: bool = False) -> DispatchItem:
    """Return an item. Raises NotFound, also for one of a centre that the caller does not see.

    lock: nobody else changes it or its job until the transaction ends.
    """
    found = session.get(DispatchItem, item_id)
    if found is None or (centres is not None and found.centre_id not in centres):
        raise NotFound("There is no such dispatch item.")
    if not lock:
        return found
    # Plans lock jobs before they write items: so does whoever reports.
    job_seen(session, found.job_id, None, lock=True)
    wanted = select(DispatchItem).where(DispatchItem.id == item_id).execution_options(populate_existing=True)
    return session.scalars(wanted.with_for_update()).one()


def entries_of(session: Session, item_id: str) -> Sequence[DispatchEntry]:
    """Return all that happened to an item, as it was written."""
    return session.scalars(
        select(DispatchEntry).where(DispatchEntry.item_id == item_id).order_by(DispatchEntry.id)
    ).all()


def refusals_of_outlet(session: Session, outlet_id: str) -> int:
    """Return how often an outlet has refused."""
    counted = select(func.count()).where(Refusal.outlet_id == outlet_id, Refusal.kind == "refused")
    return session.scalar(counted) or 0


def acknowledge(
    session: Session, item: DispatchItem, versions: frozenset[int], *, actor: str, at: dt.datetime
) -> DispatchItem:
    """Write down that the outlet says yes; saying it again about the same version changes nothing.

    Raises
    ------
    PreconditionFailed, Conflict
        It is another version, or the item has ended.
    """
    if item.state in (ItemState.ACKNOWLEDGED, ItemState.IN_PROGRESS) and item.acknowledged_version in versions:
        return item
    hold_version(item.version, versions)
    if item.state != ItemState.PENDING:
        if item.state == ItemState.ACKNOWLEDGED:
            return item
        raise _ended(item)
    _accept(session, item, versions, actor=actor, at=at)
    return item


def reject(
    session: Session,
    item: DispatchItem,
    reason: str,
    versions: frozenset[int],
    *,
    enqueue: Enqueue,
    actor: str,
    at: dt.datetime,
) -> Rejected:
    """Write down that a contract outlet says no: the job goes to others, and a replan is asked for.

    Raises
    ------
    PreconditionFailed, Conflict
        It is another version, somebody has set out, or the outlet is our own, whose technicians may not refuse.
    """
    hold_version(item.version, versions)
    _require_undecided(item)
    _require_contract(session, item)
    return _reject(session, item, reason, enqueue=enqueue, actor=actor, at=at)


def progress(
    session: Session, item: DispatchItem, step: Step, *, note: str, actor: str, at: dt.datetime, now: dt.datetime
) -> Progressed:
    """Write down what happens on the road, in whatever order it is reported; at: when it happened.

    Raises
    ------
    Conflict
        The outlet has not got the visit any more, or the visit has ended in another way.
    """
    if item.state in (ItemState.REJECTED, ItemState.CANCELLED):
        raise _ended(item)
    by = By(actor=actor, channel=item.channel, plan_id=item.plan_id)
    final = None if item.ended_at is None else ItemState(item.state)
    reached = 3 if final else rank_of(en_route_at=item.en_route_at, on_site_at=item.on_site_at)
    if final is not None and rank_of(step) == 3:
        if state_after(step) is not final:
            raise _ended(item)
        return Progressed(applied=False)
    if rank_of(step) <= reached:
        _note_late(session, item, step, by=by, at=at, now=now)
        return Progressed(applied=False)
    job = job_seen(session, item.job_id, None, lock=True)
    item.acknowledged_at = item.acknowledged_at or at
    item.state = state_after(step).value
    _mark(item, step, at)
    _touch(item, actor, now)
    log_item(session, item, "progressed", by=by, at=at, written_at=now, detail=_said(step=step.value, note=note))
    detail = _said(item_id=item.id, outlet_id=item.outlet_id, note=note)
    for state in path_of(JobState(job.state), job_state_after(step)):
        move_job(session, job, state, roles=TOLD, by=by, at=at, detail=detail)
    _lift(session, item.job_id, now)
    return Progressed(applied=True)


def mark_called(
    session: Session,
    item: DispatchItem,
    made: CallMade,
    versions: frozenset[int],
    *,
    enqueue: Enqueue,
    actor: str,
    at: dt.datetime,
) -> Called:
    """Write down what became of a call to the outlet or to the customer.

    Nobody reached so many times in a row, or a customer who refuses: the visit is up for replanning.

    Raises
    ------
    PreconditionFailed, Conflict
        It is another version, the item has ended, or an outlet of our own refuses.
    """
    hold_version(item.version, versions)
    if item.state not in OPEN:
        raise _ended(item)
    party, outcome, note = made.party, made.outcome, made.note
    is_outlet = party is CallParty.OUTLET
    if is_outlet and outcome is CallOutcome.REFUSED:
        _require_undecided(item)
        _require_contract(session, item)
    by = By(actor=actor, channel="phone", plan_id=item.plan_id)
    missed = outcome in (CallOutcome.NOT_REACHED, CallOutcome.WRONG_NUMBER)
    _count(item, party, missed)
    item.last_call = _said(party=party.value, outcome=outcome.value, at=at.isoformat(), actor=actor, note=note)
    _touch(item, actor, at)
    log_item(
        session, item, "called", by=by, at=at, written_at=at, detail=_said(party=party.value, outcome=outcome.value)
    )
    if outcome is CallOutcome.CONFIRMED:
        _confirmed(session, item, is_outlet, by=by, at=at)
        return Called(up_for_replanning=False)
    if is_outlet and outcome is CallOutcome.REFUSED:
        done = _reject(session, item, note or "refused on the phone", enqueue=enqueue, actor=actor, at=at)
        return Called(up_for_replanning=True, replan_id=done.replan_id)
    unreached = item.outlet_unreached if is_outlet else item.customer_unreached
    if missed and unreached < made.most_unreached:
        return Called(up_for_replanning=item.replan_since is not None)
    return _up_for_replanning(session, item, is_outlet, missed, enqueue=enqueue, by=by, at=at)


def _confirmed(session: Session, item: DispatchItem, is_outlet: bool, *, by: By, at: dt.datetime) -> None:
    if is_outlet:
        if item.state == ItemState.PENDING:
            _accept(session, item, frozenset({item.version}), actor=by.actor, at=at)
        return
    item.customer_told_at = at
    job = job_seen(session, item.job_id, None, lock=True)
    if not job.told:
        change_job(session, job, "told", by=by, now=at, detail={"start": item.start_at.isoformat()}, told=True)


def _up_for_replanning(
    session: Session, item: DispatchItem, is_outlet: bool, missed: bool, *, enqueue: Enqueue, by: By, at: dt.datetime
) -> Called:
    """Say that the visit cannot stand; where the outlet is out of reach, look for another one."""
    first = item.replan_since is None
    item.replan_since = item.replan_since or at
    replan_id = None
    if first and is_outlet and item.state in UNDECIDED:
        _refuse(session, item, "unreached", "nobody answers the telephone", actor=by.actor, at=at)
        replan_id = ask_replan(
            session,
            enqueue,
            Replan(centre_id=item.centre_id, now=at, thawed=[item.outlet_id], because=item.id),
            actor=by.actor,
            at=at,
        )
    if first:
        party = CallParty.OUTLET if is_outlet else CallParty.CUSTOMER
        detail = _said(party=party.value, reason="not reached" if missed else "refused", replan_id=replan_id or "")
        log_item(session, item, "up_for_replanning", by=by, at=at, written_at=at, detail=detail)
    return Called(up_for_replanning=True, replan_id=replan_id)


def _accept(session: Session, item: DispatchItem, versions: frozenset[int], *, actor: str, at: dt.datetime) -> None:
    by = By(actor=actor, channel=item.channel, plan_id=item.plan_id)
    item.acknowledged_version = max(versions & {item.version}, default=item.version)
    item.acknowledged_at = at
    item.state = ItemState.ACKNOWLEDGED.value
    item.replan_since = None
    _touch(item, actor, at)
    log_item(session, item, "acknowledged", by=by, at=at, written_at=at)
    job = job_seen(session, item.job_id, None, lock=True)
    detail = {"item_id": item.id, "outlet_id": item.outlet_id}
    for state in path_of(JobState(job.state), JobState.ACKNOWLEDGED):
        move_job(session, job, state, roles=TOLD, by=by, at=at, detail=detail)
    _lift(session, item.job_id, at)


def _reject(
    session: Session, item: DispatchItem, reason: str, *, enqueue: Enqueue, actor: str, at: dt.datetime
) -> Rejected:
    by = By(actor=actor, channel=item.channel, plan_id=item.plan_id)
    item.state = ItemState.REJECTED.value
    item.reason = reason
    item.ended_at = at
    _touch(item, actor, at)
    _refuse(session, item, "refused", reason, actor=actor, at=at)
    job = job_seen(session, item.job_id, None, lock=True)
    detail = {"item_id": item.id, "outlet_id": item.outlet_id, "reason": reason}
    move_job(session, job, JobState.NEEDS_VISIT, roles=FIELD, by=by, at=at, detail=detail)
    replan_id = ask_replan(
        session,
        enqueue,
        Replan(centre_id=item.centre_id, now=at, thawed=(), because=item.id),
        actor=actor,
        at=at,
    )
    refusals = refusals_of_outlet(session, item.outlet_id)
    told: dict[str, Any] = {"reason": reason, "replan_id": replan_id, "refusals": refusals}
    log_item(session, item, "rejected", by=by, at=at, written_at=at, detail=told)
    return Rejected(replan_id=replan_id, refusals=refusals)


def _refuse(session: Session, item: DispatchItem, kind: str, reason: str, *, actor: str, at: dt.datetime) -> None:
    """Keep the job from this outlet until another one has taken it."""
    session.add(
        Refusal(
            id=new_id("refusal"),
            job_id=item.job_id,
            outlet_id=item.outlet_id,
            item_id=item.id,
            kind=kind,
            reason=reason,
            actor=actor,
            at=at,
        )
    )
    session.flush()


def _lift(session: Session, job_id: str, at: dt.datetime) -> None:
    """End the round: somebody has taken the job."""
    open_ = (Refusal.job_id == job_id, Refusal.lifted_at.is_(None))
    session.execute(update(Refusal).where(*open_).values(lifted_at=at).execution_options(synchronize_session=False))


def _note_late(session: Session, item: DispatchItem, step: Step, *, by: By, at: dt.datetime, now: dt.datetime) -> None:
    """Keep the moment of a step that was reported after a later one; the same report again leaves nothing."""
    if (step is Step.EN_ROUTE and item.en_route_at is None) or (step is Step.ON_SITE and item.on_site_at is None):
        _mark(item, step, at)
        _touch(item, by.actor, now)
        log_item(session, item, "reported_late", by=by, at=at, written_at=now, detail={"step": step.value})


def _mark(item: DispatchItem, step: Step, at: dt.datetime) -> None:
    match step:
        case Step.EN_ROUTE:
            item.en_route_at = at
        case Step.ON_SITE:
            item.on_site_at = at
        case _:
            item.ended_at = at


def _count(item: DispatchItem, party: CallParty, missed: bool) -> None:
    if party is CallParty.OUTLET:
        item.outlet_tries += 1
        item.outlet_unreached = item.outlet_unreached + 1 if missed else 0
    else:
        item.customer_tries += 1
        item.customer_unreached = item.customer_unreached + 1 if missed else 0


def _touch(item: DispatchItem, actor: str, at: dt.datetime) -> None:
    item.version += 1
    item.actor = actor
    item.updated_at = at


def _require_undecided(item: DispatchItem) -> None:
    if item.state not in UNDECIDED:
        raise _ended(item)


def _require_contract(session: Session, item: DispatchItem) -> None:
    outlet = get(session, OutletRow, item.outlet_id, item.date)
    if outlet is None or outlet.ownership == Ownership.OWN:
        raise Conflict(
            "Own technicians may not refuse a visit; report a disruption when they cannot come.",
            members={"outlet_id": item.outlet_id},
        )


def _ended(item: DispatchItem) -> Conflict:
    return Conflict(f"The item is {item.state}.", members={"state": item.state, "version": item.version})


def _said(**words: str) -> dict[str, Any]:
    """Return what there is to say, without what nobody said."""
    return {name: word for name, word in words.items() if word}
