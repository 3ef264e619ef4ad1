"""The table [tour] of day.toml: limits, prices and levers of tours, and whether due visits fill the days."""

import datetime as dt
from dataclasses import dataclass, field, fields
from typing import Any

from datasets.cells import IDENTIFIER
from datasets.columns import MAX_FEN
from datasets.keys import Keys, Parser, boolean, date, from_text, text, texts, whole_number, word
from datasets.tariff import by_member
from datasets.times import Unreadable, duration_of
from optimizer.model import DAY_S
from optimizer.tours.model import Levers, TourCharges

__all__ = ["LockedDate", "SpanDates", "TourPolicy", "WalkIns", "read_tour_policy"]

FEN = whole_number(0, MAX_FEN)
PERCENT = whole_number(0, 100)
DAYS = whole_number(0, 3_660)
NONE: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedDate:
    """A day of a crew that a planner fixed, as day.toml writes it. lodging_id: "" for at home."""

    crew_id: str
    date: dt.date
    job_ids: tuple[str, ...]
    lodging_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanDates:
    """A crew is on one tour from a first to a last date, both included."""

    crew_id: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkIns:
    """What people are expected to bring to an announced stop: so many of a thousand households, each so long.

    lead_days: from telling them until they come. certificates: that whoever repairs it needs, None for those that every
    call for the product needs.
    """

    product: str
    per_thousand: int
    level: int = 1
    service_s: int = 1_800
    lead_days: int = 2
    certificates: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TourPolicy:
    """fill_days: due visits also fill thin days of the daily plan, until `fill_percent` of a centre's paid time is work
    on site. village_reach_m: so far from a village a call still lies in it. threshold_fen: a tour fits when it is worth
    so much. spares_fen: most of what a van's spare parts may be
    worth. levers: those without dates.
    """

    fill_days: bool = True
    fill_percent: int = 40
    village_reach_m: int = 5_000
    driving_s: int = 6 * 3600
    cover_s: int = 30 * 60
    threshold_fen: int = 0
    spares_fen: int = 200_000
    charges: TourCharges = field(default_factory=TourCharges)
    levers: Levers = field(default_factory=Levers)
    locked: tuple[LockedDate, ...] = ()
    spans: tuple[SpanDates, ...] = ()
    walk_ins: WalkIns | None = None


def read_tour_policy(settings: Keys) -> TourPolicy:
    """Return the table [tour]; every key has a default."""
    keys = settings.table("tour")
    usual = TourPolicy()
    found = TourPolicy(
        fill_days=keys.take("fill_days", boolean, usual.fill_days),
        fill_percent=keys.take("fill_percent", PERCENT, usual.fill_percent),
        village_reach_m=keys.take("village_reach_m", whole_number(0, 50_000), usual.village_reach_m),
        driving_s=keys.take("driving", _span(DAY_S), usual.driving_s),
        cover_s=keys.take("cover", _span(DAY_S), usual.cover_s),
        threshold_fen=keys.take("threshold_fen", FEN, usual.threshold_fen),
        spares_fen=keys.take("spares_fen", FEN, usual.spares_fen),
        charges=_read_charges(keys),
        levers=_read_levers(keys),
        locked=tuple(_read_locked(found) for found in keys.tables("locked")),
        spans=tuple(_read_span(found) for found in keys.tables("spans")),
        walk_ins=_read_walk_ins(keys),
    )
    keys.close()
    return found


def _read_charges(keys: Keys) -> TourCharges:
    table, usual = keys.table("charges"), TourCharges()
    units = {"percent": PERCENT, "days": DAYS}
    prices: dict[str, Any] = {
        field.name: table.take(field.name, units.get(field.name.rpartition("_")[2], FEN), price)
        for field in fields(TourCharges)
        if isinstance(price := getattr(usual, field.name), int)
    }
    prices["fen_per_km"] = by_member(table, "fen_per_km", FEN, usual.fen_per_km)
    prices["weight_percent"] = by_member(table, "weight_percent", whole_number(0, 10_000), usual.weight_percent)
    table.close()
    return TourCharges(**prices)


def _read_levers(keys: Keys) -> Levers:
    usual = Levers()
    return Levers(
        nights=keys.take("nights", whole_number(0, 30), usual.nights),
        day_metres=keys.take("day_metres", whole_number(1, 10_000_000), usual.day_metres),
        van_days=keys.take("van_days", whole_number(0, 10_000), usual.van_days),
        must_visit=frozenset(keys.take("must_visit", texts, NONE)),
        never_visit=frozenset(keys.take("never_visit", texts, NONE)),
        forbidden_lodgings=frozenset(keys.take("forbidden_lodgings", texts, NONE)),
    )


_NO_DATE = dt.date.min
"""Stands in until the refusal."""


def _read_locked(keys: Keys) -> LockedDate:
    found = LockedDate(
        crew_id=keys.need("crew_id", _identifier, ""),
        date=keys.need("date", date, _NO_DATE),
        job_ids=keys.take("job_ids", texts, NONE),
        lodging_id=keys.take("lodging_id", _identifier, ""),
    )
    keys.close()
    return found


def _read_span(keys: Keys) -> SpanDates:
    found = SpanDates(
        crew_id=keys.need("crew_id", _identifier, ""),
        first=keys.need("first", date, _NO_DATE),
        last=keys.need("last", date, _NO_DATE),
    )
    keys.close()
    if found.first > found.last:
        keys.refuse("last", found.last, "a date not before first")
    return found


def _read_walk_ins(keys: Keys) -> WalkIns | None:
    if "walk_ins" not in keys.values:
        keys.taken.add("walk_ins")
        return None
    table = keys.table("walk_ins")
    found = WalkIns(
        product=table.need("product", word, ""),
        per_thousand=table.need("per_thousand", whole_number(0, 1_000), 0),
        level=table.take("level", whole_number(1, 3), 1),
        service_s=table.take("service", _span(DAY_S), 1_800),
        lead_days=table.take("lead_days", whole_number(0, 31), 2),
        certificates=table.take("certificates", _words, None),
    )
    table.close()
    return found


def _identifier(value: object) -> str:
    try:
        return str(IDENTIFIER.parse(text(value)))
    except Unreadable:
        raise
    except ValueError as error:
        raise Unreadable(IDENTIFIER.allowed) from error


def _words(value: object) -> tuple[str, ...] | None:
    return tuple(word(item) for item in texts(value))


def _span(most_s: int) -> Parser[int]:
    def parse(written: str) -> int:
        seconds = duration_of(written).seconds
        if not 0 < seconds <= most_s:
            raise Unreadable("a duration such as PT6H, longer than nothing and at most 24 hours")
        return seconds

    return from_text(parse)
