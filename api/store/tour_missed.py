"""Says, once each, which villages were told a day that has passed without anybody coming."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from api.database import Database
from api.event_types import EventType
from api.events import emit
from api.plan_states import PlanState
from api.store.batches import batches
from api.store.network import history, holding
from api.store.tour_dates import standing_dates, told_by
from api.store.tour_holds import WITHDRAWN
from api.store.tour_plans import file_of
from api.store.tour_rows import put_told
from api.tables.tours import TourPlanRow, TourVisitRow, VillageRow
from datasets.times import local_date
from datasets.tour_actuals import was_there
from datasets.tour_told import TOLD, Promise, told_in

__all__ = ["watch_told"]

AT_ONCE = 500
ASTRAY = dt.timedelta(days=31)
"""A visit may have begun so long before or after the day that it was planned for."""
TRUSTED_FOR = dt.timedelta(days=38)
"""By then the longest tour is home, and a week has passed in which its crew could say that nobody was there."""
NEWEST_FIRST = (PlanState.PUBLISHED, PlanState.SUPERSEDED, PlanState.FINISHED)
"""Whose message it was: tours that hold, else those that held, else those that were only told."""


def watch_told(database: Database, now: dt.datetime) -> int:
    """Say what villages were told and nobody kept, and return of how many promises; run again, it says nothing new.

    What is said is over: it stands in the village no more, as after `paigong tour progress`, and in the outcome of the
    tours that told it, which have a draft of an apology. Visits of which nobody has said anything are trusted until
    somebody has; when nobody will any more, what they kept stands in the village no more either.
    """
    with database.read() as session:
        found = sorted(_over(session, None, local_date(now)))
    count = 0
    for some in batches(found, AT_ONCE):
        with database.write() as session:
            count += _say(session, some, now)
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class _Over:
    """What a village was told for days that are over and can go: nobody came, or there is nothing to say of it."""

    missed: frozenset[Promise]
    silent: frozenset[Promise]


def _over(session: Session, village_ids: Collection[str] | None, today: dt.date) -> dict[str, _Over]:
    """Return by village what can go of what it was told; None: of every village. Villages with nothing are not there.

    What a visit kept goes with what its crew says; where nobody says anything, after TRUSTED_FOR.
    """
    said = or_(*(VillageRow.cells[column].as_string() != "" for column in TOLD))
    some = () if village_ids is None else (VillageRow.id.in_(village_ids),)
    query = holding(VillageRow, today, said, *some, columns=[VillageRow.id, VillageRow.cells])
    told = {id_: {one for one in told_in(cells) if one[0] < today} for id_, cells in session.execute(query)}
    over = {id_: promises for id_, promises in told.items() if promises}
    kept = _kept(session, {date for promises in over.values() for date, _ in promises})
    found = {}
    for id_, promises in over.items():
        missed = promises - kept
        known = missed & _known_in_time(session, id_) if missed else frozenset[Promise]()
        done_with = {one for one in promises & kept if one[0] < today - TRUSTED_FOR}
        found[id_] = _Over(missed=frozenset(known), silent=frozenset((missed - known) | done_with))
    return {id_: one for id_, one in found.items() if one.missed or one.silent}


def _kept(session: Session, dates: Collection[dt.date]) -> set[Promise]:
    """Return the days and villages of visits that took place, or of which nobody has said that they did not."""
    if not dates:
        return set()
    query = select(TourVisitRow.date, TourVisitRow.village_id, TourVisitRow.outcome, TourVisitRow.started_at).where(
        TourVisitRow.date.between(min(dates) - ASTRAY, max(dates) + ASTRAY)
    )
    return {
        (date if started_at is None else local_date(started_at), village_id)
        for date, village_id, outcome, started_at in session.execute(query)
        if outcome is None or outcome == WITHDRAWN or was_there(outcome)
    }


def _known_in_time(session: Session, village_id: str) -> frozenset[Promise]:
    """Return what a village was told that the store knew before the day was over: an old folder is no news."""
    found: set[Promise] = set()
    for row in history(session, VillageRow, village_id):
        found |= {
            one for one in told_in({"village_id": village_id, **row.cells}) if local_date(row.written_at) <= one[0]
        }
    return frozenset(found)


def _say(session: Session, village_ids: Collection[str], now: dt.datetime) -> int:
    """Take off what is still so, and tell of what was missed."""
    today = local_date(now)
    # Whoever tells them something, or says that somebody was there, does so before this or after it.
    standing_dates(session, village_ids, today, lock=True)
    over = _over(session, village_ids, today)
    of_plan: dict[str | None, list[dict[str, str]]] = {}
    tellers = _Tellers(session)
    for village_id, one in sorted(over.items()):
        centre_id = session.scalars(holding(VillageRow, today, VillageRow.id == village_id)).one().centre_id
        put_told(session, village_id, off=one.missed | one.silent, on=today, now=now)
        for promise in sorted(one.missed):
            date, stop_id = promise
            plan_id = tellers.of(village_id, promise, centre_id)
            said = {"village_id": village_id, "date": date.isoformat(), "at_village_id": stop_id}
            of_plan.setdefault(plan_id, []).append(said)
            emit(session, EventType.TOUR_MISSED, village_id, {**said, "tour_plan_id": plan_id}, centre_id, now)
    for plan_id, new in of_plan.items():
        if plan_id is not None:
            _write_down(session, plan_id, new)
    session.flush()
    return sum(len(one.missed) for one in over.values())


def _write_down(session: Session, plan_id: str, new: Iterable[Mapping[str, str]]) -> None:
    """Let the tours that told it show what nobody kept."""
    plan = session.get_one(TourPlanRow, plan_id, with_for_update=True)
    outcome: dict[str, Any] = dict(plan.outcome or {})
    plan.outcome = {**outcome, "missed": [*outcome.get("missed", ()), *map(dict, new)]}
    plan.version += 1


class _Tellers:
    """Whose messages told villages what; each plan's are read once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._told: dict[str, Mapping[str, frozenset[Promise]]] = {}
        self._plans: list[tuple[str, dt.date, int, list[str]]] | None = None

    def of(self, village_id: str, promise: Promise, centre_id: str | None) -> str | None:
        """Return the tours that told it, else tours of the day that know the village; None: there are none."""
        date, stop_id = promise
        near = [
            plan_id
            for plan_id, first, days, centre_ids in self._candidates()
            if first <= date < first + dt.timedelta(days=days) and (centre_id is None or centre_id in centre_ids)
        ]
        for plan_id in near:
            if promise in self._told_by(plan_id).get(village_id, ()):
                return plan_id
        return next((plan_id for plan_id in near if {village_id, stop_id} <= self._villages(plan_id)), None)

    def _candidates(self) -> list[tuple[str, dt.date, int, list[str]]]:
        if self._plans is None:
            query = select(
                TourPlanRow.id, TourPlanRow.date, TourPlanRow.days, TourPlanRow.centre_ids, TourPlanRow.state
            )
            rows = self._session.execute(query.where(TourPlanRow.state.in_(NEWEST_FIRST))).all()
            rows = sorted(rows, key=lambda row: row.id, reverse=True)
            rows.sort(key=lambda row: NEWEST_FIRST.index(PlanState(row.state)))
            self._plans = [(row.id, row.date, row.days, row.centre_ids) for row in rows]
        return self._plans

    def _told_by(self, plan_id: str) -> Mapping[str, frozenset[Promise]]:
        if plan_id not in self._told:
            self._told[plan_id] = told_by(file_of(self._session, plan_id, "announcements") or ())
        return self._told[plan_id]

    def _villages(self, plan_id: str) -> set[str]:
        source: Any = file_of(self._session, plan_id, "source")
        return {row["village_id"] for row in source["tables"]["villages"]}
