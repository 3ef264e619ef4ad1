"""The board's first data over HTTP with the national plan loaded: all routes of a centre as GeoJSON.

python -m bench.board DAYDIR PLANDIR [--rounds 5] [--docs docs/benchmarks.md]

A round asks for every centre, one after the other, as a browser does that opens the board: which plans there are,
then its routes, compressed. The first round finds nothing warm.
"""

import argparse
import datetime as dt
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.booked_store import publish_folder, serving
from bench.report import machine, markdown_table, put_section
from datasets.day import read_source
from datasets.times import TIME_ZONE

__all__ = ["main"]


def main() -> None:
    """Measure, print, and write into the page if asked to."""
    parser = argparse.ArgumentParser()
    parser.add_argument("day", type=Path)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--docs", type=Path)
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        key = publish_folder(url, said.day, said.plan)
        now = dt.datetime.combine(read_source(said.day).settings.date, dt.time(7), TIME_ZONE)
        with (
            serving(url, now) as served,
            httpx.Client(base_url=f"http://127.0.0.1:{served.port}", headers={"Authorization": key}) as client,
        ):
            rounds = [_round(client) for _ in range(said.rounds)]
    header = ("round", "centres", "p50 ms", "p95 ms", "max ms", "largest answer, kB", "the same compressed, kB")
    table = markdown_table(header, [_row(number, one) for number, one in enumerate(rounds, start=1)], left=0)
    text = f"{table}\n\nSQLite, one process, national plan; one request after the other, plans asked for included. "
    text += machine()
    print(text)
    if said.docs:
        put_section(said.docs, "board", text)


def _round(client: httpx.Client) -> list[tuple[float, int, int]]:
    """Return for every centre the milliseconds until its routes are there, and their bytes, plain and compressed."""
    found = []
    for centre_id in _newest_plan(client)["centres"]:
        begun = time.perf_counter()
        plan = _newest_plan(client)
        answer = client.get(f"/v1/plans/{plan['id']}/routes.geojson", params={"centre_id": centre_id})
        took_ms = 1_000 * (time.perf_counter() - begun)
        answer.raise_for_status()
        found.append((took_ms, len(answer.content), answer.num_bytes_downloaded))
    return found


def _newest_plan(client: httpx.Client) -> dict[str, Any]:
    plan: dict[str, Any] = client.get("/v1/plans", params={"limit": 1}).raise_for_status().json()["items"][0]
    return plan


def _row(number: int, found: list[tuple[float, int, int]]) -> list[str]:
    times = [took_ms for took_ms, _, _ in found]
    quantiles = [f"{np.percentile(times, q):.0f}" for q in (50, 95, 100)]
    return [
        str(number),
        str(len(found)),
        *quantiles,
        f"{max(plain for _, plain, _ in found) / 1_000:.0f}",
        f"{max(sent for _, _, sent in found) / 1_000:.0f}",
    ]


if __name__ == "__main__":
    main()
