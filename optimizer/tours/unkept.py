"""What planners and villages count on and the tours do not keep: each in a sentence, in English and Chinese."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from optimizer.tours.model import Told, Touring, TourRule, Village
from optimizer.tours.plan import TourPlan
from optimizer.tours.stranded import no_way_home
from optimizer.tours.told import BEYOND, NO_TOUR_AT_ALL, Why, limit_why, lost_dates, no_tour

__all__ = ["Alike", "Unkept", "UnkeptKind", "moved_to", "not_held", "unkept"]


class UnkeptKind(StrEnum):
    """What somebody counted on."""

    DATE = "date"
    """A date that a village was told."""
    HOME = "home"
    """The way home of a crew on the road."""
    MUST_VISIT = "must_visit"
    LOCK = "lock"
    SPAN = "span"
    """One tour from a first to a last day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """How one of several is named that are not kept for the same reason, and what is then said of all of them."""

    name: Why
    rest: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Unkept:
    """Whom or what it is about (a village, a crew, a job), and what is not kept, why, and what is instead.

    day: that it was meant for, None for any. now_day: that it is on instead, None for none. stop_id: of a date, the
    village in which people were told to meet the crew. alike: None for what is said by itself.
    """

    kind: UnkeptKind
    about: str
    sentence: str
    sentence_zh: str
    day: int | None = None
    now_day: int | None = None
    stop_id: str = ""
    alike: Alike | None = None


def unkept(asked: Touring, plan: TourPlan) -> tuple[Unkept, ...]:
    """Return everything that is not kept, one entry each: so many times `keep_fen` are in a plan's price."""
    return (*_dates(asked, plan), *_stranded(asked, plan), *_wanted(asked, plan), *_locked(asked, plan))


def not_held(asked: Touring, plan: TourPlan) -> tuple[Unkept, ...]:
    """Return the same, and what nobody prices: tours that were to be one and are not made, and jobs that locked days
    had and that there are no more.
    """
    return (*unkept(asked, plan), *_spans(asked, plan), *_gone(asked))


def _stranded(asked: Touring, plan: TourPlan) -> Iterator[Unkept]:
    begun = {(tour.crew_id, tour.first_day) for tour in plan.tours}
    lodgings = {lodging.id: lodging.name for lodging in asked.lodgings}
    for crew in asked.crews:
        road = crew.on_the_road
        if road is not None and (crew.id, road.day) not in begun:
            where = crew.outlet_id if road.lodging_id is None else lodgings[road.lodging_id]
            why = no_way_home(asked, crew, road)
            yield Unkept(
                kind=UnkeptKind.HOME,
                about=crew.id,
                sentence=f"{crew.name} is at {where} and has no legal way home: {why.en}.",
                sentence_zh=f"{crew.name}在{where}，没有合规的返程：{why.zh}。",
                day=road.day,
            )


def _dates(asked: Touring, plan: TourPlan) -> Iterator[Unkept]:
    stops = plan.stops
    why_not = lost_dates(asked, stops)
    names = {village.id: village.name for village in asked.villages}
    comes, closed = _comes(asked, plan), _closed(asked, plan)
    for village in asked.villages:
        kept = {told for told in village.told if (told.stop_id, told.day) in stops}
        lost = sorted(set(village.told) - kept)
        instead = moved_to(asked, lost, comes.get(village.id, set()) - kept)
        for told in lost:
            date, place = _date(asked, told.day), names[told.stop_id]
            why = why_not.get((village.id, told)) or closed.get(told.stop_id) or no_tour(asked, told.day)
            then = _then(asked, names, village, instead.get(told), kept, comes.get(village.id, set()))
            there = told.stop_id == village.id
            said = f"{date}{'' if there else f' in {place}'}", f"{date}{'' if there else f'在{place}'}"
            yield Unkept(
                kind=UnkeptKind.DATE,
                about=village.id,
                sentence=f"{village.name} was told {said[0]}, which cannot be kept because {why.en}; {then.en}.",
                sentence_zh=f"已向{village.name}公布 {said[1]}，无法兑现：{why.zh}；{then.zh}。",
                day=told.day,
                now_day=None if told not in instead else instead[told].day,
                stop_id=told.stop_id,
                alike=Alike(
                    name=Why(en=f"{village.name} ({said[0]})", zh=f"{village.name}（{said[1]}）"),
                    rest=Why(
                        en=f" were told dates that cannot be kept because {why.en}; {then.en}.",
                        zh=f"已公布的日期无法兑现：{why.zh}；{then.zh}。",
                    ),
                ),
            )


def _closed(asked: Touring, plan: TourPlan) -> Mapping[str, Why]:
    """Return the villages of which the jobs left out say that no way leads there and on, and what closes it."""
    home = {job.id: job.village_id for job in asked.jobs}
    ways = {TourRule.DRIVING, TourRule.LODGING}
    of_ways = {home[one.job_id]: BEYOND for one in plan.left_out if one.rule in ways and one.job_id in home}
    limits = {TourRule.NIGHTS, TourRule.DAY_METRES, TourRule.VAN_DAYS}
    # A job that takes a limit away to be done could be done: a planner's limit it is, whatever else.
    return of_ways | {
        home[one.job_id]: limit_why(asked, one.rule)
        for one in plan.left_out
        if one.rule in limits and one.job_id in home
    }


def _comes(asked: Touring, plan: TourPlan) -> dict[str, set[Told]]:
    """Return by village where and when it can meet a crew: at stops in it, and where its units are carried to."""
    home = {job.id: job.village_id for job in asked.jobs}
    found: defaultdict[str, set[Told]] = defaultdict(set)
    for _, day, visit in plan.visits():
        for village_id in {visit.village_id, home.get(visit.job_id, visit.village_id)}:
            found[village_id].add(Told(day=day.day, stop_id=visit.village_id))
    return found


