"""What goes wrong in the country: every case is planned around, or answered with its rule and a remedy."""

import datetime as dt
from dataclasses import replace

import pytest

from optimizer.budget import Steps
from optimizer.model import DAY_S, Certificate, Skill
from optimizer.tours.check import check_tours
from optimizer.tours.ground import lay_ground
from optimizer.tours.left_out import left_out
from optimizer.tours.model import Levers, LockedDay, OnTheRoad, Spacing, Span, Told, Touring, TourRule, WorkKind
from optimizer.tours.plan import Instead, LeftOut, TourPlan
from optimizer.tours.planning import plan_tours
from optimizer.tours.soonest import soonest_s
from optimizer.tours.told import released
from optimizer.tours.unkept import unkept
from optimizer.workers import HereWorkers
from tests.make import DATE, FlatTravel, at, clock, order_line
from tests.make_tours import crew, lodging, on, touring, village, work

DEAR = 1_000_000
"""Fen: an outlet so far away that a tour of some days is worth it."""


def planned(asked: Touring, base: TourPlan | None = None) -> TourPlan:
    plan = plan_tours(asked, FlatTravel(), Steps(steps=4_000), 1, HereWorkers(), base=base).plan
    assert check_tours(asked, plan, FlatTravel()) == []
    return plan


def left(plan: TourPlan, job_id: str = "j1") -> LeftOut:
    return next(left for left in plan.left_out if left.job_id == job_id)


def day_of(plan: TourPlan, job_id: str = "j1") -> int:
    return next(d.day for tour in plan.tours for d in tour.days for visit in d.visits if visit.job_id == job_id)


def done(plan: TourPlan) -> set[str]:
    return {visit.job_id for tour in plan.tours for day in tour.days for visit in day.visits}


def test_a_near_village_is_visited_and_home_reached_the_same_day() -> None:
    plan = planned(touring())
    (tour,) = plan.tours
    assert (tour.nights, len(tour.days), plan.left_out) == (0, 1, ())


def test_a_village_farther_than_half_a_day_is_slept_near() -> None:
    far = touring(
        villages=(village(position=at(150_000)),),
        lodgings=(lodging(position=at(140_000)),),
        jobs=(work(outlet_fen=DEAR),),
    )
    (tour,) = planned(far).tours
    assert tour.nights >= 1
    assert tour.days[0].lodging_id == "b1"


def test_without_a_bed_within_reach_the_job_goes_to_the_outlet() -> None:
    far = touring(villages=(village(position=at(150_000)),), lodgings=(lodging(position=at(-150_000)),))
    assert (left(planned(far)).rule, left(planned(far)).instead) == (TourRule.LODGING, Instead.LATER)
    assert "bed" in left(planned(far)).remedy


def test_a_village_beyond_a_days_drive_says_so() -> None:
    lost = left(planned(touring(villages=(village(position=at(500_000)),))))
    assert lost.rule is TourRule.DRIVING
    assert "Add a bed on the way." in lost.remedy


def test_a_consent_that_ends_mid_tour_is_kept_by_coming_first_to_it() -> None:
    asked = touring(
        villages=(village(id="v1", position=at(150_000)), village(id="v2", position=at(160_000))),
        lodgings=(lodging(position=at(155_000)),),
        jobs=(
            *(work(id=f"a{k}", village_id="v1", service_s=3 * 3600, outlet_fen=DEAR) for k in range(2)),
            work(id="short", village_id="v2", last_s=clock("16:00"), outlet_fen=DEAR),
        ),
    )
    plan = planned(asked)
    assert day_of(plan, "short") == 0
    assert done(plan) == {"a0", "a1", "short"}


def test_a_consent_that_ends_before_anybody_can_come_is_told() -> None:
    lost = left(planned(touring(jobs=(work(last_s=clock("07:00"), outlet_fen=None),))))
    assert (lost.rule, lost.instead) == (TourRule.CONSENT, Instead.NOBODY)
    assert lost.remedy_zh == "征得客户同意延长等候并记录。"


