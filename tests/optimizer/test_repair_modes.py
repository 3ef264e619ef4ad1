"""The ways to repair a job: each cost recomputed by hand, the days as the policy has them, and a best that is one."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.model import (
    DAY_S,
    AreaClass,
    ContractTariff,
    CustomerClass,
    Day,
    Job,
    Lane,
    Ownership,
    Part,
    ShipMode,
    SizeClass,
    Skill,
    SourceKind,
    Tariff,
    TravelMode,
)
from optimizer.plan import Shipment
from optimizer.repair_mode import JobFacts, ModeOption, RepairAdvice, RepairMode, RepairModePolicy, Unit
from optimizer.repair_modes import RepairModes, advise
from optimizer.sourcing import kit_options
from optimizer.travel import TravelTimes
from tests import make

H = 3_600
UNIT = Part(id="unit", size_class=SizeClass.BULKY, weight_g=20_000)
FACTS = JobFacts(portable=True, by_phone=True, unit=Unit(part=UNIT, price_fen=100_000), province="51")
BULKY = make.lane(
    mode=ShipMode.DEDICATED,
    cut_off_s=10 * H,
    transit_p50_s=5 * H,
    transit_p90_s=9 * H,
    cost_fen=5_000,
    cost_fen_per_kg=50,
    carries=frozenset({SizeClass.BULKY}),
)


def network(*jobs: Job, **fields) -> Day:
    """Make a day of one centre: an own technician who brings a helper, parts and units in w1, a lane for either."""
    usual = {
        "parts": (make.part(), UNIT),
        "warehouses": (make.warehouse(stock={"p1": 10, "unit": 3}),),
        "lanes": (make.lane(), BULKY),
        "technicians": (make.technician(crew=2, load_capacity=4),),
    }
    return make.day(*jobs, **(usual | fields))


def advice(
    day: Day,
    facts: JobFacts = FACTS,
    policy: RepairModePolicy | None = None,
    provinces: dict[str, str] | None = None,
    travel: TravelTimes | None = None,
) -> RepairAdvice:
    known = RepairModes(
        facts={job.id: facts for job in day.jobs},
        policy=policy or RepairModePolicy(),
        provinces={"w1": "51"} if provinces is None else provinces,
    )
    return next(iter(advise(day, known, travel or make.FlatTravel())))


def way(found: RepairAdvice, mode: RepairMode | None) -> ModeOption:
    return next(option for option in found.options if option.mode is mode)


def test_every_way_is_told_once_in_one_order() -> None:
    assert [option.mode for option in advice(network(make.job())).options] == list(RepairMode)


def test_a_visit_costs_road_work_and_freight_of_the_kit() -> None:
    job = make.job(order_lines=(make.order_line(quantity=2),), crew=2, service_s=3_600)
    visit = way(advice(network(job)), RepairMode.ON_SITE)
    # 1 km at 36 km/h is 100 s: two people, there and back, at 45 yuan an hour, and 0.90 yuan a kilometre.
    assert visit.cost.travel == 200 * 4_500 * 2 // 3_600 + 2_000 * 90 // 1_000
    assert visit.cost.service == 2 * 4_500
    assert visit.cost.parts_freight == 1_000 + 2 * 500 * 200 // 1_000
    assert visit.cost.total == visit.cost.travel + visit.cost.service + visit.cost.parts_freight
    # Now 06:00, the kit leaves at 07:00 and takes one hour, at most two; then the visit of the policy.
    assert visit.done_p50_s == (1 + 1) * H + 12 * H + H
    assert visit.done_p90_s == (1 + 2) * H + 24 * H + H
    assert (visit.days_p50, visit.days_p90) == (1, 2)
    assert visit.outlet_id == "o1"


def test_a_contract_outlet_is_paid_its_tariff() -> None:
    outlet = make.outlet(
        ownership=Ownership.CONTRACT, tariff_id="k", duration_percent={"fridge": 120}, first_fix_percent={"fridge": 75}
    )
    tariff = Tariff(contract_tariffs=(ContractTariff(id="k", bands=((500, 0), (5_000, 700)), fen_per_minute=50),))
    visit = way(advice(network(make.job(crew=2), outlets=(outlet,), tariff=tariff)), RepairMode.ON_SITE)
    assert visit.cost.contract == 3_000 + 700 + 36 * 50
    assert visit.cost.second_visit == 25 * 8_000 // 100
    assert visit.cost.travel == 200 * 2_000 // 3_600 + 180
    assert visit.cost.service == 0


def test_remote_places_wait_longer_for_a_visit() -> None:
    seat, remote = (
        way(advice(network(make.job(area_class=area))), RepairMode.ON_SITE)
        for area in (AreaClass.SEAT, AreaClass.REMOTE)
    )
    assert remote.done_p90_s - seat.done_p90_s == DAY_S


def test_who_comes_may_go_that_far_by_road_and_by_his_own_mode() -> None:
    west = make.FlatTravel(detour_percent=20)
    job = make.job(position=make.at(-95_000))
    rider = make.technician(mode=TravelMode.MOTORBIKE)
    # 95 km in a straight line, 114 by road: a motorbike goes 100.
    refused = way(advice(network(job, technicians=(rider,)), travel=west), RepairMode.ON_SITE)
    assert not refused.possible
    assert refused.said.en == "no outlet within reach has the people for it"
    near = network(job, technicians=(make.technician(),))
    assert way(advice(near, travel=west), RepairMode.ON_SITE).outlet_id == "o1"
    both = network(
        job,
        outlets=(make.outlet(), make.outlet("o2", position=make.at(5_000))),
        technicians=(rider, make.technician("t2", outlet_id="o2")),
        shifts=(make.shift(), make.shift("t2-0")),
    )
    assert way(advice(both, travel=west), RepairMode.ON_SITE).outlet_id == "o2"


def test_the_depot_freight_rides_both_ways_and_is_split() -> None:
    depot = way(advice(network(make.job())), RepairMode.DEPOT)
    freight = 2 * (5_000 + 20 * 50)
    assert (depot.cost.depot_freight, depot.customer_fen) == (freight // 2, freight // 2)
    assert depot.cost.depot_work == 30 * 60
    assert (depot.source_id, depot.ship_mode) == ("w1", ShipMode.DEDICATED)
    third = way(advice(network(make.job()), policy=RepairModePolicy(depot_customer_percent=33)), RepairMode.DEPOT)
    assert (third.customer_fen, third.cost.depot_freight) == (freight * 33 // 100, freight - freight * 33 // 100)


def test_who_is_near_enough_takes_the_unit_to_the_depot_by_pickup() -> None:
    """The nearest capable outlet does, and only if it lies within the reach; without one nobody does."""
    taken = replace(BULKY, mode=ShipMode.PICKUP, cost_fen=100, reach=frozenset({"o1"}))
    near = network(make.job(), lanes=(BULKY, taken))
    far = network(make.job(), lanes=(BULKY, replace(taken, reach=frozenset({"o2"}))))
    assert way(advice(near), RepairMode.DEPOT).ship_mode is ShipMode.PICKUP
    assert way(advice(near), RepairMode.DEPOT).cost.depot_freight == 100 + 20 * 50
    assert way(advice(far), RepairMode.DEPOT).ship_mode is ShipMode.DEDICATED
    nobody = network(make.job(skill=Skill(family="washer", level=9)), lanes=(BULKY, taken))
    assert way(advice(nobody), RepairMode.DEPOT).ship_mode is ShipMode.DEDICATED
    only = network(make.job(), lanes=(taken,))
    assert way(advice(only), RepairMode.DEPOT).possible
    assert not way(advice(replace(only, lanes=far.lanes[1:])), RepairMode.DEPOT).possible


@pytest.mark.parametrize(("province", "days"), [("51", (7, 8)), ("50", (10, 15)), ("", (10, 15))])
def test_the_depot_takes_a_week_in_the_province_and_two_outside(province: str, days: tuple[int, int]) -> None:
    depot = way(advice(network(make.job()), replace(FACTS, province=province)), RepairMode.DEPOT)
    assert (depot.days_p50, depot.days_p90) == days
    unknown = way(advice(network(make.job()), replace(FACTS, province=""), provinces={}), RepairMode.DEPOT)
    assert (unknown.days_p50, unknown.days_p90) == (10, 15)


def test_depots_are_those_named_else_headquarters_else_all() -> None:
    houses = [make.warehouse(f"w{n}", stock={"unit": 1}) for n in (1, 2, 3)]
    lanes = [replace(BULKY, warehouse_id=f"w{n}", cost_fen=1_000 * n) for n in (1, 2, 3)]

    def depot(kind: SourceKind, **policy) -> str:
        day = network(
            make.job(), warehouses=(*houses[:1], replace(houses[1], kind=kind), houses[2]), lanes=tuple(lanes)
        )
        return way(advice(day, policy=RepairModePolicy(**policy), provinces={}), RepairMode.DEPOT).source_id

    assert depot(SourceKind.WAREHOUSE) == "w1"
    assert depot(SourceKind.HQ) == "w2"
    assert depot(SourceKind.HQ, depots=frozenset({"w3"})) == "w3"


def test_an_exchange_brings_a_unit_two_people_and_the_old_one_back() -> None:
    swap = way(advice(network(make.job())), RepairMode.EXCHANGE)
    freight = 5_000 + 20 * 50
    assert (swap.cost.unit_freight, swap.cost.return_freight) == (freight, freight)
    assert swap.cost.unit == 40_000
    assert swap.cost.service == 2 * 4_500 // 2
    assert swap.cost.travel == 200 * 4_500 * 2 // 3_600 + 180
    assert swap.done_p90_s == (4 + 9) * H + 24 * H + H // 2
    assert swap.done_p50_s == (4 + 5) * H + 12 * H + H // 2
    assert (swap.source_id, swap.outlet_id) == ("w1", "o1")


def test_an_exchange_needs_two_people_and_room() -> None:
    for technician in (make.technician(crew=1, load_capacity=4), make.technician(crew=2, load_capacity=0)):
        found = advice(network(make.job(), technicians=(technician,)))
        assert not way(found, RepairMode.EXCHANGE).possible
        assert way(found, RepairMode.ON_SITE).possible


@pytest.mark.parametrize(
    ("house", "said"),
    [
        ({"stock": {"unit": 0}}, "no warehouse has unit"),
        ({"stock": {"unit": 2}, "floors": {"unit": 2}}, "no warehouse has unit"),
        ({"stock": {"unit": 2}, "open": False}, "no warehouse has unit"),
        ({"stock": {"unit": 2}, "id": "elsewhere"}, "no lane from a warehouse"),
    ],
)
def test_a_unit_must_be_had_and_come(house: dict[str, Any], said: str) -> None:
    id_ = house.pop("id", "w1")
    houses = (make.warehouse(id_, **house), *((make.warehouse(stock={}),) if id_ != "w1" else ()))
    swap = way(advice(network(make.job(), warehouses=houses)), RepairMode.EXCHANGE)
    assert not swap.possible
    assert said in swap.said.en


def test_an_urgent_exchange_comes_fast_where_it_can() -> None:
    fast = replace(BULKY, mode=ShipMode.EXPRESS, cost_fen=90_000)
    for lanes, mode in (((BULKY, fast), ShipMode.EXPRESS), ((BULKY,), ShipMode.DEDICATED)):
        swap = way(advice(network(make.job(urgent=True), lanes=lanes)), RepairMode.EXCHANGE)
        assert swap.ship_mode is mode
    assert way(advice(network(make.job(), lanes=(BULKY, fast))), RepairMode.EXCHANGE).ship_mode is ShipMode.DEDICATED


@pytest.mark.parametrize(("solved", "waits"), [(40, (1, 1)), (50, (0, 1)), (89, (0, 1)), (90, (0, 0)), (100, (0, 0))])
def test_a_call_that_does_not_help_is_followed_by_a_visit(solved: int, waits: tuple[int, int]) -> None:
    found = advice(network(make.job()), policy=RepairModePolicy(remote_solves_percent=solved))
    call, visit = way(found, RepairMode.REMOTE), way(found, RepairMode.ON_SITE)
    assert call.cost.call == 15 * 80
    assert call.cost.total == 15 * 80 + visit.cost.total * (100 - solved) // 100
    assert call.done_p50_s == 30 * 60 + waits[0] * visit.done_p50_s
    assert call.done_p90_s == 4 * H + waits[1] * visit.done_p90_s


def test_a_call_is_still_worth_a_try_where_nobody_can_come() -> None:
    call = way(advice(network(make.job(crew=9))), RepairMode.REMOTE)
    assert (call.cost.total, call.done_p90_s) == (15 * 80, 4 * H)


def test_what_is_not_possible_says_why_in_both_languages() -> None:
    found = advice(network(make.job(skill=Skill(family="fridge", level=3))), JobFacts())
    assert found.recommended is None
    for option in found.options:
        assert not option.possible
        assert option.said.en
        assert option.said.zh
        assert option.said.en in found.said.en
        assert option.said.zh in found.said.zh


def test_a_kit_that_cannot_be_had_forbids_the_visit() -> None:
    job = make.job(order_lines=(make.order_line(quantity=11),))
    found = advice(network(job))
    assert not way(found, RepairMode.ON_SITE).possible
    assert "no warehouse has this many" in way(found, RepairMode.ON_SITE).said.en
    assert way(found, RepairMode.EXCHANGE).possible


def test_work_that_is_no_repair_is_done_there() -> None:
    found = advice(network(make.job()), replace(FACTS, only_there=True))
    assert [option.mode for option in found.options if option.possible] == [RepairMode.ON_SITE]
    assert found.recommended is RepairMode.ON_SITE


def test_the_same_fault_twice_forces_the_exchange_unless_there_is_no_unit() -> None:
    due = replace(FACTS, exchange_due=True)
    found = advice(network(make.job()), due)
    assert [option.mode for option in found.options if option.possible] == [RepairMode.EXCHANGE]
    assert found.recommended is RepairMode.EXCHANGE
    assert "the same fault came back" in found.said.en
    without = advice(network(make.job(), warehouses=(make.warehouse(),)), due)
    assert without.recommended is not None
    assert not way(without, RepairMode.EXCHANGE).possible


def test_the_cheapest_with_the_waiting_wins_and_why_not_the_others_is_said() -> None:
    found = advice(network(make.job()), replace(FACTS, by_phone=False))
    assert found.recommended is RepairMode.ON_SITE
    assert found.said.en.startswith("Best on site: outlet o1 comes; 26.80 yuan, 2 days promised; not depot: ")
    assert "not by telephone: no call solves this fault" in found.said.en
    assert found.said.zh.startswith("建议上门：网点o1上门；26.80元，承诺2天；不选返厂：贵")
    far = make.job(position=make.at(90_000), service_s=4 * H)
    cheap = RepairModePolicy(depot_fen_per_minute=5)
    assert advice(network(far), replace(FACTS, by_phone=False), cheap).recommended is RepairMode.DEPOT
    dear = Tariff(waiting_fen_per_hour=500)
    patient = advice(network(far, tariff=dear), replace(FACTS, by_phone=False), cheap)
    assert patient.recommended is RepairMode.ON_SITE


def test_jobs_without_facts_are_not_spoken_of() -> None:
    day = network(make.job("a"), make.job("b"))
    known = RepairModes(facts={"b": FACTS}, policy=RepairModePolicy(), provinces={})
    assert [found.job_id for found in advise(day, known, make.FlatTravel())] == ["b"]


@st.composite
def random_days(draw: st.DrawFn) -> tuple[Day, dict[str, JobFacts], RepairModePolicy]:
    """Draw days of one centre with few outlets, warehouses and lanes, and facts about each job."""
    few = st.integers(0, 3)
    outlets = tuple(
        make.outlet(
            f"o{n}",
            position=make.at(draw(st.integers(-20, 20)) * 1_000 + 70 * n),
            ownership=draw(st.sampled_from(Ownership)),
            first_fix_percent={"fridge": draw(st.sampled_from([70, 100]))},
            duration_percent={"fridge": draw(st.sampled_from([100, 130]))},
        )
        for n in range(draw(st.integers(1, 3)))
    )
    technicians = tuple(
        make.technician(f"t{n}", outlet_id=outlet.id, crew=draw(st.integers(1, 2)), load_capacity=draw(few))
        for n, outlet in enumerate(outlets)
    )
    houses = tuple(
        make.warehouse(
            f"w{n}",
            position=make.at(5_000 + n),
            stock={"p1": draw(st.integers(0, 8)), "unit": draw(few)},
            floors={"unit": draw(st.integers(0, 1))},
            kind=draw(st.sampled_from([SourceKind.WAREHOUSE, SourceKind.HQ])),
            open=draw(st.sampled_from([True, True, False])),
        )
        for n in range(draw(st.integers(1, 3)))
    )
    lanes = tuple(
        make.lane(
            warehouse_id=draw(st.sampled_from(houses)).id,
            mode=draw(st.sampled_from(ShipMode)),
            cut_off_s=draw(st.integers(0, 23)) * H + n,
            transit_p50_s=draw(st.integers(1, 40)) * H,
            transit_p90_s=(40 + draw(few)) * H + n,
            cost_fen=draw(st.integers(0, 60)) * 100,
            carries=draw(st.sets(st.sampled_from(SizeClass), min_size=1).map(frozenset)),
        )
        for n in range(draw(st.integers(0, 6)))
    )
    jobs = tuple(
        make.job(
            f"j{n}",
            position=make.at(draw(st.integers(0, 60)) * 1_000),
            area_class=draw(st.sampled_from(AreaClass)),
            service_s=draw(st.integers(1, 8)) * 900,
            urgent=draw(st.booleans()),
            customer_class=draw(st.sampled_from(CustomerClass)),
            order_lines=(make.order_line(f"j{n}/1", quantity=draw(st.integers(1, 4))),) if draw(st.booleans()) else (),
        )
        for n in range(draw(st.integers(1, 3)))
    )
    facts = {
        job.id: JobFacts(
            portable=draw(st.booleans()),
            by_phone=draw(st.booleans()),
            only_there=draw(st.sampled_from([False, False, True])),
            exchange_due=draw(st.sampled_from([False, False, True])),
            unit=draw(st.sampled_from([None, FACTS.unit, FACTS.unit])),
            province=draw(st.sampled_from(["", "51"])),
        )
        for job in jobs
    }
    policy = RepairModePolicy(
        depot_customer_percent=draw(st.sampled_from([0, 37, 100])),
        unit_percent=draw(st.sampled_from([0, 5, 40])),
        depot_fen_per_minute=draw(st.sampled_from([0, 60])),
    )
    day = network(
        *jobs,
        outlets=outlets,
        technicians=technicians,
        shifts=tuple(make.shift(f"{technician.id}-0") for technician in technicians),
        warehouses=houses,
        lanes=lanes,
    )
    return day, facts, policy


def figures(option: ModeOption) -> tuple[int, ...]:
    return option.cost.total, option.customer_fen, option.done_p50_s, option.done_p90_s


@settings(max_examples=150, deadline=None)
@given(random_days())
def test_no_way_is_better_in_all_than_the_one_recommended(
    drawn: tuple[Day, dict[str, JobFacts], RepairModePolicy],
) -> None:
    day, facts, policy = drawn
    for found in advise(day, RepairModes(facts=facts, policy=policy, provinces={"w0": "51"}), make.FlatTravel()):
        possible = [option for option in found.options if option.possible]
        assert (found.recommended is None) == (not possible)
        if not possible:
            continue
        best = figures(way(found, found.recommended))
        assert not any(
            figures(other) != best and all(a <= b for a, b in zip(figures(other), best, strict=True))
            for other in possible
        )
        assert all(option.cost.total == sum(fen for _, fen in option.cost.items()) for option in possible)


@settings(max_examples=200, deadline=None)
@given(random_days())
def test_every_way_is_as_reckoned_by_hand(drawn: tuple[Day, dict[str, JobFacts], RepairModePolicy]) -> None:
    day, facts, policy = drawn
    for found in advise(day, RepairModes(facts=facts, policy=policy, provinces={"w0": "51"}), make.FlatTravel()):
        job, known = next(job for job in day.jobs if job.id == found.job_id), facts[found.job_id]
        hand = by_hand(day, job, known, policy)
        if known.exchange_due and RepairMode.EXCHANGE in hand:
            hand = {RepairMode.EXCHANGE: hand[RepairMode.EXCHANGE]}
        ours = {
            option.mode: (option.weighed_fen, option.done_p90_s, option.done_p50_s, option.cost.total)
            for option in found.options
            if option.possible
        }
        assert ours == hand
        assert found.recommended == (min(hand, key=lambda mode: hand[mode]) if hand else None)


def by_hand(day: Day, job: Job, facts: JobFacts, policy: RepairModePolicy) -> dict[RepairMode, tuple[int, ...]]:
    """Try everything: weighed fen, days in nine and in five of ten, and fen of the best of each way."""
    per_hour = 50 * {"ordinary": 100, "priority": 150, "vulnerable": 200}[job.customer_class] // 100
    tried: list[tuple[RepairMode, tuple[int, ...]]] = []

    def add(mode: RepairMode, fen: int, p50_s: int, p90_s: int, customer_fen: int = 0) -> None:
        tried.append((mode, (fen + customer_fen + p90_s * per_hour // H, p90_s, p50_s, fen)))

    half, full = (12, 24) if job.area_class is AreaClass.SEAT else (24, 48)

    def visit(mode: RepairMode, crew: int, load: int, ready: list[tuple[int, int, int]]) -> None:
        able = [
            (abs(round((job.position[0] - outlet.position[0]) * make.METRES_PER_DEGREE)), outlet)
            for outlet in day.outlets
            for technician in day.technicians
            if technician.outlet_id == outlet.id and technician.crew >= crew and technician.load_capacity >= load
        ]
        if not able:
            return
        metres, outlet = min(able, key=lambda pair: pair[0])
        seconds, service_s = metres // 10, job.service_s * outlet.duration_percent["fridge"] // 100
        again = (100 - outlet.first_fix_percent["fridge"]) * 80
        if outlet.ownership is Ownership.OWN:
            fen = 2 * seconds * 4_500 * crew // H + 2 * metres * 90 // 1_000 + service_s * 4_500 * crew // H + again
        else:
            band = next(price for most, price in day.tariff.contract_tariffs[0].bands if metres <= most)
            fen = 2 * seconds * 2_000 // H + 2 * metres * 90 // 1_000 + again + 3_000 + band + service_s * 80 // 60
        for p50_s, p90_s, more in ready:
            add(mode, fen + more, p50_s + half * H + service_s, p90_s + full * H + service_s)

    kits = [
        (
            max(line.ships_s + median_of(day, line) for line in kit.shipments) - day.now_s,
            kit.ready_s - day.now_s,
            kit.cost_fen,
        )
        for kit in kit_options(day).get(job.id, ())
    ]
    visit(RepairMode.ON_SITE, job.crew, job.load, kits if job.order_lines else [(0, 0, 0)])
    if facts.by_phone and not facts.only_there:
        # 40 of 100 calls are followed by the visit: more than one in ten, fewer than one in two.
        _, p90_s, _, fen = min((figures for _, figures in tried), default=(0, 0, 0, 0))
        add(RepairMode.REMOTE, 1_200 + fen * 40 // 100, 1_800, 4 * H + p90_s)
    if facts.unit is not None and not facts.only_there:
        houses = {house.id: house for house in day.warehouses if house.open}
        lanes = [lane for lane in day.lanes if lane.warehouse_id in houses and SizeClass.BULKY in lane.carries]
        for fen, theirs, near in depots_by_hand(day, facts, policy, lanes):
            work = job.service_s * policy.depot_fen_per_minute // 60
            add(RepairMode.DEPOT, fen + work, (7 if near else 10) * DAY_S, (8 if near else 15) * DAY_S, theirs)
        units = units_by_hand(day, job, policy, lanes)
        visit(RepairMode.EXCHANGE, max(2, job.crew), max(1, job.load), units)
    return {mode: min(figures for one, figures in tried if one is mode) for mode, _ in tried}


def depots_by_hand(
    day: Day, facts: JobFacts, policy: RepairModePolicy, lanes: list[Lane]
) -> Iterator[tuple[int, int, bool]]:
    """Yield what the company and the customer pay for each lane, and whether its depot is near."""
    hq = {house.id for house in day.warehouses if house.kind is SourceKind.HQ}
    for lane in lanes if facts.portable else []:
        if not hq or lane.warehouse_id in hq:
            freight = 2 * (lane.cost_fen + 20 * lane.cost_fen_per_kg)
            theirs = freight * policy.depot_customer_percent // 100
            yield freight - theirs, theirs, facts.province == "51" and lane.warehouse_id == "w0"


def units_by_hand(day: Day, job: Job, policy: RepairModePolicy, lanes: list[Lane]) -> list[tuple[int, int, int]]:
    """Return when a unit is there in five and in nine of ten, and its freight both ways with its price."""
    free = {house.id: house.stock["unit"] - house.floors["unit"] for house in day.warehouses if house.open}
    lanes = [lane for lane in lanes if free[lane.warehouse_id] >= 1]
    if job.urgent:
        lanes = [lane for lane in lanes if lane.mode in ("express", "pickup")] or lanes
    units = []
    for lane in lanes:
        waits_s = lane.cut_off_s - day.now_s if lane.cut_off_s >= day.now_s else lane.cut_off_s - day.now_s + DAY_S
        fen = 2 * (lane.cost_fen + 20 * lane.cost_fen_per_kg) + 100_000 * policy.unit_percent // 100
        units.append((waits_s + lane.transit_p50_s, waits_s + lane.transit_p90_s, fen))
    return units


def median_of(day: Day, line: Shipment) -> int:
    """Return the median transit of the lane that a shipment rides: times of departure tell lanes apart here."""
    (lane,) = {
        lane.transit_p50_s
        for lane in day.lanes
        if (lane.warehouse_id, lane.mode) == (line.warehouse_id, line.mode)
        and lane.cut_off_s == line.ships_s % DAY_S
        and lane.transit_p90_s == line.ready_s - line.ships_s
    }
    return lane
