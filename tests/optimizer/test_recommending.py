"""Recommendations: the cheapest technicians first, and a computed reason for the nearest outlet."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from optimizer.desk import Desk, prepare
from optimizer.explanation import Candidate
from optimizer.model import DAY_S, Day, Rule, Skill, Window
from optimizer.offers import insert, make_offers
from optimizer.recommending import recommend
from optimizer.search.problem import NEVER_S
from optimizer.travel import TravelTimes
from tests import make, strategies
from tests.offering import searched_desk


def desk_of(day: Day, *routes) -> Desk:
    return prepare(day, make.plan(day, *routes), make.FlatTravel())


def broken(candidate: Candidate) -> list[Rule | None]:
    return [verdict.rule for verdict in candidate.verdicts if not verdict.holds]


@settings(max_examples=80)
@given(case=strategies.days_and_travel(max_technicians=8))
def test_candidates_are_exact_ranked_and_judged(case: tuple[Day, TravelTimes]) -> None:
    day, travel = case
    desk, draft = searched_desk(day, travel)
    said = recommend(desk, draft, 3)
    ranked = [one.difference_fen for one in said.candidates if one.difference_fen is not None]
    anytime = Window(earliest_s=desk.now_s, latest_s=day.days * DAY_S)
    best = make_offers(desk, draft, [anytime])
    assert ranked[:1] == [offer.price_fen for offer in best]
    assert ranked[:3] == sorted(ranked[:3])
    for one in said.candidates:
        assert (one.difference_fen is None) == bool(broken(one))
        if one.difference_fen is not None:
            offer = said.offers[one.shift_id]
            assert (offer.price_fen, offer.start_s) == (one.difference_fen, one.start_s)
            assert sum(fen for _, fen in one.items) == one.difference_fen
            insert(desk, draft, offer)
    nearest = next((one for one in said.candidates if one.outlet_id == said.nearest_outlet_id), None)
    assert (said.not_nearest is None) == (nearest is None or (nearest is said.candidates[0] and not broken(nearest)))


def test_the_nearest_outlet_that_cannot_do_it_says_why() -> None:
    far = make.outlet("o2", position=make.at(9_000))
    day = make.day(
        outlets=(make.outlet(), far),
        technicians=(make.technician(), make.technician("t2", outlet_id="o2", position=make.at(9_000))),
        shifts=(make.shift(), make.shift("t2-0")),
    )
    expert = replace(day.technicians[1], skills=(Skill(family="fridge", level=3),))
    day = replace(day, jobs=(), technicians=(day.technicians[0], expert))
    said = recommend(desk_of(day), make.job(skill=Skill(family="fridge", level=3)))
    assert [one.technician_id for one in said.candidates] == ["t2", "t1"]
    assert (said.nearest_outlet_id, said.rule) == ("o1", Rule.SKILL)
    assert said.not_nearest is not None
    assert said.not_nearest.en == "nearest outlet o1: t1 has fridge level 1, level 3 is needed"


def test_nothing_is_to_be_said_when_the_nearest_is_chosen() -> None:
    said = recommend(desk_of(replace(make.day(), jobs=())), make.job())
    assert (said.rule, said.not_nearest) == (None, None)
    assert broken(said.candidates[0]) == []


LONG = 5 * 3_600


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"consent": False}, Rule.CONSENT),
        ({"crew": 2}, Rule.CREW),
        ({"load": 1}, Rule.LOAD),
        ({"position": make.at(300_001)}, Rule.MODE),
        ({"certificates": frozenset({"gas"})}, Rule.CERTIFICATE),
        ({"windows": (make.window("01:00", "02:00"),)}, Rule.WINDOW),
        ({"windows": (make.window("07:00", "07:30"),)}, Rule.WINDOW),
        ({"service_s": 12 * 3_600}, Rule.SHIFT),
        ({"order_lines": (make.order_line(),)}, Rule.KIT),
    ],
)
def test_a_job_without_a_legal_place_has_a_reason(fields: dict[str, object], rule: Rule) -> None:
    desk = desk_of(replace(make.parts_day(warehouses=()), jobs=()))
    said = recommend(desk, make.job(**fields))
    (only,) = said.candidates
    assert rule in broken(only)
    assert said.offers == {}
    assert said.rule in broken(only)


def test_a_kit_that_comes_too_late_and_hours_that_are_too_short_are_reasons() -> None:
    slow = make.lane(cut_off_s=make.clock("20:00"))
    desk = desk_of(replace(make.parts_day(lanes=(slow,)), jobs=()))
    assert recommend(desk, make.job(order_lines=(make.order_line(),))).rule is Rule.KIT
    closed = make.shift(open_s=make.clock("18:50"), close_s=make.clock("18:55"))
    desk = desk_of(replace(make.day(shifts=(closed,)), jobs=()))
    assert Rule.HOURS in broken(recommend(desk, make.job()).candidates[0])


def test_a_full_shift_is_a_reason() -> None:
    first = make.job(service_s=LONG, windows=(make.window("08:00", "09:00"),))
    second = make.job("j2", service_s=LONG)
    day = make.day(first, make.job("j3", service_s=LONG, windows=(make.window("13:00", "13:30"),)))
    desk = desk_of(day, make.route(day, ("j1", make.clock("08:01") + 40), ("j3", make.clock("13:01") + 40)))
    said = recommend(desk, second)
    assert said.rule is Rule.ROOM
    assert broken(said.candidates[0]) == [Rule.ROOM]


def test_asking_changes_nothing() -> None:
    desk = desk_of(replace(make.day(), jobs=()))
    before = desk.problem.shifts.copy()
    recommend(desk, make.job(service_s=12 * 3_600))
    assert (desk.problem.shifts == before).all()
    assert int(before["latest_end"][0]) < NEVER_S // 2
