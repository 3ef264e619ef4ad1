"""Bad problems: every fault is named by where, value and what is allowed, and no text brings the reader down."""

import copy
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets import vroom_json
from datasets.vroom_faults import MOST_FAULTS, PRINTED_FAULTS, ProblemRefused
from datasets.vroom_writing import refusal_document
from tests.datasets.make_vroom import PROBLEM, by_coordinates, faults_of, problem, read

Change = Callable[[dict[str, Any]], object]


def put(path: str, value: object) -> Change:
    """Return a change that sets one value; path: keys and rows between dots."""

    def changed(document: dict[str, Any]) -> None:
        *before, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        inside: Any = document
        for part in before:
            inside = inside[part]
        inside[last] = value

    return changed


HUGE = 10**400
BAD = [
    (put("speed", 1), "speed", "unknown key", "only jobs"),
    (put("vehicles.0.colour", "red"), "vehicles[0].colour", "unknown key", "only id, profile"),
    (put("jobs.1.locationIndex", 1), "jobs[1].locationIndex", "unknown key", "location_index"),
    (put("vehicles.0.costs.per_hours", 1), "vehicles[0].costs.per_hours", "unknown key", "per_hour"),
    (put("matrices.car.lengths", [[1]]), "matrices.car.lengths", "unknown key", "durations"),
    (put("vehicles.0.steps.1.at", 1), "vehicles[0].steps[1].at", "unknown key", "service_at"),
    (put("vehicles", []), "vehicles", "an array of 0", "at least one vehicle"),
    (put("vehicles", {}), "vehicles", "an object of 0", "an array"),
    (put("jobs", None), "jobs", "null", "an array"),
    (put("jobs.1", 7), "jobs[1]", "7", "an object"),
    # Shipments and everything else that is not supported, by name.
    (put("shipments", [{}]), "shipments", "an array of 1", "not supported; describe"),
    (put("vehicles.0.breaks.0.max_load", [1]), "vehicles[0].breaks[0].max_load", "an array of 1", "not supported"),
    (put("vehicles.0.steps.1.type", "pickup"), "vehicles[0].steps[1].type", '"pickup"', "not supported; describe"),
    (put("vehicles.0.steps.1.type", "delivery"), "vehicles[0].steps[1].type", '"delivery"', "not supported; describe"),
    (put("options", {"g": True}), "options.g", "true", "not supported; routes have no geometry"),
    (put("options", {"router": "osrm"}), "options.router", '"osrm"', "routing servers"),
    # Types: true is not 1, 1.0 is no integer, "1" is no number.
    (put("jobs.0.id", "10"), "jobs[0].id", '"10"', "an integer, 0 to 18446744073709551615"),
    (put("jobs.1.id", True), "jobs[1].id", "true", "an integer"),
    (put("jobs.1.id", 1.0), "jobs[1].id", "1.0", "an integer"),
    (put("jobs.1.id", None), "jobs[1].id", "null", "an integer"),
    (put("jobs.1.id", 1 << 64), "jobs[1].id", str(1 << 64), "an integer"),
    (put("jobs.1.id", HUGE), "jobs[1].id", "more than 60 digits", "an integer"),
    (put("jobs.0.service", -1), "jobs[0].service", "-1", f"an integer, 0 to {1 << 27}"),
    (put("jobs.0.service", (1 << 27) + 1), "jobs[0].service", str((1 << 27) + 1), "an integer"),
    (put("jobs.0.setup", float("nan")), "jobs[0].setup", "NaN", "an integer"),
    (put("jobs.0.setup", float("-inf")), "jobs[0].setup", "-Infinity", "an integer"),
    (put("jobs.0.setup_per_type.van", "x"), "jobs[0].setup_per_type.van", '"x"', "an integer"),
    (put("jobs.0.service_per_type", []), "jobs[0].service_per_type", "an array of 0", "an object"),
    (put("jobs.0.description", 5), "jobs[0].description", "5", "a text"),
    (put("jobs.0.description", "\ud800"), "jobs[0].description", "ud800", "a text"),
    (put("jobs.0.priority", 101), "jobs[0].priority", "101", "an integer, 0 to 100"),
    (put("jobs.0.priority", -1), "jobs[0].priority", "-1", "an integer, 0 to 100"),
    (put("jobs.0.skills", "electrics"), "jobs[0].skills", '"electrics"', "an array"),
    (put("jobs.0.skills", ["1"]), "jobs[0].skills[0]", '"1"', "an integer"),
    (put("vehicles.0.skills", [1, -2]), "vehicles[0].skills[1]", "-2", "an integer"),
    (put("vehicles.0.type", 3), "vehicles[0].type", "3", "a text"),
    (put("vehicles.0.profile", 3), "vehicles[0].profile", "3", "a text"),
    (put("vehicles.0.max_tasks", -1), "vehicles[0].max_tasks", "-1", "an integer"),
    (put("vehicles.0.max_distance", 1e9), "vehicles[0].max_distance", "1000000000.0", "an integer"),
    (put("vehicles.0.max_travel_time", None), "vehicles[0].max_travel_time", "null", "an integer"),
    (put("vehicles.0.costs", 5), "vehicles[0].costs", "5", "an object"),
    (put("vehicles.0.costs.fixed", -5), "vehicles[0].costs.fixed", "-5", "an integer"),
    (put("vehicles.0.costs.per_km", 1 << 32), "vehicles[0].costs.per_km", str(1 << 32), "an integer"),
    (put("vehicles.0.breaks.0.id", None), "vehicles[0].breaks[0].id", "null", "an integer"),
    *(
        (put("vehicles.0.speed_factor", factor), "vehicles[0].speed_factor", said, "above 0 and at most 5")
        for factor, said in [
            (0, "0"),
            (-1, "-1"),
            (5.01, "5.01"),
            (0.004, "0.004"),
            ("1", '"1"'),
            (True, "true"),
            (float("inf"), "Infinity"),
            (HUGE, "more than 60 digits"),
        ]
    ),
    # Ids
    (put("jobs.1.id", 10), "jobs[1].id", "10", "no other job has (jobs[0].id"),
    (put("vehicles.1.id", 1), "vehicles[1].id", "1", "no other vehicle has"),
    (put("vehicles.0.breaks", [{"id": 1}, {"id": 1}]), "vehicles[0].breaks[1].id", "1", "no other break"),
    # Windows
    (put("jobs.0.time_windows.0", [700, 600]), "jobs[0].time_windows[0]", "[700, 600]", "start not after the end"),
    (put("jobs.0.time_windows.0", [600]), "jobs[0].time_windows[0]", "an array of 1", "[start, end]"),
    (put("jobs.0.time_windows.0", [600, "700"]), "jobs[0].time_windows[0]", '"700"', "two integers"),
    (put("jobs.0.time_windows.0", [-5, 700]), "jobs[0].time_windows[0]", "-5", "two integers"),
    (put("jobs.0.time_windows.1", [700, 900]), "jobs[0].time_windows[1]", "[700, 900]", "after the window before"),
    (put("jobs.0.time_windows", [600, 700]), "jobs[0].time_windows[0]", "600", "[start, end]"),
    (put("jobs.0.time_windows", []), "jobs[0].time_windows", "an array of 0", "leave the key out"),
    (put("vehicles.0.time_window", [9, 3]), "vehicles[0].time_window", "[9, 3]", "start not after the end"),
    (put("vehicles.0.time_window", [[0, 9]]), "vehicles[0].time_window", "an array of 1", "[start, end]"),
    (put("vehicles.0.time_window", [0, 1 << 32]), "vehicles[0].time_window", str(1 << 32), "two integers"),
    (put("vehicles.0.time_window", [1 << 28, 1 << 29]), "vehicles[0].time_window", "268435456, while", "within"),
    # Places
    (put("vehicles.1", {"id": 2}), "vehicles[1]", "neither start nor end", "a start, an end, or both"),
    (put("jobs.1", {"id": 11}), "jobs[1].location_index", "missing", "a row of the matrices"),
    (put("jobs.1.location_index", 3), "jobs[1].location_index", "3", "0 to 2"),
    (put("jobs.1.location_index", -1), "jobs[1].location_index", "-1", "an integer"),
    (put("vehicles.1.start_index", 99), "vehicles[1].start_index", "99", "0 to 2"),
    (put("jobs.0.location", [200, 0]), "jobs[0].location", "[200, 0]", "-180 to 180"),
    (put("jobs.0.location", [30.6, 104.1]), "jobs[0].location", "[30.6, 104.1]", "[longitude, latitude]"),
    (put("jobs.0.location", ["1", 2]), "jobs[0].location", "an array of 2", "[longitude, latitude]"),
    (put("jobs.0.location", [HUGE, 2]), "jobs[0].location", "huge", "[longitude, latitude]"),
    (put("jobs.0.location", "Paris"), "jobs[0].location", '"Paris"', "[longitude, latitude]"),
    # Matrices
    (put("matrices", {}), "matrices", "an object of 0", "at least one profile"),
    (put("matrices", []), "matrices", "an array of 0", "an object"),
    (put("matrix", [[0]]), "matrix", "matrix beside matrices", "matrices alone"),
    (put("matrices.car.durations", []), "matrices.car.durations", "an array of 0", "at least one"),
    (put("matrices.car.durations.1", [1, 2]), "matrices.car.durations[1]", "an array of 2", "an array of 3"),
    (put("matrices.car.durations.1", 5), "matrices.car.durations[1]", "5", "an array of 3"),
    (put("matrices.car.durations.1.2", -1), "matrices.car.durations[1][2]", "-1", "0 to 134217728"),
    (put("matrices.car.durations.1.2", True), "matrices.car.durations[1][2]", "true", "an integer"),
    (put("matrices.car.durations.1.2", 1.0), "matrices.car.durations[1][2]", "1.0", "an integer"),
    (put("matrices.car.durations.1.2", None), "matrices.car.durations[1][2]", "null", "an integer"),
    (put("matrices.car.durations.1.2", float("nan")), "matrices.car.durations[1][2]", "NaN", "an integer"),
    (put("matrices.car.durations.1.2", HUGE), "matrices.car.durations[1][2]", "60 digits", "an integer"),
    (put("matrices.car.distances.0.0", 1 << 32), "matrices.car.distances[0][0]", str(1 << 32), "an integer"),
    (put("matrices.bike.durations", [[0]]), "matrices.bike.durations", "1 rows", "3 rows"),
    (put("matrices.bike", {"distances": [[0] * 3] * 3}), "matrices.bike.distances", "distances alone", "together"),
    (put("matrices.bike", {}), "matrices.bike", "an object of 0", "durations, distances or costs"),
    (put("vehicles.0.profile", "hovercraft"), "vehicles[0].profile", '"hovercraft"', "car, motorbike"),
    # Between keys
    (put("vehicles.1.costs", {"per_hour": 1}), "vehicles[1].costs.per_hour", "1", "has the costs of travel"),
    (put("vehicles.1.costs", {"per_km": 1}), "vehicles[1].costs.per_km", "1", "has the costs of travel"),
    (put("jobs.0.delivery", [1]), "jobs[0].delivery", "1 figures", "2 figures, as in vehicles[0].capacity"),
    (put("jobs.0.pickup", [1, -1]), "jobs[0].pickup[1]", "-1", "an integer"),
    (put("jobs.0.amount", [1, 1]), "jobs[0].amount", "amount beside delivery", "delivery alone"),
    (put("vehicles.1.capacity", [1]), "vehicles[1].capacity", "1 figures", "2 figures"),
    (put("vehicles.0.steps.1.id", 12), "vehicles[0].steps[1].id", "12", "the id of a job"),
    (put("vehicles.0.steps.1.id", 11), "vehicles[0].steps[3].id", "11", "on one step only"),
    (put("vehicles.0.steps.2.id", 2), "vehicles[0].steps[2].id", "2", "a break of this vehicle"),
    (put("vehicles.0.steps.1", {"type": "job"}), "vehicles[0].steps[1].id", "missing", "an integer"),
    (put("vehicles.0.steps.1.type", "end"), "vehicles[0].steps[1].type", '"end"', "end as the last one"),
    (put("vehicles.0.steps.1.type", "start"), "vehicles[0].steps[1].type", '"start"', "start as the first step"),
    (put("vehicles.0.steps.1.type", "lunch"), "vehicles[0].steps[1].type", '"lunch"', '"start" | "job"'),
    (put("vehicles.0.steps.1", {}), "vehicles[0].steps[1].type", "missing", '"start" | "job"'),
    (put("vehicles.0.steps.0.id", 1), "vehicles[0].steps[0].id", "1", "no id on a start"),
    (put("vehicles.0.steps.0.service_before", 3), "vehicles[0].steps[0].service_before", "3", "not before"),
    (put("vehicles.0.steps.0.service_at", 3), "vehicles[0].steps[0].service_at", "3", "not before"),
    (put("vehicles.1.steps", [{"type": "job", "id": 10}]), "vehicles[1].steps[0].id", "10", "vehicles[0].steps[1].id"),
]


