"""Periodic plans: tiny ones as by hand, random ones as the judge and every possible plan have them."""

from itertools import permutations, product

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.periodic.check import judge
from optimizer.periodic.model import Customer, DayFleet, DayRoute, Periodic, PeriodPlan
from optimizer.periodic.solve import solve_periodic
from tests.optimizer.periodic.make_periodic import customer, periodic


def planned(asked: Periodic, steps: int = 1_000, seed: int = 1) -> PeriodPlan:
    """Return the plan found, judged: it breaks nothing and costs what the search says."""
    plan = solve_periodic(asked, Steps(steps=steps), seed)
    judged = judge(asked, plan.routes)
    assert judged.breaches == ()
    assert (judged.grains, judged.unserved) == (plan.grains, plan.unserved)
    return plan


def test_neighbours_are_visited_on_the_same_days() -> None:
    east = [customer(1, 50, 0, (0,), (1,)), customer(2, 51, 0, (0,), (1,))]
    west = [customer(3, -50, 0, (0,), (1,)), customer(4, -51, 0, (0,), (1,))]
    plan = planned(periodic(*east, *west, capacity=2))
    assert {frozenset(route.customers) for route in plan.routes} == {frozenset({1, 2}), frozenset({3, 4})}
    assert plan.grains == 204_000


def test_who_is_visited_twice_draws_the_others_to_those_days() -> None:
    asked = periodic(
        customer(1, 40, 0, (0, 2), (1, 3)), customer(2, 41, 0, (1,), (2,)), customer(3, 42, 0, (3,)), days=4
    )
    plan = planned(asked)
    assert {(route.day, frozenset(route.customers)) for route in plan.routes} == {
        (1, frozenset({1, 2})),
        (3, frozenset({1, 3})),
    }


def test_a_full_fleet_serves_everybody_by_the_one_way_to_pack_it() -> None:
    demands = (6, 5, 5, 4, 7, 3)
    asked = periodic(*(customer(i, i, 0, (0,), (1,), (2,), demand=d) for i, d in enumerate(demands, 1)), days=3)
    assert planned(asked, steps=4_000).unserved == ()


def test_who_cannot_be_served_is_left_out_whole() -> None:
    asked = periodic(customer(1, 1, 0, (0, 1), demand=11), customer(2, 30, 0, (0, 1)), customer(3, 1), longest=50.0)
    plan = planned(asked)
    assert plan.unserved == (1, 2)
    assert plan.routes == (DayRoute(day=0, customers=(3,)),)


def test_nobody_wants_anything() -> None:
    assert planned(periodic()) == PeriodPlan(routes=(), unserved=(), grains=0)


def test_the_same_seed_and_steps_give_the_same_plan() -> None:
    asked = periodic(*(customer(i, i * 7 % 23, i * 5 % 17, (0, 2), (1, 3)) for i in range(20)), days=4, vehicles=2)
    assert planned(asked, seed=3) == planned(asked, seed=3)


@st.composite
def periodics(draw: st.DrawFn, most: int = 8) -> Periodic:
    days, vehicles = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    sets = st.sets(st.integers(0, days - 1), min_size=1).map(lambda some: tuple(sorted(some)))
    place = st.tuples(*[st.integers(-30, 30).map(float)] * 2)
    people = st.builds(
        Customer,
        id=st.just(0),
        place=place,
        service=st.sampled_from([0.0, 2.5]),
        demand=st.integers(0, 6),
        combinations=st.lists(sets, min_size=1, max_size=3, unique=True).map(tuple),
    )
    customers = [
        customer(i, *each.place, *each.combinations, service=each.service, demand=each.demand)
        for i, each in enumerate(draw(st.lists(people, max_size=most)), 1)
    ]
    fleet = st.builds(DayFleet, capacity=st.integers(0, 12), longest=st.sampled_from([None, 60.0, 100.0]))
    fleets = draw(st.lists(fleet, min_size=days, max_size=days))
    return Periodic(depot=(0.0, 0.0), vehicles=vehicles, days=tuple(fleets), customers=tuple(customers))


@settings(deadline=None, max_examples=60)
@given(periodics(), st.integers(0, 5))
def test_whatever_is_asked_the_judge_agrees(asked: Periodic, seed: int) -> None:
    planned(asked, 400, seed)


def cheapest(asked: Periodic) -> tuple[int, int]:
    """Return (visits left out at most, grains) of the best plan with one vehicle a day, by trying every one."""
    best = (10**9, 0)
    choices = [((), *each.combinations) for each in asked.customers]
    for chosen in product(*choices):
        routes = []
        for day in range(len(asked.days)):
            today = [each.id for each, days in zip(asked.customers, chosen, strict=True) if day in days]
            ways = [judge(asked, [DayRoute(day=day, customers=order)]) for order in permutations(today)]
            legal = [way.grains for way in ways if all("combination" in breach for breach in way.breaches)]
            routes.append(min(legal, default=None) if today else 0)
        if all(route is not None for route in routes):
            left = sum(
                max(map(len, each.combinations)) for each, days in zip(asked.customers, chosen, strict=True) if not days
            )
            best = min(best, (left, sum(route for route in routes if route is not None)))
    return best


@settings(deadline=None, max_examples=25)
@given(periodics(most=4))
def test_tiny_ones_are_solved_as_by_trying_everything(asked: Periodic) -> None:
    alone = Periodic(depot=asked.depot, vehicles=1, days=asked.days, customers=asked.customers)
    plan = planned(alone, 4_000)
    people = {each.id: each for each in alone.customers}
    left = sum(max(map(len, people[identity].combinations)) for identity in plan.unserved)
    assert (left, plan.grains) == cheapest(alone)
