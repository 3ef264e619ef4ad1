"""What each part of the optimizer is worth: the same seconds on one core, with and without it.

Usage: python -m bench.ablation DAY [--dispatch DIR] [--seconds 30] [--seeds 1,2,3] [--docs docs/benchmarks.md]

DAY is a day folder; each row plans all its shards one after the other. "By hand" is the nearest outlet, first come;
"assignment" gives jobs to outlets by flow and puts each where it is cheapest, once. DIR has routing problems in
VROOM's format: there is no outlet to assign and no seam.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from unittest.mock import patch

from api.benchmarks import bench, instances_in
from api.workers import Seconds
from bench.planned_day import whole_numbers
from bench.report import machine, markdown_table, put_section
from datasets.day import DayFolder, read_day
from geo.providers import open_travel
from optimizer import dispatch as dispatching
from optimizer import solve as solving
from optimizer.baseline import by_hand
from optimizer.budget import Steps
from optimizer.cost import price
from optimizer.explanation import Explanation
from optimizer.plan import Plan
from optimizer.solve import Engine
from optimizer.travel import TravelTimes
from optimizer.workers import HereWorkers

__all__ = ["ROWS", "main", "measured"]


Planner = Callable[[DayFolder, TravelTimes, float, int], tuple[Plan, int]]
"""Plans a day in so many seconds with a seed; also returns the shards that the routing model could not begin on."""


def _nothing(*_: object) -> None:
    return None


def _unexplained(*_: object) -> tuple[Explanation, ...]:
    return ()


def _planned(engine: Engine, recombine: bool, seams: bool, steps: int | None = None) -> Planner:
    def plan(folder: DayFolder, travel: TravelTimes, seconds: float, seed: int) -> tuple[Plan, int]:
        share = dispatching.SEAMS_SHARE if seams else 0.0
        again = solving._recombined if recombine else _nothing  # noqa: SLF001 - what is left out is inside
        rounds = dispatching.SEAM_ROUNDS if seams else 0
        with (
            patch.object(solving, "_recombined", again),
            patch.multiple(dispatching, SEAMS_SHARE=share, SEAM_ROUNDS=rounds, explain=_unexplained),
        ):
            result = dispatching.dispatch(
                folder.day,
                travel,
                budget=Seconds(seconds=seconds) if steps is None else Steps(steps=steps),
                workers=HereWorkers(),
                seed=seed,
                progress=_nothing,
                method=dispatching.Method(engine=engine),
            )
        return result.plan, result.greedy_shards

    return plan


def _by_hand(folder: DayFolder, travel: TravelTimes, seconds: float, seed: int) -> tuple[Plan, int]:
    del seconds, seed
    return by_hand(folder.day, travel, HereWorkers(), _nothing), 0


ROWS: dict[str, Planner] = {
    "by hand": _by_hand,
    "assignment": _planned(Engine.SEARCH, recombine=False, seams=False, steps=1),
    "search, not recombined": _planned(Engine.SEARCH, recombine=False, seams=False),
    "search": _planned(Engine.SEARCH, recombine=True, seams=False),
    "search and seams": _planned(Engine.SEARCH, recombine=True, seams=True),
    "search, polished": _planned(Engine.POLISH, recombine=True, seams=False),
    "OR-Tools routing alone": _planned(Engine.ORTOOLS, recombine=True, seams=False),
}


def measured(folder: DayFolder, plan: Plan, travel: TravelTimes) -> tuple[int, int]:
    """Return the fen and the jobs left out of a plan."""
    return price(folder.day, plan, travel).total, len(plan.unassigned)


PARTS: dict[str, tuple[Engine, bool]] = {
    "search, not recombined": (Engine.SEARCH, False),
    "search": (Engine.SEARCH, True),
    "search, polished": (Engine.POLISH, True),
    "OR-Tools routing alone": (Engine.ORTOOLS, True),
}


def dispatch_table(folder: Path, seconds: float, seeds: Sequence[int]) -> str:
    """Return the second table: median of (1 + priority left out · travel seconds) for each instance and engine."""
    rows = []
    for name, _ in instances_in(folder, []):
        cells = []
        for engine, recombine in PARTS.values():
            with patch.object(solving, "_recombined", solving._recombined if recombine else _nothing):  # noqa: SLF001
                found = [
                    row for seed in seeds for row in bench(folder, [name], seconds=seconds, seed=seed, engine=engine)
                ]
            weight, travel = sorted((row.priority_unserved, row.cost) for row in found)[len(found) // 2]
            cells.append(f"{weight} · {travel:,}")
        rows.append((name, *cells))
        print(*rows[-1], sep="  ", flush=True)
    return markdown_table(("instance", *PARTS), rows)


def main() -> None:
    """Plan the day once for each row and seed; print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("day", type=Path, help="a day folder")
    parser.add_argument("--seconds", type=float, default=30.0, help="of search in all, on one core (default 30)")
    parser.add_argument("--seeds", type=whole_numbers, default=[1, 2, 3], help="of the plan (default 1,2,3)")
    parser.add_argument("--dispatch", type=Path, help="folder of routing problems for a second table")
    parser.add_argument("--docs", type=Path, help="page whose section is replaced by the new one")
    asked = parser.parse_args()
    folder = read_day(asked.day)
    travel = open_travel(folder.travel, folder.folder)
    rows = []
    for name, plan in ROWS.items():
        seeds = asked.seeds[:1] if plan is _by_hand else asked.seeds
        plans = [plan(folder, travel, asked.seconds, seed) for seed in seeds]
        answers = [measured(folder, found, travel) for found, _ in plans]
        if any(greedy for _, greedy in plans):
            name += ": could not begin, the first routes stand"
        fen, left_out = median(fen for fen, _ in answers), median(count for _, count in answers)
        rows.append((name, f"{fen / 100:,.0f}", f"{left_out:g}"))
        print(*rows[-1], sep="  ", flush=True)
    words = (
        f"{len(folder.day.jobs):,} jobs, {len(folder.day.shifts):,} shifts, {asked.seconds:g} s, one core. {machine()}"
    )
    text = f"{words}\n\n{markdown_table(('plan', 'cost, ¥', 'left out'), rows)}"
    if asked.dispatch is not None:
        table = dispatch_table(asked.dispatch, asked.seconds, asked.seeds)
        words = f"Routing problems, {asked.seconds:g} s each: 1 + priority of what is left out · travel seconds."
        text += f"\n\n{words}\n\n{table}"
    print(text)
    if asked.docs is not None:
        put_section(asked.docs, "ablation", text)


if __name__ == "__main__":
    main()
