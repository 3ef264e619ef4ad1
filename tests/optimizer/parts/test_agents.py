"""Generalised assignment through the choice that decides about parts: small ones against trying everything."""

from itertools import product

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optimizer.parts.agents import Agents, assign


@settings(deadline=None, max_examples=25)
@given(st.integers(min_value=0, max_value=100_000))
def test_it_costs_as_little_as_the_cheapest_and_that_is_proven(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weight = rng.integers(1, 9, (3, 6))
    asked = Agents(cost=rng.integers(1, 30, (3, 6)), weight=weight, capacity=weight.sum(axis=1) // 2)
    jobs = np.arange(6)
    costs = [
        int(asked.cost[list(agents), jobs].sum())
        for agents in product(range(3), repeat=6)
        if (np.bincount(agents, weight[list(agents), jobs], minlength=3) <= asked.capacity).all()
    ]
    found = assign(asked, remaining=lambda: None)
    used = np.bincount(found.agent, weight[found.agent, jobs], minlength=3)
    assume(costs)
    assert found.unassigned == 0
    assert (used <= asked.capacity).all()
    assert found.cost == found.bound == min(costs)


def test_a_job_that_nobody_can_carry_is_said() -> None:
    asked = Agents(cost=np.array([[1, 2]]), weight=np.array([[1, 9]]), capacity=np.array([5]))
    found = assign(asked, remaining=lambda: None)
    assert found.agent.tolist() == [0, -1]
    assert found.unassigned == 1
