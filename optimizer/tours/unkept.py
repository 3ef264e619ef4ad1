"""What planners and villages count on and the tours do not keep: each in a sentence, in English and Chinese."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.tours.model import Touring
from optimizer.tours.plan import TourPlan

__all__ = ["Unkept", "unkept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unkept:
    """Whom or what it is about (a village, a crew, a job), and what is not kept."""

    about: str
    sentence: str
    sentence_zh: str


def unkept(asked: Touring, plan: TourPlan) -> tuple[Unkept, ...]:
    """Return everything that is not kept, one entry each: so many times `keep_fen` are in a plan's price."""
    return (*_stranded(asked, plan), *_dates(asked, plan), *_wanted(asked, plan), *_locked(asked, plan))


def _stranded(asked: Touring, plan: TourPlan) -> Iterator[Unkept]:
    begun = {(tour.crew_id, tour.first_day) for tour in plan.tours}
    lodgings = {lodging.id: lodging.name for lodging in asked.lodgings}
    for crew in asked.crews:
        road = crew.on_the_road
        if road is not None and (crew.id, road.day) not in begun:
            where = crew.outlet_id if road.lodging_id is None else lodgings[road.lodging_id]
            yield Unkept(
                about=crew.id,
                sentence=f"{crew.name} is at {where} and has no legal way home: nights, days off or the road.",
                sentence_zh=f"{crew.name}在{where}，没有合规的返程：外宿过多、当天休息或路程过远。",
            )


def _dates(asked: Touring, plan: TourPlan) -> Iterator[Unkept]:
    stops = plan.stops
    for village in asked.villages:
        if village.announced_day is not None and (village.id, village.announced_day) not in stops:
            date = (asked.date + dt.timedelta(days=village.announced_day)).isoformat()
            yield Unkept(
                about=village.id,
                sentence=f"{village.name} was told {date}, and nobody comes that day.",
                sentence_zh=f"已向{village.name}公布 {date}，当天无人前往。",
            )


def _wanted(asked: Touring, plan: TourPlan) -> Iterator[Unkept]:
    stopped = {village_id for village_id, _ in plan.stops}
    names = {village.id: village.name for village in asked.villages}
    for village_id in sorted(asked.levers.must_visit - stopped):
        yield Unkept(
            about=village_id,
            sentence=f"{names[village_id]} must be visited, and is not.",
            sentence_zh=f"{names[village_id]}必须前往，但未能安排。",
        )


def _locked(asked: Touring, plan: TourPlan) -> Iterator[Unkept]:
    done = {(tour.crew_id, day.day, visit.job_id) for tour, day, visit in plan.visits()}
    for locked in asked.levers.locked:
        date = (asked.date + dt.timedelta(days=locked.day)).isoformat()
        for job_id in locked.job_ids:
            if (locked.crew_id, locked.day, job_id) not in done:
                yield Unkept(
                    about=job_id,
                    sentence=f"{job_id} was locked to {locked.crew_id} on {date}, and is not done then.",
                    sentence_zh=f"{job_id} 已锁定由 {locked.crew_id} 于 {date} 完成，但未能安排。",
                )
