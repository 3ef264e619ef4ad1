"""Which job stands for which promised stop: a matching, so that as many promises as can be have one."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from optimizer.tours.model import Touring, WorkKind

__all__ = ["Held", "Matching", "jobs_held", "promises"]


Stop = TypeVar("Stop", bound=Hashable)


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

    wanted = sorted(set(_promised(asked)).difference(hopeless), key=lambda one: (-one.promises, one.day, one.stop))

    def fits(one: Held) -> list[int]:
        able_then = [job for job in places[one.stop] if able[:, job, one.day].any()]
        brought = [job for job in able_then if asked.jobs[job].kind is WorkKind.WALK_IN]
        calls = [job for job in able_then if asked.jobs[job].kind is not WorkKind.WALK_IN]
        # What is brought to a first stop stands for the first day, and so on: plans that follow find it there again.
        turn = sum(other.stop == one.stop and other.day < one.day for other in wanted)
        # Of calls that which can wait least: the first day is its, and the others are left for those that can.
        calls.sort(key=lambda job: asked.jobs[job].last_s)
        return [*brought[turn : turn + 1], *brought[:turn], *brought[turn + 1 :], *calls]

    matching = Matching(
        fits={one: fits(one) for one in wanted}, held={}, after=lambda job, one: stands[job][0] != one.stop
    )
    for one in wanted:
        matching.finds(one, set())
    return matching.held


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching(Generic[Stop]):
    """Promised stops with the jobs that could stand for each, and those that do.

    after: whether a job is tried after others of a stop.
    """

    fits: Mapping[Stop, Sequence[int]]
    held: dict[int, Stop]
    after: Callable[[int, Stop], bool] = lambda _job, _stop: False

    def finds(self, one: Stop, tried: set[int]) -> bool:
        """Let a job stand for a stop, and another for the stop that it stood for before; return whether one does."""
        for job in sorted(self.fits[one], key=lambda job: (self.after(job, one), job in self.held)):
            if job in tried:
                continue
            tried.add(job)
            if job not in self.held or self.finds(self.held[job], tried):
                self.held[job] = one
                return True
        return False


def _promised(asked: Touring) -> list[Held]:
    """Return the stops of the horizon that were promised, are not given up, and can be reached, in order."""
    standing = promises(asked, released=asked.levers.released)
    return [
        Held(stop=stop, day=day, promises=count)
        for (stop, day), count in sorted(standing.items())
        if 0 <= day < asked.days and day not in asked.villages[stop].cut_off
    ]


def promises(asked: Touring, released: Collection[tuple[str, int]] = ()) -> Counter[tuple[int, int]]:
    """Return how many villages were told of each stop, by the number of its village and the day.

    released: villages and days that are given up, and do not count.
    """
    number = {village.id: index for index, village in enumerate(asked.villages)}
    return Counter(
        (number[told.stop_id], told.day)
        for village in asked.villages
        for told in village.told
        if (village.id, told.day) not in released
    )
