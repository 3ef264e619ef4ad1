"""Where a part is free, over HTTP with a plan published: open loop, latency counted from when a request was due.

python -m bench.availability DAYDIR PLANDIR [--rate 50] [--seconds 20] [--docs docs/benchmarks.md]
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.booked_store import morning_of, publish_folder, serving
from bench.open_loop import Replay, replay, written
from bench.postgis import stores
from bench.report import machine, markdown_table, put_section
from datasets.day import read_source

__all__ = ["main"]

WARM_RATE, WARM_SECONDS = 5, 10
"""Requests before those that count: the network is read and laid out once."""
ASKED = 400
HEADER = ("store", "requests/s", "requests", "failed", "p50 ms", "p95 ms", "p99 ms", "max ms")


def questions(day: Path, key: str) -> list[bytes]:
    """Return requests for parts that are no van's own, at outlets of everywhere."""
    tables, chance = read_source(day).tables, random.Random(1)
    parts = [
        id_
        for id_, carried in zip(tables["parts"].values["part_id"], tables["parts"].values["carried"], strict=True)
        if not carried
    ]
    outlets = tables["outlets"].values["outlet_id"]
    return [
        written(
            "GET",
            f"/v1/parts/availability?part_id={chance.choice(parts)}&outlet_id={chance.choice(outlets)}",
            {"Authorization": key},
        )
        for _ in range(ASKED)
    ]


def row_of(store: str, rate: float, done: Replay) -> Sequence[str]:
    """Return a row of the table."""
    times = [one.ms for one in done.outcomes]
    failed = sum(one.status != 200 for one in done.outcomes)
    quantiles = (f"{np.percentile(times, q):.1f}" for q in (50, 95, 99, 100))
    return store, f"{rate:g}", f"{len(times):,}", str(failed), *quantiles


def main() -> None:
    """Measure on both stores, print, and write into the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("day", type=Path)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--docs", type=Path)
    said = parser.parse_args()
    rows = []
    with stores(["sqlite", "postgis"]) as urls:
        for store, url in urls.items():
            requests = questions(said.day, publish_folder(url, said.day, said.plan))
            with serving(url, morning_of(said.day)) as served:
                replay(served, requests, rate=WARM_RATE, seconds=WARM_SECONDS)
                rows.append(row_of(store, said.rate, replay(served, requests, rate=said.rate, seconds=said.seconds)))
            print(*rows[-1], sep="  ", flush=True)
    words = "One process, a published plan; counted from when a request was due."
    text = f"{markdown_table(HEADER, rows)}\n\n{words} {machine()}"
    print(text)
    if said.docs:
        put_section(said.docs, "availability", text)


if __name__ == "__main__":
    main()
