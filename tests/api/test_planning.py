"""A day folder becomes a plan folder: bad days as files, and replanning against a published plan."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api import planning
from api.console import print_kpis
from api.left_aside import left_aside
from api.planning import PlanIllegal, Planned, check_day, plan_day
from api.replanning import Base
from datasets.day import read_day
from datasets.faults import DayRefused, PlanRefused
from datasets.plan_reading import read_plan
from datasets.whole_folder import ForeignFolder
from optimizer.budget import Steps
from optimizer.model import Rule
from optimizer.parts.model import Shelf
from optimizer.parts.supply import NOTHING_BESIDE
from optimizer.plan import Violation
from optimizer.solve import Engine
from optimizer.workers import HereWorkers
from tests import make
from tests.bad_days import make_network
from tests.bad_days.survive import starts_of, technician_of
from tests.datasets import make_day_folder

SHEETS = ["O1.html", "O2.html", "O3.html", "index.html"]


def plan(day: Path, out: Path, *, base: Path | None = None, steps: int = 400, seed: int = 1) -> Planned:
    return plan_day(
        day,
        out,
        base=None if base is None else Base(out=base),
        budget=Steps(steps=steps),
        workers=HereWorkers(),
        seed=seed,
        progress=lambda *_: None,
    )


def write(folder: Path, cells: make_day_folder.Cells) -> Path:
    return make_day_folder.write(folder, cells)


def left_out(out: Path) -> dict[str, tuple[str, str]]:
    """Return rule and reason by job."""
    with (out / "unassigned.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["job_id"]: (row["rule"], row["reason"]) for row in csv.DictReader(stream)}


def document(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("what", ["no jobs", "one job", "everybody ill", "no technicians", "all in one village"])
def test_a_thin_day_still_makes_every_file(what: str, tmp_path: Path) -> None:
    cells = make_network.tables(jobs=12, technicians=6)
    match what:
        case "no jobs":
            cells["jobs"] = []
        case "one job":
            cells["jobs"] = cells["jobs"][:1]
        case "everybody ill":
            for row in cells["technicians"]:
                row["absent_on"] = "2026-03-02;2026-03-03"
        case "no technicians":
            cells["technicians"] = []
        case "all in one village":
            for row in cells["jobs"]:
                row |= {"lon": "104.0700", "lat": "30.6600"}
    out = tmp_path / "out"
    plan(write(tmp_path / "day", cells), out)
    assert check_day(tmp_path / "day", out) == ()
    jobs = {row["job_id"] for row in cells["jobs"]}
    served = {stop["job_id"] for route in document(out)["routes"] for stop in route["stops"]}
    assert served | left_out(out).keys() == jobs
    assert bool(served) == (what in {"one job", "all in one village"})
    assert (out / "plan.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in (out / "sheets").iterdir()) == SHEETS


def test_a_broken_lock_is_named_in_unassigned_csv(tmp_path: Path) -> None:
    cells = make_network.tables(jobs=12, technicians=6)
    cells["jobs"][0] |= {"skill_level": "3", "lock": "both", "published_technician_id": "T0"}
    cells["jobs"][0] |= {"published_start": "2026-03-02T10:00:00+08:00", "told": "yes", "windows": ""}
    cells["jobs"][1] |= {"consent": "pending"}
    cells["jobs"][2] |= {"windows": "2026-03-02T04:00:00+08:00/2026-03-02T05:30:00+08:00"}
    out = tmp_path / "out"
    plan(write(tmp_path / "day", cells), out)
    assert check_day(tmp_path / "day", out) == ()
    found = left_out(out)
    assert {job_id: rule for job_id, (rule, _) in found.items()} == {"J1": "LOCK", "J2": "CONSENT", "J3": "WINDOW"}
    assert "T0" in found["J1"][1]
    assert "SKILL" in found["J1"][1]


def test_no_outlet_is_live(tmp_path: Path) -> None:
    cells = make_network.tables(jobs=5, technicians=6)
    for row in cells["outlets"]:
        row["closed_on"] = "2026-03-01"
    for row in cells["jobs"]:
        row["centre_id"] = "C1"
    out = tmp_path / "out"
    plan(write(tmp_path / "day", cells), out)
    assert check_day(tmp_path / "day", out) == ()
    assert len(left_out(out)) == 5


def test_replanning_costs_no_more_than_keeping_what_was_published(tmp_path: Path) -> None:
    day = make_network.write(tmp_path / "day", jobs=60, technicians=9)
    published = plan(day, tmp_path / "published", steps=4_000)
    against = plan(day, tmp_path / "against", base=tmp_path / "published", steps=4_000, seed=2)
    assert check_day(day, tmp_path / "against") == ()
    assert against.result.cost.total <= published.result.cost.total


def test_replanning_keeps_most_visits_because_changes_are_priced(tmp_path: Path) -> None:
    day = make_network.write(tmp_path / "day", jobs=60, technicians=9)
    plan(day, tmp_path / "published", steps=20_000)
    freely = plan(day, tmp_path / "freely", steps=20_000, seed=2)
    against = plan(day, tmp_path / "against", base=tmp_path / "published", steps=20_000, seed=2)
    assert kept(day, tmp_path / "published", tmp_path / "freely") < 0.5
    assert kept(day, tmp_path / "published", tmp_path / "against") >= 0.8
    assert freely.result.cost.churn == 0
    assert document(tmp_path / "against")["cost_fen"]["churn"] == against.result.cost.churn


def test_a_call_that_came_in_since_is_added_and_moves_few(tmp_path: Path) -> None:
    cells = make_network.tables(jobs=60, technicians=9)
    plan(write(tmp_path / "before", cells | {"jobs": cells["jobs"][:59]}), tmp_path / "published", steps=20_000)
    day = write(tmp_path / "day", cells)
    plan(day, tmp_path / "out", base=tmp_path / "published", steps=20_000)
    plan(day, tmp_path / "freely", steps=20_000)
    assert check_day(day, tmp_path / "out") == ()
    freely = kept(day, tmp_path / "published", tmp_path / "freely")
    assert kept(day, tmp_path / "published", tmp_path / "out") > max(freely, 0.5)


def test_a_technician_who_fell_ill_since_loses_the_visits_and_that_is_priced(tmp_path: Path) -> None:
    cells = make_network.tables(jobs=60, technicians=9)
    before = write(tmp_path / "before", cells)
    plan(before, tmp_path / "published")
    folder = read_day(before)
    visits = technician_of(folder.day, read_plan(tmp_path / "published", folder))
    ill = max(set(visits.values()), key=list(visits.values()).count)
    for row in cells["technicians"]:
        if row["technician_id"] == ill:
            row["absent_on"] = "2026-03-02;2026-03-03"
    day = write(tmp_path / "day", cells)
    result = plan(day, tmp_path / "out", base=tmp_path / "published").result
    assert check_day(day, tmp_path / "out") == ()
    price_fen = read_day(day).day.tariff.churn_technician_fen
    assert result.cost.churn >= price_fen * list(visits.values()).count(ill)


def test_a_job_that_was_cancelled_since_is_forgotten(tmp_path: Path) -> None:
    cells = make_network.tables(jobs=12, technicians=6)
    plan(write(tmp_path / "before", cells), tmp_path / "published")
    day = write(tmp_path / "day", cells | {"jobs": cells["jobs"][1:]})
    plan(day, tmp_path / "out", base=tmp_path / "published")
    assert check_day(day, tmp_path / "out") == ()


def test_a_base_that_is_no_plan_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    day = make_network.write(tmp_path / "day", jobs=3)
    (tmp_path / "base").mkdir()
    with pytest.raises(PlanRefused):
        plan(day, tmp_path / "out", base=tmp_path / "base")
    assert not (tmp_path / "out").exists()


def test_a_base_whose_visits_name_nobody_is_refused(tmp_path: Path) -> None:
    day = make_network.write(tmp_path / "day", jobs=3)
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "stops.csv").write_text(
        "job_id,technician_id,start\nJ1,,2026-03-02T10:00:00+08:00\n", encoding="utf-8"
    )
    with pytest.raises(PlanRefused, match=r"stops\.csv, line 2, technician_id"):
        plan(day, tmp_path / "out", base=tmp_path / "base")


def kept(day: Path, before: Path, after: Path) -> float:
    """Return the share of visits that have the same technician and time."""
    folder = read_day(day)
    plans = [read_plan(out, folder) for out in (before, after)]
    starts, owners = [starts_of(plan) for plan in plans], [technician_of(folder.day, plan) for plan in plans]
    same = [
        job_id
        for job_id, start_s in starts[0].items()
        if owners[1].get(job_id) == owners[0][job_id] and abs(starts[1][job_id] - start_s) <= 900
    ]
    return len(same) / len(starts[0])


def test_the_day_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    cells = make_network.tables(jobs=3)
    cells["jobs"][0]["lon"] = "12"
    with pytest.raises(DayRefused):
        plan(write(tmp_path / "day", cells), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_place_that_is_taken_is_refused_before_the_day_is_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.docx").touch()
    said: list[str] = []
    with pytest.raises(ForeignFolder, match="holds no plan"):
        plan_day(
            tmp_path / "no such day",
            tmp_path / "out",
            base=None,
            budget=Steps(steps=1),
            workers=HereWorkers(),
            seed=1,
            progress=lambda stage, _: said.append(stage),
        )
    assert said == []


def test_an_illegal_plan_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = (Violation(rule=Rule.SKILL, where="job J1", sentence="J1 needs more"),)
    monkeypatch.setattr(planning, "check", lambda *_: found)
    with pytest.raises(PlanIllegal) as caught:
        plan(make_network.write(tmp_path / "day", jobs=3), tmp_path / "out")
    assert caught.value.violations == found
    assert not (tmp_path / "out").exists()


def test_figures_that_are_not_so_are_found_out(tmp_path: Path) -> None:
    day = make_network.write(tmp_path / "day", jobs=12, technicians=6)
    out = tmp_path / "out"
    plan(day, out)
    forged = document(out)
    forged["cost_fen"]["travel"] -= 1_000
    forged["cost_fen"]["total"] -= 1_000
    forged["travel"] = {"provider": "a better one", "is_estimate": False}
    (out / "plan.json").write_text(json.dumps(forged), encoding="utf-8")
    travel, provider = check_day(day, out)
    assert "travel is stated as" in str(travel)
    assert "not from a better one" in str(provider)


def test_small_moves_do_not_add_up_from_plan_to_plan(tmp_path: Path) -> None:
    cells = make_network.tables(jobs=1, technicians=3)
    said = {"technicians_id": "T0", "start": "2026-03-02T14:00:00+08:00"}
    cells["jobs"][0] |= {
        "lock": "time",
        "told": "yes",
        "published_technician_id": "T0",
        "published_start": said["start"],
    }
    day = write(tmp_path / "day", cells)
    base = None
    for number in range(3):
        out = tmp_path / f"out{number}"
        plan(day, out, base=base)
        base = out
    (start,) = [stop["start"] for route in document(out)["routes"] for stop in route["stops"]]
    assert "2026-03-02T13:45" <= start <= "2026-03-02T14:15"
    assert check_day(day, out, tmp_path / "out1") == ()


def test_a_base_replaces_what_was_published_before(tmp_path: Path) -> None:
    cells = make_network.tables(jobs=2, technicians=3)
    plan(write(tmp_path / "before", cells | {"jobs": cells["jobs"][:1]}), tmp_path / "base")
    old = {"lock": "technician", "published_technician_id": "T2", "published_start": "2026-03-02T09:00:00+08:00"}
    cells["jobs"][1] |= old
    result = plan(write(tmp_path / "day", cells), tmp_path / "out", base=tmp_path / "base").result
    assert result.cost.churn == 0


def test_a_road_file_that_cannot_be_read_is_a_fault_of_the_day(tmp_path: Path) -> None:
    day = make_network.write(tmp_path / "day", jobs=2, technicians=3)
    settings = (day / "day.toml").read_text(encoding="utf-8")
    (day / "day.toml").write_text(
        'travel = "osm:roads.osm.pbf"\n' + settings.replace('travel = "estimate"\n', ""), "utf-8"
    )
    (day / "roads.osm.pbf").write_bytes(b"nothing of the kind")
    with pytest.raises(DayRefused, match=r"roads\.osm\.pbf"):
        plan(day, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_on_a_midday_plan_nobody_sets_out_in_the_past(tmp_path: Path) -> None:
    cells = make_network.tables(jobs=30, technicians=9)
    day = write(tmp_path / "day", cells)
    settings = (day / "day.toml").read_text(encoding="utf-8")
    (day / "day.toml").write_text(settings.replace("T06:00:00+08:00", "T13:00:00+08:00"), "utf-8")
    out = tmp_path / "out"
    plan(day, out)
    assert read_day(day).day.now_s == 13 * 3_600
    departures = [route["depart"] for route in document(out)["routes"]]
    assert min(departures) >= "2026-03-02T13:00"
    assert check_day(day, out) == ()


@pytest.mark.parametrize("engine", [Engine.SEARCH, Engine.ORTOOLS])
def test_what_the_routing_model_plans_without_is_told_and_stands_in_the_plan_folder(
    engine: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two outlets have parts of their own, and a pickup lane has a reach."""
    cells = make_day_folder.tables() | make_day_folder.supply()
    cells["lanes"].append(cells["lanes"][0] | {"mode": "pickup", "reach_km": "15"})
    day, out = write(tmp_path / "day", cells), tmp_path / "out"
    planned = plan_day(
        day,
        out,
        base=None,
        budget=Steps(steps=50),
        workers=HereWorkers(),
        seed=1,
        progress=lambda *_: None,
        engine=engine,
    )
    print_kpis(planned)
    shown, told = capsys.readouterr().out, json.loads((out / "kpis.json").read_text("utf-8")).get("parts_left_aside")
    assert planned.left_aside == told
    if engine is Engine.SEARCH:
        assert told is None
    else:
        assert "2 outlets' own shelves and 1 pickup lane that only outlets within its reach may use." in told
        assert told in " ".join(shown.split("\n"))
    assert check_day(day, out) == ()


def test_a_day_without_such_parts_leaves_nothing_aside() -> None:
    day = make.parts_day()
    assert left_aside(day, NOTHING_BESIDE, Engine.POLISH) is None
    nobody = replace(NOTHING_BESIDE, shelves={"o1": {"p1": Shelf(free=0)}})
    assert left_aside(day, nobody, Engine.POLISH) is None
