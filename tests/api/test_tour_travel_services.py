"""Tours from a service over HTTP: ways between villages, beds and homes are asked for, and checked from the cache."""

import json
from pathlib import Path
from typing import Any

import pytest

from api.tour_levers import LeversAsked
from api.touring import check_tour_folder, plan_tour_folder
from optimizer.budget import Steps
from optimizer.workers import HereWorkers
from tests.api.tour_region import TOML, region, write_region
from tests.geo.remote.stand_in import StandIn

VILLAGES, BEDS, HOMES = 4, 1, 2


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIGONG_TRAVEL_CACHE", str(tmp_path / "cache" / "travel.sqlite3"))
    monkeypatch.setenv("PAIGONG_OSRM_RATE", "1000000")


def planned(folder: Path, out: Path, address: str) -> dict[str, Any]:
    toml = TOML.replace('travel = "estimate"', f'travel = "osrm:{address}"')
    write_region(folder, region(), toml)
    plan_tour_folder(
        folder,
        out,
        levers=LeversAsked(),
        fit=False,
        budget=Steps(steps=60),
        workers=HereWorkers(),
        seed=1,
        progress=lambda *_: None,
    )
    found: dict[str, Any] = json.loads((out / "tours.json").read_text(encoding="utf-8"))["travel"]
    return found


def test_ways_of_tours_are_asked_for_and_checked_from_the_cache(tmp_path: Path) -> None:
    with StandIn(kind="osrm") as stand_in:
        said = planned(tmp_path / "day", tmp_path / "out", stand_in.address)
        asked = stand_in.number
        assert check_tour_folder(tmp_path / "day", tmp_path / "out") == []
        assert stand_in.number == asked > 0
        again = planned(tmp_path / "day", tmp_path / "again", stand_in.address)
        assert stand_in.number == asked
    assert not said["is_estimate"]
    places = VILLAGES + BEDS + HOMES
    assert said["pairs"]["fetched"] == again["pairs"]["cached"] >= places * (places - 1) - 2 * VILLAGES
    kpis = json.loads((tmp_path / "out" / "kpis.json").read_text(encoding="utf-8"))
    assert kpis["travel_times"] == said
    # A later state of the cache is none of theirs.
    assert check_tour_folder(tmp_path / "day", tmp_path / "out") == []


def test_a_service_that_is_away_is_not_hidden(tmp_path: Path) -> None:
    with StandIn(kind="osrm") as stand_in:
        address = stand_in.address
    said = planned(tmp_path / "day", tmp_path / "out", address)
    assert said["is_estimate"]
    assert said["pairs"]["fetched"] == 0 < said["pairs"]["estimated"] == sum(one["pairs"] for one in said["reasons"])
    assert check_tour_folder(tmp_path / "day", tmp_path / "out") == []
