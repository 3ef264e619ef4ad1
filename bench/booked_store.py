"""A store in which a planned day folder is published, and an API that serves it by a clock of the day's morning."""

import datetime as dt
import itertools
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from api.app import create_app
from api.clock import Clock
from api.database import Database
from api.folder_plans import read_folder_plan, take_over
from api.logs import configure_logs
from api.settings import Settings
from api.tables.plans import Visit
from bench.open_loop import Served
from bench.running_store import load_folder, morning, until
from datasets.day import read_source
from datasets.times import moment_of

__all__ = ["clock_from", "drafts", "morning_of", "overlapping", "publish_folder", "server", "serving"]

ROOT = Path(__file__).parent.parent


def publish_folder(database_url: str, day_path: Path, plan_path: Path) -> str:
    """Load a day folder into an empty store, let its plan folder hold, and return a key's header."""
    key = load_folder(database_url, day_path).authorization
    given = read_folder_plan(day_path, plan_path)
    database = Database(database_url)
    with database.write() as session:
        now = moment_of(given.folder.day.date, given.folder.day.now_s)
        take_over(session, given, actor="bench", at=now)
    database.close()
    return key


def overlapping(visits: Sequence[Visit]) -> list[str]:
    """Return who is at two doors at once; visits: by technician and start."""
    return [
        f"{one.technician_id} is at {one.job_id} and {other.job_id} at once"
        for one, other in itertools.pairwise(visits)
        if one.technician_id == other.technician_id and one.end_at > other.start_at
    ]


def drafts(day_path: Path, count: int) -> list[dict[str, Any]]:
    """Return drafts of jobs like those of the day, spread over all of it."""
    rows = read_source(day_path).tables["jobs"].rows()
    return [
        {
            "reported_at": row["reported_at"],
            "product": row["product"],
            "skill_level": int(row["skill_level"]),
            "position": {"coordinates": [float(row["lon"]), float(row["lat"])], "datum": row["datum"]},
            "service_duration": row["service_duration"],
            "fault": row["fault"] or None,
            "centre_id": row["centre_id"] or None,
        }
        for row in rows[:: max(1, len(rows) // count)][:count]
    ]


def morning_of(day_path: Path) -> dt.datetime:
    """Return seven o'clock of a day folder's first date."""
    return morning(read_source(day_path).settings.date)


@contextmanager
def serving(database_url: str, now: dt.datetime) -> Iterator[Served]:
    """Serve a store in a process of its own, by a clock that stands still; yield it once it answers."""
    with server(database_url, now) as served:
        yield served


@contextmanager
def server(database_url: str, now: dt.datetime, speed: float = 0.0) -> Iterator[Served]:
    """Serve a store in a process of its own, by a clock that begins at a moment and runs this much faster."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bench.booked_store", database_url, str(port), now.isoformat(), str(speed)]
    # Logs are written as `paigong serve` writes them, and nobody reads them.
    with tempfile.TemporaryFile() as log, subprocess.Popen(command, cwd=ROOT, stderr=log) as process:
        try:
            until(lambda: _answers(port), 0.2)
            yield Served(port=port, pid=process.pid)
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/healthz").raise_for_status()
    except httpx.TransportError:
        return False
    return True


def clock_from(begin: dt.datetime, speed: float) -> Clock:
    """Return a clock that begins at a moment and runs this much faster than the real one."""
    begun = time.monotonic()
    return lambda: begin + dt.timedelta(seconds=speed * (time.monotonic() - begun))


if __name__ == "__main__":
    settings = Settings(database_url=sys.argv[1], rate_limit="1000000/minute")
    configure_logs(settings.log_level)
    application = create_app(settings, clock=clock_from(dt.datetime.fromisoformat(sys.argv[3]), float(sys.argv[4])))
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_config=None,
        access_log=False,
        server_header=False,
        loop="uvloop",
    )
