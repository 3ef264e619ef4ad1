"""A store in which a planned day folder is published, and an API that serves it by a clock of the day's morning."""

import datetime as dt
import json
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
from api.frozen_days import FrozenDay, frozen
from api.judging import stored_plan
from api.plan_documents import WHOLE, PlanDocument
from api.plan_states import PlanState
from api.settings import Settings
from api.store.jobs import By
from api.store.keys import make_key
from api.store.load import load_day
from api.store.plans import begin_run, create_plan, end_run, file_of, get_plan, keep_file
from api.store.publishing import publish
from api.upgrade import upgrade
from datasets.day import build_day, read_source
from datasets.times import TIME_ZONE

__all__ = ["drafts", "publish_folder", "serving"]

ROOT = Path(__file__).parent.parent
PATIENCE_S = 600


def publish_folder(database_url: str, day_path: Path, plan_path: Path) -> str:
    """Load a day folder into an empty store, let its plan folder hold, and return a key's header."""
    database = Database(database_url)
    upgrade(database)
    source = read_source(day_path)
    folder = build_day(source)
    day = folder.day
    now = dt.datetime.combine(day.date, dt.time(), TIME_ZONE) + dt.timedelta(seconds=day.now_s)
    wish: dict[str, Any] = {"scope": {"centres": "all"}, "limits": {}, "seed": 1, "engine": "search"}
    wish |= {"freeze": "channels", "base_plan": "none"}
    with database.write() as session:
        load_day(session, source, by=By(actor="bench", channel="load"), now=now)
        made = make_key(session, name="bench", scopes=("admin",), centres=None, now=dt.datetime.now(dt.UTC))
        plan = create_plan(
            session,
            wish=wish,
            date=day.date,
            days=day.days,
            now=now,
            centre_ids=[centre.id for centre in day.centres],
            actor="bench",
            at=now,
        )
        plan_id = plan.id
        attempt = begin_run(session, plan_id, "bench", now)
        kept = FrozenDay(folder=folder, live={}, against_published=True)
        keep_file(session, plan_id, PlanDocument(centre_id=WHOLE, name="day", content=frozen(kept)))
        document = json.loads((plan_path / "plan.json").read_text(encoding="utf-8"))
        keep_file(session, plan_id, PlanDocument(centre_id=WHOLE, name="plan", content=document))
        end_run(session, plan_id, attempt or 0, PlanState.FINISHED, now, outcome={})
    with database.write() as session:
        plan = get_plan(session, plan_id)
        day_file, plan_file = file_of(session, plan_id, "day"), file_of(session, plan_id, "plan")
        publish(session, plan, stored_plan(day_file or b"", plan_file or b""), actor="bench", at=now)
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
