"""What another process does to a store meanwhile; it loads no more than it needs for that."""

import datetime as dt
from collections.abc import Mapping

from api.database import Database
from api.errors import Conflict
from api.store.days import read_jobs
from api.store.jobs import By, enter_jobs
from api.upgrade import upgrade

__all__ = ["enter_here", "upgrade_here"]


def upgrade_here(url: str) -> None:
    """Upgrade a store."""
    database = Database(url)
    upgrade(database)
    database.close()


def enter_here(url: str, job: Mapping[str, str], by: By, now: dt.datetime) -> str:
    """Enter a job, and return what became of it."""
    database = Database(url)
    try:
        with database.write() as session:
            read = read_jobs(session, [dict(job)], now=now)
            (entered,) = enter_jobs(session, read, source="crm", external_ids=["7"], by=by, now=now)
            return entered.outcome
    except Conflict:
        return "conflict"
    finally:
        database.close()
