"""The same tours by hand, as they are made today: the nearest village next, home at night or to bed where dusk is."""

from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from optimizer.search.schedule import State, evaluate, new_state
from optimizer.tours.columns import Column, column_of
from optimizer.tours.drafting import homeward
from optimizer.tours.ground import HOME, Ground, lay_ground
from optimizer.tours.left_out import left_out
from optimizer.tours.model import Touring
from optimizer.tours.nights import moves_on
from optimizer.tours.objective import Weigher
from optimizer.tours.plan import TourPlan
from optimizer.tours.reading import read_tour
from optimizer.tours.shapes import Laid, Shape, Terms, is_possible, lay_out
from optimizer.travel import TravelTimes, there_and_back

__all__ = ["by_hand", "columns_by_hand", "nearest_and_back_s"]

BEDS = 2
"""At dusk the nearest beds are looked at, so many of them."""


def by_hand(asked: Touring, travel: TravelTimes, *, sleeps: bool) -> TourPlan:
    """Return tours by a rule of thumb: each crew, from its first day on, drives to the nearest village with work.

    sleeps: at dusk it takes the nearest bed from which it still comes home the day after, for as many nights as
    allowed; otherwise it is home every night. It does whatever it may of all that a village waits for.
    """
    ground = lay_ground(asked, travel)
    columns = columns_by_hand(ground, sleeps=sleeps)
    return TourPlan(tours=tuple(read_tour(ground, c) for c in columns), left_out=left_out(ground, columns))


def nearest_and_back_s(asked: Touring, travel: TravelTimes) -> int | None:
    """Return how long the drive from a crew's home to the nearest village with work and back takes; None without any.

    Where that is longer than anybody may drive in a day, whoever is home every night goes nowhere.
    """
    wanted = {job.village_id for job in asked.jobs}
    places = np.array([village.position for village in asked.villages if village.id in wanted], np.float64)
    found = []
    for crew in asked.crews if len(places) else ():
        there, back = there_and_back(travel, np.array([crew.position], np.float64), places, crew.mode)
        found.append(int((there.seconds[0].astype(np.int64) + back.seconds[:, 0]).min()))
    return min(found, default=None)


def columns_by_hand(ground: Ground, *, sleeps: bool) -> list[Column]:
    """Return the tours of `by_hand` in numbers."""
    weigher = Weigher(ground)
    columns: list[Column] = []
    for crew, whose in enumerate(ground.asked.crews):
        day = 0 if whose.on_the_road is None else whose.on_the_road.day
        away = whose.on_the_road is not None
        while day < ground.asked.days:
            done = {job for column in columns for job in column.jobs}
            found = _Hand(ground=ground, crew=crew, first=day, done=done).tour(sleeps=sleeps)
            tries = (found, homeward(ground, crew)) if away else (found,)
            column = next((one for one in tries if one is not None and weigher.goes_together([*columns, one])), None)
            if column is not None:
                columns.append(column)
            elif away:
                break
            day = day + 1 if column is None else column.shape.last + 1
            away = False
    return columns


@dataclass(slots=True, kw_only=True)
class _Hand:
    """A tour in the making: nights and days so far; the arrays of today by where it would end."""

    ground: Ground
    crew: int
    first: int
    done: set[int]
    nights: list[int] = field(default_factory=list)
    routes: list[tuple[int, ...]] = field(default_factory=list)
    ends: dict[int, tuple[Laid, State]] = field(default_factory=dict)

    def tour(self, *, sleeps: bool) -> Column | None:
        """Return the tour that leaves on the first day, None when it would do nothing."""
        if not is_possible(self.ground, self._shape(())):
            return None
        while True:
            self.ends.clear()
            route, end = self._day(sleeps=sleeps)
            self.routes.append(route)
            if not route or end == HOME:
                break
            self.nights.append(end)
        if not any(self.routes):
            return None
        if not self.routes[-1] and self.nights and not self._comes_home():
            return None
        return column_of(self.ground, self._shape(()), self.routes, self.ground.village)

    def _shape(self, tonight: tuple[int, ...]) -> Shape:
        return Shape(crew=self.crew, first=self.first, nights=(*self.nights, *tonight))

    def _comes_home(self) -> bool:
        day = self.first + len(self.nights)
        ground = self.ground
        bed = ground.lodging(self.nights[-1], self.crew)
        return moves_on(ground, self.crew, day, bed, int(ground.home[self.crew]))

    def _day(self, *, sleeps: bool) -> tuple[tuple[int, ...], int]:
        """Return today's jobs in order, and where the day ends."""
        ground, today = self.ground, self.first + len(self.nights)
        seconds = ground.seconds[ground.asked.crews[self.crew].mode]
        here = ground.lodging(self.nights[-1] if self.nights else HOME, self.crew)
        route: tuple[int, ...] = ()
        end = HOME
        able = ground.able[self.crew, :, today]
        open_jobs = [j for j in np.flatnonzero(able).tolist() if j not in self.done]
        villages = set(ground.village[open_jobs].tolist())
        moved = True
        while moved:
            moved = False
            for village in sorted(villages, key=lambda v: (int(seconds[here, v]), v)):
                longer, at = self._with(route, [j for j in open_jobs if ground.village[j] == village], village, sleeps)
                if len(longer) > len(route):
                    route, end, here, moved = longer, at, village, True
                    villages.discard(village)
                    break
        self.done |= set(route)
        return route, end

    def _with(self, route: tuple[int, ...], jobs: list[int], village: int, sleeps: bool) -> tuple[tuple[int, ...], int]:
        """Return the route with what can be done in a village behind it, and where the day then ends."""
        for end in self._beds(village) if sleeps else (HOME,):
            longer = route
            for job in jobs:
                if self._legal((*longer, job), end):
                    longer = (*longer, job)
            if len(longer) > len(route):
                return longer, end
        return route, HOME

    def _beds(self, village: int) -> list[int]:
        """Return where to sleep near a village, nearest first, then home."""
        ground, today = self.ground, self.first + len(self.nights)
        asked, mode = ground.asked, ground.asked.crews[self.crew].mode
        home, base = int(ground.home[self.crew]), len(ground.asked.villages)
        near = np.argsort(ground.seconds[mode][village, base : base + len(asked.lodgings)], kind="stable").tolist()
        beds = (
            bed
            for bed in near
            if is_possible(ground, self._shape((bed,)))
            and moves_on(ground, self.crew, today + 1, ground.lodging(bed, self.crew), home)
        )
        return [*islice(beds, BEDS), HOME]

    def _legal(self, route: tuple[int, ...], end: int) -> bool:
        """Return whether today's route to this end breaks no rule."""
        if end not in self.ends:
            prize = np.ones(len(self.ground.village), np.int64)
            prize[list(self.done)] = 0
            shape = self._shape(() if end == HOME else (end,))
            laid = lay_out(self.ground, [shape], Terms(prize=prize, at=self.ground.village, given=True))
            self.ends[end] = laid, new_state(laid.problem)
        laid, state = self.ends[end]
        load = sum(int(self.ground.load[job]) for jobs in (*self.routes, route) for job in jobs)
        if load > self.ground.asked.crews[self.crew].load_capacity or any(j not in laid.place_of for j in route):
            return False
        v = next(v for v, (_, day) in enumerate(laid.rows) if day == self.first + len(self.nights))
        if len(route) > state.stops.shape[1]:
            return False
        state.length[v] = len(route)
        state.stops[v, : len(route)] = [laid.place_of[job] for job in route]
        return bool(evaluate(laid.problem, state, v))
