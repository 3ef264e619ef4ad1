"""The worker processes that shards are solved in, and the clock and the stop button their searches look at."""

import ctypes
import multiprocessing as mp
import os
import signal
import threading
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import forkserver, resource_tracker
from typing import Self

from api.scoreboard import Cells, Scoreboard, play_on, tell
from api.stop_button import StopButton
from optimizer.budget import Budget, Remaining
from optimizer.search.anneal import Stop

__all__ = ["ProcessWorkers", "Seconds", "UntilStopped", "end_with_parent"]

_stop: ctypes.c_bool | None = None
"""In a worker process: true when a person asked to stop. It has no lock that a killed worker could take with it."""


def _begin_worker(stop: ctypes.c_bool, cells: Cells) -> None:
    # Ctrl-C reaches the whole process group; only the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    global _stop
    _stop = stop
    play_on(cells)
    threading.Thread(target=end_with_parent, daemon=True).start()


def end_with_parent() -> None:
    """Wait until the command is gone, killed perhaps, and end at once: nobody wants the answer then."""
    parent = mp.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """A budget of wall-clock seconds for the whole search."""

    seconds: float
    repeats: bool = False

    def begin(self, share: float) -> Stop:
        """Start the clock on a share of the seconds."""
        begun = time.monotonic()
        seconds = max(self.seconds * share, 1e-9)

        def stop(steps: int, fen: int = 0, visits: int = 0) -> float:
            del steps, fen, visits
            return (time.monotonic() - begun) / seconds

        return stop

    def seconds_of(self, share: float) -> float:
        """Return how long a share lasts."""
        return self.seconds * share

    def countdown(self, share: float) -> Remaining:
        """Start the clock on a share of the seconds here."""
        until = time.monotonic() + self.seconds * share
        return lambda: until - time.monotonic()


@dataclass(frozen=True, slots=True, kw_only=True)
class UntilStopped:
    """A budget that is used up at once when a person asks to stop."""

    budget: Budget

    @property
    def repeats(self) -> bool:
        """True when the budget itself repeats."""
        return self.budget.repeats

    def begin(self, share: float) -> Stop:
        """Begin a share of the budget."""
        inside = self.budget.begin(share)

        def stop(steps: int, fen: int = 0, visits: int = 0) -> float:
            tell(fen, visits)
            return 1.0 if _stop is not None and _stop.value else inside(steps, fen, visits)

        return stop

    def seconds_of(self, share: float) -> float | None:
        """Return how long a share of the budget lasts."""
        return self.budget.seconds_of(share)

    def countdown(self, share: float) -> Remaining:
        """Begin a share of the budget here: whoever asks knows of a stop."""
        return self.budget.countdown(share)


class ProcessWorkers:
    """A pool of worker processes that is made anew when one of them dies; use as a context manager.

    While it is open, the first Ctrl-C asks all searches to end with the best they have, the second one interrupts.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        # Workers start from a clean server process: forking one with threads in it is not safe.
        self._context = mp.get_context("forkserver")
        # All that a worker imports, the command line as its main module included: paid once, before it forks.
        self._context.set_forkserver_preload(
            ["api.cli", "api.workers", "geo.estimate", "optimizer.baseline", "optimizer.dispatch"]
        )
        self._stop = self._context.RawValue(ctypes.c_bool, False)
        self.scoreboard = Scoreboard(self._context)
        self._button = StopButton(self._ask_to_stop)
        self._pool: ProcessPoolExecutor | None = None

    @property
    def stopped(self) -> bool:
        """True once a person asked to stop."""
        return self._button.pressed

    def until_stopped(self, budget: Budget) -> Budget:
        """Return the budget, used up at once when a person asks to stop."""
        return UntilStopped(budget=budget)

    def executor(self) -> Executor:
        """Return a pool in working order."""
        if self._pool is not None and self._pool._broken:  # noqa: SLF001
            self._pool.shutdown(wait=True)
            self._pool = None
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.count,
                mp_context=self._context,
                initializer=_begin_worker,
                initargs=(self._stop, self.scoreboard.cells),
            )
        return self._pool

    def __enter__(self) -> Self:
        self._button.connect()
        # The server starts while the day is read. It must not die of a Ctrl-C before it has learned to ignore one.
        resource_tracker.ensure_running()
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            forkserver.ensure_running()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return self

    def _ask_to_stop(self) -> None:
        self._stop.value = True

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._button.disconnect()
        if kind is not None:
            # Whatever was interrupted, a worker's start perhaps: the pool may no longer know all its workers.
            for worker in mp.active_children():
                worker.kill()
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
