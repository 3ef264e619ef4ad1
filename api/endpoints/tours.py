"""Plans of tours: wished for, watched while they are made, locked, announced, published, planned again."""

import asyncio
import datetime as dt
import time
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import Path, Query, Request, Response
from sqlalchemy.orm import Session

from api.auth import Caller
from api.conditions import IfMatch, PreferWait, Versions, etag, hold_version
from api.database import Database
from api.dependencies import CallerOf, DatabaseOf, EdgeOf, LanguageOf, needs
from api.edge import Answer, Edge
from api.endpoints.wishes import planning_moment
from api.errors import Conflict, Fault, NotFound, Refused
from api.judging import Judgement
from api.language import Language
from api.pages import Page, PageOf, cursor_of
from api.plan_states import ENDED, PlanState
from api.routes import router
from api.run_queue import enqueue_run
from api.schemas.plans import FindingShown, Judged
from api.schemas.tours import (
    LockDay,
    Recorded,
    Replan,
    TourPublished,
    TourShown,
    TourWish,
    ValidTours,
    VisitsSaid,
    tour_shown,
)
from api.store.plan_days import centres_on
from api.store.tour_days import crews_on
from api.store.tour_levers import lever_faults
from api.store.tour_parts import spares_aboard
from api.store.tour_plans import ask_to_cancel, create_tour_plan, file_of, get_tour_plan, list_tour_plans
from api.store.tour_publishing import Said, publish_tours, record_visits
from api.store.tour_wishes import replan_wish
from api.tables.tours import TourPlanRow
from api.tour_judging import judge_tours, tours_digest
from api.tour_validating import refuse_levers, valid_tours
from datasets.times import local_date

__all__ = [
    "TourId",
    "cancel_tours",
    "check_tours_now",
    "days_of",
    "held_tours",
    "list_tours",
    "lock_day",
    "publish",
    "record",
    "replan",
    "require_made",
    "routes",
    "show_tours",
    "wish_for_tours",
]

routes = router("tours", NotFound, Conflict)

SOLVE = needs("plans:solve")
LOOK_EVERY_S = 0.1
USUAL_S = 30.0
MADE = (PlanState.FINISHED, PlanState.PUBLISHED, PlanState.SUPERSEDED)
STANDING = (PlanState.FINISHED, PlanState.PUBLISHED)
TourId = Annotated[str, Path(max_length=64, description="Id of the plan of tours.", examples=["tour_0198f1c2"])]


@routes.post(
    "/tours",
    status_code=202,
    response_model=TourShown,
    responses={200: {"model": TourShown | ValidTours, "description": "Ended within `Prefer: wait`, or valid."}},
    dependencies=[SOLVE],
    summary="Wish for tours",
)
async def wish_for_tours(
    body: TourWish, edge: EdgeOf, wait_s: PreferWait, language: LanguageOf, request: Request
) -> Response:
    """Put a plan of tours into the queue; workers make it. `validate_only` reads and judges the rows instead."""
    response = await run_sync(_wished, body, edge, language, request)
    return await _waited(edge.database, response, wait_s, language)


async def _waited(database: Database, response: Response, wait_s: float | None, language: Language) -> Response:
    """Return the tours if they are made in time, else what was answered; nobody's thread is taken meanwhile."""
    if not wait_s or response.status_code != 202:
        return response
    location, until = response.headers["location"], time.monotonic() + wait_s
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_EVERY_S)
        ended = await run_sync(_ended, database, location, language)
        if ended is not None:
            return ended.response()
    return response


def _ended(database: Database, location: str, language: Language) -> Answer | None:
    with database.read() as session:
        plan = get_tour_plan(session, location.rsplit("/", 1)[1])
        headers = {"Location": location, "ETag": etag(plan.version)}
        return Answer(body=tour_shown(plan, language), headers=headers) if plan.state in ENDED else None


