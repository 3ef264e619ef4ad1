"""One shard from arrays to routes: what a worker is sent, what it does, what it sends back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Budget, Steps
from optimizer.engines.recombine import recombine
from optimizer.engines.routing import MOST_PAIRS, route
from optimizer.kit_options import KitOption
from optimizer.model import Day
from optimizer.plan import Route
from optimizer.roster import Roster
from optimizer.search.anneal import Found, Pool, Settings, Stop, search
from optimizer.search.arrays import Shard, build_problem
from optimizer.search.gathering import gather
from optimizer.search.problem import Problem
from optimizer.search.readback import read_route
from optimizer.search.repricing import reprice
from optimizer.travel import TravelTimes

__all__ = ["Answer", "Engine", "Task", "find_routes", "first_leg", "solve"]


class Engine(StrEnum):
    """Who looks for routes: the compiled search, OR-Tools' routing model, or the model after the search."""

    SEARCH = "search"
    ORTOOLS = "ortools"
    POLISH = "polish"


GREEDY_STEPS = 200
"""Steps of the search for the routing model to begin from: the very first may still place next to nobody."""
POLISH_SHARE = 0.25
"""Share of a shard's budget for the routing model when it polishes what the search found."""
MOST_POLISHED = 20_000
"""Pairs of job and shift; a larger problem is searched for the whole time: stating its model takes longer than that."""
WARM = Settings(hot=0.02, cold=0.005)
"""For a shard that begins with most of its visits placed: improve them, do not melt them down."""
LEGS = ((0.9, Settings()), (0.1, WARM))
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
    engine: Engine = Engine.SEARCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The routes of a shard, timed, and how many steps they took; none where the routing model never came to search."""

    routes: tuple[Route, ...]
    steps: int
    fen: int
    """The search's own sum, `KEEP_FEN` for each held job left out included; the checker's cost must agree."""
    is_greedy: bool = False
    """True where the routing model could not be stated within the budget."""


def solve(task: Task) -> Answer:
    """Return the best routes found for a shard within its share of the budget."""
    shard = task.shard
    # The first leg begins with laying out the arrays: a budget of seconds is kept whatever that costs.
    stop = task.budget.begin(task.share * first_leg(task.engine))
    problem = build_problem(Roster(task.day), shard, task.kits, task.travel)
    index = {job_id: j for j, job_id in enumerate(shard.job_ids)}
    start = [tuple(index[job_id] for job_id in shard.start.get(shift_id, ())) for shift_id in shard.shift_ids]
    best, steps = find_routes(problem, start, stop, task.budget, task.share, task.seed, task.engine)
    routes = tuple(
        read_route(problem, v, jobs, shard.job_ids, shard.shift_ids) for v, jobs in enumerate(best.routes) if jobs
    )
    return Answer(
        routes=routes,
        steps=steps,
        fen=best.fen,
        is_greedy=task.engine is Engine.ORTOOLS and bool(routes) and steps == 0,
    )


def first_leg(engine: Engine) -> float:
    """Return which share of its budget an engine's first leg has: the one that the caller of `find_routes` begins."""
    return {Engine.SEARCH: FIRST_LEG, Engine.ORTOOLS: 1.0, Engine.POLISH: FIRST_LEG * (1 - POLISH_SHARE)}[engine]


def find_routes(
    problem: Problem,
    start: Sequence[Sequence[int]],
    stop: Stop,
    budget: Budget,
    share: float,
    seed: int,
    engine: Engine = Engine.SEARCH,
) -> tuple[Found, int]:
    """Return the best routes found from these within a share of the budget, and the steps made.

    stop: of the first leg, begun by the caller. Whoever finds the routes, they are timed and priced by the search.
    """
    if engine is Engine.ORTOOLS:
        routed = _routed(problem, start, stop, seed)
        return routed, routed.steps
    if engine is Engine.SEARCH or problem.fixed.size > MOST_POLISHED:
        return _searched(problem, start, stop, budget, share, seed)
    found, steps = _searched(problem, start, stop, budget, share * (1 - POLISH_SHARE), seed)
    polished = _routed(problem, found.routes, budget.begin(share * POLISH_SHARE), seed)
    return min(found, polished, key=lambda routes: routes.fen), steps + polished.steps


def _routed(problem: Problem, start: Sequence[Sequence[int]], stop: Stop, seed: int) -> Found:
    """Return what the routing model finds from these routes, or from the search's own greedy ones if it finds none.

    Without a single step these greedy ones are the answer: the budget did not do to state the model.
    """
    few = 2 * sum(map(len, start)) < len(problem.jobs)
    # A few published visits are no beginning: the model adds others far too slowly.
    answer = None if few and problem.fixed.size > MOST_PAIRS else route(problem, start, stop, seed)
    if answer is None:
        greedy = search(problem, start, Steps(steps=GREEDY_STEPS).begin(1.0), seed)
        answer = route(problem, greedy.routes, stop, seed) if stop(0) < 1.0 else None
        if answer is None:
            return replace(greedy, steps=0)
        return min(greedy, reprice(problem, answer.routes, answer.looks), key=lambda found: found.fen)
    return reprice(problem, answer.routes, answer.looks)


def _searched(
    problem: Problem, start: Sequence[Sequence[int]], stop: Stop, budget: Budget, share: float, seed: int
) -> tuple[Found, int]:
    """Return what the search finds: search, recombine, search again."""
    gathered = gather(problem)
    begun = sum(map(len, start))
    settings = WARM if 2 * begun > len(problem.jobs) else LEGS[0][1]
    problem = gathered.problem
    best = search(problem, gathered.gathered(start), stop, seed, settings)
    steps, pool = best.steps, best.pool
    for number, (leg, settings) in enumerate(LEGS[1:], start=1):
        stop = budget.begin(share * leg)
        better = _recombined(problem, best, pool, budget.seconds_of(share * leg * RECOMBINE)) or best.routes
        found = search(problem, better, stop, seed + number, settings)
        steps, pool = steps + found.steps, pool | found.pool
        best = min(best, found, key=lambda found: found.fen)
    return replace(best, routes=gathered.former(best.routes), pool={}), steps


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
