"""Disruptions: what was reported, whom it is about, how long it lasts, and the replan that answers it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.dispatch_states import OPEN, ItemState, Step
from api.disrupted_days import DisruptionKind
from api.errors import Conflict, Fault, NotFound, Refused
from api.event_types import EventType
from api.events import emit
from api.job_states import OPEN_STATES, JobState, Role
from api.store.dispatch import progress
from api.store.dispatch_log import log_item
from api.store.job_moves import move_job
from api.store.jobs import By
from api.store.network import get
from api.store.replans import Enqueue, Replan, new_replan
from api.store.sending import freeze_moment, freeze_moments
from api.tables.base import new_id
from api.tables.dispatch import DispatchItem, Disruption
from api.tables.jobs import JobRow
from api.tables.network import OutletRow, TechnicianRow
from api.tables.plans import Plan, Visit
from datasets.times import TIME_ZONE, duration_of, local_date
from optimizer.model import Channel

__all__ = ["Report", "disruption_seen", "end_disruption", "list_disruptions", "report_disruption"]

BEGUN = (JobState.PLANNED, JobState.OFFERED, JobState.ACKNOWLEDGED, JobState.EN_ROUTE, JobState.ON_SITE)
NOT_BEGUN = (JobState.NEEDS_VISIT, JobState.PLANNED, JobState.OFFERED, JobState.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is reported. said: as the kind has it, moments in RFC 3339; now: the moment that it is planned from."""

    kind: DisruptionKind
    said: Mapping[str, Any]
    now: dt.datetime
    from_at: dt.datetime | None
    to_at: dt.datetime | None
    limits: Mapping[str, Any]
    publish: str


def report_disruption(
    session: Session,
    report: Report,
    enqueue: Enqueue | None,
    *,
    centres: frozenset[str] | None,
    actor: str,
    at: dt.datetime,
) -> tuple[Disruption, Plan]:
    """Write a disruption down and ask for a replan against what is published; enqueue None leaves it at that.

    Raises
    ------
    Refused
        It is about something that is not there, or that the caller does not see.
    Conflict
        The job is not where it could happen to it.
    """
    row = _row(session, report, centres, actor, at)
    session.add(row)
    session.flush()
    if row.kind == DisruptionKind.OUTLET_OFFLINE:
        _tell_by_phone(session, row, actor, at)
    if row.kind == DisruptionKind.NO_SHOW:
        _came_to_nothing(session, row, actor, at)
    plan = new_replan(
        session,
        Replan(
            centre_id=row.centre_id,
            now=row.now,
            thawed=row.thawed,
            limits=report.limits,
            publish=report.publish,
            because=row.id,
        ),
        actor=actor,
        at=at,
    )
    row.plan_id = plan.id
    told = {"kind": row.kind, "plan_id": plan.id, "thawed": row.thawed, **_ids(row.said)}
    emit(session, EventType.DISRUPTION_REPORTED, row.id, told, row.centre_id, at=at)
    if enqueue is not None:
        enqueue(session, plan.id)
    session.flush()
    return row, plan


def disruption_seen(session: Session, id_: str, centres: frozenset[str] | None, *, lock: bool = False) -> Disruption:
    """Return a disruption. Raises NotFound, also for one of a centre that the caller does not see."""
    wanted = select(Disruption).where(Disruption.id == id_)
    row = session.scalar(wanted.with_for_update() if lock else wanted)
    if row is None or (centres is not None and row.centre_id not in centres):
        raise NotFound("There is no such disruption.")
    return row


def list_disruptions(
    session: Session, *, centres: frozenset[str] | None, centre_id: str | None, after: str | None, limit: int
) -> Sequence[Disruption]:
    """Return disruptions, the newest first, one more than asked for when there are more."""
    wanted = select(Disruption).order_by(Disruption.id.desc()).limit(limit + 1)
    if centres is not None:
        wanted = wanted.where(Disruption.centre_id.in_(centres))
    if centre_id is not None:
        wanted = wanted.where(Disruption.centre_id == centre_id)
    if after is not None:
        wanted = wanted.where(Disruption.id < after)
    return session.scalars(wanted).all()


def end_disruption(session: Session, row: Disruption, at: dt.datetime) -> Disruption:
    """Take a disruption back: days planned from now on know nothing of it. Raises Conflict when it was already."""
    if row.ended_at is not None:
        raise Conflict("The disruption was taken back already.")
    row.ended_at = at
    row.version += 1
    session.flush()
    return row


def _row(session: Session, report: Report, centres: frozenset[str] | None, actor: str, at: dt.datetime) -> Disruption:
    said = {name: value for name, value in report.said.items() if value is not None}
    date = local_date(report.now)
    midnight = dt.datetime.combine(date + dt.timedelta(days=1), dt.time(), TIME_ZONE)
    from_at, to_at = report.from_at or report.now, report.to_at or midnight
    thawed: list[str] = []
    if "technician_id" in said:
        outlet = _outlet_of(session, said["technician_id"], report.kind, centres, date)
        centre_id, thawed = outlet.centre_id, [outlet.id]
    elif "outlet_id" in said:
        centre_id = _outlet(session, said["outlet_id"], report.kind, centres, date).centre_id
    else:
        job = _job(session, said["job_id"], report.kind, centres)
        centre_id = job.centre_id
        visit = session.get(Visit, job.id)
        if visit is not None and report.kind is not DisruptionKind.URGENT_JOB:
            thawed = [visit.outlet_id]
    if report.kind is DisruptionKind.OVERRUN:
        to_at = _overrun(session, said, report.now)
    if report.kind is DisruptionKind.NO_SHOW:
        to_at = report.to_at or report.now
    return Disruption(
        id=new_id("disruption"),
        version=1,
        kind=report.kind.value,
        centre_id=centre_id,
        said=said,
        now=report.now,
        from_at=from_at,
        to_at=to_at,
        thawed=thawed,
        publish=report.publish,
        actor=actor,
        created_at=at,
    )


