"""How a job's promises stand at a moment: due times with pauses, grades, prices; rows and tariff are the plan's."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from datasets.at_risk import LITTLE_S
from datasets.policies import ANY, PolicyClock, SlaRow
from optimizer.cost import late_price
from optimizer.model import AreaClass, CustomerClass, Tariff

__all__ = ["Grade", "Heard", "Moments", "Standing", "matching_rows", "paused_s", "standing_of", "standings"]


class Grade(StrEnum):
    """How a promise stands."""

    KEPT = "kept"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    """Kept as planned with less than an hour to spare; or nobody is planned, and its price has begun to rise."""
    WILL_BREACH = "will_breach"
    """The published visit comes too late."""
    BREACHED = "breached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a promise is chosen by; moments count seconds since local midnight of a first date."""

    brand: str
    product: str
    channel: str
    area_class: AreaClass
    customer_class: CustomerClass
    reported_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """What has happened, and is planned to.

    stopped_s: clock → when its event came. expected_s: clock → when the published visit stops it. pauses: from …
    to, one that lasts ends now.
    """

    stopped_s: Mapping[PolicyClock, int]
    expected_s: Mapping[PolicyClock, int]
    pauses: Sequence[tuple[int, int]]
    is_over: bool = False
    """Closed or cancelled: no clock runs any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one promise stands. slack_s: due less event, expected event or, with neither, now."""

    row: SlaRow
    due_s: int
    stopped_s: int | None
    expected_s: int | None
    grade: Grade
    remaining_s: int
    slack_s: int
    price_fen: int


def matching_rows(rows: Sequence[SlaRow], heard: Heard) -> tuple[SlaRow, ...]:
    """Return for each kind of clock the first row that matches, in the order of the kinds."""
    found: dict[PolicyClock, SlaRow] = {}
    for row in rows:
        wanted = (
            (row.brand, heard.brand),
            (row.product, heard.product),
            (row.channel, heard.channel),
            (row.area_class, str(heard.area_class)),
        )
        if row.clock not in found and all(want in (ANY, have) for want, have in wanted):
            found[row.clock] = row
    return tuple(found[kind] for kind in PolicyClock if kind in found)


def paused_s(pauses: Sequence[tuple[int, int]], until_s: int) -> int:
    """Return how many seconds of pauses had passed by a moment."""
    return sum(max(0, min(end, until_s) - start) for start, end in pauses)


def standings(
    rows: Sequence[SlaRow], heard: Heard, moments: Moments, tariff: Tariff, first: dt.date, now_s: int
) -> tuple[Standing, ...]:
    """Return how every promise of a job stands."""
    return tuple(standing_of(row, heard, moments, tariff, first, now_s) for row in matching_rows(rows, heard))


def standing_of(row: SlaRow, heard: Heard, moments: Moments, tariff: Tariff, first: dt.date, now_s: int) -> Standing:
    """Return how one promise stands.

    A pause that began before the clock stopped moves its due time by as long as it lasted, open time only where a
    calendar rules.
    """
    stopped_s = moments.stopped_s.get(row.clock)
    expected_s = None if stopped_s is not None else moments.expected_s.get(row.clock)
    ends_s = now_s if stopped_s is None else stopped_s
    due_s = _moved_due(row, first, heard.reported_s, [(start, min(end, ends_s)) for start, end in moments.pauses])
    event_s = max(now_s, expected_s) if expected_s is not None else ends_s
    return Standing(
        row=row,
        due_s=due_s,
        stopped_s=stopped_s,
        expected_s=expected_s,
        grade=_grade(due_s, stopped_s, expected_s, now_s, _warning_s(row, tariff)),
        remaining_s=due_s - ends_s,
        slack_s=due_s - event_s,
        price_fen=_price(row, tariff, heard.customer_class, ends_s - due_s),
    )


def _moved_due(row: SlaRow, first: dt.date, reported_s: int, pauses: Sequence[tuple[int, int]]) -> int:
    due_s = row.due_s(first, reported_s)
    for start_s, end_s in pauses:
        if start_s >= due_s or end_s <= start_s:
            continue
        if row.hours is None:
            due_s += end_s - max(start_s, reported_s)
        else:
            open_s = row.hours.seconds_between(first, max(start_s, reported_s), end_s)
            due_s = row.hours.after(first, due_s, open_s) if open_s else due_s
    return due_s


def _warning_s(row: SlaRow, tariff: Tariff) -> int:
    return LITTLE_S if row.clock.visit is None else tariff.lateness[row.clock.visit].warn_s


def _grade(due_s: int, stopped_s: int | None, expected_s: int | None, now_s: int, warning_s: int) -> Grade:
    if stopped_s is not None:
        return Grade.KEPT if stopped_s <= due_s else Grade.BREACHED
    if now_s > due_s:
        return Grade.BREACHED
    if expected_s is None:
        return Grade.AT_RISK if due_s - now_s < warning_s else Grade.ON_TRACK
    slack_s = due_s - max(now_s, expected_s)
    if slack_s < 0:
        return Grade.WILL_BREACH
    return Grade.AT_RISK if slack_s < LITTLE_S else Grade.ON_TRACK


def _price(row: SlaRow, tariff: Tariff, customer_class: CustomerClass, late_s: int) -> int:
    """Return the price of lateness so far; promises that no visit keeps have none."""
    if row.clock.visit is None:
        return 0
    return tariff.weight_percent[customer_class] * late_price(tariff.lateness[row.clock.visit], late_s) // 100
