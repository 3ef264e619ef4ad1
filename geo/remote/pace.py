"""A token bucket: how fast a service may be asked."""

from collections.abc import Callable

__all__ = ["TokenBucket"]


class TokenBucket:
    """Tokens come in at a steady rate, up to one second's worth, and each question takes as many as it costs.

    clock: seconds that never go back. sleep: waits so many. A question dearer than the bucket is deep waits for the
    whole bucket and empties it below nothing, so that the rate holds.
    """

    def __init__(self, per_second: float, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._per_second, self._clock, self._sleep = per_second, clock, sleep
        self._depth = max(per_second, 1.0)
        self._tokens, self._seen = self._depth, clock()

    def take(self, cost: float) -> None:
        """Wait until there are tokens enough, and take them."""
        self._fill()
        missing = min(cost, self._depth) - self._tokens
        if missing > 0:
            self._sleep(missing / self._per_second)
            self._fill()
        self._tokens -= cost

    def _fill(self) -> None:
        now = self._clock()
        self._tokens = min(self._depth, self._tokens + (now - self._seen) * self._per_second)
        self._seen = now
