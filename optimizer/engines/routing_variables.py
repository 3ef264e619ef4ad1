"""The variables of a routing model (OR-Tools) and the arcs they follow; stating them ends when the budget does."""

from collections import defaultdict
from collections.abc import Callable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp

from optimizer.engines.visit_prices import Span, price_scale
from optimizer.search.problem import FORBIDDEN, Problem
from optimizer.travel import UNREACHABLE

__all__ = ["BudgetSpent", "RoutingVariables"]

NO_WAY_S = 1 << 40
MOST_CELLS = 400_000_000
"""More arcs than this, over all tables of them, fill the memory: such a model is not begun."""


class BudgetSpent(Exception):
    """The budget was used up, or memory would have been, before the whole model was stated."""


class RoutingVariables:
    """The vehicles, the places and the time of a problem.

    spent: whether the budget is used up, asked while the model is stated; raises BudgetSpent once it is.
    """

    def __init__(self, problem: Problem, spent: Callable[[], bool]) -> None:
        p = self.problem = problem
        self._spent = spent
        self.n, self.m = p.fixed.shape
        self.base_s = int(p.shifts["start"].min())
        self.horizon_s = int(p.shifts["latest_end"].max()) - self.base_s
        self.scale = price_scale(p)
        self._has_office = self._parity_matters() or self._workload_matters()
        office = len(p.place)
        points, vehicles = office + self._has_office, self.m + self._has_office
        starts = [*p.shifts["leaves"].tolist(), *[office] * self._has_office]
        ends = [*p.shifts["returns"].tolist(), *[office] * self._has_office]
        self.manager = pywrapcp.RoutingIndexManager(points, vehicles, starts, ends)
        self.routing = pywrapcp.RoutingModel(self.manager)
        self.solver = self.routing.solver()
        self.job_index = [self.manager.NodeToIndex(j) for j in range(self.n)]
        self.breaks: dict[int, list[tuple[int, object, object]]] = defaultdict(list)
        self._points = points
        self._nobodys: set[int] = set()
        self._registered: dict[tuple[str, bytes], int] = {}
        self._cells = 0
        self._spans = [self._span(j) for j in range(self.n)]
        alone = np.bincount(np.unique(p.place, return_inverse=True)[1])[np.unique(p.place, return_inverse=True)[1]] == 1
        # Where nobody can come from the same place, the setup is a part of the visit.
        self.busy = p.service + np.where(alone[: self.n, None], p.setup, 0)
        self.on_arrival = np.where(alone[: self.n, None], 0, p.setup)
        self._add_variables()

    def _add_variables(self) -> None:
        self._register_times()
        self.routing.AddDimensionWithVehicleTransits(self._time_arcs, self.horizon_s, self.horizon_s, False, "time")
        self.time = self.routing.GetDimensionOrDie("time")
        self.start = [self.time.CumulVar(index) for index in self.job_index]
        self._minimise(self.time)

    def _span(self, j: int) -> Span:
        """Return the earliest and the latest start of a job that any shift and window allow."""
        p = self.problem
        may = np.flatnonzero(p.fixed[j] < FORBIDDEN)
        windows = p.windows[p.jobs[j]["first_window"] : p.jobs[j]["last_window"]]
        if len(may) == 0 or len(windows) == 0:
            return 0, 0
        shifts = p.shifts[may]
        earliest = max(int(np.maximum(shifts["start"], shifts["open"]).min()), int(windows["earliest"].min()))
        latest = min(int(np.minimum(shifts["latest_end"], shifts["close"]).max()), int(windows["latest"].max()))
        if p.jobs[j]["kits"] > 0:
            earliest = max(earliest, int(p.kit_ready[j, 0, 0]))
        return earliest - self.base_s, latest - self.base_s

    def _end_span(self, j: int) -> Span:
        service = self.problem.service[j]
        return self._spans[j][0] + int(service.min()), self._spans[j][1] + int(service.max())

    def _matrix(self, cells: NDArray[np.int64]) -> int:
        """Register a price or a time of every arc; the office's arcs, and those from base to base, are nothing."""
        whole = np.zeros((self._points, self._points), np.int64)
        whole[: len(cells), : len(cells)] = cells
        whole[self.n :, self.n :] = 0
        key = "matrix", blake2b(whole.tobytes()).digest()
        if key not in self._registered:
            self._cells += whole.size
            self._go_on()
            self._registered[key] = self.routing.RegisterTransitMatrix(whole.tolist())
        return self._registered[key]

    def _go_on(self) -> None:
        """Raise where there is no budget or no room for the rest."""
        if self._cells > MOST_CELLS or self._spent():
            raise BudgetSpent

    def _vector(self, values: NDArray[np.int64]) -> int:
        """Register what each job adds; bases add nothing."""
        whole = np.zeros(self._points, np.int64)
        whole[: len(values)] = values
        key = "vector", whole.tobytes()
        if key not in self._registered:
            self._registered[key] = self.routing.RegisterUnaryTransitVector(whole.tolist())
        return self._registered[key]

    def _of_each(self, arcs: list[int]) -> list[int]:
        """Return the evaluators of all vehicles from those of the shifts."""
        return [*arcs, *[self._vector(np.zeros(0, np.int64))] * self._has_office]

    def _register_times(self) -> None:
        """Work out the seconds of every arc, by way of travel and by who serves how long."""
        p, n = self.problem, self.n
        known: dict[tuple[int, bytes], tuple[int, int]] = {}
        arcs = []
        elsewhere = p.place[:, None] != p.place[None, :n]
        for v in range(self.m):
            way, outlet = int(p.shifts["way"][v]), int(p.shifts["outlet"][v])
            busy, on_arrival = self.busy[:, outlet], self.on_arrival[:, outlet]
            key = way, busy.tobytes() + on_arrival.tobytes()
            if key not in known:
                drive = p.leg[way, :, :, 0].astype(np.int64)
                drive = np.where(drive >= UNREACHABLE, NO_WAY_S, drive)
                setup = np.zeros_like(drive)
                setup[:, :n] = np.where(elsewhere, on_arrival[None], 0)
                begins, ends = drive + setup, drive + setup
                begins[:n] += busy[:, None]
                ends[:, :n] += busy[None]
                known[key] = self._matrix(begins), self._matrix(ends)
            arcs.append(known[key])
        self._time_arcs = self._of_each([time for time, _ in arcs])
        self._done_arcs = self._of_each([done for _, done in arcs])

    def _minimise(self, dimension: pywrapcp.RoutingDimension) -> None:
        """Let a plan's figures be as small as they may."""
        for index in [*self.job_index, *(self.routing.End(v) for v in range(self.routing.vehicles()))]:
            self.routing.AddVariableMinimizedByFinalizer(dimension.CumulVar(index))

    def _workload_matters(self) -> bool:
        return bool(self.problem.rates[0]["workload_fen"] and (self.problem.outlets["target"] > 0).any())

    def _parity_matters(self) -> bool:
        return bool(self.problem.rates[0]["parity_fen"] and self.problem.jobs["remote"].any())
