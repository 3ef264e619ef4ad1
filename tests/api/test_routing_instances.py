"""`paigong bench toptw` and `pvrp`: public files become a table beside the best known."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.benchmarks import BenchRefused
from api.routing_instances import RoutingRow, orienteering_bench, periodic_bench, routing_json, routing_table
from datasets.cordeau import CordeauRefused

SPOTS = "4 2 2 1\n0 200\n0 0 0 0 0 0 0 0 20\n1 10 0 0 30 1 1 1 0 20\n2 -5 0 0 10 1 1 1 0 20\n"
PERIODIC = "1 1 2 2\n0 9\n0 9\n0 0 0 0 0 0 0\n1 3 4 0 5 1 2 1 2\n2 3 4 0 4 2 1 3\n"


@pytest.fixture
def spots(tmp_path: Path) -> Path:
    (tmp_path / "r1.txt").write_text(SPOTS)
    (tmp_path / "opt_m1_righini_salani.csv").write_text("instance,optimal_profit_m1\nr1_100,40\n")
    (tmp_path / "header_v_total.csv").write_text(
        "instance,v_paths_to_visit_all,N,total_score_opt_when_m_eq_v\nr1,2,2,40.0\n"
    )
    return tmp_path


@pytest.fixture
def periods(tmp_path: Path) -> Path:
    (tmp_path / "p1").write_text(PERIODIC)
    (tmp_path / "BKS.csv").write_text("Instance Name,BKS\nset/MDVRP/p1,7\nset/PVRP/p1,16\n")
    return tmp_path


def test_a_file_is_toured_with_every_m_whose_best_is_known(spots: Path) -> None:
    one, two = orienteering_bench(spots, [], seconds=0.2, seed=1)
    assert (one.instance, one.cost, one.best_known, one.gap_percent, one.unserved) == ("r1-m1", 30, 40, 25, 1)
    assert (two.instance, two.cost, two.best_known, two.gap_percent, two.unserved) == ("r1-m2", 40, 40, 0, 0)
    table = routing_table([one, two], "score").splitlines()
    assert len({len(line) for line in table}) == 1
    assert table[-1].split() == ["mean", "12.50"]
    assert list(json.loads(routing_json([one]))[0]) == [
        "instance",
        "cost",
        "best_known",
        "gap_percent",
        "unserved",
        "seconds",
    ]


def test_runs_are_chosen_by_file_or_by_m(spots: Path) -> None:
    assert [row.instance for row in orienteering_bench(spots, ["r1-m2"], seconds=0.1, seed=1)] == ["r1-m2"]
    assert len(list(orienteering_bench(spots, ["r1"], seconds=0.1, seed=1))) == 2
    with pytest.raises(BenchRefused, match="there is r1-m1, r1-m2"):
        list(orienteering_bench(spots, ["r1-m3"], seconds=0.1, seed=1))


def test_without_a_best_known_m_is_the_files(spots: Path) -> None:
    for table in spots.glob("*.csv"):
        table.unlink()
    (row,) = orienteering_bench(spots, [], seconds=0.1, seed=1)
    assert (row.instance, row.best_known, row.gap_percent) == ("r1-m2", None, None)


def test_a_period_is_planned_and_its_length_compared(periods: Path) -> None:
    (row,) = periodic_bench(periods, [], seconds=0.1, seed=1)
    assert (row.instance, row.cost, row.best_known, row.gap_percent, row.unserved) == ("p1", 20, 16, 25, 0)


def test_somebody_left_out_is_counted_and_there_is_no_gap(periods: Path) -> None:
    (periods / "p1").write_text(PERIODIC.replace("0 9", "0 4"))
    (row,) = periodic_bench(periods, [], seconds=0.1, seed=1)
    assert (row.unserved, row.gap_percent) == (1, None)


@pytest.mark.parametrize(
    ("table", "told"), [("Instance,BKS\np1,16\n", "no column Instance Name"), ("Instance Name,BKS\np1,few\n", "few")]
)
def test_a_table_of_best_knowns_that_is_none_is_refused(periods: Path, table: str, told: str) -> None:
    (periods / "BKS.csv").write_text(table)
    with pytest.raises(BenchRefused, match=told):
        list(periodic_bench(periods, [], seconds=0.1, seed=1))


def test_a_bad_file_is_refused_before_anything_is_planned(periods: Path) -> None:
    (periods / "p2").write_text("1 1\n")
    with pytest.raises(CordeauRefused, match="p2, line 1"):
        next(periodic_bench(periods, [], seconds=0.1, seed=1))


@pytest.mark.parametrize("bench", [periodic_bench, orienteering_bench])
def test_a_folder_of_something_else_is_refused_in_one_line(
    bench: Callable[..., Iterator[RoutingRow]], tmp_path: Path
) -> None:
    for number in range(7):
        (tmp_path / f"day{number}.toml").write_text("date = 2026-03-02\n" * 50, encoding="utf-8")
    with pytest.raises(BenchRefused) as refused:
        list(bench(tmp_path, [], seconds=1, seed=1))
    said = str(refused.value)
    assert "\n" not in said
    assert "no instance here; allowed: text of numbers" in said
    assert said.endswith("there is day0.toml, day1.toml, day2.toml, day3.toml, day4.toml and 2 more")
