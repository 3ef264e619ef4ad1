"""The command line's contract: exit codes and what is said, every fault of them."""

import csv
import errno
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api import cli, cli_day
from api.planning import PlanIllegal, plan_day
from datasets.china import make_day
from datasets.day import read_day
from optimizer.budget import Steps
from optimizer.model import Rule
from optimizer.plan import Violation
from optimizer.workers import HereWorkers
from tests.bad_days import make_network
from tests.datasets import make_day_folder

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a day and its plan."""
    folder = tmp_path_factory.mktemp("planned")
    day = make_network.write(folder / "day", jobs=20, technicians=6)
    plan_day(
        day,
        folder / "out",
        base=None,
        budget=Steps(steps=400),
        workers=HereWorkers(),
        seed=1,
        progress=lambda *_: None,
    )
    return day, folder / "out"


class Paigong:
    """Runs the command line in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def __call__(self, *arguments: object) -> int:
        self.monkeypatch.setattr(sys, "argv", ["paigong", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = self.capsys.readouterr()
        self.output, self.errors = said.out, said.err
        assert isinstance(ended.value.code, int)
        return ended.value.code


@pytest.fixture
def paigong(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Paigong:
    return Paigong(monkeypatch, capsys)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["fly"], "fly"),
        (["day", "fly"], "fly"),
        (["day", "plan", "DAY", "-o", "OUT", "--fast"], "--fast"),
        (["day", "plan", "DAY"], "--output"),
        (["day", "plan", "DAY", "-o", "OUT", "--seconds", "3", "--iterations", "4"], "--seconds"),
        (["day", "plan", "DAY", "-o", "OUT", "--seconds", "0"], "--seconds"),
        (["day", "plan", "DAY", "-o", "OUT", "--seconds", "nan"], "--seconds"),
        (["day", "plan", "DAY", "-o", "OUT", "--iterations", "0"], "--iterations"),
        (["day", "plan", "DAY", "-o", "OUT", "--workers", "0"], "--workers"),
        (["day", "plan", "DAY", "-o", "OUT", "--seed", "-1"], "--seed"),
        (["day", "make", "OUT", "--jobs", "-1"], "--jobs"),
        (["day", "make", "OUT", "--technicians", "many"], "--technicians"),
        (["day", "make", "OUT", "--date", "2026-02-30"], "--date"),
        (["day", "check", "DAY"], "OUT"),
        (["day", "progress", "DAY", "OUT", "-o", "OUT2"], "--now"),
        (["day", "progress", "DAY", "OUT", "--now", "2026-03-02T10:00:00+08:00"], "--output"),
        (["day", "explain", "DAY", "OUT"], "JOB"),
        (["day", "explain", "DAY", "OUT", "J1", "--lang", "fr"], "--lang"),
    ],
)
def test_a_wrong_command_is_refused(arguments: list[str], named: str, paigong: Paigong, tmp_path: Path) -> None:
    places = {"DAY": tmp_path / "day", "OUT": tmp_path / "out"}
    assert paigong(*(places.get(argument, argument) for argument in arguments)) == cli.REFUSED
    assert named in paigong.errors
    assert "Traceback" not in paigong.errors
    assert list(tmp_path.iterdir()) == []


def test_every_fault_of_a_day_is_printed_and_nothing_is_written(paigong: Paigong, tmp_path: Path) -> None:
    cells = make_network.tables(jobs=4)
    cells["jobs"][0]["lon"] = "12.5"
    cells["jobs"][1]["service_duration"] = "-PT5M"
    cells["jobs"][2]["reported_at"] = "2026-03-01T10:00:00"
    cells["technicians"][0]["outlet_id"] = "O77"
    day = make_day_folder.write(tmp_path / "day", cells)
    assert paigong("day", "plan", day, "-o", tmp_path / "out") == cli.REFUSED
    wrong = {"12.5": "jobs.csv, line 2, lon", "-PT5M": "jobs.csv, line 3, service_duration"}
    wrong |= {"2026-03-01T10:00:00": "jobs.csv, line 4, reported_at", "O77": "technicians.csv, line 2, outlet_id"}
    for value, where in wrong.items():
        assert f'{where}: "{value}"; allowed: ' in paigong.errors
    assert sorted(path.name for path in tmp_path.iterdir()) == ["day"]


