"""Which outlets could serve a job: the nearest by road time of those that are capable and reach it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.model import Day, Job, TravelMode
from optimizer.roster import Roster
from optimizer.travel import EARTH_M, UNREACHABLE, TravelTimes, unit_vectors

__all__ = ["Candidates", "leaving_modes", "likely_outlets", "nearest_capable_outlets"]

NEAREST = 8
"""Outlets kept per job."""
LOOKED_AT = 16
"""Outlets, nearest in a straight line, whose road time is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Outlets by job, nearest first.

    outlet: (n, NEAREST) indices into Day.outlets, -1 where there are fewer. seconds: (n, NEAREST) by car from there.
    """

    outlet: NDArray[np.int64]
    seconds: NDArray[np.int64]


Need = tuple[str, int, frozenset[str], int, int]


def _need(job: Job) -> Need:
    return job.skill.family, job.skill.level, job.certificates, job.crew, job.load


_Modes = dict[int, set[TravelMode]]
"""The modes by which technicians leave, by outlet (its place in the day)."""


def _modes(day: Day, needs: list[Need]) -> list[_Modes]:
    """Return by which modes technicians on duty who meet each need leave which outlets."""
    outlet_index = {outlet.id: i for i, outlet in enumerate(day.outlets)}
    by_family: dict[str, list[tuple[int, Need]]] = defaultdict(list)
    for i, need in enumerate(needs):
        by_family[need[0]].append((i, need))
    modes: list[_Modes] = [{} for _ in needs]
    dates: dict[str, set[int]] = defaultdict(set)
    for shift in day.shifts:
        dates[shift.technician_id].add(day.date.toordinal() + shift.day)
    for technician in day.technicians:
        on = dates.get(technician.id, set())
        valid = {
            c.scheme for c in technician.certificates if any(c.first.toordinal() <= d <= c.last.toordinal() for d in on)
        }
        outlet = outlet_index[technician.outlet_id]
        for skill in technician.skills if on else ():
            for i, (_, level, schemes, crew, load) in by_family.get(skill.family, ()):
                strong = technician.crew >= crew and technician.load_capacity >= load
                if skill.level >= level and strong and schemes <= valid:
                    modes[i].setdefault(outlet, set()).add(technician.mode)
    return modes


def _reach(day: Day, needs: list[Need]) -> NDArray[np.float64]:
    """Return how far (metres) technicians of each outlet who meet a need can go, -1 for none; (needs, outlets)."""
    reach = np.full((len(needs), len(day.outlets)), -1.0)
    for i, modes in enumerate(_modes(day, needs)):
        for outlet, some in modes.items():
            reach[i, outlet] = max(day.tariff.reach_m[mode] for mode in some)
    return reach


def leaving_modes(day: Day) -> list[Mapping[int, Collection[TravelMode]]]:
    """Return for each job by which modes technicians on duty who may do it leave which outlets (places in the day)."""
    index_of = {need: i for i, need in enumerate(dict.fromkeys(_need(job) for job in day.jobs))}
    modes = _modes(day, list(index_of))
    return [modes[index_of[_need(job)]] for job in day.jobs]


class _Closeness:
    """How close outlets are to jobs in a straight line, of those that are capable and reach them."""

    NONE = -2.0
    """Closer is more, this is no such outlet."""

    def __init__(self, day: Day) -> None:
        index_of = {need: i for i, need in enumerate(dict.fromkeys(_need(job) for job in day.jobs))}
        reach = _reach(day, list(index_of))
        # Two unit vectors a chord c apart have the product 1 - c²/2; no road is shorter than the chord.
        self._least = np.where(reach < 0, 2.0, 1.0 - np.minimum(reach / EARTH_M * 1.001, 2.0) ** 2 / 2)
        self._need = np.array([index_of[_need(job)] for job in day.jobs])
        self._jobs = unit_vectors(np.array([job.position for job in day.jobs], np.float64))
        self._outlets = unit_vectors(np.array([outlet.position for outlet in day.outlets], np.float64))

    def of(self, jobs: NDArray[np.int64], outlets: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return (jobs, outlets)."""
        closeness = self._jobs[jobs] @ self._outlets[outlets].T
        near: NDArray[np.float64] = np.where(
            closeness >= self._least[np.ix_(self._need[jobs], outlets)], closeness, self.NONE
        )
        return near


