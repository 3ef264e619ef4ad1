"""The same fault twice within the span makes a job a unit exchange: people, room, time and kit follow."""

from pathlib import Path

import pytest

from datasets.day import DayFolder, read_day
from datasets.faults import DayRefused
from optimizer.model import Job
from tests.datasets import make_day_folder as make


def folder_with(path: Path, same_fault_at: str, rule: str = "", **cells: str) -> DayFolder:
    """Return the day whose fridge J1, reported 2026-03-01 18:30, had the same fault before."""
    tables = make.tables()
    tables["jobs"][0] |= {"same_fault_at": same_fault_at, **cells}
    tables["kits"].append({"product": "fridge", "fault": "exchange", "part_id": "P2", "quantity": "1"})
    return read_day(make.write(path, tables, make.settings() + rule))


def first(folder: DayFolder) -> Job:
    return folder.day.jobs[0]


def test_within_the_span_it_is_an_exchange_and_a_second_later_it_is_not(tmp_path: Path) -> None:
    last = folder_with(tmp_path / "a", "2026-01-30T18:30:00+08:00")
    assert (first(last).crew, first(last).load) == (2, 1)
    assert last.jobs.loc["J1", "job_type"] == "unit_exchange"
    late = folder_with(tmp_path / "b", "2026-01-30T18:29:59+08:00")
    assert (first(late).crew, first(late).load) == (1, 0)
    assert late.jobs.loc["J1", "job_type"] == "repair"


def test_the_rule_of_the_day_says_what_an_exchange_takes(tmp_path: Path) -> None:
    rule = '[exchange]\nwithin = "P7D"\ncrew = 3\nload = 4\nservice = "PT2H"\nfault = "exchange"\n'
    job = first(folder_with(tmp_path / "a", "2026-02-25T10:00:00+08:00", rule))
    assert (job.crew, job.load, job.service_s) == (3, 4, 7_200)
    assert [line.part_id for line in job.order_lines] == ["P2"]
    same = first(folder_with(tmp_path / "b", "2026-02-20T10:00:00+08:00", rule))
    assert (same.crew, same.load, same.service_s) == (1, 0, 2_700)
    assert [line.part_id for line in same.order_lines] == ["P1", "P4"]


def test_what_the_job_says_itself_is_never_made_less(tmp_path: Path) -> None:
    job = first(folder_with(tmp_path, "2026-02-25T10:00:00+08:00", crew_size="3", load="6", parts="P4:1"))
    assert (job.crew, job.load) == (3, 6)
    assert [line.part_id for line in job.order_lines] == ["P4"]


def test_a_fault_after_the_call_and_a_rule_without_sense_are_refused(tmp_path: Path) -> None:
    rule = '[exchange]\nwithin = "P0D"\ncrew = 0\ncolour = "red"\n'
    with pytest.raises(DayRefused) as refused:
        folder_with(tmp_path, "2026-03-01T18:30:00+08:00", rule)
    told = str(refused.value)
    for expected in ("same_fault_at", "before reported_at", "within", "P30D", "crew", "colour"):
        assert expected in told
