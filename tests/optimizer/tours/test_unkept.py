"""What the tours do not keep is said, as often as it is priced."""

from typing import Any

import pytest

from optimizer.model import DAY_S
from optimizer.tours.cost import price_tours
from optimizer.tours.model import Levers, LockedDay, OnTheRoad, Span, TourJob, TourRule, WorkKind
from optimizer.tours.plan import Instead, LeftOut, Tour, TourDay, TourPlan, Visit
from optimizer.tours.told import lost_dates
from optimizer.tours.unkept import UnkeptKind, not_held, unkept
from tests.make import at, clock
from tests.make_tours import crew, on, touring, village, work


def test_everything_that_is_priced_is_said() -> None:
    asked = touring(
        villages=(village(told=on(3)),),
        crews=(crew(on_the_road=OnTheRoad(day=0, lodging_id="b1", nights=1)),),
        levers=Levers(
            must_visit=frozenset({"v1"}),
            locked=(LockedDay(crew_id="c1", day=4, job_ids=("j1",), lodging_id=None),),
        ),
    )
    nothing = TourPlan(tours=())
    said = unkept(asked, nothing)
    assert [one.about for one in said] == ["v1", "c1", "v1", "j1"]
    assert price_tours(asked, nothing).kept == len(said) * asked.charges.keep_fen
    assert "镇上" in said[1].sentence_zh
    assert "2026-03-05" in said[0].sentence


@pytest.mark.parametrize(
    ("changes", "why", "why_zh"),
    [
        (
            {"villages": (village(told=on(3), cut_off=frozenset({3})),)},
            "the road is cut off",
            "道路中断",
        ),
        ({"crews": (crew(no_van=frozenset({3})),)}, "the van of 一组 is down", "一组的车辆故障"),
        (
            {"crews": (crew(no_van=frozenset({3})), crew(id="c2", name="二组"))},
            "the van of 一组 is down, and no tour was found",
            "一组的车辆故障，未找到在保留其他安排",
        ),
        ({"crews": (crew(free_s=clock("00:00", 4)),)}, "no crew works that day", "没有巡回组出勤"),
        ({"crews": (crew(days=frozenset({2})),)}, "no crew works that day", "没有巡回组出勤"),
        ({"jobs": ()}, "nothing is left to do there", "已没有工单"),
        ({"levers": Levers(never_visit=frozenset({"v1"}))}, "a planner forbade the village", "规划员已禁止"),
        ({"now_s": clock("06:00", 4)}, "that day is over", "当天已过"),
        ({}, "no tour was found that stops there that day", "当天能到的合规行程"),
    ],
)
def test_a_date_that_is_not_kept_says_why(changes: dict[str, Any], why: str, why_zh: str) -> None:
    asked = touring(**{"villages": (village(told=on(3)),)} | changes)
    (said,) = unkept(asked, TourPlan(tours=()))
    assert (said.kind, said.day, said.now_day) == (UnkeptKind.DATE, 3, None)
    assert f"which cannot be kept because {why}" in said.sentence
    assert said.sentence.endswith("; nobody comes.")
    # A clause of its own, whatever the reason: nothing may follow it but what is instead.
    before, colon, after = said.sentence_zh.partition("，无法兑现：")
    assert (before, colon) == ("已向一村公布 2026-03-05", "，无法兑现：")
    assert why_zh in after
    assert after.endswith("；本期不再前往。")
    assert "不能成行" not in said.sentence_zh


def stopped(job_id: str, day: int) -> TourPlan:
    """Return a tour that does one job in the first village."""
    start_s = clock("09:00", day)
    visit = Visit(job_id=job_id, village_id="v1", start_s=start_s, end_s=start_s, travel_s=0, travel_m=0)
    one = TourDay(day=day, depart_s=start_s, visits=(visit,), arrive_s=start_s, travel_s=0, travel_m=0, lodging_id=None)
    return TourPlan(tours=(Tour(crew_id="c1", days=(one,)),))


ELSEWHERE = village(id="v2", position=at(200_000))


@pytest.mark.parametrize(
    ("jobs", "is_search"),
    [
        ((work(kind=WorkKind.WALK_IN),), False),
        ((work(), work(id="j2")), True),
        ((work(), work(id="j2", last_s=4 * DAY_S)), True),
        ((work(), work(id="j2", village_id="v2", portable=True)), False),
        ((work(), work(id="j2", village_id="v3", portable=True)), True),
        ((work(), work(id="j2", village_id="v3")), False),
    ],
)
def test_of_two_dates_for_one_job_the_other_has_nothing_left_to_do(jobs: tuple[TourJob, ...], is_search: bool) -> None:
    near = village(id="v3", position=at(32_000))
    asked = touring(villages=(village(told=on(3, 5)), ELSEWHERE, near), jobs=jobs)
    (said,) = unkept(asked, stopped("j1", 3))
    assert said.day == 5
    assert ("nothing is left to do there" not in said.sentence) is is_search
    assert ("该村已没有工单" not in said.sentence_zh) is is_search
    # Before there is a tour, either may be kept, as long as there is a job for it alone.
    assert lost_dates(asked) == {}


