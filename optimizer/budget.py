"""How long a search may go on: a budget that is shared out, without a clock of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from optimizer.search.anneal import Stop

__all__ = ["Budget", "Portion", "Remaining", "Steps", "is_over", "part_of"]


Remaining = Callable[[], float | None]
"""Returns the seconds that are left, None without a limit."""


class Budget(Protocol):
    """A whole run's budget; picklable, since every worker begins its share of it."""

    @property
    def repeats(self) -> bool:
        """True when the same seed must give the same plan: nothing may then depend on a clock."""
        ...

    def begin(self, share: float) -> Stop:
        """Start a share (0 … 1) of the whole and return its stop."""
        ...

    def seconds_of(self, share: float) -> float | None:
        """Return how long a share lasts, None when nothing may depend on a clock."""
        ...

    def countdown(self, share: float) -> Remaining:
        """Begin a share in the process that asks, which need not be a worker; it says how many seconds are left."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A budget of ruin-and-recreate steps for the whole day."""

    steps: int
    repeats: bool = True

    def begin(self, share: float) -> Stop:
        """Return a stop after this share of the steps."""
        most = max(1, round(self.steps * share))

        def stop(steps: int, fen: int = 0, visits: int = 0) -> float:
            del fen, visits
            return steps / most

        return stop

    def seconds_of(self, share: float) -> float | None:
        """Return None: steps are not timed."""
        del share
        return None

    def countdown(self, share: float) -> Remaining:
        """Return that there is no limit: steps are not timed."""
        del share
        return lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A part (0 … 1) of another budget."""

    budget: Budget
    part: float

    @property
    def repeats(self) -> bool:
        """True when the other budget repeats."""
        return self.budget.repeats

    def begin(self, share: float) -> Stop:
        """Begin a share of the part."""
        return self.budget.begin(self.part * share)

    def seconds_of(self, share: float) -> float | None:
        """Return how long a share of the part lasts."""
        return self.budget.seconds_of(self.part * share)

    def countdown(self, share: float) -> Remaining:
        """Begin a share of the part here."""
        return self.budget.countdown(self.part * share)


def is_over(remaining: Remaining) -> bool:
    """Tell whether no time is left."""
    left = remaining()
    return left is not None and left <= 0


def part_of(remaining: Remaining, share: float) -> Remaining:
    """Return what remains of a share of the time that remains now."""
    all_s = remaining()
    if all_s is None:
        return remaining
    kept_s = all_s * (1 - share)

    def part() -> float | None:
        left_s = remaining()
        return None if left_s is None else left_s - kept_s

    return part
