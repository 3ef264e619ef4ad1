"""Problems are answered in VROOM's shape; a stand-in searches, so that each thing that can go wrong does."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from api import solving
from api.solving import Answer, Code, answer
from api.stop_button import StopButton
from optimizer.budget import Budget
from optimizer.solve import Engine
from optimizer.vrp import least_late
from optimizer.vrp.model import Routing
from optimizer.vrp.pauses import with_pauses
from optimizer.vrp.plan import StepKind, WantedStep
from tests.datasets.make_vroom import by_coordinates, problem

Wanted = tuple[WantedStep, ...]
Found = tuple[tuple[int, Wanted], ...]


def answered(document: object, *, is_plan: bool = False) -> tuple[Answer, dict[str, Any]]:
    source = document if isinstance(document, bytes) else json.dumps(document).encode()
    found = answer(source, seconds=1.0, seed=1, engine=Engine.SEARCH, is_plan=is_plan, button=StopButton(lambda: None))
    written: dict[str, Any] = json.loads(found.document)
    assert written["code"] == found.code
    return found, written


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a setter for what the search answers; by default one vehicle serves what it served at the start."""

    def set_answer(found: Callable[[Routing, dict[int, Wanted]], Found]) -> None:
        def search(routing: Routing, wanted: dict[int, Wanted], budget: Budget, seed: int, engine: Engine) -> Found:
            assert budget.begin(1.0)(1) >= 0.0
            assert (seed, engine) == (1, Engine.SEARCH)
            return found(routing, wanted)

        monkeypatch.setattr(solving, "solve_routing", search)

    return set_answer


def jobs(*ids: int) -> Wanted:
    return tuple(WantedStep(kind=StepKind.JOB, id=identity) for identity in ids)


def test_a_plan_is_evaluated() -> None:
    found, written = answered(problem(), is_plan=True)
    assert found.told == ""
    assert written["summary"]["routes"] == 1
    assert written["unassigned"] == []
    assert [step["type"] for step in written["routes"][0]["steps"]] == ["start", "job", "break", "job", "end"]


def test_jobs_on_nobodys_steps_are_unassigned() -> None:
    document = problem()
    del document["vehicles"][0]["steps"]
    _, written = answered(document, is_plan=True)
    assert written["routes"] == []
    assert [(left["id"], left["reason"]) for left in written["unassigned"]] == [
        (10, "no vehicle's steps name it"),
        (11, "no vehicle's steps name it"),
    ]


def test_tied_times_that_clash_are_refused() -> None:
    document = problem()
    document["vehicles"][0]["steps"][3]["service_at"] = 701
    found, written = answered(document, is_plan=True)
    assert found.code is Code.REFUSED
    assert written["faults"][0]["where"] == "vehicles[0].steps"


@pytest.mark.parametrize("is_plan", [True, False])
def test_a_late_route_that_is_too_large_is_refused(is_plan: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    document = problem(lambda document: document["vehicles"][0].update(time_window=[0, 500]))
    assert answered(document, is_plan=True)[0].code is Code.SOLVED
    monkeypatch.setattr(least_late, "MOST_CELLS", 20)
    got, written = answered(document, is_plan=is_plan)
    assert got.code is Code.REFUSED
    (fault,) = written["faults"]
    assert fault["where"] == "vehicles[0].steps"
    assert "too large" in fault["value"]
    assert answered(problem(), is_plan=True)[0].code is Code.SOLVED


def test_a_solution_is_evaluated_and_what_is_left_out_has_a_reason(searches: Callable[..., None]) -> None:
    searches(lambda routing, wanted: ((1, jobs(2)),))
    _, written = answered(by_coordinates())
    assert [route["vehicle"] for route in written["routes"]] == [1]
    assert written["summary"]["violations"] == []
    assert [(left["id"], left["reason"][:26]) for left in written["unassigned"]] == [(1, "1 vehicle could serve it a")]
    assert written["travel"]["is_estimate"] is True


def test_the_search_begins_from_the_steps_as_they_are_given(searches: Callable[..., None]) -> None:
    begun: list[dict[int, Wanted]] = []

    def same(routing: Routing, wanted: dict[int, Wanted]) -> Found:
        begun.append(wanted)
        return tuple(wanted.items())

    searches(same)
    document = problem()
    document["vehicles"][0]["steps"][1]["service_at"] = 5_000  # of no account when solving
    _, written = answered(document)
    assert [[(step.kind, step.id) for step in steps] for steps in begun[0].values()] == [
        [(StepKind.START, None), (StepKind.JOB, 10), (StepKind.BREAK, 1), (StepKind.JOB, 11), (StepKind.END, None)]
    ]
    assert written["code"] == 0


def test_breaks_that_the_steps_leave_out_are_put_in_place(searches: Callable[..., None]) -> None:
    begun: list[list[StepKind]] = []

    def same(routing: Routing, wanted: dict[int, Wanted]) -> Found:
        begun.append([step.kind for step in wanted[1]])
        return tuple(wanted.items())

    searches(same)
    document = problem()
    del document["vehicles"][0]["steps"][2]
    assert answered(document)[1]["code"] == 0
    assert begun == [[StepKind.START, StepKind.BREAK, StepKind.JOB, StepKind.JOB, StepKind.END]]


def two_breaks(*order: int) -> dict[str, Any]:
    """Return a problem whose second break has to begin early, and the breaks of its steps in this order."""
    breaks = [{"id": 1, "service": 10}, {"id": 2, "service": 5, "time_windows": [[40, 60]]}]
    steps = [*({"type": "break", "id": identity} for identity in order), {"type": "job", "id": 1}]
    return {
        "vehicles": [{"id": 1, "start_index": 0, "end_index": 0, "breaks": breaks, "steps": steps}],
        "jobs": [{"id": 1, "location_index": 1}],
        "matrices": {"car": {"durations": [[0, 30], [30, 0]]}},
    }


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (2,), ()])
def test_legal_steps_are_accepted_in_whatever_order_their_breaks_are(order: tuple[int, ...]) -> None:
    document = two_breaks(*order)
    got, written = answered(document)
    assert (got.code, got.told, written["unassigned"]) == (Code.SOLVED, "", [])


