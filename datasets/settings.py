"""day.toml: the horizon, the calendars, the promises and the prices of a day folder."""

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datasets.calendars import Calendar
from datasets.cells import WEEKDAY
from datasets.exchange import Exchange, read_exchange
from datasets.faults import FaultList
from datasets.keys import Keys, boolean, date, dates, names_of, one_of, text, whole_number
from datasets.parts_policy import PartsPolicy, read_parts_policy
from datasets.policies import SlaRow, read_promises
from datasets.repair_mode_policy import read_repair_modes
from datasets.table import read_text
from datasets.tariff import read_tariff
from datasets.times import (
    TIME_ZONE_NAME,
    Unreadable,
    instant_of,
    midnight_of,
    time_of_day_of,
)
from datasets.tour_policy import TourPolicy, read_tour_policy
from geo.providers import fault_of_travel
from optimizer.model import DAY_S, Channel, Tariff
from optimizer.repair_mode import RepairModePolicy

__all__ = ["SETTINGS_FILE", "Settings", "read_toml", "settings_of"]

SETTINGS_FILE = "day.toml"
NO_DATES: frozenset[dt.date] = frozenset()
NO_WEEKDAYS: tuple[str, ...] = ()
MAX_DAYS = 31
MAX_NOW_BEFORE_S = 30 * DAY_S
LINE = re.compile(r"at line ([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of day.toml. now_s counts from midnight of `date`; freeze_s is by channel of the outlet.

    policies: where the rows of `sla` are from, first come first.
    """

    date: dt.date
    days: int
    now_s: int
    travel: str
    calendars: dict[str, Calendar]
    freeze_s: dict[Channel, int]
    sla: tuple[SlaRow, ...]
    policies: tuple[str, ...]
    tariff: Tariff
    exchange: Exchange
    parts: PartsPolicy
    repair_modes: RepairModePolicy
    tour: TourPolicy


def settings_of(values: Mapping[str, object], folder: Path, faults: FaultList) -> Settings | None:
    """Return what day.toml says, from its keys and values; None without a date.

    folder: where the road file is named from.
    """
    keys = Keys(values, SETTINGS_FILE, "", faults)
    first = keys.need("date", _first_date, None)
    days = keys.need("days", whole_number(1, MAX_DAYS), 1)
    now = keys.need("now", _now_of, None)
    keys.need("time_zone", one_of(TIME_ZONE_NAME), TIME_ZONE_NAME)
    travel = keys.take("travel", text, "estimate")
    calendars = _read_calendars(keys)
    freeze_s = _read_freeze(keys)
    sla, policies = read_promises(keys, calendars)
    tariff = read_tariff(keys)
    exchange = read_exchange(keys)
    parts = read_parts_policy(keys)
    repair_modes = read_repair_modes(keys, exchange)
    tour = read_tour_policy(keys)
    keys.close()
    allowed = fault_of_travel(travel, folder)
    if allowed is not None:
        keys.refuse("travel", travel, allowed)
    if first is None:
        return None
    now_s = 0 if now is None else now - midnight_of(first)
    if not -MAX_NOW_BEFORE_S <= now_s < days * DAY_S:
        keys.refuse("now", keys.values["now"], "a moment before the horizon ends and at most 30 days before it begins")
    return Settings(
        date=first,
        days=days,
        now_s=now_s,
        travel=travel,
        calendars=calendars,
        freeze_s=freeze_s,
        sla=sla,
        policies=policies,
        tariff=tariff,
        exchange=exchange,
        parts=parts,
        repair_modes=repair_modes,
        tour=tour,
    )


def read_toml(folder: Path, faults: FaultList) -> dict[str, object] | None:
    """Return the keys and values of day.toml, unjudged; None when it cannot be parsed, which is a fault."""
    content = read_text(folder / SETTINGS_FILE, faults)
    if content is None:
        return None
    try:
        return tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        line = LINE.search(str(error))
        row = int(line[1]) if line else content.count("\n") + 1
        faults.add(SETTINGS_FILE, row, "", str(error), "TOML as in docs/data-format.md")
    except (ValueError, RecursionError):
        faults.add(SETTINGS_FILE, None, "", "numbers too long or tables too deep", "TOML as in docs/data-format.md")
    return None


def _first_date(value: object) -> dt.date | None:
    found = date(value)
    if not 1970 <= found.year <= 2200:
        raise Unreadable("a date from 1970 to 2200")
    return found


def _now_of(value: object) -> int | None:
    """Return an instant written as text, or as TOML's own offset date-time."""
    return instant_of(value.isoformat() if isinstance(value, dt.datetime) else text(value))


def _read_calendars(keys: Keys) -> dict[str, Calendar]:
    holidays = keys.table("holidays")
    closed = holidays.take("closed", dates, NO_DATES)
    working = holidays.take("working", dates, NO_DATES)
    holidays.close()
    for both in sorted(closed & working):
        holidays.refuse("working", both, "dates that are not closed as well")
    calendars = {}
    named = keys.table("calendars")
    for name in named.values:
        table = named.table(name)
        weekdays = frozenset(WEEKDAY[day] for day in table.need("weekdays", names_of(*WEEKDAY), NO_WEEKDAYS))
        observed = table.take("public_holidays", boolean, False)
        table.close()
        calendars[name] = Calendar(
            weekdays=weekdays,
            closed=closed if observed else frozenset(),
            working=working if observed else frozenset(),
        )
    return calendars


def _read_freeze(keys: Keys) -> dict[Channel, int]:
    table = keys.table("freeze")
    moments = {channel: table.take(channel, _freeze_moment, None) for channel in Channel}
    table.close()
    return {channel: moment for channel, moment in moments.items() if moment is not None}


def _freeze_moment(value: object) -> int | None:
    """Return seconds from the midnight of the visits' date of `HH:MM`, or of `-1 HH:MM` on the day before."""
    before, _, time = text(value).rpartition(" ")
    if before not in {"", "-1"}:
        raise Unreadable('a time of day such as "07:00", or "-1 18:00" for the day before')
    return time_of_day_of(time) - (DAY_S if before else 0)
