"""Plan the same day several times by iterations and compare every file of the plans, byte by byte.

Usage: python -m bench.repeat [--workers 1,2,2] [--iterations 20000] [--docs docs/benchmarks.md]

Exit code 0 when all plans are the same, 1 when any file differs.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.planned_day import Order, make_sample, paigong, whole_numbers
from bench.report import machine, markdown_table, put_section

__all__ = ["compared", "digests", "main", "section"]


def digests(plan: Path) -> dict[str, str]:
    """Return a digest of each file of a plan folder, the pages of sheets/ together as one."""
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(plan.iterdir()) if path.is_file()
    }
    pages = hashlib.sha256()
    for path in sorted((plan / "sheets").iterdir()):
        pages.update(path.name.encode() + b"\0" + path.read_bytes())
    return {**found, "sheets/": pages.hexdigest()}


def section(plans: Sequence[Mapping[str, str]], words: str) -> str:
    """Return the section of docs/benchmarks.md: each file with yes or no."""
    rows = [(name, "yes" if same else "**no**") for name, same in compared(plans).items()]
    return "\n\n".join((words, markdown_table(("file", "same bytes in all"), rows, left=2)))


def compared(plans: Sequence[Mapping[str, str]]) -> dict[str, bool]:
    """Tell for every file that any of the plans has whether all have the same."""
    names = sorted({name for plan in plans for name in plan})
    return {name: len({plan.get(name) for plan in plans}) == 1 for name in names}


def main() -> None:
    """Make a day, plan it once for each count of workers, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--technicians", type=int, default=2_000)
    parser.add_argument("--iterations", type=int, default=20_000, help="search steps in all (default 20000)")
    parser.add_argument("--seed", type=int, default=1, help="of the day and the plan (default 1)")
    parser.add_argument("--workers", type=whole_numbers, default=[1, 2, 2], help="one plan for each (default 1,2,2)")
    parser.add_argument("--folder", type=Path, default=Path("run/bench"), help="for day and plans (run/bench)")
    parser.add_argument("--json", type=Path, help="file to write the answer for every file to")
    parser.add_argument("--docs", type=Path, help="page whose section is replaced by the new one")
    asked = parser.parse_args()
    machine_line = machine()
    day = asked.folder / f"day-{asked.jobs}-{asked.technicians}-{asked.seed}"
    order = Order(jobs=asked.jobs, technicians=asked.technicians, seconds=0, workers=0, seed=asked.seed)
    make_sample(day, order)
    plans = []
    for number, workers in enumerate(asked.workers, start=1):
        out = asked.folder / f"repeat-plan-{number}"
        options = ("--iterations", str(asked.iterations), "--seed", str(asked.seed), "--workers", str(workers))
        paigong("day", "plan", str(day), "-o", str(out), *options)
        plans.append(digests(out))
    crews = ", then ".join(f"`--workers {workers}`" for workers in asked.workers)
    text = section(
        plans,
        f"{asked.jobs:,} jobs, {asked.technicians:,} technicians, "
        f"`--iterations {asked.iterations} --seed {asked.seed}`, planned with {crews}. {machine_line}",
    )
    print(text)
    if asked.json is not None:
        asked.json.write_text(json.dumps(compared(plans), indent=1) + "\n", encoding="utf-8")
    if asked.docs is not None:
        put_section(asked.docs, "repeat", text)
    sys.exit(0 if all(compared(plans).values()) else 1)


if __name__ == "__main__":
    main()
