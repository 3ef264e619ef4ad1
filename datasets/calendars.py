"""Open dates and open hours, and when a clock that only runs while it is open is due."""

import datetime as dt
from dataclasses import dataclass

from optimizer.model import DAY_S

__all__ = ["Calendar", "OpenHours"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Which dates are open: weekdays (0 Monday) with closed holidays and swapped working days (调休)."""

    weekdays: frozenset[int]
    closed: frozenset[dt.date]
    working: frozenset[dt.date]

    def is_open(self, day: dt.date, rest_weekdays: tuple[int, ...] = ()) -> bool:
        """Tell whether a date is worked; a swapped working day cancels a rest weekday."""
        if day in self.working:
            return True
        return day not in self.closed and day.weekday() in self.weekdays and day.weekday() not in rest_weekdays


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenHours:
    """The open dates of a calendar from opens_s to closes_s; moments count from midnight of a first date."""

    calendar: Calendar
    opens_s: int
    closes_s: int

    def after(self, first: dt.date, begin_s: int, seconds: int) -> int:
        """Return when this many open seconds have passed."""
        day, left_s = begin_s // DAY_S, seconds
        while True:
            begins_s = max(begin_s, day * DAY_S + self.opens_s)
            ends_s = day * DAY_S + self.closes_s
            if begins_s < ends_s and self.calendar.is_open(first + dt.timedelta(days=day)):
                if left_s <= ends_s - begins_s:
                    return begins_s + left_s
                left_s -= ends_s - begins_s
            day += 1

    def seconds_between(self, first: dt.date, begin_s: int, end_s: int) -> int:
        """Return the open seconds from one moment to another."""
        open_s = 0
        for day in range(begin_s // DAY_S, end_s // DAY_S + 1):
            if self.calendar.is_open(first + dt.timedelta(days=day)):
                begins_s, ends_s = day * DAY_S + self.opens_s, day * DAY_S + self.closes_s
                open_s += max(0, min(ends_s, end_s) - max(begins_s, begin_s))
        return open_s

    def end_of(self, first: dt.date, begin_s: int, days: int) -> int:
        """Return the close of the so many-th open date; one that has closed already when it begins does not count."""
        day = begin_s // DAY_S
        while True:
            closes_s = day * DAY_S + self.closes_s
            if begin_s < closes_s and self.calendar.is_open(first + dt.timedelta(days=day)):
                days -= 1
                if days == 0:
                    return closes_s
            day += 1
