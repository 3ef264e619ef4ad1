"""A crew's tours of promised stops alone: of each day its best routes by beds, of the days the best by the nights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from optimizer.search.problem import FORBIDDEN, Problem
from optimizer.search.schedule import State, new_state
from optimizer.tours.columns import Column, column_of
from optimizer.tours.ground import HOME, Ground
from optimizer.tours.holding import Held
from optimizer.tours.nights import NO_WAY, day_fen
from optimizer.tours.objective import Weigher
from optimizer.tours.shapes import Laid, Shape, Terms, is_possible, lay_out

__all__ = ["CrewDays", "CrewTours"]

ROUTES = 12
"""Orders of so many stops looked at for a day: the cheapest of them go on to one stop more."""

Route = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """What a day of a tour costs less what its stops are worth, by bed before and after; and by which of the routes."""

    routes: Sequence[Route]
    fen: NDArray[np.int64]

    def only(self, job: int) -> "_Day":
        """Return the same day with the routes alone that do a job."""
        picked = [number for number, route in enumerate(self.routes) if job in route]
        return _Day(routes=[self.routes[number] for number in picked], fen=self.fen[picked])


class CrewDays:
    """What the days of a crew's tours cost, whatever their stops are worth.

    jobs: for whose sake alone it may be away, with the stop and the day of each.
    """

    def __init__(self, ground: Ground, weigher: Weigher, crew: int, jobs: Mapping[int, Held]) -> None:
        self.ground, self.weigher, self.crew, self.jobs = ground, weigher, crew, jobs
        self.at = ground.usual_stands()
        self.at[list(jobs)] = [held.stop for held in jobs.values()]
        self.beds = np.arange(len(ground.asked.lodgings))
        self.after = np.append([HOME], self.beds)
        self.laid = lru_cache(maxsize=None)(self._laid)
        self._fen: dict[tuple[int, bool, Route], NDArray[np.int64]] = {}

    def able(self, first: int, day: int) -> list[int]:
        """Return the jobs of a day that the crew may do on it on a tour that leaves on a first day."""
        laid = self.laid(first)[0]
        row = next((v for v, (_, at) in enumerate(laid.rows) if at == day), None)
        if row is None:
            return []
        able = laid.jobs[laid.problem.fixed[:, row] < FORBIDDEN].tolist()
        return [job for job in able if self.jobs[job].day == day]

    def fen(self, first: int, day: int, route: Route) -> NDArray[np.int64]:
        """Return what a route costs, by bed before and after; (1 or beds, home and beds)."""
        # Which day a tour left on says what it may do, not what that costs.
        key = day, day == first, route
        if key not in self._fen:
            laid, shape, problem, state = self.laid(first)
            before = np.array([HOME]) if day == first else self.beds
            self._fen[key] = day_fen(self.ground, shape, day, (problem, state, laid), route, before, self.after)
        return self._fen[key]

    def bed_fen(self, day: int) -> NDArray[np.int64]:
        """Return what each bed costs after a day."""
        asked, people = self.ground.asked, self.ground.asked.crews[self.crew].people
        fen = np.array([people * (bed.price_fen + asked.charges.per_diem_fen) for bed in asked.lodgings], np.int64)
        fen[~self.ground.beds[:, day]] = NO_WAY
        for locked in asked.levers.locked:
            if locked.crew_id == asked.crews[self.crew].id and locked.day == day:
                fen[[bed.id != locked.lodging_id for bed in asked.lodgings]] = NO_WAY
        return fen

    def column(self, shape: Shape, routes: Sequence[Route]) -> Column | None:
        """Return the tour of these days; None where it visits nothing or is not legal."""
        load = sum(int(self.ground.load[job]) for route in routes for job in route)
        if not any(routes) or not is_possible(self.ground, shape):
            return None
        if load > self.ground.asked.crews[self.crew].load_capacity:
            return None
        column = column_of(self.ground, shape, routes, self.at)
        return column if self.weigher.stands(column) else None

    def _laid(self, first: int) -> tuple[Laid, Shape, Problem, State]:
        """Return the arrays of a tour that leaves on a day and is as long as any may be; its beds mean nothing."""
        asked = self.ground.asked
        nights = min(asked.levers.nights, asked.days - 1 - first) if len(self.beds) else 0
        shape = Shape(crew=self.crew, first=first, nights=(0,) * nights)
        prize = np.zeros(len(self.ground.stands), np.int64)
        prize[list(self.jobs)] = self.ground.search_fen[list(self.jobs)]
        laid = lay_out(self.ground, [shape], Terms(prize=prize, at=self.at, given=True))
        problem = laid.problem._replace(shifts=laid.problem.shifts.copy())
        return laid, shape, problem, new_state(problem)


class CrewTours:
    """The tours of a crew that are worth most where each job is worth so much; (n,) fen."""

    def __init__(self, days: CrewDays, worth: NDArray[np.int64]) -> None:
        self.days, self.worth = days, worth
        self.day = lru_cache(maxsize=None)(self._day)

    def tours(self, first: int) -> list[Column]:
        """Return the tour worth most that leaves on a day, for each last day."""
        return self._from(first, None)

    def tours_with(self, job: int, day: int) -> list[Column]:
        """Return the tours worth most that do a job on a day, for each first and last day."""
        ground = self.days.ground
        if not ground.able[self.days.crew, job, day]:
            return []
        firsts = range(max(0, day - ground.asked.levers.nights), day + 1)
        return [column for first in firsts for column in self._from(first, (day, job))]

    def _from(self, first: int, forced: tuple[int, int] | None) -> list[Column]:
        """Return the best tour for each last day, with the forced job on its day."""
        ground, asked = self.days.ground, self.days.ground.asked
        found: list[Column] = []
        if not ground.works[self.days.crew, first]:
            return found
        total = np.zeros(1, np.int64)
        came: list[tuple[_Day, NDArray[np.int64], NDArray[np.int64]]] = []
        nights = asked.levers.nights if len(self.days.beds) else 0
        for day in range(first, min(first + nights, asked.days - 1) + 1):
            today = self.day(first, day)
            if forced is not None and day == forced[0]:
                today = today.only(forced[1])
            if not today.routes:
                break
            fen = today.fen.min(axis=0)
            sums = total[:, None] + fen
            came.append((today, today.fen.argmin(axis=0), sums.argmin(axis=0)))
            best = sums.min(axis=0)
            if best[0] < NO_WAY // 2 and (forced is None or day >= forced[0]):
                column = self._read(first, came)
                if column is not None:
                    found.append(column)
            total = best[1:] + self.days.bed_fen(day)
            if not (total < NO_WAY // 2).any():
                break
        return found

    def _read(self, first: int, came: Sequence[tuple[_Day, NDArray[np.int64], NDArray[np.int64]]]) -> Column | None:
        """Return the tour that ends at home on the last of these days; None where it visits nothing or is not legal."""
        routes: list[Route] = []
        nights: list[int] = []
        after = 0
        for today, by_route, by_bed in reversed(came):
            before = int(by_bed[after])
            routes.append(today.routes[int(by_route[before, after])])
            nights.append(before)
            after = before + 1
        shape = Shape(crew=self.days.crew, first=first, nights=tuple(reversed(nights[:-1])))
        return self.days.column(shape, routes[::-1])

    def _day(self, first: int, day: int) -> _Day:
        """Return a day of a tour that leaves on a first day: its best routes by beds."""
        routes: list[Route] = [()]
        tables = [self._fen(first, day, ())]
        jobs = self.days.able(first, day)
        layer: list[Route] = [()]
        while layer:
            longer = [(*route, job) for route in layer for job in jobs if job not in route]
            priced = [(self._fen(first, day, route), route) for route in longer]
            good = sorted(((int(fen.min()), route, fen) for fen, route in priced), key=lambda one: one[:2])
            good = [one for one in good if one[0] < NO_WAY // 2][:ROUTES]
            layer = [route for _, route, _ in good]
            routes += layer
            tables += [fen for _, _, fen in good]
        return _Day(routes=routes, fen=np.stack(tables))

    def _fen(self, first: int, day: int, route: Route) -> NDArray[np.int64]:
        """Return what a route costs less what it is worth, by bed before and after."""
        fen = self.days.fen(first, day, route)
        return np.where(fen < NO_WAY, fen - int(self.worth[list(route)].sum()), NO_WAY)
