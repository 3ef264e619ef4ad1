"""Families that nobody and nothing knows are found before a plan leaves their jobs out."""

from pathlib import Path

from datasets.day import read_day
from datasets.families import unknown_families
from tests.bad_days import make_network


def test_families_of_technicians_and_parts_are_known(tmp_path: Path) -> None:
    assert unknown_families(read_day(make_network.write(tmp_path / "day", jobs=12, technicians=4))) == {}


def test_a_family_that_is_misspelt_is_found_with_its_jobs(tmp_path: Path) -> None:
    day = make_network.write(tmp_path / "day", jobs=12, technicians=4)
    jobs = day / "jobs.csv"
    lines = jobs.read_text(encoding="utf-8").splitlines()
    place = lines[0].split(",").index("product")
    cells = lines[1].split(",")
    cells[place] = "frigde"
    jobs.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", encoding="utf-8")
    assert unknown_families(read_day(day)) == {"frigde": 1}
