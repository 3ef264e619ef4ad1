"""Customers who are visited several times, on dates that go together: what the search of combinations reads beside the
problem, and what it keeps.

Every date on which a customer may be visited is a job of its own, so that windows, prices and the shifts of that date
are the problem's, and every rule of a route holds as it does for a day. A combination is a set of such jobs: a customer
is served by all the jobs of one of the combinations, or not at all. Somebody to whom any date is alike is one job, one
combination.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from optimizer.search.problem import FREE, Problem

__all__ = ["Choices", "Combination", "Standing", "chosen_in", "lay_choices", "new_standing"]

NEIGHBOURS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """Jobs, all on different dates, that serve a customer together, and what choosing them costs besides."""

    jobs: tuple[int, ...]
    fen: int = 0


class Choices(NamedTuple):
    """q customers with the n jobs of a problem and the r combinations of them.

    first_job, first_combination: (q + 1,); first_member: (r + 1,); members: jobs. fen: (r,) price of a combination.
    unserved_fen: (q,). customer: (n,). period: (m,) date of each shift. near: (q, k) customers, nearest first.
    """

    first_job: NDArray[np.int32]
    first_combination: NDArray[np.int32]
    first_member: NDArray[np.int32]
    members: NDArray[np.int32]
    fen: NDArray[np.int64]
    unserved_fen: NDArray[np.int64]
    customer: NDArray[np.int32]
    period: NDArray[np.int32]
    near: NDArray[np.int32]


class Standing(NamedTuple):
    """What a search keeps of its customers.

    chosen: (q,) combination or FREE. former: (q,) that of the customers taken out; taken: (q + 1,) those, their count
    in the last cell. fen, shift, gap, version: (n,) the last quote of each job, a shift of FREE when there is none.
    """

    chosen: NDArray[np.int32]
    former: NDArray[np.int32]
    taken: NDArray[np.int32]
    fen: NDArray[np.int64]
    shift: NDArray[np.int32]
    gap: NDArray[np.int32]
    version: NDArray[np.int64]


def lay_choices(
    p: Problem, customers: Sequence[Sequence[Combination]], unserved_fen: Sequence[int], period: Sequence[int]
) -> tuple[Problem, Choices]:
    """Return the arrays of customers by their combinations, and the problem with what leaving each of them out costs.

    The jobs of a customer stand side by side in the problem, and every job belongs to one customer.
    """
    jobs = [sorted({job for combination in some for job in combination.jobs}) for some in customers]
    combinations = [combination for some in customers for combination in some]
    first_job = np.concatenate([[0], np.cumsum([len(some) for some in jobs], dtype=np.int64)]).astype(np.int32)
    customer = np.repeat(np.arange(len(jobs), dtype=np.int32), np.diff(first_job))
    left_fen = np.asarray(unserved_fen, np.int64)
    rows = p.jobs.copy()
    rows["unserved_fen"] = left_fen[customer]
    return p._replace(jobs=rows), Choices(
        first_job=first_job,
        first_combination=np.cumsum([0, *map(len, customers)]).astype(np.int32),
        first_member=np.cumsum([0, *(len(combination.jobs) for combination in combinations)]).astype(np.int32),
        members=np.array([job for combination in combinations for job in combination.jobs], np.int32),
        fen=np.array([combination.fen for combination in combinations], np.int64),
        unserved_fen=left_fen,
        customer=customer,
        period=np.asarray(period, np.int32),
        near=_near(p, first_job),
    )


def _near(p: Problem, first_job: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return each customer's nearest others by the price of the way between their first jobs; (q, at most 80)."""
    q = len(first_job) - 1
    k = max(0, min(NEIGHBOURS, q - 1))
    if k == 0:
        return np.zeros((q, 0), np.int32)
    at = first_job[:-1]
    price = p.leg[:, at[:, None], at[None, :], 1].min(axis=0).astype(np.int64)
    price = price + price.T
    np.fill_diagonal(price, np.iinfo(np.int64).max)
    return np.argsort(price, axis=1, kind="stable")[:, :k].astype(np.int32)


def new_standing(k: Choices) -> Standing:
    """Return that nobody is served."""
    q, n = len(k.unserved_fen), len(k.customer)
    return Standing(
        chosen=np.full(q, FREE, np.int32),
        former=np.full(q, FREE, np.int32),
        taken=np.zeros(q + 1, np.int32),
        fen=np.zeros(n, np.int64),
        shift=np.full(n, FREE, np.int32),
        gap=np.zeros(n, np.int32),
        version=np.zeros(n, np.int64),
    )


def chosen_in(k: Choices, routes: Sequence[Sequence[int]]) -> NDArray[np.int32]:
    """Return the cheapest combination that routes serve each customer by, FREE where their jobs are none of them."""
    visited: list[set[int]] = [set() for _ in k.unserved_fen]
    for route in routes:
        for job in route:
            visited[k.customer[job]].add(job)
    chosen = np.full(len(visited), FREE, np.int32)
    for c, jobs in enumerate(visited):
        for r in range(k.first_combination[c], k.first_combination[c + 1]):
            same = jobs and jobs == set(k.members[k.first_member[r] : k.first_member[r + 1]].tolist())
            if same and (chosen[c] == FREE or k.fen[r] < k.fen[chosen[c]]):
                chosen[c] = r
    return chosen
