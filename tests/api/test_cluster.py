"""A Dask cluster as workers: real processes on this machine, some of which die."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path

import pytest

distributed = pytest.importorskip("distributed")

from fastapi import FastAPI  # noqa: E402 - only where the extra is
from fastapi.testclient import TestClient  # noqa: E402 - only where the extra is

from api import cli, cluster  # noqa: E402 - only where the extra is
from api.cluster import ClusterLost, ClusterRefused, ClusterWorkers  # noqa: E402
from api.planning import check_day, plan_day  # noqa: E402
from api.workers import ProcessWorkers  # noqa: E402
from optimizer.budget import Steps  # noqa: E402
from optimizer.workers import Workers, answer_all  # noqa: E402
from tests.api.forked import Forked  # noqa: E402
from tests.api.running import store_with_a_day, worker  # noqa: E402
from tests.api.running import until as wait_until  # noqa: E402
from tests.bad_days import make_network  # noqa: E402
from tests.bad_days.process import DEADLINE_S, Run, nobody_left, until  # noqa: E402

STEPS = 3_000


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


class Cluster:
    """A scheduler and workers, every one a process, forked (tests.api.forked); all are ended when it closes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Forked] = []
        self._pids: dict[str, int] = {}
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-show")
        self.client = distributed.Client(self.address, timeout=DEADLINE_S, set_as_default=False)

    def hire(self) -> None:
        """Start one more worker, without a nanny, and wait until it is ready."""
        own = self._folder / f"worker {len(self._started)}"
        known = set(self.client.nthreads())
        options = ["--nthreads", "1", "--no-nanny", "--memory-limit", "0", "--local-directory", str(own)]
        process = self._start("worker", self.address, *options)
        self.client.wait_for_workers(len(known) + 1, timeout=DEADLINE_S)
        (address,) = set(self.client.nthreads()) - known
        self._pids[address] = process.pid

    def at_work(self) -> list[str]:
        """Return the addresses of the workers that have a task."""
        return [address for address, tasks in self.client.processing().items() if tasks]

    def kill(self, address: str) -> None:
        """Kill a worker so that it can say nothing."""
        os.kill(self._pids[address], signal.SIGKILL)

    def _start(self, kind: str, *words: str) -> Forked:
        log = self._folder / f"{len(self._started)}.log"
        process = Forked(f"distributed.cli.dask_{kind}:main", (*words, "--no-dashboard"), log, os.environ)
        self._started.append(process)
        return process

    def idle(self) -> bool:
        """Tell whether no worker has anything to do, nor is in the middle of something."""
        running = self.client.run(lambda dask_worker: len(dask_worker.active_threads))
        return not any(running.values()) and not self.at_work()

    def close(self) -> None:
        self.client.close()
        for process in reversed(self._started):
            process.kill()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start a scheduler and two workers for all tests that leave them alive."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        cluster.hire()
        cluster.hire()
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a day in two shards."""
    return make_network.write(tmp_path_factory.mktemp("network") / "day")


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}


def planned(day: Path, out: Path, crew: Workers) -> dict[str, bytes]:
    plan_day(day, out, base=None, budget=Steps(steps=STEPS), workers=crew, seed=4, progress=lambda *_: None)
    return files(out)


@pytest.fixture(scope="module")
def by_processes(day: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the plan's files as the processes of this machine make them."""
    with ProcessWorkers(2) as crew:
        return planned(day, tmp_path_factory.mktemp("processes") / "out", crew)


def test_a_cluster_makes_the_same_plan_as_processes(
    day: Path, two: Cluster, by_processes: dict[str, bytes], tmp_path: Path
) -> None:
    with ClusterWorkers(two.address) as crew:
        assert crew.count == 2
        assert planned(day, tmp_path / "out", crew) == by_processes
    assert check_day(day, tmp_path / "out") == ()


