"""Routes in an order that a person gave: the search's own order gives its own times, a worse one what it breaks."""

import pytest

from datasets.day import read_day
from geo.estimate import EstimateTravel
from optimizer.budget import Steps
from optimizer.by_order import in_this_order
from optimizer.centres import part_of
from optimizer.check import check
from optimizer.dispatch import dispatch
from optimizer.model import Day
from optimizer.plan import Plan
from optimizer.workers import HereWorkers
from tests.bad_days import make_network

TRAVEL = EstimateTravel()


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Day, Plan]:
    day = read_day(make_network.write(tmp_path_factory.mktemp("day") / "day")).day
    result = dispatch(day, TRAVEL, budget=Steps(steps=400), workers=HereWorkers(), seed=1, progress=lambda *_: None)
    return day, result.plan


def test_the_same_order_is_the_same_plan(planned: tuple[Day, Plan]) -> None:
    day, plan = planned
    orders = {route.shift_id: tuple(stop.job_id for stop in route.stops) for route in plan.routes}
    assert in_this_order(day, plan, orders, TRAVEL).routes == plan.routes


def test_a_reversed_route_has_times_and_visits_the_same_jobs(planned: tuple[Day, Plan]) -> None:
    day, plan = planned
    longest = max(plan.routes, key=lambda route: len(route.stops))
    order = tuple(stop.job_id for stop in reversed(longest.stops))
    edited = in_this_order(day, plan, {longest.shift_id: order}, TRAVEL)
    route = next(route for route in edited.routes if route.shift_id == longest.shift_id)
    assert tuple(stop.job_id for stop in route.stops) == order
    assert all(one.end_s <= other.start_s for one, other in zip(route.stops, route.stops[1:], strict=False))


def test_a_job_taken_off_is_left_out_and_the_rest_is_legal(planned: tuple[Day, Plan]) -> None:
    day, plan = planned
    longest = max(plan.routes, key=lambda route: len(route.stops))
    edited = in_this_order(day, plan, {longest.shift_id: ()}, TRAVEL)
    gone = {stop.job_id for stop in longest.stops}
    assert gone <= {left.job_id for left in edited.unassigned}
    assert check(day, edited, TRAVEL) == ()


def test_a_job_put_where_nobody_can_do_it_breaks_a_rule(planned: tuple[Day, Plan]) -> None:
    day, plan = planned
    job_id = plan.unassigned[0].job_id
    longest = max(plan.routes, key=lambda route: len(route.stops))
    order = (*(stop.job_id for stop in longest.stops), job_id)
    edited = in_this_order(day, plan, {longest.shift_id: order}, TRAVEL)
    assert check(day, edited, TRAVEL) != ()


def test_every_route_and_job_falls_to_one_centre(planned: tuple[Day, Plan]) -> None:
    day, plan = planned
    parts = [part_of(day, plan, centre.id) for centre in day.centres]
    assert sorted(route.shift_id for _, part in parts for route in part.routes) == sorted(
        route.shift_id for route in plan.routes
    )
    assert sorted(left.job_id for _, part in parts for left in part.unassigned) == sorted(
        left.job_id for left in plan.unassigned
    )
    assert sorted(job.id for part, _ in parts for job in part.jobs) == sorted(job.id for job in day.jobs)
