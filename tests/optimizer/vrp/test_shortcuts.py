"""What makes the search quick changes nothing that it says: steady shifts and neighbours numbered alike."""

import dataclasses

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.search.anneal import Settings, objective, search
from optimizer.search.detour import FEN, SECOND, best_detour, new_detours, offer, reoffer
from optimizer.search.draw import new_draws
from optimizer.search.gathering import gather
from optimizer.search.insertion import cheapest_gap, insert, rank_shifts
from optimizer.search.problem import FREE, Problem
from optimizer.search.schedule import State, evaluate, new_state
from optimizer.vrp.arrays import lay_out
from optimizer.vrp.model import NO_LIMIT, Pause, Routing
from tests.optimizer.vrp.make_routing import routing, task, vehicle, window
from tests.optimizer.vrp.test_solve import routings


def plain(problem: Routing) -> Routing:
    """Return the problem without anything that ties a price or a place to the time of a later stop."""
    tasks = [
        dataclasses.replace(task, setup_s=0, setup_per_type={}, windows=task.windows[:1]) for task in problem.tasks
    ]
    vehicles = [dataclasses.replace(vehicle, pauses=()) for vehicle in problem.vehicles]
    return dataclasses.replace(problem, tasks=tuple(tasks), vehicles=tuple(vehicles))


def unbound(problem: Routing) -> Routing:
    """Return the problem without loads and limits."""
    tasks = [dataclasses.replace(task, delivery=(), pickup=()) for task in problem.tasks]
    vehicles = [
        dataclasses.replace(vehicle, capacity=None, max_travel_s=NO_LIMIT, max_distance_m=NO_LIMIT)
        for vehicle in problem.vehicles
    ]
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


@given(problem=routings(), seed=st.integers(0, 1_000))
def test_a_detour_costs_what_the_schedule_says_and_none_is_cheaper(problem: Routing, seed: int) -> None:
    p = lay_out(unbound(plain(problem))).problem
    state = routed(p, seed)
    candidates = rank_shifts(p, new_state(p), 48)
    tables, draws = new_detours(p, candidates), new_draws(seed)
    assert tables.lanes.size or not problem.tasks
    for j in np.flatnonzero(state.route_of < 0).tolist():
        fen, v, gap = min(best_detour(tables, state, draws, j) for _ in range(8))  # now and then one is overlooked
        prices = [cheapest_gap(p, state, j, u)[0] for u in candidates[j] if u != FREE]
        assert fen == min([int(p.jobs["unserved_fen"][j]), *prices])
        assert v == FREE or cheapest_gap(p, state, j, v)[:2] == (fen, gap)


@given(problem=routings(), seed=st.integers(0, 1_000))
def test_an_offer_brought_up_to_date_is_what_a_new_one_would_be(problem: Routing, seed: int) -> None:
    p = lay_out(unbound(plain(problem))).problem
    state = routed(p, seed)
    tables, draws = new_detours(p, rank_shifts(p, new_state(p), len(p.shifts))), new_draws(seed)
    first, *others = [*np.flatnonzero(state.route_of < 0).tolist(), FREE]
    for j in others[:-1]:
        offer(tables, state, draws, j)
    _, v, gap = best_detour(tables, state, draws, first) if first != FREE else (0, FREE, 0)
    if v == FREE:
        return
    insert(p, state, first, v, gap, 1)
    for j in others[:-1]:
        reoffer(tables, state, draws, j, v, int(p.fixed[j, v]))
        kept = tables.offers[j].copy()
        cheapest = min(
            [int(p.jobs["unserved_fen"][j]), *(cheapest_gap(p, state, j, u)[0] for u in range(len(p.shifts)))]
        )
        # What was overlooked then, or is now, is dearer; nothing is ever cheaper than it is.
        assert kept[FEN] >= cheapest
        assert kept[FEN] <= kept[SECOND]


def test_loads_limits_and_breaks_take_the_general_way() -> None:
    def lanes(problem: Routing) -> int:
        p = lay_out(problem).problem
        return len(new_detours(p, rank_shifts(p, new_state(p), 4)).lanes)

    rest = Pause(id=1, windows=(window(0, 50),), duration_s=10)
    assert lanes(routing([task(1, 5)], vehicle(1), vehicle(2))) == 2
    assert lanes(routing([task(1, 5)], vehicle(1), vehicle(2, pauses=(rest,)))) == 0
    assert lanes(routing([task(1, 5)], vehicle(1), vehicle(2, capacity=(3,)))) == 0
    assert lanes(routing([task(1, 5)], vehicle(1), vehicle(2, max_travel_s=90))) == 0


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
