"""A store in which a planned day folder is published, and an API that serves it by a clock of the day's morning."""

import datetime as dt
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from api.app import create_app
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
from datasets.times import moment_of

__all__ = ["drafts", "publish_folder", "serving"]

ROOT = Path(__file__).parent.parent
PATIENCE_S = 600


def publish_folder(database_url: str, day_path: Path, plan_path: Path) -> str:
    """Load a day folder into an empty store, let its plan folder hold, and return a key's header."""
    database = Database(database_url)
    upgrade(database)
    given = read_folder_plan(day_path, plan_path)
    day = given.folder.day
    now = moment_of(day.date, day.now_s)
    with database.write() as session:
        load_day(session, read_source(day_path), by=By(actor="bench", channel="load"), now=now)
        made = make_key(session, name="bench", scopes=("admin",), centres=None, now=dt.datetime.now(dt.UTC))
        take_over(session, given, actor="bench", at=now)
    database.close()
    return f"Bearer {made.token}"


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


@contextmanager
def serving(database_url: str, now: dt.datetime) -> Iterator[Served]:
    """Serve a store in a process of its own, by a clock that stands still; yield it once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bench.booked_store", database_url, str(port), now.isoformat()]
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


def _serve(database_url: str, port: int, now: dt.datetime) -> None:
    settings = Settings(database_url=database_url, rate_limit="1000000/minute")
    configure_logs(settings.log_level)
    app = create_app(settings, clock=lambda: now)
    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), dt.datetime.fromisoformat(sys.argv[3]))
