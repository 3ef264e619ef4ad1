"""CONSENT: nobody comes before the customer agrees to pay."""

from optimizer.check import check
from optimizer.model import Rule
from tests import make


def test_with_consent() -> None:
    day = make.day(make.job(consent=True))
    assert make.rules(day, make.plan(day, make.route(day, ("j1", make.clock("09:00"))))) == []


def test_without() -> None:
    day = make.day(make.job(consent=False))
    (violation,) = check(day, make.plan(day, make.route(day, ("j1", make.clock("09:00")))), make.FlatTravel())
    assert violation.rule is Rule.CONSENT
    assert violation.sentence == "j1 is visited though the customer has not agreed yet"


def test_left_out() -> None:
    day = make.day(make.job(consent=False))
    assert make.rules(day, make.plan(day)) == []
