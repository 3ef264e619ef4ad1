"""Where the breaks of a vehicle go in a given order of tasks."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from optimizer.vrp.model import Pause, Routing, Task, Vehicle
from optimizer.vrp.order import Visit, in_order
from optimizer.vrp.plan import StepKind, WantedStep

__all__ = ["with_pauses"]


def with_pauses(
    routing: Routing, vehicle: Vehicle, task_ids: Sequence[int], tasks: Mapping[int, Task]
) -> tuple[WantedStep, ...]:
    """Return the steps of these tasks in order with every break of the vehicle in place, by earliest window first.

    Of all places for the breaks, those that let the route end earliest inside all windows. When none keeps all windows,
    each break stands behind the last task, and an evaluation shows what that breaks.
    """
    tasks_only = [WantedStep(kind=StepKind.JOB, id=identity) for identity in task_ids]
    pauses = sorted(vehicle.pauses, key=_window_key)
    everything = [*tasks_only, *(WantedStep(kind=StepKind.BREAK, id=pause.id) for pause in pauses)]
    visits = in_order(routing, vehicle, everything, tasks)
    placed = [visit for visit in visits if visit.kind is not StepKind.BREAK]
    on_road = [visit for visit in visits if visit.kind is StepKind.BREAK]
    taken = _breaks_before(placed, on_road)
    if taken is None:
        return tuple(everything)
    steps: list[WantedStep] = []
    done = 0
    for task, upto in zip([*tasks_only, None], taken, strict=True):
        steps += everything[len(tasks_only) + done : len(tasks_only) + upto]
        steps += [] if task is None else [task]
        done = upto
    return tuple(steps)


def _window_key(pause: Pause) -> tuple[int, int, int]:
    if not pause.windows:
        return 0, 1 << 60, pause.id
    return pause.windows[0].earliest_s, pause.windows[-1].latest_s, pause.id


def _breaks_before(placed: Sequence[Visit], on_road: Sequence[Visit]) -> list[int] | None:
    """Return how many breaks are over before each visit but the first; None when no split keeps all windows.

    Beginning a visit earlier with the same breaks behind never hurts, so the earliest time per visit and number of
    breaks is all that has to be known.
    """
    begun = placed[0].not_before(0)
    if begun is None:
        return None
    best: dict[int, tuple[int, list[int]]] = {0: (begun, [])}
    for before, visit in pairwise(placed):
        after: dict[int, tuple[int, list[int]]] = {}
        for done, (time_s, counts) in best.items():
            for upto in range(done, len(on_road) + 1):
                reached_s = _reached(before, time_s, on_road[done:upto], visit)
                if reached_s is not None and (upto not in after or reached_s < after[upto][0]):
                    after[upto] = reached_s, [*counts, upto]
        best = after
    return best[len(on_road)][1] if len(on_road) in best else None


def _reached(before: Visit, time_s: int, breaks: Sequence[Visit], visit: Visit) -> int | None:
    """Return when a visit can begin after the one before it began at time_s, with these breaks between."""
    free_s = ready_s = time_s + before.work_s
    for pause in breaks:
        begun = pause.not_before(free_s)
        if begun is None:
            return None
        free_s, ready_s = begun + pause.work_s, ready_s + pause.work_s
    return visit.not_before(max(free_s, ready_s + visit.way_s))
