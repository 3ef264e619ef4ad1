"""Answers to a routing problem in VROOM's solution format, and refusals in its error shape."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from datasets.vroom import Echo, VroomProblem
from datasets.vroom_faults import ProblemRefused
from optimizer.vrp.model import Amounts, Task, Vehicle
from optimizer.vrp.plan import Breach, Cause, StepKind, TimedRoute, TimedStep

__all__ = ["error_document", "is_answer", "refusal_document", "solution_document", "written"]

Document = dict[str, Any]
SUMS = ("cost", "setup", "service", "duration", "waiting_time", "priority")


def written(document: Document) -> bytes:
    """Return a document as a line of UTF-8 JSON."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return (text + "\n").encode()


def is_answer(content: bytes) -> bool:
    """Return whether content is a solution or an error in VROOM's shape, and no problem."""
    try:
        values = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(values, dict) and "code" in values


def error_document(code: int, error: str) -> Document:
    """Return an error in VROOM's shape: 1 is ours, 2 the asker's."""
    return {"code": code, "error": error}


def refusal_document(refused: ProblemRefused) -> Document:
    """Return a refusal in VROOM's shape, the faults also one by one."""
    faults = [{"where": fault.where, "value": fault.value, "allowed": fault.allowed} for fault in refused.faults]
    return {**error_document(2, str(refused)), "faults": faults, "faults_in_all": refused.count}


def solution_document(
    problem: VroomProblem, routes: Sequence[TimedRoute], unassigned: Sequence[tuple[int, str]]
) -> Document:
    """Return a solution in VROOM's format; unassigned: jobs and the reason why, which VROOM does not give."""
    tasks = {task.id: task for task in problem.routing.tasks}
    vehicles = {vehicle.id: vehicle for vehicle in problem.routing.vehicles}
    written_routes = [_route(problem, vehicles[route.vehicle_id], route, tasks) for route in routes]
    summary: Document = {key: sum(route[key] for route in written_routes) for key in SUMS}
    summary |= {"routes": len(routes), "unassigned": len(unassigned)}
    for amounts in ("delivery", "pickup") if _loads(problem) else ():
        columns = zip(*(route[amounts] for route in written_routes), strict=True)
        summary[amounts] = [sum(column) for column in columns] or [0] * _loads(problem)
    if all(matrices.metres is not None for matrices in problem.routing.matrices.values()):
        summary["distance"] = sum(route["distance"] for route in written_routes)
    summary["violations"] = _together([breach for route in routes for breach in route.breaches])
    document: Document = {
        "code": 0,
        "summary": summary,
        "unassigned": [
            {"id": identity, "type": "job", **_echo(problem.jobs[identity]), "reason": reason}
            for identity, reason in unassigned
        ],
        "routes": written_routes,
    }
    if problem.travel is not None:
        document["travel"] = {"provider": problem.travel.provider, "is_estimate": problem.travel.is_estimate}
    return document


def _loads(problem: VroomProblem) -> int:
    """Return how many figures a load has, 0 where nobody has a capacity: all capacities are of one length."""
    return len(problem.routing.vehicles[0].capacity or ())


def _route(problem: VroomProblem, vehicle: Vehicle, route: TimedRoute, tasks: Mapping[int, Task]) -> Document:
    served = [tasks[step.id] for step in route.steps if step.kind is StepKind.JOB and step.id is not None]
    last = route.steps[-1] if route.steps else None
    document: Document = {
        "vehicle": vehicle.id,
        "cost": route.cost,
        "setup": sum(step.setup_s for step in route.steps),
        "service": sum(step.service_s for step in route.steps),
        "duration": last.travel_s if last is not None else 0,
        "waiting_time": sum(step.waiting_s for step in route.steps),
        "priority": route.priority,
        **_echo(problem.vehicles[vehicle.id]),
    }
    if size := _loads(problem):
        document["delivery"] = _total([task.delivery for task in served], size)
        document["pickup"] = _total([task.pickup for task in served], size)
    has_metres = problem.routing.matrices[vehicle.profile].metres is not None
    if has_metres:
        document["distance"] = last.travel_m if last is not None else 0
    document["steps"] = [_step(problem, vehicle, step, has_metres) for step in route.steps]
    document["violations"] = _together(route.breaches)
    return document


def _step(problem: VroomProblem, vehicle: Vehicle, step: TimedStep, has_metres: bool) -> Document:
    document: Document = {"type": str(step.kind), **_echo(_place_of(problem, vehicle, step))}
    if step.id is not None:
        document["id"] = step.id
    if step.kind is StepKind.JOB:
        document["job"] = step.id
    document |= {
        "arrival": step.arrival_s,
        "duration": step.travel_s,
        "setup": step.setup_s,
        "service": step.service_s,
        "waiting_time": step.waiting_s,
        "violations": _together(step.breaches),
    }
    if size := _loads(problem):
        document["load"] = _total([step.load], size)
    if has_metres:
        document["distance"] = step.travel_m
    return document


def _place_of(problem: VroomProblem, vehicle: Vehicle, step: TimedStep) -> Echo:
    if step.kind is StepKind.START:
        return problem.starts[vehicle.id]
    if step.kind is StepKind.END:
        return problem.ends[vehicle.id]
    assert step.id is not None
    if step.kind is StepKind.BREAK:
        return problem.pauses.get((vehicle.id, step.id), Echo())
    return problem.jobs[step.id]


def _echo(echo: Echo) -> Document:
    document: Document = {}
    if echo.description is not None:
        document["description"] = echo.description
    if echo.location is not None:
        document["location"] = list(echo.location)
    if echo.location_index is not None:
        document["location_index"] = echo.location_index
    return document


def _total(amounts: Sequence[Amounts], size: int) -> list[int]:
    return [sum(figures[row] for figures in amounts if row < len(figures)) for row in range(size)]


def _together(breaches: Sequence[Breach]) -> list[Document]:
    """Return the breaches as VROOM counts them: one per cause, its seconds added up."""
    found: list[Document] = []
    for cause in Cause:
        of_cause = [breach for breach in breaches if breach.cause is cause]
        if of_cause:
            seconds = [breach.duration_s for breach in of_cause if breach.duration_s is not None]
            found.append({"cause": str(cause)} | ({"duration": sum(seconds)} if seconds else {}))
    return found