def test_a_job_that_stands_for_either_stop_is_no_more_than_one() -> None:
    carried = work(id="j1", village_id="v3", portable=True)
    near = village(id="v3", position=at(32_000), told=on(5, at="v3"))
    asked = touring(villages=(village(told=on(3)), near), jobs=(carried, work(id="j2", last_s=0)))
    (said,) = unkept(asked, stopped("j1", 3))
    assert said.about == "v3"
    assert "nothing is left to do there" in said.sentence


def test_a_tour_that_was_wanted_as_one_is_missed_though_nobody_prices_it() -> None:
    asked = touring(levers=Levers(spans=(Span(crew_id="c1", first_day=2, last_day=4),)))
    assert unkept(asked, TourPlan(tours=())) == ()
    (said,) = not_held(asked, TourPlan(tours=()))
    assert (said.kind, said.about) == (UnkeptKind.SPAN, "c1")
    assert "2026-03-04 to 2026-03-06" in said.sentence


def test_a_job_that_a_locked_day_had_and_that_is_no_more_is_said() -> None:
    lock = LockedDay(crew_id="c1", day=4, job_ids=(), lodging_id=None, gone=("j7", "j8"))
    asked = touring(levers=Levers(locked=(lock,)))
    assert unkept(asked, TourPlan(tours=())) == ()
    said = not_held(asked, TourPlan(tours=()))
    assert [(one.kind, one.about, one.day) for one in said] == [(UnkeptKind.LOCK, id_, 4) for id_ in ("j7", "j8")]
    assert said[0].sentence.startswith("c1 is locked on 2026-03-06 without j7")
    assert "不再有 j7" in said[0].sentence_zh


def test_a_locked_job_that_is_left_out_says_why_in_words() -> None:
    lock = LockedDay(crew_id="c1", day=4, job_ids=("j1",), lodging_id=None)
    left = LeftOut(
        job_id="j1",
        rule=TourRule.KIT,
        reason="Its parts are late.",
        reason_zh="配件到不了。由网点上门。",
        instead=Instead.OUTLET,
        fen=1,
    )
    (said,) = unkept(touring(levers=Levers(locked=(lock,))), TourPlan(tours=(), left_out=(left,)))
    assert "left out (KIT)" in said.sentence
    assert said.sentence_zh.endswith("未能安排：该工单不在行程内（配件到不了。由网点上门）。")
    assert "KIT" not in said.sentence_zh


@pytest.mark.parametrize(
    ("jobs", "why", "why_zh"),
    [
        ((work(),), "no tour was found that stops there beside all else", "未找到在保留其他安排的情况下能到的合规行程"),
        ((), "nothing is to do there", "该村没有工单"),
    ],
)
def test_a_village_that_must_be_visited_and_is_not_says_why(jobs: tuple[TourJob, ...], why: str, why_zh: str) -> None:
    asked = touring(jobs=jobs, levers=Levers(must_visit=frozenset({"v1"})))
    (said,) = unkept(asked, TourPlan(tours=()))
    assert why in said.sentence
    assert said.sentence_zh.endswith(f"未能安排：{why_zh}。")
    assert "day" not in said.sentence


def test_nothing_asked_is_nothing_unkept() -> None:
    assert unkept(touring(), TourPlan(tours=())) == ()


@pytest.mark.parametrize(
    ("nights", "of_crew", "why", "helps", "helps_zh"),
    [
        (4, {}, "they are over on the day it leaves", "more nights would help.", "可放宽外宿晚数。"),
        (4, {"no_van": frozenset({0, 1})}, "(--nights) and they are over", "or its van back earlier", "车辆提早恢复"),
        (
            1,
            {"days": frozenset(range(5, 7))},
            "it has 2 days to drive before these 7 end",
            "more days planned",
            "延长规划",
        ),
        (1, {}, "in the 3 nights left of 4 (--nights)", "a bed on the way", "增加住宿点"),
        (1, {"no_van": frozenset(range(7))}, "its van is down on every day left", "its van back earlier", "提早恢复"),
        (1, {"days": frozenset({0})}, "it works on no day left", "(--more-day)", "增加出勤日"),
    ],
)
def test_a_crew_that_cannot_come_home_says_why_and_what_would_help(
    nights: int, of_crew: dict[str, Any], why: str, helps: str, helps_zh: str
) -> None:
    days = of_crew.get("days", frozenset(range(60))) - of_crew.get("no_van", frozenset())
    first = min((day for day in days if 2 <= day < 7), default=2)
    road = OnTheRoad(day=first, lodging_id="b1", nights=nights)
    (said,) = unkept(touring(crews=(crew(on_the_road=road, **of_crew),), jobs=()), TourPlan(tours=()))
    assert said.kind is UnkeptKind.HOME
    assert said.sentence.startswith("一组 is at 镇上 and has no legal way home: ")
    assert why in said.sentence
    assert helps in said.sentence
    assert helps_zh in said.sentence_zh
