"""A store with a day folder in it, and the processes that really serve it and plan on it."""

import datetime as dt
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from api.database import Database
from api.store.jobs import LOADING, By
from api.store.keys import make_key
from api.store.load import load_day
from api.upgrade import upgrade
from datasets.day import read_source
from datasets.times import TIME_ZONE, moment_of

__all__ = [
    "PATIENCE_S",
    "Loaded",
    "at_work",
    "descendants",
    "load_folder",
    "morning",
    "running",
    "serving_api",
    "until",
    "working",
]

ROOT = Path(__file__).parent.parent
PATIENCE_S = 1_800.0


def morning(date: dt.date) -> dt.datetime:
    """Return seven o'clock of a date, by the clocks there."""
    return dt.datetime.combine(date, dt.time(7), TIME_ZONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What is loaded: the header of a key that may do everything, and the day's first date."""

    authorization: str
    date: dt.date

    @property
    def morning(self) -> dt.datetime:
        """Seven o'clock of the first date."""
        return morning(self.date)


def load_folder(database_url: str, day_path: Path) -> Loaded:
    """Load a day folder into an empty store."""
    database = Database(database_url)
    upgrade(database)
    read = read_source(day_path)
    with database.write() as session:
        now = moment_of(read.settings.date, read.settings.now_s)
        load_day(session, read, by=By(actor="bench", channel=LOADING), now=now)
        made = make_key(session, name="bench", scopes=("admin",), centres=None, now=dt.datetime.now(dt.UTC))
    database.close()
    return Loaded(authorization=f"Bearer {made.token}", date=read.settings.date)


@contextmanager
def at_work(day_path: Path, database_url: str | None) -> Iterator[tuple[httpx.Client, int, dict[str, str]]]:
    """Load a day, serve it, and let a worker wait for plans; yield a client, the worker's id and a plan's horizon.

    database_url: an empty store, SQLite in a folder of its own if none is given.
    """
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        url = database_url or f"sqlite:///{folder}/bench.db"
        loaded = load_folder(url, day_path)
        horizon = {"date": loaded.date.isoformat(), "now": loaded.morning.isoformat()}
        headers = {"Authorization": loaded.authorization}
        with serving_api(url, folder / "serve.log", headers) as client, working(url) as worker_pid:
            yield client, worker_pid, horizon


@contextmanager
def working(database_url: str, now: dt.datetime | None = None, speed: float = 1.0) -> Iterator[int]:
    """Let a worker run the plans of a store and watch it; yield its process id once it is ready.

    now, speed: by a clock that begins at a moment and runs this much faster; by the real one without.
    """
    command = _command("work")
    if now is not None:
        command = [sys.executable, "-m", "bench.clocked_worker", now.isoformat(), str(speed)]
    with tempfile.NamedTemporaryFile() as log, _started(database_url, '"worker.ready"', Path(log.name), command) as pid:
        yield pid


@contextmanager
def running(database_url: str, word: str, log: Path, *words: str, **settings: str) -> Iterator[int]:
    """Run a command of ours until the block ends; yield its process id once it has said a word."""
    with _started(database_url, word, log, _command(*words), **settings) as pid:
        yield pid


def _command(*words: str) -> list[str]:
    return [sys.executable, "-c", "from api.cli import main; main()", *words]


@contextmanager
def _started(database_url: str, word: str, log: Path, command: Sequence[str], **settings: str) -> Iterator[int]:
    environment = {**os.environ, "PAIGONG_DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1", **settings}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command,
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