@pytest.mark.parametrize(
    ("kind", "asks", "asks_zh"),
    [
        (WorkKind.CALL, "ask the customer to agree, on record, to wait until then", "征得客户同意等到当天并记录"),
        (WorkKind.CONSENTED, "ask the customer to agree, on record, to wait until then", "征得客户同意等到当天并记录"),
        (WorkKind.PREVENTIVE, "widen the tolerance of the maintenance plan until then", "容差放宽到当天"),
    ],
)
@pytest.mark.parametrize("village_id", ["v1", "v2"])
def test_who_cannot_wait_for_the_day_of_a_stop_is_asked_to(
    kind: WorkKind, asks: str, asks_zh: str, village_id: str
) -> None:
    # The crew works from the fourth day on; one consent ends the day before it stops there.
    short = work(id="short", village_id=village_id, kind=kind, last_s=3 * DAY_S - 1, outlet_fen=None)
    asked = touring(
        villages=(village(), village(id="v2", position=at(35_000))),
        crews=(crew(days=frozenset(range(3, 7))),),
        jobs=(work(), short),
    )
    plan = planned(asked)
    day = day_of(plan)
    lost = left(plan, "short")
    assert lost.next_day == day
    there = "stops there" if village_id == "v1" else "has room for it"
    assert lost.remedy == f"一组 {there} on {asked.date + dt.timedelta(days=day)}: {asks}."
    assert asks_zh in lost.remedy_zh
    # Whoever agrees is on the tour.
    agreed = replace(short, last_s=(day + 1) * DAY_S - 1)
    assert done(planned(replace(asked, jobs=(work(), agreed)))) == {"j1", "short"}


def test_who_would_agree_to_no_avail_is_not_asked() -> None:
    crews = (crew(days=frozenset(range(3, 7))),)
    far = touring(crews=crews, villages=(village(), village(id="v2", position=at(400_000))))
    for short in (work(id="short", village_id="v2"), work(id="short", people=3), work(id="short", outlet_fen=1)):
        jobs = (work(), replace(short, last_s=3 * DAY_S - 1))
        lost = left(planned(replace(far, jobs=jobs)), "short")
        assert "until then" not in lost.remedy
        assert lost.next_day is None


def test_a_due_visit_that_begins_after_the_last_day_of_work_says_so() -> None:
    due = work(kind=WorkKind.PREVENTIVE, first_s=6 * DAY_S, last_s=9 * DAY_S, due_day=6)
    lost = left(planned(touring(crews=(crew(days=frozenset(range(6))),), jobs=(due,))))
    assert lost.rule is TourRule.TOLERANCE
    assert "It may be done from 2026-03-08 on, and no crew works then" in lost.reason
    assert "2026-03-08 起方可保养" in lost.reason_zh


def test_a_running_clock_is_never_eaten_without_consent() -> None:
    late = work(kind=WorkKind.CALL, last_s=clock("07:00"))
    lost = left(planned(touring(jobs=(late,))))
    assert (lost.rule, lost.instead) == (TourRule.CLOCK, Instead.OUTLET)
    assert day_of(planned(touring(jobs=(replace(late, kind=WorkKind.CONSENTED, last_s=5 * DAY_S),)))) >= 0


@pytest.mark.parametrize(
    ("last", "rule"),
    [
        # The village is two hours away by car: from home at 07:30, or from a bed near it the morning after.
        (clock("09:00"), TourRule.CLOCK),
        (clock("08:30", 1), None),
    ],
)
def test_a_clock_that_no_tour_can_be_in_time_for_is_what_is_told(last: int, rule: TourRule | None) -> None:
    """Whatever a tour would cost: money is not what keeps anybody from it."""
    far = village(position=at(150_000))
    urgent = work(kind=WorkKind.CALL, last_s=last, outlet_fen=100)
    lost = left(planned(touring(villages=(far,), lodgings=(lodging(position=at(148_000)),), jobs=(urgent,))))
    assert lost.rule is (rule or TourRule.NOT_WORTH)
    if rule is not None:
        assert "before a crew can be there (2026-" in lost.reason
        assert "最早 2026-" in lost.reason_zh


