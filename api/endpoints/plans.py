"""Plans: wished for, watched while they are made, looked at, edited in thought, published."""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import Header, Path, Query, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.auth import Caller
from api.conditions import IfMatch, PreferWait, etag, hold_version
from api.database import Database
from api.dependencies import CallerOf, DatabaseOf, EdgeOf, needs
from api.edge import Answer, Edge
from api.endpoints.waiting import wait_for_end
from api.errors import BadRequest, Conflict, Fault, NotFound, Refused
from api.evaluating import evaluate
from api.judging import Judgement, judge
from api.pages import Page, PageOf, cursor_of
from api.plan_states import ENDED, PlanState
from api.routes import router
from api.run_queue import enqueue_run
from api.schemas.plans import (
    Edit,
    EvaluationShown,
    FindingShown,
    Judged,
    PlanShown,
    PlanWish,
    PublicationShown,
    ValidDay,
    plan_shown,
)
from api.schemas.values import CHINA
from api.store.plan_days import centres_on, freeze
from api.store.plans import ask_to_cancel, create_plan, events_after, file_of, get_plan, list_plans
from api.store.publishing import publish
from api.tables.plans import Plan
from datasets.faults import DayRefused
from datasets.times import instant_text
from optimizer.by_order import RouteUntimed

__all__ = [
    "cancel",
    "checked",
    "evaluate_edit",
    "explained",
    "follow",
    "index",
    "let_hold",
    "routes",
    "sheet",
    "sheets",
    "show",
    "valid_day",
    "wish",
]

routes = router("plans", Conflict, NotFound)

FOLLOW_EVERY_S = 0.4
PAGE_POLICY = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
MADE = (PlanState.FINISHED, PlanState.PUBLISHED, PlanState.SUPERSEDED)

PlanId = Annotated[str, Path(description="Id of the plan.", examples=["plan_0198f1c2"], max_length=64)]
CentreId = Annotated[
    str | None,
    Query(description="Which centre; a plan of one centre needs none.", examples=["C01"], max_length=64),
]


