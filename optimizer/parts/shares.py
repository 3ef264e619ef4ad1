"""The best shares of columns, program after program: each begins where the one before it ended."""

import numpy as np
from numpy.typing import NDArray

from optimizer.engines.mip import Basis, Choice, Master, Place, prices

__all__ = ["Shares"]

_NOWHERE = 0


class Shares:
    """Where the simplex method left every column, group and row."""

    def __init__(self, *, groups: int, rows: int) -> None:
        self._column = np.zeros(0, np.int64)
        self._group = np.full(groups, _NOWHERE)
        self._row = np.full(rows, int(Place.BASIC))

    def best(
        self, master: Master, column: NDArray[np.int64], group: NDArray[np.int64], row: NDArray[np.int64]
    ) -> Choice | None:
        """Return the best shares; column, group, row: which ones the program has, by their numbers among all."""
        fresh = max(0, int(column.max(initial=-1)) + 1 - len(self._column))
        self._column = np.append(self._column, np.full(fresh, int(Place.LOWEST)))
        at, of_group, limit = self._column[column], self._group[group], self._row[row]
        # A group that was not there before has its first bundle.
        unplaced = np.flatnonzero(of_group == _NOWHERE)
        at[np.unique(master.group, return_index=True)[1][unplaced]] = Place.BASIC
        of_group[unplaced] = Place.FIXED
        _even_out(at, limit, of_group)
        shared = prices(master, Basis(column=at, group=of_group, limit=limit))
        if shared is not None and shared.basis is not None:
            self._column[column], self._group[group] = shared.basis.column, shared.basis.group
            self._row[row] = shared.basis.limit
        return shared


def _even_out(column: NDArray[np.int64], limit: NDArray[np.int64], group: NDArray[np.int64]) -> None:
    """Make as many places basic as there are limits and groups, where those that take part have changed."""
    missing = len(limit) + len(group) - sum(int((some == Place.BASIC).sum()) for some in (column, limit, group))
    if missing < 0:
        column[np.flatnonzero(column == Place.BASIC)[missing:]] = Place.LOWEST
        return
    for some in (limit, group):
        fixed = np.flatnonzero(some != Place.BASIC)[:missing]
        some[fixed] = Place.BASIC
        missing -= len(fixed)
