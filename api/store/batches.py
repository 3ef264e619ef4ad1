"""Many ids, a few at a time: a statement has so many parameters at most, a transaction so many rows."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

__all__ = ["batches"]

Item = TypeVar("Item")


def batches(items: Sequence[Item], most: int) -> Iterator[Sequence[Item]]:
    """Yield the items in their order, at most so many at once."""
    return (items[begin : begin + most] for begin in range(0, len(items), most))
