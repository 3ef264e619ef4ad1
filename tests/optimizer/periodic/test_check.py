"""The judge of periodic plans: what routes cost, and each rule kept to the unit and broken by one."""

from optimizer.periodic.check import judge
from optimizer.periodic.model import DayRoute
from tests.optimizer.periodic.make_periodic import customer, periodic


def test_ways_are_straight_and_every_vehicle_returns() -> None:
    judged = judge(periodic(customer(7, 3, 4), customer(8, 3, 0)), [DayRoute(day=0, customers=(7, 8))])
    assert (judged.cost, judged.grains, judged.unserved, judged.breaches) == (12.0, 12_000, (), ())


def test_each_way_is_rounded_by_itself() -> None:
    judged = judge(periodic(customer(1, 1, 1)), [DayRoute(day=0, customers=(1,))])
    assert judged.grains == 2 * 1_414
    assert round(judged.cost, 6) == 2.828427


def test_somebody_left_out_is_no_breach() -> None:
    assert judge(periodic(customer(1, 1), customer(2, 1)), [DayRoute(day=0, customers=(2,))]).unserved == (1,)


def test_days_that_are_no_combination_break_it() -> None:
    asked = periodic(customer(1, 1, 0, (0, 1), (2,)), days=3)
    both = [DayRoute(day=day, customers=(1,)) for day in (1, 0)]
    assert judge(asked, both).breaches == ()
    assert "combinations" in judge(asked, both[:1]).breaches[0]
    assert "combinations" in judge(asked, [*both, DayRoute(day=2, customers=(1,))]).breaches[0]
    assert "combinations" in judge(asked, [DayRoute(day=2, customers=(1, 1))]).breaches[0]


def test_a_load_may_fill_a_vehicle() -> None:
    asked = periodic(customer(1, 1, demand=6), customer(2, 1, demand=4), customer(3, 1))
    assert judge(asked, [DayRoute(day=0, customers=(1, 2))]).breaches == ()
    assert "load 11" in judge(asked, [DayRoute(day=0, customers=(1, 2, 3))]).breaches[0]


def test_a_day_may_last_as_long_as_it_may() -> None:
    asked = [periodic(customer(1, 3, 4, service=2.0), longest=longest) for longest in (12.0, 11.9, None)]
    route = [DayRoute(day=0, customers=(1,))]
    assert [bool(judge(each, route).breaches) for each in asked] == [False, True, False]


def test_so_many_vehicles_a_day() -> None:
    asked = periodic(customer(1, 1), customer(2, 1), customer(3, 1, 0, (1,)))
    assert judge(asked, [DayRoute(day=0, customers=(1,)), DayRoute(day=1, customers=(3,))]).breaches == ()
    assert "2 vehicles" in judge(asked, [DayRoute(day=0, customers=(1,)), DayRoute(day=0, customers=(2,))]).breaches[0]
