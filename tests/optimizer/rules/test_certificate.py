"""CERTIFICATE: valid on the date of the visit, first and last day included."""

import datetime as dt

import pytest

from optimizer.check import check
from optimizer.model import Certificate, Day, Rule
from tests import make

MONDAY = dt.date(2026, 3, 2)
TUESDAY = dt.date(2026, 3, 3)


def gas_day(*certificates: Certificate) -> Day:
    return make.day(
        make.job(certificates=frozenset({"gas"})),
        days=2,
        technicians=(make.technician(certificates=certificates),),
        shifts=(make.shift("t1-0"), make.shift("t1-1")),
    )


def gas(first: dt.date, last: dt.date) -> Certificate:
    return Certificate(scheme="gas", first=first, last=last)


@pytest.mark.parametrize(("first", "last"), [(MONDAY, MONDAY), (dt.date(2020, 1, 1), MONDAY), (MONDAY, TUESDAY)])
def test_valid_on_the_date(first: dt.date, last: dt.date) -> None:
    day = gas_day(gas(first, last))
    assert make.rules(day, make.plan(day, make.route(day, ("j1", make.clock("09:00"))))) == []


def test_a_second_certificate_of_the_scheme_counts() -> None:
    day = gas_day(gas(dt.date(2020, 1, 1), dt.date(2020, 12, 31)), gas(MONDAY, TUESDAY))
    assert make.rules(day, make.plan(day, make.route(day, ("j1", make.clock("09:00"))))) == []


def test_expires_in_the_middle_of_the_horizon() -> None:
    day = gas_day(gas(dt.date(2020, 1, 1), MONDAY))
    plan = make.plan(day, make.route(day, ("j1", make.clock("09:00", day=1)), shift_id="t1-1"))
    (violation,) = check(day, plan, make.FlatTravel())
    assert violation.rule is Rule.CERTIFICATE
    assert violation.sentence == (
        "j1 needs a gas certificate on 2026-03-03, t1 has one only from 2020-01-01 to 2026-03-02"
    )


@pytest.mark.parametrize("certificates", [(), (Certificate(scheme="high voltage", first=MONDAY, last=TUESDAY),)])
def test_none_of_the_scheme(certificates: tuple[Certificate, ...]) -> None:
    day = gas_day(*certificates)
    assert make.rules(day, make.plan(day, make.route(day, ("j1", make.clock("09:00"))))) == [Rule.CERTIFICATE]
