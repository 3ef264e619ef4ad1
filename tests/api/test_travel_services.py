"""A day planned from a service over HTTP: told in the plan, checked without asking again, never silently estimated."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from api import cli
from api.console import print_kpis
from api.planning import Planned, check_day, explain_day, plan_day
from api.travel_source import open_provider, open_source
from datasets.day import read_day
from datasets.faults import DayRefused
from geo.remote.gather import Surroundings
from optimizer.budget import Steps
from optimizer.workers import HereWorkers
from tests.bad_days import make_network
from tests.geo.remote.gathering import KINDS
from tests.geo.remote.stand_in import KEY, StandIn

JOBS, TECHNICIANS = 12, 6


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIGONG_TRAVEL_CACHE", str(tmp_path / "cache" / "travel.sqlite3"))
    for kind in KINDS:
        monkeypatch.setenv(f"PAIGONG_{kind.upper()}_RATE", "1000000")
        monkeypatch.setenv(f"PAIGONG_{kind.upper()}_RUN_LIMIT", "1000000")
        monkeypatch.setenv(f"PAIGONG_{kind.upper()}_KEY", KEY)


def day_for(stand_in: StandIn, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a small day that asks the stand-in."""
    make_network.write(folder, jobs=JOBS, technicians=TECHNICIANS)
    travel = stand_in.kind
    if travel in {"osrm", "valhalla"}:
        travel = f"{travel}:{stand_in.address}"
    else:
        monkeypatch.setenv(f"PAIGONG_{stand_in.kind.upper()}_URL", stand_in.address)
    settings = (folder / "day.toml").read_text(encoding="utf-8")
    (folder / "day.toml").write_text(settings.replace('travel = "estimate"', f'travel = "{travel}"'), encoding="utf-8")
    return folder


def plan(day: Path, out: Path) -> Planned:
    return plan_day(
        day, out, base=None, budget=Steps(steps=200), workers=HereWorkers(), seed=1, progress=lambda *_: None
    )


def told(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "plan.json").read_text(encoding="utf-8"))["travel"]
    assert json.loads((out / "kpis.json").read_text(encoding="utf-8"))["travel_times"] == found
    return found


