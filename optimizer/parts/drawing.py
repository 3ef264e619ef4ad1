"""What every way draws on: units of shelves and lines of docks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.parts.grid import NOTHING
from optimizer.parts.ways import Ways

__all__ = ["Draws", "draws_of", "with_halves"]

MOST_PARTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Draws:
    """One entry per way and row, by way; first: (ways + 1,) where the entries of each way begin."""

    way: NDArray[np.int64]
    row: NDArray[np.int64]
    amount: NDArray[np.int64]
    first: NDArray[np.int64]

    def of(self, way: int) -> tuple[list[int], list[int]]:
        """Return the rows a way draws on, and how much of each it takes."""
        entries = slice(self.first[way], self.first[way + 1])
        return self.row[entries].tolist(), self.amount[entries].tolist()

    def of_all(self, ways: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the numbers of all entries of these ways, and to which of the ways (by place) each belongs."""
        counts = self.first[ways + 1] - self.first[ways]
        entry = np.repeat(self.first[ways] - np.append(0, np.cumsum(counts)[:-1]), counts) + np.arange(counts.sum())
        return entry, np.repeat(np.arange(len(ways)), counts)


def draws_of(w: Ways) -> Draws:
    """Return what every way takes: units of its shelf from its step on, above the floor too, and a line of its dock."""
    rows = w.rows
    number = np.arange(len(rows))
    ways, which, amounts = [], [], []
    for first, last in (("row", "last_row"), ("floor_row", "last_floor_row")):
        counts = np.where(rows[first] == NOTHING, 0, rows[last] - rows[first] + 1).astype(np.int64)
        begins = np.repeat(rows[first].astype(np.int64) - np.append(0, np.cumsum(counts)[:-1]), counts)
        ways.append(np.repeat(number, counts))
        which.append(begins + np.arange(counts.sum()))
        amounts.append(np.repeat(rows["quantity"], counts))
    docked = rows["dock"] != NOTHING
    ways.append(number[docked])
    which.append(rows["dock"][docked].astype(np.int64))
    amounts.append(np.ones(docked.sum(), np.int64))
    way, row, amount = (np.concatenate(parts).astype(np.int64) for parts in (ways, which, amounts))
    return _by_way(way, row, amount, len(rows))


def with_halves(draws: Draws, capacity: NDArray[np.int64]) -> tuple[Draws, NDArray[np.int64]]:
    """Return draws and limits with rows that nothing whole breaks but shares may (Chvátal and Gomory).

    A shelf of three holds one pair: of a row's limit and amounts, both divided by a number and rounded down.
    """
    largest = np.zeros(len(capacity), np.int64)
    np.maximum.at(largest, draws.row, draws.amount)
    way, row, amount, limits = [draws.way], [draws.row], [draws.amount], [capacity]
    rows = len(capacity)
    for parted in range(2, MOST_PARTED + 1):
        useful = (largest >= parted) & (capacity >= parted) & (capacity % parted != 0)
        number = rows + np.cumsum(useful) - 1
        taken = useful[draws.row] & (draws.amount >= parted)
        way.append(draws.way[taken])
        row.append(number[draws.row[taken]])
        amount.append(draws.amount[taken] // parted)
        limits.append(capacity[useful] // parted)
        rows += int(useful.sum())
    if rows == len(capacity):
        return draws, capacity
    drawn = _by_way(np.concatenate(way), np.concatenate(row), np.concatenate(amount), len(draws.first) - 1)
    return drawn, np.concatenate(limits)


def _by_way(way: NDArray[np.int64], row: NDArray[np.int64], amount: NDArray[np.int64], ways: int) -> Draws:
    """Return these entries by way."""
    order = np.argsort(way, kind="stable")
    first = np.searchsorted(way[order], np.arange(ways + 1))
    return Draws(way=way[order], row=row[order], amount=amount[order], first=first)
