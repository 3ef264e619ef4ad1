"""Dispatch items: what outlets were told, what they answer, what happens on the road, what became of calls."""

import datetime as dt
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request, Response
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from api.conditions import IfMatch, etag
from api.dependencies import EdgeOf, SettingsOf, needs
from api.dispatch_states import ItemState
from api.edge import Answer
from api.errors import Conflict, NotFound
from api.pages import Page, PageOf, foreign_cursor, page_of
from api.routes import router
from api.run_queue import enqueue_run
from api.schemas.dispatch import (
    CallMark,
    CallShown,
    EntryShown,
    ItemHistory,
    ItemShown,
    Progress,
    ProgressShown,
    Rejection,
    RejectionShown,
)
from api.store.dispatch import CallMade, acknowledge, entries_of, item_seen, mark_called, progress, reject
from api.store.job_moves import told_at
from api.store.replans import Enqueue
from api.tables.dispatch import DispatchItem
from api.tables.jobs import JobRow
from optimizer.model import Channel

__all__ = [
    "acknowledge_item",
    "enqueue_with",
    "get_item",
    "item_history",
    "list_items",
    "mark_item_called",
    "progress_item",
    "reject_item",
    "routes",
]

routes = router("dispatch", Conflict, NotFound)

ItemId = Annotated[str, Path(min_length=1, max_length=64, description="Id of the item.", examples=["item_0198f1c2"])]
_DISPATCH = needs("dispatch")


def enqueue_with(request: Request) -> Enqueue:
    """Return what puts a plan into the queue of this application."""
    queue = request.app.state.queue

    def enqueue(session: Session, plan_id: str) -> None:
        enqueue_run(session, queue, plan_id)

    return enqueue


async def _conditions(
    centre_id: Annotated[str | None, Query(max_length=64, description="Of this centre.", examples=["C01"])] = None,
    outlet_id: Annotated[str | None, Query(max_length=64, description="Of this outlet.", examples=["Z0018"])] = None,
    technician_id: Annotated[
        str | None, Query(max_length=64, description="Of this technician.", examples=["T00204"])
    ] = None,
    job_id: Annotated[str | None, Query(max_length=64, description="Of this job.", examples=["job_0198"])] = None,
    date: Annotated[dt.date | None, Query(description="On this date.", examples=["2026-03-02"])] = None,
    state: Annotated[list[ItemState] | None, Query(description="In one of these.", examples=[["pending"]])] = None,
    channel: Annotated[
        list[Channel] | None, Query(description="Told in one of these ways.", examples=[["phone"]])
    ] = None,
) -> list[ColumnElement[bool]]:
    equal = (
        (DispatchItem.centre_id, centre_id),
        (DispatchItem.outlet_id, outlet_id),
        (DispatchItem.technician_id, technician_id),
        (DispatchItem.job_id, job_id),
        (DispatchItem.date, date),
    )
    among = ((DispatchItem.state, state), (DispatchItem.channel, channel))
    return [
        *(column == value for column, value in equal if value is not None),
        *(column.in_([one.value for one in values]) for column, values in among if values),
    ]


@routes.get("/dispatch-items", summary="Dispatch items by start")
def list_items(
    edge: EdgeOf, page: PageOf, conditions: Annotated[list[ColumnElement[bool]], Depends(_conditions)]
) -> Page[ItemShown]:
    """Return the items that this key sees, those of other plans and rounds included."""
    query = select(DispatchItem).where(*conditions).order_by(DispatchItem.start_at, DispatchItem.id)
    if edge.caller.centres is not None:
        query = query.where(DispatchItem.centre_id.in_(edge.caller.centres))
    if page.after is not None:
        start_at, last = _place(page.after)
        later = (DispatchItem.start_at == start_at) & (DispatchItem.id > last)
        query = query.where((DispatchItem.start_at > start_at) | later)
    with edge.read() as session:
        rows = session.scalars(query.limit(page.limit + 1)).all()
        return page_of(rows, page, ItemShown.of, lambda row: (row.start_at.isoformat(), row.id))


@routes.get("/dispatch-items/{item_id}", response_model=ItemShown, summary="A dispatch item")
def get_item(item_id: ItemId, edge: EdgeOf) -> Response:
    """Return an item as it is now."""
    with edge.read() as session:
        return _answer(item_seen(session, item_id, edge.caller.centres)).response()


