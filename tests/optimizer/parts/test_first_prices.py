"""Prices of orders taken apart, where a lot goes without."""

import numpy as np

from optimizer.parts.bundles import best_of_all, new_desk
from optimizer.parts.choosing import choose_bundles
from optimizer.parts.drawing import draws_of
from optimizer.parts.first_prices import prices_apart
from optimizer.parts.grid import lay_out
from optimizer.parts.model import Sourcing
from optimizer.parts.ways import lay_ways
from tests import make_parts as make


def _priced(asked: Sourcing) -> tuple[int, int]:
    """Return what the cheapest bundles at these prices prove, and what the best choice costs."""
    grid = lay_out(asked, (), {}).grid
    ways = lay_ways(grid)
    draws = draws_of(ways)
    price = prices_apart(grid, ways, draws, np.ones(len(grid.groups), bool), len(grid.capacity))
    base = ways.rows["fen"].copy()
    np.add.at(base, draws.way, price[draws.row] * draws.amount)
    told = np.full((len(grid.groups), 2), 1 << 60)
    wanted, chosen = np.ones(len(grid.groups), np.int8), np.full(len(grid.pieces), -1)
    best_of_all(grid, ways, base, new_desk(grid), wanted, chosen, told)
    best = choose_bundles(grid, ways, remaining=lambda: None, gap=0.0)
    return int(told[:, 1].sum()) - int((price * grid.capacity).sum()), best.fen


def test_the_last_unit_is_worth_what_the_one_who_goes_without_would_give() -> None:
    orders = [make.order(make.line(f"l{k}"), id=f"o{k}") for k in range(3)]
    asked = make.asked(*orders, sources=(make.source("w1", shelves={"p1": make.shelf(1)}),))
    bound, best = _priced(asked)
    assert bound == best


def test_a_kit_wants_each_of_its_lines_by_a_share() -> None:
    kits = [make.order(make.line(f"a{k}", "p1"), make.line(f"b{k}", "p2"), id=f"o{k}") for k in range(4)]
    shelves = {"p1": make.shelf(2), "p2": make.shelf(2)}
    bound, best = _priced(make.asked(*kits, sources=(make.source("w1", shelves=shelves),)))
    assert best * 0.9 < bound <= best


def test_what_nothing_is_short_of_is_worth_nothing() -> None:
    asked = make.asked(make.order(), sources=(make.source("w1", shelves={"p1": make.shelf(9)}),))
    grid = lay_out(asked, (), {}).grid
    ways = lay_ways(grid)
    price = prices_apart(grid, ways, draws_of(ways), np.ones(len(grid.groups), bool), len(grid.capacity))
    assert not price.any()
