"""What a cell of a day folder may hold: each kind turns text into a value or says what is allowed."""

import datetime as dt
import re
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from datasets.times import Unreadable, date_of, duration_of, instant_of, time_of_day_of
from optimizer.model import Certificate, Skill, Window

__all__ = [
    "CERTIFICATES",
    "COORDINATE",
    "DATE",
    "DATES",
    "IDENTIFIER",
    "IDENTIFIERS",
    "IDENTIFIER_PATTERN",
    "INBOUND",
    "INSTANT",
    "INTERVAL",
    "INTERVALS",
    "PLACED_DATES",
    "QUANTITIES",
    "SKILLS",
    "TEXT",
    "THOUSANDTHS",
    "TIME_OF_DAY",
    "WEEKDAY",
    "WEEKDAYS",
    "WORD",
    "WORDS",
    "WORD_PATTERN",
    "YES_NO",
    "Kind",
    "duration",
    "integer",
    "member",
    "members",
    "one_of",
    "percentages",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How the text of a non-empty cell becomes a value.

    parse raises ValueError for a bad cell; the text of an `Unreadable` is more exact than `allowed`.
    """

    parse: Callable[[str], Any]
    allowed: str


WEEKDAY = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}

# An id never starts with = + - @ (spreadsheets run such cells as formulas) and never holds what lists, paths or
# addresses are built with; so plans may write ids unescaped and name files after them.
IDENTIFIER_PATTERN = re.compile(r"\w(?:[^\x00-\x1f\x7f;:/\\\"<>|?*]{0,62}[^\s\x00-\x1f\x7f;:/\\\"<>|?*])?")
WORD_PATTERN = re.compile(r"[^\s;:](?:[^\x00-\x1f\x7f;:]{0,62}[^\s\x00-\x1f\x7f;:])?")
NUMBER_PATTERN = re.compile(r"[+-]?[0-9]{1,4}(?:\.[0-9]{0,18})?")
DECIMAL_PATTERN = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?")
INTEGER_PATTERN = re.compile(r"-?[0-9]{1,12}")


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if pattern.fullmatch(text) is None:
            raise ValueError
        return text

    return parse


def _number(text: str) -> float:
    if NUMBER_PATTERN.fullmatch(text) is None:
        raise ValueError
    return float(text)


def _listed(parse: Callable[[str], Any], key: Callable[[Any], Hashable] = lambda item: item) -> Callable[[str], Any]:
    """Return a parser of `;`-separated items into a tuple, which refuses empty and repeated items."""

    def parse_list(text: str) -> tuple[Any, ...]:
        items = tuple(parse(item) for item in text.split(";"))
        if len({key(item) for item in items}) < len(items):
            raise Unreadable("each item once")
        return items

    return parse_list


def _pair(text: str, parts: int = 2) -> list[str]:
    fields = text.split(":")
    if len(fields) != parts or WORD_PATTERN.fullmatch(fields[0]) is None:
        raise ValueError
    return fields


def _bounded(text: str, least: int, most: int) -> int:
    if INTEGER_PATTERN.fullmatch(text) is None or not least <= int(text) <= most:
        raise ValueError
    return int(text)


def _skill(text: str) -> Skill:
    family, level = _pair(text)
    return Skill(family=family, level=_bounded(level, 1, 3))


def _certificate(text: str) -> Certificate:
    scheme, first, last = _pair(text, 3)
    found = Certificate(scheme=scheme, first=date_of(first), last=date_of(last))
    if found.first > found.last:
        raise Unreadable("a certificate's first date not after its last (this one is reversed)")
    return found


def _percentage(text: str, least: int, most: int) -> tuple[str, int]:
    family, percent = _pair(text)
    return family, _bounded(percent, least, most)


def _quantity(text: str) -> tuple[str, int]:
    part, count = _pair(text)
    return part, _bounded(count, 1, 1_000)


def _lot(text: str) -> tuple[int, int]:
    """Return when a lot is there, and how many units it has."""
    count, at, moment = text.partition("@")
    if not at:
        raise ValueError
    return instant_of(moment), _bounded(count, 1, 1_000_000_000)


def _thousandths(text: str) -> int:
    if DECIMAL_PATTERN.fullmatch(text) is None:
        raise ValueError
    whole, _, decimals = text.partition(".")
    return int(whole) * 1_000 + int(decimals.ljust(3, "0"))


def _interval(text: str) -> Window:
    start, slash, end = text.partition("/")
    if not slash:
        raise ValueError
    window = Window(earliest_s=instant_of(start), latest_s=instant_of(end))
    if window.earliest_s > window.latest_s:
        raise Unreadable("a start not after the end (this one is reversed)")
    return window


def _only_interval(text: str) -> Window:
    if ";" in text:
        raise Unreadable("only one start/end")
    return _interval(text)


def integer(least: int, most: int) -> Kind:
    """Whole numbers from least to most."""
    return Kind(parse=lambda text: _bounded(text, least, most), allowed=f"a whole number {least} to {most}")


def duration(least_s: int, most_s: int, wording: str) -> Kind:
    """ISO 8601 durations, as seconds."""
    allowed = f"a duration such as PT45M or PT1H30M, {wording}"

    def parse(text: str) -> int:
        seconds = duration_of(text).seconds
        if not least_s <= seconds <= most_s:
            raise Unreadable(allowed)
        return seconds

    return Kind(parse=parse, allowed=allowed)


def one_of(choices: Iterable[str]) -> Kind:
    """One word of a closed list."""
    known = tuple(choices)

    def parse(text: str) -> str:
        if text not in known:
            raise ValueError
        return text

    return Kind(parse=parse, allowed=" | ".join(known))


def member(enumeration: type[Enum]) -> Kind:
    """One value of an enumeration."""
    return Kind(parse=enumeration, allowed=" | ".join(str(item.value) for item in enumeration))


def members(enumeration: type[Enum]) -> Kind:
    """A list of values of an enumeration, as a frozen set."""
    single = member(enumeration)
    parse = _listed(single.parse)
    return Kind(parse=lambda text: frozenset(parse(text)), allowed=f"a list of {single.allowed}, separated by ;")


def percentages(least: int, most: int) -> Kind:
    """`family:percent;…`, as a mapping."""
    parse = _listed(lambda text: _percentage(text, least, most), key=lambda item: item[0])
    return Kind(parse=lambda text: dict(parse(text)), allowed=f"family:percent;… with {least} to {most} percent")


def _weekdays(text: str) -> tuple[int, ...]:
    return tuple(WEEKDAY[day] for day in _listed(one_of(WEEKDAY).parse)(text))


def _yes_no(text: str) -> bool:
    return {"yes": True, "no": False}[one_of(("yes", "no")).parse(text)]


def _placed_date(text: str) -> tuple[dt.date, str]:
    date, at, place = text.partition("@")
    if not at:
        raise ValueError
    return date_of(date), str(IDENTIFIER.parse(place))


def _dates(text: str) -> frozenset[dt.date]:
    return frozenset(_listed(date_of)(text))


IDENTIFIER = Kind(
    parse=_matching(IDENTIFIER_PATTERN),
    allowed='an id of 1 to 64 characters that begins with a letter, digit or _ and holds none of ; : / \\ " < > | ? *',
)
IDENTIFIERS = Kind(parse=_listed(IDENTIFIER.parse), allowed="ids separated by ;")
WORD = Kind(parse=_matching(WORD_PATTERN), allowed="1 to 64 characters without ; or : and without spaces at the ends")
WORDS = Kind(parse=lambda text: frozenset(_listed(WORD.parse)(text)), allowed="words separated by ;")
TEXT = Kind(parse=str, allowed="any text")
COORDINATE = Kind(parse=_number, allowed="decimal degrees such as 104.0657")
INSTANT = Kind(parse=instant_of, allowed="a time such as 2026-03-02T08:30:00+08:00")
TIME_OF_DAY = Kind(parse=time_of_day_of, allowed="a time of day HH:MM, 00:00 to 24:00")
DATE = Kind(parse=date_of, allowed="a date YYYY-MM-DD")
PLACED_DATES = Kind(parse=_listed(_placed_date), allowed="DATE@village_id separated by ;")
DATES = Kind(parse=_dates, allowed="dates YYYY-MM-DD separated by ;")
WEEKDAYS = Kind(parse=_weekdays, allowed=" | ".join(WEEKDAY) + ", separated by ;")
YES_NO = Kind(parse=_yes_no, allowed="yes | no")
INTERVAL = Kind(parse=_only_interval, allowed="start/end, both as 2026-03-02T08:30:00+08:00")
INTERVALS = Kind(
    parse=lambda text: tuple(sorted(_listed(_interval)(text), key=lambda window: (window.earliest_s, window.latest_s))),
    allowed="start/end;…, all as 2026-03-02T08:30:00+08:00",
)
SKILLS = Kind(parse=_listed(_skill, key=lambda item: item.family), allowed="family:level;… with level 1 to 3")
CERTIFICATES = Kind(parse=_listed(_certificate), allowed="scheme:first date:last date;…")
QUANTITIES = Kind(
    parse=_listed(_quantity, key=lambda item: item[0]), allowed="part_id:quantity;… with quantity 1 to 1000"
)
INBOUND = Kind(
    parse=lambda text: tuple(sorted(_listed(_lot)(text))),
    allowed="quantity@time;… such as 20@2026-03-03T09:00:00+08:00, quantities 1 or more",
)
THOUSANDTHS = Kind(parse=_thousandths, allowed="a number such as 2 or 0.25, not negative, at most three decimals")
