"""Whether tours could be planned: rows and levers read as a run reads them, and nothing made."""

from sqlalchemy.orm import Session

from api.errors import Fault, Refused
from api.row_faults import faults_of_rows, within
from api.schemas.tours import ValidTours
from api.store.days import areas_on
from api.store.tour_days import TourSource, source_of_tours
from api.tables.tours import TourPlanRow
from api.tour_contradictions import contradictions
from api.tour_making import folder_with_levers, pulled_of
from datasets.faults import DayRefused, FaultList
from datasets.tours import TourFolder

__all__ = ["refuse_levers", "valid_tours"]

DATED = ("locked", "spans", "more_days")
"""Levers that rules and other levers may speak against: only then is everything read before a run is queued."""


def valid_tours(session: Session, plan: TourPlanRow) -> ValidTours:
    """Return figures of what tours would be planned from. Raises Refused with every fault."""
    source = source_of_tours(session, plan)
    try:
        folder, faults = _read(session, plan, source)
    except DayRefused as refused:
        raise Refused("The rows have faults.", faults=faults_of_rows(refused.faults, source.tables)) from None
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


def refuse_levers(session: Session, plan: TourPlanRow, instead: str | None = None) -> None:
    """Raise Refused with every locked day, tour made one and day more that cannot hold, whatever the tours.

    instead: where the request says what they cannot hold with, if it sends no levers of its own. Rows that cannot be
    read are the run's to tell of: it says why it ends.
    """
    if not any(plan.wish["levers"][name] for name in DATED):
        return
    source = source_of_tours(session, plan)
    try:
        _, faults = _read(session, plan, source)
    except DayRefused as refused:
        found = faults_of_rows(refused.faults, source.tables)
        faults = [fault for fault in found if fault.pointer.startswith("/levers/")]
    if faults:
        faults = faults if instead is None else within(faults, instead)
        raise Refused("The levers cannot hold.", faults=faults)


def _read(session: Session, plan: TourPlanRow, source: TourSource) -> tuple[TourFolder, list[Fault]]:
    """Return what tours would be planned from, and what speaks against its levers. Raises DayRefused for its rows."""
    levers, unknown = plan.wish["levers"], FaultList()
    folder = folder_with_levers(source.tables, source.values, levers, areas_on(session, plan.date), unknown)
    found = contradictions(folder.touring, pulled_of(folder.touring, levers))
    against = [
        Fault(pointer=f"/levers/{one.lever}/{one.number}", code="contradiction", detail=one.why) for one in found
    ]
    return folder, [*faults_of_rows(unknown.faults, source.tables), *against]
