"""Plans that change as little as possible: asked for when the day has gone otherwise than published."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.plan_states import PlanState
from api.store.plans import create_plan
from api.tables.plans import Plan, Published
from datasets.times import local_date

__all__ = ["REPLAN_SECONDS", "Enqueue", "Replan", "ask_replan", "new_replan"]

REPLAN_SECONDS = 15.0
MOST_DAYS = 14

Enqueue = Callable[[Session, str], None]
"""Puts a plan into the queue, in the transaction that makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replan:
    """A plan of a centre from a moment on, against what is published.

    thawed: outlets whose freeze is lifted. because: the disruption or the item that asks for it.
    """

    centre_id: str
    now: dt.datetime
    thawed: Collection[str]
    because: str
    limits: Mapping[str, Any] = field(default_factory=lambda: {"seconds": REPLAN_SECONDS, "steps": None})
    publish: str = "manual"


def new_replan(session: Session, wanted: Replan, *, actor: str, at: dt.datetime) -> Plan:
    """Add a replan; it is not in the queue yet."""
    centre_id, now = wanted.centre_id, wanted.now
    date = local_date(now)
    wish = {
        "scope": {"centres": [centre_id]},
        "horizon": {"date": date.isoformat(), "days": _days(session, centre_id, date), "now": now.isoformat()},
        "limits": dict(wanted.limits),
        "seed": 1,
        "engine": "search",
        "freeze": "channels",
        "base_plan": "published",
        "thawed": sorted(wanted.thawed),
        "because": [wanted.because],
        "publish": wanted.publish,
    }
    return create_plan(
        session,
        wish=wish,
        date=date,
        days=wish["horizon"]["days"],  # type: ignore[index]
        now=now,
        centre_ids=[centre_id],
        actor=actor,
        at=at,
    )


def ask_replan(session: Session, enqueue: Enqueue, wanted: Replan, *, actor: str, at: dt.datetime) -> str:
    """Ask for a replan, and return its id; one that still waits for a worker is joined."""
    waiting = _join_replan(session, wanted, at)
    if waiting is not None:
        return waiting
    plan = new_replan(session, wanted, actor=actor, at=at)
    enqueue(session, plan.id)
    return plan.id


def _join_replan(session: Session, wanted: Replan, at: dt.datetime) -> str | None:
    """Let a replan of today that no worker has begun serve one more reason; None when there is none."""
    date = local_date(at)
    waiting = select(Plan).where(Plan.state == PlanState.QUEUED, Plan.date == date, Plan.cancel_asked_at.is_(None))
    for plan in session.scalars(waiting.order_by(Plan.id).with_for_update()):
        if plan.centre_ids != [wanted.centre_id] or "because" not in plan.wish or plan.wish["publish"] != "manual":
            continue
        wish = dict(plan.wish)
        wish["thawed"] = sorted({*wish["thawed"], *wanted.thawed})
        wish["because"] = [*wish["because"], wanted.because]
        plan.wish, plan.now = wish, max(plan.now, at)
        session.flush()
        return plan.id
    return None


def _days(session: Session, centre_id: str, date: dt.date) -> int:
    """Return how many dates from this one on are published without a gap, one at least."""
    wanted = select(Published.date).where(Published.centre_id == centre_id, Published.date >= date)
    dates = set(session.scalars(wanted))
    days = 1
    while days < MOST_DAYS and date + dt.timedelta(days=days) in dates:
        days += 1
    return days
