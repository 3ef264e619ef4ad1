"""TRAVEL: legs as the matrix has them, time enough for them, service as long as it takes."""

from dataclasses import replace
from typing import Any

import pytest

from optimizer.check import check
from optimizer.model import Rule, TravelMode
from optimizer.plan import Plan, Route
from tests import make

DAY = make.day(make.job("j1"), make.job("j2", position=make.at(3_000)))
NINE, TEN = make.clock("09:00"), make.clock("10:00")
LEGAL = make.route(DAY, ("j1", NINE), ("j2", TEN))


def change(route: Route, stop: int, **fields: Any) -> Plan:
    stops = list(route.stops)
    stops[stop] = replace(stops[stop], **fields)
    return make.plan(DAY, replace(route, stops=tuple(stops)))


def test_legs_by_eye() -> None:
    assert [(stop.travel_s, stop.travel_m) for stop in LEGAL.stops] == [(100, 1_000), (200, 2_000)]
    assert (LEGAL.return_travel_s, LEGAL.return_travel_m) == (300, 3_000)
    assert make.rules(DAY, make.plan(DAY, LEGAL)) == []


@pytest.mark.parametrize("fields", [{"travel_s": 199}, {"travel_s": 201}, {"travel_m": 1_999}, {"travel_m": 2_001}])
def test_a_leg_differs(fields: dict[str, Any]) -> None:
    assert make.rules(DAY, change(LEGAL, 1, **fields)) == [Rule.TRAVEL]


@pytest.mark.parametrize("fields", [{"return_travel_s": 299}, {"return_travel_m": 3_001}])
def test_the_way_back_differs(fields: dict[str, Any]) -> None:
    assert make.rules(DAY, make.plan(DAY, replace(LEGAL, **fields))) == [Rule.TRAVEL]


def test_sentence() -> None:
    (violation,) = check(DAY, change(LEGAL, 1, travel_s=7), make.FlatTravel())
    assert violation.where == "job j2, technician t1, shift t1-0"
    assert violation.sentence == "j2 the leg is 7 s and 2000 m in the plan, 200 s and 2000 m by travel times"


@pytest.mark.parametrize(("start_s", "rules"), [(NINE + 2_000, []), (NINE + 1_999, [Rule.TRAVEL])])
def test_time_between_stops(start_s: int, rules: list[Rule]) -> None:
    assert make.rules(DAY, make.plan(DAY, make.route(DAY, ("j1", NINE), ("j2", start_s)))) == rules


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"depart_s": NINE - 101}, []),
        ({"depart_s": NINE - 99}, [Rule.TRAVEL]),
        ({"return_s": TEN + 1_800 + 301}, []),
        ({"return_s": TEN + 1_800 + 299}, [Rule.TRAVEL]),
    ],
)
def test_time_for_first_and_last_leg(fields: dict[str, Any], rules: list[Rule]) -> None:
    assert make.rules(DAY, make.plan(DAY, replace(LEGAL, **fields))) == rules


def test_wrong_order() -> None:
    plan = make.plan(DAY, make.route(DAY, ("j1", TEN), ("j2", NINE)))
    assert make.rules(DAY, plan) == [Rule.TRAVEL]


@pytest.mark.parametrize("end_s", [NINE + 1_799, NINE + 1_801])
def test_service_takes_its_time(end_s: int) -> None:
    (violation,) = check(DAY, change(LEGAL, 0, end_s=end_s), make.FlatTravel())
    assert violation.rule is Rule.TRAVEL
    assert violation.sentence == f"j1 service takes {end_s - NINE} s in the plan, 1800 s by the day"


def test_service_at_a_slower_outlet() -> None:
    """50 s at 115 % are 57.5 s: 57."""
    day = make.day(make.job(service_s=50), outlets=(make.outlet(duration_percent={"fridge": 115, "gas": 300}),))
    route = make.route(day, ("j1", NINE))
    for end_s, rules in [(NINE + 57, []), (NINE + 58, [Rule.TRAVEL]), (NINE + 50, [Rule.TRAVEL])]:
        stops = (replace(route.stops[0], end_s=end_s),)
        assert make.rules(day, make.plan(day, replace(route, stops=stops, return_s=TEN))) == rules


@pytest.mark.parametrize(
    ("start", "end"), [(make.at(1_000), make.at(3_000)), (make.at(3_000), make.at())], ids=["leg", "return"]
)
def test_no_known_way(start: tuple[float, float], end: tuple[float, float]) -> None:
    travel = make.FlatTravel(unknown=frozenset({(start, end)}))
    (violation,) = check(DAY, make.plan(DAY, LEGAL), travel)
    assert violation.rule is Rule.TRAVEL
    assert "no way is known for this leg" in violation.sentence


def test_there_and_back_may_differ() -> None:
    travel = make.FlatTravel(detour_percent=50)
    route = make.route(DAY, ("j1", NINE), travel=travel)
    assert (route.stops[0].travel_m, route.return_travel_m) == (1_000, 1_500)
    assert make.rules(DAY, make.plan(DAY, route), travel) == []


def test_by_the_technicians_own_mode() -> None:
    day = make.day(technicians=(make.technician(mode=TravelMode.WALK),))
    assert make.route(day, ("j1", NINE)).stops[0].travel_s == 1_000
    assert make.rules(day, make.plan(day, make.route(day, ("j1", NINE)))) == []
    assert set(make.rules(day, make.plan(day, replace(LEGAL, stops=LEGAL.stops[:1])))) == {Rule.TRAVEL}
