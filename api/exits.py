"""How a command ends: its exit code, and failures that are told in words."""

from collections.abc import Iterator

__all__ = ["DONE", "INTERNAL", "INTERRUPTED", "REFUSED", "VIOLATIONS", "Failure"]

DONE, VIOLATIONS, REFUSED, INTERNAL = 0, 1, 2, 3
INTERRUPTED = 130
"""Stopped by Ctrl-C, with the best plan until then written (128 + SIGINT, as shells have it)."""


class Failure(Exception):
    """Something went wrong that is nobody's input: the command ends with INTERNAL."""

    def told(self) -> Iterator[str]:
        """Yield the lines that a person reads."""
        yield f"{self} Nothing was written."
