"""A tour for one job alone, as far as the ways say, and which of a planner's limits leaves no room for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from optimizer.tours.columns import Column
from optimizer.tours.ground import Ground
from optimizer.tours.model import Touring, TourRule
from optimizer.tours.shaping import hops_home

__all__ = ["LIMITS", "Limited", "alone_fen", "limited", "van_days_left"]

LIMITS = (TourRule.VAN_DAYS, TourRule.DAY_METRES, TourRule.NIGHTS)
"""Limits that a planner sets, as reasons: of two of which either would do, first what is set only by somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limited:
    """The limits without which a tour for a job alone could be made, and about what it would cost then."""

    rules: tuple[TourRule, ...]
    fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ways:
    """Out by way of one bed or home, and back by way of another: fen, nights, each (k,); fewer nights than never."""

    fen: NDArray[np.int64]
    nights: NDArray[np.int64]


NEVER = 1_000


def alone_fen(ground: Ground, number: int, van_days: int | None) -> int | None:
    """Return about what a tour for a job alone would cost: bed by bed there, and back; None: no way.

    van_days: those that are left, None without a limit.
    """
    found = []
    for ways in _ways(ground, number):
        fits = ways.nights <= ground.asked.levers.nights
        if van_days is not None:
            fits &= ways.nights + 1 <= van_days
        if fits.any():
            found.append(int(ways.fen[fits].min()))
    return min(found, default=None)


def limited(ground: Ground, columns: Sequence[Column], number: int) -> Limited | None:
    """Return the fewest limits that stand alone against a tour for a job; None where it is none of them."""
    for few in range(1, len(LIMITS) + 1):
        for rules in combinations(LIMITS, few):
            without = replace(ground, asked=_without(ground.asked, rules))
            fen = alone_fen(without, number, van_days_left(without.asked, columns))
            if fen is not None:
                return Limited(rules=rules, fen=fen)
    return None


def van_days_left(asked: Touring, columns: Sequence[Column]) -> int | None:
    """Return for how many days more vans may be out beside these tours; None without a limit."""
    most = asked.levers.van_days
    return None if most is None else most - sum(len(column.days) for column in columns)


def _without(asked: Touring, rules: Sequence[TourRule]) -> Touring:
    levers = asked.levers
    return replace(
        asked,
        levers=replace(
            levers,
            nights=asked.days if TourRule.NIGHTS in rules else levers.nights,
            day_metres=None if TourRule.DAY_METRES in rules else levers.day_metres,
            van_days=None if TourRule.VAN_DAYS in rules else levers.van_days,
        ),
    )


def _ways(ground: Ground, number: int) -> Iterator[_Ways]:
    """Yield the ways of every crew that could do a job on some day."""
    asked = ground.asked
    village, base = int(ground.village[number]), len(asked.villages)
    prices = np.array([0, *(lodging.price_fen for lodging in asked.lodgings)], np.int64)
    for c, crew in enumerate(asked.crews):
        if not ground.able[c, number].any():
            continue
        home = int(ground.home[c])
        points = np.array([home, *range(base, base + len(asked.lodgings))], np.int64)
        seconds, metres, fen = ground.seconds[crew.mode], ground.metres[crew.mode], ground.fen[crew.mode]
        hops = np.concatenate(([0], hops_home(ground, c)))
        nights = hops[:, None] + hops[None, :]
        fits = (seconds[points, village][:, None] + seconds[village, points][None, :] <= asked.driving_s) & (
            nights < NEVER
        )
        if asked.levers.day_metres is not None:
            there_and_on = metres[points, village][:, None] + metres[village, points][None, :]
            fits &= there_and_on <= asked.levers.day_metres
        there = fen[home, points] + fen[points, village]
        back = fen[village, points] + fen[points, home]
        slept = hops * (prices + asked.charges.per_diem_fen)
        people = slept[:, None] + slept[None, :] + (nights + 1) * asked.charges.day_fen
        total = asked.charges.tour_fen + there[:, None] + back[None, :] + crew.people * people
        yield _Ways(fen=total[fits], nights=nights[fits])
