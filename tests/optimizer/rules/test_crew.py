"""CREW: as many people as the job needs."""

import pytest

from optimizer.check import check
from optimizer.model import Day, Rule
from tests import make


def two_person_day(crew: int) -> Day:
    return make.day(make.job(crew=2), technicians=(make.technician(crew=crew),))


@pytest.mark.parametrize("crew", [2, 3])
def test_enough_people(crew: int) -> None:
    day = two_person_day(crew)
    assert make.rules(day, make.plan(day, make.route(day, ("j1", make.clock("09:00"))))) == []


def test_alone() -> None:
    day = two_person_day(1)
    (violation,) = check(day, make.plan(day, make.route(day, ("j1", make.clock("09:00")))), make.FlatTravel())
    assert violation.rule is Rule.CREW
    assert violation.sentence == "j1 needs 2 people, t1 comes with 1"
