"""Ctrl-C while a plan is made: the first one asks every search to end, the second one interrupts."""

import os
import signal
from collections.abc import Callable
from types import FrameType

__all__ = ["StopButton"]


class StopButton:
    """Takes Ctrl-C from `connect` to `disconnect`; press is called in a signal handler, once."""

    def __init__(self, press: Callable[[], None]) -> None:
        self._press = press
        self.pressed = False

    def connect(self) -> None:
        """Begin to listen."""
        self._previous = signal.signal(signal.SIGINT, self._interrupted)

    def disconnect(self) -> None:
        """Give Ctrl-C back to whoever had it."""
        signal.signal(signal.SIGINT, self._previous)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True
        self._press()
        # Past Python's buffers, which whatever was interrupted may be using.
        os.write(2, b"Stopping with the best plan so far; Ctrl-C again to stop at once.\n")
