"""The whole way from a day to a plan: legal, priced as stated, the same again, better than by hand."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from optimizer import model
from optimizer.budget import Steps
from optimizer.check import check, check_cost
from optimizer.churn import changes
from optimizer.cost import price
from optimizer.dispatch import dispatch
from optimizer.plan import Plan, Result, Status
from optimizer.roster import Roster
from optimizer.shards import make_shards
from optimizer.workers import HereWorkers, Workers
from tests import make
from tests.bad_days.survive import planned_by_hand, starts_of, survive, technician_of
from tests.strategies import days_and_travel, random_day, random_travel

STEPS = 2_000


@pytest.fixture(scope="module")
def big() -> model.Day:
    """Return a day of three territories, each large enough to be a shard, whose outlets lie among each other."""
    return random_day(3, jobs=420, technicians=60, days=1, centres=3)


@pytest.fixture(scope="module")
def planned(big: model.Day) -> Result:
    return plan(big)


def plan(day: model.Day, *, steps: int = STEPS, seed: int = 1, workers: Workers | None = None) -> Result:
    return dispatch(
        day,
        make.FlatTravel(),
        budget=Steps(steps=steps),
        workers=workers or HereWorkers(),
        seed=seed,
        progress=lambda *_: None,
    )


@settings(max_examples=60)
@given(days_and_travel(centres=2))
def test_whatever_the_day_the_plan_is_legal_and_costs_what_it_says(
    case: tuple[model.Day, make.FlatTravel],
) -> None:
    survive(*case, steps=200)


def test_a_day_of_several_shards_with_seams_is_legal(big: model.Day, planned: Result) -> None:
    stages: list[str] = []
    dispatch(
        big,
        make.FlatTravel(),
        budget=Steps(steps=STEPS),
        workers=HereWorkers(),
        seed=1,
        progress=lambda stage, _: stages.append(stage),
    )
    assert list(dict.fromkeys(stages)) == ["outlets", "parts", "search", "seams", "kits", "explanations"]
    assert check(big, planned.plan, make.FlatTravel()) == ()
    assert check_cost(big, planned.plan, make.FlatTravel(), planned.cost) == ()
    assert planned.status is Status.COMPLETE
    assert planned.seed == 1


def test_the_same_seed_and_steps_give_the_same_plan_and_another_seed_another(big: model.Day, planned: Result) -> None:
    assert plan(big) == planned
    assert plan(big, seed=2).plan != planned.plan


def test_more_steps_cost_less(big: model.Day) -> None:
    # Without parts: who has the last unit outweighs what steps can save.
    bare = replace(big, jobs=tuple(replace(job, order_lines=()) for job in big.jobs))
    assert plan(bare, steps=20_000).cost.total < plan(bare, steps=1).cost.total


def test_the_plan_is_ahead_of_the_one_by_hand(big: model.Day, planned: Result) -> None:
    hand = planned_by_hand(big)
    assert planned.cost.total < price(big, hand, make.FlatTravel()).total
    assert len(starts_of(planned.plan)) >= len(starts_of(hand))


def test_routes_are_in_the_order_of_the_shifts_and_none_is_empty(big: model.Day, planned: Result) -> None:
    number = {shift.id: i for i, shift in enumerate(big.shifts)}
    order = [number[route.shift_id] for route in planned.plan.routes]
    assert order == sorted(order)
    assert all(route.stops for route in planned.plan.routes)


class Mortal(Executor):
    """Does its first tasks, then dies for good."""

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.tasks -= 1
        if self.tasks < 0:
            future.set_exception(BrokenProcessPool("a worker died"))
        else:
            future.set_result(work(*args, **kwargs))
        return future


class Dying:
    """A crew whose every executor does one task more than the one before, the first none."""

    count = 2
    stopped = False

    def __init__(self) -> None:
        self.executors = 0

    def executor(self) -> Executor:
        self.executors += 1
        return Mortal(self.executors - 1)


def test_dying_workers_do_not_change_the_plan(big: model.Day, planned: Result) -> None:
    crew = Dying()
    assert plan(big, workers=crew) == planned
    assert crew.executors > 2


class Hurried(HereWorkers):
    """A person has asked to stop."""

    stopped = True  # type: ignore[misc]


def test_a_stopped_run_says_so(big: model.Day) -> None:
    result = plan(big, steps=1, workers=Hurried())
    assert result.status is Status.INTERRUPTED
    assert check(big, result.plan, make.FlatTravel()) == ()


def published_as(day: model.Day, plan: Plan, **fields: Any) -> model.Day:
    """Return the day with a plan as its published one."""
    starts, owners = starts_of(plan), technician_of(day, plan)
    jobs = tuple(
        replace(
            job,
            published=model.Published(technician_id=owners[job.id], start_s=starts[job.id], told=True),
            **fields,
        )
        if job.id in starts
        else replace(job, published=None, lock=model.Lock.NONE)
        for job in day.jobs
    )
    return replace(day, jobs=jobs)


def test_a_published_plan_that_is_locked_comes_out_again() -> None:
    day = random_day(8, jobs=40, technicians=8, days=1)
    first = survive(day).plan
    again = survive(published_as(day, first, lock=model.Lock.PINNED)).plan
    assert starts_of(again).items() >= starts_of(first).items()
    assert technician_of(day, again).items() >= technician_of(day, first).items()


def test_a_published_plan_is_begun_from_whole_across_the_borders_of_shards(big: model.Day, planned: Result) -> None:
    """Visits are not torn from their technicians because another shard is nearer: with one step, most stay."""
    told = published_as(big, planned.plan, lock=model.Lock.NONE)
    again = plan(told, steps=1)
    assert again.cost.total <= planned.cost.total - planned.cost.churn
    assert len(changes(told, again.plan)) < len(starts_of(planned.plan)) / 2


def test_a_change_is_priced_so_that_most_visits_stay() -> None:
    day = random_day(8, jobs=40, technicians=8, days=1)
    first = survive(day, seed=1, steps=4_000).plan
    told = published_as(day, first, lock=model.Lock.NONE)
    stays = starts_of(survive(told, seed=2, steps=4_000).plan)
    kept = [job_id for job_id, start_s in starts_of(first).items() if abs(stays.get(job_id, 0) - start_s) <= 900]
    assert len(kept) >= 0.8 * len(starts_of(first))


@pytest.mark.parametrize("seed", range(6))
def test_random_travel_with_unknown_ways_over_several_centres(seed: int) -> None:
    day = random_day(seed, jobs=230, technicians=30, days=2, centres=2)
    survive(day, random_travel(day, seed), steps=600)


def test_more_published_visits_than_a_shift_can_hold_are_no_obstacle() -> None:
    jobs = [
        make.job(
            f"j{i}",
            service_s=2 * 3_600,
            published=model.Published(technician_id="t1", start_s=make.clock("08:30") + 900 * i, told=False),
        )
        for i in range(9)
    ]
    served = survive(make.day(*jobs)).plan
    assert 3 <= sum(len(route.stops) for route in served.routes) < 9


def test_a_village_with_more_jobs_than_anybody_can_visit_is_one_modest_shard() -> None:
    day = make.day(*(make.job(f"j{i}") for i in range(1_500)))
    (shard,) = make_shards(Roster(day), np.zeros(1_500, np.int64))
    assert len(shard.job_ids) == 1_000
