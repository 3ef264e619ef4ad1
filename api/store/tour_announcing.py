"""Villages are told what tours say: their dates, which are theirs from then on, and which of them do not hold."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from api.event_types import EventType
from api.events import emit
from api.store.durable_runs import centre_of
from api.store.tour_dates import not_kept, require_known, standing_dates
from api.store.tour_rows import put_told
from api.tables.tours import TourPlanRow
from datasets.times import local_date
from datasets.tour_told import Promise

__all__ = ["News", "announce"]

Day = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a village knows from now on, in order, and what of it is new; what was taken back."""

    standing: tuple[Promise, ...]
    new: tuple[Promise, ...]
    taken_back: tuple[Promise, ...]


def announce(
    session: Session,
    plan: TourPlanRow,
    days: Sequence[Day],
    told: Mapping[str, Collection[Promise]],
    *,
    at: dt.datetime,
) -> dict[str, News]:
    """Tell villages their dates, which are theirs from now on, and take back those that these tours cannot keep.

    days: of the tours. told: by village what it is told, a date and the village in which the crew stops. Each hears
    once of a date: the same again is no event.

    Raises
    ------
    Conflict
        Villages have another date that is still to come, which these tours were not planned from.
    """
    today = local_date(at)
    before = standing_dates(session, told, today, lock=True)
    lost = not_kept(session, plan, days, before, at)
    # Tours that were planned from a date and do not stop on it could not keep it.
    require_known(session, plan, lost)
    news = {}
    for village_id, promises in told.items():
        was = before.get(village_id, frozenset())
        now = (was - lost.get(village_id, frozenset())) | {one for one in promises if one[0] >= today}
        found = News(standing=tuple(sorted(now)), new=tuple(sorted(now - was)), taken_back=tuple(sorted(was - now)))
        news[village_id] = found
        if now != was:
            put_told(session, village_id, told=found.new, off=found.taken_back, on=today, now=at)
            data = _news_told(village_id, found, plan.id)
            emit(session, EventType.TOUR_ANNOUNCED, village_id, data, centre_of(plan.centre_ids), at)
    plan.version += 1
    session.flush()
    return news


def _news_told(village_id: str, news: News, plan_id: str) -> dict[str, Any]:
    """Return what an event says: the first new date and the first taken back by themselves, and all that there is."""

    def first(promises: Sequence[Promise]) -> str | None:
        return promises[0][0].isoformat() if promises else None

    def listed(promises: Sequence[Promise]) -> list[dict[str, str]]:
        return [{"date": date.isoformat(), "at_village_id": stop_id} for date, stop_id in promises]

    return {
        "village_id": village_id,
        "date": first(news.new or news.standing),
        "was": first(news.taken_back),
        "dates": listed(news.standing),
        "taken_back": listed(news.taken_back),
        "tour_plan_id": plan_id,
    }
