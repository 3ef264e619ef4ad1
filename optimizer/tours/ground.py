"""What every tour of a problem stands on: ways, what a crew may do on a day, what a job is worth; plain arrays.

Point v is village v, then come the lodgings, then the homes of the crews.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.model import DAY_S, TravelMode
from optimizer.search.problem import NEVER_S
from optimizer.tours.cost import early_late_price, left_out_price, standing_villages, waiting_price
from optimizer.tours.holding import Held, jobs_held
from optimizer.tours.model import Crew, Touring, TourJob, Village, WorkKind
from optimizer.travel import TravelTimes

__all__ = ["HOME", "Ground", "able_days", "lay_ground", "windows_of", "without_promises"]

HOME = -1
"""Instead of a lodging: where the crew lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """n jobs, c crews, d days, v villages, l lodgings, p points.

    seconds, metres, fen: (p, p) by travel mode; fen: of driving. village: (n,) of each job. stands: villages where
    each job can be done, its own first. able: (c, n, d) whether a crew may do a job on a day, kits aside. day_fen:
    (n, d) of doing it then. windows: (k, 2) starts of each job. first_s, last_s: (n,). kit_s: (n,) when its kit is at
    home. left_fen: (n,) what leaving it out costs; search_fen: with what else hangs on it. load: (n,). works: (c, d).
    beds: (l, d) whether a lodging can be slept in. road: (v, d) whether one leads to a village. home: (c,) point.
    told: the job that stands for each promised stop, and what it is held to.
    """

    asked: Touring
    seconds: dict[TravelMode, NDArray[np.int64]]
    metres: dict[TravelMode, NDArray[np.int64]]
    fen: dict[TravelMode, NDArray[np.int64]]
    village: NDArray[np.int64]
    stands: tuple[tuple[int, ...], ...]
    able: NDArray[np.bool_]
    day_fen: NDArray[np.int64]
    windows: tuple[NDArray[np.int64], ...]
    first_s: NDArray[np.int64]
    last_s: NDArray[np.int64]
    kit_s: NDArray[np.int64]
    left_fen: NDArray[np.int64]
    search_fen: NDArray[np.int64]
    load: NDArray[np.int64]
    works: NDArray[np.bool_]
    beds: NDArray[np.bool_]
    road: NDArray[np.bool_]
    home: NDArray[np.int64]
    told: Mapping[int, Held]

    def usual_stands(self) -> NDArray[np.int64]:
        """Return where each job is done where nothing else is said, (n,): at home, or where it is held to."""
        return np.array([stands[0] for stands in self.stands], np.int64)

    def lodging(self, number: int, crew: int) -> int:
        """Return the point where a crew sleeps."""
        return int(self.home[crew]) if number == HOME else len(self.asked.villages) + number


NEVER = 1 << 40


def lay_ground(asked: Touring, travel: TravelTimes) -> Ground:
    """Return everything that does not depend on which tours there are."""
    homes = list(dict.fromkeys(crew.position for crew in asked.crews))
    places = [v.position for v in asked.villages] + [bed.position for bed in asked.lodgings] + homes
    points = np.array(places, np.float64).reshape(-1, 2)
    seconds, metres, fen = {}, {}, {}
    for mode in dict.fromkeys(crew.mode for crew in asked.crews):
        matrix = travel.matrix(points, points, mode)
        seconds[mode], metres[mode] = matrix.seconds.astype(np.int64), matrix.metres.astype(np.int64)
        fen[mode] = metres[mode] * asked.charges.fen_per_km[mode] // 1000
    villages = {village.id: index for index, village in enumerate(asked.villages)}
    village = np.array([villages[job.village_id] for job in asked.jobs], np.int64)
    base = len(asked.villages) + len(asked.lodgings)
    left = np.array([left_out_price(asked, job)[1] for job in asked.jobs], np.int64)
    any_mode = next(iter(seconds.values())) if seconds else np.zeros((len(places), len(places)), np.int64)
    work = _held(asked, village, any_mode, frozenset())
    return Ground(
        asked=asked,
        seconds=seconds,
        metres=metres,
        fen=fen,
        village=village,
        stands=work.stands,
        able=work.able,
        day_fen=np.array(
            [
                [waiting_price(asked, job, day) + early_late_price(asked, job, day) for day in range(asked.days)]
                for job in asked.jobs
            ],
            np.int64,
        ).reshape(len(asked.jobs), asked.days),
        windows=tuple(windows_of(job) for job in asked.jobs),
        first_s=np.array([job.first_s for job in asked.jobs], np.int64),
        last_s=np.array([job.last_s for job in asked.jobs], np.int64),
        kit_s=np.array([NEVER if job.kit_ready_s is None else job.kit_ready_s for job in asked.jobs], np.int64),
        left_fen=left,
        search_fen=left + _wanted(asked, work.told),
        load=np.array([job.load for job in asked.jobs], np.int64),
        works=np.array([[day in crew.out_days for day in range(asked.days)] for crew in asked.crews], bool).reshape(
            len(asked.crews), asked.days
        ),
        beds=np.array(
            [
                [bed.id not in asked.levers.forbidden_lodgings and day not in bed.closed for day in range(asked.days)]
                for bed in asked.lodgings
            ],
            bool,
        ).reshape(len(asked.lodgings), asked.days),
        road=np.array([[day not in v.cut_off for day in range(asked.days)] for v in asked.villages], bool).reshape(
            len(asked.villages), asked.days
        ),
        told=work.told,
        home=np.array([base + homes.index(crew.position) for crew in asked.crews], np.int64),
    )


