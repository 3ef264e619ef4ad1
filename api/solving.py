"""`paigong solve`: a problem in VROOM's format goes in, a solution or an error in VROOM's shape comes out."""

import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, BinaryIO

from api.stop_button import StopButton
from api.workers import Seconds
from datasets.vroom import VroomProblem, read_vroom
from datasets.vroom_faults import ProblemFaults, ProblemRefused, Words
from datasets.vroom_writing import error_document, refusal_document, solution_document, written
from optimizer.budget import Budget, Remaining
from optimizer.search.anneal import Stop
from optimizer.solve import Engine
from optimizer.vrp.evaluate import RouteTooLarge, TiedTimesClash, evaluate, keeps_windows
from optimizer.vrp.model import Routing, Task, Vehicle
from optimizer.vrp.pauses import with_pauses
from optimizer.vrp.plan import StepKind, TimedRoute, TimedStep, WantedStep
from optimizer.vrp.solve import solve_routing
from optimizer.vrp.whynot import why_not

__all__ = [
    "SECONDS_AFTER_STOP",
    "TOO_LARGE",
    "Answer",
    "Code",
    "RouteIllegal",
    "answer",
    "refusal",
    "solved",
]

Document = dict[str, Any]
Wanted = tuple[WantedStep, ...]
SECONDS_AFTER_STOP = 0.1
"""For what was to have seconds of its own once a person has asked to stop."""
TOO_LARGE = Words("a route that breaks windows, too large for its least delay to be worked out")


class Code(IntEnum):
    """Whether an answer is a solution, or whose fault it is that it is none; VROOM's numbers."""

    SOLVED = 0
    DEFECT = 1
    REFUSED = 2


class RouteIllegal(Exception):
    """The evaluation objects to a route that the search made: a defect of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is written and what a person is told beside it."""

    code: Code
    document: bytes
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _UntilPressed:
    """A budget that is used up at once when a person presses the button."""

    budget: Budget
    button: StopButton

    @property
    def repeats(self) -> bool:
        """True when the budget itself repeats."""
        return self.budget.repeats

    def begin(self, share: float) -> Stop:
        """Begin a share of the budget."""
        inside = self.budget.begin(share)

        def stop(steps: int, fen: int = 0, visits: int = 0) -> float:
            return 1.0 if self.button.pressed else inside(steps, fen, visits)

        return stop

    def seconds_of(self, share: float) -> float | None:
        """Return how long a share of the budget lasts: hardly at all once the button is pressed."""
        seconds = self.budget.seconds_of(share)
        return min(seconds, SECONDS_AFTER_STOP) if seconds is not None and self.button.pressed else seconds

    def countdown(self, share: float) -> Remaining:
        """Begin a share of the budget here; nothing is left once the button is pressed."""
        inside = self.budget.countdown(share)
        return lambda: 0.0 if self.button.pressed else inside()


def answer(
    source: bytes | Path | BinaryIO, *, seconds: float, seed: int, engine: Engine, is_plan: bool, button: StopButton
) -> Answer:
    """Answer a problem; whatever goes wrong becomes an error in VROOM's shape.

    The first Ctrl-C from when the problem is read until its answer is made ends the search, the second interrupts.
    """
    try:
        problem = _read(source)
        budget = _UntilPressed(budget=Seconds(seconds=seconds), button=button)
        if is_plan:
            document = _answered(problem, _planned(problem), {})
        else:
            button.connect()
            if sys.stderr.isatty():
                sys.stderr.write(f"Searching for {seconds:g} s; Ctrl-C ends with the best so far.\n")
            try:
                routes = solved(problem, budget, seed, engine)
                document = _answered(problem, routes, why_not(problem.routing, _left_out(problem, routes)))
            finally:
                button.disconnect()
        return Answer(code=Code.SOLVED, document=written(document))
    except ProblemRefused as refused:
        return Answer(code=Code.REFUSED, document=written(refusal_document(refused)), told=str(refused))
    except Exception as error:
        words = f"internal error: {type(error).__name__}"
        return Answer(
            code=Code.DEFECT, document=written(error_document(Code.DEFECT, words)), told=traceback.format_exc()
        )


def refusal(source: bytes) -> Answer | None:
    """Return the answer to a problem that cannot be read, None for one that can."""
    try:
        read_vroom(source)
    except ProblemRefused as refused:
        return Answer(code=Code.REFUSED, document=written(refusal_document(refused)), told=str(refused))
    return None


def _read(source: bytes | Path | BinaryIO) -> VroomProblem:
    try:
        return read_vroom(source)
    except OSError as error:
        faults = ProblemFaults()
        faults.stop("", f"{error.strerror or error}: {error.filename or 'input'}", "a readable file")


def _answered(problem: VroomProblem, routes: tuple[TimedRoute, ...], reasons: Mapping[int, str]) -> Document:
    unassigned = [
        (identity, reasons.get(identity, "no vehicle's steps name it")) for identity in _left_out(problem, routes)
    ]
    return solution_document(problem, routes, unassigned)


