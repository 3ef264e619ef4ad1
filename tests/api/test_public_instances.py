"""`paigong bench gap`: public files become a table with what is proven."""

import json
from pathlib import Path

import pytest

from api.benchmarks import BenchRefused
from api.public_instances import public_bench, public_files, public_json, public_table


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "jobs").write_text("2 2\n1 5\n5 1\n1 1\n1 1\n1 1\n")
    (tmp_path / "sites.txt").write_text("2 1\n10 100\n20 50\n7\n3 4\n")
    (tmp_path / "best_known.csv").write_text("instance,cost\nset/jobs,2\n")
    return tmp_path


def test_each_file_gets_a_row_with_its_bound(folder: Path) -> None:
    jobs, sites = public_bench(folder, [], seconds=5)
    assert (jobs.kind, jobs.cost, jobs.bound, jobs.best_known, jobs.gap_percent) == ("assignment", 2, 2, 2, 0)
    assert (sites.kind, sites.cost, sites.best_known, sites.proven_gap_percent) == ("location", 54, None, 0)
    assert len({len(line) for line in public_table([jobs, sites]).splitlines()}) == 1
    assert [row["instance"] for row in json.loads(public_json([jobs, sites]))] == ["jobs", "sites"]


def test_nothing_fits_is_said_without_a_gap(tmp_path: Path) -> None:
    (tmp_path / "tight").write_text("1 2\n1 1\n2 2\n3\n")
    (row,) = public_bench(tmp_path, [], seconds=5)
    assert (row.unserved, row.gap_percent, row.proven_gap_percent) == (1, None, None)


def test_what_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(BenchRefused, match="there is jobs, sites"):
        public_files(folder, ["other"], "numbers")
    with pytest.raises(BenchRefused, match="no such folder"):
        public_files(folder / "nowhere", [], "numbers")
    (folder / "best_known.csv").write_text("instance,cost\njobs,few\n")
    with pytest.raises(BenchRefused, match="numbers"):
        list(public_bench(folder, [], seconds=5))


def test_a_folder_of_something_else_is_refused_in_one_line(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"day{number}.toml").write_text("date = 2026-03-02\n" * 50, encoding="utf-8")
    with pytest.raises(BenchRefused) as refused:
        list(public_bench(tmp_path, [], seconds=1))
    said = str(refused.value)
    assert "\n" not in said
    assert "no instance here; allowed: text of numbers" in said
    assert said.endswith("there is day0.toml, day1.toml, day2.toml, day3.toml, day4.toml and 2 more")
