"""KIT: the complete kit before the start, by lanes that exist, from stock that is there."""

from typing import Any

import pytest

from optimizer.check import check
from optimizer.model import Day, Rule, ShipMode, SizeClass
from optimizer.plan import Plan, Shipment
from tests import make

DAY = make.parts_day(make.job(order_lines=(make.order_line(),)))


def visit(day: Day, *shipments: Shipment, start: str = "09:00") -> Plan:
    return make.plan(day, make.route(day, ("j1", make.clock(start))), shipments=shipments)


def test_shipped_in_time() -> None:
    assert make.rules(DAY, visit(DAY, make.shipment())) == []


def test_starts_before_the_kit() -> None:
    (violation,) = check(DAY, visit(DAY, make.shipment(), start="08:59"), make.FlatTravel())
    assert violation.rule is Rule.KIT
    assert violation.where == "job j1, technician t1, shift t1-0"
    assert violation.sentence == "j1 starts 08:59, its kit is ready 09:00"


def test_the_last_line_decides() -> None:
    day = make.parts_day(
        make.job(order_lines=(make.order_line("l1"), make.order_line("l2"))),
        lanes=(make.lane(), make.lane(mode=ShipMode.EXPRESS, transit_p90_s=3_600)),
    )
    late = make.shipment()
    soon = make.shipment(order_line_id="l2", mode=ShipMode.EXPRESS, ready_s=make.clock("08:00"))
    assert make.rules(day, visit(day, late, soon)) == []
    assert make.rules(day, visit(day, late, soon, start="08:30")) == [Rule.KIT]


def test_nothing_to_ship() -> None:
    day = make.parts_day()
    assert make.rules(day, visit(day)) == []


def test_not_shipped() -> None:
    (violation,) = check(DAY, visit(DAY), make.FlatTravel())
    assert (violation.rule, violation.sentence) == (Rule.KIT, "j1 is visited, its order line l1 is not shipped")


def test_a_job_left_out_needs_no_kit() -> None:
    assert make.rules(DAY, make.plan(DAY)) == []


@pytest.mark.parametrize(("quantity", "rules"), [(1, [Rule.KIT]), (2, []), (3, [Rule.KIT])])
def test_the_whole_quantity(quantity: int, rules: list[Rule]) -> None:
    day = make.parts_day(make.job(order_lines=(make.order_line(quantity=2),)))
    sent = make.shipment(quantity=quantity, cost_fen=1_000 + 100 * quantity)
    assert make.rules(day, visit(day, sent)) == rules


def test_one_line_goes_in_one_shipment() -> None:
    day = make.parts_day(make.job(order_lines=(make.order_line(quantity=2),)))
    assert make.rules(day, visit(day, make.shipment(), make.shipment())) == [Rule.KIT]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"mode": ShipMode.EXPRESS}, "there is no express lane from w1 to centre c1"),
        ({"warehouse_id": "w9"}, "w9 is no warehouse of this day"),
        ({"part_id": "p9"}, "order line l1 needs part p1, p9 is shipped"),
        (
            {"ships_s": make.clock("07:30"), "ready_s": make.clock("09:30")},
            "p1 ships 07:30, the lane leaves at 07:00",
        ),
        (
            {"ships_s": make.clock("07:00", day=-1), "ready_s": make.clock("09:00", day=-1)},
            "p1 ships 07:00 (day -1), before the planning moment 06:00",
        ),
        ({"ready_s": make.clock("08:00")}, "p1 is ready 08:00 in the plan, 09:00 by the lane"),
        ({"cost_fen": 900}, "the shipment costs 900 fen in the plan, 1100 by the lane"),
    ],
)
def test_impossible_shipments(changes: dict[str, Any], says: str) -> None:
    violations = check(DAY, visit(DAY, make.shipment(**changes), start="12:00"), make.FlatTravel())
    assert {violation.rule for violation in violations} == {Rule.KIT}
    assert says in [violation.sentence for violation in violations]
    assert len([violation for violation in violations if "has 0" not in violation.sentence]) == 1


def test_tomorrows_departure() -> None:
    day = make.parts_day(
        make.job(order_lines=(make.order_line(),)), days=2, shifts=(make.shift("t1-0"), make.shift("t1-1"))
    )
    sent = make.shipment(ships_s=make.clock("07:00", day=1), ready_s=make.clock("09:00", day=1))
    tomorrow = make.route(day, ("j1", make.clock("09:00", day=1)), shift_id="t1-1")
    assert make.rules(day, make.plan(day, tomorrow, shipments=[sent])) == []


def test_the_lane_leads_to_the_jobs_centre() -> None:
    day = make.parts_day(make.job(order_lines=(make.order_line(),)), lanes=(make.lane(centre_id="c2"),))
    assert make.rules(day, visit(day, make.shipment())) == [Rule.KIT]


def test_either_of_two_departures_of_a_lane() -> None:
    day = make.parts_day(
        make.job(order_lines=(make.order_line(),)), lanes=(make.lane(), make.lane(cut_off_s=make.clock("10:00")))
    )
    noon = make.shipment(ships_s=make.clock("10:00"), ready_s=make.clock("12:00"))
    assert make.rules(day, visit(day, make.shipment())) == []
    assert make.rules(day, visit(day, noon, start="12:00")) == []


def test_size_class() -> None:
    day = make.parts_day(make.job(order_lines=(make.order_line(),)), parts=(make.part(size_class=SizeClass.BULKY),))
    (violation,) = check(day, visit(day, make.shipment()), make.FlatTravel())
    assert violation.rule is Rule.KIT
    assert violation.sentence == "the standard lane from w1 carries no bulky parts like p1"


@pytest.mark.parametrize(("stock", "rules"), [(2, []), (1, [Rule.KIT]), (0, [Rule.KIT])])
def test_stock_over_all_shipments(stock: int, rules: list[Rule]) -> None:
    day = make.parts_day(
        make.job("j1", order_lines=(make.order_line("l1"),)),
        make.job("j2", order_lines=(make.order_line("l2"),)),
        warehouses=(make.warehouse(stock={"p1": stock}),),
    )
    plan = make.plan(
        day,
        make.route(day, ("j1", make.clock("09:00")), ("j2", make.clock("10:00"))),
        shipments=[make.shipment(), make.shipment(job_id="j2", order_line_id="l2")],
    )
    assert make.rules(day, plan) == rules


@pytest.mark.parametrize("changes", [{"job_id": "j9"}, {"order_line_id": "l9"}])
def test_unknown_ids(changes: dict[str, Any]) -> None:
    day = make.parts_day()
    assert make.rules(day, visit(day, make.shipment(**changes))) == [Rule.KIT]
