"""Every price by hand, on one job 1 km and 100 s from the base, started at 09:00 and reported 15 hours before."""

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.cost import Cost, late_price, parity_price, price, shipment_price, unserved_price
from optimizer.model import (
    AreaClass,
    Clock,
    ClockKind,
    ContractTariff,
    CustomerClass,
    Day,
    Job,
    Lateness,
    Ownership,
    Published,
    Skill,
    Tariff,
    TravelMode,
)
from tests import make, strategies

HOUR_S = 3_600
NINE = make.clock("09:00")


def cost(day: Day, *visits: tuple[str, int], **route: Any) -> Cost:
    """Price the plan with one route of these visits."""
    routes = (make.route(day, *visits, **route),) if visits else ()
    return price(day, make.plan(day, *routes), make.FlatTravel())


def test_items_are_those_of_the_model_page() -> None:
    names = (
        "travel overtime contract own_first second_visit over_qualification continuity lateness waiting parts "
        "preference churn workload unserved parity"
    )
    assert [item.name for item in fields(Cost)] == names.split()
    assert [name for name, _ in Cost().items()] == names.split()


def test_sum_and_total() -> None:
    both = Cost(travel=100, parity=7) + Cost(travel=20, lateness=3)
    assert both == Cost(travel=120, lateness=3, parity=7)
    assert both.total == 130


def test_prints_itself_in_yuan() -> None:
    lines = str(Cost(travel=123_456)).splitlines()
    assert len(lines) == 16
    assert lines[0] == "travel             1,234.56 yuan"
    assert lines[-1] == "total              1,234.56 yuan"


def test_a_whole_plan() -> None:
    """Two legs of 125 + 90 fen, and 15 hours at 50 fen."""
    assert cost(make.day(), ("j1", NINE)) == Cost(travel=430, waiting=750)


def test_nothing_asked_costs_nothing() -> None:
    day = make.day(make.job(consent=False))
    assert cost(day) == Cost()


@pytest.mark.parametrize(
    ("ownership", "mode", "leg_fen"),
    [
        (Ownership.OWN, TravelMode.CAR, 125 + 90),  # 100 s · 4500 / h, 1 km · 90
        (Ownership.CONTRACT, TravelMode.CAR, 55 + 90),  # 100 s · 2000 / h = 55.6
        (Ownership.OWN, TravelMode.EBIKE, 250 + 8),  # 200 s
        (Ownership.OWN, TravelMode.WALK, 1_250 + 0),  # 1000 s
    ],
)
def test_travel(ownership: Ownership, mode: TravelMode, leg_fen: int) -> None:
    day = make.day(outlets=(make.outlet(ownership=ownership),), technicians=(make.technician(mode=mode),))
    assert cost(day, ("j1", NINE)).travel == 2 * leg_fen


def test_travel_rounds_each_leg_and_each_half_down() -> None:
    """Three legs of 10 s (12.5 fen) and 100 m (9 fen): 21 each; j3 is at the place of j2."""
    day = make.day(make.job("j1", position=make.at(100)), make.job("j2", position=make.at()))
    visits = (("j1", NINE), ("j2", make.clock("10:00")))
    assert cost(day, *visits).travel == 21 + 21 + 0
    odd = make.day(make.job(position=make.at(105)))  # 10 s → 12.5, 105 m → 9.45
    assert cost(odd, ("j1", NINE)).travel == 2 * (12 + 9)


def test_travel_is_priced_by_the_matrix_and_not_as_stated() -> None:
    day = make.day()
    lying = make.route(day, ("j1", NINE), return_travel_s=0, return_travel_m=0)
    assert price(day, make.plan(day, lying), make.FlatTravel()).travel == 430


@pytest.mark.parametrize(("back", "fen"), [("17:00", 0), ("17:01", 100), ("18:30", 9_000)])
def test_overtime(back: str, fen: int) -> None:
    assert cost(make.day(), ("j1", NINE), return_s=make.clock(back)).overtime == fen


@pytest.mark.parametrize(
    ("metres", "band_fen"),
    [(1_000, 0), (5_000, 0), (5_001, 1_000), (15_000, 1_000), (40_001, 8_000), (80_000, 8_000)],
)
def test_contract(metres: int, band_fen: int) -> None:
    """Call-out 30 yuan, band, 30 min at 80 fen; the band is by base → job, not by the leg."""
    day = make.day(
        make.job("j1", position=make.at(metres)),
        make.job("j2", position=make.at(metres)),
        outlets=(make.outlet(ownership=Ownership.CONTRACT),),
    )
    day_cost = cost(day, ("j1", make.clock("11:00")), ("j2", make.clock("12:00")))
    assert day_cost.contract == 2 * (3_000 + band_fen + 2_400)
    assert day_cost.own_first == 2 * 1_500


