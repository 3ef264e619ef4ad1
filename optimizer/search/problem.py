"""What the compiled search reads, and nothing else: plain arrays of jobs, shifts and the ways between their points.

A problem has n jobs and m shifts. Point j < n is job j's place; the points from n on are where shifts begin and end.
Times are seconds, money is fen (or whatever smallest unit the asker counts in). Everything that does not depend on the
time of a visit is folded into `fixed`; whatever rule can be decided for a (job, shift) alone is folded into it too, as
`FORBIDDEN`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "CLOCK",
    "FORBIDDEN",
    "FREE",
    "JOB",
    "KEEP_FEN",
    "LATENESS",
    "NEVER_S",
    "NO_LIMIT",
    "OUTLET",
    "PAUSE",
    "RATES",
    "SHIFT",
    "WINDOW",
    "Problem",
    "nearest_jobs",
    "with_steady_shifts",
]

FORBIDDEN = 1 << 30
"""In `fixed`: this shift may not serve this job."""
NEVER_S = 1 << 29
"""No time of a problem reaches it."""
NO_LIMIT = 1 << 60
FREE = -1
KEEP_FEN = 1_000_000_000
"""Added to the price of leaving out a visit that is locked or frozen: kept wherever a legal place exists."""

JOB = np.dtype(
    [
        ("reported", "i4"),
        ("weight", "i4"),
        ("first_window", "i4"),
        ("last_window", "i4"),
        ("first_clock", "i4"),
        ("last_clock", "i4"),
        ("kits", "i4"),
        ("prefers", "i4"),
        ("prefer_earliest", "i4"),
        ("prefer_latest", "i4"),
        ("published_technician", "i4"),
        ("published_start", "i4"),
        ("moved_fen", "i4"),
        ("remote", "i4"),
        ("arrival_due", "i4"),
        ("unserved_fen", "i8"),
    ],
    align=True,
)
SHIFT = np.dtype(
    [
        ("start", "i4"),
        ("end", "i4"),
        ("latest_end", "i4"),
        ("open", "i4"),
        ("close", "i4"),
        ("first_pause", "i4"),
        ("last_pause", "i4"),
        ("leaves", "i4"),
        ("returns", "i4"),
        ("way", "i4"),
        ("outlet", "i4"),
        ("technician", "i4"),
        ("most_stops", "i4"),
        ("steady", "i4"),
        ("most_travel", "i8"),
        ("most_metres", "i8"),
        ("use_fen", "i8"),
    ],
    align=True,
)
PAUSE = np.dtype(
    [("first_window", "i4"), ("last_window", "i4"), ("latest", "i4"), ("duration", "i4"), ("always", "i4")], align=True
)
WINDOW = np.dtype([("earliest", "i4"), ("latest", "i4")], align=True)
CLOCK = np.dtype([("due", "i4"), ("kind", "i4")], align=True)
LATENESS = np.dtype([("warn", "i8"), ("warn_fen", "i8"), ("breach_fen", "i8"), ("late_fen", "i8")], align=True)
OUTLET = np.dtype([("target", "i4")], align=True)
RATES = np.dtype(
    [
        ("overtime_fen", "i8"),
        ("waiting_fen", "i8"),
        ("preference_fen", "i8"),
        ("workload_fen", "i8"),
        ("parity_fen", "i8"),
        ("parity_allowed", "i8"),
    ],
    align=True,
)


class Problem(NamedTuple):
    """n jobs, m shifts, o outlets, c ways of travel, d dimensions of load, p points.

    leg: (c, p, p, 2) seconds and fen; leg_to: the same by destination, then origin. metres: (c, p, p). place: (p,)
    equal where nobody travels. fixed: (n, m) fen or FORBIDDEN. service, setup: (n, o) seconds; the setup is spent when
    the shift comes from another place. delivery, pickup: (n, d) and capacity: (m, d) load units. kit_ready, kit_fen:
    (n, c, k), ready rising, by the kinds of kit that a job may have; kit_of: (n, o) which of them an outlet's visits
    have. near: (n, r) jobs by travel. pauses: those of a shift by their latest start; windows: those
    of jobs and pauses, disjoint and rising.
    """

    jobs: NDArray[np.void]
    shifts: NDArray[np.void]
    outlets: NDArray[np.void]
    pauses: NDArray[np.void]
    windows: NDArray[np.void]
    clocks: NDArray[np.void]
    lateness: NDArray[np.void]
    rates: NDArray[np.void]
    leg: NDArray[np.int32]
    leg_to: NDArray[np.int32]
    metres: NDArray[np.int32]
    place: NDArray[np.int32]
    fixed: NDArray[np.int32]
    service: NDArray[np.int32]
    setup: NDArray[np.int32]
    delivery: NDArray[np.int64]
    pickup: NDArray[np.int64]
    capacity: NDArray[np.int64]
    kit_ready: NDArray[np.int32]
    kit_fen: NDArray[np.int32]
    kit_of: NDArray[np.int32]
    near: NDArray[np.int32]


def nearest_jobs(seconds: NDArray[np.int32], n: int, most: int) -> NDArray[np.int32]:
    """Return each job's nearest other jobs by travel there and back, nearest first; (n, at most `most`).

    seconds: (p, p), the jobs first.
    """
    r = max(0, min(most, n - 1))
    if r == 0:
        return np.zeros((n, 0), np.int32)
    both = seconds[:n, :n].astype(np.int64)
    both = both + both.T
    np.fill_diagonal(both, np.iinfo(np.int64).max)
    nearest = np.argpartition(both, r - 1, axis=1)[:, :r]
    order = np.argsort(np.take_along_axis(both, nearest, axis=1), axis=1, kind="stable")
    return np.take_along_axis(nearest, order, axis=1).astype(np.int32)


def with_steady_shifts(problem: Problem) -> Problem:
    """Return the problem with those shifts marked on which no price and no gap's legality depends on later times.

    There an insertion costs its detour and is legal when the next stop is reached by its latest start: nothing behind
    it needs to be looked at. Breaks, setups, a second window, and any price of time take that away.
    """
    jobs, shifts, rates = problem.jobs, problem.shifts, problem.rates[0]
    timed = (
        (jobs["last_window"] - jobs["first_window"] != 1)
        | (jobs["last_clock"] > jobs["first_clock"])
        | (jobs["kits"] > 0)
        | (jobs["prefers"] > 0)
        | (jobs["published_technician"] >= 0)
        | (jobs["remote"] > 0)
        | (problem.setup > 0).any(axis=1)
        | bool(rates["waiting_fen"])
    )
    overtime = (rates["overtime_fen"] > 0) & (shifts["end"] < shifts["latest_end"])
    rests = shifts["last_pause"] > shifts["first_pause"]
    meets = (timed[:, None] & (problem.fixed < FORBIDDEN)).any(axis=0)
    marked = shifts.copy()
    marked["steady"] = ~(overtime | rests | meets)
    return problem._replace(shifts=marked)
