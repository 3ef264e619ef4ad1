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
from datasets.tour_told import TOLD, Promise, told_by_notices, told_cells, told_in
from optimizer.tours.model import Told

__all__ = ["NothingToTell", "ToldSince", "VillageTold", "tell_villages"]


class NothingToTell(Refusal):
    """Villages are to be told which the messages of the tours are not about."""

    def __init__(self, village_ids: Collection[str]) -> None:
        super().__init__(f"The messages of these tours (announcements.csv) are not about {', '.join(village_ids)}.")


class ToldSince(Refusal):
    """Villages were told dates that tours were not planned from, and that they do not keep."""

    def __init__(self, villages: Mapping[str, Collection[Promise]]) -> None:
        said = "; ".join(f"{id_} ({_listed(id_, promises)})" for id_, promises in villages.items())
        super().__init__(f"These tours were not planned from dates that stand in villages.csv: {said}; plan again.")


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
    ToldSince
        Villages were told a date that these tours were not planned from, and do not keep: it would be forgotten.
    ForeignFolder
        Something else than a day stands where it is to be written.
    """
    told = _messages(toured)
    if unknown := [id_ for id_ in dict.fromkeys(village_ids or ()) if id_ not in told]:
        raise NothingToTell(unknown)
    lost = _not_kept(toured)
    told_here = told if village_ids is None else {id_: told[id_] for id_ in dict.fromkeys(village_ids)}
    # Tours that were planned from a date and do not stop on it could not keep it.
    given_up = {(id_, toured.date(one.day), one.stop_id) for id_, one in toured.given_up}
    since = {id_: {one for one in lost[id_] if (id_, *one) not in given_up} for id_ in told_here}
    if any(since.values()):
        raise ToldSince({id_: of for id_, of in since.items() if of})
    source = read_source(day)
    tables = {name: pd.DataFrame(dict(table.text)) for name, table in source.tables.items()}
    villages = tables["villages"]
    found = []
    for row in villages.index:
        village_id = str(villages.loc[row, "village_id"])
        if village_id not in told_here:
            continue
        before = told_in({name: str(villages.loc[row, name]) for name in ("village_id", *TOLD)})
        after = (before - lost[village_id]) | told[village_id]
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


def _listed(village_id: str, promises: Collection[Promise]) -> str:
    """Return dates, and where they are, to stand inside a sentence."""
    there = {village_id: ""}
    return ", ".join(f"{date}{there.get(stop_id, f' in {stop_id}')}" for date, stop_id in sorted(promises))


def _messages(toured: Toured) -> Mapping[str, frozenset[Promise]]:
    """Return by village what the messages tell it."""
    return told_by_notices(
        (notice.village_id, toured.date(notice.day), None if notice.stop is None else notice.stop.village_id)
        for message in announcements(toured)
        for notice in message.notices
    )


def _not_kept(toured: Toured) -> Mapping[str, frozenset[Promise]]:
    """Return by village what it was told and the tours do not keep."""
    stops = {Told(day=day, stop_id=village_id) for village_id, day in toured.result.plan.stops}
    return {
        village.id: frozenset((toured.date(one.day), one.stop_id) for one in village.told if one not in stops)
        for village in toured.asked.villages
    }
