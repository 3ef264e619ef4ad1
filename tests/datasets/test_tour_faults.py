"""Bad folders, what they say about tours: every fault with file, line, column, value and what is allowed."""

from pathlib import Path

import pytest

from datasets.day import read_day
from datasets.faults import DayRefused, Fault
from datasets.tour_columns import TOUR_TABLES
from tests.datasets import make_day_folder as make


def refusal(folder: Path, cells: make.Cells, toml: str = make.settings()) -> tuple[Fault, ...]:
    with pytest.raises(DayRefused) as refused:
        read_day(make.write(folder, cells, toml))
    return refused.value.faults


def whole() -> make.Cells:
    return make.tables() | make.tours()


CELLS = [
    ("villages", 1, "village_id", "=V1", "begins with a letter"),
    ("villages", 1, "village_id", "V1", "each village_id once"),
    ("villages", 0, "centre_id", "=C1", "begins with a letter"),
    ("lodgings", 0, "centre_id", "=C1", "begins with a letter"),
    ("villages", 0, "name", "", "not empty"),
    ("villages", 0, "lon", "200", "73 to 135.1"),
    ("villages", 0, "lon", "31.5 E", "decimal degrees"),
    ("villages", 0, "lat", "60", "3 to 54"),
    ("villages", 0, "datum", "", "WGS84 | GCJ02 | BD09"),
    ("villages", 0, "datum", "WGS72", "WGS84 | GCJ02 | BD09"),
    ("villages", 0, "households", "-1", "0 to"),
    ("villages", 0, "last_visit", "June", "YYYY-MM-DD"),
    ("villages", 0, "last_visit", "2026-03-03", "not after 2026-03-02"),
    ("villages", 0, "announced", "2026-02-30", "a date that exists"),
    ("villages", 0, "announced", "2026-03-04", "from 2026-03-02 to 2026-03-03"),
    ("villages", 0, "announced", "2026-03-01", "from 2026-03-02 to 2026-03-03"),
    ("villages", 0, "announced", "2026-03-02;2026-03-04", "dates from 2026-03-02 to 2026-03-03"),
    ("villages", 0, "announced", "2026-03-02;2026-03-02", "each item once"),
    ("villages", 0, "announced_at", "2026-03-02", "DATE@village_id separated by ;"),
    ("villages", 0, "announced_at", "2026-02-30@V2", "a date that exists"),
    ("villages", 0, "announced_at", "2026-03-02@V2;2026-03-04@V2", "dates from 2026-03-02 to 2026-03-03"),
    ("villages", 0, "announced_at", "2026-03-02@V2;2026-03-03@V9", "stand in villages.csv"),
    ("villages", 0, "announced_at", "2026-03-02@V1", "other villages"),
    ("villages", 0, "cut_off", "yes", "YYYY-MM-DD"),
    ("villages", 0, "cut_off", "2026-03-02;2026-03-02", "each item once"),
    ("lodgings", 0, "name", "", "not empty"),
    ("lodgings", 0, "lon", "136", "73 to 135.1"),
    ("lodgings", 0, "lat", "", "not empty"),
    ("lodgings", 0, "datum", "", "not empty"),
    ("lodgings", 0, "price_fen", "-1", "0 to"),
    ("lodgings", 0, "price_fen", "", "0 to"),
    ("lodgings", 0, "check_in", "", "not empty"),
    ("lodgings", 0, "check_in", "25:00", "HH:MM"),
    ("lodgings", 0, "closed_on", "monday", "YYYY-MM-DD"),
    ("crews", 1, "crew_id", "G1", "each crew_id once"),
    ("crews", 0, "name", "", "not empty"),
    ("crews", 0, "outlet_id", "O9", "stands in outlets.csv"),
    ("crews", 0, "technician_ids", "", "not empty"),
    ("crews", 0, "technician_ids", "T9", "stand in technicians.csv"),
    ("crews", 0, "technician_ids", "T1;T1", "each item once"),
    ("crews", 0, "travel_mode", "mule", "car | motorbike"),
    ("crews", 0, "load_capacity", "-1", "0 to"),
    ("crews", 0, "volume_ml", "-1", "0 to"),
    ("crews", 0, "day_start", "7", "HH:MM"),
    ("crews", 0, "day_end", "06:59", "after day_start"),
    ("crews", 0, "service_start", "8h", "HH:MM"),
    ("crews", 0, "service_end", "08:30", "after service_start"),
    ("crews", 0, "break_earliest", "", "all or none"),
    ("crews", 0, "break_latest", "11:00", "not before break_earliest"),
    ("crews", 0, "break_duration", "PT0S", "1 minute"),
    ("crews", 0, "nights_before", "-1", "0 to"),
    ("crews", 1, "away_on", "2026-03-09", "from 2026-03-02 to 2026-03-03"),
    ("crews", 1, "sleeps_at", "L9", "stands in lodgings.csv"),
    ("crews", 1, "nights_out", "", "all or none"),
    ("crews", 1, "aboard", "J9", "ids of jobs.csv"),
    ("crews", 0, "aboard", "J4", "unless the crew is away"),
    ("crews", 1, "sleeps_at", "", "the lodging of the last night"),
    ("crews", 0, "sleeps_at", "L1", "unless the crew is away"),
    ("crews", 0, "van_down_on", "tuesday", "YYYY-MM-DD"),
    ("crews", 0, "van_back_on", "2026-03-03", "after van_down_on"),
    ("consents", 0, "job_id", "J9", "stands in jobs.csv"),
    ("consents", 0, "until", "", "not empty"),
    ("consents", 0, "until", "next week", "YYYY-MM-DD"),
    ("consents", 0, "until", "2026-02-28", "not before that of recorded_at"),
    ("consents", 0, "recorded_at", "", "not empty"),
    ("consents", 0, "recorded_at", "2026-03-01T09:00:00", "with its offset"),
    ("consents", 0, "recorded_at", "2026-03-02T06:00:01+08:00", "not after `now`"),
    ("consents", 0, "recorded_at", "2026-02-27T09:59:59+08:00", "not before the job's reported_at"),
    ("maintenance", 1, "plan_id", "M1", "each plan_id once"),
    ("maintenance", 0, "plan_id", "M" * 51, "at most 50"),
    ("maintenance", 0, "village_id", "V9", "stands in villages.csv"),
    ("maintenance", 1, "village_id", "", "a village, or lon, lat and datum"),
    ("maintenance", 2, "lon", "", "all or none"),
    ("maintenance", 2, "lon", "1.0", "73 to 135.1"),
    ("maintenance", 2, "lat", "99", "3 to 54"),
    ("maintenance", 2, "datum", "", "all or none"),
    ("maintenance", 0, "product", "", "not empty"),
    ("maintenance", 0, "fault", "a;b", "without ; or :"),
    ("maintenance", 0, "skill_level", "4", "1 to 3"),
    ("maintenance", 0, "certificates", "gas;gas", "each item once"),
    ("maintenance", 0, "customer_class", "vip", "ordinary | priority"),
    ("maintenance", 0, "service_duration", "40", "a duration"),
    ("maintenance", 0, "crew_size", "0", "1 to 10"),
    ("maintenance", 0, "load", "-1", "0 to"),
    ("maintenance", 0, "interval_days", "0", "1 to"),
    ("maintenance", 0, "last_on", "", "not empty"),
    ("maintenance", 0, "last_on", "2026-03-03", "not after 2026-03-02"),
    ("maintenance", 0, "early_days", "-1", "0 to"),
    ("maintenance", 0, "late_days", "83", "together shorter than interval_days"),
    ("van_parts", 0, "part_id", "P9", "stands in parts.csv"),
    ("van_parts", 1, "part_id", "P2", "each part_id once"),
    ("van_parts", 0, "volume_ml", "0", "1 to"),
    ("van_parts", 0, "part_id", "P3", "not on every van"),
    ("van_parts", 0, "chance_permille", "1001", "0 to 1000"),
    ("van_parts", 0, "most", "-1", "0 to"),
]


