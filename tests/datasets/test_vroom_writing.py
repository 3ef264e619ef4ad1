"""Solutions are written as VROOM documents them; two of its documented answers come out to the second."""

import json
from typing import Any

from datasets.vroom import VroomProblem
from datasets.vroom_writing import error_document, solution_document, written
from optimizer.vrp.evaluate import evaluate
from optimizer.vrp.plan import StepKind, TimedRoute, WantedStep
from tests.datasets.make_vroom import by_coordinates, problem, read


def answered(found: VroomProblem, **orders: list[int]) -> dict[str, Any]:
    """Return the solution of the wanted steps, or of these orders of jobs by vehicle id ("v1")."""
    wanted = dict(found.wanted)
    for vehicle, jobs in orders.items():
        wanted[int(vehicle[1:])] = tuple(WantedStep(kind=StepKind.JOB, id=job) for job in jobs)
    routes = [
        evaluate(found.routing, vehicle, wanted[vehicle.id])
        for vehicle in found.routing.vehicles
        if vehicle.id in wanted
    ]
    return document_of(found, routes)


def document_of(found: VroomProblem, routes: list[TimedRoute]) -> dict[str, Any]:
    served = {step.id for route in routes for step in route.steps if step.kind is StepKind.JOB}
    unassigned = [(task.id, "for a reason") for task in found.routing.tasks if task.id not in served]
    document: dict[str, Any] = json.loads(written(solution_document(found, routes, unassigned)))
    return document


def steps_of(*jobs: int) -> list[dict[str, Any]]:
    return [{"type": "job", "id": job} for job in jobs]


def test_one_vehicle_over_given_durations() -> None:
    # The figures of VROOM's example with custom matrices.
    durations = [[0, 2104, 197, 1299], [2103, 0, 2255, 3152], [197, 2256, 0, 1102], [1299, 3153, 1102, 0]]
    found = read({
        "vehicles": [{"id": 0, "start_index": 0, "end_index": 3}],
        "jobs": [{"id": 1414, "location_index": 1}, {"id": 1515, "location_index": 2}],
        "matrices": {"car": {"durations": durations}},
    })  # fmt: skip
    steps = [("start", 0, None, 0), ("job", 1, 1414, 2104), ("job", 2, 1515, 4359), ("end", 3, None, 5461)]
    still = {"setup": 0, "service": 0, "waiting_time": 0, "violations": []}
    sums = {"cost": 5461, "duration": 5461, "priority": 0, **still}
    assert answered(found, v0=[1414, 1515]) == {
        "code": 0,
        "summary": {"routes": 1, "unassigned": 0, **sums},
        "unassigned": [],
        "routes": [
            {
                "vehicle": 0,
                **sums,
                "steps": [
                    {"type": kind, "location_index": place, "arrival": time, "duration": time, **still}
                    | ({} if job is None else {"id": job, "job": job})
                    for kind, place, job, time in steps
                ],
            }
        ],
    }