def test_nobody_is_sooner_at_a_stop_that_is_cut_off() -> None:
    places = (village(position=at(60_000)), village(id="v2", position=at(45_000)))
    unit = work(kind=WorkKind.CALL, portable=True)
    asked = touring(villages=places, jobs=(unit,))
    cut = replace(asked, villages=(places[0], replace(places[1], cut_off=frozenset({0}))))
    near_s, cut_s, home_s = (
        soonest_s(lay_ground(one, FlatTravel()), 0) or 0 for one in (asked, cut, replace(asked, jobs=(work(),)))
    )
    assert near_s < home_s == cut_s


def test_a_kit_that_comes_too_late_for_a_clock_is_what_is_told() -> None:
    urgent = work(kind=WorkKind.CALL, last_s=clock("12:00"), kit_ready_s=clock("11:30"), outlet_fen=100)
    assert left(planned(touring(jobs=(urgent,)))).rule is TourRule.KIT


def test_a_certificate_that_expires_on_day_three_binds_by_date() -> None:
    gas = Certificate(scheme="gas", first=DATE, last=DATE + dt.timedelta(days=2))
    asked = touring(
        crews=(crew(certificates=(gas,)),),
        jobs=(work(certificates=frozenset({"gas"}), first_s=2 * DAY_S),),
    )
    assert day_of(planned(asked)) == 2
    late = replace(asked, jobs=(work(certificates=frozenset({"gas"}), first_s=3 * DAY_S),))
    assert left(planned(late)).rule is TourRule.CERTIFICATE


def test_two_villages_with_one_contact_meet_one_crew_a_day() -> None:
    asked = touring(
        villages=(village(id="v1", contact="村长"), village(id="v2", position=at(-30_000), contact="村长")),
        crews=(crew(), crew(id="c2")),
        jobs=(
            work(id="a", village_id="v1", service_s=8 * 3600),
            work(id="b", village_id="v2", service_s=8 * 3600),
        ),
        days=2,
    )
    plan = planned(asked)
    assert done(plan) == {"a", "b"}
    assert day_of(plan, "a") != day_of(plan, "b")


def test_an_announced_village_is_visited_on_its_day() -> None:
    walk_in = work(kind=WorkKind.WALK_IN, reported_s=None)
    plan = planned(touring(villages=(village(told=on(3)),), jobs=(walk_in,)))
    assert day_of(plan) == 3


def test_an_announced_village_that_is_cut_off_is_told() -> None:
    walk_in = work(kind=WorkKind.WALK_IN, reported_s=None)
    plan = planned(touring(villages=(village(told=on(3), cut_off=frozenset({3})),), jobs=(walk_in,)))
    assert left(plan).rule in (TourRule.TRAVEL, TourRule.ANNOUNCED)


def test_a_village_whose_date_is_given_up_is_visited_on_another() -> None:
    walk_in = work(kind=WorkKind.WALK_IN, reported_s=None)
    asked = touring(villages=(village(told=on(3), cut_off=frozenset({3})),), jobs=(walk_in,))
    assert planned(asked).tours == ()
    assert day_of(planned(released(asked, frozenset({("v1", 3)})))) != 3


def test_nobody_is_said_to_go_to_a_village_that_is_cut_off() -> None:
    lost = touring(villages=(village(cut_off=frozenset({0, 1})),), jobs=(work(last_s=2 * DAY_S - 1, outlet_fen=None),))
    found = left(planned(lost))
    assert (found.rule, found.instead) == (TourRule.TRAVEL, Instead.NOBODY)
    assert "No outlet gets there either" in found.reason
    assert "网点也到不了" in found.reason_zh
    assert "until the road is open" in found.remedy
    assert found.remedy_zh


