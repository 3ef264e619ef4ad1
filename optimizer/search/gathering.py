"""Numbers neighbours alike: what the search reads together then lies together in memory."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.search.problem import Problem

__all__ = ["Gathered", "gather"]


class Gathered(NamedTuple):
    """A problem with its jobs, shifts and points in another order; jobs, shifts: (n,), (m,) the former numbers."""

    problem: Problem
    jobs: NDArray[np.int64]
    shifts: NDArray[np.int64]

    def gathered(self, routes: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
        """Return routes of the former problem in the new numbers."""
        new = _inverse(self.jobs)
        return [tuple(new[list(routes[v])].tolist()) for v in self.shifts]

    def former(self, routes: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
        """Return routes of the new problem in the former numbers."""
        given: list[tuple[int, ...]] = [()] * len(routes)
        for v, route in zip(self.shifts.tolist(), routes, strict=True):
            given[v] = tuple(self.jobs[list(route)].tolist())
        return tuple(given)


def gather(problem: Problem) -> Gathered:
    """Return the problem with every job beside its neighbours, and every shift beside those that start near it.

    A step of the search reads the ways between the jobs of one neighbourhood. Numbered at random, they lie in as many
    lines of memory as there are ways; with 1,000 jobs (22 MB of legs) that made every step slower by a fifth to a half.
    """
    p = problem
    n, m = p.fixed.shape
    if n == 0 or m == 0:
        return Gathered(problem, np.arange(n), np.arange(m))
    ways = p.leg[:, :, :, 0].min(axis=0)
    jobs = _chain(ways[:n, :n])
    bases = np.arange(n, len(p.place))
    bases = bases[np.argsort(_inverse(jobs)[ways[n:, :n].argmin(axis=1)], kind="stable")]
    points = np.concatenate([jobs, bases])
    new = _inverse(points)
    shifts = np.argsort(new[p.shifts["leaves"]], kind="stable")
    shift_table = p.shifts[shifts]
    shift_table["leaves"], shift_table["returns"] = new[shift_table["leaves"]], new[shift_table["returns"]]
    around = np.ix_(np.arange(len(p.leg)), points, points)
    leg = p.leg[around]
    return Gathered(
        p._replace(
            jobs=p.jobs[jobs],
            shifts=shift_table,
            leg=leg,
            leg_to=_turned(leg),
            metres=p.metres[around],
            place=p.place[points],
            fixed=np.ascontiguousarray(p.fixed[np.ix_(jobs, shifts)]),
            service=p.service[jobs],
            setup=p.setup[jobs],
            delivery=p.delivery[jobs],
            pickup=p.pickup[jobs],
            capacity=p.capacity[shifts],
            kit_ready=p.kit_ready[jobs],
            kit_fen=p.kit_fen[jobs],
            kit_of=p.kit_of[jobs],
            near=new[p.near[jobs]].astype(np.int32),
        ),
        jobs,
        shifts,
    )


def _turned(leg: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the ways by destination and origin; the same array, half as much to read, where they are alike."""
    turned = leg.transpose(0, 2, 1, 3)
    return leg if np.array_equal(turned, leg) else np.ascontiguousarray(turned)


def _chain(ways: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the points one after the other, from the remotest on always to the nearest that is left."""
    both = ways.astype(np.float64)
    both += both.T.copy()
    order = np.empty(len(both), np.int64)
    at = int(both.sum(axis=1).argmax())
    for k in range(len(both)):
        order[k] = at
        both[:, at] = np.inf
        at = int(both[at].argmin())
    return order


def _inverse(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each number stands in the order."""
    new = np.empty(len(order), np.int64)
    new[order] = np.arange(len(order))
    return new
