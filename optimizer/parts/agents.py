"""Generalised assignment: every job to one agent, at least cost, within what each agent can carry.

It is sourcing with the trade left out: a job is an order of one piece, an agent a shelf, and what a job takes of an
agent is drawn from it. So the choice that decides about parts can be measured on public instances.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.budget import Remaining
from optimizer.parts.choosing import choose_bundles
from optimizer.parts.grid import NOTHING, Grid, lay_out
from optimizer.parts.model import Sourcing
from optimizer.parts.ways import OWN, WAY, Ways

__all__ = ["Agents", "Assigned", "assign"]

UNIT = 1_000
"""Prices of limits are whole: in these parts of a unit of cost they are fine enough."""

DEARER = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Agents:
    """cost, weight: (agents, jobs). capacity: (agents,). All whole, none negative."""

    cost: NDArray[np.int64]
    weight: NDArray[np.int64]
    capacity: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """agent: (jobs,) NOTHING for a job that no agent was found for. bound: no complete assignment costs less."""

    agent: NDArray[np.int64]
    cost: int
    bound: int

    @property
    def unassigned(self) -> int:
        """How many jobs no agent was found for."""
        return int((self.agent == NOTHING).sum())


def assign(asked: Agents, *, remaining: Remaining) -> Assigned:
    """Return an assignment and what is proven about it."""
    # Dear enough that hardly anybody goes without; the bound holds for complete assignments all the same.
    nobody = DEARER * (int(asked.cost.max()) + 1) * UNIT
    ways = _ways(asked)
    chosen = choose_bundles(_grid(asked, nobody), ways, remaining=remaining, gap=0.0, unit=UNIT)
    agent = np.where(chosen.way == NOTHING, NOTHING, ways.rows["source"][chosen.way])
    served = np.flatnonzero(agent != NOTHING)
    return Assigned(
        agent=agent.astype(np.int64),
        cost=int(asked.cost[agent[served], served].sum()),
        bound=-(-chosen.bound_fen // UNIT),
    )


def _grid(asked: Agents, nobody: int) -> Grid:
    """Return the arrays of a problem with these orders and shelves and no runs."""
    jobs = asked.cost.shape[1]
    bare = lay_out(Sourcing(now_s=0, orders=(), parts=(), sources=(), routes=()), (), {}).grid
    pieces = np.zeros(jobs, bare.pieces.dtype)
    pieces["group"], pieces["none_fen"], pieces["of"], pieces["pinned"] = np.arange(jobs), nobody, 1, NOTHING
    groups = np.zeros(jobs, bare.groups.dtype)
    groups["first"], groups["last"], groups["own"] = np.arange(jobs), np.arange(jobs) + 1, NOTHING
    groups["most_sources"], groups["none_fen"] = 1, nobody
    return bare._replace(
        pieces=pieces,
        groups=groups,
        capacity=asked.capacity.astype(np.int64),
        consignment_fen=0,
        split_fen=0,
    )


def _ways(asked: Agents) -> Ways:
    """Return a way for every job and every agent that can carry it, the cheapest first."""
    job, agent = np.nonzero((asked.weight <= asked.capacity[:, None]).T)
    cost, weight = asked.cost[agent, job], asked.weight[agent, job]
    order = np.lexsort((agent, cost, job))
    rows = np.zeros(len(job), WAY)
    for name, values in (("piece", job), ("source", agent), ("row", agent), ("last_row", agent), ("parcel", agent)):
        rows[name] = values[order]
    rows["run"], rows["dock"], rows["floor_row"], rows["last_floor_row"] = OWN, NOTHING, NOTHING, NOTHING - 1
    rows["quantity"], rows["fen"] = weight[order], cost[order] * UNIT
    return Ways(rows=rows, first=np.searchsorted(rows["piece"], np.arange(asked.cost.shape[1] + 1)))