def test_an_outlet_comes_when_the_road_is_open_again() -> None:
    asked = touring(villages=(village(cut_off=frozenset({0, 1})),), jobs=(work(last_s=3 * DAY_S, outlet_fen=1_000),))
    assert "Outlet does it once the road is open, 2026-03-04." in left(planned(asked)).reason


def test_all_jobs_in_one_village_are_one_stop_after_another() -> None:
    plan = planned(touring(jobs=tuple(work(id=f"j{k}", service_s=1_800) for k in range(12))))
    assert len(done(plan)) == 12
    assert sum(visit.travel_s > 0 for tour in plan.tours for day in tour.days for visit in day.visits) == len(
        [day for tour in plan.tours for day in tour.days]
    )


def test_a_crew_of_one_does_no_work_for_two() -> None:
    lost = left(planned(touring(crews=(crew(people=1),), jobs=(work(people=2),))))
    assert (lost.rule, lost.remedy) == (TourRule.CREW, "Send a crew of 2.")


def test_over_a_holiday_the_crew_stays_where_it_is() -> None:
    asked = touring(
        days=4,
        villages=(village(position=at(190_000)),),
        lodgings=(lodging(position=at(180_000)),),
        crews=(crew(days=frozenset({0, 3})),),
        jobs=tuple(work(id=f"j{k}", service_s=2 * 3600, outlet_fen=900_000) for k in range(4)),
    )
    (tour,) = planned(asked).tours
    assert [day.day for day in tour.days] == [0, 1, 2, 3]
    assert all(not day.visits and day.travel_m == 0 for day in tour.days[1:3])


def test_a_unit_that_can_be_carried_saves_a_stop_in_a_cut_off_village() -> None:
    asked = touring(
        villages=(village(id="v1", cut_off=frozenset(range(7))), village(id="v2", position=at(35_000))),
        jobs=(work(id="tv", village_id="v1", portable=True), work(id="fridge", village_id="v2")),
    )
    plan = planned(asked)
    assert left(plan, "tv").rule is TourRule.TRAVEL, "a village that is cut off cannot be left either"
    open_again = replace(asked, villages=(village(id="v1"), village(id="v2", position=at(35_000))))
    assert done(planned(open_again)) == {"tv", "fridge"}


@pytest.mark.parametrize(
    ("levers", "rule"),
    [
        (Levers(never_visit=frozenset({"v1"})), TourRule.FORBIDDEN),
        (Levers(day_metres=25_000), TourRule.DAY_METRES),
        (Levers(van_days=0), TourRule.VAN_DAYS),
    ],
)
def test_what_a_planner_forbids_is_not_done(levers: Levers, rule: TourRule) -> None:
    plan = planned(touring(levers=levers))
    assert plan.tours == ()
    assert left(plan).rule is rule


