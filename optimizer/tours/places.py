"""Where on the tours a job could be done that none of them does: as things are, or if one thing were otherwise."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.model import DAY_S
from optimizer.search.compiled import compiled
from optimizer.search.problem import FORBIDDEN, Problem
from optimizer.search.schedule import INFEASIBLE, State, evaluate, new_state
from optimizer.tours.columns import Column, column_of, stands_on
from optimizer.tours.cost import left_out_price
from optimizer.tours.ground import Ground, able_days, windows_of
from optimizer.tours.model import TourJob, WorkKind
from optimizer.tours.objective import Weigher
from optimizer.tours.shapes import Laid, Terms, lay_out

__all__ = [
    "Place",
    "cheapest_places",
    "goes_with",
    "places_farther",
    "places_later",
    "places_uncertified",
    "stops_on",
    "with_job",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The cheapest legal place of a job beside what the tours do: fen more, which tour and day, before which visit."""

    fen: int
    tour: int
    day: int
    before: int


@compiled
def _best_gap(p: Problem, s: State, j: int) -> tuple[int, int, int]:
    """Return (fen more, route, gap) of the cheapest legal place of job j; the routes stay as they are."""
    best, route, gap = INFEASIBLE, -1, -1
    for v in range(s.length.shape[0]):
        count = s.length[v]
        if p.fixed[j, v] >= FORBIDDEN or count + 1 > s.stops.shape[1]:
            continue
        evaluate(p, s, v)
        before = s.fen[v] if count > 0 else 0
        for k in range(count, -1, -1):
            # The job moves forward through the route, one stop at a time.
            if k < count:
                s.stops[v, k + 1] = s.stops[v, k]
            s.stops[v, k] = j
            s.length[v] = count + 1
            if evaluate(p, s, v) and s.fen[v] - before < best:
                best, route, gap = s.fen[v] - before, v, k
        for k in range(count):
            s.stops[v, k] = s.stops[v, k + 1]
        s.length[v] = count
    return best, route, gap


def cheapest_places(ground: Ground, columns: Sequence[Column], jobs: Sequence[int]) -> dict[int, Place]:
    """Return the cheapest legal place of each job that has one, each alone, in its own village."""
    if not columns:
        return {}
    at = stands_on(ground, columns)
    prize = np.zeros(len(at), np.int64)
    prize[[*jobs, *(job for column in columns for job in column.jobs)]] = 1
    laid: Laid = lay_out(ground, [column.shape for column in columns], Terms(prize=prize, at=at, given=True))
    state = new_state(laid.problem)
    for v, (number, day) in enumerate(laid.rows):
        visits = columns[number].days[day - columns[number].shape.first]
        state.length[v] = len(visits)
        state.stops[v, : len(visits)] = [laid.place_of[job] for job, _ in visits]
    places = {}
    for job in jobs:
        if job in laid.place_of:
            fen, v, gap = _best_gap(laid.problem, state, laid.place_of[job])
            if v >= 0:
                number, day = laid.rows[v]
                places[job] = Place(fen=int(fen), tour=number, day=day, before=int(gap))
    return places


def with_job(ground: Ground, column: Column, job: int, place: Place) -> Column:
    """Return the tour with a job more at its place, or as it is where the van cannot hold that too."""
    load = int(ground.load[[*column.jobs, job]].sum())
    if load > ground.asked.crews[column.shape.crew].load_capacity:
        return column
    routes = list(column.routes)
    offset = place.day - column.shape.first
    routes[offset] = (*routes[offset][: place.before], job, *routes[offset][place.before :])
    return column_of(ground, column.shape, routes, stands_on(ground, [column]))


def places_later(
    ground: Ground, columns: Sequence[Column], left: Sequence[int], kinds: Collection[WorkKind]
) -> dict[int, Place]:
    """Return the places that jobs of these kinds would have, worth it, if their time did not run out when it does."""
    end_s = ground.asked.days * DAY_S - 1
    jobs = [job for job in left if ground.asked.jobs[job].kind in kinds and ground.last_s[job] < end_s]
    found = _places_if(ground, columns, jobs, lambda job: replace(job, last_s=end_s))
    return {number: place for number, place in found.items() if (place.day + 1) * DAY_S > ground.last_s[number]}


def places_uncertified(ground: Ground, columns: Sequence[Column], left: Sequence[int]) -> dict[int, Place]:
    """Return the places that jobs would have, worth it, where a crew stops in their very village without papers."""
    jobs = [job for job in left if ground.asked.jobs[job].certificates]
    found = _places_if(ground, columns, jobs, lambda job: replace(job, certificates=frozenset()))
    return {number: place for number, place in found.items() if int(ground.village[number]) in _stops(columns, place)}


def places_farther(ground: Ground, columns: Sequence[Column], left: Sequence[int]) -> dict[int, Place]:
    """Return the places that jobs would have, worth it, if a planner did not limit the metres of a day."""
    levers = ground.asked.levers
    if levers.day_metres is None:
        return {}
    farther = replace(ground, asked=replace(ground.asked, levers=replace(levers, day_metres=None)))
    return _worth_it(farther, columns, left)


def stops_on(column: Column, day: int) -> Sequence[int]:
    """Return the villages that a tour stops in on one of its days."""
    return [village for _, village in column.days[day - column.shape.first]]


def _stops(columns: Sequence[Column], place: Place) -> Sequence[int]:
    return stops_on(columns[place.tour], place.day)


def _places_if(
    ground: Ground, columns: Sequence[Column], jobs: Sequence[int], other: Callable[[TourJob], TourJob]
) -> dict[int, Place]:
    """Return the places, worth it, of jobs that are free of promises, if they were otherwise."""
    asked = ground.asked
    changed = {number: other(asked.jobs[number]) for number in jobs if number not in ground.told}
    able, windows, last_s = ground.able.copy(), list(ground.windows), ground.last_s.copy()
    for number, job in changed.items():
        village = asked.villages[int(ground.village[number])]
        able[:, number] = [able_days(asked, crew, job, village) for crew in asked.crews]
        windows[number], last_s[number] = windows_of(job), job.last_s
    return _worth_it(replace(ground, able=able, windows=tuple(windows), last_s=last_s), columns, list(changed))


def _worth_it(ground: Ground, columns: Sequence[Column], jobs: Sequence[int]) -> dict[int, Place]:
    asked = ground.asked
    return {
        number: place
        for number, place in cheapest_places(ground, columns, jobs).items()
        if place.fen < left_out_price(asked, asked.jobs[number])[1] and goes_with(ground, columns, number, place)
    }


def goes_with(ground: Ground, columns: Sequence[Column], number: int, place: Place) -> bool:
    """Return whether the tours go together with a job more at a place that it has."""
    more = with_job(ground, columns[place.tour], number, place)
    others = [column for k, column in enumerate(columns) if k != place.tour]
    return more is not columns[place.tour] and Weigher(ground).goes_together([*others, more])
