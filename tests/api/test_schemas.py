"""A job of the API and a job of a CSV file mean the same."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from api.schemas.cells import fields_of, pointer_of_column, row_of
from api.schemas.jobs import JobIn
from api.schemas.network import CentreIn, KitIn, LaneIn, OutletIn, PartIn, StockIn, TechnicianIn, WarehouseIn
from api.schemas.values import Sent
from api.schemas.written import duration_text
from datasets.columns import TABLES
from tests.datasets.make_day_folder import tables

SCHEMAS: dict[str, type[Sent]] = {
    "centres": CentreIn,
    "outlets": OutletIn,
    "technicians": TechnicianIn,
    "jobs": JobIn,
    "warehouses": WarehouseIn,
    "parts": PartIn,
    "kits": KitIn,
    "stock": StockIn,
    "lanes": LaneIn,
}
LAYOUTS = {layout.name: layout for layout in TABLES}
PLANS_SAY = {"published_technician_id", "published_start", "told", "lock"}
"""Columns of jobs.csv that the plans of the service fill, not its callers."""

JOB: dict[str, Any] = {
    "reported_at": "2026-03-02T08:12:00+08:00",
    "product": "fridge",
    "skill_level": 1,
    "position": {"coordinates": [118.8, 32.06], "datum": "GCJ02"},
    "service_duration": "PT45M",
}


def meaning(name: str, cells: dict[str, str]) -> dict[str, Any]:
    """Return what a reader of the CSV file would make of a row."""
    return {
        column.name: column.kind.parse(cells[column.name]) if cells.get(column.name) else column.default
        for column in LAYOUTS[name].columns
        if column.name not in PLANS_SAY
    }


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_has_every_column_of_its_table(name: str) -> None:
    layout, fields = LAYOUTS[name], set(SCHEMAS[name].model_fields)
    if "position" in fields:
        fields = fields - {"position"} | {"lon", "lat", "datum"}
    own_id = set() if name in {"kits", "stock", "lanes"} else {layout.keys[0]}
    assert fields == {column.name for column in layout.columns} - own_id - PLANS_SAY


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_row_survives_the_way_out_and_in(name: str) -> None:
    layout, schema = LAYOUTS[name], SCHEMAS[name]
    columns = tuple(column.name for column in layout.columns)
    rows = tables()[name]
    assert rows
    for cells in rows:
        said = schema(**fields_of(schema, cells))
        sent = schema.model_validate_json(said.model_dump_json())
        row = row_of(sent, columns, cells[columns[0]]) | (
            {columns[0]: cells[columns[0]]} if columns[0] not in row_of(sent, columns) else {}
        )
        assert meaning(name, row) == meaning(name, cells)
        assert row.get("datum") == cells.get("datum")


def refused(schema: type[Sent], values: dict[str, Any]) -> dict[str, str]:
    """Return pointer → what the schema says is wrong there."""
    with pytest.raises(ValidationError) as caught:
        schema.model_validate_json(json.dumps(values))
    return {"/" + "/".join(map(str, fault["loc"])): fault["msg"] for fault in caught.value.errors()}


def test_all_faults_are_said_at_once_each_with_its_place() -> None:
    faults = refused(
        JobIn,
        JOB
        | {"reported_at": "2026-03-02T08:12:00", "product": "a;b", "skill_level": 4, "windows": [{"start": "x"}]}
        | {"no_such_field": 1},
    )
    assert "this one has none" in faults["/reported_at"]
    assert set(faults) == {
        "/reported_at",
        "/product",
        "/skill_level",
        "/windows/0/start",
        "/windows/0/end",
        "/no_such_field",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("skill_level", "1"),
        ("skill_level", 1.5),
        ("skill_level", True),
        ("urgent", "yes"),
        ("reported_at", 1_772_409_600),
        ("service_duration", 2_700),
        ("service_duration", "45 min"),
        ("channel", "pigeon"),
        ("centre_id", "=HYPERLINK(1)"),
        ("product", None),
        ("position", {"coordinates": [118.8, 32.06]}),
        ("position", {"coordinates": [118.8], "datum": "WGS84"}),
        ("position", {"coordinates": ["118.8", "32.06"], "datum": "WGS84"}),
    ],
)
def test_nothing_is_converted_or_guessed(field: str, value: Any) -> None:
    assert any(pointer.startswith(f"/{field}") for pointer in refused(JobIn, JOB | {field: value}))


def test_free_text_is_kept_as_it_is() -> None:
    text = "'); DROP TABLE jobs;-- \n=1+1"
    said = JobIn.model_validate_json(json.dumps(JOB | {"address": text}))
    assert row_of(said, ("address",)) == {"address": text}


def test_numbers_bounds_are_those_of_the_columns() -> None:
    for name, schema in SCHEMAS.items():
        for column in LAYOUTS[name].columns:
            field = schema.model_fields.get(column.name)
            if field is None or field.annotation is not int:
                continue
            bounds = {type(rule).__name__: getattr(rule, type(rule).__name__.lower()) for rule in field.metadata}
            for good in bounds.values():
                column.kind.parse(str(good))
            for bad in (bounds["Ge"] - 1, bounds["Le"] + 1):
                with pytest.raises(ValueError):  # noqa: PT011 - a cell says no more
                    column.kind.parse(str(bad))


def test_a_columns_fault_points_at_the_field_that_fills_it() -> None:
    assert pointer_of_column("lat") == "/position/coordinates/1"
    assert pointer_of_column("reported_at") == "/reported_at"
    assert pointer_of_column("") == ""


@pytest.mark.parametrize(("seconds", "text"), [(0, "PT0S"), (5_400, "PT1H30M"), (-61, "-PT1M1S"), (90_000, "PT25H")])
def test_durations_are_written(seconds: int, text: str) -> None:
    assert duration_text(seconds) == text


def test_a_span_that_is_reversed_is_told_beside_all_else() -> None:
    reversed_ = {"start": "2026-03-02T12:00:00+08:00", "end": "2026-03-02T10:00:00+08:00"}
    with pytest.raises(ValidationError) as refused:
        JobIn.model_validate_json(json.dumps({**JOB, "windows": [reversed_], "skill_level": 9}))
    assert {error["loc"] for error in refused.value.errors()} == {("windows", 0), ("skill_level",)}
