"""Which job stands for which promised stop: a matching, so that as many promises as can be have one."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.tours.model import Touring, WorkKind

__all__ = ["Held", "jobs_held"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A stop that was promised, on a day; promises: how many villages were told of it."""

    stop: int
    day: int
    promises: int


def jobs_held(
    asked: Touring, stands: Sequence[tuple[int, ...]], able: NDArray[np.bool_], hopeless: Collection[Held]
) -> dict[int, Held]:
    """Return jobs that stand for the promised stops, for as many as there can be, and what each is held to.

    What people bring stands for a stop rather than a call, and what is carried there only where the village has nothing
    left of its own. A stop where nothing could be done on its day has none.
    """

    places: defaultdict[int, list[int]] = defaultdict(list)
    for job, where in enumerate(stands):
        for stop in where:
            places[stop].append(job)

    def fits(one: Held) -> list[int]:
        able_then = [job for job in places[one.stop] if able[:, job, one.day].any()]
        # Of calls that which can wait least: the first day is its, and the others are left for those that can.
        return sorted(able_then, key=lambda job: (asked.jobs[job].kind is not WorkKind.WALK_IN, asked.jobs[job].last_s))

    wanted = sorted(set(_promised(asked)).difference(hopeless), key=lambda one: (-one.promises, one.day, one.stop))
    matching = _Matching(stands=stands, fits={one: fits(one) for one in wanted}, held={})
    for one in wanted:
        matching.finds(one, set())
    return matching.held


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matching:
    """Promised stops with the jobs that could stand for each, and those that do."""

    stands: Sequence[tuple[int, ...]]
    fits: Mapping[Held, Sequence[int]]
    held: dict[int, Held]

    def finds(self, one: Held, tried: set[int]) -> bool:
        """Let a job stand for a stop, and another for the stop that it stood for before; return whether one does."""
        for job in sorted(self.fits[one], key=lambda job: (self.stands[job][0] != one.stop, job in self.held)):
            if job in tried:
                continue
            tried.add(job)
            if job not in self.held or self.finds(self.held[job], tried):
                self.held[job] = one
                return True
        return False


def _promised(asked: Touring) -> list[Held]:
    """Return the stops of the horizon that were promised, are not given up, and can be reached, in order."""
    number = {village.id: index for index, village in enumerate(asked.villages)}
    promises = Counter(
        (number[told.stop_id], told.day)
        for village in asked.villages
        for told in village.told
        if 0 <= told.day < asked.days and (village.id, told.day) not in asked.levers.released
    )
    return [
        Held(stop=stop, day=day, promises=count)
        for (stop, day), count in sorted(promises.items())
        if day not in asked.villages[stop].cut_off
    ]
