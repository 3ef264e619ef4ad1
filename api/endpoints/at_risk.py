"""The promises at risk, each with the action that saves it: least time to spare first."""

import datetime as dt
from typing import Annotated, Any

from fastapi import Query
from pydantic import Field, TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.at_risk import Advice, action_for
from api.dependencies import EdgeOf, LanguageOf
from api.job_states import JobState
from api.language import Language
from api.pages import Page, PageOf, foreign_cursor, page_of
from api.promises import Grade, Standing
from api.routes import router
from api.schemas.values import Moment, Money, Shown
from api.schemas.written import duration_text
from api.store.standings import RUNNING, JobStanding, standings_of
from api.tables.jobs import JobRow
from datasets.policies import PolicyClock
from datasets.times import duration_of
from optimizer.model import ClockKind

__all__ = ["AtRisk", "at_risk", "routes"]

routes = router("jobs")


class AtRisk(Shown):
    """A promise at risk, and the action that saves it."""

    job_id: str = Field(description="The job.", examples=["job_01953f3b"])
    centre_id: str = Field(description="Its centre.", examples=["C-NJ"])
    state: JobState = Field(description="Where it stands.", examples=["planned"])
    clock: PolicyClock = Field(description="What is promised.", examples=["arrival"])
    policy: str = Field(description="The policy row that promises it.", examples=["seat"])
    grade: Grade = Field(description="How it stands.", examples=["at_risk"])
    due_at: Moment = Field(description="When it is due.", examples=["2026-03-03T08:12:00+08:00"])
    expected_at: Moment | None = Field(
        description="When the published visit keeps or breaks it.", examples=["2026-03-03T07:40:00+08:00"]
    )
    slack: str = Field(description="Time to spare, ISO 8601, with `-` when over.", examples=["PT32M"])
    price: Money = Field(description="Price of lateness so far.")
    technician_id: str | None = Field(description="Who is promised.", examples=["T00012"])
    action: str = Field(description="A stable word for what saves it.", examples=["set_out"])
    advice: str = Field(description="The same in a sentence.", examples=["see that they set out by 03-03 07:10"])
    act_by: Moment | None = Field(description="Until when it helps.", examples=["2026-03-03T07:10:00+08:00"])


@routes.get("/at-risk", summary="Promises at risk, with the action that saves each")
def at_risk(
    edge: EdgeOf,
    language: LanguageOf,
    page: PageOf,
    centre_id: Annotated[str | None, Query(max_length=64, description="Of this centre.", examples=["C-NJ"])] = None,
) -> Page[AtRisk]:
    """Return the running promises that are at risk or broken; those whose clocks stand still are left out.

    Later pages tell of the moment of the first: time to spare runs on meanwhile.
    """
    now, after = (edge.clock(), None) if page.after is None else _place(page.after)
    with edge.read() as session:
        risks = [
            (standing, one)
            for one in standings_of(session, _jobs(session, edge.caller.centres, centre_id), now)
            for standing in one.standings
            if standing.stopped_s is None and standing.grade not in (Grade.KEPT, Grade.ON_TRACK)
        ]
        risks.sort(key=_key)
        rest = [risk for risk in risks if after is None or _key(risk) > after][: page.limit + 1]
        return page_of(
            rest, page, lambda risk: _shown(risk[1], risk[0], language), lambda risk: (now.isoformat(), *_key(risk))
        )


def _key(risk: tuple[Standing, JobStanding]) -> tuple[int, str, str]:
    standing, one = risk
    return standing.slack_s, one.job.id, standing.row.clock.value


def _place(after: tuple[Any, ...]) -> tuple[dt.datetime, tuple[int, str, str]]:
    """Return the moment that a cursor's pages tell of, and the place of its last row. Raises BadRequest."""
    match after:
        case (str(moment), int(slack_s), str(job_id), str(clock)):
            try:
                return TypeAdapter(Moment).validate_python(moment), (slack_s, job_id, clock)
            except ValidationError:
                pass
    raise foreign_cursor()


def _jobs(session: Session, centres: frozenset[str] | None, centre_id: str | None) -> list[JobRow]:
    query = select(JobRow).where(JobRow.state.in_([state.value for state in RUNNING]), JobRow.clock_paused_at.is_(None))
    if centres is not None:
        query = query.where(JobRow.centre_id.in_(centres))
    if centre_id is not None:
        query = query.where(JobRow.centre_id == centre_id)
    return list(session.scalars(query))


def _shown(one: JobStanding, standing: Standing, language: Language) -> AtRisk:
    advice = _advice(one, standing)
    return AtRisk(
        job_id=one.job.id,
        centre_id=one.job.centre_id,
        state=JobState(one.job.state),
        clock=standing.row.clock,
        policy=standing.row.name,
        grade=standing.grade,
        due_at=one.moment(standing.due_s),
        expected_at=None if standing.expected_s is None else one.moment(standing.expected_s),
        slack=duration_text(standing.slack_s),
        price=Money(fen=standing.price_fen),
        technician_id=one.job.published_technician_id,
        action=advice.action.value,
        advice=advice.zh if language is Language.ZH else advice.en,
        act_by=advice.by,
    )


def _advice(one: JobStanding, standing: Standing) -> Advice:
    """Return the action; what must be done by the due time begins a service earlier."""
    service_s = duration_of(one.job.cells["service_duration"]).seconds
    latest_start_s = standing.due_s - (service_s if standing.row.clock.visit is ClockKind.RESOLUTION else 0)
    return action_for(
        JobState(one.job.state),
        standing.grade,
        awaits_consent=one.job.consent == "pending",
        due=one.moment(latest_start_s),
        visit_start=one.job.published_start,
        travel_s=0 if one.visit is None else one.visit.travel_s,
    )
