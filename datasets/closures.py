"""When nothing leaves: the closed days of calendars and closed spans, as seconds from midnight of a first date."""

import datetime as dt
from collections.abc import Iterable

from datasets.calendars import Calendar
from optimizer.model import DAY_S

__all__ = ["LAST_DEPARTURE_S", "Span", "closed_days", "merged"]

LAST_DEPARTURE_S = 31 * DAY_S
"""After `now`; later departures are never looked at, so that no calendar need be asked about them. Nor are those missed
that were as long before it."""

Span = tuple[int, int]
"""From (included) until (excluded)."""


def closed_days(calendar: Calendar, first: dt.date, now_s: int) -> tuple[Span, ...]:
    """Return the spans in which a calendar is closed, as far back and ahead as departures are looked at."""
    days = range((now_s - LAST_DEPARTURE_S) // DAY_S, (now_s + LAST_DEPARTURE_S) // DAY_S + 1)
    return merged(
        (day * DAY_S, (day + 1) * DAY_S) for day in days if not calendar.is_open(first + dt.timedelta(days=day))
    )


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return spans as few and rising: those that touch or overlap become one, empty ones none."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if begin >= end:
            continue
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return tuple(found)
