"""Times for an order that cannot keep its windows: the fewest seconds early or late in all, found exactly.

Once it is said which window each visit goes by, the times are a linear programme with differences of two times in every
row. At its best corner every time hangs, by rows that hold exactly, on an end of some window; so only those ends,
shifted by the work and ways between, need be looked at, and a dynamic programme over them is exact in integers,
several windows per visit included.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.vrp.order import FOREVER_S, Visit
from optimizer.vrp.plan import StepKind

__all__ = ["MOST_CELLS", "MOST_PAIRS", "RouteTooLarge", "TiedTimesClash", "least_late_times"]

_Ints = NDArray[np.int64]
NEVER = 1 << 50
"""Seconds that no sum of misses reaches: the time is not allowed."""
MOST_CELLS = 1 << 26
"""Visits times candidate times that are kept at once, 8 bytes each."""
MOST_PAIRS = 1 << 29
"""Pairs of candidate times that are compared, over all breaks."""
BLOCK = 1 << 20
"""Pairs that are compared at once."""


class TiedTimesClash(Exception):
    """The times that steps are tied to leave no room for the work and the ways between them."""


class RouteTooLarge(Exception):
    """A route that cannot keep its windows has too many steps and windows for its least delay to be worked out."""


@dataclass(slots=True)
class _Leg:
    """The breaks between two visits with places, and the candidate times of each break."""

    breaks: list[Visit]
    candidates: list[_Ints]


def least_late_times(visits: Sequence[Visit]) -> list[int]:
    """Return when each visit begins: least missed, then the earliest end, then the latest start, then early visits.

    Raises TiedTimesClash when no times at all hold what steps are tied to, RouteTooLarge where that took too long.
    """
    placed = [visit for visit in visits if visit.kind is not StepKind.BREAK]
    offsets, legs, bases = _candidates(visits)
    pairs = sum(len(bases) * len(times) for leg in legs for times in leg.candidates)
    if len(placed) * len(bases) > MOST_CELLS or pairs > MOST_PAIRS:
        raise RouteTooLarge
    reached = _misses(placed[0], bases + offsets[0])
    for number, leg in enumerate(legs):
        free, begins = bases + offsets[number] + placed[number].work_s, bases + offsets[number + 1]
        reached = _misses(placed[number + 1], begins) + _least_before(reached, leg, free, begins)
    least = int(reached.min())
    if least >= NEVER:
        raise TiedTimesClash
    end = int(np.argmax(reached == least))
    onward = np.where(np.arange(len(bases)) == end, _misses(placed[-1], bases + offsets[-1]), NEVER)
    to_end = [onward]
    for number, leg in reversed(list(enumerate(legs))):
        free, begins = bases + offsets[number] + placed[number].work_s, bases + offsets[number + 1]
        onward = _misses(placed[number], bases + offsets[number]) + _least_after(onward, leg, free, begins)
        to_end.append(onward)
    to_end.reverse()
    row = int(np.flatnonzero(to_end[0] == least)[-1])
    times = [int(bases[row] + offsets[0])]
    left = least - _miss(placed[0], times[0])
    for number, leg in enumerate(legs):
        time_s = times[-1] + placed[number].work_s
        cost = _between(leg, np.array([time_s]), bases[row:] + offsets[number + 1])[0]
        ahead = int(np.argmax(to_end[number + 1][row:] + cost == left))
        row += ahead
        next_s = int(bases[row] + offsets[number + 1])
        times += [*_break_times(leg, time_s, next_s), next_s]
        left -= _miss(placed[number + 1], next_s) + int(cost[ahead])
    return times


def _candidates(visits: Sequence[Visit]) -> tuple[list[int], list[_Leg], _Ints]:
    """Return each placed visit's offset, the legs between, and the bases: base + offset are the candidate times.

    The offset of a visit is its time when everything follows without a gap. A break hangs on the visit before it or
    on the one after it, so it has two.
    """
    offsets: list[int] = []
    legs: list[_Leg] = []
    anchors: list[tuple[Visit, tuple[int, ...]]] = []
    waiting: list[Visit] = []
    done = 0
    for visit in visits:
        if visit.kind is StepKind.BREAK:
            waiting.append(visit)
            continue
        offset = done + sum(pause.service_s for pause in waiting) + visit.way_s
        hung, before, after = [], done, offset - sum(pause.service_s for pause in waiting)
        for pause in waiting:
            hung.append((pause, (before, after)))
            before, after = before + pause.service_s, after + pause.service_s
        if offsets:
            legs.append(_Leg(breaks=waiting, candidates=[]))
        anchors += [*hung, (visit, (offset,))]
        offsets.append(offset)
        done, waiting = offset + visit.work_s, []
    bases = np.unique([end - offset for visit, hangs in anchors for offset in hangs for end in _ends(visit)])
    both = {id(visit): hangs for visit, hangs in anchors}
    for leg in legs:
        leg.candidates = [
            np.unique(np.concatenate([bases + offset for offset in both[id(visit)]])) for visit in leg.breaks
        ]
    return offsets, legs, bases


def _ends(visit: Visit) -> list[int]:
    # Nothing begins before 0; that binds the start, and through it everything else.
    ends = [visit.tied.earliest_s] if visit.tied.earliest_s > 0 or visit.kind is StepKind.START else []
    if visit.tied.latest_s < FOREVER_S:
        ends.append(visit.tied.latest_s)
    return ends + [end for window in visit.windows for end in (window.earliest_s, window.latest_s)]


def _misses(visit: Visit, times: _Ints) -> _Ints:
    """Return for each time how far it is from the visit's nearest window, NEVER where it is not tied to."""
    missed = np.full(len(times), NEVER if visit.windows else 0)
    for window in visit.windows:
        off = np.maximum(0, np.maximum(window.earliest_s - times, times - window.latest_s))
        missed = np.minimum(missed, off)
    return np.where((times < visit.tied.earliest_s) | (times > visit.tied.latest_s), NEVER, missed)


