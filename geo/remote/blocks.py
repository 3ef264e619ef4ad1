"""Which ways a day may need, in blocks that a service answers at once, the nearest first."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.matrix import EARTH_M, straight_m, unit_vectors
from geo.remote.cache import place_keys, places_of
from geo.remote.service import Limits
from optimizer.model import Day, TravelMode
from optimizer.travel import Places

__all__ = ["Block", "Question", "blocks", "questions", "tiles"]

_Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All ways between some places (unique keys, sorted) by one mode, as far apart as it reaches in a straight line."""

    mode: TravelMode
    keys: _Keys
    reach_m: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The ways from some origins to some destinations, given by their numbers among a question's places."""

    origins: _Keys
    destinations: _Keys


def questions(day: Day) -> list[Question]:
    """Return what a plan of the day may ask: between jobs and bases by each mode in use, and from outlets by car."""
    jobs = [job.position for job in day.jobs]
    bases: dict[TravelMode, list[tuple[float, float]]] = {TravelMode.CAR: [outlet.position for outlet in day.outlets]}
    for technician in day.technicians:
        bases.setdefault(technician.mode, []).append(technician.position)
    return [
        Question(
            mode=mode,
            keys=np.unique(place_keys(np.array([*bases[mode], *jobs], np.float64).reshape(-1, 2))),
            reach_m=day.tariff.reach_m[mode],
        )
        for mode in TravelMode
        if jobs and bases.get(mode)
    ]


def blocks(question: Question, limits: Limits) -> Iterator[Block]:
    """Yield blocks as large as they may be, nearest first.

    Around each group of places go as many groups as hold the neighbours, and none wholly out of reach.
    """
    places = places_of(question.keys)
    vectors = unit_vectors(places)
    starts, ends = tiles(places, limits.origins), tiles(places, limits.destinations)
    start, start_m = _circles(vectors, starts)
    end, end_m = _circles(vectors, ends)
    apart = straight_m(start[:, None], end)
    near = apart <= question.reach_m + start_m[:, None] + end_m
    near &= _nearest(apart, ends, limits.neighbours) | _nearest(apart.T, starts, limits.neighbours).T
    pairs = np.argwhere(near)
    for i, j in pairs[np.argsort(apart[near], kind="stable")].tolist():
        yield Block(origins=starts[i], destinations=ends[j])


def _nearest(apart: NDArray[np.float64], groups: list[_Keys], neighbours: int) -> NDArray[np.bool_]:
    """Return, for each row, which groups hold its nearest places."""
    order = np.argsort(apart, axis=1, kind="stable")
    sizes = np.array([len(group) for group in groups], np.int64)[order]
    before = np.cumsum(sizes, axis=1) - sizes
    nearest = np.zeros(apart.shape, dtype=bool)
    np.put_along_axis(nearest, order, before < neighbours, axis=1)
    return nearest


def tiles(places: Places, size: int) -> list[_Keys]:
    """Return the places' numbers in groups of at most `size` neighbours: halved across the longer side."""
    finished: list[_Keys] = []
    waiting = [np.arange(len(places))]
    while waiting:
        group = waiting.pop()
        if len(group) <= size:
            finished.append(np.sort(group))
            continue
        here = places[group]
        axis = int(np.ptp(here[:, 1]) > np.ptp(here[:, 0]) * np.cos(np.radians(here[:, 1].mean())))
        order = group[np.argsort(here[:, axis], kind="stable")]
        # Whole tiles on the left, so that there are as few as possible.
        middle = -(-len(order) // size) // 2 * size
        waiting += [order[middle:], order[:middle]]
    return [group for group in finished if len(group)]


def _circles(vectors: NDArray[np.float64], groups: list[_Keys]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each group's centre as a unit vector, and how far its members are from it."""
    centres = np.array([vectors[group].mean(axis=0) for group in groups]).reshape(-1, 3)
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    radii = [straight_m(vectors[group], centre).max() for group, centre in zip(groups, centres, strict=True)]
    return centres, np.minimum(np.array(radii), 2 * EARTH_M)
