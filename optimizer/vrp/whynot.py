"""Why a task is on no route: computed by trying it alone on every kind of vehicle."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from optimizer.vrp.evaluate import RouteTooLarge, evaluate
from optimizer.vrp.model import Matrices, Routing, Task, Vehicle
from optimizer.vrp.pauses import with_pauses
from optimizer.vrp.plan import Breach, Cause, WantedStep
from optimizer.vrp.solve import can_follow

__all__ = ["why_not"]

WORDS = {
    Cause.SKILLS: "lack a skill",
    Cause.LOAD: "cannot carry it",
    Cause.MAX_TASKS: "may have no task at all",
    Cause.MAX_TRAVEL_TIME: "would travel too long",
    Cause.MAX_DISTANCE: "would travel too far",
    Cause.MISSING_BREAK: "would miss a break",
    Cause.LEAD_TIME: "would be too early",
    Cause.DELAY: "would be too late",
}
"""What is said of vehicles that cannot serve a task; of several causes the first one counts."""


def why_not(routing: Routing, task_ids: Iterable[int]) -> dict[int, str]:
    """Return a reason for each of these tasks that are on no route."""
    kinds = Counter(replace(vehicle, id=0) for vehicle in routing.vehicles)
    tasks = {task.id: task for task in routing.tasks}
    return {identity: _reason(routing, kinds, tasks[identity]) for identity in task_ids}


def _reason(routing: Routing, kinds: Counter[Vehicle], task: Task) -> str:
    held = frozenset[int]().union(*(vehicle.skills for vehicle in kinds))
    if not task.skills <= held:
        return f"no vehicle has skill {', '.join(map(str, sorted(task.skills - held)))}"
    able: Counter[Vehicle] = Counter()
    unable: Counter[Cause] = Counter()
    for vehicle, count in kinds.items():
        steps = with_pauses(routing, vehicle, [task.id], {task.id: task})
        cause = _cause(routing, vehicle, steps, task)
        if cause is not None:
            unable[cause] += count
        else:
            able[vehicle] += count
    if any(_is_followed(routing, vehicle, task) for vehicle in able):
        return f"{_vehicles(able.total())} could serve it alone; beside the other tasks no room was found"
    if able:
        return f"{_vehicles(able.total())} could serve it alone, but not with its breaks as the search takes them"
    causes = ", ".join(f"{count} {WORDS[cause]}" for cause, count in sorted(unable.items(), key=_by_words))
    return f"no vehicle can serve it, even alone: {causes}"


def _cause(routing: Routing, vehicle: Vehicle, steps: Sequence[WantedStep], task: Task) -> Cause | None:
    try:
        breaches = evaluate(routing, vehicle, steps, {task.id: task}).breaches
    except RouteTooLarge:
        # Hundreds of breaks: that some window is missed is known, not whether early or late.
        return Cause.DELAY
    return _first(breaches) if breaches else None


def _is_followed(routing: Routing, vehicle: Vehicle, task: Task) -> bool:
    """Return whether the search can serve a task alone where that is legal: it takes breaks in one way only."""
    return not vehicle.pauses or can_follow(_alone(routing, vehicle, task))


def _alone(routing: Routing, vehicle: Vehicle, task: Task) -> Routing:
    """Return the problem of one vehicle and one task, with the travel between their places only."""
    places = list(dict.fromkeys(place for place in (task.place, vehicle.start, vehicle.end) if place is not None))
    row: dict[int | None, int | None] = {None: None} | {place: i for i, place in enumerate(places)}
    whole = routing.matrices[vehicle.profile]
    cells = np.ix_(places, places)
    matrices = Matrices(
        seconds=whole.seconds[cells],
        metres=None if whole.metres is None else whole.metres[cells],
        costs=None if whole.costs is None else whole.costs[cells],
    )
    return Routing(
        # That it can carry the task is known.
        vehicles=(replace(vehicle, start=row[vehicle.start], end=row[vehicle.end], capacity=None),),
        tasks=(replace(task, place=0, delivery=(), pickup=()),),
        matrices={vehicle.profile: matrices},
    )


def _by_words(counted: tuple[Cause, int]) -> int:
    return list(WORDS).index(counted[0])


def _first(breaches: Iterable[Breach]) -> Cause:
    found = {breach.cause for breach in breaches}
    return next(cause for cause in WORDS if cause in found)


def _vehicles(count: int) -> str:
    return "1 vehicle" if count == 1 else f"{count} vehicles"
