"""Team orienteering with time windows: so many vehicles, more places than they can call at, each with its score.

It is a routing problem whose tasks left out cost their score and in which nothing else counts; travel only decides
between routes that score alike.
"""

import math
from dataclasses import dataclass

import numpy as np

from optimizer.budget import Budget
from optimizer.model import Window
from optimizer.search.anneal import Settings, Stop, search
from optimizer.search.gathering import gather
from optimizer.vrp.arrays import lay_out
from optimizer.vrp.evaluate import evaluate
from optimizer.vrp.model import Matrices, Routing, Task, Vehicle
from optimizer.vrp.plan import StepKind, TimedRoute
from optimizer.vrp.solve import orders

__all__ = ["Orienteering", "Spot", "as_routing", "score_of", "tour_spots"]

WANDERING = Settings(hot=0.5, cold=0.005)
"""Temperatures in multiples of a task's mean score: what is exchanged is scores, travel hardly counts."""


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
    stop = budget.begin(1.0)
    laid = lay_out(routing)
    gathered = gather(laid.problem)
    mean = laid.problem.jobs["unserved_fen"].mean() if routing.tasks else 0.0
    found = search(
        gathered.problem,
        [()] * len(routing.vehicles),
        _until_all(stop, len(routing.tasks)),
        seed,
        WANDERING,
        price=float(mean),
    )
    tasks = {task.id: task for task in routing.tasks}
    vehicles = {vehicle.id: vehicle for vehicle in routing.vehicles}
    wanted = orders(routing, laid, gathered.former(found.routes))
    return tuple(evaluate(routing, vehicles[vehicle_id], steps, tasks) for vehicle_id, steps in wanted)


def _until_all(inside: Stop, tasks: int) -> Stop:
    """Return a stop that also ends a search which serves everything: nothing more can be scored."""

    def stop(steps: int, fen: int = 0, visits: int = 0) -> float:
        return 1.0 if visits == tasks else inside(steps, fen, visits)

    return stop


def score_of(routes: tuple[TimedRoute, ...], orienteering: Orienteering) -> int:
    """Return what routes score; a spot counts once."""
    served = {step.id for route in routes for step in route.steps if step.kind is StepKind.JOB}
    return sum(spot.score for spot in orienteering.spots if spot.id in served)
