"""Dates that villages were told and that nobody can keep: why, known before anything is planned."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from optimizer.model import DAY_S
from optimizer.tours.model import Crew, Touring, Village

__all__ = ["NO_TOUR", "NO_TOUR_AT_ALL", "Why", "lost_dates", "no_tour", "released"]


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


def lost_dates(asked: Touring) -> Mapping[str, Why]:
    """Return the villages whose date nobody can keep, whatever the tours."""
    served = {job.village_id for job in asked.jobs}
    carried = any(job.portable for job in asked.jobs)
    found = {}
    for village in asked.villages:
        if village.announced_day is not None and 0 <= village.announced_day < asked.days:
            why = _why(asked, village, village.announced_day)
            if why is None and village.id not in served and not carried:
                why = Why(en="nothing is left to do there", zh="该村已没有工单")
            if why is not None:
                found[village.id] = why
    return found


def no_tour(asked: Touring, day: int) -> Why:
    """Return why no tour stops somewhere on a day, where only the search could have made one: a van may be missing."""
    down = _van_down(asked, day)
    return NO_TOUR if down is None else Why(en=f"{down.en}, and {NO_TOUR.en}", zh=f"{down.zh}，{NO_TOUR.zh}")


def released(asked: Touring, village_ids: frozenset[str]) -> Touring:
    """Return the question in which these villages may be visited on other days than they were told."""
    levers = replace(asked.levers, released=asked.levers.released | village_ids)
    return replace(asked, levers=levers) if village_ids else asked


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
