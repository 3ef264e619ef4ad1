"""Rule BREAK: a meal break that is due is taken, beside driving and service."""

from collections.abc import Iterator
from itertools import pairwise

from optimizer.clock import time_text
from optimizer.measure import Measured, MeasuredRoute
from optimizer.model import Break, Rule
from optimizer.plan import Violation

__all__ = ["check_break"]


def check_break(measured: Measured) -> Iterator[Violation]:
    """Yield the routes whose break is due and not recorded, or recorded where it does not fit."""
    for route in measured.routes:
        sentence = _fault(route, measured.day.now_s)
        if sentence:
            where = f"technician {route.technician.id}, shift {route.shift.id}"
            yield Violation(rule=Rule.BREAK, where=where, sentence=f"{route.shift.id} {sentence}")


def _fault(route: MeasuredRoute, day_now_s: int) -> str:
    """Return what is wrong with the break of a route, "" when nothing is."""
    rest, start_s = route.shift.break_, route.route.break_start_s
    if start_s is None:
        if rest is None or route.route.return_s <= rest.latest_s:
            return ""
        return (
            f"returns {time_text(route.route.return_s)}, after {time_text(rest.latest_s)}, "
            f"without a break of {rest.duration_s // 60} min"
        )
    if rest is None:
        return f"breaks {time_text(start_s)}, the shift has no break"
    if start_s < day_now_s:
        return f"breaks {time_text(start_s)}, it is {time_text(day_now_s)} already"
    if not rest.earliest_s <= start_s <= rest.latest_s:
        return (
            f"breaks {time_text(start_s)}, the break starts between "
            f"{time_text(rest.earliest_s)} and {time_text(rest.latest_s)}"
        )
    if not _fits(route, rest, start_s):
        return (
            f"breaks {time_text(start_s)} for {rest.duration_s // 60} min, "
            "which does not fit between service and driving"
        )
    return ""


def _fits(route: MeasuredRoute, rest: Break, start_s: int) -> bool:
    """Tell whether a break at start_s lies in one gap that also holds the leg's seconds."""
    end_s = start_s + rest.duration_s
    shift_start_s, return_s = route.shift.start_s, route.route.return_s
    if not route.visits:
        return shift_start_s <= start_s and end_s <= return_s
    first = route.visits[0]
    if shift_start_s <= start_s and end_s <= first.stop.start_s - first.leg.seconds:
        return True
    # The break may interrupt a leg (eating on the road): only the sum must fit.
    gaps = [(before.stop.end_s, after.stop.start_s, after.leg.seconds) for before, after in pairwise(route.visits)]
    gaps.append((max(shift_start_s, route.route.depart_s), first.stop.start_s, first.leg.seconds))
    gaps.append((route.visits[-1].stop.end_s, return_s, route.back.seconds))
    return any(
        from_s <= start_s and end_s <= to_s and to_s - from_s >= leg_s + rest.duration_s for from_s, to_s, leg_s in gaps
    )
