"""MODE: no job farther from the base than the travel mode reaches."""

import pytest

from optimizer.check import check
from optimizer.model import Day, Rule, TravelMode
from tests import make


def walker_day(metres: int) -> Day:
    return make.day(make.job(position=make.at(metres)), technicians=(make.technician(mode=TravelMode.WALK),))


@pytest.mark.parametrize(("metres", "rules"), [(4_000, []), (4_001, [Rule.MODE])])
def test_reach_of_a_walker(metres: int, rules: list[Rule]) -> None:
    day = walker_day(metres)
    assert make.rules(day, make.plan(day, make.route(day, ("j1", make.clock("12:00"))))) == rules


def test_it_is_the_base_that_counts() -> None:
    """Stops 3 km either side of the base: 6 km between them, and both within reach; on one side 5 km is not."""
    day = make.day(
        make.job("j1", position=make.at(3_000)),
        make.job("j2", position=make.at(-3_000)),
        make.job("j3", position=make.at(-5_000)),
        technicians=(make.technician(mode=TravelMode.WALK),),
    )
    near = make.route(day, ("j1", make.clock("10:00")), ("j2", make.clock("13:00")))
    assert make.rules(day, make.plan(day, near)) == []
    far = make.route(day, ("j2", make.clock("10:00")), ("j3", make.clock("13:00")))
    (violation,) = check(day, make.plan(day, far), make.FlatTravel())
    assert violation.rule is Rule.MODE
    assert violation.sentence == "j3 is 5000 m from the base of t1, walk reaches 4000 m"


def test_no_known_way_is_out_of_reach() -> None:
    """The job can be reached from another stop, not from the base."""
    day = make.day(make.job("j1"), make.job("j2", position=make.at(2_000)))
    travel = make.FlatTravel(unknown=frozenset({(make.at(), make.at(2_000))}))
    route = make.route(day, ("j1", make.clock("09:00")), ("j2", make.clock("10:00")), travel=travel)
    assert make.rules(day, make.plan(day, route), travel) == [Rule.MODE]
