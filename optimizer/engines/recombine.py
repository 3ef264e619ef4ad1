"""The best set of routes out of all that a search met: set partitioning (OR-Tools MathOpt, SCIP)."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt.python import mathopt

__all__ = ["recombine"]

Column = tuple[int, tuple[int, ...]]


def recombine(
    pool: Mapping[Column, int],
    start: Sequence[Sequence[int]],
    unserved_fen: NDArray[np.int64],
    *,
    seconds: float | None,
    most: int = 4_000,
) -> list[tuple[int, ...]] | None:
    """Return the cheapest routes from the pool, one per shift; None when nothing was found in time.

    pool: (shift, jobs in order) → fen. start: routes to begin from, one per shift, all in the pool. unserved_fen: (n,)
    price of leaving a job out. seconds bounds the solve (None: a fixed number of nodes, for runs that must repeat).
    Columns: the start's, then the best by fen less the worth of their jobs, at most `most`.
    """
    by_set: dict[tuple[int, frozenset[int]], Column] = {}
    for column in sorted(pool):
        key = (column[0], frozenset(column[1]))
        if key not in by_set or pool[column] < pool[by_set[key]]:
            by_set[key] = column
    held = {(v, frozenset(route)) for v, route in enumerate(start) if route}
    ranked = sorted(by_set, key=lambda k: (k not in held, pool[by_set[k]] / max(1, len(k[1])), by_set[k]))[:most]
    model = mathopt.Model()
    chosen = [model.add_binary_variable() for _ in ranked]
    left_out = [model.add_variable(lb=0.0, ub=1.0) for _ in unserved_fen]
    covers: dict[int, list[int]] = defaultdict(list)
    works: dict[int, list[int]] = defaultdict(list)
    for i, (shift, jobs) in enumerate(ranked):
        works[shift].append(i)
        for job in jobs:
            covers[job].append(i)
    for job, variable in enumerate(left_out):
        row = model.add_linear_constraint(lb=1.0, ub=1.0)
        row.set_coefficient(variable, 1.0)
        for i in covers[job]:
            row.set_coefficient(chosen[i], 1.0)
        model.objective.set_linear_coefficient(variable, float(unserved_fen[job]))
    for columns in works.values():
        row = model.add_linear_constraint(ub=1.0)
        for i in columns:
            row.set_coefficient(chosen[i], 1.0)
    for i, key in enumerate(ranked):
        model.objective.set_linear_coefficient(chosen[i], float(pool[by_set[key]]))
    served = {job for _, jobs in held for job in jobs}
    hint = mathopt.SolutionHint(
        variable_values={
            **{chosen[i]: float(key in held) for i, key in enumerate(ranked)},
            **{variable: float(job not in served) for job, variable in enumerate(left_out)},
        }
    )
    parameters = mathopt.SolveParameters(
        threads=1,
        relative_gap_tolerance=1e-4,
        time_limit=None if seconds is None else dt.timedelta(seconds=seconds),
        node_limit=200 if seconds is None else None,
    )
    result = mathopt.solve(
        model,
        mathopt.SolverType.GSCIP,
        params=parameters,
        model_params=mathopt.ModelSolveParameters(solution_hints=[hint]),
    )
    if not result.has_primal_feasible_solution():
        return None
    routes: list[tuple[int, ...]] = [() for _ in start]
    values = result.variable_values(chosen)
    for key, value in zip(ranked, values, strict=True):
        if value > 0.5:
            routes[key[0]] = by_set[key][1]
    return routes
