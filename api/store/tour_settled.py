"""Visits of published tours that other tours need not plan: another crew's, and what has begun on the road."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.tour_holds import WITHDRAWN
from api.tables.tours import TourVisitRow
from datasets.tour_told import Promise, told_cells, told_in

__all__ = ["Settled", "settled_visits"]

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What is seen to. walk_ins: villages whose people bring theirs to a stop. kept: dates and villages of stops.
    begun_on: of these villages, the date of a stop that has begun.

    owed_on: by maintenance plan the date of its visit.
    """

    job_ids: Collection[str]
    owed_on: Mapping[str, dt.date]
    walk_ins: Collection[str]
    begun_on: Mapping[str, dt.date]
    kept: Collection[Promise]

    def village(self, cells: Cells) -> Cells:
        """Return a village's cells without dates that are kept, and without people whose stop is seen to.

        Who was told of another stop besides brings the rest there: such a village counts as visited.
        """
        told, id_ = told_in(cells), cells["village_id"]
        still = told.difference(self.kept)
        known = {**cells, **told_cells(id_, still)} if told else dict(cells)
        begun = self.begun_on.get(id_)
        if begun is not None and any(stop_id == id_ and begun < date for date, stop_id in still):
            known["last_visit"] = max(cells["last_visit"], begun.isoformat())
        elif id_ in self.walk_ins:
            known["households"] = "0"
        return known

    def owed(self, plans: Iterable[Cells], today: dt.date) -> list[Cells]:
        """Return the plans that owe visits: from the last one on, or none while one is still to come."""
        found: list[Cells] = []
        for cells in plans:
            date = self.owed_on.get(cells["plan_id"])
            if date is None or date <= today:
                last = "" if date is None else date.isoformat()
                found.append({**cells, "last_on": max(cells["last_on"], last)})
        return found


def settled_visits(session: Session, crew_ids: Collection[str], begun_by: dt.datetime | None) -> Settled:
    """Return the visits, of which nobody has said what became of them, that tours of these crews need not plan.

    begun_by: those of their own that had begun by then are among them; None: none of their own.
    """
    unsaid = TourVisitRow.outcome.is_(None) | (TourVisitRow.outcome == WITHDRAWN)
    visits = session.scalars(select(TourVisitRow).where(unsaid).order_by(TourVisitRow.date)).all()
    # A job that left the tour is planned like others, but its village may have seen the crew.
    rows = [row for row in visits if row.outcome is None]

    def is_settled(row: TourVisitRow) -> bool:
        return row.crew_id not in crew_ids or (begun_by is not None and row.start_at <= begun_by)

    brought = [row for row in rows if row.kind == "walk_in" and begun_by is not None and row.start_at <= begun_by]
    seen_to = [row for row in rows if is_settled(row)]
    # A date that some of a village's visits have still to keep stays.
    still = {(row.date, row.village_id) for row in rows if not is_settled(row)}
    return Settled(
        job_ids={row.job_id for row in seen_to},
        owed_on={row.maintenance_id: row.date for row in seen_to if row.maintenance_id is not None},
        walk_ins={row.village_id for row in seen_to if row.kind == "walk_in"},
        begun_on={row.village_id: row.date for row in sorted(brought, key=lambda row: row.date)},
        kept={(row.date, row.village_id) for row in visits if is_settled(row)} - still,
    )
