"""A routing problem from its arrays to every vehicle's order of tasks and breaks."""

from collections.abc import Mapping, Sequence

from optimizer.budget import Budget
from optimizer.search.schedule import evaluate, new_state
from optimizer.solve import Engine, find_routes, first_leg
from optimizer.vrp.arrays import Laid, lay_out
from optimizer.vrp.model import Routing
from optimizer.vrp.patience import until_converged
from optimizer.vrp.pauses import pauses_in_turn
from optimizer.vrp.plan import StepKind, WantedStep

__all__ = ["Orders", "can_follow", "orders", "solve_routing"]

Orders = tuple[tuple[int, tuple[WantedStep, ...]], ...]
"""Vehicle ids and their steps in order, without times; vehicles without a task are left out."""


def solve_routing(
    routing: Routing,
    wanted: Mapping[int, Sequence[WantedStep]],
    budget: Budget,
    seed: int,
    engine: Engine = Engine.SEARCH,
) -> Orders:
    """Return the best orders found: as much served as possible (1 + priority each), then as cheaply as possible.

    wanted: steps to begin from, by vehicle; their tasks count, their times do not. The search ends before its budget
    does where it has long found nothing better; the routing model never does.
    """
    if engine is Engine.SEARCH:
        budget = until_converged(budget, len(routing.tasks))
    stop = budget.begin(first_leg(engine))
    laid = lay_out(routing)
    index = {task.id: j for j, task in enumerate(routing.tasks)}
    start = [
        tuple(
            index[step.id] for step in wanted.get(vehicle.id, ()) if step.kind is StepKind.JOB and step.id is not None
        )
        for vehicle in routing.vehicles
    ]
    best, _ = find_routes(laid.problem, start, stop, budget, 1.0, seed, engine)
    return orders(routing, laid, best.routes)


def can_follow(routing: Routing) -> bool:
    """Return whether a route of the first vehicle by all tasks in order is legal with the breaks as the search has it.

    It takes them in turn, each as late as it can or while the vehicle waits anyhow.
    """
    laid = lay_out(routing)
    state = new_state(laid.problem)
    count = len(routing.tasks)
    if count > state.stops.shape[1]:
        return False
    state.length[0] = count
    state.stops[0, :count] = range(count)
    return bool(evaluate(laid.problem, state, 0))


def orders(routing: Routing, laid: Laid, routes: Sequence[Sequence[int]]) -> Orders:
    """Return the steps of the routes, each break where the schedule takes it."""
    state = new_state(laid.problem)
    orders = []
    for v, (vehicle, tasks) in enumerate(zip(routing.vehicles, routes, strict=True)):
        if not tasks:
            continue
        state.length[v] = len(tasks)
        state.stops[v, : len(tasks)] = tasks
        evaluate(laid.problem, state, v)
        breaks = [WantedStep(kind=StepKind.BREAK, id=pause.id) for pause in pauses_in_turn(vehicle)]
        behind = [*state.taken[v, : len(tasks)].tolist(), len(breaks)]
        steps = breaks[: behind[0]]
        for k, j in enumerate(tasks):
            steps.append(WantedStep(kind=StepKind.JOB, id=routing.tasks[j].id))
            steps += breaks[behind[k] : behind[k + 1]]
        begins, ends = [WantedStep(kind=StepKind.START)], [WantedStep(kind=StepKind.END)]
        orders.append((vehicle.id, (*begins, *steps, *ends)))
    return tuple(orders)
