"""The kits of a day decided at once: before the routes, and again for them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.check import check
from optimizer.dispatch import Method, PartsRule, dispatch
from optimizer.kits import Kits, first_come, kits_after, kits_before
from optimizer.model import Clock, ClockKind, CustomerClass, Day, Inbound, Job, ShipMode, SizeClass, Skill
from optimizer.plan import Result
from optimizer.workers import HereWorkers
from tests import make, strategies

WASHER = Skill(family="washer", level=1)
"""Of which the technicians of these tests know nothing."""


def forever() -> None:
    """Return that there is no limit of time."""


def due(day: int) -> tuple[Clock, ...]:
    return (Clock(kind=ClockKind.ARRIVAL, due_s=make.clock("24:00", day)),)


def wanting(id: str, **fields: Any) -> Job:
    return make.job(id, **{"order_lines": (make.order_line(f"{id}-l"),), "clocks": due(0)} | fields)


def stocked(*jobs: Job, stock: int = 1, **fields: Any) -> Day:
    base = make.day(
        *jobs,
        parts=(make.part(),),
        warehouses=(make.warehouse(stock={"p1": stock}),),
        lanes=(make.lane(),),
    )
    return replace(base, **fields)


def with_kit(kits: Kits) -> list[str]:
    return [job_id for job_id, options in kits.options.items() if options]


def planned(day: Day, rule: PartsRule, travel: make.FlatTravel | None = None, seed: int = 1) -> Result:
    return dispatch(
        day,
        travel or make.FlatTravel(),
        budget=Steps(steps=300),
        workers=HereWorkers(),
        seed=seed,
        progress=lambda *_: None,
        method=Method(parts=rule),
    )


def test_the_last_unit_goes_to_whom_waiting_for_it_costs_most() -> None:
    """First come, first served looks at who is due first, and not at what the delay comes to."""
    priority = wanting("b", clocks=due(1), customer_class=CustomerClass.VULNERABLE)
    day = stocked(wanting("a", clocks=due(0)), priority, days=2)
    assert with_kit(first_come(day)) == ["a"]
    assert with_kit(kits_before(day, remaining=forever)) == ["b"]


def test_who_goes_without_is_told_why() -> None:
    kits = kits_before(stocked(wanting("a"), stock=0), remaining=forever)
    assert kits.options == {"a": ()}
    assert "p1" in kits.missing["a"]
    assert kits.missing["a"].endswith(".")


def test_a_kit_may_come_from_several_warehouses_and_by_any_lane_of_theirs() -> None:
    lines = (make.order_line("l1"), make.order_line("l2", "p2"))
    day = stocked(make.job("a", order_lines=lines))
    day = replace(
        day,
        parts=(make.part(), make.part("p2")),
        warehouses=(make.warehouse(stock={"p1": 1}), make.warehouse("w2", stock={"p2": 1})),
        lanes=(make.lane(), make.lane(warehouse_id="w2"), make.lane(mode=ShipMode.EXPRESS, cut_off_s=6 * 3600)),
    )
    options = kits_before(day, remaining=forever).options["a"]
    assert {shipment.warehouse_id for kit in options for shipment in kit.shipments} == {"w1", "w2"}
    assert [kit.ready_s for kit in options] == sorted(kit.ready_s for kit in options)


def test_what_a_visit_does_not_need_in_haste_comes_cheaply() -> None:
    slow = make.lane(transit_p90_s=26 * 3600, cost_fen=100)
    fast = make.lane(mode=ShipMode.EXPRESS, cut_off_s=6 * 3600, cost_fen=4_000)
    day = stocked(wanting("a"), days=3, lanes=(slow, fast))
    before = kits_before(day, remaining=forever)
    after = kits_after(day, {"a": make.clock("12:00", 2)}, before, remaining=forever)
    assert after.options["a"][-1].shipments[0].mode is ShipMode.STANDARD
    assert after.options["a"][-1].ready_s <= make.clock("12:00", 2)


def test_a_unit_held_for_a_visit_that_nobody_makes_goes_to_somebody_else() -> None:
    nobody_can = wanting("a", skill=WASHER, customer_class=CustomerClass.VULNERABLE)
    day = stocked(nobody_can, wanting("b"))
    alone = planned(day, PartsRule.BEFORE)
    assert [stop.job_id for route in alone.plan.routes for stop in route.stops] == []
    both = planned(day, PartsRule.TOGETHER)
    assert [stop.job_id for route in both.plan.routes for stop in route.stops] == ["b"]


def test_units_on_their_way_are_promised_from_their_arrival_on() -> None:
    house = make.warehouse(stock={"p1": 0}, inbound={"p1": (Inbound(ready_s=make.clock("12:00"), quantity=1),)})
    day = stocked(wanting("a"), days=2, warehouses=(house,))
    (kit,) = kits_before(day, remaining=forever).options["a"]
    assert kit.shipments[0].ships_s == make.clock("07:00", 1)


@pytest.mark.parametrize("fields", [{"open": False}, {"stock": {}}])
def test_an_offline_warehouse_sends_nothing(fields: dict[str, Any]) -> None:
    day = stocked(wanting("a"), warehouses=(make.warehouse(**fields),))
    assert with_kit(kits_before(day, remaining=forever)) == with_kit(first_come(day)) == []


def test_a_closed_lane_is_left_out_on_its_closed_days() -> None:
    closed = make.lane(closed=((make.clock("00:00"), make.clock("24:00")),))
    day = stocked(wanting("a"), days=2, lanes=(closed,))
    for kits in (kits_before(day, remaining=forever), first_come(day)):
        assert kits.options["a"][0].shipments[0].ships_s == make.clock("07:00", 1)


def test_a_bulky_part_may_have_a_vehicle_of_its_own_where_it_lies() -> None:
    bulky = make.part(size_class=SizeClass.BULKY)
    everything = frozenset(SizeClass)
    lanes = (make.lane(carries=everything), make.lane(mode=ShipMode.DEDICATED, carries=everything, cut_off_s=6 * 3600))
    options = kits_before(stocked(wanting("a"), parts=(bulky,), lanes=lanes), remaining=forever).options["a"]
    assert {kit.shipments[0].mode for kit in options} <= {ShipMode.STANDARD, ShipMode.DEDICATED}


@settings(max_examples=30, deadline=None)
@given(case=strategies.days_and_travel(), seed=st.integers(0, 1_000))
def test_deciding_together_is_legal_and_never_dearer_than_parts_first(
    case: tuple[Day, make.FlatTravel], seed: int
) -> None:
    day, travel = case
    first, together = (planned(day, rule, travel, seed) for rule in (PartsRule.BEFORE, PartsRule.TOGETHER))
    assert check(day, together.plan, travel) == ()
    assert together.cost.total <= first.cost.total
