"""A whole problem solved by OR-Tools' routing library: another engine for the same rules and prices.

The library holds Python's interpreter lock while it solves: run it in a process of its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ortools.constraint_solver import pywrapcp
from ortools.constraint_solver.routing_enums_pb2 import FirstSolutionStrategy, LocalSearchMetaheuristic
from ortools.constraint_solver.routing_parameters_pb2 import RoutingSearchParameters

from optimizer.engines.routing_model import RoutingModel
from optimizer.engines.routing_variables import BudgetSpent
from optimizer.search.problem import Problem

__all__ = ["MOST_PAIRS", "Routed", "TimedVisits", "route"]

FIRST = (FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION, FirstSolutionStrategy.SAVINGS)
MOST_PAIRS = 2_000
"""With more jobs times shifts, the first-solution strategies serve next to nobody: begin from given routes."""
NO_LIMIT_S = 10_000_000
"""The library warns of searches without a limit of its own; theirs is the stop."""
MOST_TIMING_S = 30
"""The library gives up on a solution whose times it has not worked out by then, as it does at once with routes to begin
from. Its own tenth of a second, by the clock, is too short for a hundred visits, and for fewer on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedVisits:
    """A shift's jobs in order, when the model starts each, the breaks it takes (break, start), and when it is back."""

    jobs: tuple[int, ...]
    starts_s: tuple[int, ...]
    breaks: tuple[tuple[int, int], ...]
    return_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """The model's answer: visits by shift, its objective in `scale`-ths of a fen, and the looks at the stop."""

    visits: tuple[TimedVisits, ...]
    objective: int
    scale: int
    looks: int = 0

    @property
    def routes(self) -> tuple[tuple[int, ...], ...]:
        """The jobs of every shift in order."""
        return tuple(timed.jobs for timed in self.visits)


def route(problem: Problem, start: Sequence[Sequence[int]], stop: Callable[[int], float], seed: int) -> Routed | None:
    """Return the best plan that guided local search finds from these routes; None when it cannot begin.

    start: a route per shift, all empty to let the library begin, which it can do with small problems only. stop: asked
    with the number of looks at it; a budget that is used up while the model is stated, or while it takes the routes to
    begin from, ends in None too. The same problem, start, seed and number of looks give the same answer.
    """
    if 0 in problem.fixed.shape or (problem.fixed.size > MOST_PAIRS and not any(start)):
        return None
    try:
        model = RoutingModel(problem, lambda: stop(0) >= 1.0)
    except BudgetSpent:
        return None
    watch = _Watch(model, stop)
    model.routing.CloseModelWithParameters(_parameters())
    model.solver.ReSeed(seed)
    begun = _given(model, start) if any(start) else None
    if begun is None and problem.fixed.size > MOST_PAIRS:
        return None
    best = _read(model, begun) if begun is not None else _first(model)
    if best is None:
        return None
    begun = begun or _given(model, best.routes)
    watch.armed = True
    parameters = _parameters()
    parameters.local_search_metaheuristic = LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    better = model.routing.SolveFromAssignmentWithParameters(begun, parameters)
    if better is not None and better.ObjectiveValue() < best.objective:
        best = _read(model, better)
    return replace(best, looks=watch.looks)


class _Watch:
    """Ends the library's search when a budget is used up: it would never end by itself."""

    def __init__(self, model: RoutingModel, stop: Callable[[int], float]) -> None:
        self.armed = False
        self.looks = 0
        self._stop = stop
        self._model = model
        model.routing.AddSearchMonitor(model.solver.CustomLimit(self._used_up))

    def _used_up(self) -> bool:
        # Looks before the search proper are not counted: they take no steps of a budget that repeats.
        self.looks += self.armed
        used_up = self._stop(self.looks) >= 1.0
        if used_up:
            # Guided local search goes on after a limit is crossed, where no neighbour is left to look at.
            self._model.routing.CancelSearch()
        return used_up


def _parameters() -> RoutingSearchParameters:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.time_limit.seconds = NO_LIMIT_S
    parameters.lns_time_limit.seconds = MOST_TIMING_S
    return parameters


def _given(model: RoutingModel, start: Sequence[Sequence[int]]) -> pywrapcp.Assignment | None:
    """Return given routes as a solution, None when the model has another opinion of them."""
    rows = [[model.job_index[j] for j in jobs] for jobs in start]
    rows += [[] for _ in range(model.routing.vehicles() - model.m)]
    return model.routing.ReadAssignmentFromRoutes(rows, True)


def _first(model: RoutingModel) -> Routed | None:
    """Return the cheapest of what the first-solution strategies find."""
    best = None
    for strategy in FIRST:
        parameters = _parameters()
        parameters.first_solution_strategy = strategy
        parameters.solution_limit = 1
        found = model.routing.SolveWithParameters(parameters)
        if found is not None and (best is None or found.ObjectiveValue() < best.objective):
            best = _read(model, found)
    return best


def _read(model: RoutingModel, solution: pywrapcp.Assignment) -> Routed:
    """Return a solution as the plan that it is."""
    p, routing = model.problem, model.routing
    visits = []
    for v in range(model.m):
        jobs: list[int] = []
        starts: list[int] = []
        at, index = int(p.shifts["leaves"][v]), solution.Value(routing.NextVar(routing.Start(v)))
        while not routing.IsEnd(index):
            j = model.manager.IndexToNode(index)
            setup = int(model.on_arrival[j, p.shifts["outlet"][v]]) if p.place[at] != p.place[j] else 0
            jobs.append(j)
            starts.append(solution.Value(model.time.CumulVar(index)) - setup + model.base_s)
            at, index = j, solution.Value(routing.NextVar(index))
        back = solution.Value(model.time.CumulVar(index)) + model.base_s
        breaks = [
            (k, solution.Value(moment) + model.base_s) for k, moment, due in model.breaks[v] if solution.Value(due)
        ]
        visits.append(TimedVisits(jobs=tuple(jobs), starts_s=tuple(starts), breaks=tuple(breaks), return_s=back))
    return Routed(visits=tuple(visits), objective=solution.ObjectiveValue(), scale=model.scale)
