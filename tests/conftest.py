"""What holds for every test: no screen, no network, and Hypothesis without a clock."""

import os
import socket
from typing import Any

import pytest
from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"

# Speed is for bench/: a slow machine must not fail a property. The same examples every time, so that a change is
# judged by what it changes; `pytest --hypothesis-profile=explore` looks further.
settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("explore", deadline=None, max_examples=1_000)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse connections that leave this machine."""
    connect = socket.socket.connect

    def connect_locally(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_locally)
