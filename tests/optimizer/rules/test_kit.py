"""KIT: the complete kit before the start, by lanes that exist, from stock that is there."""

from dataclasses import replace
from typing import Any

import pytest

from optimizer.check import check
from optimizer.model import CustomerClass, Day, Inbound, Rule, ShipMode, SizeClass
from optimizer.parts.model import Order, OrderLine, Quota, Shelf
from optimizer.parts.supply import Supply
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


def sentences(day: Day, plan: Plan, supply: Supply) -> list[str]:
    violations = check(day, plan, make.FlatTravel(), supply)
    assert {violation.rule for violation in violations} <= {Rule.KIT}
    return [violation.sentence for violation in violations]


def from_shelf(**fields: Any) -> Shipment:
    now = {"ships_s": make.clock("06:00"), "ready_s": make.clock("06:00")}
    return make.shipment(**{"warehouse_id": "o1", "mode": ShipMode.PICKUP, "cost_fen": 0} | now | fields)


@pytest.mark.parametrize(
    ("shelves", "changes", "says"),
    [
        ({"o1": 1}, {}, []),
        ({"o1": 0}, {}, ["o1 gives 1 of p1, it has 0"]),
        ({"o2": 1}, {"warehouse_id": "o2"}, ["p1 lies on the shelf of o2, which does not come: o1 does"]),
        ({"o1": 1}, {"cost_fen": 5}, ["p1 lies on the shelf of o1, and is not there at once for nothing"]),
        ({}, {}, ["o1 is no warehouse of this day"]),
    ],
)
def test_an_outlets_own_shelf(shelves: dict[str, int], changes: dict[str, Any], says: list[str]) -> None:
    supply = Supply(shelves={outlet: {"p1": Shelf(free=units)} for outlet, units in shelves.items()})
    assert sentences(DAY, visit(DAY, from_shelf(**changes)), supply) == says


def order(**fields: Any) -> Order:
    base = Order(
        id="r1",
        centre_id="c1",
        outlet_id="o1",
        position=make.at(),
        ordered_s=0,
        respond_by_s=0,
        lines=(OrderLine(id="r1-1", part_id="p1", quantity=2),),
    )
    return replace(base, **fields)


def promised(plan: Plan, *shipments: Shipment) -> Plan:
    return replace(plan, promised=shipments)


@pytest.mark.parametrize(
    ("stock", "changes", "says"),
    [
        (2, {}, []),
        (1, {}, ["w1 gives 2 of p1, it has 1"]),
        (2, {"order_line_id": "r1-2"}, ["r1-2 is no order line of r1"]),
        (2, {"job_id": "r2"}, ["r2 is no order of this day"]),
        (9, {"quantity": 3, "cost_fen": 1_300}, ["order line r1-1 asks for 2, 3 are promised"]),
    ],
)
def test_what_others_are_promised_leaves_the_same_shelves(stock: int, changes: dict[str, Any], says: list[str]) -> None:
    day = replace(DAY, warehouses=(make.warehouse(stock={"p1": stock}),))
    other = make.shipment(**{"job_id": "r1", "order_line_id": "r1-1"} | changes)
    plan = promised(visit(day, make.shipment()), other)
    assert sentences(day, plan, Supply(orders=(order(),))) == says


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, ["w1 gives 1 of p1 to who may not have its reserve: 1 of 1"]),
        ({"customer_class": CustomerClass.VULNERABLE}, []),
        ({"urgent": True}, []),
    ],
)
def test_a_reserve_is_for_some(fields: dict[str, Any], says: list[str]) -> None:
    mode = ShipMode.EXPRESS
    day = make.parts_day(
        make.job(order_lines=(make.order_line(),), **fields),
        warehouses=(make.warehouse(stock={"p1": 1}, floors={"p1": 1}),),
        lanes=(make.lane(mode=mode),),
    )
    assert sentences(day, visit(day, make.shipment(mode=mode)), Supply()) == says


