"""Days on which something is badly wrong: a legal plan comes out all the same, and says what it left out and why."""

import datetime as dt
from dataclasses import replace

import pytest

from optimizer import model
from optimizer.model import Lock, Rule
from optimizer.plan import Status
from tests import make
from tests.bad_days.survive import reasons_of, starts_of, stops_of, survive, technician_of

DAY = dt.timedelta(days=1)


def many(count: int, **fields: object) -> list[model.Job]:
    """Make jobs two kilometres apart along a road."""
    return [make.job(f"j{i}", **({"position": make.at(2_000 * i)} | fields)) for i in range(1, count + 1)]


def published(technician_id: str, start: str, told: bool = True) -> model.Published:
    return model.Published(technician_id=technician_id, start_s=make.clock(start), told=told)


def test_nobody_knows_a_family() -> None:
    odd = make.job("odd", skill=model.Skill(family="wine cellar", level=1))
    result = survive(make.day(*many(3), odd))
    assert reasons_of(result.plan) == {"odd": Rule.SKILL}


@pytest.mark.parametrize(
    "certificates",
    [
        (),
        (model.Certificate(scheme="gas", first=make.DATE - 900 * DAY, last=make.DATE - DAY),),
        (model.Certificate(scheme="gas", first=make.DATE + DAY, last=make.DATE + 900 * DAY),),
        (model.Certificate(scheme="lift", first=make.DATE, last=make.DATE + DAY),),
    ],
    ids=["none", "expired yesterday", "valid from tomorrow", "of another scheme"],
)
def test_nobody_is_certified_on_the_date(certificates: tuple[model.Certificate, ...]) -> None:
    gas = [make.job(f"gas{i}", certificates=frozenset({"gas"})) for i in (1, 2)]
    result = survive(make.day(*many(3), *gas, technicians=(make.technician(certificates=certificates),)))
    assert reasons_of(result.plan) == {"gas1": Rule.CERTIFICATE, "gas2": Rule.CERTIFICATE}
    assert "gas" in result.plan.unassigned[0].reason


def test_a_certificate_that_begins_tomorrow_puts_the_job_on_tomorrow() -> None:
    valid = (model.Certificate(scheme="gas", first=make.DATE + DAY, last=make.DATE + DAY),)
    day = make.day(
        make.job(certificates=frozenset({"gas"})),
        days=2,
        technicians=(make.technician(certificates=valid),),
        shifts=(make.shift("t1-0"), make.shift("t1-1")),
    )
    assert starts_of(survive(day).plan)["j1"] >= model.DAY_S


def test_the_outlet_next_door_has_no_technician() -> None:
    day = make.day(
        *many(4, position=make.at(20_000)), outlets=(make.outlet("o1"), make.outlet("o2", position=make.at(20_000)))
    )
    result = survive(day)
    assert len(starts_of(result.plan)) == 4
    assert set(technician_of(day, result.plan).values()) == {"t1"}


def test_all_jobs_are_in_one_village() -> None:
    village = make.at(12_300, -4_500)
    jobs = many(24, position=village)
    two = (make.technician("t1"), make.technician("t2", position=village))
    result = survive(make.day(*jobs, technicians=two, shifts=(make.shift("t1-0"), make.shift("t2-0"))))
    assert len(starts_of(result.plan)) == 24
    assert sum(stop.travel_s > 0 for stop in stops_of(result.plan).values()) <= 1, "one drive takes t1 there"


def test_nobody_can_reach_a_job() -> None:
    far = make.job("far", position=make.at(400_000))
    island = make.job("island", position=make.at(3_000, 3_000))
    no_ferry = make.FlatTravel(unknown=frozenset({(make.at(), island.position)}))
    result = survive(make.day(*many(3), far, island), no_ferry)
    assert reasons_of(result.plan) == {"far": Rule.MODE, "island": Rule.TRAVEL}


