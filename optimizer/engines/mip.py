"""Choose one column per group within limits: a linear program with its prices, or a mixed-integer one (MathOpt)."""

import datetime as dt
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray
from ortools.math_opt import callback_pb2, model_parameters_pb2, model_pb2, parameters_pb2, result_pb2, solution_pb2
from ortools.math_opt.core.python import solver as core
from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2

__all__ = ["Basis", "Choice", "Master", "Place", "Program", "Solver", "choose", "prices", "relaxed"]


class Solver(StrEnum):
    """Who solves a mixed-integer program."""

    HIGHS = "HiGHS"
    SCIP = "SCIP"


class Place(IntEnum):
    """Where the simplex method leaves a variable or a limit."""

    FREE = solution_pb2.BASIS_STATUS_FREE
    LOWEST = solution_pb2.BASIS_STATUS_AT_LOWER_BOUND
    HIGHEST = solution_pb2.BASIS_STATUS_AT_UPPER_BOUND
    FIXED = solution_pb2.BASIS_STATUS_FIXED_VALUE
    BASIC = solution_pb2.BASIS_STATUS_BASIC


# Orbital fixing of this HiGHS can lose the best choice and call another one proven: two like pieces are enough.
_UNTROUBLED = highs_pb2.HighsOptionsProto(bool_options={"mip_detect_symmetry": False})

_TYPES = {Solver.HIGHS: mathopt.SolverType.HIGHS, Solver.SCIP: mathopt.SolverType.GSCIP}


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
class Program:
    """Variables from 0 on at least cost, within limits.

    fen, whole: (c,) price of each variable, and whether it is 0 or 1. least, most: (r,) the limits. row, column,
    amount: (k,) what each variable takes of each limit.
    """

    fen: NDArray[np.float64]
    whole: NDArray[np.bool_]
    least: NDArray[np.float64]
    most: NDArray[np.float64]
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    amount: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """Where a linear program ended, or a like one may begin: the place of each column, group and limit."""

    column: NDArray[np.int64]
    group: NDArray[np.int64]
    limit: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """share: (c,) of each column, 0 or 1 when whole. price: (r,) fen per unit of each limit, of a linear program only.

    bound_fen: no choice among these columns costs less; -inf when nothing was proven. basis: where `prices` ended.
    nodes: of the search for a whole one.
    """

    share: NDArray[np.float64]
    price: NDArray[np.float64]
    bound_fen: float
    basis: Basis | None = None
    nodes: int = 0


def prices(master: Master, begin: Basis | None = None) -> Choice | None:
    """Return the best choice where columns may be shared, and what a unit of each limit is worth there.

    None when the numbers were too far apart for it. begin: near where it is likely to end.
    """
    known, asked = model_parameters_pb2.ModelSolveParametersProto(), mathopt.SolveParameters()
    if begin is not None:
        # Any simplification or scaling of the program makes the places meaningless.
        asked = mathopt.SolveParameters(
            presolve=mathopt.Emphasis.OFF,
            scaling=mathopt.Emphasis.OFF,
            lp_algorithm=mathopt.LPAlgorithm.PRIMAL_SIMPLEX,
        )
        places = np.append(begin.group, begin.limit)
        known.initial_basis.variable_status.ids.extend(range(len(begin.column)))
        known.initial_basis.variable_status.values.extend(begin.column.tolist())
        known.initial_basis.constraint_status.ids.extend(range(len(places)))
        known.initial_basis.constraint_status.values.extend(places.tolist())
    result = _solved(_proto(_shared(master)), mathopt.SolverType.GLOP, asked, known)
    best = result.solutions[0] if result.solutions else None
    if best is None or not _sound(best.primal_solution) or not _sound(best.dual_solution):
        return None
    duals = np.array(best.dual_solution.dual_values.values, np.float64)
    places = np.array(best.basis.constraint_status.values, np.int64)
    return Choice(
        share=np.array(best.primal_solution.variable_values.values, np.float64),
        price=np.maximum(0.0, -duals[master.groups :]),
        bound_fen=best.primal_solution.objective_value,
        basis=Basis(
            column=np.array(best.basis.variable_status.values, np.int64),
            group=places[: master.groups],
            limit=places[master.groups :],
        )
        if best.HasField("basis")
        else None,
    )


