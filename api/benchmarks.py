"""`paigong bench`: public and own instances, solved one after the other on one core, beside the best known."""

import csv
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from api.solving import solved
from api.workers import Seconds
from datasets.faults import Refusal
from datasets.vroom import VroomProblem, read_vroom
from optimizer.solve import Engine
from optimizer.vrp.plan import StepKind, TimedRoute

__all__ = [
    "BENCH_SETS",
    "BEST_KNOWN",
    "BenchRefused",
    "BenchRow",
    "bench",
    "bench_json",
    "bench_table",
    "instances_in",
    "is_bench",
]

BENCH_SETS = ("dispatch", "gap", "pvrp", "toptw")
"""Sets that can be run; the others of the contract are refused by name."""
SUFFIXES = (".json", ".json.gz")
BEST_KNOWN = "best_known.csv"


class BenchRefused(Refusal):
    """The set, the folder or an instance is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRow:
    """What came of an instance. cost: travel seconds; priority_unserved: 1 + priority over the jobs left out.

    best_known: travel seconds of a plan that leaves out as many, from best_known.csv of the folder, else None.
    """

    instance: str
    cost: int
    best_known: int | None
    gap_percent: float | None
    unserved: int
    priority_unserved: int
    best_known_unserved: int | None
    seconds: float


def instances_in(folder: Path, wanted: Sequence[str]) -> list[tuple[str, Path]]:
    """Return names and files of a folder's instances, those wanted or all."""
    if not folder.is_dir():
        raise BenchRefused(f"{folder}: no such folder")
    found = {path.name.split(".json")[0]: path for path in sorted(folder.iterdir()) if path.name.endswith(SUFFIXES)}
    missing = [name for name in wanted if name not in found]
    if missing or not found:
        here = ", ".join(found) or "no *.json or *.json.gz at all"
        raise BenchRefused(f"{folder}: no instance {', '.join(missing) or 'to run'}; there is {here}")
    return [(name, found[name]) for name in (wanted or found)]


def bench(folder: Path, wanted: Sequence[str], *, seconds: float, seed: int, engine: Engine) -> Iterator[BenchRow]:
    """Solve each instance in this process, on one core, and yield what came of it."""
    best_known = _best_known(folder)
    for name, path in instances_in(folder, wanted):
        problem = read_vroom(path)
        begun = time.monotonic()
        routes = solved(problem, Seconds(seconds=seconds), seed, engine)
        yield _row(name, problem, routes, best_known.get(name), time.monotonic() - begun)


def _best_known(folder: Path) -> dict[str, tuple[int, int]]:
    """Return (unserved, travel seconds) by instance, as far as the folder says."""
    if not (folder / BEST_KNOWN).is_file():
        return {}
    with (folder / BEST_KNOWN).open(encoding="utf-8", newline="") as stream:
        try:
            return {row["instance"]: (int(row["unserved"]), int(row["cost"])) for row in csv.DictReader(stream)}
        except (KeyError, TypeError, ValueError) as error:
            raise BenchRefused(f"{folder / BEST_KNOWN}: columns instance, unserved, cost in whole numbers") from error


def _row(
    name: str, problem: VroomProblem, routes: Sequence[TimedRoute], best: tuple[int, int] | None, took_s: float
) -> BenchRow:
    served = {step.id for route in routes for step in route.steps if step.kind is StepKind.JOB}
    left_out = [task for task in problem.routing.tasks if task.id not in served]
    cost = sum(route.steps[-1].travel_s for route in routes)
    comparable = best is not None and best[0] == len(left_out) and best[1] > 0
    return BenchRow(
        instance=name,
        cost=cost,
        best_known=best[1] if best else None,
        gap_percent=round(100 * (cost / best[1] - 1), 2) if best and comparable else None,
        unserved=len(left_out),
        priority_unserved=sum(1 + task.priority for task in left_out),
        best_known_unserved=best[0] if best else None,
        seconds=round(took_s, 2),
    )


def bench_table(rows: Sequence[BenchRow]) -> str:
    """Return the rows as a table of plain text."""
    header = ("instance", "unserved", "1 + priority", "travel s", "best known", "gap %", "seconds")
    lines = [header]
    for row in rows:
        known = "" if row.best_known is None else f"{row.best_known_unserved} · {row.best_known:,}"
        gap = "" if row.gap_percent is None else f"{row.gap_percent:+.2f}"
        figures = (f"{row.unserved}", f"{row.priority_unserved}", f"{row.cost:,}", known, gap, f"{row.seconds:.1f}")
        lines.append((row.instance, *figures))
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "  ".join(
            cell.ljust(w) if column == 0 else cell.rjust(w)
            for column, (cell, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def bench_json(rows: Sequence[BenchRow]) -> str:
    """Return the rows as JSON, a list of objects."""
    return json.dumps([asdict(row) for row in rows], indent=1) + "\n"


def is_bench(content: bytes) -> bool:
    """Return whether content is a list of rows of a benchmark, as `--json` writes it."""
    try:
        rows = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(rows, list) and all(isinstance(row, dict) and "instance" in row for row in rows)
