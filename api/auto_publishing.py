"""A plan that is to hold as soon as it is made, if the checker and what is promised by then allow it."""

import datetime as dt

import structlog

from api.database import Database
from api.errors import Problem
from api.evaluating import StoredPlans
from api.judging import judge
from api.plan_states import PlanState
from api.store.plans import get_plan
from api.store.publishing import publish

__all__ = ["publish_checked", "publish_when_made"]


def publish_when_made(database: Database, plan_id: str, at: dt.datetime) -> bool:
    """Publish a plan whose wish asks for it; where it cannot hold it stays finished, for a person to look at."""
    with database.read() as session:
        plan = get_plan(session, plan_id)
        if plan.wish.get("publish") != "auto" or plan.state != PlanState.FINISHED:
            return False
    return publish_checked(database, plan_id, at)


def publish_checked(database: Database, plan_id: str, at: dt.datetime) -> bool:
    """Check a finished plan as it is stored and publish it in the name of who wished for it; tell whether it holds."""
    log = structlog.get_logger()
    judgement = judge(database.url.render_as_string(hide_password=False), plan_id)
    if judgement.findings:
        log.warning("plan.not_published", plan_id=plan_id, findings=len(judgement.findings))
        return False
    stored_plans = StoredPlans()
    with database.read() as session:
        # Read before anything is locked: within the transaction it is only looked up.
        stored_plans(session, plan_id)
    try:
        with database.write() as session:
            plan = get_plan(session, plan_id, lock=True)
            stored = stored_plans(session, plan_id)
            if plan.state != PlanState.FINISHED or stored is None or stored.digest != judgement.digest:
                return False
            publish(session, plan, stored, actor=plan.actor, at=at)
    except Problem as problem:
        log.warning("plan.not_published", plan_id=plan_id, problem=problem.code, detail=problem.detail)
        return False
    return True
