"""One attempt at a durable run, in a process of its own: it reads and writes as long as the store may come back."""

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from api.database import Database
from api.patience import patiently
from api.settings import Settings
from api.store.durable_runs import RunLost
from api.workers import end_with_parent

__all__ = ["MOST_FAULTS", "Attempt", "of_worker", "problem_of", "reading", "writing"]

MOST_FAULTS = 1_000
"""So many faults of a run that failed are kept."""

Returned = TypeVar("Returned")


def writing(database: Database, work: Callable[[Session], Returned]) -> Returned:
    """Do a transaction, again while the store is away."""

    def once() -> Returned:
        with database.write() as session:
            return work(session)

    return patiently(once)


def reading(database: Database, work: Callable[[Session], Returned]) -> Returned:
    """Read, again while the store is away."""

    def once() -> Returned:
        with database.read() as session:
            return work(session)

    return patiently(once)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at one plan."""

    database: Database
    plan_id: str
    attempt: int

    def write(self, work: Callable[[Session], Returned]) -> Returned:
        """Do a transaction, again while the store is away."""
        return writing(self.database, work)

    def read(self, work: Callable[[Session], Returned]) -> Returned:
        """Read, again while the store is away."""
        return reading(self.database, work)


def of_worker(settings: Settings, run: Callable[[Database], None]) -> None:
    """Make a run in the child process of a worker, and end with that worker; one that another has by now is left."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    database = Database(settings.database_url)
    try:
        run(database)
    except RunLost:
        sys.exit(0)
    finally:
        database.close()


def problem_of(code: str, detail: str, errors: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what is kept of why a run failed."""
    return {"code": code, "detail": detail, "faults": len(errors), "errors": list(errors[:MOST_FAULTS])}
