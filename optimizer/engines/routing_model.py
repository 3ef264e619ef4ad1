"""The routing model of a problem (OR-Tools): its variables, one method per rule, one per price.

Dimensions: "time" says when each visit starts, "price" gathers what is no arc, "late 1 …" are twins of the time, each
for one more slope of lateness, "done" and "done 1 …" the same for the ends of visits. Times count from the earliest
start of a shift, prices in `scale`-ths of a fen. One more vehicle, the office, drives nowhere: what no route alone
decides (workloads, parity) is on its bill. The variables are in routing_variables.py, the rules in routing_rules.py.
"""

from collections.abc import Callable

import numpy as np
from ortools.constraint_solver import pywrapcp

from optimizer.engines.routing_rules import RoutingRules
from optimizer.engines.visit_prices import Pieces, VisitPrices, visit_prices
from optimizer.search.problem import FORBIDDEN, Problem

__all__ = ["RoutingModel"]

MOST = 1 << 50
ARC_CELLS = 20_000_000
"""Up to so many cells, `fixed` is told as a price of each technician's arcs, which the solver sees earliest."""

Expression = object
"""An integer expression of the solver; the package ships no types."""


class RoutingModel(RoutingRules):
    """A problem as the solver reads it; `time`, `routing`, `manager` and `breaks` are what an answer is read from."""

    def __init__(self, problem: Problem, spent: Callable[[], bool]) -> None:
        super().__init__(problem, spent)
        self._add_rules()
        self._add_prices()

    def _add_prices(self) -> None:
        p = self.problem
        self._prices = [
            visit_prices(p, j, self.scale, self.base_s, self._spans[j], self._end_span(j)) for j in range(self.n)
        ]
        # The library calls a problem impossible where a visit that cannot be has a price.
        nothing = VisitPrices(by_start=Pieces.none(), by_end=Pieces.none(), moved=Pieces.none())
        self._prices = [nothing if j in self._nobodys else prices for j, prices in enumerate(self._prices)]
        self._steps = [self._steps_of(j, self._prices[j]) for j in range(self.n)]
        for pay in (
            self._pay_for_travel_and_visits,
            self._pay_for_using_vehicles,
            self._pay_for_slopes,
            self._pay_for_ends,
            self._pay_for_steps,
        ):
            pay()
            self._go_on()

    def _steps_of(self, j: int, prices: VisitPrices) -> tuple[int, list[Expression]]:
        """Return what a visit costs in steps: a whole price for any moment, and the parts that depend on it."""
        moment = self.start[j]
        passed, lowest = 0, 0
        parts: list[Expression] = []
        for at, price in sorted(prices.by_start.jumps.items()):
            passed += price
            lowest = min(lowest, passed)
            parts.append(self.solver.IsGreaterOrEqualCstVar(moment, at) * price)
        parts += [self.solver.Max(moment - bound, 0) * slope for bound, slope in prices.by_start.bends.items()]
        if lowest < 0:
            parts.append(-lowest)
        if prices.moved.constant or prices.moved.jumps:
            parts.append(self._moved(j, prices.moved))
        return prices.constant + lowest, parts

    def _moved(self, j: int, moved: Pieces) -> Expression:
        """Return the price of another time with the technician who was published."""
        p = self.problem
        same = np.flatnonzero(p.shifts["technician"] == p.jobs[j]["published_technician"]).tolist()
        comes = self.solver.IsMemberVar(self.routing.VehicleVar(self.job_index[j]), same)
        jumps = [self.solver.IsGreaterOrEqualCstVar(self.start[j], at) * price for at, price in moved.jumps.items()]
        return comes * (self.solver.Sum([*jumps, self.solver.IntConst(moved.constant)]))

    def _pay_for_travel_and_visits(self) -> None:
        """Every leg costs its fen, every visit what it costs whenever it is."""
        p, n = self.problem, self.n
        always = np.array([constant for constant, _ in self._steps], np.int64)
        visit = np.where(p.fixed < FORBIDDEN, p.fixed.astype(np.int64) * self.scale, 0) + always[:, None]
        visit[list(self._nobodys)] = 0
        ways = p.shifts["way"].tolist()
        kinds = {(ways[v], visit[:, v].tobytes()) for v in range(self.m)}
        self.by_arcs = len(kinds) * self._points**2 <= ARC_CELLS
        nothing = self._vector(np.zeros(0, np.int64))
        arcs, visits = [], []
        for v in range(self.m):
            cells = p.leg[ways[v], :, :, 1].astype(np.int64) * self.scale
            if self.by_arcs:
                cells[:, :n] += visit[None, :, v]
            arcs.append(self._matrix(cells))
            visits.append(nothing if self.by_arcs else self._vector(visit[:, v]))
        for v, arc in enumerate(self._of_each(arcs)):
            self.routing.SetArcCostEvaluatorOfVehicle(arc, v)
        self.routing.AddDimensionWithVehicleTransits(self._of_each(visits), MOST, MOST, True, "price")
        self.price = self.routing.GetDimensionOrDie("price")
        for v in range(self.routing.vehicles()):
            self.price.SetCumulVarSoftUpperBound(self.routing.End(v), 0, 1)
        self._minimise(self.price)

    def _pay_for_using_vehicles(self) -> None:
        """A shift that works at all costs its price."""
        for v, fen in enumerate(self.problem.shifts["use_fen"].tolist()):
            self.routing.SetFixedCostOfVehicle(fen * self.scale, v)

    def _pay_for_slopes(self) -> None:
        """Waiting, lateness and overtime rise with time: each twin of the time holds one more slope of every visit."""
        overtime = int(self.problem.rates[0]["overtime_fen"]) * self.scale // 3_600
        slopes = [sorted(prices.by_start.slopes.items()) for prices in self._prices]
        twins = max(map(len, slopes), default=0)
        # Breaks and slopes on one dimension would call a linear program for every route.
        dimensions = [] if self.breaks or twins == 0 else [self.time]
        dimensions += [self._twin(self.time, f"late {k}") for k in range(len(dimensions), max(twins, bool(overtime)))]
        for j, index in enumerate(self.job_index):
            for dimension, (bound, slope) in zip(dimensions, slopes[j], strict=False):
                dimension.SetCumulVarSoftUpperBound(index, bound, slope)
        for v, end in enumerate(self.problem.shifts["end"].tolist() if overtime else ()):
            dimensions[0].SetCumulVarSoftUpperBound(self.routing.End(v), end - self.base_s, overtime)

    def _twin(self, of: pywrapcp.RoutingDimension, name: str) -> pywrapcp.RoutingDimension:
        """Return a dimension whose every figure is that of another."""
        arcs = self._time_arcs if of is self.time else self._done_arcs
        horizon = 2 * self.horizon_s
        self.routing.AddDimensionWithVehicleTransits(arcs, horizon, horizon, False, name)
        twin = self.routing.GetDimensionOrDie(name)
        ends = [f(v) for v in range(self.routing.vehicles()) for f in (self.routing.Start, self.routing.End)]
        for index in [*self.job_index, *ends]:
            self.solver.Add(twin.CumulVar(index) == of.CumulVar(index))
        return twin

    def _pay_for_ends(self) -> None:
        """A promise to be done costs by the end of the visit, which a dimension with service on arrival knows."""
        slopes = [sorted(prices.by_end.slopes.items()) for prices in self._prices]
        late = [bool(prices.by_end.jumps or prices.by_end.bends) for prices in self._prices]
        twins = max(map(len, slopes), default=0)
        if twins == 0 and not any(late):
            return
        horizon = 2 * self.horizon_s
        self.routing.AddDimensionWithVehicleTransits(self._done_arcs, horizon, horizon, False, "done")
        done = self.routing.GetDimensionOrDie("done")
        for v in range(self.routing.vehicles()):
            begin = self.routing.Start(v)
            self.solver.Add(done.CumulVar(begin) == self.time.CumulVar(begin))
        for index in range(self.routing.Size()):
            self.solver.Add(done.SlackVar(index) == self.time.SlackVar(index))
        self._minimise(done)
        dimensions = [done, *(self._twin(done, f"done {k}") for k in range(1, twins))]
        for j, index in enumerate(self.job_index):
            for dimension, (bound, slope) in zip(dimensions, slopes[j], strict=False):
                dimension.SetCumulVarSoftUpperBound(index, bound, slope)
            moment, by_end = done.CumulVar(index), self._prices[j].by_end
            parts = self._steps[j][1]
            parts += [self.solver.IsGreaterOrEqualCstVar(moment, at) * price for at, price in by_end.jumps.items()]
            parts += [self.solver.Max(moment - bound, 0) * slope for bound, slope in by_end.bends.items()]

    def _pay_for_steps(self) -> None:
        """What a visit costs in steps is the slack of its price: breach, kit, preference, moved."""
        for index, (_, parts) in zip(self.job_index, self._steps, strict=True):
            self._bill(index, parts)
        for v in range(self.m):
            self._bill(self.routing.Start(v), [])
        if self._has_office:
            self._bill(self.routing.Start(self.m), [*self._workload(), *self._parity()])
            self.routing.SetVehicleUsedWhenEmpty(True, self.m)

    def _bill(self, index: int, parts: list[Expression]) -> None:
        slack = self.price.SlackVar(index)
        if not parts:
            slack.SetValue(0)
        else:
            whole = [self.solver.IntConst(part) if isinstance(part, int) else part for part in parts]
            self.solver.Add(slack == self.solver.Sum(whole))

    def _workload(self) -> list[Expression]:
        """Return the price of each visit that an outlet is still owed."""
        p = self.problem
        fen = int(p.rates[0]["workload_fen"]) * self.scale
        owed = []
        for outlet in np.flatnonzero(p.outlets["target"] > 0) if fen else ():
            shifts = np.flatnonzero(p.shifts["outlet"] == outlet).tolist()
            may = np.flatnonzero((p.fixed[:, shifts] < FORBIDDEN).any(axis=1))
            here = [self.solver.IsMemberVar(self.routing.VehicleVar(self.job_index[j]), shifts) for j in may]
            missing = int(p.outlets["target"][outlet]) - self.solver.Sum([*here, self.solver.IntConst(0)])
            owed.append(self.solver.Max(missing, 0) * fen)
        return owed

    def _parity(self) -> list[Expression]:
        """Return the price of missing more remote jobs than is allowed; one left out is missed, too."""
        p, rates = self.problem, self.problem.rates[0]
        if not self._parity_matters():
            return []
        missed = []
        for j in np.flatnonzero(p.jobs["remote"]):
            index, due = self.job_index[j], int(p.jobs["arrival_due"][j]) - self.base_s
            served = self.routing.ActiveVar(index)
            late = self.solver.IsGreaterCstVar(self.start[j], due)
            missed.append(self.solver.Max(late, 1 - served))
        over = self.solver.Sum(missed) - int(rates["parity_allowed"])
        return [self.solver.Max(over, 0) * (int(rates["parity_fen"]) * self.scale)]
