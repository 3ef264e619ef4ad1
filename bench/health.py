"""How soon /healthz answers while a plan is made: open loop, counted from when a request was due.

python -m bench.health DAYDIR [--rate 20] [--seconds 60] [--database URL] [--beside]

The day is loaded, `paigong serve --no-work` and `paigong work` are started, a plan of everything is wished for, and the
samples begin with it and end with it. --beside: other requests meanwhile too, some board's lists, one a second.
"""

import argparse
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np

from bench.report import machine, markdown_table
from bench.running_store import at_work

__all__ = ["sampled"]

THREADS = 32
LISTS = ("/v1/jobs?limit=200", "/v1/plans", "/v1/at-risk", "/readyz")


def sampled(address: str, rate: float, is_over: Callable[[], bool]) -> tuple[list[float], int]:
    """Return the milliseconds of every request until it is over, and how many failed."""
    local = threading.local()
    times: list[float] = []
    failed: list[int] = []

    def one(due: float) -> None:
        if not hasattr(local, "client"):
            local.client = httpx.Client(base_url=address, timeout=60, trust_env=False)
        try:
            status = local.client.get("/healthz").status_code
        except httpx.HTTPError:
            status = 0
        times.append(1_000 * (time.perf_counter() - due))
        if status != 200:
            failed.append(status)

    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        number = 0
        while not is_over():
            number += 1
            due = begun + number / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            pool.submit(one, due)
    return times, len(failed)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("day", type=Path)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=60, help="of search")
    parser.add_argument("--database", help="an empty store (default: SQLite)")
    parser.add_argument("--beside", action="store_true", help="other requests meanwhile")
    said = parser.parse_args()
    with at_work(said.day, said.database) as (client, _, horizon):
        wish = {"scope": {"centres": "all"}, "horizon": horizon, "limits": {"duration": f"PT{round(said.seconds)}S"}}
        path = client.post("/v1/plans", json=wish).headers["location"]
        over = threading.Event()
        asking = threading.Thread(target=_follow, args=(client, path, over, said.beside))
        asking.start()
        times, failed = sampled(str(client.base_url), said.rate, over.is_set)
        asking.join()
        plan = client.get(path).json()
    p50, p95, p99, most = (float(np.percentile(times, q)) for q in (50, 95, 99, 100))
    header = ("requests/s", "requests", "failed", "p50 ms", "p95 ms", "p99 ms", "max ms")
    row = (f"{said.rate:g}", str(len(times)), str(failed), *(f"{value:.1f}" for value in (p50, p95, p99, most)))
    print(markdown_table(header, [row], left=0))
    print(f"\nThe plan: {plan['state']}, {plan['duration']}, {(plan['outcome'] or {}).get('jobs')} jobs. {machine()}")


def _follow(client: httpx.Client, path: str, over: threading.Event, beside: bool) -> None:
    """Look every second how far the plan is, as whoever wished for it would."""
    number = 0
    while client.get(path).json()["state"] in {"queued", "running"}:
        if beside:
            client.get(LISTS[number % len(LISTS)])
            number += 1
        time.sleep(1.0)
    over.set()


if __name__ == "__main__":
    main()
