"""Opening warehouses: a small one by eye, and one that cannot be."""

import numpy as np
import pytest

from optimizer.engines.facilities import Facilities, open_facilities


def _asked(capacity: float) -> Facilities:
    return Facilities(
        capacity=np.array([capacity, 100.0]),
        fixed=np.array([10.0, 50.0]),
        demand=np.array([6.0, 6.0]),
        cost=np.array([[1.0, 0.0], [1.0, 0.0]]),
    )


def test_the_cheap_one_is_opened_where_it_is_large_enough() -> None:
    opened = open_facilities(_asked(12.0), seconds=10)
    assert opened is not None
    assert opened.open.tolist() == [True, False]
    assert opened.cost == pytest.approx(12.0)
    assert opened.bound == pytest.approx(12.0)


def test_the_dear_one_is_opened_where_it_is_not() -> None:
    opened = open_facilities(_asked(11.0), seconds=10)
    assert opened is not None
    assert opened.open.tolist() == [False, True]
    assert opened.cost == pytest.approx(50.0)


def test_too_little_room_for_everybody_is_no_answer() -> None:
    asked = Facilities(capacity=np.array([1.0]), fixed=np.array([1.0]), demand=np.array([2.0]), cost=np.array([[1.0]]))
    assert open_facilities(asked, seconds=10) is None
