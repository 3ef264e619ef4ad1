"""A search that has not found anything better for very long is done, whatever is left of its budget."""

from dataclasses import dataclass

from optimizer.budget import Budget, Remaining
from optimizer.search.anneal import Stop

__all__ = ["STEPS_PER_PAIR", "UntilConverged", "until_converged"]

STEPS_PER_PAIR = 4_000
"""Steps without anything better, for each pair of tasks, after which a search is done.

Ten tasks make that 400,000 steps, some seconds; from about a hundred on it is more than anybody waits for.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class UntilConverged:
    """A budget that is used up early by a search that finds nothing better in so many steps (patience)."""

    budget: Budget
    patience: int

    @property
    def repeats(self) -> bool:
        """True when the budget itself repeats: patience counts steps."""
        return self.budget.repeats

    def begin(self, share: float) -> Stop:
        """Begin a share of the budget, and be patient anew."""
        inside = self.budget.begin(share)
        best_fen, found_at = 0, 0

        def stop(steps: int, fen: int = 0, visits: int = 0) -> float:
            nonlocal best_fen, found_at
            if fen != best_fen:
                best_fen, found_at = fen, steps
            return 1.0 if steps - found_at >= self.patience else inside(steps, fen, visits)

        return stop

    def seconds_of(self, share: float) -> float | None:
        """Return how long a share of the budget lasts at most."""
        return self.budget.seconds_of(share)

    def countdown(self, share: float) -> Remaining:
        """Begin a share of the budget here."""
        return self.budget.countdown(share)


def until_converged(budget: Budget, tasks: int) -> Budget:
    """Return the budget of a search for routes of so many tasks."""
    return UntilConverged(budget=budget, patience=STEPS_PER_PAIR * max(1, tasks) ** 2)
