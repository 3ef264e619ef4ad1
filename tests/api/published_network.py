"""A small network whose plan is published: outlets told online, by phone and by fax."""

import datetime as dt
from pathlib import Path

from api.auto_publishing import publish_checked
from api.database import Database
from api.store.jobs import By
from api.store.load import load_day
from datasets.day import read_source
from tests.api.published import plan
from tests.bad_days import make_network

__all__ = ["DATE", "EVENING", "SEVEN", "planned_network", "publish_network"]

DATE = dt.date(2026, 3, 2)
EVENING = dt.datetime(2026, 3, 1, 9, 0, tzinfo=dt.UTC)
"""17:00 of the day before: nothing is frozen."""
SEVEN = dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC)
"""06:30 of the day: fax outlets are frozen, outlets told by phone will be at 07:00."""


def publish_network(database: Database, folder: Path) -> None:
    """Load a network, plan the day in the evening before, and publish it then."""
    assert publish_checked(database, planned_network(database, folder), EVENING)


def planned_network(database: Database, folder: Path) -> str:
    """Load a network and plan the day in the evening before; return the plan's id."""
    read = read_source(make_network.write(folder / "day", jobs=36, technicians=6))
    with database.write() as session:
        load_day(session, read, by=By(actor="test", channel="load"), now=EVENING)
    return plan(database, date=DATE, now=EVENING, days=1)
