"""Bad folders, what they say about parts: every fault with file, line, column, value and what is allowed."""

from pathlib import Path

import pytest

from datasets.day import read_day
from datasets.faults import DayRefused, Fault
from datasets.supply_columns import SUPPLY_TABLES
from tests.datasets import make_day_folder as make

FAR = "2036-03-02T09:00:00+08:00"


def refusal(folder: Path, cells: make.Cells, toml: str = make.settings()) -> tuple[Fault, ...]:
    with pytest.raises(DayRefused) as refused:
        read_day(make.write(folder, cells, toml))
    return refused.value.faults


def whole() -> make.Cells:
    return make.tables() | make.supply()


CELLS = [
    ("warehouses", 0, "kind", "outlet", "warehouse | hq | supplier"),
    ("warehouses", 0, "calendar", "bank", "office, always"),
    ("warehouses", 0, "dock_lines", "0", "1 to"),
    ("warehouses", 0, "offline", "true", "yes | no"),
    ("stock", 0, "on_hand", "-1", "0 to"),
    ("stock", 0, "on_hand", "unknown", "0 to"),
    ("stock", 0, "floor", "-2", "0 to"),
    ("stock", 0, "inbound", "5", "quantity@time"),
    ("stock", 0, "inbound", "5@tomorrow", "2026-03-02T08:30:00+08:00"),
    ("stock", 0, "inbound", "5@2026-03-03T09:00:00", "with its offset"),
    ("stock", 0, "inbound", "0@2026-03-03T09:00:00+08:00", "1 or more"),
    ("stock", 0, "inbound", f"5@{FAR}", "within 1000 days"),
    ("stock", 0, "as_of", "06:00", "2026-03-02T08:30:00+08:00"),
    ("stock", 0, "as_of", FAR, "within 1000 days"),
    ("parts", 0, "substitutes", "P9", "stand in parts.csv"),
    ("parts", 0, "substitutes", "P4;P1", "other parts than"),
    ("parts", 0, "substitutes", "P4;P4", "each item once"),
    ("parts", 0, "substitutes", "P4:1", "separated by ;"),
    ("lanes", 0, "cut_off", "16h", "HH:MM"),
    ("lanes", 0, "cut_off", "24:01", "HH:MM"),
    ("lanes", 0, "calendar", "bank", "office, always"),
    ("lanes", 0, "closed", "2026-03-02", "start/end"),
    ("lanes", 0, "closed", "2026-03-03T00:00:00+08:00/2026-03-02T00:00:00+08:00", "reversed"),
    ("lanes", 0, "closed", f"2026-03-03T00:00:00+08:00/{FAR}", "within 1000 days"),
    ("outlet_stock", 0, "outlet_id", "O9", "stands in outlets.csv"),
    ("outlet_stock", 0, "part_id", "P9", "stands in parts.csv"),
    ("outlet_stock", 0, "on_hand", "-1", "0 to"),
    ("outlet_stock", 0, "reserved", "-1", "0 to"),
    ("outlet_stock", 0, "as_of", FAR, "within 1000 days"),
    ("outlet_stock", 0, "inbound", "2", "quantity@time"),
    ("outlet_stock", 0, "inbound", f"2@{FAR}", "within 1000 days"),
    ("outlet_stock", 0, "inbound", "2@2026-03-02T05:00:00+08:00", "after as_of"),
    ("transfer_lanes", 0, "from_id", "W9", "stands in warehouses.csv or outlets.csv"),
    ("transfer_lanes", 0, "to_id", "W9", "stands in warehouses.csv or outlets.csv"),
    ("transfer_lanes", 0, "to_id", "W1", "another place than from_id"),
    ("transfer_lanes", 0, "mode", "pigeon", "standard | express"),
    ("transfer_lanes", 0, "cut_off", "18", "HH:MM"),
    ("transfer_lanes", 0, "transit_p50", "30", "a duration"),
    ("transfer_lanes", 0, "transit_p90", "PT1H", "not shorter than transit_p50"),
    ("transfer_lanes", 0, "cost_fen", "-1", "0 to"),
    ("transfer_lanes", 0, "cost_fen_per_kg", "-1", "0 to"),
    ("transfer_lanes", 0, "carries", "", "not empty"),
    ("orders", 0, "line_id", "", "not empty"),
    ("orders", 2, "order_id", "J1", "no job in jobs.csv has"),
    ("orders", 2, "outlet_id", "O9", "stands in outlets.csv"),
    ("orders", 0, "part_id", "P9", "stands in parts.csv"),
    ("orders", 1, "part_id", "P2", "each part once in an order; line 2 has it too"),
    ("orders", 0, "quantity", "0", "1 to"),
    ("orders", 0, "quantity", "-3", "1 to"),
    ("orders", 2, "ordered_at", "yesterday", "2026-03-02T08:30:00+08:00"),
    ("orders", 2, "ordered_at", "2026-03-02T06:00:01+08:00", "not after `now`"),
    ("orders", 2, "needed_by", "2026-03-01T19:00:00+08:00", "not before ordered_at"),
    ("orders", 2, "waiting", "1", "yes | no"),
    ("orders", 2, "urgent", "1", "yes | no"),
    ("orders", 2, "customer_class", "vip", "ordinary | priority | vulnerable"),
    ("orders", 2, "most_sources", "0", "1 to 10"),
    ("orders", 2, "pinned_source_id", "W9", "stands in warehouses.csv, or of an outlet in outlet_stock.csv"),
    ("orders", 2, "pinned_source_id", "O3", "stands in warehouses.csv, or of an outlet in outlet_stock.csv"),
    ("orders", 2, "job_id", "J1", "not in jobs.csv"),
    ("orders", 1, "customer_class", "priority", "the same in every line of R1; line 2 differs"),
    ("orders", 1, "outlet_id", "O2", "the same in every line of R1; line 2 differs"),
    ("quotas", 0, "outlet_id", "O9", "stands in outlets.csv"),
    ("quotas", 0, "part_id", "P9", "stands in parts.csv"),
    ("quotas", 0, "quota", "-1", "0 to"),
    ("quotas", 0, "used", "-1", "0 to"),
    ("returns", 0, "return_id", "a/b", "begins with a letter"),
    ("returns", 0, "outlet_id", "O9", "stands in outlets.csv"),
    ("returns", 0, "part_id", "P9", "stands in parts.csv"),
    ("returns", 0, "quantity", "0", "1 to"),
    ("returns", 0, "ready_at", FAR, "within 1000 days"),
    ("forecast", 0, "centre_id", "C9", "stands in centres.csv"),
    ("forecast", 0, "part_id", "P9", "stands in parts.csv"),
    ("forecast", 0, "per_day", "-1", "not negative"),
    ("forecast", 0, "per_day", "0.0001", "three decimals"),
]


