"""The kits of a day decided at once: before the routes, and again for them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.check import check
from optimizer.dispatch import Method, PartsRule, dispatch
from optimizer.kit_options import kits_at
from optimizer.kits import Beside, Kits, first_come, kits_after, kits_before
from optimizer.model import (
    DAY_S,
    Clock,
    ClockKind,
    CustomerClass,
    Day,
    Inbound,
    Job,
    Lane,
    Rule,
    ShipMode,
    SizeClass,
    Skill,
)
from optimizer.parts.model import Order, Quota, Shelf
from optimizer.parts.model import OrderLine as Need
from optimizer.parts.supply import NOTHING_BESIDE, Supply
from optimizer.plan import Plan, Result
from optimizer.sourcing import kits_of_plan, shipment_by
from optimizer.workers import HereWorkers
from tests import make, strategies

WASHER = Skill(family="washer", level=1)
"""Of which the technicians of these tests know nothing."""


ALONE = Beside(near={})


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


def planned(
    day: Day, rule: PartsRule, travel: make.FlatTravel | None = None, seed: int = 1, supply: Supply = NOTHING_BESIDE
) -> Result:
    return dispatch(
        day,
        travel or make.FlatTravel(),
        budget=Steps(steps=300),
        workers=HereWorkers(),
        seed=seed,
        progress=lambda *_: None,
        method=Method(parts=rule),
        supply=supply,
    )


def test_the_last_unit_goes_to_whom_waiting_for_it_costs_most() -> None:
    """First come, first served looks at who is due first, and not at what the delay comes to."""
    priority = wanting("b", clocks=due(1), customer_class=CustomerClass.VULNERABLE)
    day = stocked(wanting("a", clocks=due(0)), priority, days=2)
    assert with_kit(first_come(day)) == ["a"]
    assert with_kit(kits_before(day, ALONE, remaining=forever)) == ["b"]


def test_who_goes_without_is_told_why() -> None:
    kits = kits_before(stocked(wanting("a"), stock=0), ALONE, remaining=forever)
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
    options = kits_before(day, ALONE, remaining=forever).options["a"]
    assert {shipment.warehouse_id for kit in options for shipment in kit.shipments} == {"w1", "w2"}
    assert [kit.ready_s for kit in options] == sorted(kit.ready_s for kit in options)


def test_what_a_visit_does_not_need_in_haste_comes_cheaply() -> None:
    slow = make.lane(transit_p90_s=26 * 3600, cost_fen=100)
    fast = make.lane(mode=ShipMode.EXPRESS, cut_off_s=6 * 3600, cost_fen=4_000)
    day = stocked(wanting("a"), days=3, lanes=(slow, fast))
    before = kits_before(day, ALONE, remaining=forever)
    after = kits_after(day, ALONE, {"a": (make.clock("12:00", 2), "o1")}, before, remaining=forever)
    assert after.options["a"][-1].shipments[0].mode is ShipMode.STANDARD
    assert after.options["a"][-1].ready_s <= make.clock("12:00", 2)


def test_a_visit_that_a_cheaper_kit_would_miss_by_a_second_keeps_its_own_and_costs_nobody_else_theirs() -> None:
    slow = make.lane(warehouse_id="w2", transit_p90_s=26 * 3600, cost_fen=100)
    fast = make.lane(mode=ShipMode.EXPRESS, cost_fen=4_000)
    houses = (make.warehouse(stock={"p1": 2}), make.warehouse("w2", stock={"p1": 2}))
    pressing = stocked(wanting("a"), wanting("b"), days=3, lanes=(fast, slow), warehouses=houses)
    before = kits_before(pressing, ALONE, remaining=forever)
    day = replace(pressing, jobs=(wanting("a", clocks=due(2)), wanting("b", clocks=due(2))))
    slow_ready_s = make.clock("07:00") + 26 * 3600
    visits = {"a": (slow_ready_s - 1, "o1"), "b": (slow_ready_s, "o1")}
    after = kits_after(day, ALONE, visits, before, remaining=forever)
    assert {id: kit[0].shipments[0].warehouse_id for id, kit in before.options.items()} == {"a": "w1", "b": "w1"}
    assert {id: kit[0].shipments[0].warehouse_id for id, kit in after.options.items()} == {"a": "w1", "b": "w2"}


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
    (kit,) = kits_before(day, ALONE, remaining=forever).options["a"]
    assert kit.shipments[0].ships_s == make.clock("07:00", 1)


@pytest.mark.parametrize("fields", [{"open": False}, {"stock": {}}])
def test_an_offline_warehouse_sends_nothing(fields: dict[str, Any]) -> None:
    day = stocked(wanting("a"), warehouses=(make.warehouse(**fields),))
    assert with_kit(kits_before(day, ALONE, remaining=forever)) == with_kit(first_come(day)) == []


def test_a_closed_lane_is_left_out_on_its_closed_days() -> None:
    closed = make.lane(closed=((make.clock("00:00"), make.clock("24:00")),))
    day = stocked(wanting("a"), days=2, lanes=(closed,))
    for kits in (kits_before(day, ALONE, remaining=forever), first_come(day)):
        assert kits.options["a"][0].shipments[0].ships_s == make.clock("07:00", 1)


def test_a_bulky_part_may_have_a_vehicle_of_its_own_where_it_lies() -> None:
    bulky = make.part(size_class=SizeClass.BULKY)
    everything = frozenset(SizeClass)
    lanes = (make.lane(carries=everything), make.lane(mode=ShipMode.DEDICATED, carries=everything, cut_off_s=6 * 3600))
    options = kits_before(stocked(wanting("a"), parts=(bulky,), lanes=lanes), ALONE, remaining=forever).options["a"]
    assert {kit.shipments[0].mode for kit in options} <= {ShipMode.STANDARD, ShipMode.DEDICATED}


def shelved(**shelves: int) -> Beside:
    """Return what is decided with when these outlets, nearest first for every job, have so many p1."""
    own = {outlet: {"p1": Shelf(free=units)} for outlet, units in shelves.items()}
    return Beside(supply=Supply(shelves=own), near=dict.fromkeys("abc", tuple(shelves)))


def test_a_shelf_serves_the_visits_of_its_own_outlet_at_once_and_for_nothing() -> None:
    day = stocked(wanting("a"), stock=0)
    kits = kits_before(day, shelved(o1=1), remaining=forever)
    (kit,) = kits.options["a"]
    assert (kit.ready_s, kit.cost_fen, kit.outlets) == (day.now_s, 0, frozenset({"o1"}))
    assert kits_at(kits.options["a"], "o2") == ()
    assert kits.missing == {}
    plan = planned(day, PartsRule.TOGETHER, supply=shelved(o1=1).supply).plan
    assert [sent.warehouse_id for sent in plan.shipments] == ["o1"]
    assert check(day, plan, make.FlatTravel(), shelved(o1=1).supply) == ()


def test_a_shelf_goes_to_who_has_no_other_kit_and_stands_beside_what_a_warehouse_sends() -> None:
    day = stocked(wanting("a"), wanting("b", customer_class=CustomerClass.VULNERABLE))
    kits = kits_before(day, shelved(o1=1), remaining=forever)
    assert {job_id: [kit.outlets for kit in options] for job_id, options in kits.options.items()} == {
        "a": [frozenset({"o1"})],
        "b": [None],
    }
    plenty = kits_before(day, shelved(o1=2), remaining=forever)
    assert [kit.outlets for kit in plenty.options["b"]] == [None, frozenset({"o1"})]


def test_a_shelf_gives_only_whole_kits_before_the_routes_and_lines_of_one_after_them() -> None:
    lines = (make.order_line("l1"), make.order_line("l2", "p2"))
    day = replace(stocked(make.job("a", order_lines=lines)), parts=(make.part(), make.part("p2")))
    day = replace(day, warehouses=(make.warehouse(stock={"p1": 1, "p2": 1}),))
    beside = shelved(o1=1)
    before = kits_before(day, beside, remaining=forever)
    assert [kit.outlets for kit in before.options["a"]] == [None]
    after = kits_after(day, beside, {"a": (make.clock("12:00"), "o1")}, before, remaining=forever)
    assert [sent.warehouse_id for sent in after.options["a"][-1].shipments] == ["o1", "w1"]
    assert after.options["a"][-1].outlets == frozenset({"o1"})


def others(*lines: str, **fields: Any) -> Order:
    base = Order(
        id="r1",
        centre_id="c1",
        outlet_id="o1",
        position=make.at(),
        ordered_s=0,
        respond_by_s=0,
        lines=tuple(Need(id=line, part_id="p1", quantity=1) for line in lines),
        job_id="elsewhere",
        waiting=True,
        customer_class=CustomerClass.VULNERABLE,
    )
    return replace(base, **fields)


def test_what_an_order_of_others_is_promised_is_not_free_for_the_day() -> None:
    day = stocked(wanting("a"))
    beside = Beside(supply=Supply(orders=(others("r1-1", clocks=due(0)),)), near={})
    kits = kits_before(day, beside, remaining=forever)
    assert [(sent.job_id, sent.order_line_id, sent.warehouse_id) for sent in kits.promised] == [("r1", "r1-1", "w1")]
    assert with_kit(kits) == []
    plan = planned(day, PartsRule.TOGETHER, supply=beside.supply).plan
    assert (plan.shipments, plan.promised) == ((), kits.promised)
    assert check(day, plan, make.FlatTravel(), beside.supply) == ()


def test_a_promise_is_kept_when_the_kits_are_decided_again() -> None:
    """A job that would be worth more by now does not get the only unit, which somebody else was promised."""
    beside = Beside(supply=Supply(orders=(others("r1-1", clocks=due(0)),)), near={})
    first = kits_before(stocked(wanting("a", clocks=())), beside, remaining=forever)
    assert with_kit(first) == []
    pressing = stocked(wanting("a", customer_class=CustomerClass.VULNERABLE, reported_s=-9 * DAY_S))
    assert with_kit(kits_before(pressing, beside, remaining=forever)) == ["a"]
    again = kits_after(pressing, beside, {}, first, remaining=forever)
    assert (again.promised, again.options) == (first.promised, first.options)


def test_lines_of_one_order_that_were_promised_different_times_keep_theirs_and_others_gain() -> None:
    slow = make.lane(warehouse_id="w2", transit_p90_s=26 * 3600, cost_fen=100)
    late = (Inbound(ready_s=make.clock("06:00", 1), quantity=2),)
    houses = (
        make.warehouse(stock={"p1": 1, "p2": 1}, inbound={"p1": late}),
        make.warehouse("w2", stock={"p2": 1}),
    )
    needy = wanting("b", order_lines=(make.order_line("b-l", "p2"),), clocks=due(2))
    idle = wanting("c", customer_class=CustomerClass.VULNERABLE, reported_s=-9 * DAY_S)
    day = stocked(
        needy, days=3, parts=(make.part(), make.part("p2")), lanes=(make.lane(cost_fen=4_000), slow), warehouses=houses
    )
    filling = others("r1-1", "r1-2", job_id=None, customer_class=CustomerClass.ORDINARY)
    beside = Beside(supply=Supply(orders=(filling,)), near={})
    first = kits_before(day, beside, remaining=forever)
    promised = {sent.order_line_id: sent.ready_s for sent in first.promised}
    assert len(set(promised.values())) == 2
    again = kits_after(
        replace(day, jobs=(needy, idle)),
        beside,
        {"b": (make.clock("18:00", 2), "o1")},
        replace(first, options={**first.options, "c": ()}),
        remaining=forever,
    )
    assert again.options["b"][0].shipments[0].warehouse_id == "w2"
    assert {sent.order_line_id: sent.ready_s for sent in again.promised} == promised
    assert {sent.job_id for sent in again.promised} == {"r1"}


def test_what_a_line_was_not_promised_takes_nothing_from_what_another_was() -> None:
    """Twelve and eleven are wanted, eleven are there: ten and one, or one and ten, are promised, and stay so."""
    slow = make.lane(warehouse_id="w2", cost_fen=200)
    houses = (make.warehouse(stock={"p1": 10, "p2": 1}), make.warehouse("w2", stock={"p1": 1, "p2": 1}))
    needy = wanting("n", order_lines=(make.order_line("n-l", "p2"),), clocks=due(2))
    day = stocked(
        needy, days=3, parts=(make.part(), make.part("p2")), lanes=(make.lane(cost_fen=4_000), slow), warehouses=houses
    )

    def filling(id: str, quantity: int, **fields: Any) -> Order:
        need = Need(id=f"{id}-1", part_id="p1", quantity=quantity)
        fields |= {"job_id": None, "waiting": False, "customer_class": CustomerClass.ORDINARY}
        return others(id=id, lines=(need,), outlet_id=None, **fields)

    beside = Beside(supply=Supply(orders=(filling("A", 12, needed_by_s=-5 * DAY_S), filling("B", 11))), near={})
    first = kits_before(day, beside, remaining=forever)
    again = kits_after(day, beside, {"n": (make.clock("18:00", 2), "o1")}, first, remaining=forever)

    def units(kits: Kits) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for sent in kits.promised:
            key = sent.job_id, sent.order_line_id
            found[key] = found.get(key, 0) + sent.quantity
        return found

    assert sorted(units(first).values()) == [1, 10]
    assert again is not first
    assert units(again) == units(first)


def test_more_units_for_a_line_that_was_promised_some_may_come_later_than_these() -> None:
    """One of two is promised for today, and then the other for tomorrow: that breaks no promise."""
    slow = make.lane(warehouse_id="w2", transit_p90_s=26 * 3600, cost_fen=100)
    houses = (make.warehouse(stock={"p1": 1}), make.warehouse("w2", stock={"p1": 1}))
    other = wanting("c", order_lines=(make.order_line("c-l", "p2"),))
    day = stocked(
        other, days=3, parts=(make.part(), make.part("p2")), lanes=(make.lane(cost_fen=4_000), slow), warehouses=houses
    )
    filling = others(
        lines=(Need(id="r1-1", part_id="p1", quantity=2),),
        job_id=None,
        waiting=False,
        customer_class=CustomerClass.ORDINARY,
    )
    beside = Beside(supply=Supply(orders=(filling,)), near={})
    first = kits_before(day, beside, remaining=forever)
    early = make.shipment(order_line_id="r1-1", job_id="r1", cost_fen=4_100)
    again = kits_after(day, beside, {}, replace(first, promised=(early,)), remaining=forever)
    assert sorted((sent.quantity, sent.ready_s) for sent in again.promised) == [
        (1, make.clock("09:00")),
        (1, make.clock("07:00") + 26 * 3600),
    ]


def test_a_kit_elsewhere_that_was_promised_nothing_is_still_sent_whole_or_not_at_all() -> None:
    lines = (Need(id="r1-1", part_id="p1", quantity=1), Need(id="r1-2", part_id="p2", quantity=1))
    day = replace(stocked(wanting("a")), parts=(make.part(), make.part("p2")))
    beside = Beside(supply=Supply(orders=(others(lines=lines),)), near={})
    first = kits_before(day, beside, remaining=forever)
    again = kits_after(replace(day, jobs=()), beside, {}, replace(first, options={}), remaining=forever)
    assert with_kit(first) == ["a"]
    assert again.promised == ()


def test_another_part_is_sent_where_it_does_as_well() -> None:
    day = replace(stocked(wanting("a")), parts=(make.part(), make.part("p2")))
    day = replace(day, warehouses=(make.warehouse(stock={"p2": 1}),))
    supply = Supply(substitutes={"p1": ("p2",)})
    plan = planned(day, PartsRule.TOGETHER, supply=supply).plan
    assert [sent.part_id for sent in plan.shipments] == ["p2"]
    assert check(day, plan, make.FlatTravel(), supply) == ()
    assert check(day, plan, make.FlatTravel()) != ()


@pytest.mark.parametrize(("left", "needs"), [(0, True), (1, False)])
def test_over_quota_a_kit_is_sent_and_said_to_need_approval(left: int, needs: bool) -> None:
    day = stocked(wanting("a"))
    supply = Supply(quotas=(Quota(outlet_id="o1", part_id="p1", left=left),))
    plan = planned(day, PartsRule.TOGETHER, supply=supply).plan
    assert [sent.needs_approval for sent in plan.shipments] == [needs]
    assert check(day, plan, make.FlatTravel(), supply) == ()
    otherwise = replace(plan, shipments=tuple(replace(s, needs_approval=not needs) for s in plan.shipments))
    assert [violation.rule for violation in check(day, otherwise, make.FlatTravel(), supply)] == [Rule.KIT]


@settings(max_examples=40, deadline=None)
@given(case=strategies.days_and_travel(), seed=st.integers(0, 1_000), beside=st.booleans())
def test_deciding_together_is_legal_and_never_dearer_than_parts_first(
    case: tuple[Day, make.FlatTravel], seed: int, beside: bool
) -> None:
    day, travel = case
    supply = strategies.random_supply(day, seed) if beside else Supply()
    come, first, together = (planned(day, rule, travel, seed, supply) for rule in PartsRule)
    assert [check(day, result.plan, travel, supply) for result in (come, first, together)] == [(), (), ()]
    assert together.cost.total <= first.cost.total


FETCHED = make.lane(
    mode=ShipMode.PICKUP, transit_p50_s=600, transit_p90_s=1_200, cost_fen=100, reach=frozenset({"near"})
)


def reached(job: Job, *lanes: Lane, **fields: Any) -> Day:
    """Make a day with outlets near and far from the warehouse, and lanes beside the one by which parts are fetched."""
    outlets = (make.outlet("near"), make.outlet("far"))
    return stocked(job, **({"outlets": outlets, "technicians": (), "shifts": (), "lanes": (FETCHED, *lanes)} | fields))


def modes(kits: Kits, job_id: str, outlet_id: str | None) -> set[ShipMode]:
    return {sent.mode for kit in kits_at(kits.options[job_id], outlet_id) for sent in kit.shipments}


@pytest.mark.parametrize("likely", ["near", "far"])
@pytest.mark.parametrize("urgent", [True, False])
def test_an_outlet_out_of_reach_is_sent_what_another_may_fetch(likely: str, urgent: bool) -> None:
    day = reached(wanting("a", urgent=urgent), make.lane(mode=ShipMode.EXPRESS))
    kits = kits_before(day, Beside(near={"a": (likely,)}), remaining=forever)
    assert modes(kits, "a", "far") == {ShipMode.EXPRESS}
    # What is to travel fast goes as was decided on for who was thought to come.
    assert modes(kits, "a", None) == (set() if urgent and likely == "near" else {ShipMode.EXPRESS})
    expected = ShipMode.EXPRESS if urgent and likely == "far" else ShipMode.PICKUP
    assert modes(kits, "a", "near") == {expected}
    assert modes(first_come(day), "a", "near") == {ShipMode.PICKUP}
    assert modes(first_come(day), "a", "far") == {ShipMode.EXPRESS}


def test_what_can_only_be_fetched_is_for_those_within_reach() -> None:
    day = reached(wanting("a"))
    for kits in (kits_before(day, Beside(near={"a": ("near",)}), remaining=forever), first_come(day)):
        assert modes(kits, "a", "near") == {ShipMode.PICKUP}
        assert kits_at(kits.options["a"], "far") == kits_at(kits.options["a"], None) == ()
    nobody = kits_before(day, Beside(near={"a": ("far",)}), remaining=forever)
    assert nobody.options["a"] == ()
    assert nobody.missing["a"]


def test_a_vehicle_of_its_own_is_for_those_who_cannot_fetch() -> None:
    """Where nothing else carries it: they are all outlets but those within reach."""
    day = reached(wanting("a"), make.lane(mode=ShipMode.DEDICATED))
    kits = first_come(day)
    assert modes(kits, "a", "far") == {ShipMode.DEDICATED}
    assert modes(kits, "a", "near") == {ShipMode.PICKUP}
    assert kits_at(kits.options["a"], None) == ()


def test_who_visits_decides_what_is_fetched_in_the_end() -> None:
    day = reached(wanting("a", urgent=True), make.lane(mode=ShipMode.EXPRESS))
    before = kits_before(day, Beside(near={"a": ("far",)}), remaining=forever)
    for outlet_id, mode in (("near", ShipMode.PICKUP), ("far", ShipMode.EXPRESS)):
        visits = {"a": (make.clock("20:00"), outlet_id)}
        after = kits_after(day, Beside(near={"a": ("far",)}), visits, before, remaining=forever)
        assert modes(after, "a", outlet_id) == {mode}


SMALL, MEDIUM = frozenset({SizeClass.SMALL}), frozenset({SizeClass.MEDIUM})
EVERYBODY = frozenset({"near", "far"})


@pytest.mark.parametrize(
    ("own", "other", "expected"),
    [
        ({"carries": MEDIUM, "reach": EVERYBODY}, {"carries": SMALL, "reach": frozenset({"near"})}, EVERYBODY),
        ({"carries": MEDIUM, "reach": frozenset({"near"})}, {"carries": SMALL, "reach": EVERYBODY}, {"near"}),
        ({"reach": EVERYBODY}, {"transit_p90_s": 9_000, "reach": frozenset({"near"})}, EVERYBODY),
        ({"reach": frozenset({"far"})}, {"reach": frozenset({"near"})}, EVERYBODY),
        ({"reach": frozenset({"far"})}, {"reach": None}, None),
    ],
)
def test_who_may_have_what_is_sent_is_read_off_the_lanes_that_explain_it(
    own: dict[str, Any], other: dict[str, Any], expected: frozenset[str] | None
) -> None:
    day = reached(wanting("a"))
    own_lane = replace(FETCHED, **own)
    day = replace(day, lanes=(replace(FETCHED, **other), own_lane), parts=(make.part(size_class=SizeClass.MEDIUM),))
    (job,), (part,) = day.jobs, day.parts
    # Dearer than the lane is: no plan by the simple rule, whose options would be the answer.
    sent = replace(shipment_by(own_lane, job, job.order_lines[0], part, since_s=day.now_s), cost_fen=9_999)
    (kit,) = kits_of_plan(day, Plan(routes=(), unassigned=(), shipments=(sent,)))["a"]
    assert kit.outlets == expected


def test_another_lane_that_does_not_carry_it_lets_nobody_fetch_it() -> None:
    """Far might fetch such a part from w2, and from w1, where it comes from, only smaller ones."""
    near, far = frozenset({"near"}), frozenset({"far"})
    lanes = (
        replace(FETCHED, carries=MEDIUM, reach=near),
        replace(FETCHED, carries=SMALL, reach=EVERYBODY),
        replace(FETCHED, warehouse_id="w2", carries=MEDIUM, reach=far, cost_fen=90_000),
    )
    houses = tuple(make.warehouse(id, stock={"p1": 1}) for id in ("w1", "w2"))
    day = replace(
        reached(wanting("a")), lanes=lanes, warehouses=houses, parts=(make.part(size_class=SizeClass.MEDIUM),)
    )
    kits = kits_before(day, Beside(near={"a": ("near",)}), remaining=forever)
    assert modes(kits, "a", "near") == {ShipMode.PICKUP}
    assert modes(kits, "a", "far") == set()
