"""`paigong solve` as its users run it: real processes, exit codes, and what they say where."""

import gzip
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.bad_days.process import COMMAND, DEADLINE_S, Terminal, nobody_left
from tests.datasets.make_vroom import by_coordinates, problem

LARGE = 200_000_000


def run(*arguments: object, given: bytes = b"") -> tuple[int, bytes, str]:
    """Run the command to its end; return exit code, standard output and standard error."""
    found = subprocess.run(
        [COMMAND, "solve", *map(str, arguments)], input=given, capture_output=True, timeout=DEADLINE_S, check=False
    )
    return found.returncode, found.stdout, found.stderr.decode()


def refusal(found: tuple[int, bytes, str]) -> dict[str, Any]:
    """Return the error document of a refusal, which is on standard output."""
    code, output, errors = found
    assert code == 2
    document: dict[str, Any] = json.loads(output)
    assert document["code"] == 2
    assert errors.strip() == document["error"]
    assert "Traceback" not in errors
    assert all(fault.keys() == {"where", "value", "allowed"} for fault in document["faults"])
    return document


def test_a_plan_from_a_file_to_a_file(tmp_path: Path) -> None:
    place, out = tmp_path / "problem.json.gz", tmp_path / "solution.json"
    place.write_bytes(gzip.compress(json.dumps(problem()).encode()))
    assert run(place, "-o", out, "--evaluate") == (0, b"", "")
    assert json.loads(out.read_bytes())["summary"]["cost"] == 1_065


def test_a_plan_from_standard_input_to_standard_output() -> None:
    document = by_coordinates()
    document["vehicles"][0]["steps"] = [{"type": "job", "id": 2}, {"type": "job", "id": 1}]
    code, output, errors = run("-", "--evaluate", given=json.dumps(document).encode())
    assert (code, errors) == (0, "")
    assert [step.get("id") for step in json.loads(output)["routes"][0]["steps"]] == [None, 2, 1, None]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b'{"jobs": [}', "JSON"),
        (b'{"jobs": [{"id": NaN}], "vehicles": []}', "jobs[0].id: NaN"),
    ],
)
def test_a_bad_problem_is_refused_in_both_voices(given: bytes, said: str) -> None:
    assert said in refusal(run("-", given=given))["error"]


def test_every_fault_is_told() -> None:
    document = problem()
    document["jobs"][0]["skills"] = "1"
    document["jobs"][1]["id"] = 10
    document["vehicles"][0]["time_window"] = [9, 3]
    wheres = [fault["where"] for fault in refusal(run("-", given=json.dumps(document).encode()))["faults"]]
    assert {"jobs[0].skills", "jobs[1].id", "vehicles[0].time_window"} <= set(wheres)


def test_a_file_of_200_mb_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "large.json"
    with place.open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, LARGE)
    assert "more than 100000000 bytes" in refusal(run(place))["error"]
    packed = tmp_path / "large.json.gz"
    packed.write_bytes(gzip.compress(b" " * LARGE, compresslevel=1))
    assert "more than 100000000 bytes" in refusal(run(packed))["error"]


def test_a_problem_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refusal(run(tmp_path / "none.json"))["error"]


def test_a_problem_is_not_overwritten_with_its_answer(tmp_path: Path) -> None:
    place = tmp_path / "problem.json"
    place.write_text(json.dumps(by_coordinates()))
    code, _, errors = run(place, "-o", place, "--evaluate")
    assert (code, "is not an answer in VROOM's format" in errors) == (2, True)
    assert json.loads(place.read_bytes()) == by_coordinates()


def test_a_refusal_goes_where_the_solution_would(tmp_path: Path) -> None:
    out = tmp_path / "solution.json"
    code, output, errors = run("-", "-o", out, given=b"{}")
    assert (code, output) == (2, b"")
    assert "jobs: missing" in errors
    assert json.loads(out.read_bytes())["code"] == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-", "-o", "/nowhere/at/all.json"), "/nowhere/at/all.json is no file in a folder that exists"),
        (("-", "--engine", "horse"), "Usage"),
    ],
)
def test_a_wrong_command_is_refused(arguments: tuple[str, ...], said: str) -> None:
    code, output, errors = run(*arguments, given=b"{}")
    assert (code, output) == (2, b"")
    assert said in errors
    assert "Traceback" not in errors


def test_a_full_disk_is_not_the_askers_fault() -> None:
    code, _, errors = run("-", "--evaluate", "-o", "/dev/full", given=json.dumps(by_coordinates()).encode())
    assert code == 3
    assert "No space left" in errors


def test_ctrl_c_ends_with_the_best_so_far(tmp_path: Path) -> None:
    place, out = tmp_path / "problem.json", tmp_path / "solution.json"
    document = by_coordinates()
    # Two jobs would be done with before anybody could press a key.
    document["jobs"] = [{"id": i, "location": [2 + i / 1_000, 48.6]} for i in range(120)]
    place.write_text(json.dumps(document))
    run = Terminal("solve", place, "-o", out, "--seconds", 86_400)
    with nobody_left(run):
        run.until_shown("Searching for 86400 s")
        run.press_ctrl_c()
        assert run.end() == 130
    assert "Stopping with the best plan so far" in run.screen
    solution = json.loads(out.read_bytes())
    assert solution["code"] == 0
    # Pressed in the first moments, it may not have come to the last job yet.
    assert len(solution["unassigned"]) < 12
