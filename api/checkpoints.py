"""A run that survives: every shard's answer is kept before anybody relies on it, and never worked out again.

A day is planned by one `dispatch`, whose shards and seams reach across centres. It hands its tasks to workers; these
ones look first whether the answer is kept. A task is known by what it is: its jobs, shifts, beginning, seed and share.
"""

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import asdict, dataclass
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from api.scoreboard import Score, Scoreboard, followed
from optimizer.plan import Route, Stop
from optimizer.solve import Answer, Task, solve
from optimizer.workers import Workers

__all__ = ["Done", "Figures", "KeepingWorkers", "Shelf", "answer_of", "document_of", "key_of"]

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A shard that was solved: its key, its place in the run, the stage it belongs to and its answer."""

    key: str
    number: int
    stage: str
    answer: Answer


class Shelf(Protocol):
    """Where answers are kept."""

    def get(self, key: str) -> Answer | None:
        """Return the answer of an earlier attempt, None when there is none."""
        ...

    def put(self, done: Done) -> None:
        """Keep an answer; when this returns, it is on the disk."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Best so far: shards done and begun, visits made and the searches' own sum of their prices."""

    shards_done: int
    shards: int
    visits: int
    fen: int


def key_of(task: Task) -> str:
    """Return what tells a task of a run apart from every other: what is asked, not how it is sent."""
    shard = task.shard
    kits = [(job_id, [(kit.ready_s, kit.cost_fen) for kit in task.kits[job_id]]) for job_id in sorted(task.kits)]
    asked = [
        shard.job_ids,
        shard.shift_ids,
        sorted(shard.start.items()),
        task.seed,
        task.engine,
        f"{task.share:.9f}",
        kits,
    ]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def document_of(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON has it."""
    return asdict(answer)


def answer_of(document: dict[str, Any]) -> Answer:
    """Return the answer that a document holds."""
    routes = tuple(
        Route(**{**route, "stops": tuple(Stop(**stop) for stop in route["stops"])}) for route in document["routes"]
    )
    return Answer(routes=routes, steps=document["steps"], fen=document["fen"])


class KeepingWorkers:
    """Workers whose answers are kept; how far they are can be asked from another thread."""

    def __init__(self, workers: Workers, shelf: Shelf, scoreboard: Scoreboard | None = None) -> None:
        self._workers = workers
        self._shelf = shelf
        self._scoreboard = scoreboard
        self._numbers: dict[str, int] = {}
        self._stage = ""
        self._stage_of: dict[int, str] = {}
        self._began_with: dict[int, int] = {}
        self._scores: dict[int, Score] = {}

    @property
    def count(self) -> int:
        """How many tasks are worked on at the same time."""
        return self._workers.count

    @property
    def stopped(self) -> bool:
        """True once a person asked to stop."""
        return self._workers.stopped

    def executor(self) -> Executor:
        """Return an executor in working order that keeps what it is answered."""
        return _KeepingExecutor(self._workers.executor(), self)

    def stage(self, stage: str) -> None:
        """Say what the tasks that follow belong to."""
        self._stage = stage

    def figures(self) -> Figures:
        """Return how far the run is. What is searched again only counts what it changes."""
        visits = fen = 0
        for number, stage in list(self._stage_of.items()):
            score = self._scores.get(number)
            if stage == "search":
                score = score or self._live(number)
                visits, fen = visits + score.visits, fen + score.fen
            elif score is not None:
                visits += score.visits - self._began_with[number]
        return Figures(shards_done=len(self._scores), shards=len(self._stage_of), visits=visits, fen=fen)

    def begun(self, task: Task) -> tuple[str, int, Answer | None]:
        """Return a task's key, its number and the answer that is kept of it."""
        key = key_of(task)
        number = self._numbers.setdefault(key, len(self._numbers))
        self._stage_of[number] = self._stage
        self._began_with[number] = sum(map(len, task.shard.start.values()))
        answer = self._shelf.get(key)
        if answer is not None:
            self._score(number, answer)
        return key, number, answer

    def done(self, key: str, number: int, answer: Answer) -> None:
        """Keep an answer."""
        self._shelf.put(Done(key=key, number=number, stage=self._stage_of[number], answer=answer))
        self._score(number, answer)

    def _score(self, number: int, answer: Answer) -> None:
        self._scores[number] = Score(answer.fen, sum(len(route.stops) for route in answer.routes))

    def _live(self, number: int) -> Score:
        return Score(0, 0) if self._scoreboard is None else self._scoreboard[number]


class _KeepingExecutor(Executor):
    def __init__(self, inner: Executor, workers: KeepingWorkers) -> None:
        self._inner = inner
        self._workers = workers

    def submit(self, work: Callable[Given, Returned], /, *args: Given.args, **kwargs: Given.kwargs) -> Future[Returned]:
        """Give a shard's kept answer, or have it solved and keep it before the future is done; pass on other work."""
        if cast("object", work) is not solve:
            return self._inner.submit(work, *args, **kwargs)
        return cast("Future[Returned]", self._solve(cast("Task", args[0])))

    def _solve(self, task: Task) -> Future[Answer]:
        key, number, kept = self._workers.begun(task)
        future: Future[Answer] = Future()
        if kept is not None:
            future.set_result(kept)
            return future

        def keep(inner: Future[Answer]) -> None:
            try:
                answer = inner.result()
                self._workers.done(key, number, answer)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(answer)

        self._inner.submit(followed, number, solve, task).add_done_callback(keep)
        return future
