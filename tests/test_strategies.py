"""The random days of the other tests: repeatable, and with every rule in them."""

from collections import Counter

import numpy as np

from optimizer.check import RULES, check
from optimizer.cost import price
from optimizer.model import AreaClass, CustomerClass, Day, Lock, Ownership, ShipMode, TravelMode
from optimizer.travel import UNREACHABLE
from tests import make, strategies

SEEDS = range(16)
DAYS = [strategies.random_day(seed, days=1 + seed % 3) for seed in SEEDS]
JOBS = [job for day in DAYS for job in day.jobs]


def test_same_arguments_same_day() -> None:
    assert strategies.random_day(5, jobs=7) == strategies.random_day(5, jobs=7)
    assert strategies.random_day(5) != strategies.random_day(6)


def test_sizes() -> None:
    day = strategies.random_day(1, jobs=40, technicians=12, days=3, centres=2)
    assert (len(day.jobs), len(day.technicians), day.days, len(day.centres)) == (40, 12, 3, 2)
    assert {shift.day for shift in day.shifts} == {0, 1, 2}


def test_references_are_whole() -> None:
    for day in DAYS:
        assert {shift.technician_id for shift in day.shifts} <= {technician.id for technician in day.technicians}
        assert {technician.outlet_id for technician in day.technicians} <= {outlet.id for outlet in day.outlets}
        assert {line.part_id for job in day.jobs for line in job.order_lines} <= {part.id for part in day.parts}
        assert len({shift.id for shift in day.shifts}) == len(day.shifts)


def test_jobs_have_everything() -> None:
    assert {job.lock for job in JOBS if job.published} == set(Lock)
    assert {job.area_class for job in JOBS} == set(AreaClass)
    assert {job.customer_class for job in JOBS} == set(CustomerClass)
    assert {job.skill.level for job in JOBS} == {1, 2, 3}
    assert {len(job.windows) for job in JOBS} == {0, 1, 2}
    assert {len(job.order_lines) for job in JOBS} == {0, 1, 2}
    assert {len(job.clocks) for job in JOBS} == {0, 1, 2}
    assert {job.crew for job in JOBS} == {1, 2}
    for name in ("appointment", "preferred", "preferred_technician_id", "published", "certificates", "load", "urgent"):
        assert {bool(getattr(job, name)) for job in JOBS} == {True, False}, name


def test_people_have_everything() -> None:
    shifts = [shift for day in DAYS for shift in day.shifts]
    assert {shift.break_ is None for shift in shifts} == {True, False}
    assert {shift.latest_end_s > shift.end_s for shift in shifts} == {True, False}
    technicians = [technician for day in DAYS for technician in day.technicians]
    assert {technician.mode for technician in technicians} == set(TravelMode)
    outlets = [outlet for day in DAYS for outlet in day.outlets]
    assert {outlet.ownership for outlet in outlets} == set(Ownership)
    lanes = [lane for day in DAYS for lane in day.lanes]
    assert {lane.mode for lane in lanes} == set(ShipMode)
    assert {lane.reach is None for lane in lanes if lane.mode is ShipMode.PICKUP} == {True, False}
    assert any(published_on_frozen(day) for day in DAYS)
    dates = [(held.last - day.date).days for day in DAYS for one in day.technicians for held in one.certificates]
    assert {-1, 0, 90} <= set(dates)


def published_on_frozen(day: Day) -> bool:
    """Tell whether a frozen outlet's technician has a published visit."""
    freezing = {outlet.id for outlet in day.outlets if outlet.freeze_s is not None and outlet.freeze_s <= day.now_s}
    frozen = {technician.id for technician in day.technicians if technician.outlet_id in freezing}
    return any(job.published and job.published.technician_id in frozen for job in day.jobs)


def test_every_rule_is_broken_and_every_item_priced_by_some_plan() -> None:
    rules: set[str] = set()
    items: Counter[str] = Counter()
    for seed, day in zip(SEEDS, DAYS, strict=True):
        travel = strategies.random_travel(day, seed)
        plan = strategies.random_plan(day, travel, seed)
        rules |= set(make.rules(day, plan, travel))
        items.update(dict(price(day, plan, travel).items()))
    assert rules == set(RULES)
    assert all(items.values())


def test_legal_plans_serve_somebody_and_break_no_rule() -> None:
    served = 0
    for seed, day in zip(SEEDS, DAYS, strict=True):
        travel = strategies.random_travel(day, seed)
        plan = strategies.legal_plan(day, travel, seed)
        assert check(day, plan, travel) == ()
        served += sum(len(route.stops) for route in plan.routes)
    assert served > len(JOBS) // 5


def test_flat_travel() -> None:
    """East 100 s, back 20 % farther, nothing to itself, and a way that nobody knows."""
    base, east = make.at(), make.at(1_000)
    travel = make.FlatTravel(detour_percent=20, unknown=frozenset({(east, base)}))
    places = np.array([base, east, make.at(500)])
    asked = travel.matrix(places, places, TravelMode.CAR)
    assert asked.metres.tolist() == [[0, 1_000, 500], [UNREACHABLE, 0, 600], [600, 500, 0]]
    assert asked.seconds.tolist() == [[0, 100, 50], [UNREACHABLE, 0, 60], [60, 50, 0]]