def test_there_is_no_way_back() -> None:
    trap = make.job("trap", position=make.at(3_000, 3_000))
    one_way = make.FlatTravel(unknown=frozenset({(trap.position, make.at())}))
    result = survive(make.day(trap), one_way)
    assert starts_of(result.plan) == {}


def test_the_way_between_two_places_is_unknown() -> None:
    a, b = make.job("a", position=make.at(2_000)), make.job("b", position=make.at(4_000))
    gap = make.FlatTravel(unknown=frozenset({(a.position, b.position), (b.position, a.position)}))
    alone = survive(make.day(a, b), gap)
    assert len(starts_of(alone.plan)) == 1
    assert set(reasons_of(alone.plan).values()) == {Rule.ROOM}
    detour = survive(make.day(a, b, make.job("c", position=make.at(3_000))), gap)
    (route,) = detour.plan.routes
    assert [stop.job_id for stop in route.stops][1] == "c"
    assert len(route.stops) == 3


def test_there_are_no_jobs() -> None:
    result = survive(replace(make.day(), jobs=()))
    assert (result.plan.routes, result.plan.unassigned, result.plan.shipments) == ((), (), ())
    assert result.status is Status.COMPLETE
    assert result.cost.total == 0


def test_there_is_one_job() -> None:
    result = survive(make.day())
    (route,) = result.plan.routes
    (stop,) = route.stops
    assert (stop.job_id, stop.travel_s, stop.start_s) == ("j1", 100, make.clock("08:00") + 100)
    assert route.return_s == stop.end_s + 100


def test_windows_are_past() -> None:
    gone = make.job("gone", windows=(make.window("07:00", "09:00"),))
    missed = make.job("missed", appointment=make.window("08:00", "08:30"))
    half = make.job("half", windows=(make.window("07:00", "09:00"), make.window("13:00", "14:00")))
    day = make.day(gone, missed, half, *many(2), now_s=make.clock("10:00"))
    result = survive(day)
    assert reasons_of(result.plan) == {"gone": Rule.WINDOW, "missed": Rule.WINDOW}
    starts = starts_of(result.plan)
    assert starts["half"] >= make.clock("13:00")
    assert min(starts.values()) >= day.now_s


def test_the_whole_day_is_past() -> None:
    result = survive(make.day(*many(3), now_s=make.clock("23:00")))
    assert starts_of(result.plan) == {}
    assert set(reasons_of(result.plan)) == {"j1", "j2", "j3"}


def test_promises_are_broken_already() -> None:
    due = (model.Clock(kind=model.ClockKind.ARRIVAL, due_s=make.clock("12:00", day=-3)),)
    late = make.job("late", clocks=due, reported_s=make.clock("12:00", day=-4), position=make.at(1_000))
    day = make.day(late, *(make.job(f"j{i}", position=make.at(-1_000)) for i in range(1, 6)))
    result = survive(day)
    assert reasons_of(result.plan) == {}
    assert result.cost.lateness > 0
    assert min(starts_of(result.plan), key=starts_of(result.plan).__getitem__) == "late"


def test_every_technician_is_ill() -> None:
    result = survive(make.day(*many(3), shifts=()))
    assert reasons_of(result.plan).keys() == {"j1", "j2", "j3"}
    assert result.cost.unserved > 0


def test_there_are_no_technicians() -> None:
    result = survive(make.day(*many(3), technicians=(), shifts=()))
    assert reasons_of(result.plan).keys() == {"j1", "j2", "j3"}


def test_there_are_no_outlets() -> None:
    result = survive(make.day(*many(3), outlets=(), technicians=(), shifts=()))
    assert reasons_of(result.plan).keys() == {"j1", "j2", "j3"}


def test_consent_is_pending() -> None:
    result = survive(make.day(*many(2), make.job("quote", consent=False)))
    assert reasons_of(result.plan) == {"quote": Rule.CONSENT}


def test_consent_is_pending_for_a_visit_that_was_published_and_locked() -> None:
    quote = make.job("quote", consent=False, lock=Lock.PINNED, published=published("t1", "10:00"))
    assert reasons_of(survive(make.day(*many(2), quote)).plan) == {"quote": Rule.CONSENT}


