"""A day taken up again in the middle: what was done or begun as planned is out of it, and all else as it was."""

import csv
import json
from pathlib import Path

import pytest

from datasets.day import AREAS_FILE, read_day
from datasets.faults import DayRefused, PlanRefused
from datasets.progress import Progress, take_up
from tests.datasets import make_day_folder, make_plan_folder


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Write the small day and its plan: J1 09:10–10:00, then J4 from 11:00 on the road, by T1; J2 09:30–11:00 by T2."""
    day = make_day_folder.write(tmp_path / "day")
    return day, make_plan_folder.write(tmp_path / "plan", read_day(day))


def cells(folder: Path, table: str, column: str) -> dict[str, str]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return {next(iter(row.values())): row[column] for row in csv.DictReader(stream)}


def moment(clock: str) -> str:
    return f"2026-03-02T{clock}:00+08:00"


def test_visits_done_and_under_way_leave_the_day(folders: tuple[Path, Path], tmp_path: Path) -> None:
    found = take_up(*folders, tmp_path / "noon", moment("10:30"))
    assert (found.done, found.under_way) == (1, 1)
    noon = read_day(tmp_path / "noon")
    assert {job.id for job in noon.day.jobs} == {"J3", "J4"}
    assert noon.day.now_s == 37_800
    assert cells(tmp_path / "noon", "technicians", "busy_until") == {
        "T1": "",
        "T2": moment("11:00"),
        "T3": "",
        "T4": "",
    }


def test_what_they_used_leaves_with_them(folders: tuple[Path, Path], tmp_path: Path) -> None:
    take_up(*folders, tmp_path / "noon", moment("10:30"))
    assert cells(tmp_path / "noon", "outlets", "visits_so_far") == {"O1": "1", "O2": "1", "O3": "", "O4": ""}
    with (tmp_path / "noon" / "stock.csv").open(encoding="utf-8", newline="") as stream:
        stock = {(row["warehouse_id"], row["part_id"]): row["on_hand"] for row in csv.DictReader(stream)}
    assert (stock["W1", "P1"], stock["W2", "P1"]) == ("4", "7")


def test_whoever_is_on_the_road_is_under_way_and_is_counted_once(folders: tuple[Path, Path], tmp_path: Path) -> None:
    day, plan = folders
    take_up(day, plan, tmp_path / "noon", moment("10:30"))
    found = take_up(tmp_path / "noon", plan, tmp_path / "later", moment("11:01"))
    assert found == Progress(done=0, under_way=1, on_their_way=0)
    busy = cells(tmp_path / "later", "technicians", "busy_until")
    assert (busy["T1"], busy["T2"]) == (moment("15:20"), moment("11:00"))
    assert cells(tmp_path / "later", "outlets", "visits_so_far")["O1"] == "2"


def test_before_anybody_sets_out_only_the_moment_changes(folders: tuple[Path, Path], tmp_path: Path) -> None:
    day, plan = folders
    box = {"type": "Polygon", "coordinates": [[[104, 30], [105, 30], [105, 31], [104, 31], [104, 30]]]}
    area = {"type": "Feature", "properties": {"name": "成都"}, "geometry": box}
    (day / AREAS_FILE).write_text(json.dumps({"type": "FeatureCollection", "features": [area]}))
    found = take_up(day, plan, tmp_path / "same", moment("08:30"))
    assert (found.done, found.under_way, found.on_their_way) == (0, 0, 2)
    assert cells(tmp_path / "same", "jobs", "address") == cells(day, "jobs", "address")
    assert (tmp_path / "same" / AREAS_FILE).read_bytes() == (day / AREAS_FILE).read_bytes()


@pytest.mark.parametrize("now", ["noon", "2026-03-02T10:30:00", moment("05:59"), "2026-03-04T00:00:00+08:00"])
def test_a_moment_that_is_none_of_the_day_is_refused(folders: tuple[Path, Path], tmp_path: Path, now: str) -> None:
    with pytest.raises(DayRefused, match="now"):
        take_up(*folders, tmp_path / "noon", now)
    assert not (tmp_path / "noon").exists()


def test_every_fault_of_a_plan_is_told(folders: tuple[Path, Path], tmp_path: Path) -> None:
    day, plan = folders
    text = (plan / "stops.csv").read_text(encoding="utf-8")
    (plan / "stops.csv").write_text(text.replace("2026-03-02T09:30:00", "half past"), encoding="utf-8")
    (plan / "shipments.csv").unlink()
    with pytest.raises(PlanRefused) as refused:
        take_up(day, plan, tmp_path / "noon", moment("10:30"))
    assert {fault.file for fault in refused.value.faults} == {"stops.csv", "shipments.csv"}
