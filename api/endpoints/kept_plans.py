"""What is kept of a plan, as it is kept: routes, jobs left out, figures, changes, explanations, printable pages."""

import json
from typing import Annotated, Any

from fastapi import Path, Query, Response
from fastapi.responses import JSONResponse

from api.auth import Caller
from api.database import Database
from api.dependencies import CallerOf, DatabaseOf, LanguageOf
from api.endpoints.plans import MADE, PlanId, answers, require_state
from api.errors import BadRequest, Conflict, Fault, NotFound
from api.routes import router
from api.schemas.explanations import ExplanationShown
from api.schemas.figures import ComparedFigures, Figures
from api.schemas.plan_documents import ChangeShown, LeftOutShown, PickShown, RoutesGeoJson, RouteShown
from api.store.plans import file_of, get_plan

__all__ = ["PAGE_POLICY", "explained", "routes", "sheet", "sheets"]

routes = router("plans", Conflict, NotFound)

PAGE_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
CentreId = Annotated[
    str | None,
    Query(description="Which centre; a plan of one centre needs none.", examples=["C01"], max_length=64),
]


def _document(
    database: Database, caller: Caller, plan_id: str, name: str, centre_id: str | None, *, whole: bool = False
) -> bytes:
    """Return a document of a plan that was made; whole: without a centre it is the whole plan's."""
    with database.read() as session:
        plan = get_plan(session, plan_id, caller.centres)
        require_state(plan, MADE)
        if centre_id is None and not whole:
            if len(plan.centre_ids) != 1:
                detail = "one of the plan's centres"
                fault = Fault(parameter="query.centre_id", code="missing", detail=detail)
                raise BadRequest("Say which centre.", faults=(fault,))
            centre_id = plan.centre_ids[0]
        body = file_of(session, plan_id, name, centre_id or "")
    if body is None:
        raise NotFound("The plan has no such centre.")
    return body


def _add_document(name: str, kind: str, schema: Any, summary: str, *, whole: bool = False) -> None:
    def read(plan_id: PlanId, caller: CallerOf, database: DatabaseOf, centre_id: CentreId = None) -> Response:
        return Response(_document(database, caller, plan_id, name, centre_id, whole=whole), media_type=kind)

    routes.add_api_route(
        f"/plans/{{plan_id}}/{name}",
        read,
        methods=["GET"],
        summary=summary,
        # What is kept is the answer: this says what it is, and nothing is read and written again.
        response_class=type("_Kept", (JSONResponse,), {"media_type": kind}),
        response_model=schema,
        operation_id=f"plan_{name.replace('.', '_')}",
    )


_JSON = "application/json"
for _name, _kind, _schema, _summary, _whole in (
    ("routes", _JSON, list[RouteShown], "A centre's routes with times and travel", False),
    ("routes.geojson", "application/geo+json", RoutesGeoJson, "A centre's routes for a map", False),
    ("unassigned", _JSON, list[LeftOutShown], "A centre's jobs left out, with reason and remedy", False),
    ("picklist", _JSON, list[PickShown], "What a centre's technicians take before leaving, by visit", False),
    (
        "kpis",
        _JSON,
        ComparedFigures | Figures,
        "Key figures of a centre, or of the whole plan beside those by hand",
        True,
    ),
    ("diff", _JSON, list[ChangeShown], "What a centre, or the whole plan, changes of the promised visits", True),
):
    _add_document(_name, _kind, _schema, _summary, whole=_whole)


@routes.get("/plans/{plan_id}/explanations/{job_id}", summary="What there is to say about a job")
def explained(
    plan_id: PlanId,
    job_id: Annotated[str, Path(description="The job.", examples=["J1"], max_length=64)],
    caller: CallerOf,
    database: DatabaseOf,
    language: LanguageOf,
    centre_id: CentreId = None,
) -> list[ExplanationShown]:
    """Return why a job is left out, late or not at its nearest outlet; empty when nothing is remarkable."""
    with database.read() as session:
        plan = get_plan(session, plan_id, caller.centres)
        require_state(plan, MADE)
        for centre in plan.centre_ids if centre_id is None else [centre_id]:
            body = file_of(session, plan_id, "explanations", centre)
            found: dict[str, list[dict[str, Any]]] = {} if body is None else json.loads(body)
            if job_id in found:
                return [ExplanationShown.of(one, language) for one in found[job_id]]
    return []


@routes.get("/plans/{plan_id}/sheets", summary="The printable pages of a centre's outlets")
def sheets(plan_id: PlanId, caller: CallerOf, database: DatabaseOf, centre_id: CentreId = None) -> list[str]:
    """Return the names of the pages; `index.html` has the call list."""
    return list(json.loads(_document(database, caller, plan_id, "sheets", centre_id)))


@routes.get(
    "/plans/{plan_id}/sheets/{page}",
    summary="One printable page",
    response_class=Response,
    responses=answers("text/html", "The page; it loads nothing from anywhere.", {"type": "string"}),
)
def sheet(
    plan_id: PlanId,
    page: Annotated[str, Path(description="Name of the page.", examples=["index.html"], max_length=200)],
    caller: CallerOf,
    database: DatabaseOf,
    centre_id: CentreId = None,
) -> Response:
    """Return one page in HTML."""
    pages = json.loads(_document(database, caller, plan_id, "sheets", centre_id))
    if page not in pages:
        raise NotFound("There is no such page.")
    return Response(pages[page], media_type="text/html", headers=PAGE_POLICY)
