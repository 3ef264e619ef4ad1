"""The table [parts] of day.toml: in what time an order is answered, how far ahead is looked, and the prices."""

from dataclasses import dataclass, field, fields
from typing import Any

from datasets.closures import LAST_DEPARTURE_S
from datasets.columns import MAX_FEN
from datasets.keys import Keys, from_text, names_of, whole_number
from datasets.times import Unreadable, duration_of
from optimizer.model import DAY_S, CustomerClass
from optimizer.parts.model import Charges

__all__ = ["PartsPolicy", "read_parts_policy"]

FEN = whole_number(0, MAX_FEN)
HOUR_S = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsPolicy:
    """respond_within_s: from an order to its answer. horizon_s: departures later than this are not looked at.

    refilled_s: for so long the shelves must do before they are filled again; the forecast counts that many days.
    """

    respond_within_s: int = DAY_S
    horizon_s: int = 7 * DAY_S
    refilled_s: int = 3 * DAY_S
    charges: Charges = field(default_factory=Charges)


def read_parts_policy(keys: Keys) -> PartsPolicy:
    """Return the table [parts]; every key has a default."""
    table = keys.table("parts")
    usual = PartsPolicy()
    prices: dict[str, Any] = {
        field.name: table.take(field.name, FEN, price)
        for field in fields(Charges)
        if isinstance(price := getattr(usual.charges, field.name), int)
    }
    prices["release"] = frozenset(table.take("release", _classes, tuple(usual.charges.release)))
    found = PartsPolicy(
        respond_within_s=table.take("respond_within", from_text(_answer_span), usual.respond_within_s),
        horizon_s=table.take("horizon", from_text(_horizon), usual.horizon_s),
        refilled_s=table.take("refilled_within", from_text(_refilled), usual.refilled_s),
        charges=Charges(**prices),
    )
    table.close()
    return found


def _classes(value: object) -> tuple[CustomerClass, ...]:
    return tuple(CustomerClass(name) for name in names_of(*CustomerClass)(value))


def _answer_span(written: str) -> int:
    return _between(written, HOUR_S // 60, 31 * DAY_S, "a duration such as PT24H, 1 minute to 31 days")


def _horizon(written: str) -> int:
    return _between(written, DAY_S, LAST_DEPARTURE_S, "a duration such as P7D, 1 to 31 days")


def _refilled(written: str) -> int:
    return _between(written, DAY_S, 31 * DAY_S, "a duration such as P3D, 1 to 31 days")


def _between(written: str, least_s: int, most_s: int, allowed: str) -> int:
    seconds = duration_of(written).seconds
    if not least_s <= seconds <= most_s:
        raise Unreadable(allowed)
    return seconds
