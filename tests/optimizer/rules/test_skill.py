"""SKILL: family known, level high enough."""

import pytest

from optimizer.check import check
from optimizer.model import Rule, Skill
from tests import make

NINE = make.clock("09:00")


@pytest.mark.parametrize("level", [2, 3])
def test_enough_skill(level: int) -> None:
    day = make.day(
        make.job(skill=Skill(family="fridge", level=2)),
        technicians=(make.technician(skills=(Skill(family="gas", level=1), Skill(family="fridge", level=level))),),
    )
    assert make.rules(day, make.plan(day, make.route(day, ("j1", NINE)))) == []


@pytest.mark.parametrize(
    ("skill", "says"),
    [
        (Skill(family="fridge", level=1), "j1 needs fridge level 2, t1 has level 1"),
        (Skill(family="gas", level=3), "j1 needs fridge level 2, t1 does not know the family"),
    ],
)
def test_too_little_skill(skill: Skill, says: str) -> None:
    day = make.day(make.job(skill=Skill(family="fridge", level=2)), technicians=(make.technician(skills=(skill,)),))
    (violation,) = check(day, make.plan(day, make.route(day, ("j1", NINE))), make.FlatTravel())
    assert violation.rule is Rule.SKILL
    assert violation.where == "job j1, technician t1, shift t1-0"
    assert violation.sentence == says
