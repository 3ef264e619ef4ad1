"""The worker processes, and the clock and the stop button their searches look at."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.planning import check_day, plan_day
from api.workers import ProcessWorkers, Seconds, UntilStopped
from optimizer.budget import Steps
from optimizer.workers import HereWorkers, Workers, answer_all
from tests.bad_days import make_network


def nothing(*_: object) -> None:
    """Take what is said about progress."""


def double_or_die(task: tuple[int, Path | None]) -> tuple[int, int]:
    """Return twice the number and who worked it out; the first to be given a path dies."""
    number, once = task
    if once is not None and not once.exists():
        once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number, os.getpid()


def steps_until_stopped(budget: UntilStopped) -> int:
    """Return after how many steps a budget is used up."""
    stop = budget.begin(1.0)
    return next(steps for steps in range(10_000) if stop(steps) >= 1.0)


@pytest.fixture(scope="module")
def crew() -> Iterator[ProcessWorkers]:
    with ProcessWorkers(2) as crew:
        yield crew


def test_work_is_done_in_other_processes(crew: ProcessWorkers) -> None:
    answers = answer_all(double_or_die, [(number, None) for number in range(6)], crew, nothing)
    assert [answer for answer, _ in answers] == [0, 2, 4, 6, 8, 10]
    assert os.getpid() not in {pid for _, pid in answers}


def test_a_pool_whose_worker_was_killed_is_made_anew(crew: ProcessWorkers, tmp_path: Path) -> None:
    before = crew.executor()
    tasks = [(number, tmp_path / "died" if number == 2 else None) for number in range(6)]
    answers = answer_all(double_or_die, tasks, crew, nothing)
    assert [answer for answer, _ in answers] == [0, 2, 4, 6, 8, 10]
    assert (tmp_path / "died").exists()
    assert crew.executor() is not before
    assert crew.executor() is crew.executor()


def test_the_first_ctrl_c_stops_every_search_and_the_second_one_interrupts(
    capfd: pytest.CaptureFixture[str],
) -> None:
    handler = signal.getsignal(signal.SIGINT)
    with ProcessWorkers(1) as crew:
        asked = answer_all(steps_until_stopped, [UntilStopped(budget=Steps(steps=1_000))], crew, nothing)
        assert (crew.stopped, asked) == (False, [1_000])
        signal.raise_signal(signal.SIGINT)
        assert crew.stopped
        assert "Ctrl-C again" in capfd.readouterr().err
        for budget in (Steps(steps=1_000), Seconds(seconds=86_400)):
            assert answer_all(steps_until_stopped, [UntilStopped(budget=budget)], crew, nothing) == [0]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is handler


def test_a_budget_of_seconds_follows_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    stop = Seconds(seconds=60).begin(0.25)
    assert stop(0) == 0.0
    now = 107.5
    assert stop(10**9) == 0.5
    now = 200.0
    assert stop(0) > 1.0
    assert not UntilStopped(budget=Seconds(seconds=60)).repeats
    assert UntilStopped(budget=Steps(steps=1)).repeats


def test_no_share_of_the_seconds_is_over_at_once() -> None:
    assert Seconds(seconds=60).begin(0.0)(0) >= 1.0


def test_the_same_seed_and_steps_give_the_same_files_whoever_works(tmp_path: Path) -> None:
    day = make_network.write(tmp_path / "day")

    stages: set[str] = set()

    def files(name: str, crew: Workers) -> dict[str, bytes]:
        out = tmp_path / name
        plan_day(
            day,
            out,
            base=None,
            budget=UntilStopped(budget=Steps(steps=2_000)),
            workers=crew,
            seed=4,
            progress=lambda stage, _: stages.add(stage),
        )
        return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}

    first = files("first", HereWorkers())
    assert check_day(day, tmp_path / "first") == ()
    assert "seams" in stages, "there is one shard only, so that two workers never work at the same time"
    assert first.keys() > {"plan.json", "stops.csv", "unassigned.csv", "kpis.json", "routes.geojson"}
    with ProcessWorkers(2) as two:
        assert files("two", two) == first
    with ProcessWorkers(1) as one:
        assert files("one", one) == first
        assert files("again", one) == first
