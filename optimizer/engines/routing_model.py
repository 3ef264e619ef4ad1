"""The routing model of a problem (OR-Tools): its variables, one method per rule, one per price.

Dimensions: "time" says when each visit starts, "price" gathers what is no arc, "late 1 …" are twins of the time, each
for one more slope of lateness, "done" and "done 1 …" the same for the ends of visits. Times count from the earliest
start of a shift, prices in `scale`-ths of a fen. One more vehicle, the office, drives nowhere: what no route alone
decides (workloads, parity) is on its bill.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp

from optimizer.engines.visit_prices import Pieces, Span, VisitPrices, price_scale, visit_prices
from optimizer.search.problem import FORBIDDEN, NEVER_S, Problem
from optimizer.travel import UNREACHABLE

__all__ = ["BudgetSpent", "RoutingModel"]

MOST = 1 << 50
NO_WAY_S = 1 << 40
ARC_CELLS = 20_000_000
"""Up to so many cells, `fixed` is told as a price of each technician's arcs, which the solver sees earliest."""

MOST_CELLS = 400_000_000
"""More arcs than this, over all tables of them, fill the memory: such a model is not begun."""

Expression = object
"""An integer expression of the solver; the package ships no types."""


class BudgetSpent(Exception):
    """The budget was used up, or memory would have been, before the whole model was stated."""