def _json(kind: str, description: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": description, "content": {kind: {"schema": {}}}}}


@routes.post(
    "/plans",
    status_code=202,
    response_model=PlanShown,
    responses={200: {"model": PlanShown | ValidDay, "description": "Finished within `Prefer: wait`, or valid."}},
    dependencies=[needs("plans:solve")],
    summary="Wish for a plan",
)
async def wish(body: PlanWish, edge: EdgeOf, wait_s: PreferWait, request: Request) -> Response:
    """Put a plan into the queue; workers make it. `validate_only` reads and judges the day instead."""
    response = await run_sync(_wished, body, edge, request)
    if wait_s and response.status_code == 202:
        # Nobody else's thread is taken meanwhile.
        return await wait_for_end(edge.database, response, wait_s)
    return response


def _wished(body: PlanWish, edge: Edge, request: Request) -> Response:
    at = edge.clock()
    now = body.horizon.now or at
    if body.horizon.date < now.astimezone(CHINA).date():
        fault = Fault(pointer="/horizon/date", code="past", detail=f"a date from {now.astimezone(CHINA).date()} on")
        raise Refused("The horizon is in the past.", faults=(fault,))
    if body.validate_only:
        with edge.read() as session:
            valid = valid_day(session, _new_plan(session, body, now, edge.caller, at))
        return edge.kept(Answer(body=valid))

    def effect(session: Any) -> Answer:
        plan = _new_plan(session, body, now, edge.caller, at)
        enqueue_run(session, request.app.state.queue, plan.id)
        return Answer(
            body=plan_shown(plan),
            status=202,
            headers={"Location": f"/v1/plans/{plan.id}", "ETag": etag(plan.version)},
        )

    return edge.once(effect)


def _new_plan(session: Any, body: PlanWish, now: dt.datetime, caller: Caller, at: dt.datetime) -> Plan:
    known = centres_on(session, body.horizon.date)
    seen = [id_ for id_ in known if caller.sees(id_)]
    asked = body.scope.centres
    wanted = seen if asked == "all" else list(dict.fromkeys(asked))
    faults = [
        Fault(pointer=f"/scope/centres/{number}", code="unknown_centre", detail=f'no centre "{id_}"')
        for number, id_ in enumerate(wanted)
        if id_ not in seen
    ]
    if not wanted:
        faults = [Fault(pointer="/scope/centres", code="no_centre", detail="no centre on this date")]
    if faults:
        raise Refused("The scope names what is not there.", faults=faults)
    wish = body.model_dump(mode="json", exclude={"validate_only"})
    if body.limits.seconds is None and body.limits.steps is None:
        wish["limits"]["seconds"] = 60.0
    return create_plan(
        session,
        wish=wish,
        date=body.horizon.date,
        days=body.horizon.days,
        now=now,
        centre_ids=wanted,
        actor=caller.actor,
        at=at,
    )


def valid_day(session: Any, plan: Plan) -> ValidDay:
    """Return figures of the day that a plan is about. Raises Refused with its faults."""
    try:
        frozen = freeze(session, plan)
    except DayRefused as refused:
        raise Refused(
            "The day has faults.",
            faults=tuple(
                Fault(pointer=f"/{fault.file}/{fault.row or ''}/{fault.column}", code="day", detail=str(fault))
                for fault in refused.faults
            ),
        ) from None
    day = frozen.folder.day
    return ValidDay(
        jobs=len(day.jobs),
        technicians=len(day.technicians),
        shifts=len(day.shifts),
        outlets=len(day.outlets),
        promised=len(frozen.live),
    )


@routes.get("/plans", summary="Plans, the newest first")
def index(
    caller: CallerOf,
    database: DatabaseOf,
    wanted: PageOf,
    state: Annotated[
        list[PlanState] | None, Query(description="Only plans in these states.", examples=[["finished"]])
    ] = None,
) -> Page[PlanShown]:
    """Return a page of plans; those that reach beyond the key's centres are not there."""
    after = None if wanted.after is None else str(wanted.after[0])
    shown: list[PlanShown] = []
    with database.read() as session:
        rows = list_plans(session, after=after, limit=wanted.limit, states=state or ())
        here = rows[: wanted.limit]
        shown = [plan_shown(plan) for plan in here if all(map(caller.sees, plan.centre_ids))]
        following = cursor_of((here[-1].id,)) if len(rows) > wanted.limit else None
    return Page[PlanShown](items=shown, next=following)


@routes.post(
    "/plans/{plan_id}:cancel", dependencies=[needs("plans:solve")], response_model=PlanShown, summary="Cancel a run"
)
def cancel(plan_id: PlanId, edge: EdgeOf) -> Response:
    """Cancel at once what waits; a run that goes on is ended by its worker within two seconds."""

    def effect(session: Any) -> Answer:
        plan = get_plan(session, plan_id, edge.caller.centres, lock=True)
        ask_to_cancel(session, plan, edge.clock())
        return Answer(body=plan_shown(plan), headers={"ETag": etag(plan.version)})

    return edge.once(effect)


@routes.post(
    "/plans/{plan_id}:publish",
    dependencies=[needs("plans:publish")],
    response_model=PublicationShown,
    summary="Let a plan hold",
)
def let_hold(plan_id: PlanId, edge: EdgeOf, versions: IfMatch, request: Request) -> Response:
    """Publish a finished plan: checked again as it is stored, then visits, routes, job states and history at once."""
    with edge.read() as session:
        plan = get_plan(session, plan_id, edge.caller.centres)
        hold_version(plan.version, versions)
        _require_state(plan, (PlanState.FINISHED,))
    judgement: Judgement = request.app.state.judge(judge, edge.database.url.render_as_string(False), plan_id)
    if judgement.findings:
        raise Conflict(
            f"The checker objects: {len(judgement.findings)} findings; nothing was published.",
            members={"findings": [_finding(found).model_dump() for found in judgement.findings[:1_000]]},
        )

    with edge.read() as session:
        # Read before anything is locked: within the transaction it is only looked up.
        request.app.state.stored_plans(session, plan_id)

    def effect(session: Any) -> Answer:
        plan = get_plan(session, plan_id, edge.caller.centres, lock=True)
        hold_version(plan.version, versions)
        _require_state(plan, (PlanState.FINISHED,))
        stored = request.app.state.stored_plans(session, plan_id)
        if stored.digest != judgement.digest:
            raise Conflict("The stored plan changed while it was checked; nothing was published.")
        done = publish(session, plan, stored, actor=edge.caller.actor, at=edge.clock())
        shown = PublicationShown(
            plan=plan_shown(plan),
            visits=done.visits,
            routes=done.routes,
            planned=done.planned,
            unplanned=done.unplanned,
            left_away=list(done.left_away),
            superseded=list(done.superseded),
        )
        return Answer(body=shown, headers={"ETag": etag(plan.version)})

    return edge.once(effect)


@routes.post(
    "/plans/{plan_id}:evaluate",
    summary="What hand-edited routes would cost and break",
    response_model=EvaluationShown,
    dependencies=[needs("dispatch")],
)
def evaluate_edit(plan_id: PlanId, body: Edit, edge: EdgeOf, request: Request) -> Response:
    """Return times, prices and broken rules of routes as a person laid them out; nothing is changed."""
    with edge.read() as session:
        plan = get_plan(session, plan_id, edge.caller.centres)
        _require_state(plan, MADE)
        stored = request.app.state.stored_plans(session, plan_id)
    day = stored.day
    shifts = {(shift.technician_id, day.date + dt.timedelta(days=shift.day)): shift.id for shift in day.shifts}
    outlets = {outlet.id: outlet.centre_id for outlet in day.outlets}
    centre_of = {person.id: outlets[person.outlet_id] for person in day.technicians}
    known = {job.id for job in day.jobs}
    faults = []
    for number, route in enumerate(body.routes):
        if (route.technician_id, route.date) not in shifts:
            detail = "no shift of this technician on this date"
            faults.append(Fault(pointer=f"/routes/{number}/technician_id", code="no_shift", detail=detail))
        faults += [
            Fault(pointer=f"/routes/{number}/jobs/{place}", code="unknown_job", detail=f'no job "{id_}" in this plan')
            for place, id_ in enumerate(route.jobs)
            if id_ not in known
        ]
        if len(set(route.jobs)) < len(route.jobs):
            faults.append(Fault(pointer=f"/routes/{number}/jobs", code="twice", detail="a job stands here twice"))
    centres = {centre_of[route.technician_id] for route in body.routes if route.technician_id in centre_of}
    if not faults and len(centres) != 1:
        faults = [Fault(pointer="/routes", code="several_centres", detail="routes of one centre")]
    if faults:
        raise Refused("The routes cannot be evaluated.", faults=faults)
    orders = {shifts[route.technician_id, route.date]: tuple(route.jobs) for route in body.routes}
    centre_id = centres.pop()
    try:
        found = evaluate(stored, centre_id, orders)
    except RouteUntimed as untimed:
        fault = Fault(pointer="/routes", code="no_way", detail=str(untimed))
        raise Refused("A route has no times in this order.", faults=(fault,)) from None
    before, after = dict(found.before_fen), dict(found.after_fen)
    shown = EvaluationShown(
        routes=[_timed(day, route) for route in found.plan.routes if route.shift_id in orders],
        before_fen=before,
        after_fen=after,
        difference_fen=sum(after.values()) - sum(before.values()),
        violations=[
            FindingShown(rule=str(broken.rule), where=broken.where, sentence=broken.sentence)
            for broken in found.violations
        ],
        left_out=[left.job_id for left in found.plan.unassigned],
    )
    return edge.kept(Answer(body=shown))


def _timed(day: Any, route: Any) -> dict[str, Any]:
    return {
        "shift_id": route.shift_id,
        "depart": instant_text(day.date, route.depart_s),
        "break_start": None if route.break_start_s is None else instant_text(day.date, route.break_start_s),
        "stops": [
            {
                "job_id": stop.job_id,
                "start": instant_text(day.date, stop.start_s),
                "end": instant_text(day.date, stop.end_s),
                "travel_s": stop.travel_s,
                "distance_m": stop.travel_m,
            }
            for stop in route.stops
        ],
        "return": instant_text(day.date, route.return_s),
        "return_travel_s": route.return_travel_s,
        "return_distance_m": route.return_travel_m,
    }


@routes.get("/plans/{plan_id}", response_model=PlanShown, summary="A plan, or how far its run is")
def show(plan_id: PlanId, caller: CallerOf, database: DatabaseOf) -> Response:
    """Return state, progress with the best so far, outcome or problem."""
    with database.read() as session:
        plan = get_plan(session, plan_id, caller.centres)
        return Answer(body=plan_shown(plan), headers={"ETag": etag(plan.version)}).response()


@routes.get("/plans/{plan_id}/check", summary="What the checker says about the stored plan, now")
def checked(plan_id: PlanId, caller: CallerOf, database: DatabaseOf, request: Request) -> Judged:
    """Run the independent checker over what is stored."""
    with database.read() as session:
        _require_state(get_plan(session, plan_id, caller.centres), MADE)
    judgement: Judgement = request.app.state.judge(judge, database.url.render_as_string(False), plan_id)
    return Judged(legal=not judgement.findings, findings=[_finding(found) for found in judgement.findings])


def _finding(found: Any) -> FindingShown:
    return FindingShown(rule=found.rule, where=found.where, sentence=found.sentence)


def _require_state(plan: Plan, states: tuple[PlanState, ...]) -> None:
    if plan.state not in states:
        raise Conflict(f"The plan is {plan.state}.", members={"state": plan.state})


def _document(
    database: Database, caller: Caller, plan_id: str, name: str, centre_id: str | None, *, whole: bool = False
) -> bytes:
    """Return a document of a plan that was made; whole: without a centre it is the whole plan's."""
    with database.read() as session:
        plan = get_plan(session, plan_id, caller.centres)
        _require_state(plan, MADE)
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


def _add_document(name: str, path: str, kind: str, summary: str, *, whole: bool = False) -> None:
    def read(plan_id: PlanId, caller: CallerOf, database: DatabaseOf, centre_id: CentreId = None) -> Response:
        return Response(_document(database, caller, plan_id, name, centre_id, whole=whole), media_type=kind)

    routes.add_api_route(
        f"/plans/{{plan_id}}/{path}",
        read,
        methods=["GET"],
        summary=summary,
        response_class=Response,
        responses=_json(kind, summary),
        operation_id=f"plan_{path.replace('.', '_')}",
    )


for _name, _path, _kind, _summary, _whole in (
    ("routes", "routes", "application/json", "A centre's routes with times and travel", False),
    ("routes.geojson", "routes.geojson", "application/geo+json", "A centre's routes for a map", False),
    (
        "unassigned",
        "unassigned",
        "application/json",
        "A centre's jobs left out, with reason and remedy",
        False,
    ),
    ("picklist", "picklist", "application/json", "What a centre's technicians take before leaving, by visit", False),
    ("kpis", "kpis", "application/json", "Key figures of a centre, or of the whole plan", True),
    ("diff", "diff", "application/json", "What a centre, or the whole plan, changes of the promised visits", True),
):
    _add_document(_name, _path, _kind, _summary, whole=_whole)


@routes.get("/plans/{plan_id}/explanations/{job_id}", summary="What there is to say about a job")
def explained(
    plan_id: PlanId,
    job_id: Annotated[str, Path(description="The job.", examples=["J1"], max_length=64)],
    caller: CallerOf,
    database: DatabaseOf,
    centre_id: CentreId = None,
) -> list[dict[str, Any]]:
    """Return why a job is left out, late or not at its nearest outlet; empty when nothing is remarkable."""
    with database.read() as session:
        plan = get_plan(session, plan_id, caller.centres)
        _require_state(plan, MADE)
        for centre in plan.centre_ids if centre_id is None else [centre_id]:
            body = file_of(session, plan_id, "explanations", centre)
            found: dict[str, list[dict[str, Any]]] = {} if body is None else json.loads(body)
            if job_id in found:
                return found[job_id]
    return []


@routes.get("/plans/{plan_id}/sheets", summary="The printable pages of a centre's outlets")
def sheets(plan_id: PlanId, caller: CallerOf, database: DatabaseOf, centre_id: CentreId = None) -> list[str]:
    """Return the names of the pages; `index.html` has the call list."""
    return list(json.loads(_document(database, caller, plan_id, "sheets", centre_id)))


@routes.get(
    "/plans/{plan_id}/sheets/{page}",
    summary="One printable page",
    response_class=Response,
    responses=_json("text/html", "The page; it loads nothing from anywhere."),
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


LastEventId = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="Id of the last event that was seen: what came later follows."),
]


