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
    At most `most` routes of the pool take part.
    """
    columns = _columns(pool, start, most)
    model = mathopt.Model()
    chosen = [model.add_binary_variable() for _ in columns]
    left_out = [model.add_variable(lb=0.0, ub=1.0) for _ in unserved_fen]
    covering: dict[int, list[mathopt.Variable]] = defaultdict(list)
    working: dict[int, list[mathopt.Variable]] = defaultdict(list)
    for variable, (shift, jobs) in zip(chosen, columns, strict=True):
        working[shift].append(variable)
        for job in jobs:
            covering[job].append(variable)
    for job, variable in enumerate(left_out):
        _add_row(model, [variable, *covering[job]], at_least=1.0)
    for variables in working.values():
        _add_row(model, variables, at_least=0.0)
    for variable, column in zip(chosen, columns, strict=True):
        model.objective.set_linear_coefficient(variable, float(pool[column]))
    for variable, fen in zip(left_out, unserved_fen, strict=True):
        model.objective.set_linear_coefficient(variable, float(fen))
    result = mathopt.solve(
        model,
        mathopt.SolverType.GSCIP,
        params=mathopt.SolveParameters(
            threads=1,
            relative_gap_tolerance=1e-4,
            time_limit=None if seconds is None else dt.timedelta(seconds=seconds),
            node_limit=200 if seconds is None else None,
        ),
        model_params=mathopt.ModelSolveParameters(solution_hints=[_hint(columns, start, chosen, left_out)]),
    )
    if not result.has_primal_feasible_solution():
        return None
    routes: list[tuple[int, ...]] = [() for _ in start]
    for (shift, jobs), value in zip(columns, result.variable_values(chosen), strict=True):
        if value > 0.5:
            routes[shift] = jobs
    return routes


def _columns(pool: Mapping[Column, int], start: Sequence[Sequence[int]], most: int) -> list[Column]:
    """Return the start's routes, then the cheapest per visit; of routes with the same visits only the cheapest."""
    cheapest: dict[tuple[int, frozenset[int]], Column] = {}
    for column in sorted(pool, key=lambda column: (pool[column], column)):
        cheapest.setdefault((column[0], frozenset(column[1])), column)
    begun = {(shift, frozenset(jobs)) for shift, jobs in enumerate(start)}
    keys = sorted(cheapest, key=lambda key: (key not in begun, pool[cheapest[key]] / len(key[1]), cheapest[key]))
    return [cheapest[key] for key in keys[:most]]


def _add_row(model: mathopt.Model, variables: Sequence[mathopt.Variable], at_least: float) -> None:
    """Add: between at_least and 1 of these variables."""
    row = model.add_linear_constraint(lb=at_least, ub=1.0)
    for variable in variables:
        row.set_coefficient(variable, 1.0)


def _hint(
    columns: Sequence[Column],
    start: Sequence[Sequence[int]],
    chosen: Sequence[mathopt.Variable],
    left_out: Sequence[mathopt.Variable],
) -> mathopt.SolutionHint:
    """Return the routes to begin from as a solution."""
    begun = {(shift, frozenset(jobs)) for shift, jobs in enumerate(start)}
    served = {job for jobs in start for job in jobs}
    values = {v: float((shift, frozenset(jobs)) in begun) for v, (shift, jobs) in zip(chosen, columns, strict=True)}
    return mathopt.SolutionHint(
        variable_values=values | {v: float(job not in served) for job, v in enumerate(left_out)}
    )
