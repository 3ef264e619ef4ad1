"""What a day folder says about parts: into the day's warehouses and lanes, and into the supply beside it."""

from pathlib import Path

import pytest

from datasets.day import DayFolder, read_day, read_source, source_of, write_day
from datasets.progress import take_up
from datasets.supply_columns import ALL_TABLES, SUPPLY_TABLES
from optimizer.model import DAY_S, CustomerClass, Inbound, ShipMode, SizeClass, SourceKind
from optimizer.parts.check import faults
from optimizer.parts.model import Charges, Order, OrderLine, Quota, Route, Shelf
from optimizer.parts.sourcing import source
from optimizer.parts.supply import Supply, asked_of, routes_of
from tests.datasets import make_day_folder as make
from tests.make import clock

PARTS = """
[parts]
respond_within = "PT12H"
horizon = "P3D"
refilled_within = "P4D"
split_fen = 111
release = ["vulnerable"]
"""


def whole() -> make.Cells:
    return make.tables() | make.supply()


def read(folder: Path, cells: make.Cells | None = None, toml: str = make.settings()) -> DayFolder:
    return read_day(make.write(folder, whole() if cells is None else cells, toml))


def test_a_folder_that_says_nothing_of_it_means_what_it_meant(tmp_path: Path) -> None:
    found = read(tmp_path, make.tables())
    assert found.supply == Supply()
    house = found.day.warehouses[0]
    assert (house.kind, house.floors, house.inbound) == (SourceKind.WAREHOUSE, {}, {})
    assert (house.dock_lines, house.open) == (None, True)
    assert {lane.closed for lane in found.day.lanes} == {()}


def test_warehouses_have_a_kind_docks_and_may_be_offline(tmp_path: Path) -> None:
    cells = whole()
    cells["warehouses"][0] |= {"kind": "hq", "dock_lines": "40"}
    cells["warehouses"][1] |= {"kind": "supplier", "offline": "yes"}
    hq, supplier = read(tmp_path, cells).day.warehouses
    assert (hq.kind, hq.dock_lines, hq.open) == (SourceKind.HQ, 40, True)
    assert (supplier.kind, supplier.dock_lines, supplier.open) == (SourceKind.SUPPLIER, None, False)


def test_stock_has_a_reserve_and_units_on_their_way(tmp_path: Path) -> None:
    cells = whole()
    cells["stock"][0] |= {
        "floor": "2",
        "inbound": "5@2026-03-03T09:00:00+08:00;1@2026-03-02T10:00:00+08:00",
        "as_of": "2026-03-02T05:30:00+08:00",
    }
    house = read(tmp_path, cells).day.warehouses[0]
    assert house.floors == {"P1": 2}
    assert house.inbound == {
        "P1": (Inbound(ready_s=clock("10:00"), quantity=1), Inbound(ready_s=clock("09:00", 1), quantity=5))
    }


def test_what_is_reserved_beyond_the_shelf_comes_out_of_what_arrives_first(tmp_path: Path) -> None:
    cells = whole()
    cells["stock"][1] |= {"inbound": "2@2026-03-02T10:00:00+08:00;4@2026-03-03T09:00:00+08:00"}
    house = read(tmp_path, cells).day.warehouses[0]
    assert house.stock["P2"] == 0
    assert house.inbound["P2"] == (Inbound(ready_s=clock("09:00", 1), quantity=3),)


@pytest.mark.parametrize(
    ("reach_km", "reach"),
    [
        ("", None),
        ("0", frozenset()),
        ("29", {"O1", "O4"}),
        ("30", {"O1", "O2", "O4"}),
        ("3000", {"O1", "O2", "O3", "O4"}),
    ],
)
def test_a_part_is_fetched_from_no_farther_by_road_than_the_lane_says(
    tmp_path: Path, reach_km: str, reach: set[str] | None
) -> None:
    """O2 is 23.7 km from W1 as the crow flies; it closed outlets, and those of other centres, that may fetch too."""
    cells = whole()
    cells["lanes"][0] |= {"mode": "pickup", "reach_km": reach_km}
    fetched, sent, _ = read(tmp_path, cells).day.lanes
    assert (fetched.reach, sent.reach) == (reach, None)
    assert fetched.is_for("O1") == (reach is None or "O1" in reach)
    assert fetched.is_for(None) == (reach is None)


