"""Ctrl-C while the command is still loading, which is when impatient people press it."""

import subprocess
import sys

LOAD = """
import signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "api.cli":
            signal.raise_signal(signal.SIGINT)
            raise SystemExit("it went on loading")

%s
sys.meta_path.insert(0, Finder())
from api.command import main
main()
"""


def loaded(before: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LOAD % before], capture_output=True, text=True, timeout=60, check=False
    )


def test_ctrl_c_while_loading_ends_in_words() -> None:
    found = loaded()
    assert (found.returncode, found.stdout) == (130, "")
    assert found.stderr == "Interrupted while loading; nothing was begun.\n"


def test_who_ignores_ctrl_c_is_left_alone() -> None:
    found = loaded("signal.signal(signal.SIGINT, signal.SIG_IGN)")
    assert (found.returncode, found.stderr) == (1, "it went on loading\n")
