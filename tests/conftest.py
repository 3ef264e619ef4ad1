"""What holds for every test: no screen, no network, and Hypothesis without a clock."""

import gc
import os
import shutil
import socket
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"

# Speed is for bench/: a slow machine must not fail a property. The same examples every time, so that a change is
# judged by what it changes; `pytest --hypothesis-profile=explore` looks further.
settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("explore", deadline=None, max_examples=1_000)
settings.load_profile("repeatable")


SHARED = frozenset({"booking", "closed_loop"})
"""Folders whose modules share stores in which a plan holds."""
ALONE = frozenset(
    {"test_load.py", "test_openapi_fuzz.py", "test_processes.py", "test_runs.py", "test_serve.py", "test_solve_cli.py"}
)
"""Modules of long tests that share next to nothing: whichever process is free takes the next one."""
LONGEST_FIRST = (
    "closed_loop",
    "booking",
    "tests/api/test_cluster.py",
    "tests/api/test_runs.py",
    "tests/api/test_plans.py",
    "tests/api/test_replanning.py",
    "tests/api/store/test_load.py",
    "notebooks/",
    "tests/api/test_openapi_fuzz.py",
    "tests/bad_days/test_processes.py",
)
"""What one of several processes had better not begin last, while the others have nothing left to do."""
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 << 30
"""As many times what four processes of tests have there at once as lets nobody wonder."""


def pytest_configure() -> None:
    """Wait for no disk: what tests write need not survive a power cut; bench/postgis.py tells PostgreSQL the same."""
    pytest.MonkeyPatch().setattr(os, "fsync", lambda _: None)
    if "TMPDIR" not in os.environ and _has_room(MEMORY):
        # A store on PostGIS is six hundred files: made and deleted on a disk they take twenty times the processor time.
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None


def _has_room(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK) and shutil.disk_usage(folder).free >= ROOM_BYTES


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Let one of several processes run all tests of a module: what they share is prepared once.

    The marks and groups of pytest-xdist do not reach pytest 9.2, which makes its own mind up about a test's name.
    """
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
        """Hands out groups of tests in the order in which they were collected."""

        def _split_scope(self, nodeid: str) -> str:
            return _group(nodeid)

    config.option.loadscopereorder = False
    return ByGroup(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Load all modules without the garbage collector, which would look at them again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes long first where several processes share the tests."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: _turn(_group(item.nodeid)))


def pytest_collection_finish() -> None:
    """Let the garbage collector look at what tests make only, not again and again at the modules they came with."""
    gc.collect()
    gc.freeze()


def _group(nodeid: str) -> str:
    module = nodeid.partition("::")[0]
    path = Path(module)
    if path.name in ALONE:
        return nodeid
    return path.parent.name if path.parent.name in SHARED else module


def _turn(group: str) -> int:
    turns = [turn for turn, name in enumerate(LONGEST_FIRST) if group.startswith(name)]
    return turns[0] if turns else len(LONGEST_FIRST)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that leave this machine."""
    connect = socket.socket.connect

    def connect_locally(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_locally)
