"""Kits of tours out of the shelves of the crews' own outlets."""

from pathlib import Path

import pytest

from api.tour_kits import load_vans
from datasets.tours import read_tours
from optimizer.budget import Steps
from tests.datasets import make_tour_folder as make


@pytest.mark.parametrize(
    ("units", "inbound", "source_id"),
    [
        ("1", "", "O1"),
        ("0", "1@2026-03-03T10:00:00+08:00", "O1"),
        ("0", "1@2026-03-05T10:00:00+08:00", None),
    ],
)
def test_a_kit_is_taken_from_the_shelf_where_it_is_there_when_the_crew_leaves(
    tmp_path: Path, units: str, inbound: str, source_id: str | None
) -> None:
    cells = make.cells()
    cells["stock"] = [row for row in cells["stock"] if row["part_id"] != "P2"]
    cells["outlet_stock"] = [{"outlet_id": "O1", "part_id": "P2", "on_hand": units, "inbound": inbound}]
    region = make.write(tmp_path / "region", cells)
    folder = read_tours(region)
    loaded = load_vans(folder, folder.touring, make.one_visit(region).result.plan, Steps(steps=1).countdown(0.1))
    assert loaded.found == ()
    assert [one.source_id for one in loaded.orders if one.job_id == "J1"] == [source_id]
