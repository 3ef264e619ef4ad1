"""Tests of annealing among regrets, where every way draws on one limit."""

import numpy as np
import pytest

from optimizer.parts.crowding import crowd, new_crowd


@pytest.mark.parametrize("seed", range(5))
def test_the_best_breaks_no_limit_and_costs_what_is_told(seed: int) -> None:
    rng = np.random.default_rng(seed)
    movers, rows = 30, 4
    row = np.argsort(rng.random((movers, rows)), axis=1)
    amount = rng.integers(1, 4, (movers, rows))
    regret = np.sort(rng.integers(0, 1_000, (movers, rows)).astype(np.float64), axis=1)
    regret -= regret[:, :1]
    each, price = np.arange(movers), np.full(rows, 100.0)
    at = np.zeros(movers, np.int64)
    capacity = np.full(rows, 17)
    told = crowd(new_crowd(regret, row, amount, price, capacity, at), 50_000, 0.0, 100.0, seed + 1)
    x = new_crowd(regret, row, amount, price, capacity, at)
    assert crowd(x, 50_000, 0.0, 100.0, seed + 1) == told
    used = np.bincount(row[each, x.best], amount[each, x.best], minlength=rows)
    assert (used <= capacity).all()
    assert told == pytest.approx(regret[each, x.best].sum() + (price * (capacity - used)).sum())


def test_two_change_places_where_neither_could_move_alone() -> None:
    row, ones = np.array([[1, 0], [0, 1]]), np.ones((2, 2), np.int64)
    x = new_crowd(np.array([[0.0, 9.0], [0.0, 9.0]]), row, ones, np.ones(2), np.ones(2, np.int64), np.array([1, 1]))
    assert crowd(x, 1_000, 0.9, 0.1, 1) == 0
    assert x.best.tolist() == [0, 0]
