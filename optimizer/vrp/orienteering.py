"""Team orienteering with time windows: so many vehicles, more places than they can call at, each with its score.

It is a routing problem whose tasks left out cost their score and in which nothing else counts; travel only decides
between routes that score alike.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Budget
from optimizer.model import Window
from optimizer.search.anneal import Settings, Stop, search
from optimizer.search.gathering import gather
from optimizer.search.problem import Problem
from optimizer.vrp.arrays import lay_out
from optimizer.vrp.evaluate import evaluate
from optimizer.vrp.model import Matrices, Routing, Task, Vehicle
from optimizer.vrp.plan import StepKind, TimedRoute
from optimizer.vrp.solve import orders

__all__ = ["Orienteering", "Spot", "as_routing", "score_of", "tour_spots"]

WANDERING = Settings(hot=0.5, cold=0.005)
"""Temperatures in multiples of a task's mean score: what is exchanged is scores, travel hardly counts."""
LINGERING = Settings(hot=0.2, cold=0.005)
"""Cooler: to go on from good routes."""
FIRST_LEG, LEGS = 0.6, 4
"""Share of the first leg, and how many share the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A place to call at once, starting inside its window, and what that scores."""

    id: int
    x: float
    y: float
    service: float
    score: int
    earliest: float
    latest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Orienteering:
    """Spots, and the depot: every route begins and ends there inside its window.

    parts: of a unit that distances are cut off to, 10 for one decimal.
    """

    depot: Spot
    spots: tuple[Spot, ...]
    parts: int


def as_routing(orienteering: Orienteering, vehicles: int) -> Routing:
    """Return the routing problem of so many vehicles; its seconds are parts of a unit.

    A task of score s counts s; spots without a score are no tasks.
    """
    spots = [spot for spot in orienteering.spots if spot.score > 0]
    places = np.array([(spot.x, spot.y) for spot in (orienteering.depot, *spots)])
    ways = np.hypot(*(places[:, None] - places[None, :]).transpose(2, 0, 1))
    parts = orienteering.parts
    return Routing(
        vehicles=tuple(
            Vehicle(id=number, start=0, end=0, window=_window(orienteering.depot, parts)) for number in range(vehicles)
        ),
        tasks=tuple(
            Task(
                id=spot.id,
                place=place,
                service_s=math.ceil(spot.service * parts - 1e-6),
                priority=spot.score - 1,
                windows=(_window(spot, parts),),
            )
            for place, spot in enumerate(spots, 1)
        ),
        # Cut off, but for what a float cannot tell: 3 · 0.1 is no less than 0.3.
        matrices={"car": Matrices(seconds=np.floor(ways * parts + 1e-6).astype(np.int64))},
    )


def _window(spot: Spot, parts: int) -> Window:
    return Window(earliest_s=math.ceil(spot.earliest * parts - 1e-6), latest_s=math.floor(spot.latest * parts + 1e-6))


def tour_spots(routing: Routing, budget: Budget, seed: int) -> tuple[TimedRoute, ...]:
    """Return the routes found that score most, evaluated anew; the search ends early once it has every score."""
    stop = budget.begin(FIRST_LEG)
    laid = lay_out(routing)
    gathered = gather(laid.problem)
    found = _score_most(gathered.problem, stop, budget, seed)
    tasks = {task.id: task for task in routing.tasks}
    vehicles = {vehicle.id: vehicle for vehicle in routing.vehicles}
    wanted = orders(routing, laid, gathered.former(found))
    return tuple(evaluate(routing, vehicles[vehicle_id], steps, tasks) for vehicle_id, steps in wanted)


def _score_most(problem: Problem, stop: Stop, budget: Budget, seed: int) -> Sequence[tuple[int, ...]]:
    """Return the best routes of several legs; where nearly all is scored, legs for what is hard to place.

    Scores alone give up a spot that scores little however long it takes to make room for it. In these legs spots weigh
    alike, and more with every leg that leaves them out.
    """
    scores = problem.jobs["unserved_fen"].astype(np.float64)
    n, mean = len(scores), float(scores.mean()) if len(scores) else 0.0
    best = search(problem, [()] * len(problem.shifts), _until_all(stop, n), seed, WANDERING, price=mean).routes
    left_out = _left_out(best, n)
    weights, routes = np.full(n, mean), best
    for leg in range(1, LEGS + 1):
        if not left_out.any():
            break
        if 20 * left_out.sum() > n:
            weights, routes = scores, best
        else:
            weights[_left_out(routes, n)] *= 2
        jobs = problem.jobs.copy()
        jobs["unserved_fen"] = weights
        stop = _until_all(budget.begin((1 - FIRST_LEG) / LEGS), n)
        routes = search(problem._replace(jobs=jobs), routes, stop, seed + leg, LINGERING, price=mean).routes
        if scores[_left_out(routes, n)].sum() < scores[left_out].sum():
            best, left_out = routes, _left_out(routes, n)
    return best


def _left_out(routes: Sequence[Sequence[int]], n: int) -> NDArray[np.bool_]:
    out = np.ones(n, bool)
    out[[job for route in routes for job in route]] = False
    return out


def _until_all(inside: Stop, tasks: int) -> Stop:
    """Return a stop that also ends a search which serves everything: nothing more can be scored."""

    def stop(steps: int, fen: int = 0, visits: int = 0) -> float:
        return 1.0 if visits == tasks else inside(steps, fen, visits)

    return stop


def score_of(routes: tuple[TimedRoute, ...], orienteering: Orienteering) -> int:
    """Return what routes score; a spot counts once."""
    served = {step.id for route in routes for step in route.steps if step.kind is StepKind.JOB}
    return sum(spot.score for spot in orienteering.spots if spot.id in served)
