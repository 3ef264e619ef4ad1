"""Files in Cordeau's format are read, or refused with every fault."""

from pathlib import Path

import pytest

from datasets.cordeau import CordeauRefused, read_orienteering, read_periodic
from optimizer.periodic.model import Customer, DayFleet

PERIODIC = "1 3 2 4\n0 20\n0 20\n480 20\n0 15\n0 1.5 -2 0 0 0 0\n1 10 0 2 5 2 2 5 10\n2 0 10 0 7 1 1 8\n"
ORIENTEERING = "4 10 2 1\n0 200\n 0 40 50 0 0 0 0 0 230\n 1 45 68 10 30 1 1 1 91 120\n 2 45 70 10 7 4 1 15 0 200\n"


def _file(folder: Path, text: str, name: str = "instance") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_periodic_problem_is_fleets_depot_and_customers(tmp_path: Path) -> None:
    read = read_periodic(_file(tmp_path, PERIODIC))
    assert (read.depot, read.vehicles) == ((1.5, -2), 3)
    assert read.days[1:3] == (DayFleet(capacity=20, longest=None), DayFleet(capacity=20, longest=480))
    assert read.days[3].capacity == 15
    assert read.customers[0] == Customer(id=1, place=(10, 0), service=2, demand=5, combinations=((1, 3), (0, 2)))


def test_the_first_day_is_the_leftmost_bit(tmp_path: Path) -> None:
    assert read_periodic(_file(tmp_path, PERIODIC)).customers[1].combinations == ((0,),)


def test_an_orienteering_problem_ends_its_lines_with_windows(tmp_path: Path) -> None:
    read = read_orienteering(_file(tmp_path, ORIENTEERING, "r1.txt"))
    assert (read.vehicles, read.orienteering.parts) == (10, 10)
    assert read.orienteering.depot.latest == 230
    first, second = read.orienteering.spots
    assert (first.id, first.service, first.score, first.earliest, first.latest) == (1, 10, 30, 91, 120)
    assert (second.score, second.latest) == (7, 200)
    assert read_orienteering(_file(tmp_path, ORIENTEERING, "pr01.txt")).orienteering.parts == 100


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    broken = PERIODIC.replace("2 5 10", "2 5 16").replace("480 20", "-1 20.5").replace("7 1 1 8", "-7 1 2 8")
    with pytest.raises(CordeauRefused) as refused:
        read_periodic(_file(tmp_path, broken))
    assert [line.partition(";")[0] for line in str(refused.value).splitlines()] == [
        'instance, line 4, longest duration: "-1"',
        'instance, line 4, capacity: "20.5"',
        'instance, line 7, combination: "16"',
        'instance, line 8, combinations: "2"',
        'instance, line 8, demand: "-7"',
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "four whole numbers: type vehicles customers days"),
        ("1 2 3\n", "four whole numbers"),
        (PERIODIC.replace("1 3 2 4", "1 0 2.5 4"), 'customers: "2.5"; allowed: a whole number from 1'),
        (PERIODIC.replace("1 3 2 4", "2 3 2 4"), "periodic routing"),
        (PERIODIC.replace("1 3 2 4", "1 3 3 4"), "4 lines: the depot's and one for each"),
        (PERIODIC.replace("1 3 2 4", "1 3 2 5"), "5 lines of longest duration and capacity"),
        (PERIODIC.replace("1.5 -2", "nan x"), 'line 6: "x"; allowed: a number'),
        (PERIODIC.replace("\n2 0 10 0 7 1 1 8", "\n2 0 10"), "at least 7 numbers"),
        (PERIODIC.replace("\n2 0 10 0", "\n1 0 10 0"), "another number for each place"),
        ("1 3 2 4\n0 20\n", "3 lines"),
    ],
)
def test_what_is_no_periodic_problem_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(CordeauRefused, match=told):
        read_periodic(_file(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("91 120", "91", "10 numbers"),
        ("91 120", "120 91", "not before it opens"),
        ("10 30 1", "10 30.5 1", 'score: "30.5"'),
        ("10 30 1", "-10 30 1", 'service: "-10"'),
    ],
)
def test_what_is_no_orienteering_problem_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(CordeauRefused, match=told):
        read_orienteering(_file(tmp_path, ORIENTEERING.replace(old, new)))