def test_contract_minutes_are_the_outlets_own() -> None:
    """1,800 s at 115 % are 2,070 s; 34.5 min at 65 fen are 2,242.5. The last band holds beyond it."""
    tariff = ContractTariff(id="far", call_out_fen=2_000, bands=((500, 100), (800, 200)), fen_per_minute=65)
    day = make.day(
        outlets=(make.outlet(ownership=Ownership.CONTRACT, tariff_id="far", duration_percent={"fridge": 115}),),
        tariff=Tariff(contract_tariffs=(ContractTariff(id=""), tariff)),
    )
    assert cost(day, ("j1", NINE)).contract == 2_000 + 200 + 2_242


def test_an_own_outlet_has_no_contract() -> None:
    assert cost(make.day(), ("j1", NINE)).contract == 0


@pytest.mark.parametrize(
    ("percent", "fen"), [({}, 0), ({"fridge": 85}, 1_200), ({"gas": 50}, 0), ({"fridge": 0}, 8_000)]
)
def test_second_visit(percent: dict[str, int], fen: int) -> None:
    day = make.day(outlets=(make.outlet(first_fix_percent=percent),))
    assert cost(day, ("j1", NINE)).second_visit == fen


@pytest.mark.parametrize(("level", "fen"), [(1, 0), (2, 300), (3, 600)])
def test_over_qualification(level: int, fen: int) -> None:
    skills = (Skill(family="gas", level=3), Skill(family="fridge", level=level))
    day = make.day(technicians=(make.technician(skills=skills),))
    assert cost(day, ("j1", NINE)).over_qualification == fen


@pytest.mark.parametrize(("wanted", "fen"), [(None, 0), ("t1", 0), ("t2", 1_000)])
def test_continuity(wanted: str | None, fen: int) -> None:
    assert cost(make.day(make.job(preferred_technician_id=wanted)), ("j1", NINE)).continuity == fen


@pytest.mark.parametrize(
    ("late_s", "fen"),
    [
        (-4 * HOUR_S, 0),
        (-4 * HOUR_S + 12, 1),  # 12 s at 300 fen an hour
        (-HOUR_S, 900),
        (0, 1_200),
        (1, 1_200 + 12_000),
        (HOUR_S, 1_200 + 12_000 + 1_000),
        (24 * HOUR_S, 1_200 + 12_000 + 24_000),
        (25 * HOUR_S, 1_200 + 12_000 + 24_000 + 2_000),
        (49 * HOUR_S, 1_200 + 12_000 + 24_000 + 48_000 + 3_000),
    ],
)
def test_grades_of_lateness(late_s: int, fen: int) -> None:
    assert late_price(Lateness(), late_s) == fen


def test_lateness_of_both_clocks_by_class() -> None:
    """Arrival 1 h late (14,200), resolution, at 09:30, 30 min late (1,200 + 8,000 + 500); both at 150 %."""
    clocks = (
        Clock(kind=ClockKind.ARRIVAL, due_s=make.clock("08:00")),
        Clock(kind=ClockKind.RESOLUTION, due_s=make.clock("09:00")),
    )
    day = make.day(make.job(clocks=clocks, customer_class=CustomerClass.PRIORITY))
    assert cost(day, ("j1", NINE)).lateness == 21_300 + 14_550


def test_lateness_rounds_each_clock_down() -> None:
    """12 s into the warning, 1 fen at 150 %: 1 fen per clock, not 3 for both."""
    clock = Clock(kind=ClockKind.ARRIVAL, due_s=NINE + 4 * HOUR_S - 12)
    day = make.day(make.job(clocks=(clock, clock), customer_class=CustomerClass.PRIORITY))
    assert cost(day, ("j1", NINE)).lateness == 2


@pytest.mark.parametrize(
    ("customer_class", "fen"),
    [(CustomerClass.ORDINARY, 750), (CustomerClass.PRIORITY, 1_125), (CustomerClass.VULNERABLE, 1_500)],
)
def test_waiting(customer_class: CustomerClass, fen: int) -> None:
    assert cost(make.day(make.job(customer_class=customer_class)), ("j1", NINE)).waiting == fen


def test_waiting_for_a_job_reported_later() -> None:
    assert cost(make.day(make.job(reported_s=make.clock("10:00"))), ("j1", NINE)).waiting == 0


def test_parts() -> None:
    """Two of 500 g at 200 fen a kilogram on top of 10 yuan; every shipment counts as stated."""
    assert shipment_price(make.lane(), make.part(), 2) == 1_200
    day = make.parts_day()
    plan = make.plan(day, shipments=[make.shipment(cost_fen=1_200), make.shipment(cost_fen=34)])
    assert price(day, plan, make.FlatTravel()).parts == 1_234


@pytest.mark.parametrize(("start", "fen"), [("09:00", 0), ("10:00", 0), ("08:59", 800), ("10:01", 800)])
def test_preference(start: str, fen: int) -> None:
    day = make.day(make.job(preferred=make.window("09:00", "10:00")))
    assert cost(day, ("j1", make.clock(start))).preference == fen


