"""What holds for every test: no screen, no network, and Hypothesis without a clock."""

import os
import socket
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
LONG_ALONE = frozenset(
    {"test_load.py", "test_openapi_fuzz.py", "test_processes.py", "test_runs.py", "test_serve.py", "test_solve_cli.py"}
)
"""Modules of long tests that share next to nothing: whichever process is free takes the next one."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let one of several processes run all tests of a module: what they share is prepared once."""
    group = _group(item.path)
    if group is not None:
        item.add_marker(pytest.mark.xdist_group(group))


def _group(path: Path) -> str | None:
    if path.suffix != ".py" or path.name in LONG_ALONE:
        return None
    return path.parent.name if path.parent.name in SHARED else "/".join(path.parts[-3:])


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that leave this machine."""
    connect = socket.socket.connect

    def connect_locally(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_locally)
