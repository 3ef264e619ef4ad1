"""A store with a day folder in it, and the processes that really serve it and plan on it."""

import datetime as dt
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from api.database import Database
from api.store.jobs import By
from api.store.keys import make_key
from api.store.load import load_day
from api.upgrade import upgrade
from datasets.day import read_source
from datasets.times import moment_of

__all__ = ["PATIENCE_S", "descendants", "load_store", "running", "serving_api", "until"]

ROOT = Path(__file__).parent.parent
PATIENCE_S = 1_800.0


def load_store(database_url: str, day_path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Load a day folder into an empty store; return the header of a key, and the horizon of a plan of the day."""
    database = Database(database_url)
    upgrade(database)
    source = read_source(day_path)
    first = source.settings.date
    morning = moment_of(first, 7 * 3_600)
    with database.write() as session:
        load_day(session, source, by=By(actor="bench", channel="load"), now=morning)
        made = make_key(session, name="bench", scopes=("admin",), centres=None, now=dt.datetime.now(dt.UTC))
    database.close()
    return {"Authorization": f"Bearer {made.token}"}, {"date": first.isoformat(), "now": morning.isoformat()}


@contextmanager
def running(database_url: str, word: str, log: Path, *words: str, **settings: str) -> Iterator[int]:
    """Run a command of ours until the block ends; yield its process id once it has said a word."""
    environment = {**os.environ, "PAIGONG_DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1", **settings}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-c", "from api.cli import main; main()", *words],
            cwd=ROOT,
            env=environment | {"PYTHONPATH": str(ROOT)},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    try:
        until(lambda: word in log.read_text(errors="replace"))
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def serving_api(database_url: str, log: Path, headers: dict[str, str]) -> Iterator[httpx.Client]:
    """Serve a store without a worker until the block ends; yield a client of it."""
    words = ("serve", "--port", "0", "--no-work")
    with running(database_url, "documentation at", log, *words, PAIGONG_RATE_LIMIT="1000000/minute"):
        found = re.search(r"http://[0-9.:]+", log.read_text(errors="replace"))
        assert found is not None
        with httpx.Client(base_url=found[0], headers=headers, timeout=PATIENCE_S, trust_env=False) as client:
            client.get("/healthz").raise_for_status()
            yield client


def until(is_so: Callable[[], bool], every_s: float = 0.02) -> float:
    """Wait until something is so; return how many seconds it took."""
    begun = time.monotonic()
    while not is_so():
        if time.monotonic() - begun > PATIENCE_S:
            raise TimeoutError
        time.sleep(every_s)
    return time.monotonic() - begun


def descendants(pid: int) -> set[int]:
    """Return the processes that a process has started, and those that they have."""
    try:
        # Each of its threads may have started some.
        tasks = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return set()
    found = {int(child) for task in tasks for child in task.split()}
    return found.union(*(descendants(child) for child in found))
