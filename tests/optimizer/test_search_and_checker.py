"""The compiled search and the plain checker read docs/model.md alike: on legality, and to the fen on cost."""

import dataclasses

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.check import check
from optimizer.cost import price, workload_price
from optimizer.dispatch import assemble
from optimizer.model import AreaClass, ClockKind, Day
from optimizer.plan import Plan
from optimizer.roster import Roster
from optimizer.search.arrays import Shard
from optimizer.search.problem import KEEP_FEN
from optimizer.shards import published_routes
from optimizer.solve import Task, solve
from optimizer.sourcing import kit_options
from optimizer.travel import TravelTimes
from tests import strategies


def whole_day(day: Day) -> Shard:
    """Return a day as one shard; jobs without consent are nobody's to plan."""
    remote = [
        job
        for job in day.jobs
        if job.area_class is AreaClass.REMOTE and job.consent and any(c.kind is ClockKind.ARRIVAL for c in job.clocks)
    ]
    return Shard(
        job_ids=tuple(job.id for job in day.jobs if job.consent),
        shift_ids=tuple(shift.id for shift in day.shifts),
        start={},
        parity_allowed=len(remote) * (100 - day.tariff.parity_target_percent) // 100,
    )


def searched(day: Day, travel: TravelTimes, seed: int, steps: int) -> tuple[Plan, int]:
    """Return the plan of a whole shard's solve, begun from what was published, and its own idea of what it costs."""
    roster, kits, shard = Roster(day), kit_options(day), whole_day(day)
    shard = dataclasses.replace(shard, start=published_routes(roster, shard.job_ids, shard.shift_ids))
    answer = solve(
        Task(day=day, shard=shard, kits=kits, travel=travel, budget=Steps(steps=steps), share=1.0, seed=seed)
    )
    plan = assemble(roster, answer.routes, kits)
    served = {stop.job_id for route in answer.routes for stop in route.stops}
    held = [job for job in day.jobs if job.consent and job.id not in served and roster.is_held(job)]
    return plan, answer.fen - KEEP_FEN * len(held)


def unseen_cost(day: Day) -> int:
    """Return what no search can change: published jobs without consent, and outlets without a shift."""
    tariff = day.tariff
    broken = sum(
        tariff.churn_technician_fen + tariff.churn_told_fen * job.published.told
        for job in day.jobs
        if not job.consent and job.published is not None
    )
    at_work = {
        technician.outlet_id
        for technician in day.technicians
        if any(s.technician_id == technician.id for s in day.shifts)
    }
    return broken + sum(workload_price(tariff, outlet, 0) for outlet in day.outlets if outlet.id not in at_work)


@settings(max_examples=150)
@given(case=strategies.days_and_travel(), seed=st.integers(0, 1_000))
def test_plans_are_legal_and_cost_what_the_search_says(case: tuple[Day, TravelTimes], seed: int) -> None:
    day, travel = case
    plan, fen = searched(day, travel, seed, steps=400)
    assert check(day, plan, travel) == ()
    assert price(day, plan, travel).total == fen + unseen_cost(day)
