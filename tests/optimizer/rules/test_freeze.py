"""FREEZE: a frozen shift neither wins, loses nor moves a visit."""

import pytest

from optimizer.check import check
from optimizer.model import Day, Published, Rule
from tests import make

SEVEN = make.clock("07:00")


def frozen_day(published: Published | None, now: str = "07:00") -> Day:
    """Make a day on which the shifts of t1 freeze at 07:00 of their date and those of t2 never."""
    return make.day(
        make.job(published=published),
        days=2,
        now_s=make.clock(now),
        outlets=(make.outlet("o1", freeze_s=SEVEN), make.outlet("o2")),
        technicians=(make.technician("t1"), make.technician("t2", outlet_id="o2")),
        shifts=tuple(make.shift(id) for id in ("t1-0", "t1-1", "t2-0", "t2-1")),
    )


def published(technician: str, start: str, day: int = 0) -> Published:
    return Published(technician_id=technician, start_s=make.clock(start, day), told=True)


@pytest.mark.parametrize(
    ("was", "shift", "start", "broken"),
    [
        (published("t1", "10:00"), "t1-0", "10:15", 0),
        (published("t1", "10:00"), "t1-0", "10:16", 1),
        (published("t1", "10:00"), "t1-0", "09:44", 1),
        (None, "t1-0", "10:00", 1),
        (None, "t1-1", "10:00", 0),
        (None, "t2-0", "10:00", 0),
        (published("t2", "10:00"), "t1-0", "10:00", 1),
        (published("t2", "10:00"), "t2-0", "15:00", 0),
        (published("t1", "10:00"), "t2-0", "10:00", 1),
        (published("t1", "10:00"), "t1-1", "10:00", 1),
        (published("t1", "10:00", day=1), "t1-0", "10:00", 1),
        (published("t1", "10:00", day=1), "t1-1", "15:00", 0),
        (published("t1", "10:00", day=1), "t2-1", "15:00", 0),
    ],
)
def test_only_as_published(was: Published | None, shift: str, start: str, broken: int) -> None:
    day = frozen_day(was)
    start_s = make.clock(start, day=int(shift[-1]))
    plan = make.plan(day, make.route(day, ("j1", start_s), shift_id=shift))
    assert make.rules(day, plan) == [Rule.FREEZE] * broken


@pytest.mark.parametrize(("now", "rules"), [("06:59", []), ("07:00", [Rule.FREEZE])])
def test_from_the_freeze_on(now: str, rules: list[Rule]) -> None:
    day = frozen_day(None, now)
    assert make.rules(day, make.plan(day, make.route(day, ("j1", make.clock("10:00"))))) == rules


def test_the_evening_before() -> None:
    """A fax outlet freezes at 18:00 of the day before: at 18:00 of the first day the second is frozen."""
    day = make.day(
        days=2,
        now_s=make.clock("18:00"),
        outlets=(make.outlet(freeze_s=make.clock("18:00", day=-1)),),
        shifts=(make.shift("t1-1"),),
    )
    plan = make.plan(day, make.route(day, ("j1", make.clock("10:00", day=1)), shift_id="t1-1"))
    assert make.rules(day, plan) == [Rule.FREEZE]


def test_sentences() -> None:
    day = frozen_day(published("t1", "10:00"))
    moved = make.plan(day, make.route(day, ("j1", make.clock("11:00"))))
    taken = make.plan(day, make.route(day, ("j1", make.clock("10:00")), shift_id="t2-0"))
    (violation,) = check(day, moved, make.FlatTravel())
    assert violation.sentence == "j1 starts 11:00, frozen at 10:00"
    (violation,) = check(day, taken, make.FlatTravel())
    assert violation.sentence == "j1 was published on t1-0, which is frozen"


def test_leaving_out_is_no_violation() -> None:
    day = frozen_day(published("t1", "10:00"))
    assert make.rules(day, make.plan(day)) == []


def test_a_technician_who_fell_ill_has_no_shift_to_freeze() -> None:
    day = make.day(
        make.job(published=published("t1", "10:00")),
        outlets=(make.outlet(freeze_s=0),),
        technicians=(make.technician("t1"), make.technician("t2", outlet_id="o2")),
        shifts=(make.shift("t2-0"),),
    )
    day = make.day(*day.jobs, outlets=(*day.outlets, make.outlet("o2")), technicians=day.technicians, shifts=day.shifts)
    plan = make.plan(day, make.route(day, ("j1", make.clock("10:00")), shift_id="t2-0"))
    assert make.rules(day, plan) == []
