"""Builds the crews of tours from the technicians that ride in them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from datasets.network import wgs84
from datasets.settings import Settings
from datasets.table import Table
from datasets.times import midnight_of
from optimizer.model import Break, Certificate, Shift, Skill
from optimizer.tours.model import Crew, OnTheRoad

__all__ = ["build_crews"]

Row = Mapping[str, Any]


def build_crews(tables: Mapping[str, Table], shifts: Iterable[Shift], settings: Settings) -> tuple[Crew, ...]:
    """Build every crew: what its members know together, on the dates on which all of them have a shift.

    Nobody sets out before the last of them is free.
    """
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
    no_van = _no_van(row, settings)
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
        on_the_road=_on_the_road(row, days - no_van, settings),
        no_van=no_van,
        free_s=_free_s(members, settings),
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


def _no_van(row: Row, settings: Settings) -> frozenset[int]:
    """Return the days of the horizon without a van: from the date it is down until the one it is back on."""
    if row["van_down_on"] is None:
        return frozenset()
    back = settings.days if row["van_back_on"] is None else (row["van_back_on"] - settings.date).days
    return frozenset(range(max(0, (row["van_down_on"] - settings.date).days), min(back, settings.days)))


def _free_s(members: Iterable[Row], settings: Settings) -> int:
    """Return when the last of the members is free, 0 where nobody is busy."""
    until = (member["busy_until"] for member in members)
    return max((moment - midnight_of(settings.date) for moment in until if moment is not None), default=0)


def _on_the_road(row: Row, out_days: frozenset[int], settings: Settings) -> OnTheRoad | None:
    """Return where a crew that is away goes on from, and when: without a van, or on a day off, it stays where it is.

    The nights until then count, as far as it may still come home afterwards. Whose van does not come back within the
    horizon comes home by other means, and is on no tour.
    """
    if row["away_on"] is None:
        return None
    day = (row["away_on"] - settings.date).days
    goes_on = min((out for out in out_days if out >= day), default=None)
    if goes_on is None and row["van_down_on"] is not None and row["van_back_on"] is None:
        return None
    nights = row["nights_out"]
    if goes_on is not None:
        nights = max(nights, min(nights + goes_on - day, settings.tour.levers.nights))
    return OnTheRoad(
        day=day if goes_on is None else goes_on,
        lodging_id=row["sleeps_at"] or None,
        nights=nights,
        aboard=frozenset(row["aboard"]),
    )
