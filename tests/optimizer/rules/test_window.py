"""WINDOW: the start lies in a window, or in the appointment, and not in the past."""

import pytest

from optimizer.check import check
from optimizer.model import Rule
from tests import make

WINDOWS = (make.window("09:00", "10:30"), make.window("14:00", "15:00"))


@pytest.mark.parametrize("start", ["09:00", "10:30", "14:00", "15:00"])
def test_inside_one_of_several(start: str) -> None:
    day = make.day(make.job(windows=WINDOWS))
    assert make.rules(day, make.plan(day, make.route(day, ("j1", make.clock(start))))) == []


@pytest.mark.parametrize("start_s", [make.clock("09:00") - 1, make.clock("10:30") + 1, make.clock("15:01")])
def test_outside_all(start_s: int) -> None:
    day = make.day(make.job(windows=WINDOWS))
    assert make.rules(day, make.plan(day, make.route(day, ("j1", start_s)))) == [Rule.WINDOW]


def test_sentences() -> None:
    day = make.day(
        make.job("j1", windows=(make.window("09:00", "10:30"),)), make.job("j2", windows=WINDOWS, position=make.at())
    )
    plan = make.plan(day, make.route(day, ("j1", make.clock("10:42")), ("j2", make.clock("12:00"))))
    assert [violation.sentence for violation in check(day, plan, make.FlatTravel())] == [
        "j1 starts 10:42, the window closes 10:30",
        "j2 starts 12:00, outside its windows 09:00–10:30, 14:00–15:00",
    ]


@pytest.mark.parametrize(("start", "rules"), [("12:00", []), ("09:30", [Rule.WINDOW])])
def test_an_appointment_binds_instead_of_the_windows(start: str, rules: list[Rule]) -> None:
    day = make.day(make.job(windows=WINDOWS, appointment=make.window("12:00", "13:00")))
    assert make.rules(day, make.plan(day, make.route(day, ("j1", make.clock(start))))) == rules


@pytest.mark.parametrize(("start", "rules"), [("11:00", []), ("10:59", [Rule.WINDOW, Rule.SHIFT])])
def test_not_before_now(start: str, rules: list[Rule]) -> None:
    day = make.day(make.job(position=make.at()), now_s=make.clock("11:00"))
    assert make.rules(day, make.plan(day, make.route(day, ("j1", make.clock(start))))) == rules