@pytest.mark.parametrize("bad", CELLS, ids=lambda bad: f"{bad[0]}-{bad[2]}-{bad[3][:20]}")
def test_a_bad_cell(tmp_path: Path, bad: tuple[str, int, str, str, str]) -> None:
    table, row, column, value, allowed = bad
    cells = whole()
    cells[table][row][column] = value
    (fault,) = refusal(tmp_path, cells)
    assert (fault.file, fault.row, fault.column, fault.value) == (f"{table}.csv", row + 2, column, value)
    assert allowed in fault.allowed


def test_every_column_is_tried_above() -> None:
    tried = {(table, column) for table, _, column, _, _ in CELLS}
    every = {(table.name, column.name) for table in SUPPLY_TABLES for column in table.columns}
    assert every - tried == set()


@pytest.mark.parametrize(
    ("table", "value", "allowed"),
    [
        ("outlet_stock", "O1, P2", "outlet_id and part_id once"),
        ("transfer_lanes", "W1, W2, standard, 18:00, small;medium", "once"),
        ("orders", "R1-1", "line_id once"),
        ("quotas", "O1, P2", "outlet_id and part_id once"),
        ("returns", "B1", "return_id once"),
        ("forecast", "C1, P1", "centre_id and part_id once"),
    ],
)
def test_a_repeated_row(tmp_path: Path, table: str, value: str, allowed: str) -> None:
    cells = whole()
    cells[table].append(dict(cells[table][0]))
    (fault,) = refusal(tmp_path, cells)
    assert (fault.file, fault.row, fault.value) == (f"{table}.csv", len(cells[table]) + 1, value)
    assert allowed in fault.allowed
    assert "line 2" in fault.allowed


