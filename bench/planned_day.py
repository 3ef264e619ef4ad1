"""One sample day made, planned and checked by the command line, each step as a whole process."""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.whole_process import Run, run_whole

__all__ = ["Order", "PlannedDay", "make_sample", "paigong", "plan_and_check", "whole_numbers"]

VIOLATIONS = 1
"""Exit code of `paigong day check` when rules are broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to measure; the seed is that of the day and of the plan."""

    jobs: int
    technicians: int
    seconds: float
    workers: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDay:
    """What was measured.

    wall_s, peak_bytes, others_share, stages: of `paigong day plan`, from the start of Python to the written folder.
    kpis: the content of kpis.json.
    """

    order: Order
    wall_s: float
    peak_bytes: int
    others_share: float
    stages: tuple[tuple[str, float], ...]
    check_s: float
    violations: int
    kpis: dict[str, Any]

    def figure(self, *path: str, of: str = "plan") -> float:
        """Return a figure of kpis.json by its path; NaN where it has nothing to divide by."""
        value: Any = self.kpis[of]
        for name in path:
            value = value[name]
        return float("nan") if value is None else float(value)


def whole_numbers(text: str) -> list[int]:
    """Return the whole numbers of a list such as `1,2,3`: a type for argparse."""
    return [int(number) for number in text.split(",")]


def paigong(*words: str, allowed: Sequence[int] = (0,)) -> Run:
    """Run the command line as a whole process.

    Raises RuntimeError with the command's own words when it ends with an exit code that is not allowed.
    """
    run = run_whole([str(Path(sys.executable).with_name("paigong")), *words])
    if run.exit_code not in allowed:
        said = run.messages or run.output
        raise RuntimeError(f"paigong {' '.join(words)} ended with exit code {run.exit_code}:\n{said}")
    return run


def make_sample(folder: Path, order: Order) -> None:
    """Make the sample day of an order at a folder."""
    sizes = ("--jobs", str(order.jobs), "--technicians", str(order.technicians), "--seed", str(order.seed))
    paigong("day", "make", str(folder), *sizes)


def plan_and_check(day: Path, out: Path, order: Order) -> PlannedDay:
    """Plan a day folder and check the plan; violations are no failure but a figure."""
    options = ("--seconds", f"{order.seconds:g}", "--workers", str(order.workers), "--seed", str(order.seed))
    planned = paigong("day", "plan", str(day), "-o", str(out), *options)
    checked = paigong("day", "check", str(day), str(out), allowed=(0, VIOLATIONS))
    return PlannedDay(
        order=order,
        wall_s=planned.seconds,
        peak_bytes=planned.peak_bytes,
        others_share=planned.others_share,
        stages=planned.stages,
        check_s=checked.seconds,
        violations=_violations(checked),
        kpis=json.loads((out / "kpis.json").read_text(encoding="utf-8")),
    )


def _violations(checked: Run) -> int:
    if checked.exit_code != VIOLATIONS:
        return 0
    counted = re.search(r"^(\d+) violations", checked.output, re.MULTILINE)
    if counted is None:
        raise RuntimeError(f"paigong day check did not count violations:\n{checked.messages or checked.output}")
    return int(counted[1])
