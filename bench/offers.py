"""Slot offers over HTTP with the national plan loaded: open loop, latency counted from when a request was due.

python -m bench.offers DAYDIR PLANDIR [--rate 50] [--seconds 60] [--docs docs/benchmarks.md]
"""

import argparse
import datetime as dt
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.booked_store import drafts, publish_folder, serving
from bench.report import machine, markdown_table, put_section
from datasets.day import read_source
from datasets.times import TIME_ZONE

__all__ = ["measured"]

THREADS = 64


def measured(
    address: str, key: str, questions: Sequence[dict[str, Any]], *, rate: float, seconds: float
) -> tuple[list[float], int, int]:
    """Return the milliseconds of every request, how many had offers, and how many failed."""
    local = threading.local()
    outcomes: list[tuple[float, int, bool]] = []

    def one(due: float, body: dict[str, Any]) -> None:
        if not hasattr(local, "client"):
            local.client = httpx.Client(base_url=address, headers={"Authorization": key}, timeout=60)
        time.sleep(max(0.0, due - time.perf_counter()))
        answer = local.client.post("/v1/slot-offers", json=body)
        found = answer.status_code == 201 and bool(answer.json()["items"])
        outcomes.append((1_000 * (time.perf_counter() - due), answer.status_code, found))

    begun = time.perf_counter() + 0.5
    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(int(rate * seconds)):
            pool.submit(one, begun + number / rate, questions[number % len(questions)])
    times = [ms for ms, _, _ in outcomes]
    return times, sum(found for _, _, found in outcomes), sum(status != 201 for _, status, _ in outcomes)


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
        settings = read_source(said.day).settings
        now = dt.datetime.combine(settings.date, dt.time(7), TIME_ZONE)
        questions = [
            {"job": {k: v for k, v in one.items() if v is not None}, "most": 5} for one in drafts(said.day, 400)
        ]
        with serving(url, now) as address:
            begun = time.monotonic()
            with httpx.Client(base_url=address, headers={"Authorization": key}, timeout=600) as client:
                for question in questions[:120]:
                    client.post("/v1/slot-offers", json=question).raise_for_status()
            print(f"desks built and warm in {time.monotonic() - begun:.0f} s", flush=True)
            times, found, failed = measured(address, key, questions, rate=said.rate, seconds=said.seconds)
    p50, p95, p99, most = (float(np.percentile(times, q)) for q in (50, 95, 99, 100))
    header = ("requests/s", "requests", "with offers", "failed", "p50 ms", "p95 ms", "p99 ms", "max ms")
    cells = [f"{said.rate:g}", str(len(times)), str(found), str(failed)]
    row = [*cells, *(f"{value:.1f}" for value in (p50, p95, p99, most))]
    table = markdown_table(header, [row], left=0)
    text = f"{table}\n\nSQLite, one process, national plan; counted from when a request was due. {machine()}"
    print(text)
    if said.docs:
        put_section(said.docs, "offers", text)


if __name__ == "__main__":
    main()
