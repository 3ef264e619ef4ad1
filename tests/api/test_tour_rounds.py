"""Tours are planned again around dates and kits: what a second try may change, and what it may not."""

from typing import Any

import pytest

from api import tour_rounds
from api.tour_kits import Loaded
from api.tour_rounds import Kitted, Searching, tours_with_kits
from optimizer.budget import Steps
from optimizer.tours.model import Touring, WorkKind
from optimizer.tours.plan import Tour, TourCost, TourDay, TourPlan, TourResult, Visit
from optimizer.workers import HereWorkers
from tests.make import clock
from tests.make_tours import on, touring, village, work

ASKED = touring(
    villages=(village(told=on(3)), village(id="v2", told=on(3, at="v2"))),
    jobs=(work(kind=WorkKind.WALK_IN), work(id="j2", village_id="v1"), work(id="j3", village_id="v2")),
)
Stops = tuple[tuple[str, str, int], ...]
"""Jobs, where, and on which day."""


def result(stops: Stops, fen: int) -> TourResult:
    tours = []
    for job_id, village_id, day in stops:
        start_s = clock("09:00", day=day)
        visit = Visit(job_id=job_id, village_id=village_id, start_s=start_s, end_s=start_s, travel_s=0, travel_m=0)
        one = TourDay(
            day=day, depart_s=start_s, visits=(visit,), arrive_s=start_s, travel_s=0, travel_m=0, lodging_id=None
        )
        tours.append(Tour(crew_id="c1", days=(one,)))
    return TourResult(plan=TourPlan(tours=tuple(tours)), cost=TourCost(wages=fen), bound_fen=0, candidates=1, seed=1)


def tried(monkeypatch: pytest.MonkeyPatch, first: Stops, second: Stops, asked: Touring = ASKED) -> Kitted:
    """Return what comes of two tries of which the second is cheaper."""
    results = iter((result(first, 200), result(second, 100)))
    monkeypatch.setattr(tour_rounds, "plan_tours", lambda *_: next(results))
    monkeypatch.setattr(tour_rounds, "load_vans", lambda *_: Loaded(kits={}, orders=(), found=()))
    searching = Searching(
        budget=Steps(steps=1),
        workers=HereWorkers(),
        seed=1,
        progress=lambda *_: None,
        first=0.5,
        again=0.1,
        loading=0.1,
    )
    nothing: Any = None
    return tours_with_kits(nothing, asked, nothing, None, searching)


KEPT_V2 = (("j3", "v2", 3),)


def test_a_date_that_no_tour_was_found_for_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(monkeypatch, KEPT_V2, (*KEPT_V2, ("j1", "v1", 5)))
    assert found.released == {("v1", 3)}
    assert found.result.cost.total == 100


def test_a_date_that_the_first_try_kept_is_not_exchanged_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(monkeypatch, KEPT_V2, (("j2", "v1", 3),))
    assert found.result.cost.total == 200
    assert found.released == frozenset()


def test_a_date_that_is_kept_after_all_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(monkeypatch, KEPT_V2, (*KEPT_V2, ("j2", "v1", 3)))
    assert found.released == frozenset()
    assert found.result.cost.total == 100


def test_nobody_is_told_another_day_beside_a_date_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(monkeypatch, KEPT_V2, (*KEPT_V2, ("j2", "v1", 3), ("j1", "v1", 5)))
    assert found.result.cost.total == 200
