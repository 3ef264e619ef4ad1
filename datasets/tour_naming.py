"""What the papers of tours are called by: the names that a day folder holds, as typed."""

from collections.abc import Mapping

import pandas as pd

from datasets.tour_names import Person, TourNames
from datasets.tours import TourFolder

__all__ = ["names_of"]

JOB_CELLS = ("contact", "phone", "address", "brand", "product", "fault")


def names_of(found: TourFolder) -> TourNames:
    """Return the names of everything that tours of a folder can meet."""
    folder = found.folder
    technicians = _column(folder.technicians, "name")
    return TourNames(
        contacts=_people(found.villages, "contact"),
        outlets={id_: _answering(id_, row) for id_, row in _rows(folder.outlets, ("name", "phone")).items()},
        members={
            crew_id: tuple(technicians.get(member) or member for member in members.split(";"))
            for crew_id, members in _column(found.crews, "technician_ids").items()
        },
        lodgings=_rows(found.lodgings, ("address", "phone")),
        villages=_rows(found.villages, ("meeting_place",)),
        jobs=_rows(found.jobs, JOB_CELLS),
        parts=_column(folder.parts, "name"),
        sources=_column(folder.warehouses, "name") | _column(folder.outlets, "name"),
        carried=found.carried,
    )


def _people(frame: pd.DataFrame, name: str) -> dict[str, Person]:
    rows = _rows(frame, (name, "phone"))
    return {id_: Person(name=cells[name], phone=cells["phone"]) for id_, cells in rows.items()}


def _answering(outlet_id: str, cells: Mapping[str, str]) -> Person:
    return Person(name=cells["name"] or outlet_id, phone=cells["phone"])


def _column(frame: pd.DataFrame, name: str) -> dict[str, str]:
    return {id_: cells[name] for id_, cells in _rows(frame, (name,)).items()}


def _rows(frame: pd.DataFrame, names: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Return the cells of these columns by id, "" where a file has no such column or a row no such cell."""
    rows: dict[str, dict[str, str]] = {str(id_): dict.fromkeys(names, "") for id_ in frame.index}
    for name in (name for name in names if name in frame):
        for id_, cell in zip(frame.index, frame[name], strict=True):
            rows[str(id_)][name] = cell if isinstance(cell, str) else ""
    return rows
