"""A day folder after its villages were told: what the messages of tours say stands in its villages.csv."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from datasets.day import AREAS_FILE, read_source, write_day
from datasets.faults import Refusal
from datasets.progress import travel_from
from datasets.tour_announcements import announcements
from datasets.tour_names import Toured
from datasets.tour_told import TOLD, Promise, told_cells, told_in
from optimizer.tours.model import Told

__all__ = ["NothingToTell", "VillageTold", "tell_villages"]


class NothingToTell(Refusal):
    """Villages are to be told which the messages of the tours are not about."""

    def __init__(self, village_ids: Collection[str]) -> None:
        super().__init__(f"The messages of these tours (announcements.csv) are not about {', '.join(village_ids)}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class VillageTold:
    """What of a village's dates is new in the folder, and what is taken off, each in order."""

    village_id: str
    new: tuple[Promise, ...]
    taken_off: tuple[Promise, ...]


def tell_villages(
    day: Path, toured: Toured, out: Path, village_ids: Collection[str] | None = None
) -> tuple[VillageTold, ...]:
    """Write a day folder again with what its villages were told by the messages of tours; None: all of them.

    Dates that are new, moved or of a stop near by are added; what tours cannot keep is taken off.

    Raises
    ------
    DayRefused
        With every fault of the day folder.
    NothingToTell
        No message is about some of these villages.
    ForeignFolder
        Something else than a day stands where it is to be written.
    """
    told = _messages(toured)
    if unknown := [id_ for id_ in dict.fromkeys(village_ids or ()) if id_ not in told]:
        raise NothingToTell(unknown)
    source = read_source(day)
    tables = {name: pd.DataFrame(dict(table.text)) for name, table in source.tables.items()}
    villages = tables["villages"]
    lost = _not_kept(toured)
    found = []
    for row in villages.index:
        village_id = str(villages.loc[row, "village_id"])
        if village_id not in (told if village_ids is None else village_ids):
            continue
        before = told_in({name: str(villages.loc[row, name]) for name in ("village_id", *TOLD)})
        after = (before - lost.get(village_id, frozenset())) | told[village_id]
        for name, cell in told_cells(village_id, after).items():
            villages.loc[row, name] = cell
        if after != before:
            found.append(
                VillageTold(
                    village_id=village_id, new=tuple(sorted(after - before)), taken_off=tuple(sorted(before - after))
                )
            )
    values = dict(source.values) | {"travel": travel_from(source, out)}
    write_day(out, tables, values, (day / AREAS_FILE).read_bytes() if (day / AREAS_FILE).exists() else None)
    return tuple(found)


def _messages(toured: Toured) -> Mapping[str, frozenset[Promise]]:
    """Return by village what the messages tell it; nothing where they only take back what was told before."""
    told: dict[str, set[Promise]] = {}
    for notice in (notice for message in announcements(toured) for notice in message.notices):
        mine = told.setdefault(notice.village_id, set())
        if notice.stop is not None:
            mine.add((toured.date(notice.day), notice.stop.village_id))
    return {village_id: frozenset(promises) for village_id, promises in told.items()}


def _not_kept(toured: Toured) -> Mapping[str, frozenset[Promise]]:
    """Return by village what it was told and the tours do not keep."""
    stops = {Told(day=day, stop_id=village_id) for village_id, day in toured.result.plan.stops}
    return {
        village.id: frozenset((toured.date(one.day), one.stop_id) for one in village.told if one not in stops)
        for village in toured.asked.villages
    }
