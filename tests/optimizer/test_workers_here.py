"""Shards solved in this very process."""

import os

import pytest

from optimizer.budget import Steps
from optimizer.check import check
from optimizer.dispatch import dispatch
from optimizer.plan import Result, Status
from optimizer.workers import HereWorkers, answer_all
from tests import make


def nothing(*_: object) -> None:
    """Take what is said about progress."""


def where(task: int) -> tuple[int, int]:
    return task, os.getpid()


def test_answers_come_in_order_and_from_this_process() -> None:
    assert answer_all(where, [3, 1, 2], HereWorkers(), nothing) == [(task, os.getpid()) for task in (3, 1, 2)]


def test_a_task_is_done_when_submit_returns() -> None:
    done: list[int] = []
    future = HereWorkers().executor().submit(done.append, 1)
    assert done == [1]
    assert future.done()


def test_the_error_of_a_task_reaches_the_caller() -> None:
    def fails(task: int) -> int:
        raise ValueError(f"task {task}")

    with pytest.raises(ValueError, match="task 7"):
        answer_all(fails, [7], HereWorkers(), nothing)


def test_ctrl_c_ends_it_at_once() -> None:
    begun: list[int] = []

    def interrupted(task: int) -> None:
        begun.append(task)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        answer_all(interrupted, [1, 2, 3], HereWorkers(), nothing)
    assert begun == [1]


def planned() -> Result:
    day = make.day(
        *(make.job(f"j{i}", position=make.at(1_000 * (i % 5), 900 * (i % 4))) for i in range(12)),
        technicians=(make.technician("t1"), make.technician("t2")),
        shifts=(make.shift("t1-0"), make.shift("t2-0")),
    )
    travel = make.FlatTravel()
    result = dispatch(day, travel, budget=Steps(steps=400), workers=HereWorkers(), seed=3, progress=nothing)
    assert check(day, result.plan, travel) == ()
    return result


def test_a_day_is_planned_and_the_same_again() -> None:
    first = planned()
    assert first.status is Status.COMPLETE
    assert first == planned()
    assert sum(len(route.stops) for route in first.plan.routes) == 12
