"""The plan of one centre of a day, from the wish over HTTP to the publication: wall clock, and where it goes.

python -m bench.centre_run DAYDIR [--seconds 5] [--runs 3] [--stores sqlite,postgis] [--docs docs/benchmarks.md]

The day is loaded whole; the centres with most jobs are planned, one after the other, by a worker process.
"""

import argparse
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from api.database import Database
from api.tables.jobs import JobRow
from bench.booked_store import serving
from bench.postgis import stores
from bench.report import machine, markdown_table, put_section
from bench.running_store import load_folder, working
from datasets.day import read_source

__all__ = ["Run", "one_run", "runs_in", "section"]

LIMIT_S = 15.0
LOOK_EVERY_S = 0.1
PATIENCE_S = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One plan. waited_s: until a worker began. stages_s: by what the run said. publish_s: of the last request."""

    store: str
    centre_id: str
    jobs: int
    all_s: float
    waited_s: float
    stages_s: Mapping[str, float]
    publish_s: float


def one_run(client: httpx.Client, store: str, wish: dict[str, Any]) -> Run:
    """Wish for a plan, follow it to its end, and publish it."""
    begun = time.perf_counter()
    plan = client.post("/v1/plans", json=wish).raise_for_status().json()
    path, began = f"/v1/plans/{plan['id']}", None
    stages: defaultdict[str, float] = defaultdict(float)
    looked = begun
    while plan["state"] in ("queued", "running"):
        if time.perf_counter() - begun > PATIENCE_S:
            raise SystemExit(f"{path} is still {plan['state']}")
        time.sleep(LOOK_EVERY_S)
        answer = client.get(path)
        plan, now = answer.json(), time.perf_counter()
        began = began or (now if plan["state"] != "queued" else None)
        stages[plan["progress"].get("stage", plan["state"])] += now - looked
        looked = now
    if plan["state"] != "finished":
        raise SystemExit(f"{path} is {plan['state']}: {plan['problem']}")
    asked = time.perf_counter()
    done = client.post(f"{path}:publish", headers={"If-Match": answer.headers["etag"]})
    ended = time.perf_counter()
    assert done.raise_for_status().json()["plan"]["state"] == "published", done.text
    return Run(
        store=store,
        centre_id=plan["centres"][0],
        jobs=plan["outcome"]["jobs"],
        all_s=ended - begun,
        waited_s=(began or asked) - begun,
        stages_s=dict(stages),
        publish_s=ended - asked,
    )


def runs_in(store: str, database_url: str, day_path: Path, *, count: int, seconds: float) -> list[Run]:
    """Return the runs of the centres in one store."""
    loaded = load_folder(database_url, day_path)
    key, now = loaded.authorization, loaded.morning
    read = read_source(day_path)
    wishes = [
        {
            "scope": {"centres": [centre_id]},
            "horizon": {"date": now.date().isoformat(), "days": read.settings.days, "now": now.isoformat()},
            "limits": {"duration": f"PT{round(seconds)}S"},
        }
        for centre_id in _spread(database_url, count)
    ]
    with (
        serving(database_url, now) as served,
        working(database_url),
        httpx.Client(base_url=served.address, headers={"Authorization": key}, timeout=PATIENCE_S) as client,
    ):
        return [one_run(client, store, wish) for wish in wishes]


def _spread(database_url: str, count: int) -> list[str]:
    """Return centres from the one with most jobs to the median one, as the store knows them."""
    query = select(JobRow.centre_id).group_by(JobRow.centre_id).order_by(func.count().desc(), JobRow.centre_id)
    database = Database(database_url)
    with database.read() as session:
        found = list(session.scalars(query))
    database.close()
    middle = len(found) // 2
    return [found[round(number * middle / max(1, count - 1))] for number in range(count)]


def section(runs: Sequence[Run], seconds: float) -> str:
    """Return the section of docs/benchmarks.md."""
    rows = []
    for run in runs:
        stages = " · ".join(f"{name} {spent:.1f}" for name, spent in run.stages_s.items() if spent >= 0.05)
        met = "yes" if run.all_s <= LIMIT_S else "**no**"
        figures = (f"{run.jobs}", f"{run.all_s:.1f}", met, f"{run.waited_s:.1f}", stages, f"{run.publish_s:.1f}")
        rows.append((run.store, run.centre_id, *figures))
    header = ("store", "centre", "jobs", "POST to published, s", "met", "until a worker began", "stages", "publishing")
    middle = statistics.median(run.all_s for run in runs)
    return (
        f"{markdown_table(header, rows, left=2)}\n\n`{seconds:g}` s of search, the day loaded whole; median "
        f"{middle:.1f} s, target {LIMIT_S:g} s. Stages as the run tells them, looked at every {LOOK_EVERY_S:g} s. "
        f"{machine()}"
    )


def main() -> None:
    """Measure, print, and write into the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("day", type=Path)
    parser.add_argument("--seconds", type=float, default=5, help="of search (default 5)")
    parser.add_argument("--runs", type=int, default=3, help="centres, from the largest to the median one (default 3)")
    parser.add_argument("--stores", default="sqlite,postgis")
    parser.add_argument("--docs", type=Path)
    said = parser.parse_args()
    runs = []
    with stores(said.stores.split(",")) as urls:
        for name, url in urls.items():
            runs += runs_in(name, url, said.day, count=said.runs, seconds=said.seconds)
    text = section(runs, said.seconds)
    print(text)
    if said.docs:
        put_section(said.docs, "centre_run", text)
    sys.exit(0 if statistics.median(run.all_s for run in runs) <= LIMIT_S else 1)


if __name__ == "__main__":
    main()
