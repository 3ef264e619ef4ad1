"""How a job is best repaired: on site, at the depot, by exchange or over the telephone."""

import datetime as dt
from dataclasses import replace
from typing import Annotated

from fastapi import Path, Request

from api.dependencies import EdgeOf, LanguageOf
from api.desks import CentreDesk, Desks
from api.errors import Conflict, NotFound
from api.language import Language
from api.routes import router
from api.schemas.repair_modes import RepairModeShown, RepairModesShown
from api.schemas.values import Money
from api.store.days import job_cells
from api.store.job_moves import job_seen
from datasets.faults import DayRefused
from optimizer.repair_mode import ModeOption, RepairAdvice
from optimizer.repair_modes import advise

__all__ = ["repair_modes", "routes"]

routes = router("jobs", NotFound, Conflict)

JobId = Annotated[str, Path(min_length=1, max_length=64, description="Id of the job.", examples=["job_0198f1c2"])]


@routes.get("/jobs/{job_id}/repair-modes", summary="How it is best repaired")
def repair_modes(job_id: JobId, edge: EdgeOf, language: LanguageOf, request: Request) -> RepairModesShown:
    """Return each way with its cost and promised days, the best, and why it is none of the others.

    By the outlets, stock and lanes that the plan which holds for the job's centre was made from; nothing is reserved.
    """
    desks: Desks = request.app.state.desks
    now = edge.clock()
    with edge.read() as session:
        job = job_seen(session, job_id, edge.caller.centres)
        cells, centre_id = {**job_cells(job, now), "job_id": job.id, "centre_id": job.centre_id}, job.centre_id
        centre = desks.current(session, centre_id)[0]
    return _shown(_advice(centre, cells, now), language, now)


def _advice(centre: CentreDesk, cells: dict[str, str], now: dt.datetime) -> RepairAdvice:
    try:
        job = centre.reader.read(cells)
    except DayRefused as refused:
        raise Conflict(f"The job does not fit the network that the plan was made from: {refused}") from refused
    day = replace(centre.desk.roster.day, jobs=(job,), now_s=centre.seconds(now))
    return next(advise(day, centre.reader.repair_modes(cells), centre.travel))


def _shown(advice: RepairAdvice, language: Language, now: dt.datetime) -> RepairModesShown:
    return RepairModesShown(
        job_id=advice.job_id,
        as_of=now,
        recommended=advice.recommended,
        said=getattr(advice.said, language),
        options=[_option(option, language, now) for option in advice.options],
    )


def _option(option: ModeOption, language: Language, now: dt.datetime) -> RepairModeShown:
    can = option.possible
    return RepairModeShown(
        mode=option.mode,
        possible=can,
        said=getattr(option.said, language),
        cost=Money(fen=option.cost.total) if can else None,
        items={name: Money(fen=fen) for name, fen in option.cost.items() if fen},
        customer_pays=Money(fen=option.customer_fen) if can else None,
        waiting=Money(fen=option.waiting_fen) if can else None,
        promised_days=option.days_p90 if can else None,
        usual_days=option.days_p50 if can else None,
        done_by=now + dt.timedelta(seconds=option.done_p90_s) if can else None,
        outlet_id=option.outlet_id or None,
        source_id=option.source_id or None,
        ship_mode=option.ship_mode,
    )
