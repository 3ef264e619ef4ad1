"""What the published plan computed about a job, told to a caller in their language."""

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.language import Language
from api.schemas.explanations import ExplanationShown
from api.schemas.jobs import JobExplanation
from api.store.plans import file_of
from api.tables.jobs import JobRow
from api.tables.plans import Published, Visit

__all__ = ["explained_job"]

_FINE = {
    Language.EN: "Served by its nearest capable outlet, in time: the plan had nothing to explain.",
    Language.ZH: "由最近的合格网点按时上门，计划无需说明。",
}
_NO_PLAN = {
    Language.EN: "No published plan speaks of this job.",
    Language.ZH: "没有已发布的计划涉及此单。",
}


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
    return JobExplanation(job_id=job.id, plan_id=plan_id, explained=bool(found), said=said, explanations=found)
