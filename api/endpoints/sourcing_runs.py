"""Sourcing runs: all open orders of parts decided at once, by a worker."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import Path, Request, Response
from sqlalchemy.orm import Session

from api.conditions import PreferWait, etag
from api.database import Database
from api.dependencies import CallerOf, DatabaseOf, EdgeOf, LanguageOf, needs
from api.edge import Answer, Edge
from api.errors import Conflict, Fault, NotFound, Refused
from api.pages import Page, PageOf, Wanted, cursor_of, foreign_cursor, page_of
from api.plan_states import ENDED
from api.routes import router
from api.run_queue import enqueue_run
from api.schemas.parts_orders import SourcingRunShown, SourcingWish
from api.schemas.runs import RunProblem
from api.schemas.sourcing_findings import ReturnShown, TransferShown
from api.schemas.values import Money, priced
from api.sourcing_findings import return_shown, transfer_shown
from api.store.plan_days import centres_on
from api.store.sourcing_runs import (
    RETURN,
    TRANSFER,
    ask_to_cancel,
    create_run,
    findings_of,
    get_run,
    list_runs,
)
from api.tables.parts import SourcingFinding, SourcingRun
from datasets.times import local_date

__all__ = [
    "cancel_run",
    "list_returns",
    "list_sourcing_runs",
    "list_transfers",
    "routes",
    "run_shown",
    "show_run",
    "wish_for_run",
]

routes = router("parts", NotFound, Conflict)

WRITE = needs("parts:write")
LOOK_EVERY_S = 0.1
RunId = Annotated[str, Path(max_length=64, description="The run's id.", examples=["srun_0198f1c2"])]


@routes.post(
    "/sourcing-runs",
    status_code=202,
    response_model=SourcingRunShown,
    responses={200: {"model": SourcingRunShown, "description": "Ended within `Prefer: wait`."}},
    dependencies=[WRITE],
    summary="Source all open orders",
)
async def wish_for_run(body: SourcingWish, edge: EdgeOf, wait_s: PreferWait, request: Request) -> Response:
    """Put a run into the queue; its answers replace those that are not the last, and change no promise besides."""
    response = await run_sync(_wished, body, edge, request)
    if not wait_s or response.status_code != 202:
        return response
    location, until = response.headers["location"], time.monotonic() + wait_s
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_EVERY_S)
        ended = await run_sync(_ended, edge.database, location)
        if ended is not None:
            return ended.response()
    return response


def _wished(body: SourcingWish, edge: Edge, request: Request) -> Response:
    at = edge.clock()

    def effect(session: Session) -> Answer:
        seen = [id_ for id_ in centres_on(session, local_date(at)) if edge.caller.sees(id_)]
        wanted = seen if body.centres == "all" else list(dict.fromkeys(body.centres))
        faults = [
            Fault(pointer=f"/centres/{number}", code="unknown_centre", detail=f'no centre "{id_}"')
            for number, id_ in enumerate(wanted)
            if id_ not in seen
        ]
        if not wanted:
            faults = [Fault(pointer="/centres", code="no_centre", detail="no centre today")]
        if faults:
            raise Refused("The run names what is not there.", faults=faults)
        wish = {"centres": body.centres, "limits": body.limits.kept()}
        run = create_run(session, wish=wish, centre_ids=wanted, actor=edge.caller.actor, at=at)
        enqueue_run(session, request.app.state.queue, run.id)
        headers = {"Location": f"/v1/sourcing-runs/{run.id}", "ETag": etag(run.version)}
        return Answer(body=run_shown(run), status=202, headers=headers)

    return edge.once(effect)


def _ended(database: Database, location: str) -> Answer | None:
    with database.read() as session:
        run = get_run(session, location.rsplit("/", 1)[1])
        headers = {"Location": location, "ETag": etag(run.version)}
        return Answer(body=run_shown(run), headers=headers) if run.state in ENDED else None


@routes.get("/sourcing-runs", summary="Sourcing runs, the newest first")
def list_sourcing_runs(caller: CallerOf, database: DatabaseOf, page: PageOf) -> Page[SourcingRunShown]:
    """Return runs; those that reach beyond the key's centres are not there."""
    after = None if page.after is None else str(page.after[0])
    with database.read() as session:
        rows = list_runs(session, after=after, limit=page.limit)
        here = rows[: page.limit]
        shown = [run_shown(run) for run in here if all(map(caller.sees, run.centre_ids))]
        following = cursor_of((here[-1].id,)) if len(rows) > page.limit else None
    return Page[SourcingRunShown](items=shown, next=following)