def likely_outlets(day: Day) -> dict[str, str]:
    """Return who is thought to visit each job while nothing is planned: the nearest capable outlet, of any centre.

    A job that a lock or a freeze binds to a technician has that technician's outlet, one that nobody reaches has none.
    """
    if not day.jobs or not day.outlets:
        return {}
    near_to = _Closeness(day)
    near = np.full((len(day.jobs), 1), -1, np.int64)
    for rows in _some_rows(len(day.jobs)):
        found = near_to.of(rows, np.arange(len(day.outlets)))
        near[rows, 0] = np.where(found.max(axis=1) > near_to.NONE, found.argmax(axis=1), -1)
    _bind(Roster(day), near)
    return {
        job.id: day.outlets[place].id for job, place in zip(day.jobs, near[:, 0].tolist(), strict=True) if place >= 0
    }


def _some_rows(n: int) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of n jobs, some at a time: closeness to every outlet takes room."""
    for first in range(0, n, 2_000):
        yield np.arange(first, min(first + 2_000, n))


def nearest_capable_outlets(roster: Roster, travel: TravelTimes) -> Candidates:
    """Return each job's nearest capable outlets by road time.

    A job that a lock or a freeze binds to a technician has that technician's outlet as its only candidate.
    """
    day = roster.day
    n, outlets = len(day.jobs), len(day.outlets)
    outlet = np.full((n, NEAREST), -1, np.int64)
    seconds = np.full((n, NEAREST), UNREACHABLE, np.int64)
    if n == 0 or outlets == 0:
        return Candidates(outlet=outlet, seconds=seconds)
    near_to = _Closeness(day)
    job_places = np.array([job.position for job in day.jobs], np.float64)
    outlet_places = np.array([o.position for o in day.outlets], np.float64)
    looked_at = min(LOOKED_AT, outlets)
    near = np.full((n, looked_at), -1, np.int64)
    for rows in _some_rows(n):
        closeness = near_to.of(rows, np.arange(outlets))
        best = np.argpartition(-closeness, looked_at - 1, axis=1)[:, :looked_at]
        near[rows] = np.where(np.take_along_axis(closeness, best, axis=1) > near_to.NONE, best, -1)
    _bind(roster, near)
    _by_road(day, travel, near, job_places, outlet_places, outlet, seconds)
    return Candidates(outlet=outlet, seconds=seconds)


def _bind(roster: Roster, near: NDArray[np.int64]) -> None:
    """Leave a bound job the outlet of its published technician alone."""
    outlet_index = {outlet.id: i for i, outlet in enumerate(roster.day.outlets)}
    for i, job in enumerate(roster.day.jobs):
        if job.published is None or not roster.is_bound(job):
            continue
        technician = roster.technicians.get(job.published.technician_id)
        if technician is not None:
            near[i] = -1
            near[i, 0] = outlet_index[technician.outlet_id]


def _by_road(
    day: Day,
    travel: TravelTimes,
    near: NDArray[np.int64],
    job_places: NDArray[np.float64],
    outlet_places: NDArray[np.float64],
    outlet: NDArray[np.int64],
    seconds: NDArray[np.int64],
) -> None:
    """Order the outlets looked at by road time, asked for one centre's jobs at a time."""
    centres = {centre.id: i for i, centre in enumerate(day.centres)}
    centre_of_outlet = np.array([centres[o.centre_id] for o in day.outlets])
    group = np.where(near[:, 0] >= 0, centre_of_outlet[near.max(axis=1)], -1)
    for centre in np.unique(group[group >= 0]):
        rows = np.flatnonzero(group == centre)
        used, position = np.unique(near[rows], return_inverse=True)
        position = position.reshape(len(rows), -1)
        known = used[used >= 0]
        matrix = travel.matrix(outlet_places[known], job_places[rows], TravelMode.CAR)
        padded = np.full((len(used), len(rows)), 2 * UNREACHABLE, np.int64)
        padded[len(used) - len(known) :] = matrix.seconds
        road = padded[position, np.arange(len(rows))[:, None]]
        order = np.argsort(road, axis=1, kind="stable")[:, :NEAREST]
        kept = order.shape[1]
        outlet[rows, :kept] = np.take_along_axis(near[rows], order, axis=1)
        seconds[rows, :kept] = np.minimum(np.take_along_axis(road, order, axis=1), UNREACHABLE)
