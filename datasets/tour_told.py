"""What a village was told, in its cells: dates on which the crew comes, and those on which it stops near enough."""

import datetime as dt
from collections.abc import Iterable, Mapping

from datasets.cells import DATES, PLACED_DATES

__all__ = ["TOLD", "Promise", "told_cells", "told_in"]

TOLD = ("announced", "announced_at")
"""The columns of villages.csv that say it."""

Promise = tuple[dt.date, str]
"""A date, and the village in which the crew stops on it."""


def told_in(cells: Mapping[str, str]) -> frozenset[Promise]:
    """Return what a village was told, over or not."""
    own, away = cells.get("announced", ""), cells.get("announced_at", "")
    found = {(date, cells["village_id"]) for date in DATES.parse(own)} if own else set()
    return frozenset(found.union(PLACED_DATES.parse(away) if away else ()))


def told_cells(village_id: str, promises: Iterable[Promise]) -> dict[str, str]:
    """Return the cells that say this, and nothing else."""
    ordered = sorted(promises)
    return {
        "announced": ";".join(date.isoformat() for date, stop_id in ordered if stop_id == village_id),
        "announced_at": ";".join(f"{date}@{stop_id}" for date, stop_id in ordered if stop_id != village_id),
    }