@pytest.mark.parametrize(("change", "where", "value", "allowed"), BAD, ids=[f"{row[1]} {row[2]}" for row in BAD])
def test_a_bad_value_is_named(change: Change, where: str, value: str, allowed: str) -> None:
    faults = [fault for fault in faults_of(problem(change)) if fault.where == where]
    assert len(faults) == 1
    assert value in faults[0].value
    assert allowed in faults[0].allowed


def test_the_problem_that_is_made_worse_is_good() -> None:
    assert faults_of(problem()) == ()
    assert faults_of(by_coordinates()) == ()


def test_many_faults_are_told_at_once() -> None:
    def several(document: dict[str, Any]) -> None:
        put("speed", 1)(document)
        put("jobs.0.skills", "1")(document)
        put("jobs.1.id", 10)(document)
        put("matrices.car.durations.0.1", -1)(document)
        put("vehicles.0.time_window", [9, 3])(document)

    wheres = {"speed", "jobs[0].skills", "jobs[1].id", "matrices.car.durations[0][1]", "vehicles[0].time_window"}
    # The second job is nobody's now, so a step of the first vehicle names no job.
    assert {fault.where for fault in faults_of(problem(several))} == {*wheres, "vehicles[0].steps[3].id"}


def test_very_many_faults_are_counted() -> None:
    with pytest.raises(ProblemRefused) as refused:
        read(problem(put("jobs.0.skills", ["x"] * 1_000)))
    assert refused.value.count == 1_000
    document = refusal_document(refused.value)
    assert document["code"] == 2
    assert len(document["faults"]) == PRINTED_FAULTS
    assert document["faults"][1] == {
        "where": "jobs[0].skills[1]",
        "value": '"x"',
        "allowed": "an integer, 0 to 4294967295",
    }
    assert document["error"].count("\n") == PRINTED_FAULTS
    assert "950 more faults not shown, 1000 in all" in document["error"]


