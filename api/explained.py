"""Why a job is where it is: what the published plan computed about it, and who could come as the plan stands now."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.booking import Asked, asked_about
from api.desks import CentreDesk, Desks
from api.errors import Conflict
from api.language import Language
from api.recommending import recommended, remedies
from api.schemas.explanations import ExplanationShown
from api.schemas.job_explanations import JobExplanation
from api.store.plans import file_of
from api.tables.jobs import JobRow
from api.tables.plans import Published, Visit

__all__ = ["AtTheDesk", "at_the_desk", "explained_job", "explained_now"]

MOST = 5
_FINE = {
    Language.EN: "Served by its nearest capable outlet, in time: the plan had nothing to explain.",
    Language.ZH: "由最近的合格网点按时上门，计划无需说明。",
}
_NO_PLAN = {
    Language.EN: "No published plan speaks of this job.",
    Language.ZH: "没有已发布的计划涉及此单。",
}
_COMES_FROM_NEAREST = {
    Language.EN: "Its nearest outlet at work serves it.",
    Language.ZH: "由最近的在岗网点上门。",
}
_COMES_FROM_ELSEWHERE = {
    Language.EN: "Another outlet than the nearest serves it.",
    Language.ZH: "由其他网点上门。",
}
_SOMEBODY_COULD = {
    Language.EN: "Nobody is promised yet; as the plan stands, somebody could come.",
    Language.ZH: "尚未安排；按当前计划有人可上门。",
}
_NOBODY_COULD = {
    Language.EN: "Nobody is promised, and as the plan stands nobody has a legal place.",
    Language.ZH: "尚未安排，按当前计划无人可上门。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTheDesk:
    """A job that can still be placed, and the desks of its centre and its visit's.

    outlet_id: whose visit it has, None without one.
    """

    asked: Asked
    centres: Sequence[CentreDesk]
    plan_id: str
    outlet_id: str | None


def explained_job(session: Session, job: JobRow, language: Language) -> JobExplanation:
    """Return the stored explanation of the plan that holds for the job's visit, else of its centre's latest."""
    plan_id, centre_id = _plan_of(session, job)
    if plan_id is None:
        return _said(job, None, _NO_PLAN[language], [])
    body = file_of(session, plan_id, "explanations", centre_id)
    by_job: dict[str, list[dict[str, Any]]] = {} if body is None else json.loads(body)
    found = [ExplanationShown.of(one, language) for one in by_job.get(job.id, ())]
    if not found:
        has_visit = job.published_technician_id is not None
        return _said(job, plan_id, (_FINE if has_visit else _NO_PLAN)[language], found)
    return _said(job, plan_id, " ".join(one.said for one in found), found)


def at_the_desk(session: Session, desks: Desks, job: JobRow, now: dt.datetime) -> AtTheDesk | None:
    """Return a job with the desks of its centre, None when it cannot be placed any more or no plan holds."""
    visit = session.get(Visit, job.id)
    # Whoever comes may be another centre's: its desk has the visit.
    of_visit = () if visit is None or visit.centre_id == job.centre_id else (visit.centre_id,)
    try:
        asked = asked_about(session, job.id, None, now)
        centres = tuple(desk for id_ in (job.centre_id, *of_visit) for desk in desks.current(session, id_))
    except Conflict:
        return None
    slot = (job.appointment_start, job.appointment_end)
    return AtTheDesk(
        asked=asked if slot[0] is None or slot[1] is None else replace(asked, appointment=(slot[0], slot[1])),
        centres=centres,
        plan_id=centres[0].plan_id if visit is None or visit.plan_id is None else visit.plan_id,
        outlet_id=None if visit is None else visit.outlet_id,
    )


def explained_now(found: JobExplanation, desk: AtTheDesk, language: Language, now: dt.datetime) -> JobExplanation:
    """Return an explanation with who could come now, and what would help where nobody can."""
    could = recommended(desk.centres, desk.asked, MOST, language, now)
    is_possible = any(one.possible for one in could.candidates)
    if found.explanations:
        said = found.said
    elif desk.outlet_id is None:
        said = (_SOMEBODY_COULD if is_possible else _NOBODY_COULD)[language]
    elif desk.outlet_id == could.nearest_outlet_id:
        said = _COMES_FROM_NEAREST[language]
    else:
        said = could.why_not_nearest or _COMES_FROM_ELSEWHERE[language]
    helping = [] if is_possible or desk.outlet_id else remedies(desk.centres, desk.asked, language, now)
    changes = {"plan_id": desk.plan_id, "explained": True, "said": said, "now": could, "remedies": helping}
    return found.model_copy(update=changes)


def _plan_of(session: Session, job: JobRow) -> tuple[str | None, str]:
    """Return the plan to ask and the centre whose documents hold the job's: that of the job."""
    visit = session.get(Visit, job.id)
    if visit is not None and visit.plan_id is not None:
        return visit.plan_id, job.centre_id
    latest = (
        select(Published.plan_id)
        .where(Published.centre_id == job.centre_id)
        .order_by(Published.published_at.desc(), Published.date)
        .limit(1)
    )
    return session.scalar(latest), job.centre_id


def _said(job: JobRow, plan_id: str | None, said: str, found: list[ExplanationShown]) -> JobExplanation:
    return JobExplanation(
        job_id=job.id,
        plan_id=plan_id,
        explained=bool(found),
        said=said,
        explanations=found,
        now=None,
        remedies=[],
    )
