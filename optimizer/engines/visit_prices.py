"""What a visit costs at each moment, taken apart into what the routing model can say: slopes, steps and a constant.

Prices are whole multiples of one `scale`-th of a fen, `scale` being the least that makes every slope whole per second.
Times count from `base_s`. Nothing is rounded here: the checker rounds each item down to whole fen, see `rounding_fen`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd

import numpy as np

from optimizer.model import DAY_S, LOCK_TOLERANCE_S
from optimizer.search.problem import NEVER_S, Problem

__all__ = ["Pieces", "Span", "VisitPrices", "price_scale", "rounding_fen", "visit_prices"]

FINEST = 360_000
"""Fen an hour, weighed in percent: no price per second is finer than this part of a fen."""

Span = tuple[int, int]
"""Earliest and latest moment of an event."""


def price_scale(problem: Problem) -> int:
    """Return how many price units make one fen, so that every slope is whole per second; 1 for an even tariff."""
    rates, late = problem.rates[0], problem.lateness
    weights = np.unique(problem.jobs["weight"]).tolist()
    hourly = [int(x) for x in (*late["warn_fen"], *late["late_fen"], rates["waiting_fen"])]
    parts = [weight * fen for weight in weights for fen in hourly]
    parts += [weight * int(fen) * 3_600 for weight in weights for fen in late["breach_fen"]]
    return FINEST // gcd(FINEST, 100 * int(rates["overtime_fen"]), *parts)


def rounding_fen(problem: Problem, served: Iterable[int], routes: int) -> float:
    """Return by how much at most the model's price of these visits and routes is above the checker's."""
    if price_scale(problem) == 1:
        return 0.0
    total = float(routes)  # overtime
    for j in served:
        job = problem.jobs[j]
        weight = int(job["weight"]) / 100
        # A clock is rounded three times: what the warning costs, the hours late, the weight.
        total += (int(job["last_clock"]) - int(job["first_clock"])) * (2 * weight + 1) + weight + 1
    return total


@dataclass(slots=True)
class Pieces:
    """A price over time: `constant`, a slope more from each bound on, a jump at each moment.

    bends are slopes, too, of a price that is not convex: a later hour may be cheaper than an earlier one.
    """

    constant: int
    slopes: dict[int, int]
    jumps: dict[int, int]
    bends: dict[int, int]

    @classmethod
    def none(cls) -> "Pieces":
        """Return a price of nothing."""
        return cls(0, {}, {}, {})

    def rise(self, bound: int, slope: int, bent: bool = False) -> None:
        """Add a slope from a bound on."""
        where = self.bends if bent else self.slopes
        where[bound] = where.get(bound, 0) + slope

    def jump(self, moment: int, price: int) -> None:
        """Add a price from a moment on."""
        self.jumps[moment] = self.jumps.get(moment, 0) + price

    def within(self, span: Span) -> "Pieces":
        """Return the same price for events within this span only, with as few pieces as that takes."""
        earliest, latest = span
        fewer = Pieces(self.constant, {}, {}, {})
        for pieces, kept in ((self.slopes, fewer.slopes), (self.bends, fewer.bends)):
            for bound, slope in pieces.items():
                if slope and bound < latest:
                    # What has begun to rise before the earliest moment is worth a constant there.
                    fewer.constant += slope * max(0, earliest - bound)
                    kept[max(bound, earliest)] = kept.get(max(bound, earliest), 0) + slope
        for moment, price in self.jumps.items():
            if moment <= earliest:
                fewer.constant += price
            elif moment <= latest and price:
                fewer.jumps[moment] = price
        return fewer


@dataclass(slots=True, kw_only=True)
class VisitPrices:
    """The price of a job's visit by its start, by its end, and by its start if the published technician comes."""

    by_start: Pieces
    by_end: Pieces
    moved: Pieces

    @property
    def constant(self) -> int:
        """What every visit costs, whenever it is."""
        return self.by_start.constant + self.by_end.constant


def visit_prices(p: Problem, j: int, scale: int, base_s: int, start: Span, end: Span) -> VisitPrices:
    """Return the price of job j's visit, `fixed` and travel aside, for starts and ends within these spans."""
    job, rates = p.jobs[j], p.rates[0]
    weight = int(job["weight"]) * scale
    by_start, by_end = Pieces.none(), Pieces.none()
    by_start.rise(int(job["reported"]) - base_s, weight * int(rates["waiting_fen"]) // FINEST)
    for c in range(job["first_clock"], job["last_clock"]):
        kind, due = int(p.clocks[c]["kind"]), int(p.clocks[c]["due"]) - base_s
        pieces, last = (by_start, start[1]) if kind == 0 else (by_end, end[1])
        _add_lateness(pieces, p, kind, weight, due, last)
    if job["kits"] > 0:
        _add_kits(by_start, p, j, scale, base_s)
    if job["prefers"] == 1:
        slot = int(job["prefer_earliest"]) - base_s, int(job["prefer_latest"]) - base_s
        _add_outside(by_start, slot, int(rates["preference_fen"]) * scale)
    moved = Pieces.none()
    if job["published_technician"] >= 0:
        said = int(job["published_start"]) - base_s
        _add_outside(moved, (said - LOCK_TOLERANCE_S, said + LOCK_TOLERANCE_S), int(job["moved_fen"]) * scale)
    return VisitPrices(by_start=by_start.within(start), by_end=by_end.within(end), moved=moved.within(start))


def _add_lateness(pieces: Pieces, p: Problem, kind: int, weight: int, due: int, last: int) -> None:
    """Add a clock: the slope of the warning, the step at the breach, a slope more with every started day late."""
    rule = p.lateness[kind]
    warn = weight * int(rule["warn_fen"]) // FINEST
    late = weight * int(rule["late_fen"]) // FINEST
    bent = late < warn
    if rule["warn"] > 0:
        pieces.rise(due - int(rule["warn"]), warn, bent)
        pieces.rise(due, late - warn, bent)
    else:
        pieces.rise(due, late, bent)
    pieces.jump(due + 1, weight * int(rule["breach_fen"]) // 100)
    for bound in range(due + DAY_S, last, DAY_S):
        pieces.rise(bound, late, bent)


def _add_kits(pieces: Pieces, p: Problem, j: int, scale: int, base_s: int) -> None:
    """Add the kit: the last option that is there by the start."""
    before = 0
    for k in range(p.jobs[j]["kits"]):
        fen = int(p.kit_fen[j, 0, k]) * scale
        moment = int(p.kit_ready[j, 0, k]) - base_s if k else -NEVER_S
        pieces.jump(moment, fen - before)
        before = fen


def _add_outside(pieces: Pieces, slot: Span, price: int) -> None:
    """Add a price for events outside a slot."""
    pieces.constant += price
    pieces.jump(slot[0], -price)
    pieces.jump(slot[1] + 1, price)
