"""Why a job was left out: for every rule a day on which exactly that rule is the reason."""

from dataclasses import dataclass, field, replace

import pytest

from optimizer import model
from optimizer.model import Lock, Rule
from optimizer.plan import Unassigned
from tests import make
from tests.bad_days.survive import starts_of, survive

EXPERT = model.Skill(family="fridge", level=3)
HOUR_S = 3_600


def published(technician_id: str = "t1", start: str = "10:00") -> model.Published:
    return model.Published(technician_id=technician_id, start_s=make.clock(start), told=False)


LESS = {
    Rule.WINDOW: lambda day: replace(day, jobs=(replace(day.jobs[0], windows=(make.window("06:30", "08:00"),)),)),
    Rule.SHIFT: lambda day: replace(day, shifts=(make.shift(latest_end_s=make.clock("19:03")),)),
    Rule.SKILL: lambda day: replace(
        day, technicians=(make.technician(skills=(model.Skill(family="fridge", level=2),)),)
    ),
    Rule.CREW: lambda day: replace(day, jobs=(replace(day.jobs[0], crew=3),), technicians=(make.technician(crew=2),)),
    Rule.LOAD: lambda day: replace(day, technicians=(make.technician(load_capacity=2),)),
}
"""A little less than each remedy asks for."""


def left_out(day: model.Day, travel: make.FlatTravel | None = None) -> Unassigned:
    """Plan a day on which one job has to stay out, and return that job's entry."""
    (left,) = survive(day, travel).plan.unassigned
    return left


