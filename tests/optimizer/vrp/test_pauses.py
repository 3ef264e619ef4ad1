"""Breaks are placed so that the route ends earliest inside all windows, as trying every place shows."""

from itertools import combinations_with_replacement, permutations

from hypothesis import given
from hypothesis import strategies as st

from optimizer.model import Window
from optimizer.vrp.evaluate import evaluate
from optimizer.vrp.model import Pause
from optimizer.vrp.pauses import pauses_in_turn, with_pauses
from optimizer.vrp.plan import TimedRoute, WantedStep
from tests.optimizer.vrp.make_routing import job, pause, routing, task, vehicle, window


def test_a_break_goes_where_its_window_is() -> None:
    tasks = {1: task(1, 100), 2: task(2, 200), 3: task(3, 300)}
    who = vehicle(window=window(0, 900), pauses=(Pause(id=9, duration_s=30, windows=(window(220, 240),)),))
    steps = with_pauses(routing(tuple(tasks.values()), who), who, [1, 2, 3], tasks)
    assert steps == (job(1), job(2), pause(9), job(3))


def test_without_a_place_for_it_a_break_comes_last_and_shows_as_breach() -> None:
    tasks = {1: task(1, 100, windows=(window(100, 100),))}
    who = vehicle(window=window(0, 200), pauses=(Pause(id=9, duration_s=30, windows=(window(220, 240),)),))
    problem = routing(tuple(tasks.values()), who)
    steps = with_pauses(problem, who, [1], tasks)
    assert steps == (job(1), pause(9))
    assert evaluate(problem, who, steps).breaches


ANYTIME = Pause(id=1, duration_s=100)
SOON = Pause(id=2, duration_s=5, windows=(window(40, 60),))


def test_the_break_that_has_to_begin_first_is_taken_first() -> None:
    who = vehicle(pauses=(ANYTIME, SOON))
    assert pauses_in_turn(who) == [SOON, ANYTIME]
    tasks = {1: task(1, 10)}
    problem = routing(tuple(tasks.values()), who)
    steps = with_pauses(problem, who, [1], tasks)
    assert [step.id for step in steps if step.kind == "break"] == [2, 1]
    assert evaluate(problem, who, steps).breaches == ()


def test_a_given_order_of_breaks_is_kept_where_it_can_be() -> None:
    who = vehicle(pauses=(Pause(id=1, duration_s=10), Pause(id=2, duration_s=5, windows=(window(40, 60),))))
    problem = routing([task(1, 10)], who)
    tasks = {1: problem.tasks[0]}
    steps = with_pauses(problem, who, [1], tasks, [1])
    assert [step.id for step in steps if step.kind == "break"] == [1, 2]
    late = vehicle(pauses=(ANYTIME, SOON))
    steps = with_pauses(problem, late, [1], tasks, [1, 2])
    assert [step.id for step in steps if step.kind == "break"] == [2, 1]


def test_every_order_of_breaks_is_tried_when_the_usual_one_breaks_a_window() -> None:
    # The one that may begin last is the only one that may begin at first, and the other two must follow it.
    who = vehicle(
        pauses=(
            Pause(id=1, duration_s=50, windows=(window(60, 90),)),
            Pause(id=2, duration_s=50, windows=(window(0, 5), window(900, 950))),
        ),
        window=window(0, 200),
    )
    problem = routing([task(1, 10)], who)
    steps = with_pauses(problem, who, [1], {1: problem.tasks[0]})
    assert [step.id for step in steps if step.kind == "break"] == [2, 1]
    assert evaluate(problem, who, steps).breaches == ()


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, ...]:
    first = draw(st.integers(0, 30))
    return draw(st.sampled_from([(), (window(first, first + draw(st.integers(0, 10))),)]))


def last_s(route: TimedRoute) -> int | None:
    return None if route.breaches else route.steps[-1].arrival_s


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4), windows()), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 5), windows()), max_size=2),
)
def test_no_other_place_ends_earlier(
    stops: list[tuple[int, int, tuple[Window, ...]]], rests: list[tuple[int, tuple[Window, ...]]]
) -> None:
    tasks = {
        row: task(row, place, service_s=seconds, windows=windows) for row, (place, seconds, windows) in enumerate(stops)
    }
    who = vehicle(pauses=tuple(Pause(id=row, duration_s=s, windows=windows) for row, (s, windows) in enumerate(rests)))
    problem = routing(tuple(tasks.values()), who)
    steps = with_pauses(problem, who, list(tasks), tasks)
    order = [step for step in steps if step.kind == "break"]
    assert {step.id for step in order} == set(range(len(rests)))
    ends = [last_s(evaluate(problem, who, tried)) for tried in every_place(list(tasks), order)]
    assert last_s(evaluate(problem, who, steps)) == min((end for end in ends if end is not None), default=None)


def every_place(task_ids: list[int], order: list[WantedStep]) -> list[list[WantedStep]]:
    """Return the tasks with the breaks in this order at every place."""
    found = []
    for places in combinations_with_replacement(range(len(task_ids) + 1), len(order)):
        steps: list[WantedStep] = []
        for row in range(len(task_ids) + 1):
            steps += [rest for place, rest in zip(places, order, strict=True) if place == row]
            steps += [job(identity) for identity in task_ids[row : row + 1]]
        found.append(steps)
    return found


@given(
    st.tuples(st.integers(0, 9), st.integers(0, 4), windows()),
    st.lists(st.tuples(st.integers(0, 9), windows()), max_size=3),
)
def test_what_is_legal_in_some_order_is_found(
    stop: tuple[int, int, tuple[Window, ...]], rests: list[tuple[int, tuple[Window, ...]]]
) -> None:
    place, seconds, kept = stop
    only = task(0, place, service_s=seconds, windows=kept)
    who = vehicle(pauses=tuple(Pause(id=row, duration_s=s, windows=windows) for row, (s, windows) in enumerate(rests)))
    problem = routing([only], who)
    tried = [
        order
        for ids in permutations(range(len(rests)))
        for order in every_place([0], [pause(identity) for identity in ids])
    ]
    is_legal = any(evaluate(problem, who, order).breaches == () for order in tried)
    assert (evaluate(problem, who, with_pauses(problem, who, [0], {0: only})).breaches == ()) == is_legal