def _wished(body: TourWish, edge: Edge, language: Language, request: Request) -> Response:
    at = edge.clock()
    now = planning_moment(body.horizon.date, body.horizon.now, at)
    if body.validate_only:
        with edge.read() as session:
            valid = valid_tours(session, _new(session, body, now, edge.caller, at))
        return edge.kept(Answer(body=valid))

    def effect(session: Session) -> Answer:
        plan = _new(session, body, now, edge.caller, at)
        refuse_levers(session, plan)
        enqueue_run(session, request.app.state.queue, plan.id)
        return _accepted(plan, language)

    return edge.once(effect)


def _accepted(plan: TourPlanRow, language: Language) -> Answer:
    headers = {"Location": f"/v1/tours/{plan.id}", "ETag": etag(plan.version)}
    return Answer(body=tour_shown(plan, language), status=202, headers=headers)


def _new(session: Session, body: TourWish, now: dt.datetime, caller: Caller, at: dt.datetime) -> TourPlanRow:
    date, days = body.horizon.date, body.horizon.days
    crews = {id_: centre for id_, centre in crews_on(session, date).items() if caller.sees(centre)}
    faults = []
    if body.scope.crews is not None:
        wanted = list(dict.fromkeys(body.scope.crews))
        faults = [
            Fault(pointer=f"/scope/crews/{number}", code="unknown_crew", detail=f'no crew "{id_}"')
            for number, id_ in enumerate(wanted)
            if id_ not in crews
        ]
        wanted = [id_ for id_ in wanted if id_ in crews]
        centres = sorted({crews[id_] for id_ in wanted})
    else:
        known = [id_ for id_ in centres_on(session, date) if caller.sees(id_)]
        asked = known if body.scope.centres == "all" else list(dict.fromkeys(body.scope.centres or ()))
        faults = [
            Fault(pointer=f"/scope/centres/{number}", code="unknown_centre", detail=f'no centre "{id_}"')
            for number, id_ in enumerate(asked)
            if id_ not in known
        ]
        wanted = [id_ for id_, centre in crews.items() if centre in asked]
        centres = [id_ for id_ in asked if id_ in known]
    if not wanted and not faults:
        faults.append(Fault(pointer="/scope", code="no_crew", detail="no crew on this date"))
    levers = body.levers.model_dump(mode="json")
    faults += lever_faults(session, levers, wanted, date, days, centres)
    faults += _base_faults(session, body, caller)
    if faults:
        raise Refused("The wish names what is not there.", faults=faults)
    wish = {
        "levers": levers,
        "limits": body.limits.kept(USUAL_S),
        "seed": body.seed,
        "base_tour_plan": body.base_tour_plan,
    }
    return create_tour_plan(
        session,
        wish=wish,
        date=date,
        days=days,
        now=now,
        centre_ids=centres,
        crew_ids=wanted,
        actor=caller.actor,
        at=at,
    )


def _base_faults(session: Session, body: TourWish, caller: Caller) -> list[Fault]:
    if body.base_tour_plan is None:
        return []
    try:
        base = get_tour_plan(session, body.base_tour_plan, caller.centres)
    except NotFound:
        return [Fault(pointer="/base_tour_plan", code="unknown_plan", detail="the id of tours that were made")]
    if base.state in MADE:
        return []
    detail = f"tours that were made; these are {base.state}"
    return [Fault(pointer="/base_tour_plan", code="not_made", detail=detail)]


@routes.get("/tours", summary="Plans of tours, the newest first")
def list_tours(
    caller: CallerOf,
    database: DatabaseOf,
    page: PageOf,
    language: LanguageOf,
    state: Annotated[
        list[PlanState] | None, Query(description="Only those in these states.", examples=[["published"]])
    ] = None,
) -> Page[TourShown]:
    """Return a page of plans of tours; those that reach beyond the key's centres are not there."""
    after = None if page.after is None else str(page.after[0])
    with database.read() as session:
        rows = list_tour_plans(session, after=after, limit=page.limit, states=state or ())
        here = rows[: page.limit]
        shown = [tour_shown(plan, language) for plan in here if all(map(caller.sees, plan.centre_ids))]
        following = cursor_of((here[-1].id,)) if len(rows) > page.limit else None
    return Page[TourShown](items=shown, next=following)


