"""A sample day with its calls and technicians, and of everything else what they can do with.

A store takes in what is loaded row by row: a national network of 1,531 outlets and 7,216 shelves around 60 technicians
would be most of the work of a test.
"""

import csv
import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

from datasets.china import make_day

__all__ = ["make_small_day"]

WAREHOUSES = 6
IDLE_OUTLETS_ONE_IN = 15

_Row = Mapping[str, str]


def make_small_day(folder: Path, date: dt.date) -> None:
    """Write a day of 120 calls and 60 technicians all over the country."""
    make_day(folder, jobs=120, technicians=60, seed=3, date=date)
    named = {name: _rows(folder, name) for name in ("technicians", "orders", "outlet_stock", "quotas", "returns")}
    busy = {row["outlet_id"] for rows in named.values() for row in rows}
    listed = [part for row in _rows(folder, "jobs") for part in row["parts"].split(";")]
    wanted = {part.partition(":")[0] for part in listed} | {row["part_id"] for row in _rows(folder, "kits")}
    wanted |= {row["part_id"] for name in ("orders", "outlet_stock", "quotas", "returns") for row in named[name]}
    idle = [row["outlet_id"] for row in _rows(folder, "outlets") if row["outlet_id"] not in busy]
    outlets = busy | set(idle[::IDLE_OUTLETS_ONE_IN])
    warehouses = {row["warehouse_id"] for row in _rows(folder, "warehouses")[:WAREHOUSES]}
    _keep(folder, "outlets", lambda row: row["outlet_id"] in outlets)
    _keep(folder, "warehouses", lambda row: row["warehouse_id"] in warehouses)
    _keep(folder, "lanes", lambda row: row["warehouse_id"] in warehouses)
    _keep(folder, "transfer_lanes", lambda row: {row["from_id"], row["to_id"]} <= warehouses)
    _keep(folder, "stock", lambda row: row["warehouse_id"] in warehouses and row["part_id"] in wanted)
    _keep(folder, "forecast", lambda row: row["part_id"] in wanted)


def _rows(folder: Path, name: str) -> list[_Row]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _keep(folder: Path, name: str, holds: Callable[[_Row], bool]) -> None:
    rows = _rows(folder, name)
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(row for row in rows if holds(row))
