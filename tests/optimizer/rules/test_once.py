"""ONCE: every job exactly once, on a route or among those left out."""

from dataclasses import replace

from optimizer.check import check
from optimizer.model import Rule
from optimizer.plan import Plan, Stop, Unassigned
from tests import make

DAY = make.day(
    technicians=(make.technician("t1"), make.technician("t2")), shifts=(make.shift("t1-0"), make.shift("t2-0"))
)
NINE, TEN = make.clock("09:00"), make.clock("10:00")
LEFT_OUT = Unassigned(job_id="j1", rule=Rule.ROOM, reason="full")


def test_visited_or_left_out() -> None:
    assert make.rules(DAY, make.plan(DAY, make.route(DAY, ("j1", NINE)))) == []
    assert make.rules(DAY, Plan(routes=(), unassigned=(LEFT_OUT,))) == []


def test_twice_on_a_route() -> None:
    plan = make.plan(DAY, make.route(DAY, ("j1", NINE), ("j1", TEN)))
    (violation,) = check(DAY, plan, make.FlatTravel())
    assert (violation.rule, violation.where, violation.sentence) == (Rule.ONCE, "job j1", "j1 is visited 2 times")


def test_twice_on_two_routes() -> None:
    plan = make.plan(DAY, make.route(DAY, ("j1", NINE)), make.route(DAY, ("j1", TEN), shift_id="t2-0"))
    assert make.rules(DAY, plan) == [Rule.ONCE]


def test_visited_and_left_out() -> None:
    plan = replace(make.plan(DAY, make.route(DAY, ("j1", NINE))), unassigned=(LEFT_OUT,))
    assert make.rules(DAY, plan) == [Rule.ONCE]


def test_neither() -> None:
    (violation,) = check(DAY, Plan(routes=(), unassigned=()), make.FlatTravel())
    assert violation.rule is Rule.ONCE
    assert violation.sentence == "j1 is neither visited nor listed as left out"


def test_left_out_twice() -> None:
    assert make.rules(DAY, Plan(routes=(), unassigned=(LEFT_OUT, LEFT_OUT))) == [Rule.ONCE]


def test_unknown_jobs() -> None:
    plan = Plan(routes=(), unassigned=(LEFT_OUT, replace(LEFT_OUT, job_id="j9")))
    assert make.rules(DAY, plan) == [Rule.ONCE]
    ghost = Stop(job_id="j9", start_s=NINE, end_s=TEN, travel_s=0, travel_m=0)
    route = replace(make.route(DAY), stops=(ghost,))
    (violation,) = check(DAY, Plan(routes=(route,), unassigned=(LEFT_OUT,)), make.FlatTravel())
    assert (violation.rule, violation.sentence) == (Rule.ONCE, "j9 is no job of this day")
