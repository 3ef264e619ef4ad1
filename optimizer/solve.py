"""One shard from arrays to routes: what a worker is sent, what it does, what it sends back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Budget
from optimizer.engines.recombine import recombine
from optimizer.model import Day
from optimizer.plan import Route
from optimizer.roster import Roster
from optimizer.search.anneal import Found, Pool, Settings, Stop, search
from optimizer.search.arrays import Shard, build_problem
from optimizer.search.problem import Problem
from optimizer.search.readback import read_route
from optimizer.sourcing import KitOption
from optimizer.travel import TravelTimes

__all__ = ["FIRST_LEG", "Answer", "Task", "find_routes", "solve"]

WARM = Settings(hot=0.02, cold=0.005)
"""For a shard that begins with most of its visits placed: improve them, do not melt them down."""
LEGS = ((0.75, Settings()), (0.25, WARM))
"""Shares of a budget and how they search; between two of them the routes met so far are recombined."""
FIRST_LEG = LEGS[0][0]
RECOMBINE = 0.4
"""A recombination is broken off once it has used this share of the leg that it opens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A shard with everything a worker needs: the day cut down to it, its kit options, travel, budget and seed."""

    day: Day
    shard: Shard
    kits: Mapping[str, tuple[KitOption, ...]]
    travel: TravelTimes
    budget: Budget
    share: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The routes of a shard, timed, and how many steps they took."""

    routes: tuple[Route, ...]
    steps: int
    fen: int
    """The search's own sum, `KEEP_FEN` for each held job left out included; the checker's cost must agree."""


def solve(task: Task) -> Answer:
    """Return the best routes found for a shard within its share of the budget."""
    shard = task.shard
    # The first leg begins with laying out the arrays: a budget of seconds is kept whatever that costs.
    stop = task.budget.begin(task.share * FIRST_LEG)
    problem = build_problem(Roster(task.day), shard, task.kits, task.travel)
    index = {job_id: j for j, job_id in enumerate(shard.job_ids)}
    start = [tuple(index[job_id] for job_id in shard.start.get(shift_id, ())) for shift_id in shard.shift_ids]
    best, steps = find_routes(problem, start, stop, task.budget, task.share, task.seed)
    routes = tuple(
        read_route(problem, v, jobs, shard.job_ids, shard.shift_ids) for v, jobs in enumerate(best.routes) if jobs
    )
    return Answer(routes=routes, steps=steps, fen=best.fen)


def find_routes(
    problem: Problem, start: Sequence[Sequence[int]], stop: Stop, budget: Budget, share: float, seed: int
) -> tuple[Found, int]:
    """Return the best routes found from these within a share of the budget, and the steps made.

    stop: of the first leg, begun by the caller.
    """
    begun = sum(map(len, start))
    settings = WARM if 2 * begun > len(problem.jobs) else LEGS[0][1]
    best = search(problem, start, stop, seed, settings)
    steps, pool = best.steps, best.pool
    for number, (leg, settings) in enumerate(LEGS[1:], start=1):
        stop = budget.begin(share * leg)
        better = _recombined(problem, best, pool, budget.seconds_of(share * leg * RECOMBINE)) or best.routes
        found = search(problem, better, stop, seed + number, settings)
        steps, pool = steps + found.steps, pool | found.pool
        best = min(best, found, key=lambda found: found.fen)
    return best, steps


def _met(pool: Pool, n: int) -> NDArray[np.bool_]:
    """Return which jobs some route of the pool serves."""
    met = np.zeros(n, bool)
    met[[job for _, jobs in pool for job in jobs]] = True
    return met


def _recombined(problem: Problem, found: Found, pool: Pool, seconds: float | None) -> list[tuple[int, ...]] | None:
    if not pool:
        return None
    return recombine(
        pool,
        found.routes,
        # A job that no route in the pool serves is left out for certain: its price would only blur the gap.
        np.where(_met(pool, len(problem.jobs)), problem.jobs["unserved_fen"], 0),
        seconds=seconds,
    )
