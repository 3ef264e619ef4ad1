"""Combinations of dates with everything a route may have: breaks, windows, setups, loads both ways, limits, prices."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.budget import Steps
from optimizer.search.anneal import Found
from optimizer.search.combination_search import combine
from optimizer.search.combinations import Choices, Combination, chosen_in, lay_choices
from optimizer.search.problem import FREE, Problem
from optimizer.vrp.arrays import lay_out
from optimizer.vrp.evaluate import evaluate
from optimizer.vrp.model import Costs, Matrices, Pause, Routing, Task, Vehicle
from optimizer.vrp.solve import orders
from tests.optimizer.vrp.make_routing import routing, task, vehicle, window

DAY_S = 2_000
LEFT_FEN = 50_000


def dates(*places: int, days: int = 2, **changed: int) -> list[Task]:
    """Return a task for each place and day, its window inside that day."""
    return [
        task(id=days * at + day, place=place, windows=(window(day * DAY_S, (day + 1) * DAY_S - 1),), **changed)
        for at, place in enumerate(places)
        for day in range(days)
    ]


def crews(days: int = 2, **changed: object) -> list[Vehicle]:
    """Return one vehicle for each day, at work inside it."""
    return [vehicle(day, window=window(day * DAY_S, (day + 1) * DAY_S - 1), **changed) for day in range(days)]


def combined(
    asked: Routing, customers: list[list[Combination]], steps: int = 1_000, start: list[tuple[int, ...]] | None = None
) -> tuple[Problem, Choices, Found]:
    """Return what the search finds for customers of these tasks, served by a combination or not at all."""
    laid = lay_out(asked)
    left = [LEFT_FEN * max(len(some.jobs) for some in each) for each in customers]
    problem, choices = lay_choices(laid.problem, customers, left, list(range(len(asked.vehicles))))
    found = combine(problem, choices, start or [()] * len(asked.vehicles), Steps(steps=steps).begin(1.0), 1)
    chosen = chosen_in(choices, found.routes)
    visited = [choices.customer[job] for route in found.routes for job in route]
    assert all(chosen[c] != FREE for c in visited)
    routes = {v: steps for v, steps in orders(asked, laid, found.routes)}
    timed = [evaluate(asked, each, routes[each.id]) for each in asked.vehicles if each.id in routes]
    assert [route.breaches for route in timed] == [()] * len(timed)
    driven = sum(route.cost for route in timed) * laid.scale
    served = choices.fen[chosen[chosen != FREE]].sum() + choices.unserved_fen[chosen == FREE].sum()
    assert found.fen == driven + served
    return problem, choices, found


def either(*jobs: int) -> list[Combination]:
    return [Combination(jobs=(job,)) for job in jobs]


def test_a_used_shift_has_its_price_so_that_one_day_is_left_free() -> None:
    asked = routing(dates(100, 110), *crews(costs=Costs(fixed=900)))
    _, _, found = combined(asked, [either(0, 1), either(2, 3)])
    assert sorted(map(len, found.routes)) == [0, 2]


def test_a_dear_combination_is_chosen_only_where_it_pays() -> None:
    tomorrow = task(9, 110, windows=(window(DAY_S, 2 * DAY_S - 1),))
    asked = routing([*dates(100), tomorrow], *crews())
    for fen, day in ((190, 1), (210, 0)):
        today_or_later = [Combination(jobs=(0,)), Combination(jobs=(1,), fen=fen)]
        _, choices, found = combined(asked, [today_or_later, either(2)])
        assert chosen_in(choices, found.routes).tolist() == [day, 2]


def test_a_day_that_drives_too_far_sends_somebody_to_the_other() -> None:
    asked = routing(dates(100, 300), *crews(max_travel_s=620))
    _, _, found = combined(asked, [either(0, 1), [Combination(jobs=(2, 3))]])
    assert sum(map(len, found.routes)) == 3
    _, _, found = combined(routing(dates(100, 300), *crews(max_travel_s=599)), [either(0, 1), either(2, 3)])
    assert sum(map(len, found.routes)) == 1


def test_two_dates_or_none() -> None:
    asked = routing(dates(100), vehicle(0, window=window(0, DAY_S - 1)), vehicle(1, window=window(0, 10)))
    _, _, found = combined(asked, [[Combination(jobs=(0, 1))]])
    assert found.routes == ((), ())


def test_it_goes_on_from_given_routes_and_keeps_what_is_whole_in_them() -> None:
    asked = routing(dates(100, 110, 120), *crews())
    both = [Combination(jobs=(0, 1))]
    _, choices, found = combined(asked, [both, either(2, 3), either(4, 5)], steps=1, start=[(2, 0), (4,)])
    assert (chosen_in(choices, found.routes) != FREE).all()


@st.composite
def periods(draw: st.DrawFn) -> tuple[Routing, list[list[Combination]]]:
    """A random problem of three days, two vehicles each, that is anything but steady."""
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    days, q = 3, draw(st.integers(1, 7))
    seconds = rng.integers(1, 500, (q + 1, q + 1))
    np.fill_diagonal(seconds, 0)
    tasks: list[Task] = []
    customers: list[list[Combination]] = []
    for c in range(q):
        sets = [sorted(rng.choice(days, rng.integers(1, days + 1), replace=False)) for _ in range(rng.integers(1, 4))]
        on = {int(day): len(tasks) + i for i, day in enumerate(sorted({day for some in sets for day in some}))}
        for day, number in on.items():
            edges = sorted(rng.choice(DAY_S, 4, replace=False) + day * DAY_S)
            tasks.append(
                Task(
                    id=number,
                    place=c + 1,
                    setup_s=int(rng.integers(0, 50)),
                    service_s=int(rng.integers(0, 200)),
                    delivery=(int(rng.integers(0, 3)),),
                    pickup=(int(rng.integers(0, 3)),),
                    windows=tuple(
                        window(int(a), int(b)) for a, b in list(pairwise(edges))[:: draw(st.integers(1, 2)) + 1]
                    ),
                )
            )
        fens = rng.integers(0, 400, len(sets))
        customers.append(
            [
                Combination(jobs=tuple(on[int(day)] for day in some), fen=int(fen))
                for some, fen in zip(sets, fens, strict=True)
            ]
        )
    lunch = (Pause(id=1, duration_s=60, windows=(window(500, 900),)),) if draw(st.booleans()) else ()
    vehicles = [
        vehicle(
            2 * day + twin,
            window=window(day * DAY_S, (day + 1) * DAY_S - 1),
            capacity=(4,),
            max_travel_s=draw(st.sampled_from([600, 1 << 60])),
            costs=Costs(fixed=draw(st.sampled_from([0, 300]))),
            pauses=lunch if day == 0 else (),
        )
        for day in range(days)
        for twin in range(2)
    ]
    return routing(tasks, *vehicles, matrices=Matrices(seconds=seconds)), customers


@settings(deadline=None, max_examples=40)
@given(periods())
def test_whatever_is_asked_routes_are_legal_and_cost_what_the_search_says(
    asked: tuple[Routing, list[list[Combination]]],
) -> None:
    combined(*asked, steps=400)
