"""Writing a plan folder whole or not at all, and reading the plan back from it."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.day import DayFolder, read_day
from datasets.faults import Fault, PlanRefused
from datasets.plan_folder import check_plan_place, write_plan
from datasets.plan_reading import read_plan
from datasets.whole_folder import ForeignFolder
from optimizer.cost import Cost
from optimizer.model import Rule, ShipMode
from optimizer.plan import Plan, Result, Route, Shipment, Status, Stop, Unassigned
from tests.datasets import make_day_folder as make

H = 3_600

PLAN = Plan(
    routes=(
        Route(
            shift_id="T1@2026-03-02",
            depart_s=9 * H,
            stops=(
                Stop(job_id="J1", start_s=9 * H + 600, end_s=10 * H, travel_s=600, travel_m=5_000),
                Stop(job_id="J4", start_s=15 * H, end_s=15 * H + 1200, travel_s=4 * H, travel_m=200_000),
            ),
            return_s=20 * H,
            return_travel_s=4 * H,
            return_travel_m=201_000,
            break_start_s=10 * H,
        ),
        Route(
            shift_id="T2@2026-03-02",
            depart_s=9 * H,
            stops=(Stop(job_id="J2", start_s=9 * H + 1800, end_s=11 * H, travel_s=0, travel_m=0),),
            return_s=11 * H,
            return_travel_s=0,
            return_travel_m=0,
        ),
    ),
    unassigned=(Unassigned(job_id="J3", rule=Rule.CONSENT, reason="=cmd|' /C calc'!A0", remedy='say "yes",\nplease'),),
    shipments=(
        Shipment(
            order_line_id="J1/1",
            job_id="J1",
            part_id="P1",
            quantity=1,
            warehouse_id="W1",
            mode=ShipMode.DEDICATED,
            ships_s=-H,
            ready_s=8 * H,
            cost_fen=9_900,
        ),
        Shipment(
            order_line_id="J1/2",
            job_id="J1",
            part_id="P4",
            quantity=2,
            warehouse_id="W1",
            mode=ShipMode.STANDARD,
            ships_s=-2 * H,
            ready_s=9 * H,
            cost_fen=1_260,
        ),
    ),
)
RESULT = Result(plan=PLAN, status=Status.COMPLETE, cost=Cost(travel=700, parts=11_160), bound_fen=None, seed=7)
KPIS = {"plan": {"served": 3, "人": "王"}, "baseline": {"served": 2}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DayFolder:
    return read_day(make.write(tmp_path_factory.mktemp("day")))


def write(out: Path, folder: DayFolder, result: Result = RESULT, **extras: bytes | Callable[[Path], None]) -> Path:
    write_plan(out, folder, result, KPIS, "proxy roads 1", True, extras)
    return out


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def refusal(out: Path, folder: DayFolder) -> tuple[Fault, ...]:
    with pytest.raises(PlanRefused) as refused:
        read_plan(out, folder)
    assert refused.value.faults
    assert str(refused.value)
    return refused.value.faults


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
    }
    assert (second["sequence"], second["ready_at"], second["area_class"]) == ("2", "", "remote")
    assert (third["sequence"], third["channel"], third["late_s"]) == ("1", "fax", "0")


def test_unassigned_and_shipments_have_the_columns_of_the_contract(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    assert list(rows(out / "unassigned.csv")[0]) == ["job_id", "rule", "reason", "remedy"]
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
    }


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
    write_plan(out, folder, RESULT, KPIS, "x", False, {"plan.png": b"png", "sheets": sheets, "note.txt": note})
    assert (out / "plan.png").read_bytes() == b"png"
    assert (out / "sheets" / "index.html").read_text() == "sheets"
    assert (out / "note.txt").read_text() == "note"


@pytest.mark.parametrize("name", ["plan.json", "stops.csv", "../escape", "a/b"])
def test_an_extra_cannot_take_another_files_place(tmp_path: Path, folder: DayFolder, name: str) -> None:
    with pytest.raises(ValueError, match="plain names of their own"):
        write_plan(tmp_path / "out", folder, RESULT, KPIS, "x", False, {name: b""})
    assert names(tmp_path) == []


def test_an_older_plan_is_replaced_whole(tmp_path: Path, folder: DayFolder) -> None:
    out = tmp_path / "out"
    write_plan(out, folder, RESULT, KPIS, "x", False, {"plan.png": b"old", "sheets": lambda place: None})
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
        write_plan(out, folder, replace(RESULT, seed=8), KPIS, "x", False, {"plan.png": fail})
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
        write_plan(tmp_path / "out", folder, RESULT, {"share": float("nan")}, "x", False)
    assert names(tmp_path) == []


WRITE_BIG = """
import resource, sys
from pathlib import Path
from datasets.day import read_day
from datasets.plan_folder import write_plan
from tests.datasets.test_plan_folder import KPIS, RESULT
folder = read_day(Path(sys.argv[1]))
if sys.argv[3] != "0":
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    write_plan(Path(sys.argv[2]), folder, RESULT, KPIS, "x", True, {"plan.png": b"x" * 500_000})
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


