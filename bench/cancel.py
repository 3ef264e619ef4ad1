"""How soon a plan that is being searched is cancelled, from the request to the state, and until its processes are gone.

python -m bench.cancel DAYDIR [--runs 10] [--database URL]: real server and worker; the store must be empty.
"""

import argparse
import statistics
import time
from pathlib import Path

import httpx

from bench.report import machine, markdown_table
from bench.running_store import at_work, descendants, until

__all__ = ["cancelled"]


def cancelled(client: httpx.Client, horizon: dict[str, str], worker_pid: int) -> tuple[float, float]:
    """Wish for a plan and cancel it in the middle of its search; return seconds to its state, and to idleness."""
    idle = descendants(worker_pid)
    wish = {"scope": {"centres": "all"}, "horizon": horizon, "limits": {"duration": "PT1H"}}
    answer = client.post("/v1/plans", json=wish)
    answer.raise_for_status()
    path = answer.headers["location"]
    until(lambda: ((client.get(path).json()["progress"].get("best") or {}).get("visits") or 0) > 0, 0.2)
    time.sleep(1.0)  # well into the search of a shard
    begun = time.monotonic()
    client.post(f"{path}:cancel").raise_for_status()
    until(lambda: client.get(path).json()["state"] == "cancelled")
    state_s = time.monotonic() - begun
    until(lambda: descendants(worker_pid) <= idle)
    return state_s, time.monotonic() - begun


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("day", type=Path)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--database", help="an empty store (default: SQLite)")
    said = parser.parse_args()
    with at_work(said.day, said.database) as (client, worker_pid, horizon):
        took = [cancelled(client, horizon, worker_pid) for _ in range(said.runs)]
    rows = [
        (what, str(len(took)), f"{statistics.median(times):.2f}", f"{max(times):.2f}")
        for what, times in zip(("state is cancelled", "processes are gone"), zip(*took, strict=True), strict=True)
    ]
    print(markdown_table(("from the request until", "runs", "median s", "max s"), rows))
    print(f"\n{machine()}")


if __name__ == "__main__":
    main()
