"""Random draws for compiled code: one xorshift state per search, so that a seed decides everything."""

import numpy as np
from numpy.typing import NDArray

from optimizer.search.compiled import compiled_into

__all__ = ["below", "new_draws", "unit"]

_THIRTEEN, _SEVEN, _SEVENTEEN = np.uint64(13), np.uint64(7), np.uint64(17)
_ELEVEN, _THIRTY_THREE = np.uint64(11), np.uint64(33)


def new_draws(seed: int) -> NDArray[np.uint64]:
    """Return the state of a generator (Marsaglia 2003, xorshift64); (1,)."""
    return np.array([np.random.SeedSequence(seed).generate_state(1, np.uint64)[0] | np.uint64(1)], np.uint64)


@compiled_into
def _step(draws: NDArray[np.uint64]) -> np.uint64:
    x: np.uint64 = draws[0]
    x ^= x << _THIRTEEN
    x ^= x >> _SEVEN
    x ^= x << _SEVENTEEN
    draws[0] = x
    return x


@compiled_into
def below(draws: NDArray[np.uint64], k: int) -> int:
    """Return an integer from 0 to k - 1, k < 2³¹."""
    return int((np.int64(_step(draws) >> _THIRTY_THREE) * k) >> 31)


@compiled_into
def unit(draws: NDArray[np.uint64]) -> float:
    """Return a number strictly between 0 and 1."""
    return (np.float64(np.int64(_step(draws) >> _ELEVEN)) + 0.5) * (1.0 / 9007199254740992.0)