def _miss(visit: Visit, time_s: int) -> int:
    return int(_misses(visit, np.array([time_s]))[0])


def _between(leg: _Leg, free: _Ints, begins: _Ints) -> _Ints:
    """Return (from, to) what the breaks of a leg miss at least; the way is left out of account.

    The caller knows which of `begins` leave time for the way.
    """
    if not leg.breaks:
        return np.zeros((len(free), len(begins)), np.int64)
    cost = np.where(leg.candidates[0] >= free[:, None], _misses(leg.breaks[0], leg.candidates[0]), NEVER)
    for row in range(1, len(leg.breaks)):
        times = leg.candidates[row]
        cost = np.minimum(_misses(leg.breaks[row], times) + _until(cost, leg, row - 1, times), NEVER)
    return _until(cost, leg, len(leg.breaks) - 1, begins)


def _blocks(leg: _Leg, free: _Ints, begins: _Ints) -> Iterator[tuple[slice, _Ints]]:
    """Yield rows of `_between` at a time, NEVER where there is no time for the way: all at once take too much room."""
    size = max(1, BLOCK // len(leg.candidates[0]))
    for first in range(0, len(free), size):
        rows = slice(first, min(first + size, len(free)))
        has_time = np.arange(rows.start, rows.stop)[:, None] <= np.arange(len(begins))
        yield rows, np.where(has_time, _between(leg, free[rows], begins), NEVER)


def _until(cost: _Ints, leg: _Leg, row: int, times: _Ints) -> _Ints:
    """Return the least cost of having ended a break by each of these times."""
    found = np.searchsorted(leg.candidates[row], times - leg.breaks[row].service_s, side="right")
    least = np.minimum.accumulate(cost, axis=1)
    return np.where(found > 0, least[:, np.maximum(found - 1, 0)], NEVER)


def _least_before(reached: _Ints, leg: _Leg, free: _Ints, begins: _Ints) -> _Ints:
    """Return for each time after a leg what is missed at least before it."""
    if not leg.breaks:
        return np.minimum(np.minimum.accumulate(reached), NEVER)
    least = np.full(len(begins), NEVER)
    for rows, cost in _blocks(leg, free, begins):
        least = np.minimum(least, (reached[rows, None] + cost).min(axis=0))
    return least


def _least_after(to_end: _Ints, leg: _Leg, free: _Ints, begins: _Ints) -> _Ints:
    """Return for each time before a leg what is missed at least after it."""
    if not leg.breaks:
        return np.minimum(np.minimum.accumulate(to_end[::-1])[::-1], NEVER)
    least = np.full(len(free), NEVER)
    for rows, cost in _blocks(leg, free, begins):
        least[rows] = np.minimum((to_end + cost).min(axis=1), NEVER)
    return least


def _break_times(leg: _Leg, free_s: int, begins_s: int) -> list[int]:
    """Return the earliest times of a leg's breaks among those that miss least, between two given times."""
    to_go: list[_Ints] = []
    latest: _Ints | None = None
    for row in reversed(range(len(leg.breaks))):
        visit, times = leg.breaks[row], leg.candidates[row]
        missed = _misses(visit, times)
        done = times + visit.service_s
        if latest is None:
            onward = np.where(done <= begins_s, 0, NEVER)
        else:
            found = np.searchsorted(leg.candidates[row + 1], done, side="left")
            onward = np.append(latest, NEVER)[found]
        cost = np.minimum(missed + onward, NEVER)
        to_go.insert(0, cost)
        latest = np.minimum.accumulate(cost[::-1])[::-1]
    found_s: list[int] = []
    for visit, times, cost in zip(leg.breaks, leg.candidates, to_go, strict=True):
        possible = np.where(times >= free_s, cost, NEVER)
        time_s = int(times[int(np.argmin(possible))])
        found_s.append(time_s)
        free_s = time_s + visit.service_s
    return found_s
