"""BREAK: due when the route returns after its latest start; beside driving and service, in one gap."""

from typing import Any

import pytest

from optimizer.check import check
from optimizer.model import Break, Day, Rule
from optimizer.plan import Plan
from tests import make

# The break starts between 11:30 and 13:00 and takes 30 min; every job is 30 min from the base and takes an hour.
REST = Break(earliest_s=make.clock("11:30"), latest_s=make.clock("13:00"), duration_s=1_800)
HALF_HOUR_AWAY = make.at(18_000)


def rest_day(**shift: Any) -> Day:
    return make.day(
        make.job("j1", position=HALF_HOUR_AWAY, service_s=3_600),
        make.job("j2", position=make.at(-18_000), service_s=3_600),
        shifts=(make.shift(**({"break_": REST} | shift)),),
    )


def one_visit(day: Day, start: str, rest: str | None, **route: Any) -> Plan:
    at_s = None if rest is None else make.clock(rest)
    return make.plan(day, make.route(day, ("j1", make.clock(start)), break_start_s=at_s, **route))


def two_visits(day: Day, first: str, second: str, rest: str) -> Plan:
    """Serve j1, then j2 an hour's drive away."""
    return make.plan(
        day,
        make.route(day, ("j1", make.clock(first)), ("j2", make.clock(second)), break_start_s=make.clock(rest)),
    )


def test_not_due_when_back_by_its_latest_start() -> None:
    day = rest_day()
    assert make.rules(day, one_visit(day, "11:30", None)) == []


def test_due_and_missing() -> None:
    day = rest_day()
    (violation,) = check(day, one_visit(day, "11:31", None), make.FlatTravel())
    assert violation.rule is Rule.BREAK
    assert violation.sentence == "t1-0 returns 13:01, after 13:00, without a break of 30 min"


def test_no_break_in_the_shift() -> None:
    day = rest_day(break_=None)
    assert make.rules(day, one_visit(day, "14:00", None)) == []
    assert make.rules(day, one_visit(day, "14:00", "12:00")) == [Rule.BREAK]


@pytest.mark.parametrize(
    ("rest", "rules"), [("11:29", [Rule.BREAK]), ("11:30", []), ("13:00", []), ("13:01", [Rule.BREAK])]
)
def test_its_start_lies_in_its_window(rest: str, rules: list[Rule]) -> None:
    day = rest_day()
    assert make.rules(day, one_visit(day, "15:00", rest)) == rules


@pytest.mark.parametrize(("rest", "rules"), [("12:00", []), ("12:01", [Rule.BREAK])])
def test_before_the_first_leg(rest: str, rules: list[Rule]) -> None:
    """Leaving at 12:30, the break must be over by then."""
    day = rest_day()
    assert make.rules(day, one_visit(day, "13:00", rest)) == rules


def test_not_before_the_shift_starts() -> None:
    day = rest_day(start_s=make.clock("12:00"))
    assert make.rules(day, one_visit(day, "14:00", "12:00")) == []
    assert make.rules(day, one_visit(day, "14:00", "11:59")) == [Rule.BREAK]


def test_not_during_service() -> None:
    day = rest_day()
    assert make.rules(day, one_visit(day, "11:30", "12:00", return_s=make.clock("14:00"))) == [Rule.BREAK]


@pytest.mark.parametrize(("second", "rules"), [("13:30", []), ("13:29", [Rule.BREAK])])
@pytest.mark.parametrize("rest", ["12:00", "12:20", "12:59"])
def test_between_two_stops_the_gap_holds_leg_and_break(second: str, rest: str, rules: list[Rule]) -> None:
    """j1 ends 12:00, the drive takes 60 min and the break 30; it may interrupt the drive."""
    day = rest_day()
    assert make.rules(day, two_visits(day, "11:00", second, rest)) == rules


def test_between_two_stops_it_ends_by_the_next_start() -> None:
    day = rest_day()
    assert make.rules(day, two_visits(day, "10:30", "13:15", "12:45")) == []
    assert make.rules(day, two_visits(day, "10:30", "13:15", "12:46")) == [Rule.BREAK]


@pytest.mark.parametrize(("back", "rules"), [("14:00", []), ("13:59", [Rule.BREAK])])
def test_before_the_return(back: str, rules: list[Rule]) -> None:
    """j1 ends 13:00, the way back takes 30 min."""
    day = rest_day()
    assert make.rules(day, one_visit(day, "12:00", "13:00", return_s=make.clock(back))) == rules


def test_an_empty_route() -> None:
    day = rest_day()
    late = make.clock("13:30")
    assert make.rules(day, make.plan(day, make.route(day, return_s=late))) == [Rule.BREAK]
    assert make.rules(day, make.plan(day, make.route(day, return_s=late, break_start_s=make.clock("13:00")))) == []
    assert make.rules(day, make.plan(day, make.route(day, return_s=late - 1, break_start_s=make.clock("13:00")))) == [
        Rule.BREAK
    ]


def test_an_empty_route_may_begin_with_it() -> None:
    day = rest_day(start_s=make.clock("13:00"))
    assert (
        make.rules(
            day, make.plan(day, make.route(day, return_s=make.clock("14:00"), break_start_s=make.clock("13:00")))
        )
        == []
    )
