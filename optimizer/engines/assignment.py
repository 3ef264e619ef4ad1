"""Jobs to outlets as a minimum-cost flow of service minutes (OR-Tools)."""

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

__all__ = ["assign_outlets"]

LEFT_OUT_FEN_PER_MINUTE = 100_000
CONGESTION_FEN_PER_MINUTE = 60
"""Price of the last sixth of an outlet's minutes: full outlets make late visits."""


def assign_outlets(
    outlet: NDArray[np.int64],
    fen: NDArray[np.int64],
    minutes: NDArray[np.int64],
    family: NDArray[np.int64],
    capacity: NDArray[np.int64],
    total: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return an outlet per job, -1 where there is no candidate.

    outlet, fen: (n, k) candidates and their prices, outlet -1 for none. minutes, family: (n,). capacity: (outlets,
    families) technician minutes with the skill; total: (outlets,) technician minutes in all. A job that the flow
    splits goes where most of it went; one it leaves out goes to its cheapest candidate, for the search to judge.
    """
    n, _ = outlet.shape
    outlets, families = capacity.shape
    job, column = np.nonzero(outlet >= 0)
    if len(job) == 0:
        return np.full(n, -1, np.int64)
    first_skill, first_outlet = n, n + outlets * families
    sink = first_outlet + outlets
    target = outlet[job, column]
    cells = np.flatnonzero(capacity.ravel() > 0)
    staffed = np.flatnonzero(total > 0)
    everybody = np.arange(n)
    tail = [job, first_skill + cells, first_outlet + staffed, first_outlet + staffed, everybody]
    head = [
        first_skill + target * families + family[job],
        first_outlet + cells // families,
        np.full(len(staffed), sink),
        np.full(len(staffed), sink),
        np.full(n, sink),
    ]
    room = [minutes[job], capacity.ravel()[cells], total[staffed] * 5 // 6, total[staffed] // 6 + 1, minutes]
    price = [
        fen[job, column] // np.maximum(1, minutes[job]),
        np.zeros(len(cells), np.int64),
        np.zeros(len(staffed), np.int64),
        np.full(len(staffed), CONGESTION_FEN_PER_MINUTE),
        np.full(n, LEFT_OUT_FEN_PER_MINUTE),
    ]
    flow = min_cost_flow.SimpleMinCostFlow()
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        np.concatenate(tail), np.concatenate(head), np.concatenate(room), np.concatenate(price)
    )
    flow.set_nodes_supplies(np.append(everybody, sink), np.append(minutes, -minutes.sum()))
    status = flow.solve()
    if status != flow.OPTIMAL:
        msg = f"outlet assignment ended with status {status}"
        raise RuntimeError(msg)
    sent = np.zeros(outlet.shape, np.int64)
    sent[job, column] = flow.flows(arcs[: len(job)])
    cheapest = np.where(outlet >= 0, fen, np.iinfo(np.int64).max).argmin(axis=1)
    chosen = np.where(sent.sum(axis=1) > 0, sent.argmax(axis=1), cheapest)
    assigned: NDArray[np.int64] = outlet[everybody, chosen]
    return assigned