def test_units_that_came_before_the_stock_was_counted(tmp_path: Path) -> None:
    cells = whole()
    cells["stock"][0] |= {"inbound": "5@2026-03-02T05:00:00+08:00", "as_of": "2026-03-02T05:30:00+08:00"}
    (fault,) = refusal(tmp_path, cells)
    assert (fault.row, fault.column, fault.allowed) == (
        2,
        "inbound",
        "times after as_of: what came before is in on_hand",
    )


def test_an_outlet_that_cannot_be_told_from_a_warehouse(tmp_path: Path) -> None:
    cells = whole()
    cells["outlets"].append(cells["outlets"][0] | {"outlet_id": "W1"})
    cells["outlet_stock"][0]["outlet_id"] = "W1"
    (fault,) = refusal(tmp_path, cells)
    assert (fault.file, fault.row, fault.column) == ("outlet_stock.csv", 2, "outlet_id")
    assert "not also that of a warehouse" in fault.allowed


def test_a_transfer_to_what_may_be_a_centre(tmp_path: Path) -> None:
    cells = whole()
    cells["outlets"].append(cells["outlets"][0] | {"outlet_id": "C1"})
    cells["transfer_lanes"][0]["to_id"] = "C1"
    (fault,) = refusal(tmp_path, cells)
    assert (fault.file, fault.row, fault.column) == ("transfer_lanes.csv", 2, "to_id")
    assert "not also that of a centre" in fault.allowed


@pytest.mark.parametrize("file", [table.file for table in SUPPLY_TABLES])
def test_a_file_that_is_there_must_be_one(tmp_path: Path, file: str) -> None:
    make.write(tmp_path)
    (tmp_path / file).mkdir()
    with pytest.raises(DayRefused) as refused:
        read_day(tmp_path)
    assert [(fault.file, fault.value) for fault in refused.value.faults] == [(file, "a folder or device")]


def test_an_unreadable_cell_of_an_order_is_one_fault(tmp_path: Path) -> None:
    cells = whole()
    cells["orders"][0]["urgent"] = "very"
    (fault,) = refusal(tmp_path, cells)
    assert (fault.row, fault.column, fault.value) == (2, "urgent", "very")


@pytest.mark.parametrize(
    ("line", "key", "allowed"),
    [
        ('respond_within = "24h"', "respond_within", "a duration such as"),
        ('respond_within = "P40D"', "respond_within", "1 minute to 31 days"),
        ('horizon = "PT1H"', "horizon", "1 to 31 days"),
        ('refilled_within = "PT0S"', "refilled_within", "1 to 31 days"),
        ("split_fen = -1", "split_fen", "0 to"),
        ('release = ["vip"]', "release", "ordinary | priority | vulnerable"),
        ("freight_fen = 1", "freight_fen", "only backorder_fen"),
    ],
)
def test_bad_settings(tmp_path: Path, line: str, key: str, allowed: str) -> None:
    (fault,) = refusal(tmp_path, whole(), make.settings() + f"\n[parts]\n{line}\n")
    assert (fault.file, fault.column) == ("day.toml", f"parts.{key}")
    assert allowed in fault.allowed


def test_faults_of_the_day_and_of_its_parts_come_at_once_and_in_order(tmp_path: Path) -> None:
    cells = whole()
    cells["forecast"][0]["per_day"] = "some"
    cells["orders"][0]["quantity"] = "0"
    cells["jobs"][0]["urgent"] = "very"
    cells["parts"][0]["substitutes"] = "P1"
    found = [(fault.file, fault.column) for fault in refusal(tmp_path, cells)]
    assert found == [
        ("jobs.csv", "urgent"),
        ("parts.csv", "substitutes"),
        ("orders.csv", "quantity"),
        ("forecast.csv", "per_day"),
    ]
