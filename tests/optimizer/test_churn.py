"""What became of published visits: each change once, priced as the plan is."""

import dataclasses
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.churn import Change, Fate, additions, by_urgency, changes, withdrawn
from optimizer.cost import price
from optimizer.model import Day, Published
from tests import make, strategies

TEN = make.clock("10:00")
WAS = Published(technician_id="t1", start_s=TEN, told=True)


def two_technicians(*jobs: str, was: Published | None = WAS) -> Day:
    return make.day(
        *(make.job(job_id, published=was) for job_id in jobs or ("j1",)),
        technicians=(make.technician("t1"), make.technician("t2")),
        shifts=(make.shift("t1-0"), make.shift("t2-0")),
    )


@pytest.mark.parametrize(
    ("shift", "start", "fate", "fen"),
    [
        ("t1-0", "10:00", None, 0),
        ("t1-0", "10:15", None, 0),
        ("t1-0", "09:45", None, 0),
        ("t1-0", "10:16", Fate.TIME, 4_500),
        ("t1-0", "09:44", Fate.TIME, 4_500),
        ("t2-0", "10:15", Fate.TECHNICIAN, 5_000),
        ("t2-0", "10:16", Fate.TECHNICIAN_AND_TIME, 5_000),
    ],
)
def test_each_fate(shift: str, start: str, fate: Fate | None, fen: int) -> None:
    day = two_technicians()
    start_s = make.clock(start)
    found = changes(day, make.plan(day, make.route(day, ("j1", start_s), shift_id=shift)))
    assert [(change.fate, change.fen, change.start_s) for change in found] == (
        [] if not fate else [(fate, fen, start_s)]
    )
    assert all(change.call_again and change.moved_s == start_s - TEN for change in found)


def test_a_visit_left_out_is_called_about_by_its_old_start() -> None:
    day = two_technicians()
    (found,) = changes(day, make.plan(day))
    assert (found.fate, found.technician_id, found.start_s, found.first_s) == (Fate.LEFT_OUT, None, None, TEN)
    assert found.moved_s is None
    assert found.call_again


def test_nobody_calls_whom_nobody_told() -> None:
    day = two_technicians(was=dataclasses.replace(WAS, told=False))
    (found,) = changes(day, make.plan(day))
    assert not found.call_again


def test_somebody_who_is_gone_makes_every_visit_of_theirs_another_technicians() -> None:
    day = two_technicians(was=dataclasses.replace(WAS, technician_id="t99"))
    (found,) = changes(day, make.plan(day, make.route(day, ("j1", TEN))))
    assert found.fate is Fate.TECHNICIAN


def test_new_visits_are_those_of_jobs_never_published() -> None:
    day = make.day(make.job("old", published=WAS), make.job("new"), make.job("left"))
    plan = make.plan(day, make.route(day, ("old", TEN), ("new", make.clock("14:00"))))
    (found,) = additions(day, plan)
    assert (found.job_id, found.fate, found.technician_id, found.fen) == ("new", Fate.NEW, "t1", 0)
    assert changes(day, plan) == ()


@pytest.mark.parametrize(("start", "rows"), [("05:59", 0), ("06:00", 1), ("14:00", 1)])
def test_a_visit_is_dropped_when_its_job_is_gone_and_it_was_still_to_come(start: str, rows: int) -> None:
    """Now is 06:00: what was to begin before was made, and its job rightly gone."""
    found = withdrawn(make.day(shifts=()), {"gone": ("t1", make.clock(start)), "j1": ("t1", TEN)})
    assert [change.job_id for change in found] == ["gone"] * rows
    assert not any(change.call_again for change in found)


@pytest.mark.parametrize(("start", "rows"), [("09:20", 0), ("09:39", 0), ("09:40", 1)])
def test_what_begins_before_its_technician_is_free_is_under_way(start: str, rows: int) -> None:
    """Now is 09:00, and t1 is on the road or busy until 09:40: nobody must be called off that visit."""
    day = make.day(now_s=make.clock("09:00"), shifts=(make.shift(start_s=make.clock("09:40")), make.shift("t1-1")))
    assert len(withdrawn(day, {"gone": ("t1", make.clock(start))})) == rows
    assert len(withdrawn(day, {"gone": ("t1", make.clock("08:00", day=1))})) == 1


def test_who_was_told_comes_first_then_the_earlier_of_both_starts() -> None:
    def change(job_id: str, was: str, is_: str | None, told: bool) -> Change:
        published = Published(technician_id="t1", start_s=make.clock(was), told=told)
        start_s = None if is_ is None else make.clock(is_)
        return Change(job_id=job_id, fate=Fate.TIME, was=published, technician_id="t1", start_s=start_s)

    rows = [
        change("c", "09:00", "08:00", False),
        change("b", "15:00", "10:00", True),
        change("a", "11:00", None, True),
        change("e", "09:00", "14:00", True),
        Change(job_id="d", fate=Fate.NEW, technician_id="t1", start_s=make.clock("07:00")),
    ]
    assert [row.job_id for row in sorted(rows, key=by_urgency)] == ["e", "b", "a", "d", "c"]


@settings(max_examples=60)
@given(case=strategies.days_and_travel(), seed=st.integers(0, 1_000))
def test_the_changes_are_the_plans_churn(case: tuple[Day, make.FlatTravel], seed: int) -> None:
    """A visit has a row when and only when it is priced, and the rows add up."""
    day, travel = case
    plan = strategies.legal_plan(day, travel, seed)
    found = changes(day, plan)
    assert sum(change.fen for change in found) == price(day, plan, travel).churn
    assert all(change.fen > 0 for change in found)
    assert len({change.job_id for change in found}) == len(found)


@given(case=strategies.days_and_travel(), seed=st.integers(0, 1_000))
def test_every_visit_is_as_published_changed_or_new(case: tuple[Day, make.FlatTravel], seed: int) -> None:
    day, travel = case
    plan = strategies.legal_plan(day, travel, seed)
    visited = {stop.job_id for route in plan.routes for stop in route.stops}
    changed = {change.job_id for change in changes(day, plan)}
    new = {change.job_id for change in additions(day, plan)}
    published = {job.id for job in day.jobs if job.published is not None}
    assert new == visited - published
    assert published - visited <= changed <= published
    orders = sorted((*changes(day, plan), *additions(day, plan)), key=by_urgency)
    assert orders == sorted(Random(seed).sample(orders, len(orders)), key=by_urgency)
