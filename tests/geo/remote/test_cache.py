"""The cache of ways: places on a grid, states that stay as they were, several writers."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.matrix import NO_WAY
from geo.remote.cache import UNKNOWN, CacheState, WayCache, place_keys, places_of
from geo.remote.service import Answer

ALL = CacheState(number=1 << 40, since=0)


def block(rows: list[list[int]]) -> Answer:
    seconds = np.array(rows, np.int64)
    return Answer(seconds=seconds, metres=np.where(seconds < 0, seconds, seconds * 10))


def cache_at(path: Path) -> WayCache:
    cache = WayCache(path=path / "deep" / "ways.sqlite3")
    cache.prepare()
    return cache


@given(lon=st.floats(-180, 180), lat=st.floats(-90, 90))
def test_a_place_is_within_a_metre_of_its_key(lon: float, lat: float) -> None:
    there = places_of(place_keys(np.array([[lon, lat]])))
    assert np.abs(there - [lon, lat]).max() <= 0.51e-5
    assert place_keys(there).tolist() == place_keys(np.array([[lon, lat]])).tolist()


def test_what_was_kept_is_known_and_the_newest_counts(tmp_path: Path) -> None:
    cache, keys = cache_at(tmp_path), np.array([10, 20, 30])
    cache.keep("s", "car", keys[:2], keys, block([[0, 5, 6], [7, 0, NO_WAY]]), 100)
    before = CacheState(number=cache.last(), since=0)
    cache.keep("s", "car", keys[:1], keys[1:], block([[50, 60]]), 200)
    found = cache.known("s", "car", keys[[2, 1, 0]], keys[[1, 2, 2]], ALL)
    assert found.seconds.tolist() == [[UNKNOWN] * 3, [0, NO_WAY, NO_WAY], [50, 60, 60]]
    assert found.metres.tolist() == [[UNKNOWN] * 3, [0, NO_WAY, NO_WAY], [500, 600, 600]]
    assert cache.known("s", "car", keys[:1], keys, before).seconds.tolist() == [[0, 5, 6]]
    since = CacheState(number=cache.last(), since=150)
    assert cache.known("s", "car", keys[:1], keys, since).seconds.tolist() == [[UNKNOWN, 50, 60]]


def test_services_and_profiles_do_not_mix(tmp_path: Path) -> None:
    cache, keys = cache_at(tmp_path), np.array([1, 2])
    cache.keep("s", "car", keys, keys, block([[0, 1], [2, 0]]), 0)
    for service, profile in [("t", "car"), ("s", "walk")]:
        assert (cache.known(service, profile, keys, keys, ALL).seconds == UNKNOWN).all()


def test_nothing_asked_nothing_found(tmp_path: Path) -> None:
    cache, none = cache_at(tmp_path), np.array([], np.int64)
    assert cache.known("s", "car", none, np.array([1]), ALL).seconds.shape == (0, 1)
    assert cache.known("s", "car", np.array([1]), none, ALL).seconds.shape == (1, 0)


def test_a_cache_that_is_gone_is_an_error_and_not_an_estimate(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="cache of travel times"):
        WayCache(path=tmp_path / "none").known("s", "car", np.array([1]), np.array([1]), ALL)
    assert not (tmp_path / "none").exists()


def test_several_write_at_once(tmp_path: Path) -> None:
    cache, keys = cache_at(tmp_path), np.arange(20)
    ready = threading.Barrier(8)

    def write(number: int) -> None:
        ready.wait()
        for _ in range(10):
            cache.keep("s", str(number), keys, keys, block([[number] * 20] * 20), 0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert cache.last() == 8 * 10 * 20
    assert all((cache.known("s", str(n), keys, keys, ALL).seconds == n).all() for n in range(8))


def test_a_write_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    cache = cache_at(tmp_path)
    with pytest.raises(sqlite3.IntegrityError):
        cache.keep(None, "car", np.array([1]), np.array([1]), block([[1]]), 0)  # type: ignore[arg-type]
    assert cache.last() == 0
