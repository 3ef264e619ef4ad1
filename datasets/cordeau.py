"""Public instances in Cordeau's format: periodic routing, and orienteering with time windows."""

import math
from dataclasses import dataclass
from pathlib import Path

from datasets.faults import FaultList, FolderRefused
from optimizer.periodic.model import Customer, DayFleet, Periodic
from optimizer.vrp.orienteering import Orienteering, Spot

__all__ = ["CordeauRefused", "OrienteeringFile", "read_orienteering", "read_periodic"]

PERIODIC = 1
HEADER = ("type", "vehicles", "customers", "days")
NODE = ("number", "x", "y", "service", "demand", "frequency", "combinations")
MOST_NUMBER = 10**7
MOST_CUSTOMERS = 5_000
MOST_VEHICLES = 1_000
MOST_DAYS = 31


FINE = "pr"
"""Files whose names begin so have distances of two decimals, all others of one: so the published scores have it."""


class CordeauRefused(FolderRefused):
    """A file that is no instance of the format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrienteeringFile:
    """Places with scores, and how many vehicles the file names."""

    orienteering: Orienteering
    vehicles: int


@dataclass(frozen=True, slots=True)
class _Line:
    """The numbers of a line of the file."""

    number: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _File:
    """A file by its parts: (type, vehicles, customers, days), lines of two numbers, then one line for each place."""

    name: str
    header: tuple[int, ...]
    limits: tuple[_Line, ...]
    places: tuple[_Line, ...]


def read_periodic(path: Path) -> Periodic:
    """Return the problem of a file; raises CordeauRefused with every fault in it."""
    faults = FaultList()
    file = _parts(path, faults)
    kind, vehicles, _, days = file.header
    if kind != PERIODIC:
        faults.add(file.name, 1, "type", kind, f"{PERIODIC}, periodic routing")
    if len(file.limits) != days:
        faults.add(file.name, None, "days", len(file.limits), f"{days} lines of longest duration and capacity")
    fleets = [_fleet(file.name, line, faults) for line in file.limits]
    customers = [_customer(file.name, line, days, faults) for line in file.places[1:]]
    _refuse(path, faults)
    return Periodic(
        depot=(file.places[0].values[1], file.places[0].values[2]),
        vehicles=vehicles,
        days=tuple(fleets),
        customers=tuple(customers),
    )


def read_orienteering(path: Path) -> OrienteeringFile:
    """Return the problem of a file; raises CordeauRefused with every fault in it."""
    faults = FaultList()
    file = _parts(path, faults)
    spots = [_spot(file.name, line, faults) for line in file.places]
    _refuse(path, faults)
    parts = 100 if path.name.startswith(FINE) else 10
    return OrienteeringFile(
        orienteering=Orienteering(depot=spots[0], spots=tuple(spots[1:]), parts=parts), vehicles=file.header[1]
    )


def _refuse(path: Path, faults: FaultList) -> None:
    if faults.faults:
        raise CordeauRefused(faults.ordered([path.name]))


def _parts(path: Path, faults: FaultList) -> _File:
    """Return the parts of a file whose header and numbers can be read; further faults are added, else refused."""
    lines = _lines(path, faults)
    header = _header(path.name, lines[0] if lines else _Line(1, ()), faults)
    _refuse(path, faults)
    first = next((k for k, line in enumerate(lines[1:], 1) if len(line.values) != 2), len(lines))
    places = lines[first:]
    if len(places) != header[2] + 1:
        faults.add(path.name, None, "customers", len(places), f"{header[2] + 1} lines: the depot's and one for each")
    short = [line for line in places if len(line.values) < len(NODE) - 2]
    for line in short:
        faults.add(path.name, line.number, "", len(line.values), f"at least {len(NODE)} numbers: {', '.join(NODE)} …")
    seen: set[float] = set()
    for line in places:
        if line.values[:1] and line.values[0] in seen:
            faults.add(path.name, line.number, NODE[0], f"{line.values[0]:g}", "another number for each place")
        seen.update(line.values[:1])
    if short or not places:
        _refuse(path, faults)
    return _File(path.name, header, tuple(lines[1:first]), tuple(places))


def _lines(path: Path, faults: FaultList) -> list[_Line]:
    """Return the lines that hold numbers."""
    lines = []
    for number, text in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        values = []
        for word in text.split():
            try:
                value = float(word)
            except ValueError:
                value = math.nan
            if not abs(value) <= MOST_NUMBER:
                faults.add(path.name, number, "", word, f"a number of at most {MOST_NUMBER:,}")
            values.append(value)
        if values:
            lines.append(_Line(number, tuple(values)))
    return lines


def _header(name: str, line: _Line, faults: FaultList) -> tuple[int, ...]:
    if len(line.values) != len(HEADER):
        faults.add(name, line.number, "", len(line.values), f"four whole numbers: {' '.join(HEADER)}")
    for column, value, most in zip(
        HEADER, line.values, (MOST_NUMBER, MOST_VEHICLES, MOST_CUSTOMERS, MOST_DAYS), strict=False
    ):
        least = 0 if column == "type" else 1
        if not (float(value).is_integer() and least <= value <= most):
            faults.add(name, line.number, column, f"{value:g}", f"a whole number from {least} to {most:,}")
    return tuple(int(value) if math.isfinite(value) else 0 for value in line.values)


def _fleet(name: str, line: _Line, faults: FaultList) -> DayFleet:
    longest, capacity = line.values
    if longest < 0:
        faults.add(name, line.number, "longest duration", f"{longest:g}", "0 for none, or more")
    return DayFleet(capacity=_whole(name, line, "capacity", capacity, faults), longest=longest or None)


def _customer(name: str, line: _Line, days: int, faults: FaultList) -> Customer:
    values = line.values
    codes = values[len(NODE) :]
    count = values[6] if len(values) > 6 else 0
    if len(codes) != count or not codes:
        faults.add(name, line.number, NODE[6], f"{count:g}", f"from 1, and as many behind it ({len(codes)} are)")
    combinations: dict[tuple[int, ...], None] = {}
    for code in codes:
        if not (code.is_integer() and 1 <= code < 1 << days):
            faults.add(name, line.number, "combination", f"{code:g}", f"a whole number from 1 to {(1 << days) - 1}")
            continue
        # The leftmost of as many bits as there are days is the first day.
        combinations[tuple(day for day in range(days) if int(code) >> (days - 1 - day) & 1)] = None
    return Customer(
        id=_whole(name, line, NODE[0], values[0], faults),
        place=(values[1], values[2]),
        service=_length(name, line, NODE[3], values[3], faults),
        demand=_whole(name, line, NODE[4], values[4], faults),
        combinations=tuple(combinations),
    )


def _spot(name: str, line: _Line, faults: FaultList) -> Spot:
    """Return a place of an orienteering file: its window stands at the end of the line."""
    values = line.values
    wanted = len(NODE) + 2 + (int(values[6]) if len(values) > 6 else 0)
    if len(values) != wanted:
        faults.add(
            name, line.number, "", len(values), f"{wanted} numbers: {', '.join(NODE)}, each of them, opens, closes"
        )
    earliest, latest = values[-2:]
    if not 0 <= earliest <= latest:
        faults.add(name, line.number, "closes", f"{latest:g}", f"not before it opens ({earliest:g}), both from 0")
    return Spot(
        id=_whole(name, line, NODE[0], values[0], faults),
        x=values[1],
        y=values[2],
        service=_length(name, line, NODE[3], values[3], faults),
        score=_whole(name, line, "score", values[4], faults),
        earliest=earliest,
        latest=latest,
    )


def _length(name: str, line: _Line, column: str, value: float, faults: FaultList) -> float:
    if value < 0:
        faults.add(name, line.number, column, f"{value:g}", "a number from 0")
    return value


def _whole(name: str, line: _Line, column: str, value: float, faults: FaultList) -> int:
    if not value.is_integer() or value < 0:
        faults.add(name, line.number, column, f"{value:g}", "a whole number from 0")
    return int(value)
