"""The compiled search and the evaluation agree: what it finds breaks nothing and costs what it says."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.model import Window
from optimizer.solve import find_routes
from optimizer.vrp.arrays import lay_out
from optimizer.vrp.evaluate import evaluate
from optimizer.vrp.model import NO_LIMIT, Costs, Matrices, Pause, Routing, Task, Vehicle
from optimizer.vrp.pauses import with_pauses
from optimizer.vrp.plan import StepKind
from optimizer.vrp.solve import can_follow, solve_routing
from optimizer.vrp.whynot import why_not
from tests.optimizer.vrp.make_routing import pause, routing, task, vehicle, window

EPOCH_S = 1_600_000_000


def served(problem: Routing, steps: int = 400, seed: int = 1) -> dict[int, list[int]]:
    """Return the tasks of each vehicle in order, every route evaluated to be legal."""
    found = solve_routing(problem, {}, Steps(steps=steps), seed)
    vehicles = {each.id: each for each in problem.vehicles}
    for vehicle_id, wanted in found:
        assert evaluate(problem, vehicles[vehicle_id], wanted).breaches == ()
    orders = {v: [step.id for step in wanted if step.kind is StepKind.JOB] for v, wanted in found}
    everybody = [job for jobs in orders.values() for job in jobs]
    assert len(set(everybody)) == len(everybody)
    return {v: [job for job in jobs if job is not None] for v, jobs in orders.items()}


@st.composite
def windows(draw: st.DrawFn, base_s: int, most: int) -> tuple[Window, ...]:
    edges = sorted(draw(st.sets(st.integers(0, 4_000), min_size=2, max_size=2 * most)))
    pairs = zip(edges[::2], edges[1::2], strict=False)
    return tuple(Window(earliest_s=base_s + a, latest_s=base_s + b) for a, b in pairs)


@st.composite
def routings(draw: st.DrawFn) -> Routing:
    """A random problem with everything in it: several profiles, breaks, loads, setups, limits, missing ends."""
    base_s, p = draw(st.sampled_from([0, 5_000, EPOCH_S])), draw(st.integers(2, 7))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    matrices: dict[str, Matrices] = {}
    for profile in ("car", "bike"):
        seconds = rng.integers(0, 900, (p, p))
        np.fill_diagonal(seconds, 0)
        costs = rng.integers(0, 900, (p, p)) if draw(st.booleans()) else None
        matrices[profile] = Matrices(seconds=seconds, metres=rng.integers(0, 9_000, (p, p)), costs=costs)
    d = draw(st.integers(0, 2))
    amounts = st.tuples(*[st.integers(0, 3)] * d)
    place = st.integers(0, p - 1)
    skills = st.frozensets(st.integers(1, 3), max_size=2)
    per_type = st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 300), max_size=2)
    anytime: st.SearchStrategy[tuple[Window, ...]] = st.just(())
    tasks = tuple(
        Task(
            id=i,
            place=draw(place),
            setup_s=draw(st.integers(0, 200)),
            service_s=draw(st.integers(0, 600)),
            setup_per_type=draw(per_type),
            service_per_type=draw(per_type),
            delivery=draw(amounts),
            pickup=draw(amounts),
            skills=draw(skills),
            priority=draw(st.sampled_from([0, 0, 5, 100])),
            windows=draw(st.one_of(anytime, windows(base_s, 3))),
        )
        for i in range(draw(st.integers(0, 8)))
    )
    end = st.one_of(st.none(), place)
    vehicles = []
    for i in range(draw(st.integers(1, 3))):
        profile = draw(st.sampled_from(["car", "bike"]))
        start, finish = draw(end), draw(end)
        hourly = 3_600 if matrices[profile].costs is not None else draw(st.sampled_from([3_600, 4_500, 1_000]))
        per_km = 0 if matrices[profile].costs is not None else draw(st.sampled_from([0, 7]))
        vehicles.append(
            Vehicle(
                id=i,
                profile=profile,
                start=0 if start is None and finish is None else start,
                end=finish,
                window=draw(st.one_of(st.none(), windows(base_s, 1).map(lambda found: found[0]))),
                capacity=draw(st.one_of(st.none(), st.tuples(*[st.integers(0, 8)] * d))) if d else None,
                skills=draw(st.frozensets(st.integers(1, 3), min_size=1)),
                type=draw(st.sampled_from(["", "a", "b"])),
                pauses=tuple(
                    Pause(
                        id=k,
                        duration_s=draw(st.integers(0, 500)),
                        windows=draw(st.one_of(anytime, windows(base_s, 2))),
                    )
                    for k in range(draw(st.integers(0, 2)))
                ),
                costs=Costs(
                    fixed=draw(st.sampled_from([0, 500])),
                    per_hour=hourly,
                    per_task_hour=draw(st.sampled_from([0, 1_800])),
                    per_km=per_km,
                ),
                speed_percent=draw(st.sampled_from([100, 100, 73, 250])),
                max_tasks=draw(st.sampled_from([NO_LIMIT, 2])),
                max_travel_s=draw(st.sampled_from([NO_LIMIT, 1_500])),
                max_distance_m=draw(st.sampled_from([NO_LIMIT, 20_000])),
            )
        )
    if all(each.capacity is None for each in vehicles):
        tasks = tuple(dataclasses.replace(each, delivery=(), pickup=()) for each in tasks)
    return Routing(vehicles=tuple(vehicles), tasks=tasks, matrices=matrices)


@settings(max_examples=150)
@given(problem=routings(), seed=st.integers(0, 1_000))
def test_what_the_search_finds_breaks_nothing(problem: Routing, seed: int) -> None:
    served(problem, steps=200, seed=seed)


@settings(max_examples=60)
@given(problem=routings(), seed=st.integers(0, 1_000))
def test_a_route_costs_the_search_what_it_costs(problem: Routing, seed: int) -> None:
    laid = lay_out(problem)
    budget = Steps(steps=200)
    empty: list[tuple[int, ...]] = [()] * len(problem.vehicles)
    found, _ = find_routes(laid.problem, empty, budget.begin(0.75), budget, 1.0, seed)
    left_out = set(range(len(problem.tasks))) - {j for route in found.routes for j in route}
    price = found.fen - sum(laid.task_fen * (1 + problem.tasks[j].priority) for j in left_out)
    vehicles = {each.id: each for each in problem.vehicles}
    cost = sum(
        evaluate(problem, vehicles[vehicle_id], wanted).cost
        for vehicle_id, wanted in solve_routing(problem, {}, budget, seed)
    )
    # The evaluation rounds each route once, the search each leg and each task.
    prices = 2 * len(problem.tasks) + 2 * len(problem.vehicles)
    assert abs(price / float(laid.scale) - cost) <= 0.5 * len(problem.vehicles) + prices * 0.5 / float(laid.scale)


def test_priority_decides_who_is_left_out() -> None:
    near, far = task(1, place=10, service_s=100), task(2, place=300, service_s=100, priority=10)
    assert served(routing([near, far], vehicle(max_tasks=1))) == {1: [2]}


def test_more_tasks_win_over_less_travel() -> None:
    tasks = [task(1, place=5), task(2, place=390), task(3, place=399)]
    assert sorted(served(routing(tasks))[1]) == [1, 2, 3]


def test_a_task_before_its_break_and_one_after() -> None:
    who = vehicle(window=window(0, 1_000), pauses=(Pause(id=9, duration_s=100, windows=(window(200, 300),)),))
    tasks = [task(1, place=10, windows=(window(0, 100),)), task(2, place=20, windows=(window(400, 500),))]
    ((_, steps),) = solve_routing(routing(tasks, who), {}, Steps(steps=200), 1)
    assert [(step.kind, step.id) for step in steps] == [
        ("start", None), ("job", 1), ("break", 9), ("job", 2), ("end", None),
    ]  # fmt: skip
    assert evaluate(routing(tasks, who), who, steps).breaches == ()
    assert pause(9) in steps


def test_an_open_end_saves_the_way_home() -> None:
    tasks = [task(1, place=100), task(2, place=200)]
    assert served(routing(tasks, vehicle(end=None))) == {1: [1, 2]}
    assert served(routing(tasks, vehicle(start=None))) == {1: [2, 1]}


@pytest.mark.parametrize(("fixed", "used"), [(0, 2), (10_000, 1)])
def test_a_vehicle_is_used_when_it_pays(fixed: int, used: int) -> None:
    who: dict[str, Any] = {"costs": Costs(fixed=fixed)}
    tasks = [task(1, place=10), task(2, place=390)]
    west, east = vehicle(1, **who), vehicle(2, start=399, end=399, **who)
    assert len(served(routing(tasks, west, east))) == used


def test_a_setup_is_spent_once_at_a_place() -> None:
    tasks = [task(i, place=10, setup_s=50, service_s=10) for i in (1, 2, 3)]
    assert sorted(served(routing(tasks, vehicle(window=window(0, 100))))[1]) == [1, 2, 3]
    apart = [task(i, place=9 + i, setup_s=50, service_s=10) for i in (1, 2, 3)]
    assert len(served(routing(apart, vehicle(window=window(0, 100)))).get(1, [])) == 1


def test_no_vehicle_and_no_task_are_answered() -> None:
    assert served(Routing(vehicles=(), tasks=(task(1, place=0),), matrices={})) == {}
    assert served(routing([])) == {}


def test_a_route_begins_from_the_steps_given() -> None:
    tasks = [task(1, place=100), task(2, place=200)]
    problem = routing(tasks)
    begin = solve_routing(problem, {}, Steps(steps=200), 1)
    again = solve_routing(problem, dict(begin), Steps(steps=1), 1)
    assert sum(len(steps) for _, steps in again) == sum(len(steps) for _, steps in begin)


def test_many_tasks_without_service_fit_into_a_short_shift() -> None:
    tasks = [task(i, place=0) for i in range(30)]
    assert sorted(served(routing(tasks, vehicle(window=window(0, 5))))[1]) == list(range(30))


@pytest.mark.parametrize("seed", range(4))
def test_dear_hours_of_work_are_told_apart(seed: int) -> None:
    long = [task(1, place=300, service_s=36_000)]
    dear = vehicle(1, costs=Costs(per_task_hour=120_001, per_km=1))
    less = vehicle(2, costs=Costs(per_task_hour=60_001, per_km=1))
    assert served(routing(long, dear, less), seed=seed) == {2: [1]}


@settings(max_examples=60)
@given(problem=routings(), seed=st.integers(0, 1_000))
def test_a_task_alone_is_served_when_it_can_be(problem: Routing, seed: int) -> None:
    if not problem.tasks:
        return
    who, only = problem.vehicles[0], problem.tasks[0]
    if who.capacity is None:
        only = dataclasses.replace(only, delivery=(), pickup=())
    alone = dataclasses.replace(problem, vehicles=(who,), tasks=(only,))
    is_served = bool(solve_routing(alone, {}, Steps(steps=20), seed))
    is_legal = evaluate(alone, who, with_pauses(alone, who, [only.id], {only.id: only})).breaches == ()
    assert is_served == (is_legal and can_follow(alone))
    # Breaks are all that keeps the search from what is legal.
    assert is_served or not is_legal or who.pauses
    if not is_served and only.skills <= who.skills:
        reason = why_not(alone, [only.id])[only.id]
        assert reason.endswith("but not with its breaks as the search takes them") == is_legal