@pytest.mark.parametrize(
    ("levers", "rule", "named", "remedy"),
    [
        (Levers(nights=0), TourRule.NIGHTS, "--nights 0", "--nights"),
        (Levers(day_metres=120_000), TourRule.DAY_METRES, "--km 120", "--km"),
        (Levers(van_days=0), TourRule.VAN_DAYS, "--van-days 0", "--van-days"),
        (Levers(van_days=1), TourRule.VAN_DAYS, "--van-days 1", "--van-days"),
        (Levers(nights=0, van_days=0), TourRule.VAN_DAYS, "--nights 0", "--van-days, --nights"),
        # More nights would do too.
        (Levers(nights=1, day_metres=141_000), TourRule.DAY_METRES, "--km 141", "--km"),
    ],
)
@pytest.mark.parametrize("worth", [True, False])
def test_a_limit_that_alone_keeps_everybody_away_is_named(
    levers: Levers, rule: TourRule, named: str, remedy: str, *, worth: bool
) -> None:
    asked = touring(
        villages=(village(position=at(150_000), told=on(3)),),
        lodgings=(lodging(position=at(140_000)),),
        jobs=(work(outlet_fen=DEAR if worth else 100, reported_s=None),),
    )
    assert done(planned(asked)) == {"j1"}
    plan = planned(replace(asked, levers=levers))
    lost = left(plan)
    assert lost.rule is rule
    assert named in lost.reason
    assert named in lost.reason_zh
    assert lost.remedy == f"Allow more: {remedy}."
    (said,) = unkept(replace(asked, levers=levers), plan)
    option = {TourRule.NIGHTS: "--nights", TourRule.DAY_METRES: "--km", TourRule.VAN_DAYS: "--van-days"}[rule]
    assert f"cannot be kept because {option} " in said.sentence
    assert option in said.sentence_zh


def test_a_limit_is_no_reason_for_what_would_not_be_worth_another_day_without_it() -> None:
    asked = touring(
        villages=(village(), village(id="v2", position=at(-80_000))),
        jobs=(work(), work(id="cheap", village_id="v2", outlet_fen=100, reported_s=None)),
    )
    assert left(planned(asked), "cheap").rule is TourRule.NOT_WORTH
    assert left(planned(replace(asked, levers=Levers(van_days=1))), "cheap").rule is TourRule.NOT_WORTH


def test_a_detour_that_only_the_metres_forbid_says_so() -> None:
    asked = touring(
        villages=(village(), village(id="v2", position=at(-10_000))),
        jobs=(work(), work(id="beyond", village_id="v2", outlet_fen=20_000, reported_s=None)),
    )
    assert done(planned(asked)) == {"j1", "beyond"}
    lost = left(planned(replace(asked, levers=Levers(day_metres=70_000))), "beyond")
    assert lost.rule is TourRule.DAY_METRES


def test_only_a_certificate_keeps_a_crew_from_a_job_where_it_stops() -> None:
    gas = work(id="gas", certificates=frozenset({"gas"}), outlet_fen=50_000, reported_s=None)
    over = Certificate(scheme="gas", first=DATE - dt.timedelta(days=700), last=DATE - dt.timedelta(days=1))
    valid = replace(over, last=DATE + dt.timedelta(days=60))
    # Who holds it leaves from so far away that a tour for this job is not worth it.
    other = crew(id="c2", position=at(-60_000), skills=(Skill(family="fridge", level=3),), certificates=(valid,))
    crews = (crew(certificates=(over,)), other)
    asked = touring(
        crews=crews, jobs=(*(work(id=id_, skill=Skill(family="washer", level=1)) for id_ in ("j1", "j2")), gas)
    )
    plan = planned(asked)
    lost = left(plan, "gas")
    date = DATE + dt.timedelta(days=day_of(plan))
    assert lost.rule is TourRule.CERTIFICATE
    assert lost.reason.startswith(f"一组 stops there on {date} and holds no valid certificate (gas) that day.")
    assert lost.remedy.startswith(f"Renew the certificate (gas) of 一组 by {date}")
    assert "续办证书（gas）" in lost.remedy_zh
    renewed = replace(asked, crews=(crew(certificates=(valid,)), crews[1]))
    assert done(planned(renewed)) == {"j1", "j2", "gas"}


def test_parts_that_exist_nowhere_are_waited_for_without_a_date() -> None:
    lost = left(planned(touring(jobs=(work(kit_ready_s=None, order_lines=(order_line(),)),))))
    assert (lost.rule, lost.next_day) == (TourRule.KIT, None)
    assert "No stock of its parts is known" in lost.reason
    assert "no next chance is known" in lost.reason
    assert "下次机会未定" in lost.reason_zh
    assert "faster" not in lost.remedy


