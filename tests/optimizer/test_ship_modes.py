"""How parts may travel: one rule for the kits of a day, the simple rule, comparisons and units in exchange."""

import itertools

import pytest

from optimizer.kits import Beside, kits_before
from optimizer.kits import first_come as first_come_kits
from optimizer.model import FAST_MODES, Inbound, ShipMode, SizeClass
from optimizer.parts.check import faults
from optimizer.parts.first_come import Preference, first_come
from optimizer.parts.sourcing import source
from optimizer.repair_mode import JobFacts, RepairMode, RepairModePolicy, Unit
from optimizer.repair_modes import RepairModes, advise
from optimizer.ship_modes import carrying_modes, ever_has, is_fallback, is_lawful_for_all, lawful_modes
from tests import make
from tests import make_parts as parts

S, E, D, P = ShipMode.STANDARD, ShipMode.EXPRESS, ShipMode.DEDICATED, ShipMode.PICKUP


@pytest.mark.parametrize(
    ("waits", "bulky", "carrying", "lawful"),
    [
        (True, False, {S, E, D, P}, {E, P}),
        (True, True, {S, E, D}, {E}),
        (True, True, {S, D}, {D}),
        (True, False, {S}, {S}),
        (False, False, {S, E, D, P}, {S, E, P}),
        (False, False, {D}, {D}),
        (False, True, {S, D}, {S, D}),
        (True, True, set(), set()),
    ],
)
def test_the_rule(waits: bool, bulky: bool, carrying: set[ShipMode], lawful: set[ShipMode]) -> None:
    assert lawful_modes(carrying, waits=waits, bulky=bulky) == lawful


def test_lawful_for_all_is_what_more_lanes_never_forbid() -> None:
    every = [set(some) for n in range(1, 5) for some in itertools.combinations(ShipMode, n)]
    for waits, bulky, mode in itertools.product((True, False), (True, False), ShipMode):
        always = all(mode in lawful_modes(some, waits=waits, bulky=bulky) for some in every if mode in some)
        assert is_lawful_for_all(mode, waits=waits, bulky=bulky) == always


def test_a_fallback_is_what_is_slow_though_a_customer_waits() -> None:
    assert {mode for mode in ShipMode if is_fallback(mode, waits=True)} == {S, D} == set(ShipMode) - FAST_MODES
    assert not any(is_fallback(mode, waits=False) for mode in ShipMode)


def test_what_could_carry_it_leaves_an_open_warehouse_that_has_or_will_have_so_many() -> None:
    part = make.part()
    lane = make.lane()
    held = make.warehouse(stock={"p1": 1}, inbound={"p1": (Inbound(ready_s=9, quantity=2),)})
    assert ever_has(held, "p1", 3)
    assert not ever_has(held, "p1", 4)
    assert not ever_has(make.warehouse(stock={"p1": 9}, open=False), "p1", 1)
    # What is short already takes nothing from what is on its way.
    assert ever_has(make.warehouse(stock={"p1": -5}, inbound={"p1": (Inbound(ready_s=9, quantity=2),)}), "p1", 2)
    assert carrying_modes([lane], {held.id: held}, part, 3, None) == {lane.mode}
    assert carrying_modes([lane], {}, part, 1, None) == set()
    near = make.lane(mode=P, reach=frozenset({"u1"}))
    assert carrying_modes([near], {held.id: held}, part, 1, "u1") == {P}
    assert carrying_modes([near], {held.id: held}, part, 1, None) == set()


EVERY = frozenset(SizeClass)


@pytest.mark.parametrize("urgent", [True, False])
@pytest.mark.parametrize("modes", [{S, D}, {S, E, D}, {S}, {D}])
@pytest.mark.parametrize("size", [SizeClass.SMALL, SizeClass.BULKY])
def test_the_kits_of_a_day_and_the_simple_rule_offer_the_same_modes(
    urgent: bool, modes: set[ShipMode], size: SizeClass
) -> None:
    """Dearer lanes are sooner, so that each lawful one is an option."""
    lanes = tuple(
        make.lane(mode=mode, carries=EVERY, cost_fen=1_000 * rank, transit_p90_s=(20 - rank) * 3_600)
        for rank, mode in enumerate(ShipMode, start=1)
        if mode in modes
    )
    job = make.job("a", urgent=urgent, order_lines=(make.order_line(),))
    day = make.parts_day(job, parts=(make.part(size_class=size),), lanes=lanes)
    lawful = lawful_modes(modes, waits=urgent, bulky=size is SizeClass.BULKY)
    for kits in (kits_before(day, Beside(near={}), remaining=lambda: None), first_come_kits(day)):
        offered = {kit.shipments[0].mode for kit in kits.options["a"]}
        assert offered == lawful


def test_the_plain_rule_may_send_what_is_bulky_by_a_vehicle_of_its_own() -> None:
    slow = parts.route(carries=EVERY)
    fast = parts.route(mode=D, carries=EVERY, cost_fen=1_100, transit_p50_s=600, transit_p90_s=7_200)
    asked = parts.asked(parts=(make.part(size_class=SizeClass.BULKY),), routes=(slow, fast))
    for sourced in (first_come(asked, Preference.CHEAPEST), source(asked)):
        (dispatch,) = sourced.answers[0].dispatches
        assert dispatch.mode is D
        assert faults(asked, sourced) == []


def test_a_unit_in_exchange_goes_to_a_customer_who_waits_as_other_parts_do() -> None:
    """Where nothing fast carries it, by a vehicle of its own and not by the cheaper standard lane."""
    unit = make.part("unit", size_class=SizeClass.BULKY)
    lanes = tuple(make.lane(mode=mode, carries=EVERY, cost_fen=fen) for mode, fen in ((S, 100), (D, 90_000)))
    facts = JobFacts(unit=Unit(part=unit, price_fen=0))
    two = make.technician(crew=2, load_capacity=4)
    for urgent, mode in ((True, D), (False, S)):
        held = {"warehouses": (make.warehouse(stock={"unit": 1}),), "lanes": lanes, "technicians": (two,)}
        day = make.parts_day(make.job(urgent=urgent), **held)
        known = RepairModes(facts={"j1": facts}, policy=RepairModePolicy(), provinces={})
        (advice,) = advise(day, known, make.FlatTravel())
        (swap,) = (option for option in advice.options if option.mode is RepairMode.EXCHANGE)
        assert swap.ship_mode is mode
