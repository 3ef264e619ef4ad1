"""The bundles met so far, and the linear program of those that a node of the proof leaves open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from optimizer.engines.mip import Master
from optimizer.parts.drawing import Draws
from optimizer.parts.grid import NOTHING

__all__ = ["Columns"]


@dataclass(slots=True)
class Columns:
    """The group of each, its ways (its pieces' in order), its price."""

    draws: Draws
    group: list[int] = field(default_factory=list)
    ways: list[tuple[int, ...]] = field(default_factory=list)
    fen: list[int] = field(default_factory=list)
    known: set[tuple[int, tuple[int, ...]]] = field(default_factory=set)

    def add(self, group: int, ways: Sequence[int], fen: Callable[[], int]) -> bool:
        """Add a bundle that is new."""
        key = group, tuple(ways)
        if key in self.known:
            return False
        self.known.add(key)
        self.group.append(group)
        self.ways.append(key[1])
        self.fen.append(fen())
        return True

    def master(
        self,
        deciding: NDArray[np.bool_],
        none_fen: NDArray[np.int64],
        active: NDArray[np.bool_],
        capacity: NDArray[np.int64],
    ) -> tuple[Master, NDArray[np.int64]]:
        """Return the program of the groups that decide, and which bundles its columns are.

        none_fen: what going without costs a group there. active: the rows that take part, with their capacities.
        """
        every = np.array(self.group, np.int64)
        kept = np.flatnonzero(deciding[every])
        ways = [self.ways[number] for number in kept.tolist()]
        fen = np.array(self.fen, np.int64)[kept]
        flat = np.array([way for some in ways for way in some], np.int64)
        column = np.repeat(np.arange(len(ways)), [len(some) for some in ways])
        column, flat = column[flat != NOTHING], flat[flat != NOTHING]
        empty = np.bincount(column, minlength=len(ways)) == 0
        fen[empty] = none_fen[every[kept[empty]]]
        entry, place = self.draws.of_all(flat)
        column, row, amount = column[place], self.draws.row[entry], self.draws.amount[entry]
        limited = active[row]
        column, row, amount = column[limited], (np.cumsum(active) - 1)[row[limited]], amount[limited]
        key, inverse = np.unique(row * max(1, len(ways)) + column, return_inverse=True)
        master = Master(
            fen=fen,
            group=(np.cumsum(deciding) - 1)[every[kept]],
            groups=int(deciding.sum()),
            row=key // max(1, len(ways)),
            column=key % max(1, len(ways)),
            amount=np.bincount(inverse, amount, minlength=len(key)).astype(np.int64),
            capacity=capacity[active],
        )
        return master, kept
