"""Which ways are asked for, and in what order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.matrix import straight_m, unit_vectors
from geo.remote.blocks import Question, blocks, questions, tiles
from geo.remote.cache import place_keys, places_of
from geo.remote.service import Limits
from optimizer.model import TravelMode
from tests import make
from tests.geo.remote.gathering import chengdu


def limits(origins: int, destinations: int, neighbours: int = 500) -> Limits:
    return Limits(origins=origins, destinations=destinations, units_per_second=1.0, neighbours=neighbours)


@given(count=st.integers(0, 130), size=st.integers(1, 50), seed=st.integers(0, 9))
def test_tiles_hold_everybody_once_and_are_as_few_as_can_be(count: int, size: int, seed: int) -> None:
    groups = tiles(np.random.default_rng(seed).normal(30, 1, (count, 2)), size)
    assert sorted(place for group in groups for place in group.tolist()) == list(range(count))
    assert all(len(group) <= size for group in groups)
    assert len(groups) == -(-count // size)


@pytest.mark.parametrize("shape", [(50, 50), (100, 1), (10, 5)])
def test_in_a_small_day_every_pair_is_asked_for_once_nearest_first(shape: tuple[int, int]) -> None:
    question = chengdu(120)
    asked = np.zeros((120, 120), np.int64)
    middles = []
    vectors = unit_vectors(places_of(question.keys))
    for block in blocks(question, limits(*shape)):
        asked[np.ix_(block.origins, block.destinations)] += 1
        ends = [vectors[group].mean(axis=0) for group in (block.origins, block.destinations)]
        middles.append(float(straight_m(*(end / np.linalg.norm(end) for end in ends))))
    assert (asked == 1).all()
    assert middles == pytest.approx(sorted(middles), abs=1.0)


def test_beyond_the_mode_s_reach_nothing_is_asked() -> None:
    towns = np.array([[104.0, 30.0], [104.01, 30.0], [105.0, 30.0], [105.01, 30.0]])
    question = Question(mode=TravelMode.WALK, keys=np.unique(place_keys(towns)), reach_m=4_000)
    pairs = {(i, j) for block in blocks(question, limits(2, 2)) for i in block.origins for j in block.destinations}
    assert pairs == {(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3)}


def test_in_a_large_day_only_the_neighbours_are_asked_for() -> None:
    question = chengdu(1_000, spread=0.5)
    vectors = unit_vectors(places_of(question.keys))
    asked = np.zeros((1_000, 1_000), dtype=bool)
    for block in blocks(question, limits(20, 20, neighbours=200)):
        asked[np.ix_(block.origins, block.destinations)] = True
    nearest = np.argsort(straight_m(vectors[:, None], vectors), axis=1)[:, :20]
    assert np.take_along_axis(asked, nearest, axis=1).mean() > 0.95
    assert asked.mean() < 0.45
    assert np.array_equal(asked, asked.T)


def test_a_day_asks_between_jobs_and_the_bases_of_each_mode() -> None:
    day = make.day(
        jobs=[make.job(id="a", position=make.at(1_000)), make.job(id="b", position=make.at(2_000))],
        outlets=[make.outlet(position=make.at(500))],
        technicians=[
            make.technician(id="t1", mode=TravelMode.CAR, position=make.at(0)),
            make.technician(id="t2", mode=TravelMode.WALK, position=make.at(100)),
        ],
    )
    found = {question.mode: places_of(question.keys).round(5).tolist() for question in questions(day)}
    east = {name: list(np.round(make.at(name), 5)) for name in (0, 100, 500, 1_000, 2_000)}
    assert found == {
        TravelMode.CAR: [east[0], east[500], east[1_000], east[2_000]],
        TravelMode.WALK: [east[100], east[1_000], east[2_000]],
    }