def test_reading_stops_at_thousands_of_faults() -> None:
    with pytest.raises(ProblemRefused, match="10000 in all, and reading stopped there") as refused:
        read(problem(put("matrices.car.durations", [["x"] * 200] * 200)))
    assert refused.value.count == MOST_FAULTS


def test_more_than_fits_is_refused_by_number() -> None:
    assert "at most 200000 of them" in faults_of(problem(put("jobs", [1.5] * 200_001)))[0].allowed
    fault, *_ = faults_of(problem(put("vehicles", [{}] * 50_001)))
    assert (fault.where, fault.value, fault.allowed) == ("vehicles", "an array of 50001", "at most 50000 of them")
    assert "at most 1000 of them" in faults_of(problem(put("vehicles.0.breaks", [{}] * 1_001)))[0].allowed


def test_amounts_without_a_capacity_are_refused() -> None:
    document = by_coordinates()
    document["jobs"][0]["delivery"] = [1]
    (fault,) = faults_of(document)
    assert (fault.where, fault.value) == ("jobs[0].delivery", "1 figures")
    assert "no vehicle has a capacity" in fault.allowed


def test_an_unknown_profile_is_refused_with_those_known() -> None:
    document = by_coordinates()
    document["vehicles"][0]["profile"] = "horse"
    (fault,) = faults_of(document)
    assert fault.where == "vehicles[0].profile"
    assert "foot, walk, transit; or a profile with matrices.horse.durations" in fault.allowed


