"""Public assignment and location files are read, or refused with every fault."""

from pathlib import Path

import pytest

from datasets.or_library import GapFile, InstanceRefused, LocationFile, read_instance

GAP = "2 3\n1 2 3\n4 5 6\n1 1 1\n2 2 2\n3 4\n"
LOCATION = "2 1\n10 100.\n20 50.5\n7\n3.5 4\n"


def _file(folder: Path, text: str) -> Path:
    path = folder / "instance"
    path.write_text(text)
    return path


def test_an_assignment_is_two_tables_and_a_row(tmp_path: Path) -> None:
    read = read_instance(_file(tmp_path, GAP))
    assert isinstance(read, GapFile)
    assert read.cost.tolist() == [[1, 2, 3], [4, 5, 6]]
    assert read.weight.tolist() == [[1, 1, 1], [2, 2, 2]]
    assert read.capacity.tolist() == [3, 4]


def test_a_location_is_warehouses_then_customers(tmp_path: Path) -> None:
    read = read_instance(_file(tmp_path, LOCATION))
    assert isinstance(read, LocationFile)
    assert read.capacity.tolist() == [10, 20]
    assert read.fixed.tolist() == [100, 50.5]
    assert read.demand.tolist() == [7]
    assert read.cost.tolist() == [[3.5, 4]]


def test_every_fault_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(InstanceRefused) as refused:
        read_instance(_file(tmp_path, "2 0\n1 -2 capacity\n"))
    told = str(refused.value).splitlines()
    assert [line.partition(";")[0] for line in told] == [
        'instance, line 1, jobs or customers: "0"',
        'instance, line 2: "-2"',
        'instance, line 2: "capacity"',
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "two whole numbers first"),
        (GAP + "1", "for an assignment"),
        (GAP.replace("6", "6.5"), 'line 3: "6.5"; allowed: a whole number'),
    ],
)
def test_what_is_no_instance_is_refused(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(InstanceRefused, match=told):
        read_instance(_file(tmp_path, text))