@routes.get(
    "/plans/{plan_id}/events",
    summary="Follow a run",
    response_class=EventSourceResponse,
    responses=_json("text/event-stream", "plan.progress about every second, then plan.finished; then it ends."),
)
async def follow(plan_id: PlanId, caller: CallerOf, database: DatabaseOf, last_seen: LastEventId = None) -> Response:
    """Send what the run told and tells (server-sent events), from the beginning or after `Last-Event-ID`."""

    def look(number: int) -> tuple[list[ServerSentEvent], int, bool]:
        with database.read() as session:
            plan = get_plan(session, plan_id, caller.centres)
            found = events_after(session, plan_id, number)
            events = [
                ServerSentEvent(
                    json.dumps({"at": event.at.astimezone(CHINA).isoformat(), "plan_id": plan_id, **event.data}),
                    event=event.type,
                    id=str(event.number),
                )
                for event in found
            ]
            last = found[-1].number if found else number
            return events, last, plan.state in ENDED and last >= plan.told

    begin = int(last_seen) if last_seen is not None and last_seen.isascii() and last_seen.isdigit() else 0
    first = await run_sync(look, begin)

    async def events() -> AsyncIterator[ServerSentEvent]:
        found, last, over = first
        while True:
            for event in found:
                yield event
            if over:
                return
            await asyncio.sleep(FOLLOW_EVERY_S)
            found, last, over = await run_sync(look, last)

    return EventSourceResponse(events())
