"""Whoever finds the routes: plans are legal and cost what they say, and polishing never makes them dearer."""

from dataclasses import replace
from functools import partial
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.check import check
from optimizer.cost import price
from optimizer.dispatch import Method, dispatch
from optimizer.engines import routing_variables
from optimizer.engines.routing import route
from optimizer.model import Day, Window
from optimizer.plan import Result
from optimizer.roster import Roster
from optimizer.search.arrays import build_problem
from optimizer.search.problem import FORBIDDEN, Problem
from optimizer.search.repricing import reprice
from optimizer.solve import Engine, find_routes, first_leg
from optimizer.sourcing import kit_options
from optimizer.travel import TravelTimes
from optimizer.vrp.arrays import lay_out
from optimizer.vrp.model import Costs, Matrices, Pause, Routing, Task, Vehicle
from optimizer.vrp.solve import solve_routing
from optimizer.workers import HereWorkers
from tests import strategies
from tests.model_plan import whole_day


def found_fen(problem: Problem, engine: Engine, share: float) -> int:
    budget, start = Steps(steps=400), [()] * len(problem.shifts)
    stop = budget.begin(share * first_leg(engine))
    return find_routes(problem, start, stop, budget, share, 7, engine)[0].fen


@settings(max_examples=8)
@given(case=strategies.days_and_travel(max_jobs=8, max_technicians=3))
def test_polishing_never_makes_a_plan_dearer(case: tuple[Day, TravelTimes]) -> None:
    day, travel = case
    problem = build_problem(Roster(day), whole_day(day), kit_options(day), travel)
    searched = found_fen(problem, Engine.SEARCH, share=0.75)
    assert found_fen(problem, Engine.POLISH, share=1.0) <= searched


@pytest.mark.parametrize("engine", list(Engine))
def test_a_day_is_planned_legally_by_every_engine(engine: Engine) -> None:
    day = strategies.random_day(3, jobs=8)
    travel = strategies.random_travel(day, 3)
    result = dispatch(
        day,
        travel,
        budget=Steps(steps=300),
        workers=HereWorkers(),
        seed=1,
        progress=lambda *_: None,
        method=Method(engine=engine),
    )
    assert check(day, result.plan, travel) == ()
    assert result.cost == price(day, result.plan, travel)


def test_a_budget_used_up_while_the_model_is_stated_leaves_the_greedy_routes() -> None:
    day = strategies.random_day(3, jobs=8)
    travel = strategies.random_travel(day, 3)
    problem = build_problem(Roster(day), whole_day(day), kit_options(day), travel)
    looks: list[int] = []

    def after(most: int, steps: int) -> float:
        looks.append(steps)
        return len(looks) / most

    for most in (1, 3, 10):
        looks.clear()
        found, steps = find_routes(
            problem, [()] * len(day.shifts), partial(after, most), Steps(steps=400), 1.0, 7, Engine.ORTOOLS
        )
        assert steps == 0
        assert any(found.routes)
        assert found == replace(reprice(problem, found.routes, 0), pool=found.pool)


def test_a_day_whose_model_is_too_large_is_planned_greedily_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    day = strategies.random_day(3, jobs=8)
    travel = strategies.random_travel(day, 3)

    def planned() -> Result:
        return dispatch(
            day,
            travel,
            budget=Steps(steps=300),
            workers=HereWorkers(),
            seed=1,
            progress=lambda *_: None,
            method=Method(engine=Engine.ORTOOLS),
        )

    assert planned().greedy_shards == 0
    monkeypatch.setattr(routing_variables, "MOST_CELLS", 10)
    result = planned()
    assert result.greedy_shards == 1
    assert result.plan.routes
    assert check(day, result.plan, travel) == ()


def routing_problem(seed: int, breaks: int) -> Routing:
    """Draw a small problem: loads there and back, setups, limits, several windows, routes without a start or an end."""
    random = Random(f"routing {seed}")
    places = 7
    seconds = np.array([[0 if a == b else random.randrange(60, 1_200) for a in range(places)] for b in range(places)])

    def some_window() -> Window:
        earliest_s = random.randrange(0, 20_000, 100)
        return Window(earliest_s=earliest_s, latest_s=earliest_s + random.randrange(1_000, 9_000, 100))

    def pauses() -> tuple[Pause, ...]:
        return tuple(
            Pause(id=k, duration_s=600, windows=(Window(earliest_s=8_000 * k, latest_s=8_000 * k + 4_000),))
            for k in range(1, breaks + 1)
        )

    vehicles = tuple(
        Vehicle(
            id=number,
            start=random.choice([None, 0, 1]),
            end=random.choice([None, 0, 2]),
            window=Window(earliest_s=0, latest_s=30_000),
            capacity=(4, 3),
            skills=frozenset(random.sample([1, 2], 1)),
            pauses=pauses(),
            costs=Costs(fixed=random.choice([0, 500])),
            max_tasks=random.choice([3, 9]),
            max_travel_s=random.choice([4_000, 1 << 60]),
        )
        for number in range(3)
    )
    tasks = tuple(
        Task(
            id=number,
            place=random.randrange(places),
            setup_s=random.choice([0, 300]),
            service_s=random.randrange(300, 1_500, 100),
            delivery=random.choice([(), (1, 0), (2, 1)]),
            pickup=random.choice([(), (1, 1)]),
            skills=frozenset(random.sample([1, 2], random.choice([0, 0, 1]))),
            windows=tuple(some_window() for _ in range(0, 1)) if random.random() < 0.5 else (),
        )
        for number in range(9)
    )
    return Routing(vehicles=vehicles, tasks=tasks, matrices={"car": Matrices(seconds=seconds)})


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), breaks=st.integers(0, 2))
def test_routing_problems_cost_what_the_model_says(seed: int, breaks: int) -> None:
    problem = lay_out(routing_problem(seed, breaks)).problem
    assume((problem.fixed < FORBIDDEN).any())
    answer = route(problem, [()] * len(problem.shifts), Steps(steps=150).begin(1.0), 1)
    assert answer is not None
    judged = reprice(problem, answer.routes, 0)
    if breaks == 0:
        assert judged.routes == answer.routes
    if judged.routes == answer.routes:
        assert judged.fen == answer.objective
    assert judged.fen >= answer.objective


@pytest.mark.parametrize("engine", list(Engine))
def test_a_routing_problem_is_answered_by_every_engine(engine: Engine) -> None:
    orders = solve_routing(routing_problem(1, 1), {}, Steps(steps=200), 1, engine)
    served = [step.id for _, steps in orders for step in steps if step.kind == "job"]
    assert len(served) == len(set(served)) >= 5
