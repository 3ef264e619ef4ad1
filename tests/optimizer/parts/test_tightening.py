"""Limits that shares break and nothing whole does: what they prove is true, and nothing cheaper is left out."""

import numpy as np
import pytest

from optimizer.engines.mip import Master, Program, choose
from optimizer.parts.check import faults
from optimizer.parts.effort import Effort
from optimizer.parts.sourcing import source
from optimizer.parts.tightening import tightened
from tests.optimizer.parts.test_one_program import cheapest_fen, of_several_units


@pytest.fixture(autouse=True)
def _however_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tighten however few columns there are."""
    monkeypatch.setattr("optimizer.parts.tightening.FEW", 0)
    monkeypatch.setattr("optimizer.parts.whole.FEW", 0)


def _pool(bundles: list[tuple[int, int, dict[int, int]]], capacity: list[int]) -> Master:
    """Make a pool of bundles: group, fen, what it takes of which row."""
    taken = [(row, column, units) for column, (_, _, draws) in enumerate(bundles) for row, units in draws.items()]
    table = np.array(taken, np.int64).reshape(-1, 3)
    return Master(
        fen=np.array([fen for _, fen, _ in bundles]),
        group=np.array([group for group, _, _ in bundles]),
        groups=max(group for group, _, _ in bundles) + 1,
        row=table[:, 0],
        column=table[:, 1],
        amount=table[:, 2],
        capacity=np.array(capacity),
    )


def _best_fen(pool: Master, kept: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int | None:
    """Return what the best whole choice of these columns costs, None where there is none."""
    fen = np.where(kept, pool.fen, 10_000_000)
    best = choose(
        Program(
            fen=fen.astype(float),
            whole=np.ones(len(fen), bool),
            least=np.append(np.ones(pool.groups), np.full(len(pool.capacity), -np.inf)),
            most=np.append(np.ones(pool.groups), pool.capacity.astype(float)),
            row=np.append(pool.group, pool.groups + pool.row),
            column=np.append(np.arange(len(fen)), pool.column),
            amount=np.append(np.ones(len(fen)), pool.amount).astype(float),
        ),
        seconds=None,
    )
    assert best is not None
    cost = round(float(fen @ np.round(best.share)))
    return cost if cost < 10_000_000 else None


def test_one_of_three_pairs_of_three_has_all_it_wants() -> None:
    pairs = [(group, 0, {group: 1, (group + 1) % 3: 1}) for group in range(3)]
    without: list[tuple[int, int, dict[int, int]]] = [(group, 1_000, {}) for group in range(3)]
    pool = _pool(pairs + without, [1, 1, 1])
    tight = tightened(pool, np.zeros(3, np.int64), 3_001, Effort(lambda: None))
    # With halves of all pairs it is 1,500.
    assert tight.bound_fen == 2_000
    assert tight.whole is not None
    assert pool.fen[tight.whole].sum() == 2_000
    assert not tight.kept.any()


@pytest.mark.parametrize("seed", range(30))
def test_nothing_cheaper_is_left_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    capacity = rng.integers(1, 4, 8).tolist()
    bundles: list[tuple[int, int, dict[int, int]]] = [(group, 9_000, {}) for group in range(10)]
    for group in range(10):
        for _ in range(5):
            rows = rng.choice(8, int(rng.integers(1, 4)), replace=False)
            draws = {int(row): int(rng.integers(1, 3)) for row in rows}
            bundles.append((group, int(rng.integers(0, 5_000)), draws))
    pool = _pool(bundles, capacity)
    best_fen = _best_fen(pool, np.ones(len(pool.fen), bool))
    assert best_fen is not None
    for known_fen in (90_000, best_fen + 1, best_fen):
        tight = tightened(pool, np.zeros(8, np.int64), known_fen, Effort(lambda: None))
        assert tight.bound_fen <= best_fen
        if tight.whole is not None:
            met_fen = int(pool.fen[tight.whole].sum())
            assert best_fen <= met_fen < known_fen
        else:
            met_fen = known_fen
        if best_fen < met_fen:
            assert _best_fen(pool, tight.kept) == best_fen


@pytest.mark.parametrize("seed", range(8))
def test_what_is_proven_of_a_sourcing_is_true(seed: int) -> None:
    asked = of_several_units(7_000 + seed, 8)
    sourced = source(asked)
    assert faults(asked, sourced) == []
    assert sourced.optimal
    assert sourced.cost.total == cheapest_fen(asked)
