"""Dates that villages were told: what stands, and which tours may say otherwise."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from api.errors import Conflict
from api.store.batches import batches
from api.store.network import holding, holds
from api.store.tour_holds import WITHDRAWN
from api.store.tour_plans import file_of
from api.tables.tours import TourPlanRow, TourVisitRow, VillageRow
from datasets.times import local_date
from datasets.tour_told import Promise, told_by_notices, told_in

__all__ = [
    "Standing",
    "not_kept",
    "other_centres_villages",
    "require_dates_kept",
    "require_known",
    "standing_dates",
    "stops_of",
    "told_by",
]

AT_ONCE = 500

Standing = Mapping[str, frozenset[Promise]]
"""By village what it was told, each a date and the village in which the crew stops."""


def stops_of(days: Iterable[Mapping[str, Any]]) -> dict[str, list[dt.date]]:
    """Return the dates on which tours stop in each village, the first one first."""
    dates: dict[str, list[dt.date]] = {}
    for day in sorted(days, key=lambda day: str(day["date"])):
        for village_id in sorted({visit["village_id"] for visit in day["visits"]}):
            dates.setdefault(village_id, []).append(dt.date.fromisoformat(day["date"]))
    return dates


def other_centres_villages(
    session: Session, village_ids: Collection[str], on: dt.date, centre_ids: Collection[str] | None
) -> set[str]:
    """Return the villages that belong to none of these centres but to another; None: nothing is another's."""
    found: set[str] = set()
    for some in batches(sorted(village_ids), AT_ONCE) if centre_ids is not None else ():
        others = (VillageRow.id.in_(some), VillageRow.centre_id.not_in(centre_ids or ()))
        found.update(session.scalars(holding(VillageRow, on, *others, columns=[VillageRow.id])))
    return found


def standing_dates(
    session: Session,
    village_ids: Collection[str] | None,
    today: dt.date,
    *,
    lock: bool = False,
    centre_ids: Collection[str] = (),
) -> Standing:
    """Return by village what it was told that is still to come; None: of every village of some centres.

    lock: nobody else tells them anything until the transaction ends.
    """
    said = []
    if village_ids is None:
        said.append(_said(session, today, VillageRow.centre_id.in_(centre_ids) | VillageRow.centre_id.is_(None)))
    for some in batches(sorted(village_ids or ()), AT_ONCE):
        these = VillageRow.id.in_(some)
        if lock:
            # Every version is locked before any is read: what somebody else has just written is another one.
            every = select(VillageRow.id).where(these).order_by(VillageRow.id, VillageRow.effective_from)
            session.execute(every.with_for_update()).all()
        said.append(_said(session, today, these))
    return {id_: frozenset(promises) for some_said in said for id_, promises in some_said.items()}


def _said(session: Session, today: dt.date, which: ColumnElement[bool]) -> dict[str, set[Promise]]:
    """Return by village what the rows that hold today, or will, say of dates that are still to come.

    Whatever a row was loaded for, whoever was told knows of it now.
    """
    later = (VillageRow.effective_from > today) & ~VillageRow.ended
    query = select(VillageRow.id, VillageRow.cells).where(and_(*holds(VillageRow, today)) | later, which)
    found: dict[str, set[Promise]] = {}
    for id_, cells in session.execute(query):
        if coming := {one for one in told_in(cells) if one[0] >= today}:
            found.setdefault(id_, set()).update(coming)
    return found


def told_by(messages: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[Promise]]:
    """Return by village what the messages of tours tell it, as tours.json has them."""
    return told_by_notices(
        (notice["village_id"], dt.date.fromisoformat(notice["date"]), notice["at_village_id"])
        for message in messages
        for notice in message["villages"]
    )


def not_kept(
    session: Session, plan: TourPlanRow, days: Sequence[Mapping[str, Any]], standing: Standing, at: dt.datetime
) -> Standing:
    """Return what stands on the days of tours and is kept neither by them nor by visits that stay.

    Those are visits of other crews, and what has begun on the road.
    """
    last = plan.date + dt.timedelta(days=plan.days - 1)
    stops = {(date, id_) for id_, dates in stops_of(days).items() for date in dates}
    missed = {
        id_: {one for one in promises if plan.date <= one[0] <= last and one not in stops}
        for id_, promises in standing.items()
    }
    if any(missed.values()):
        others = select(TourVisitRow.date, TourVisitRow.village_id).where(
            TourVisitRow.date >= plan.date,
            TourVisitRow.crew_id.not_in(plan.crew_ids) | (TourVisitRow.start_at <= at),
            TourVisitRow.outcome.is_(None) | (TourVisitRow.outcome == WITHDRAWN),
        )
        stay = {(date, id_) for date, id_ in session.execute(others)}
        missed = {id_: promises - stay for id_, promises in missed.items()}
    return {id_: frozenset(promises) for id_, promises in missed.items() if promises}


def require_known(session: Session, plan: TourPlanRow, lost: Standing) -> None:
    """Let tours take back what villages were told where they were planned from it, and could not keep it.

    Raises Conflict, naming every village that was told something which the tours did not know.
    """
    unknown = _unknown(session, plan, lost) if lost else {}
    if unknown:
        raise Conflict(
            f"{len(unknown)} villages were told another date that is still to come; plan again.", members=_told(unknown)
        )


def require_dates_kept(session: Session, plan: TourPlanRow, days: Sequence[Mapping[str, Any]], at: dt.datetime) -> None:
    """Let tours pass that keep what villages were told since they were planned, or whose dates visits that stay keep.

    Raises Conflict, naming every village whose date would be forgotten.
    """
    standing = standing_dates(session, None, local_date(at), centre_ids=plan.centre_ids)
    missed = not_kept(session, plan, days, standing, at)
    forgotten = _unknown(session, plan, missed) if missed else {}
    if forgotten:
        raise Conflict(
            f"{len(forgotten)} villages were told a date since these tours were planned, which they do not keep; "
            "plan again.",
            members=_told(forgotten),
        )


def _unknown(session: Session, plan: TourPlanRow, lost: Standing) -> Standing:
    """Return what tours were not planned from, of what they could have kept: stops in villages that they knew."""
    source: Any = file_of(session, plan.id, "source")
    known = {row["village_id"]: told_in(row) for row in source["tables"]["villages"]}
    found = {
        id_: frozenset(one for one in promises - known.get(id_, frozenset()) if one[1] in known or one[1] == id_)
        for id_, promises in lost.items()
    }
    return {id_: promises for id_, promises in found.items() if promises}


def _told(unknown: Standing) -> dict[str, Any]:
    """Return what a problem says of villages: each with the first date."""
    villages = [{"village_id": id_, "date": min(told)[0].isoformat()} for id_, told in sorted(unknown.items())]
    return {"village_ids": sorted(unknown), "villages": villages}