def test_who_waits_beyond_the_days_planned_is_promised_none() -> None:
    lost = left(planned(touring(villages=(village(position=at(500_000)),))))
    assert lost.next_day == 7
    assert "after these 7 days; nothing is planned yet" in lost.reason
    assert "next chance" not in lost.reason
    assert "尚未规划" in lost.reason_zh


def test_a_village_that_must_be_visited_is_at_whatever_cost() -> None:
    cheap = touring(jobs=(work(outlet_fen=100, reported_s=None),))
    assert planned(cheap).tours == ()
    assert done(planned(replace(cheap, levers=Levers(must_visit=frozenset({"v1"}))))) == {"j1"}


def test_a_forbidden_town_is_not_slept_in() -> None:
    asked = touring(
        villages=(village(position=at(150_000)),),
        lodgings=(lodging(position=at(140_000)), lodging(id="b2", position=at(130_000), price_fen=50_000)),
        jobs=(work(outlet_fen=DEAR),),
        levers=Levers(forbidden_lodgings=frozenset({"b1"})),
    )
    assert {day.lodging_id for tour in planned(asked).tours for day in tour.days} == {"b2", None}


def test_a_locked_day_stays_as_it_is() -> None:
    asked = touring(
        villages=(village(id="v1"), village(id="v2", position=at(31_000))),
        jobs=(work(id="a", village_id="v1"), work(id="b", village_id="v2")),
        levers=Levers(locked=(LockedDay(crew_id="c1", day=4, job_ids=("a",), lodging_id=None),)),
    )
    plan = planned(asked)
    assert day_of(plan, "a") == 4
    assert day_of(plan, "b") != 4


def test_two_tours_are_made_one_by_a_span() -> None:
    asked = touring(
        villages=(village(position=at(150_000)),),
        lodgings=(lodging(position=at(140_000)),),
        levers=Levers(spans=(Span(crew_id="c1", first_day=2, last_day=4),)),
        jobs=(work(first_s=2 * DAY_S, last_s=5 * DAY_S - 1, outlet_fen=DEAR),),
    )
    (tour,) = planned(asked).tours
    assert (tour.first_day, tour.last_day) == (2, 4)


def test_visits_of_one_customer_keep_apart() -> None:
    asked = touring(
        days=12,
        jobs=tuple(
            work(id=id_, kind=WorkKind.PREVENTIVE, reported_s=None, first_s=first * DAY_S, last_s=(first + 6) * DAY_S)
            for id_, first in (("one", 0), ("two", 4))
        ),
        spacings=(Spacing(job_ids=("one", "two"), least_days=6, most_days=8),),
    )
    plan = planned(asked)
    assert 6 <= day_of(plan, "two") - day_of(plan, "one") <= 8


def test_a_crew_on_the_road_comes_home_with_what_is_aboard() -> None:
    parts = (order_line(id="l1"),)
    asked = touring(
        villages=(village(position=at(150_000)),),
        lodgings=(lodging(position=at(140_000)),),
        crews=(crew(on_the_road=OnTheRoad(day=0, lodging_id="b1", nights=2, aboard=frozenset({"aboard"}))),),
        jobs=(work(id="aboard", order_lines=parts), work(id="not", order_lines=parts, kit_ready_s=None)),
    )
    plan = planned(asked)
    assert (day_of(plan, "aboard"), plan.tours[0].first_day) == (0, 0)
    assert left(plan, "not").rule is TourRule.KIT


def test_a_base_is_kept_where_nothing_is_better() -> None:
    asked = touring()
    base = planned(asked)
    again = plan_tours(asked, FlatTravel(), Steps(steps=100), 9, HereWorkers(), base=base).plan
    assert again.tours == base.tours


def test_a_day_without_crews_leaves_all_to_others() -> None:
    lost = left(planned(touring(crews=())))
    assert lost.rule is TourRule.ROOM


