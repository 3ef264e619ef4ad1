"""A tour's shape: who, from which day, where it sleeps; and the arrays of the search for some of them at once.

Each working day of a shape is a shift of the search, from bed to bed: the kernel that plans days plans these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from optimizer.model import DAY_S
from optimizer.search.problem import (
    CLOCK,
    FORBIDDEN,
    FREE,
    JOB,
    LATENESS,
    NEVER_S,
    NO_LIMIT,
    OUTLET,
    PAUSE,
    RATES,
    SHIFT,
    WINDOW,
    Problem,
    nearest_jobs,
    with_steady_shifts,
)
from optimizer.tours.ground import HOME, Ground
from optimizer.tours.model import Crew
from optimizer.travel import UNREACHABLE

__all__ = ["Laid", "Shape", "Terms", "is_possible", "lay_out", "on_the_road", "row_hours", "sleeps_at"]

NEIGHBOURS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A crew (by number) leaves on a day and sleeps so often before it is home: lodgings by number."""

    crew: int
    first: int
    nights: tuple[int, ...]

    @property
    def last(self) -> int:
        """The day it is home."""
        return self.first + len(self.nights)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms jobs are done now: what leaving each out costs, in which village it is done, and on which days.

    prize: (n,) fen, none at 0. at: (n,). allowed: (n, d), None for all. given: routes are known already, so that no job
    is left aside because its village looks too far for a day.
    """

    prize: NDArray[np.int64]
    at: NDArray[np.int64]
    allowed: NDArray[np.bool_] | None = None
    given: bool = False


@dataclass(frozen=True, kw_only=True)
class Laid:
    """The arrays of some shapes. jobs: (k,) numbers of the jobs that one of them may do; rows: shape and day of each
    shift; crews: of the shapes; at: (n,) villages where the jobs are done."""

    problem: Problem
    jobs: NDArray[np.int64]
    rows: tuple[tuple[int, int], ...]
    crews: tuple[int, ...]
    at: NDArray[np.int64]

    @cached_property
    def place_of(self) -> dict[int, int]:
        """Where each job stands among those of the arrays."""
        return {job: index for index, job in enumerate(self.jobs.tolist())}


def on_the_road(ground: Ground, shape: Shape) -> bool:
    """Return whether the shape goes on with a tour that has begun."""
    road = ground.asked.crews[shape.crew].on_the_road
    return road is not None and road.day == shape.first


def sleeps_at(ground: Ground, shape: Shape, day: int) -> tuple[int, int]:
    """Return the points where a day of the shape begins and ends."""
    before = shape.nights[day - shape.first - 1] if day > shape.first else HOME
    after = shape.nights[day - shape.first] if day < shape.last else HOME
    leaves, returns = ground.lodging(before, shape.crew), ground.lodging(after, shape.crew)
    road = ground.asked.crews[shape.crew].on_the_road
    if road is not None and road.lodging_id is not None and road.day == day == shape.first:
        number = next(i for i, bed in enumerate(ground.asked.lodgings) if bed.id == road.lodging_id)
        leaves = ground.lodging(number, shape.crew)
    return leaves, returns


def row_hours(ground: Ground, crew: Crew, day: int, returns: int) -> tuple[int, int]:
    """Return between which times a crew is on the road that day: check-in, `now` and who is busy bind it too."""
    start, end = (day * DAY_S + s for s in crew.day_s)
    lodging = returns - len(ground.asked.villages)
    if lodging < len(ground.asked.lodgings):
        end = min(end, day * DAY_S + ground.asked.lodgings[lodging].check_in_s)
    return max(start, ground.asked.now_s, crew.free_s), end


def is_possible(ground: Ground, shape: Shape) -> bool:
    """Return whether a crew could be away like this: it leaves, works and is back on working days, in open beds."""
    asked, works = ground.asked, ground.works[shape.crew]
    crew = asked.crews[shape.crew]
    if not 0 <= shape.first <= shape.last < asked.days or not (works[shape.first] and works[shape.last]):
        return False
    road = crew.on_the_road
    began = on_the_road(ground, shape)
    if road is not None and shape.first <= road.day and not began:
        return False
    if len(shape.nights) + (road.nights if began and road is not None else 0) > asked.levers.nights:
        return False
    if row_hours(ground, crew, shape.first, int(ground.home[shape.crew]))[0] >= shape.first * DAY_S + crew.day_s[1]:
        return False
    for offset, lodging in enumerate(shape.nights):
        day = shape.first + offset
        if not ground.beds[lodging, day] or (not works[day] and shape.nights[offset - 1] != lodging):
            return False
    return _keeps_spans(ground, shape) and _keeps_locks(ground, shape)


def _keeps_spans(ground: Ground, shape: Shape) -> bool:
    """Return whether the shape is a span that a planner asked for, or away from all of them."""
    crew_id = ground.asked.crews[shape.crew].id
    return all(
        span.crew_id != crew_id
        or (span.first_day, span.last_day) == (shape.first, shape.last)
        or shape.last < span.first_day
        or span.last_day < shape.first
        for span in ground.asked.levers.spans
    )


def _keeps_locks(ground: Ground, shape: Shape) -> bool:
    """Return whether the shape sleeps where locked days say."""
    asked = ground.asked
    crew_id = asked.crews[shape.crew].id
    for locked in asked.levers.locked:
        if locked.crew_id == crew_id and shape.first <= locked.day <= shape.last:
            number = shape.nights[locked.day - shape.first] if locked.day < shape.last else HOME
            if (None if number == HOME else asked.lodgings[number].id) != locked.lodging_id:
                return False
    return True


def lay_out(ground: Ground, shapes: Sequence[Shape], terms: Terms) -> Laid:
    """Return the arrays of these shapes."""
    prize, at = terms.prize, terms.at
    asked = ground.asked
    rows = tuple(
        (number, day)
        for number, shape in enumerate(shapes)
        for day in range(shape.first, shape.last + 1)
        if ground.works[shape.crew, day]
    )
    able = np.zeros((len(asked.jobs), len(rows)), bool)
    ends = [sleeps_at(ground, shapes[number], day) for number, day in rows]
    for v, (number, day) in enumerate(rows):
        seconds = ground.seconds[asked.crews[shapes[number].crew].mode]
        near = seconds[ends[v][0], at] + seconds[at, ends[v][1]] <= asked.driving_s
        able[:, v] = (near | terms.given) & _able_on(ground, shapes[number], day) & ground.road[at, day]
        if terms.allowed is not None:
            able[:, v] &= terms.allowed[:, day]
    jobs = np.flatnonzero(able.any(axis=1) & (prize > 0))
    n, m = len(jobs), len(rows)
    beds = len(asked.villages)
    points = np.concatenate((at[jobs], np.arange(beds, beds + len(asked.lodgings) + len(set(ground.home.tolist())))))
    modes = list(dict.fromkeys(asked.crews[shape.crew].mode for shape in shapes))
    leg = np.zeros((max(1, len(modes)), len(points), len(points), 2), np.int32)
    metres = np.zeros(leg.shape[:3], np.int32)
    cells = np.ix_(points, points)
    for way, mode in enumerate(modes):
        leg[way, :, :, 0] = np.minimum(ground.seconds[mode][cells], UNREACHABLE)
        leg[way, :, :, 1] = np.minimum(ground.fen[mode][cells], UNREACHABLE)
        metres[way] = np.minimum(ground.metres[mode][cells], UNREACHABLE)
    fixed = np.full((n, m), FORBIDDEN, np.int32)
    for v, (_, day) in enumerate(rows):
        rows_able = able[jobs, v]
        carried = (at[jobs] != ground.village[jobs]) * asked.charges.carry_in_fen
        price = ground.day_fen[jobs, day] + carried
        fixed[rows_able, v] = np.minimum(price[rows_able], FORBIDDEN - 1)
    shifts, pauses, windows = _shift_rows(ground, shapes, rows, ends, n - beds, modes)
    job_rows, job_windows = _job_rows(ground, jobs, prize)
    pauses["first_window"] += len(job_windows)
    pauses["last_window"] += len(job_windows)
    problem = Problem(
        jobs=job_rows,
        shifts=shifts,
        outlets=np.zeros(1, OUTLET),
        pauses=pauses,
        windows=np.concatenate((job_windows, windows)),
        clocks=np.zeros(0, CLOCK),
        lateness=np.zeros(2, LATENESS),
        rates=np.zeros(1, RATES),
        leg=leg,
        leg_to=np.ascontiguousarray(leg.transpose(0, 2, 1, 3)),
        metres=metres,
        place=points.astype(np.int32),
        fixed=fixed,
        service=np.array([[asked.jobs[j].service_s] for j in jobs], np.int32).reshape(n, 1),
        setup=np.zeros((n, 1), np.int32),
        delivery=ground.load[jobs].reshape(n, 1),
        pickup=np.zeros((n, 1), np.int64),
        capacity=np.array([[asked.crews[shapes[number].crew].load_capacity] for number, _ in rows], np.int64).reshape(
            m, 1
        ),
        kit_ready=np.zeros((n, 1, 0), np.int32),
        kit_fen=np.zeros((n, 1, 0), np.int32),
        kit_of=np.zeros((n, 1), np.int32),
        near=nearest_jobs(leg[0, :, :, 0], n, NEIGHBOURS),
    )
    return Laid(
        problem=with_steady_shifts(problem), jobs=jobs, rows=rows, crews=tuple(shape.crew for shape in shapes), at=at
    )


def _able_on(ground: Ground, shape: Shape, day: int) -> NDArray[np.bool_]:
    """Return which jobs a crew may do on a day of the shape, kits in the van included; (n,)."""
    asked = ground.asked
    crew = asked.crews[shape.crew]
    able = ground.able[shape.crew, :, day].copy()
    if crew.on_the_road is not None and on_the_road(ground, shape):
        aboard = crew.on_the_road.aboard
        able &= np.array([not job.order_lines or job.id in aboard for job in asked.jobs], bool)
    else:
        leaves_s = row_hours(ground, crew, shape.first, int(ground.home[shape.crew]))[0]
        able &= ground.kit_s <= leaves_s
    return able


def _shift_rows(
    ground: Ground,
    shapes: Sequence[Shape],
    rows: Sequence[tuple[int, int]],
    ends: Sequence[tuple[int, int]],
    offset: int,
    modes: Sequence[object],
) -> tuple[NDArray[np.void], NDArray[np.void], NDArray[np.void]]:
    """Return the shifts, their breaks and the windows of these; offset: from a point of the ground to one of theirs."""
    asked = ground.asked
    table = np.zeros(len(rows), SHIFT)
    pauses: list[tuple[int, int, int, int, int]] = []
    windows: list[tuple[int, int]] = []
    for v, (number, day) in enumerate(rows):
        crew = asked.crews[shapes[number].crew]
        row = table[v]
        start, end = row_hours(ground, crew, day, ends[v][1])
        row["start"], row["end"], row["latest_end"] = start, end, end
        row["open"], row["close"] = (day * DAY_S + s for s in crew.service_s)
        row["leaves"], row["returns"] = ends[v][0] + offset, ends[v][1] + offset
        row["way"], row["technician"] = modes.index(crew.mode), shapes[number].crew
        row["most_stops"], row["most_travel"] = NEVER_S, asked.driving_s
        row["most_metres"] = NO_LIMIT if asked.levers.day_metres is None else asked.levers.day_metres
        row["first_pause"] = len(pauses)
        if crew.break_ is not None and day * DAY_S + crew.break_.latest_s >= max(asked.now_s, crew.free_s):
            first, last = day * DAY_S + crew.break_.earliest_s, day * DAY_S + crew.break_.latest_s
            pauses.append((len(windows), len(windows) + 1, last, crew.break_.duration_s, 0))
            windows.append((first, last))
        row["last_pause"] = len(pauses)
    return table, np.array(pauses, PAUSE), np.array(windows, WINDOW)


def _job_rows(
    ground: Ground, jobs: NDArray[np.int64], prize: NDArray[np.int64]
) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """Return the jobs and their windows: from first to last, inside what windows they have."""
    table = np.zeros(len(jobs), JOB)
    windows = [ground.windows[j] for j in jobs.tolist()]
    last = np.cumsum([len(of_job) for of_job in windows], dtype=np.int64)
    table["first_window"], table["last_window"] = np.append([0], last[:-1]) if len(last) else last, last
    table["weight"], table["arrival_due"], table["published_technician"] = 100, NEVER_S, FREE
    table["unserved_fen"] = prize[jobs]
    rows = np.zeros(int(last[-1]) if len(last) else 0, WINDOW)
    if windows:
        rows["earliest"], rows["latest"] = np.concatenate(windows).T
    return table, rows
