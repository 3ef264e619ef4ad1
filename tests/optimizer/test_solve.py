"""What a shard begins from: as much of the published routes as can still be visited."""

from typing import Any

import pytest
from hypothesis import given

from optimizer.model import Day, Job, Lock, Published, Skill
from optimizer.roster import Roster
from optimizer.search.arrays import Problem, Shard, build_problem
from optimizer.search.readback import read_route
from optimizer.shards import published_routes
from optimizer.solve import standing
from optimizer.sourcing import kit_options
from tests import make, strategies


def problem_of(day: Day, travel: make.FlatTravel | None = None) -> tuple[Problem, Shard]:
    roster = Roster(day)
    job_ids, shift_ids = tuple(job.id for job in day.jobs if job.consent), tuple(shift.id for shift in day.shifts)
    start = published_routes(roster, job_ids, shift_ids)
    shard = Shard(job_ids=job_ids, shift_ids=shift_ids, start=start, parity_allowed=0)
    return build_problem(roster, shard, kit_options(day), travel or make.FlatTravel()), shard


def published(job_id: str, start: str, **fields: Any) -> Job:
    was = Published(technician_id="t1", start_s=make.clock(start), told=True)
    return make.job(job_id, published=was, **fields)


def stands(day: Day) -> list[str]:
    problem, shard = problem_of(day)
    jobs = [shard.job_ids.index(job_id) for job_id in shard.start.get("t1-0", ())]
    return [shard.job_ids[j] for j in standing(problem, 0, jobs)]


def morning(lock: Lock = Lock.NONE, **fields: Any) -> Day:
    """Make a route of three visits, the first by 09:00, of a technician with these changes."""
    return make.day(
        published("a", "08:10", windows=(make.window("08:00", "09:00"),), lock=lock),
        published("b", "10:00"),
        published("c", "12:00", lock=Lock.TIME if lock is Lock.NONE else Lock.NONE),
        shifts=(make.shift(**fields),),
    )


def test_a_route_that_can_be_driven_stands() -> None:
    assert stands(morning()) == ["a", "b", "c"]


def test_who_begins_later_loses_only_what_is_past() -> None:
    assert stands(morning(start_s=make.clock("10:30"))) == ["b", "c"]


def test_the_way_home_counts() -> None:
    assert stands(morning(latest_end_s=make.clock("12:10"))) == []
    assert stands(morning(Lock.TECHNICIAN, latest_end_s=make.clock("09:00"))) == ["a"]


def test_where_a_held_visit_breaks_nothing_stands() -> None:
    assert stands(morning(Lock.PINNED, start_s=make.clock("10:30"))) == []


@pytest.mark.parametrize(
    "fields", [{"load": 3}, {"skill": Skill(family="washer", level=1)}], ids=["heavy", "unskilled"]
)
def test_what_a_rule_excludes_is_passed_over(fields: dict[str, Any]) -> None:
    day = make.day(published("a", "08:10"), published("x", "09:00", **fields), published("b", "10:00"))
    assert stands(day) == ["a", "b"]


@given(strategies.days_and_travel())
def test_what_stands_can_be_read_back_and_is_home_in_time(case: tuple[Day, make.FlatTravel]) -> None:
    day, travel = case
    problem, shard = problem_of(day, travel)
    for v, shift_id in enumerate(shard.shift_ids):
        given_jobs = [shard.job_ids.index(job_id) for job_id in shard.start.get(shift_id, ())]
        kept = standing(problem, v, given_jobs)
        assert [j for j in given_jobs if j in kept] == list(kept)
        if kept:
            route = read_route(problem, v, kept, shard.job_ids, shard.shift_ids)
            assert route.return_s <= problem.shifts["latest_end"][v]
