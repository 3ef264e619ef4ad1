"""The compiled search and the plain checker read docs/model.md alike: on legality, and to the fen on cost."""

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.check import check
from optimizer.cost import price
from optimizer.dispatch import assemble
from optimizer.model import Day
from optimizer.plan import Plan
from optimizer.roster import Roster
from optimizer.search.problem import KEEP_FEN
from optimizer.solve import Task, solve
from optimizer.sourcing import kit_options
from optimizer.travel import TravelTimes
from tests import strategies
from tests.model_plan import unseen_cost, whole_day


def searched(day: Day, travel: TravelTimes, seed: int, steps: int) -> tuple[Plan, int]:
    """Return the plan of a whole shard's solve, begun from what was published, and its own idea of what it costs."""
    roster, kits, shard = Roster(day), kit_options(day), whole_day(day)
    answer = solve(
        Task(day=day, shard=shard, kits=kits, travel=travel, budget=Steps(steps=steps), share=1.0, seed=seed)
    )
    plan = assemble(roster, answer.routes, kits)
    served = {stop.job_id for route in answer.routes for stop in route.stops}
    held = [job for job in day.jobs if job.consent and job.id not in served and roster.is_held(job)]
    return plan, answer.fen - KEEP_FEN * len(held)


@settings(max_examples=150)
@given(case=strategies.days_and_travel(), seed=st.integers(0, 1_000))
def test_plans_are_legal_and_cost_what_the_search_says(case: tuple[Day, TravelTimes], seed: int) -> None:
    day, travel = case
    plan, fen = searched(day, travel, seed, steps=400)
    assert check(day, plan, travel) == ()
    assert price(day, plan, travel).total == fen + unseen_cost(day)
