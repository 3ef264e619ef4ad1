"""One tour, or some crews' tours together, from shapes to visits: the search of days, then better beds, then again."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Steps
from optimizer.search.anneal import Settings, search
from optimizer.tours.columns import Column, column_of
from optimizer.tours.ground import Ground
from optimizer.tours.nights import moves_on, sleep_well
from optimizer.tours.shapes import Laid, Shape, Terms, is_possible, lay_out, on_the_road, sleeps_at

__all__ = ["days_left", "draft", "drives", "homeward"]

FROM_NOTHING = Settings(hot=0.5, cold=0.01, ruin_size=8.0, candidates=32, chunk=25)
FROM_THERE = Settings(hot=0.05, cold=0.005, ruin_size=8.0, candidates=32, chunk=25)


def draft(
    ground: Ground,
    shapes: Sequence[Shape],
    terms: Terms,
    steps: int,
    seed: int,
    begin: Sequence[Sequence[Sequence[int]]] | None = None,
) -> list[Column]:
    """Return a tour for each shape, together as good as so many steps of the search make them.

    begin: routes by shape and day. A tour left without any visit is not returned, unless it brings home
    who is away.
    """
    laid = lay_out(ground, shapes, terms)
    routes = _searched(laid, shapes, begin, steps, seed, FROM_NOTHING if begin is None else FROM_THERE)
    better = [sleep_well(ground, shape, laid, of_days) for shape, of_days in zip(shapes, routes, strict=True)]
    kept: Sequence[Sequence[tuple[int, ...]]] = [
        days_left(shape, new, of_days) for shape, new, of_days in zip(shapes, better, routes, strict=True)
    ]
    if better != list(shapes):
        shapes, laid = better, lay_out(ground, better, terms)
        routes = _searched(laid, shapes, kept, max(25, steps // 3), seed + 1, FROM_THERE)
    else:
        routes = [list(of_days) for of_days in kept]
    columns = []
    for shape, of_days in zip(shapes, routes, strict=True):
        if (any(of_days) or on_the_road(ground, shape)) and drives(ground, shape, of_days):
            columns.append(column_of(ground, shape, _within_load(ground, shape, of_days, terms.prize), terms.at))
    return columns


def homeward(ground: Ground, crew: int) -> Column | None:
    """Return the drive home of a crew that is on the road, by as few beds as will do; None where there is no way."""
    road = ground.asked.crews[crew].on_the_road
    if road is None:
        return None
    beds = range(len(ground.asked.lodgings))
    for nights in ((), *((bed,) for bed in beds), *product(beds, repeat=2)):
        shape = Shape(crew=crew, first=road.day, nights=nights)
        empty = [()] * (len(nights) + 1)
        if is_possible(ground, shape) and drives(ground, shape, empty):
            return column_of(ground, shape, empty, ground.village)
    return None


def _searched(
    laid: Laid,
    shapes: Sequence[Shape],
    begin: Sequence[Sequence[Sequence[int]]] | None,
    steps: int,
    seed: int,
    settings: Settings,
) -> list[list[tuple[int, ...]]]:
    """Return jobs by shape and day."""
    start: list[tuple[int, ...]] = [() for _ in laid.rows]
    if begin is not None:
        for v, (number, day) in enumerate(laid.rows):
            given = begin[number][day - shapes[number].first]
            start[v] = tuple(laid.place_of[job] for job in given if job in laid.place_of)
    found = search(laid.problem, start, Steps(steps=steps).begin(1.0), seed, settings)
    routes: list[list[tuple[int, ...]]] = [[() for _ in range(len(shape.nights) + 1)] for shape in shapes]
    for (number, day), jobs in zip(laid.rows, found.routes, strict=True):
        routes[number][day - shapes[number].first] = tuple(int(laid.jobs[j]) for j in jobs)
    return routes


def days_left(old: Shape, new: Shape, routes: Sequence[tuple[int, ...]]) -> Sequence[tuple[int, ...]]:
    """Return the routes of those days that a shorter shape still has."""
    first = new.first - old.first
    return routes[first : first + len(new.nights) + 1]


def drives(ground: Ground, shape: Shape, routes: Sequence[Sequence[int]]) -> bool:
    """Return whether every day without a visit is one that a crew can spend driving or resting."""
    return all(
        bool(jobs)
        or moves_on(ground, shape.crew, shape.first + offset, *sleeps_at(ground, shape, shape.first + offset))
        for offset, jobs in enumerate(routes)
    )


def _within_load(
    ground: Ground, shape: Shape, routes: Sequence[tuple[int, ...]], prize: NDArray[np.int64]
) -> Sequence[tuple[int, ...]]:
    """Return the routes without the bulky jobs worth least, as long as the van cannot hold all it sets out with."""
    capacity = ground.asked.crews[shape.crew].load_capacity
    loaded = sorted((int(prize[j]), j) for jobs in routes for j in jobs if ground.load[j])
    total = sum(int(ground.load[j]) for _, j in loaded)
    dropped = set()
    for _, job in loaded:
        if total <= capacity:
            break
        dropped.add(job)
        total -= int(ground.load[job])
    return [tuple(job for job in jobs if job not in dropped) for jobs in routes]