def without_promises(ground: Ground, hopeless: Collection[Held]) -> Ground:
    """Return the ground on which no job stands for these promises, which nobody can keep, but for others or none."""
    seconds = next(iter(ground.seconds.values()))
    work = _held(ground.asked, ground.village, seconds, hopeless)
    search_fen = ground.left_fen + _wanted(ground.asked, work.told)
    return replace(ground, stands=work.stands, able=work.able, told=work.told, search_fen=search_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """Where and when jobs can be done, and what some are held to: as a ground has it."""

    stands: tuple[tuple[int, ...], ...]
    able: NDArray[np.bool_]
    told: Mapping[int, Held]


def _held(asked: Touring, village: NDArray[np.int64], seconds: NDArray[np.int64], hopeless: Collection[Held]) -> _Work:
    """Return where and when jobs can be done, those that stand for promises as they must be."""
    able = np.array(
        [
            [able_days(asked, crew, job, asked.villages[v]) for job, v in zip(asked.jobs, village, strict=True)]
            for crew in asked.crews
        ],
        bool,
    ).reshape(len(asked.crews), len(asked.jobs), asked.days)
    stands = _stands(asked, village, seconds)
    told = jobs_held(asked, stands, able, hopeless)
    for job, held in told.items():
        able[:, job, : held.day] = able[:, job, held.day + 1 :] = False
        stands[job] = (held.stop,)
    return _Work(stands=tuple(stands), able=able, told=told)


def windows_of(job: TourJob) -> NDArray[np.int64]:
    """Return when a job may begin: between first and last, inside the windows it has; at least one row."""
    first, last = max(job.first_s, 0), min(job.last_s, NEVER_S - 1)
    spans = sorted((max(a, first), min(b, last)) for a, b in job.windows or ((first, last),))
    return np.array([span for span in spans if span[0] <= span[1]] or [(NEVER_S - 2, NEVER_S - 2)], np.int64)


def _stands(asked: Touring, village: NDArray[np.int64], seconds: NDArray[np.int64]) -> list[tuple[int, ...]]:
    """Return where each job can be done: at home, and a unit that can be carried in villages near enough."""
    never = {index for index, v in enumerate(asked.villages) if v.id in asked.levers.never_visit}
    count = len(asked.villages)
    stands = []
    for own, job in zip(village.tolist(), asked.jobs, strict=True):
        near = np.flatnonzero(seconds[own, :count] <= asked.cover_s).tolist() if job.portable else []
        stands.append(tuple(v for v in (own, *(v for v in near if v != own)) if v == own or v not in never))
    return stands


def able_days(asked: Touring, crew: Crew, job: TourJob, village: Village) -> list[bool]:
    """Return on which days a crew may do a job as far as people, papers, dates and planners say."""
    levels: dict[str, int] = {}
    for skill in crew.skills:
        levels[skill.family] = max(skill.level, levels.get(skill.family, 0))
    fits = levels.get(job.skill.family, 0) >= job.skill.level
    fits = fits and crew.people >= job.people and crew.load_capacity >= job.load
    fits = fits and job.village_id not in asked.levers.never_visit
    return [fits and _may(asked, crew, job, village, day) for day in range(asked.days)]


def _may(asked: Touring, crew: Crew, job: TourJob, village: Village, day: int) -> bool:
    """Return whether papers, dates and locks let a crew do a job on a day."""
    date = asked.date.toordinal() + day
    for scheme in job.certificates:
        if not any(c.scheme == scheme and c.first.toordinal() <= date <= c.last.toordinal() for c in crew.certificates):
            return False
    if day in village.cut_off:
        return False
    if job.kind is WorkKind.WALK_IN and not _may_walk_in(asked, village, day):
        return False
    if day not in crew.out_days or job.last_s < max(day * DAY_S, crew.free_s) or job.first_s >= (day + 1) * DAY_S:
        return False
    for locked in asked.levers.locked:
        here = locked.crew_id == crew.id and locked.day == day
        if here != (job.id in locked.job_ids) and (here or job.id in locked.job_ids):
            return False
    return True


def _may_walk_in(asked: Touring, village: Village, day: int) -> bool:
    """Return whether people of a village come to a stop in it on a day: they were told it, or can still be."""
    standing = {told for told in village.home_days if (village.id, told) not in asked.levers.released}
    return day in standing if standing else day in village.home_days or day >= asked.lead_day


def _wanted(asked: Touring, told: Mapping[int, Held]) -> NDArray[np.int64]:
    """Return by how much the job that stands for a village's visit is wanted beyond its own worth.

    told: jobs that stand for a promised stop.
    """
    standing = standing_villages(asked)
    extra = np.zeros(len(asked.jobs), np.int64)
    first: dict[str, int] = {}
    for index, job in enumerate(asked.jobs):
        if job.village_id not in first or job.kind is WorkKind.WALK_IN:
            first[job.village_id] = index
    for village in asked.villages:
        if village.id not in first:
            continue
        if village.id in standing:
            extra[first[village.id]] += asked.charges.unvisited_fen
        if village.id in asked.levers.must_visit:
            extra[first[village.id]] += asked.charges.keep_fen
    for number, held in told.items():
        extra[number] += asked.charges.keep_fen * held.promises
    locked = {job_id for day in asked.levers.locked for job_id in day.job_ids}
    for index, job in enumerate(asked.jobs):
        if job.id in locked:
            extra[index] += asked.charges.keep_fen
    return extra
