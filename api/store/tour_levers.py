"""Levers that callers send, against what the store knows: every fault at once."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from api.errors import Fault
from api.store.network import holding
from api.tables.tours import LodgingRow, VillageRow

__all__ = ["lever_faults", "levers_from"]

DATED = {"locked": ("date",), "spans": ("first", "last"), "more_days": ("date",)}


def lever_faults(
    session: Session,
    levers: Mapping[str, Any],
    crew_ids: Collection[str],
    date: dt.date,
    days: int,
    centre_ids: Collection[str],
) -> list[Fault]:
    """Return what is wrong with levers for crews, a horizon, and what lies in the territories of centres."""
    pointer = "/levers"
    villages, lodgings = (
        set(
            session.scalars(
                holding(model, date, model.centre_id.in_(centre_ids) | model.centre_id.is_(None), columns=[model.id])
            )
        )
        for model in (VillageRow, LodgingRow)
    )
    crews = {*crew_ids, *(more["crew_id"] for more in levers["more_crews"])}
    found = [
        *_unknown(levers["must_visit"], f"{pointer}/must_visit", villages, "unknown_village"),
        *_unknown(levers["never_visit"], f"{pointer}/never_visit", villages, "unknown_village"),
        *_unknown(levers["forbidden_lodgings"], f"{pointer}/forbidden_lodgings", lodgings, "unknown_lodging"),
    ]
    both = set(levers["must_visit"]) & set(levers["never_visit"])
    found += [
        Fault(pointer=f"{pointer}/never_visit/{number}", code="both", detail="a village that is not in must_visit")
        for number, id_ in enumerate(levers["never_visit"])
        if id_ in both
    ]
    for number, more in enumerate(levers["more_crews"]):
        place = f"{pointer}/more_crews/{number}"
        found += list(_unknown([more["like"]], f"{place}/like", set(crew_ids), "unknown_crew", each=False))
        if more["crew_id"] in crew_ids:
            found.append(Fault(pointer=f"{place}/crew_id", code="taken", detail="a name that no crew has"))
    last = date + dt.timedelta(days=days - 1)
    for name, columns in DATED.items():
        for number, row in enumerate(levers[name]):
            place = f"{pointer}/{name}/{number}"
            found += list(_unknown([row["crew_id"]], f"{place}/crew_id", crews, "unknown_crew", each=False))
            found += [
                Fault(pointer=f"{place}/{column}", code="outside", detail=f"a date from {date} to {last}")
                for column in columns
                if not date.isoformat() <= row[column] <= last.isoformat()
            ]
    nights = [row["lodging_id"] for row in levers["locked"]]
    found += [
        Fault(pointer=f"{pointer}/locked/{number}/lodging_id", code="unknown_lodging", detail=f'no lodging "{id_}"')
        for number, id_ in enumerate(nights)
        if id_ is not None and id_ not in lodgings
    ]
    return found


def _unknown(
    ids: Sequence[str], pointer: str, known: Collection[str], code: str, *, each: bool = True
) -> Iterator[Fault]:
    for number, id_ in enumerate(ids):
        if id_ not in known:
            place = f"{pointer}/{number}" if each else pointer
            detail = (
                f'no village "{id_}"'
                if code == "unknown_village"
                else f'no lodging "{id_}"'
                if code == "unknown_lodging"
                else f'no crew "{id_}"'
            )
            yield Fault(pointer=place, code=code, detail=detail)


def levers_from(levers: Mapping[str, Any], first: dt.date) -> dict[str, Any]:
    """Return levers without what lies before a date; days that they lock are the caller's to keep."""
    kept = {**levers, "locked": []}
    for name in ("spans", "more_days"):
        kept[name] = [row for row in levers[name] if row[DATED[name][0]] >= first.isoformat()]
    return kept
