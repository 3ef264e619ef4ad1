"""Plan days of growing size as whole processes: seconds, memory and quality by size, as tables and a plot.

Usage: python -m bench.growth [--sizes 5000,20000] [--docs docs/benchmarks.md --plot docs/growth.png]

A size is JOBS, JOBS:TECHNICIANS or JOBS:TECHNICIANS:SECONDS of search; technicians are otherwise in the proportion of
4,200 to 20,000 jobs, and seconds 60. What is measured is kept in the JSON file at once, and not measured again as long
as the code is the same: a run that was stopped goes on where it was.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from bench.planned_day import Order, PlannedDay, make_sample, plan_and_check
from bench.report import GIB, busyness, code_fingerprint, machine, markdown_table, put_section
from bench.whole_process import MEMORY_KIND

__all__ = ["Kept", "draw", "main", "section"]

SIZES = "5000,20000,50000,150000:20000:300"
LARGEST_JOBS = 150_000
LARGEST_WALL_S = 20 * 60
LARGEST_GIB = 16


class Kept:
    """What has been measured, in a JSON file: by order, machine and fingerprint of the code."""

    def __init__(self, path: Path, machine_line: str) -> None:
        self._path = path
        self._runs: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []
        self._here = {"code": code_fingerprint(), "machine": machine_line, "memory": MEMORY_KIND}

    def find(self, order: Order) -> PlannedDay | None:
        """Return what this very code on this machine measured for an order."""
        wanted = {**self._here, "order": asdict(order)}
        return next((_planned_day(run) for run in self._runs if wanted.items() <= run.items()), None)

    def add(self, day: PlannedDay) -> None:
        """Keep a measured day; older ones of the same order go."""
        self._runs = [run for run in self._runs if run["order"] != asdict(day.order)]
        self._runs.append({**self._here, **asdict(day)})
        self._path.parent.mkdir(parents=True, exist_ok=True)
        content = json.dumps({"runs": self._runs}, ensure_ascii=False, indent=1)
        self._path.write_text(content + "\n", encoding="utf-8")


def _planned_day(run: dict[str, Any]) -> PlannedDay:
    fields = {name: run[name] for name in ("wall_s", "peak_bytes", "others_share", "check_s", "violations", "kpis")}
    stages = tuple((words, seconds) for words, seconds in run["stages"])
    return PlannedDay(order=Order(**run["order"]), stages=stages, **fields)


def section(days: Sequence[PlannedDay], machine_line: str) -> str:
    """Return the section of docs/benchmarks.md: a line per size, then seconds by stage."""
    header = (
        "jobs",
        "technicians",
        "`--seconds`",
        "wall, s",
        f"memory, GiB {MEMORY_KIND}",
        "served, %",
        "SLA seat, %",
        "SLA remote, %",
        "¥ per served job",
        "by hand, ¥",
        "violations",
    )
    rows = [
        (
            f"{day.order.jobs:,}",
            f"{day.order.technicians:,}",
            f"{day.order.seconds:g}",
            f"{day.wall_s:.0f}",
            f"{day.peak_bytes / GIB:.2f}",
            f"{day.figure('served_percent'):.1f}",
            f"{day.figure('arrival_by_area', 'seat', 'percent'):.1f}",
            f"{day.figure('arrival_by_area', 'remote', 'percent'):.1f}",
            f"{day.figure('cost_per_served_fen') / 100:.2f}",
            f"{day.figure('cost_per_served_fen', of='baseline') / 100:.2f}",
            f"{day.violations}",
        )
        for day in days
    ]
    stages = [
        (words, *(f"{dict(day.stages).get(words, 0.0):.1f}" for day in days))
        for words in dict.fromkeys(words for day in days for words, _ in day.stages)
    ]
    return "\n\n".join(
        (
            f"`--workers {days[0].order.workers}`, seed {days[0].order.seed}. {machine_line}"
            f"{busyness(max(day.others_share for day in days))}",
            markdown_table(header, rows, left=0),
            "Where the seconds go, by jobs:",
            markdown_table(("stage", *(f"{day.order.jobs:,}" for day in days)), stages),
            *_verdicts(days),
        )
    )


def _verdicts(days: Iterable[PlannedDay]) -> list[str]:
    """Return a sentence about the largest size's limits, when it was measured."""
    return [
        f"Limits at {day.order.jobs:,} jobs: 20 minutes {_met(day.wall_s <= LARGEST_WALL_S)}, "
        f"{LARGEST_GIB} GiB {_met(day.peak_bytes < LARGEST_GIB * GIB)}, "
        f"no violation {_met(day.violations == 0)}."
        for day in days
        if day.order.jobs >= LARGEST_JOBS
    ]


