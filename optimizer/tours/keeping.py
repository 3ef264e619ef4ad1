"""Tours that keep what villages were told: dynamic programming over a crew's days and beds leaves nothing to chance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Remaining, is_over
from optimizer.tours.choosing import choose_tours, worth_of_held
from optimizer.tours.columns import Column
from optimizer.tours.ground import Ground, without_promises
from optimizer.tours.holding import Held
from optimizer.tours.keeping_days import CrewDays, CrewTours
from optimizer.tours.objective import Weigher

__all__ = ["Promised", "keep_together", "keepable", "promised_tours"]

ROUNDS = 6
"""So often more tours are made for promises that do not go together yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """Legal tours that visit nothing but promised stops, the ground that they stand on, and of each crew its days."""

    ground: Ground
    columns: tuple[Column, ...]
    crews: tuple[CrewDays, ...]


def promised_tours(ground: Ground) -> Promised:
    """Return legal tours that visit nothing but promised stops.

    Of each crew: for each first and last day the tour worth most, and for each promise those worth most that keep it.
    So a promise that some tour can keep is kept by one of these. What stood for a promise that none can keep does so no
    more, and stands for another if it can.
    """
    given_up: set[Held] = set()
    while True:
        found: dict[Column, None] = {}
        weigher = Weigher(ground)
        hopeless = set(ground.told.values())
        crews = tuple(CrewDays(ground, weigher, crew, ground.told) for crew in range(len(ground.asked.crews)))
        for days in crews:
            together = CrewTours(days, ground.search_fen)
            for first in range(ground.asked.days if ground.told else 0):
                found.update(dict.fromkeys(together.tours(first)))
            for job, held in ground.told.items():
                tours = _tours_keeping(together, job, held)
                found.update(dict.fromkeys(tours))
                hopeless -= {held} if tours else set()
        if not hopeless:
            return Promised(ground=ground, columns=tuple(found), crews=crews)
        given_up |= hopeless
        ground = without_promises(ground, given_up)


def keepable(ground: Ground) -> int:
    """Return how many promises tours can keep at all, each by itself, as far as there are jobs to stand for them."""
    return sum(held.promises for held in promised_tours(ground).ground.told.values())


def keep_together(
    promised: Promised, best: Sequence[Column], remaining: Remaining
) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """Return promised tours, with more where not all promises are kept by some that go together; and the best choice.

    The linear program says what each promise is worth beside the others: nothing where a tour keeps it anyway. Where
    they are worth so much, other tours are worth most. It ends where nothing new is found, or nothing is missed.

    best: tours to begin from; what they keep besides is kept.
    """
    ground = promised.ground
    met = dict.fromkeys(promised.columns)
    if not met:
        return (), tuple(best)
    for turn in range(ROUNDS + 1):
        pool = [*dict.fromkeys((*best, *met))]
        chosen = choose_tours(ground, pool, None, best).columns
        if turn == ROUNDS or is_over(remaining) or not _missed(ground, chosen):
            break
        worth = worth_of_held(ground, pool)
        known = len(met)
        if worth is not None:
            for days in promised.crews:
                met.update(dict.fromkeys(_tours_worth(days, worth, remaining)))
        if len(met) == known:
            break
    return tuple(met), chosen


def _missed(ground: Ground, columns: Sequence[Column]) -> bool:
    """Tell whether some promise for which a job stands is not kept by these tours."""
    stops = {
        (village, column.shape.first + offset)
        for column in columns
        for offset, visits in enumerate(column.days)
        for _, village in visits
    }
    return any((held.stop, held.day) not in stops for held in ground.told.values())


def _tours_worth(days: CrewDays, worth: NDArray[np.int64], remaining: Remaining) -> Iterable[Column]:
    """Yield the tours of a crew that are worth most where jobs are worth so much, as far as the time goes."""
    tours = CrewTours(days, worth)
    for first in range(days.ground.asked.days):
        if is_over(remaining):
            return
        yield from tours.tours(first)
    for job, held in days.ground.told.items():
        if is_over(remaining):
            return
        yield from tours.tours_with(job, held.day)


def _tours_keeping(together: CrewTours, job: int, held: Held) -> list[Column]:
    """Return tours of a crew that keep a promise: beside others, else for it alone, else by a job that is free."""
    ground, crew = together.days.ground, together.days.crew
    tours = together.tours_with(job, held.day)
    free = [one for one, stands in enumerate(ground.stands) if held.stop in stands and one not in ground.told]
    for one in [job, *free]:
        if not tours:
            alone = CrewDays(ground, together.days.weigher, crew, {one: held})
            tours = CrewTours(alone, ground.search_fen).tours_with(one, held.day)
    return tours
