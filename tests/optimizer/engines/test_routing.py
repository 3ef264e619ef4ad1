"""The routing model's own plans are legal and cost, by the checker, what it says: rule by rule, then at random."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from optimizer import model
from optimizer.check import check
from optimizer.cost import price
from optimizer.engines import routing_model
from optimizer.engines.visit_prices import price_scale, rounding_fen
from optimizer.plan import Plan
from optimizer.travel import TravelTimes
from tests import make, strategies
from tests.make import at, clock, window
from tests.model_plan import model_plan, unseen_cost

EVEN = replace(
    model.Tariff(),
    overtime_fen_per_hour=7_200,
    waiting_fen_per_hour=3_600,
    lateness={
        model.ClockKind.ARRIVAL: model.Lateness(warn_fen_per_hour=3_600, late_fen_per_hour=10_800),
        model.ClockKind.RESOLUTION: model.Lateness(warn_s=3_600, warn_fen_per_hour=7_200, late_fen_per_hour=3_600),
    },
    weight_percent={
        model.CustomerClass.ORDINARY: 100,
        model.CustomerClass.PRIORITY: 200,
        model.CustomerClass.VULNERABLE: 300,
    },
)
"""Every price is whole per second."""


def proven(day: model.Day, travel: TravelTimes | None = None, looks: int = 300) -> Plan:
    """Return the model's plan, which the checker finds legal and as dear as the model says."""
    travel = travel or make.FlatTravel()
    plan, problem, answer, keep_fen = model_plan(day, travel, looks)
    assert check(day, plan, travel) == ()
    served = [j for jobs in answer.routes for j in jobs]
    above = answer.objective / answer.scale - (price(day, plan, travel).total - unseen_cost(day) + keep_fen)
    assert 0 <= above <= rounding_fen(problem, served, sum(map(bool, answer.routes)))
    return plan


def starts(plan: Plan) -> dict[str, int]:
    return {stop.job_id: stop.start_s for route in plan.routes for stop in route.stops}


def test_a_job_is_visited_as_soon_as_it_can_be() -> None:
    assert starts(proven(make.day())) == {"j1": clock("08:00") + 100}


def test_only_the_skilled_come() -> None:
    washer = make.job(skill=model.Skill(family="washer", level=1))
    assert starts(proven(make.day(washer))) == {}
    known = make.technician(skills=(model.Skill(family="washer", level=2),))
    assert starts(proven(make.day(washer, technicians=(known,)))) != {}


def test_a_visit_starts_in_one_of_its_windows() -> None:
    job = make.job(windows=(window("05:00", "07:00"), window("10:00", "11:00"), window("15:00", "16:00")))
    assert starts(proven(make.day(job))) == {"j1": clock("10:00")}
    busy = make.job("j2", service_s=4 * 3600, appointment=window("08:30", "09:30"))
    assert starts(proven(make.day(job, busy)))["j1"] == clock("15:00")
    assert starts(proven(make.day(make.job(windows=(window("06:00", "07:00"),))))) == {}


def test_a_window_that_the_shift_lies_beside_leaves_the_job_out() -> None:
    job = make.job(windows=(window("06:00", "07:00"), window("20:00", "21:00")))
    assert starts(proven(make.day(job, make.job("j2")))) == {"j2": clock("08:00") + 100}


def test_a_route_returns_within_the_overtime_limit_and_pays_for_it() -> None:
    long = make.job(service_s=10 * 3600)
    assert starts(proven(make.day(long, tariff=EVEN))) != {}
    assert starts(proven(make.day(replace(long, service_s=11 * 3600)))) == {}


@pytest.mark.parametrize("hours", [2, 6])
def test_a_break_is_taken_when_it_is_due(hours: int) -> None:
    rest = model.Break(earliest_s=clock("11:00"), latest_s=clock("12:30"), duration_s=1800)
    day = make.day(
        make.job(service_s=2 * 3600), make.job("j2", service_s=hours * 3600), shifts=(make.shift(break_=rest),)
    )
    (route,) = proven(day).routes
    assert (route.break_start_s is not None) == (hours == 6)


def test_loads_fit_the_vehicle() -> None:
    jobs = make.job(load=2), make.job("j2", load=2)
    assert len(starts(proven(make.day(*jobs, technicians=(make.technician(load_capacity=3),))))) == 1
    assert len(starts(proven(make.day(*jobs, technicians=(make.technician(load_capacity=4),))))) == 2


def test_a_visit_waits_for_its_kit() -> None:
    day = make.parts_day(make.job(order_lines=(make.order_line(),)))
    assert starts(proven(day)) == {"j1": clock("09:00")}
    fast = make.lane(mode=model.ShipMode.EXPRESS, transit_p90_s=3600, transit_p50_s=3600, cost_fen=9_000)
    proven(replace(day, lanes=(make.lane(), fast), jobs=(replace(day.jobs[0], urgent=True),)))


def test_a_visit_starts_while_the_outlet_is_open() -> None:
    shift = make.shift(open_s=clock("10:00"), close_s=clock("10:20"))
    assert starts(proven(make.day(make.job(), make.job("j2"), shifts=(shift,)))).popitem()[1] == clock("10:00")


@pytest.mark.parametrize("due", [-30, -2, 7, 9, 11, 30])
@pytest.mark.parametrize("kind", list(model.ClockKind))
@pytest.mark.parametrize("tariff", [EVEN, model.Tariff()], ids=["even", "uneven"])
def test_lateness_costs_what_the_checker_says(due: int, kind: model.ClockKind, tariff: model.Tariff) -> None:
    clocks = (model.Clock(kind=kind, due_s=due * 3600 + 17),)
    jobs = (
        make.job(f"j{k}", clocks=clocks, position=at(1_000 * k), customer_class=model.CustomerClass.PRIORITY)
        for k in range(1, 6)
    )
    assert len(starts(proven(make.day(*jobs, tariff=tariff)))) == 5


