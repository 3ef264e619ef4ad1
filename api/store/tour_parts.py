"""The kits of published tours in the ledger of parts: promised with the tours, settled when crews say what became."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from api.store.batches import batches
from api.store.parts_promises import Sending, allocate, promise_anew, release
from api.store.parts_shelves import lock_shelves, standings, whole_second
from api.store.tour_plans import file_of
from api.tables.parts import Allocation
from api.tables.tours import TourDayRow, TourPlanRow, TourVisitRow
from datasets.tour_spares import SPARES, spares_order, tour_of_spares

__all__ = [
    "give_back",
    "kit_holders",
    "leave_aboard",
    "promise_kits",
    "sent_kits",
    "settle_kit",
    "settle_spares",
    "spares_aboard",
    "spares_of",
]

AT_ONCE = 500
DAY = dt.timedelta(days=1)
MOMENTS = ("ships_at", "ready_p50_at", "ready_p90_at")
PLAIN = ("line_id", "source_id", "part_id", "quantity", "mode", "cost_fen", "below_floor", "bulky_fallback")


def spares_of(session: Session, crew_ids: Collection[str], first: dt.date) -> set[str]:
    """Return the holders of spare parts that tours of these crews are promised, which leave from a date on."""
    of_tours = Allocation.holder.startswith(SPARES, autoescape=True)
    holders = session.scalars(select(Allocation.holder).where(Allocation.released_at.is_(None), of_tours).distinct())
    crew_of = {holder: tour_of_spares(holder) for holder in holders}
    return {holder for holder, (crew_id, date) in crew_of.items() if crew_id in crew_ids and date >= first.isoformat()}


def kit_holders(session: Session, crew_ids: Collection[str], first: dt.date) -> set[str]:
    """Return whose parts are planned anew with tours of these crews from a date on: their visits', and spare parts."""
    open_visits = select(TourVisitRow.job_id).where(TourVisitRow.crew_id.in_(crew_ids), TourVisitRow.outcome.is_(None))
    return {*session.scalars(open_visits), *spares_of(session, crew_ids, first)}


def sent_kits(
    session: Session, outlet_of: Mapping[str, str], first: dt.date, at: dt.datetime, *, aboard: Collection[str]
) -> list[dict[str, Any]]:
    """Return what of jobs' kits is on its way to the outlets of crews, or there uncounted, for visits from a date on.

    outlet_of: by crew. aboard: jobs whose kits are in vans on the road.
    """
    of_crews = (TourVisitRow.crew_id.in_(outlet_of), TourVisitRow.outcome.is_(None), TourVisitRow.date >= first)
    open_visits = select(TourVisitRow.job_id, TourVisitRow.crew_id).where(*of_crews)
    crew_of = {job_id: crew_id for job_id, crew_id in session.execute(open_visits) if job_id not in aboard}
    has_left = (Allocation.released_at.is_(None), Allocation.provisional.is_(False), Allocation.ships_at <= at)
    query = select(Allocation).where(*has_left, Allocation.ready_p90_at > Allocation.ships_at)
    rows = [
        row
        for some in batches(sorted(crew_of), AT_ONCE)
        for row in session.scalars(query.where(Allocation.holder.in_(some)).order_by(Allocation.id))
    ]
    shelves = standings(session, {row.part_id for row in rows}, at)
    sent = []
    for row in rows:
        outlet_id = outlet_of[crew_of[row.holder]]
        shelf = shelves.get((outlet_id, row.part_id))
        # What was counted on the outlet's shelf is found there.
        if shelf is None or shelf.as_of < row.ready_p90_at:
            ready_at = whole_second(row.ready_p90_at).isoformat()
            told = {"line_id": row.line_id, "part_id": row.part_id, "quantity": row.quantity}
            sent.append({**told, "outlet_id": outlet_id, "ready_at": ready_at})
    return sent


def promise_kits(
    session: Session, plan: TourPlanRow, job_ids: Collection[str], at: dt.datetime
) -> tuple[list[str], list[str]]:
    """Promise what published tours take along, in the place of what their crews' earlier tours were promised.

    job_ids: of the visits of these tours, and of those that they take the place of. What is in a van stays promised.
    Returns the jobs whose kit was promised to somebody else since, and the order lines of spare parts that were.
    """
    kept: list[Mapping[str, Any]] = file_of(session, plan.id, "sendings") or []
    wanted = [(str(one["holder"]), _sending(one)) for one in kept]
    loose = spares_of(session, plan.crew_ids, plan.date) | {one["holder"] for one in kept if one["is_spare"]}
    holders = {*job_ids, *loose}
    return promise_anew(session, wanted, Allocation.ships_at > at, holders=holders, now=at, loose=loose)