def _left_out(problem: VroomProblem, routes: tuple[TimedRoute, ...]) -> list[int]:
    served = {step.id for route in routes for step in route.steps if step.kind is StepKind.JOB}
    return [task.id for task in problem.routing.tasks if task.id not in served]


def _planned(problem: VroomProblem) -> tuple[TimedRoute, ...]:
    """Return the times and breaches of the routes that the vehicles' steps lay out."""
    tasks = {task.id: task for task in problem.routing.tasks}
    faults = ProblemFaults()
    routes: list[TimedRoute] = []
    for row, vehicle in enumerate(problem.routing.vehicles):
        if vehicle.id not in problem.wanted:
            continue
        try:
            routes.append(evaluate(problem.routing, vehicle, problem.wanted[vehicle.id], tasks))
        except TiedTimesClash:
            words = Words("no times hold all of service_at, service_after and service_before")
            faults.add(f"vehicles[{row}].steps", words, "times with room for the work and the ways between them")
        except RouteTooLarge:
            faults.add(f"vehicles[{row}].steps", TOO_LARGE, "fewer steps, windows or breaks; or a route without delay")
    faults.refuse_any()
    return tuple(routes)


def solved(problem: VroomProblem, budget: Budget, seed: int, engine: Engine) -> tuple[TimedRoute, ...]:
    """Return the routes of a search, evaluated anew; a route that breaks anything is a defect of ours.

    Where the search cannot follow the routes that it begins from and finds nothing better, those are the answer.
    """
    routing = problem.routing
    tasks = {task.id: task for task in routing.tasks}
    vehicles = {vehicle.id: vehicle for vehicle in routing.vehicles}
    begin = _initial(problem, tasks)
    wanted = {route.vehicle_id: tuple(map(_untied, route.steps)) for route in begin}
    found = solve_routing(routing, wanted, budget, seed, engine)
    routes = tuple(evaluate(routing, vehicles[vehicle_id], steps, tasks) for vehicle_id, steps in found)
    broken = [f"vehicle {route.vehicle_id}: {breach.cause}" for route in routes for breach in route.breaches]
    served = [step.id for route in routes for step in route.steps if step.kind is StepKind.JOB]
    if broken or len(set(served)) < len(served) or len({vehicle_id for vehicle_id, _ in found}) < len(found):
        raise RouteIllegal("; ".join(broken) or "a job or a vehicle twice")
    return max(routes, begin, key=_worth)


def _worth(routes: Sequence[TimedRoute]) -> tuple[int, int]:
    """Return how good routes are: what they serve, each job 1 + its priority, then how little they cost."""
    jobs = sum(step.kind is StepKind.JOB for route in routes for step in route.steps)
    return jobs + sum(route.priority for route in routes), -sum(route.cost for route in routes)


def _initial(problem: VroomProblem, tasks: dict[int, Task]) -> tuple[TimedRoute, ...]:
    """Return the routes to begin from, evaluated; illegal ones are refused."""
    faults = ProblemFaults()
    begin: list[TimedRoute] = []
    for row, vehicle in enumerate(problem.routing.vehicles):
        steps = problem.wanted.get(vehicle.id, ())
        if not any(step.kind is StepKind.JOB for step in steps):
            continue
        try:
            route = _begun(problem.routing, vehicle, steps, tasks)
        except RouteTooLarge:
            faults.add(f"vehicles[{row}].steps", TOO_LARGE, "a legal route to begin from")
            continue
        begin.append(route)
        causes = dict.fromkeys(str(breach.cause) for breach in route.breaches)
        if causes:
            words = Words(f"a route that breaks {', '.join(causes)}")
            faults.add(f"vehicles[{row}].steps", words, "a legal route to begin from; --evaluate shows where it is not")
    faults.refuse_any()
    return tuple(begin)


def _begun(routing: Routing, vehicle: Vehicle, steps: Wanted, tasks: dict[int, Task]) -> TimedRoute:
    """Return the route of these jobs: as given if that keeps all windows, else with the breaks in other places."""
    jobs = [step.id for step in steps if step.kind is StepKind.JOB and step.id is not None]
    breaks = [step.id for step in steps if step.kind is StepKind.BREAK and step.id is not None]
    as_given = tuple(map(_untied, steps))
    in_place = with_pauses(routing, vehicle, jobs, tasks, breaks)
    if len(breaks) < len(vehicle.pauses):
        return evaluate(routing, vehicle, in_place, tasks)
    wanted = [steps for steps in (as_given, in_place) if keeps_windows(routing, vehicle, steps, tasks)]
    return evaluate(routing, vehicle, wanted[0] if wanted else as_given, tasks)


def _untied(step: WantedStep | TimedStep) -> WantedStep:
    """Return a step without times."""
    return WantedStep(kind=step.kind, id=step.id)
