"""Real processes for tests: workers that are killed, and what they leave in the store."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from api.database import Database
from api.run_queue import enqueue_run, queue_of
from api.store.jobs import By
from api.store.load import load_day
from api.store.plan_days import centres_on
from api.store.plans import create_plan, plan_alone
from api.tables.plans import Plan, PlanShard
from datasets.day import read_source
from tests.bad_days import make_network

__all__ = ["DATE", "NOW", "Process", "plan_of", "shards", "store_with_a_day", "until", "wish", "worker"]

DATE = dt.date(2026, 3, 2)
NOW = dt.datetime(2026, 3, 1, 23, 0, tzinfo=dt.UTC)  # 07:00 in China
ROOT = Path(__file__).parents[2]
PATIENCE_S = 300


def store_with_a_day(database: Database, folder: Path) -> None:
    """Load a small network into a store."""
    read = read_source(make_network.write(folder / "day"))
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


class Process:
    """A worker or a server of Paigong."""

    def __init__(self, database_url: str, log: Path, *words: str, **settings: str) -> None:
        environment = {**os.environ, "PAIGONG_DATABASE_URL": database_url, "PAIGONG_WORKERS": "1", **settings}
        environment["PYTHONPATH"] = str(ROOT)
        self.log = log
        with log.open("wb") as stream:
            self._process = subprocess.Popen(
                [sys.executable, "-c", "from api.cli import main; main()", *words],
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=environment,
            )

    def ready(self, word: str) -> "Process":
        """Wait until it says that it is ready."""
        until(lambda: word in self.said() or self._process.poll() is not None, f"{word}: {self.said()}")
        assert self._process.poll() is None, self.said()
        return self

    def said(self) -> str:
        """Return what it has written."""
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        """Ask it to end, and wait."""
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._process.wait()


@contextmanager
def worker(database_url: str, log: Path) -> Iterator[Process]:
    """Yield a worker that is ready; it is ended afterwards."""
    running = Process(database_url, log, "work")
    try:
        yield running.ready('"worker.ready"')
    finally:
        running.end()