@routes.get("/tours/{tour_id}", response_model=TourShown, summary="A plan of tours, or how far its run is")
def show_tours(tour_id: TourId, caller: CallerOf, database: DatabaseOf, language: LanguageOf) -> Response:
    """Return state, progress, figures with when tours are fitting, or the problem."""
    with database.read() as session:
        plan = get_tour_plan(session, tour_id, caller.centres)
        return Answer(body=tour_shown(plan, language), headers={"ETag": etag(plan.version)}).response()


@routes.post("/tours/{tour_id}:cancel", response_model=TourShown, dependencies=[SOLVE], summary="Cancel a run of tours")
def cancel_tours(tour_id: TourId, edge: EdgeOf, language: LanguageOf) -> Response:
    """Cancel at once what waits; a run that goes on is ended by its worker within two seconds."""

    def effect(session: Session) -> Answer:
        plan = get_tour_plan(session, tour_id, edge.caller.centres, lock=True)
        ask_to_cancel(session, plan, edge.clock())
        return Answer(body=tour_shown(plan, language), headers={"ETag": etag(plan.version)})

    return edge.once(effect)


def require_made(plan: TourPlanRow, states: tuple[PlanState, ...] = MADE) -> None:
    """Raise Conflict for tours in another state."""
    if plan.state not in states:
        raise Conflict(f"The tours are {plan.state}.", members={"state": plan.state})


def held_tours(session: Session, edge: Edge, tour_id: str, versions: Versions) -> TourPlanRow:
    """Return tours that stand, locked, if they are the version that the caller means."""
    plan = get_tour_plan(session, tour_id, edge.caller.centres, lock=True)
    hold_version(plan.version, versions.needed())
    require_made(plan, STANDING)
    return plan


def days_of(session: Session, plan: TourPlanRow) -> list[dict[str, Any]]:
    """Return the days of tours as they are kept, with their visits."""
    found: list[dict[str, Any]] = file_of(session, plan.id, "days") or []
    return found


@routes.post(
    "/tours/{tour_id}:lock-day", response_model=TourShown, dependencies=[SOLVE], summary="Lock a day of a crew"
)
def lock_day(tour_id: TourId, body: LockDay, edge: EdgeOf, versions: IfMatch, language: LanguageOf) -> Response:
    """Let a crew's day stay as it is in every plan that begins from these tours, or let it change again."""

    def effect(session: Session) -> Answer:
        plan = held_tours(session, edge, tour_id, versions)
        days = {(day["crew_id"], day["date"]): day for day in days_of(session, plan)}
        if (body.crew_id, body.date) not in days:
            fault = Fault(pointer="/date", code="no_day", detail="a day on which this crew is on tour")
            raise Refused("There is no such day to lock.", faults=(fault,))
        day = days[body.crew_id, body.date]
        held = [row for row in plan.wish.get("held", ()) if (row["crew_id"], row["date"]) != (body.crew_id, body.date)]
        if body.locked:
            held.append(
                {
                    "crew_id": body.crew_id,
                    "date": body.date,
                    "job_ids": [visit["job_id"] for visit in day["visits"]],
                    "lodging_id": day["sleeps_at"],
                }
            )
        plan.wish = {**plan.wish, "held": held}
        plan.version += 1
        session.flush()
        return Answer(body=tour_shown(plan, language), headers={"ETag": etag(plan.version)})

    return edge.once(effect)


