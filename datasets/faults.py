"""What is wrong with a folder: faults with file, row, column, value and what is allowed, and the refusals."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["PRINTED_FAULTS_PER_FILE", "DayRefused", "Fault", "FaultList", "FolderRefused", "PlanRefused", "Refusal"]

PRINTED_FAULTS_PER_FILE = 200
"""A refusal prints this many faults of a file and counts the rest; the data holds all of them."""

PRINTED_CHARACTERS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong in one place.

    row: line of the file as an editor counts it, None for the whole file. column: column or dotted key, "" for the
    whole row. value: what stands there. allowed: what may stand there.
    """

    file: str
    row: int | None
    column: str
    value: str
    allowed: str

    def __str__(self) -> str:
        where = [self.file]
        if self.row is not None:
            where.append(f"line {self.row}")
        if self.column:
            where.append(self.column)
        value = self.value.replace("\r", "\\r").replace("\n", "\\n")
        if len(value) > PRINTED_CHARACTERS:
            value = value[:PRINTED_CHARACTERS] + "…"
        return f'{", ".join(where)}: "{value}"; allowed: {self.allowed}'


class Refusal(Exception):
    """What was asked cannot be done as it was asked; its text says to whoever asked what is wrong."""


class FolderRefused(Refusal):
    """A folder that cannot be used, with every fault found in it; its text has one line per fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def __str__(self) -> str:
        printed: Counter[str] = Counter()
        lines: list[str] = []
        for fault in self.faults:
            printed[fault.file] += 1
            if printed[fault.file] <= PRINTED_FAULTS_PER_FILE:
                lines.append(str(fault))
        lines += [
            f"{file}: {count - PRINTED_FAULTS_PER_FILE} more {_faults(count - PRINTED_FAULTS_PER_FILE)} not shown"
            for file, count in printed.items()
            if count > PRINTED_FAULTS_PER_FILE
        ]
        return "\n".join(lines)


def _faults(count: int) -> str:
    return "fault" if count == 1 else "faults"


class DayRefused(FolderRefused):
    """A day folder that does not keep docs/data-format.md."""


class PlanRefused(FolderRefused):
    """A plan folder that is unreadable, or whose files disagree with each other or with the day."""


@dataclass(slots=True)
class FaultList:
    """Collects faults while files are read."""

    faults: list[Fault] = field(default_factory=list)

    def add(self, file: str, row: int | None, column: str, value: object, allowed: str) -> None:
        """Note one fault."""
        self.faults.append(Fault(file=file, row=row, column=column, value=str(value), allowed=allowed))

    def ordered(self, files: Iterable[str]) -> tuple[Fault, ...]:
        """Return the faults by file in this order (others last), then by row, whole-file faults first."""
        rank = {file: number for number, file in enumerate(files)}
        return tuple(sorted(self.faults, key=lambda fault: (rank.get(fault.file, len(rank)), fault.row or 0)))
