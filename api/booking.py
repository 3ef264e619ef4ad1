"""Booking a slot: what may be offered, a place that is held, an appointment that binds; each change is one transaction.

Whoever changes what a centre has promised locks it first, and judges the place anew by the desk as it is then.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from api.database import Database
from api.desks import CentreDesk, Desks
from api.errors import Conflict, Gone, Refused
from api.event_types import EventType
from api.events import emit
from api.job_states import JobState, Role
from api.schemas.cells import fields_of
from api.schemas.jobs import JobIn
from api.store.days import job_cells
from api.store.job_moves import job_seen, move_job, release_visit, state_event
from api.store.job_upsert import Sending, upsert_jobs
from api.store.jobs import By, change_job
from api.store.parts_promises import allocate_shipments, release, rename_holder
from api.store.sending import send_route
from api.store.slots import (
    CONFIRMED,
    EXPIRED,
    HELD,
    WrittenRoute,
    hold_seen,
    lock_centre,
    shipments_written,
    write_route,
)
from api.store.tour_holds import is_on_tour
from api.tables.base import new_id
from api.tables.jobs import JobRow
from api.tables.plans import LiveRoute, Visit
from api.tables.slots import Appointment, SlotHold, SlotOffers
from datasets.one_job import JobReader
from datasets.times import TIME_ZONE
from optimizer.desk import Desk, Undrivable
from optimizer.model import Job, Lock, Window
from optimizer.offers import Offer, make_offers
from optimizer.plan import Route

__all__ = [
    "Asked",
    "LostPlace",
    "Quote",
    "asked_about",
    "cancel_appointment",
    "confirm_hold",
    "expire_holds",
    "give_back",
    "hold_place",
    "job_of",
    "quotes",
    "reschedule",
    "without_visit",
]

BOOKABLE = (JobState.RECEIVED, JobState.NEEDS_VISIT, JobState.PLANNED, JobState.OFFERED, JobState.ACKNOWLEDGED)
"""States of jobs that can still be given another time."""
DRAFT = "draft"
"""The id of a job that is not there yet."""


class LostPlace(Exception):
    """Somebody else has taken the place; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A job that is asked about: its row of jobs.csv, its centre, and its id if it is there already."""

    cells: Mapping[str, str]
    centre_id: str
    job_id: str | None = None
    source: str = ""
    external_id: str | None = None
    read: tuple[JobReader, Job] | None = None
    """The job as it was read, and by whom: nobody needs to read it again."""
    moves: bool = False
    """It has an appointment, which an offer can only take the place of."""
    appointment: tuple[dt.datetime, dt.datetime] | None = None
    """The slot that binds whoever comes; None where another one is asked for."""

    def draft(self) -> dict[str, Any]:
        """Return what is kept with an offer."""
        return {
            "cells": dict(self.cells),
            "job_id": self.job_id,
            "source": self.source,
            "external_id": self.external_id,
            "moves": self.moves,
        }

    @classmethod
    def of_draft(cls, draft: Mapping[str, Any], centre_id: str) -> "Asked":
        """Return what was asked when an offer was made."""
        return cls(**draft, centre_id=centre_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """An offer with the desk that made it."""

    desk: CentreDesk
    job: Job
    offer: Offer


def asked_about(session: Session, job_id: str, centres: frozenset[str] | None, now: dt.datetime) -> Asked:
    """Return a job that is there already. Raises NotFound, and Conflict when it can have no other time any more."""
    job = job_seen(session, job_id, centres)
    _require_bookable(session, job)
    binding = select(Appointment.id).where(Appointment.job_id == job.id, Appointment.state == CONFIRMED)
    return Asked(
        cells=job_cells(job, now),
        centre_id=job.centre_id,
        job_id=job.id,
        moves=session.scalar(binding) is not None,
    )


def _require_bookable(session: Session, job: JobRow) -> None:
    if is_on_tour(session, job.id):
        raise Conflict("The job is on a published tour; take it off that first.")
    if JobState(job.state) not in BOOKABLE:
        raise Conflict(f"The job is {job.state}.", members={"state": job.state})


def job_of(desk: CentreDesk, asked: Asked, id_: str) -> Job:
    """Return the job that is asked about, by this id."""
    if asked.read is not None and asked.read[0] is desk.reader:
        job = asked.read[1]
        lines = tuple(replace(line, id=f"{id_}/{number}") for number, line in enumerate(job.order_lines, start=1))
        job = replace(job, id=id_, order_lines=lines)
    else:
        job = desk.reader.read({**asked.cells, "job_id": id_, "centre_id": asked.centre_id})
    return replace(job, appointment=None, lock=Lock.NONE)


def without_visit(centre: CentreDesk, job_id: str | None, now: dt.datetime) -> CentreDesk:
    """Return a desk without the visit that a job has: asked who should come, nobody is there already."""
    if job_id is None or job_id not in centre.desk.shift_of:
        return centre
    try:
        return replace(centre, desk=centre.desk.at(centre.seconds(now)).remove(job_id))
    except Undrivable:
        return centre


def quotes(
    centres: Sequence[CentreDesk],
    asked: Asked,
    slots: Sequence[tuple[dt.datetime, dt.datetime]],
    *,
    most: int,
    now: dt.datetime,
) -> list[Quote]:
    """Return the cheapest offer of each slot that has one, the cheapest first.

    An appointment gives its place up when it moves; any other visit stays until the hold is confirmed.
    """
    found = []
    for one in centres:
        centre = without_visit(one, asked.job_id, now) if asked.moves else one
        known = asked.job_id if asked.job_id in centre.desk.left_out else None
        job = job_of(centre, asked, known or DRAFT)
        windows = [Window(earliest_s=centre.seconds(start), latest_s=centre.seconds(end)) for start, end in slots]
        offers = make_offers(centre.asked_at(now), job, windows, most=most)
        found += [Quote(desk=centre, job=job, offer=offer) for offer in offers]
    return sorted(found, key=lambda one: (one.offer.price_fen, one.offer.start_s))[:most]


def hold_place(
    session: Session,
    desks: Desks,
    kept: SlotOffers,
    chosen: Mapping[str, Any],
    *,
    until: dt.datetime,
    by: By,
    now: dt.datetime,
) -> SlotHold:
    """Keep the place of an offer: its technician on its date within its slot, wherever it fits by now.

    Raises
    ------
    LostPlace
        It fits no more, or another hold has the offer.
    """
    lock_centre(session, kept.centre_id)
    asked = Asked.of_draft(kept.draft, kept.centre_id)
    if asked.job_id is not None:
        _require_bookable(session, job_seen(session, asked.job_id, None, lock=True))
    taken = select(SlotHold.id).where(SlotHold.offer_id == chosen["id"], SlotHold.state.in_((HELD, CONFIRMED)))
    if session.scalar(taken) is not None:
        raise LostPlace
    date = dt.date.fromisoformat(chosen["date"])
    centre = next((one for one in desks.current(session, kept.centre_id) if date in one.dates), None)
    hold_id = new_id("hold")
    offer = None if centre is None else _place(centre, asked, chosen, hold_id, now)
    if centre is None or offer is None:
        raise LostPlace
    _write(session, centre, offer.shift_id, centre.desk.routes.get(offer.shift_id), offer.route, by.actor, now)
    hold = SlotHold(
        id=hold_id,
        version=1,
        state=HELD,
        offer_id=chosen["id"],
        job_id=asked.job_id,
        centre_id=kept.centre_id,
        outlet_id=offer.outlet_id,
        technician_id=offer.technician_id,
        date=date,
        start_at=centre.moment(offer.appointment.earliest_s),
        end_at=centre.moment(offer.appointment.latest_s),
        planned_start=centre.moment(offer.start_s),
        created_at=now,
        expires_at=until,
        actor=by.actor,
        plan_id=centre.plan_id,
        draft=dict(kept.draft),
        shipments=shipments_written(offer.shipments),
    )
    session.add(hold)
    session.flush()
    shipments = [replace(one, job_id=hold_id) for one in offer.shipments]
    if allocate_shipments(session, shipments, holders=[hold_id], first=centre.first, now=now):
        # Somebody else was promised the parts since the plan was made.
        raise LostPlace
    return hold


def _place(centre: CentreDesk, asked: Asked, chosen: Mapping[str, Any], hold_id: str, now: dt.datetime) -> Offer | None:
    """Return what the offer's technician and slot come to by now."""
    slot = [centre.seconds(dt.datetime.fromisoformat(chosen[side])) for side in ("slot_start", "slot_end")]
    window = Window(earliest_s=slot[0], latest_s=slot[1])
    job = job_of(centre, asked, hold_id)
    centre = without_visit(centre, asked.job_id, now) if asked.moves else centre
    found = make_offers(centre.asked_at(now), job, (window,), technician_ids=(chosen["technician_id"],))
    return next((one for one in found if one.date.isoformat() == chosen["date"]), None)


