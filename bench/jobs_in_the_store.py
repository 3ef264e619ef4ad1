"""How long a bulk upsert of jobs through HTTP takes on SQLite, and one look of the watch at all of them.

python -m bench.jobs_in_the_store DAYDIR: its network is loaded, its jobs are sent as NDJSON, twice, in process.
"""

import datetime as dt
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from api.app import create_app
from api.database import Database
from api.schemas.cells import fields_of
from api.schemas.jobs import JobIn
from api.settings import Settings
from api.store import keys
from api.store.jobs import By
from api.store.load import load_day
from api.store.watch import watch
from api.upgrade import upgrade
from datasets.columns import TABLES
from datasets.day import read_source
from datasets.faults import FaultList
from datasets.table import table_of

JOBS = next(layout for layout in TABLES if layout.name == "jobs")


class Timed(Database):
    """A store that notes how long a write keeps others from writing."""

    longest_s = 0.0
    writes = 0

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session as the store does, by the watch."""
        begun = time.perf_counter()
        with super().write() as session:
            yield session
        self.longest_s = max(self.longest_s, time.perf_counter() - begun)
        self.writes += 1


def lines_of(rows: list[dict[Any, Any]]) -> bytes:
    """Return jobs as a source would send them."""
    said = []
    for row in rows:
        fields = json.loads(JobIn(**fields_of(JobIn, row)).model_dump_json(exclude_none=True))
        said.append(json.dumps({"source": "crm", "external_id": row["job_id"], **fields}, ensure_ascii=False))
    return "\n".join(said).encode()


def main(folder: Path) -> None:
    """Measure and print."""
    source = read_source(folder)
    rows = source.tables["jobs"].text.to_dict("records")
    body = lines_of(rows)
    now = dt.datetime.combine(source.settings.date, dt.time(8), dt.timezone(dt.timedelta(hours=8)))
    with tempfile.TemporaryDirectory() as work:
        app = create_app(Settings(database_url=f"sqlite:///{work}/bench.db"), clock=lambda: now)
        database = app.state.database
        upgrade(database)
        empty = table_of([], JOBS, FaultList())
        with database.write() as session:
            network = replace(source, tables={**source.tables, "jobs": empty})
            load_day(session, network, by=By(actor="bench", channel="load"), now=now)
            made = keys.make_key(session, name="bench", scopes=("admin",), centres=None, now=now, expires_at=None)
        client = TestClient(app, headers={"Authorization": f"Bearer {made.token}"}, base_url="http://127.0.0.1")
        for what in ("new", "the same again"):
            begun, worked = time.perf_counter(), time.process_time()
            answer = client.post("/v1/jobs:bulk", content=body)
            took_s, cpu_s = time.perf_counter() - begun, time.process_time() - worked
            statuses = [json.loads(line)["status"] for line in answer.text.splitlines()]
            counts = {status: statuses.count(status) for status in set(statuses)}
            size = f"{len(rows)} jobs, {len(body) / 1e6:.1f} MB"
            print(f"bulk upsert, {what}: {size}, {took_s:.1f} s ({cpu_s:.1f} s of CPU), {counts}")
        timed = Timed(f"sqlite:///{work}/bench.db")
        for hours in (0, 0, 24):
            timed.longest_s, timed.writes = 0.0, 0
            begun = time.perf_counter()
            said = watch(timed, now + dt.timedelta(hours=hours))
            took_s = time.perf_counter() - begun
            held = f"{timed.writes} writes, the longest {1_000 * timed.longest_s:.0f} ms"
            print(f"watch, {hours} h later: {took_s:.1f} s, {held}, {said}")
        timed.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
