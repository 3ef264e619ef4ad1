"""In what two days differ: for whoever is told that the store holds another day than a folder."""

from dataclasses import fields
from typing import Any

from optimizer.model import Day

__all__ = ["day_differences"]

NAMED = 5
"""So many of the things that differ are named; the rest are counted."""


def day_differences(stored: Day, folder: Day) -> tuple[str, ...]:
    """Return one sentence for each table or setting in which the store's day is not the folder's."""
    found = []
    for field in fields(Day):
        here, there = getattr(stored, field.name), getattr(folder, field.name)
        if here == there:
            continue
        if isinstance(here, tuple) and all(hasattr(item, "id") for item in (*here, *there)):
            found += _of_rows(field.name, {item.id: item for item in here}, {item.id: item for item in there})
        elif isinstance(here, str | int) or field.name == "date":
            found.append(f"{field.name} is {here} in the store and {there} in the folder")
        else:
            found.append(f"{field.name} differ")
    return tuple(found)


def _of_rows(name: str, here: dict[str, Any], there: dict[str, Any]) -> list[str]:
    both = [id_ for id_ in there if id_ in here]
    columns: dict[str, list[str]] = {}
    for id_ in both:
        for field in fields(there[id_]):
            if getattr(here[id_], field.name) != getattr(there[id_], field.name):
                columns.setdefault(field.name, []).append(id_)
    said = [
        _counted(name, "are not in the folder", [id_ for id_ in here if id_ not in there]),
        _counted(name, "do not wait in the store" if name == "jobs" else "are not in the store", there.keys() - here),
        *(_counted(name, f"have another {column} in the store", ids) for column, ids in columns.items()),
    ]
    found = [sentence for sentence in said if sentence]
    return found or [f"{name} have another order"]


def _counted(name: str, what: str, ids: Any) -> str:
    some = sorted(ids)
    if not some:
        return ""
    more = f" and {len(some) - NAMED} more" if len(some) > NAMED else ""
    return f"{len(some)} {name} {what} ({', '.join(some[:NAMED])}{more})"
