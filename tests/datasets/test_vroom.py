"""VROOM's format is read key by key; both ways for the rules between keys."""

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest

from datasets.vroom import Echo, read_vroom
from optimizer.model import Window
from optimizer.vrp.model import NO_LIMIT, Costs, Pause, Task, Vehicle
from optimizer.vrp.plan import StepKind, WantedStep
from tests.datasets.make_vroom import by_coordinates, faults_of, problem, read


def test_every_key_arrives() -> None:
    found = read(problem())
    first, second = found.routing.vehicles
    assert first == Vehicle(
        id=1,
        profile="car",
        start=0,
        end=0,
        window=Window(earliest_s=0, latest_s=10_000),
        capacity=(4, 10),
        skills=frozenset({1, 2}),
        type="van",
        pauses=(Pause(id=1, duration_s=60, windows=(Window(earliest_s=100, latest_s=5_000),)),),
        costs=Costs(fixed=100, per_hour=7_200, per_task_hour=3_600, per_km=2),
        speed_percent=125,
        max_tasks=5,
        max_travel_s=9_000,
        max_distance_m=90_000,
    )
    assert second == Vehicle(id=2, profile="bike", start=2, capacity=(0, 0))
    assert found.routing.tasks == (
        Task(
            id=10,
            place=1,
            setup_s=30,
            service_s=300,
            setup_per_type={"van": 20},
            service_per_type={"van": 200, "truck": 100},
            delivery=(1, 2),
            pickup=(0, 1),
            skills=frozenset({1}),
            priority=7,
            windows=(Window(earliest_s=600, latest_s=700), Window(earliest_s=900, latest_s=1_000)),
        ),
        Task(id=11, place=2, delivery=(0, 0), pickup=(0, 0)),
    )
    car, bike = found.routing.matrices["car"], found.routing.matrices["bike"]
    assert car.seconds.tolist() == [[0, 100, 200], [110, 0, 150], [210, 160, 0]]
    assert car.metres is not None
    assert car.metres[2, 1] == 1_600
    assert car.costs is None
    assert bike.costs is not None
    assert bike.costs.dtype == np.int64
    assert bike.costs[1, 2] == 4
    assert found.travel is None


def test_steps_arrive() -> None:
    assert read(problem()).wanted == {
        1: (
            WantedStep(kind=StepKind.START, after_s=10),
            WantedStep(kind=StepKind.JOB, id=10, at_s=700),
            WantedStep(kind=StepKind.BREAK, id=1),
            WantedStep(kind=StepKind.JOB, id=11, before_s=8_000),
            WantedStep(kind=StepKind.END),
        )
    }


def test_what_an_answer_repeats_is_kept() -> None:
    found = read(problem())
    assert found.jobs[10] == Echo(description="washing machine", location=(104.1, 30.6), location_index=1)
    assert found.jobs[11] == Echo(location_index=2)
    assert found.vehicles[1] == Echo(description="van of the north")
    assert found.starts[2] == Echo(location_index=2)
    assert found.ends[2] == Echo()
    assert found.pauses == {(1, 1): Echo(description="lunch")}


def test_a_bare_problem_has_the_documented_defaults() -> None:
    bare = {"vehicles": [{"id": 0, "end_index": 0}], "jobs": [{"id": 0, "location_index": 0}], "matrix": [[0]]}
    found = read(bare)
    assert found.routing.vehicles == (Vehicle(id=0, end=0, costs=Costs(per_hour=3_600), max_tasks=NO_LIMIT),)
    assert found.routing.tasks == (Task(id=0, place=0),)
    assert found.routing.vehicles[0].speed_percent == 100
    assert found.wanted == {}


def test_old_names_are_understood() -> None:
    def aged(document: dict[str, object]) -> None:
        document["matrix"] = document.pop("matrices")["car"]["durations"]  # type: ignore[index]

    old = problem(aged)
    old["vehicles"] = [{"id": 1, "start_index": 0, "capacity": [3, 3]}]
    old["jobs"][0]["amount"] = old["jobs"][0].pop("delivery")
    found = read(old)
    assert found.routing.tasks[0].delivery == (1, 2)
    assert found.routing.matrices["car"].seconds[1, 0] == 110


