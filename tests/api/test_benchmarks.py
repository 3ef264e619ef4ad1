"""`paigong bench dispatch`: a folder of instances becomes a table and a list."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from api.benchmarks import BenchRefused, bench, bench_json, bench_table, instances_in, is_bench
from optimizer.solve import Engine
from tests.datasets.make_vroom import problem


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    document: dict[str, Any] = problem()
    for vehicle in document["vehicles"]:
        vehicle.pop("steps", None)
    (tmp_path / "one.json").write_text(json.dumps(document))
    shutil.copy(tmp_path / "one.json", tmp_path / "two.json")
    return tmp_path


def test_each_instance_gets_a_row(folder: Path) -> None:
    rows = list(bench(folder, [], seconds=0.1, seed=1, engine=Engine.SEARCH))
    assert [row.instance for row in rows] == ["one", "two"]
    assert {row.unserved for row in rows} == {0}
    assert all(row.cost > 0 for row in rows)
    assert {row.best_known for row in rows} == {None}
    keys = {"instance", "cost", "best_known", "gap_percent", "unserved", "seconds"}
    assert all(keys <= set(row) for row in json.loads(bench_json(rows)))
    assert is_bench(bench_json(rows).encode())
    assert not is_bench((folder / "one.json").read_bytes())
    assert len({len(line) for line in bench_table(rows).splitlines()}) == 1


def test_the_best_known_of_the_folder_gives_the_gap(folder: Path) -> None:
    (row,) = bench(folder, ["one"], seconds=0.1, seed=1, engine=Engine.SEARCH)
    (folder / "best_known.csv").write_text(f"instance,unserved,cost\none,0,{row.cost * 2}\ntwo,3,{row.cost}\n")
    one, two = bench(folder, ["one", "two"], seconds=0.1, seed=1, engine=Engine.SEARCH)
    assert one.gap_percent == -50.0
    # A plan that serves more is not compared by its travel.
    assert two.gap_percent is None
    assert two.best_known_unserved == 3


def test_what_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(BenchRefused, match="there is one, two"):
        instances_in(folder, ["three"])
    with pytest.raises(BenchRefused, match="no such folder"):
        instances_in(folder / "nowhere", [])
    (folder / "best_known.csv").write_text("instance\none\n")
    with pytest.raises(BenchRefused, match="columns"):
        list(bench(folder, [], seconds=0.1, seed=1, engine=Engine.SEARCH))