@pytest.mark.parametrize(
    ("technician", "start", "told", "fen"),
    [
        ("t1", "10:00", True, 0),
        ("t1", "10:15", True, 0),
        ("t1", "10:16", False, 1_500),
        ("t1", "09:44", True, 4_500),
        ("t2", "10:00", False, 2_000),
        ("t2", "15:00", True, 5_000),
        (None, "", False, 2_000),
        (None, "", True, 5_000),
    ],
)
def test_churn(technician: str | None, start: str, told: bool, fen: int) -> None:
    day = make.day(
        make.job(published=Published(technician_id="t1", start_s=make.clock("10:00"), told=told)),
        technicians=(make.technician("t1"), make.technician("t2")),
        shifts=(make.shift("t1-0"), make.shift("t2-0")),
    )
    if technician is None:
        assert cost(day).churn == fen
    else:
        assert cost(day, ("j1", make.clock(start)), shift_id=f"{technician}-0").churn == fen


def test_churn_counts_without_consent_too() -> None:
    published = Published(technician_id="t1", start_s=NINE, told=False)
    assert cost(make.day(make.job(consent=False, published=published))) == Cost(churn=2_000)


@pytest.mark.parametrize(("target", "fen"), [(0, 0), (1, 0), (3, 2_000)])
def test_workload(target: int, fen: int) -> None:
    contract = make.outlet(ownership=Ownership.CONTRACT, workload_target=target)
    assert cost(make.day(outlets=(contract,)), ("j1", NINE)).workload == fen


def test_workload_of_idle_and_own_outlets() -> None:
    outlets = (
        make.outlet(workload_target=9),
        make.outlet("o2", ownership=Ownership.CONTRACT, workload_target=2),
    )
    assert cost(make.day(outlets=outlets), ("j1", NINE)).workload == 2_000


def test_unserved() -> None:
    """One day: the horizon is 48:00. 400 yuan; arrival 24 h late 1,200 + 12,000 + 24,000; 54 h waited 2,700."""
    assert cost(make.day()) == Cost(unserved=40_000 + 37_200 + 2_700)
    vulnerable = make.job(customer_class=CustomerClass.VULNERABLE)
    assert unserved_price(Tariff(), vulnerable, days=1) == 2 * (40_000 + 37_200 + 2_700)
    assert cost(make.day(make.job(consent=False))).unserved == 0


def test_unserved_at_a_longer_horizon() -> None:
    """Two days: 48 h late are 24,000 + 48,000 after the step, 78 h waited 3,900; a second clock due at 73:00 is 0."""
    clocks = (*make.job().clocks, Clock(kind=ClockKind.RESOLUTION, due_s=make.clock("77:00")))
    assert cost(make.day(make.job(clocks=clocks), days=2)).unserved == 40_000 + 13_200 + 72_000 + 3_900


def remote(number: int, **fields: Any) -> Job:
    return make.job(f"j{number}", area_class=AreaClass.REMOTE, **fields)


@pytest.mark.parametrize(
    ("jobs", "missed", "fen"), [(10, 1, 0), (10, 2, 5_000), (9, 1, 5_000), (20, 5, 15_000), (100, 11, 5_000), (0, 0, 0)]
)
def test_parity_allows_a_tenth(jobs: int, missed: int, fen: int) -> None:
    assert parity_price(Tariff(), jobs, missed) == fen


def test_parity_counts_remote_jobs_with_consent_and_an_arrival_clock() -> None:
    resolution = (Clock(kind=ClockKind.RESOLUTION, due_s=0),)
    day = make.day(
        remote(1), remote(2, clocks=resolution), remote(3, clocks=()), remote(4, consent=False), make.job("j5")
    )
    assert cost(day).parity == 5_000


@pytest.mark.parametrize(("due", "fen"), [("09:00", 0), ("08:59", 5_000)])
def test_parity_of_a_late_arrival(due: str, fen: int) -> None:
    clocks = (Clock(kind=ClockKind.ARRIVAL, due_s=make.clock(due)),)
    assert cost(make.day(remote(1, clocks=clocks)), ("j1", NINE)).parity == fen


def test_parity_is_by_centre() -> None:
    """Ten jobs, one missed: allowed in one centre of ten, not in a centre of five."""
    ten = [remote(number, clocks=(Clock(kind=ClockKind.ARRIVAL, due_s=make.clock("30:00")),)) for number in range(10)]
    starts = [(job.id, NINE + HOUR_S * place) for place, job in enumerate(ten[1:])]
    assert cost(make.day(*ten), *starts).parity == 0
    halves = [remote(number, centre_id=f"c{number // 5}", clocks=ten[0].clocks) for number in range(10)]
    assert cost(make.day(*halves), *starts).parity == 5_000


@settings(max_examples=40)
@given(strategies.days_and_travel(), st.integers(0, 1_000))
def test_no_item_is_ever_negative(day_and_travel: tuple[Day, make.FlatTravel], seed: int) -> None:
    day, travel = day_and_travel
    priced = price(day, strategies.random_plan(day, travel, seed), travel)
    assert all(fen >= 0 for _, fen in priced.items())
    assert priced.total == sum(fen for _, fen in priced.items())


@settings(max_examples=100)
@given(st.integers(-10 * 86_400, 10 * 86_400), st.integers(0, 86_400))
def test_later_is_never_cheaper(late_s: int, more_s: int) -> None:
    assert late_price(Lateness(), late_s) <= late_price(Lateness(), late_s + more_s)
