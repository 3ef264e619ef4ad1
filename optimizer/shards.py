"""Cutting a day into what is solved at once: shards along the centres' territories, and the seams between them."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from optimizer.candidates import Candidates
from optimizer.model import AreaClass, ClockKind, Day, Job
from optimizer.roster import Roster
from optimizer.search.arrays import Shard

__all__ = [
    "ParityFloor",
    "Routes",
    "Seam",
    "day_of",
    "make_seams",
    "make_shards",
    "neighbourhoods",
    "published_routes",
    "seam_shard",
]

Routes = dict[str, tuple[str, ...]]
"""Job ids in order, by shift id; shifts without a visit are left out."""

EMPTY: Mapping[str, Sequence[str]] = MappingProxyType({})
MOST_JOBS = 1_000
FEWEST_JOBS = 100
SEAM_JOBS = 400


def make_shards(
    roster: Roster, assigned: NDArray[np.int64], most_jobs: int = MOST_JOBS, begin: Mapping[str, Sequence[str]] = EMPTY
) -> list[Shard]:
    """Return the shards of a day, largest first; one may be without jobs.

    assigned: (n,) index of each job's outlet, -1 for none (such a job is in no shard). A centre's outlets and their
    jobs make a shard; above `most_jobs` the territory is halved across its longer side, below `FEWEST_JOBS` it joins
    the nearest. begin: routes to begin from; a shard begins from those of its shifts.
    """
    day = roster.day
    jobs_of: dict[int, list[int]] = defaultdict(list)
    for j, outlet in enumerate(assigned):
        if outlet >= 0 and day.jobs[j].consent:
            jobs_of[int(outlet)].append(j)
    territories: dict[str, list[int]] = defaultdict(list)
    for o, outlet in enumerate(day.outlets):
        territories[outlet.centre_id].append(o)
    weight = {o: len(jobs_of[o]) for o in range(len(day.outlets))}
    merged = _merge(day, list(territories.values()), weight)
    groups = [half for outlets in merged for half in _halve(day, outlets, weight, most_jobs)]
    groups.sort(key=lambda outlets: (-sum(weight[o] for o in outlets), outlets))
    for o in jobs_of:
        jobs_of[o] = _most_urgent(roster, jobs_of[o])
    floor = ParityFloor(day)
    allowed = [floor.allowance([day.jobs[j] for o in outlets for j in jobs_of[o]]) for outlets in groups]
    return [
        Shard(
            job_ids=(job_ids := tuple(day.jobs[j].id for j in sorted(j for o in outlets for j in jobs_of[o]))),
            shift_ids=(shift_ids := tuple(s.id for o in outlets for s in roster.shifts_of[day.outlets[o].id])),
            start=_within(begin, set(job_ids), shift_ids),
            parity_allowed=allowance,
        )
        for outlets, allowance in zip(groups, allowed, strict=True)
    ]


def _most_urgent(roster: Roster, jobs: list[int]) -> list[int]:
    """Return the jobs of one outlet, the most urgent `MOST_JOBS` when there are more: no outlet serves as many."""

    def turn(j: int) -> tuple[bool, float, int]:
        job = roster.day.jobs[j]
        return not roster.is_held(job), min((clock.due_s for clock in job.clocks), default=np.inf), job.reported_s

    return jobs if len(jobs) <= MOST_JOBS else sorted(jobs, key=turn)[:MOST_JOBS]


def published_routes(roster: Roster, job_ids: Iterable[str], shift_ids: Iterable[str]) -> Routes:
    """Return the published routes, as far as their jobs and shifts are here, to begin the search from."""
    wanted: dict[str, list[tuple[int, str]]] = {shift_id: [] for shift_id in shift_ids}
    for job_id in job_ids:
        job = roster.jobs[job_id]
        shift = roster.published_shift(job)
        if shift is not None and job.published is not None and shift.id in wanted:
            wanted[shift.id].append((job.published.start_s, job_id))
    return {shift_id: tuple(job_id for _, job_id in sorted(visits)) for shift_id, visits in wanted.items() if visits}


def _within(begin: Mapping[str, Sequence[str]], job_ids: Collection[str], shift_ids: Iterable[str]) -> Routes:
    """Return the routes of these shifts as far as they visit these jobs."""
    kept = {
        shift_id: tuple(job_id for job_id in begin[shift_id] if job_id in job_ids)
        for shift_id in shift_ids
        if shift_id in begin
    }
    return {shift_id: job_ids for shift_id, job_ids in kept.items() if job_ids}


def _middle(day: Day, outlets: Sequence[int]) -> NDArray[np.float64]:
    middle: NDArray[np.float64] = np.array([day.outlets[o].position for o in outlets]).mean(axis=0)
    return middle


def _merge(day: Day, territories: list[list[int]], weight: Mapping[int, int]) -> list[list[int]]:
    groups = sorted(territories)
    while len(groups) > 1:
        loads = [sum(weight[o] for o in outlets) for outlets in groups]
        small = int(np.argmin(loads))
        if loads[small] >= FEWEST_JOBS:
            break
        lonely = groups.pop(small)
        middles = np.array([_middle(day, outlets) for outlets in groups])
        nearest = int(((middles - _middle(day, lonely)) ** 2).sum(axis=1).argmin())
        groups[nearest] = sorted(groups[nearest] + lonely)
    return groups


def _halve(day: Day, outlets: list[int], weight: Mapping[int, int], most_jobs: int) -> list[list[int]]:
    load = sum(weight[o] for o in outlets)
    if load <= most_jobs or len(outlets) < 2:
        return [outlets]
    places = np.array([day.outlets[o].position for o in outlets])
    side = int(np.ptp(places * [np.cos(np.radians(places[:, 1].mean())), 1.0], axis=0).argmax())
    order = [outlets[i] for i in np.lexsort((np.array(outlets), places[:, side]))]
    passed = np.cumsum([weight[o] for o in order])
    cut = min(max(1, int(np.searchsorted(passed, load / 2)) + 1), len(order) - 1)
    halves = sorted(order[:cut]), sorted(order[cut:])
    return [part for half in halves for part in _halve(day, half, weight, most_jobs)]


def _counts_for_parity(job: Job) -> bool:
    return (
        job.area_class is AreaClass.REMOTE
        and job.consent
        and any(clock.kind is ClockKind.ARRIVAL for clock in job.clocks)
    )


class ParityFloor:
    """How many remote jobs each centre may miss, and what part of that falls to some of its jobs."""

    def __init__(self, day: Day) -> None:
        self._remote = Counter(job.centre_id for job in day.jobs if _counts_for_parity(job))
        self._percent = 100 - day.tariff.parity_target_percent

    def allowance(self, jobs: Iterable[Job]) -> int:
        """Return how many of these jobs may be missed: their part of what their centres may."""
        here = Counter(job.centre_id for job in jobs if _counts_for_parity(job))
        return sum(self._remote[c] * self._percent // 100 * n // self._remote[c] for c, n in here.items())


def day_of(roster: Roster, shard: Shard) -> Day:
    """Return the day cut down to a shard: what a worker needs to be sent."""
    day = roster.day
    shifts = tuple(roster.shifts[shift_id] for shift_id in shard.shift_ids)
    technicians = tuple(roster.technicians[t] for t in dict.fromkeys(shift.technician_id for shift in shifts))
    outlets = tuple(roster.outlets[o] for o in dict.fromkeys(technician.outlet_id for technician in technicians))
    return Day(
        date=day.date,
        days=day.days,
        now_s=day.now_s,
        centres=day.centres,
        outlets=outlets,
        technicians=technicians,
        shifts=shifts,
        jobs=tuple(roster.jobs[job_id] for job_id in shard.job_ids),
        tariff=day.tariff,
    )


Seam = tuple[int, int, tuple[str, ...]]
"""Two shards by number, and ids of outlets on both sides of the border between them."""


def make_seams(roster: Roster, candidates: Candidates, shards: Sequence[Shard], routes: Routes) -> list[list[Seam]]:
    """Return rounds of seams, heaviest borders first; the seams of a round share no shard.

    A border job has a candidate outlet in another shard. A seam is the outlets that its border jobs could use, on both
    sides, as many as `SEAM_JOBS` visits allow: whole outlets, so that nothing else of the day depends on them.
    """
    outlet_index = {outlet.id: i for i, outlet in enumerate(roster.day.outlets)}
    shard_of_outlet = np.full(len(outlet_index), -1)
    visits: Counter[int] = Counter()
    for i, shard in enumerate(shards):
        for shift_id in shard.shift_ids:
            o = outlet_index[roster.outlet_of(roster.shifts[shift_id]).id]
            shard_of_outlet[o] = i
            visits[o] += len(routes.get(shift_id, ()))
    rounds: list[tuple[set[int], list[Seam]]] = []
    borders = _borders(roster, candidates, shards, shard_of_outlet)
    for pair, outlets in sorted(borders.items(), key=lambda item: (-item[1].total(), item[0])):
        chosen = _most_wanted(outlets, visits)
        if len({int(shard_of_outlet[o]) for o in chosen}) == 2:
            seam = (*pair, tuple(roster.day.outlets[o].id for o in sorted(chosen)))
            free = next((round_ for round_ in rounds if not round_[0] & set(pair)), None)
            if free is None:
                rounds.append(free := (set(), []))
            free[0].update(pair)
            free[1].append(seam)
    return [seams for _, seams in rounds]


def _borders(
    roster: Roster, candidates: Candidates, shards: Sequence[Shard], shard_of_outlet: NDArray[np.int64]
) -> dict[tuple[int, int], Counter[int]]:
    """Return, for each pair of shards, how many border jobs could use which outlet of theirs."""
    wanted: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for here, shard in enumerate(shards):
        for job_id in shard.job_ids:
            row = candidates.outlet[roster.place_of_job[job_id]]
            options = [int(o) for o in row if o >= 0 and shard_of_outlet[o] >= 0]
            for there in {int(shard_of_outlet[o]) for o in options} - {here}:
                pair = (min(here, there), max(here, there))
                wanted[pair].update(o for o in options if shard_of_outlet[o] in pair)
    return wanted


def _most_wanted(outlets: Counter[int], visits: Mapping[int, int]) -> list[int]:
    """Return the outlets most wanted, as many as `SEAM_JOBS` visits allow."""
    chosen, load = [], 0
    for o, _ in sorted(outlets.items(), key=lambda item: (-item[1], item[0])):
        if load + visits[o] <= SEAM_JOBS:
            chosen.append(o)
            load += visits[o]
    return chosen


def neighbourhoods(near: Mapping[str, Collection[str]]) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return jobs that share an outlet, directly or by way of others, together: outlet ids, and the jobs near them.

    near: outlet ids by job id.
    """
    first = {outlet_id: outlet_id for some in near.values() for outlet_id in some}

    def root(outlet_id: str) -> str:
        while first[outlet_id] != outlet_id:
            outlet_id = first[outlet_id]
        return outlet_id

    for some in near.values():
        for one, other in pairwise(some):
            first[root(other)] = root(one)
    outlets: defaultdict[str, list[str]] = defaultdict(list)
    for outlet_id in first:
        outlets[root(outlet_id)].append(outlet_id)
    jobs: defaultdict[str, list[str]] = defaultdict(list)
    for job_id, some in near.items():
        if some:
            jobs[root(next(iter(some)))].append(job_id)
    return [(tuple(outlets[at]), tuple(jobs[at])) for at in jobs]


def seam_shard(
    roster: Roster, floor: ParityFloor, outlet_ids: Iterable[str], routes: Routes, idle: Iterable[str]
) -> Shard:
    """Return the shard of a seam: all visits of these outlets, and jobs left out that no lock or freeze binds.

    idle: ids of jobs left out that may join.
    """
    shift_ids = tuple(shift.id for outlet_id in outlet_ids for shift in roster.shifts_of[outlet_id])
    start = {shift_id: routes[shift_id] for shift_id in shift_ids if shift_id in routes}
    served = [job_id for jobs in start.values() for job_id in jobs]
    joined = [job_id for job_id in idle if not roster.is_held(roster.jobs[job_id])]
    job_ids = tuple(sorted(served + joined, key=roster.place_of_job.__getitem__))
    allowed = floor.allowance(roster.jobs[job_id] for job_id in job_ids)
    return Shard(job_ids=job_ids, shift_ids=shift_ids, start=start, parity_allowed=allowed)
