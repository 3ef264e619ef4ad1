"""Why a crew that is on the road is not brought home, as far as its days and nights say, and what would help."""

from optimizer.model import DAY_S
from optimizer.tours.model import Crew, OnTheRoad, Touring
from optimizer.tours.told import Why

__all__ = ["no_way_home"]


def no_way_home(asked: Touring, crew: Crew, road: OnTheRoad) -> Why:
    """Return what keeps a crew from its way home, to stand inside a sentence; the ways themselves are not looked at."""
    ahead = [day for day in crew.out_days if road.day <= day < asked.days]
    waits = bool(crew.no_van & crew.days & frozenset(range(asked.now_s // DAY_S, asked.days)))
    sooner, sooner_zh = (
        (", or its van back earlier (van_back_on)", "，或让车辆提早恢复（van_back_on）") if waits else ("", "")
    )
    if road.day not in ahead:
        return _no_day(asked, waits=waits)
    nights = asked.levers.nights
    left, days_left = nights - road.nights, max(ahead) - road.day
    if left <= 0:
        return Why(
            en=f"it may sleep out {nights} nights (--nights) and they are over on the day it leaves, in which its way "
            f"home does not fit; more nights would help{sooner}",
            zh=f"外宿上限 {nights} 晚（--nights）在出发当天已用完，当天赶不回来；可放宽外宿晚数{sooner_zh}",
        )
    if days_left < left:
        return Why(
            en=f"it has {days_left + 1} days to drive before these {asked.days} end, in which its way home does "
            f"not fit; more days planned would help{sooner}",
            zh=f"本期 {asked.days} 天结束前只剩 {days_left + 1} 天可走，赶不回来；可延长规划天数{sooner_zh}",
        )
    return Why(
        en=f"in the {left} nights left of {nights} (--nights) no road leads home from bed to bed; more nights or a "
        f"bed on the way would help{sooner}",
        zh=f"余下的 {left} 晚（上限 --nights {nights}）内没有可走的路程和住宿点；"
        f"可放宽外宿晚数或在沿途增加住宿点{sooner_zh}",
    )


def _no_day(asked: Touring, *, waits: bool) -> Why:
    """Return the same for a crew that cannot leave on any day."""
    if waits:
        return Why(
            en=f"its van is down on every day left of these {asked.days} on which it works; its van back earlier "
            "(van_back_on) would help",
            zh=f"本期 {asked.days} 天内余下的出勤日车辆都有故障；可让车辆提早恢复（van_back_on）",
        )
    return Why(
        en=f"it works on no day left of these {asked.days}; a working day more (--more-day) would help",
        zh=f"本期 {asked.days} 天内没有余下的出勤日；可增加出勤日（--more-day）",
    )
