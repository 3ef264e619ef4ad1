"""Where to sleep: the cheapest beds for given days of visits, by dynamic programming over the nights."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optimizer.search.compiled import compiled
from optimizer.search.problem import Problem
from optimizer.search.schedule import State, evaluate, new_state
from optimizer.tours.ground import HOME, Ground
from optimizer.tours.shapes import Laid, Shape, is_possible, on_the_road, row_hours, sleeps_at

__all__ = ["NO_WAY", "day_fen", "moves_on", "sleep_well"]

NO_WAY = 1 << 50
"""Dearer than anything."""
OPTIONS = 7
"""Beds looked at per night: those with the least detour between the last visit and the next morning's first."""


@compiled
def _price_ends(
    p: Problem,
    s: State,
    v: int,
    leaves: NDArray[np.int64],
    returns: NDArray[np.int64],
    ends: NDArray[np.int64],
    fen: NDArray[np.int64],
) -> None:
    """Write what route v costs from each point it may leave to each it may return to; (leaves, returns)."""
    row = p.shifts[v]
    for a in range(len(leaves)):
        for b in range(len(returns)):
            row.leaves = leaves[a]
            row.returns = returns[b]
            row.end = ends[b]
            row.latest_end = ends[b]
            fen[a, b] = s.fen[v] if evaluate(p, s, v) else NO_WAY


def sleep_well(ground: Ground, shape: Shape, laid: Laid, routes: Sequence[Sequence[int]]) -> Shape:
    """Return the shape with the cheapest beds for these routes: (days of the shape), jobs by number, legal as they are.

    Days without visits at either end are given back. laid: arrays that hold the shape's days, of any shapes.
    """
    shorter, of_days = shape, routes
    while (
        len(shorter.nights)
        and not of_days[0]
        and is_possible(ground, _later(shorter))
        and not on_the_road(ground, shape)
    ):
        shorter, of_days = _later(shorter), of_days[1:]
    while len(shorter.nights) and not of_days[-1] and is_possible(ground, _shorter(shorter)):
        shorter, of_days = _shorter(shorter), of_days[:-1]
    # A day without visits may still be what brings the crew there.
    found = _slept(ground, shorter, laid, of_days)
    if found is None and shorter != shape:
        found = _slept(ground, shape, laid, routes)
    return shape if found is None else found


def _slept(ground: Ground, shape: Shape, laid: Laid, routes: Sequence[Sequence[int]]) -> Shape | None:
    """Return the shape with the cheapest beds, None when no beds will do."""
    options = [np.array([HOME]), *_options(ground, shape, laid.at, routes), np.array([HOME])]
    asked = ground.asked
    crew = asked.crews[shape.crew]
    best = np.zeros(1, np.int64)
    came: list[NDArray[np.int64]] = []
    problem = laid.problem._replace(shifts=laid.problem.shifts.copy())
    state = new_state(problem)
    for offset, jobs in enumerate(routes):
        before, after = options[offset], options[offset + 1]
        day = shape.first + offset
        fen = day_fen(ground, shape, day, (problem, state, laid), jobs, before, after)
        for b, lodging in enumerate(after):
            if lodging != HOME:
                fen[:, b] += crew.people * (asked.lodgings[lodging].price_fen + asked.charges.per_diem_fen)
        total = best[:, None] + fen
        came.append(total.argmin(axis=0))
        best = total.min(axis=0)
    if best[0] >= NO_WAY:
        return None
    nights: list[int] = []
    chosen = 0
    for offset in range(len(routes) - 1, 0, -1):
        chosen = int(came[offset][chosen])
        nights.append(int(options[offset][chosen]))
    better = Shape(crew=shape.crew, first=shape.first, nights=tuple(reversed(nights)))
    return better if is_possible(ground, better) else None


def _later(shape: Shape) -> Shape:
    return Shape(crew=shape.crew, first=shape.first + 1, nights=shape.nights[1:])


def _shorter(shape: Shape) -> Shape:
    return Shape(crew=shape.crew, first=shape.first, nights=shape.nights[:-1])


def _options(
    ground: Ground, shape: Shape, at: NDArray[np.int64], routes: Sequence[Sequence[int]]
) -> list[NDArray[np.int64]]:
    """Return the beds to look at for each night: the present one and those on the way from evening to morning."""
    asked = ground.asked
    seconds = ground.seconds[asked.crews[shape.crew].mode]
    base = len(asked.villages)
    options = []
    for offset, now in enumerate(shape.nights):
        day = shape.first + offset
        if not ground.works[shape.crew, day] or not ground.works[shape.crew, min(day + 1, asked.days - 1)]:
            # Around a day off nobody moves.
            options.append(np.array([now]))
            continue
        evening = at[routes[offset][-1]] if routes[offset] else ground.lodging(now, shape.crew)
        morning = at[routes[offset + 1][0]] if routes[offset + 1] else ground.lodging(now, shape.crew)
        there = seconds[evening, base : base + len(asked.lodgings)]
        detour = there + seconds[base : base + len(asked.lodgings), morning]
        detour = np.where(ground.beds[:, day], detour, NO_WAY)
        near = np.argsort(detour, kind="stable")[:OPTIONS]
        options.append(np.unique(np.append(near[detour[near] < NO_WAY], now)))
    return options


def day_fen(
    ground: Ground,
    shape: Shape,
    day: int,
    arrays: tuple[Problem, State, Laid],
    jobs: Sequence[int],
    before: NDArray[np.int64],
    after: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return what a day costs from each bed before it to each bed after it, NO_WAY where it cannot be done."""
    problem, state, laid = arrays
    crew = ground.asked.crews[shape.crew]
    leaves = [ground.lodging(int(b), shape.crew) for b in before]
    if day == shape.first:
        leaves = [sleeps_at(ground, shape, day)[0]]
    returns = [ground.lodging(int(b), shape.crew) for b in after]
    fen = np.full((len(leaves), len(returns)), NO_WAY, np.int64)
    if not jobs:
        for a, origin in enumerate(leaves):
            for b, end in enumerate(returns):
                if moves_on(ground, shape.crew, day, origin, end):
                    fen[a, b] = ground.fen[crew.mode][origin, end]
        return fen
    v = laid.rows.index((_number(laid, shape, day), day))
    state.length[v] = len(jobs)
    state.stops[v, : len(jobs)] = [laid.place_of[j] for j in jobs]
    offset = len(laid.jobs) - len(ground.asked.villages)
    ends = [row_hours(ground, crew, day, point)[1] for point in returns]
    _price_ends(
        problem,
        state,
        v,
        np.array(leaves, np.int64) + offset,
        np.array(returns, np.int64) + offset,
        np.array(ends, np.int64),
        fen,
    )
    return fen


def _number(laid: Laid, shape: Shape, day: int) -> int:
    """Return which shape of the arrays a crew's day belongs to."""
    return next(number for number, at in laid.rows if at == day and laid.crews[number] == shape.crew)


def moves_on(ground: Ground, crew_number: int, day: int, origin: int, end: int) -> bool:
    """Return whether a crew may spend a day driving from one bed to another, or rest in the same."""
    if origin == end:
        return True
    crew = ground.asked.crews[crew_number]
    if day not in crew.out_days:
        return False
    seconds, metres = (int(table[crew.mode][origin, end]) for table in (ground.seconds, ground.metres))
    start, latest = row_hours(ground, crew, day, end)
    most = ground.asked.levers.day_metres
    return seconds <= ground.asked.driving_s and start + seconds <= latest and (most is None or metres <= most)
