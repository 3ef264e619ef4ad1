"""Choose one column per group within limits: a linear program with its prices, or a mixed-integer one (MathOpt)."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt import model_pb2
from ortools.math_opt.python import mathopt

__all__ = ["Choice", "Master", "choose", "prices"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """One column per group must be chosen, and the columns chosen must keep to the limits.

    fen, group: (c,) price and group of each column. groups: how many there are, numbered from 0. row, column, amount:
    (k,) what each column takes of each limit. capacity: (r,) the limits.
    """

    fen: NDArray[np.int64]
    group: NDArray[np.int64]
    groups: int
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    amount: NDArray[np.int64]
    capacity: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """share: (c,) of each column, 0 or 1 when whole. price: (r,) fen per unit of each limit, of a linear program only.
    bound_fen: no choice among these columns costs less; -inf when nothing was proven."""

    share: NDArray[np.float64]
    price: NDArray[np.float64]
    bound_fen: float


def prices(master: Master) -> Choice:
    """Return the best choice where columns may be shared, and what a unit of each limit is worth there."""
    model = mathopt.Model.from_model_proto(_proto(master, whole=False))
    result = mathopt.solve(model, mathopt.SolverType.GLOP)
    duals = np.array(result.dual_values(list(model.linear_constraints())), np.float64)
    return Choice(
        share=np.array(result.variable_values(list(model.variables())), np.float64),
        price=np.maximum(0.0, -duals[master.groups :]),
        bound_fen=result.objective_value(),
    )


def choose(master: Master, *, seconds: float | None, gap: float = 0.0) -> Choice | None:
    """Return the best whole choice found, None when none was; seconds None: until it is proven."""
    model = mathopt.Model.from_model_proto(_proto(master, whole=True))
    result = mathopt.solve(
        model,
        mathopt.SolverType.HIGHS,
        params=mathopt.SolveParameters(
            relative_gap_tolerance=gap,
            absolute_gap_tolerance=0.5,
            time_limit=None if seconds is None else dt.timedelta(seconds=seconds),
        ),
    )
    if not result.has_primal_feasible_solution():
        return None
    return Choice(
        share=np.array(result.variable_values(list(model.variables())), np.float64),
        price=np.zeros(len(master.capacity)),
        bound_fen=result.dual_bound(),
    )


def _proto(master: Master, *, whole: bool) -> model_pb2.ModelProto:
    """Return the model as MathOpt's message: filling it from arrays takes a hundredth of adding term by term."""
    columns, rows = len(master.fen), len(master.capacity)
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(columns))
    proto.variables.lower_bounds.extend([0.0] * columns)
    proto.variables.upper_bounds.extend([1.0 if whole else np.inf] * columns)
    proto.variables.integers.extend([whole] * columns)
    proto.objective.linear_coefficients.ids.extend(range(columns))
    proto.objective.linear_coefficients.values.extend(master.fen.astype(np.float64).tolist())
    proto.linear_constraints.ids.extend(range(master.groups + rows))
    proto.linear_constraints.lower_bounds.extend([1.0] * master.groups + [-np.inf] * rows)
    proto.linear_constraints.upper_bounds.extend([1.0] * master.groups + master.capacity.astype(np.float64).tolist())
    row = np.concatenate((master.group, master.groups + master.row))
    column = np.concatenate((np.arange(columns), master.column))
    amount = np.concatenate((np.ones(columns), master.amount))
    order = np.lexsort((column, row))
    proto.linear_constraint_matrix.row_ids.extend(row[order].tolist())
    proto.linear_constraint_matrix.column_ids.extend(column[order].tolist())
    proto.linear_constraint_matrix.coefficients.extend(amount[order].tolist())
    return proto