def _met(is_met: bool) -> str:
    return "met" if is_met else "**not met**"


def draw(path: Path, days: Sequence[PlannedDay]) -> None:
    """Write a picture of seconds, memory and promises kept over the number of jobs."""
    jobs = [day.order.jobs for day in days]
    figure = Figure(figsize=(11, 3.6), dpi=110, layout="constrained")
    wall, memory, promises = figure.subplots(1, 3)
    wall.plot(jobs, [day.wall_s for day in days], "o-", label="plan, in all")
    wall.plot(jobs, [day.order.seconds for day in days], "s--", color="grey", label="of it search (--seconds)")
    _scales(wall, jobs, "seconds", upright="log")
    memory.plot(jobs, [day.peak_bytes / GIB for day in days], "o-", label=f"peak {MEMORY_KIND}, all processes")
    _scales(memory, jobs, "GiB", upright="log")
    for label, path_to in (
        ("served", ("served_percent",)),
        ("SLA, seat", ("arrival_by_area", "seat", "percent")),
        ("SLA, remote", ("arrival_by_area", "remote", "percent")),
    ):
        (line,) = promises.plot(jobs, [day.figure(*path_to) for day in days], "o-", label=label)
        promises.plot(jobs, [day.figure(*path_to, of="baseline") for day in days], ":", color=line.get_color())
    promises.plot([], [], ":", color="grey", label="the same by hand")
    promises.set_ylim(0, 100)
    _scales(promises, jobs, "%", upright="linear")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png")


def _scales(axes: Axes, jobs: Sequence[int], unit: str, *, upright: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale(upright)
    axes.set_xticks(jobs)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count / 1_000:g}k"))
    if upright == "log":
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        low, high = axes.get_ylim()
        axes.set_ylim(low / 1.5, high * 1.5)
    axes.set_xlabel("jobs")
    axes.set_ylabel(unit)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=7)


def _size(text: str) -> tuple[int, int, float]:
    jobs, _, rest = text.partition(":")
    technicians, _, seconds = rest.partition(":")
    return int(jobs), int(technicians or round(int(jobs) * 4_200 / 20_000)), float(seconds or 60)


def _sizes(text: str) -> list[tuple[int, int, float]]:
    return [_size(size) for size in text.split(",")]


def main() -> None:
    """Measure what is not yet measured, then print the section and draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help=f"default {SIZES}")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--seed", type=int, default=1, help="of the days and the plans (default 1)")
    parser.add_argument("--folder", type=Path, default=Path("run/bench"), help="for days and plans (run/bench)")
    parser.add_argument("--json", type=Path, default=Path("run/bench/growth.json"), help="where figures are kept")
    parser.add_argument("--plot", type=Path, default=Path("run/bench/growth.png"), help="PNG file to write")
    parser.add_argument("--docs", type=Path, help="page whose section is replaced by the new one")
    asked = parser.parse_args()
    machine_line = machine()
    kept = Kept(asked.json, machine_line)
    days = []
    for jobs, technicians, seconds in asked.sizes:
        order = Order(jobs=jobs, technicians=technicians, seconds=seconds, workers=asked.workers, seed=asked.seed)
        day = kept.find(order)
        if day is None:
            sys.stderr.write(f"{jobs:,} jobs, {technicians:,} technicians, {seconds:g} s of search\n")
            folder = asked.folder / f"day-{jobs}-{technicians}-{order.seed}"
            make_sample(folder, order)
            day = plan_and_check(folder, asked.folder / f"growth-plan-{jobs}", order)
            kept.add(day)
        days.append(day)
    text = section(days, machine_line)
    print(text)
    draw(asked.plot, days)
    if asked.docs is not None:
        picture = os.path.relpath(asked.plot, asked.docs.parent)
        put_section(asked.docs, "growth", f"{text}\n\n![Seconds, memory and promises kept by jobs]({picture})")


if __name__ == "__main__":
    main()