# --- reading: what is wrong with a plan folder ---


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_stop_edited_by_hand_is_noticed(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    edit(out / "stops.csv", "J1,T1", "J1,T2")
    (fault,) = refusal(out, folder)
    assert (fault.file, fault.row, fault.column, fault.value) == ("stops.csv", 2, "technician_id", "T2")
    assert fault.allowed.startswith('"T1" as in plan.json; plan.json is what counts')


def test_rows_added_removed_and_broken_are_noticed(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    path = out / "stops.csv"
    header, first, second, third = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, third, first, first, third + ",more"]) + "\n", encoding="utf-8")
    assert [(fault.row, fault.column, fault.value) for fault in refusal(out, folder)] == [
        (None, "job_id", "no row for J4"),
        (4, "job_id", "J1"),
        (5, "", "16 cells"),
    ]
    path.write_text("\n".join([header, second, third, first]) + "\n", encoding="utf-8")
    assert read_plan(out, folder) == PLAN


@pytest.mark.parametrize("file", ["unassigned.csv", "shipments.csv"])
def test_the_other_tables_are_compared_too(tmp_path: Path, folder: DayFolder, file: str) -> None:
    out = write(tmp_path / "out", folder)
    header = (out / file).read_text(encoding="utf-8").splitlines()[0]
    (out / file).write_text(header + "\n", encoding="utf-8")
    assert {fault.file for fault in refusal(out, folder)} == {file}


