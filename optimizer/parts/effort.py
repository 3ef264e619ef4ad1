"""How much one decision may still take where no clock ends it: reckoned from what it looks at, so that it repeats."""

from optimizer.budget import Remaining

__all__ = ["Effort"]

MOST_S = 12.0
"""A decision without a clock may take about so long."""
STEPS_PER_SECOND = 1_000_000
"""Of the search for the bundles of one group."""
TERMS_PER_SECOND = 1_000_000
"""Of linear programs that begin where the one before them ended."""
TERMS_OF_A_ROOT = 40_000
"""Of whole programs, per second, until their search first branches."""
TERMS_OF_A_NODE = 1_000_000
"""Of whole programs, per second, for each node of the search."""


class Effort:
    """Says how many seconds are left: by the clock of `remaining` where it has one, else as reckoned."""

    def __init__(self, remaining: Remaining) -> None:
        self._remaining = remaining
        self._spent_s = 0.0

    @property
    def is_reckoned(self) -> bool:
        """True where no clock ends it."""
        return self._remaining() is None

    def left(self) -> float | None:
        """Return the seconds that are left, as whoever asks for what remains is told."""
        left_s = self._remaining()
        return MOST_S - self._spent_s if left_s is None else left_s

    def search(self, steps: int) -> None:
        """Reckon with a search for bundles that took so many steps."""
        self._spent_s += steps / STEPS_PER_SECOND

    def share(self, terms: int) -> None:
        """Reckon with a linear program of so many terms."""
        self._spent_s += terms / TERMS_PER_SECOND

    def nodes(self, terms: int, most_s: float = MOST_S) -> int | None:
        """Return how large a search a whole program of so many terms may have, None where a clock ends it.

        Nothing is left for one that would not get beyond its root.
        """
        if not self.is_reckoned:
            return None
        left_s = min(most_s, MOST_S - self._spent_s) - terms / TERMS_OF_A_ROOT
        return max(0, int(left_s * TERMS_OF_A_NODE / max(1, terms)))

    def decide(self, terms: int, nodes: int) -> None:
        """Reckon with a whole program that took so many nodes."""
        self._spent_s += terms / TERMS_OF_A_ROOT + terms * nodes / TERMS_OF_A_NODE
