"""Reading a plan back: the same plan, or every fault of its folder."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.at_risk import at_risk_table
from datasets.day import DayFolder, read_day
from datasets.faults import Fault, PlanRefused
from datasets.pick_list import pick_list_table
from datasets.plan_reading import read_plan, refuse_other_papers
from optimizer.model import Rule, ShipMode
from optimizer.plan import Plan, Route, Shipment, Stop, Unassigned
from tests.datasets import make_day_folder as make
from tests.datasets.make_plan_folder import PLAN, RESULT, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> DayFolder:
    return read_day(make.write(tmp_path_factory.mktemp("day")))


def refusal(out: Path, folder: DayFolder) -> tuple[Fault, ...]:
    with pytest.raises(PlanRefused) as refused:
        read_plan(out, folder)
    assert refused.value.faults
    assert str(refused.value)
    return refused.value.faults


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("file", ["picklist.csv", "at_risk.csv"])
def test_papers_beside_the_plan_say_the_same(file: str, tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    (out / "picklist.csv").write_bytes(pick_list_table(folder, PLAN))
    (out / "at_risk.csv").write_bytes(at_risk_table(folder.day, PLAN))
    refuse_other_papers(out, folder, PLAN)
    header, first, *others = (out / file).read_text(encoding="utf-8-sig").splitlines()
    (out / file).write_text("\n".join([header, *others, first]) + "\n", encoding="utf-8")
    refuse_other_papers(out, folder, PLAN)
    dated = first.replace("2026-03-02T", "2026-03-03T", 1)
    assert dated != first
    for wrong, row, said in (
        ([header, *others], None, "no row for "),
        ([header, first, first, *others], 3, first.split(",")[0]),
        ([header, dated, *others], 2, "2026-03-03T"),
        ([header + "s", first, *others], 1, header + "s"),
    ):
        (out / file).write_text("\n".join(wrong) + "\n", encoding="utf-8")
        with pytest.raises(PlanRefused) as refused:
            refuse_other_papers(out, folder, PLAN)
        (fault,) = refused.value.faults
        assert (fault.file, fault.row) == (file, row)
        if row != 3:
            assert fault.value.startswith(said)
    (out / file).unlink()
    refuse_other_papers(out, folder, PLAN)


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
        (5, "", "18 cells"),
    ]
    path.write_text("\n".join([header, second, third, first]) + "\n", encoding="utf-8")
    assert read_plan(out, folder) == PLAN


@pytest.mark.parametrize("columns", [9, 10])
def test_a_plan_folder_from_before_approvals_or_fallbacks_is_still_read(
    tmp_path: Path, folder: DayFolder, columns: int
) -> None:
    out = write(tmp_path / "out", folder)
    with (out / "shipments.csv").open(encoding="utf-8-sig", newline="") as stream:
        old = [row[:columns] for row in csv.reader(stream)]
    with (out / "shipments.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(old)
    assert read_plan(out, folder) == PLAN


def test_a_plan_folder_from_before_explanations_is_still_read(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    document = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    del document["explanations"]
    for left in document["unassigned"]:
        for key in ("reason_zh", "remedy_zh", "difference_fen"):
            del left[key]
    (out / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    with (out / "unassigned.csv").open(encoding="utf-8-sig", newline="") as stream:
        old = [row[:4] for row in csv.reader(stream)]
    with (out / "unassigned.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(old)
    assert read_plan(out, folder) == PLAN
    edit(out / "unassigned.csv", "CONSENT", "SKILL")
    (fault,) = refusal(out, folder)
    assert (fault.file, fault.column) == ("unassigned.csv", "rule")


@pytest.mark.parametrize("file", ["unassigned.csv", "shipments.csv"])
def test_the_other_tables_are_compared_too(tmp_path: Path, folder: DayFolder, file: str) -> None:
    out = write(tmp_path / "out", folder)
    header = (out / file).read_text(encoding="utf-8").splitlines()[0]
    (out / file).write_text(header + "\n", encoding="utf-8")
    assert {fault.file for fault in refusal(out, folder)} == {file}


def test_a_table_saved_by_excel_with_a_mark_and_its_line_ends_is_the_same(tmp_path: Path, folder: DayFolder) -> None:
    out = write(tmp_path / "out", folder)
    text = (out / "stops.csv").read_text(encoding="utf-8-sig")
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


@pytest.mark.parametrize("bad", DOCUMENT, ids=lambda bad: bad[2])
def test_a_bad_key(tmp_path: Path, folder: DayFolder, bad: tuple[tuple[str | int, ...], object, str, str]) -> None:
    place, value, column, allowed = bad
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
        ("stops.csv", "resolution_due_at"),
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


@settings(max_examples=40)
@given(plan=PLANS)
def test_any_plan_reads_back_the_same(tmp_path_factory: pytest.TempPathFactory, folder: DayFolder, plan: Plan) -> None:
    out = tmp_path_factory.mktemp("plan") / "out"
    assert read_plan(write(out, folder, replace(RESULT, plan=plan)), folder) == plan


@settings(max_examples=40)
@given(
    file=st.sampled_from(["plan.json", "stops.csv", "unassigned.csv", "shipments.csv"]),
    hole=st.tuples(st.floats(0, 1), st.integers(0, 30)),
    put=st.binary(max_size=8),
)
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, folder: DayFolder, file: str, hole: tuple[float, int], put: bytes
) -> None:
    out = write(tmp_path_factory.mktemp("plan") / "out", folder)
    content = (out / file).read_bytes()
    start = int(hole[0] * len(content))
    (out / file).write_bytes(content[:start] + put + content[start + hole[1] :])
    faults: tuple[Fault, ...] | None = None
    try:
        read_plan(out, folder)
    except PlanRefused as refused:
        faults = refused.faults
    assert faults is None or faults[0].allowed
