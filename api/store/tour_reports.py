"""Reports about tours: planned against actual, the price of a job on the road, villages that nobody visits."""

import datetime as dt
from collections import defaultdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.network import holding
from api.store.reports import Period
from api.store.tour_holds import WITHDRAWN
from api.tables.tours import TourPlanRow, TourVisitRow, VillageRow

__all__ = ["tour_rows", "unvisited_rows"]

OUTCOMES = ("done", "no_part", "nobody_home", "not_reached", "other", "replanned")


def tour_rows(session: Session, period: Period) -> list[dict[str, Any]]:
    """Return a row per published tour with a visit in the period, the earliest first."""
    query = select(TourVisitRow).where(TourVisitRow.date >= period.first, TourVisitRow.date <= period.last)
    if period.centres is not None:
        query = query.where(TourVisitRow.centre_id.in_(period.centres))
    by_tour: dict[tuple[str, str], list[TourVisitRow]] = defaultdict(list)
    for visit in session.scalars(query.order_by(TourVisitRow.date, TourVisitRow.tour_id, TourVisitRow.start_at)):
        by_tour[visit.tour_plan_id, visit.tour_id].append(visit)
    outcomes: dict[str, Any] = {}
    for plan_id in {plan_id for plan_id, _ in by_tour}:
        outcome = session.scalar(select(TourPlanRow.outcome).where(TourPlanRow.id == plan_id)) or {}
        outcomes[plan_id] = outcome.get("by_tour", {})
    return [_row(visits, outcomes[plan_id].get(tour_id, {})) for (plan_id, tour_id), visits in by_tour.items()]


def _row(visits: list[TourVisitRow], priced: dict[str, Any]) -> dict[str, Any]:
    late = [(one.started_at - one.start_at).total_seconds() / 60 for one in visits if one.started_at is not None]
    jobs, priced_jobs = priced.get("jobs", 0), priced.get("priced_jobs", 0)
    said = [one.outcome for one in visits]
    return {
        **{name: getattr(visits[0], name) for name in ("tour_plan_id", "tour_id", "centre_id", "crew_id")},
        "first": visits[0].date,
        "last": visits[-1].date,
        "days": priced.get("days", 0),
        "nights": priced.get("nights", 0),
        "visits": len(visits),
        **{outcome: said.count(outcome) for outcome in OUTCOMES},
        "unsaid": said.count(None) + said.count(WITHDRAWN),
        "late_minutes": round(sum(late) / len(late), 1) if late else None,
        "road_fen": priced.get("road_fen"),
        "road_per_job_fen": round(priced["road_fen"] / jobs) if jobs else None,
        "priced_jobs": priced_jobs,
        "outlet_per_job_fen": round(priced["outlet_fen"] / priced_jobs) if priced_jobs else None,
    }


def unvisited_rows(session: Session, period: Period, days: int) -> list[dict[str, Any]]:
    """Return the villages that nobody visited for so many days by the end of the period, longest first."""
    ours = () if period.centres is None else (VillageRow.centre_id.in_(period.centres),)
    rows = []
    for cells in session.scalars(holding(VillageRow, period.last, *ours, columns=[VillageRow.cells])):
        last = cells.get("last_visit")
        last_visit = None if not last else dt.date.fromisoformat(last)
        since = None if last_visit is None else (period.last - last_visit).days
        if since is None or since >= days:
            rows.append(
                {
                    "village_id": cells["village_id"],
                    "name": cells["name"],
                    "households": int(cells.get("households") or 0),
                    "last_visit": last_visit,
                    "days": since,
                    "announced": cells.get("announced") or None,
                }
            )
    return sorted(rows, key=lambda row: (row["days"] is not None, -(row["days"] or 0), row["village_id"]))
