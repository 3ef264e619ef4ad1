"""Several stops of a tour in one village become one where that costs no more and no rule speaks against it."""

from collections import Counter
from dataclasses import replace

import pytest

from optimizer.budget import Steps
from optimizer.tours.check import check_tours
from optimizer.tours.columns import Column, column_of
from optimizer.tours.gathering import Gathering, gather
from optimizer.tours.ground import lay_ground
from optimizer.tours.left_out import left_out
from optimizer.tours.merging import merged, stops_of
from optimizer.tours.model import Touring, WorkKind
from optimizer.tours.objective import Weigher
from optimizer.tours.plan import TourPlan
from optimizer.tours.reading import read_tour
from optimizer.tours.shapes import Shape
from tests.make import FlatTravel, at, clock
from tests.make_tours import on, region, touring, village, work

TWO = (village(), village(id="v2", position=at(32_000)))


def tour_of(asked: Touring, *routes: tuple[int, ...], first: int = 0) -> Column:
    """Return a tour with so many days from the base to the bed and back, its jobs at home."""
    ground = lay_ground(asked, FlatTravel())
    shape = Shape(crew=0, first=first, nights=(0,) * (len(routes) - 1))
    return column_of(ground, shape, routes, ground.village)


def made(asked: Touring, column: Column) -> list[Column]:
    """Return what becomes of a tour, which is legal, and no dearer but for what is rounded."""
    ground = lay_ground(asked, FlatTravel())
    weigher = Weigher(ground)
    found = merged(ground, weigher, [column])
    before, after = weigher.fen([column]), weigher.fen(found)
    assert before is not None
    assert after is not None
    assert after <= before + len(stops_of(column)) - sum(len(stops_of(one)) for one in found)
    plan = TourPlan(tours=tuple(read_tour(ground, one) for one in found), left_out=left_out(ground, found))
    assert check_tours(asked, plan, FlatTravel()) == []
    return found


def halts(columns: list[Column]) -> Counter[int]:
    return Counter(halt.village for column in columns for halt in stops_of(column))


def test_three_stops_of_two_days_are_one() -> None:
    jobs = (*(work(id=f"j{k}") for k in range(3)), work(id="j3", village_id="v2"), work(id="j4", village_id="v2"))
    asked = touring(villages=TWO, jobs=jobs)
    column = tour_of(asked, (0, 3, 1), (4, 2))
    assert halts([column]) == {0: 3, 1: 2}
    assert halts(made(asked, column)) == {0: 1, 1: 1}


def test_a_day_that_is_left_empty_is_given_back() -> None:
    asked = touring(jobs=(work(), work(id="j2")))
    (one,) = made(asked, tour_of(asked, (0,), (1,)))
    assert (one.shape.nights, one.routes) in (((), ((0, 1),)), ((), ((1, 0),)))


@pytest.mark.parametrize(
    "apart",
    [
        {"last_s": clock("12:00")},
        {"first_s": clock("00:00", day=1)},
        {"windows": ((clock("08:00"), clock("09:00")),)},
    ],
)
def test_what_has_to_be_on_its_day_stays_there(apart: dict[str, object]) -> None:
    # Each takes most of a day, so that only another day would have room for both.
    asked = touring(jobs=(work(service_s=6 * 3600, **apart), work(id="j2", service_s=6 * 3600)))
    first_s = apart.get("first_s", 0)
    column = tour_of(asked, (1,), (0,)) if first_s else tour_of(asked, (0,), (1,))
    assert halts(made(asked, column)) == {0: 2}


def test_told_days_of_a_village_stay_two_stops() -> None:
    brought = [work(id=f"w{k}", kind=WorkKind.WALK_IN, reported_s=None, expected=100) for k in range(2)]
    asked = touring(villages=(village(told=on(1, 2)),), jobs=tuple(brought))
    ground = lay_ground(asked, FlatTravel())
    (first,) = (job for job, held in ground.told.items() if held.day == 1)
    assert halts(made(asked, tour_of(asked, (first,), (1 - first,), first=1))) == {0: 2}


@pytest.mark.parametrize("seed", range(6))
def test_tours_of_random_regions_stay_legal_and_cost_no_more(seed: int) -> None:
    asked = region(5, 1, 6, seed, beds=3, km=60, told=0.5)
    asked = replace(asked, jobs=(*asked.jobs, *(replace(job, id=f"{job.id}x") for job in asked.jobs)))
    ground = lay_ground(asked, FlatTravel())
    task = Gathering(ground=ground, worth=ground.search_fen, budget=Steps(steps=600), share=1.0, seed=seed)
    for column in gather(task).columns:
        made(asked, column)
