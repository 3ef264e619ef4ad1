"""HOURS: service starts while the outlet is open."""

import pytest

from optimizer.check import check
from optimizer.model import Rule
from tests import make

DAY = make.day(shifts=(make.shift(open_s=make.clock("09:00"), close_s=make.clock("16:00")),))


@pytest.mark.parametrize("start", ["09:00", "16:00"])
def test_open(start: str) -> None:
    """A service may end after closing."""
    assert make.rules(DAY, make.plan(DAY, make.route(DAY, ("j1", make.clock(start))))) == []


@pytest.mark.parametrize("start", ["08:59", "16:01"])
def test_closed(start: str) -> None:
    (violation,) = check(DAY, make.plan(DAY, make.route(DAY, ("j1", make.clock(start)))), make.FlatTravel())
    assert violation.rule is Rule.HOURS
    assert violation.sentence == f"j1 starts {start}, the outlet's hours are 09:00–16:00"
