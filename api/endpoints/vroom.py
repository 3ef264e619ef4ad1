"""`POST /vroom`: VROOM's problem in, VROOM's solution out; routes, codes and statuses are vroom-express's."""

import json
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from api.dependencies import CallerOf, SettingsOf, needs
from api.errors import BadRequest, Problem, TooLarge
from api.schemas.values import Shown
from api.solver_pool import Order, SolverPool
from api.solving import Code, refusal
from optimizer.solve import Engine

__all__ = ["VroomError", "post_vroom", "routes", "vroom_health"]

MOST_JOBS, MOST_VEHICLES = 12_000, 5_000
MOST_EFFORT = 5
"""VROOM's exploration levels are 0 to 5; the seconds of the setting stand for the highest."""
STATUSES = {Code.SOLVED: 200, Code.DEFECT: 500, Code.REFUSED: 400}

routes = APIRouter(tags=["vroom"])


class VroomError(Shown):
    """An error in VROOM's shape."""

    code: int = Field(description="1 internal, 2 input, 3 routing, 4 too large.", examples=[2])
    error: str = Field(description="What is wrong.", examples=["Invalid JSON object in request"])


PROBLEM = {
    "type": "object",
    "description": "A problem in VROOM's format (docs/solve.md); `options` may hold c, t, x and g.",
    "examples": [{"vehicles": [{"id": 1, "start": [104.06, 30.66]}], "jobs": [{"id": 1, "location": [104.1, 30.7]}]}],
}
SOLUTION = {"type": "object", "description": "A solution in VROOM's format (docs/solve.md)."}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": VroomError, "description": words}
    for status, words in {
        400: "The problem is refused (code 2).",
        401: "No valid key (code 2).",
        403: "The key has no scope plans:solve (code 2).",
        413: "Too large (code 4).",
        429: "Too many requests (code 2).",
        500: "A defect (code 1).",
        503: "Too many problems are waiting (code 1).",
    }.items()
}


@routes.post(
    "/vroom",
    summary="Solve a routing problem in VROOM's format",
    dependencies=[needs("plans:solve")],
    response_class=Response,
    responses={200: {"content": {"application/json": {"schema": SOLUTION}}}, **ERRORS},
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": PROBLEM}}}},
)
async def post_vroom(
    request: Request,
    settings: SettingsOf,
    engine: Annotated[Engine, Query(description="Who searches.", examples=["search"])] = Engine.SEARCH,
) -> Response:
    """Answer in a solving process; it searches as long as the setting vroom_seconds says, less with `options.x`."""
    order = _order(await request.body(), settings.vroom_seconds, engine)
    solvers: SolverPool = request.app.state.solvers
    # Nobody waits for a process to get ready, only to be told that the problem cannot be read.
    refused = None if solvers.is_warm else await run_sync(refusal, order.problem)
    answered = refused or await solvers.solve(order)
    return Response(answered.document, STATUSES[answered.code], media_type="application/json")


@routes.get("/vroom/health", summary="Whether problems are solved", response_class=Response, responses=ERRORS)
async def vroom_health(caller: CallerOf, request: Request) -> Response:
    """Solve a small problem; the body is empty."""
    order = Order(problem=SMALL, seconds=0.1, engine=Engine.SEARCH, is_plan=False)
    answered = await request.app.state.solvers.solve(order)
    return Response(status_code=STATUSES[answered.code])


SMALL = json.dumps(
    {
        "vehicles": [{"id": 1, "start_index": 0}],
        "jobs": [{"id": 1, "location_index": 1}],
        "matrices": {"car": {"durations": [[0, 60], [60, 0]]}},
    }
).encode()


def _order(body: bytes, seconds: float, engine: Engine) -> Order:
    """Return what a body asks for; `options` is vroom-express's own, everything else is left to the reader."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or "vehicles" not in document or not {"jobs", "shipments"} & document.keys():
        raise BadRequest("Invalid JSON object in request, please add vehicles and jobs to the object body")
    _refuse_too_many(document.get("jobs"), MOST_JOBS, "jobs")
    _refuse_too_many(document["vehicles"], MOST_VEHICLES, "vehicles")
    if "options" not in document:
        return Order(problem=body, seconds=seconds, engine=engine, is_plan=False)
    options = document.pop("options")
    if not isinstance(options, dict) or not options.keys() <= {"c", "g", "t", "x"} or options.get("g"):
        raise BadRequest("options: allowed: c, t, x, and g false; routes have no geometry here")
    effort = options.get("x", MOST_EFFORT)
    if isinstance(effort, bool) or not isinstance(effort, int) or not 0 <= effort <= MOST_EFFORT:
        raise BadRequest(f"options.x: allowed: 0 to {MOST_EFFORT}")
    share = (effort + 1) / (MOST_EFFORT + 1)
    return Order(
        problem=json.dumps(document).encode(),
        seconds=seconds * share,
        engine=engine,
        is_plan=bool(options.get("c")),
    )


def _refuse_too_many(rows: Any, most: int, name: str) -> None:
    if isinstance(rows, list) and len(rows) > most:
        problem: Problem = TooLarge(f"Too many {name} ( {len(rows)} ) in query, maximum is set to {most}")
        raise problem
