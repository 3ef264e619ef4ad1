"""Takes typed values out of a table of keys (TOML or JSON); missing, unknown or ill-typed keys are faults."""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from datasets.cells import WORD
from datasets.faults import FaultList
from datasets.times import Unreadable

__all__ = [
    "Keys",
    "Parser",
    "boolean",
    "date",
    "dates",
    "from_text",
    "known",
    "names_of",
    "nullable",
    "one_of",
    "text",
    "text_or_empty",
    "texts",
    "whole_number",
    "word",
]

Value = TypeVar("Value")
EMPTY: Mapping[str, object] = {}
Parser = Callable[[object], Value]


@dataclass(slots=True)
class Keys:
    """One table of keys; those that nobody took are unknown."""

    values: Mapping[str, object]
    file: str
    path: str
    faults: FaultList
    taken: set[str] = field(default_factory=set)

    def where(self, key: str) -> str:
        """Return the dotted name of a key."""
        return f"{self.path}.{key}" if self.path else key

    def refuse(self, key: str, value: object, allowed: str) -> None:
        """Note a fault at a key."""
        self.faults.add(self.file, None, self.where(key) if key else self.path, value, allowed)

    def take(self, key: str, parse: Parser[Value], default: Value) -> Value:
        """Return the parsed value of a key, the default when it is absent or refused."""
        self.taken.add(key)
        if key not in self.values:
            return default
        value = self.values[key]
        try:
            return parse(value)
        except Unreadable as error:
            self.refuse(key, value, str(error))
            return default

    def need(self, key: str, parse: Parser[Value], default: Value) -> Value:
        """Return the parsed value of a required key; the default only stands in until the refusal."""
        if key not in self.values:
            self.taken.add(key)
            self.refuse(key, "missing", "a required key")
            return default
        return self.take(key, parse, default)

    def table(self, key: str) -> "Keys":
        """Return the table under a key, empty when absent."""
        found = self.take(key, _mapping, EMPTY)
        return Keys(found, self.file, self.where(key), self.faults)

    def tables(self, key: str, *, required: bool = False) -> Iterator["Keys"]:
        """Yield the tables of an array of tables, none when absent."""
        if required and key not in self.values:
            self.refuse(key, "missing", "a required key")
        for number, found in enumerate(self.take(key, _mappings, [EMPTY][:0]), start=1):
            yield Keys(found, self.file, f"{self.where(key)}[{number}]", self.faults)

    def close(self) -> None:
        """Refuse every key that was not taken."""
        for key in self.values:
            if key not in self.taken:
                known = ", ".join(sorted(self.taken))
                self.refuse(key, "unknown key", f"only {known}")


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise Unreadable("a table of keys")
    return value


def _mappings(value: object) -> list[Mapping[str, object]]:
    if not isinstance(value, list):
        raise Unreadable("an array of tables")
    return [_mapping(item) for item in value]


def whole_number(least: int, most: int) -> Parser[int]:
    """Whole numbers from least to most; true and false are none."""

    def parse(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise Unreadable(f"a whole number {least} to {most}")
        return value

    return parse


def text(value: object) -> str:
    """Text that is not empty."""
    if not isinstance(value, str) or not value:
        raise Unreadable("text")
    return value


def texts(value: object) -> tuple[str, ...]:
    """A list of texts, none of them empty."""
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise Unreadable('a list of texts such as ["a", "b"]')
    return tuple(value)


def word(value: object) -> str:
    """A short name as cells may hold it."""
    try:
        return str(WORD.parse(text(value)))
    except Unreadable:
        raise
    except ValueError as error:
        raise Unreadable(WORD.allowed) from error


def text_or_empty(value: object) -> str:
    """Text."""
    if not isinstance(value, str):
        raise Unreadable("text")
    return value


def nullable(parse: Parser[Value]) -> Parser[Value | None]:
    """A value or null."""

    def parse_nullable(value: object) -> Value | None:
        return None if value is None else parse(value)

    return parse_nullable


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Unreadable("true | false")
    return value


def date(value: object) -> dt.date:
    """A date."""
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise Unreadable("a date without quotes, such as 2026-03-02")
    return value


def dates(value: object) -> frozenset[dt.date]:
    """A list of dates."""
    if not isinstance(value, list):
        raise Unreadable("a list of dates such as [2026-03-02]")
    return frozenset(date(item) for item in value)


def known(ids: Collection[str], wording: str) -> Parser[str]:
    """One of the ids that there are; wording: what is allowed, as a fault says it."""

    def parse(value: object) -> str:
        if not isinstance(value, str) or value not in ids:
            raise Unreadable(wording)
        return value

    return parse


def one_of(*choices: str) -> Parser[str]:
    """One word of a closed list."""
    return known(choices, " | ".join(choices))


def names_of(*choices: str) -> Parser[tuple[str, ...]]:
    """A list of words of a closed list."""
    single = one_of(*choices)

    def parse(value: object) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise Unreadable("a list of " + " | ".join(choices))
        return tuple(single(item) for item in value)

    return parse


def from_text(parse: Callable[[str], Value]) -> Parser[Value]:
    """A value written as text, in the way cells write it."""

    def parse_text(value: object) -> Value:
        return parse(text(value))

    return parse_text