@routes.get("/dispatch-items/{item_id}/history", summary="All that happened to it")
def item_history(item_id: ItemId, edge: EdgeOf) -> ItemHistory:
    """Return every entry, in the order in which they were written."""
    with edge.read() as session:
        item = item_seen(session, item_id, edge.caller.centres)
        return ItemHistory(item_id=item.id, items=[EntryShown.of(entry) for entry in entries_of(session, item.id)])


@routes.post(
    "/dispatch-items/{item_id}:acknowledge", response_model=ItemShown, dependencies=[_DISPATCH], summary="Say yes"
)
def acknowledge_item(item_id: ItemId, edge: EdgeOf, versions: IfMatch) -> Response:
    """Write down that the outlet says yes; saying it again about the same version changes nothing."""

    def effect(session: Session) -> Answer:
        item = item_seen(session, item_id, edge.caller.centres, lock=True)
        return _answer(acknowledge(session, item, versions.needed(), actor=edge.caller.actor, at=edge.clock()))

    return edge.once(effect, item_id=item_id)


@routes.post(
    "/dispatch-items/{item_id}:reject", response_model=RejectionShown, dependencies=[_DISPATCH], summary="Say no"
)
def reject_item(item_id: ItemId, body: Rejection, edge: EdgeOf, versions: IfMatch, request: Request) -> Response:
    """Write down that a contract outlet says no; the job goes to others, own technicians may not refuse (409)."""

    def effect(session: Session) -> Answer:
        item = item_seen(session, item_id, edge.caller.centres, lock=True)
        done = reject(
            session,
            item,
            body.reason,
            versions.needed(),
            enqueue=enqueue_with(request),
            actor=edge.caller.actor,
            at=edge.clock(),
        )
        shown = RejectionShown(item=ItemShown.of(item), replan_id=done.replan_id, refusals=done.refusals)
        return Answer(body=shown, headers={"ETag": etag(item.version)})

    return edge.once(effect, item_id=item_id)


@routes.post(
    "/dispatch-items/{item_id}:progress",
    response_model=ProgressShown,
    dependencies=[_DISPATCH],
    summary="Say what happens on the road",
)
def progress_item(item_id: ItemId, body: Progress, edge: EdgeOf) -> Response:
    """Write down a step. It needs no version: what happened has happened, in whatever order it is heard of."""

    def effect(session: Session) -> Answer:
        item = item_seen(session, item_id, edge.caller.centres, lock=True)
        now = edge.clock()
        at = told_at(body.at, now, session.get_one(JobRow, item.job_id), "/at")
        done = progress(session, item, body.step, note=body.note, actor=edge.caller.actor, at=at, now=now)
        shown = ProgressShown(applied=done.applied, item=ItemShown.of(item))
        return Answer(body=shown, headers={"ETag": etag(item.version)})

    return edge.once(effect, item_id=item_id)


@routes.post(
    "/dispatch-items/{item_id}:mark-called",
    response_model=CallShown,
    dependencies=[_DISPATCH],
    summary="Say what became of a call",
)
def mark_item_called(
    item_id: ItemId, body: CallMark, edge: EdgeOf, versions: IfMatch, request: Request, settings: SettingsOf
) -> Response:
    """Write down a call: `confirmed` by the outlet is its yes; nobody reached too often is up for replanning."""

    def effect(session: Session) -> Answer:
        item = item_seen(session, item_id, edge.caller.centres, lock=True)
        done = mark_called(
            session,
            item,
            CallMade(party=body.party, outcome=body.outcome, note=body.note, most_unreached=settings.unreached_calls),
            versions.needed(),
            enqueue=enqueue_with(request),
            actor=edge.caller.actor,
            at=edge.clock(),
        )
        shown = CallShown(item=ItemShown.of(item), up_for_replanning=done.up_for_replanning, replan_id=done.replan_id)
        return Answer(body=shown, headers={"ETag": etag(item.version)})

    return edge.once(effect, item_id=item_id)


def _answer(item: DispatchItem) -> Answer:
    return Answer(body=ItemShown.of(item), headers={"ETag": etag(item.version)})


def _place(after: tuple[Any, ...]) -> tuple[dt.datetime, str]:
    match after:
        case (str(start), str(last)):
            try:
                moment = dt.datetime.fromisoformat(start)
            except ValueError:
                moment = None
            if moment is not None and moment.tzinfo is not None:
                return moment, last
    raise foreign_cursor()