def _overrun(session: Session, said: dict[str, Any], now: dt.datetime) -> dt.datetime:
    """Return until when a technician is busy: the visit begun last, its planned end, and the time more."""
    begun = (
        select(Visit)
        .join(JobRow, JobRow.id == Visit.job_id)
        .where(
            Visit.technician_id == said["technician_id"],
            Visit.start_at <= now,
            Visit.date == local_date(now),
            JobRow.state.in_([state.value for state in BEGUN]),
        )
        .order_by(Visit.start_at.desc())
        .limit(1)
    )
    visit = session.scalars(begun).one_or_none()
    more = dt.timedelta(seconds=duration_of(said["longer_by"]).seconds)
    if visit is None:
        return now + more
    said["job_id"] = visit.job_id
    return max(visit.end_at + more, now)


def _came_to_nothing(session: Session, row: Disruption, actor: str, at: dt.datetime) -> None:
    """End the visit that nobody opened to: the job needs another one."""
    states = [state.value for state in OPEN]
    item = session.scalars(
        select(DispatchItem).where(DispatchItem.job_id == row.said["job_id"], DispatchItem.state.in_(states))
    ).one_or_none()
    if item is None:
        raise Conflict("Nobody is promised to this job.", members={"job_id": row.said["job_id"]})
    happened = min(row.now, at)
    progress(session, item, Step.FAILED, note="customer was not there", actor=actor, at=happened, now=at)
    job = session.get_one(JobRow, item.job_id)
    by = By(actor=actor, channel="api", plan_id=item.plan_id)
    detail = {"disruption_id": row.id}
    move_job(session, job, JobState.NEEDS_VISIT, roles=frozenset({Role.DISPATCH}), by=by, at=happened, detail=detail)


def _tell_by_phone(session: Session, row: Disruption, actor: str, at: dt.datetime) -> None:
    """Put what waits for the outlet's yes on the call list: it is not seen online."""
    freeze_s = freeze_moments(session, local_date(row.now), row.now)
    waiting = select(DispatchItem).where(
        DispatchItem.outlet_id == row.said["outlet_id"],
        DispatchItem.channel == Channel.ONLINE.value,
        DispatchItem.state == ItemState.PENDING.value,
        DispatchItem.start_at >= row.from_at,
        DispatchItem.start_at < row.to_at,
    )
    for item in session.scalars(waiting.order_by(DispatchItem.id)).all():
        item.channel = Channel.PHONE.value
        item.freeze_at = freeze_moment(freeze_s, Channel.PHONE, item.date)
        item.version += 1
        item.updated_at = at
        item.actor = actor
        by = By(actor=actor, channel="api", plan_id=item.plan_id)
        log_item(session, item, "changed", by=by, at=at, written_at=at, detail={"reason": "outlet offline"})


def _outlet_of(
    session: Session, technician_id: str, kind: DisruptionKind, centres: frozenset[str] | None, date: dt.date
) -> Any:
    person = get(session, TechnicianRow, technician_id, date)
    outlet = None if person is None else get(session, OutletRow, person.outlet_id, date)
    if outlet is None or (centres is not None and outlet.centre_id not in centres):
        raise _unknown(kind, "technician_id", "technician", technician_id)
    return outlet


def _outlet(
    session: Session, outlet_id: str, kind: DisruptionKind, centres: frozenset[str] | None, date: dt.date
) -> Any:
    outlet = get(session, OutletRow, outlet_id, date)
    if outlet is None or (centres is not None and outlet.centre_id not in centres):
        raise _unknown(kind, "outlet_id", "outlet", outlet_id)
    return outlet


def _job(session: Session, job_id: str, kind: DisruptionKind, centres: frozenset[str] | None) -> JobRow:
    job = session.scalar(select(JobRow).where(JobRow.id == job_id).with_for_update())
    if job is None or (centres is not None and job.centre_id not in centres):
        raise _unknown(kind, "job_id", "job", job_id)
    allowed = OPEN_STATES if kind is DisruptionKind.NO_SHOW else NOT_BEGUN
    if JobState(job.state) not in allowed:
        raise Conflict(f"The job is {job.state}.", members={"state": job.state})
    return job


def _unknown(kind: DisruptionKind, name: str, what: str, id_: str) -> Refused:
    fault = Fault(pointer=f"/{kind}/{name}", code=f"unknown_{what}", detail=f'no {what} "{id_}" now')
    return Refused("The report names what is not there.", faults=(fault,))


def _ids(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name.endswith("_id")}