def _write(
    session: Session,
    centre: CentreDesk,
    shift_id: str,
    before: Route | None,
    after: Route | None,
    actor: str,
    now: dt.datetime,
) -> None:
    roster = centre.desk.roster
    shift = roster.shifts[shift_id]
    route = WrittenRoute(
        centre_id=centre.centre_id,
        outlet_id=roster.outlet_of(shift).id,
        technician_id=shift.technician_id,
        date=roster.day.date + dt.timedelta(days=shift.day),
        plan_id=centre.plan_id,
        first=centre.first,
        before=before,
        after=after,
    )
    write_route(session, route, actor=actor, at=now)


def give_back(session: Session, desks: Desks, hold: SlotHold, state: str, *, by: By, now: dt.datetime) -> None:
    """Give a held place back; state says why. The hold is locked by the caller, and still held."""
    lock_centre(session, hold.centre_id)
    _take_out(session, desks, hold.centre_id, hold.id, by, now)
    release(session, [hold.id], now)
    hold.state = state
    hold.version += 1
    session.flush()


def expire_holds(database: Database, desks: Desks, hold_ids: Sequence[str], now: dt.datetime) -> None:
    """Give back the places of holds that have run out, one after the other."""
    for hold_id in hold_ids:
        with database.write() as session:
            row = hold_seen(session, hold_id, None, lock=True)
            if row.state == HELD:
                give_back(session, desks, row, EXPIRED, by=By(actor="clock", channel="service"), now=now)


