"""The worker processes that shards are solved in, and the clock and the stop button their searches look at."""

import multiprocessing as mp
import signal
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from types import FrameType

__all__ = ["ProcessWorkers", "Seconds"]

_stop: Event | None = None
"""In a worker process: set when a person asked to stop."""


def _begin_worker(stop: Event) -> None:
    # Ctrl-C reaches the whole process group; only the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    global _stop  # noqa: PLW0603
    _stop = stop


def _is_stopped() -> bool:
    return _stop is not None and _stop.is_set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """A budget of wall-clock seconds for the whole search, ended at once by the stop button."""

    seconds: float
    repeats: bool = False

    def begin(self, share: float) -> "SecondsStop":
        """Start the clock on a share of the seconds."""
        return SecondsStop(self.seconds * share)


class SecondsStop:
    """Says how much of some seconds is over."""

    def __init__(self, seconds: float) -> None:
        self._begun = time.monotonic()
        self._seconds = max(seconds, 1e-9)

    def __call__(self, steps: int) -> float:
        """Return the share of the seconds that is over, 1 once a person asked to stop."""
        del steps
        return 1.0 if _is_stopped() else (time.monotonic() - self._begun) / self._seconds


class ProcessWorkers:
    """A pool of worker processes that is made anew when one of them dies; use as a context manager.

    While it is open, the first Ctrl-C asks all searches to end with the best they have, the second one interrupts.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        # Workers start from a clean server process: forking one with threads in it is not safe.
        self._context = mp.get_context("forkserver")
        self._context.set_forkserver_preload(["optimizer.solve"])
        self._stop = self._context.Event()
        self._pool: ProcessPoolExecutor | None = None

    @property
    def stopped(self) -> bool:
        """True once a person asked to stop."""
        return self._stop.is_set()

    def executor(self) -> Executor:
        """Return a pool in working order."""
        if self._pool is not None and self._pool._broken:  # type: ignore[attr-defined]  # noqa: SLF001
            self._pool.shutdown(wait=True)
            self._pool = None
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.count, mp_context=self._context, initializer=_begin_worker, initargs=(self._stop,)
            )
        return self._pool

    def __enter__(self) -> "ProcessWorkers":
        self._previous = signal.signal(signal.SIGINT, self._interrupted)
        return self

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._stop.is_set():
            raise KeyboardInterrupt
        self._stop.set()

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._previous)
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
