"""How often a key may ask, and how often an address may send a wrong one; counted in this process."""

import time

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from api.errors import TooMany

__all__ = ["REFUSED_PER_ADDRESS", "Rates"]

REFUSED_PER_ADDRESS = "600/minute"


class Rates:
    """Counts requests by key and refusals by address."""

    def __init__(self, per_key: str) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._per_key = parse(per_key)
        self._refused = parse(REFUSED_PER_ADDRESS)

    def count(self, key_id: str) -> None:
        """Count a request of a key; raises TooMany above its rate."""
        self._hit(self._per_key, "key", key_id)

    def count_refused(self, address: str) -> None:
        """Count a request without a valid key; raises TooMany for an address that keeps guessing."""
        self._hit(self._refused, "refused", address)

    def _hit(self, item: object, *who: str) -> None:
        if self._limiter.hit(item, *who):  # type: ignore[arg-type]
            return
        reset_at, _ = self._limiter.get_window_stats(item, *who)  # type: ignore[arg-type]
        seconds = max(1, int(reset_at - time.time()) + 1)
        raise TooMany(f"More than {item}.", headers={"Retry-After": str(seconds)})
