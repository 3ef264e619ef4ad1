"""A store in which a planned day folder is published, and an API that serves it by a clock of the day's morning."""

import datetime as dt
import socket
import subprocess
import sys
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
from api.settings import Settings
from api.store.jobs import By
from api.store.keys import make_key
from api.store.load import load_day
from api.upgrade import upgrade
from datasets.day import read_source
from datasets.times import TIME_ZONE, moment_of

__all__ = ["drafts", "morning_of", "publish_folder", "serving"]

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
    jobs = read_source(day_path).tables["jobs"].text
    rows = jobs.iloc[:: max(1, len(jobs) // count)].head(count)
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
        for _, row in rows.iterrows()
    ]


def morning_of(day_path: Path) -> dt.datetime:
    """Return seven o'clock of a day folder's first date."""
    return dt.datetime.combine(read_source(day_path).settings.date, dt.time(7), TIME_ZONE)


@contextmanager
def serving(database_url: str, now: dt.datetime) -> Iterator[str]:
    """Serve a store in a process of its own, by a clock that stands still; yield its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "bench.booked_store", database_url, str(port), now.isoformat()]
    process = subprocess.Popen(command, cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                httpx.get(f"{address}/healthz").raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    moment = dt.datetime.fromisoformat(sys.argv[3])
    application = create_app(
        Settings(database_url=sys.argv[1], rate_limit="1000000/minute", log_level="error"), clock=lambda: moment
    )
    uvicorn.run(
        application, host="127.0.0.1", port=int(sys.argv[2]), log_level="error", loop="uvloop", access_log=False
    )
