"""Solve a folder of orienteering or periodic instances, one core, and write the table beside the best known.

Usage: python -m bench.routing toptw|pvrp DIR [--seconds 10|60] [--seed 1] [--instances a,b] [--docs docs/benchmarks.md]

Exit code 0 when the mean gap is within the set's limit, else 1. The instances are not part of the project: any folder
of files in Cordeau's format will do.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from api.routing_instances import RoutingRow, orienteering_bench, periodic_bench
from bench.report import machine, markdown_table, put_section

__all__ = ["main", "mean_gap", "section"]

SETS = {"pvrp": (periodic_bench, 60.0, 2.0, "length"), "toptw": (orienteering_bench, 10.0, 3.0, "score")}
"""How a set is run, for how many seconds, the mean gap that is allowed, and what its cost is."""


def mean_gap(rows: Sequence[RoutingRow]) -> float:
    """Return the mean gap of the rows that have one, in percent."""
    gaps = [row.gap_percent for row in rows if row.gap_percent is not None]
    return sum(gaps) / len(gaps) if gaps else 0.0


def section(rows: Sequence[RoutingRow], cost: str, most: float, words: str) -> str:
    """Return the section of docs/benchmarks.md."""
    table = [
        (
            row.instance,
            f"{row.cost:,g}" if cost == "score" else f"{row.cost:,.2f}",
            "–" if row.best_known is None else f"{row.best_known:,.10g}",
            "–" if row.gap_percent is None else f"{row.gap_percent:.2f}",
            f"{row.unserved}",
            f"{row.seconds:.1f}",
        )
        for row in rows
    ]
    mean = mean_gap(rows)
    verdict = f"Mean gap {mean:.2f} %, {'within' if mean <= most else '**not within**'} the {most:g} % allowed."
    header = ("instance", cost, "best known", "gap, %", "unserved", "seconds")
    return "\n\n".join((words, markdown_table(header, table), verdict))


def main() -> None:
    """Solve, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=sorted(SETS), help="what the instances are")
    parser.add_argument("folder", type=Path, help="folder of instances, with the tables of the best known")
    parser.add_argument("--seconds", type=float, help="for each (default 60 for pvrp, 10 for toptw)")
    parser.add_argument("--seed", type=int, default=1, help="where the search begins")
    parser.add_argument("--instances", default="", help="only these, separated by commas")
    parser.add_argument("--docs", type=Path, help="page whose section is replaced by the new one")
    asked = parser.parse_args()
    bench, usual_s, most, cost = SETS[asked.name]
    seconds = asked.seconds or usual_s
    wanted = [name for name in asked.instances.split(",") if name]
    begun, rows = time.monotonic(), []
    own_s = sum(os.times()[:2])
    for row in bench(asked.folder, wanted, seconds=seconds, seed=asked.seed):
        print(f"{row.instance}: {cost} {row.cost:g}, {row.unserved} unserved", file=sys.stderr, flush=True)
        rows.append(row)
    got = (sum(os.times()[:2]) - own_s) / (time.monotonic() - begun)
    words = (
        f"`--seconds {seconds:g} --seed {asked.seed}`, one core. {machine()} The machine was shared: of its one core "
        f"the search got {got:.0%}; alone, it makes more steps."
    )
    text = section(rows, cost, most, words)
    print(text)
    if asked.docs is not None:
        put_section(asked.docs, asked.name, text)
    sys.exit(0 if mean_gap(rows) <= most else 1)


if __name__ == "__main__":
    main()