def moved_to(asked: Touring, lost: Iterable[Told], new: Iterable[Told]) -> Mapping[Told, Told]:
    """Return what takes the place of what a village was told and is not kept: the same day elsewhere, else in order.

    What comes too soon for people to be told of takes nobody's place.
    """
    left = sorted(one for one in new if one.day >= asked.lead_day)
    found = {}
    for told in (open_ := sorted(lost)):
        if (same := next((one for one in left if one.day == told.day), None)) is not None:
            found[told] = same
            left.remove(same)
    found |= zip((told for told in open_ if told not in found), left, strict=False)
    return found


def _then(
    asked: Touring,
    names: Mapping[str, str],
    village: Village,
    instead: Told | None,
    kept: Collection[Told],
    comes: Collection[Told],
) -> Why:
    """Return what becomes of a village instead, to stand inside a sentence."""
    if instead is not None:
        date, place = _date(asked, instead.day), names[instead.stop_id]
        there = instead.stop_id == village.id
        return Why(
            en=f"now {date}{'' if there else f' in {place}'}", zh=f"现改为 {date}{'' if there else f'在{place}'}"
        )
    if kept:
        dates = [_date(asked, day) for day in sorted({told.day for told in kept})]
        return Why(en=f"nobody comes then, {', '.join(dates)} stays", zh=f"当天不再前往，{'、'.join(dates)} 不变")
    if comes:
        date = _date(asked, min(comes).day)
        return Why(
            en=f"people cannot be told another in time, calls are served on {date}",
            zh=f"已来不及通知新日期，仅于 {date} 处理已登记的工单",
        )
    return Why(en="nobody comes", zh="本期不再前往")


def _wanted(asked: Touring, plan: TourPlan) -> Iterator[Unkept]:
    stopped = {village_id for village_id, _ in plan.stops}
    names = {village.id: village.name for village in asked.villages}
    served = {job.village_id for job in asked.jobs}
    closed = _closed(asked, plan)
    for village_id in sorted(asked.levers.must_visit - stopped):
        known = closed.get(village_id, NO_TOUR_AT_ALL)
        why, why_zh = known.en, known.zh
        if village_id not in served:
            why, why_zh = "nothing is to do there", "该村没有工单"
        yield Unkept(
            kind=UnkeptKind.MUST_VISIT,
            about=village_id,
            sentence=f"{names[village_id]} must be visited, and is not: {why}.",
            sentence_zh=f"{names[village_id]}必须前往，但未能安排：{why_zh}。",
            alike=Alike(
                name=Why(en=names[village_id], zh=names[village_id]),
                rest=Why(en=f" must be visited, and are not: {why}.", zh=f"必须前往，但未能安排：{why_zh}。"),
            ),
        )


def _locked(asked: Touring, plan: TourPlan) -> Iterator[Unkept]:
    done = {visit.job_id: (tour.crew_id, day.day) for tour, day, visit in plan.visits()}
    left = {one.job_id: one for one in plan.left_out}
    for locked in asked.levers.locked:
        date = _date(asked, locked.day)
        for job_id in locked.job_ids:
            if done.get(job_id) == (locked.crew_id, locked.day):
                continue
            now, now_zh = "nobody does it", "无人完成"
            if job_id in done:
                crew_id, day = done[job_id]
                now, now_zh = f"{crew_id} does it on {_date(asked, day)}", f"现由 {crew_id} 于 {_date(asked, day)} 完成"
            elif job_id in left:
                why_zh = left[job_id].reason_zh.removesuffix("。")
                now, now_zh = f"it is left out ({left[job_id].rule})", f"该工单不在行程内（{why_zh}）"
            yield Unkept(
                kind=UnkeptKind.LOCK,
                about=job_id,
                sentence=f"{job_id} was locked to {locked.crew_id} on {date}, and is not done then: {now}.",
                sentence_zh=f"{job_id} 已锁定由 {locked.crew_id} 于 {date} 完成，但未能安排：{now_zh}。",
                day=locked.day,
                now_day=done[job_id][1] if job_id in done else None,
            )


def _spans(asked: Touring, plan: TourPlan) -> Iterator[Unkept]:
    made = {(tour.crew_id, tour.first_day, tour.last_day) for tour in plan.tours}
    for span in asked.levers.spans:
        if (span.crew_id, span.first_day, span.last_day) in made:
            continue
        first, last = _date(asked, span.first_day), _date(asked, span.last_day)
        yield Unkept(
            kind=UnkeptKind.SPAN,
            about=span.crew_id,
            sentence=f"{span.crew_id} was to be on one tour from {first} to {last}; none such is legal and worth it, "
            f"so it stays at home on these days.",
            sentence_zh=f"{span.crew_id} 应于 {first} 至 {last} 合为一次巡回；没有合规且值得的行程，这些天不出行。",
            day=span.first_day,
        )


def _gone(asked: Touring) -> Iterator[Unkept]:
    for locked in asked.levers.locked:
        date = _date(asked, locked.day)
        for job_id in locked.gone:
            yield Unkept(
                kind=UnkeptKind.LOCK,
                about=job_id,
                sentence=f"{locked.crew_id} is locked on {date} without {job_id}, which is no job that a tour could do "
                "any more.",
                sentence_zh=f"{locked.crew_id} {date} 的锁定日程中不再有 {job_id}：该单已不属于巡回工单。",
                day=locked.day,
            )


def _date(asked: Touring, day: int) -> str:
    return (asked.date + dt.timedelta(days=day)).isoformat()
