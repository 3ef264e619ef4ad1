"""What every bad day must survive: planned by search and by hand, both legal, priced as stated, reported."""

from optimizer.baseline import by_hand
from optimizer.budget import Steps
from optimizer.check import check, check_cost
from optimizer.cost import price
from optimizer.dispatch import dispatch
from optimizer.kpis import kpis, kpis_document, table
from optimizer.model import Day, Rule
from optimizer.plan import Plan, Result, Stop
from optimizer.workers import HereWorkers
from tests.make import FlatTravel

__all__ = ["planned_by_hand", "reasons_of", "starts_of", "stops_of", "survive", "technician_of"]


def survive(day: Day, travel: FlatTravel | None = None, *, steps: int = 400, seed: int = 1) -> Result:
    """Plan a day and assert what holds for every day whatever happened."""
    travel = travel or FlatTravel()
    result = dispatch(
        day, travel, budget=Steps(steps=steps), workers=HereWorkers(), seed=seed, progress=lambda *_: None
    )
    assert check(day, result.plan, travel) == ()
    assert check_cost(day, result.plan, travel, result.cost) == ()
    for left in result.plan.unassigned:
        assert left.reason, left
    hand = planned_by_hand(day, travel)
    ours = kpis(day, result.plan, result.cost)
    theirs = kpis(day, hand, price(day, hand, travel))
    assert table(ours, theirs)
    assert kpis_document(ours, theirs)
    return result


def planned_by_hand(day: Day, travel: FlatTravel | None = None) -> Plan:
    """Plan a day by hand and assert that the plan is legal."""
    travel = travel or FlatTravel()
    hand = by_hand(day, travel, HereWorkers(), lambda _: None)
    assert check(day, hand, travel) == ()
    return hand


def stops_of(plan: Plan) -> dict[str, Stop]:
    """Return the stops by job."""
    return {stop.job_id: stop for route in plan.routes for stop in route.stops}


def starts_of(plan: Plan) -> dict[str, int]:
    """Return when each visit starts, by job."""
    return {job_id: stop.start_s for job_id, stop in stops_of(plan).items()}


def technician_of(day: Day, plan: Plan) -> dict[str, str]:
    """Return who comes, by job."""
    owner = {shift.id: shift.technician_id for shift in day.shifts}
    return {stop.job_id: owner[route.shift_id] for route in plan.routes for stop in route.stops}


def reasons_of(plan: Plan) -> dict[str, Rule]:
    """Return the rule that each job was left out for."""
    return {left.job_id: left.rule for left in plan.unassigned}
