"""LOCK: what a lock holds stays; leaving the job out is no violation."""

import pytest

from optimizer.check import check
from optimizer.model import Day, Lock, Published, Rule
from tests import make

PUBLISHED = Published(technician_id="t1", start_s=make.clock("10:00"), told=False)


def locked_day(lock: Lock, published: Published | None = PUBLISHED) -> Day:
    return make.day(
        make.job(lock=lock, published=published),
        technicians=(make.technician("t1"), make.technician("t2")),
        shifts=(make.shift("t1-0"), make.shift("t2-0")),
    )


@pytest.mark.parametrize(
    ("lock", "technician", "start", "broken"),
    [
        (Lock.NONE, "t2", "14:00", 0),
        (Lock.TIME, "t2", "10:15", 0),
        (Lock.TIME, "t2", "09:45", 0),
        (Lock.TIME, "t1", "10:16", 1),
        (Lock.TIME, "t1", "09:44", 1),
        (Lock.TECHNICIAN, "t1", "14:00", 0),
        (Lock.TECHNICIAN, "t2", "10:00", 1),
        (Lock.BOTH, "t1", "10:15", 0),
        (Lock.BOTH, "t2", "10:00", 1),
        (Lock.BOTH, "t1", "10:16", 1),
        (Lock.BOTH, "t2", "10:16", 2),
        (Lock.PINNED, "t1", "10:00", 0),
        (Lock.PINNED, "t1", "10:01", 1),
        (Lock.PINNED, "t2", "10:00", 1),
    ],
)
def test_each_lock(lock: Lock, technician: str, start: str, broken: int) -> None:
    day = locked_day(lock)
    plan = make.plan(day, make.route(day, ("j1", make.clock(start)), shift_id=f"{technician}-0"))
    assert make.rules(day, plan) == [Rule.LOCK] * broken


def test_sentences() -> None:
    day = locked_day(Lock.BOTH)
    plan = make.plan(day, make.route(day, ("j1", make.clock("11:00")), shift_id="t2-0"))
    assert [violation.sentence for violation in check(day, plan, make.FlatTravel())] == [
        "j1 goes to t2, t1 is locked",
        "j1 starts 11:00, 10:00 is locked",
    ]


@pytest.mark.parametrize("lock", list(Lock))
def test_leaving_out_is_no_violation(lock: Lock) -> None:
    day = locked_day(lock)
    assert make.rules(day, make.plan(day)) == []


@pytest.mark.parametrize("lock", list(Lock))
def test_nothing_published_holds_nothing(lock: Lock) -> None:
    day = locked_day(lock, published=None)
    plan = make.plan(day, make.route(day, ("j1", make.clock("14:00")), shift_id="t2-0"))
    assert make.rules(day, plan) == []