@pytest.mark.parametrize(("table", "row", "column", "value", "allowed"), CELLS)
def test_a_bad_cell_is_one_fault(tmp_path: Path, table: str, row: int, column: str, value: str, allowed: str) -> None:
    cells = whole()
    cells[table][row][column] = value
    (fault,) = refusal(tmp_path, cells)
    assert (fault.file, fault.row, fault.column) == (f"{table}.csv", row + 2, column)
    assert fault.value == value
    assert allowed in fault.allowed


def test_every_column_that_can_be_wrong_is_tried() -> None:
    tried = {(table, column) for table, _, column, _, _ in CELLS}
    free = {"name", "contact", "phone", "address", "brand", "channel", "recorded_by", "lodging_id"}
    every = {(table.name, column.name) for table in TOUR_TABLES for column in table.columns}
    assert {(table, column) for table, column in every - tried if column not in free} == set()


@pytest.mark.parametrize("table", ["villages", "lodgings"])
def test_swapped_longitude_and_latitude_are_named_as_such(tmp_path: Path, table: str) -> None:
    cells = whole()
    place = cells[table][0]
    place["lon"], place["lat"] = place["lat"], place["lon"]
    (fault,) = refusal(tmp_path, cells)
    assert "look swapped" in fault.allowed


def test_a_technician_rides_with_one_crew(tmp_path: Path) -> None:
    cells = whole()
    cells["crews"][1]["technician_ids"] = "T2;T1"
    (fault,) = refusal(tmp_path, cells)
    assert (fault.row, fault.column, fault.value) == (3, "technician_ids", "T1")
    assert "line 2 has them too" in fault.allowed