def test_lanes_keep_to_their_calendar_that_of_their_warehouse_and_their_closures(tmp_path: Path) -> None:
    """The office is closed on Tuesday 3 March, a holiday, and works on Sunday 8 March."""
    cells = whole()
    cells["warehouses"][1]["calendar"] = "office"
    cells["lanes"][0] |= {"calendar": "office", "closed": "2026-03-04T12:00:00+08:00/2026-03-05T16:00:00+08:00"}
    standard, dedicated, from_closed = read(tmp_path, cells).day.lanes
    days = 15 * DAY_S
    gone = [at // DAY_S for at in standard.departures_s(0, days)]
    assert gone == [0, *range(3, 13), 14]
    assert [at // DAY_S for at in dedicated.departures_s(0, days)] == list(range(15))
    assert [at // DAY_S for at in from_closed.departures_s(0, days)] == [0, *range(2, 13), 14]


@pytest.mark.parametrize(
    ("closed", "leaves"),
    [
        ("2026-03-02T15:59:00+08:00/2026-03-02T16:01:00+08:00", False),
        ("2026-03-02T16:00:00+08:00/2026-03-02T16:01:00+08:00", False),
        ("2026-03-02T10:00:00+08:00/2026-03-02T16:00:00+08:00", True),
    ],
)
def test_a_lane_closed_mid_day(tmp_path: Path, closed: str, leaves: bool) -> None:
    cells = whole()
    cells["lanes"][0]["closed"] = closed
    lane = read(tmp_path, cells).day.lanes[0]
    assert (clock("16:00") in lane.departures_s(0, DAY_S)) is leaves


def test_no_departure_is_told_as_missed_on_a_day_off(tmp_path: Path) -> None:
    cells = whole()
    cells["lanes"][0]["calendar"] = "office"
    (missed,) = (route.missed_s for route in routes_of(read(tmp_path, cells).day.lanes[:1], clock("06:00"), 3 * DAY_S))
    # The day before is a Sunday.
    assert missed == clock("16:00", -2)


def test_a_holiday_week_has_no_departures(tmp_path: Path) -> None:
    cells = whole()
    cells["lanes"][0]["calendar"] = "office"
    week = ", ".join(f"2026-03-{day:02}" for day in range(2, 9))
    toml = make.settings().replace("closed = [2026-03-03]\nworking = [2026-03-08]", f"closed = [{week}]")
    lane = read(tmp_path, cells, toml).day.lanes[0]
    assert lane.departures_s(0, 10 * DAY_S)[0] == clock("16:00", 7)


def test_the_supply(tmp_path: Path) -> None:
    cells = whole()
    cells["parts"][0]["substitutes"] = "P4;P2"
    supply = read(tmp_path, cells, make.settings() + PARTS).supply
    assert (supply.respond_within_s, supply.horizon_s) == (12 * 3600, 3 * DAY_S)
    assert supply.charges == Charges(split_fen=111, release=frozenset({CustomerClass.VULNERABLE}))
    assert supply.substitutes == {"P1": ("P4", "P2")}
    assert supply.shelves == {"O1": {"P2": Shelf(free=2)}, "O2": {"P1": Shelf(free=1)}}
    assert supply.quotas == (
        Quota(outlet_id="O1", part_id="P2", left=1),
        Quota(outlet_id="O2", part_id="P1", left=0),
    )
    # 0.05 a day is no unit within four days.
    assert supply.forecast == {("C1", "P1"): 1, ("C2", "P2"): 12}
    assert supply.transfers[0] == Route(
        source_id="W1",
        to_id="W2",
        mode=ShipMode.STANDARD,
        departures_s=tuple(clock("18:00", day) for day in range(3)),
        transit_p50_s=30 * 3600,
        transit_p90_s=40 * 3600,
        cost_fen=900,
        cost_fen_per_kg=60,
        carries=frozenset({SizeClass.SMALL, SizeClass.MEDIUM}),
        missed_s=clock("18:00", -1),
    )


def test_open_orders_stand_where_their_outlet_is(tmp_path: Path) -> None:
    found = read(tmp_path)
    first, second = found.supply.orders
    outlets = {outlet.id: outlet for outlet in found.day.outlets}
    assert first == Order(
        id="R1",
        centre_id="C1",
        outlet_id="O1",
        position=outlets["O1"].position,
        ordered_s=clock("15:00", -1),
        respond_by_s=clock("15:00"),
        lines=(
            OrderLine(id="R1-1", part_id="P2", quantity=2, pinned_source_id="W1"),
            OrderLine(id="R1-2", part_id="P4", quantity=1),
        ),
    )
    assert (second.job_id, second.needed_by_s, second.most_sources) == ("J77", clock("12:00", 2), 1)
    assert (second.waiting, second.urgent, second.customer_class) == (True, True, CustomerClass.PRIORITY)


def test_every_line_of_such_a_folder_is_answered_and_the_checker_agrees(tmp_path: Path) -> None:
    found = read(tmp_path)
    asked = asked_of(found.day, found.supply)
    sourced = source(asked)
    assert faults(asked, sourced) == []
    assert {answer.line_id for answer in sourced.answers} >= {"R1-1", "R1-2", "R2-1", "J1/1", "J1/2", "J2/1"}


def test_a_folder_written_again_says_the_same(tmp_path: Path) -> None:
    cells = whole()
    cells["warehouses"][0] |= {"kind": "hq", "dock_lines": "40", "calendar": "office"}
    cells["stock"][0] |= {"floor": "2", "inbound": "5@2026-03-03T09:00:00+08:00"}
    cells["parts"][0]["substitutes"] = "P4"
    first = make.write(tmp_path / "first", cells, make.settings() + PARTS)
    source = read_source(first)
    write_day(tmp_path / "second", make.frames(cells), source.values)
    one, two = read_day(first), read_day(tmp_path / "second")
    assert (one.day, one.supply) == (two.day, two.supply)
    rows = {name: table.rows() for name, table in source.tables.items()}
    assert read_source(tmp_path / "second").tables.keys() == rows.keys() == {layout.name for layout in ALL_TABLES}
    assert source_of(rows, source.values).tables["orders"].rows() == rows["orders"]


def test_tables_without_rows_have_no_file(tmp_path: Path) -> None:
    write_day(tmp_path / "day", make.frames(make.tables()), read_source(make.write(tmp_path / "other")).values)
    assert not any((tmp_path / "day" / layout.file).exists() for layout in SUPPLY_TABLES)


def test_a_day_taken_up_again_keeps_its_orders(tmp_path: Path) -> None:
    day = make.write(tmp_path / "day", whole(), make.settings() + PARTS)
    plan = tmp_path / "plan"
    plan.mkdir()
    (plan / "stops.csv").write_text("job_id,technician_id,outlet_id,arrival,departure,travel_s\n")
    (plan / "shipments.csv").write_text("job_id,part_id,quantity,warehouse_id,ships_at\n")
    take_up(day, plan, tmp_path / "later", "2026-03-02T09:00:00+08:00")
    before, after = read_day(day).supply, read_day(tmp_path / "later").supply
    assert (after.orders, after.shelves, after.quotas) == (before.orders, before.shelves, before.quotas)
    assert after.charges == before.charges
