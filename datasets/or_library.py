"""Public instances in the OR-Library's formats: generalised assignment, and facilities with and without capacity."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datasets.faults import FaultList, FolderRefused

__all__ = ["GapFile", "InstanceRefused", "LocationFile", "read_instance"]

MOST_NUMBER = 10**9
MOST_NUMBERS = 5_000_000


class InstanceRefused(FolderRefused):
    """A file that is no instance of either format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFile:
    """Jobs for agents. cost, weight: (agents, jobs). capacity: (agents,)."""

    cost: NDArray[np.int64]
    weight: NDArray[np.int64]
    capacity: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationFile:
    """Customers for warehouses. capacity, fixed: (warehouses,). demand: (customers,). cost: (customers, warehouses)
    of all that a customer wants."""

    capacity: NDArray[np.float64]
    fixed: NDArray[np.float64]
    demand: NDArray[np.float64]
    cost: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of the file, and its line."""

    text: str
    line: int


def read_instance(path: Path) -> GapFile | LocationFile:
    """Return the instance of a file.

    Raises InstanceRefused with every fault in it. Which format it is the count of its numbers says: after "agents
    jobs" an assignment has two tables and a row; after "warehouses customers" a location has two numbers for each
    warehouse and, for each customer, one and its costs.
    """
    faults = FaultList()
    words = [
        _Word(text, line)
        for line, content in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        for text in content.split()
    ]
    numbers = _numbers(path.name, words, faults)
    rows, columns = _sizes(path.name, words, faults)
    if faults.faults:
        raise InstanceRefused(faults.ordered([path.name]))
    values = np.array(numbers[2:])
    as_gap, as_location = 2 * rows * columns + rows, 2 * rows + columns * (1 + rows)
    if len(values) not in (as_gap, as_location):
        allowed = f"{as_gap:,} for an assignment, {as_location:,} for a location, after the first two"
        faults.add(path.name, None, "numbers", f"{len(values):,}", allowed)
    elif len(values) == as_gap:
        _refuse_broken(path.name, words, faults)
    if faults.faults:
        raise InstanceRefused(faults.ordered([path.name]))
    return _gap(values, rows, columns) if len(values) == as_gap else _location(values, rows, columns)


def _numbers(file: str, words: list[_Word], faults: FaultList) -> list[float]:
    numbers = []
    for word in words[: MOST_NUMBERS + 1]:
        try:
            number = float(word.text)
        except ValueError:
            number = -1.0
        if not 0 <= number <= MOST_NUMBER:
            faults.add(file, word.line, "", word.text, f"a number from 0 to {MOST_NUMBER:,}")
        numbers.append(number)
    if len(words) > MOST_NUMBERS:
        faults.add(file, None, "numbers", f"{len(words):,}", f"{MOST_NUMBERS:,} at most")
    return numbers


def _sizes(file: str, words: list[_Word], faults: FaultList) -> tuple[int, int]:
    """Return the first two numbers."""
    sizes = []
    for name, word in zip(("agents or warehouses", "jobs or customers"), words, strict=False):
        if word.text.isascii() and word.text.isdigit() and int(word.text) > 0:
            sizes.append(int(word.text))
        else:
            faults.add(file, word.line, name, word.text, "a whole number from 1")
    if len(words) < 2:
        faults.add(file, None, "", "", 'two whole numbers first: "agents jobs" or "warehouses customers"')
    return (sizes[0], sizes[1]) if len(sizes) > 1 else (0, 0)


def _refuse_broken(file: str, words: list[_Word], faults: FaultList) -> None:
    """Refuse what is not whole in an assignment."""
    for word in words:
        if not float(word.text).is_integer():
            faults.add(file, word.line, "", word.text, "a whole number")


def _gap(values: NDArray[np.float64], agents: int, jobs: int) -> GapFile:
    whole, size = values.astype(np.int64), agents * jobs
    return GapFile(
        cost=whole[:size].reshape(agents, jobs),
        weight=whole[size : 2 * size].reshape(agents, jobs),
        capacity=whole[2 * size :],
    )


def _location(values: NDArray[np.float64], warehouses: int, customers: int) -> LocationFile:
    head = values[: 2 * warehouses].reshape(warehouses, 2)
    table = values[2 * warehouses :].reshape(customers, 1 + warehouses)
    return LocationFile(capacity=head[:, 0], fixed=head[:, 1], demand=table[:, 0], cost=table[:, 1:])