@routes.post(
    "/tours/{tour_id}:publish",
    response_model=TourPublished,
    dependencies=[needs("plans:publish")],
    summary="Let tours hold",
)
def publish(tour_id: TourId, edge: EdgeOf, versions: IfMatch, language: LanguageOf, request: Request) -> Response:
    """Publish finished tours: checked again as they are stored, then days, visits and states of jobs at once.

    The parts that they take along are promised to them, and to nobody else; `short_of_parts` names jobs whose parts
    somebody else has been promised since. One plan of tours holds for a crew's day; from its first date on it takes the
    place of earlier ones of its crews, but for visits that have begun. 409 for tours that are over, that forget a date
    told since, or that share a visit with another crew's.
    """
    with edge.read() as session:
        plan = get_tour_plan(session, tour_id, edge.caller.centres)
        hold_version(plan.version, versions.needed())
        require_made(plan, (PlanState.FINISHED,))
    judgement = _judged(request, edge.database, tour_id)
    if judgement.findings:
        raise Conflict(
            f"The checker objects: {len(judgement.findings)} findings; nothing was published.",
            members={"findings": [_finding(found).model_dump() for found in judgement.findings[:1_000]]},
        )

    def effect(session: Session) -> Answer:
        plan = get_tour_plan(session, tour_id, edge.caller.centres, lock=True)
        hold_version(plan.version, versions.needed())
        require_made(plan, (PlanState.FINISHED,))
        if tours_digest(session, tour_id) != judgement.digest:
            raise Conflict("The stored tours changed while they were checked; nothing was published.")
        days = days_of(session, plan)
        held = publish_tours(session, plan, days, actor=edge.caller.actor, at=edge.clock())
        shown = TourPublished(
            tour=tour_shown(plan, language),
            crew_days=len(days),
            visits=held.visits,
            superseded=list(held.superseded),
            short_of_parts=list(held.short_of_parts),
            short_of_spares=list(held.short_of_spares),
        )
        return Answer(body=shown, headers={"ETag": etag(plan.version)})

    return edge.once(effect)


@routes.post(
    "/tours/{tour_id}:replan",
    status_code=202,
    response_model=TourShown,
    responses={200: {"model": TourShown, "description": "Ended within `Prefer: wait`."}},
    dependencies=[SOLVE],
    summary="Plan tours again, changing as little as possible",
)
async def replan(
    tour_id: TourId, body: Replan, edge: EdgeOf, wait_s: PreferWait, language: LanguageOf, request: Request
) -> Response:
    """Wish for tours that begin from these: a van is down, a village cut off, or a planner wants it otherwise.

    Dates that villages were told are kept unless they cannot be; days that have nothing to do with a van or a village
    stay as they are unless such a date would be missed. Crews begin where the published tours have them that morning;
    their visits that have begun are not planned again, unless `plan_unreported` asks for it.
    """
    response = await run_sync(_replanned, tour_id, body, edge, language, request)
    return await _waited(edge.database, response, wait_s, language)


def _replanned(tour_id: str, body: Replan, edge: Edge, language: Language, request: Request) -> Response:
    def effect(session: Session) -> Answer:
        base = get_tour_plan(session, tour_id, edge.caller.centres)
        require_made(base)
        wish, first, days = replan_wish(session, base, body, local_date(edge.clock()))
        wish["limits"] = body.limits.kept(USUAL_S)
        at = edge.clock()
        plan = create_tour_plan(
            session,
            wish=wish,
            date=first,
            days=days,
            now=at if local_date(at) >= base.date else base.now,
            centre_ids=base.centre_ids,
            crew_ids=base.crew_ids,
            actor=edge.caller.actor,
            at=at,
        )
        refuse_levers(session, plan, _instead_of_levers(body))
        enqueue_run(session, request.app.state.queue, plan.id)
        return _accepted(plan, language)

    return edge.once(effect)


def _instead_of_levers(body: Replan) -> str | None:
    """Return where a replan that sends no levers says what happened."""
    if body.levers is not None:
        return None
    return "/van_down" if body.van_down is not None else "/village_cut_off"


