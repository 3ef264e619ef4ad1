"""Real processes for tests: workers that are killed, and what they leave in the store."""

import datetime as dt
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import httpx
from sqlalchemy import select

from api.database import Database
from api.run_queue import enqueue_run, queue_of
from api.store.jobs import By
from api.store.keys import make_key
from api.store.load import load_day
from api.store.plan_days import centres_on
from api.store.plans import create_plan, plan_alone
from api.tables.plans import Plan, PlanShard
from datasets.day import read_source
from tests.api.forked import Forked
from tests.bad_days import make_network

__all__ = [
    "DATE",
    "NOW",
    "Running",
    "children",
    "key_of",
    "load",
    "plan_of",
    "server",
    "shards",
    "store_with_a_day",
    "until",
    "wish",
    "worker",
]

DATE = dt.date(2026, 3, 2)
NOW = dt.datetime(2026, 3, 1, 23, 0, tzinfo=dt.UTC)  # 07:00 in China
ROOT = Path(__file__).parents[2]
PATIENCE_S = 300


def store_with_a_day(database: Database, folder: Path) -> None:
    """Load a small network into a store."""
    load(database, make_network.write(folder / "day"))


def load(database: Database, day: Path) -> None:
    """Load a day folder into a store."""
    read = read_source(day)
    with database.write() as session:
        load_day(session, read, by=By(actor="test", channel="load"), now=NOW)


def wish(database: Database, **limits: Any) -> str:
    """Put a plan of everything into the queue and return its id."""
    queue = queue_of(database)
    said = {
        "scope": {"centres": "all"},
        "limits": {"seconds": None, "steps": None, **limits},
        "seed": 1,
        "engine": "search",
        "freeze": "channels",
        "base_plan": "published",
    }
    with database.write() as session:
        plan = create_plan(
            session,
            wish=said,
            date=DATE,
            days=1,
            now=NOW,
            centre_ids=centres_on(session, DATE),
            actor="test",
            at=dt.datetime.now(dt.UTC),
        )
        enqueue_run(session, queue, plan.id)
        plan_id = plan.id
    queue.destroy()
    return plan_id


def plan_of(database: Database, plan_id: str) -> Plan:
    """Return a plan as it is now."""
    with database.read() as session:
        return plan_alone(session, plan_id)


def shards(database: Database, plan_id: str) -> Mapping[str, int]:
    """Return the marks of a run: the attempt that solved each shard."""
    with database.read() as session:
        rows = session.execute(select(PlanShard.key, PlanShard.attempt).where(PlanShard.plan_id == plan_id))
        return {key: attempt for key, attempt in rows}


def until(true: Callable[[], bool], what: str) -> float:
    """Wait until something is so, and return how long it took: other processes can only be asked."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < PATIENCE_S, f"waited in vain until {what}"
        time.sleep(0.05)
    return time.monotonic() - begun


class Process(Protocol):
    """A worker or a server of Paigong."""

    @property
    def pid(self) -> int:
        """Return its process id."""
        ...

    def lives(self) -> bool:
        """Tell whether it is there still."""
        ...

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        ...

    def wait(self, patience_s: float | None = None) -> bool:
        """Wait until it has ended, and tell whether it has."""
        ...


class Started:
    """A process that is started as a shell starts it: it loads all it needs."""

    def __init__(self, words: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from api.cli import main; main()", *words],
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=environment,
            )
        self.pid = self._process.pid

    def lives(self) -> bool:
        """Tell whether it is there still."""
        return self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self, patience_s: float | None = None) -> bool:
        """Wait until it has ended, and tell whether it has."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience_s)
        return not self.lives()


class Running:
    """A worker or a server of Paigong that writes what it says into a file."""

    def __init__(self, database_url: str, log: Path, *words: str, anew: bool = False, **settings: str) -> None:
        environment = {**os.environ, "PAIGONG_DATABASE_URL": database_url, "PAIGONG_WORKERS": "1", **settings}
        environment["PYTHONPATH"] = str(ROOT)
        self.log = log
        self._process: Process = (
            Started(words, log, environment) if anew else Forked("api.cli:main", words, log, environment)
        )

    def ready(self, word: str) -> "Running":
        """Wait until it says that it is ready."""
        until(lambda: word in self.said() or not self._process.lives(), f"{word}: {self.said()}")
        assert self._process.lives(), self.said()
        return self

    def said(self) -> str:
        """Return what it has written."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def kill(self) -> None:
        """End it as a power cut would, and wait until whoever it has started is gone too."""
        family = descendants(self.pid)
        self._process.send(signal.SIGKILL)
        self._process.wait()
        until(lambda: not any(map(_lives, family)), "nobody is left")

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def end(self) -> None:
        """Ask it to end, and wait."""
        self._process.send(signal.SIGTERM)
        has_ended = self._process.wait(PATIENCE_S)
        self._process.send(signal.SIGKILL)
        self._process.wait()
        assert has_ended, self.said()


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    try:
        # Each of its threads may have started some.
        tasks = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for task in tasks for child in task.split()]


def descendants(pid: int) -> list[int]:
    """Return the processes that a process has started, and those that they have."""
    return [found for child in children(pid) for found in (child, *descendants(child))]


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def key_of(database: Database) -> dict[str, str]:
    """Return the header of a key that may do everything, by the clock of the machine."""
    with database.write() as session:
        made = make_key(
            session, name="test", scopes=["admin"], centres=None, now=dt.datetime.now(dt.UTC), expires_at=None
        )
    return {"Authorization": f"Bearer {made.token}"}


@contextmanager
def server(database_url: str, log: Path, headers: dict[str, str]) -> Iterator[tuple[httpx.Client, Running]]:
    """Yield a client of a server without a worker, and the server; it is ended afterwards."""
    running = Running(database_url, log, "serve", "--port", "0", "--no-work", PYTHONUNBUFFERED="1")
    try:
        found = re.search(r"http://[0-9.:]+", running.ready("documentation at").said())
        assert found, running.said()
        with httpx.Client(base_url=found[0], headers=headers, timeout=PATIENCE_S, trust_env=False) as client:
            yield client, running
    finally:
        running.end()


@contextmanager
def worker(database_url: str, log: Path, *, anew: bool = False, **settings: str) -> Iterator[Running]:
    """Yield a worker that is ready; it is ended afterwards.

    anew: start it as a shell does, with all that it starts in turn; otherwise they are forked (tests.api.forked).
    """
    running = Running(database_url, log, "work", anew=anew, **settings)
    try:
        yield running.ready('"worker.ready"')
    finally:
        running.end()
