"""The times of a route in a given order: legal ones where there are any, else those that break windows least.

After a visit with a place the vehicle works, then drives and pauses in any mixture: a break begins when what comes
before it is done, and the next place when work, way and breaks together are over.
"""

from collections.abc import Sequence

from optimizer.vrp.least_late import least_late_times
from optimizer.vrp.order import Visit
from optimizer.vrp.plan import StepKind

__all__ = ["earliest_times", "route_times"]


def route_times(visits: Sequence[Visit]) -> list[int]:
    """Return when each visit begins: windows missed by as few seconds as can be in all, then the earliest end, then the
    latest start, then each visit as early as it goes.

    Raises
    ------
    TiedTimesClash
        The times that steps are tied to leave no room for what lies between them.
    """
    earliest = earliest_times(visits)
    if earliest is None:
        return least_late_times(visits)
    times = earliest_times(visits, _latest_start(visits, earliest[-1]))
    assert times is not None
    return times


def earliest_times(visits: Sequence[Visit], start_s: int = 0) -> list[int] | None:
    """Return the earliest time of each visit from a start on, all in their windows; None when there is none.

    Waiting never helps, so each is the least: later visits only wait for earlier ones.
    """
    times: list[int] = []
    free_s = ready_s = start_s
    for visit in visits:
        on_road = visit.kind is StepKind.BREAK
        time_s = visit.not_before(free_s if on_road else max(free_s, ready_s + visit.way_s))
        if time_s is None:
            return None
        times.append(time_s)
        free_s = time_s + visit.work_s
        ready_s = ready_s + visit.work_s if on_road else free_s
    return times


def _latest_start(visits: Sequence[Visit], end_s: int) -> int:
    """Return the latest start with which the route still ends at end_s, which is known to be possible."""
    free_s = ready_s = time_s = end_s
    way_s = 0
    for visit in reversed(visits):
        on_road = visit.kind is StepKind.BREAK
        latest = free_s - visit.work_s if on_road else min(free_s, ready_s - way_s) - visit.work_s
        # The end, first in this direction, has nothing to wait for.
        found = visit.not_after(end_s if visit is visits[-1] else latest)
        assert found is not None
        free_s = time_s = found
        if on_road:
            ready_s -= visit.work_s
        else:
            ready_s, way_s = time_s, visit.way_s
    return time_s
