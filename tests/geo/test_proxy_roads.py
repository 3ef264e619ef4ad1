import numpy as np

from geo.estimate import ROADS_PATH
from geo.proxy_roads import build_roads


def test_the_committed_roads_are_those_that_would_be_built() -> None:
    built = build_roads()
    with np.load(ROADS_PATH) as stored:
        assert set(stored.files) == set(built)
        for name, array in built.items():
            assert np.array_equal(stored[name], array), f"{name} differs: python -m bench.build_roads"