def relaxed(program: Program) -> Choice | None:
    """Return the best choice where every variable may be shared; price: (r,) what one more unit of a limit adds.

    None when the numbers were too far apart for it.
    """
    shared = replace(program, whole=np.zeros(len(program.fen), bool))
    model = mathopt.Model.from_model_proto(_proto(shared))
    result = mathopt.solve(model, mathopt.SolverType.GLOP)
    if not result.has_primal_feasible_solution() or not result.has_dual_feasible_solution():
        return None
    return Choice(
        share=np.array(result.variable_values(list(model.variables())), np.float64),
        price=np.array(result.dual_values(list(model.linear_constraints())), np.float64),
        bound_fen=result.objective_value(),
    )


def choose(
    program: Program,
    *,
    seconds: float | None,
    gap: float = 0.0,
    begin: NDArray[np.bool_] | None = None,
    solver: Solver = Solver.HIGHS,
    nodes: int | None = None,
    simplify: bool = True,
) -> Choice | None:
    """Return the best whole choice found, None when none was; seconds None: until it is proven.

    begin: the variables that a choice already known takes. nodes: most of the search tree, for runs that must repeat.
    simplify: False for programs in which nothing is left to simplify: looking for it took four fifths of their time.
    """
    known = model_parameters_pb2.ModelSolveParametersProto()
    if begin is not None:
        hint = known.solution_hints.add().variable_values
        hint.ids.extend(range(len(begin)))
        hint.values.extend(begin.astype(float).tolist())
    asked = mathopt.SolveParameters(
        relative_gap_tolerance=gap,
        absolute_gap_tolerance=0.5,
        time_limit=None if seconds is None else dt.timedelta(seconds=seconds),
        node_limit=nodes,
        presolve=None if simplify else mathopt.Emphasis.OFF,
        highs=_UNTROUBLED,
    )
    result = _solved(_proto(program), _TYPES[solver], asked, known)
    if not result.solutions or not _sound(result.solutions[0].primal_solution):
        return None
    return Choice(
        share=np.array(result.solutions[0].primal_solution.variable_values.values, np.float64),
        price=np.zeros(0),
        bound_fen=result.termination.objective_bounds.dual_bound,
        nodes=result.solve_stats.node_count,
    )


def _solved(
    proto: model_pb2.ModelProto,
    solver: mathopt.SolverType,
    asked: mathopt.SolveParameters,
    known: model_parameters_pb2.ModelSolveParametersProto,
) -> result_pb2.SolveResultProto:
    """Return MathOpt's answer as its message: an object per variable takes longer than many a program itself."""
    return core.solve(
        proto,
        solver.value,
        parameters_pb2.SolverInitializerProto(),
        asked.to_proto(),
        known,
        None,
        callback_pb2.CallbackRegistrationProto(),
        None,
        None,
    )


def _sound(
    solution: solution_pb2.PrimalSolutionProto | solution_pb2.DualSolutionProto,
) -> bool:
    return bool(solution.feasibility_status == solution_pb2.SOLUTION_STATUS_FEASIBLE)


def _shared(master: Master) -> Program:
    """Return the program in which columns may be shared."""
    columns, rows = len(master.fen), len(master.capacity)
    return Program(
        fen=master.fen.astype(np.float64),
        whole=np.zeros(columns, bool),
        least=np.append(np.ones(master.groups), np.full(rows, -np.inf)),
        most=np.append(np.ones(master.groups), master.capacity.astype(np.float64)),
        row=np.concatenate((master.group, master.groups + master.row)),
        column=np.concatenate((np.arange(columns), master.column)),
        amount=np.concatenate((np.ones(columns), master.amount)),
    )


def _proto(program: Program) -> model_pb2.ModelProto:
    """Return the model as MathOpt's message: filling it from arrays takes a hundredth of adding term by term."""
    columns, rows = len(program.fen), len(program.least)
    proto = model_pb2.ModelProto()
    proto.variables.ids.extend(range(columns))
    proto.variables.lower_bounds.extend([0.0] * columns)
    proto.variables.upper_bounds.extend(np.where(program.whole, 1.0, np.inf).tolist())
    proto.variables.integers.extend(program.whole.tolist())
    proto.objective.linear_coefficients.ids.extend(range(columns))
    proto.objective.linear_coefficients.values.extend(program.fen.tolist())
    proto.linear_constraints.ids.extend(range(rows))
    proto.linear_constraints.lower_bounds.extend(program.least.tolist())
    proto.linear_constraints.upper_bounds.extend(program.most.tolist())
    order = np.lexsort((program.column, program.row))
    proto.linear_constraint_matrix.row_ids.extend(program.row[order].tolist())
    proto.linear_constraint_matrix.column_ids.extend(program.column[order].tolist())
    proto.linear_constraint_matrix.coefficients.extend(program.amount[order].tolist())
    return proto
