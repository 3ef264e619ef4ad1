"""The rules of a routing model (OR-Tools): one method each, with a sentence in the words of the trade."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from ortools.constraint_solver import pywrapcp

from optimizer.engines.routing_variables import RoutingVariables
from optimizer.search.problem import FORBIDDEN, NEVER_S

__all__ = ["RoutingRules"]

MOST = 1 << 50
Expression = object
"""An integer expression of the solver; the package ships no types."""


class RoutingRules(RoutingVariables):
    """The variables of a problem within every rule that the search keeps."""

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
