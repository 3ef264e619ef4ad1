"""Every answer explained: each figure of an explanation is held against a plan built by brute force and checked."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.candidates import nearest_capable_outlets
from optimizer.check import check
from optimizer.cost import price
from optimizer.explain import explain, explain_job, kits_of_plan
from optimizer.explanation import Candidate, Explanation, Remedy, Why
from optimizer.model import ClockKind, Day, Job, Rule
from optimizer.plan import Plan, Unassigned
from optimizer.roster import Roster
from optimizer.sourcing import kit_options
from optimizer.travel import TravelTimes
from optimizer.workers import HereWorkers
from tests import forcing, strategies
from tests.optimizer.test_search_and_checker import searched


def explained(day: Day, travel: TravelTimes, plan: Plan) -> tuple[Explanation, ...]:
    roster = Roster(day)
    candidates = nearest_capable_outlets(roster, travel)
    return explain(roster, plan, kit_options(day), candidates, travel, HereWorkers(), lambda _: None)


def is_late(job: Job, plan: Plan) -> bool:
    stop = next(stop for route in plan.routes for stop in route.stops if stop.job_id == job.id)
    return any((stop.start_s if c.kind is ClockKind.ARRIVAL else stop.end_s) > c.due_s for c in job.clocks)


def stand(day: Day, travel: TravelTimes, plan: Plan, one: Explanation, kits: forcing.Kits | None = None) -> None:
    """Assert that every figure of an explanation is what a plan built by brute force says."""
    job = next(job for job in day.jobs if job.id == one.job_id)
    before = price(day, plan, travel).total
    kits = kit_options(day) if kits is None else kits

    def found(other: Day, given: forcing.Kits, what: Candidate | Remedy) -> list[int]:
        move = (what.shift_id, what.gives_way, what.gives_way_to)
        plans = forcing.forced_plans(day, other, travel, plan, given, job.id, move)
        legal = [made for made in plans if check(other, made, travel) == ()]
        return [
            price(other, made, travel).total - before
            for made in legal
            if one.why is not Why.LATE or not is_late(job, made)
        ]

    for candidate in one.candidates:
        if candidate.difference_fen is not None:
            assert candidate.difference_fen in found(day, kits, candidate), (one, candidate)
            assert sum(fen for _, fen in candidate.items) in (candidate.difference_fen, 0)
    if one.remedy is not None:
        other = forcing.changed(day, kits, one.remedy, job)
        kits = forcing.changed_kits(day, kits, one.remedy.kind, one.remedy.amount, job)
        assert one.remedy.difference_fen in found(other, kits, one.remedy), one


@settings(max_examples=120)
@given(case=strategies.days_and_travel(), seed=st.integers(0, 1_000), steps=st.sampled_from([5, 400]))
def test_every_figure_is_that_of_a_legal_plan(case: tuple[Day, TravelTimes], seed: int, steps: int) -> None:
    day, travel = case
    plan, _ = searched(day, travel, seed, steps=steps)
    found = explained(day, travel, plan)
    served = {stop.job_id for route in plan.routes for stop in route.stops}
    assert {one.job_id for one in found if one.why is Why.LEFT_OUT} == {job.id for job in day.jobs} - served
    for one in found:
        assert one.said.en
        assert one.said.zh
        stand(day, travel, plan, one)


def worse(day: Day, plan: Plan, seed: int) -> Plan:
    """Return the plan with some visits dropped and nothing timed anew: legal, but nobody's best."""
    random = Random(f"worse {seed}")
    loose = {job.id for job in day.jobs if random.random() < 0.4}
    routes = []
    for route in plan.routes:
        before, *_ = route.stops
        if before.job_id in loose or len(route.stops) < 2 or route.stops[-1].job_id not in loose:
            routes.append(route)
    kept = {stop.job_id for route in routes for stop in route.stops}
    return Plan(
        routes=tuple(routes),
        unassigned=tuple(
            Unassigned(job_id=job.id, rule=Rule.UNKNOWN, reason="-") for job in day.jobs if job.id not in kept
        ),
        shipments=tuple(shipment for shipment in plan.shipments if shipment.job_id in kept),
    )


@settings(max_examples=80)
@given(case=strategies.days_and_travel(), seed=st.integers(0, 1_000))
def test_a_plan_with_visits_dropped_is_explained_as_truly(case: tuple[Day, TravelTimes], seed: int) -> None:
    day, travel = case
    plan = worse(day, searched(day, travel, seed, steps=60)[0], seed)
    for one in explained(day, travel, plan):
        stand(day, travel, plan, one)


@settings(max_examples=40)
@given(case=strategies.days_and_travel(max_jobs=8), seed=st.integers(0, 1_000))
def test_any_legal_plan_can_be_asked_about(case: tuple[Day, TravelTimes], seed: int) -> None:
    day, travel = case
    plan = strategies.legal_plan(day, travel, seed)  # type: ignore[arg-type]
    candidates = nearest_capable_outlets(Roster(day), travel)
    kits = kits_of_plan(day, plan)
    for job in day.jobs:
        for one in explain_job(day, plan, candidates, travel, job.id):
            assert one.job_id == job.id
            stand(day, travel, plan, one, kits)