LOCKED = published("t1", "10:00")
EXPERT = model.Skill(family="fridge", level=3)
BROKEN_LOCKS = {
    "SKILL": make.job("held", lock=Lock.TECHNICIAN, published=LOCKED, skill=EXPERT),
    "CERTIFICATE": make.job("held", lock=Lock.TECHNICIAN, published=LOCKED, certificates=frozenset({"gas"})),
    "CREW": make.job("held", lock=Lock.BOTH, published=LOCKED, crew=2),
    "LOAD": make.job("held", lock=Lock.BOTH, published=LOCKED, load=1),
    "MODE": make.job("held", lock=Lock.PINNED, published=LOCKED, position=make.at(301_000)),
    "WINDOW": make.job("held", lock=Lock.PINNED, published=LOCKED, windows=(make.window("11:00", "12:00"),)),
    "HOURS": make.job("held", lock=Lock.PINNED, published=published("t1", "18:30")),
    "SHIFT": make.job("held", lock=Lock.PINNED, published=LOCKED, service_s=10 * 3_600),
}


@pytest.mark.parametrize("rule", BROKEN_LOCKS)
def test_a_lock_that_breaks_a_rule_is_reported_and_not_obeyed(rule: str) -> None:
    day = make.day(BROKEN_LOCKS[rule], *many(3), shifts=(make.shift(close_s=make.clock("18:00")),))
    (left,) = survive(day).plan.unassigned
    assert (left.job_id, left.rule) == ("held", Rule.LOCK)
    told = {"WINDOW": "window"}.get(rule, rule)
    assert told in left.reason


def test_a_lock_on_somebody_who_is_gone_is_reported() -> None:
    gone = make.job("held", lock=Lock.TECHNICIAN, published=published("t9", "10:00"))
    result = survive(make.day(gone, *many(2)))
    assert reasons_of(result.plan) == {"held": Rule.LOCK}


def test_a_lock_on_somebody_who_is_ill_is_reported() -> None:
    ill = make.job("held", lock=Lock.TECHNICIAN, published=published("t2", "10:00"))
    day = make.day(ill, *many(2), technicians=(make.technician("t1"), make.technician("t2")))
    assert reasons_of(survive(day).plan) == {"held": Rule.LOCK}


def test_a_lock_on_the_time_alone_lets_somebody_else_come_when_the_first_is_ill() -> None:
    ill = make.job("held", lock=Lock.TIME, published=published("t2", "10:00"))
    day = make.day(ill, technicians=(make.technician("t1"), make.technician("t2")))
    plan = survive(day).plan
    assert abs(starts_of(plan)["held"] - make.clock("10:00")) <= model.LOCK_TOLERANCE_S
    assert technician_of(day, plan) == {"held": "t1"}


def test_two_locks_want_the_same_hour() -> None:
    held = [make.job(f"held{i}", lock=Lock.PINNED, published=published("t1", "10:00")) for i in (1, 2)]
    result = survive(make.day(*held, *many(2)))
    assert len(starts_of(result.plan)) == 3
    (left,) = result.plan.unassigned
    assert left.rule is Rule.LOCK


def test_a_lock_whose_time_is_past_is_reported() -> None:
    gone = make.job("held", lock=Lock.BOTH, published=published("t1", "08:30"))
    result = survive(make.day(gone, *many(2), now_s=make.clock("11:00")))
    assert reasons_of(result.plan) == {"held": Rule.LOCK}


def test_a_frozen_visit_that_became_impossible_is_reported() -> None:
    frozen = make.job("held", published=LOCKED, skill=EXPERT)
    day = make.day(frozen, *many(1, published=published("t1", "12:00")), outlets=(make.outlet(freeze_s=0),))
    result = survive(day)
    assert reasons_of(result.plan) == {"held": Rule.FREEZE}
    assert abs(starts_of(result.plan)["j1"] - make.clock("12:00")) <= model.LOCK_TOLERANCE_S
