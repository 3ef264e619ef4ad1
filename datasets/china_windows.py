"""When the customers of the sample day are at home: windows, appointments and slots they would like.

The hotline agrees to a time when somebody can be there by then, parts included, and inside the promise where that is
possible; a few agreed times are honest mistakes.
"""

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from datasets.china_calls import instants
from datasets.china_ground import DAY_S, NOW_S, Ints

__all__ = ["KIT_MISTAKES", "WAY_MISTAKES", "Answers", "agree"]

KIT_MISTAKES = 0.05
"""Of the customers who wait for a part, so many got a time without a look at when it can be there."""
WAY_MISTAKES = 0.001
"""For so few, nobody looked at the map."""

_NO_WINDOW, _HALF_DAY, _SHORT, _SEVERAL, _APPOINTMENT = range(5)
_WINDOW_SHARES = (0.50, 0.22, 0.13, 0.06, 0.09)
_PREFERRED_SLOT_SHARE = 0.15
_INSIST = 0.06
"""So many choose their day whatever was promised."""
_TOMORROW = 0.22
_PROPOSALS = 10
"""After so many proposals that somebody declines, no time is agreed."""
_HOUR_S = 3_600
_FIRST_S, _LAST_S = 9 * _HOUR_S, 17 * _HOUR_S
"""Everybody has started by the first; from a visit that starts at the last one gets home to the outlet next door."""
_ROOM_S = _HOUR_S
"""A window must leave at least so long for the start."""
_MORNING_S = 10 * _HOUR_S
"""Promises that end before this are past saving by a window; today will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the hotline knows of each job, in seconds from midnight of the date.

    way_s: there from the nearest outlet that may be able. ready_s: the complete kit, 0 when nothing must be sent.
    due_s: the promise. wide: two people or an expert must come, so longer windows are agreed.
    """

    way_s: Ints
    ready_s: Ints
    due_s: Ints
    wide: NDArray[np.bool_]


class _Slots(NamedTuple):
    """One proposal per job: start and end, and whether hotline and customer agree."""

    start_s: Ints
    end_s: Ints
    agreed: NDArray[np.bool_]


def agree(rng: np.random.Generator, table: pd.DataFrame, answers: Answers, date: dt.date) -> None:
    """Write windows, appointments and preferred slots into the rows of jobs.csv."""
    count = len(table)
    kind = rng.choice(5, size=count, p=_WINDOW_SHARES)
    mistaken = rng.random(count)
    ready_s = np.where(mistaken < KIT_MISTAKES, 0, answers.ready_s)
    way_s = np.where(mistaken > 1 - WAY_MISTAKES, 0, answers.way_s)
    known = Answers(way_s=way_s, ready_s=ready_s, due_s=answers.due_s, wide=answers.wide)
    half, short = _agreed(rng, known, short=False), _agreed(rng, known, short=True)
    wants = rng.random(count) < _PREFERRED_SLOT_SHARE
    halves, shorts = _spans(date, half), _spans(date, short)
    others = _spans(date, _other(short))
    several = [f"{a};{b}" for a, b in zip(shorts, others, strict=True)]
    options = {_HALF_DAY: (halves, half), _SHORT: (shorts, short), _SEVERAL: (several, short)}
    windows = np.full(count, "", dtype=object)
    for number, (texts, slots) in options.items():
        rows = np.flatnonzero((kind == number) & slots.agreed)
        windows[rows] = np.array(texts, dtype=object)[rows]
    table["windows"] = windows
    table["appointment"] = np.where((kind == _APPOINTMENT) & short.agreed, shorts, "")
    flexible = np.isin(kind, [_NO_WINDOW, _HALF_DAY])
    table["preferred"] = np.where(wants & flexible & short.agreed, shorts, "")


def _agreed(rng: np.random.Generator, known: Answers, *, short: bool) -> _Slots:
    """Return for each job the first proposal that hotline and customer agree on, or what they did not agree on."""
    count = len(known.due_s)
    insists = rng.random(count) < _INSIST
    found = _Slots(np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, bool))
    for _ in range(_PROPOSALS):
        day_s = np.where(rng.random(count) < _TOMORROW, DAY_S, 0)
        start_s, length_s = _short(rng, count, known.wide) if short else _half(rng, count, known.wide)
        start_s = start_s + day_s
        agreed = _suits(known, start_s, start_s + length_s, day_s, insists)
        fresh = agreed & ~found.agreed
        found.start_s[fresh], found.end_s[fresh] = start_s[fresh], (start_s + length_s)[fresh]
        found.agreed[fresh] = True
    return found


def _half(rng: np.random.Generator, count: int, wide: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Propose a morning or an afternoon; both where wide."""
    morning = rng.random(count) < 0.5
    hours = np.where(wide, 10, np.where(morning, 4, 6))
    return np.where(wide | morning, 8, 12) * _HOUR_S, hours * _HOUR_S


def _short(rng: np.random.Generator, count: int, wide: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Propose two or three hours that start on the half hour; four or five where wide."""
    start_s = rng.integers(16, 2 * 17, count) * _HOUR_S // 2
    hours = np.where(rng.random(count) < 0.6, 2, 3) + np.where(wide, 2, 0)
    return start_s, hours * _HOUR_S


def _suits(known: Answers, start_s: Ints, end_s: Ints, day_s: Ints, insists: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell whether somebody can be there in time, with the parts, and the promise holds or cannot be held at all."""
    first_s = np.maximum(np.maximum(start_s, day_s + _FIRST_S + known.way_s), np.maximum(known.ready_s, NOW_S))
    last_s = np.minimum(end_s, day_s + _LAST_S - known.way_s)
    possible = last_s - first_s >= _ROOM_S
    due_s = np.where(known.due_s < _MORNING_S, _LAST_S, known.due_s)
    hopeless = np.maximum(known.ready_s, _FIRST_S + known.way_s) + _ROOM_S > due_s
    return np.asarray(possible & (insists | hopeless | (first_s + _ROOM_S <= due_s)))


def _other(slots: _Slots) -> _Slots:
    """Return a second window: the next morning, or for tomorrow's slots the evening."""
    day_s = slots.start_s // DAY_S * DAY_S
    today = day_s == 0
    start_s = np.where(today, DAY_S + 8 * _HOUR_S, np.maximum(day_s + 17 * _HOUR_S, slots.end_s + _HOUR_S))
    return _Slots(start_s, start_s + np.where(today, 4, 2) * _HOUR_S, slots.agreed)


def _spans(date: dt.date, slots: _Slots) -> list[str]:
    starts, ends = instants(date, slots.start_s), instants(date, slots.end_s)
    return [f"{start}/{end}" for start, end in zip(starts, ends, strict=True)]