def test_coordinates_are_needed_without_matrices() -> None:
    document = by_coordinates()
    document["jobs"][0] = {"id": 1, "location_index": 0}
    (fault,) = faults_of(document)
    assert (fault.where, fault.value) == ("jobs[0].location", "missing")


def test_costs_that_could_outgrow_64_bits_are_refused() -> None:
    most = (1 << 32) - 1
    costly = {"fixed": most, "per_hour": most - 1, "per_km": most - 1}

    def change(document: dict[str, Any]) -> None:
        put("matrices.car.durations.0.1", 1 << 27)(document)
        put("matrices.car.distances.0.1", (1 << 29) - 1)(document)
        document["vehicles"][0].update(costs=costly, speed_factor=1)

    (fault,) = faults_of(problem(change))
    assert fault.where == "vehicles"
    assert "may cost" in fault.value
    assert faults_of(problem(put("vehicles.0.costs", {"fixed": most, "per_hour": most}))) == ()


def test_travel_that_is_slowed_down_too_far_is_refused() -> None:
    def change(document: dict[str, Any]) -> None:
        put("matrices.car.durations.0.1", 1 << 24)(document)
        put("vehicles.0.speed_factor", 0.01)(document)

    assert {fault.where for fault in faults_of(problem(change))} == {"vehicles[0].speed_factor"}


