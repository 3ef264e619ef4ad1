"""A store in which a planned day folder is published, and an API that serves it by a clock of the day's morning."""

import datetime as dt
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
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
from api.store.jobs import By
from api.store.keys import make_key
from api.store.load import load_day
from api.upgrade import upgrade
from bench.open_loop import Served
from datasets.day import read_source
from datasets.times import TIME_ZONE, moment_of

__all__ = ["drafts", "load_folder", "morning_of", "publish_folder", "server", "serving", "working"]

ROOT = Path(__file__).parent.parent
PATIENCE_S = 600


def load_folder(database_url: str, day_path: Path) -> str:
    """Load a day folder into an empty store, and return the header of a key that may do everything."""
    database = Database(database_url)
    upgrade(database)
    read = read_source(day_path)
    with database.write() as session:
        now = moment_of(read.settings.date, read.settings.now_s)
        load_day(session, read, by=By(actor="bench", channel="load"), now=now)
        made = make_key(session, name="bench", scopes=("admin",), centres=None, now=dt.datetime.now(dt.UTC))
    database.close()
    return f"Bearer {made.token}"


def publish_folder(database_url: str, day_path: Path, plan_path: Path) -> str:
    """Load a day folder into an empty store, let its plan folder hold, and return a key's header."""
    key = load_folder(database_url, day_path)
    given = read_folder_plan(day_path, plan_path)
    database = Database(database_url)
    with database.write() as session:
        now = moment_of(given.folder.day.date, given.folder.day.now_s)
        take_over(session, given, actor="bench", at=now)
    database.close()
    return key


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
    return dt.datetime.combine(read_source(day_path).settings.date, dt.time(7), TIME_ZONE)


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
            _wait_for(port)
            yield Served(port=port, pid=process.pid)
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            httpx.get(f"http://127.0.0.1:{port}/healthz").raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(f"nobody answered on port {port} within {PATIENCE_S} s")


@contextmanager
def working(database_url: str, processes: int = 2) -> Iterator[int]:
    """Let a worker of its own run the plans of a store; yield its process id once it is ready."""
    environment = {**os.environ, "PAIGONG_DATABASE_URL": database_url, "PAIGONG_WORKERS": str(processes)}
    command = [sys.executable, "-c", "from api.cli import main; main()", "work"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "worker.ready" in line:
            break
    # What it says later nobody reads, but a full pipe would stop it.
    drain = threading.Thread(target=process.stdout.read, daemon=True)
    drain.start()
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()
        drain.join()


def _clock(begin: dt.datetime, speed: float) -> Clock:
    begun = time.monotonic()
    return lambda: begin + dt.timedelta(seconds=speed * (time.monotonic() - begun))


if __name__ == "__main__":
    settings = Settings(database_url=sys.argv[1], rate_limit="1000000/minute")
    configure_logs(settings.log_level)
    application = create_app(settings, clock=_clock(dt.datetime.fromisoformat(sys.argv[3]), float(sys.argv[4])))
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_config=None,
        access_log=False,
        server_header=False,
        loop="uvloop",
    )
