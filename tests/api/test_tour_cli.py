"""`paigong tour`: tours are written whole or not at all, checked, explained, compared with what happened."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api import cli, tour_rounds, touring
from api.tour_kits import Loaded, load_vans
from datasets.times import instant_text
from datasets.tour_names import KitOrder
from datasets.tour_papers import TOUR_PAPERS
from datasets.tours import TourFolder, read_tours
from optimizer.budget import Remaining
from optimizer.tours.fitting import Advice
from optimizer.tours.model import Touring
from optimizer.tours.plan import TourPlan, TourResult
from optimizer.tours.planning import plan_tours
from tests.api.commands import Run, runs
from tests.csv_rows import rows
from tests.datasets import make_tour_folder as make

FILES = {"tours.json", "tours.geojson", "tours.ics", "tours.png", "kpis.json", "sheets", *TOUR_PAPERS}
STEPS = ("--iterations", "6000", "--workers", "1")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs `paigong tour` in this process."""

    return runs("tour", monkeypatch)


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make.write_cheap_days(tmp_path_factory.mktemp("region") / "region")


@pytest.fixture(scope="module")
def planned(region: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return tours as a process of its own plans them."""
    out = tmp_path_factory.mktemp("planned") / "out"
    ended = process("plan", region, "-o", out, *STEPS)
    assert ended.returncode == cli.DONE, ended.stderr
    assert "jobs done" in ended.stdout
    assert "by hand" in ended.stdout
    assert "Which villages, which days" in ended.stderr
    return out


COMMAND = "import sys; from api.cli import main; sys.argv[0] = 'paigong'; main()"


def process(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "tour", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_tours_are_planned_written_and_legal(
    run: Run, region: Path, planned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert {path.name for path in planned.iterdir()} == FILES
    jobs = {row["job_id"] for row in rows(planned / "visits.csv")}
    left = {row["job_id"] for row in rows(planned / "left_out.csv")}
    assert jobs | left == {f"J{number}" for number in range(1, 9)}
    assert not jobs & left
    assert "J8" in left
    document = json.loads((planned / "kpis.json").read_text(encoding="utf-8"))
    assert set(document["by_hand"]) == set(touring.RULES_BY_HAND)
    assert document["planned"]["total_fen"] >= document["planned"]["bound_fen"]
    assert document["planned"]["announced_kept"] == 1
    assert run("check", region, planned) == cli.DONE
    assert "every rule holds" in capsys.readouterr().out


def test_kits_are_ordered_and_there_before_departure(planned: Path) -> None:
    orders = [row for row in rows(planned / "kit_orders.csv") if row["job_id"]]
    assert [(row["order_line_id"], row["source_id"], row["mode"]) for row in orders] == [("J1/1", "W1", "standard")]
    assert orders[0]["in_time"] == "yes"
    assert orders[0]["ready_at"] <= orders[0]["leaves_at"]


def test_spare_parts_are_ordered_and_aboard(planned: Path) -> None:
    spares = [row for row in rows(planned / "kit_orders.csv") if not row["job_id"]]
    assert {(row["part_id"], row["in_time"]) for row in spares} == {("P4", "yes")}
    aboard = [row for row in rows(planned / "kit.csv") if row["spare"] == "yes"]
    assert [(row["part_id"], row["quantity"]) for row in aboard] == [
        (row["part_id"], row["quantity"]) for row in spares
    ]
    kpis = json.loads((planned / "kpis.json").read_text(encoding="utf-8"))["planned"]
    assert all(0 < permille <= 1000 for permille in kpis["fixed_on_spot_permille"].values())


def test_it_is_said_when_to_go(planned: Path) -> None:
    fitting = json.loads((planned / "kpis.json").read_text(encoding="utf-8"))["fitting"]
    assert [moment["leaves"] for moment in fitting["curve"]] == ["2026-03-02", "2026-03-05", "2026-03-09"]
    assert fitting["advice"] in set(Advice)
    assert {one["job_id"] for one in fitting["forced"]} <= {f"J{number}" for number in range(1, 9)}
    assert "适时" in (planned / "sheets" / "index.html").read_text(encoding="utf-8")


def test_same_seed_and_steps_same_bytes(run: Run, region: Path, planned: Path, tmp_path: Path) -> None:
    assert run("plan", region, "-o", tmp_path / "again", *STEPS) == cli.DONE
    for file in sorted(FILES - {"sheets", "tours.png"}):
        assert (tmp_path / "again" / file).read_bytes() == (planned / file).read_bytes(), file


def test_levers_are_kept_and_known_to_the_checker(run: Run, region: Path, tmp_path: Path) -> None:
    levers = ("--nights", 0, "--never", "V5", "--forbid", "L2", "--more-crew", "K1")
    assert run("plan", region, "-o", tmp_path / "out", *STEPS, *levers) == cli.DONE
    document = json.loads((tmp_path / "out" / "tours.json").read_text(encoding="utf-8"))
    assert document["levers"]["nights"] == 0
    assert document["levers"]["more_crews"] == [{"crew_id": "K1-2", "like": "K1"}]
    assert {day["lodging_id"] for tour in document["tours"] for day in tour["days"]} == {None}
    assert "V5" not in {row["village_id"] for row in rows(tmp_path / "out" / "visits.csv")}
    assert run("check", region, tmp_path / "out") == cli.DONE


def test_a_locked_day_stays_as_the_base_has_it(run: Run, region: Path, planned: Path, tmp_path: Path) -> None:
    day = rows(planned / "days.csv")[0]
    lock = ("--base", planned, "--lock", f"K1@{day['date']}")
    assert run("plan", region, "-o", tmp_path / "out", *STEPS, *lock) == cli.DONE

    def of_day(out: Path) -> set[str]:
        return {row["job_id"] for row in rows(out / "visits.csv") if row["date"] == day["date"]}

    assert of_day(tmp_path / "out") == of_day(planned)


def test_what_a_locked_day_lost_since_and_what_becomes_of_new_calls_is_said(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = rows(planned / "days.csv")[0]
    job_ids = [row["job_id"] for row in rows(planned / "visits.csv") if row["date"] == day["date"]]
    cells = make.cells()
    cells["jobs"] = [row for row in cells["jobs"] if row["job_id"] != job_ids[0]]
    cells["consents"] = [row for row in cells["consents"] if row["job_id"] != job_ids[0]]
    # Nobody agreed to wait with this one.
    cells["jobs"].append({**cells["jobs"][-1], "job_id": "J9", "skill_level": "3"})
    later = make.write(tmp_path / "later", cells, (region / "day.toml").read_text(encoding="utf-8"))
    lock = ("--base", planned, "--lock", f"K1@{day['date']}")
    assert run("plan", later, "-o", tmp_path / "out", *STEPS, *lock) == cli.DONE
    said = capsys.readouterr().out
    assert f"NOT KEPT: K1 is locked on {day['date']} without {job_ids[0]}" in said
    assert "Calls with a running clock: 1 (1 of them new since --base): 0 on a tour, " in said
    assert re.search(r"J9 in .+ \((left to the daily plan|with nobody)\): [A-Z].+\.", said)
    (lost,) = rows(tmp_path / "out" / "not_kept.csv")
    assert (lost["kind"], lost["about"], lost["date"]) == ("lock", job_ids[0], day["date"])
    kept = {row["job_id"] for row in rows(tmp_path / "out" / "visits.csv") if row["date"] == day["date"]}
    assert kept == set(job_ids[1:])
    assert run("check", later, tmp_path / "out") == cli.DONE


def test_a_told_date_that_cannot_be_kept_is_given_up_and_said_first(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = make.cells()
    cells["villages"][2]["cut_off"] = "2026-03-05"
    cells["villages"][0]["announced"] = "2026-03-04"
    cells["villages"][5]["announced"] = "2026-03-06"
    toml = make.settings(
        '[tour.charges]\nday_fen = 2000\n[tour.walk_ins]\nproduct = "fridge"\nper_thousand = 60\nlead_days = 0'
    )
    region = make.write(tmp_path / "region", cells, toml)
    assert run("plan", region, "-o", tmp_path / "out", *STEPS) == cli.DONE
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("NOT KEPT: 雅江村 was told 2026-03-05, which cannot be kept because the road is cut off")
    assert said[1].startswith("NOT KEPT: 孤村 was told 2026-03-06, which cannot be kept because no day's drive")
    lost = rows(tmp_path / "out" / "not_kept.csv")
    assert [(row["kind"], row["about"], row["date"]) for row in lost] == [
        ("date", "V3", "2026-03-05"),
        ("date", "V6", "2026-03-06"),
    ]
    visits = [row for row in rows(tmp_path / "out" / "visits.csv") if row["village_id"] == "V3"]
    assert "walk-in@V3" in {row["job_id"] for row in visits}, "what people bring follows the new date"
    assert lost[0]["now_date"] == min(row["date"] for row in visits) != "2026-03-05"
    assert lost[1]["now_date"] == ""
    messages = rows(tmp_path / "out" / "announcements.csv")
    corrects = {row["message"] for row in messages if row["status"] in {"moved", "cancelled"}}
    corrected = [row["message"] in corrects for row in messages]
    assert corrected == sorted(corrected, reverse=True), "corrections come first"
    assert {row["village_id"] for row in messages if row["status"] in {"moved", "cancelled"}} == {"V3", "V6"}
    # One date takes the place of the one that was told, others are new.
    (moved,) = (row for row in messages if row["status"] == "moved")
    assert (moved["village_id"], moved["date"]) == ("V3", lost[0]["now_date"])
    assert "原定3月5日（周四）的巡回维修改期" in moved["text"]
    kept = [row["date"] for row in rows(tmp_path / "out" / "visits.csv") if row["village_id"] == "V1"]
    assert "2026-03-04" in kept
    page = (tmp_path / "out" / "sheets" / "index.html").read_text(encoding="utf-8")
    assert page.index("未能保留的承诺") < page.index("行程</h2>")
    assert run("check", region, tmp_path / "out") == cli.DONE


def test_every_fault_of_levers_is_told_at_once(
    run: Run, region: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    levers = ("--must", "V77", "--must", "V1", "--never", "V1", "--forbid", "L3", "--more-crew", "K2")
    dates = ("--lock", "K1@2026-03-03", "--merge", "K1@2026-03-05/2026-03-04", "--more-day", "K1@2027-01-01")
    assert run("plan", region, "-o", tmp_path / "out", *STEPS, *levers, *dates) == cli.REFUSED
    said = capsys.readouterr().err
    for text in ('--must: "V77"', '"V1" cannot be both', '"L3"', '"K2"', "needs --base", "--merge", "--more-day"):
        assert text in said
    assert not (tmp_path / "out").exists()


def test_levers_name_places_by_id_or_name(
    run: Run, region: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    levers = ("--must", "孤村", "--never", "孤村", "--must", "雅江", "--forbid", "雅江旅店", "--forbid", "雅店")
    assert run("plan", region, "-o", tmp_path / "out", *STEPS, *levers) == cli.REFUSED
    assert capsys.readouterr().err.splitlines()[-3:] == [
        '--must: "雅江"; allowed: a village of villages.csv, by id or name; did you mean 雅江村?',
        '--forbid: "雅店"; allowed: a lodging of lodgings.csv, by id or name; did you mean 雅江旅店?',
        '--must, --never: "V6" cannot be both',
    ]


def test_villages_beyond_a_days_drive_are_said_in_one_line(
    run: Run, region: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    levers = ("--km", 1, "--must", "V1", "--must", "雅江村")
    assert run("plan", region, "-o", tmp_path / "out", "--iterations", 300, "--workers", 1, *levers) == cli.DONE
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("NOT KEPT")]
    (said,) = [line for line in lines if "must be visited" in line]
    assert said.startswith("NOT KEPT (2): 新都桥村, 雅江村 must be visited, and are not: ")
    assert "新都桥村、雅江村必须前往，但未能安排：" in said


def test_levers_that_cannot_hold_are_refused_before_anything_is_planned(
    run: Run, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The base locks 4 March with J2, J1, J6 and J5 and a night at L2."""
    cells = make.cells()
    cells["villages"][3]["cut_off"] = "2026-03-04"
    cells["crews"][0] |= {"van_down_on": "2026-03-07", "van_back_on": "2026-03-08"}
    region = make.write(tmp_path / "region", cells)
    lock = ("--base", planned, "--lock", "K1@2026-03-04", "--forbid", "L2", "--never", "V1")
    spans = ("K1@2026-03-02/2026-03-08", "K1@2026-03-04/2026-03-04", "K1@2026-03-05/2026-03-07")
    merge = [word for span in spans for word in ("--merge", span)]
    assert run("plan", region, "-o", tmp_path / "out", *STEPS, *lock, *merge) == cli.REFUSED
    said = capsys.readouterr().err
    for text in (
        "its night is in L2, which is forbidden",
        "J1 is in V1, which is never to be visited",
        "J6 is in V4, which is cut off that day",
        '"K1@2026-03-02/2026-03-08"; that is 6 nights, and 4 are allowed',
        '"K1@2026-03-05/2026-03-07"; it cannot come home: its van is down',
        "K1@2026-03-04/2026-03-04 shares days with it",
        "2026-03-04 is locked to end in L2",
    ):
        assert text in said, text
    days = ("--more-day", "K1@2026-03-03", "--more-day", "K1@2026-03-07")
    assert run("plan", region, "-o", tmp_path / "out", *STEPS, *days) == cli.REFUSED
    said = capsys.readouterr().err
    assert '"K1@2026-03-03"; it works that day already' in said
    assert '"K1@2026-03-07"; its van is down that day' in said
    assert not (tmp_path / "out").exists()


def test_a_tour_that_was_wanted_as_one_and_is_not_made_is_said(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = make.cells()
    cells["lodgings"] = [row | {"closed_on": "2026-03-03"} for row in cells["lodgings"]]
    region = make.write(tmp_path / "region", cells)
    merge = ("--merge", "K1@2026-03-03/2026-03-04", "--no-fit")
    assert run("plan", region, "-o", tmp_path / "out", *STEPS, *merge) == cli.DONE
    assert "NOT KEPT: K1 was to be on one tour from 2026-03-03 to 2026-03-04" in capsys.readouterr().out
    assert "span" in {row["kind"] for row in rows(tmp_path / "out" / "not_kept.csv")}


def test_a_bad_folder_is_refused_with_every_fault(tmp_path: Path) -> None:
    cells = make.cells()
    cells["lodgings"][0]["price_fen"] = "-4"
    cells["villages"][0]["households"] = "many"
    region = make.write(tmp_path / "region", cells)
    ended = process("plan", region, "-o", tmp_path / "out", *STEPS)
    assert ended.returncode == cli.REFUSED
    assert 'lodgings.csv, line 2, price_fen: "-4"' in ended.stderr
    assert 'villages.csv, line 2, households: "many"' in ended.stderr
    assert not (tmp_path / "out").exists()


def test_something_else_is_not_replaced(run: Run, region: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    assert run("plan", region, "-o", tmp_path / "mine", *STEPS) == cli.REFUSED
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_what_the_checker_objects_to_is_never_written(
    run: Run, region: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def careless(*given: Any) -> TourResult:
        found: TourResult = plan(*given)
        tour = found.plan.tours[0]
        longer = tuple(replace(day, travel_m=day.travel_m + 1) for day in tour.days)
        return replace(found, plan=TourPlan(tours=(replace(tour, days=longer),), left_out=found.plan.left_out))

    plan = plan_tours
    monkeypatch.setattr(tour_rounds, "plan_tours", careless)
    assert run("plan", region, "-o", tmp_path / "out", *STEPS) == cli.INTERNAL
    assert "This is a defect of Paigong" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_kit_that_comes_too_late_is_planned_around(
    run: Run, region: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Touring] = []

    def late_at_first(folder: TourFolder, asked: Touring, plan: TourPlan, remaining: Remaining) -> Loaded:
        seen.append(asked)
        found = load_vans(folder, asked, plan, remaining)
        if len(seen) > 1:
            return found
        assert [order.job_id for order in found.orders if order.job_id] == ["J1"]
        return replace(found, orders=tuple(late(order) if order.job_id else order for order in found.orders))

    def late(order: KitOrder) -> KitOrder:
        pieces = tuple(replace(piece, ready_p90_s=order.leaves_s + 1) for piece in order.pieces)
        return replace(order, ready_s=order.leaves_s + 1, pieces=pieces)

    monkeypatch.setattr(tour_rounds, "load_vans", late_at_first)
    assert run("plan", region, "-o", tmp_path / "out", *STEPS) == cli.DONE
    first, second = ({job.id: job.kit_ready_s for job in asked.jobs}["J1"] for asked in seen)
    assert first is not None
    assert second is not None
    assert second > first
    begun = [row["start"] for row in rows(tmp_path / "out" / "visits.csv") if row["job_id"] == "J1"]
    assert all(start > instant_text(seen[1].date, second) for start in begun)


def test_spares_that_nobody_has_are_said(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = make.cells()
    cells["stock"] = [row for row in cells["stock"] if row["part_id"] != "P4"]
    cells["van_parts"][0] |= {"chance_permille": "1000"}
    toml = make.settings("[tour.charges]\nday_fen = 2000")
    region = make.write(tmp_path / "region", cells, toml)
    assert run("plan", region, "-o", tmp_path / "out", *STEPS) == cli.DONE
    short = rows(tmp_path / "out" / "kit_short.csv")
    assert short
    assert {(row["part_id"], row["there"], row["left"]) for row in short} == {("P4", "0", "0")}
    said = capsys.readouterr().out
    for row in short:
        assert f"Too few spares for {row['tour_id']}: P4 {row['wanted']} wanted, 0 there: no stock." in said
        assert f"{row['tour_id']} 备件不足：P4 需 {row['wanted']} 件，到 0 件（无库存）。" in said
    assert "meets 0 % on average, 0 % on the tour that has fewest aboard" in said
    assert run("check", region, tmp_path / "out") == cli.DONE


def test_check_finds_broken_rules_and_untrue_figures(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit(document: Any) -> None:
        document["cost_fen"]["wages"] -= 500
        document["cost_fen"]["total"] -= 500
        document["tours"][0]["days"][0]["visits"][0]["travel_s"] += 60

    assert run("check", region, make.edited(planned, tmp_path / "bad", edit)) == cli.VIOLATIONS
    said = capsys.readouterr().out
    assert "STATED  wages" in said
    assert "TRAVEL" in said


def test_check_tells_which_rows_of_other_papers_say_something_else(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "edited"
    shutil.copytree(planned, out)
    first, second, *others = rows(planned / "visits.csv")
    with (out / "visits.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(first))
        writer.writeheader()
        writer.writerows([first | {"start": "2026-03-04T09:00:00+08:00"}, *others, second | {"job_id": "J77"}])
    told = (out / "announcements.csv").read_text(encoding="utf-8-sig")
    (out / "announcements.csv").write_text(told.replace("维修队", "维修队伍", 1), encoding="utf-8-sig")
    assert run("check", region, out) == cli.VIOLATIONS
    said = capsys.readouterr().out
    assert f"PAPER  visits.csv, line 2 ({first['job_id']}), start:" in said
    assert "(J77): tours.json has no such row" in said
    assert f"PAPER  visits.csv: no row for {second['job_id']}, which tours.json has" in said
    assert "PAPER  announcements.csv, line " in said
    assert said.count("PAPER") == 4, said


def test_check_knows_what_known_jobs_need_and_which_sheets_there_are(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(planned, out)
    assert run("check", region, out) == cli.DONE
    kit = rows(planned / "kit.csv")
    number, own = next((number, row) for number, row in enumerate(kit) if row["spare"] == "no")

    def write(lines: list[dict[str, str]]) -> None:
        with (out / "kit.csv").open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, list(own))
            writer.writeheader()
            writer.writerows(lines)

    write([*kit[:number], *kit[number + 1 :]])
    capsys.readouterr()
    assert run("check", region, out) == cli.VIOLATIONS
    said = f"PAPER  kit.csv: no row for {own['tour_id']} {own['job_id']} {own['part_id']}, which tours.json has"
    assert said in capsys.readouterr().out
    write([*kit[:number], own | {"quantity": "9"}, *kit[number + 1 :]])
    assert run("check", region, out) == cli.VIOLATIONS
    assert f'({own["tour_id"]} {own["job_id"]} {own["part_id"]}), quantity: "9"' in capsys.readouterr().out
    write(list(reversed(kit)))
    sheet = out / "sheets" / f"{own['tour_id']}.html"
    sheet.rename(sheet.with_name("K1@2020-01-01.html"))
    assert run("check", region, out) == cli.VIOLATIONS
    assert capsys.readouterr().out.splitlines() == [
        f"PAPER  sheets/{sheet.name} is not there",
        "PAPER  sheets/K1@2020-01-01.html is of no tour that tours.json has",
        "2 violations.",
    ]
    shutil.rmtree(out / "sheets")
    assert run("check", region, out) == cli.DONE


def test_spare_parts_that_are_aboard_otherwise_than_ordered_are_told(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    shutil.copytree(planned, out)
    (spare,) = {row["quantity"] for row in rows(out / "kit.csv") if row["spare"] == "yes" and row["part_id"] == "P4"}
    kit = (out / "kit.csv").read_text(encoding="utf-8-sig")
    (out / "kit.csv").write_text(kit.replace(f",{spare},no,yes,", f",{spare}0,no,yes,"), encoding="utf-8-sig")
    assert run("check", region, out) == cli.VIOLATIONS
    assert f"PAPER  kit.csv has {spare}0 spare P4 for " in capsys.readouterr().out


def test_tours_of_another_folder_are_told_in_one_sentence(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(region, other)
    for table in ("jobs", "consents"):
        text = (other / f"{table}.csv").read_text(encoding="utf-8-sig")
        (other / f"{table}.csv").write_text(re.sub(r"\bJ(\d)\b", r"JX\1", text), encoding="utf-8-sig")
    assert run("check", other, planned) == cli.REFUSED
    said = capsys.readouterr().err
    assert said.count("these tours belong to another folder") == 1
    assert "JX" not in said
    assert len(said.splitlines()) <= 4
    dated = make.edited(planned, tmp_path / "dated", lambda document: document.update(date="2026-04-01"))
    assert run("check", region, dated) == cli.REFUSED
    assert capsys.readouterr().err.count("these tours belong to another folder") == 1


def test_tours_of_another_region_are_nothing_to_begin_from(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def elsewhere(document: dict[str, Any]) -> None:
        for visit in (visit for tour in document["tours"] for day in tour["days"] for visit in day["visits"]):
            visit["village_id"] = f"X{visit['village_id']}"

    other = make.edited(planned, tmp_path / "other", elsewhere)
    assert run("plan", region, "-o", tmp_path / "out", "--base", other, *STEPS) == cli.REFUSED
    said = capsys.readouterr().err
    assert said.count("these tours belong to another folder") == 1
    assert "0 of them of this day folder" in said
    assert not (tmp_path / "out").exists()


def test_check_refuses_what_it_cannot_read(run: Run, region: Path, tmp_path: Path) -> None:
    assert run("check", region, tmp_path / "nowhere") == cli.REFUSED


def test_a_job_and_a_village_are_explained(
    run: Run, region: Path, planned: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("explain", region, planned, "J8", "--lang", "en") == cli.DONE
    assert "J8 is left out" in capsys.readouterr().out
    assert run("explain", region, planned, "雅江村", "--lang", "zh") == cli.DONE
    said = capsys.readouterr().out
    assert "有巡回停靠" in said
    assert "此前已通知" in said
    assert run("explain", region, planned, "J88") == cli.REFUSED
    assert "did you mean J8" in capsys.readouterr().err


def test_planned_against_actual(
    run: Run,
    region: Path,
    planned: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    first, second, *_ = rows(planned / "visits.csv")
    lines = ["job_id,outcome,start,end,note"]
    lines.append(f"{first['job_id']},done,{first['start']},{first['end']},=SUM(1)")
    lines.append(f"{second['job_id']},no_part,,,")
    lines.append("X1,done,2026-03-05T10:00:00+08:00,2026-03-05T10:30:00+08:00,walk-in")
    (tmp_path / "actual.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert run("progress", region, planned, tmp_path / "actual.csv", "--table", tmp_path / "progress.csv") == cli.DONE
    said = capsys.readouterr().out
    assert "Not planned: 1 (X1)" in said
    table = said[: said.index("Not planned")]
    assert max(map(len, table.splitlines())) <= 80
    assert "…" not in table
    for words in (f"K1@{first['date']}", "planned", "done", "nobody", "reached", "other", "nothing", "written", "mean"):
        assert words in table, words
    found = {row["job_id"]: row for row in rows(tmp_path / "progress.csv")}
    assert (found[first["job_id"]]["late_s"], found[first["job_id"]]["longer_s"]) == ("0", "0")
    assert found[first["job_id"]]["note"] == "'=SUM(1)"
    assert found[second["job_id"]]["outcome"] == "no_part"
    assert found["X1"]["planned_start"] == ""


def test_the_table_of_what_happened_overwrites_nothing_else(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    actual = tmp_path / "actual.csv"
    actual.write_text("job_id,outcome,start,end,note\n", encoding="utf-8")
    others = {place: place.read_bytes() for place in (region / "villages.csv", planned / "visits.csv", actual)}
    for place in others:
        assert run("progress", region, planned, actual, "--table", place) == cli.REFUSED
        assert "nothing was written" in capsys.readouterr().err
    onward = tmp_path / "onward"
    moment = ("--now", "2026-03-03T22:00:00+08:00", "--plan-unreported")
    assert run("progress", region, planned, actual, "-o", onward, *moment, "--table", onward / "x.csv") == cli.REFUSED
    assert {place: place.read_bytes() for place in others} == others
    assert not onward.exists()


def test_faults_of_what_crews_wrote_are_told_at_once(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "actual.csv").write_text(
        "job_id,outcome,start,end,note\nJ1,fine,,,\nJ2,done,9:00,,\nJ2,done,,,\n"
        "J3,done,2026-03-05T10:00:00+08:00,2026-03-05T09:00:00+08:00,\nJ4,done\n",
        encoding="utf-8",
    )
    assert run("progress", region, planned, tmp_path / "actual.csv") == cli.REFUSED
    said = capsys.readouterr().err
    for text in ('line 2, outcome: "fine"', 'line 3, start: "9:00"', "line 4, job_id", "line 5, end", "2 cells"):
        assert text in said


def wrote(place: Path, *lines: str) -> Path:
    place.write_text("\n".join(("job_id,outcome,start,end,note", *lines)) + "\n", encoding="utf-8")
    return place


def cells_of(folder: Path, table: str, key: str) -> dict[str, str]:
    return next(row for row in rows(folder / f"{table}.csv") if key in row.values())


def test_tours_on_the_road_are_taken_up_and_planned_on(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At noon of the second day: what was done is out, the crew goes on from its bed, with what is aboard."""
    first, second = rows(planned / "days.csv")[:2]
    visits = rows(planned / "visits.csv")
    today = [row for row in visits if row["date"] == second["date"]]
    done, no_part = visits[0], today[0]
    actual = wrote(
        tmp_path / "actual.csv",
        f"{done['job_id']},done,{done['start']},{done['end']},",
        f"{no_part['job_id']},no_part,,,",
    )
    now = today[1]["end"]
    before = (region / "jobs.csv").read_bytes()
    assert run("progress", region, planned, actual, "-o", tmp_path / "on", "--now", now) == cli.DONE
    said = capsys.readouterr().out
    assert "1 job done" in said
    assert f"To be planned again: {no_part['job_id']}." in said
    assert f"需重新规划：{no_part['job_id']}。" in said
    assert (region / "jobs.csv").read_bytes() == before
    left = {row["job_id"] for row in rows(tmp_path / "on" / "jobs.csv")}
    assert left == {no_part["job_id"], "J8", *(row["job_id"] for row in today[2:])}
    crew = cells_of(tmp_path / "on", "crews", "K1")
    assert (crew["away_on"], crew["sleeps_at"]) == (second["date"], first["lodging_id"])
    assert (crew["nights_out"], crew["nights_before"]) == ("1", "1")
    assert cells_of(tmp_path / "on", "villages", "V1")["last_visit"] == first["date"]
    onward = ("--base", planned)
    assert run("plan", tmp_path / "on", "-o", tmp_path / "again", *STEPS, *onward) == cli.DONE
    assert run("check", tmp_path / "on", tmp_path / "again") == cli.DONE
    days = rows(tmp_path / "again" / "days.csv")
    assert days[0]["date"] == second["date"]
    assert min(row["depart"] for row in days) >= now


def test_in_the_evening_a_crew_is_where_it_sleeps_and_at_the_end_at_home(
    run: Run, region: Path, planned: Path, tmp_path: Path
) -> None:
    first, *_, last = rows(planned / "days.csv")
    nothing = wrote(tmp_path / "actual.csv")
    assert run("progress", region, planned, nothing, "-o", tmp_path / "on", "--now", first["arrive"]) == cli.DONE
    crew = cells_of(tmp_path / "on", "crews", "K1")
    assert (crew["away_on"], crew["sleeps_at"], crew["nights_out"]) == ("2026-03-05", first["lodging_id"], "1")
    morning = first["depart"].replace("07:30:00", "07:31:00")
    assert run("progress", region, planned, nothing, "-o", tmp_path / "on", "--now", morning) == cli.DONE
    crew = cells_of(tmp_path / "on", "crews", "K1")
    assert (crew["away_on"], crew["sleeps_at"], crew["nights_out"], crew["aboard"]) == ("2026-03-04", "", "0", "J1")
    assert run("plan", tmp_path / "on", "-o", tmp_path / "again", *STEPS, "--no-fit") == cli.DONE
    assert "J1" in {row["job_id"] for row in rows(tmp_path / "again" / "visits.csv")}, "its parts are aboard"
    assert run("progress", region, planned, nothing, "-o", tmp_path / "home", "--now", last["arrive"]) == cli.DONE
    crew = cells_of(tmp_path / "home", "crews", "K1")
    assert (crew["away_on"], crew["nights_before"], crew["aboard"]) == ("", "1", "")


def test_a_date_that_passed_without_a_visit_is_said_and_others_stay(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at_v3 = [row["job_id"] for row in rows(planned / "visits.csv") if row["village_id"] == "V3"]
    actual = wrote(tmp_path / "actual.csv", *(f"{job_id},not_reached,,," for job_id in at_v3))
    nothing = wrote(tmp_path / "nothing.csv")
    moments = (("2026-03-04T20:00:00+08:00", "2026-03-05", nothing), ("2026-03-06T07:00:00+08:00", "", actual))
    for now, told, written in moments:
        assert run("progress", region, planned, written, "-o", tmp_path / "on", "--now", now) == cli.DONE
        assert cells_of(tmp_path / "on", "villages", "V3")["announced"] == told
        said = capsys.readouterr().out
        assert ("nobody came: 雅江村 (2026-03-05)." in said) == (told == "")
        assert ("无人前往：雅江村 3月5日（周四）。" in said) == (told == "")
        assert (tmp_path / "on" / "apologies.csv").exists() == (told == "")
    (draft,) = rows(tmp_path / "on" / "apologies.csv")
    assert (draft["village_id"], draft["date"], set(draft["jobs"].split(";"))) == ("V3", "2026-03-05", set(at_v3))
    assert "原定3月5日（周四）到雅江村的巡回维修未能成行" in draft["text"]
    assert f"已登记的fridge{len(at_v3)}台继续有效" in draft["text"]
    # What is written may be read, planned and written over again.
    assert read_tours(tmp_path / "on").touring.days
    assert run("progress", region, planned, nothing, "-o", tmp_path / "on", "--now", "2026-03-04T20:00:00+08:00") == 0


@pytest.mark.parametrize("outcome", ["done", "no_part", "not_reached"])
def test_what_became_of_a_visit_that_is_to_come_is_not_known(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], outcome: str
) -> None:
    job_id = rows(planned / "visits.csv")[0]["job_id"]
    given = ("-o", tmp_path / "on", "--now", "2026-03-03T20:00:00+08:00")
    untimed = wrote(tmp_path / "untimed.csv", f"{job_id},{outcome},,,")
    assert run("progress", region, planned, untimed, *given) == cli.REFUSED
    assert f'line 2, outcome: "{outcome}"' in capsys.readouterr().err
    assert not (tmp_path / "on").exists()


def test_visits_that_nobody_wrote_about_are_named_and_planned_again_where_that_is_asked(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = wrote(tmp_path / "actual.csv")
    given = (region, planned, nothing, "-o", tmp_path / "on", "--now", "2026-03-07T06:00:00+08:00")
    assert run("progress", *given) == cli.DONE
    assert [row["job_id"] for row in rows(tmp_path / "on" / "jobs.csv")] == ["J8"]
    said = capsys.readouterr().out
    trusted = next(line for line in said.splitlines() if "Taken as done, though nobody wrote anything" in line)
    assert all(row["job_id"] in trusted for row in rows(planned / "visits.csv"))
    assert "--plan-unreported" in trusted
    assert run("progress", *given, "--plan-unreported") == cli.DONE
    assert len(rows(tmp_path / "on" / "jobs.csv")) == 8


def test_due_visits_and_levers_count_what_was_done(run: Run, tmp_path: Path) -> None:
    cells = make.cells()
    plan = {"product": "fridge", "service_duration": "PT30M", "interval_days": "90", "late_days": "9"}
    cells["maintenance"] = [
        plan | {"plan_id": id_, "village_id": "V1", "last_on": "2025-12-03"} for id_ in ("M1", "M2")
    ]
    toml = make.settings('must_visit = ["V1", "V5"]\n[tour.charges]\nday_fen = 2000')
    locked = '[[tour.locked]]\ncrew_id = "K1"\ndate = 2026-03-0{day}\njob_ids = ["{job}"]\n'
    toml += "\n" + locked.format(day=3, job="J2") + locked.format(day=7, job="J4")
    region = make.write(tmp_path / "region", cells, toml)
    assert run("plan", region, "-o", tmp_path / "out", *STEPS, "--no-fit") == cli.DONE
    when = {row["job_id"]: row["start"] for row in rows(tmp_path / "out" / "visits.csv")}
    first, second = "M1@2026-03-03", "M2@2026-03-03"
    assert {first, second} <= set(when)
    actual = wrote(tmp_path / "actual.csv", f"{first},done,{when[first]},,", f"{second},nobody_home,{when[second]},,")
    now = "2026-03-06T06:00:00+08:00"
    assert run("progress", region, tmp_path / "out", actual, "-o", tmp_path / "on", "--now", now) == cli.DONE
    assert cells_of(tmp_path / "on", "maintenance", "M1")["last_on"] == when[first][:10]
    assert cells_of(tmp_path / "on", "maintenance", "M2")["last_on"] == "2025-12-03"
    levers = read_tours(tmp_path / "on").touring.levers
    assert [(lock.day, lock.job_ids) for lock in levers.locked] == [(5, ("J4",))]
    assert "V1" not in levers.must_visit


def test_what_cannot_have_happened_is_refused_at_once(
    run: Run, region: Path, planned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    actual = wrote(
        tmp_path / "actual.csv",
        "J1,done,2031-03-04T09:00:00+08:00,2031-03-04T10:00:00+08:00,",
        "J2,done,2026-03-02T09:00:00+08:00,,",
        "J99,done,,,",
        "J3,fine,,,",
    )
    assert run("progress", region, planned, actual) == cli.REFUSED
    said = capsys.readouterr().err
    assert "line 2, start" in said
    assert 'line 5, outcome: "fine"' in said, "the table's form and what cannot be, in one list"
    assert 'line 3, start: "2026-03-02T09:00:00+08:00"' in said
    onward = ("-o", tmp_path / "on", "--now", "2026-03-06T12:00:00+08:00")
    assert run("progress", region, planned, actual, *onward) == cli.REFUSED
    said = capsys.readouterr().err
    for text in ("line 2, start", "line 2, end", "line 3, start", 'line 4, job_id: "J99"', 'line 5, outcome: "fine"'):
        assert text in said
    assert run("progress", region, planned, actual, *onward[:2], "--now", "2031-01-01T00:00:00+08:00") == cli.REFUSED
    said = capsys.readouterr().err
    for text in ("day.toml, now", "line 3, start", 'line 4, job_id: "J99"', 'line 5, outcome: "fine"'):
        assert text in said
    assert not (tmp_path / "on").exists()
    assert run("progress", region, planned, actual, "-o", tmp_path / "on") == cli.REFUSED
    assert run("progress", region, planned, wrote(actual), *onward[:2], "--now", "2031-01-01T00:00:00+08:00") == 2


def started(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, "tour", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def until(running: subprocess.Popen[str], words: str) -> None:
    assert running.stderr is not None
    for line in running.stderr:
        if words in line:
            return
    raise AssertionError(f"it ended before it said {words}")


def test_ctrl_c_writes_the_best_until_then(region: Path, tmp_path: Path) -> None:
    running = started("plan", region, "-o", tmp_path / "out", "--seconds", "600", "--workers", "1")
    until(running, "Which villages")
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=300)
    assert running.returncode == cli.INTERRUPTED, said
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES


SLOW = """
import sys, time
from datasets import tour_folder
def slow(folder, toured):
    print("writing", file=sys.stderr, flush=True)
    time.sleep(600)
tour_folder.write_tour_sheets = slow
from api.cli import main
main()
"""


def test_killed_while_it_writes_nothing_stands_half_written(region: Path, planned: Path) -> None:
    before = {path.name: path.read_bytes() for path in planned.iterdir() if path.is_file()}
    running = subprocess.Popen(
        [sys.executable, "-c", SLOW, "tour", "plan", str(region), "-o", str(planned), *STEPS],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    until(running, "writing")
    running.kill()
    running.communicate(timeout=60)
    assert {path.name: path.read_bytes() for path in planned.iterdir() if path.is_file()} == before
