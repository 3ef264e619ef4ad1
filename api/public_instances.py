"""`paigong bench gap`: public assignment and location instances beside the best known, with what is proven."""

import csv
import json
import math
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from api.benchmarks import BEST_KNOWN, BenchRefused
from datasets.or_library import GapFile, LocationFile, read_instance
from optimizer.engines.facilities import Facilities, open_facilities
from optimizer.parts.agents import Agents, assign

__all__ = [
    "NAMED",
    "NUMBER",
    "PUBLIC_FORMAT",
    "PublicRow",
    "public_bench",
    "public_files",
    "public_json",
    "public_table",
]

NUMBER = re.compile(rb"[+-]?[0-9][0-9.eE+-]*")
BEST_COLUMN = "Best known solution value"


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicRow:
    """What came of an instance: bound is proven, no complete answer costs less. unserved: jobs that nobody has.

    kind: assignment, decided as sourcing is, or location, a mixed-integer program. Gaps in percent of the cost.
    """

    instance: str
    kind: str
    cost: float | None
    unserved: int
    best_known: float | None
    gap_percent: float | None
    bound: float | None
    proven_gap_percent: float | None
    seconds: float


PUBLIC_FORMAT = "text of numbers that begins with agents and jobs, or warehouses and customers"
NAMED = 5
"""So many files of a folder that has no instances are named."""


def public_files(folder: Path, wanted: Sequence[str], allowed: str) -> list[tuple[str, Path]]:
    """Return names and files of a folder's instances, those wanted or all; a folder of something else is refused.

    allowed: what an instance looks like, in words.
    """
    if not folder.is_dir():
        raise BenchRefused(f"{folder}: no such folder")
    skipped = {".csv", ".md"}
    found = {
        path.name.removesuffix(".txt"): path
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix not in skipped and not path.name.startswith(".")
    }
    missing = [name for name in wanted if name not in found]
    if missing or not found:
        here = ", ".join(found) or "none at all"
        raise BenchRefused(f"{folder}: no instance {', '.join(missing) or 'to run'}; there is {here}")
    chosen = [(name, found[name]) for name in (wanted or found)]
    if not any(_begins_with_numbers(path) for _, path in chosen):
        names = [path.name for _, path in chosen]
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        raise BenchRefused(f"{folder}: no instance here; allowed: {allowed}; there is {', '.join(names[:NAMED])}{more}")
    return chosen


def _begins_with_numbers(path: Path) -> bool:
    with path.open("rb") as stream:
        words = stream.read(200).split()[:2]
    return len(words) == 2 and all(NUMBER.fullmatch(word) for word in words)


def public_bench(folder: Path, wanted: Sequence[str], *, seconds: float) -> Iterator[PublicRow]:
    """Read all instances, then solve one after the other in this process, and yield what came of each."""
    best_known = _best_known(folder)
    for name, instance in [(name, read_instance(path)) for name, path in public_files(folder, wanted, PUBLIC_FORMAT)]:
        begun = time.monotonic()
        if isinstance(instance, GapFile):
            kind, (cost, unserved, bound) = "assignment", _assigned(instance, begun + seconds)
        else:
            kind, (cost, unserved, bound) = "location", _located(instance, seconds)
        took_s, best = time.monotonic() - begun, best_known.get(name)
        whole = cost is not None and unserved == 0
        yield PublicRow(
            instance=name,
            kind=kind,
            cost=cost,
            unserved=unserved,
            best_known=best,
            gap_percent=_percent(cost, best) if whole else None,
            bound=bound,
            proven_gap_percent=_percent(cost, bound) if whole else None,
            seconds=round(took_s, 2),
        )


def _assigned(instance: GapFile, end: float) -> tuple[float | None, int, float | None]:
    """Return cost, jobs that nobody has, and bound."""
    asked = Agents(cost=instance.cost, weight=instance.weight, capacity=instance.capacity)
    found = assign(asked, remaining=lambda: end - time.monotonic())
    return found.cost, found.unassigned, found.bound


def _located(instance: LocationFile, seconds: float) -> tuple[float | None, int, float | None]:
    found = open_facilities(
        Facilities(capacity=instance.capacity, fixed=instance.fixed, demand=instance.demand, cost=instance.cost),
        seconds=seconds,
    )
    if found is None:
        return None, len(instance.demand), None
    return round(found.cost, 3), 0, round(found.bound, 3) if math.isfinite(found.bound) else None


def _percent(cost: float | None, least: float | None) -> float | None:
    """Return how much dearer a cost is than something, in percent of the cost."""
    return None if not cost or least is None else round(100 * (cost - least) / cost, 4)


def _best_known(folder: Path) -> dict[str, float]:
    """Return the best known cost by instance, from best_known.csv if the folder has one."""
    path = folder / BEST_KNOWN
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as stream:
        try:
            rows = [
                (row.get("Path") or row["instance"], row.get(BEST_COLUMN) or row["cost"])
                for row in csv.DictReader(stream)
            ]
            return {name.rpartition("/")[2]: float(cost) for name, cost in rows}
        except (KeyError, TypeError, ValueError) as error:
            allowed = f'columns instance, cost, or "Path", "{BEST_COLUMN}", the costs numbers'
            raise BenchRefused(f"{path}: {allowed}") from error


def public_table(rows: Sequence[PublicRow]) -> str:
    """Return the rows as a table of plain text, with the mean gaps below."""
    lines = [("instance", "kind", "best known", "cost", "unserved", "gap %", "bound", "proven gap %", "seconds")]
    for row in rows:
        figures = (_figure(row.best_known), _figure(row.cost), f"{row.unserved}", _gap(row.gap_percent))
        proven = (_figure(row.bound), _gap(row.proven_gap_percent), f"{row.seconds:.1f}")
        lines.append((row.instance, row.kind, *figures, *proven))
    gaps, proven_gaps = ([gap for row in rows if (gap := getattr(row, name)) is not None] for name in _GAPS)
    means = [_gap(sum(some) / len(some) if some else None) for some in (gaps, proven_gaps)]
    lines.append(("mean", "", "", "", "", means[0], "", means[1], ""))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column <= 1 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


_GAPS = ("gap_percent", "proven_gap_percent")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:,.3f}".rstrip("0").rstrip(".")


def _gap(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def public_json(rows: Sequence[PublicRow]) -> str:
    """Return the rows as JSON, a list of objects."""
    return json.dumps([asdict(row) for row in rows], indent=1) + "\n"
