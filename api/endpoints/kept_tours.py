"""What is kept of tours, as it is kept: itinerary, map, kit, announcements, jobs left out, calendar, pages."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Path, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session
from sse_starlette import EventSourceResponse

from api.auth import Caller
from api.database import Database
from api.dependencies import CallerOf, ClockOf, DatabaseOf, LanguageOf
from api.endpoints.kept_plans import PAGE_POLICY
from api.endpoints.plans import answers
from api.endpoints.tours import TourId, require_made
from api.errors import Conflict, NotFound
from api.following import LastEventId, follow_run
from api.routes import router
from api.schemas.tour_documents import (
    AnnouncementShown,
    ApologyShown,
    ItineraryShown,
    KitShown,
    TourLeftOutShown,
    ToursGeoJson,
)
from api.store.tour_plans import events_after, file_of, get_tour_plan
from api.tables.tours import TourEvent, TourPlanRow
from api.tour_apologies import draft_apologies

__all__ = [
    "follow_tours",
    "routes",
    "tour_calendar",
    "tour_sheet",
    "tour_sheets",
    "tours_apologies",
    "tours_left_out",
]

routes = router("tours", Conflict, NotFound)

TOLD = {
    "type": "object",
    "description": "One event; `data` is JSON: what `progress` of the tours shows, or their state.",
    "properties": {
        "id": {"type": "string", "description": "Its number, for `Last-Event-ID`.", "examples": ["3"]},
        "event": {"enum": ["tour.progress", "tour.finished"], "description": "What it tells."},
        "data": {"type": "string", "description": "JSON.", "examples": ['{"stage": "planning", "share": 0.5}']},
    },
}


def _kept(database: Database, caller: Caller, tour_id: str, name: str) -> Any:
    """Return a document of tours that were made."""
    with database.read() as session:
        require_made(get_tour_plan(session, tour_id, caller.centres))
        return file_of(session, tour_id, name)


def _add_document(name: str, kind: str, schema: Any, summary: str) -> None:
    def read(tour_id: TourId, caller: CallerOf, database: DatabaseOf) -> Response:
        content = _kept(database, caller, tour_id, name)
        return Response(json.dumps(content, ensure_ascii=False), media_type=kind)

    routes.add_api_route(
        f"/tours/{{tour_id}}/{name}",
        read,
        methods=["GET"],
        summary=summary,
        # What is kept is the answer: this says what it is, and nothing is read and written again.
        response_class=type("_Kept", (JSONResponse,), {"media_type": kind}),
        response_model=schema,
        operation_id=f"tours_{name}",
    )


_JSON = "application/json"
for _name, _kind, _schema, _summary in (
    ("itinerary", _JSON, list[ItineraryShown], "Each tour day by day: when, where, what, where to sleep"),
    (
        "geojson",
        "application/geo+json",
        ToursGeoJson,
        "Tours for a map: days, nights, villages with and without a visit",
    ),
    ("kit", _JSON, list[KitShown], "What each tour takes along, and what is sent for it beforehand"),
    ("announcements", _JSON, list[AnnouncementShown], "What villages are told, contact by contact"),
):
    _add_document(_name, _kind, _schema, _summary)


@routes.get("/tours/{tour_id}/left-out", summary="Jobs that no tour does: why, and what would help")
def tours_left_out(
    tour_id: TourId, caller: CallerOf, database: DatabaseOf, language: LanguageOf
) -> list[TourLeftOutShown]:
    """Return jobs left out with reason, remedy and next chance, in the language asked for."""
    return [TourLeftOutShown.of(one, language) for one in _kept(database, caller, tour_id, "left-out")]


@routes.get("/tours/{tour_id}/apologies", summary="Drafts for villages whose date passed without anybody coming")
def tours_apologies(
    tour_id: TourId, caller: CallerOf, database: DatabaseOf, clock: ClockOf, request: Request
) -> list[ApologyShown]:
    """Return a draft (致歉) per village and date that these tours told and nobody kept; somebody has to send it."""
    with database.read() as session:
        plan = get_tour_plan(session, tour_id, caller.centres)
        require_made(plan)
    drafts = request.app.state.judge(draft_apologies, database.url.render_as_string(False), tour_id, clock())
    return [ApologyShown.of(draft) for draft in drafts]


@routes.get(
    "/tours/{tour_id}/calendar",
    summary="Stops and nights as a calendar",
    response_class=Response,
    responses=answers("text/calendar", "iCalendar (RFC 5545).", {"type": "string"}),
)
def tour_calendar(tour_id: TourId, caller: CallerOf, database: DatabaseOf) -> Response:
    """Return stops and nights as iCalendar."""
    return Response(_kept(database, caller, tour_id, "calendar"), media_type="text/calendar; charset=utf-8")


@routes.get("/tours/{tour_id}/sheets", summary="The printable pages of tours")
def tour_sheets(tour_id: TourId, caller: CallerOf, database: DatabaseOf) -> list[str]:
    """Return the names of the pages; `index.html` comes first."""
    return list(_kept(database, caller, tour_id, "sheets"))


@routes.get(
    "/tours/{tour_id}/sheets/{page}",
    summary="One printable page of tours",
    response_class=Response,
    responses=answers("text/html", "The page; it loads nothing from anywhere.", {"type": "string"}),
)
def tour_sheet(
    tour_id: TourId,
    page: Annotated[str, Path(description="Name of the page.", examples=["index.html"], max_length=200)],
    caller: CallerOf,
    database: DatabaseOf,
) -> Response:
    """Return one page in HTML."""
    pages = _kept(database, caller, tour_id, "sheets")
    if page not in pages:
        raise NotFound("There is no such page.")
    return Response(pages[page], media_type="text/html", headers=PAGE_POLICY)


@routes.get(
    "/tours/{tour_id}/events",
    summary="Follow a run of tours",
    response_class=EventSourceResponse,
    responses=answers("text/event-stream", "tour.progress about every second, then tour.finished; then it ends.", TOLD),
)
async def follow_tours(
    tour_id: TourId, caller: CallerOf, database: DatabaseOf, last_seen: LastEventId = None
) -> Response:
    """Send what the run told and tells (server-sent events), from the beginning or after `Last-Event-ID`."""

    def look(session: Session, number: int) -> tuple[TourPlanRow, Sequence[TourEvent]]:
        return get_tour_plan(session, tour_id, caller.centres), events_after(session, tour_id, number)

    return await follow_run(database, look, {"tour_id": tour_id}, last_seen)