def _take_out(session: Session, desks: Desks, centre_id: str, visit_id: str, by: By, now: dt.datetime) -> None:
    """Take a visit out of its route; every other customer keeps their time."""
    centre, after = _desk_without(session, desks, centre_id, visit_id, now)
    if centre is None or after is None:
        release_visit(session, visit_id)
        return
    shift_id = centre.desk.shift_of[visit_id]
    _write(session, centre, shift_id, centre.desk.routes[shift_id], after.routes.get(shift_id), by.actor, now)


def _desk_without(
    session: Session, desks: Desks, centre_id: str, visit_id: str, now: dt.datetime
) -> tuple[CentreDesk | None, Desk | None]:
    try:
        for centre in desks.current(session, centre_id):
            if visit_id in centre.desk.shift_of:
                return centre, centre.desk.at(centre.seconds(now)).remove(visit_id)
    except (Conflict, Undrivable):
        # Without a plan, or without a way past it, the visit alone goes.
        return None, None
    return None, None


def confirm_hold(
    session: Session, hold: SlotHold, sending: Sending, *, now: dt.datetime, moves: Appointment | None = None
) -> Appointment:
    """Make an appointment of a held place, with its job if that is not there yet; again, it is the same appointment.

    The hold is locked by the caller. moves: the appointment that is rescheduled by it.

    Raises
    ------
    Gone
        The hold has been released, or has run out.
    Conflict
        The job cannot have an appointment, or has another one.
    """
    if hold.state == CONFIRMED:
        return session.scalars(select(Appointment).where(Appointment.hold_id == hold.id)).one()
    if hold.state != HELD or hold.expires_at <= now:
        raise Gone("The hold has run out." if hold.state in (HELD, EXPIRED) else "The hold was released.")
    lock_centre(session, hold.centre_id)
    job = _job_for(session, hold, sending, now)
    before = session.scalar(select(Appointment).where(Appointment.job_id == job.id, Appointment.state == CONFIRMED))
    if before is not None and before is not moves:
        raise Conflict("The job has an appointment: reschedule that.", members={"appointment_id": before.id})
    release_visit(session, job.id)
    visit = session.get(Visit, hold.id)
    if visit is None:
        raise Gone("The place is not kept any more.")
    planned_start = visit.start_at
    _rename_visit(session, visit, job.id)
    release(session, [job.id], now)
    rename_holder(session, hold.id, job.id)
    hold.state, hold.job_id, hold.planned_start = CONFIRMED, job.id, planned_start
    hold.version += 1
    was = job.state
    change_job(
        session,
        job,
        "appointment",
        by=sending.by,
        now=now,
        detail={
            "hold_id": hold.id,
            "technician_id": hold.technician_id,
            "start": hold.start_at.isoformat(),
            "end": hold.end_at.isoformat(),
        },
        state=JobState.PLANNED.value,
        appointment_start=hold.start_at,
        appointment_end=hold.end_at,
        published_technician_id=hold.technician_id,
        published_start=planned_start,
        told=True,
        # As the held place was: what was found to fit beside it fits in the next plan too.
        lock=str(Lock.PINNED),
    )
    if was != job.state:
        emit(session, EventType.JOB_STATE_CHANGED, job.id, state_event(job, was), job.centre_id, at=now)
    row = moves if moves is not None else _new_appointment(session, hold, job, now)
    if moves is not None:
        _move(moves, hold, now)
    session.flush()
    send_route(session, hold.technician_id, hold.date, by=sending.by, at=now)
    kind = EventType.APPOINTMENT_CONFIRMED if moves is None else EventType.APPOINTMENT_RESCHEDULED
    emit(session, kind, row.id, _event(row), row.centre_id, at=now)
    return row


