"""The command `paigong` as the shell starts it: Ctrl-C ends in words even while the program is still loading."""

import os
import signal
from types import FrameType

from api.exits import INTERRUPTED

__all__ = ["main"]


def main() -> None:
    """Load the command line, which takes a second or two, and run it."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, _ended)
    from api.cli import main as run

    if before is signal.default_int_handler:
        signal.signal(signal.SIGINT, before)
    run()


def _ended(number: int, frame: FrameType | None) -> None:
    del number, frame
    # An exception might be taken for a library that cannot be loaded. Nothing was begun that would have to be ended.
    os.write(2, b"Interrupted while loading; nothing was begun.\n")
    os._exit(INTERRUPTED)
