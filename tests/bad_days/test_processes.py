"""Bad days of the machine: Ctrl-C, a full disk, a killed worker, two people at once. Real processes, real signals."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.console import STAGES
from api.planning import check_day, plan_day
from optimizer.budget import Steps
from optimizer.workers import HereWorkers
from tests.bad_days import make_network
from tests.bad_days.process import Run, Terminal, busy_seconds, nobody_left, until, workers

FOREVER = ("--seconds", 3_600)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a day in two shards."""
    return make_network.write(tmp_path_factory.mktemp("network") / "day")


def content(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def document(out: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((out / "plan.json").read_text())
    return found


def test_ctrl_c_on_a_terminal_ends_with_the_best_plan_so_far(day: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = Terminal("day", "plan", day, "-o", out, *FOREVER, "--workers", 2)
    with nobody_left(run):
        run.until_shown("Searching, shard by shard")
        run.press_ctrl_c()
        assert run.end() == 130
    assert "Stopped early" in run.screen
    assert document(out)["status"] == "interrupted"
    assert document(out)["routes"]
    assert check_day(day, out) == ()
    # The terminal had a bar that moved on, redrawn in place.
    assert "━" in run.screen
    assert "\x1b[" in run.screen
    percents = [int(percent) for percent in re.findall(r"(\d+) %", run.screen)]
    assert percents == sorted(percents)
    assert percents[0] < 5
    assert percents[-1] == 100


def test_ctrl_c_ends_a_run_of_given_steps_too_and_a_second_one_leaves_nothing(day: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = Run("day", "plan", day, "-o", out, "--iterations", 10**12, "--workers", 2)
    with nobody_left(run):
        run.until_said("Searching")
        until(lambda: len(workers(run.process.pid)) == 2)
        run.ctrl_c()
        run.until_said("Ctrl-C again to stop at once")
        run.ctrl_c()
        assert run.end() == 130
    assert "Interrupted" in run.errors
    assert "Traceback" not in run.errors
    assert list(tmp_path.iterdir()) == []


def test_a_killed_worker_is_replaced_and_its_shards_are_solved_again(day: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run = Run("day", "plan", day, "-o", out, "--seconds", 2, "--workers", 2)
    with nobody_left(run):
        run.until_said("Searching")
        until(lambda: any(busy_seconds(pid) > 0.5 for pid in workers(run.process.pid)))
        before = workers(run.process.pid)
        os.kill(max(before, key=busy_seconds), signal.SIGKILL)
        until(lambda: workers(run.process.pid) - before)
        assert run.end() == 0, run.errors
    assert document(out)["status"] == "complete"
    assert check_day(day, out) == ()
    # No terminal: plain lines, each stage once and in order, no control characters.
    said = re.findall(r"^ *\d+\.\d s  (.*)$", run.errors, flags=re.MULTILINE)
    # Nothing is published, and no job of this day needs parts.
    assert said == [words for stage, (words, _) in STAGES.items() if stage not in ("stability", "kits")]
    assert not set(run.errors) & {"\x1b", "\r", "━"}
    assert "Key figures" in run.output
    assert "estimate" in run.output


def test_workers_end_with_a_command_that_was_killed(day: Path, tmp_path: Path) -> None:
    run = Run("day", "plan", day, "-o", tmp_path / "out", *FOREVER, "--workers", 2)
    with nobody_left(run):
        run.until_said("Searching")
        until(lambda: len(workers(run.process.pid)) == 2)
        run.process.kill()
        assert run.end() == -signal.SIGKILL
    assert list(tmp_path.iterdir()) == []


def test_two_people_plan_into_the_same_folder(day: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    runs = [Run("day", "plan", day, "-o", out, "--iterations", 400, "--seed", seed, "--workers", 1) for seed in (5, 6)]
    with nobody_left(runs[0]), nobody_left(runs[1]):
        codes = [run.end() for run in runs]
    assert 0 in codes
    assert set(codes) <= {0, 3}, [run.errors for run in runs]
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]
    assert check_day(day, out) == ()
    seed = document(out)["seed"]
    assert seed in (5, 6)
    cost = document(out)["cost_fen"]
    assert isinstance(cost, dict)
    figures = json.loads((out / "kpis.json").read_text())["plan"]
    assert figures["cost_total_fen"] == cost["total"]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Callable[[int], tuple[Path, Callable[[], None] | None]]]:
    """Return a maker of a folder that takes no more than some bytes, and what to do in the process that fills it."""
    mounted: list[Path] = []

    def make(most: int) -> tuple[Path, Callable[[], None] | None]:
        disk = tmp_path / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={most}", "tmpfs", str(disk)]
        if os.getuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0:
            mounted.append(disk)
            return disk, None
        # Without the right to mount, no file may grow beyond a size instead: the picture does not fit.
        return disk, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    yield make
    for disk in mounted:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_leaves_the_old_plan_alone(
    day: Path, tmp_path: Path, full_disk: Callable[[int], tuple[Path, Callable[[], None] | None]]
) -> None:
    old = tmp_path / "old"
    plan_day(day, old, base=None, budget=Steps(steps=200), workers=HereWorkers(), seed=3, progress=lambda *_: None)
    used = sum(-(-len(held) // 4_096) * 4_096 for held in content(old).values())
    disk, before = full_disk(used * 3 // 2)
    shutil.copytree(old, disk / "out")
    run = Run("day", "plan", day, "-o", disk / "out", "--iterations", 200, "--workers", 1, before=before)
    with nobody_left(run):
        assert run.end() == 3
    assert re.search(r"No space left on device|File too large", run.errors)
    assert "Nothing was written" in run.errors
    assert "Traceback" not in run.errors
    assert [entry.name for entry in disk.iterdir()] == ["out"]
    assert content(disk / "out") == content(old)