@routes.get("/sourcing-runs/{run_id}", response_model=SourcingRunShown, summary="A sourcing run")
def show_run(run_id: RunId, caller: CallerOf, database: DatabaseOf) -> Response:
    """Return how a run stands; ended: its cost, the bound and the gap."""
    with database.read() as session:
        run = get_run(session, run_id, caller.centres)
        return Answer(body=run_shown(run), headers={"ETag": etag(run.version)}).response()


@routes.get("/sourcing-runs/{run_id}/transfers", summary="Transfers that a run proposes, the best first")
def list_transfers(
    run_id: RunId, caller: CallerOf, database: DatabaseOf, language: LanguageOf, page: PageOf
) -> Page[TransferShown]:
    """Return which units should go from one source to another tonight; nobody's answer changes until they have."""
    with database.read() as session:
        rows = _findings(session, get_run(session, run_id, caller.centres), TRANSFER, page)
        return page_of(rows, page, lambda row: transfer_shown(row.content, language), lambda row: (row.number,))


@routes.get("/sourcing-runs/{run_id}/returns", summary="How defective parts go back")
def list_returns(
    run_id: RunId, caller: CallerOf, database: DatabaseOf, language: LanguageOf, page: PageOf
) -> Page[ReturnShown]:
    """Return the parcel of every return that waits at an outlet of the run's centres, or why it stays."""
    with database.read() as session:
        rows = _findings(session, get_run(session, run_id, caller.centres), RETURN, page)
        return page_of(rows, page, lambda row: return_shown(row.content, language), lambda row: (row.number,))


def _findings(session: Session, run: SourcingRun, kind: str, page: Wanted) -> Sequence[SourcingFinding]:
    after = 0 if page.after is None else page.after[0]
    if not isinstance(after, int):
        raise foreign_cursor()
    return findings_of(session, run, kind, after=after, limit=page.limit)


@routes.post(
    "/sourcing-runs/{run_id}:cancel", response_model=SourcingRunShown, dependencies=[WRITE], summary="Cancel a run"
)
def cancel_run(run_id: RunId, edge: EdgeOf) -> Response:
    """Cancel at once what waits; a run that goes on is ended by its worker, and has answered nothing."""

    def effect(session: Session) -> Answer:
        run = get_run(session, run_id, edge.caller.centres, lock=True)
        ask_to_cancel(session, run, edge.clock())
        return Answer(body=run_shown(run), headers={"ETag": etag(run.version)})

    return edge.once(effect)


def run_shown(run: SourcingRun) -> SourcingRunShown:
    """Return a run as callers see it."""
    outcome = run.outcome or {}
    told: dict[str, Any] = {
        name: outcome.get(name) for name in ("orders", "lines", "answers", "answered_late", "again", "gap")
    }
    cost_fen, bound_fen, items = (outcome.get(name) for name in ("cost_fen", "bound_fen", "items"))
    own: dict[str, Any] = {
        name: getattr(run, name)
        for name in ("id", "version", "state", "created_at", "started_at", "ended_at", "centre_ids")
    }
    return SourcingRunShown(
        **own,
        **told,
        cost=None if cost_fen is None else Money(fen=cost_fen),
        bound=None if bound_fen is None else Money(fen=bound_fen),
        items=None if items is None else priced(items),
        problem=None if run.problem is None else RunProblem(**run.problem),
    )
