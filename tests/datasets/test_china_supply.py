"""What the sample says of parts beside the day's visits, at several sizes."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from datasets.china import make_day
from datasets.day import DayFolder, read_day
from datasets.supply_columns import SUPPLY_TABLES
from optimizer.model import Day, SourceKind
from optimizer.sourcing import kit_options, missing_parts


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> DayFolder:
    folder = tmp_path_factory.mktemp("sample") / "day"
    make_day(folder, jobs=2_000, technicians=420)
    return read_day(folder)


def bare(day: Day) -> Day:
    """Return the day as it is without reserves, the supplier and closures; docks and what is on its way bind visits."""
    houses = tuple(
        replace(
            house,
            stock={part: free - house.floors.get(part, 0) for part, free in house.stock.items()},
            floors={},
        )
        for house in day.warehouses
        if house.kind is not SourceKind.SUPPLIER
    )
    known = {house.id for house in houses}
    lanes = tuple(replace(lane, closed=()) for lane in day.lanes if lane.warehouse_id in known)
    return replace(day, warehouses=houses, lanes=lanes)


def test_reserves_a_supplier_and_closures_change_no_visit(sample: DayFolder) -> None:
    assert kit_options(sample.day) == kit_options(bare(sample.day))
    assert missing_parts(sample.day).keys() == missing_parts(bare(sample.day)).keys()


def test_there_is_some_of_everything(sample: DayFolder) -> None:
    supply, day = sample.supply, sample.day
    kinds = [house.kind for house in day.warehouses]
    assert (len(kinds), kinds.count(SourceKind.HQ), kinds.count(SourceKind.SUPPLIER)) == (31, 1, 1)
    assert sum(len(house.floors) for house in day.warehouses) > 500
    assert sum(len(house.inbound) for house in day.warehouses) > 500
    assert all(house.open and house.dock_lines for house in day.warehouses if house.kind is not SourceKind.SUPPLIER)
    assert any(lane.closed for lane in day.lanes)
    assert len(supply.orders) > 40
    assert {order.waiting for order in supply.orders} == {True, False}
    assert len(supply.shelves) == 2_000 // 60
    assert 0 < sum(quota.left == 0 for quota in supply.quotas) < len(supply.quotas)
    assert supply.forecast
    assert supply.transfers
    assert 0.15 < len(supply.substitutes) / sum(not part.carried for part in day.parts) < 0.5
    assert len(sample.returns) == 40


def test_the_forecast_is_what_the_calls_need(sample: DayFolder) -> None:
    """A day of it is about what the day's own kits are, less what is next to nothing."""
    lines = sum(len(job.order_lines) for job in sample.day.jobs)
    forecast = pd.read_csv(sample.folder / "forecast.csv")
    assert 0.7 < forecast["per_day"].sum() / lines < 1.1


def test_outlets_order_what_they_lack(sample: DayFolder) -> None:
    shelves = sample.supply.shelves
    for order in sample.supply.orders:
        if not order.waiting:
            held = shelves.get(order.outlet_id or "", {})
            assert not any(line.part_id in held for line in order.lines)


def test_the_supplier_makes_what_is_scarce_but_for_one_part(sample: DayFolder) -> None:
    supplier = sample.day.warehouses[-1]
    others = sample.day.warehouses[:-1]
    nowhere = {part.id for part in sample.day.parts if not part.carried} - {
        part for house in others for part, free in house.stock.items() if free
    }
    assert not any(supplier.stock.values())
    assert len(nowhere - set(supplier.inbound)) == 1


@pytest.mark.parametrize("jobs", [0, 30])
def test_a_small_day_has_little_of_it(tmp_path: Path, jobs: int) -> None:
    make_day(tmp_path / "day", jobs=jobs, technicians=10)
    found = read_day(tmp_path / "day")
    assert (found.supply.orders, found.supply.shelves, found.returns) == ((), {}, ())
    assert not (tmp_path / "day" / "orders.csv").exists()


def test_other_dates_can_be_read_too(tmp_path: Path) -> None:
    """A Sunday within the Spring Festival: nothing is sent by truck before the offices open."""
    make_day(tmp_path / "day", jobs=200, technicians=10, date=dt.date(2026, 2, 15))
    day = read_day(tmp_path / "day").day
    trucks = [lane for lane in day.lanes if lane.mode == "standard"]
    assert trucks
    assert all(lane.departures_s(day.now_s, 7 * 86_400) == () for lane in trucks)


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_day(tmp_path / name, jobs=300, technicians=20, seed=3)
    for layout in SUPPLY_TABLES:
        assert (tmp_path / "one" / layout.file).read_bytes() == (tmp_path / "two" / layout.file).read_bytes()