def legs_in(out: Path) -> int:
    routes = json.loads((out / "plan.json").read_text(encoding="utf-8"))["routes"]
    return sum(len(route["stops"]) + 1 for route in routes if route["stops"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_day_is_planned_from_the_service_and_checked_from_the_cache(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with StandIn(kind=kind) as stand_in:
        day, out = day_for(stand_in, tmp_path / "day", monkeypatch), tmp_path / "out"
        print_kpis(plan(day, out))
        asked = stand_in.number
        again = open_source(read_day(day), Surroundings()).gathered
        assert open_provider(read_day(day)).name == told(out)["provider"], "the cache as it stands"
        assert stand_in.number == asked, "everything was cached"
    said = told(out)
    assert not said["is_estimate"]
    assert said["legs"] == {"answered": legs_in(out), "estimated": 0}
    assert said["pairs"]["fetched"] > 0
    assert (said["pairs"]["estimated"], said["reasons"], said["ended"]) == (0, [], "")
    assert again is not None
    assert again.cached == said["pairs"]["fetched"]
    # Nothing listens any more.
    assert check_day(day, out) == ()
    assert explain_day(day, out, "J1")
    printed = " ".join(capsys.readouterr().out.split())
    assert f"Legs of the plan: {legs_in(out)} as the service answered, 0 estimated." in printed
    with (out / "stops.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert len(list(csv.DictReader(stream))) > 0
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name != "day.toml")
    assert KEY.encode() not in written


def test_when_the_quota_ends_the_plan_says_what_is_estimated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with StandIn(kind="amap", per_day=8) as stand_in:
        day, out = day_for(stand_in, tmp_path / "day", monkeypatch), tmp_path / "out"
        print_kpis(plan(day, out))
        said = told(out)
        assert said["legs"]["answered"] + said["legs"]["estimated"] == legs_in(out)
        assert said["legs"]["estimated"] > 0
        assert said["reasons"] == [{"reason": "quota", "pairs": said["pairs"]["estimated"]}]
        assert said["ended"] == "AMap answered 10044"
        printed = " ".join(capsys.readouterr().out.split())
        assert f"{said['legs']['estimated']} estimated" in printed
        assert "Estimated because: quota" in printed
        assert "Asking ended early: AMap answered 10044." in printed

        # The day after: the rest is asked for, and the plan of before still stands on its own figures.
        stand_in.units, stand_in.per_day = 0, 1e9
        plan(day, tmp_path / "later")
    later = told(tmp_path / "later")
    assert later["pairs"]["cached"] == said["pairs"]["fetched"]
    assert later["pairs"]["estimated"] == later["legs"]["estimated"] == 0
    assert check_day(day, out) == ()
    assert check_day(day, tmp_path / "later") == ()


def test_a_service_that_is_not_there_makes_an_estimate_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with StandIn(kind="tencent", before=lambda number: (403, b"")) as stand_in:
        day, out = day_for(stand_in, tmp_path / "day", monkeypatch), tmp_path / "out"
        print_kpis(plan(day, out))
    said = told(out)
    assert said["is_estimate"]
    assert said["legs"] == {"answered": 0, "estimated": legs_in(out)}
    assert [row["reason"] for row in said["reasons"]] == ["denied"]
    assert "ALL of them an estimate" in " ".join(capsys.readouterr().out.split())
    assert check_day(day, out) == ()


def test_a_plan_whose_figures_are_gone_is_not_checked_by_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(kind="osrm") as stand_in:
        day, out = day_for(stand_in, tmp_path / "day", monkeypatch), tmp_path / "out"
        plan(day, out)
        monkeypatch.setenv("PAIGONG_TRAVEL_CACHE", str(tmp_path / "elsewhere.sqlite3"))
        with pytest.raises(DayRefused, match=r"elsewhere\.sqlite3: no such file"):
            check_day(day, out)
    monkeypatch.setenv("PAIGONG_TRAVEL_CACHE", str(tmp_path / "cache" / "travel.sqlite3"))
    forged = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    forged["travel"]["legs"]["answered"] += 1
    (out / "plan.json").write_text(json.dumps(forged), encoding="utf-8")
    assert any("legs are as a map service answered" in str(untrue) for untrue in check_day(day, out))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PAIGONG_AMAP_KEY", "", "PAIGONG_AMAP_KEY must hold the key"),
        ("PAIGONG_AMAP_URL", "ftp://secret@there", "PAIGONG_AMAP_URL must be http://HOST:PORT"),
        ("PAIGONG_AMAP_RATE", "fast", "PAIGONG_AMAP_RATE must be a number above 0"),
        ("PAIGONG_AMAP_RUN_LIMIT", "-1", "PAIGONG_AMAP_RUN_LIMIT must be a number above 0"),
        ("PAIGONG_TRAVEL_MAX_AGE_DAYS", "0", "PAIGONG_TRAVEL_MAX_AGE_DAYS must be a number above 0"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(
    name: str, value: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(kind="amap") as stand_in:
        day = day_for(stand_in, tmp_path / "day", monkeypatch)
        monkeypatch.setenv(name, value)
        with pytest.raises(DayRefused) as caught:
            open_source(read_day(day), Surroundings())
        assert stand_in.number == 0
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


def test_on_the_command_line_workers_read_what_the_command_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with StandIn(kind="baidu", per_day=100) as stand_in:
        day, out = day_for(stand_in, tmp_path / "day", monkeypatch), tmp_path / "out"
        for arguments in (["plan", day, "-o", out, "--iterations", "200", "--workers", "2"], ["check", day, out]):
            monkeypatch.setattr("sys.argv", ["paigong", "day", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                cli.main()
            assert ended.value.code == 0
    said, printed = told(out), capsys.readouterr()
    assert stand_in.refused == ["quota"]
    assert said["legs"]["estimated"] > 0
    assert "Estimated because: quota" in " ".join(printed.out.split())
    assert KEY not in printed.out + printed.err
