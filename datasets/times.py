"""Times as files write them and as the model counts them.

Files carry RFC 3339 instants with offset, `HH:MM` times of day and ISO 8601 durations; the model counts seconds from
local midnight of the first day. Asia/Shanghai is UTC+8 all year.
"""

import datetime as dt
import re
from dataclasses import dataclass
from functools import lru_cache

from optimizer.model import DAY_S

__all__ = [
    "EPOCH",
    "TIME_ZONE",
    "TIME_ZONE_NAME",
    "Period",
    "Unreadable",
    "date_of",
    "duration_of",
    "instant_of",
    "instant_text",
    "local_date",
    "midnight_of",
    "moment_of",
    "seconds_of",
    "time_of_day_of",
]

TIME_ZONE_NAME = "Asia/Shanghai"
TIME_ZONE = dt.timezone(dt.timedelta(hours=8))

EPOCH = dt.datetime(1970, 1, 1, tzinfo=TIME_ZONE)
SECOND = dt.timedelta(seconds=1)

INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})?", re.ASCII
)
TIME_OF_DAY = re.compile(r"([0-9]{2}):([0-9]{2})")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DURATION = re.compile(
    r"P(?=[0-9T])(?:([0-9]{1,6})D)?(?:T(?=[0-9])(?:([0-9]{1,7})H)?(?:([0-9]{1,8})M)?(?:([0-9]{1,9})S)?)?"
)


class Unreadable(ValueError):
    """Text that is no such value; the message says what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """An ISO 8601 duration; `days_only` marks a pure-day period, which a promise reads as calendar days."""

    seconds: int
    days_only: bool


def instant_of(text: str) -> int:
    """Return the seconds of an RFC 3339 instant since 1970-01-01T00:00:00+08:00, fractions cut off.

    Raises
    ------
    Unreadable
        Not an instant, or one without an offset.
    """
    match = INSTANT.fullmatch(text)
    if match is None:
        raise Unreadable("a time such as 2026-03-02T08:30:00+08:00")
    if match[1] is None:
        raise Unreadable("a time with its offset, such as 2026-03-02T08:30:00+08:00 (this one has none)")
    try:
        return (dt.datetime.fromisoformat(text) - EPOCH) // SECOND
    except ValueError as error:
        raise Unreadable("a time that exists, such as 2026-03-02T08:30:00+08:00") from error


def local_date(moment: dt.datetime) -> dt.date:
    """Return the date of a moment in China."""
    return moment.astimezone(TIME_ZONE).date()


def midnight_of(date: dt.date) -> int:
    """Return the local midnight of a date, counted as `instant_of` counts."""
    return (date - EPOCH.date()).days * DAY_S


def moment_of(date: dt.date, seconds: int) -> dt.datetime:
    """Return the moment, in UTC, of a count of seconds from local midnight of a date: of a day's clock."""
    return (dt.datetime.combine(date, dt.time(), TIME_ZONE) + dt.timedelta(seconds=seconds)).astimezone(dt.UTC)


def seconds_of(date: dt.date, moment: dt.datetime) -> int:
    """Return the seconds from local midnight of a date to a moment, fractions cut off; the inverse of `moment_of`."""
    return (moment - dt.datetime.combine(date, dt.time(), TIME_ZONE)) // SECOND


def instant_text(date: dt.date, seconds: int) -> str:
    """Return the RFC 3339 instant of a count of seconds from local midnight of a date."""
    return (_midnight(date) + seconds * SECOND).isoformat()


@lru_cache(maxsize=64)
def _midnight(date: dt.date) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), TIME_ZONE)


def time_of_day_of(text: str) -> int:
    """Return the seconds from midnight of `HH:MM`, 24:00 included; Unreadable otherwise."""
    match = TIME_OF_DAY.fullmatch(text)
    if match is None or int(match[2]) > 59 or int(match[1]) * 60 + int(match[2]) > 24 * 60:
        raise Unreadable("a time of day HH:MM, 00:00 to 24:00")
    return int(match[1]) * 3600 + int(match[2]) * 60


def date_of(text: str) -> dt.date:
    """Return the date of `YYYY-MM-DD`; Unreadable otherwise."""
    if DATE.fullmatch(text) is None:
        raise Unreadable("a date YYYY-MM-DD")
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Unreadable("a date that exists, YYYY-MM-DD") from error


def duration_of(text: str) -> Period:
    """Return the period of an ISO 8601 duration in days, hours, minutes and seconds; Unreadable otherwise."""
    match = DURATION.fullmatch(text)
    if match is None:
        raise Unreadable("a duration such as PT45M, PT1H30M or P2D, not negative")
    days, hours, minutes, seconds = (int(number or 0) for number in match.groups())
    return Period(seconds=days * DAY_S + hours * 3600 + minutes * 60 + seconds, days_only="T" not in text)
