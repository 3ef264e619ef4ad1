"""Every service against a stand-in that enforces its documented limits: order, datum, pace, quota, key, fallback."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geo.crs import Datum
from geo.estimate import SPEEDS, EstimateTravel
from geo.matrix import straight_m, unit_vectors
from geo.remote.cache import WayCache, places_of
from geo.remote.gather import Surroundings, gather
from geo.remote.service import Reason
from optimizer.model import TravelMode
from tests.geo.remote.gathering import KINDS, NoTime, ask, chengdu, service_at, travel_of
from tests.geo.remote.stand_in import KEY, StandIn, truth

PLACES = 120


@pytest.mark.parametrize("kind", KINDS)
def test_every_way_is_the_service_s_in_its_own_order_and_datum(kind: str, tmp_path: Path) -> None:
    question, time = chengdu(PLACES), NoTime()
    with StandIn(kind=kind, clock=time.read) as stand_in:
        gathered = ask(stand_in, tmp_path / "c.sqlite", question, time=time, most=1_000_000)
        assert stand_in.refused == []
        travel = travel_of(kind, tmp_path / "c.sqlite", gathered, stand_in.address)
    assert (gathered.fetched, gathered.cached, gathered.estimated) == (PLACES * (PLACES - 1), 0, {})
    there = places_of(question.keys)
    found, (seconds, metres) = travel.matrix(there, there, TravelMode.CAR), truth(there, there)
    apart = ~np.eye(PLACES, dtype=bool)
    # The inverse of a datum is exact to millimetres; coordinates are sent with five or six decimals.
    assert np.abs(found.metres - metres)[apart].max() <= 1
    assert np.abs(found.seconds - seconds - SPEEDS[TravelMode.CAR].trip_s)[apart].max() <= 1
    assert found.seconds.diagonal().tolist() == [0] * PLACES
    assert travel.answered(there, there, TravelMode.CAR)[apart].all()


@pytest.mark.parametrize(("kind", "wrong"), [("amap", Datum.WGS84), ("baidu", Datum.GCJ02), ("tencent", Datum.BD09)])
def test_a_wrong_datum_would_be_seen(kind: str, wrong: Datum, tmp_path: Path) -> None:
    question, path = chengdu(4), tmp_path / "c.sqlite"
    with StandIn(kind=kind) as stand_in:
        service = replace(service_at(kind, stand_in.address), datum=wrong)  # type: ignore[type-var]
        time = NoTime()
        around = Surroundings(now=time.read, clock=time.read, sleep=time.sleep)
        gathered = gather(service, WayCache(path=path), [question], max_age_s=None, around=around)
        travel = travel_of(kind, path, gathered)
    there = places_of(question.keys)
    apart = ~np.eye(4, dtype=bool)
    found = travel.matrix(there, there, TravelMode.CAR).metres
    assert np.abs(found - truth(there, there)[1])[apart].min() > 10


@pytest.mark.parametrize(
    ("kind", "most"), [("osrm", (100, 100)), ("valhalla", (50, 50)), ("amap", (100, 1)), ("tencent", (10, 10))]
)
def test_blocks_are_as_large_as_they_may_be(kind: str, most: tuple[int, int], tmp_path: Path) -> None:
    time = NoTime()
    with StandIn(kind=kind, clock=time.read) as stand_in:
        ask(stand_in, tmp_path / "c.sqlite", chengdu(PLACES), time=time, most=1_000_000)
    sizes = {(len(asked.origins), len(asked.destinations)) for asked in stand_in.asked}
    assert max(n for n, _ in sizes) == most[0]
    assert max(m for _, m in sizes) == most[1]
    assert len(stand_in.asked) == -(-PLACES // most[0]) * -(-PLACES // most[1])


@pytest.mark.parametrize("kind", KINDS)
def test_the_pace_is_kept_without_a_refusal(kind: str, tmp_path: Path) -> None:
    time = NoTime()
    with StandIn(kind=kind, clock=time.read) as stand_in:
        service_pace = {"osrm": 50.0, "valhalla": 50.0, "amap": 3.0, "baidu": 50.0, "tencent": 100.0}[kind]
        # A bucket may be emptied at the end of one second and of the next: twice the pace in a calendar second.
        stand_in.per_second = 2 * service_pace
        ask(stand_in, tmp_path / "c.sqlite", chengdu(40), time=time, most=1_000_000)
        assert "pace" not in stand_in.refused
        assert stand_in.units <= service_pace * (time.now - 1_000.0 + 1.0) + 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_asked_too_often_it_asks_again_later(kind: str, tmp_path: Path) -> None:
    time = NoTime()
    pace = {"amap": 1.0, "baidu": 50.0, "tencent": 100.0}.get(kind, 1.0)
    with StandIn(kind=kind, clock=time.read, per_second=pace) as stand_in:
        gathered = ask(stand_in, tmp_path / "c.sqlite", chengdu(30), time=time, most=1_000_000)
    assert gathered.said == ""
    assert gathered.fetched == 30 * 29
    assert set(stand_in.refused) <= {"pace"}
    if kind == "amap":
        assert stand_in.refused
        assert time.waits.count(1.0) == len(stand_in.refused)


@pytest.mark.parametrize("kind", ["amap", "baidu", "tencent"])
def test_a_quota_that_is_used_up_leaves_the_rest_to_the_estimate_and_tomorrow(kind: str, tmp_path: Path) -> None:
    question, path, time = chengdu(60), tmp_path / "c.sqlite", NoTime()
    total = 60 * 59
    with StandIn(kind=kind, clock=time.read, per_day={"amap": 20}.get(kind, 2_000)) as stand_in:
        first = ask(stand_in, path, question, time=time)
        assert stand_in.refused == ["quota"], "one refusal ends the asking"
        assert 0 < first.fetched < total
        assert first.estimated == {Reason.QUOTA: total - first.fetched}
        assert "answered" in first.said
        travel = travel_of(kind, path, first)
        there = places_of(question.keys)
        known = travel.answered(there, there, TravelMode.CAR)
        assert np.count_nonzero(known) == first.fetched
        estimate = EstimateTravel().matrix(there, there, TravelMode.CAR).seconds
        assert np.array_equal(travel.matrix(there, there, TravelMode.CAR).seconds[~known], estimate[~known])

        stand_in.units, stand_in.per_day = 0, 1e9
        before = len(stand_in.asked)
        second = ask(stand_in, path, question, time=time)
        assert (second.cached, second.fetched, second.estimated) == (first.fetched, total - first.fetched, {})
        again = ask(stand_in, path, question, time=time)
        assert (again.cached, again.fetched) == (total, 0)
        asked_pairs = sum(len(asked.origins) * len(asked.destinations) for asked in stand_in.asked[before:])
        # Blocks are cut down to rows and columns that miss something.
        assert asked_pairs <= total - first.fetched + 60
        # What was planned from keeps its figures.
        assert np.array_equal(travel.answered(there, there, TravelMode.CAR), known)


@pytest.mark.parametrize("kind", ["amap", "baidu", "tencent"])
def test_a_wrong_key_is_told_but_never_shown(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    path = tmp_path / "c.sqlite"
    with StandIn(kind=kind) as stand_in:
        denied = ask(stand_in, path, chengdu(20), key="wrong-k3y")
        good = ask(stand_in, path, chengdu(20), most=1_000_000)
    assert denied.estimated == {Reason.DENIED: 20 * 19}
    assert stand_in.refused == ["key"]
    assert good.fetched == 20 * 19
    said = caplog.text + repr(denied) + repr(good) + path.read_bytes().decode("latin-1")
    assert "HTTP Request" in caplog.text, "the log has addresses"
    assert KEY not in said
    assert "wrong-k3y" not in said


@pytest.mark.parametrize("kind", KINDS)
def test_places_without_a_road_are_asked_for_once_and_estimated(kind: str, tmp_path: Path) -> None:
    question = chengdu(6)
    at_sea = chengdu(1)
    keys = np.unique(np.append(question.keys, at_sea.keys - 6 * 100_000))
    question = type(question)(mode=question.mode, keys=keys, reach_m=2_000_000)
    with StandIn(kind=kind) as stand_in:
        first = ask(stand_in, tmp_path / "c.sqlite", question, most=1_000_000)
        assert first.estimated == {Reason.NO_WAY: 12}
        assert first.fetched == 6 * 5
        asked = len(stand_in.asked)
        second = ask(stand_in, tmp_path / "c.sqlite", question)
        assert len(stand_in.asked) == asked
    assert (second.cached, second.estimated) == (6 * 5, {Reason.NO_WAY: 12})


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_listens(kind: str, tmp_path: Path) -> None:
    stand_in, time = StandIn(kind=kind), NoTime()
    with stand_in:
        pass
    gathered = ask(stand_in, tmp_path / "c.sqlite", chengdu(10), time=time)
    assert gathered.estimated == {Reason.UNREACHABLE: 90}
    assert gathered.said == "ConnectError, 4 times"
    assert [wait for wait in time.waits if wait in (1.0, 2.0, 4.0)] == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("kind", "other", "reason"),
    [
        ("osrm", (200, b"<html>a login page</html>"), Reason.NOT_UNDERSTOOD),
        ("amap", (200, {"status": "1", "infocode": "10000", "results": "none"}), Reason.NOT_UNDERSTOOD),
        ("baidu", (200, {"status": 0, "result": []}), Reason.NOT_UNDERSTOOD),
        ("tencent", (200, []), Reason.NOT_UNDERSTOOD),
        ("valhalla", (403, b"no"), Reason.DENIED),
        ("osrm", (400, {"code": "InvalidUrl"}), Reason.NOT_UNDERSTOOD),
        ("osrm", (502, b"bad gateway"), Reason.UNREACHABLE),
    ],
)
def test_an_answer_that_is_none_ends_the_asking(
    kind: str, other: tuple[int, object], reason: Reason, tmp_path: Path
) -> None:
    with StandIn(kind=kind, before=lambda number: other) as stand_in:
        gathered = ask(stand_in, tmp_path / "c.sqlite", chengdu(10))
    assert gathered.estimated == {reason: 90}
    assert gathered.said


def test_a_stumble_is_forgiven(tmp_path: Path) -> None:
    time = NoTime()
    with StandIn(kind="osrm", before=lambda number: (503, b"") if number < 3 else None) as stand_in:
        gathered = ask(stand_in, tmp_path / "c.sqlite", chengdu(10), time=time)
    assert (gathered.fetched, gathered.said) == (90, "")


def test_modes_without_a_profile_are_estimated_and_counted(tmp_path: Path) -> None:
    with StandIn(kind="osrm") as stand_in:
        question = chengdu(10, TravelMode.EBIKE)
        gathered = ask(stand_in, tmp_path / "c.sqlite", question)
        assert stand_in.number == 0
    assert gathered.estimated == {Reason.NO_PROFILE: 90}
    there = places_of(question.keys)
    travel, estimate = travel_of("osrm", tmp_path / "c.sqlite", gathered), EstimateTravel()
    assert np.array_equal(
        travel.matrix(there, there, TravelMode.EBIKE).seconds, estimate.matrix(there, there, TravelMode.EBIKE).seconds
    )


def test_baidu_rides_and_walks(tmp_path: Path) -> None:
    asked = [chengdu(5, mode) for mode in (TravelMode.EBIKE, TravelMode.WALK)]
    with StandIn(kind="baidu") as stand_in:
        gathered = ask(stand_in, tmp_path / "c.sqlite", *asked)
    assert {question.profile for question in stand_in.asked} == {"riding", "walking"}
    assert gathered.fetched == 40


def test_old_answers_are_asked_for_again(tmp_path: Path) -> None:
    time, path = NoTime(), tmp_path / "c.sqlite"
    with StandIn(kind="osrm") as stand_in:
        ask(stand_in, path, chengdu(10), time=time, max_age_s=100)
        time.now += 90
        assert ask(stand_in, path, chengdu(10), time=time, max_age_s=100).cached == 90
        time.now += 20
        assert ask(stand_in, path, chengdu(10), time=time, max_age_s=100).fetched == 90


def test_a_run_asks_for_no_more_than_it_may_and_the_nearest_first(tmp_path: Path) -> None:
    question = chengdu(60)
    with StandIn(kind="baidu") as stand_in:
        gathered = ask(stand_in, tmp_path / "c.sqlite", question, most=1_000)
    assert stand_in.units <= 1_000
    assert gathered.estimated == {Reason.RUN_LIMIT: 60 * 59 - gathered.fetched}
    there = places_of(question.keys)
    travel = travel_of("baidu", tmp_path / "c.sqlite", gathered)
    known = travel.answered(there, there, TravelMode.CAR)
    metres = straight_m(unit_vectors(there)[:, None], unit_vectors(there))
    apart = ~np.eye(len(there), dtype=bool)
    assert metres[known].mean() < 0.7 * metres[~known & apart].mean()
