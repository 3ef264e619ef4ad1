"""Slot offers over HTTP with the national plan loaded: open loop, latency counted from when a request was due.

python -m bench.offers DAYDIR PLANDIR [--rate 50] [--seconds 60] [--docs docs/benchmarks.md]
"""

import argparse
import datetime as dt
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.booked_store import drafts, publish_folder, serving
from bench.open_loop import Replay, replay, written
from bench.report import machine, markdown_table, put_section
from datasets.day import read_source
from datasets.times import TIME_ZONE

__all__ = ["main"]

WARM_RATE, WARM_SECONDS = 5, 40
"""Requests before those that count: desks are built, kernels and caches are warm."""


def main() -> None:
    """Measure, print, and write into the page if asked to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("day", type=Path)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--docs", type=Path)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        begun = time.monotonic()
        key = publish_folder(url, said.day, said.plan)
        print(f"store published in {time.monotonic() - begun:.0f} s", flush=True)
        now = dt.datetime.combine(read_source(said.day).settings.date, dt.time(7), TIME_ZONE)
        requests = [
            written("POST", "/v1/slot-offers", {"Authorization": key}, {"job": draft, "most": 5})
            for draft in drafts(said.day, 400)
        ]
        with serving(url, now) as served:
            begun = time.monotonic()
            replay(served, requests, rate=WARM_RATE, seconds=WARM_SECONDS)
            print(f"desks built and warm in {time.monotonic() - begun:.0f} s", flush=True)
            done = replay(served, requests, rate=said.rate, seconds=said.seconds)
    text = f"{_table(done, said.rate)}\n\nSQLite, one process, national plan; counted from when a request was due. "
    text += f"{done.said()} {machine()}"
    print(text)
    if said.docs:
        put_section(said.docs, "offers", text)


def _table(done: Replay, rate: float) -> str:
    times = [one.ms for one in done.outcomes]
    found = sum(one.status == 201 and b'"items":[]' not in one.body for one in done.outcomes)
    failed = sum(one.status != 201 for one in done.outcomes)
    header = ("requests/s", "requests", "with offers", "failed", "p50 ms", "p95 ms", "p99 ms", "max ms")
    quantiles = [f"{np.percentile(times, q):.1f}" for q in (50, 95, 99, 100)]
    return markdown_table(header, [[f"{rate:g}", str(len(times)), str(found), str(failed), *quantiles]], left=0)


if __name__ == "__main__":
    main()
