"""One stop where a tour makes several in a village: no dearer, and never against a rule.

A crew that passes a village twice stops there twice for nothing: no price tells it to do everything at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.search.schedule import evaluate, new_state
from optimizer.tours.columns import Column, column_of, stands_on
from optimizer.tours.drafting import days_left, drives
from optimizer.tours.ground import Ground
from optimizer.tours.nights import sleep_well
from optimizer.tours.objective import Weigher
from optimizer.tours.shapes import Laid, Terms, lay_out

__all__ = ["Halt", "merged", "stops_of"]

ROUNDING_FEN = 1
"""A leg less may cost so much more: the price of each is rounded down."""

_Routes = Sequence[tuple[int, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Visits in a row in one village: on which day of a tour (0 its first), from which visit to before which."""

    village: int
    day: int
    first: int
    end: int


def merged(ground: Ground, weigher: Weigher, columns: Sequence[Column]) -> list[Column]:
    """Return the tours with a stop less wherever all visits of one can be made at another in the same village.

    On the same tour, where that costs no more; beds follow.
    """
    best = list(columns)
    fen = weigher.fen(best)
    if fen is None:
        return best
    number = 0
    while number < len(best):
        for column in _with_a_stop_less(ground, best[number]):
            tried = [*best[:number], column, *best[number + 1 :]]
            tried_fen = weigher.fen(tried)
            if tried_fen is not None and tried_fen <= fen + ROUNDING_FEN:
                best, fen = tried, tried_fen
                break
        else:
            number += 1
    return best


def stops_of(column: Column) -> list[Halt]:
    """Return the stops of a tour in order."""
    found: list[Halt] = []
    for day, visits in enumerate(column.days):
        first = 0
        for end in range(1, len(visits) + 1):
            if end == len(visits) or visits[end][1] != visits[first][1]:
                found.append(Halt(village=visits[first][1], day=day, first=first, end=end))
                first = end
    return found


def _with_a_stop_less(ground: Ground, column: Column) -> Iterator[Column]:
    """Yield the tours in which the visits of one stop are made at another in the same village."""
    halts = stops_of(column)
    pairs = [(a, b) for a in halts for b in halts if a is not b and a.village == b.village]
    if not pairs:
        return
    at = stands_on(ground, [column])
    prize = np.zeros(len(at), np.int64)
    prize[list(column.jobs)] = 1
    laid = lay_out(ground, [column.shape], Terms(prize=prize, at=at, given=True))
    for gone, stays in pairs:
        for behind in (True, False):
            routes = _moved(column, gone, stays, behind=behind)
            if not _is_legal(laid, column.shape.first, routes):
                continue
            shape = sleep_well(ground, column.shape, laid, routes)
            left = days_left(column.shape, shape, routes)
            if drives(ground, shape, left):
                yield column_of(ground, shape, left, at)


def _moved(column: Column, gone: Halt, stays: Halt, *, behind: bool) -> _Routes:
    """Return the jobs of each day with those of one stop right before or behind those of another."""
    routes = [list(jobs) for jobs in column.routes]
    jobs = routes[gone.day][gone.first : gone.end]
    place = stays.end if behind else stays.first
    if gone.day == stays.day and gone.first < place:
        place -= len(jobs)
    del routes[gone.day][gone.first : gone.end]
    routes[stays.day][place:place] = jobs
    return [tuple(jobs_of_day) for jobs_of_day in routes]


def _is_legal(laid: Laid, first: int, routes: _Routes) -> bool:
    """Return whether every day of a tour keeps every rule, its beds as they are."""
    state = new_state(laid.problem)
    row_of = {day: v for v, (_, day) in enumerate(laid.rows)}
    for offset, jobs in enumerate(routes):
        if not jobs:
            continue
        v = row_of[first + offset]
        places = [laid.place_of[job] for job in jobs]
        if len(places) > state.stops.shape[1]:
            return False
        state.length[v] = len(places)
        state.stops[v, : len(places)] = places
        if not evaluate(laid.problem, state, v):
            return False
    return True
