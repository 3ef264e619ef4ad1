"""Beds for given visits: as good as every combination of beds tried."""

from itertools import product

import numpy as np
import pytest

from optimizer.tours.columns import column_of
from optimizer.tours.ground import lay_ground
from optimizer.tours.nights import sleep_well
from optimizer.tours.shapes import Shape, Terms, is_possible, lay_out
from tests.make import FlatTravel, at, clock
from tests.make_tours import crew, lodging, touring, village, work


@pytest.mark.parametrize("seed", range(8))
def test_no_combination_of_beds_is_cheaper(seed: int) -> None:
    draws = np.random.default_rng(seed)
    villages = tuple(village(id=f"v{v}", position=at(*draws.integers(20_000, 90_000, 2).tolist())) for v in range(6))
    beds = tuple(
        lodging(
            id=f"b{b}",
            position=at(*draws.integers(10_000, 100_000, 2).tolist()),
            price_fen=int(draws.integers(4_000, 30_000)),
            check_in_s=clock(("17:00", "19:30")[int(draws.integers(2))]),
        )
        for b in range(4)
    )
    asked = touring(
        villages=villages,
        lodgings=beds,
        crews=(crew(),),
        jobs=tuple(work(id=f"j{v}", village_id=f"v{v}", service_s=3_600) for v in range(6)),
    )
    ground = lay_ground(asked, FlatTravel())
    routes = [(0, 1), (2, 3), (4, 5)]
    at_village = ground.village
    legal = {}
    for nights in product(range(len(beds)), repeat=2):
        shape = Shape(crew=0, first=0, nights=nights)
        laid = lay_out(ground, [shape], Terms(prize=ground.search_fen, at=at_village, given=True))
        found = sleep_well(ground, shape, laid, routes)
        if is_possible(ground, shape):
            legal[nights] = found
    prices = {nights: column_of(ground, found, routes, at_village).fen for nights, found in legal.items()}
    # From wherever it begins it ends with the same, cheapest beds, unless no beds at all will do.
    assert len(set(prices.values())) == 1 or all(found.nights == nights for nights, found in legal.items())


def test_days_without_visits_at_the_ends_are_given_back() -> None:
    ground = lay_ground(touring(), FlatTravel())
    shape = Shape(crew=0, first=1, nights=(0, 0, 0))
    laid = lay_out(ground, [shape], Terms(prize=ground.search_fen, at=ground.village))
    assert sleep_well(ground, shape, laid, [(), (0,), (), ()]) == Shape(crew=0, first=2, nights=())


def test_a_day_that_only_brings_the_crew_there_stays() -> None:
    asked = touring(villages=(village(position=at(150_000)),), lodgings=(lodging(position=at(140_000)),))
    ground = lay_ground(asked, FlatTravel())
    shape = Shape(crew=0, first=0, nights=(0,))
    laid = lay_out(ground, [shape], Terms(prize=ground.search_fen, at=ground.village))
    assert sleep_well(ground, shape, laid, [(), (0,)]) == shape
