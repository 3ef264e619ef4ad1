"""Whether tours could be planned: rows and levers read as a run reads them, and nothing made."""

import re

from sqlalchemy.orm import Session

from api.errors import Fault, Refused
from api.schemas.tours import ValidTours
from api.store.days import areas_on
from api.store.tour_days import tour_source
from api.tables.tours import TourPlanRow
from api.tour_making import read_folder
from datasets.faults import DayRefused
from datasets.settings import SETTINGS_FILE

__all__ = ["valid_tours"]

LEVER = re.compile(r"tour\.(\w+)(?:\[(\d+)\]\.(\w+))?")


def valid_tours(session: Session, plan: TourPlanRow) -> ValidTours:
    """Return figures of what tours would be planned from. Raises Refused with every fault."""
    source = tour_source(
        session,
        centre_ids=plan.centre_ids,
        crew_ids=plan.crew_ids,
        date=plan.date,
        days=plan.days,
        now=plan.now,
    )
    try:
        rows = {"tables": source.tables, "values": source.values}
        folder = read_folder(rows, plan.wish["levers"], areas_on(session, plan.date))
    except DayRefused as refused:
        faults = [
            Fault(pointer=_pointer(fault.file, fault.row, fault.column), code="day", detail=str(fault))
            for fault in refused.faults
        ]
        raise Refused("The rows have faults.", faults=faults) from None
    aside = list(folder.aside.values())
    return ValidTours(
        villages=len(folder.touring.villages),
        lodgings=len(folder.touring.lodgings),
        crews=len(folder.touring.crews),
        jobs=len(folder.touring.jobs),
        aside={str(why): aside.count(why) for why in sorted(set(aside))},
    )


def _pointer(file: str, row: int | None, column: str) -> str:
    """Return where a fault is: in the levers that were sent, or in a row of the store, named by its table."""
    lever = LEVER.fullmatch(column) if file == SETTINGS_FILE else None
    if lever is None:
        return f"/{file}/{row or ''}/{column}"
    name, number, inner = lever.groups()
    return f"/levers/{name}" + (f"/{int(number) - 1}/{inner}" if number else "")
