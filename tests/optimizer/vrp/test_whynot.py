"""The reason why a task is on no route is computed on every vehicle."""

import pytest

from optimizer.vrp import least_late
from optimizer.vrp.model import Pause, Task, Vehicle
from optimizer.vrp.whynot import why_not
from tests.optimizer.vrp.make_routing import routing, task, vehicle, window

SHORT = vehicle(2, window=window(0, 10))
SMALL = vehicle(3, capacity=(1,))
SKILLED = vehicle(4, skills=frozenset({1, 2}), capacity=(9,))


@pytest.mark.parametrize(
    ("left_out", "vehicles", "reason"),
    [
        (task(1, 5, skills=frozenset({1, 5, 7})), (SKILLED,), "no vehicle has skill 5, 7"),
        (task(1, 5), (SKILLED,), "1 vehicle could serve it alone; beside the other tasks no room was found"),
        (
            task(1, 5),
            (SKILLED, SMALL, SHORT),
            "3 vehicles could serve it alone; beside the other tasks no room was found",
        ),
        (
            task(1, 50, delivery=(2,), skills=frozenset({1})),
            (vehicle(1), SHORT, vehicle(5, skills=frozenset({1}), capacity=(1,))),
            "no vehicle can serve it, even alone: 2 lack a skill, 1 cannot carry it",
        ),
        (task(1, 50), (SHORT,), "no vehicle can serve it, even alone: 1 would be too late"),
        (
            task(1, 50),
            (vehicle(1, max_tasks=0), vehicle(2, max_travel_s=99), vehicle(3, max_distance_m=999)),
            "no vehicle can serve it, even alone: 1 may have no task at all, 1 would travel too long, "
            "1 would travel too far",
        ),
    ],
)
def test_a_reason(left_out: Task, vehicles: tuple[Vehicle, ...], reason: str) -> None:
    assert why_not(routing([left_out], *vehicles), [1]) == {1: reason}


def test_breaks_are_placed_before_judging() -> None:
    who = vehicle(window=window(0, 140), pauses=(Pause(id=9, duration_s=40, windows=(window(0, 5),)),))
    assert "1 vehicle could" in why_not(routing([task(1, 50)], who), [1])[1]
    assert "no vehicle can serve it, even alone" in why_not(routing([task(1, 51)], who), [1])[1]


def test_a_miss_that_is_too_much_to_work_out_still_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(least_late, "MOST_CELLS", 1)
    assert why_not(routing([task(1, 50)], SHORT), [1])[1].endswith("1 would be too late")
