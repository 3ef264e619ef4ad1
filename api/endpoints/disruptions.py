"""Disruptions: what has gone otherwise than planned, answered by a plan that changes as little as possible."""

from functools import partial
from typing import Annotated

from fastapi import Path, Query, Request, Response
from sqlalchemy.orm import Session

from api.auth import Scope
from api.conditions import IfMatch, etag, hold_version
from api.dependencies import EdgeOf, needs
from api.edge import Answer
from api.endpoints.dispatch import enqueue_with
from api.endpoints.plans import valid_day
from api.errors import Conflict, Fault, NotFound, Refused
from api.pages import Page, PageOf, page_of
from api.routes import router
from api.schemas.disruptions import DisruptionMade, DisruptionReport, DisruptionShown, ValidDisruption
from api.schemas.plans import plan_shown
from api.store.disruptions import Report, disruption_seen, end_disruption, list_disruptions, report_disruption
from api.store.job_moves import MAY_BE_AHEAD
from api.store.plans import get_plan
from api.store.replans import REPLAN_SECONDS

__all__ = ["end", "index", "report", "routes", "show"]

routes = router("disruptions", Conflict, NotFound)

DisruptionId = Annotated[
    str, Path(min_length=1, max_length=64, description="Id of the disruption.", examples=["disruption_0198"])
]
_SOLVE = needs("plans:solve")


@routes.post(
    "/disruptions",
    status_code=202,
    response_model=DisruptionMade,
    responses={200: {"model": ValidDisruption, "description": "`validate_only`: it could be planned."}},
    dependencies=[_SOLVE],
    summary="Report what has gone otherwise than planned",
)
def report(body: DisruptionReport, edge: EdgeOf, request: Request) -> Response:
    """Write a disruption down and ask for a plan of its centre from `now` on, against what is published."""
    at = edge.clock()
    now = body.now or at
    if now > at + MAY_BE_AHEAD:
        fault = Fault(pointer="/now", code="in_the_future", detail="at most 5 minutes ahead of this service's clock")
        raise Refused("That moment has not come yet.", faults=(fault,))
    last = body.last()
    if last is not None and last <= now:
        fault = Fault(pointer=f"/{body.kind}", code="past", detail="a disruption that lasts beyond `now`")
        raise Refused("The disruption is over.", faults=(fault,))
    if body.publish == "auto":
        edge.caller.require(Scope.PLANS_PUBLISH)
    said = Report(
        kind=body.kind,
        said=body.said(),
        now=now,
        from_at=body.first(),
        to_at=last,
        limits=body.limits.kept(REPLAN_SECONDS),
        publish=body.publish,
    )
    reported = partial(report_disruption, report=said, centres=edge.caller.centres, actor=edge.caller.actor, at=at)
    if body.validate_only:
        # Written down, planned with, and forgotten: what is judged is what would be planned.
        with edge.read() as session:
            row, plan = reported(session, enqueue=None)
            shown = ValidDisruption(disruption=DisruptionShown.of(row), day=valid_day(session, plan))
        return edge.kept(Answer(body=shown))

    def effect(session: Session) -> Answer:
        row, plan = reported(session, enqueue=enqueue_with(request))
        made = DisruptionMade(disruption=DisruptionShown.of(row), plan=plan_shown(plan))
        headers = {"Location": f"/v1/disruptions/{row.id}", "ETag": etag(row.version)}
        return Answer(body=made, status=202, headers=headers)

    return edge.once(effect)


@routes.get("/disruptions", summary="Disruptions, the newest first")
def index(
    edge: EdgeOf,
    page: PageOf,
    centre_id: Annotated[str | None, Query(max_length=64, description="Of this centre.", examples=["C01"])] = None,
) -> Page[DisruptionShown]:
    """Return the disruptions that this key sees."""
    after = None if page.after is None else str(page.after[0])
    with edge.read() as session:
        rows = list_disruptions(
            session, centres=edge.caller.centres, centre_id=centre_id, after=after, limit=page.limit
        )
        return page_of(rows, page, DisruptionShown.of, lambda row: (row.id,))


@routes.get("/disruptions/{disruption_id}", response_model=DisruptionMade, summary="A disruption and its plan")
def show(disruption_id: DisruptionId, edge: EdgeOf) -> Response:
    """Return a disruption and how far its plan is; once made, what changed and whom to call again."""
    with edge.read() as session:
        row = disruption_seen(session, disruption_id, edge.caller.centres)
        made = DisruptionMade(disruption=DisruptionShown.of(row), plan=plan_shown(get_plan(session, str(row.plan_id))))
        return Answer(body=made, headers={"ETag": etag(row.version)}).response()


@routes.post(
    "/disruptions/{disruption_id}:end",
    response_model=DisruptionShown,
    dependencies=[_SOLVE],
    summary="Take a disruption back",
)
def end(disruption_id: DisruptionId, edge: EdgeOf, versions: IfMatch) -> Response:
    """Let days that are planned from now on know nothing of it: they are well again, the vehicle runs."""

    def effect(session: Session) -> Answer:
        row = disruption_seen(session, disruption_id, edge.caller.centres, lock=True)
        hold_version(row.version, versions.needed())
        end_disruption(session, row, edge.clock())
        return Answer(body=DisruptionShown.of(row), headers={"ETag": etag(row.version)})

    return edge.once(effect)
