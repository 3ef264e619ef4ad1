"""Whether tours could be planned: rows and levers read as a run reads them, and nothing made."""

import re
from collections.abc import Iterable

from sqlalchemy.orm import Session

from api.errors import Fault, Refused
from api.schemas.tours import ValidTours
from api.store.days import areas_on
from api.store.tour_days import source_of_tours
from api.tables.tours import TourPlanRow
from api.tour_contradictions import contradictions
from api.tour_making import folder_with_levers, pulled_of
from datasets.faults import DayRefused, FaultList
from datasets.faults import Fault as DayFault
from datasets.settings import SETTINGS_FILE
from datasets.tours import TourFolder

__all__ = ["refuse_levers", "valid_tours"]

LEVER = re.compile(r"tour\.(\w+)(?:\[(\d+)\]\.(\w+))?")
DATED = ("locked", "spans", "more_days")
"""Levers that rules and other levers may speak against: only then is everything read before a run is queued."""


def valid_tours(session: Session, plan: TourPlanRow) -> ValidTours:
    """Return figures of what tours would be planned from. Raises Refused with every fault."""
    try:
        folder, faults = _read(session, plan)
    except DayRefused as refused:
        raise Refused("The rows have faults.", faults=_faults(refused.faults)) from None
    if faults:
        raise Refused("The levers cannot hold.", faults=faults)
    aside = list(folder.aside.values())
    return ValidTours(
        villages=len(folder.touring.villages),
        lodgings=len(folder.touring.lodgings),
        crews=len(folder.touring.crews),
        jobs=len(folder.touring.jobs),
        aside={str(why): aside.count(why) for why in sorted(set(aside))},
    )


def refuse_levers(session: Session, plan: TourPlanRow) -> None:
    """Raise Refused with every locked day, tour made one and day more that cannot hold, whatever the tours.

    Rows that cannot be read are the run's to tell of: it says why it ends.
    """
    if not any(plan.wish["levers"][name] for name in DATED):
        return
    try:
        _, faults = _read(session, plan)
    except DayRefused as refused:
        faults = [fault for fault in _faults(refused.faults) if fault.pointer.startswith("/levers/")]
    if faults:
        raise Refused("The levers cannot hold.", faults=faults)


def _read(session: Session, plan: TourPlanRow) -> tuple[TourFolder, list[Fault]]:
    """Return what tours would be planned from, and what speaks against its levers. Raises DayRefused for its rows."""
    source = source_of_tours(session, plan)
    levers, unknown = plan.wish["levers"], FaultList()
    folder = folder_with_levers(source.tables, source.values, levers, areas_on(session, plan.date), unknown)
    found = contradictions(folder.touring, pulled_of(folder.touring, levers))
    against = [
        Fault(pointer=f"/levers/{one.lever}/{one.number}", code="contradiction", detail=one.why) for one in found
    ]
    return folder, [*_faults(unknown.faults), *against]


def _faults(found: Iterable[DayFault]) -> list[Fault]:
    return [Fault(pointer=_pointer(one.file, one.row, one.column), code="day", detail=str(one)) for one in found]


def _pointer(file: str, row: int | None, column: str) -> str:
    """Return where a fault is: in the levers that were sent, or in a row of the store, named by its table."""
    lever = LEVER.fullmatch(column) if file == SETTINGS_FILE else None
    if lever is None:
        return f"/{file}/{row or ''}/{column}"
    name, number, inner = lever.groups()
    return f"/levers/{name}" + (f"/{int(number) - 1}/{inner}" if number else "")
