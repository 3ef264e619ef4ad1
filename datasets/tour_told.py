"""What a village was told, in its cells: dates on which the crew comes, and those on which it stops near enough."""

import datetime as dt
from collections.abc import Iterable, Mapping

from datasets.cells import DATES, PLACED_DATES

__all__ = ["TOLD", "Promise", "told_by_notices", "told_cells", "told_in"]

TOLD = ("announced", "announced_at")
"""The columns of villages.csv that say it."""

Promise = tuple[dt.date, str]
"""A date, and the village in which the crew stops on it."""


def told_in(cells: Mapping[str, str]) -> frozenset[Promise]:
    """Return what a village was told, over or not."""
    own, away = cells.get("announced", ""), cells.get("announced_at", "")
    found = {(date, cells["village_id"]) for date in DATES.parse(own)} if own else set()
    return frozenset(found.union(PLACED_DATES.parse(away) if away else ()))


def told_by_notices(notices: Iterable[tuple[str, dt.date, str | None]]) -> dict[str, frozenset[Promise]]:
    """Return by village what messages tell it; nothing where they only take back what was told before.

    notices: a village, a date, and the village in which the crew stops on it, None where it does not come.
    """
    found: dict[str, set[Promise]] = {}
    for village_id, date, stop_id in notices:
        told = found.setdefault(village_id, set())
        if stop_id is not None:
            told.add((date, stop_id))
    return {village_id: frozenset(told) for village_id, told in found.items()}


def told_cells(village_id: str, promises: Iterable[Promise]) -> dict[str, str]:
    """Return the cells that say this, and nothing else."""
    ordered = sorted(promises)
    return {
        "announced": ";".join(date.isoformat() for date, stop_id in ordered if stop_id == village_id),
        "announced_at": ";".join(f"{date}@{stop_id}" for date, stop_id in ordered if stop_id != village_id),
    }
