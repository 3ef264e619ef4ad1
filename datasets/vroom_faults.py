"""What is wrong with a routing problem: where, which value, what is allowed; and the refusal with all of it."""

import json
from dataclasses import dataclass, field
from typing import Any, NoReturn

from datasets.faults import Refusal

__all__ = ["MOST_FAULTS", "PRINTED_FAULTS", "ProblemFault", "ProblemFaults", "ProblemRefused", "Words", "shown"]

PRINTED_FAULTS = 50
"""A refusal names this many faults and counts the rest."""
MOST_FAULTS = 10_000
"""Reading stops at this many: whoever makes more of them has one cause."""
SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFault:
    """One thing wrong; where: the path, such as jobs[3].time_windows[0], "" for the whole document."""

    where: str
    value: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.where or 'problem'}: {self.value}; allowed: {self.allowed}"


class ProblemRefused(Refusal):
    """A problem that cannot be used; count: how many faults were found, of which the first are named."""

    def __init__(self, faults: tuple[ProblemFault, ...], count: int) -> None:
        super().__init__(faults, count)
        self.faults = faults
        self.count = count

    def __str__(self) -> str:
        lines = [str(fault) for fault in self.faults]
        if self.count > len(lines):
            left = self.count - len(lines)
            so_far = ", and reading stopped there" if self.count >= MOST_FAULTS else ""
            lines.append(f"{left} more {'fault' if left == 1 else 'faults'} not shown, {self.count} in all{so_far}")
        return "\n".join(lines)


@dataclass(slots=True)
class ProblemFaults:
    """Collects faults while a problem is read: all are counted, the first are kept."""

    first: list[ProblemFault] = field(default_factory=list)
    count: int = 0

    def add(self, where: str, value: object, allowed: str) -> None:
        """Note one fault; value: a value of the document, or words about it. Raises ProblemRefused at MOST_FAULTS."""
        self.count += 1
        if len(self.first) < PRINTED_FAULTS:
            self.first.append(ProblemFault(where=where, value=shown(value), allowed=allowed))
        if self.count >= MOST_FAULTS:
            raise ProblemRefused(tuple(self.first), self.count)

    def stop(self, where: str, words: str, allowed: str) -> NoReturn:
        """Refuse at once: nothing further can be read."""
        self.add(where, Words(words), allowed)
        raise ProblemRefused(tuple(self.first), self.count)

    def refuse_any(self) -> None:
        """Refuse the problem when anything was noted."""
        if self.count:
            raise ProblemRefused(tuple(self.first), self.count)


class Words(str):
    """Words about a value, shown without quotes."""

    __slots__ = ()


def shown(value: Any) -> str:
    """Return a value as the document has it, shortened; arrays and objects by their size, however deep they are."""
    match value:
        case Words():
            text = str(value)
        case bool() | None:
            text = json.dumps(value)
        case int() if abs(value) >= 10**SHOWN_CHARACTERS:
            text = "an integer of more than 60 digits"
        case int() | float():
            text = repr(value)
        case str():
            text = json.dumps(value[: 2 * SHOWN_CHARACTERS], ensure_ascii=False)
        case list():
            text = f"an array of {len(value)}"
        case dict():
            text = f"an object of {len(value)}"
        case _:
            text = getattr(value, "text", str(value))
    if len(text) > SHOWN_CHARACTERS:
        text = text[:SHOWN_CHARACTERS] + "…"
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