def test_what_the_search_cannot_follow_is_the_answer_when_nothing_is_better() -> None:
    # By latest start the second break would be last, and by then the working hours are over.
    document = two_breaks(2, 1)
    document["vehicles"][0]["time_window"] = [0, 300]
    document["vehicles"][0]["breaks"] = [
        {"id": 1, "service": 50, "time_windows": [[60, 90]]},
        {"id": 2, "service": 50, "time_windows": [[0, 5], [900, 950]]},
    ]
    got, written = answered(document)
    assert (got.code, got.told, written["unassigned"]) == (Code.SOLVED, "", [])
    assert [step.get("id") for step in written["routes"][0]["steps"]] == [None, 2, 1, 1, None]
    del document["vehicles"][0]["steps"]
    assert answered(document)[1]["unassigned"][0]["reason"] == (
        "1 vehicle could serve it alone, but not with its breaks as the search takes them"
    )


def test_a_search_that_answers_worse_than_it_began_does_not_count(searches: Callable[..., None]) -> None:
    searches(lambda routing, wanted: ())
    assert answered(problem())[1]["unassigned"] == []


def test_steps_that_break_a_rule_are_refused_when_solving(searches: Callable[..., None]) -> None:
    searches(lambda routing, wanted: pytest.fail("the search began"))
    document = problem(lambda document: document["vehicles"][0].update(skills=[], max_tasks=1))
    found, written = answered(document)
    assert found.code is Code.REFUSED
    (fault,) = written["faults"]
    assert fault["where"] == "vehicles[0].steps"
    assert fault["value"] == "a route that breaks max_tasks, skills"
    assert answered(document, is_plan=True)[1]["summary"]["violations"] == [{"cause": "max_tasks"}, {"cause": "skills"}]


@pytest.mark.parametrize(
    "found",
    [
        ((1, jobs(10, 11)),),  # without its break
        ((2, jobs(10)),),  # without the skill
        ((1, jobs(11, 11)),),
        ((2, jobs(11)), (2, jobs())),
    ],
)
def test_a_route_that_is_not_legal_is_our_defect(found: Found, searches: Callable[..., None]) -> None:
    searches(lambda routing, wanted: found)
    got, written = answered(problem())
    assert got.code is Code.DEFECT
    assert written == {"code": 1, "error": "internal error: RouteIllegal"}
    assert "RouteIllegal" in got.told


def test_whatever_breaks_inside_is_an_error_of_ours(searches: Callable[..., None]) -> None:
    searches(lambda routing, wanted: ((1, jobs(1 // (len(routing.tasks) - 2))),))
    got, written = answered(problem())
    assert (got.code, written["error"]) == (Code.DEFECT, "internal error: ZeroDivisionError")


def test_a_vehicle_may_serve_all(searches: Callable[..., None]) -> None:
    def all_by_first(routing: Routing, wanted: dict[int, Wanted]) -> Found:
        first, tasks = routing.vehicles[0], {task.id: task for task in routing.tasks}
        return ((first.id, with_pauses(routing, first, list(tasks), tasks)),)

    searches(all_by_first)
    assert answered(problem())[1]["unassigned"] == []


@pytest.mark.parametrize("document", [problem(), two_breaks()])
def test_a_solution_is_a_beginning(document: dict[str, Any]) -> None:
    for vehicle in document["vehicles"]:
        vehicle.pop("steps", None)
    _, first = answered(document)
    for route in first["routes"]:
        (vehicle,) = (each for each in document["vehicles"] if each["id"] == route["vehicle"])
        vehicle["steps"] = [{key: step[key] for key in ("type", "id") if key in step} for step in route["steps"]]
    assert answered(document, is_plan=True)[1]["summary"]["violations"] == []
    got, again = answered(document)
    assert (got.code, got.told) == (Code.SOLVED, "")
    assert again["summary"]["unassigned"] <= first["summary"]["unassigned"]
    assert again["summary"]["cost"] <= first["summary"]["cost"]


def test_the_documented_example_with_a_matrix_is_solved_as_documented() -> None:
    # The figures of VROOM's documentation: two jobs, from one place to another.
    rows = "0 2104 197 1299", "2103 0 2255 3152", "197 2256 0 1102", "1299 3153 1102 0"
    _, written = answered(
        {
            "jobs": [{"id": 1414, "location_index": 1}, {"id": 1515, "location_index": 2}],
            "vehicles": [{"id": 0, "start_index": 0, "end_index": 3}],
            "matrices": {"car": {"durations": [[int(cell) for cell in row.split()] for row in rows]}},
        }
    )
    (route,) = written["routes"]
    assert (written["summary"]["cost"], route["cost"], written["summary"]["unassigned"]) == (5461, 5461, 0)
    assert [(step["type"], step.get("id"), step["arrival"]) for step in route["steps"]] == [
        ("start", None, 0), ("job", 1414, 2104), ("job", 1515, 4359), ("end", None, 5461),
    ]  # fmt: skip
