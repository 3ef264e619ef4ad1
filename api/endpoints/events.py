"""The event feed: read it again from any place, or go on where you were."""

from typing import Annotated

from fastapi import Query

from api.dependencies import EdgeOf
from api.errors import BadRequest, Fault
from api.event_types import EventType
from api.events import START, Place, end_of_feed, read_events
from api.pages import MOST_ITEMS, cursor_of, position_of
from api.routes import router
from api.schemas.events import EventPage, EventShown

__all__ = ["END", "list_events", "place_of", "routes"]

END = "end"

routes = router("events")


@routes.get("/events", summary="Events in the order in which they were committed")
def list_events(
    edge: EdgeOf,
    after: Annotated[
        str | None,
        Query(
            max_length=200,
            description=f"`next` of the stretch before; `{END}`: only what comes from now on; nothing: from the start.",
            examples=[END],
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ITEMS, description="Events at most.", examples=[100])] = 100,
    type: Annotated[
        list[EventType] | None, Query(description="Only of these types.", examples=[["job.state_changed"]])
    ] = None,
) -> EventPage:
    """Return a stretch of the feed: what a key's centres have seen, or everything."""
    with edge.read() as session:
        place = end_of_feed(session) if after == END else START if after is None else place_of(after, "query.after")
        found = read_events(session, place, limit + 1, types=type or (), centres=edge.caller.centres)
        here = found[:limit]
        if here:
            place = Place(transaction=here[-1].transaction_id, position=here[-1].position)
        return EventPage(
            items=[EventShown.of(event) for event in here],
            next=cursor_of((place.transaction, place.position)),
            has_more=len(found) > limit,
        )


def place_of(cursor: str, parameter: str) -> Place:
    """Return the place that a cursor names. Raises BadRequest for what no feed of ours said."""
    match position_of(cursor, parameter):
        case (int() as transaction, int() as position):
            return Place(transaction=transaction, position=position)
    raise BadRequest(
        "The cursor is none of ours.", faults=(Fault(parameter=parameter, code="cursor", detail="`next` of the feed"),)
    )
