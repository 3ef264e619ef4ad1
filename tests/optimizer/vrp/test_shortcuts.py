"""What makes the search quick changes nothing that it says: steady shifts and neighbours numbered alike."""

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.search.anneal import Settings, objective, search
from optimizer.search.gathering import gather
from optimizer.search.insertion import cheapest_gap
from optimizer.search.problem import Problem
from optimizer.search.schedule import State, evaluate, new_state
from optimizer.vrp.arrays import lay_out
from optimizer.vrp.model import Pause, Routing
from tests.optimizer.vrp.make_routing import routing, task, vehicle, window
from tests.optimizer.vrp.test_solve import routings


def plain(problem: Routing) -> Routing:
    """Return the problem without anything that ties a price or a place to the time of a later stop."""
    tasks = [
        dataclasses.replace(task, setup_s=0, setup_per_type={}, windows=task.windows[:1]) for task in problem.tasks
    ]
    vehicles = [dataclasses.replace(vehicle, pauses=()) for vehicle in problem.vehicles]
    return dataclasses.replace(problem, tasks=tuple(tasks), vehicles=tuple(vehicles))


def routed(problem: Problem, seed: int) -> State:
    """Return a state in which some jobs are on routes and some are not."""
    found = search(problem, [()] * len(problem.shifts), Steps(steps=50).begin(1.0), seed, Settings(chunk=5))
    state = new_state(problem)
    for v, route in enumerate(found.routes):
        kept = route[:-1] if v % 2 else route
        state.length[v], state.stops[v, : len(kept)] = len(kept), kept
        if not evaluate(problem, state, v):  # without the triangle inequality a shorter route may be illegal
            state.length[v] = 0
            evaluate(problem, state, v)
        state.route_of[state.stops[v, : state.length[v]]] = v
    return state


@given(problem=routings(), seed=st.integers(0, 1_000))
def test_a_steady_shift_quotes_what_the_whole_route_says(problem: Routing, seed: int) -> None:
    quick = lay_out(plain(problem)).problem
    assert quick.shifts["steady"].all()
    slow = quick._replace(shifts=quick.shifts.copy())
    slow.shifts["steady"] = 0
    state = routed(quick, seed)
    for j in np.flatnonzero(state.route_of < 0).tolist():
        for v in range(len(quick.shifts)):
            assert cheapest_gap(quick, state, j, v) == cheapest_gap(slow, state, j, v)


def test_whatever_depends_on_later_times_takes_steadiness_away() -> None:
    rest = Pause(id=1, windows=(window(0, 50),), duration_s=10)
    split = (window(0, 10), window(20, 30))

    def steady(problem: Routing) -> list[int]:
        found: list[int] = lay_out(problem).problem.shifts["steady"].tolist()
        return found

    assert steady(routing([task(1, 5)], vehicle(1), vehicle(2, pauses=(rest,)))) == [1, 0]
    assert steady(routing([task(1, 5, windows=split)])) == [0]
    assert steady(routing([task(1, 5, setup_s=3)])) == [0]
    only_for_one = task(1, 5, windows=split, skills=frozenset({7}))
    assert steady(routing([only_for_one], vehicle(1, skills=frozenset({7})), vehicle(2))) == [0, 1]


@given(problem=routings(), seed=st.integers(0, 1_000))
def test_other_numbers_change_no_route_and_no_price(problem: Routing, seed: int) -> None:
    former = lay_out(problem).problem
    gathered = gather(former)
    found = search(former, [()] * len(former.shifts), Steps(steps=50).begin(1.0), seed, Settings(chunk=5))
    routes = gathered.gathered(found.routes)
    assert gathered.former(routes) == found.routes
    state = new_state(gathered.problem)
    for v, route in enumerate(routes):
        state.length[v], state.stops[v, : len(route)] = len(route), route
        assert evaluate(gathered.problem, state, v)
        state.route_of[list(route)] = v
        state.visits[gathered.problem.shifts["outlet"][v]] += len(route)
    assert objective(gathered.problem, state)[0] == found.fen


def test_neighbours_stand_side_by_side() -> None:
    problem = lay_out(routing([task(1, 100), task(2, 10), task(3, 101), task(4, 11)])).problem
    order = gather(problem).jobs.tolist()
    assert abs(order.index(0) - order.index(2)) == 1
    assert abs(order.index(1) - order.index(3)) == 1
