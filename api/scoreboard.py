"""How far each shard's search is, told by the worker processes while they search: best objective and visits so far.

A cell pair has one writer, so that nothing needs a lock which a killed worker could take with it.
"""

import ctypes
from collections.abc import Callable
from multiprocessing.context import BaseContext
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

__all__ = ["Cells", "Score", "Scoreboard", "followed", "play_on", "tell"]

if TYPE_CHECKING:
    Cells = ctypes.Array[ctypes.c_longlong]
else:
    Cells = ctypes.Array

MOST = 4_096
"""Shards beyond this many are searched unseen."""

_cells: Cells | None = None
"""In a worker process: the board."""
_number: int | None = None
"""In a worker process: the shard that it searches."""

Answer = TypeVar("Answer")
Given = ParamSpec("Given")


class Score(NamedTuple):
    """The best of one search so far: its objective in fen and how many visits it makes."""

    fen: int
    visits: int


class Scoreboard:
    """The board as the parent sees it."""

    def __init__(self, context: BaseContext) -> None:
        self.cells: Cells = context.RawArray(ctypes.c_longlong, 2 * MOST)

    def __getitem__(self, number: int) -> Score:
        """Return how far a shard is, (0, 0) before it has begun."""
        if number >= MOST:
            return Score(0, 0)
        return Score(self.cells[2 * number], self.cells[2 * number + 1])


def play_on(cells: Cells) -> None:
    """Be the worker that writes on this board from now on."""
    global _cells
    _cells = cells


def followed(number: int, work: Callable[Given, Answer], *args: Given.args, **kwargs: Given.kwargs) -> Answer:
    """Do the work as the shard of this number."""
    global _number
    _number = number
    try:
        return work(*args, **kwargs)
    finally:
        _number = None


def tell(fen: int, visits: int) -> None:
    """Write how far the search is, where anybody asked for it."""
    if _cells is not None and _number is not None and _number < MOST:
        _cells[2 * _number], _cells[2 * _number + 1] = fen, visits