def test_a_day_that_is_not_there_is_refused(paigong: Paigong, tmp_path: Path) -> None:
    assert paigong("day", "plan", tmp_path / "day", "-o", tmp_path / "out") == cli.REFUSED
    assert str(tmp_path / "day") in paigong.errors
    assert "missing" in paigong.errors


def test_a_folder_of_something_else_is_refused_before_any_work(paigong: Paigong, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.docx").write_text("five years")
    day = make_network.write(tmp_path / "day", jobs=3)
    assert paigong("day", "plan", day, "-o", out) == cli.REFUSED
    assert "nothing was written" in paigong.errors
    assert "Reading" not in paigong.errors
    assert (out / "thesis.docx").read_text() == "five years"
    assert paigong("day", "make", out, "--jobs", 3) == cli.REFUSED
    assert [path.name for path in out.iterdir()] == ["thesis.docx"]


def test_make_writes_a_day_and_says_so(paigong: Paigong, tmp_path: Path) -> None:
    assert paigong("day", "make", tmp_path / "day", "--jobs", 5, "--technicians", 7, "--date", "2026-04-07") == cli.DONE
    assert "5 jobs and 7 technicians of 2026-04-07" in paigong.output
    assert (tmp_path / "day" / "day.toml").is_file()


def test_a_good_plan_passes_the_check(paigong: Paigong, planned: tuple[Path, Path]) -> None:
    assert paigong("day", "check", *planned) == cli.DONE
    assert "is legal: every rule holds" in paigong.output


def jobs_of(out: Path) -> dict[str, list[str]]:
    """Return the explained jobs of a plan by why, and under "served" one that is not left out."""
    document = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {"served": [document["routes"][0]["stops"][0]["job_id"]]}
    for said in document["explanations"]:
        found.setdefault(said["why"], []).append(said["job_id"])
    return found


def test_every_job_can_be_asked_about_in_both_languages(paigong: Paigong, planned: tuple[Path, Path]) -> None:
    for job_ids in jobs_of(planned[1]).values():
        assert paigong("day", "explain", *planned, job_ids[0]) == cli.DONE
        assert paigong.output.startswith(job_ids[0])
        assert "technician" in paigong.output
        assert "技师" in paigong.output
        assert paigong("day", "explain", *planned, job_ids[0], "--lang", "en") == cli.DONE
        assert "技师" not in paigong.output
        assert paigong("day", "explain", *planned, job_ids[0], "--lang", "zh", "--base", planned[1]) == cli.DONE
        assert "technician" not in paigong.output


def test_the_rest_of_a_day_can_be_planned_on(paigong: Paigong, planned: tuple[Path, Path], tmp_path: Path) -> None:
    day, out = planned
    noon = "2026-03-02T12:00:00+08:00"
    assert paigong("day", "progress", day, out, "--now", noon, "-o", tmp_path / "noon") == cli.DONE
    assert f"as planned by {noon}" in paigong.output
    before, after = (read_day(folder).day for folder in (day, tmp_path / "noon"))
    stops = [stop for route in json.loads((out / "plan.json").read_text())["routes"] for stop in route["stops"]]
    made = {stop["job_id"] for stop in stops if stop["start"] < noon}
    assert made
    assert made <= {job.id for job in before.jobs} - {job.id for job in after.jobs}
    again = ("-o", tmp_path / "again", "--base", out, "--iterations", "200", "--workers", "1", "--no-stability")
    assert paigong("day", "plan", tmp_path / "noon", *again) == cli.DONE
    assert "should have begun by now" not in paigong.output
    assert "dropped with their jobs 0" in paigong.output
    assert paigong("day", "progress", day, out, "--now", "noon", "-o", tmp_path / "noon") == cli.REFUSED
    assert "now" in paigong.errors


def test_a_job_that_is_not_there_is_refused_with_its_like(paigong: Paigong, planned: tuple[Path, Path]) -> None:
    known = jobs_of(planned[1])["served"][0]
    assert paigong("day", "explain", *planned, known + "x") == cli.REFUSED
    assert f'no job "{known}x"' in paigong.errors
    assert f"did you mean {known}" in paigong.errors


def test_the_pick_list_has_the_units_of_the_shipments(tmp_path: Path) -> None:
    make_day(tmp_path / "day", jobs=150, technicians=60, seed=3)
    out = tmp_path / "out"
    plan_day(
        tmp_path / "day",
        out,
        base=None,
        budget=Steps(steps=200),
        workers=HereWorkers(),
        seed=1,
        progress=lambda *_: None,
    )

    def read(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader((out / name).read_text(encoding="utf-8-sig").splitlines()))

    visits = {row["job_id"]: row for row in read("stops.csv")}
    shipped = sorted((row["order_line_id"], row["part_id"], row["quantity"]) for row in read("shipments.csv"))
    assert shipped
    picks = read("picklist.csv")
    assert {row["carried"] for row in picks} == {"yes", "no"}
    sent = [row for row in picks if row["carried"] == "no"]
    assert sorted((row["order_line_id"], row["part_id"], row["quantity"]) for row in sent) == shipped
    for row in picks:
        visit = visits[row["job_id"]]
        assert (row["technician_id"], row["sequence"], row["visit_at"]) == (
            visit["technician_id"],
            visit["sequence"],
            visit["start"],
        )
        assert row["after_leaving"] == ("yes" if row["ready_at"] > row["leaves_at"] else "no")
        assert row["bring_by"] == (row["visit_at"] if row["after_leaving"] == "yes" else "")


def test_the_ways_to_repair_overwrite_nothing_else(
    paigong: Paigong, planned: tuple[Path, Path], tmp_path: Path
) -> None:
    day, _ = planned
    jobs = (day / "jobs.csv").read_bytes()
    assert paigong("day", "modes", day, "-o", day / "jobs.csv") == cli.REFUSED
    assert "which is read, not written; nothing was written" in paigong.errors
    assert (day / "jobs.csv").read_bytes() == jobs
    other = tmp_path / "jobs.csv"
    other.write_bytes(jobs)
    assert paigong("day", "modes", day, "-o", other) == cli.REFUSED
    assert "is not a table of ways to repair; nothing was written" in paigong.errors
    assert other.read_bytes() == jobs


def test_the_ways_to_repair_are_counted_written_and_told(
    paigong: Paigong, planned: tuple[Path, Path], tmp_path: Path
) -> None:
    day, _ = planned
    assert paigong("day", "modes", day, "-o", tmp_path / "modes.csv") == cli.DONE
    assert "recommended" in paigong.output
    assert "20 jobs" in paigong.output
    assert paigong("day", "modes", day, "-o", tmp_path / "modes.csv") == cli.DONE
    rows = list(csv.DictReader((tmp_path / "modes.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert len(rows) == 4 * 20
    job_id = rows[0]["job_id"]
    assert paigong("day", "modes", day, "--job", job_id, "--lang", "zh") == cli.DONE
    assert "不选远程：" in paigong.output
    assert "Best" not in paigong.output
    assert paigong("day", "modes", day, "--job", job_id) == cli.DONE
    assert "Best" in paigong.output
    assert paigong("day", "modes", day, "--job", job_id + "x") == cli.REFUSED
    assert "did you mean" in paigong.errors


def test_a_plan_that_is_not_there_cannot_be_explained(
    paigong: Paigong, planned: tuple[Path, Path], tmp_path: Path
) -> None:
    job_id = jobs_of(planned[1])["served"][0]
    assert paigong("day", "explain", planned[0], tmp_path / "none", job_id) == cli.REFUSED
    assert paigong("day", "explain", tmp_path / "none", planned[1], job_id) == cli.REFUSED


def edited(planned: tuple[Path, Path], copy: Path) -> Path:
    """Copy a plan, its first visit set four hours before dawn in plan.json and stops.csv alike."""
    copy.mkdir()
    for path in planned[1].iterdir():
        if path.is_file() and path.name not in {"picklist.csv", "at_risk.csv"}:
            (copy / path.name).write_bytes(path.read_bytes())
    document: dict[str, Any] = json.loads((copy / "plan.json").read_text(encoding="utf-8"))
    stop = document["routes"][0]["stops"][0]
    stop["start"] = "2026-03-02T02:00:00+08:00"
    (copy / "plan.json").write_text(json.dumps(document), encoding="utf-8")
    with (copy / "stops.csv").open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = csv.reader(stream)
    for row in rows:
        if row[0] == stop["job_id"]:
            row[header.index("arrival")] = row[header.index("start")] = stop["start"]
            row[header.index("late_s")] = "0"
    with (copy / "stops.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return copy


def test_every_violation_of_an_edited_plan_is_printed(
    paigong: Paigong, planned: tuple[Path, Path], tmp_path: Path
) -> None:
    out = edited(planned, tmp_path / "edited")
    job_id = json.loads((out / "plan.json").read_text())["routes"][0]["stops"][0]["job_id"]
    assert paigong("day", "check", planned[0], out) == cli.VIOLATIONS
    *lines, last = paigong.output.splitlines()
    assert last == f"{len(lines)} violations."
    assert {line.split()[0] for line in lines} == {"WINDOW", "HOURS", "TRAVEL", "STATED"}
    assert all(f"job {job_id}" in line for line in lines if not line.startswith("STATED"))
    assert "legal" not in paigong.output


@pytest.mark.parametrize("file", ["plan.json", "stops.csv"])
def test_a_plan_that_cannot_be_read_is_refused(
    file: str, paigong: Paigong, planned: tuple[Path, Path], tmp_path: Path
) -> None:
    out = edited(planned, tmp_path / "cut")
    cut = (planned[1] / file).read_bytes()[:-40]
    (out / file).write_bytes(cut)
    assert paigong("day", "check", planned[0], out) == cli.REFUSED
    assert file in paigong.errors


def test_papers_that_contradict_the_plan_are_refused(
    paigong: Paigong, planned: tuple[Path, Path], tmp_path: Path
) -> None:
    out, file = tmp_path / "out", "at_risk.csv"
    shutil.copytree(planned[1], out)
    header, *rows = (out / file).read_text(encoding="utf-8-sig").splitlines()
    first, *others = rows
    (out / file).write_text("\n".join([header, *others, first]) + "\n", encoding="utf-8-sig")
    assert paigong("day", "check", planned[0], out) == cli.DONE
    for wrong in ([header, *others], [header, *rows, first], [header, first.replace("202", "201"), *others]):
        (out / file).write_text("\n".join(wrong) + "\n", encoding="utf-8-sig")
        assert paigong("day", "check", planned[0], out) == cli.REFUSED, wrong
        assert file in paigong.errors
        assert "plan.json is what counts" in paigong.errors
    (out / file).unlink()
    assert paigong("day", "check", planned[0], out) == cli.DONE


def test_tables_that_contradict_the_plan_are_refused(
    paigong: Paigong, planned: tuple[Path, Path], tmp_path: Path
) -> None:
    out = edited(planned, tmp_path / "half")
    (out / "stops.csv").write_bytes((planned[1] / "stops.csv").read_bytes())
    assert paigong("day", "check", planned[0], out) == cli.REFUSED
    assert "plan.json is what counts" in paigong.errors


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), cli.INTERNAL, "No space left on device. Nothing was"),
        (PermissionError(errno.EACCES, "Permission denied", "/srv/plans"), cli.INTERNAL, "/srv/plans: Permission"),
        (ZeroDivisionError("by zero"), cli.INTERNAL, "a defect of Paigong, not of your input"),
        (
            PlanIllegal((Violation(rule=Rule.CREW, where="job J1", sentence="J1 needs two"),)),
            cli.INTERNAL,
            "CREW  job J1: J1 needs two",
        ),
        (KeyboardInterrupt(), cli.INTERRUPTED, "Interrupted"),
    ],
    ids=["full disk", "no right", "defect", "illegal plan", "Ctrl-C"],
)
def test_what_goes_wrong_inside_has_its_exit_code(
    error: BaseException,
    code: int,
    said: str,
    paigong: Paigong,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(cli_day, "plan_day", fails)
    assert paigong("day", "plan", tmp_path / "day", "-o", tmp_path / "out") == code
    assert said in paigong.errors


@pytest.mark.parametrize(
    ("module", "needless"),
    [
        ("api.cli", {"numpy", "sqlalchemy", "fastapi"}),
        ("api.cli_key", {"numba", "ortools", "pandas", "fastapi", "matplotlib"}),
        ("api.cli_work", {"api.run_process", "matplotlib"}),
        ("api.workers", {"api.planning", "fastapi", "matplotlib"}),
    ],
)
def test_a_command_waits_for_nothing_that_it_does_not_need(module: str, needless: set[str]) -> None:
    asked = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, cwd=ROOT)
    assert module in loaded.stdout.split()
    assert needless.isdisjoint(loaded.stdout.split())


def test_help_names_every_command() -> None:
    said = CliRunner().invoke(cli.app, ["--help"]).output
    for name in ("solve", "bench", "serve", "work", "day", "parts", "tour", "db", "key"):
        assert f"│ {name} " in said
    assert "warm-up" not in said
