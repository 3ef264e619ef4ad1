"""Solve a folder of dispatch instances with several seeds, one core, and compare with what peers reached.

Usage: python -m bench.dispatch DIR [--seconds 10] [--seeds 1,2,3] [--instances a,b] [--docs docs/benchmarks.md]

Exit code 0 when the median of every instance is no worse than the best of the peers, else 1. The instances are not part
of the project: any folder of problems in VROOM's format will do, and those without a peer's figure are solved too.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from api.benchmarks import BenchRow, bench, instances_in
from bench.planned_day import whole_numbers
from bench.report import machine, markdown_table, put_section
from optimizer.solve import Engine

__all__ = ["PEERS", "is_no_worse", "main", "median_of", "section"]

PEERS: Mapping[str, tuple[int, int, str]] = {
    "chengdu-100-1": (7, 379_698, "earlier prototype, 10 s"),
    "kunming-100-2": (14, 345_993, "earlier prototype, 10 s"),
    "wuhan-300-1": (0, 886_766, "earlier prototype, 10 s"),
    "lanzhou-300-2": (0, 472_943, "earlier prototype, 10 s"),
    "shenyang-1000-1": (0, 1_205_685, "earlier prototype, 10 s"),
    "chengdu-100-1-breaks": (43, 351_029, "VROOM, x = 5"),
    "kunming-100-2-breaks": (48, 325_106, "VROOM, x = 5"),
    "wuhan-300-1-breaks": (12, 899_981, "VROOM, x = 5"),
    "lanzhou-300-2-breaks": (4, 530_081, "VROOM, x = 5"),
}
"""(sum over the jobs left out of 1 + priority, travel seconds, whose): the best of VROOM, PyVRP and OR-Tools with up to
60 s and of an earlier prototype, all measured once on a machine of this kind, one core each."""


def figure(row: BenchRow) -> tuple[int, int]:
    """Return what is compared, in this order: what is left out, then travel."""
    return row.priority_unserved, row.cost


def median_of(rows: Sequence[BenchRow]) -> tuple[int, int]:
    """Return the figure in the middle, the worse of two."""
    return sorted(figure(row) for row in rows)[len(rows) // 2]


def is_no_worse(found: tuple[int, int], peer: tuple[int, int, str]) -> bool:
    """Tell whether no more is left out, and no more travelled where as much is."""
    return found <= peer[:2]


def section(rows: Mapping[str, Sequence[BenchRow]], words: str) -> str:
    """Return the section of docs/benchmarks.md."""

    def shown(pair: Sequence[object]) -> str:
        return f"{pair[0]} · {pair[1]:,}"

    table = []
    for name, runs in rows.items():
        peer = PEERS.get(name)
        median = median_of(runs)
        verdict = "" if peer is None else "yes" if is_no_worse(median, peer) else "**no**"
        table.append(
            (
                name,
                shown(median),
                shown(min(map(figure, runs))),
                shown(max(map(figure, runs))),
                "–" if peer is None else f"{shown(peer)} ({peer[2]})",
                verdict,
                f"{statistics.median(run.seconds for run in runs):.1f}",
            )
        )
    header = ("instance", "median", "best", "worst", "best peer", "no worse", "seconds")
    return "\n\n".join((words, markdown_table(header, table)))


def main() -> None:
    """Solve, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of *.json or *.json.gz")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each run (default 10)")
    parser.add_argument("--seeds", type=whole_numbers, default=[1, 2, 3], help="default 1,2,3")
    parser.add_argument("--instances", default="", help="only these, separated by commas")
    parser.add_argument("--json", type=Path, help="file to write every run to")
    parser.add_argument("--docs", type=Path, help="page whose section is replaced by the new one")
    asked = parser.parse_args()
    machine_line = machine()
    names = [name for name, _ in instances_in(asked.folder, [n for n in asked.instances.split(",") if n])]
    rows: dict[str, list[BenchRow]] = {name: [] for name in names}
    for name in names:
        for seed in asked.seeds:
            rows[name] += bench(asked.folder, [name], seconds=asked.seconds, seed=seed, engine=Engine.SEARCH)
            print(f"{name}, seed {seed}: {figure(rows[name][-1])}", file=sys.stderr, flush=True)
    seeds = ", ".join(map(str, asked.seeds))
    text = section(
        rows,
        f"`--seconds {asked.seconds:g}`, one core, seeds {seeds}. Figures: sum of 1 + priority of the jobs left out · "
        f"travel seconds. {machine_line}",
    )
    print(text)
    if asked.json is not None:
        runs = [{"instance": name, "figures": [figure(row) for row in found]} for name, found in rows.items()]
        asked.json.write_text(json.dumps(runs, indent=1) + "\n", encoding="utf-8")
    if asked.docs is not None:
        put_section(asked.docs, "dispatch", text)
    sys.exit(0 if all(is_no_worse(median_of(rows[name]), PEERS[name]) for name in names if name in PEERS) else 1)


if __name__ == "__main__":
    main()
