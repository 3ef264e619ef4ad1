"""Solve a folder of generalised assignment instances, and write the table beside the best known.

Usage: python -m bench.assignment DIR [--seconds 20] [--instances a,b] [--docs docs/benchmarks.md]

Exit code 0 when the mean gap of the largest instances, 30 agents and 900 jobs, is within the limit, else 1. The
instances are not part of the project: any folder that `paigong bench gap` reads will do.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from api.public_instances import PublicRow, public_bench
from bench.report import machine, markdown_table, put_section

__all__ = ["LARGEST", "MOST_PERCENT", "main", "mean_gap", "section"]

LARGEST = "30900"
"""Names of these instances end with their agents and jobs."""
MOST_PERCENT = 0.1


def mean_gap(rows: Sequence[PublicRow]) -> float | None:
    """Return the mean gap of the largest instances, in percent; None where one of them has none."""
    gaps = [row.gap_percent for row in rows if row.instance.endswith(LARGEST)]
    known = [gap for gap in gaps if gap is not None]
    return sum(known) / len(known) if known and len(known) == len(gaps) else None


def section(rows: Sequence[PublicRow], words: str) -> str:
    """Return the section of docs/benchmarks.md."""
    mean = mean_gap(rows)
    verdict = "None of 30 agents and 900 jobs was run, or one has no gap."
    if mean is not None:
        within = "within" if mean <= MOST_PERCENT else "**not within**"
        verdict = f"Mean gap with 30 agents and 900 jobs: {mean:.3f} %, {within} the {MOST_PERCENT:g} % allowed."
    table = [
        (
            row.instance,
            "–" if row.cost is None else f"{row.cost:,.10g}",
            "–" if row.best_known is None else f"{row.best_known:,.10g}",
            "–" if row.gap_percent is None else f"{row.gap_percent:.3f}",
            "–" if row.bound is None else f"{row.bound:,.10g}",
            "–" if row.proven_gap_percent is None else f"{row.proven_gap_percent:.3f}",
            f"{row.unserved}",
            f"{row.seconds:.1f}",
        )
        for row in rows
    ]
    header = ("instance", "cost", "best known", "gap, %", "bound", "proven gap, %", "unserved", "seconds")
    return "\n\n".join((words, markdown_table(header, table), verdict))


def main() -> None:
    """Solve, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of instances, with the table of the best known")
    parser.add_argument("--seconds", type=float, default=20.0, help="for each (default 20)")
    parser.add_argument("--instances", default="", help="only these, separated by commas")
    parser.add_argument("--docs", type=Path, help="page whose section is replaced by the new one")
    asked = parser.parse_args()
    wanted = [name for name in asked.instances.split(",") if name]
    begun, rows = time.monotonic(), []
    own_s = sum(os.times()[:2])
    for row in public_bench(asked.folder, wanted, seconds=asked.seconds):
        print(f"{row.instance}: {row.cost}, {row.unserved} unserved", file=sys.stderr, flush=True)
        rows.append(row)
    got = (sum(os.times()[:2]) - own_s) / (time.monotonic() - begun)
    words = f"`--seconds {asked.seconds:g}`, the search had {got:.0%} of one core. {machine()}"
    text = section(rows, words)
    print(text)
    if asked.docs is not None:
        put_section(asked.docs, "gap", text)
    mean = mean_gap(rows)
    sys.exit(0 if mean is not None and mean <= MOST_PERCENT else 1)


if __name__ == "__main__":
    main()
