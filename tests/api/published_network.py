"""A small network whose plan is published: outlets told online, by phone and by fax."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api.auto_publishing import publish_checked
from api.database import Database
from api.run_process import run_here
from api.store.jobs import By
from api.store.load import load_day
from api.store.plan_days import centres_on
from api.store.plans import create_plan
from datasets.day import read_source
from optimizer.budget import Budget
from optimizer.workers import HereWorkers
from tests.bad_days import make_network

__all__ = ["DATE", "EVENING", "SEVEN", "hire", "make", "publish_network"]

DATE = dt.date(2026, 3, 2)
EVENING = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)
"""17:00 of the day before: nothing is frozen."""
SEVEN = dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC)
"""06:30 of the day: fax outlets are frozen, outlets told by phone will be at 07:00."""


class Here(HereWorkers):
    """Workers of a run in the test's own process."""

    def until_stopped(self, budget: Budget) -> Budget:
        return budget


@contextmanager
def hire() -> Iterator[Here]:
    yield Here()


def make(database: Database, plan_id: str) -> None:
    """Make a plan that waits, here."""
    run_here(database, plan_id, "test", hire)


def publish_network(database: Database, folder: Path) -> None:
    """Load a network, plan the day in the evening before, and publish it then."""
    read = read_source(make_network.write(folder / "day", jobs=36, technicians=6))
    wish: dict[str, Any] = {
        "scope": {"centres": "all"},
        "limits": {"seconds": None, "steps": 200},
        "seed": 1,
        "engine": "search",
        "freeze": "channels",
        "base_plan": "published",
    }
    with database.write() as session:
        load_day(session, read, by=By(actor="test", channel="load"), now=EVENING)
        plan_id = create_plan(
            session,
            wish=wish,
            date=DATE,
            days=1,
            now=EVENING,
            centre_ids=centres_on(session, DATE),
            actor="test",
            at=EVENING,
        ).id
    make(database, plan_id)
    assert publish_checked(database, plan_id, EVENING)
