"""Orders of parts: quoted and answered at once, confirmed, approved, pinned, cancelled."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Path, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.conditions import IfMatch, Versions, etag, hold_version
from api.dependencies import EdgeOf, LanguageOf, needs
from api.edge import Answer, Edge
from api.endpoints.parts import networks_of, period_of
from api.errors import Conflict, Fault, Gone, NotFound, PreconditionFailed, PreconditionRequired, Refused
from api.language import Language
from api.pages import Page, PageOf, page_of
from api.parts_answers import Decided, answer_at_once, cancel_order, confirm_quote
from api.parts_network import PartsNetwork
from api.parts_replies import reply_shown
from api.payloads import counted
from api.routes import router
from api.schemas.parts_orders import (
    AnswerShown,
    ApproveWish,
    DispatchShown,
    OrderLineShown,
    OrderState,
    PartsOrderIn,
    PartsOrderShown,
    PinWish,
)
from api.schemas.problems import problems
from api.schemas.values import Money
from api.store.parts_orders import CANCELLED, OPEN, OrderSeen, order_seen, orders_of
from api.store.parts_promises import Sending, sends_of
from api.store.parts_shelves import lock_shelves
from api.tables.base import new_id
from api.tables.jobs import JobRow
from api.tables.parts import Allocation, PartsOrder, PartsOrderLine
from optimizer.model import DAY_S
from optimizer.parts.model import Answer as LineWord

__all__ = ["approve", "cancel", "confirm", "get_order", "list_orders", "order_parts", "order_shown", "pin", "routes"]

routes = router("parts", NotFound, Conflict)

WRITE = needs("parts:write")
CHANGES: dict[str, Any] = {
    "response_model": PartsOrderShown,
    "dependencies": [WRITE],
    "responses": problems(PreconditionFailed, PreconditionRequired),
}
LONGEST_ANSWER = dt.timedelta(seconds=31 * DAY_S)
OF_ORDER = PartsOrderIn.model_fields.keys() - {"lines", "respond_within", "answering", "valid_for"}
OrderId = Annotated[str, Path(max_length=64, description="The order's id.", examples=["po_0198f1c2"])]


@routes.post(
    "/parts-orders", status_code=201, response_model=PartsOrderShown, dependencies=[WRITE], summary="Order parts"
)
def order_parts(body: PartsOrderIn, edge: EdgeOf, language: LanguageOf, request: Request) -> Response:
    """Answer every line at once, with its units promised or, as a quote, reserved; or leave it to the next run."""
    now = edge.clock()
    until = None if body.valid_for is None else now + period_of(body.valid_for, "/valid_for")
    within = None if body.respond_within is None else period_of(body.respond_within, "/respond_within", LONGEST_ANSWER)

    def effect(session: Session) -> Answer:
        network = networks_of(request).current(session, now)
        row = _entered(session, network, body, edge, within, now)
        if body.answering != "later":
            decided = Decided(by="quote", now=now, actor=edge.caller.actor, until=until)
            answer_at_once(session, network, orders_of(session, [row])[0], decided)
        shown = order_shown(orders_of(session, [row])[0], language, now)
        headers = {"Location": f"/v1/parts-orders/{row.id}", "ETag": etag(row.version)}
        return Answer(body=shown, status=201, headers=headers)

    return edge.once(effect, outlet_id=body.outlet_id, lines=len(body.lines))


def _entered(
    session: Session,
    network: PartsNetwork,
    body: PartsOrderIn,
    edge: Edge,
    within: dt.timedelta | None,
    now: dt.datetime,
) -> PartsOrder:
    """Add an order without answers. Raises Refused with all that the network does not know."""
    outlet = network.outlets.get(body.outlet_id)
    faults = []
    if outlet is None or not edge.caller.sees(outlet.centre_id):
        faults.append(Fault(pointer="/outlet_id", code="unknown", detail="an outlet that holds today"))
    for number, line in enumerate(body.lines):
        if line.part_id not in network.parts:
            detail = "a part that holds today"
            faults.append(Fault(pointer=f"/lines/{number}/part_id", code="unknown", detail=detail))
        if line.pinned_source_id is not None and network.position_of(line.pinned_source_id) is None:
            detail = "a warehouse or an outlet that holds today"
            faults.append(Fault(pointer=f"/lines/{number}/pinned_source_id", code="unknown", detail=detail))
    if body.needed_by is not None and body.needed_by < now:
        detail = "a moment not before the order is placed, which is now"
        faults.append(Fault(pointer="/needed_by", code="in_the_past", detail=detail))
    if body.job_id is not None and (fault := _job_fault(session, edge, body.job_id)) is not None:
        faults.append(fault)
    if faults or outlet is None:
        raise Refused(counted(faults), faults=faults)
    row = PartsOrder(
        id=new_id("po"),
        version=1,
        state=OPEN,
        centre_id=outlet.centre_id,
        ordered_at=now,
        respond_by=now + (within or dt.timedelta(seconds=network.supply.respond_within_s)),
        actor=edge.caller.actor,
        created_at=now,
        updated_at=now,
        **{name: getattr(body, name) for name in OF_ORDER},
    )
    session.add(row)
    session.flush()
    session.add_all(
        PartsOrderLine(id=f"{row.id}/{number}", order_id=row.id, number=number, **line.model_dump())
        for number, line in enumerate(body.lines, start=1)
    )
    session.flush()
    return row


def _job_fault(session: Session, edge: Edge, job_id: str) -> Fault | None:
    """Return what is wrong with a job that an order is the kit of."""
    job = session.get(JobRow, job_id)
    if job is None or not edge.caller.sees(job.centre_id):
        return Fault(pointer="/job_id", code="unknown", detail="a job that is there")
    if job.cells.get("parts"):
        # Its plan sends them: they would come twice.
        return Fault(pointer="/job_id", code="not_allowed", detail="a job that names no parts of its own")
    return None


@routes.get("/parts-orders", summary="Orders of parts, the newest first")
def list_orders(
    edge: EdgeOf,
    language: LanguageOf,
    page: PageOf,
    state: Annotated[OrderState | None, Query(description="Only these.", examples=["open"])] = None,
    outlet_id: Annotated[str | None, Query(max_length=64, description="Of this outlet.", examples=["Z0018"])] = None,
    job_id: Annotated[str | None, Query(max_length=64, description="Of this job.", examples=["job_0198"])] = None,
) -> Page[PartsOrderShown]:
    """Return orders with their answers."""
    now = edge.clock()
    with edge.read() as session:
        query = select(PartsOrder).order_by(PartsOrder.id.desc())
        if edge.caller.centres is not None:
            query = query.where(PartsOrder.centre_id.in_(edge.caller.centres))
        for column, wanted in (
            (PartsOrder.state, state),
            (PartsOrder.outlet_id, outlet_id),
            (PartsOrder.job_id, job_id),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if page.after is not None:
            query = query.where(PartsOrder.id < str(page.after[0]))
        rows = orders_of(session, session.scalars(query.limit(page.limit + 1)).all())
        return page_of(rows, page, lambda seen: order_shown(seen, language, now), lambda seen: (seen.row.id,))


@routes.get("/parts-orders/{order_id}", response_model=PartsOrderShown, summary="An order of parts")
def get_order(order_id: OrderId, edge: EdgeOf, language: LanguageOf) -> Response:
    """Return an order with the answer to every line."""
    with edge.read() as session:
        seen = order_seen(session, order_id, edge.caller.centres)
        shown = order_shown(seen, language, edge.clock())
        return Answer(body=shown, headers={"ETag": etag(seen.row.version)}).response()


def _changed(
    edge: Edge,
    language: Language,
    order_id: str,
    versions: Versions,
    change: Callable[[Session, OrderSeen], None],
    *,
    quoted: bool | None = False,
) -> Response:
    """Change an order that is not cancelled. quoted: whether it must be a quote; None: either."""

    def effect(session: Session) -> Answer:
        seen = order_seen(session, order_id, edge.caller.centres, lock=True)
        hold_version(seen.row.version, versions.needed())
        if seen.row.state == CANCELLED:
            raise Conflict("The order is cancelled.", members={"state": CANCELLED})
        if quoted is not None and (seen.row.quoted_until is not None) != quoted:
            raise Conflict("The order is not a quote." if quoted else "The order is a quote: confirm or cancel it.")
        change(session, seen)
        session.flush()
        after = order_seen(session, order_id, edge.caller.centres)
        return Answer(body=order_shown(after, language, edge.clock()), headers={"ETag": etag(after.row.version)})

    return edge.once(effect, order_id=order_id)


@routes.post(
    "/parts-orders/{order_id}:confirm",
    summary="Confirm a quote",
    **{**CHANGES, "responses": problems(PreconditionFailed, PreconditionRequired, Gone)},
)
def confirm(order_id: OrderId, edge: EdgeOf, language: LanguageOf, versions: IfMatch, request: Request) -> Response:
    """Promise what is reserved for a quote; what has missed its departure meanwhile is answered anew."""

    def change(session: Session, seen: OrderSeen) -> None:
        network = networks_of(request).current(session, edge.clock())
        lock_shelves(session, network.also(line.part_id for line in seen.lines))
        # Whoever had the shelves before may have been long about it.
        now = edge.clock()
        if seen.row.quoted_until is not None and seen.row.quoted_until <= now:
            raise Gone("The quote has run out.")
        confirm_quote(session, network, seen, Decided(by="quote", now=now, actor=edge.caller.actor))

    return _changed(edge, language, order_id, versions, change, quoted=True)


@routes.post("/parts-orders/{order_id}:cancel", summary="Cancel an order", **CHANGES)
def cancel(order_id: OrderId, edge: EdgeOf, language: LanguageOf, versions: IfMatch) -> Response:
    """Give back all that has not left; what has left stays on its way, and comes back as a return."""

    def change(session: Session, seen: OrderSeen) -> None:
        cancel_order(session, seen, edge.clock())

    return _changed(edge, language, order_id, versions, change, quoted=None)


@routes.post("/parts-orders/{order_id}:approve", summary="Approve lines over quota", **CHANGES)
def approve(
    order_id: OrderId, body: ApproveWish, edge: EdgeOf, language: LanguageOf, versions: IfMatch, request: Request
) -> Response:
    """Let lines be sent that are over their quota; each is answered again, by what is there now."""
    now = edge.clock()

    def change(session: Session, seen: OrderSeen) -> None:
        waiting = {line.number: line for line in seen.lines if line.answer == LineWord.NEEDS_APPROVAL}
        wanted = waiting if body.lines is None else dict.fromkeys(body.lines)
        missing = sorted(wanted.keys() - waiting.keys())
        if missing or not waiting:
            raise Conflict("No such line waits for approval.", members={"lines": missing})
        for number in wanted:
            waiting[number].approved_at, waiting[number].approved_by = now, edge.caller.actor
        session.flush()
        network = networks_of(request).current(session, now)
        answer_at_once(session, network, seen, Decided(by="person", now=now, actor=edge.caller.actor))

    return _changed(edge, language, order_id, versions, change)


@routes.post("/parts-orders/{order_id}:pin", summary="Decide where a line comes from", **CHANGES)
def pin(
    order_id: OrderId, body: PinWish, edge: EdgeOf, language: LanguageOf, versions: IfMatch, request: Request
) -> Response:
    """Pin a line to a source, or let it come from anywhere again; what has not left of it is answered again."""
    now = edge.clock()

    def change(session: Session, seen: OrderSeen) -> None:
        network = networks_of(request).current(session, now)
        line = next((line for line in seen.lines if line.number == body.line), None)
        faults = []
        if line is None:
            faults.append(Fault(pointer="/line", code="unknown", detail=f"1 to {len(seen.lines)}"))
        if body.source_id is not None and network.position_of(body.source_id) is None:
            detail = "a warehouse or an outlet that holds today"
            faults.append(Fault(pointer="/source_id", code="unknown", detail=detail))
        if faults or line is None:
            raise Refused(counted(faults), faults=faults)
        if seen.sent(line, now) >= line.quantity:
            raise Conflict("All of it has left.", members={"line": line.number})
        line.pinned_source_id, line.answer = body.source_id, None
        session.flush()
        answer_at_once(session, network, seen, Decided(by="person", now=now, actor=edge.caller.actor))

    return _changed(edge, language, order_id, versions, change)


def order_shown(seen: OrderSeen, language: Language, now: dt.datetime) -> PartsOrderShown:
    """Return an order as callers see it."""
    row = seen.row
    lines = [_line_shown(seen, line, language, now) for line in seen.lines]
    said = {name: getattr(row, name) for name in PartsOrderShown.model_fields if name not in ("lines", "cost")}
    freight = sum(one.cost.fen for line in lines for one in line.dispatches)
    return PartsOrderShown(lines=lines, cost=Money(fen=freight), **said)


def _line_shown(seen: OrderSeen, line: PartsOrderLine, language: Language, now: dt.datetime) -> OrderLineShown:
    promised = [_dispatch_shown(one, _standing(one, now)) for one in seen.promised.get(line.id, ())]
    reserved = [_dispatch_shown(sends_of(one), "reserved") for one in seen.reserved.get(line.id, ())]
    return OrderLineShown(
        id=line.id,
        number=line.number,
        part_id=line.part_id,
        quantity=line.quantity,
        pinned_source_id=line.pinned_source_id,
        approved_by=line.approved_by,
        answer=_answer_shown(line, language),
        dispatches=promised + reserved,
    )


def _answer_shown(line: PartsOrderLine, language: Language) -> AnswerShown | None:
    if line.answer is None:
        return None
    return AnswerShown(
        answer=line.answer,  # type: ignore[arg-type]
        reason=(line.reason_zh if language is Language.ZH else line.reason) or "",
        eta_p50=line.eta_p50_at,
        eta_p90=line.eta_p90_at,
        answered_at=line.answered_at,  # type: ignore[arg-type]
        answered_by=line.answered_by,  # type: ignore[arg-type]
        run_id=line.run_id,
        reply=None if line.reply is None else reply_shown(line.reply, language),
    )


def _standing(one: Allocation, now: dt.datetime) -> str:
    if one.provisional:
        return "awaits_approval"
    return "left" if one.ships_at <= now else "promised"


def _dispatch_shown(one: Allocation | Sending, state: str) -> DispatchShown:
    names = ("source_id", "part_id", "quantity", "mode", "ships_at", "below_floor", "bulky_fallback")
    said = {name: getattr(one, name) for name in names}
    return DispatchShown(
        eta_p50=one.ready_p50_at,
        eta_p90=one.ready_p90_at,
        cost=Money(fen=one.cost_fen),
        state=state,  # type: ignore[arg-type]
        **said,
    )
