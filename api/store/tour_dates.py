"""Dates that villages were told: what stands, and which tours may say otherwise."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import Conflict
from api.store.batches import batches
from api.store.network import holding
from api.store.tour_plans import file_of
from api.tables.tours import TourPlanRow, TourVisitRow, VillageRow
from datasets.times import local_date

__all__ = ["other_centres_villages", "require_dates_kept", "require_standing", "standing_dates", "stops_of"]

AT_ONCE = 500


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
) -> dict[str, dt.date]:
    """Return by village the date that it was told and that is still to come; None: of every village of some centres.

    lock: nobody else tells them anything until the transaction ends.
    """
    found: dict[str, str | None] = {}
    columns = [VillageRow.id, VillageRow.cells]
    if village_ids is None:
        ours = VillageRow.centre_id.in_(centre_ids) | VillageRow.centre_id.is_(None)
        rows = session.execute(holding(VillageRow, today, ours, columns=columns))
        found = {id_: cells.get("announced") for id_, cells in rows}
    for some in batches(sorted(village_ids or ()), AT_ONCE):
        these = VillageRow.id.in_(some)
        if lock:
            # Every version is locked before any is read: what somebody else has just written is another one.
            every = select(VillageRow.id).where(these).order_by(VillageRow.id, VillageRow.effective_from)
            session.execute(every.with_for_update()).all()
        rows = session.execute(holding(VillageRow, today, these, columns=columns))
        found |= {id_: cells.get("announced") for id_, cells in rows}
    dates = {id_: dt.date.fromisoformat(told) for id_, told in found.items() if told}
    return {id_: date for id_, date in dates.items() if date >= today}


def require_standing(session: Session, plan: TourPlanRow, moved: Mapping[str, dt.date]) -> None:
    """Let tours give villages another date where they were planned from the one that stands, and could not keep it.

    moved: the dates that stand. Raises Conflict, naming every village whose date the tours did not know.
    """
    unknown = _unknown(session, plan, moved) if moved else {}
    if unknown:
        raise Conflict(
            f"{len(unknown)} villages were told another date that is still to come; plan again.", members=_told(unknown)
        )


def require_dates_kept(session: Session, plan: TourPlanRow, days: Sequence[Mapping[str, Any]], at: dt.datetime) -> None:
    """Let tours pass that keep what villages were told since they were planned, or whose dates other visits keep.

    Those are visits of other crews, and what has begun on the road.

    Raises Conflict, naming every village whose date would be forgotten.
    """
    last = plan.date + dt.timedelta(days=plan.days - 1)
    stops = stops_of(days)
    missed = {
        id_: date
        for id_, date in standing_dates(session, None, local_date(at), centre_ids=plan.centre_ids).items()
        if plan.date <= date <= last and date not in stops.get(id_, ())
    }
    unknown = _unknown(session, plan, missed) if missed else {}
    others = select(TourVisitRow.village_id, TourVisitRow.date).where(
        TourVisitRow.date >= plan.date,
        TourVisitRow.crew_id.not_in(plan.crew_ids) | (TourVisitRow.start_at <= at),
        TourVisitRow.outcome.is_(None),
    )
    kept = {(id_, date) for id_, date in session.execute(others)} if unknown else set()
    forgotten = {id_: date for id_, date in unknown.items() if (id_, date) not in kept}
    if forgotten:
        raise Conflict(
            f"{len(forgotten)} villages were told a date since these tours were planned, which they do not keep; "
            "plan again.",
            members=_told(forgotten),
        )


def _unknown(session: Session, plan: TourPlanRow, dates: Mapping[str, dt.date]) -> dict[str, dt.date]:
    """Return the dates that tours were not planned from."""
    source: Any = file_of(session, plan.id, "source")
    known = {row["village_id"]: row.get("announced") for row in source["tables"]["villages"]}
    return {id_: date for id_, date in dates.items() if known.get(id_) != date.isoformat()}


def _told(dates: Mapping[str, dt.date]) -> dict[str, Any]:
    villages = [{"village_id": id_, "date": date.isoformat()} for id_, date in sorted(dates.items())]
    return {"village_ids": sorted(dates), "villages": villages}