def test_a_worker_killed_at_work_changes_nothing(
    day: Path, two: Cluster, by_processes: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    two.hire()
    run = Run("day", "plan", day, "-o", out, "--iterations", STEPS, "--seed", 4, "--scheduler", two.address)
    with nobody_left(run):
        until(two.at_work)
        two.kill(two.at_work()[0])
        assert run.end() == 0, run.errors
    assert files(out) == by_processes
    assert check_day(day, out) == ()
    assert "Traceback" not in run.errors
    until(lambda: len(two.client.nthreads()) == 2)


def test_ctrl_c_ends_the_searches_of_a_cluster_with_the_best_plan_so_far(
    day: Path, two: Cluster, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = Run("day", "plan", day, "-o", out, "--iterations", 10**12, "--scheduler", two.address)
    with nobody_left(run):
        run.until_said("Searching")
        until(two.at_work)
        run.ctrl_c()
        run.until_said("Ctrl-C again to stop at once")
        assert run.end() == 130, run.errors
    assert "Stopped early" in run.errors
    assert check_day(day, out) == ()
    until(two.idle)


@pytest.mark.parametrize("how", ["interrupted twice", "killed"])
def test_workers_drop_the_tasks_of_a_command_that_is_gone(how: str, day: Path, two: Cluster, tmp_path: Path) -> None:
    run = Run("day", "plan", day, "-o", tmp_path / "out", "--seconds", 3_600, "--scheduler", two.address)
    with nobody_left(run):
        run.until_said("Searching")
        until(lambda: not two.idle())
        if how == "killed":
            run.process.kill()
            assert run.end() == -signal.SIGKILL
        else:
            run.ctrl_c()
            run.until_said("Ctrl-C again")
            run.ctrl_c()
            assert run.end() == 130
    until(two.idle)
    assert list(tmp_path.iterdir()) == []


def refusal(address: str) -> str:
    with pytest.raises(ClusterRefused) as refused, ClusterWorkers(address):
        pass
    return str(refused.value)


def test_an_address_where_nobody_is_exits_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    out = str(tmp_path / "out")
    monkeypatch.setattr(sys, "argv", ["paigong", "day", "plan", str(tmp_path), "-o", out, "--scheduler", address])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == cli.REFUSED
    said = capsys.readouterr().err
    assert f"No scheduler answers at {address}" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    "address", ["nonsense", "http://127.0.0.1:80", "tcp://127.0.0.1", "tcp://127.0.0.1:abc", "tls://127.0.0.1:1", ""]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    assert "tcp://HOST:8786" in refusal(address)


def test_a_listener_that_is_no_scheduler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "No scheduler answers" in refusal(f"tcp://127.0.0.1:{silent.getsockname()[1]}")


def test_without_the_extra_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert "paigong[cluster]" in refusal("tcp://127.0.0.1:8786")


def test_a_worker_that_is_made_of_something_else_is_refused(two: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "DECIDING", ("numpy", "pytest"))
    said = refusal(two.address)
    assert said.count("has pytest None, here ") == 2
    assert "same commit" in said


def forever(task: int) -> int:
    """Wait for a death."""
    import time

    time.sleep(3_600)
    return task


def test_a_cluster_that_dies_piece_by_piece_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_S", 1.0)
    monkeypatch.setattr(cluster, "NOBODY_S", 1.0)
    small = Cluster(tmp_path)
    try:
        assert "has no workers" in refusal(small.address)
        small.hire()
        with ClusterWorkers(small.address) as crew:
            given = crew.executor().submit(forever, 1)
            until(small.at_work)
            small.kill(small.at_work()[0])
            assert isinstance(given.exception(DEADLINE_S), BrokenExecutor)
            with pytest.raises(ClusterLost, match="No worker was left"):
                answer_all(forever, [1], crew, lambda _: None)
        small.hire()
        with ClusterWorkers(small.address) as crew:
            given = crew.executor().submit(forever, 1)
            until(small.at_work)
            small.client.close()
            small.scheduler.kill()
            assert isinstance(given.exception(DEADLINE_S), BrokenExecutor)
            with pytest.raises(ClusterLost, match="went away"):
                answer_all(forever, [1], crew, lambda _: None)
    finally:
        small.close()


def test_a_wish_is_planned_on_the_cluster_that_the_worker_names(
    two: Cluster, app: FastAPI, database_url: str, client: TestClient, tmp_path: Path
) -> None:
    store_with_a_day(app.state.database, tmp_path)
    wish = {
        "scope": {"centres": "all"},
        "horizon": {"date": "2026-03-02", "now": "2026-03-02T07:00:00+08:00"},
        "limits": {"steps": 5_000},
    }
    at_work: list[str] = []

    def has_ended() -> bool:
        at_work.extend(two.at_work())
        return client.get(path).json()["state"] not in {"queued", "running"}

    until(two.idle)
    with worker(database_url, tmp_path / "work.log", PAIGONG_SCHEDULER=two.address):
        path = client.post("/v1/plans", json=wish).headers["location"]
        wait_until(has_ended, "the run has ended")
    plan = client.get(path).json()
    assert (plan["state"], plan["problem"]) == ("finished", None)
    assert plan["outcome"]["served"] > 0
    assert at_work, "the shards were solved there"