@pytest.mark.parametrize(
    ("factor", "percent"), [(1, 100), (5, 500), (0.01, 1), (0.005, 1), (1.234, 123), (1.235, 124), (0.75, 75)]
)
def test_a_speed_factor_counts_in_hundredths(factor: float, percent: int) -> None:
    document = problem(lambda document: document["vehicles"][0].update(speed_factor=factor))
    assert read(document).routing.vehicles[0].speed_percent == percent


def test_ids_may_be_as_large_as_with_vroom() -> None:
    largest = (1 << 64) - 1
    document = problem(lambda document: document["vehicles"][1].update(id=largest))
    assert read(document).routing.vehicles[1].id == largest
    assert faults_of(problem(lambda document: document["vehicles"][1].update(id=largest + 1)))


def test_a_file_is_read_plain_or_gzipped_whatever_its_name(tmp_path: Path) -> None:
    text = json.dumps(problem()).encode()
    expected = read(text).routing.tasks
    (tmp_path / "plain.json").write_bytes(b"\xef\xbb\xbf" + text)
    (tmp_path / "packed.json.gz").write_bytes(gzip.compress(text))
    (tmp_path / "packed").write_bytes(gzip.compress(text[:50]) + gzip.compress(text[50:]))
    for name in ("plain.json", "packed.json.gz", "packed"):
        assert read_vroom(tmp_path / name).routing.tasks == expected
    assert read_vroom(io.BytesIO(text)).routing.tasks == expected


def test_without_matrices_travel_is_estimated_even_in_paris() -> None:
    found = read(by_coordinates())
    seconds = found.routing.matrices["car"].seconds
    assert [vehicle.start for vehicle in found.routing.vehicles] == [0]
    assert [task.place for task in found.routing.tasks] == [1, 2]
    assert 1_500 < seconds[0, 1] < 5_000  # 26 km as the crow flies
    assert found.travel is not None
    assert found.travel.is_estimate
    assert found.jobs[1] == Echo(location=(1.99, 48.7))


@pytest.mark.parametrize("profile", ["car", "motorbike", "scooter", "bike", "ebike", "foot", "walk", "transit"])
def test_a_profile_without_matrices_is_a_travel_mode(profile: str) -> None:
    document = by_coordinates()
    document["vehicles"][0]["profile"] = profile
    assert list(read(document).routing.matrices) == [profile]


def test_a_profile_without_matrices_beside_one_with_them_needs_coordinates() -> None:
    document = problem(lambda document: document["matrices"].pop("bike"))
    assert {fault.where for fault in faults_of(document)} == {"vehicles[0].start", "vehicles[1].start"}
    document["vehicles"][0]["start"] = [104.0, 30.6]
    document["jobs"][1]["location"] = [104.0, 30.7]
    found = read(document)
    assert found.travel is not None
    assert found.routing.matrices["bike"].seconds[0, 2] > 1_000
    assert found.routing.matrices["car"].seconds[0, 2] == 200


def test_kilometres_that_cost_need_distances_or_coordinates() -> None:
    document = problem(lambda document: document["matrices"]["car"].pop("distances"))
    assert {fault.where for fault in faults_of(document)} == {"vehicles[0].start", "vehicles[1].start"}
    document["vehicles"][0]["start"] = [104.0, 30.6]
    document["jobs"][1]["location"] = [104.0, 30.7]
    found = read(document).routing.matrices["car"]
    assert found.metres is not None
    assert found.metres[0, 2] > 10_000
    assert found.seconds[0, 2] == 200


def test_an_index_is_irrelevant_without_matrices() -> None:
    document = by_coordinates()
    document["jobs"][0]["location_index"] = 77
    assert read(document).routing.tasks[0].place == 1


def test_no_jobs_are_a_problem_too() -> None:
    document = problem(lambda document: document.update(jobs=[]))
    del document["vehicles"][0]["steps"]
    assert read(document).routing.tasks == ()


def test_nothing_to_refuse_in_empty_shipments_and_options() -> None:
    assert faults_of(problem(lambda document: document.update(shipments=[], options={"g": False}))) == ()
