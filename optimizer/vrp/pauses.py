"""Where the breaks of a vehicle go in a given order of tasks, and in which order they are taken."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, permutations

from optimizer.vrp.model import NO_LIMIT, Pause, Routing, Task, Vehicle
from optimizer.vrp.order import Visit, in_order
from optimizer.vrp.plan import StepKind, WantedStep
from optimizer.vrp.times import earliest_times

__all__ = ["MOST_REORDERED", "pauses_in_turn", "with_pauses"]

MOST_REORDERED = 4
"""Up to this many breaks are tried in every order, when the usual one keeps some window from being kept."""


def pauses_in_turn(vehicle: Vehicle) -> list[Pause]:
    """Return a vehicle's breaks in the order in which the search takes them: by their latest start."""
    ends = NO_LIMIT
    return sorted(
        vehicle.pauses,
        key=lambda pause: (
            pause.windows[-1].latest_s if pause.windows else ends,
            pause.windows[0].earliest_s if pause.windows else ends,
            pause.id,
        ),
    )


def with_pauses(
    routing: Routing,
    vehicle: Vehicle,
    task_ids: Sequence[int],
    tasks: Mapping[int, Task],
    first: Sequence[int] = (),
) -> tuple[WantedStep, ...]:
    """Return the steps of these tasks in order with every break of the vehicle in place.

    first: ids of breaks in the order to try first, the others behind them; then `pauses_in_turn`, then any order. Of
    all places for the breaks in the first order that keeps all windows, those that let the route end earliest. When
    none keeps all windows, each break stands behind the last task, and an evaluation shows what that breaks.
    """
    tasks_only = [WantedStep(kind=StepKind.JOB, id=identity) for identity in task_ids]
    placed = in_order(routing, vehicle, tasks_only, tasks)
    orders = _orders(vehicle, first)
    in_turn = next(orders)
    # Breaks only make a route later: what is too late without them stays so.
    if earliest_times(placed) is not None:
        for order in (in_turn, *orders):
            breaks = [WantedStep(kind=StepKind.BREAK, id=identity) for identity in order]
            on_road = [visit for visit in in_order(routing, vehicle, breaks, tasks) if visit.kind is StepKind.BREAK]
            taken = _breaks_before(placed, on_road)
            if taken is not None:
                return _merged(tasks_only, breaks, taken)
    return (*tasks_only, *(WantedStep(kind=StepKind.BREAK, id=identity) for identity in in_turn))


def _orders(vehicle: Vehicle, first: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Return the orders of breaks to try, none twice."""
    in_turn = tuple(pause.id for pause in pauses_in_turn(vehicle))
    given = (*dict.fromkeys(first), *(identity for identity in in_turn if identity not in first))
    seen = set()
    for order in (given, in_turn, *(permutations(in_turn) if len(in_turn) <= MOST_REORDERED else ())):
        if order not in seen:
            seen.add(order)
            yield order


def _merged(
    tasks_only: Sequence[WantedStep], breaks: Sequence[WantedStep], taken: Sequence[int]
) -> tuple[WantedStep, ...]:
    """Return tasks and breaks in one order; taken: breaks over before each task, and before the end."""
    steps: list[WantedStep] = []
    done = 0
    for task, upto in zip([*tasks_only, None], taken, strict=True):
        steps += breaks[done:upto]
        steps += [] if task is None else [task]
        done = upto
    return tuple(steps)


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
