"""Orienteering: the best score of tiny problems, by eye and by trying everything."""

from itertools import permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.vrp.orienteering import Orienteering, Spot, as_routing, score_of, tour_spots


def spot(id: int, x: float, score: int = 1, **changed: Any) -> Spot:
    whole = {"y": 0.0, "service": 0.0, "earliest": 0.0, "latest": 100.0, **changed}
    return Spot(id=id, x=x, score=score, **whole)


def orienteering(*spots: Spot, closes: float = 20.0, parts: int = 10) -> Orienteering:
    return Orienteering(depot=spot(0, 0.0, 0, latest=closes), spots=spots, parts=parts)


def toured(asked: Orienteering, vehicles: int = 1, steps: int = 1_000) -> tuple[int, list[list[int | None]]]:
    """Return the score found and the spots of each route, all of them legal."""
    routes = tour_spots(as_routing(asked, vehicles), Steps(steps=steps), 1)
    assert [route.breaches for route in routes] == [()] * len(routes)
    return score_of(routes, asked), [[step.id for step in route.steps if step.id is not None] for route in routes]


def test_one_good_spot_beats_two_poor_ones_elsewhere() -> None:
    asked = orienteering(spot(1, 10.0, 30), spot(2, -5.0, 10), spot(3, -6.0, 10))
    assert toured(asked) == (30, [[1]])
    assert toured(asked, vehicles=2)[0] == 50


def test_the_depot_closes_to_the_tenth() -> None:
    far = orienteering(spot(1, 7.0, service=6.0))
    assert toured(far)[0] == 1
    assert toured(orienteering(spot(1, 7.0, service=6.1)))[0] == 0


def test_distances_are_cut_off_after_one_decimal_or_two() -> None:
    diagonal = spot(1, 7.07, y=7.07)
    assert as_routing(orienteering(diagonal), 1).matrices["car"].seconds[0, 1] == 99
    assert as_routing(orienteering(diagonal, parts=100), 1).matrices["car"].seconds[0, 1] == 999
    assert as_routing(orienteering(spot(1, 0.3)), 1).matrices["car"].seconds[0, 1] == 3


def test_a_window_holds_the_start_of_the_service() -> None:
    late = spot(1, 5.0, service=3.0, earliest=11.0, latest=12.0)
    assert toured(orienteering(late))[0] == 1
    assert toured(orienteering(spot(1, 5.0, earliest=2.0, latest=4.9)))[0] == 0


def test_what_scores_nothing_is_not_called_at() -> None:
    assert toured(orienteering(spot(1, 1.0, 0), spot(2, 1.0, 5))) == (5, [[2]])


def test_nothing_to_call_at() -> None:
    assert toured(orienteering()) == (0, [])


def best_score(asked: Orienteering) -> int:
    """Return the best score of one vehicle, by trying every order of every choice."""
    routing = as_routing(asked, 1)
    seconds, home = routing.matrices["car"].seconds, routing.vehicles[0].window
    assert home is not None
    best = 0
    for count in range(len(routing.tasks) + 1):
        for order in permutations(routing.tasks, count):
            at, t, legal = 0, home.earliest_s, True
            for task in order:
                t = max(t + int(seconds[at, task.place]), task.windows[0].earliest_s)
                legal = legal and t <= task.windows[0].latest_s
                at, t = task.place, t + task.service_s
            if legal and t + seconds[at, 0] <= home.latest_s:
                best = max(best, sum(1 + task.priority for task in order))
    return best


spots = st.builds(
    spot,
    id=st.just(0),
    x=st.integers(-12, 12).map(float),
    y=st.integers(-12, 12).map(float),
    score=st.integers(1, 20),
    service=st.sampled_from([0.0, 1.5, 4.0]),
    earliest=st.integers(0, 20).map(float),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(spots, max_size=5))
def test_tiny_ones_are_toured_as_by_trying_everything(some: list[Spot]) -> None:
    numbered = [spot(i, s.x, s.score, y=s.y, service=s.service, earliest=s.earliest) for i, s in enumerate(some, 1)]
    asked = orienteering(*numbered, closes=40.0)
    assert toured(asked)[0] == best_score(asked)
