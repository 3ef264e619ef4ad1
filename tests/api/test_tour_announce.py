"""`paigong tour announce`: what villages were told stands in the folder, and later plans and checks hold to it."""

import csv
import json
from pathlib import Path

import pytest

from api import cli
from tests.api.commands import Run, runs
from tests.csv_rows import rows
from tests.datasets import make_day_folder as make_day
from tests.datasets import make_tour_folder as make

STEPS = ("--iterations", "3000", "--workers", "1", "--no-fit")
WALK_INS = '[tour.charges]\nday_fen = 2000\n[tour.walk_ins]\nproduct = "fridge"\nper_thousand = 60\nlead_days = '


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs `paigong tour` in this process."""

    return runs("tour", monkeypatch)


def told(folder: Path) -> dict[str, tuple[str, str]]:
    """Return what every village was told, as villages.csv has it."""
    return {row["village_id"]: (row["announced"], row.get("announced_at", "")) for row in rows(folder / "villages.csv")}


def two_days_in_v1() -> make_day.Cells:
    """Return the region with two calls in V1 that are locked to different days, one unit of V2 carried to V1."""
    cells = make.cells()
    cells["villages"][2]["announced"] = ""
    cells["jobs"][0] |= {"product": "fridge", "parts": ""}
    cells["jobs"][2] |= {"product": "microwave"}
    for row in cells["technicians"]:
        row["skills"] = "fridge:3;washer:3;microwave:3"
    return cells


LOCKS = """
[[tour.locked]]
crew_id = "K1"
date = 2026-03-04
job_ids = ["J1"]
[[tour.locked]]
crew_id = "K1"
date = 2026-03-06
job_ids = ["J2"]
"""


def test_every_date_of_a_village_is_told_and_later_plans_keep_them(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    region = make.write(tmp_path / "region", two_days_in_v1(), make.settings(WALK_INS + "0" + LOCKS))
    assert run("plan", region, "-o", tmp_path / "out", *STEPS) == cli.DONE
    assert run("announce", region, tmp_path / "out", "-o", tmp_path / "told") == cli.DONE
    said = capsys.readouterr().out
    dates = sorted({row["date"] for row in rows(tmp_path / "out" / "visits.csv") if row["village_id"] == "V1"})
    assert {"2026-03-04", "2026-03-06"} <= set(dates)
    assert f"新都桥村 (V1): told {', '.join(dates)}." in said
    assert told(tmp_path / "told")["V1"] == (";".join(dates), "")
    # All that the plan itself says: legal as it stands, told again it is no news.
    assert run("check", tmp_path / "told", tmp_path / "out") == cli.DONE
    capsys.readouterr()
    assert run("announce", tmp_path / "told", tmp_path / "out", "-o", tmp_path / "again") == cli.DONE
    out = capsys.readouterr().out
    assert out.startswith("0 villages have other dates")
    assert "共 0 个村的日期有变" in out
    assert told(tmp_path / "again") == told(tmp_path / "told")
    free = make.settings(WALK_INS + "0")
    (tmp_path / "told" / "day.toml").write_text(free, encoding="utf-8")
    assert run("plan", tmp_path / "told", "-o", tmp_path / "free", *STEPS) == cli.DONE
    assert rows(tmp_path / "free" / "not_kept.csv") == []
    days = {row["date"] for row in rows(tmp_path / "free" / "visits.csv") if row["village_id"] == "V1"}
    assert set(dates) <= days
    walk_in = [row["date"] for row in rows(tmp_path / "free" / "visits.csv") if row["job_id"] == "walk-in@V1"]
    assert set(walk_in) <= set(dates)


def test_a_village_with_nothing_but_walk_ins_is_visited_on_both_days_that_it_was_told(run: Run, tmp_path: Path) -> None:
    cells = two_days_in_v1()
    # V4 has no calls left: what people bring is all that a stop there is for.
    cells["jobs"] = [row for row in cells["jobs"] if row["job_id"] != "J6"]
    cells["consents"] = [row for row in cells["consents"] if row["job_id"] != "J6"]
    cells["villages"][3]["announced"] = "2026-03-04;2026-03-07"
    region = make.write(tmp_path / "region", cells, make.settings(WALK_INS + "0"))
    assert run("plan", region, "-o", tmp_path / "out", *STEPS) == cli.DONE
    assert rows(tmp_path / "out" / "not_kept.csv") == []
    visits = {row["job_id"]: row["date"] for row in rows(tmp_path / "out" / "visits.csv") if row["village_id"] == "V4"}
    assert visits == {"walk-in@V4": "2026-03-04", "walk-in@V4@2026-03-07": "2026-03-07"}
    assert run("check", region, tmp_path / "out") == cli.DONE
    # After the first of them the second still has what it is for.
    wrote = tmp_path / "actual.csv"
    wrote.write_text("job_id,outcome,start,end,note\n", encoding="utf-8")
    onward = ("-o", tmp_path / "on", "--now", "2026-03-06T06:00:00+08:00")
    assert run("progress", region, tmp_path / "out", wrote, *onward) == cli.DONE
    assert told(tmp_path / "on")["V4"] == ("2026-03-07", "")
    assert run("plan", tmp_path / "on", "-o", tmp_path / "rest", *STEPS) == cli.DONE
    assert rows(tmp_path / "rest" / "not_kept.csv") == []
    rest = {row["job_id"]: row["date"] for row in rows(tmp_path / "rest" / "visits.csv") if row["village_id"] == "V4"}
    assert rest == {"walk-in@V4@2026-03-07": "2026-03-07"}


def test_a_stop_near_by_is_told_and_remembered(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cells = make.cells()
    # V2 is near V1 and has nothing: its people are told to carry their things there.
    cells["jobs"] = [row for row in cells["jobs"] if row["job_id"] != "J3"]
    cells["consents"] = [row for row in cells["consents"] if row["job_id"] != "J3"]
    region = make.write(tmp_path / "region", cells, make.settings("[tour.charges]\nday_fen = 2000"))
    assert run("plan", region, "-o", tmp_path / "out", *STEPS) == cli.DONE
    notices = {row["village_id"]: row for row in rows(tmp_path / "out" / "announcements.csv")}
    assert notices["V2"]["status"] == "nearby"
    assert run("announce", region, tmp_path / "out", "-o", tmp_path / "told", "--village", "高尔寺村") == cli.DONE
    where = f"{notices['V2']['date']}@{notices['V2']['at_village_id']}"
    assert told(tmp_path / "told")["V2"] == ("", where)
    assert told(tmp_path / "told")["V1"] == ("", "")
    assert run("check", tmp_path / "told", tmp_path / "out") == cli.DONE
    # The stop is kept by a plan that had rather gone elsewhere; cut off, it is said with what was told.
    assert run("plan", tmp_path / "told", "-o", tmp_path / "next", *STEPS) == cli.DONE
    assert rows(tmp_path / "next" / "not_kept.csv") == []
    villages = rows(tmp_path / "told" / "villages.csv")
    for row in villages:
        if row["village_id"] == notices["V2"]["at_village_id"]:
            row["cut_off"] = notices["V2"]["date"]
    with (tmp_path / "told" / "villages.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.DictWriter(stream, list(villages[0]))
        table.writeheader()
        table.writerows(villages)
    assert run("plan", tmp_path / "told", "-o", tmp_path / "lost", *STEPS) == cli.DONE
    (lost,) = (row for row in rows(tmp_path / "lost" / "not_kept.csv") if row["about"] == "V2")
    assert (lost["date"], lost["at_village_id"]) == (notices["V2"]["date"], notices["V2"]["at_village_id"])
    assert f"高尔寺村 was told {lost['date']} in " in lost["sentence"]
    (message,) = (row for row in rows(tmp_path / "lost" / "announcements.csv") if row["village_id"] == "V2")
    assert message["status"] == "cancelled"
    assert "高尔寺村的电器请不要送去" in message["text"]
    # Told so, it is over; and the tours that took it back are still priced as they were.
    assert run("announce", tmp_path / "told", tmp_path / "lost", "-o", tmp_path / "over") == cli.DONE
    assert told(tmp_path / "over")["V2"] == ("", "")
    assert run("check", tmp_path / "over", tmp_path / "lost") == cli.DONE
    assert run("plan", tmp_path / "over", "-o", tmp_path / "calm", *STEPS) == cli.DONE
    assert rows(tmp_path / "calm" / "not_kept.csv") == []
    assert "cancelled" not in {row["status"] for row in rows(tmp_path / "calm" / "announcements.csv")}


def test_nobody_is_told_to_come_this_very_morning(run: Run, tmp_path: Path) -> None:
    cells = make.cells()
    cells["villages"][2]["cut_off"] = "2026-03-05"
    cells["jobs"] = [row for row in cells["jobs"] if row["job_id"] in {"J1", "J4", "J5"}]
    cells["consents"] = [row for row in cells["consents"] if row["job_id"] in {"J1", "J4", "J5"}]
    for row in cells["consents"]:
        row["until"] = "2026-03-02"
    region = make.write(tmp_path / "region", cells, make.settings(WALK_INS + "6"))
    assert run("plan", region, "-o", tmp_path / "out", *STEPS) == cli.DONE
    (lost,) = rows(tmp_path / "out" / "not_kept.csv")
    assert lost["about"] == "V3"
    visits = [row for row in rows(tmp_path / "out" / "visits.csv") if row["village_id"] == "V3"]
    assert {row["date"] for row in visits if row["job_id"] in {"J4", "J5"}} == {"2026-03-02"}
    assert all(row["date"] >= "2026-03-08" for row in visits if row["job_id"] == "walk-in@V3")
    messages = [row for row in rows(tmp_path / "out" / "announcements.csv") if row["village_id"] == "V3"]
    said = {row["status"]: row["date"] for row in messages}
    assert said["new"] == "2026-03-02", "calls are served, and nobody is told that it is instead"
    assert said.get("moved", "2026-03-08") >= "2026-03-08"
    assert ("moved" in said) != ("cancelled" in said)
    document = json.loads((tmp_path / "out" / "tours.json").read_text(encoding="utf-8"))
    assert document["levers"]["released"] == [{"village_id": "V3", "date": "2026-03-05"}]
    assert run("check", region, tmp_path / "out") == cli.DONE


def test_a_village_that_no_message_is_about_is_refused(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    region = make.write(tmp_path / "region", toml=make.settings("[tour.charges]\nday_fen = 2000"))
    assert run("plan", region, "-o", tmp_path / "out", *STEPS) == cli.DONE
    unknown = ("--village", "V6", "--village", "V9", "--village", "雅江")
    assert run("announce", region, tmp_path / "out", "-o", tmp_path / "told", *unknown) == cli.REFUSED
    assert capsys.readouterr().err.splitlines()[-2:] == [
        '--village: "V9"; allowed: a village of villages.csv, by id or name',
        '--village: "雅江"; allowed: a village of villages.csv, by id or name; did you mean 雅江村?',
    ]
    options = ("--village", "孤村", "--village", "V1")
    assert run("announce", region, tmp_path / "out", "-o", tmp_path / "told", *options) == cli.REFUSED
    assert "not about V6." in capsys.readouterr().err
    assert not (tmp_path / "told").exists()


def test_a_date_that_the_tours_were_not_planned_from_is_not_forgotten(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = make.cells()
    region = make.write(tmp_path / "region", cells, make.settings("[tour.charges]\nday_fen = 2000"))
    assert run("plan", region, "-o", tmp_path / "out", *STEPS) == cli.DONE
    stops = {(row["village_id"], row["date"]) for row in rows(tmp_path / "out" / "visits.csv")}
    horizon = [f"2026-03-{day:02}" for day in range(2, 10)]
    since = {id_: next(date for date in horizon if (id_, date) not in stops) for id_ in ("V1", "V2")}
    for row in cells["villages"]:
        row["announced"] = since.get(row["village_id"], row["announced"])
    make.write(region, cells, make.settings("[tour.charges]\nday_fen = 2000"))
    assert run("announce", region, tmp_path / "out", "-o", tmp_path / "told") == cli.REFUSED
    said = capsys.readouterr().err
    assert all(f"{id_} ({date})" in said for id_, date in since.items())
    assert "plan again" in said
    assert not (tmp_path / "told").exists()
    # Whoever is told by itself is not kept from its message by another.
    assert run("announce", region, tmp_path / "out", "-o", tmp_path / "told", "--village", "V3") == cli.DONE
    assert told(tmp_path / "told")["V1"][0] == since["V1"]
