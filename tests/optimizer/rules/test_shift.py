"""SHIFT: from start to the overtime limit, one route per shift, of this day."""

import pytest

from optimizer.check import check
from optimizer.model import Rule
from optimizer.plan import Route
from tests import make

# j1 is 100 s away and takes 30 min.


@pytest.mark.parametrize("start_s", [make.clock("08:00") + 100, make.clock("19:00") - 1_900])
def test_to_the_second(start_s: int) -> None:
    day = make.day()
    assert make.rules(day, make.plan(day, make.route(day, ("j1", start_s)))) == []


def test_leaves_too_early() -> None:
    day = make.day()
    plan = make.plan(day, make.route(day, ("j1", make.clock("08:00") + 99)))
    (violation,) = check(day, plan, make.FlatTravel())
    assert violation.rule is Rule.SHIFT
    assert violation.sentence == "t1-0 leaves the base 07:59:59, the shift starts 08:00"


def test_returns_too_late() -> None:
    day = make.day()
    plan = make.plan(day, make.route(day, ("j1", make.clock("18:40"))))
    (violation,) = check(day, plan, make.FlatTravel())
    assert violation.rule is Rule.SHIFT
    assert violation.sentence == "t1-0 returns 19:11:40, the latest is 19:00"


def test_an_empty_route_is_legal() -> None:
    day = make.day()
    assert make.rules(day, make.plan(day, make.route(day))) == []


@pytest.mark.parametrize("second", [make.route(make.day()), make.route(make.day(), ("j1", make.clock("12:00")))])
def test_two_routes(second: Route) -> None:
    day = make.day(make.job("j0"), make.job())
    plan = make.plan(day, make.route(day, ("j0", make.clock("09:00"))), second)
    assert set(make.rules(day, plan)) - {Rule.ONCE} == {Rule.SHIFT}


def test_unknown_shift() -> None:
    day = make.day()
    ghost = Route(shift_id="t9-0", depart_s=0, stops=(), return_s=0, return_travel_s=0, return_travel_m=0)
    (violation,) = check(day, make.plan(day, ghost), make.FlatTravel())
    assert (violation.rule, violation.where) == (Rule.SHIFT, "shift t9-0")


@pytest.mark.parametrize(("start", "rules"), [("11:02", []), ("11:01", [Rule.SHIFT])])
def test_nobody_sets_out_before_now(start: str, rules: list[Rule]) -> None:
    day = make.day(make.job(position=make.at(1_200)), now_s=make.clock("11:00"))
    assert make.rules(day, make.plan(day, make.route(day, ("j1", make.clock(start))))) == rules
