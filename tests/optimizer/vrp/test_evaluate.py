"""Times and breaches of routes in a given order, on a line where place n is n seconds from place 0."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.model import Window
from optimizer.vrp import least_late
from optimizer.vrp.evaluate import RouteTooLarge, TiedTimesClash, evaluate
from optimizer.vrp.least_late import least_late_times
from optimizer.vrp.model import Costs, Matrices, Pause, Task, Vehicle
from optimizer.vrp.order import Visit, at_speed, in_order
from optimizer.vrp.plan import Breach, Cause, StepKind, TimedRoute, WantedStep
from optimizer.vrp.times import route_times
from tests.optimizer.vrp.make_routing import at, evaluated, job, pause, routing, task, vehicle, window


def causes(route: TimedRoute) -> list[Cause]:
    return [breach.cause for breach in route.breaches]


def test_without_windows_everything_begins_at_zero() -> None:
    route = evaluated([task(1, 5, service_s=10), task(2, 8, setup_s=2, service_s=1)], vehicle())
    assert at(route) == [0, 5, 18, 29]
    assert [step.travel_s for step in route.steps] == [0, 5, 8, 16]
    assert [step.travel_m for step in route.steps] == [0, 50, 80, 160]
    assert [step.setup_s for step in route.steps] == [0, 0, 2, 0]
    assert route.breaches == ()


def test_the_start_is_as_late_as_the_earliest_end_allows() -> None:
    route = evaluated([task(1, 5, windows=(window(100, 200),))], vehicle(window=window(0, 900)))
    assert at(route) == [95, 100, 105]
    assert [step.waiting_s for step in route.steps] == [0, 0, 0]


def test_waiting_is_shown_where_it_cannot_be_avoided() -> None:
    tasks = [task(1, 5, windows=(window(0, 10),)), task(2, 6, windows=(window(100, 100),))]
    route = evaluated(tasks, vehicle())
    assert at(route) == [5, 10, 100, 106]
    assert [step.waiting_s for step in route.steps] == [0, 0, 89, 0]


def test_the_next_window_is_waited_for_when_one_is_over() -> None:
    route = evaluated([task(1, 50, windows=(window(0, 10), window(70, 80)))], vehicle())
    assert at(route) == [20, 70, 120]


def test_setup_counts_only_where_the_vehicle_was_not_before() -> None:
    tasks = [task(place + 1, where, setup_s=7) for place, where in enumerate((0, 3, 3, 0, 0))]
    assert [step.setup_s for step in evaluated(tasks, vehicle()).steps] == [0, 0, 7, 0, 7, 0, 0]


def test_a_vehicle_without_a_start_sets_up_at_its_first_task_and_begins_there() -> None:
    route = evaluated([task(1, 5, setup_s=7, windows=(window(50, 60),))], vehicle(start=None))
    assert [step.kind for step in route.steps] == [StepKind.JOB, StepKind.END]
    assert at(route) == [50, 62]
    assert route.steps[0].setup_s == 7
    assert route.steps[0].waiting_s == 0


def test_a_break_does_not_make_a_place_new() -> None:
    tasks = [task(1, 5, setup_s=7), task(2, 5, setup_s=7)]
    route = evaluated(tasks, vehicle(pauses=(Pause(id=9),)), job(1), pause(9), job(2))
    assert [step.setup_s for step in route.steps] == [0, 7, 0, 0, 0]


def test_durations_by_type_of_vehicle() -> None:
    here = task(1, 5, setup_s=1, service_s=2, setup_per_type={"van": 10}, service_per_type={"van": 0})
    assert [evaluated([here], vehicle(type=kind)).steps[1].setup_s for kind in ("", "van", "bus")] == [1, 10, 1]
    assert [evaluated([here], vehicle(type=kind)).steps[1].service_s for kind in ("", "van", "bus")] == [2, 0, 2]


def test_travel_at_a_speed_is_rounded_half_up_per_leg() -> None:
    assert [at_speed(seconds, 200) for seconds in (0, 1, 2, 3)] == [0, 1, 1, 2]
    assert [at_speed(seconds, 75) for seconds in (1, 3, 30)] == [1, 4, 40]
    assert evaluated([task(1, 5)], vehicle(speed_percent=200)).steps[-1].travel_s == 6


def test_a_break_interrupts_a_way() -> None:
    who = vehicle(window=window(0, 900), pauses=(Pause(id=9, duration_s=20, windows=(window(40, 50),)),))
    route = evaluated([task(1, 100)], who, pause(9), job(1))
    assert at(route) == [0, 40, 120, 220]
    rest = route.steps[1]
    assert (rest.travel_s, rest.travel_m, rest.place, rest.service_s) == (40, 400, None, 20)
    assert [step.waiting_s for step in route.steps] == [0, 0, 0, 0]
    assert route.breaches == ()


def test_a_break_waits_when_the_whole_way_is_driven() -> None:
    who = vehicle(window=window(0, 900), pauses=(Pause(id=9, windows=(window(80, 90),)),))
    route = evaluated([task(1, 10, windows=(window(10, 10),)), task(2, 30)], who, job(1), pause(9), job(2))
    assert at(route) == [0, 10, 80, 80, 110]
    assert route.steps[2].travel_s == 30
    assert [step.waiting_s for step in route.steps] == [0, 0, 50, 0, 0]


def test_a_break_at_the_door_takes_no_metres() -> None:
    who = vehicle(pauses=(Pause(id=9, duration_s=5),))
    route = evaluated([task(1, 0), task(2, 0)], who, job(1), pause(9), job(2))
    assert [step.travel_m for step in route.steps] == [0, 0, 0, 0, 0]


def test_deliveries_leave_with_the_start_and_pickups_stay_to_the_end() -> None:
    tasks = [task(1, 1, delivery=(2, 0)), task(2, 2, pickup=(1, 5)), task(3, 3, delivery=(1,))]
    route = evaluated(tasks, vehicle(capacity=(3, 5)))
    assert [step.load for step in route.steps] == [(3, 0), (1, 0), (2, 5), (1, 5), (1, 5)]
    assert route.breaches == ()


def test_a_load_is_too_much_where_the_route_has_no_place_to_start_from() -> None:
    route = evaluated([task(1, 1, delivery=(2,)), task(2, 2, delivery=(1,))], vehicle(start=None, capacity=(1,)))
    assert causes(route) == [Cause.LOAD]
    assert causes_at(route) == [[], [], []]
    assert evaluated([task(1, 1, delivery=(1,))], vehicle(start=None, capacity=(1,))).breaches == ()


def test_a_load_at_an_end_without_a_place_is_told_once() -> None:
    route = evaluated([task(1, 1, pickup=(2,))], vehicle(end=None, capacity=(1,)))
    assert causes_at(route) == [[], [Cause.LOAD]]
    assert causes(route) == [Cause.LOAD]


def test_a_vehicle_without_capacity_carries_nothing_beside_one_with_and_anything_otherwise() -> None:
    tasks, who = [task(1, 1, delivery=(1,))], vehicle()
    assert set(causes(evaluate(routing(tasks, who, vehicle(2, capacity=(9,))), who, (job(1),)))) == {Cause.LOAD}
    assert evaluate(routing(tasks, who, vehicle(2)), who, (job(1),)).breaches == ()
    assert evaluate(routing([task(1, 1)], who, vehicle(2, capacity=(9,))), who, (job(1),)).breaches == ()


# One row per cause: the tasks, the vehicle that just keeps it, the vehicle that just breaks it.
BOTH_WAYS = {
    Cause.DELAY: ([task(1, 5)], vehicle(window=window(0, 10)), vehicle(window=window(0, 9))),
    Cause.LOAD: ([task(1, 5, delivery=(3,))], vehicle(capacity=(3,)), vehicle(capacity=(2,))),
    Cause.SKILLS: (
        [task(1, 5, skills=frozenset({1, 2}))],
        vehicle(skills=frozenset({1, 2, 3})),
        vehicle(skills=frozenset({1, 3})),
    ),
    Cause.MAX_TASKS: ([task(1, 5), task(2, 6)], vehicle(max_tasks=2), vehicle(max_tasks=1)),
    Cause.MAX_TRAVEL_TIME: ([task(1, 5)], vehicle(max_travel_s=10), vehicle(max_travel_s=9)),
    Cause.MAX_DISTANCE: ([task(1, 5)], vehicle(max_distance_m=100), vehicle(max_distance_m=99)),
    Cause.MISSING_BREAK: ([task(1, 5)], vehicle(), vehicle(pauses=(Pause(id=9),))),
}


@pytest.mark.parametrize("cause", BOTH_WAYS)
def test_each_cause_both_ways(cause: Cause) -> None:
    tasks, keeps, breaks = BOTH_WAYS[cause]
    assert evaluated(tasks, keeps).breaches == ()
    assert set(causes(evaluated(tasks, breaks))) == {cause}


def test_lead_time_both_ways() -> None:
    here = task(1, 5, windows=(window(100, 200),))
    assert evaluated([here], vehicle(), job(1, at_s=100)).breaches == ()
    route = evaluated([here], vehicle(), job(1, at_s=90))
    assert route.breaches == (Breach(cause=Cause.LEAD_TIME, duration_s=10),)
    assert at(route) == [85, 90, 95]


def test_every_cause_is_tried() -> None:
    assert {*BOTH_WAYS, Cause.LEAD_TIME} == set(Cause)


def test_breaches_of_the_route_come_first() -> None:
    route = evaluated([task(1, 5, skills=frozenset({1}))], vehicle(max_tasks=0))
    assert causes(route) == [Cause.MAX_TASKS, Cause.SKILLS]
    assert causes_at(route) == [[], [Cause.SKILLS], []]


def causes_at(route: TimedRoute) -> list[list[Cause]]:
    return [[breach.cause for breach in step.breaches] for step in route.steps]


def test_working_hours_hold_where_the_route_has_no_place_to_start_from() -> None:
    here = task(1, 5, service_s=30)
    route = evaluated([here], vehicle(start=None, end=None, window=window(100, 120)), job(1))
    # Ten seconds are missed at either end; the earlier end decides.
    assert route.breaches == (Breach(cause=Cause.LEAD_TIME, duration_s=10),)
    assert at(route) == [90]


def test_misses_are_fewest_in_all() -> None:
    # Both ends cannot be kept: 40 s are missed whatever one does; the earliest end misses at the start alone.
    tasks = [task(1, 10, windows=(window(0, 10),)), task(2, 60, windows=(window(0, 20),))]
    route = evaluated(tasks, vehicle(window=window(0, 900)))
    assert [breach.duration_s for breach in route.breaches] == [40]
    assert at(route)[0] == 0


def test_a_late_service_may_go_by_the_window_that_is_over() -> None:
    tasks = [task(1, 30, windows=(window(0, 10), window(300, 310)))]
    route = evaluated(tasks, vehicle(window=window(0, 60)))
    assert at(route) == [0, 30, 60]
    assert route.breaches == (Breach(cause=Cause.DELAY, duration_s=20),)


def test_tied_times_hold_whatever_breaks() -> None:
    route = evaluated([task(1, 5)], vehicle(window=window(0, 20)), job(1, after_s=100, before_s=120))
    assert at(route) == [20, 100, 105]
    assert [breach.duration_s for breach in route.breaches] == [85]
    late_start = WantedStep(kind=StepKind.START, at_s=30)
    assert at(evaluated([task(1, 5)], vehicle(), late_start, job(1)))[0] == 30


def test_tied_times_without_room_between_them_clash() -> None:
    tasks = [task(1, 5), task(2, 50)]
    assert at(evaluated(tasks, vehicle(), job(1, at_s=10), job(2, at_s=55))) == [5, 10, 55, 105]
    with pytest.raises(TiedTimesClash):
        evaluated(tasks, vehicle(), job(1, at_s=10), job(2, at_s=54))
    with pytest.raises(TiedTimesClash):
        evaluated(tasks, vehicle(), job(1, at_s=4))


def test_costs_are_exact_and_rounded_once() -> None:
    tasks = [task(1, 1, setup_s=1), task(2, 2, service_s=1)]
    assert evaluated(tasks, vehicle(costs=Costs(fixed=50))).cost == 54
    assert evaluated(tasks, vehicle(costs=Costs(per_hour=450))).cost == 1  # 4 s at 1/8: 0.5
    assert evaluated(tasks, vehicle(costs=Costs(per_hour=449))).cost == 0
    assert evaluated(tasks, vehicle(costs=Costs(per_hour=0, per_task_hour=1_800))).cost == 1
    assert evaluated(tasks, vehicle(costs=Costs(per_hour=0, per_km=100))).cost == 4


def test_without_a_task_the_vehicle_itself_costs_nothing() -> None:
    assert evaluated([], vehicle(end=5, costs=Costs(fixed=50)), WantedStep(kind=StepKind.START)).cost == 5


def test_a_costs_matrix_stands_for_travel_costs() -> None:
    matrices = Matrices(
        seconds=np.array([[0, 7], [9, 0]]), costs=np.array([[0, 1_000], [200, 0]]), metres=np.array([[0, 1], [1, 0]])
    )
    who = vehicle(costs=Costs(fixed=3, per_task_hour=3_600))
    assert evaluated([task(1, 1, service_s=40)], who, matrices=matrices).cost == 1_243


def visits_of(tasks: list[Task], who: Vehicle, steps: list[WantedStep]) -> list[Visit]:
    return in_order(routing(tasks, who), who, steps, {each.id: each for each in tasks})


MOST = 9
windows = st.lists(st.integers(0, MOST - 1), max_size=4, unique=True).map(
    lambda ends: tuple(
        Window(earliest_s=first, latest_s=last)
        for first, last in zip(sorted(ends)[::2], sorted(ends)[1::2], strict=False)
    )
)


@st.composite
def tiny_visits(draw: st.DrawFn) -> list[Visit]:
    """Return a route of at most three tasks and two breaks, its steps tied to times now and then."""
    tasks = [
        task(row, draw(st.integers(0, 3)), service_s=draw(st.integers(0, 2)), windows=draw(windows))
        for row in range(draw(st.integers(1, 2)))
    ]
    pauses = [
        Pause(id=10 + row, duration_s=draw(st.integers(0, 2)), windows=draw(windows))
        for row in range(draw(st.integers(0, 2)))
    ]
    hours = draw(windows)[:1]
    who = vehicle(start=draw(st.sampled_from([None, 0, 1])), window=hours[0] if hours else None, pauses=tuple(pauses))
    order = draw(st.permutations([*(job(each.id) for each in tasks), *(pause(each.id) for each in pauses)]))
    steps = [
        WantedStep(kind=step.kind, id=step.id, after_s=draw(st.sampled_from([None, None, 4])), before_s=before)
        for step in order
        for before in [draw(st.sampled_from([None, None, None, 6]))]
    ]
    return visits_of(tasks, who, steps)


def is_possible(visits: list[Visit], times: tuple[int, ...]) -> bool:
    """Return whether there is time for every work and way, judged gap by gap; times: of the first visits or all."""
    left_s = 0
    ways = [visit.way_s for visit in visits if visit.kind is not StepKind.BREAK]
    for row, (visit, time_s) in enumerate(zip(visits, times, strict=False)):
        if not visit.tied.earliest_s <= time_s <= visit.tied.latest_s:
            return False
        if row == 0:
            continue
        gap_s = time_s - times[row - 1] - visits[row - 1].work_s
        if gap_s < 0:
            return False
        if visits[row - 1].kind is not StepKind.BREAK:
            done = sum(before.kind is not StepKind.BREAK for before in visits[:row])
            left_s = ways[done]
        left_s = max(0, left_s - gap_s)
        if visit.kind is not StepKind.BREAK and left_s > 0:
            return False
    return True


def rank(visits: list[Visit], times: tuple[int, ...]) -> tuple[int, int, int]:
    missed = sum(abs(visit.off_by_s(time_s)) for visit, time_s in zip(visits, times, strict=True))
    return missed, times[-1], -times[0]


@given(tiny_visits())
def test_times_are_the_best_of_all_whole_seconds(visits: list[Visit]) -> None:
    enough = MOST + sum(visit.work_s + visit.way_s for visit in visits)
    best = min(
        (rank(visits, times) for times in every_times(visits, enough)),
        default=None,
    )
    if best is None:
        with pytest.raises(TiedTimesClash):
            route_times(visits)
        return
    for found in (route_times(visits), least_late_times(visits)):
        assert is_possible(visits, tuple(found))
        assert rank(visits, tuple(found)) == best


def every_times(visits: list[Visit], enough: int) -> list[tuple[int, ...]]:
    """Return all possible times up to so many seconds, by growing beginnings that are possible."""
    begun: list[tuple[int, ...]] = [()]
    for _ in visits:
        longer = (
            (*times, time_s) for times, time_s in product(begun, range(enough + 1)) if not times or time_s >= times[-1]
        )
        begun = [times for times in longer if is_possible(visits, times)]
    return begun


@given(tiny_visits())
def test_a_legal_order_has_the_same_times_either_way(visits: list[Visit]) -> None:
    try:
        times = route_times(visits)
    except TiedTimesClash:
        return
    assert rank(visits, tuple(times)) == rank(visits, tuple(least_late_times(visits)))


@given(tiny_visits(), st.integers(1, 60))
def test_a_few_pairs_at_once_give_the_same_times(visits: list[Visit], block: int) -> None:
    try:
        times = least_late_times(visits)
    except TiedTimesClash:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(least_late, "BLOCK", block)
        assert least_late_times(visits) == times


@pytest.mark.parametrize("bound", ["MOST_CELLS", "MOST_PAIRS"])
def test_a_late_route_beyond_a_bound_is_not_worked_out(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks, who = [task(1, 5)], vehicle(window=window(0, 9), pauses=(Pause(id=9, windows=(window(3, 4),)),))
    monkeypatch.setattr(least_late, bound, 10)
    with pytest.raises(RouteTooLarge):
        evaluated(tasks, who, pause(9), job(1))
    wide = vehicle(window=window(0, 10), pauses=who.pauses)
    assert evaluated(tasks, wide, pause(9), job(1)).breaches == ()


def test_steps_add_up_to_their_times() -> None:
    who = vehicle(pauses=(Pause(id=9, duration_s=4, windows=(window(30, 50),)),), window=window(0, 20))
    tasks = [task(1, 20, service_s=3), task(2, 90, setup_s=1)]
    route = evaluate(routing(tasks, who), who, (job(1), pause(9), job(2)))
    before = route.steps[0]
    for step in route.steps[1:]:
        left = before.arrival_s + before.waiting_s + before.setup_s + before.service_s
        assert step.arrival_s == left + step.travel_s - before.travel_s
        before = step