def test_a_unit_is_there_only_once_it_has_come() -> None:
    lot = Inbound(ready_s=make.clock("08:00"), quantity=1)
    day = replace(DAY, warehouses=(make.warehouse(stock={}, inbound={"p1": (lot,)}),))
    assert sentences(day, visit(day, make.shipment()), Supply()) == ["w1 gives 1 of p1, it has 0"]


@pytest.mark.parametrize(("dock_lines", "rules"), [(None, []), (2, []), (1, [Rule.KIT])])
def test_lines_that_a_dock_packs_for_one_departure(dock_lines: int | None, rules: list[Rule]) -> None:
    lines = (make.order_line("l1"), make.order_line("l2"))
    day = make.parts_day(make.job(order_lines=lines), warehouses=(make.warehouse(dock_lines=dock_lines),))
    assert make.rules(day, visit(day, make.shipment(), make.shipment(order_line_id="l2"))) == rules


@pytest.mark.parametrize(
    ("urgent", "mode", "others", "says"),
    [
        (True, ShipMode.EXPRESS, [ShipMode.STANDARD], []),
        (
            True,
            ShipMode.STANDARD,
            [ShipMode.EXPRESS],
            ["a customer waits for p1 and it travels standard, a faster lane carries it"],
        ),
        (
            True,
            ShipMode.STANDARD,
            [ShipMode.DEDICATED],
            ["a customer waits for p1 and it travels standard, not by itself"],
        ),
        (True, ShipMode.STANDARD, [], []),
        (False, ShipMode.DEDICATED, [ShipMode.STANDARD], ["p1 travels by itself, though standard carry it"]),
        (False, ShipMode.DEDICATED, [], []),
    ],
)
def test_how_a_part_may_travel(urgent: bool, mode: ShipMode, others: list[ShipMode], says: list[str]) -> None:
    job = make.job(order_lines=(make.order_line(),), urgent=urgent)
    day = make.parts_day(job, lanes=tuple(make.lane(mode=way) for way in (mode, *others)))
    assert sentences(day, visit(day, make.shipment(mode=mode)), Supply()) == says


def test_quotas_are_used_up_by_those_who_wait_first() -> None:
    supply = Supply(quotas=(Quota(outlet_id="o1", part_id="p1", left=2),), orders=(order(waiting=True),))
    plan = visit(DAY, make.shipment())
    later = replace(DAY, jobs=(replace(DAY.jobs[0], reported_s=1),))
    said = ["order line l1 is not said to need approval, by its outlet's quota it is otherwise"]
    assert sentences(DAY, plan, supply) == []
    assert sentences(later, plan, supply) == said


def test_a_part_is_fetched_by_outlets_within_reach_only() -> None:
    (job,) = DAY.jobs
    fetched = make.lane(mode=ShipMode.PICKUP, reach=frozenset({"o1"}))
    shipment = make.shipment(mode=ShipMode.PICKUP)
    near = make.parts_day(job, lanes=(fetched,))
    assert make.rules(near, visit(near, shipment)) == []
    far = make.parts_day(job, lanes=(replace(fetched, reach=frozenset({"o2"})),))
    (violation,) = check(far, visit(far, shipment), make.FlatTravel())
    assert violation.rule is Rule.KIT
    assert violation.sentence == "p1 is to be fetched at w1, o1 is out of its reach"


@pytest.mark.parametrize(("reach", "rules"), [(frozenset({"o1"}), [Rule.KIT]), (frozenset({"o2"}), [])])
def test_what_only_others_may_fetch_is_no_reason_against_another_mode(reach: frozenset[str], rules: list[Rule]) -> None:
    (job,) = DAY.jobs
    lanes = (make.lane(mode=ShipMode.DEDICATED), make.lane(mode=ShipMode.PICKUP, reach=reach))
    for urgent in (True, False):
        day = make.parts_day(replace(job, urgent=urgent), lanes=lanes)
        assert make.rules(day, visit(day, make.shipment(mode=ShipMode.DEDICATED))) == rules