def _rename_visit(session: Session, visit: Visit, job_id: str) -> None:
    route = (LiveRoute.technician_id == visit.technician_id, LiveRoute.date == visit.date)
    session.execute(update(Visit).where(Visit.job_id == visit.job_id).values(job_id=job_id))
    session.execute(update(LiveRoute).where(*route).values(version=LiveRoute.version + 1))
    session.expunge(visit)


def _job_for(session: Session, hold: SlotHold, sending: Sending, now: dt.datetime) -> JobRow:
    """Return the job of a hold, entered now if it is not there yet."""
    if hold.job_id is None:
        draft = hold.draft
        said = JobIn(**fields_of(JobIn, {**draft["cells"], "centre_id": hold.centre_id}))
        name = draft["external_id"] or new_id("ext")
        done = upsert_jobs(session, sending, [(name, said)], now=now)
        if done.refused:
            raise Refused("The job cannot be entered.", faults=done.refused[0])
        job = job_seen(session, done.entered[0].id, None, lock=True)
    else:
        job = job_seen(session, hold.job_id, None, lock=True)
    _require_bookable(session, job)
    return job


def _new_appointment(session: Session, hold: SlotHold, job: JobRow, now: dt.datetime) -> Appointment:
    id_ = new_id("appt")
    session.execute(
        insert(Appointment).values(
            id=id_,
            version=1,
            state=CONFIRMED,
            job_id=job.id,
            hold_id=hold.id,
            centre_id=hold.centre_id,
            outlet_id=hold.outlet_id,
            technician_id=hold.technician_id,
            start_at=hold.start_at,
            end_at=hold.end_at,
            planned_start=hold.planned_start,
            created_at=now,
            updated_at=now,
        )
    )
    return session.get_one(Appointment, id_)


def _move(row: Appointment, hold: SlotHold, now: dt.datetime) -> None:
    row.hold_id, row.outlet_id, row.technician_id = hold.id, hold.outlet_id, hold.technician_id
    row.start_at, row.end_at, row.planned_start = hold.start_at, hold.end_at, hold.planned_start
    row.updated_at = now
    row.version += 1


def reschedule(
    session: Session, row: Appointment, hold: SlotHold, sending: Sending, *, now: dt.datetime
) -> Appointment:
    """Move an appointment to a place that was just held for its job. Raises Conflict."""
    _require_binding(row)
    if hold.job_id != row.job_id:
        raise Conflict("The offer was made for another job.", members={"job_id": row.job_id})
    return confirm_hold(session, hold, sending, now=now, moves=row)


def cancel_appointment(
    session: Session, desks: Desks, row: Appointment, reason: str, *, by: By, now: dt.datetime
) -> Appointment:
    """Cancel an appointment: the place is free again, and the job needs a visit."""
    _require_binding(row)
    lock_centre(session, row.centre_id)
    job = job_seen(session, row.job_id, None, lock=True)
    _require_bookable(session, job)
    _take_out(session, desks, row.centre_id, job.id, by, now)
    if job.state != JobState.NEEDS_VISIT:
        detail = {"reason": reason, "appointment_id": row.id}
        move_job(session, job, JobState.NEEDS_VISIT, roles=frozenset({Role.DISPATCH}), by=by, at=now, detail=detail)
    change_job(
        session,
        job,
        "appointment_cancelled",
        by=by,
        now=now,
        detail={"reason": reason, "appointment_id": row.id},
        appointment_start=None,
        appointment_end=None,
    )
    release(session, [job.id], now)
    row.state, row.updated_at = "cancelled", now
    row.version += 1
    session.flush()
    emit(session, EventType.APPOINTMENT_CANCELLED, row.id, _event(row), row.centre_id, at=now)
    return row


def _require_binding(row: Appointment) -> None:
    if row.state != CONFIRMED:
        raise Conflict(f"The appointment is {row.state}.", members={"state": row.state})


def _event(row: Appointment) -> dict[str, Any]:
    return {
        "appointment_id": row.id,
        "job_id": row.job_id,
        "technician_id": row.technician_id,
        "start": row.start_at.astimezone(TIME_ZONE).isoformat(),
        "end": row.end_at.astimezone(TIME_ZONE).isoformat(),
        "version": row.version,
    }
