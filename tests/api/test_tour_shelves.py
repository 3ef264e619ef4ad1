"""Kits of tours out of the shelves of the crews' own outlets."""

from dataclasses import replace
from pathlib import Path

import pytest

from api.tour_kits import Loaded, load_vans
from datasets.tours import read_tours
from optimizer.budget import Steps
from optimizer.tours.plan import TourPlan
from tests.datasets import make_tour_folder as make


def loaded_for_j2(region: Path) -> Loaded:
    """Return what the van is loaded with for a tour with one visit, to a job that needs no part that is known."""
    folder = read_tours(region)
    (tour,) = make.one_visit(region).result.plan.tours
    (day,) = tour.days
    other = replace(day, visits=(replace(day.visits[0], job_id="J2"),))
    plan = TourPlan(tours=(replace(tour, days=(other,)),))
    return load_vans(folder, folder.touring, plan, Steps(steps=1).countdown(0.1))


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


@pytest.mark.parametrize(("units", "aboard", "in_time"), [(9, 2, True), (1, 1, True), (0, 0, None)])
def test_as_many_spares_are_loaded_as_come(tmp_path: Path, units: int, aboard: int, in_time: bool | None) -> None:
    """Two would be wanted on a visit that surely needs some; of fewer the van has those that there are."""
    cells = make.cells()
    cells["stock"] = [{"warehouse_id": "W1", "part_id": "P4", "on_hand": str(units)}]
    cells["van_parts"][0] |= {"chance_permille": "1000", "most": "2"}
    loaded = loaded_for_j2(make.write(tmp_path / "region", cells))
    assert loaded.found == ()
    (kit,) = loaded.kits.values()
    assert sum(line.quantity for line in kit.lines if line.is_spare) == aboard
    assert [(one.there, one.in_time) for one in loaded.orders] == ([] if in_time is None else [(aboard, in_time)])
    assert [(one.quantity, one.missing) for one in loaded.orders] == ([(aboard, 2 - aboard)] if aboard else [])
    assert sum(piece.quantity for one in loaded.orders for piece in one.pieces) == aboard
    # None is left that nobody was sent: there is no more of it.
    assert [(one.wanted, one.there, one.left) for one in loaded.short] == ([(2, aboard, 0)] if aboard < 2 else [])
    assert "未订" in loaded.orders[0].reason_zh if aboard == 1 else not any(one.missing for one in loaded.orders)
    # The visit needs one for certain, so that Poisson has it with none, one or two aboard.
    assert kit.fixed_on_spot_permille == {0: 0, 1: 632, 2: 896}[aboard]


@pytest.mark.parametrize(("fen", "mode"), [("9000", "express"), ("40000", None)])
def test_a_spare_comes_by_the_dearer_lane_in_time_where_it_is_worth_more_aboard(
    tmp_path: Path, fen: str, mode: str | None
) -> None:
    """The cheap lane is there a day after the tour has left. Hours past the need alone would not pay for the other."""
    cells = make.cells()
    cells["stock"] = [{"warehouse_id": "W1", "part_id": "P4", "on_hand": "9"}]
    cells["van_parts"][0] |= {"chance_permille": "1000", "most": "2"}
    slow = cells["lanes"][0] | {"transit_p50": "PT50H", "transit_p90": "PT60H"}
    cells["lanes"] = [slow, slow | {"mode": "express", "transit_p50": "PT9H", "transit_p90": "PT10H", "cost_fen": fen}]
    loaded = loaded_for_j2(make.write(tmp_path / "region", cells))
    assert loaded.found == ()
    assert [str(one.mode) for one in loaded.orders] == ([] if mode is None else [mode])
    # What is too dear for what it is worth lies there still.
    assert [(one.wanted, one.there, one.left) for one in loaded.short] == ([(2, 0, 9)] if mode is None else [])
    (kit,) = loaded.kits.values()
    assert sum(line.quantity for line in kit.lines if line.is_spare) == (0 if mode is None else 2)


def test_what_was_asked_for_is_known_where_something_else_is_sent(tmp_path: Path) -> None:
    cells = make.cells()
    (asked,) = [row for row in cells["parts"] if row["part_id"] == "P4"]
    asked["substitutes"] = "P2"
    cells["stock"] = [{"warehouse_id": "W1", "part_id": "P2", "on_hand": "9"}]
    cells["van_parts"][0] |= {"chance_permille": "1000", "most": "2"}
    loaded = loaded_for_j2(make.write(tmp_path / "region", cells))
    assert [(one.asked_part_id, one.part_id, one.in_time) for one in loaded.orders] == [("P4", "P2", True)]
    (kit,) = loaded.kits.values()
    assert {line.part_id for line in kit.lines if line.is_spare} == {"P2"}


def test_spares_are_taken_from_the_shelf_of_the_outlet_that_the_van_leaves(tmp_path: Path) -> None:
    cells = make.cells()
    cells["stock"] = [row for row in cells["stock"] if row["part_id"] != "P4"]
    cells["outlet_stock"] = [{"outlet_id": "O1", "part_id": "P4", "on_hand": "2"}]
    cells["van_parts"][0] |= {"chance_permille": "1000", "most": "2"}
    loaded = loaded_for_j2(make.write(tmp_path / "region", cells))
    assert loaded.found == ()
    assert [(one.part_id, one.source_id, one.quantity, one.cost_fen) for one in loaded.orders] == [("P4", "O1", 2, 0)]
    assert loaded.short == ()
