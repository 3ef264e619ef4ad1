"""What published tours hold: jobs that nobody else plans, and people who are away."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.errors import Conflict
from api.store.tour_parts import leave_aboard, settle_spares
from api.tables.tours import TourDayRow, TourPlanRow, TourVisitRow

__all__ = ["WITHDRAWN", "away_on_tours", "held_by_tours", "is_on_tour", "leave_tour", "require_at_home"]

WITHDRAWN = "withdrawn"
"""What stands of a visit whose job left the tour after it had begun: the crew may have been there all the same."""


def held_by_tours(session: Session) -> set[str]:
    """Return the jobs that a published tour promises, and of which nobody has said what became of them."""
    return set(session.scalars(select(TourVisitRow.job_id).where(TourVisitRow.outcome.is_(None))))


def is_on_tour(session: Session, job_id: str) -> bool:
    """Tell whether a published tour promises a job still."""
    held = select(TourVisitRow.job_id).where(TourVisitRow.job_id == job_id, TourVisitRow.outcome.is_(None))
    return session.scalar(held) is not None


def leave_tour(session: Session, job_id: str, at: dt.datetime, *, is_fitted: bool = False) -> None:
    """Take a job off the published tour that promises it; whoever shows the tours sees that they have changed.

    A visit that has begun stays, withdrawn: what its village was told may have been kept, and the crew can still say
    so. is_fitted: its kit was used all the same. One that was not rides on until the van is home.
    """
    session.flush()
    held = (TourVisitRow.job_id == job_id, TourVisitRow.outcome.is_(None))
    of_tour = (TourVisitRow.tour_plan_id, TourVisitRow.tour_id)
    begun = update(TourVisitRow).where(*held, TourVisitRow.start_at <= at).values(outcome=WITHDRAWN)
    gone = [
        *session.execute(begun.returning(*of_tour)).all(),
        *session.execute(delete(TourVisitRow).where(*held).returning(*of_tour)).all(),
    ]
    if gone:
        changed = update(TourPlanRow).where(TourPlanRow.id.in_(plan_id for plan_id, _ in gone))
        session.execute(changed.values(version=TourPlanRow.version + 1))
        session.expire_all()
        for _, tour_id in () if is_fitted else gone:
            leave_aboard(session, job_id, tour_id, at)
        settle_spares(session, [tour_id for _, tour_id in gone], at)


def away_on_tours(
    session: Session, date: dt.date, days: int, *, but: Collection[str] = ()
) -> dict[str, Collection[dt.date]]:
    """Return by technician the dates of a horizon on which their crew is on a published tour; but: not of these."""
    last = date + dt.timedelta(days=days - 1)
    found: dict[str, set[dt.date]] = defaultdict(set)
    rows = select(TourDayRow).where(TourDayRow.date >= date, TourDayRow.date <= last, TourDayRow.crew_id.not_in(but))
    for row in session.scalars(rows):
        for id_ in row.technician_ids:
            found[id_].add(row.date)
    return dict(found)


def require_at_home(session: Session, promised: Collection[tuple[str, dt.date]]) -> None:
    """Let visits pass whose technicians are on no published tour that day. Raises Conflict, naming those who are."""
    if not promised:
        return
    dates = {date for _, date in promised}
    rows = session.scalars(select(TourDayRow).where(TourDayRow.date >= min(dates), TourDayRow.date <= max(dates)))
    away = {(id_, row.date) for row in rows for id_ in row.technician_ids}
    both = sorted(id_ for id_, _ in away.intersection(promised))
    if both:
        raise Conflict("People of this plan are away on a published tour; plan again.", members={"technicians": both})
