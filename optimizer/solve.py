"""One shard from arrays to routes: what a worker is sent, what it does, what it sends back."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Budget
from optimizer.engines.recombine import recombine
from optimizer.model import Day
from optimizer.plan import Route
from optimizer.roster import Roster
from optimizer.search.anneal import Settings, search
from optimizer.search.arrays import Problem, Shard, build_problem
from optimizer.search.readback import read_route
from optimizer.sourcing import KitOption
from optimizer.travel import TravelTimes

__all__ = ["Answer", "Task", "solve"]

FIRST_LEG = 0.75
"""Share of a shard's budget before its routes are recombined; the rest searches on from there, cooler."""
WARM = Settings(hot=0.02, cold=0.005)
"""For a shard that begins with most of its visits placed: improve them, do not melt them down."""


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
    begun = sum(map(len, start))
    settings = WARM if 2 * begun > len(shard.job_ids) else Settings()
    first = search(problem, start, stop, task.seed, settings)
    better = _recombined(problem, first.routes, first.pool, task) or list(first.routes)
    second = search(problem, better, task.budget.begin(task.share * (1 - FIRST_LEG)), task.seed + 1, WARM)
    best = min(first, second, key=lambda found: found.fen)
    routes = tuple(
        read_route(problem, v, jobs, shard.job_ids, shard.shift_ids) for v, jobs in enumerate(best.routes) if jobs
    )
    return Answer(routes=routes, steps=first.steps + second.steps, fen=best.fen)


def _met(pool: dict[tuple[int, tuple[int, ...]], int], n: int) -> NDArray[np.bool_]:
    """Return which jobs some route of the pool serves."""
    met = np.zeros(n, bool)
    met[[job for _, jobs in pool for job in jobs]] = True
    return met


def _recombined(
    problem: Problem,
    routes: tuple[tuple[int, ...], ...],
    pool: dict[tuple[int, tuple[int, ...]], int],
    task: Task,
) -> list[tuple[int, ...]] | None:
    if not pool:
        return None
    return recombine(
        pool,
        routes,
        # A job that no route in the pool serves is left out for certain: its price would only blur the gap.
        np.where(_met(pool, len(problem.jobs)), problem.jobs["unserved_fen"], 0),
        seconds=None if task.budget.repeats else 2.0,
    )