class RoutingModel:
    """A problem as the solver reads it; `time`, `routing`, `manager` and `breaks` are what an answer is read from.

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
        self._add_rules()
        self._add_prices()

    def _add_variables(self) -> None:
        self._register_times()
        self.routing.AddDimensionWithVehicleTransits(self._time_arcs, self.horizon_s, self.horizon_s, False, "time")
        self.time = self.routing.GetDimensionOrDie("time")
        self.start = [self.time.CumulVar(index) for index in self.job_index]
        self._minimise(self.time)

    def _add_rules(self) -> None:
        for rule in (
            self._serve_or_leave_out,
            self._keep_to_who_may,
            self._keep_shift_hours,
            self._set_up_on_arrival,
            self._keep_windows,
            self._keep_opening_hours,
            self._take_breaks,
            self._carry_loads,
            self._keep_limits,
        ):
            rule()
            self._go_on()

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

    # Variables

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
            earliest = max(earliest, int(p.kit_ready[j, 0]))
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

    # Rules

    def _serve_or_leave_out(self) -> None:
        """A job left out costs its price."""
        for index, fen in zip(self.job_index, self.problem.jobs["unserved_fen"].tolist(), strict=True):
            self.routing.AddDisjunction([index], fen * self.scale)

    def _keep_to_who_may(self) -> None:
        """Skills, certificates, reach, crew, locks and freezes leave each job these shifts."""
        may = (self.problem.fixed < FORBIDDEN) & self._meets()
        for j, index in enumerate(self.job_index):
            self.routing.VehicleVar(index).SetValues([-1, *np.flatnonzero(may[j]).tolist()])
            if not may[j].any():
                self._nobodys.add(j)

    def _meets(self) -> NDArray[np.bool_]:
        """Return whether a window of the job lies in the hours of the shift; (n, m)."""
        p = self.problem
        begins = np.maximum(p.shifts["start"], p.shifts["open"])
        ends = np.minimum(p.shifts["latest_end"], p.shifts["close"])
        meets = np.zeros((self.n, self.m), bool)
        for j, job in enumerate(p.jobs):
            for window in p.windows[job["first_window"] : job["last_window"]]:
                meets[j] |= (window["earliest"] <= ends) & (window["latest"] >= begins)
        return meets

    def _keep_shift_hours(self) -> None:
        """A route leaves when its shift starts (waiting comes before driving) and returns within the overtime limit."""
        for v, shift in enumerate(self.problem.shifts):
            begins, latest = int(shift["start"]) - self.base_s, int(shift["latest_end"]) - self.base_s
            self.time.CumulVar(self.routing.Start(v)).SetRange(begins, begins)
            self.time.CumulVar(self.routing.End(v)).SetRange(min(begins, latest), max(begins, latest))
        if self._has_office:
            self.time.CumulVar(self.routing.Start(self.m)).SetValue(0)

    def _set_up_on_arrival(self) -> None:
        """A visit begins with its setup, unless the one before was at the same place; the time holds what follows it.

        (The library would let a break interrupt such a setup; whoever times the routes again does not.)
        """
        p = self.problem
        if not self.on_arrival.any():
            return
        mates: dict[int, list[int]] = defaultdict(list)
        for j, index in enumerate(self.job_index):
            mates[int(p.place[j])].append(index)
        for v, leaves in enumerate(p.shifts["leaves"].tolist()):
            mates[int(p.place[leaves])].append(self.routing.Start(v))
        for j, index in enumerate(self.job_index):
            if not self.on_arrival[j].any():
                continue
            came = [
                self.solver.IsEqualCstVar(self.routing.NextVar(i), index) for i in mates[int(p.place[j])] if i != index
            ]
            setup = self._by_vehicle(index, self.on_arrival[j, p.shifts["outlet"]], 0)
            if came:
                setup = setup * (1 - self.solver.Sum(came))
            start = self.solver.IntVar(0, self.horizon_s, f"start {j}")
            self.solver.Add(self.time.CumulVar(index) == start + setup)
            self.routing.AddVariableMinimizedByFinalizer(start)
            self.start[j] = start

    def _by_vehicle(self, index: int, values: Sequence[int] | NDArray[np.int32], left_out: int) -> Expression:
        """Return the figure of whichever vehicle serves a job."""
        office = [left_out] * self._has_office
        table = [left_out, *(int(x) for x in values), *office]
        return self.solver.Element(table, self.routing.VehicleVar(index) + 1)

    def _keep_windows(self) -> None:
        """A visit starts inside one of its windows, when its kit is there."""
        p = self.problem
        for j, (job, start) in enumerate(zip(p.jobs, self.start, strict=True)):
            earliest, latest = self._spans[j]
            windows = p.windows[job["first_window"] : job["last_window"]]
            open_then = (windows["earliest"] - self.base_s <= latest) & (windows["latest"] - self.base_s >= earliest)
            if earliest > latest or not open_then.any():
                self.routing.VehicleVar(self.job_index[j]).SetValues([-1])
                self._nobodys.add(j)
                continue
            start.SetRange(earliest, latest)
            self._close_between(start, windows)

    def _close_between(self, moment: pywrapcp.IntVar, windows: NDArray[np.void]) -> None:
        for before, after in pairwise(windows):
            moment.RemoveInterval(int(before["latest"]) + 1 - self.base_s, int(after["earliest"]) - 1 - self.base_s)

    def _keep_opening_hours(self) -> None:
        """A visit starts while the outlet that serves it is open."""
        shifts = self.problem.shifts
        opens = np.maximum(shifts["open"] - self.base_s, 0)
        closes = np.minimum(shifts["close"] - self.base_s, self.horizon_s)
        for j, index in enumerate(self.job_index):
            may = self.problem.fixed[j] < FORBIDDEN
            earliest, latest = self._spans[j]
            if (opens[may] > np.maximum(earliest, shifts["start"][may] - self.base_s)).any():
                self.solver.Add(self.start[j] >= self._by_vehicle(index, opens, 0))
            if (closes[may] < np.minimum(latest, shifts["latest_end"][may] - self.base_s)).any():
                self.solver.Add(self.start[j] <= self._by_vehicle(index, closes, self.horizon_s))

    def _take_breaks(self) -> None:
        """A break is taken beside service, on the way perhaps, before the return; one that is not due is none."""
        for v in range(self.m):
            first, last = self.problem.shifts["first_pause"][v], self.problem.shifts["last_pause"][v]
            taken = [self._break(v, k) for k in range(first, last) if self.problem.pauses["duration"][k] > 0]
            if taken:
                busy = np.zeros(self.routing.Size(), np.int64)
                busy[self.job_index] = self.busy[:, self.problem.shifts["outlet"][v]]
                self.time.SetBreakIntervalsOfVehicle(taken, v, busy.tolist())

    def _break(self, v: int, k: int) -> pywrapcp.IntervalVar:
        p, rest = self.problem, self.problem.pauses[k]
        windows = p.windows[rest["first_window"] : rest["last_window"]]
        begins = int(p.shifts["start"][v]) - self.base_s
        latest = int(windows["latest"].max()) - self.base_s
        possible = latest >= begins
        earliest = max(begins, int(windows["earliest"].min()) - self.base_s) if possible else begins
        moment = self.solver.IntVar(earliest, max(earliest, min(latest, self.horizon_s)), f"break {k}")
        if possible:
            self._close_between(moment, windows)
        back = self.time.CumulVar(self.routing.End(v))
        due = self.routing.ActiveVehicleVar(v)
        if rest["always"] == 0:
            due = (due * self.solver.IsGreaterCstVar(back, int(rest["latest"]) - self.base_s)).Var()
        if not possible:
            self.solver.Add(due == 0)
        duration = int(rest["duration"])
        self.solver.Add(back >= (moment + duration) * due)
        self.routing.AddVariableMinimizedByFinalizer(moment)
        for variable in (moment, due):
            self.routing.AddToAssignment(variable)
        self.breaks[v].append((k, moment, due))
        return self.solver.FixedDurationIntervalVar(moment, duration, due, f"break {k}")

    def _carry_loads(self) -> None:
        """Deliveries are on board from the start, pickups until the end; never more than fits."""
        p = self.problem
        for d in range(p.capacity.shape[1]):
            room = [*p.capacity[:, d].tolist(), *[0] * self._has_office]
            given, taken = p.delivery[:, d].astype(np.int64), p.pickup[:, d].astype(np.int64)
            if not (given.any() and taken.any()):
                if (given + taken).any():
                    arcs = self._of_each([self._vector(given + taken)] * self.m)
                    self.routing.AddDimensionWithVehicleTransitAndCapacity(arcs, 0, room, True, f"load {d}")
                continue
            loads = self._of_each([self._vector(taken - given)] * self.m)
            self.routing.AddDimensionWithVehicleTransitAndCapacity(loads, 0, room, False, f"load {d}")
            brought = self._of_each([self._vector(-given)] * self.m)
            self.routing.AddDimensionWithVehicleTransitAndCapacity(brought, 0, room, False, f"to deliver {d}")
            load = self.routing.GetDimensionOrDie(f"load {d}")
            to_deliver = self.routing.GetDimensionOrDie(f"to deliver {d}")
            for v in range(self.routing.vehicles()):
                begin, end = self.routing.Start(v), self.routing.End(v)
                to_deliver.CumulVar(end).SetValue(0)
                self.solver.Add(load.CumulVar(begin) == to_deliver.CumulVar(begin))

    def _keep_limits(self) -> None:
        """A route has no more stops, hours on the road and metres than its shift may."""
        p, ways = self.problem, self.problem.shifts["way"].tolist()
        stops = np.where(p.shifts["most_stops"] < self.n, p.shifts["most_stops"], NEVER_S)
        self._limit("stops", stops, lambda v: self._vector(np.ones(self.n, np.int64)))
        drive = [seconds.astype(np.int64) for seconds in p.leg[..., 0]]
        self._limit("travel", p.shifts["most_travel"], lambda v: self._matrix(drive[ways[v]]))
        self._limit("metres", p.shifts["most_metres"], lambda v: self._matrix(p.metres[ways[v]].astype(np.int64)))

    def _limit(self, name: str, most: NDArray[np.int64], arcs_of: Callable[[int], int]) -> None:
        if (most < NEVER_S).any():
            room = [int(x) if x < NEVER_S else MOST for x in most] + [0] * self._has_office
            arcs = self._of_each([arcs_of(v) for v in range(self.m)])
            self.routing.AddDimensionWithVehicleTransitAndCapacity(arcs, 0, room, True, name)

    # Prices

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

    def _workload_matters(self) -> bool:
        return bool(self.problem.rates[0]["workload_fen"] and (self.problem.outlets["target"] > 0).any())

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

    def _parity_matters(self) -> bool:
        return bool(self.problem.rates[0]["parity_fen"] and self.problem.jobs["remote"].any())

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
