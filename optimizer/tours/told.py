"""Dates that villages were told and that nobody can keep: why, known before anything is planned."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.model import DAY_S
from optimizer.tours.holding import Matching
from optimizer.tours.model import Crew, Told, Touring, TourRule, Village
from optimizer.travel import EARTH_M, unit_vectors

__all__ = [
    "BEYOND",
    "NO_TOUR",
    "NO_TOUR_AT_ALL",
    "Why",
    "days_given_up",
    "limit_why",
    "lost_dates",
    "no_tour",
    "released",
    "told_too",
]

FASTEST_M_S = 120_000 / 3_600
"""Nobody may drive faster, nor on a shorter way than the straight one."""

Stop = tuple[str, int]
"""A village, and a day on which a crew stops in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A reason in English and Chinese, to stand inside a sentence."""

    en: str
    zh: str


NO_TOUR = Why(
    en="no tour was found that stops there that day beside all else that is kept",
    zh="未找到在保留其他安排的情况下当天能到的合规行程",
)
"""Where nothing but the search knows."""
NO_TOUR_AT_ALL = Why(
    en="no tour was found that stops there beside all else that is kept",
    zh="未找到在保留其他安排的情况下能到的合规行程",
)
"""The same of whatever day."""
BEYOND = Why(
    en="no day's drive, within its limit, leads there and on to a bed or home",
    zh="在每日行车限制内，当天到不了该村再赶到住宿点或返程",
)
"""Where the ways alone say so, whatever the day."""


def lost_dates(asked: Touring, kept: Collection[Stop] = ()) -> Mapping[tuple[str, Told], Why]:
    """Return what villages were told and nobody can keep, whatever the tours; by village and what it was told.

    kept: stops of tours that keep what was told: what a job of each is needed for is left for nothing else.
    """
    matching: Matching[Stop] = Matching(fits=_doable(asked), held={})
    promised = {(told.stop_id, told.day) for village in asked.villages for told in village.told}
    for stop in sorted(promised.intersection(kept)):
        matching.finds(stop, set())
    places = {village.id: village for village in asked.villages}
    found = {}
    for village in asked.villages:
        for told in village.told:
            stop = (told.stop_id, told.day)
            if not 0 <= told.day < asked.days or stop in kept:
                continue
            why = _why(asked, places[told.stop_id], told.day)
            if why is None and not replace(matching, held=dict(matching.held)).finds(stop, set()):
                why = Why(en="nothing is left to do there", zh="该村已没有工单")
            if why is not None:
                found[village.id, told] = why
    return found


def _doable(asked: Touring) -> Mapping[Stop, Sequence[int]]:
    """Return the jobs that are not over by a promised stop, and are there or may be carried there, as far as is known
    without travel times.
    """
    number = {village.id: row for row, village in enumerate(asked.villages)}
    points = unit_vectors(np.array([village.position for village in asked.villages], np.float64).reshape(-1, 2))
    # The cosine of the angle that is driven at most.
    near = np.cos(min(np.pi, asked.cover_s * FASTEST_M_S / EARTH_M))
    found = {}
    for told in {told for village in asked.villages for told in village.told}:
        to = points @ points[number[told.stop_id]]
        found[told.stop_id, told.day] = [
            row
            for row, job in enumerate(asked.jobs)
            if job.last_s >= told.day * DAY_S
            and (job.village_id == told.stop_id or (job.portable and to[number[job.village_id]] >= near))
        ]
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


def limit_why(asked: Touring, rule: TourRule) -> Why:
    """Return why a planner's limit lets nobody come: of nights, of metres a day, or of days of all vans."""
    levers = asked.levers
    if rule is TourRule.NIGHTS:
        return Why(
            en=f"--nights {levers.nights} leaves no way there and home",
            zh=f"外宿上限 --nights {levers.nights} 之内到不了该村再返回",
        )
    if rule is TourRule.DAY_METRES:
        km = f"{(levers.day_metres or 0) / 1_000:g}"
        return Why(
            en=f"--km {km} leaves no way there and on to a bed or home",
            zh=f"每日里程上限 --km {km} 之内到不了该村再赶到住宿点或返程",
        )
    return Why(
        en=f"--van-days {levers.van_days} leaves no day for a tour there",
        zh=f"出车天数上限 --van-days {levers.van_days} 没有剩余的天数",
    )


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
