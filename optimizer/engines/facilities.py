"""Which warehouses to open, and how much of each customer's demand comes from where, as a mixed-integer program.

Sourcing has no opening of a whole warehouse to decide, so its own choice does not serve here: this is stated and
solved as it is, with the bound that the solver proves.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.engines.mip import Program, choose

__all__ = ["Facilities", "Opened", "open_facilities"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facilities:
    """capacity, fixed: (warehouses,). demand: (customers,). cost: (customers, warehouses) of all that one wants."""

    capacity: NDArray[np.float64]
    fixed: NDArray[np.float64]
    demand: NDArray[np.float64]
    cost: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """open: (warehouses,). share: (customers, warehouses) of each demand. Nothing costs less than the bound."""

    open: NDArray[np.bool_]
    share: NDArray[np.float64]
    cost: float
    bound: float


def open_facilities(asked: Facilities, *, seconds: float) -> Opened | None:
    """Return the best found, None where nothing was: the seconds were too few, or the warehouses are too small."""
    customers, warehouses = asked.cost.shape
    customer, warehouse = (index.ravel() for index in np.indices(asked.cost.shape))
    flow = warehouses + np.arange(customers * warehouses)
    # One row for each customer, one for each warehouse, one for each pair: nothing comes from where nobody opened.
    served, held, tied = customer, customers + warehouse, customers + warehouses + np.arange(len(flow))
    opening = np.arange(warehouses)
    choice = choose(
        Program(
            fen=np.append(asked.fixed, asked.cost.ravel()),
            whole=np.arange(warehouses + len(flow)) < warehouses,
            least=np.concatenate((np.ones(customers), np.full(warehouses + len(flow), -np.inf))),
            most=np.concatenate((np.ones(customers), np.zeros(warehouses + len(flow)))),
            row=np.concatenate((served, held, customers + opening, tied, tied)),
            column=np.concatenate((flow, flow, opening, flow, warehouse)),
            amount=np.concatenate(
                (
                    np.ones(len(flow)),
                    asked.demand[customer],
                    -asked.capacity,
                    np.ones(len(flow)),
                    -np.ones(len(flow)),
                )
            ),
        ),
        seconds=seconds,
    )
    if choice is None:
        return None
    return Opened(
        open=choice.share[:warehouses] > 0.5,
        share=choice.share[warehouses:].reshape(asked.cost.shape),
        cost=float(choice.share @ np.append(asked.fixed, asked.cost.ravel())),
        bound=choice.bound_fen,
    )