REST = model.Break(earliest_s=make.clock("11:00"), latest_s=make.clock("12:00"), duration_s=HOUR_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A day that cannot serve a job, and what must be said of it."""

    day: model.Day
    says: tuple[str, ...]
    remedy: str = ""
    travel: make.FlatTravel = field(default_factory=make.FlatTravel)


ISLAND = make.at(3_000, 3_000)
CASES = {
    Rule.SKILL: Case(
        day=make.day(make.job(skill=EXPERT)), says=("t1", "fridge", "level 1", "3"), remedy="fridge level 3 for t1"
    ),
    Rule.CERTIFICATE: Case(
        day=make.day(make.job(certificates=frozenset({"gas"}))), says=("t1", "gas"), remedy="gas for t1"
    ),
    Rule.CREW: Case(day=make.day(make.job(crew=2)), says=("2 people", "t1"), remedy="2 people on t1-0"),
    Rule.LOAD: Case(day=make.day(make.job(load=3)), says=("load 3", "0"), remedy="load 3 with t1"),
    Rule.TRAVEL: Case(
        day=make.day(make.job(position=ISLAND)),
        travel=make.FlatTravel(unknown=frozenset({(make.at(), ISLAND)})),
        says=("no way", "o1"),
    ),
    Rule.MODE: Case(day=make.day(make.job(position=make.at(301_000))), says=("301 km", "300 km", "car")),
    Rule.LOCK: Case(
        day=make.day(make.job(lock=Lock.PINNED, published=published(), skill=EXPERT)),
        says=("t1", "10:00", "SKILL", "3 is needed"),
        remedy="fridge level 3 for t1",
    ),
    Rule.FREEZE: Case(day=make.day(outlets=(make.outlet(freeze_s=0),)), says=("t1-0", "frozen"), remedy="freeze of o1"),
    Rule.KIT: Case(
        day=make.parts_day(make.job(order_lines=(make.order_line(quantity=11),))), says=("11", "p1"), remedy="parts by"
    ),
    Rule.CONSENT: Case(day=make.day(make.job(consent=False)), says=("agreed",), remedy="consent"),
    Rule.WINDOW: Case(
        day=make.day(make.job(windows=(make.window("06:30", "07:30"),))),
        says=("t1-0", "08:01", "windows"),
        remedy="closes 35 min later",
    ),
    Rule.HOURS: Case(
        day=make.day(
            make.job(windows=(make.window("16:00", "16:30"),)), shifts=(make.shift(close_s=make.clock("15:00")),)
        ),
        says=("16:00", "hours of o1", "15:00"),
        remedy="opens 60 min earlier",
    ),
    Rule.SHIFT: Case(
        day=make.day(make.job(service_s=11 * HOUR_S)), says=("t1-0", "19:03"), remedy="4 more min of overtime for t1"
    ),
    Rule.BREAK: Case(
        day=make.day(
            make.job(service_s=6 * HOUR_S, windows=(make.window("09:00", "09:30"),)), shifts=(make.shift(break_=REST),)
        ),
        says=("break",),
        remedy="closes 2 h 30 min later",
    ),
    Rule.ROOM: Case(
        day=make.day(*(make.job(f"j{i}", service_s=6 * HOUR_S) for i in (1, 2))),
        says=("1 shift", "no place was found"),
        remedy="64 more min of overtime for t1",
    ),
}
NEVER = {Rule.ONCE, Rule.UNKNOWN}
"""ONCE is about plans, not jobs; UNKNOWN admits that nothing computed explains it."""


def test_every_rule_has_its_day() -> None:
    assert set(CASES) == set(Rule) - NEVER


@pytest.mark.parametrize("rule", CASES)
def test_the_rule_is_named_with_what_is_wrong(rule: Rule) -> None:
    case = CASES[rule]
    left = left_out(case.day, case.travel)
    assert left.rule is rule, left
    assert [said for said in case.says if said not in left.reason] == [], left.reason
    assert case.remedy in left.remedy
    assert (left.remedy == "") == (left.remedy_zh == "") == (left.difference_fen is None)
    assert left.reason_zh


HELPED = [Rule.SKILL, Rule.CERTIFICATE, Rule.CREW, Rule.LOAD, Rule.WINDOW, Rule.CONSENT, Rule.SHIFT, Rule.FREEZE]


@pytest.mark.parametrize("rule", HELPED)
def test_the_remedy_really_helps_and_costs_what_it_says(rule: Rule) -> None:
    day = CASES[rule].day
    before = survive(day)
    (job,), (person,) = day.jobs, day.technicians
    gas = model.Certificate(scheme="gas", first=make.DATE, last=make.DATE)
    changed = {
        Rule.SKILL: replace(day, technicians=(replace(person, skills=(EXPERT,)),)),
        Rule.CERTIFICATE: replace(day, technicians=(replace(person, certificates=(gas,)),)),
        Rule.CREW: replace(day, technicians=(replace(person, crew=2),)),
        Rule.LOAD: replace(day, technicians=(replace(person, load_capacity=3),)),
        Rule.WINDOW: replace(day, jobs=(replace(job, windows=(make.window("06:30", "08:05"),)),)),
        Rule.CONSENT: replace(day, jobs=(replace(job, consent=True),)),
        Rule.SHIFT: replace(day, shifts=(make.shift(latest_end_s=make.clock("19:04")),)),
        Rule.FREEZE: replace(day, outlets=(make.outlet(),)),
    }[rule]
    after = survive(changed)
    assert starts_of(after.plan).keys() == {"j1"}
    assert left_out(day).difference_fen == after.cost.total - before.cost.total


@pytest.mark.parametrize("rule", LESS)
def test_a_little_less_than_the_remedy_does_not_help(rule: Rule) -> None:
    assert left_out(LESS[rule](CASES[rule].day)).rule is rule


def test_two_things_wrong_have_no_single_remedy() -> None:
    left = left_out(make.day(make.job(skill=EXPERT, crew=2)))
    assert left.rule is Rule.SKILL
    assert left.remedy == ""


def test_two_rules_of_time_are_told_with_the_figures_of_both() -> None:
    left = left_out(make.day(make.job(service_s=12 * HOUR_S, windows=(make.window("06:30", "07:30"),))))
    assert left.rule is Rule.SHIFT
    assert "SHIFT and WINDOW stand against it: t1-0 would be back 20:03" in left.reason
    assert "outside its windows 06:30–07:30" in left.reason
    assert "班次时间和时间窗都不满足：班次t1-0要到20:03" in left.reason_zh


def test_the_shift_that_came_closest_is_the_one_named() -> None:
    day = make.day(
        make.job(skill=EXPERT, crew=2),
        technicians=(make.technician("t1"), make.technician("t2", skills=(EXPERT,))),
        shifts=(make.shift("t1-0"), make.shift("t2-0")),
    )
    left = left_out(day)
    assert left.rule is Rule.CREW
    assert "t2" in left.reason


def test_no_way_back_is_no_lack_of_room() -> None:
    one_way = make.FlatTravel(unknown=frozenset({(ISLAND, make.at())}))
    assert left_out(make.day(make.job(position=ISLAND)), one_way).rule is Rule.TRAVEL


def test_parts_that_come_after_the_shift_are_named_with_their_time() -> None:
    day = make.parts_day(
        make.job(order_lines=(make.order_line(),)),
        lanes=(make.lane(transit_p50_s=HOUR_S, transit_p90_s=20 * HOUR_S),),
    )
    left = left_out(day)
    assert left.rule is Rule.KIT
    assert "03:00" in left.reason


def test_a_past_window_and_one_beyond_the_horizon_are_told_apart() -> None:
    past = left_out(make.day(make.job(windows=(make.window("01:00", "05:00"),))))
    beyond = left_out(make.day(make.job(windows=(make.window("08:00", "12:00", day=5),))))
    assert past.rule is beyond.rule is Rule.WINDOW
    assert "05:00" in past.reason
    assert "horizon" in beyond.reason
    assert "agree a new time" in past.remedy


def test_a_frozen_visit_that_another_frozen_one_excludes_is_frozen_out() -> None:
    jobs = [make.job(f"j{i}", published=published(), service_s=2 * HOUR_S) for i in (1, 2)]
    left = left_out(make.day(*jobs, outlets=(make.outlet(freeze_s=0),)))
    assert left.rule is Rule.FREEZE
    assert "other held visits" in left.reason
    assert "release the freeze" in left.remedy


def test_nobody_on_shift_is_said_in_words() -> None:
    assert "on shift" in left_out(make.day(shifts=())).reason
