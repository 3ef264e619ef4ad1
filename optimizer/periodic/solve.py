"""A periodic problem from its arrays to the routes of every day."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Budget
from optimizer.periodic.model import GRAINS, Customer, DayRoute, Periodic, PeriodPlan
from optimizer.search.combination_search import combine
from optimizer.search.combinations import Choices, Combination, lay_choices
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
    with_steady_shifts,
)

__all__ = ["lay_out", "solve_periodic"]

LEGS_PER_VISIT = 6
"""Leaving a customer out costs this many of the dearest legs for each visit: more than any detour."""
ANY = 1 << 28
"""No day lasts longer, in thousandths."""


def solve_periodic(periodic: Periodic, budget: Budget, seed: int) -> PeriodPlan:
    """Return the best plan found: as much served as possible, then the shortest ways."""
    stop = budget.begin(1.0)
    problem, choices = lay_out(periodic)
    found = combine(problem, choices, [()] * len(problem.shifts), stop, seed)
    customers = periodic.customers
    served = {int(choices.customer[job]) for route in found.routes for job in route}
    left_out = [c for c in range(len(customers)) if c not in served]
    return PeriodPlan(
        routes=tuple(
            DayRoute(day=int(day), customers=tuple(customers[choices.customer[job]].id for job in route))
            for day, route in zip(choices.period, found.routes, strict=True)
            if route
        ),
        unserved=tuple(customers[c].id for c in left_out),
        grains=found.fen - int(choices.unserved_fen[left_out].sum()),
    )


def lay_out(periodic: Periodic) -> tuple[Problem, Choices]:
    """Return the arrays of a whole problem: a job for each customer and day that some combination of it names."""
    customers = periodic.customers
    days_of = [sorted({day for days in customer.combinations for day in days}) for customer in customers]
    owner = np.repeat(np.arange(len(customers)), [len(days) for days in days_of])
    day_of = np.array([day for days in days_of for day in days], np.int64)
    problem = _problem(periodic, owner, day_of)
    job = {(int(c), int(day)): j for j, (c, day) in enumerate(zip(owner, day_of, strict=True))}
    combinations = [
        [Combination(jobs=tuple(job[c, day] for day in days)) for days in customer.combinations]
        for c, customer in enumerate(customers)
    ]
    dearest = int(problem.leg[..., 1].max(initial=0))
    unserved = [(LEGS_PER_VISIT * dearest + 1) * max(map(len, customer.combinations)) for customer in customers]
    period = np.repeat(np.arange(len(periodic.days)), periodic.vehicles)
    return lay_choices(problem, combinations, unserved, period.tolist())


def _problem(periodic: Periodic, owner: NDArray[np.int64], day_of: NDArray[np.int64]) -> Problem:
    n, m = len(owner), len(periodic.days) * periodic.vehicles
    timed = any(fleet.longest is not None for fleet in periodic.days)
    customers = [periodic.customers[c] for c in owner]
    leg = _legs(periodic, customers, timed)
    service = _up([customer.service for customer in customers]) if timed else np.zeros(n, np.int64)
    jobs, shifts = np.zeros(n, JOB), np.zeros(m, SHIFT)
    jobs["first_window"], jobs["last_window"] = np.arange(n), np.arange(n) + 1
    jobs["weight"], jobs["arrival_due"], jobs["published_technician"] = 100, NEVER_S, FREE
    windows = np.zeros(n, WINDOW)
    windows["latest"] = ANY
    shifts["close"], shifts["leaves"], shifts["returns"] = NEVER_S, n, n
    shifts["technician"] = np.arange(m)
    shifts["most_travel"] = shifts["most_metres"] = NO_LIMIT
    fixed = np.full((n, m), FORBIDDEN, np.int32)
    demand = np.array([customer.demand for customer in customers], np.int64).reshape(n, 1)
    for day, fleet in enumerate(periodic.days):
        rows = slice(day * periodic.vehicles, (day + 1) * periodic.vehicles)
        end = ANY if fleet.longest is None else min(ANY, int(fleet.longest * GRAINS))
        shifts["end"][rows] = shifts["latest_end"][rows] = end
        today = day_of == day
        shifts["most_stops"][rows] = _most_stops(demand[today, 0], fleet.capacity)
        fixed[today & (demand[:, 0] <= fleet.capacity), rows] = 0
    problem = Problem(
        jobs=jobs,
        shifts=shifts,
        outlets=np.zeros(1, OUTLET),
        pauses=np.zeros(0, PAUSE),
        windows=windows,
        clocks=np.zeros(0, CLOCK),
        lateness=np.zeros(2, LATENESS),
        rates=np.zeros(1, RATES),
        leg=leg,
        leg_to=leg,
        metres=np.zeros((1, n + 1, n + 1), np.int32),
        place=np.arange(n + 1, dtype=np.int32),
        fixed=fixed,
        service=service.astype(np.int32).reshape(n, 1),
        setup=np.zeros((n, 1), np.int32),
        delivery=demand,
        pickup=np.zeros_like(demand),
        capacity=np.repeat([fleet.capacity for fleet in periodic.days], periodic.vehicles)
        .astype(np.int64)
        .reshape(m, 1),
        kit_ready=np.zeros((n, 1, 0), np.int32),
        kit_fen=np.zeros((n, 1, 0), np.int32),
        kit_of=np.zeros((n, 1), np.int32),
        near=np.zeros((n, 0), np.int32),
    )
    return with_steady_shifts(problem)


def _legs(periodic: Periodic, customers: Sequence[Customer], timed: bool) -> NDArray[np.int32]:
    """Return duration and price of the ways between the jobs and the depot; (1, n + 1, n + 1, 2)."""
    places = np.array([*(customer.place for customer in customers), periodic.depot])
    ways = np.hypot(*(places[:, None] - places[None, :]).transpose(2, 0, 1))
    leg = np.zeros((1, *ways.shape, 2), np.int32)
    leg[0, :, :, 1] = np.rint(ways * GRAINS)
    if timed:
        leg[0, :, :, 0] = _up(ways)
    return leg


def _up(lengths: Sequence[float] | NDArray[np.float64]) -> NDArray[np.int64]:
    """Return thousandths, rounded up but for what a float cannot tell."""
    return np.ceil(np.asarray(lengths, np.float64) * GRAINS - 1e-6).astype(np.int64)


def _most_stops(demand: NDArray[np.int64], capacity: int) -> int:
    """Return how many visits fit on a vehicle at most: the lightest ones."""
    return int((np.cumsum(np.sort(demand)) <= capacity).sum())