def test_a_second_and_a_third_day_late_cost_more_each() -> None:
    job = make.job(
        clocks=(model.Clock(kind=model.ClockKind.ARRIVAL, due_s=clock("09:00")),),
        windows=(window("09:00", "12:00", 2),),
    )
    assert starts(proven(make.day(job, days=3, shifts=(make.shift("t1-2"),), tariff=EVEN))) != {}


def test_a_later_hour_may_cost_less_than_a_warned_one() -> None:
    lateness = dict.fromkeys(
        model.ClockKind, model.Lateness(warn_s=7_200, warn_fen_per_hour=3_600, late_fen_per_hour=360)
    )
    clocks = tuple(model.Clock(kind=kind, due_s=clock("09:00")) for kind in model.ClockKind)
    jobs = (make.job(f"j{k}", clocks=clocks) for k in range(1, 6))
    proven(make.day(*jobs, tariff=replace(EVEN, lateness=lateness)))


def test_a_slot_that_is_preferred_counts() -> None:
    jobs = (
        make.job(preferred=window("08:00", "09:00")),
        make.job("j2", preferred=window("10:00", "11:00"), service_s=3600),
    )
    proven(make.day(*jobs))


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("technician_id", ["t1", "t2", "t99"])
def test_a_change_costs(told: bool, technician_id: str) -> None:
    published = model.Published(technician_id=technician_id, start_s=clock("11:00"), told=told)
    people = make.technician(), make.technician("t2", position=at(50_000))
    jobs = make.job(published=published), make.job("j2", windows=(window("12:00", "13:00"),))
    proven(make.day(*jobs, technicians=people, shifts=(make.shift(), make.shift("t2-0"))))


@pytest.mark.parametrize("lock", list(model.Lock))
def test_a_lock_holds(lock: model.Lock) -> None:
    """The published visit is by the far technician at eleven; without a lock the near one comes at eight."""
    published = model.Published(technician_id="t2", start_s=clock("11:00"), told=False)
    people = make.technician(), make.technician("t2", position=at(80_000))
    tariff = replace(model.Tariff(), churn_technician_fen=0, churn_moved_fen=0)
    shifts = make.shift(), make.shift("t2-0")
    day = make.day(make.job(lock=lock, published=published), technicians=people, shifts=shifts, tariff=tariff)
    (route,) = proven(day).routes
    by_person = lock in (model.Lock.TECHNICIAN, model.Lock.BOTH, model.Lock.PINNED)
    by_time = {model.Lock.TIME: 900, model.Lock.BOTH: 900, model.Lock.PINNED: 0}
    assert route.shift_id == ("t2-0" if by_person else "t1-0")
    if lock in by_time:
        assert abs(route.stops[0].start_s - published.start_s) <= by_time[lock]
    else:
        assert route.stops[0].start_s < clock("10:45")


def test_contract_outlets_are_owed_visits() -> None:
    contract = make.outlet("o2", ownership=model.Ownership.CONTRACT, workload_target=3)
    people = make.technician(), make.technician("t2", outlet_id="o2")
    day = make.day(
        make.job(), outlets=(make.outlet(), contract), technicians=people, shifts=(make.shift(), make.shift("t2-0")),
        tariff=replace(model.Tariff(), workload_fen=50_000),
    )  # fmt: skip
    assert [route.shift_id for route in proven(day).routes] == ["t2-0"]
    assert [route.shift_id for route in proven(replace(day, tariff=model.Tariff())).routes] == ["t1-0"]


def test_remote_customers_missed_beyond_the_allowance_cost() -> None:
    soon = (model.Clock(kind=model.ClockKind.ARRIVAL, due_s=clock("08:30")),)
    jobs = (make.job(f"j{k}", clocks=soon, area_class=model.AreaClass.REMOTE) for k in range(1, 4))
    proven(make.day(*jobs, make.job("j9", area_class=model.AreaClass.REMOTE, service_s=11 * 3600)))


def test_who_leaves_a_job_out_pays() -> None:
    cheap = replace(model.Tariff(), unserved_fen=0, waiting_fen_per_hour=0)
    far = make.job(position=at(90_000), clocks=())
    assert starts(proven(make.day(far, tariff=cheap))) == {}
    assert starts(proven(make.day(far))) != {}


@settings(max_examples=25)
@given(case=strategies.days_and_travel(max_jobs=9, max_technicians=4), by_arcs=st.booleans(), even=st.booleans())
def test_plans_are_legal_and_cost_what_the_model_says(
    case: tuple[model.Day, TravelTimes], by_arcs: bool, even: bool
) -> None:
    day, travel = case
    assume(day.shifts and any(job.consent for job in day.jobs))
    if even:
        day = replace(day, tariff=replace(EVEN, contract_tariffs=day.tariff.contract_tariffs))
    with pytest.MonkeyPatch.context() as patch:
        if not by_arcs:
            patch.setattr(routing_model, "ARC_CELLS", 0)
        proven(day, travel, looks=150)


def test_an_even_tariff_needs_no_finer_unit_than_a_fen() -> None:
    _, problem, answer, _ = model_plan(make.day(tariff=EVEN), make.FlatTravel(), 10)
    assert price_scale(problem) == answer.scale == 1
    assert rounding_fen(problem, [0], 1) == 0


def test_the_same_looks_give_the_same_plan() -> None:
    day = strategies.random_day(5)
    first, second = (model_plan(day, make.FlatTravel(), 400)[0] for _ in range(2))
    assert first == second