TEXTS = [
    (b"", "JSON"),
    (b"{", "JSON"),
    (b'{"jobs": [}', "line 1, column 11"),
    (b'{"jobs": [1,]}', "JSON"),
    (b"[]", "an array of 0"),
    (b"null", "null"),
    (b'"{}"', '"{}"'),
    (b"NaN", "NaN"),
    (b"1" * 5_000, "thousands of digits"),
    (b'{"a": ' + b"9" * 10_000 + b"}", "thousands of digits"),
    (b"\xff\xfe{\x00}\x00", "0xff at 0"),
    (b'{"a\x80": 1}', "UTF-8"),
    (b"[" * 100_000, "nested too deeply"),
    (b"[" * 10_000 + b"]" * 10_000, "nested too deeply"),
    (b'{"jobs":' * 10_000 + b"1" + b"}" * 10_000, "nested too deeply"),
    (b"[" * (vroom_json.MOST_BRACKETS + 1), "arrays and objects"),
    (b" " * (vroom_json.MOST_BYTES + 1), "more than 100000000 bytes"),
    (gzip.compress(b" " * (vroom_json.MOST_BYTES + 1)), "more than 100000000 bytes"),
    (gzip.compress(b'{"jobs": []}')[:-9], "gzip"),
    (b"\x1f\x8b\x08\x00rubbish", "gzip"),
    (gzip.compress(b"{}") + b"rubbish", "gzip"),
    (b'{"jobs": [], "jobs": [], "vehicles": []}', "jobs: given more than once"),
    (b'{"jobs": [{"id": 1, "id": 2}], "vehicles": []}', "jobs[0].id: given more than once"),
    (b'{"jobs": [{"id": 1e999}], "vehicles": []}', "jobs[0].id: 1e999"),
    (b'{"jobs": [{"id": -0.0}], "vehicles": []}', "jobs[0].id: -0.0"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), TEXTS, ids=[f"{row} {said}" for row, (_, said) in enumerate(TEXTS)])
def test_a_text_that_is_no_problem_is_refused(text: bytes, said: str) -> None:
    with pytest.raises(ProblemRefused, match=r"allowed: ") as refused:
        read(text)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 2_000


def test_a_nested_value_is_told_by_its_size() -> None:
    deep: Any = []
    for _ in range(300):
        deep = [deep]
    (fault,) = faults_of(problem(put("jobs.0.setup", deep)))
    assert fault.value == "an array of 1"


def test_a_hostile_key_is_shown_harmlessly() -> None:
    (fault,) = faults_of(problem(put("jobs.0.\x1b[31m\n" + "k" * 5_000, 1)))
    assert len(fault.where) < 100
    assert fault.where.isprintable()


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(0, 20),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.lists(st.integers(-3, 3), max_size=3),
    st.lists(st.lists(st.integers(0, 5), max_size=3), max_size=3),
)


def containers(value: Any) -> list[Any]:
    """Return every array and object of a document."""
    inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return [] if inside is None else [value, *(found for each in inside for found in containers(each))]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """Return a good problem with a few values replaced, removed, doubled or added anywhere."""
    document: dict[str, Any] = copy.deepcopy(draw(st.sampled_from([PROBLEM, by_coordinates()])))
    for _ in range(draw(st.integers(1, 3))):
        inside = draw(st.sampled_from(containers(document)))
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        if not keys:
            continue
        key = draw(st.sampled_from(keys))
        action = draw(st.sampled_from(["replace", "remove", "double", "add"]))
        if action == "replace":
            inside[key] = draw(VALUES)
        elif action == "remove":
            del inside[key]
        elif action == "double" and isinstance(inside, list):
            inside.append(copy.deepcopy(inside[key]))
        elif isinstance(inside, dict):
            inside[draw(st.text(max_size=3))] = draw(VALUES)
    return document


@given(mutated())
def test_a_mutated_problem_is_read_or_refused(document: dict[str, Any]) -> None:
    for fault in faults_of(json.dumps(document).encode()):
        assert fault.value
        assert fault.allowed


@given(st.binary(max_size=40))
def test_any_bytes_are_refused(data: bytes) -> None:
    assert faults_of(data)
