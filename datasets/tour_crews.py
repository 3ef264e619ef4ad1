"""Builds the crews of tours from the technicians that ride in them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from datasets.network import wgs84
from datasets.settings import Settings
from datasets.table import Table
from optimizer.model import Break, Certificate, Shift, Skill
from optimizer.tours.model import Crew, OnTheRoad

__all__ = ["build_crews"]

Row = Mapping[str, Any]


def build_crews(tables: Mapping[str, Table], shifts: Iterable[Shift], settings: Settings) -> tuple[Crew, ...]:
    """Build every crew: what its members know together, on the dates on which all of them have a shift."""
    crews, outlets = _rows(tables["crews"]), tables["outlets"]
    places = dict(zip(outlets.values["outlet_id"], wgs84(outlets).tolist(), strict=True))
    people = {person["technician_id"]: person for person in _rows(tables["technicians"])}
    working: defaultdict[str, set[int]] = defaultdict(set)
    for shift in shifts:
        working[shift.technician_id].add(shift.day)
    return tuple(
        _build_crew(
            row,
            [people[id_] for id_ in row["technician_ids"]],
            (places[row["outlet_id"]][0], places[row["outlet_id"]][1]),
            frozenset(set.intersection(*(working[id_] for id_ in row["technician_ids"]))),
            settings,
        )
        for row in crews
    )


def _rows(table: Table) -> list[Row]:
    names = list(table.values)
    return [dict(zip(names, cells, strict=True)) for cells in zip(*table.values.values(), strict=True)]


def _build_crew(
    row: Row, members: Sequence[Row], position: tuple[float, float], days: frozenset[int], settings: Settings
) -> Crew:
    capacity = row["load_capacity"]
    return Crew(
        id=row["crew_id"],
        name=row["name"],
        outlet_id=row["outlet_id"],
        position=position,
        mode=row["travel_mode"],
        people=sum(member["crew_size"] for member in members),
        skills=_best_skills(members),
        days=days,
        certificates=_all_certificates(members),
        load_capacity=max(member["load_capacity"] for member in members) if capacity is None else capacity,
        volume_ml=row["volume_ml"],
        day_s=(row["day_start"], row["day_end"]),
        service_s=(row["service_start"], row["service_end"]),
        break_=_break_of((row, *members)),
        nights_before=row["nights_before"],
        on_the_road=_on_the_road(row, settings.date),
    )


def _best_skills(members: Iterable[Row]) -> tuple[Skill, ...]:
    best: dict[str, Skill] = {}
    for member in members:
        for skill in member["skills"]:
            if skill.family not in best or best[skill.family].level < skill.level:
                best[skill.family] = skill
    return tuple(best[family] for family in sorted(best))


def _all_certificates(members: Iterable[Row]) -> tuple[Certificate, ...]:
    return tuple(dict.fromkeys(certificate for member in members for certificate in member["certificates"]))


def _break_of(rows: Iterable[Row]) -> Break | None:
    """Return the crew's break, else that of the first member who has one."""
    for row in rows:
        if row["break_duration"] is not None:
            return Break(
                earliest_s=row["break_earliest"], latest_s=row["break_latest"], duration_s=row["break_duration"]
            )
    return None


def _on_the_road(row: Row, first: dt.date) -> OnTheRoad | None:
    if row["away_on"] is None:
        return None
    return OnTheRoad(
        day=(row["away_on"] - first).days,
        lodging_id=row["sleeps_at"],
        nights=row["nights_out"],
        aboard=frozenset(row["aboard"]),
    )