def test_an_over_full_route_and_one_early_and_late() -> None:
    # The figures of VROOM's plan mode example: legs in order of the routes, everything else off the way.
    depot, legs = 0, [(0, 1, 2328, 32_355), (1, 2, 890, 14_661), (2, 5, 1_595, 21_518), (5, 0, 1_752, 27_071)]
    legs += [(0, 6, 2_941, 62_696), (6, 4, 3_816, 69_018), (4, 3, 1_909, 22_868), (3, 0, 3_480, 62_170)]
    durations, distances = ([[0] * 7 for _ in range(7)] for _ in range(2))
    for start, end, seconds, metres in legs:
        durations[start][end], distances[start][end] = seconds, metres
    opens, closes = 1_600_416_000, 1_600_423_200
    windowed = {"time_windows": [[opens, closes]]}
    loads = {1: 2, 2: 2, 3: 1, 4: 1, 5: 3, 6: 1}
    found = read({
        "vehicles": [
            {"id": 1, "start_index": depot, "end_index": depot, "capacity": [4], "time_window": [opens, opens + 10_800],
             "steps": steps_of(1, 2, 5)},
            {"id": 2, "start_index": depot, "end_index": depot, "capacity": [4], "time_window": [opens, opens + 10_800],
             "steps": [{"type": "start", "service_after": opens - 800}, *steps_of(6, 4, 3)]},
        ],
        "jobs": [
            {"id": job, "location_index": job, "service": 300, "delivery": [load]}
            | (windowed if job in (3, 4, 6) else {})
            for job, load in loads.items()
        ],
        "matrices": {"car": {"durations": durations, "distances": distances}},
    })  # fmt: skip
    document = answered(found)
    assert document["summary"] == {
        "cost": 18_711, "routes": 2, "unassigned": 0, "delivery": [10], "pickup": [0], "setup": 0, "service": 1_800,
        "duration": 18_711, "waiting_time": 0, "priority": 0, "distance": 312_357,
        "violations": [
            {"cause": "delay", "duration": 2_712}, {"cause": "lead_time", "duration": 800}, {"cause": "load"}
        ],
    }  # fmt: skip
    first, second = document["routes"]
    assert [(step["arrival"], step["load"]) for step in first["steps"]] == [
        (1_600_416_000, [7]), (1_600_418_328, [5]), (1_600_419_518, [3]), (1_600_421_413, [0]), (1_600_423_465, [0])
    ]  # fmt: skip
    assert [step["violations"] for step in first["steps"]] == [[{"cause": "load"}], [{"cause": "load"}], [], [], []]
    assert [step["arrival"] for step in second["steps"]] == [
        1_600_415_200, 1_600_418_141, 1_600_422_257, 1_600_424_466, 1_600_428_246
    ]  # fmt: skip
    assert [step["violations"] for step in second["steps"]] == [
        [{"cause": "lead_time", "duration": 800}], [], [],
        [{"cause": "delay", "duration": 1_266}], [{"cause": "delay", "duration": 1_446}],
    ]  # fmt: skip


def test_every_key_of_a_rich_route() -> None:
    document = answered(read(problem()))
    (route,) = document["routes"]
    assert route["description"] == "van of the north"
    start, first, lunch, second, end = route["steps"]
    assert first == {
        "type": "job", "id": 10, "job": 10, "description": "washing machine", "location": [104.1, 30.6],
        "location_index": 1, "arrival": 700, "duration": 80, "setup": 20, "service": 200, "waiting_time": 0,
        "violations": [], "load": [3, 1], "distance": 1_000,
    } | {"load": [0, 1]}  # fmt: skip
    assert start["load"] == [1, 2]
    assert (lunch["type"], lunch["id"], lunch["description"]) == ("break", 1, "lunch")
    assert "location" not in lunch
    assert "job" not in lunch
    assert lunch["arrival"] == 920
    assert (second["arrival"], second["duration"], second["distance"]) == (1_100, 200, 2_500)
    assert (end["type"], end["location_index"], end["distance"]) == ("end", 0, 4_600)
    assert (route["service"], route["setup"], route["priority"]) == (260, 20, 7)
    assert (route["delivery"], route["pickup"]) == ([1, 2], [0, 1])
    # 100 + 368 s of travel at 2 + 220 s of work at 1 + 4.6 km at 2 = 1,065.2
    assert route["cost"] == 1_065
    # One of the profiles knows no distances, so the sum of all routes is not known.
    assert "distance" not in document["summary"]


def test_unassigned_jobs_are_told_with_their_place() -> None:
    document = document_of(read(problem()), [])
    assert document["unassigned"] == [
        {"id": 10, "type": "job", "description": "washing machine", "location": [104.1, 30.6], "location_index": 1,
         "reason": "for a reason"},
        {"id": 11, "type": "job", "location_index": 2, "reason": "for a reason"},
    ]  # fmt: skip
    assert document["summary"]["unassigned"] == 2
    assert document["summary"]["delivery"] == [0, 0]


def test_estimated_travel_is_stated() -> None:
    document = answered(read(by_coordinates()), v1=[2, 1])
    assert document["travel"]["is_estimate"] is True
    assert "great circle" in document["travel"]["provider"]
    assert document["summary"]["distance"] == document["routes"][0]["steps"][-1]["distance"] > 50_000
    assert document["routes"][0]["steps"][1]["location"] == [2.04, 48.61]


def test_chinese_is_written_as_it_is() -> None:
    assert written(error_document(1, "派工")) == '{"code":1,"error":"派工"}\n'.encode()
