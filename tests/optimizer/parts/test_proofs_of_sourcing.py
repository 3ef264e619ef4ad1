"""What may be left out of a proof, and what may not."""

import numpy as np

from optimizer.parts.bundles import find_dominated
from optimizer.parts.check import faults
from optimizer.parts.choosing import choose_bundles
from optimizer.parts.grid import NOTHING, lay_out
from optimizer.parts.model import Sourcing
from optimizer.parts.sourcing import source
from optimizer.parts.ways import lay_ways
from tests import make_parts as make
from tests.make import part

PARTS = tuple(f"p{number}" for number in range(1, 8))


def hard_to_find() -> Sourcing:
    """Make a kit of seven parts that only the dearest source and two others have together, among a hundred and forty.

    Every source with the first part but the dearest has one other part only, and most of the others have two.
    """
    shelves: list[tuple[str, ...]] = [(PARTS[0], PARTS[1 + number % 5]) for number in range(70)]
    shelves += [(PARTS[1 + number % 5], PARTS[1 + (number + 1 + number % 3) % 5]) for number in range(70)]
    shelves += [PARTS[1:4], PARTS[4:6], (PARTS[0], PARTS[6])]
    sources = [make.source(f"w{n}", shelves={one: make.shelf() for one in here}) for n, here in enumerate(shelves)]
    lanes = [make.route(one.id, cost_fen=1_000 + n) for n, one in enumerate(sources[:-1])]
    lanes.append(make.route(sources[-1].id, cost_fen=9_000))
    kit = make.order(*(make.line(f"l{one}", one) for one in PARTS))
    return make.asked(
        kit, parts=tuple(part(one) for one in PARTS), sources=tuple(sources), routes=tuple(lanes), bid_fen={}
    )


def test_a_kit_whose_search_is_cut_short_is_proven_all_the_same() -> None:
    asked = hard_to_find()
    sourced = source(asked)
    assert faults(asked, sourced) == []
    assert all(answer.dispatches for answer in sourced.answers)
    assert sourced.optimal


def test_what_is_not_searched_to_the_end_is_not_proven() -> None:
    asked = hard_to_find()
    laid = lay_out(asked, (), {})
    ways = lay_ways(laid.grid)
    chosen = choose_bundles(laid.grid, ways, remaining=lambda: 0.0, gap=0.0)
    assert chosen.bound_fen <= source(asked).cost.total


def test_a_shelf_that_cannot_serve_a_whole_kit_takes_no_other_s_place() -> None:
    sources = tuple(make.source(name, shelves={"p1": make.shelf(units)}) for name, units in (("w1", 1), ("w2", 10)))
    lanes = (make.route("w1"), make.route("w2", cost_fen=50_000))
    twice = make.order(make.line("l1"), make.line("l2"))
    for orders, units in ((twice, 1), (make.order(), 0)):
        grid = lay_out(make.asked(orders, sources=sources, routes=lanes), (), {}).grid
        ways = lay_ways(grid, np.zeros(len(grid.capacity), bool))
        dominated = np.zeros(len(ways.rows), np.int8)
        find_dominated(grid, ways, np.zeros_like(dominated), dominated)
        assert (dominated[ways.rows["source"] == 1] == 0).any() == bool(units)


def test_departures_are_told_apart_only_where_docks_may_fill() -> None:
    docked = make.asked(sources=(make.source(dock_lines=4),))
    grid = lay_out(docked, (), {}).grid
    docks = np.unique(grid.runs["dock"][grid.runs["dock"] != NOTHING])
    crowded = np.zeros(len(grid.capacity), bool)
    few = lay_ways(grid, crowded)
    crowded[docks] = True
    every = lay_ways(lay_out(docked, (), {}).grid, crowded)
    assert len(few.rows) == 1
    assert len(every.rows) == len(docks) > 1


def test_a_dock_that_fills_unexpectedly_is_reckoned_with() -> None:
    """Nobody's cheapest ways fill the dock, but those do that are left where the nearer shelf is short."""
    sources = (
        make.source("w1", shelves={"p1": make.shelf(3)}),
        make.source("w2", shelves={"p1": make.shelf(20)}, dock_lines=2),
    )
    lanes = (make.route("w1"), make.route("w2", cost_fen=1_500))
    asked = make.asked(*(make.order(make.line(f"l{n}"), id=f"o{n}") for n in range(9)), sources=sources, routes=lanes)
    sourced = source(asked)
    assert faults(asked, sourced) == []
    assert sourced.optimal
    first = min(sent.ships_s for answer in sourced.answers for sent in answer.dispatches)
    sent = [one for answer in sourced.answers for one in answer.dispatches if one.source_id == "w2"]
    assert sum(one.ships_s == first for one in sent) == 2
    assert len(sent) == 6