def test_skill_names_what_is_missing() -> None:
    lost = left(planned(touring(jobs=(work(skill=Skill(family="boiler", level=1)),))))
    assert (lost.rule, "boiler level 1" in lost.reason) == (TourRule.SKILL, True)


def test_an_announced_village_is_looked_for_on_its_day_though_calls_could_wait() -> None:
    villages = (
        village(id="v1", position=at(30_000)),
        village(id="v2", position=at(60_000), told=on(3, at="v2")),
    )
    jobs = (work(id="j1", village_id="v1"), work(id="j2", village_id="v2"))
    assert day_of(planned(touring(villages=villages, jobs=jobs)), "j2") == 3


def test_a_crew_on_the_road_with_nothing_to_do_comes_home() -> None:
    away = OnTheRoad(day=2, lodging_id="b1", nights=2)
    behind = (village(position=at(-100_000)),)
    (tour,) = planned(touring(villages=behind, crews=(crew(on_the_road=away),), jobs=(work(outlet_fen=100),))).tours
    assert (tour.first_day, [day.visits for day in tour.days], tour.days[-1].lodging_id) == (2, [()], None)


def test_a_tour_of_its_own_that_is_not_worth_it_is_told_with_its_price() -> None:
    far = touring(villages=(village(position=at(150_000)),), lodgings=(lodging(position=at(140_000)),))
    lost = left(planned(replace(far, jobs=(work(outlet_fen=30_000),))))
    assert lost.rule is TourRule.NOT_WORTH
    assert "one of its own would cost about" in lost.reason


@pytest.mark.parametrize(("told", "is_promised"), [((), False), (on(3), True)])
def test_what_would_keep_a_told_date_is_not_called_not_worth_it(told: tuple[Told, ...], is_promised: bool) -> None:
    far = touring(
        villages=(village(position=at(150_000), told=told),),
        lodgings=(lodging(position=at(140_000)),),
        jobs=(work(outlet_fen=30_000),),
    )
    (lost,) = left_out(lay_ground(far, FlatTravel()), ())
    assert (lost.rule is TourRule.NOT_WORTH) is not is_promised
    assert ("no tour was found" in lost.reason) is is_promised
    assert ("未找到合规的行程" in lost.reason_zh) is is_promised


def test_a_bed_beyond_a_days_drive_is_no_help() -> None:
    asked = touring(villages=(village(position=at(260_000)),), lodgings=(lodging(position=at(250_000)),))
    assert left(planned(asked)).rule is TourRule.DRIVING


def test_a_crew_of_which_one_is_busy_sets_out_when_they_are_free() -> None:
    (tour,) = planned(touring(crews=(crew(free_s=clock("12:00", 2)),))).tours
    assert (tour.first_day, tour.days[0].depart_s >= clock("12:00", 2)) == (2, True)
    late = touring(crews=(crew(free_s=clock("12:00", 2)),), jobs=(work(last_s=clock("11:59", 2)),))
    assert left(planned(late)).rule is TourRule.CONSENT


def test_a_van_that_is_down_goes_nowhere_on_these_days() -> None:
    asked = touring(crews=(crew(no_van=frozenset({0, 1, 3})),))
    assert day_of(planned(asked)) == 2
    assert planned(replace(asked, crews=(crew(no_van=frozenset(range(7))),))).tours == ()


def test_a_crew_that_left_this_morning_does_what_is_aboard() -> None:
    aboard = OnTheRoad(day=0, lodging_id=None, nights=0, aboard=frozenset({"j1"}))
    job = work(order_lines=(order_line(id="l1"),), kit_ready_s=None)
    asked = touring(crews=(crew(on_the_road=aboard),), jobs=(job,), now_s=clock("10:00"))
    (tour,) = planned(asked).tours
    assert (tour.first_day, [visit.job_id for visit in tour.days[0].visits]) == (0, ["j1"])
