"""A run that is broken off goes on where it was: nothing is solved twice, and the plan is the same."""

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from api.checkpoints import Done, KeepingWorkers, answer_of, document_of
from datasets.day import read_day
from geo.estimate import EstimateTravel
from optimizer import shards as cutting
from optimizer.budget import Steps
from optimizer.dispatch import dispatch
from optimizer.model import Day
from optimizer.plan import Result, Route, Stop
from optimizer.solve import Answer, solve
from optimizer.workers import HereWorkers
from tests.bad_days import make_network


class Kept:
    """A shelf in memory; it counts, and breaks when it holds enough."""

    def __init__(self, breaks_at: int = 10**9) -> None:
        self.answers: dict[str, Done] = {}
        self.found = 0
        self.breaks_at = breaks_at

    def get(self, key: str) -> Answer | None:
        if key not in self.answers:
            return None
        self.found += 1
        return self.answers[key].answer

    def put(self, done: Done) -> None:
        assert done.key not in self.answers, "solved twice"
        if len(self.answers) >= self.breaks_at:
            raise ConnectionError("the store is gone")
        self.answers[done.key] = done


class Counting(HereWorkers):
    """Workers that count the shards they solve."""

    def __init__(self) -> None:
        self.solved = 0

    def executor(self) -> Executor:
        workers, inner = self, HereWorkers().executor()

        class Counted(Executor):
            def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
                workers.solved += solve in args
                return inner.submit(work, *args, **kwargs)

        return Counted()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    return read_day(make_network.write(tmp_path_factory.mktemp("day") / "day")).day


def planned(day: Day, workers: KeepingWorkers) -> Result:
    return dispatch(
        day,
        EstimateTravel(),
        budget=Steps(steps=600),
        workers=workers,
        seed=3,
        progress=lambda stage, _: workers.stage(stage),
    )


def test_a_run_that_is_broken_off_goes_on_without_solving_anything_twice(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cutting, "FEWEST_JOBS", 1)
    whole = Kept()
    straight = planned(day, KeepingWorkers(HereWorkers(), whole))
    shards = len(whole.answers)
    assert shards > 1
    broken, crew = Kept(breaks_at=shards - 1), Counting()
    with pytest.raises(ConnectionError):
        planned(day, KeepingWorkers(crew, broken))
    broken.breaks_at = 10**9
    first, crew.solved = crew.solved, 0
    assert planned(day, KeepingWorkers(crew, broken)) == straight
    assert (broken.found, crew.solved) == (shards - 1, 1)
    assert first == shards


def test_the_figures_of_a_finished_run_are_those_of_its_plan(day: Day) -> None:
    crew = KeepingWorkers(HereWorkers(), Kept())
    assert crew.figures().shards == 0
    result = planned(day, crew)
    figures = crew.figures()
    assert figures.shards_done == figures.shards
    assert figures.visits == sum(len(route.stops) for route in result.plan.routes)


def test_an_answer_is_the_same_after_it_was_kept() -> None:
    stop = Stop(job_id="J1", start_s=1, end_s=2, travel_s=3, travel_m=4)
    route = Route(shift_id="T1@2026-03-02", depart_s=0, stops=(stop,), return_s=9, return_travel_s=3, return_travel_m=4)
    answer = Answer(routes=(route,), steps=200, fen=-5)
    assert answer_of(document_of(answer)) == answer


def test_other_work_is_passed_on(tmp_path: Path) -> None:
    crew = KeepingWorkers(HereWorkers(), Kept())
    assert crew.executor().submit(len, [tmp_path]).result() == 1
