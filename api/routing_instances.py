"""`paigong bench toptw` and `paigong bench pvrp`: public orienteering and periodic instances beside the best known."""

import csv
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from api.benchmarks import BEST_KNOWN, BenchRefused
from api.public_instances import public_files
from api.solving import RouteIllegal
from api.workers import Seconds
from datasets.cordeau import read_orienteering, read_periodic
from optimizer.periodic.check import judge
from optimizer.periodic.solve import solve_periodic
from optimizer.vrp.orienteering import Orienteering, as_routing, score_of, tour_spots

__all__ = [
    "RoutingRow",
    "orienteering_bench",
    "periodic_bench",
    "routing_json",
    "routing_table",
]

Columns = tuple[str, str]
FORMAT = "text of numbers whose first line is type, vehicles, customers, days (Cordeau's format)"
OPTIMA_OF_ONE: tuple[str, Columns] = ("opt_m1_righini_salani.csv", ("instance", "optimal_profit_m1"))
TOTALS = "header_v_total.csv"
TOTAL_COLUMNS = ("instance", "v_paths_to_visit_all", "total_score_opt_when_m_eq_v")
PERIODIC_BEST: tuple[tuple[str, Columns], ...] = (
    ("BKS.csv", ("Instance Name", "BKS")),
    (BEST_KNOWN, ("instance", "cost")),
)
PERIODIC_SET = "PVRP"
"""A table of several sets names this one's instances so: benchmark/PVRP/p01."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRow:
    """What came of an instance. unserved: customers, or spots with a score, that no route calls at.

    cost: length of all routes, or the score they got; gap_percent: how much longer, or less, in percent of the best
    known; None where a periodic plan leaves somebody out.
    """

    instance: str
    cost: float
    best_known: float | None
    gap_percent: float | None
    unserved: int
    seconds: float


def orienteering_bench(folder: Path, wanted: Sequence[str], *, seconds: float, seed: int) -> Iterator[RoutingRow]:
    """Read all instances, then tour one after the other in this process, each with every m whose best is known.

    Instances are named r101-m1 and so on; r101 asks for all of them. Without any best known, m is the file's own.
    """
    runs = []
    known = _known_scores(folder)
    files = {name: path for name, path in public_files(folder, sorted({_file_of(name) for name in wanted}), FORMAT)}
    for name, path in files.items():
        read = read_orienteering(path)
        for vehicles, best in sorted(known.get(name, {read.vehicles: None}).items()):
            runs.append((f"{name}-m{vehicles}", read.orienteering, vehicles, best))
    there = [run[0] for run in runs]
    missing = [name for name in wanted if name not in there and name not in files]
    if missing:
        raise BenchRefused(f"{folder}: no instance {', '.join(missing)}; there is {', '.join(there)}")
    for name, orienteering, vehicles, best in runs:
        if not wanted or name in wanted or _file_of(name) in wanted:
            yield _toured(name, orienteering, vehicles, best, Seconds(seconds=seconds), seed)


def _file_of(name: str) -> str:
    """Return the file's name in that of an instance."""
    file, dash, vehicles = name.rpartition("-m")
    return file if dash and vehicles.isdecimal() else name


def _toured(
    name: str, orienteering: Orienteering, vehicles: int, best: float | None, budget: Seconds, seed: int
) -> RoutingRow:
    begun = time.monotonic()
    routing = as_routing(orienteering, vehicles)
    routes = tour_spots(routing, budget, seed)
    took_s = time.monotonic() - begun
    broken = [f"{name}, vehicle {route.vehicle_id}: {breach.cause}" for route in routes for breach in route.breaches]
    calls = [step.id for route in routes for step in route.steps if step.id is not None]
    if broken or len(set(calls)) < len(calls) or len(routes) > vehicles:
        raise RouteIllegal("; ".join(broken) or f"{name}: a place or a vehicle twice")
    score = score_of(routes, orienteering)
    return RoutingRow(
        instance=name,
        cost=score,
        best_known=best,
        gap_percent=round(100 * (best - score) / best, 2) if best else None,
        unserved=len(routing.tasks) - len(calls),
        seconds=round(took_s, 2),
    )


def periodic_bench(folder: Path, wanted: Sequence[str], *, seconds: float, seed: int) -> Iterator[RoutingRow]:
    """Read all instances, then plan one after the other in this process, and yield what came of each."""
    best_known = _known_lengths(folder)
    for name, periodic in [(name, read_periodic(path)) for name, path in public_files(folder, wanted, FORMAT)]:
        begun = time.monotonic()
        plan = solve_periodic(periodic, Seconds(seconds=seconds), seed)
        took_s = time.monotonic() - begun
        judged = judge(periodic, plan.routes)
        if judged.breaches or judged.grains != plan.grains:
            raise RouteIllegal("; ".join(judged.breaches) or f"{name}: {judged.grains} is not {plan.grains}")
        best = best_known.get(name)
        comparable = best and not judged.unserved
        yield RoutingRow(
            instance=name,
            cost=round(judged.cost, 2),
            best_known=best,
            gap_percent=round(100 * (judged.cost - best) / best, 2) if best and comparable else None,
            unserved=len(judged.unserved),
            seconds=round(took_s, 2),
        )


def _rows(path: Path, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Return these columns of a table, nothing where there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        table = csv.DictReader(stream)
        missing = [column for column in columns if column not in (table.fieldnames or ())]
        if missing:
            raise BenchRefused(f"{path}: no column {', '.join(missing)}; columns: {', '.join(columns)}")
        return [tuple(row[column] or "" for column in columns) for row in table]


def _number(path: Path, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise BenchRefused(f'{path}: "{text}"; allowed: a number') from error


def _known_scores(folder: Path) -> Mapping[str, Mapping[int, float | None]]:
    """Return the best known scores of an instance by the number of vehicles, from the two tables of the folder."""
    known: dict[str, dict[int, float | None]] = {}
    path = folder / TOTALS
    for name, vehicles, total in _rows(path, TOTAL_COLUMNS):
        known.setdefault(name, {})[int(_number(path, vehicles))] = _number(path, total)
    file, columns = OPTIMA_OF_ONE
    for name, score in _rows(folder / file, columns):
        # Solomon's instances are called c101_100 there, after their hundred customers.
        known.setdefault(name.partition("_")[0], {})[1] = _number(folder / file, score)
    return known


def _known_lengths(folder: Path) -> Mapping[str, float]:
    """Return the best known length by instance."""
    known: dict[str, float] = {}
    for file, columns in PERIODIC_BEST:
        for path, length in _rows(folder / file, columns):
            parts = path.split("/")
            if len(parts) == 1 or parts[-2] == PERIODIC_SET:
                known[parts[-1]] = _number(folder / file, length)
    return known


def routing_table(rows: Sequence[RoutingRow], cost: str) -> str:
    """Return the rows as a table of plain text, with the mean gap below; cost: what that column is called."""
    lines = [("instance", cost, "best known", "gap %", "unserved", "seconds")]
    for row in rows:
        figures = (_figure(row.cost), _figure(row.best_known), _gap(row.gap_percent), f"{row.unserved}")
        lines.append((row.instance, *figures, f"{row.seconds:.1f}"))
    gaps = [row.gap_percent for row in rows if row.gap_percent is not None]
    lines.append(("mean", "", "", _gap(sum(gaps) / len(gaps) if gaps else None), "", ""))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _gap(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def routing_json(rows: Sequence[RoutingRow]) -> str:
    """Return the rows as JSON, a list of objects."""
    return json.dumps([asdict(row) for row in rows], indent=1) + "\n"
