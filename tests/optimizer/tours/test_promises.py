"""Several told dates of a village, and dates of stops near by: each kept, priced and said by itself."""

import datetime as dt
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from optimizer.budget import Steps
from optimizer.model import DAY_S
from optimizer.tours.check import check_tours
from optimizer.tours.choosing import choose_tours
from optimizer.tours.cost import price_tours
from optimizer.tours.gathering import Gathering, gather
from optimizer.tours.ground import lay_ground
from optimizer.tours.model import Levers, Told, TourRule, WorkKind
from optimizer.tours.objective import Weigher
from optimizer.tours.plan import TourPlan
from optimizer.tours.planning import plan_tours
from optimizer.tours.reading import read_tour
from optimizer.tours.told import days_given_up, lost_dates, released
from optimizer.tours.unkept import unkept
from optimizer.workers import HereWorkers
from tests.make import FlatTravel, at
from tests.make_tours import crew, on, region, touring, village, work

WALK_IN = work(id="w", kind=WorkKind.WALK_IN, reported_s=None, expected=300)
NEAR = (village(id="v1"), village(id="v2", position=at(32_000)))


def planned(asked: object, base: TourPlan | None = None) -> TourPlan:
    return plan_tours(asked, FlatTravel(), Steps(steps=3_000), 1, HereWorkers(), base=base).plan  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(8))
def test_search_choice_and_plain_python_agree_on_every_set_of_tours(seed: int) -> None:
    asked = region(5, 2, 5, seed, beds=3, km=30, told=1.0)
    ground = lay_ground(asked, FlatTravel())
    task = Gathering(ground=ground, worth=ground.search_fen, budget=Steps(steps=800), share=1.0, seed=seed)
    columns = gather(task).columns[:7]
    weigher = Weigher(ground)
    for taken in (taken for size in range(4) for taken in combinations(columns, size)):
        fen = weigher.fen(taken)
        if fen is not None:
            plan = TourPlan(tours=tuple(read_tour(ground, column) for column in taken))
            assert fen == price_tours(asked, plan).total
    chosen = choose_tours(ground, columns, None)
    assert weigher.fen(chosen.columns) is not None


def test_every_told_day_is_kept_and_priced_by_itself() -> None:
    asked = touring(villages=(village(told=on(2, 4)),), jobs=(WALK_IN, work(last_s=7 * DAY_S)))
    plan = planned(asked)
    assert {day for _, day in plan.stops} >= {2, 4}
    assert price_tours(asked, plan).kept == 0
    nothing = TourPlan(tours=())
    assert [one.day for one in unkept(asked, nothing)] == [2, 4]
    assert price_tours(asked, nothing).kept == 2 * asked.charges.keep_fen


def test_one_job_stands_for_one_day_only() -> None:
    asked = touring(villages=(village(told=on(2, 4)),), jobs=(WALK_IN,))
    plan = planned(asked)
    (kept,) = {day for _, day in plan.stops}
    assert kept in {2, 4}
    (said,) = unkept(asked, plan)
    assert said.sentence.endswith(f"; nobody comes then, {asked.date + dt.timedelta(days=kept)} stays.")


def test_a_call_that_cannot_wait_stands_for_the_first_day() -> None:
    jobs = (work(id="late", last_s=7 * DAY_S), work(id="soon", last_s=3 * DAY_S))
    asked = touring(villages=(village(told=on(2, 4)),), jobs=jobs)
    assert {day for _, day in planned(asked).stops} == {2, 4}


def test_a_stop_near_by_is_kept_with_what_is_carried_there() -> None:
    told = replace(NEAR[0], told=on(3, at="v2"))
    carried = touring(villages=(told, NEAR[1]), jobs=(work(portable=True),))
    plan = planned(carried)
    assert plan.stops == {("v2", 3)}
    assert check_tours(carried, plan, FlatTravel()) == []
    # Two villages that wait for one stop are two promises, kept or broken together.
    both = replace(carried, villages=(told, replace(NEAR[1], told=on(3, at="v2"))))
    assert price_tours(both, TourPlan(tours=())).kept == 2 * both.charges.keep_fen
    assert [one.about for one in unkept(both, TourPlan(tours=()))] == ["v1", "v2"]
    assert price_tours(both, plan).kept == 0


