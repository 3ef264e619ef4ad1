import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.estimate import SPEEDS, EstimateTravel, direct_way
from geo.matrix import straight_m, unit_vectors
from optimizer.model import TravelMode
from optimizer.travel import UNREACHABLE, Places

PLACES = {
    "beijing": (116.397, 39.907), "tianjin": (117.177, 39.142), "shanghai": (121.458, 31.222),
    "hangzhou": (120.161, 30.294), "chengdu": (104.067, 30.667), "chongqing": (106.558, 29.56),
    "haikou": (110.347, 20.034), "sanya": (109.51, 18.25), "zhanjiang": (110.387, 21.234), "xian": (108.929, 34.258),
    "lanzhou": (103.84, 36.057), "harbin": (126.65, 45.75), "qiqihar": (123.97, 47.34), "lhasa": (91.1, 29.65),
    "xigaze": (88.88, 29.267), "taipei": (121.5, 25.03), "fuzhou": (119.306, 26.061), "hongkong": (114.16, 22.3),
    "shenzhen": (114.068, 22.545), "taklamakan": (83.0, 39.2), "paracel_sea": (114.5, 18.0),
}  # fmt: skip

# Anywhere in central China, some of it dense, some mountains.
POSITIONS = st.tuples(st.floats(104.0, 119.0), st.floats(25.0, 38.0))
NEARBY = st.tuples(st.floats(113.3, 114.0), st.floats(34.5, 35.0))
MODES = st.sampled_from(TravelMode)


def array(*positions: tuple[float, float]) -> Places:
    return np.array(positions, dtype=np.float64).reshape(-1, 2)


def hours(start: str, end: str, mode: TravelMode = TravelMode.CAR) -> float:
    answer = EstimateTravel().matrix(array(PLACES[start]), array(PLACES[end]), mode)
    return float(answer.seconds[0, 0]) / 3600


@pytest.mark.parametrize(
    ("start", "end", "least", "most"),
    [
        ("beijing", "tianjin", 1.25, 2.5),
        ("beijing", "shanghai", 11.0, 16.0),
        ("shanghai", "hangzhou", 1.75, 3.0),
        ("chengdu", "chongqing", 3.0, 5.0),
        ("xian", "lanzhou", 5.5, 8.5),
        ("harbin", "qiqihar", 2.75, 4.5),
        ("lhasa", "xigaze", 3.5, 6.0),
        ("haikou", "sanya", 2.5, 4.5),
        ("zhanjiang", "haikou", 3.5, 9.0),  # with the ferry
        ("shenzhen", "hongkong", 0.6, 2.5),
    ],
)
def test_known_drives(start: str, end: str, least: float, most: float) -> None:
    assert least <= hours(start, end) <= most


def test_known_road_length() -> None:
    answer = EstimateTravel().matrix(array(PLACES["beijing"]), array(PLACES["shanghai"]), TravelMode.CAR)
    assert 1_150_000 <= answer.metres[0, 0] <= 1_400_000


def test_only_cars_use_expressways() -> None:
    assert hours("chengdu", "chongqing", TravelMode.MOTORBIKE) > 1.5 * hours("chengdu", "chongqing")


@pytest.mark.parametrize("end", ["taipei", "paracel_sea"])
def test_no_known_way_to_where_no_place_is_known(end: str) -> None:
    answer = EstimateTravel().matrix(array(PLACES["fuzhou"]), array(PLACES[end]), TravelMode.CAR)
    assert answer.seconds[0, 0] == UNREACHABLE
    assert answer.metres[0, 0] == UNREACHABLE


def test_an_unknown_place_is_still_at_itself() -> None:
    taipei = array(PLACES["taipei"])
    answer = EstimateTravel().matrix(taipei, taipei, TravelMode.CAR)
    assert answer.seconds[0, 0] == answer.metres[0, 0] == 0


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 2), (2, 0)])
def test_empty_calls(rows: int, columns: int) -> None:
    both = array(PLACES["beijing"], PLACES["tianjin"])
    answer = EstimateTravel().matrix(both[:rows], both[:columns], TravelMode.CAR)
    assert answer.seconds.shape == answer.metres.shape == (rows, columns)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(POSITIONS, NEARBY), min_size=2, max_size=7), MODES, st.randoms(use_true_random=False))
