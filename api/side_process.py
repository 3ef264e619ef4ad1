"""One process beside the one that answers, for work of seconds that is no search: checking a plan, say."""

import multiprocessing as mp
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

from api.errors import Unavailable
from api.workers import end_with_parent

__all__ = ["SideProcess"]

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


class SideProcess:
    """Does one thing after the other; made when first asked, and anew when it dies."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()

    def __call__(self, work: Callable[Given, Returned], *args: Given.args, **kwargs: Given.kwargs) -> Returned:
        """Do the work there, and wait for it. Raises Unavailable when the process died of it."""
        try:
            return self._ready().submit(work, *args, **kwargs).result()
        except BrokenProcessPool:
            with self._lock:
                self._pool = None
            raise Unavailable("The process that was asked died.", headers={"Retry-After": "1"}) from None

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _ready(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                # From a clean server process: forking one that has threads is not safe.
                context = mp.get_context("forkserver")
                self._pool = ProcessPoolExecutor(1, mp_context=context, initializer=_begin)
            return self._pool


def _begin() -> None:
    # Ctrl-C is its parent's business, and so is its life.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
