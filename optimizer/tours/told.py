"""Dates that villages were told and that nobody can keep: why, known before anything is planned."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from optimizer.model import DAY_S
from optimizer.tours.model import Crew, Told, Touring, Village

__all__ = ["NO_TOUR", "NO_TOUR_AT_ALL", "Why", "days_given_up", "lost_dates", "no_tour", "released", "told_too"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A reason in English and Chinese, to stand inside a sentence."""

    en: str
    zh: str


NO_TOUR = Why(
    en="no legal tour stops there that day beside all else that is kept",
    zh="在保留其他安排的情况下，当天没有合规的行程能到",
)
"""Where nothing but the search knows."""
NO_TOUR_AT_ALL = Why(
    en="no legal tour stops there beside all else that is kept",
    zh="在保留其他安排的情况下，没有合规的行程能到",
)
"""The same of whatever day."""


def lost_dates(asked: Touring) -> Mapping[tuple[str, Told], Why]:
    """Return what villages were told and nobody can keep, whatever the tours; by village and what it was told."""
    served = {job.village_id for job in asked.jobs}
    carried = any(job.portable for job in asked.jobs)
    places = {village.id: village for village in asked.villages}
    found = {}
    for village in asked.villages:
        for told in village.told:
            if not 0 <= told.day < asked.days:
                continue
            why = _why(asked, places[told.stop_id], told.day)
            if why is None and told.stop_id not in served and not carried:
                why = Why(en="nothing is left to do there", zh="该村已没有工单")
            if why is not None:
                found[village.id, told] = why
    return found


def days_given_up(asked: Touring, lost: Iterable[tuple[str, Told]]) -> frozenset[tuple[str, int]]:
    """Return villages and days that are given up where this is lost: not a day that stands in the village itself."""
    home_days = {village.id: village.home_days for village in asked.villages}
    return frozenset(
        (village_id, told.day)
        for village_id, told in lost
        if told.stop_id == village_id or told.day not in home_days[village_id]
    )


def no_tour(asked: Touring, day: int) -> Why:
    """Return why no tour stops somewhere on a day, where only the search could have made one: a van may be missing."""
    down = _van_down(asked, day)
    return NO_TOUR if down is None else Why(en=f"{down.en}, and {NO_TOUR.en}", zh=f"{down.zh}，{NO_TOUR.zh}")


def released(asked: Touring, dates: frozenset[tuple[str, int]]) -> Touring:
    """Return the question in which these days are given up, which these villages were told."""
    levers = replace(asked.levers, released=asked.levers.released | dates)
    return replace(asked, levers=levers) if dates else asked


def told_too(asked: Touring, more: Iterable[tuple[str, Told]]) -> Touring:
    """Return the question in which villages were told this besides."""
    of_village = defaultdict(set)
    for village_id, told in more:
        of_village[village_id].add(told)
    villages = tuple(
        replace(v, told=tuple(sorted({*v.told, *of_village[v.id]}))) if v.id in of_village else v
        for v in asked.villages
    )
    return replace(asked, villages=villages) if of_village else asked


def _why(asked: Touring, village: Village, day: int) -> Why | None:
    if day < asked.now_s // DAY_S:
        return Why(en="that day is over", zh="当天已过")
    if day in village.cut_off:
        return Why(en="the road is cut off that day", zh="当天道路中断")
    if village.id in asked.levers.never_visit:
        return Why(en="a planner forbade the village", zh="规划员已禁止前往该村")
    if all(_stays(crew, day) for crew in asked.crews):
        return _van_down(asked, day) or Why(en="no crew works that day", zh="当天没有巡回组出勤")
    return None


def _van_down(asked: Touring, day: int) -> Why | None:
    """Return whose van is missing on a day on which they would work."""
    broken = [crew.name for crew in asked.crews if day in crew.days & crew.no_van]
    if not broken:
        return None
    return Why(en=f"the van of {', '.join(broken)} is down", zh=f"{'、'.join(broken)}的车辆故障")


def _stays(crew: Crew, day: int) -> bool:
    return day not in crew.out_days or (day + 1) * DAY_S <= crew.free_s