def test_a_table_saved_by_excel_with_a_mark_and_its_line_ends_is_the_same(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    text = (out / "stops.csv").read_text(encoding="utf-8")
    (out / "stops.csv").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read_plan(out, folder) == PLAN


@pytest.mark.parametrize("file", ["plan.json", "stops.csv", "unassigned.csv", "shipments.csv"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\xfe\x00", b'"', b"[]", b"{}", b"[" * 100_000])
def test_missing_and_corrupt_files(tmp_path: Path, folder: DayFolder, file: str, content: bytes | None) -> None:
    out = write(tmp_path / "out", folder)
    (out / file).unlink()
    if content is not None:
        (out / file).write_bytes(content)
    assert {fault.file for fault in refusal(out, folder)} == {file}


def test_no_plan_folder(tmp_path: Path, folder: DayFolder) -> None:
    assert refusal(tmp_path / "none", folder)[0].value == "missing"
    (tmp_path / "empty").mkdir()
    assert [fault.file for fault in refusal(tmp_path / "empty", folder)] == [
        "plan.json",
        "stops.csv",
        "unassigned.csv",
        "shipments.csv",
    ]


DOCUMENT = [
    (("date",), "2026-03-03", "date", "2026-03-02"),
    (("days",), 3, "days", "2 to 2"),
    (("status",), "fine", "status", "complete | interrupted"),
    (("seed",), None, "seed", "a whole number"),
    (("travel", "is_estimate"), "no", "travel.is_estimate", "true | false"),
    (("cost_fen", "travel"), 1, "cost_fen.total", "the sum"),
    (("routes",), {}, "routes", "an array of tables"),
    (("routes", 0, "shift_id"), "T9@2026-03-02", "routes[1].shift_id", "a shift of the day"),
    (("routes", 0, "technician_id"), "T2", "routes[1].technician_id", "T1"),
    (("routes", 0, "date"), "2026-03-03", "routes[1].date", "2026-03-02"),
    (("routes", 0, "depart"), "09:00", "routes[1].depart", "a time such as"),
    (("routes", 0, "return_travel_s"), 1.5, "routes[1].return_travel_s", "a whole number"),
    (("routes", 0, "stops", 1, "job_id"), "J9", "routes[1].stops[2].job_id", "a job of jobs.csv"),
    (("routes", 0, "stops", 1, "job_id"), ["J1"], "routes[1].stops[2].job_id", "a job of jobs.csv"),
    (("routes", 0, "stops", 1, "travel_s"), -1, "routes[1].stops[2].travel_s", "a whole number 0 to"),
    (("routes", 0, "stops", 1, "end"), "2026-03-02T09:00:00", "routes[1].stops[2].end", "with its offset"),
    (("unassigned", 0, "rule"), "LAZY", "unassigned[1].rule", "SKILL | CERTIFICATE"),
    (("unassigned", 0, "job_id"), "J9", "unassigned[1].job_id", "a job of jobs.csv"),
    (("shipments", 0, "order_line_id"), "J1/9", "shipments[1].order_line_id", "an order line of the day"),
    (("shipments", 0, "part_id"), "P9", "shipments[1].part_id", "a part of parts.csv"),
    (("shipments", 0, "warehouse_id"), "W9", "shipments[1].warehouse_id", "a warehouse of warehouses.csv"),
    (("shipments", 0, "mode"), "pigeon", "shipments[1].mode", "standard | express"),
    (("shipments", 0, "extra"), 1, "shipments[1].extra", "only"),
    (("format",), "paigong plan 99", "format", "paigong plan 1"),
]


@pytest.mark.parametrize(("place", "value", "column", "allowed"), DOCUMENT)
def test_a_bad_key(
    tmp_path: Path, folder: DayFolder, place: tuple[str | int, ...], value: object, column: str, allowed: str
) -> None:
    path = write(tmp_path / "out", folder) / "plan.json"
    document: Any = json.loads(path.read_text(encoding="utf-8"))
    inner = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    path.write_text(json.dumps(document), encoding="utf-8")
    (fault,) = refusal(tmp_path / "out", folder)
    assert (fault.file, fault.column) == ("plan.json", column)
    assert allowed in fault.allowed


def test_broken_json_names_its_line(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    edit(out / "plan.json", '"seed": 7,', '"seed": 7')
    (fault,) = refusal(out, folder)
    assert fault.row == (out / "plan.json").read_text(encoding="utf-8").splitlines().index(' "seed": 7') + 2


def test_a_plan_of_a_changed_day_is_refused(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    cells = make.tables()
    cells["jobs"][0]["reported_at"] = "2026-03-01T17:30:00+08:00"
    changed = read_day(make.write(tmp_path / "day", cells))
    assert {(fault.file, fault.column) for fault in refusal(out, changed)} == {
        ("stops.csv", "due_at"),
        ("stops.csv", "late_s"),
    }


# --- any plan survives the round trip, legal or not ---

SECONDS = st.integers(-30 * 86_400, 30 * 86_400)
COUNTS = st.integers(0, 1 << 31)
JOBS = st.sampled_from(["J1", "J2", "J3", "J4"])
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
PLANS = st.builds(
    Plan,
    routes=st.lists(
        st.builds(
            Route,
            shift_id=st.sampled_from(["T1@2026-03-02", "T2@2026-03-02", "T3@2026-03-02"]),
            depart_s=SECONDS,
            stops=st.lists(
                st.builds(Stop, job_id=JOBS, start_s=SECONDS, end_s=SECONDS, travel_s=COUNTS, travel_m=COUNTS),
                max_size=3,
            ).map(tuple),
            return_s=SECONDS,
            return_travel_s=COUNTS,
            return_travel_m=COUNTS,
            break_start_s=st.none() | SECONDS,
        ),
        max_size=3,
    ).map(tuple),
    unassigned=st.lists(
        st.builds(Unassigned, job_id=JOBS, rule=st.sampled_from(Rule), reason=WORDS, remedy=WORDS), max_size=3
    ).map(tuple),
    shipments=st.lists(
        st.builds(
            Shipment,
            order_line_id=st.sampled_from(["J1/1", "J1/2", "J2/1"]),
            job_id=JOBS,
            part_id=st.sampled_from(["P1", "P2"]),
            quantity=COUNTS,
            warehouse_id=st.sampled_from(["W1", "W2"]),
            mode=st.sampled_from(ShipMode),
            ships_s=SECONDS,
            ready_s=SECONDS,
            cost_fen=COUNTS,
        ),
        max_size=3,
    ).map(tuple),
)


@settings(max_examples=60)
@given(plan=PLANS)
def test_any_plan_reads_back_the_same(tmp_path_factory: pytest.TempPathFactory, folder: DayFolder, plan: Plan) -> None:
    out = tmp_path_factory.mktemp("plan") / "out"
    assert read_plan(write(out, folder, replace(RESULT, plan=plan)), folder) == plan


@settings(max_examples=60)
@given(at=st.floats(0, 1), cut=st.integers(0, 30), put=st.binary(max_size=8), data=st.data())
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, folder: DayFolder, at: float, cut: int, put: bytes, data: st.DataObject
) -> None:
    out = write(tmp_path_factory.mktemp("plan") / "out", folder)
    path = out / data.draw(st.sampled_from(["plan.json", "stops.csv", "unassigned.csv", "shipments.csv"]))
    content = path.read_bytes()
    start = int(at * len(content))
    path.write_bytes(content[:start] + put + content[start + cut :])
    try:
        assert isinstance(read_plan(out, folder), Plan)
    except PlanRefused as refused:
        assert refused.faults
