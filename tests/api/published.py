"""Stores in which a plan holds: made here, by few steps of search."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from api.auto_publishing import publish_checked
from api.database import Database
from api.run_process import run_here
from api.store.plan_days import centres_on
from api.store.plans import create_plan
from api.tables.plans import Plan
from optimizer.budget import Budget
from optimizer.workers import HereWorkers

__all__ = ["hire", "make", "plan", "plan_and_publish"]


class Here(HereWorkers):
    """Workers of a run in the test's own process."""

    def until_stopped(self, budget: Budget) -> Budget:
        return budget


@contextmanager
def hire() -> Iterator[Here]:
    yield Here()


def make(database: Database, plan_id: str, steps: int = 200) -> None:
    """Make a plan that waits, here; by steps, where the seconds of the clock were wished for."""
    with database.write() as session:
        waiting = session.get_one(Plan, plan_id)
        if waiting.wish["limits"]["steps"] is None:
            waiting.wish = {**waiting.wish, "limits": {"seconds": None, "steps": steps}}
    run_here(database, plan_id, "test", hire)


def plan_and_publish(database: Database, *, date: dt.date, now: dt.datetime, days: int = 2, steps: int = 200) -> str:
    """Plan all centres and let the plan hold; return its id."""
    plan_id = plan(database, date=date, now=now, days=days, steps=steps)
    assert publish_checked(database, plan_id, now)
    return plan_id


def plan(
    database: Database,
    *,
    date: dt.date,
    now: dt.datetime,
    days: int = 2,
    steps: int = 200,
    publish: str = "manual",
    is_made: bool = True,
) -> str:
    """Wish for a plan of all centres and make it, here, unless it shall wait; return its id."""
    wish: dict[str, Any] = {
        "scope": {"centres": "all"},
        "limits": {"seconds": None, "steps": steps},
        "seed": 1,
        "engine": "search",
        "freeze": "channels",
        "base_plan": "published",
        "publish": publish,
    }
    with database.write() as session:
        plan_id = create_plan(
            session,
            wish=wish,
            date=date,
            days=days,
            now=now,
            centre_ids=centres_on(session, date),
            actor="test",
            at=now,
        ).id
    if is_made:
        make(database, plan_id)
    return plan_id
