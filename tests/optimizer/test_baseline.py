"""The plan by hand, on days small enough to be planned by eye: nearest outlet, first come first served."""

from dataclasses import replace

import pytest

from optimizer import model
from optimizer.model import Lock, Rule
from tests import make
from tests.bad_days.survive import planned_by_hand, reasons_of, starts_of, technician_of
from tests.strategies import random_day, random_travel

CONTRACT = model.Ownership.CONTRACT
THREE_HOURS_S = 3 * 3_600


def two_outlets(*jobs: model.Job, **nearer: object) -> model.Day:
    """Make a day with t1 of o1 at the origin and t2 of o2 ten kilometres east; `nearer` are fields of o2."""
    return make.day(
        *jobs,
        outlets=(make.outlet("o1"), make.outlet("o2", position=make.at(10_000), **nearer)),
        technicians=(make.technician("t1"), make.technician("t2", outlet_id="o2", position=make.at(10_000))),
        shifts=(make.shift("t1-0"), make.shift("t2-0")),
    )


def called(id: str, at: str, **fields: object) -> model.Job:
    """Make a job of three hours whose customer called yesterday at this time."""
    return make.job(id, reported_s=make.clock(at, day=-1), service_s=THREE_HOURS_S, **fields)


def test_each_job_goes_to_the_nearest_outlet() -> None:
    day = two_outlets(*(make.job(f"j{km}", position=make.at(1_000 * km)) for km in (1, 4, 6, 9)))
    assert technician_of(day, planned_by_hand(day)) == {"j1": "t1", "j4": "t1", "j6": "t2", "j9": "t2"}


def test_the_nearest_outlet_is_taken_whatever_it_costs() -> None:
    dear = replace(model.Tariff(), contract_tariffs=(model.ContractTariff(id="dear", call_out_fen=90_000),))
    day = two_outlets(make.job(position=make.at(6_000)), ownership=CONTRACT, tariff_id="dear")
    assert technician_of(day, planned_by_hand(replace(day, tariff=dear))) == {"j1": "t2"}


def test_an_outlet_that_cannot_do_the_job_is_passed_over() -> None:
    hard = make.job(position=make.at(9_000), skill=model.Skill(family="fridge", level=3))
    day = two_outlets(hard)
    expert = make.technician("t1", skills=(model.Skill(family="fridge", level=3),))
    day = replace(day, technicians=(expert, day.technicians[1]))
    assert technician_of(day, planned_by_hand(day)) == {"j1": "t1"}


def test_whoever_called_first_is_served_first() -> None:
    jobs = [called("third", "16:00"), called("first", "08:00"), called("second", "12:00")]
    starts = starts_of(planned_by_hand(make.day(*jobs, shifts=(make.shift(latest_end_s=make.clock("20:00")),))))
    assert sorted(starts, key=starts.__getitem__) == ["first", "second", "third"]


def test_who_called_last_is_left_out_however_dear_that_is() -> None:
    jobs = [called("last", "16:00", customer_class=model.CustomerClass.VULNERABLE)]
    jobs += [called("first", "08:00"), called("second", "12:00")]
    plan = planned_by_hand(make.day(*jobs, shifts=(make.shift(latest_end_s=make.clock("15:00")),)))
    assert starts_of(plan).keys() == {"first", "second"}
    assert reasons_of(plan) == {"last": Rule.UNKNOWN}


def test_a_full_outlet_sends_the_next_caller_to_the_next_outlet() -> None:
    jobs = [called(f"j{hour}", f"{hour}:00", position=make.at(9_000)) for hour in (10, 11, 12, 13)]
    day = two_outlets(*jobs)
    assert technician_of(day, planned_by_hand(day)) == {"j10": "t2", "j11": "t2", "j12": "t2", "j13": "t1"}


def test_of_an_outlet_whoever_can_be_there_first_goes() -> None:
    day = make.day(
        make.job(position=make.at(5_000)),
        technicians=(make.technician("t1"), make.technician("t2", position=make.at(4_000))),
        shifts=(make.shift("t1-0"), make.shift("t2-0")),
    )
    plan = planned_by_hand(day)
    assert technician_of(day, plan) == {"j1": "t2"}
    assert starts_of(plan) == {"j1": make.clock("08:00") + 100}


def test_a_locked_visit_has_its_place_before_anybody_is_served() -> None:
    held = model.Published(technician_id="t1", start_s=make.clock("08:30"), told=True)
    jobs = [called("first", "08:00"), called("held", "17:00", lock=Lock.PINNED, published=held)]
    starts = starts_of(planned_by_hand(make.day(*jobs)))
    assert starts["held"] == make.clock("08:30")
    assert starts["first"] > starts["held"]


def test_parts_are_waited_for_and_shipped() -> None:
    day = make.parts_day(make.job(order_lines=(make.order_line(),)))
    plan = planned_by_hand(day)
    assert starts_of(plan) == {"j1": make.clock("09:00")}
    assert plan.shipments == (make.shipment(),)


@pytest.mark.parametrize("seed", range(8))
def test_it_keeps_every_rule_over_several_centres(seed: int) -> None:
    day = random_day(seed, jobs=230, technicians=30, days=2, centres=3)
    plan = planned_by_hand(day, random_travel(day, seed))
    assert plan.routes
    assert len(starts_of(plan)) + len(plan.unassigned) == len(day.jobs)
