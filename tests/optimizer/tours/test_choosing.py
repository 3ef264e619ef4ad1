"""Which tours to make: as good as every set of them that goes together."""

from itertools import combinations

import numpy as np
import pytest

from optimizer.budget import Steps
from optimizer.tours.choosing import choose_tours, worth_of
from optimizer.tours.gathering import Gathering, gather
from optimizer.tours.ground import lay_ground
from optimizer.tours.objective import Weigher
from tests.make import FlatTravel
from tests.make_tours import region


@pytest.mark.parametrize("seed", range(6))
def test_the_choice_is_the_best_of_all_sets(seed: int) -> None:
    ground = lay_ground(region(6, 2, 5, seed, beds=3, km=60, told=seed % 2), FlatTravel())
    task = Gathering(ground=ground, worth=ground.search_fen, budget=Steps(steps=1_000), share=1.0, seed=seed)
    columns = gather(task).columns[:9]
    weigher = Weigher(ground)
    chosen = choose_tours(ground, columns, None)
    sets = [taken for size in range(len(columns) + 1) for taken in combinations(columns, size)]
    best = min(fen for taken in sets if (fen := weigher.fen(taken)) is not None)
    found = weigher.fen(chosen.columns)
    assert found is not None
    # The program prices nights above the fair share a little lower than the plan does.
    assert found - best <= 2 * 2 * ground.asked.charges.unfair_night_fen
    assert chosen.bound_fen <= best + 1


def test_what_jobs_are_worth_is_never_more_than_leaving_them_out_costs() -> None:
    ground = lay_ground(region(8, 2, 5, 1, beds=3, km=60), FlatTravel())
    task = Gathering(ground=ground, worth=ground.search_fen, budget=Steps(steps=2_000), share=1.0, seed=1)
    worth = worth_of(ground, gather(task).columns)
    assert worth is not None
    assert (worth <= ground.search_fen).all()
    assert (worth >= 0).all()
    assert np.any(worth < ground.search_fen), "beside other tours some job is worth less"
