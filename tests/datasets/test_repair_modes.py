"""What a day folder says about ways to repair, and the table that comes of it."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest

from datasets.day import build_day, read_day, read_source
from datasets.faults import DayRefused
from datasets.repair_facts import RepairFacts
from datasets.repair_mode_table import REPAIR_MODE_COLUMNS, repair_mode_table
from optimizer.model import AreaClass
from optimizer.repair_mode import JobFacts, RepairMode, RepairModePolicy
from optimizer.repair_modes import RepairModes, advise
from tests.datasets import make_day_folder as make
from tests.make import FlatTravel

TABLE = """
[repair_modes]
portable = ["fridge"]
by_phone = ["heater:leak", "no_cooling"]
depots = ["W2"]
unit_fault = "unit"
near_depot_p50 = "P5D"
near_depot_p90 = "P6D"
far_depot_p90 = "P20D"
depot_fen_per_minute = 7
depot_customer_percent = 100
unit_percent = 25
remote_p50 = "PT1H"
remote_p90 = "PT2H"
remote_call = "PT10M"
remote_fen_per_minute = 9
remote_solves_percent = 95
visit_p50 = { seat = "PT6H" }
visit_p90 = { remote = "P3D" }
"""
UNIT = [{"product": "fridge", "fault": "unit", "part_id": "P1", "quantity": "1"}]


def known(folder: Path, toml: str = TABLE, **cells: dict[str, str]) -> RepairModes:
    tables = make.tables()
    tables["kits"] += UNIT
    for job in tables["jobs"]:
        job |= cells.get(job["job_id"], {})
    source = read_source(make.write(folder, tables, make.settings() + toml))
    build_day(source)
    return RepairFacts(source.tables, source.settings).of(source.tables["jobs"])


def test_a_folder_that_says_nothing_has_the_usual_policy(tmp_path: Path) -> None:
    found = known(tmp_path, "")
    assert found.policy == RepairModePolicy()
    assert {facts.portable or facts.by_phone for facts in found.facts.values()} == {False}


def test_every_key_of_the_table_is_taken(tmp_path: Path) -> None:
    day = 86_400
    assert known(tmp_path).policy == RepairModePolicy(
        portable=frozenset({"fridge"}),
        by_phone=frozenset({"heater:leak", "no_cooling"}),
        depots=frozenset({"W2"}),
        unit_fault="unit",
        near_depot_p50_s=5 * day,
        near_depot_p90_s=6 * day,
        far_depot_p90_s=20 * day,
        depot_fen_per_minute=7,
        depot_customer_percent=100,
        unit_percent=25,
        remote_p50_s=3_600,
        remote_p90_s=7_200,
        remote_s=600,
        remote_fen_per_minute=9,
        remote_solves_percent=95,
        visit_p50_s={AreaClass.SEAT: 6 * 3_600, AreaClass.REMOTE: day},
        visit_p90_s={AreaClass.SEAT: day, AreaClass.REMOTE: 3 * day},
    )


def test_an_exchange_is_as_its_own_table_has_it(tmp_path: Path) -> None:
    exchange = '[exchange]\ncrew = 3\nload = 2\nservice = "PT2H"\nfault = "unit"\n'
    policy = known(tmp_path, exchange).policy
    assert (policy.exchange_crew, policy.exchange_load, policy.exchange_service_s) == (3, 2, 7_200)
    assert policy.unit_fault == "unit"


@pytest.mark.parametrize(
    ("toml", "key", "allowed"),
    [
        ('portable = "fridge"', "portable", "a list of texts"),
        ('by_phone = ["leak", ""]', "by_phone", "a list of texts"),
        ('depots = ["W2", "W7"]', "depots", "warehouses.csv"),
        ('near_depot_p50 = "P9D"', "near_depot_p90", "not shorter than near_depot_p50"),
        ('far_depot_p90 = "P9D"', "far_depot_p90", "not shorter than far_depot_p50"),
        ('remote_p90 = "PT10M"', "remote_p90", "not shorter"),
        ('visit_p50 = { seat = "P2D" }', "visit_p90.seat", "not shorter than visit_p50.seat"),
        ('visit_p50 = { town = "P2D" }', "visit_p50.town", "only remote, seat"),
        ("remote_call = 15", "remote_call", "text"),
        ('remote_call = "P61D"', "remote_call", "at most 60 days"),
        ("depot_customer_percent = 101", "depot_customer_percent", "0 to 100"),
        ("unit_percent = -1", "unit_percent", "0 to 100"),
        ("depot_fen_per_minute = 1.5", "depot_fen_per_minute", "a whole number"),
        ("unit_fault = 3", "unit_fault", "text"),
        ("robots = true", "robots", "unknown key"),
    ],
)
def test_what_is_wrong_is_refused(tmp_path: Path, toml: str, key: str, allowed: str) -> None:
    with pytest.raises(DayRefused) as refused:
        read_day(make.write(tmp_path, make.tables(), make.settings() + "[repair_modes]\n" + toml))
    (fault,) = refused.value.faults
    assert fault.column == f"repair_modes.{key}"
    assert allowed in f"{fault.value} {fault.allowed}"


def test_facts_come_from_product_fault_and_type(tmp_path: Path) -> None:
    facts = known(tmp_path, J2={"job_type": "unit_exchange"}).facts
    assert facts["J1"].portable
    assert facts["J1"].by_phone
    assert facts["J1"].unit is not None
    assert (facts["J1"].unit.part.id, facts["J1"].unit.price_fen, facts["J1"].unit.part.weight_g) == (
        "P1",
        45_000,
        9_000,
    )
    assert not facts["J1"].only_there
    assert facts["J2"].exchange_due
    assert facts["J2"].unit is None
    assert facts["J3"] == JobFacts(by_phone=True, only_there=True, province=facts["J3"].province)


def test_the_same_fault_twice_is_due_for_exchange(tmp_path: Path) -> None:
    facts = known(tmp_path, J1={"same_fault_at": "2026-02-20T10:00:00+08:00"}).facts
    assert facts["J1"].exchange_due
    assert not facts["J4"].exchange_due


def test_places_and_warehouses_have_provinces(tmp_path: Path) -> None:
    found = known(tmp_path)
    assert found.facts["J1"].province == found.provinces["W1"] == found.facts["J4"].province
    assert found.facts["J3"].province == found.provinces["W2"]
    assert found.provinces["W1"] != found.provinces["W2"]


def test_a_row_for_every_way_one_of_them_recommended(tmp_path: Path) -> None:
    tables = make.tables()
    tables["kits"] += UNIT
    source = read_source(make.write(tmp_path, tables, make.settings() + TABLE))
    day = build_day(source).day
    found = list(advise(day, RepairFacts(source.tables, source.settings).of(source.tables["jobs"]), FlatTravel()))
    rows = list(csv.DictReader(io.StringIO(repair_mode_table(found).decode("utf-8-sig"))))
    assert tuple(rows[0]) == REPAIR_MODE_COLUMNS
    assert [(row["job_id"], row["mode"]) for row in rows] == [(job.id, mode) for job in day.jobs for mode in RepairMode]
    by_job = {row["job_id"]: row for row in rows if row["recommended"] == "yes"}
    assert by_job["J1"]["mode"] == "remote"
    assert by_job["J1"]["said_zh"].startswith("建议远程：电话指导约10分钟，约95%可解决；")
    items = [name for name in REPAIR_MODE_COLUMNS if name.endswith("_fen")][3:]
    for row in rows:
        if row["possible"] == "yes":
            assert int(row["cost_fen"]) == sum(int(row[name]) for name in items)
            assert row["promised_days"] >= row["usual_days"]
        else:
            assert not any(row[name] for name in (*items, "cost_fen", "promised_days"))
            assert row["said"]


def test_texts_cannot_run_as_formulas(tmp_path: Path) -> None:
    found = known(tmp_path)
    source = read_source(tmp_path)
    (first, *_) = advise(build_day(source).day, found, FlatTravel())
    said = replace(first.said, en="=1+1")
    rows = list(csv.DictReader(io.StringIO(repair_mode_table([replace(first, said=said)]).decode("utf-8-sig"))))
    assert "'=1+1" in {row["said"] for row in rows}
