"""One job at once: slots offered, held, confirmed; and who should take a job."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Annotated, Any, cast

from fastapi import Path, Request, Response
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.booking import (
    Asked,
    LostPlace,
    Quote,
    asked_about,
    cancel_appointment,
    confirm_hold,
    expire_holds,
    give_back,
    hold_place,
    quotes,
    reschedule,
)
from api.conditions import IfMatch, etag, hold_version
from api.dependencies import EdgeOf, LanguageOf, SettingsOf, needs
from api.desks import CentreDesk, Desks
from api.edge import Answer, Edge
from api.errors import Conflict, Fault, Gone, NotFound, PreconditionFailed, PreconditionRequired, Refused
from api.job_states import JobState
from api.language import Language
from api.payloads import counted
from api.recommending import nobody, recommended
from api.routes import router
from api.schemas.cells import row_of
from api.schemas.jobs import JobCreate
from api.schemas.problems import problems
from api.schemas.slots import (
    AppointmentShown,
    AppointmentState,
    HoldShown,
    HoldState,
    HoldWish,
    Move,
    OffersShown,
    PromiseShown,
    Question,
    Reason,
    RecommendationShown,
    SlotOffer,
    SlotQuestion,
)
from api.schemas.values import Money, priced
from api.schemas.written import duration_text
from api.settings import Settings
from api.store.checked_rows import faults_by_row
from api.store.job_moves import MAY_BE_AHEAD
from api.store.job_upsert import JOB_COLUMNS, Sending
from api.store.jobs import By
from api.store.slots import (
    EXPIRED,
    HELD,
    RELEASED,
    appointment_seen,
    expired_holds,
    forget_offers,
    hold_seen,
    keep_offers,
    offers_seen,
)
from api.tables.base import new_id
from api.tables.slots import Appointment, SlotHold, SlotOffers
from datasets.faults import DayRefused
from datasets.times import TIME_ZONE, duration_of
from optimizer.model import ClockKind

__all__ = [
    "cancel",
    "confirm",
    "get_appointment",
    "get_hold",
    "hold",
    "move",
    "offer_slots",
    "recommend_technicians",
    "release",
    "routes",
]

routes = router("slots", NotFound, Conflict)

FIRST, LAST = dt.time(8), dt.time(20)
"""Slots are offered between these times of day."""
SHORTEST_S, LONGEST_S = 900, 86_400
MOST_SLOTS = 200

Span = tuple[dt.datetime, dt.datetime]
_WRITE = needs("jobs:write")
HoldId = Annotated[str, Path(max_length=64, description="Id of the hold.", examples=["hold_0198f1c2"])]
AppointmentId = Annotated[str, Path(max_length=64, description="Id of the appointment.", examples=["appt_0198f1c2"])]


@routes.post("/slot-offers", status_code=201, response_model=OffersShown, summary="Ask for slots")
def offer_slots(
    body: SlotQuestion, edge: EdgeOf, language: LanguageOf, request: Request, _: Annotated[Any, _WRITE]
) -> Response:
    """Offer slots for a job that is there, or a draft of one: who would come when, and for what; nothing changes."""
    desks: Desks = request.app.state.desks
    now = edge.clock()
    length_s = _length(body)
    asked, centres = _asked(edge, desks, body, now)
    slots = _slots(centres, body, length_s, now)
    return _offered(edge, centres, asked, slots, body, language)


@routes.post("/slot-holds", status_code=201, response_model=HoldShown, dependencies=[_WRITE], summary="Hold a place")
def hold(body: HoldWish, edge: EdgeOf, settings: SettingsOf, language: LanguageOf, request: Request) -> Response:
    """Keep the place of an offer for some minutes. One that is lost meanwhile: 409, with new offers."""
    desks: Desks = request.app.state.desks
    now = edge.clock()
    with edge.read() as session:
        kept, chosen = offers_seen(session, body.offer_id, edge.caller.centres)
        session.expunge(kept)
        desks.current(session, kept.centre_id)
    if kept.draft.get("moves"):
        raise Conflict("The job has an appointment: reschedule that.", members={"job_id": kept.draft["job_id"]})
    _settle(edge, desks, kept.centre_id, now)

    def effect(session: Session) -> Answer:
        forget_offers(session, now)
        row = _held(session, desks, kept, chosen, edge, settings, now)
        headers = {"Location": f"/v1/slot-holds/{row.id}", "ETag": etag(row.version)}
        return Answer(body=_hold_shown(row), status=201, headers=headers)

    return _or_new_offers(edge, desks, kept, language, lambda: edge.once(effect, offer_id=body.offer_id))


@routes.get("/slot-holds/{hold_id}", summary="A hold")
def get_hold(hold_id: HoldId, edge: EdgeOf, response: Response) -> HoldShown:
    """Return a hold as it stands."""
    with edge.read() as session:
        row = hold_seen(session, hold_id, edge.caller.centres)
        response.headers["ETag"] = etag(row.version)
        return _hold_shown(row, edge.clock())


@routes.delete("/slot-holds/{hold_id}", status_code=204, dependencies=[_WRITE], summary="Release a hold")
def release(hold_id: HoldId, edge: EdgeOf, request: Request) -> Response:
    """Give the place back; a hold that is over already stays so.

    No If-Match: a hold has one version while it can be released. Nobody changes it but by ending it.
    """
    desks: Desks = request.app.state.desks
    with edge.write(hold_id=hold_id) as session:
        row = hold_seen(session, hold_id, edge.caller.centres, lock=True)
        if row.state == HELD:
            give_back(session, desks, row, RELEASED, by=_by(edge), now=edge.clock())
        elif row.state == "confirmed":
            raise Conflict("The hold was confirmed: cancel the appointment.")
    return Response(status_code=204)


@routes.post(
    "/slot-holds/{hold_id}:confirm",
    response_model=AppointmentShown,
    dependencies=[_WRITE],
    responses=problems(Gone),
    summary="Confirm a hold",
)
def confirm(hold_id: HoldId, edge: EdgeOf) -> Response:
    """Promise the slot: the job, its visit and its history in one transaction; again, the same appointment.

    No If-Match: a hold has one version while it can be confirmed. Nobody changes it but by ending it, and one that was
    released or has run out is refused (410).
    """

    def effect(session: Session) -> Answer:
        row = hold_seen(session, hold_id, edge.caller.centres, lock=True)
        return _appointment_answer(confirm_hold(session, row, _sending(edge, row), now=edge.clock()))

    return edge.once(effect, hold_id=hold_id)


@routes.get("/appointments/{appointment_id}", summary="An appointment")
def get_appointment(appointment_id: AppointmentId, edge: EdgeOf, response: Response) -> AppointmentShown:
    """Return an appointment."""
    with edge.read() as session:
        row = appointment_seen(session, appointment_id, edge.caller.centres)
        response.headers["ETag"] = etag(row.version)
        return _appointment_shown(row)


@routes.post(
    "/appointments/{appointment_id}:reschedule",
    response_model=AppointmentShown,
    dependencies=[_WRITE],
    responses=problems(PreconditionFailed, PreconditionRequired),
    summary="Move an appointment",
)
def move(
    appointment_id: AppointmentId,
    body: HoldWish,
    if_match: IfMatch,
    edge: EdgeOf,
    settings: SettingsOf,
    language: LanguageOf,
    request: Request,
) -> Response:
    """Give the job of an appointment another slot, offered for its `job_id`; the old place is free again."""
    desks: Desks = request.app.state.desks
    now = edge.clock()
    with edge.read() as session:
        appointment_seen(session, appointment_id, edge.caller.centres)
        kept, chosen = offers_seen(session, body.offer_id, edge.caller.centres)
        session.expunge(kept)
        desks.current(session, kept.centre_id)
    _settle(edge, desks, kept.centre_id, now)

    def effect(session: Session) -> Answer:
        row = appointment_seen(session, appointment_id, edge.caller.centres, lock=True)
        hold_version(row.version, if_match.needed())
        place = _held(session, desks, kept, chosen, edge, settings, now)
        return _appointment_answer(reschedule(session, row, place, _sending(edge, place), now=now))

    return _or_new_offers(edge, desks, kept, language, lambda: edge.once(effect))


@routes.post(
    "/appointments/{appointment_id}:cancel",
    response_model=AppointmentShown,
    dependencies=[_WRITE],
    responses=problems(PreconditionFailed, PreconditionRequired),
    summary="Cancel an appointment",
)
def cancel(appointment_id: AppointmentId, body: Reason, if_match: IfMatch, edge: EdgeOf, request: Request) -> Response:
    """Take the promise back; the job stays, and needs a visit."""
    desks: Desks = request.app.state.desks

    def effect(session: Session) -> Answer:
        row = appointment_seen(session, appointment_id, edge.caller.centres, lock=True)
        hold_version(row.version, if_match.needed())
        done = cancel_appointment(session, desks, row, body.reason, by=_by(edge), now=edge.clock())
        return _appointment_answer(done)

    return edge.once(effect)


@routes.post("/assignments:recommend", response_model=RecommendationShown, summary="Who should take a job")
def recommend_technicians(body: Question, edge: EdgeOf, language: LanguageOf, request: Request) -> Response:
    """Rank technicians with the verdict of every rule, and say why not the nearest; nothing changes."""
    desks: Desks = request.app.state.desks
    now = edge.clock()
    asked, centres = _asked(edge, desks, body, now)
    return edge.kept(Answer(body=recommended(centres, asked, 5, language, now)))


def _by(edge: Edge) -> By:
    return By(actor=edge.caller.actor, channel="api")


def _sending(edge: Edge, row: SlotHold) -> Sending:
    return Sending(
        source=row.draft["source"] or "api",
        by=_by(edge),
        centres=edge.caller.centres,
        first_state=JobState.NEEDS_VISIT,
    )


def _asked(edge: Edge, desks: Desks, body: Question, now: dt.datetime) -> tuple[Asked, tuple[CentreDesk, ...]]:
    """Return what is asked about, and the desks of its centre; places whose hold has run out are free in them.

    Raises Refused with every fault of a draft, NotFound for another centre's.
    """
    with edge.read() as session:
        asked = _question(session, edge, desks, body, now)
        over = expired_holds(session, asked.centre_id, now)
        if not over:
            return asked, desks.current(session, asked.centre_id)
    _settle(edge, desks, asked.centre_id, now)
    with edge.read() as session:
        return asked, desks.current(session, asked.centre_id)


def _question(session: Session, edge: Edge, desks: Desks, body: Question, now: dt.datetime) -> Asked:
    if body.job_id is not None:
        return asked_about(session, body.job_id, edge.caller.centres, now)
    assert body.job is not None
    _require_past(body.job, now)
    cells = row_of(body.job, JOB_COLUMNS)
    reader = desks.reader(session, body.job.centre_id)
    try:
        job = reader.read({**cells, "job_id": "draft"})
    except DayRefused as refused:
        shown = [
            Fault(pointer=f"/job{one.pointer}", code=one.code, detail=one.detail, parameter=one.parameter)
            for one in faults_by_row(refused.faults)[0]
        ]
        raise Refused(counted(shown), faults=shown) from None
    edge.caller.require_centre(job.centre_id, "such centre")
    return Asked(
        cells=cells,
        centre_id=job.centre_id,
        source=body.job.source,
        external_id=body.job.external_id,
        read=(reader, job),
    )


def _require_past(job: JobCreate, now: dt.datetime) -> None:
    if dt.datetime.fromisoformat(job.reported_at) > now + MAY_BE_AHEAD:
        detail = "at most 5 minutes ahead of this service's clock"
        raise Refused("1 fault.", faults=(Fault(pointer="/job/reported_at", code="in_the_future", detail=detail),))


def _length(body: SlotQuestion) -> int:
    seconds = int(duration_of(body.slot_length).seconds)
    faults = []
    if not SHORTEST_S <= seconds <= LONGEST_S:
        faults.append(Fault(pointer="/slot_length", code="not_allowed", detail="PT15M to PT24H"))
    if body.earliest is not None and body.latest is not None and body.latest <= body.earliest:
        faults.append(Fault(pointer="/latest", code="not_allowed", detail="after earliest"))
    if faults:
        raise Refused(counted(faults), faults=faults)
    return seconds


def _slots(centres: tuple[CentreDesk, ...], body: SlotQuestion, length_s: int, now: dt.datetime) -> list[Span]:
    """Return the slots of the dates that a plan holds for, of equal length from morning to evening."""
    dates = sorted(date for centre in centres for date in centre.dates)
    earliest = max(body.earliest or now, now)
    found = [
        slot
        for date in dates
        for slot in _of_date(date, dt.timedelta(seconds=length_s))
        if slot[1] > earliest and (body.earliest is None or slot[0] >= body.earliest)
        if body.latest is None or slot[1] <= body.latest
    ]
    return found[:MOST_SLOTS]


def _of_date(date: dt.date, length: dt.timedelta) -> Iterator[Span]:
    start = dt.datetime.combine(date, FIRST, TIME_ZONE)
    last = dt.datetime.combine(date, LAST, TIME_ZONE)
    while start < last:
        yield start, min(start + length, last)
        start += length


def _offered(
    edge: Edge, centres: tuple[CentreDesk, ...], asked: Asked, slots: list[Span], body: SlotQuestion, language: Language
) -> Response:
    now = edge.clock()
    found = quotes(centres, asked, slots, most=body.most, now=now)
    set_id = new_id("offer")
    shown = OffersShown(
        id=set_id,
        centre_id=asked.centre_id,
        items=[_offer_shown(f"{set_id}.{number}", one) for number, one in enumerate(found, start=1)],
        nobody=None if found else nobody(centres, asked, language, now, with_remedies=body.remedies),
    )

    def effect(session: Session) -> Answer:
        keep_offers(
            session,
            set_id=set_id,
            centre_id=asked.centre_id,
            draft=asked.draft(),
            slots=[[start.isoformat(), end.isoformat()] for start, end in slots],
            offers=[_offer_kept(f"{set_id}.{number}", one) for number, one in enumerate(found, start=1)],
            at=now,
        )
        return Answer(body=shown, status=201)

    # Nothing was promised: an offer that a power cut takes with it is asked for again.
    return edge.once(effect, durable=False)


def _settle(edge: Edge, desks: Desks, centre_id: str, now: dt.datetime) -> None:
    """Give back the places of holds whose time has run out."""
    with edge.read() as session:
        over = expired_holds(session, centre_id, now)
    expire_holds(edge.database, desks, over, now)


def _held(
    session: Session,
    desks: Desks,
    kept: SlotOffers,
    chosen: Any,
    edge: Edge,
    settings: Settings,
    now: dt.datetime,
) -> SlotHold:
    until = now + dt.timedelta(minutes=settings.hold_minutes)
    return hold_place(session, desks, kept, chosen, until=until, by=_by(edge), now=now)


def _or_new_offers(
    edge: Edge, desks: Desks, kept: SlotOffers, language: Language, attempt: Callable[[], Response]
) -> Response:
    """Return what the attempt answers; when the place is lost, raise Conflict with new offers for the same slots."""
    try:
        return attempt()
    except (LostPlace, IntegrityError):
        asked = Asked.of_draft(kept.draft, kept.centre_id)
        now = edge.clock()
        slots = [(dt.datetime.fromisoformat(start), dt.datetime.fromisoformat(end)) for start, end in kept.slots]
        with edge.read() as session:
            centres = desks.current(session, asked.centre_id)
        found = quotes(centres, asked, slots, most=max(len(kept.offers), 1), now=now)
    set_id = new_id("offer")
    with edge.database.write() as session:
        keep_offers(
            session,
            set_id=set_id,
            centre_id=asked.centre_id,
            draft=asked.draft(),
            slots=kept.slots,
            offers=[_offer_kept(f"{set_id}.{number}", one) for number, one in enumerate(found, start=1)],
            at=now,
        )
    offers = [
        _offer_shown(f"{set_id}.{number}", one).model_dump(mode="json") for number, one in enumerate(found, start=1)
    ]
    raise Conflict("Somebody else has taken the place.", members={"offers": offers})


def _offer_kept(offer_id: str, one: Quote) -> dict[str, Any]:
    offer, centre = one.offer, one.desk
    return {
        "id": offer_id,
        "technician_id": offer.technician_id,
        "date": offer.date.isoformat(),
        "slot_start": centre.moment(offer.slot.earliest_s).isoformat(),
        "slot_end": centre.moment(offer.slot.latest_s).isoformat(),
        "price_fen": offer.price_fen,
    }


def _offer_shown(offer_id: str, one: Quote) -> SlotOffer:
    offer, moment = one.offer, one.desk.moment
    at = {ClockKind.ARRIVAL: offer.start_s, ClockKind.RESOLUTION: offer.end_s}
    return SlotOffer(
        id=offer_id,
        grade=offer.grade.value,
        price=Money(fen=offer.price_fen),
        items=priced({name: fen for name, fen in offer.price.items() if fen}),
        start=moment(offer.appointment.earliest_s),
        end=moment(offer.appointment.latest_s),
        planned_start=moment(offer.start_s),
        planned_end=moment(offer.end_s),
        technician_id=offer.technician_id,
        outlet_id=offer.outlet_id,
        travel=duration_text(offer.travel_s),
        travel_m=offer.travel_m,
        parts_ready_at=None if offer.kit_ready_s is None else moment(offer.kit_ready_s),
        promises=[
            PromiseShown(
                clock=str(clock.kind),
                due_at=moment(clock.due_s),
                spare=duration_text(clock.due_s - at[clock.kind]),
                kept=clock.kind not in offer.late,
            )
            for clock in one.job.clocks
        ],
        moves=[Move(job_id=m.job_id, was=moment(m.from_s), becomes=moment(m.to_s)) for m in offer.moved],
    )


def _hold_shown(row: SlotHold, now: dt.datetime | None = None) -> HoldShown:
    over = row.state == HELD and now is not None and row.expires_at <= now
    return HoldShown(
        id=row.id,
        version=row.version,
        state=cast("HoldState", EXPIRED if over else row.state),
        offer_id=row.offer_id,
        job_id=row.job_id,
        centre_id=row.centre_id,
        outlet_id=row.outlet_id,
        technician_id=row.technician_id,
        start=row.start_at,
        end=row.end_at,
        planned_start=row.planned_start,
        expires_at=row.expires_at,
    )


def _appointment_answer(row: Appointment) -> Answer:
    headers = {"Location": f"/v1/appointments/{row.id}", "ETag": etag(row.version)}
    return Answer(body=_appointment_shown(row), headers=headers)


def _appointment_shown(row: Appointment) -> AppointmentShown:
    return AppointmentShown(
        id=row.id,
        version=row.version,
        state=cast("AppointmentState", row.state),
        job_id=row.job_id,
        hold_id=row.hold_id,
        centre_id=row.centre_id,
        outlet_id=row.outlet_id,
        technician_id=row.technician_id,
        start=row.start_at,
        end=row.end_at,
        planned_start=row.planned_start,
    )