@routes.post(
    "/tours/{tour_id}:record",
    response_model=Recorded,
    dependencies=[needs("dispatch")],
    summary="What became of visits",
)
def record(tour_id: TourId, body: VisitsSaid, edge: EdgeOf) -> Response:
    """Write down what a crew says of its visits: calls move on, due visits and villages have a new last date.

    A visit that later tours took over can still be said; where the crew was there, theirs is off. When no visit of a
    tour is open any more, spare parts of the crew's own outlet that no visit says were used are free again.
    """

    def effect(session: Session) -> Answer:
        plan = get_tour_plan(session, tour_id, edge.caller.centres, lock=True)
        require_made(plan, (PlanState.PUBLISHED, PlanState.SUPERSEDED))
        ids = [one.job_id for one in body.visits]
        if len(set(ids)) < len(ids):
            fault = Fault(pointer="/visits", code="twice", detail="a job stands here twice")
            raise Refused("The visits cannot be written down.", faults=(fault,))
        if faults := _not_aboard(session, plan, body, edge.clock()):
            raise Refused("The visits cannot be written down.", faults=faults)
        said = [
            Said(
                job_id=one.job_id,
                outcome=one.outcome,
                start=_at(one.start),
                end=_at(one.end),
                note=one.note,
                parts_used=tuple((part.part_id, part.quantity) for part in one.parts_used),
            )
            for one in body.visits
        ]
        caller = edge.caller
        plans, villages = record_visits(
            session, plan, said, centre_ids=caller.centres, actor=caller.actor, at=edge.clock()
        )
        shown = Recorded(
            visits=len(said),
            done=sum(one.outcome == "done" for one in said),
            maintenance_ids=plans,
            village_ids=villages,
        )
        return Answer(body=shown, headers={"ETag": etag(plan.version)})

    return edge.once(effect)


def _not_aboard(session: Session, plan: TourPlanRow, body: VisitsSaid, at: dt.datetime) -> list[Fault]:
    """Return a fault per spare part that the van of a visit did not have, or not so many of."""
    if not any(one.parts_used for one in body.visits):
        return []
    tour_of = {visit["job_id"]: day["tour_id"] for day in days_of(session, plan) for visit in day["visits"]}
    aboard = {
        (kit["tour_id"], line["part_id"]): line["quantity"]
        for kit in file_of(session, plan.id, "kit") or ()
        for line in kit["lines"]
        if line["is_spare"]
    }
    # A tour that goes on from a night on the road has what the van left home with.
    for tour_id in {tour_of[one.job_id] for one in body.visits if one.parts_used and one.job_id in tour_of}:
        for part_id, units in spares_aboard(session, tour_id, at).items():
            aboard[tour_id, part_id] = max(units, aboard.get((tour_id, part_id), 0))
    detail = "spare parts of the tour's kit, no more units than it had"
    return [
        Fault(pointer=f"/visits/{number}/parts_used/{place}", code="not_aboard", detail=detail)
        for number, one in enumerate(body.visits)
        for place, used in enumerate(one.parts_used)
        if used.quantity > aboard.get((tour_of.get(one.job_id, ""), used.part_id), 0)
    ]


def _at(written: str | None) -> dt.datetime | None:
    return None if written is None else dt.datetime.fromisoformat(written)


@routes.get("/tours/{tour_id}/check", summary="What the checker says about stored tours, now")
def check_tours_now(tour_id: TourId, caller: CallerOf, database: DatabaseOf, request: Request) -> Judged:
    """Run the independent checker over what is stored."""
    with database.read() as session:
        require_made(get_tour_plan(session, tour_id, caller.centres))
    judgement = _judged(request, database, tour_id)
    return Judged(legal=not judgement.findings, findings=[_finding(found) for found in judgement.findings])


def _judged(request: Request, database: Database, tour_id: str) -> Judgement:
    judgement: Judgement = request.app.state.judge(judge_tours, database.url.render_as_string(False), tour_id)
    return judgement


def _finding(found: Any) -> FindingShown:
    return FindingShown(rule=found.rule, where=found.where, sentence=found.sentence)
