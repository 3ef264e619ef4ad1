"""Promises to customers and outlets: rows of day.toml and the policies that come with Paigong."""

import datetime as dt
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files

from datasets.calendars import Calendar, OpenHours
from datasets.columns import JOB_CHANNELS
from datasets.faults import FaultList
from datasets.keys import Keys, from_text, one_of, text
from datasets.times import Period, Unreadable, duration_of, time_of_day_of
from optimizer.model import DAY_S, AreaClass, ClockKind

__all__ = ["ANY", "PolicyClock", "SlaRow", "policy_names", "read_promises"]

ANY = "*"
OWN_ROWS = "day.toml"
MAX_PROMISE_S = 366 * DAY_S
MAX_OPEN_PROMISE_S = 31 * DAY_S
MIN_OPEN_S = 3_600
NO_NAMES: tuple[str, ...] = ()


class PolicyClock(StrEnum):
    """What a promise is about. The first two are visits, and planned; the others are answers, and only known."""

    ARRIVAL = "arrival"
    RESOLUTION = "resolution"
    RESPONSE = "response"
    """Somebody answers the customer."""
    PHONE = "phone"
    """Solved by phone, or handed on to a supervisor."""
    PARTS_RESPONSE = "parts_response"
    """The outlet that ordered parts is told when they come."""

    @property
    def visit(self) -> ClockKind | None:
        """The clock that a visit stops, None where no visit does."""
        return ClockKind(self.value) if self.value in {str(kind) for kind in ClockKind} else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaRow:
    """One row of the promise table; "*" matches everything. hours: when the clock runs, None for day and night."""

    policy: str
    name: str
    brand: str
    product: str
    area_class: str
    channel: str
    clock: PolicyClock
    within: Period
    hours: OpenHours | None

    def due_s(self, first: dt.date, reported_s: int) -> int:
        """Return when the promise is due: the exact period after the report, or the end of a calendar day.

        A pure-day period counts the day of the report as its first day: P2D ends with the next day. With hours,
        only open time counts, and days are open ones.
        """
        days = self.within.seconds // DAY_S
        if self.hours is not None:
            if self.within.days_only:
                return self.hours.end_of(first, reported_s, days)
            return self.hours.after(first, reported_s, self.within.seconds)
        if self.within.days_only:
            return (reported_s // DAY_S + days) * DAY_S
        return reported_s + self.within.seconds


def _shipped() -> Mapping[str, object]:
    return tomllib.loads(files("datasets").joinpath("data/policies.toml").read_text(encoding="utf-8"))


def policy_names() -> tuple[str, ...]:
    """Return the names of the policies that come with Paigong."""
    return tuple(_shipped())


def read_promises(keys: Keys, calendars: Mapping[str, Calendar]) -> tuple[tuple[SlaRow, ...], tuple[str, ...]]:
    """Take `sla` and `policy` out of day.toml: its own rows, which come first, then those of the policies named.

    Also return where they are from, in their order: OWN_ROWS when there are own ones, then the policies.
    """
    own = tuple(_read_row(row, OWN_ROWS, calendars) for row in keys.tables("sla"))
    shipped = Keys(_shipped(), "policies.toml", "", FaultList())
    named = keys.take("policy", _policies, NO_NAMES)
    theirs = tuple(_read_row(row, name, {}) for name in named for row in shipped.table(name).tables("promise"))
    return own + theirs, ((OWN_ROWS,) if own else ()) + named


def _policies(value: object) -> tuple[str, ...]:
    """One name, or a list of them, each once."""
    names, known = value if isinstance(value, list) else [value], policy_names()
    if not all(name in known for name in names) or len(set(names)) != len(names):
        raise Unreadable(f"{' | '.join(known)}, or a list of them, each once")
    return tuple(names)


def _read_row(keys: Keys, policy: str, calendars: Mapping[str, Calendar]) -> SlaRow:
    row = SlaRow(
        policy=policy,
        name=keys.need("name", text, ""),
        brand=keys.take("brand", text, ANY),
        product=keys.take("product", text, ANY),
        area_class=keys.take("area_class", one_of(*AreaClass, ANY), ANY),
        channel=keys.take("channel", one_of(*JOB_CHANNELS, ANY), ANY),
        clock=PolicyClock(keys.need("clock", one_of(*PolicyClock), str(PolicyClock.ARRIVAL))),
        within=keys.need("within", from_text(_promise), Period(seconds=DAY_S, days_only=False)),
        hours=_read_hours(keys, calendars),
    )
    keys.close()
    if row.hours is not None and row.within.seconds > MAX_OPEN_PROMISE_S:
        keys.refuse("within", keys.values["within"], "at most 31 days where a calendar stops the clock")
    return row


def _read_hours(keys: Keys, calendars: Mapping[str, Calendar]) -> OpenHours | None:
    name = keys.take("calendar", one_of(*calendars), "")
    opens_s = keys.take("opens", from_text(time_of_day_of), 0)
    closes_s = keys.take("closes", from_text(time_of_day_of), DAY_S)
    if closes_s - opens_s < MIN_OPEN_S:
        keys.refuse("closes", keys.values.get("closes", "24:00"), "at least an hour after opens")
    if not name:
        for key in ("opens", "closes"):
            if key in keys.values and "calendar" not in keys.values:
                keys.refuse(key, keys.values[key], "only beside a calendar")
        return None
    if not calendars[name].weekdays:
        keys.refuse("calendar", name, "a calendar with an open weekday")
        return None
    return OpenHours(calendar=calendars[name], opens_s=opens_s, closes_s=max(closes_s, opens_s + MIN_OPEN_S))


def _promise(written: str) -> Period:
    period = duration_of(written)
    if not 0 < period.seconds <= MAX_PROMISE_S:
        raise Unreadable("a duration such as PT24H or P2D, longer than nothing and at most 366 days")
    return period
