"""How long a bulk upsert of jobs through HTTP takes on SQLite, and one look of the watch at all of them.

python -m bench.jobs_in_the_store DAYDIR [--docs docs/benchmarks.md]

The day's network is loaded, its jobs are sent as NDJSON, twice, in process.
"""

import argparse
import datetime as dt
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
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
from api.store.jobs import LOADING, By
from api.store.load import load_day
from api.store.watch import watch
from api.upgrade import upgrade
from bench.report import machine, markdown_table, put_section
from datasets.columns import TABLES
from datasets.day import DaySource, read_source
from datasets.faults import FaultList
from datasets.table import table_of

JOBS = next(layout for layout in TABLES if layout.name == "jobs")


class Timed(Database):
    """A store that notes how long a write keeps others from writing."""

    longest_s = 0.0
    writes = 0

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Session]:
        """Yield a session as the store does, by the watch."""
        begun = time.perf_counter()
        with super().write(durable=durable) as session:
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


def main() -> None:
    """Measure, print, and write into the page if asked to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("day", type=Path)
    parser.add_argument("--docs", type=Path)
    said = parser.parse_args()
    source = read_source(said.day)
    jobs = source.tables["jobs"].rows()
    now = dt.datetime.combine(source.settings.date, dt.time(8), dt.timezone(dt.timedelta(hours=8)))
    with tempfile.TemporaryDirectory() as work:
        app = create_app(Settings(database_url=f"sqlite:///{work}/bench.db"), clock=lambda: now)
        token = _with_network(app.state.database, source, now)
        client = TestClient(app, headers={"Authorization": f"Bearer {token}"}, base_url="http://127.0.0.1")
        rows = [_upserted(client, what, lines_of(jobs)) for what in ("new", "the same again")]
        timed = Timed(f"sqlite:///{work}/bench.db")
        rows += [_watched(timed, now, hours) for hours in (0, 0, 24)]
        timed.close()
    text = f"{markdown_table(('what', 'seconds', 'of CPU', 'outcome'), rows)}\n\n{len(jobs)} jobs, SQLite. {machine()}"
    print(text)
    if said.docs:
        put_section(said.docs, "jobs_in_the_store", text)


def _with_network(database: Database, source: DaySource, now: dt.datetime) -> str:
    """Load a day's network into an empty store, and return a key."""
    upgrade(database)
    empty = table_of([], JOBS, FaultList())
    with database.write() as session:
        network = replace(source, tables={**source.tables, "jobs": empty})
        load_day(session, network, by=By(actor="bench", channel=LOADING), now=now)
        return keys.make_key(session, name="bench", scopes=("admin",), centres=None, now=now, expires_at=None).token


def _upserted(client: TestClient, what: str, body: bytes) -> list[str]:
    begun, worked = time.perf_counter(), time.process_time()
    answer = client.post("/v1/jobs:bulk", content=body)
    took_s, cpu_s = time.perf_counter() - begun, time.process_time() - worked
    statuses = Counter(json.loads(line)["status"] for line in answer.text.splitlines())
    size = f"bulk upsert, {what}: {len(body) / 1e6:.1f} MB"
    return [size, f"{took_s:.1f}", f"{cpu_s:.1f}", _counted(statuses)]


def _watched(timed: Timed, now: dt.datetime, hours: int) -> list[str]:
    timed.longest_s, timed.writes = 0.0, 0
    begun, worked = time.perf_counter(), time.process_time()
    found = watch(timed, now + dt.timedelta(hours=hours))
    took_s, cpu_s = time.perf_counter() - begun, time.process_time() - worked
    held = f"{timed.writes} writes, the longest {1_000 * timed.longest_s:.0f} ms; {_counted(found)}"
    return [f"the watch, {hours} h later", f"{took_s:.1f}", f"{cpu_s:.1f}", held]


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) or "nothing"


if __name__ == "__main__":
    main()
