"""Plans: wished for, watched while they are made, looked at, edited in thought, published."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import Path, Query, Request, Response
from sqlalchemy.orm import Session
from sse_starlette import EventSourceResponse

from api.auth import Caller
from api.conditions import IfMatch, PreferWait, etag, hold_version
from api.dependencies import CallerOf, DatabaseOf, EdgeOf, needs
from api.edge import Answer, Edge
from api.endpoints.waiting import wait_for_end
from api.endpoints.wishes import planning_moment
from api.errors import Conflict, Fault, NotFound, Refused
from api.evaluating import evaluate
from api.following import LastEventId, follow_run
from api.judging import Judgement, judge
from api.pages import Page, PageOf, cursor_of
from api.plan_states import PlanState
from api.routes import router
from api.run_queue import enqueue_run
from api.schemas.plan_documents import RouteShown
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
from api.schemas.values import Money, priced
from api.store.plan_days import centres_on, freeze
from api.store.plans import ask_to_cancel, create_plan, events_after, get_plan, list_plans
from api.store.publishing import publish
from api.tables.plans import Plan, PlanEvent
from datasets.faults import DayRefused
from optimizer.by_order import RouteUntimed

__all__ = [
    "MADE",
    "PlanId",
    "answers",
    "cancel",
    "checked",
    "evaluate_edit",
    "follow",
    "index",
    "let_hold",
    "require_state",
    "routes",
    "show",
    "valid_day",
    "wish",
]

routes = router("plans", Conflict, NotFound)

USUAL_S = 60.0
MADE = (PlanState.FINISHED, PlanState.PUBLISHED, PlanState.SUPERSEDED)

PlanId = Annotated[str, Path(description="Id of the plan.", examples=["plan_0198f1c2"], max_length=64)]
TOLD = {
    "type": "object",
    "description": "One event; `data` is JSON: what `progress` or `outcome` of the plan shows.",
    "properties": {
        "id": {"type": "string", "description": "Its number, for `Last-Event-ID`.", "examples": ["3"]},
        "event": {"enum": ["plan.progress", "plan.finished"], "description": "What it tells."},
        "data": {"type": "string", "description": "JSON.", "examples": ['{"stage": "search", "share": 0.5}']},
    },
}


def answers(kind: str, description: str, schema: Mapping[str, Any]) -> dict[int | str, dict[str, Any]]:
    """Return what a route that answers in another form than JSON tells OpenAPI."""
    return {200: {"description": description, "content": {kind: {"schema": schema}}}}


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
    now = planning_moment(body.horizon.date, body.horizon.now, at)
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
    faults += _base_faults(session, body, caller, wanted)
    if faults:
        raise Refused("The wish names what is not there.", faults=faults)
    wish = body.model_dump(mode="json", exclude={"validate_only", "limits"})
    wish["limits"] = body.limits.kept(USUAL_S)
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


def _base_faults(session: Session, body: PlanWish, caller: Caller, centres: Sequence[str]) -> list[Fault]:
    """Return what is wrong with the plan that changes are to be counted against."""
    if body.base_plan in ("published", "none"):
        return []
    try:
        base = get_plan(session, body.base_plan, caller.centres)
    except NotFound:
        detail = "published, none, or the id of a plan that was made"
        return [Fault(pointer="/base_plan", code="unknown_plan", detail=detail)]
    if base.state not in MADE:
        return [Fault(pointer="/base_plan", code="not_made", detail=f"a plan that was made; this one is {base.state}")]
    if set(base.centre_ids) != set(centres) or base.date != body.horizon.date:
        detail = "a plan of the same centres and the same first date"
        return [Fault(pointer="/base_plan", code="other_scope", detail=detail)]
    return []


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
    """Cancel at once what waits; a run that goes on is ended by its worker within two seconds.

    No If-Match: that a run has begun since it was looked at is no reason to let it go on, and one that has ended is
    refused (409) whichever version is meant.
    """

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
        hold_version(plan.version, versions.needed())
        require_state(plan, (PlanState.FINISHED,))
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
        hold_version(plan.version, versions.needed())
        require_state(plan, (PlanState.FINISHED,))
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
        require_state(plan, MADE)
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
    people = {shift.id: (shift.technician_id, day.date + dt.timedelta(days=shift.day)) for shift in day.shifts}
    home = {person.id: person.outlet_id for person in day.technicians}
    shown = EvaluationShown(
        routes=[
            RouteShown.of(day, route, (who, home[who], date))
            for route in found.plan.routes
            if route.shift_id in orders
            for who, date in (people[route.shift_id],)
        ],
        before=priced(found.before_fen),
        after=priced(found.after_fen),
        difference=Money(fen=sum(found.after_fen.values()) - sum(found.before_fen.values())),
        violations=[
            FindingShown(rule=str(broken.rule), where=broken.where, sentence=broken.sentence)
            for broken in found.violations
        ],
        left_out=[left.job_id for left in found.plan.unassigned],
    )
    return edge.kept(Answer(body=shown))


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
        require_state(get_plan(session, plan_id, caller.centres), MADE)
    judgement: Judgement = request.app.state.judge(judge, database.url.render_as_string(False), plan_id)
    return Judged(legal=not judgement.findings, findings=[_finding(found) for found in judgement.findings])


def _finding(found: Any) -> FindingShown:
    return FindingShown(rule=found.rule, where=found.where, sentence=found.sentence)


def require_state(plan: Plan, states: tuple[PlanState, ...]) -> None:
    """Raise Conflict for a plan in another state."""
    if plan.state not in states:
        raise Conflict(f"The plan is {plan.state}.", members={"state": plan.state})


@routes.get(
    "/plans/{plan_id}/events",
    summary="Follow a run",
    response_class=EventSourceResponse,
    responses=answers("text/event-stream", "plan.progress about every second, then plan.finished; then it ends.", TOLD),
)
async def follow(plan_id: PlanId, caller: CallerOf, database: DatabaseOf, last_seen: LastEventId = None) -> Response:
    """Send what the run told and tells (server-sent events), from the beginning or after `Last-Event-ID`."""

    def look(session: Session, number: int) -> tuple[Plan, Sequence[PlanEvent]]:
        return get_plan(session, plan_id, caller.centres), events_after(session, plan_id, number)

    return await follow_run(database, look, {"plan_id": plan_id}, last_seen)