def test_a_pair_does_not_depend_on_the_others(places: list[tuple[float, float]], mode: TravelMode, random) -> None:
    travel = EstimateTravel()
    whole = travel.matrix(array(*places), array(*places), mode)
    order = list(range(len(places)))
    random.shuffle(order)
    shuffled = array(*(places[i] for i in order))
    part = travel.matrix(shuffled, shuffled[1:], mode)
    assert np.array_equal(part.seconds, whole.seconds[np.ix_(order, order[1:])])
    assert np.array_equal(part.metres, whole.metres[np.ix_(order, order[1:])])
    one = travel.matrix(array(places[0]), array(places[1]), mode)
    assert (one.seconds[0, 0], one.metres[0, 0]) == (whole.seconds[0, 1], whole.metres[0, 1])


def test_a_large_call_agrees_with_single_ones() -> None:
    places = np.array([113.65, 34.76]) + np.random.default_rng(3).normal(0, 0.6, (150, 2))
    # A strided view and another alignment must not change the last bit either.
    strided = np.repeat(places, 2, axis=0)[::2]
    travel = EstimateTravel()
    whole = travel.matrix(places, strided, TravelMode.CAR)
    for row, column in np.random.default_rng(4).integers(0, 150, (60, 2)):
        one = travel.matrix(places[row : row + 1], places[column : column + 1], TravelMode.CAR)
        assert one.seconds[0, 0] == whole.seconds[row, column]
        assert one.metres[0, 0] == whole.metres[row, column]


@settings(max_examples=60, deadline=None)
@given(st.one_of(POSITIONS, NEARBY), st.one_of(POSITIONS, NEARBY), MODES)
def test_times_are_sane(start: tuple[float, float], end: tuple[float, float], mode: TravelMode) -> None:
    travel = EstimateTravel()
    there = travel.matrix(array(start), array(end), mode)
    back = travel.matrix(array(end), array(start), mode)
    seconds, metres = int(there.seconds[0, 0]), int(there.metres[0, 0])
    assert (seconds, metres) == (int(back.seconds[0, 0]), int(back.metres[0, 0]))
    if start == end:
        assert (seconds, metres) == (0, 0)
        return
    if seconds == UNREACHABLE:
        assert mode is TravelMode.WALK  # a walk of weeks
        return
    speeds = SPEEDS[mode]
    fastest_kmh = speeds.express_kmh or max(speeds.rural_kmh, speeds.urban_kmh)
    assert seconds >= speeds.trip_s or mode is TravelMode.TRANSIT
    assert metres <= seconds * fastest_kmh / 3.6 + 1
    straight = float(straight_m(unit_vectors(array(start)), unit_vectors(array(end)))[0])
    assert metres >= straight * 0.999 - 2
    # Never slower than the direct road all the way through town, as far as direct roads are taken for granted.
    if straight <= 100_000:
        slowest, _ = direct_way(np.array([straight]), np.array([1.0]), np.array([1.0]), speeds)
        assert seconds <= slowest[0] / 1000 + speeds.trip_s + 1


def test_a_short_drive_in_town_is_slower_than_in_the_country() -> None:
    step = np.array([0.05, 0.0])
    town, country = array(PLACES["shanghai"]), array((95.7, 40.5))
    travel = EstimateTravel()
    in_town = travel.matrix(town, town + step, TravelMode.CAR)
    outside = travel.matrix(country, country + step, TravelMode.CAR)
    assert in_town.seconds[0, 0] / in_town.metres[0, 0] > 1.2 * outside.seconds[0, 0] / outside.metres[0, 0]


def test_times_grow_without_a_step_around_the_direct_limit() -> None:
    east = np.column_stack([np.linspace(113.65, 114.2, 400), np.full(400, 34.76)])
    seconds = EstimateTravel().matrix(east[:1], east, TravelMode.CAR).seconds[0, 1:].astype(np.int64)
    assert np.abs(np.diff(seconds)).max() < 600


def test_it_travels_to_workers() -> None:
    travel = EstimateTravel()
    both = array(PLACES["xian"], PLACES["lanzhou"])
    travel.matrix(both, both, TravelMode.CAR)
    frozen = pickle.dumps(travel)
    assert len(frozen) < 1_000
    copy = pickle.loads(frozen)
    assert np.array_equal(
        copy.matrix(both, both, TravelMode.CAR).seconds, travel.matrix(both, both, TravelMode.CAR).seconds
    )
    assert copy.is_estimate
    assert "estimate" in copy.name


def test_answers_are_read_only_32_bit() -> None:
    both = array(PLACES["xian"], PLACES["lanzhou"])
    answer = EstimateTravel().matrix(both, both, TravelMode.CAR)
    assert answer.seconds.dtype == answer.metres.dtype == np.int32
    with pytest.raises(ValueError, match="read-only"):
        answer.seconds[0, 0] = 1
