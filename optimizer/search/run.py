"""What one search works on, handed to its kernels as a whole."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.search.detour import Detours
from optimizer.search.insertion import Memory
from optimizer.search.schedule import State

__all__ = ["Run"]


class Run(NamedTuple):
    """A search in progress.

    now, before: the state, and the touched routes as they were before the step (before.route_of[v] is 1 for those).
    orders: (ways, n) sort keys of the recreate orders. draws: the random generator. absent: jobs left out; bank: jobs
    out of their routes during a step; touched: routes changed by it; each of the three holds its count in its last
    cell. sums: running figures, see `anneal`. best_stops, best_count: the best routes so far.
    """

    now: State
    before: State
    memory: Memory
    detours: Detours
    orders: NDArray[np.int64]
    draws: NDArray[np.uint64]
    absent: NDArray[np.int32]
    bank: NDArray[np.int32]
    touched: NDArray[np.int32]
    sums: NDArray[np.int64]
    best_stops: NDArray[np.int32]
    best_count: NDArray[np.int32]
