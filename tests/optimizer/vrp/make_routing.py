"""Builders of tiny routing problems on a line: place n is n seconds and 10 n metres from place 0."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from optimizer.model import Window
from optimizer.vrp.evaluate import evaluate
from optimizer.vrp.model import Matrices, Routing, Task, Vehicle
from optimizer.vrp.plan import StepKind, TimedRoute, WantedStep

__all__ = ["at", "evaluated", "job", "line", "pause", "routing", "task", "vehicle", "window"]

PLACES = 400


def line() -> Matrices:
    """Return the travel of places 0 … 399 on a line."""
    places = np.arange(PLACES)
    seconds = np.abs(places[:, None] - places).astype(np.int64)
    return Matrices(seconds=seconds, metres=10 * seconds)


def window(earliest_s: int, latest_s: int) -> Window:
    return Window(earliest_s=earliest_s, latest_s=latest_s)


def task(id: int, place: int, **changed: Any) -> Task:
    return Task(id=id, place=place, **changed)


def vehicle(id: int = 1, **changed: Any) -> Vehicle:
    """Return a vehicle of place 0 and back."""
    return Vehicle(id=id, **{"start": 0, "end": 0, **changed})


def routing(tasks: Sequence[Task], *vehicles: Vehicle, matrices: Matrices | None = None) -> Routing:
    return Routing(vehicles=vehicles or (vehicle(),), tasks=tuple(tasks), matrices={"car": matrices or line()})


def job(id: int, **tied: int) -> WantedStep:
    return WantedStep(kind=StepKind.JOB, id=id, **tied)


def pause(id: int, **tied: int) -> WantedStep:
    return WantedStep(kind=StepKind.BREAK, id=id, **tied)


def evaluated(tasks: Sequence[Task], who: Vehicle, *steps: WantedStep, matrices: Matrices | None = None) -> TimedRoute:
    """Return the evaluation of these steps, all tasks in their order when there are none."""
    return evaluate(routing(tasks, who, matrices=matrices), who, steps or tuple(job(each.id) for each in tasks))


def at(route: TimedRoute) -> list[int]:
    """Return when each step begins, after waiting."""
    return [step.arrival_s + step.waiting_s for step in route.steps]