def test_a_place_that_moved_is_not_kept_and_says_where_now() -> None:
    told = replace(NEAR[0], told=on(3, at="v1"))
    asked = touring(villages=(told, replace(NEAR[1], told=on(3, at="v2"))), jobs=(work(portable=True),))
    plan = planned(replace(asked, villages=(NEAR[0], asked.villages[1])))
    (said,) = unkept(asked, plan)
    assert (said.about, said.day, said.now_day, said.stop_id) == ("v1", 3, 3, "v1")
    assert said.sentence.endswith("; now 2026-03-05 in 一村.")


def test_what_is_carried_to_a_village_that_is_cut_off_is_not() -> None:
    closed = (NEAR[0], replace(NEAR[1], cut_off=frozenset(range(7))))
    asked = touring(villages=closed, jobs=(work(portable=True), work(id="j2", village_id="v1", portable=True)))
    ground = lay_ground(asked, FlatTravel())
    for seed in range(6):
        task = Gathering(ground=ground, worth=ground.search_fen, budget=Steps(steps=500), share=1.0, seed=seed)
        for column in gather(task).columns:
            assert all(stop == 0 for visits in column.days for _, stop in visits)


@pytest.mark.parametrize(("lead_day", "days"), [(0, {0, 1, 2, 3, 4, 5, 6}), (2, {2, 3, 4, 5, 6})])
def test_people_who_were_told_nothing_come_when_they_can_be_told(lead_day: int, days: set[int]) -> None:
    asked = touring(jobs=(WALK_IN,), lead_day=lead_day)
    able = lay_ground(asked, FlatTravel()).able[0, 0]
    assert set(np.flatnonzero(able).tolist()) == days


def test_people_who_were_told_a_day_come_on_it_though_it_is_tomorrow() -> None:
    asked = touring(jobs=(WALK_IN,), villages=(village(told=on(1)),), lead_day=3)
    plan = planned(asked)
    assert plan.stops == {("v1", 1)}
    assert check_tours(asked, plan, FlatTravel()) == []
    moved = released(asked, frozenset({("v1", 1)}))
    able = lay_ground(moved, FlatTravel()).able[0, 0]
    assert set(np.flatnonzero(able).tolist()) == {1, 3, 4, 5, 6}


def test_nobody_comes_before_they_can_be_told() -> None:
    early = planned(touring(jobs=(WALK_IN,)))
    (day,) = {day for _, day in early.stops}
    found = check_tours(touring(jobs=(WALK_IN,), lead_day=day + 1), early, FlatTravel())
    assert [one.rule for one in found] == [TourRule.WINDOW]


def test_a_date_is_not_moved_to_a_day_of_which_nobody_can_be_told() -> None:
    call = work(id="j1", last_s=DAY_S - 1)
    asked = touring(
        villages=(village(told=on(3), cut_off=frozenset(range(1, 7))),), jobs=(call,), lead_day=2, levers=Levers()
    )
    plan = planned(asked)
    assert plan.stops == {("v1", 0)}
    (said,) = unkept(asked, plan)
    assert said.now_day is None
    assert said.sentence.endswith("people cannot be told another in time, calls are served on 2026-03-02.")


def test_only_what_is_lost_is_given_up() -> None:
    told = (Told(day=3, stop_id="v1"), Told(day=3, stop_id="v2"), Told(day=4, stop_id="v2"))
    asked = touring(
        villages=(village(told=told), replace(NEAR[1], cut_off=frozenset({3, 4}))), jobs=(work(portable=True),)
    )
    assert [one for _, one in lost_dates(asked)] == [told[1], told[2]]
    # The village's own stop that day stands.
    assert days_given_up(asked, lost_dates(asked)) == {("v1", 4)}


def test_a_tour_that_its_crew_cannot_make_any_more_begins_as_another_crews() -> None:
    crews = (crew(), crew(id="c2", name="二组"))
    asked = touring(crews=crews, villages=(village(told=on(3)),))
    base = planned(replace(asked, crews=crews[:1]))
    assert {tour.crew_id for tour in base.tours} == {"c1"}
    down = replace(asked, crews=(crew(no_van=frozenset(range(7))), crews[1]))
    found = plan_tours(down, FlatTravel(), Steps(steps=1), 1, HereWorkers(), base=base)
    assert {tour.crew_id for tour in found.plan.tours} == {"c2"}
    assert found.cost.kept == 0
