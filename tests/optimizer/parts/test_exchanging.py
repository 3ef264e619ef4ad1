"""Tests of annealing over orders of one piece."""

import numpy as np
import pytest
from numpy.typing import NDArray

from optimizer.parts.bundles import FAR
from optimizer.parts.drawing import Draws
from optimizer.parts.exchanging import Exchange, new_exchange, overdraw


def full_shelves(seed: int, movers: int, shelves: int) -> tuple[Exchange, NDArray[np.int64], NDArray[np.int64]]:
    """Return movers who may be on any shelf, all shelves nearly full, with what each takes and costs there."""
    rng = np.random.default_rng(seed)
    amount = rng.integers(1, 4, (movers, shelves))
    fen = rng.integers(0, 1_000, (movers, shelves))
    ways = movers * shelves
    draws = Draws(
        way=np.arange(ways),
        row=np.tile(np.arange(shelves), movers),
        amount=amount.reshape(-1),
        first=np.arange(ways + 1),
    )
    at = np.arange(movers) % shelves
    use = np.bincount(at, amount[np.arange(movers), at], minlength=shelves)
    x = new_exchange(
        list(np.arange(ways).reshape(movers, shelves)), list(fen), at, draws.row, draws, np.ones(shelves, np.int64)
    )
    return x, amount, use + 1


@pytest.mark.parametrize("seed", range(5))
def test_the_best_breaks_no_limit_and_saves_what_is_told(seed: int) -> None:
    movers, shelves = 30, 4
    x, amount, capacity = full_shelves(seed, movers, shelves)
    begun = x.fen[x.at].sum()
    saved = overdraw(x, np.full(shelves, 300), -FAR, 100, 300.0, 10.0, seed)
    shelf = x.best % shelves
    use = np.bincount(shelf, amount[np.arange(movers), shelf], minlength=shelves)
    assert (use <= capacity).all()
    assert begun + saved == x.fen[x.best].sum()
    assert saved < 0


def test_two_change_places_where_neither_could_move_alone() -> None:
    draws = Draws(way=np.arange(4), row=np.array([0, 1, 0, 1]), amount=np.ones(4, np.int64), first=np.arange(5))
    dear_here = [np.array([9, 0]), np.array([0, 9])]
    ways = [np.array([0, 1]), np.array([2, 3])]
    x = new_exchange(ways, dear_here, np.array([0, 1]), draws.row, draws, np.zeros(2, np.int64))
    assert overdraw(x, np.full(2, 1_000), -FAR, 5, 1.0, 0.1, 1) == -18
    assert x.best.tolist() == [1, 2]


def test_it_ends_once_it_saves_enough() -> None:
    draws = Draws(way=np.arange(4), row=np.array([0, 1, 0, 1]), amount=np.ones(4, np.int64), first=np.arange(5))
    dear_here = [np.array([9, 0]), np.array([0, 9])]
    ways = [np.array([0, 1]), np.array([2, 3])]
    x = new_exchange(ways, dear_here, np.array([0, 1]), draws.row, draws, np.zeros(2, np.int64))
    assert overdraw(x, np.full(2, 1_000), -18, 1 << 50, 1.0, 0.1, 1) == -18
