"""LOAD: the loads of all jobs of a route together."""

from optimizer.check import check
from optimizer.model import Day, Rule
from tests import make


def loaded_day(capacity: int) -> Day:
    return make.day(
        make.job("j1", load=2),
        make.job("j2", load=3),
        technicians=(make.technician(load_capacity=capacity),),
    )


def test_loads_add_up() -> None:
    day = loaded_day(5)
    plan = make.plan(day, make.route(day, ("j1", make.clock("09:00")), ("j2", make.clock("10:00"))))
    assert make.rules(day, plan) == []


def test_one_unit_too_many() -> None:
    day = loaded_day(4)
    plan = make.plan(day, make.route(day, ("j1", make.clock("09:00")), ("j2", make.clock("10:00"))))
    (violation,) = check(day, plan, make.FlatTravel())
    assert violation.rule is Rule.LOAD
    assert violation.sentence == "t1-0 carries 5 load units, there is room for 4"
    assert make.rules(day, make.plan(day, make.route(day, ("j2", make.clock("10:00"))))) == []
