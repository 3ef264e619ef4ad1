"""The checker as a whole: its table, its answer to nonsense, and plans that other tests rely on."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.check import RULES, check, check_cost
from optimizer.cost import Cost, price
from optimizer.measure import measure
from optimizer.model import Day, Rule
from optimizer.plan import Plan, Stop
from tests import make, strategies

DayAndTravel = tuple[Day, make.FlatTravel]
NINE = make.clock("09:00")


def test_the_table_has_every_hard_rule() -> None:
    assert set(RULES) == set(Rule) - {Rule.ROOM, Rule.UNKNOWN}


def test_each_rule_has_its_own_function() -> None:
    assert len(set(RULES.values())) == len(RULES)


def test_every_violation_is_reported() -> None:
    """One bad stop breaks several rules at once, in the order of the table."""
    day = make.day(
        make.job(skill=make.job().skill, crew=2, load=1, consent=False, windows=(make.window("10:00", "11:00"),))
    )
    plan = make.plan(day, make.route(day, ("j1", NINE)))
    assert make.rules(day, plan) == [Rule.WINDOW, Rule.LOAD, Rule.CREW, Rule.CONSENT]


def test_the_stated_cost() -> None:
    day = make.day()
    plan = make.plan(day, make.route(day, ("j1", NINE)))
    travel = make.FlatTravel()
    assert check_cost(day, plan, travel, Cost(travel=430, waiting=750)) == ()
    assert check_cost(day, plan, travel, Cost(travel=431, waiting=750, parity=1)) == (
        "travel: 431 fen stated, 430 computed",
        "parity: 1 fen stated, 0 computed",
    )


def test_what_was_measured_serves_both() -> None:
    day = strategies.random_day(1)
    travel = strategies.random_travel(day, 1)
    plan = strategies.random_plan(day, travel, 1)
    measured = measure(day, plan, travel)
    assert check(day, plan, measured) == check(day, plan, travel)
    assert price(day, plan, measured) == price(day, plan, travel)


def test_measured_for_another_plan_is_refused() -> None:
    day = make.day()
    measured = measure(day, make.plan(day), make.FlatTravel())
    with pytest.raises(ValueError, match="another plan"):
        check(day, make.plan(day, make.route(day)), measured)


def test_all_jobs_on_one_route() -> None:
    """Three hundred stops at one second: many violations, no crash, no huge matrix."""
    day = make.day(*(make.job(f"j{number}") for number in range(300)))
    route = make.route(day, *((job.id, NINE) for job in day.jobs))
    rules = make.rules(day, make.plan(day, route))
    assert rules == [Rule.TRAVEL] * 299


@pytest.mark.parametrize("day", [make.day(shifts=()), make.day(technicians=(), shifts=(), outlets=())])
def test_nobody_works(day: Day) -> None:
    assert make.rules(day, make.plan(day)) == []


def test_no_jobs() -> None:
    day = replace(make.day(), jobs=())
    assert make.rules(day, make.plan(day, make.route(day))) == []
    assert make.rules(day, Plan(routes=(), unassigned=())) == []


@settings(max_examples=60)
@given(strategies.days_and_travel(), st.integers(0, 1_000))
def test_any_plan_gets_the_same_answer_twice(day_and_travel: DayAndTravel, seed: int) -> None:
    day, travel = day_and_travel
    plan = strategies.random_plan(day, travel, seed)
    violations = check(day, plan, travel)
    assert violations == check(day, plan, travel)
    assert all(violation.where and violation.sentence for violation in violations)


@settings(max_examples=30)
@given(strategies.days_and_travel(max_jobs=8, max_technicians=3), st.integers(0, 1_000))
def test_one_stop_twice_is_once_broken(day_and_travel: DayAndTravel, seed: int) -> None:
    day, travel = day_and_travel
    plan = strategies.legal_plan(day, travel, seed)
    assert check(day, plan, travel) == ()
    for place, route in enumerate(plan.routes):
        again = replace(route, stops=(*route.stops, route.stops[-1]))
        doubled = replace(plan, routes=(*plan.routes[:place], again, *plan.routes[place + 1 :]))
        assert Rule.ONCE in make.rules(day, doubled, travel)


@settings(max_examples=30)
@given(strategies.days_and_travel(max_jobs=8, max_technicians=3), st.integers(0, 1_000), st.data())
def test_no_figure_of_a_stop_may_change_unnoticed(day_and_travel: DayAndTravel, seed: int, data: st.DataObject) -> None:
    day, travel = day_and_travel
    plan = strategies.legal_plan(day, travel, seed)
    stops = [(place, number) for place, route in enumerate(plan.routes) for number in range(len(route.stops))]
    if not stops:
        return
    place, number = data.draw(st.sampled_from(stops))
    name = data.draw(st.sampled_from(["end_s", "travel_s", "travel_m"]))
    by = data.draw(st.sampled_from([-1, 1]))
    route = plan.routes[place]
    stop: Stop = route.stops[number]
    wrong: Stop = replace(stop, **{name: getattr(stop, name) + by})
    changed = replace(route, stops=(*route.stops[:number], wrong, *route.stops[number + 1 :]))
    assert Rule.TRAVEL in make.rules(
        day, replace(plan, routes=(*plan.routes[:place], changed, *plan.routes[place + 1 :])), travel
    )
