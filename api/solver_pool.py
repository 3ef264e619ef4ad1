"""Processes that solve routing problems, so that the process that answers stays free to answer."""

import asyncio
import multiprocessing as mp
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from api.errors import Unavailable
from api.solving import Answer, answer
from api.stop_button import StopButton
from api.warm_up import load_search
from optimizer.solve import Engine

__all__ = ["Order", "SolverPool"]

WAITING_PER_WORKER = 4
RETRY_AFTER_S = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A problem to solve and how."""

    problem: bytes
    seconds: float
    engine: Engine
    is_plan: bool
    seed: int = 1


class SolverPool:
    """Some processes, made when the first problem comes, and anew when one of them dies."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        self._waiting = 0
        self.is_warm = False
        """Whether a process has answered: the first ones still get ready."""

    async def solve(self, order: Order) -> Answer:
        """Return the answer to a problem. Raises Unavailable when too many wait already, or a process died of it."""
        if self._waiting >= self._workers * WAITING_PER_WORKER:
            raise Unavailable("Too many problems are waiting already.", headers={"Retry-After": RETRY_AFTER_S})
        self._waiting += 1
        try:
            answered = await asyncio.wrap_future(self._ready().submit(_solve, order))
        except BrokenProcessPool:
            self._pool = None
            raise Unavailable("A solving process died.", headers={"Retry-After": RETRY_AFTER_S}) from None
        finally:
            self._waiting -= 1
        self.is_warm = True
        return answered

    def close(self) -> None:
        """End the processes; what they are at is not waited for."""
        if self._pool is not None:
            for process in list(self._pool._processes.values()):  # noqa: SLF001 - nothing public ends a search
                process.terminate()
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _ready(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # From a clean server process: forking one that has threads is not safe.
            context = mp.get_context("forkserver")
            self._pool = ProcessPoolExecutor(self._workers, mp_context=context, initializer=_begin)
        return self._pool


def _begin() -> None:
    """Prepare a process: Ctrl-C is its parent's business, and so is its life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    load_search()


def _end_with_parent() -> None:
    parent = mp.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _solve(order: Order) -> Answer:
    return answer(
        order.problem,
        seconds=order.seconds,
        seed=order.seed,
        engine=order.engine,
        is_plan=order.is_plan,
        button=StopButton(lambda: None),
    )