@pytest.mark.parametrize(("table", "key"), [("consents", "job_id"), ("lodgings", "lodging_id")])
def test_what_has_an_id_stands_once(tmp_path: Path, table: str, key: str) -> None:
    cells = whole()
    cells[table].append(dict(cells[table][0]))
    (fault,) = refusal(tmp_path, cells)
    assert f"each {key} once" in fault.allowed


def test_a_call_does_not_have_the_name_of_a_visit(tmp_path: Path) -> None:
    cells = whole()
    cells["jobs"][2]["job_id"] = "M1@2026-03-03"
    (fault,) = refusal(tmp_path, cells)
    assert (fault.file, fault.column, fault.value) == ("maintenance.csv", "plan_id", "M1")


LEVERS = [
    ("fill_days = 1", "fill_days", "true | false"),
    ("fill_percent = 101", "fill_percent", "0 to 100"),
    ("village_reach_m = -1", "village_reach_m", "0 to"),
    ('driving = "PT25H"', "driving", "at most 24 hours"),
    ('cover = "PT0S"', "cover", "longer than nothing"),
    ("threshold_fen = -1", "threshold_fen", "0 to"),
    ("looks_ahead = [0, 3, 7]", "looks_ahead", "only "),
    ("spares_fen = -1", "spares_fen", "0 to"),
    ("nights = 31", "nights", "0 to 30"),
    ("day_metres = 0", "day_metres", "1 to"),
    ("van_days = -1", "van_days", "0 to"),
    ('must_visit = ["V9"]', "must_visit", "stand in villages.csv"),
    ('never_visit = ["V9"]', "never_visit", "stand in villages.csv"),
    ('must_visit = ["V1"]\nnever_visit = ["V1"]', "never_visit", "not in must_visit as well"),
    ('forbidden_lodgings = ["L9"]', "forbidden_lodgings", "stand in lodgings.csv"),
    ("walk_ins = { per_thousand = 3 }", "walk_ins.product", "a required key"),
    ('walk_ins = { product = "fridge", per_thousand = 1001 }', "walk_ins.per_thousand", "0 to 1000"),
    ("[tour.charges]\nday_fen = -1", "charges.day_fen", "0 to"),
    ("[tour.charges]\nday_yuan = 1", "charges.day_yuan", "only"),
    ('[[tour.locked]]\ncrew_id = "G9"\ndate = 2026-03-02', "locked[1].crew_id", "stand in crews.csv"),
    ('[[tour.locked]]\ncrew_id = "G1"\ndate = 2026-03-04', "locked[1].date", "from 2026-03-02 to 2026-03-03"),
    ('[[tour.locked]]\ncrew_id = "G1"\ndate = 2026-03-02\njob_ids = ["J9"]', "locked[1].job_ids", "ids of jobs.csv"),
    ('[[tour.locked]]\ncrew_id = "G1"\ndate = 2026-03-02\nlodging_id = "L9"', "locked[1].lodging_id", "lodgings.csv"),
    ('[[tour.spans]]\ncrew_id = "G1"\nfirst = 2026-03-03\nlast = 2026-03-02', "spans[1].last", "not before first"),
    ('[[tour.spans]]\ncrew_id = "G1"\nfirst = 2026-03-03\nlast = 2026-03-09', "spans[1].last", "from 2026-03-02"),
    ("hotels = 3", "hotels", "only"),
]


@pytest.mark.parametrize(("said", "key", "allowed"), LEVERS)
def test_a_bad_key_is_one_fault(tmp_path: Path, said: str, key: str, allowed: str) -> None:
    (fault,) = refusal(tmp_path, whole(), f"{make.settings()}\n[tour]\n{said}\n")
    assert (fault.file, fault.column) == ("day.toml", f"tour.{key}")
    assert allowed in fault.allowed


def test_all_faults_of_all_files_at_once(tmp_path: Path) -> None:
    cells = whole()
    cells["jobs"][0]["lon"] = "0"
    for table, column, value in (
        ("villages", "datum", ""),
        ("lodgings", "price_fen", "-1"),
        ("crews", "technician_ids", ""),
        ("consents", "job_id", "J9"),
        ("maintenance", "interval_days", "0"),
        ("van_parts", "part_id", "P9"),
    ):
        cells[table][0][column] = value
    found = refusal(tmp_path, cells, make.settings() + "\n[tour]\nnights = 99\n")
    assert [fault.file.partition(".")[0] for fault in found] == ["day", "jobs", *(t.name for t in TOUR_TABLES)]


@pytest.mark.parametrize("file", [table.file for table in TOUR_TABLES])
def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path, file: str) -> None:
    make.write(tmp_path, whole())
    (tmp_path / file).write_bytes(b"\xff\xfe\x00broken")
    with pytest.raises(DayRefused) as refused:
        read_day(tmp_path)
    assert file in {fault.file for fault in refused.value.faults}
