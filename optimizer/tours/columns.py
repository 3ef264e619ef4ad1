"""A tour as one choice among others: its shape, its visits, what it costs alone and what it takes from others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.tours.ground import HOME, Ground
from optimizer.tours.shapes import Shape, on_the_road, sleeps_at

__all__ = ["Column", "column_of", "stands_on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A tour with its price alone. days: jobs by number and the village of each, in order, by day."""

    shape: Shape
    days: tuple[tuple[tuple[int, int], ...], ...]
    fen: int

    @property
    def jobs(self) -> tuple[int, ...]:
        """Every job of the tour."""
        return tuple(job for day in self.days for job, _ in day)

    @property
    def routes(self) -> tuple[tuple[int, ...], ...]:
        """The jobs of each day."""
        return tuple(tuple(job for job, _ in day) for day in self.days)


def column_of(ground: Ground, shape: Shape, routes: Sequence[Sequence[int]], at: NDArray[np.int64]) -> Column:
    """Return a tour with its price: what `tour_price` says, from arrays.

    routes: jobs by day of the shape; at: (n,) villages where they are done.
    """
    asked = ground.asked
    charges, crew = asked.charges, asked.crews[shape.crew]
    fen = 0 if on_the_road(ground, shape) else charges.tour_fen
    fen += crew.people * charges.day_fen * (shape.last - shape.first + 1)
    for lodging in shape.nights:
        if lodging != HOME:
            fen += crew.people * (asked.lodgings[lodging].price_fen + charges.per_diem_fen)
    price = ground.fen[crew.mode]
    for offset, jobs in enumerate(routes):
        day = shape.first + offset
        here, end = sleeps_at(ground, shape, day)
        for job in jobs:
            fen += int(price[here, at[job]]) + int(ground.day_fen[job, day])
            fen += charges.carry_in_fen if at[job] != ground.village[job] else 0
            here = int(at[job])
        fen += int(price[here, end])
    days = tuple(tuple((int(job), int(at[job])) for job in jobs) for jobs in routes)
    return Column(shape=shape, days=days, fen=fen)


def stands_on(ground: Ground, columns: Iterable[Column]) -> NDArray[np.int64]:
    """Return the village where each job is done, (n,): where these tours do it, its own where none does."""
    at = ground.village.copy()
    for column in columns:
        for visits in column.days:
            for job, village in visits:
                at[job] = village
    return at
