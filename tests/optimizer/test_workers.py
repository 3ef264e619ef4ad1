"""Tasks are answered exactly once and in order, whatever happens to those who work on them."""

import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from optimizer.workers import ATTEMPTS, answer_all


class Breaking(Executor):
    """Answers some tasks, then loses its worker: the task in work and all that wait are lost, more are refused."""

    def __init__(self, answers: int, refuses: bool = False) -> None:
        self.answers = answers
        self.refuses = refuses

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.refuses:
            raise BrokenProcessPool("broken before the first task")
        future: Future[Any] = Future()
        if self.answers > 0:
            self.answers -= 1
            future.set_result(work(*args, **kwargs))
        else:
            future.set_exception(BrokenProcessPool("a worker died"))
        return future


class Crew:
    """Hands out the given executors one after the other, the last one again and again."""

    count = 2
    stopped = False

    def __init__(self, *executors: Executor) -> None:
        self.waiting = list(executors)
        self.asked = 0

    def executor(self) -> Executor:
        self.asked += 1
        return self.waiting.pop(0) if len(self.waiting) > 1 else self.waiting[0]


def nothing(_: float) -> None:
    """Take what is said about progress."""


class Work:
    """Squares, and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def __call__(self, task: int) -> int:
        self.given.append(task)
        return task * task


def test_answers_are_in_the_order_of_the_tasks_whoever_is_first() -> None:
    last_is_done = threading.Event()

    def work(task: int) -> int:
        if task == 2:
            last_is_done.set()
        else:
            assert last_is_done.wait(timeout=60)
        return task * 10

    with ThreadPoolExecutor(3) as pool:
        assert answer_all(work, [0, 1, 2], Crew(pool), nothing) == [0, 10, 20]


def test_no_tasks_ask_nobody() -> None:
    crew = Crew(Breaking(0))
    assert answer_all(Work(), [], crew, nothing) == []
    assert crew.asked == 0


def test_a_task_whose_worker_died_is_given_to_the_next_one_and_no_other_is() -> None:
    work, crew = Work(), Crew(Breaking(2), Breaking(9))
    assert answer_all(work, [1, 2, 3, 4], crew, nothing) == [1, 4, 9, 16]
    assert work.given == [1, 2, 3, 4]
    assert crew.asked == 2


def test_a_pool_that_is_found_broken_is_replaced() -> None:
    crew = Crew(Breaking(0, refuses=True), Breaking(9))
    assert answer_all(Work(), [1, 2], crew, nothing) == [1, 4]


def test_workers_that_always_die_end_in_a_clear_error() -> None:
    crew = Crew(Breaking(1), Breaking(0))
    with pytest.raises(RuntimeError, match=f"2 of 3 shards were lost {ATTEMPTS} times with their workers"):
        answer_all(Work(), [1, 2, 3], crew, nothing)
    assert crew.asked == ATTEMPTS


def test_pools_that_are_always_found_broken_end_in_a_clear_error() -> None:
    with pytest.raises(RuntimeError, match="2 of 2 shards were lost"):
        answer_all(Work(), [1, 2], Crew(Breaking(0, refuses=True)), nothing)


def test_an_error_of_the_work_itself_is_not_tried_again() -> None:
    given: list[int] = []

    def fails(task: int) -> int:
        given.append(task)
        raise ValueError(f"no way to do {task}")

    with pytest.raises(ValueError, match="no way to do 7"):
        answer_all(fails, [7], Crew(Breaking(9)), nothing)
    assert given == [7]


def test_progress_counts_answers_and_never_falls() -> None:
    shown: list[float] = []
    answer_all(Work(), [1, 2, 3, 4], Crew(Breaking(2), Breaking(9)), shown.append)
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (0.0, 1.0)
    assert 0.5 in shown


def test_a_broken_pool_is_what_a_dead_worker_raises() -> None:
    assert issubclass(BrokenProcessPool, BrokenExecutor)
