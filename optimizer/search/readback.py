"""From arrays back to routes: the times of every stop, the break, and when to leave base."""

from collections.abc import Sequence

from optimizer.plan import Route, Stop
from optimizer.search.problem import NEVER_S, Problem
from optimizer.search.schedule import close_route, pass_stop, pause_start

__all__ = ["read_route"]


def read_route(p: Problem, v: int, jobs: Sequence[int], job_ids: Sequence[str], shift_ids: Sequence[str]) -> Route:
    """Return the route of shift v as a plan states it; the first departure is as late as it can be."""
    shift = p.shifts[v]
    pause = int(shift["first_pause"])
    has_break = pause < int(shift["last_pause"])
    seconds, metres = p.leg[shift["way"], :, :, 0], p.metres[shift["way"]]
    t, taken, at = int(shift["start"]), 0, int(shift["leaves"])
    depart_s, break_start_s = t, None
    stops: list[Stop] = []
    for j in jobs:
        drive = int(seconds[at, j])
        start, end, now_taken = (int(x) for x in pass_stop(p, j, v, at, t, taken, drive))
        if start >= NEVER_S:
            msg = f"shift {shift_ids[v]} cannot serve job {job_ids[j]} in this order"
            raise ValueError(msg)
        if has_break and now_taken and not taken:
            break_start_s = int(pause_start(p, pause, t))
        if not stops:
            depart_s = start - drive
            if break_start_s is not None and break_start_s + int(p.pauses[pause]["duration"]) > depart_s:
                # The first leg is driven around the break.
                depart_s -= int(p.pauses[pause]["duration"])
        stops.append(Stop(job_id=job_ids[j], start_s=start, end_s=end, travel_s=drive, travel_m=int(metres[at, j])))
        t, taken, at = end, now_taken, int(j)
    base = int(shift["returns"])
    drive = int(seconds[at, base])
    return_s = int(close_route(p, v, t, taken, drive))
    if return_s > t + drive:
        break_start_s = int(pause_start(p, pause, t))
    return Route(
        shift_id=shift_ids[v],
        depart_s=depart_s,
        stops=tuple(stops),
        return_s=return_s,
        return_travel_s=drive,
        return_travel_m=int(metres[at, base]),
        break_start_s=break_start_s,
    )
