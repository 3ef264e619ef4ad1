"""Kits of many lines, of which many sources have some and few may be used: the best is found and made sure of."""

from random import Random

import numpy as np
import pytest

from optimizer.engines.mip import choose
from optimizer.model import ShipMode
from optimizer.parts.bundles import FAR, best_of_all, bundles_below, new_desk
from optimizer.parts.drawing import draws_of
from optimizer.parts.grid import Grid, lay_out
from optimizer.parts.ways import Ways, lay_ways
from optimizer.parts.whole import WaysProgram
from tests import make_parts as make
from tests.make import part

MODES = (ShipMode.EXPRESS, ShipMode.STANDARD)


def _laid(seed: int, *, lines: int, sources: int, kit: bool) -> tuple[Grid, Ways]:
    """Make an order whose lines lie here and there, by slow lanes and dear ones."""
    random = Random(f"few {seed}")
    parts = [f"p{number}" for number in range(lines)]
    wanted = [make.line(f"l{number}", part_id) for number, part_id in enumerate(parts)]
    houses = [f"w{number}" for number in range(sources)]
    asked = make.asked(
        (make.order if kit else make.stock_order)(*wanted),
        parts=tuple(part(part_id, weight_g=random.randint(100, 9_000)) for part_id in parts),
        sources=tuple(
            make.source(house, shelves={part_id: make.shelf(9) for part_id in parts if random.random() < 0.7})
            for house in houses
        ),
        routes=tuple(
            make.route(house, mode, cost_fen=random.randint(100, 4_000), transit_p90_s=3_600 * random.randint(10, 90))
            for house in houses
            for mode in MODES
        ),
    )
    grid = lay_out(asked, (), {}).grid
    return grid, lay_ways(grid)


def _prices(grid: Grid, ways: Ways, seed: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return what the ways cost where every shelf has a price of its own."""
    worth = np.random.default_rng(seed).integers(0, 20_000, len(grid.capacity))
    base: np.ndarray[tuple[int], np.dtype[np.int64]] = ways.rows["fen"] + worth[ways.rows["row"]]
    return base


@pytest.mark.parametrize("kit", [True, False])
def test_the_best_of_a_large_order_is_made_sure_of(kit: bool) -> None:
    for seed in range(6):
        grid, ways = _laid(seed, lines=12, sources=30, kit=kit)
        base = _prices(grid, ways, seed)
        told, chosen = np.full((1, 2), FAR), np.full(len(grid.pieces), -1)
        best_of_all(grid, ways, base, new_desk(grid), np.ones(1, np.int8), chosen, told)
        assert told[0, 0] == told[0, 1]


@pytest.mark.parametrize("kit", [True, False])
def test_it_is_the_best_of_all(kit: bool) -> None:
    for seed in range(6):
        grid, ways = _laid(seed, lines=6, sources=7, kit=kit)
        base = _prices(grid, ways, seed)
        told, chosen = np.full((1, 2), FAR), np.full(len(grid.pieces), -1)
        best_of_all(grid, ways, base, new_desk(grid), np.ones(1, np.int8), chosen, told)
        priced = ways.rows.copy()
        priced["fen"] = base
        made = WaysProgram(grid, ways._replace(rows=priced), draws_of(ways), np.arange(len(grid.capacity)))
        made.add_spread(0, [list(range(ways.first[k], ways.first[k + 1])) for k in range(len(grid.pieces))])
        best = choose(made.program(), seconds=None)
        assert best is not None
        assert told[0, 0] == round(best.bound_fen)


def test_no_bundle_below_a_limit_is_passed_over() -> None:
    grid, ways = _laid(1, lines=5, sources=5, kit=True)
    base, desk = _prices(grid, ways, 1), new_desk(grid)
    told, chosen = np.full((1, 2), FAR), np.full(len(grid.pieces), -1)
    best_of_all(grid, ways, base, desk, np.ones(1, np.int8), chosen, told)
    found, cost, counts = np.zeros((5_000, 5), np.int64), np.zeros(5_000, np.int64), np.zeros(1, np.int64)
    # At each limit there are those that cost less among all that there are below the last.
    limits = told[0, 0] + np.array([1, 2_000, 10_000, 30_000])
    had = []
    for limit in limits:
        bundles_below(grid, ways, base, desk, np.zeros(1, np.int64), np.array([limit]), 5_000, found, cost, counts, 0)
        had.append(sorted(cost[: counts[0]].tolist()))
    assert had[0][0] == told[0, 0]
    assert len(had[-1]) > 20
    for limit, some in zip(limits, had, strict=True):
        assert some == [fen for fen in had[-1] if fen < limit]