def _sending(kept: Mapping[str, Any]) -> Sending:
    moments: dict[str, Any] = {name: dt.datetime.fromisoformat(kept[name]) for name in MOMENTS}
    return Sending(**{name: kept[name] for name in PLAIN}, **moments)


def settle_kit(session: Session, job_id: str, at: dt.datetime, *, is_fitted: bool) -> None:
    """Take back what a visit that is over needs no more, and has not left.

    Fitted parts have gone. What was not is in the van until it is home: `leave_aboard` lets it wait for that.
    """
    release(session, [job_id], at, *((Allocation.ships_at > at,) if is_fitted else ()))


def leave_aboard(session: Session, job_id: str, tour_id: str, at: dt.datetime) -> None:
    """Count the parts of a job that is its tour's no more, and whose van has left, among the tour's spare parts.

    They are free when the van is home. What was sent to the outlet from elsewhere stays the job's.
    """
    of_job = (Allocation.holder == job_id, Allocation.released_at.is_(None), Allocation.provisional.is_(False))
    in_the_van = update(Allocation).where(
        *of_job, Allocation.ships_at <= at, Allocation.ready_p90_at == Allocation.ships_at
    )
    kept = in_the_van.values(holder=spares_order(tour_id)).execution_options(synchronize_session=False)
    session.execute(kept)


def settle_spares(session: Session, tour_ids: Iterable[str], at: dt.datetime) -> None:
    """Take back the spare parts that tours did not use, when no visit is open any more until their van is home.

    What was used is taken to have come from elsewhere first: what is sent from elsewhere lies on no counted shelf.
    """
    for legs in sorted({_journey(session, tour_id) for tour_id in tour_ids}):
        rows = session.scalars(select(TourVisitRow).where(TourVisitRow.tour_id.in_(legs))).all()
        if any(row.outcome is None for row in rows):
            continue
        used = Counter[str]()
        for row in rows:
            for one in row.parts_used:
                used[one["part_id"]] += one["quantity"]
        give_back(session, [spares_order(tour_id) for tour_id in legs], used, at)


def spares_aboard(session: Session, tour_id: str, at: dt.datetime) -> Counter[str]:
    """Return the spare parts that have left with the van of a tour, used ones too."""
    holders = [spares_order(leg) for leg in _journey(session, tour_id)]
    query = select(Allocation).where(Allocation.holder.in_(holders), Allocation.released_at.is_(None))
    units = Counter[str]()
    for row in session.scalars(query.where(Allocation.ships_at <= at)):
        units[row.part_id] += row.quantity
    return units


def _journey(session: Session, tour_id: str) -> tuple[str, ...]:
    """Return a tour and those that its van makes before and after without coming home, as replans on the road do.

    Their days are locked: of two that each close a visit, the second sees what the first has written.
    """
    crew_id, date = tour_of_spares(tour_id)
    of_crew = select(TourDayRow.date, TourDayRow.sleeps_at).where(TourDayRow.crew_id == crew_id)
    beds = {row.date: row.sleeps_at for row in session.execute(of_crew)}
    first = last = dt.date.fromisoformat(date)
    while beds.get(first - DAY) is not None:
        first -= DAY
    while beds.get(last) is not None:
        last += DAY
    session.execute(
        of_crew.where(TourDayRow.date.between(first, last)).order_by(TourDayRow.date).with_for_update()
    ).all()
    return tuple(f"{crew_id}@{first + day * DAY}" for day in range((last - first).days + 1))


def give_back(session: Session, holders: Sequence[str], used: Counter[str], at: dt.datetime) -> None:
    """Take back what holders are promised beyond what was used of each part, and has not left for elsewhere."""
    live = select(Allocation).where(Allocation.holder.in_(holders), Allocation.released_at.is_(None))
    lock_shelves(session, session.scalars(live.with_only_columns(Allocation.part_id)).all())
    by_part: dict[str, list[Allocation]] = defaultdict(list)
    for row in session.scalars(live.order_by(Allocation.made_at, Allocation.id)):
        by_part[row.part_id].append(row)
    for part_id, rows in by_part.items():
        left = used[part_id]
        for row in sorted(rows, key=_is_own):
            units = min(left, row.quantity)
            left -= units
            taken_back = units < row.quantity and release(session, [row.holder], at, Allocation.id == row.id)
            if units and taken_back:
                allocate(session, row.holder, [replace(_sending_of(row), quantity=units)], at)


def _is_own(row: Allocation) -> bool:
    return row.ready_p90_at == row.ships_at


def _sending_of(row: Allocation) -> Sending:
    return Sending(**{name: getattr(row, name) for name in Sending.__dataclass_fields__})
