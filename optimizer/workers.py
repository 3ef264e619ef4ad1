"""Where shards are solved: any executor, renewed when it broke, every task answered exactly once."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from typing import Final, ParamSpec, Protocol, TypeVar

__all__ = ["ATTEMPTS", "HereWorkers", "Workers", "answer_all"]

ATTEMPTS = 3
"""A task whose worker died is given out again, this often in all."""

Task = TypeVar("Task")
Answer = TypeVar("Answer")
Given = ParamSpec("Given")


class Workers(Protocol):
    """A crew of processes or machines; a person may tell it to hurry."""

    @property
    def count(self) -> int:
        """How many tasks are worked on at the same time."""
        ...

    @property
    def stopped(self) -> bool:
        """True once a person asked to stop: every search, begun or not, then ends at once with the best it has."""
        ...

    def executor(self) -> Executor:
        """Return an executor in working order."""
        ...


class HereWorkers:
    """Nobody else: each shard is solved in this process when its turn comes, as notebooks and tests like it."""

    count: Final = 1
    stopped: Final = False

    def executor(self) -> Executor:
        """Return an executor that has done a task by the time `submit` returns."""
        return _HereExecutor()


class _HereExecutor(Executor):
    def submit(self, work: Callable[Given, Answer], /, *args: Given.args, **kwargs: Given.kwargs) -> Future[Answer]:
        """Do the task now; its error waits in the future, Ctrl-C does not."""
        future: Future[Answer] = Future()
        try:
            future.set_result(work(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def answer_all(
    work: Callable[[Task], Answer], tasks: Sequence[Task], workers: Workers, progress: Callable[[float], None]
) -> list[Answer]:
    """Return every task's answer in the order of the tasks; a task whose worker died is given to a new one."""
    answers: dict[int, Answer] = {}
    progress(0.0)
    for _ in range(ATTEMPTS):
        missing = [number for number in range(len(tasks)) if number not in answers]
        if not missing:
            break
        executor = workers.executor()
        try:
            given = {executor.submit(work, tasks[number]): number for number in missing}
        except BrokenExecutor:
            continue
        waiting: Iterable[Future[Answer]] = given
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                if not isinstance(future.exception(), BrokenExecutor):
                    answers[given[future]] = future.result()
            progress(len(answers) / len(tasks))
    lost = len(tasks) - len(answers)
    if lost:
        message = f"{lost} of {len(tasks)} shards were lost {ATTEMPTS} times with their workers"
        raise RuntimeError(message)
    return [answers[number] for number in range(len(tasks))]
