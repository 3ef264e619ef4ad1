"""Writing a plan folder whole or not at all."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from datasets.day import DayFolder, read_day
from datasets.plan_folder import check_plan_place, write_plan
from datasets.plan_reading import read_plan
from datasets.whole_folder import ForeignFolder
from tests.csv_rows import rows
from tests.datasets import make_day_folder as make
from tests.datasets.make_plan_folder import KPIS, PLAN, RESULT, TRAVEL, H, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DayFolder:
    return read_day(make.write(tmp_path_factory.mktemp("day")))


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_every_file_is_there(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    assert names(out) == [
        "kpis.json",
        "plan.json",
        "routes.geojson",
        "shipments.csv",
        "stops.csv",
        "unassigned.csv",
    ]
    assert names(tmp_path) == ["out"]
    assert json.loads((out / "kpis.json").read_text(encoding="utf-8")) == KPIS
    kinds = [one["geometry"]["type"] for one in json.loads((out / "routes.geojson").read_text())["features"]]
    assert (kinds.count("LineString"), kinds.count("Point")) == (2, 3)


def test_plan_json_says_where_travel_times_come_from(tmp_path: Path, folder: DayFolder) -> None:
    document = json.loads((write(tmp_path / "out", folder) / "plan.json").read_text(encoding="utf-8"))
    assert document["travel"] == {"provider": "proxy roads 1", "is_estimate": True}
    assert (document["status"], document["seed"], document["bound_fen"]) == ("complete", 7, None)
    assert (document["cost_fen"]["travel"], document["cost_fen"]["total"]) == (700, 11_860)
    assert document["routes"][0]["technician_id"] == "T1"
    assert document["routes"][0]["break_start"] == "2026-03-02T10:00:00+08:00"


def test_stops_have_the_columns_of_the_contract(tmp_path: Path, folder: DayFolder) -> None:
    first, second, third = rows(write(tmp_path / "out", folder) / "stops.csv")
    assert first == {
        "job_id": "J1",
        "technician_id": "T1",
        "outlet_id": "O1",
        "date": "2026-03-02",
        "sequence": "1",
        "arrival": "2026-03-02T09:10:00+08:00",
        "start": "2026-03-02T09:10:00+08:00",
        "departure": "2026-03-02T10:00:00+08:00",
        "travel_s": "600",
        "distance_m": "5000",
        "due_at": "2026-03-02T06:30:00+08:00",
        "late_s": str(2 * H + 40 * 60),
        "ready_at": "2026-03-02T09:00:00+08:00",
        "area_class": "seat",
        "channel": "online",
        "resolution_due_at": "2026-03-04T18:30:00+08:00",
        "resolution_late_s": "0",
    }
    assert (second["sequence"], second["ready_at"], second["area_class"]) == ("2", "", "remote")
    assert (third["sequence"], third["channel"], third["late_s"]) == ("1", "fax", "0")


def test_unassigned_and_shipments_have_the_columns_of_the_contract(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    assert list(rows(out / "unassigned.csv")[0]) == [
        "job_id",
        "rule",
        "reason",
        "remedy",
        "reason_zh",
        "remedy_zh",
        "difference_fen",
    ]
    assert rows(out / "shipments.csv")[0] == {
        "order_line_id": "J1/1",
        "job_id": "J1",
        "part_id": "P1",
        "quantity": "1",
        "warehouse_id": "W1",
        "mode": "dedicated",
        "ships_at": "2026-03-01T23:00:00+08:00",
        "ready_at": "2026-03-02T08:00:00+08:00",
        "cost_fen": "9900",
        "approval": "",
        "bulky_fallback": "yes",
    }


def test_what_travels_by_itself_to_somebody_who_is_in_no_hurry_is_no_fallback(
    tmp_path: Path, folder: DayFolder
) -> None:
    calm = tuple(replace(job, urgent=False) for job in folder.day.jobs)
    out = write(tmp_path / "out", replace(folder, day=replace(folder.day, jobs=calm)))
    assert {row["bulky_fallback"] for row in rows(out / "shipments.csv")} == {""}


def test_free_text_never_starts_a_formula(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    assert rows(out / "unassigned.csv")[0]["reason"] == "'=cmd|' /C calc'!A0"
    assert read_plan(out, folder) == PLAN


def test_a_plan_reads_back_the_same(tmp_path: Path, folder: DayFolder) -> None:
    assert read_plan(write(tmp_path / "out", folder), folder) == PLAN


def test_extras_are_written_with_it(tmp_path: Path, folder: DayFolder) -> None:
    def sheets(place: Path) -> None:
        (place / "index.html").write_text("sheets")

    def note(place: Path) -> None:
        place.write_text("note")

    out = tmp_path / "out"
    write_plan(out, folder, RESULT, KPIS, TRAVEL, {"plan.png": b"png", "sheets": sheets, "note.txt": note})
    assert (out / "plan.png").read_bytes() == b"png"
    assert (out / "sheets" / "index.html").read_text() == "sheets"
    assert (out / "note.txt").read_text() == "note"


@pytest.mark.parametrize("name", ["plan.json", "stops.csv", "../escape", "a/b"])
def test_an_extra_cannot_take_another_files_place(tmp_path: Path, folder: DayFolder, name: str) -> None:
    with pytest.raises(ValueError, match="plain names of their own"):
        write_plan(tmp_path / "out", folder, RESULT, KPIS, TRAVEL, {name: b""})
    assert names(tmp_path) == []


def test_an_older_plan_is_replaced_whole(tmp_path: Path, folder: DayFolder) -> None:
    out = tmp_path / "out"
    write_plan(out, folder, RESULT, KPIS, TRAVEL, {"plan.png": b"old", "sheets": lambda place: None})
    newer = replace(RESULT, plan=replace(PLAN, shipments=()))
    write(out, folder, newer)
    assert read_plan(out, folder) == newer.plan
    assert "plan.png" not in names(out)
    assert names(tmp_path) == ["out"]


def test_an_empty_folder_may_be_filled(tmp_path: Path, folder: DayFolder) -> None:
    (tmp_path / "out").mkdir()
    assert read_plan(write(tmp_path / "out", folder), folder) == PLAN
    assert names(tmp_path) == ["out"]


def test_parent_folders_are_made_and_the_mode_is_usual(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "a" / "b", folder)
    plain = tmp_path / "plain"
    plain.mkdir()
    assert out.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("held", [["thesis.tex"], ["plan.json", "thesis.tex"], ["day.toml", "jobs.csv"]])
def test_a_foreign_folder_is_refused(tmp_path: Path, folder: DayFolder, held: list[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in held:
        (out / name).touch()
    with pytest.raises(ForeignFolder):
        check_plan_place(out)
    with pytest.raises(ForeignFolder):
        write(out, folder)
    assert names(out) == held
    assert names(tmp_path) == ["out"]


def test_a_file_is_no_place_for_a_plan(tmp_path: Path, folder: DayFolder) -> None:
    (tmp_path / "out").write_text("mine")
    with pytest.raises(ForeignFolder, match="not a folder"):
        write(tmp_path / "out", folder)
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_the_older_plan_as_it_was(tmp_path: Path, folder: DayFolder, error: BaseException) -> None:
    def fail(place: Path) -> None:
        place.write_text("half")
        raise error

    out = write(tmp_path / "out", folder)
    before = (out / "plan.json").read_bytes()
    with pytest.raises(type(error)):
        write_plan(out, folder, replace(RESULT, seed=8), KPIS, TRAVEL, {"plan.png": fail})
    assert (out / "plan.json").read_bytes() == before
    assert names(tmp_path) == ["out"]


def test_a_rename_that_fails_puts_the_older_plan_back(
    tmp_path: Path, folder: DayFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = write(tmp_path / "out", folder)
    rename = Path.rename

    def failing(self: Path, target: Path) -> Path:
        if ".writing-" in self.name:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="Input/output"):
        write(out, folder, replace(RESULT, seed=8))
    assert read_plan(out, folder) == PLAN
    assert names(tmp_path) == ["out"]


def test_values_that_are_no_json_leave_nothing(tmp_path: Path, folder: DayFolder) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_plan(tmp_path / "out", folder, RESULT, {"share": float("nan")}, TRAVEL)
    assert names(tmp_path) == []


WRITE_BIG = """
import resource, sys
from pathlib import Path
from datasets.day import read_day
from datasets.plan_folder import write_plan
from tests.datasets.make_plan_folder import KPIS, RESULT, TRAVEL
folder = read_day(Path(sys.argv[1]))
if sys.argv[3] != "0":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    write_plan(Path(sys.argv[2]), folder, RESULT, KPIS, TRAVEL, {"plan.png": b"x" * 500_000})
except OSError as error:
    sys.exit(f"refused: {error.strerror}")
"""


def write_elsewhere(day: Path, out: Path, limit: int) -> str:
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-c", WRITE_BIG, str(day), str(out), str(limit)]
    done = subprocess.run(
        command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=False
    )
    return done.stderr


def test_a_disk_that_takes_no_more_leaves_no_half_plan(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    assert "refused: File too large" in write_elsewhere(folder.folder, out, 100_000)
    assert read_plan(out, folder) == PLAN
    assert names(tmp_path) == ["out"]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("only an administrator may mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_leaves_no_half_plan(tiny_disk: Path, folder: DayFolder) -> None:
    out = write(tiny_disk / "out", folder)
    assert "refused: No space left on device" in write_elsewhere(folder.folder, out, 0)
    assert read_plan(out, folder) == PLAN
    assert names(tiny_disk) == ["out"]


def test_tables_begin_with_the_mark_by_which_excel_knows_utf_8(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    assert {path.read_bytes()[:3] for path in out.glob("*.csv")} == {b"\xef\xbb\xbf"}
