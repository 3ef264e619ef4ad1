"""How the command loads, and Ctrl-C meanwhile, which is when impatient people press it."""

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


# Whoever started the tests in the background has them ignore it.
LISTEN = "signal.signal(signal.SIGINT, signal.default_int_handler)"


def loaded(before: str = LISTEN) -> subprocess.CompletedProcess[str]:
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


COLLECT = """
import gc, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "api.cli_key":
            print("loading", gc.isenabled())

sys.meta_path.insert(0, Finder())
sys.argv = ["paigong", "key", "--help"]
from api.command import main
try:
    main()
finally:
    print("afterwards", gc.isenabled(), gc.get_freeze_count() > 0)
"""


def test_nobody_looks_for_garbage_while_a_command_loads() -> None:
    found = subprocess.run([sys.executable, "-c", COLLECT], capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stderr
    assert "loading False" in found.stdout
    assert "afterwards True True" in found.stdout
