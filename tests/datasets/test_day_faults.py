"""Bad day folders: every kind of fault is found, with file, line, column, value and what is allowed."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.columns import TABLES, TableFormat
from datasets.day import read_day
from datasets.faults import PRINTED_FAULTS_PER_FILE, DayRefused, Fault
from datasets.table import MAX_FILE_BYTES
from tests.datasets import make_day_folder as make


def refusal(folder: Path) -> tuple[Fault, ...]:
    with pytest.raises(DayRefused) as refused:
        read_day(folder)
    assert refused.value.faults
    return refused.value.faults


def only_fault(folder: Path) -> Fault:
    faults = refusal(folder)
    assert len(faults) == 1, "\n".join(map(str, faults))
    return faults[0]


def fault_of(folder: Path, table: str, row: int, **cells: str) -> Fault:
    """Change cells of one row; exactly one fault must follow, in that file."""
    changed = make.tables()
    changed[table][row] |= cells
    fault = only_fault(make.write(folder, changed))
    assert fault.file == f"{table}.csv"
    return fault


TIME = "2026-03-02T09:00:00+08:00"
LATER = "2026-03-02T11:00:00+08:00"

CELLS = [
    ("jobs", 0, "job_id", "", "not empty"),
    ("jobs", 0, "job_id", "=SUM(A1)", "begins with a letter"),
    ("jobs", 0, "job_id", "../../etc", "begins with a letter"),
    ("jobs", 0, "reported_at", "2026-03-01 18:30", "2026-03-02T08:30:00+08:00"),
    ("jobs", 0, "reported_at", "2026-03-01T18:30:00", "with its offset"),
    ("jobs", 0, "reported_at", "2026-02-30T18:30:00+08:00", "that exists"),
    ("jobs", 0, "reported_at", "2016-03-01T18:30:00+08:00", "within 1000 days"),
    ("jobs", 0, "channel", "email", "hotline | web | app | wechat | shop"),
    ("jobs", 0, "product", "a;b", "without ; or :"),
    ("jobs", 0, "job_type", "reparation", "repair | door_replacement"),
    ("jobs", 0, "skill_level", "4", "1 to 3"),
    ("jobs", 0, "skill_level", "2.0", "1 to 3"),
    ("jobs", 0, "skill_level", "２", "1 to 3"),
    ("jobs", 2, "certificates", "gas;gas", "each item once"),
    ("jobs", 0, "lon", "east", "decimal degrees"),
    ("jobs", 0, "lon", "nan", "decimal degrees"),
    ("jobs", 0, "lon", "1e2", "decimal degrees"),
    ("jobs", 0, "lon", "", "not empty"),
    ("jobs", 0, "lon", "139.69", "degrees in China, 73 to 135.1"),
    ("jobs", 0, "lat", "-33.9", "degrees in China, 3 to 54"),
    ("jobs", 0, "datum", "", "not empty: WGS84 | GCJ02 | BD09"),
    ("jobs", 0, "datum", "CGCS2000", "WGS84 | GCJ02 | BD09"),
    ("jobs", 0, "centre_id", "C9", "stands in centres.csv"),
    ("jobs", 0, "customer_class", "vip", "ordinary | priority | vulnerable"),
    ("jobs", 0, "urgent", "true", "yes | no"),
    ("jobs", 0, "service_duration", "45", "a duration such as"),
    ("jobs", 0, "service_duration", "-PT45M", "not negative"),
    ("jobs", 0, "service_duration", "PT0S", "longer than nothing"),
    ("jobs", 0, "service_duration", "P3D", "at most 24 hours"),
    ("jobs", 0, "service_duration", "P", "a duration such as"),
    ("jobs", 0, "crew_size", "0", "1 to 10"),
    ("jobs", 0, "load", "-1", "0 to"),
    ("jobs", 0, "windows", f"{LATER}/{TIME}", "reversed"),
    ("jobs", 0, "windows", f"{TIME}/2026-03-02T11:00:00", "with its offset"),
    ("jobs", 0, "windows", f"{TIME}", "start/end"),
    ("jobs", 0, "appointment", f"{TIME}/{LATER};{TIME}/{LATER}", "only one start/end"),
    ("jobs", 0, "windows", f"{TIME}/{LATER};", "start/end"),
    ("jobs", 0, "windows", f"{TIME}/2036-03-02T11:00:00+08:00", "within 1000 days"),
    ("jobs", 1, "appointment", f"{LATER}/{TIME}", "reversed"),
    ("jobs", 2, "preferred", f"{LATER}/{TIME}", "reversed"),
    ("jobs", 2, "consent", "yes", "given | not_needed | pending"),
    ("jobs", 1, "parts", "P2:0", "quantity 1 to 1000"),
    ("jobs", 1, "parts", "P2:1;P2:1", "each item once"),
    ("jobs", 1, "parts", "P2:1;P99:1", "stand in parts.csv"),
    ("jobs", 1, "preferred_technician_id", "T9", "stands in technicians.csv"),
    ("jobs", 1, "lock", "strong", "none | time | technician | both | pinned"),
    ("jobs", 1, "published_technician_id", "T9", "stands in technicians.csv"),
    ("jobs", 1, "published_technician_id", "", "both or neither"),
    ("jobs", 1, "published_start", "", "both or neither"),
    ("jobs", 0, "lock", "pinned", "unless the job is published"),
    ("jobs", 0, "told", "yes", "unless the job is published"),
    ("jobs", 0, "same_fault_at", "2026-03-01T18:30:00+08:00", "before reported_at"),
    ("centres", 0, "calendar", "bank", "office, always"),
    ("outlets", 0, "centre_id", "C9", "stands in centres.csv"),
    ("outlets", 0, "ownership", "franchise", "own | contract"),
    ("outlets", 0, "channel", "telex", "online | phone | fax"),
    ("outlets", 0, "place_level", "hamlet", "city | county | township | village"),
    ("outlets", 0, "calendar", "bank", "office, always"),
    ("outlets", 0, "opens", "8:00", "HH:MM"),
    ("outlets", 0, "opens", "24:30", "HH:MM"),
    ("outlets", 0, "closes", "07:00", "after opens"),
    ("outlets", 1, "tariff_id", "", "not empty for a contract outlet: a contract_tariff of day.toml: county"),
    ("outlets", 1, "tariff_id", "city", "a contract_tariff of day.toml: county"),
    ("outlets", 3, "closed_on", "2019-01-01", "after opened_on"),
    ("outlets", 3, "closed_on", "2026-02-30", "a date that exists"),
    ("outlets", 1, "workload_target", "-3", "0 to"),
    ("outlets", 1, "visits_so_far", "-1", "0 to"),
    ("outlets", 1, "duration_percent", "fridge:0", "10 to 1000 percent"),
    ("outlets", 1, "first_fix_percent", "fridge:101", "0 to 100 percent"),
    ("outlets", 1, "first_fix_percent", "fridge:90;fridge:80", "each item once"),
    ("technicians", 0, "outlet_id", "O9", "stands in outlets.csv"),
    ("technicians", 0, "travel_mode", "helicopter", "car | motorbike | ebike | transit | walk"),
    ("technicians", 0, "skills", "", "not empty"),
    ("technicians", 0, "skills", "fridge:4", "level 1 to 3"),
    ("technicians", 0, "skills", "fridge:1;fridge:2", "each item once"),
    ("technicians", 0, "certificates", "gas:2026-04-30:2024-05-01", "reversed"),
    ("technicians", 0, "certificates", "gas:2026-04-30", "scheme:first date:last date"),
    ("technicians", 0, "shift_end", "07:00", "after shift_start"),
    ("technicians", 0, "overtime_limit", "PT13H", "at most 12 hours"),
    ("technicians", 0, "break_latest", "11:00", "not before break_earliest"),
    ("technicians", 0, "break_earliest", "", "all or none"),
    ("technicians", 0, "break_duration", "", "all or none"),
    ("technicians", 0, "break_duration", "PT0S", "1 minute to 6 hours"),
    ("technicians", 0, "rest_weekdays", "sunday", "mon | tue"),
    ("technicians", 0, "absent_on", "tomorrow", "a date YYYY-MM-DD"),
    ("technicians", 0, "busy_until", "11:40", "a time such as"),
    ("technicians", 0, "busy_until", "2026-03-02T11:40:00", "with its offset"),
    ("technicians", 0, "busy_until", "2026-03-01T11:40:00+08:00", "a time from 2026-03-02 to 2026-03-03"),
    ("technicians", 0, "busy_until", "2026-03-04T00:00:00+08:00", "a time from 2026-03-02 to 2026-03-03"),
    ("warehouses", 0, "datum", "", "WGS84 | GCJ02 | BD09"),
    ("parts", 0, "size_class", "huge", "small | medium | bulky"),
    ("parts", 0, "weight_g", "-9", "0 to"),
    ("parts", 0, "price_fen", "-1", "0 to"),
    ("parts", 0, "price_fen", "450.00", "a whole number"),
    ("kits", 0, "part_id", "P9", "stands in parts.csv"),
    ("kits", 0, "quantity", "0", "1 to 1000"),
    ("stock", 0, "warehouse_id", "W9", "stands in warehouses.csv"),
    ("stock", 0, "part_id", "P9", "stands in parts.csv"),
    ("stock", 0, "on_hand", "-5", "0 to"),
    ("lanes", 0, "warehouse_id", "W9", "stands in warehouses.csv"),
    ("lanes", 0, "centre_id", "C9", "stands in centres.csv"),
    ("lanes", 0, "mode", "pigeon", "standard | express | dedicated | pickup"),
    ("lanes", 0, "transit_p90", "PT1H", "not shorter than transit_p50"),
    ("lanes", 0, "transit_p50", "PT-1H", "not negative"),
    ("lanes", 0, "cost_fen", "-1", "0 to"),
    ("lanes", 0, "carries", "small;tiny", "a list of small | medium | bulky"),
    ("lanes", 0, "reach_km", "-1", "a whole number 0 to"),
    ("lanes", 0, "reach_km", "far", "a whole number 0 to"),
    ("lanes", 0, "reach_km", "30", "nothing, unless the mode is pickup"),
]


@pytest.mark.parametrize("bad", CELLS, ids=lambda bad: f"{bad[0]}-{bad[2]}-{bad[3][:20]}")
def test_a_bad_cell(tmp_path: Path, bad: tuple[str, int, str, str, str]) -> None:
    table, row, column, value, allowed = bad
    fault = fault_of(tmp_path, table, row, **{column: value})
    assert (fault.row, fault.column, fault.value) == (row + 2, column, value)
    assert allowed in fault.allowed


def test_every_column_that_can_be_wrong_is_tried_above() -> None:
    tried = {(table, column) for table, _, column, _, _ in CELLS}
    free = {"name", "brand", "address", "contact", "phone", "province"}
    elsewhere = {
        # the same kind of cell as one tried above, in another table or column
        *((table, column) for table in ("centres", "outlets", "warehouses") for column in ("lon", "lat", "datum")),
        *((table.name, table.columns[0].name) for table in TABLES),
        ("jobs", "fault"), ("outlets", "opened_on"), ("technicians", "load_capacity"), ("technicians", "crew_size"),
        ("technicians", "shift_start"), ("parts", "family"), ("parts", "carried"), ("kits", "fault"),
        ("stock", "reserved"), ("lanes", "cut_off"), ("lanes", "cost_fen_per_kg"),
        # tests/datasets/test_supply_faults.py
        *(("warehouses", column) for column in ("kind", "calendar", "dock_lines", "offline")), ("parts", "substitutes"),
        *(("stock", column) for column in ("floor", "inbound", "as_of")), ("lanes", "calendar"), ("lanes", "closed"),
    }  # fmt: skip
    every = {(table.name, column.name) for table in TABLES for column in table.columns if column.name not in free}
    assert every - tried - elsewhere == set()


@pytest.mark.parametrize("table", ["centres", "outlets", "jobs", "warehouses"])
def test_swapped_coordinates_are_called_so(tmp_path: Path, table: str) -> None:
    fault = fault_of(tmp_path, table, 0, lon="30.6595", lat="104.0657")
    assert (fault.column, fault.value) == ("lon", "30.6595")
    assert "swapped" in fault.allowed


def test_a_break_outside_the_shift(tmp_path: Path) -> None:
    fault = fault_of(tmp_path, "technicians", 0, break_earliest="18:00", break_latest="19:00")
    assert (fault.column, fault.allowed) == ("break_earliest", "a break within the shift")


@pytest.mark.parametrize(
    ("table", "value", "allowed"),
    [
        ("centres", "C1", "centre_id once"),
        ("jobs", "J1", "job_id once"),
        ("parts", "P1", "part_id once"),
        ("stock", "W1, P1", "warehouse_id and part_id once"),
        ("kits", "fridge, no_cooling, P1", "product and fault and part_id once"),
    ],
)
def test_a_repeated_row(tmp_path: Path, table: str, value: str, allowed: str) -> None:
    cells = make.tables()
    cells[table].append(dict(cells[table][0]))
    fault = only_fault(make.write(tmp_path, cells))
    last_line = (tmp_path / f"{table}.csv").read_text(encoding="utf-8").count("\n")
    assert (fault.row, fault.value) == (last_line, value)
    assert allowed in fault.allowed
    assert "line 2" in fault.allowed


def test_lines_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    cells = make.tables()
    cells["jobs"].append(cells["jobs"][0] | {"job_id": "J5", "urgent": "perhaps"})
    # J4 stands in line 5 and has an address of two lines.
    assert only_fault(make.write(tmp_path, cells)).row == 7


@pytest.mark.parametrize("file", ["day.toml", *(table.file for table in TABLES)])
def test_a_missing_file(tmp_path: Path, file: str) -> None:
    (make.write(tmp_path) / file).unlink()
    assert only_fault(tmp_path) == Fault(file=file, row=None, column="", value="missing", allowed=f"a file {file}")


@pytest.mark.parametrize("file", ["day.toml", "jobs.csv", "areas.geojson"])
def test_a_folder_in_place_of_a_file(tmp_path: Path, file: str) -> None:
    make.write(tmp_path)
    (tmp_path / file).unlink(missing_ok=True)
    (tmp_path / file).mkdir()
    assert only_fault(tmp_path).value == "a folder or device"


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    (make.write(tmp_path) / "jobs.csv").unlink()
    os.mkfifo(tmp_path / "jobs.csv")
    assert only_fault(tmp_path).value == "a folder or device"


def test_no_folder_at_all(tmp_path: Path) -> None:
    assert only_fault(tmp_path / "nowhere").value == "missing"
    (tmp_path / "file").touch()
    assert only_fault(tmp_path / "file").value == "not a folder"


@pytest.mark.parametrize("file", [table.file for table in TABLES])
def test_an_empty_file(tmp_path: Path, file: str) -> None:
    (make.write(tmp_path) / file).write_text("\n")
    fault = only_fault(tmp_path)
    assert (fault.file, fault.row, fault.value) == (file, None, "empty file")
    assert fault.allowed.startswith("a header row: ")


@pytest.mark.parametrize("name", ["centres", "outlets"])
def test_a_header_without_the_rows_that_are_needed(tmp_path: Path, name: str) -> None:
    cells = make.tables()
    cells[name] = []
    faults = refusal(make.write(tmp_path, cells))
    assert Fault(file=f"{name}.csv", row=None, column="", value="no rows", allowed="at least one row") in faults


def test_a_missing_column(tmp_path: Path) -> None:
    columns = ["job_id", "reported_at", "product", "skill_level", "lon", "lat", "service_duration"]
    fault = only_fault(make.write(tmp_path, only_columns={"jobs": columns}))
    assert (fault.file, fault.row, fault.column, fault.value) == ("jobs.csv", 1, "datum", "missing column")


def test_a_missing_id_column_makes_no_further_noise(tmp_path: Path) -> None:
    columns = [column.name for column in TABLES[2].columns[1:]]
    assert only_fault(make.write(tmp_path, only_columns={"technicians": columns})).column == "technician_id"


def test_unknown_and_repeated_columns(tmp_path: Path) -> None:
    make.write(tmp_path)
    path = tmp_path / "stock.csv"
    path.write_text("warehouse_id,part_id,on_hand,reserved,colour,reserved\nW1,P1,5,2,red,2\n")
    assert [(fault.row, fault.column, fault.value) for fault in refusal(tmp_path)] == [
        (1, "colour", "unknown column"),
        (1, "reserved", "column given twice"),
    ]


@pytest.mark.parametrize(("separator", "wording"), [(";", "semicolons"), ("\t", "tabs")])
def test_another_separator(tmp_path: Path, separator: str, wording: str) -> None:
    make.write(tmp_path)
    path = tmp_path / "stock.csv"
    path.write_text(path.read_text().replace(",", separator))
    fault = only_fault(tmp_path)
    assert (fault.row, fault.value, fault.allowed) == (
        1,
        f"columns separated by {wording}",
        "columns separated by commas",
    )


def test_ragged_rows(tmp_path: Path) -> None:
    make.write(tmp_path)
    (tmp_path / "stock.csv").write_text("warehouse_id,part_id,on_hand,reserved\nW1,P1,5\nW1,P2,1,0,9\nW2,P1,1,0\n")
    assert [(fault.row, fault.value, fault.allowed) for fault in refusal(tmp_path)] == [
        (2, "3 cells", "4 cells, as many as the header"),
        (3, "5 cells", "4 cells, as many as the header"),
    ]


def test_a_ragged_row_is_one_fault_and_not_one_per_reference(tmp_path: Path) -> None:
    make.write(tmp_path)
    path = tmp_path / "outlets.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("O1,", "O1,,"), encoding="utf-8")
    fault = only_fault(tmp_path)
    assert (fault.file, fault.row) == ("outlets.csv", 2)


def test_a_file_saved_by_excel_as_gbk(tmp_path: Path) -> None:
    cells = make.tables()
    cells["outlets"][0]["name"] = "Chengdu"
    cells["outlets"][2]["opens"] = "late"
    make.write(tmp_path, cells)
    path = tmp_path / "outlets.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    encoding, cell = refusal(tmp_path)
    assert (encoding.file, encoding.row) == ("outlets.csv", 3)
    assert "GBK" in encoding.value
    assert "UTF-8" in encoding.allowed
    assert (cell.row, cell.column, cell.value) == (4, "opens", "late")


def test_utf_16_and_other_bytes(tmp_path: Path) -> None:
    make.write(tmp_path)
    path = tmp_path / "parts.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    fault = only_fault(tmp_path)
    assert (fault.row, fault.value) == (1, "text in UTF-16")
    make.write(tmp_path)
    path.write_bytes(path.read_bytes() + b"P5,x\xff\xffx,fridge,small,1,1,no,\n")
    fault = only_fault(tmp_path)
    assert (fault.row, fault.value) == (6, "bytes that are not UTF-8")


def test_nul_bytes(tmp_path: Path) -> None:
    make.write(tmp_path)
    path = tmp_path / "parts.csv"
    path.write_bytes(path.read_bytes().replace("水泵".encode(), b"\0pump"))
    fault = only_fault(tmp_path)
    assert (fault.file, fault.row, fault.value) == ("parts.csv", 3, "a NUL byte")


def test_a_quote_left_open(tmp_path: Path) -> None:
    make.write(tmp_path)
    path = tmp_path / "parts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("水泵", '"水泵'), encoding="utf-8")
    fault = only_fault(tmp_path)
    assert (fault.file, fault.row, fault.value) == ("parts.csv", 3, "a quote that is never closed")


def test_text_after_a_closing_quote(tmp_path: Path) -> None:
    make.write(tmp_path)
    path = tmp_path / "parts.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("水泵", '"水"泵'), encoding="utf-8")
    assert only_fault(tmp_path).row == 3


@pytest.mark.parametrize("file", ["jobs.csv", "day.toml", "areas.geojson"])
def test_a_gigabyte_is_refused_by_its_size(tmp_path: Path, file: str) -> None:
    make.write(tmp_path)
    with (tmp_path / file).open("ab") as stream:
        stream.truncate(1 << 30)
    fault = only_fault(tmp_path)
    assert (fault.file, fault.value, fault.allowed) == (file, f"{1 << 30} bytes", f"at most {MAX_FILE_BYTES} bytes")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"type": "FeatureCollection", "features": []}', "\0"])
def test_bad_areas(tmp_path: Path, text: str) -> None:
    (make.write(tmp_path) / "areas.geojson").write_text(text)
    assert {fault.file for fault in refusal(tmp_path)} == {"areas.geojson"}


def test_without_a_live_outlet_jobs_need_a_centre(tmp_path: Path) -> None:
    cells = make.tables()
    for outlet in cells["outlets"]:
        outlet["closed_on"] = "2026-03-01"
    faults = refusal(make.write(tmp_path, cells))
    assert [(fault.row, fault.column) for fault in faults] == [(3, "centre_id"), (4, "centre_id"), (5, "centre_id")]
    for job in cells["jobs"]:
        job["centre_id"] = "C1"
    make.write(tmp_path, cells)
    assert read_day(tmp_path).day.shifts == ()


def test_many_faults_are_reported_at_once_and_in_order(tmp_path: Path) -> None:
    cells = make.tables()
    cells["jobs"][0] |= {"lon": "30.6", "lat": "104.07", "service_duration": "-PT5M", "windows": f"{LATER}/{TIME}"}
    cells["jobs"][2] |= {"reported_at": "2026-03-01T18:30:00", "datum": ""}
    cells["technicians"][0] |= {"outlet_id": "O7", "skills": "fridge:9"}
    cells["technicians"][1]["technician_id"] = "T1"
    cells["lanes"][1]["cost_fen"] = "-9"
    make.write(tmp_path, cells, toml=make.settings().replace("days = 2", "days = 200"))
    (tmp_path / "stock.csv").unlink()
    found = [(fault.file, fault.row, fault.column) for fault in refusal(tmp_path)]
    assert found == [
        ("day.toml", None, "days"),
        ("technicians.csv", 2, "skills"),
        ("technicians.csv", 2, "outlet_id"),
        ("technicians.csv", 3, "technician_id"),
        ("jobs.csv", 2, "service_duration"),
        ("jobs.csv", 2, "windows"),
        ("jobs.csv", 2, "lon"),
        ("jobs.csv", 3, "preferred_technician_id"),
        ("jobs.csv", 3, "published_technician_id"),
        ("jobs.csv", 4, "reported_at"),
        ("jobs.csv", 4, "datum"),
        ("stock.csv", None, ""),
        ("lanes.csv", 3, "cost_fen"),
    ]


def test_a_broken_day_toml_does_not_hide_faults_in_tables(tmp_path: Path) -> None:
    cells = make.tables()
    cells["jobs"][0]["urgent"] = "very"
    faults = refusal(make.write(tmp_path, cells, toml="date ="))
    assert [fault.file for fault in faults] == ["day.toml", "jobs.csv"]


def test_a_printed_refusal_is_capped_and_the_data_is_not(tmp_path: Path) -> None:
    cells = make.tables()
    cells["jobs"] = [cells["jobs"][0] | {"job_id": f"J{number}", "urgent": "very"} for number in range(250)]
    cells["stock"][0]["on_hand"] = "x\ny" * 100
    with pytest.raises(DayRefused) as refused:
        read_day(make.write(tmp_path, cells))
    assert len(refused.value.faults) == 251
    lines = str(refused.value).splitlines()
    assert len(lines) == PRINTED_FAULTS_PER_FILE + 2
    assert lines[0] == 'jobs.csv, line 2, urgent: "very"; allowed: yes | no'
    assert lines[-2].startswith('stock.csv, line 2, on_hand: "x\\ny')
    assert lines[-1] == "jobs.csv: 50 more faults not shown"


NASTY = ["", " ", "0", "-1", "1e999", "nan", "None", "=1+1", ";", ":", "/", "a:b:c", "\ufeff", "\x00", "\n", '"', "９",
         "9" * 5000, "PT", "P1Y", "2026-03-02T08:30:00+99:99", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59",
         "9999-12-31", "0001-01-01", "P999999DT9999999H", "𝟙", "\ud7ff", "é́", "fridge:1;", "24:00"]  # fmt: skip
PLACES = [(table, row, column.name) for table in TABLES for row in range(3) for column in table.columns]


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


def read_or_refuse(folder: Path) -> None:
    faults: tuple[Fault, ...] | None = None
    try:
        read_day(folder)
    except DayRefused as refused:
        faults = refused.faults
    assert faults is None or faults[0].allowed


TEXTS = st.one_of(st.sampled_from(NASTY), st.text(st.characters(codec="utf-8"), max_size=20))


@settings(max_examples=80)
@given(place=st.sampled_from(PLACES), value=TEXTS)
def test_any_cell_is_read_or_refused(scratch: Path, place: tuple[TableFormat, int, str], value: str) -> None:
    table, row, column = place
    cells = make.tables()
    rows = cells[table.name]
    rows[row % len(rows)][column] = value
    read_or_refuse(make.write(scratch, cells))


@settings(max_examples=50)
@given(
    file=st.sampled_from(["day.toml", *(table.file for table in TABLES)]),
    at=st.floats(0, 1),
    cut=st.integers(0, 40),
    put=st.binary(max_size=10),
)
def test_any_bytes_are_read_or_refused(scratch: Path, file: str, at: float, cut: int, put: bytes) -> None:
    path = make.write(scratch) / file
    data = path.read_bytes()
    start = int(at * len(data))
    path.write_bytes(data[:start] + put + data[start + cut :])
    read_or_refuse(scratch)
