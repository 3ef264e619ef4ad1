"""The command line, run in this process."""

import sys
from collections.abc import Callable

import pytest

from api import cli

__all__ = ["Run", "runs"]

Run = Callable[..., int]
"""Runs a command of a group with these arguments, and returns its exit code."""


def runs(group: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs `paigong` and this group in this process."""

    def command(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["paigong", group, *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert isinstance(ended.value.code, int)
        return ended.value.code

    return command
