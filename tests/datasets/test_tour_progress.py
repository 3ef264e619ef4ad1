"""Tours taken up again: what they used of the stock, which kits are on their way, until when people are busy."""

import csv
import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datasets.faults import PlanRefused
from datasets.tour_actuals import Actual, Outcome
from datasets.tour_progress import TakenUp, Wrote, take_up_tours
from datasets.tours import read_tours
from optimizer.tours.model import WorkKind
from tests.datasets import make_tour_folder as make
from tests.make import clock

NIGHT = "2026-03-02T20:00:00+08:00"
DUE = "2026-03-03T22:00:00+08:00"
"""When the part of J1 is at the crew's outlet."""


def kit_line(pieces: list[dict[str, str]], **changes: str) -> dict[str, Any]:
    """Return one line of tours.json: two units for J1."""
    usual = {
        "order_line_id": "J1/1",
        "job_id": "J1",
        "tour_id": "K1@2026-03-04",
        "outlet_id": "O1",
        "part_id": "P2",
        "quantity": "2",
        "source_id": "W1",
        "ships_at": "2026-03-02T18:00:00+08:00",
        "ready_at": DUE,
    }
    return {**usual, **changes, "pieces": pieces}


def piece(source_id: str, quantity: int, ships_at: str = "2026-03-02T18:00:00+08:00") -> dict[str, str]:
    return {
        "source_id": source_id,
        "part_id": "P2",
        "quantity": str(quantity),
        "ships_at": ships_at,
        "ready_at": DUE,
    }


def taken_up(
    place: Path, lines: list[dict[str, Any]], now: str, cells: dict[str, list[dict[str, str]]] | None = None
) -> TakenUp:
    """Write the region and its tours, and take them up at a moment."""
    region = make.write(place / "region", cells)
    (place / "out").mkdir(exist_ok=True)
    (place / "out" / "tours.json").write_text(json.dumps({"kit_orders": lines}), encoding="utf-8")
    wrote = Wrote(file=Path("written.csv"), rows=())
    return take_up_tours(region, place / "out", make.one_visit(region), wrote, place / "on", now)


def stock(folder: Path, file: str, part_id: str) -> dict[str, str]:
    with (folder / file).open(encoding="utf-8-sig", newline="") as stream:
        return next((row for row in csv.DictReader(stream) if row["part_id"] == part_id), {})


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def read(file: Path) -> dict[str, dict[str, str]]:
    """Return the rows of a table by village."""
    return {row["village_id"]: row for row in rows(file)}


def test_a_line_of_two_sources_uses_what_each_of_them_sent(tmp_path: Path) -> None:
    cells = make.cells()
    cells["outlet_stock"] = [{"outlet_id": "O1", "part_id": "P2", "on_hand": "3"}]
    split = kit_line([piece("W1", 1), piece("O1", 1)])
    taken_up(tmp_path, [split], "2026-03-04T12:00:00+08:00", cells)
    assert stock(tmp_path / "on", "stock.csv", "P2")["on_hand"] == "8"
    assert stock(tmp_path / "on", "outlet_stock.csv", "P2")["on_hand"] == "2"


def test_a_kit_that_left_for_a_tour_that_has_not_is_on_its_way_to_the_crew(tmp_path: Path) -> None:
    cells = make.cells()
    cells["outlet_stock"] = [{"outlet_id": "O1", "part_id": "P2", "on_hand": "3"}]
    late = piece("W1", 1, ships_at="2026-03-03T06:00:00+08:00")
    taken = taken_up(tmp_path, [kit_line([piece("W1", 1), piece("W1", 1), piece("O1", 1), late])], NIGHT, cells)
    assert taken.on_their_way == 2
    assert stock(tmp_path / "on", "stock.csv", "P2")["on_hand"] == "7"
    shelf = stock(tmp_path / "on", "outlet_stock.csv", "P2")
    assert (shelf["on_hand"], shelf["inbound"]) == ("3", f"2@{DUE}")


def test_a_kit_that_is_at_the_outlet_of_a_tour_still_to_leave_is_on_its_shelf(tmp_path: Path) -> None:
    taken_up(tmp_path, [kit_line([piece("W1", 2)])], "2026-03-04T07:00:00+08:00")
    shelf = stock(tmp_path / "on", "outlet_stock.csv", "P2")
    assert (shelf["outlet_id"], shelf["on_hand"], shelf["inbound"]) == ("O1", "2", "")


def test_units_that_came_since_are_used_up_as_those_on_hand(tmp_path: Path) -> None:
    cells = make.cells()
    cells["outlet_stock"] = [{"outlet_id": "O1", "part_id": "P2", "on_hand": "0", "inbound": f"3@{DUE}"}]
    taken_up(tmp_path, [kit_line([piece("O1", 2, ships_at=DUE)])], "2026-03-04T12:00:00+08:00", cells)
    shelf = stock(tmp_path / "on", "outlet_stock.csv", "P2")
    assert (shelf["on_hand"], shelf["inbound"]) == ("1", "")


def test_an_hour_that_a_person_typed_is_not_made_earlier(tmp_path: Path) -> None:
    cells = make.cells()
    cells["technicians"][0]["busy_until"] = "2026-03-04T15:00:00+08:00"
    cells["technicians"][1]["busy_until"] = "2026-03-04T09:00:00+08:00"
    taken_up(tmp_path, [], "2026-03-04T10:00:00+08:00", cells)
    with (tmp_path / "on" / "technicians.csv").open(encoding="utf-8-sig", newline="") as stream:
        until = [row["busy_until"] for row in csv.DictReader(stream)]
    assert until == ["2026-03-04T15:00:00+08:00", "2026-03-04T11:00:00+08:00"]


@pytest.mark.parametrize(
    ("outcome", "now", "came"),
    [
        (Outcome.NO_PART, "2026-03-05T06:00:00+08:00", True),
        (Outcome.NOBODY_HOME, "2026-03-05T06:00:00+08:00", True),
        (Outcome.NOBODY_HOME, "2026-03-04T12:00:00+08:00", True),
        (Outcome.NOT_REACHED, "2026-03-05T06:00:00+08:00", False),
        (Outcome.OTHER, "2026-03-05T06:00:00+08:00", False),
    ],
)
def test_a_crew_that_came_in_vain_was_there_all_the_same(
    tmp_path: Path, outcome: Outcome, now: str, came: bool
) -> None:
    cells = make.cells()
    cells["villages"][0]["announced"] = "2026-03-04"
    region = make.write(tmp_path / "region", cells)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tours.json").write_text(json.dumps({"kit_orders": []}), encoding="utf-8")
    actual = Actual(job_id="J1", outcome=outcome, start_s=None, end_s=None, note="", line=2)
    wrote = Wrote(file=Path("written.csv"), rows=(actual,))
    taken = take_up_tours(region, tmp_path / "out", make.one_visit(region), wrote, tmp_path / "on", now)
    assert taken.again == ("J1",)
    assert ([one.village_id for one in taken.missed if one.village_id == "V1"] == []) is came
    village = read(tmp_path / "on" / "villages.csv")["V1"]
    assert (village["last_visit"], village["announced"]) == ("2026-03-04" if came else "", "")


@pytest.mark.parametrize(
    ("outcome", "others", "told", "must", "said"),
    [
        # What the crew could not do is still to do.
        (Outcome.NO_PART, ("J1", "J2"), "", ["V1", "V5"], {"V1": True}),
        # It came for nothing but what people bring, and nobody brought anything.
        (Outcome.NOBODY_HOME, (), "", ["V5"], {"V1": False}),
        (Outcome.NOBODY_HOME, (), "2026-03-06", ["V1", "V5"], {"V1": True}),
        # Nobody was there.
        (Outcome.NOT_REACHED, ("J1", "J2"), "", ["V1", "V5"], {}),
        (Outcome.DONE, ("J1", "J2"), "", ["V5"], {}),
    ],
)
def test_a_village_that_must_be_visited_and_was_in_vain_must_be_where_work_is_left(
    tmp_path: Path, outcome: Outcome, others: tuple[str, ...], told: str, must: list[str], said: dict[str, bool]
) -> None:
    cells = make.cells()
    cells["villages"][0]["announced"] = told
    region = make.write(tmp_path / "region", cells, make.settings('must_visit = ["V1", "V5"]'))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tours.json").write_text(json.dumps({"kit_orders": []}), encoding="utf-8")
    toured = make.one_visit(region)
    gone = {"J1", "J2"}.difference(others)
    jobs = tuple(replace(job, kind=WorkKind.WALK_IN) if job.id in gone else job for job in toured.asked.jobs)
    toured = replace(toured, asked=replace(toured.asked, jobs=jobs))
    actual = Actual(job_id="J1", outcome=outcome, start_s=None, end_s=None, note="", line=2)
    wrote = Wrote(file=Path("written.csv"), rows=(actual,))
    now = "2026-03-05T06:00:00+08:00"
    taken = take_up_tours(region, tmp_path / "out", toured, wrote, tmp_path / "on", now)
    assert taken.in_vain == said
    with (tmp_path / "on" / "day.toml").open("rb") as stream:
        assert tomllib.load(stream)["tour"]["must_visit"] == must


def test_what_is_given_up_before_it_could_begin_is_refused(tmp_path: Path) -> None:
    region = make.write(tmp_path / "region")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tours.json").write_text(json.dumps({"kit_orders": []}), encoding="utf-8")
    actual = Actual(job_id="J1", outcome=Outcome.NO_PART, start_s=None, end_s=None, note="", line=2)
    wrote = Wrote(file=Path("written.csv"), rows=(actual,))
    with pytest.raises(PlanRefused) as refused:
        take_up_tours(region, tmp_path / "out", make.one_visit(region), wrote, tmp_path / "on", NIGHT)
    assert [(fault.row, fault.column) for fault in refused.value.faults] == [(2, "outcome")]


def test_spare_parts_of_a_tour_that_is_home_lie_at_its_outlet(tmp_path: Path) -> None:
    """Three were sent and two are likely back: at noon they are in the van, in the evening on the shelf."""
    spare = kit_line([piece("W1", 3)], job_id="", order_line_id="spares@K1@2026-03-04/P2", quantity="3")
    for name, now, there in (("out", "2026-03-04T10:00:00+08:00", ""), ("home", "2026-03-04T20:00:00+08:00", "2")):
        place = tmp_path / name
        place.mkdir()
        (place / "out").mkdir()
        (place / "out" / "kit_returns.csv").write_text(
            "return_id,outlet_id,part_id,quantity,ready_at\nK1@2026-03-04-P2,O1,P2,2,2026-03-04T18:00:00+08:00\n",
            encoding="utf-8-sig",
        )
        taken = taken_up(place, [spare], now)
        assert stock(place / "on", "stock.csv", "P2")["on_hand"] == "6"
        assert (place / "on" / "outlet_stock.csv").exists() == bool(there)
        if there:
            assert stock(place / "on", "outlet_stock.csv", "P2")["on_hand"] == there
        assert taken.brought_home == int(there or 0)


@pytest.mark.parametrize(
    ("now", "away", "driven", "nearly", "busy"),
    [
        # It leaves at eight, works from nine to eleven, and is home at noon.
        ("08:00", "2026-03-04", (), {}, ""),
        ("10:00", "2026-03-04", ("K1",), {}, "2026-03-04T11:00:00+08:00"),
        ("11:29", "2026-03-04", ("K1",), {}, ""),
        ("11:30", "", (), {"K1": clock("12:00", day=2)}, "2026-03-04T12:00:00+08:00"),
        ("12:00", "", (), {}, ""),
    ],
)
def test_a_crew_counts_as_home_from_half_of_its_way_there_on(
    tmp_path: Path, now: str, away: str, driven: tuple[str, ...], nearly: dict[str, int], busy: str
) -> None:
    taken = taken_up(tmp_path, [], f"2026-03-04T{now}:00+08:00")
    (row,) = rows(tmp_path / "on" / "crews.csv")
    assert row["away_on"] == away
    assert (taken.driven, taken.nearly) == (driven, nearly)
    assert list(taken.away) == (["K1"] if away else [])
    assert {row["busy_until"] for row in rows(tmp_path / "on" / "technicians.csv")} == {busy}


def test_a_crew_counts_as_in_bed_from_half_of_its_way_there_on(tmp_path: Path) -> None:
    region = make.write(tmp_path / "region")
    toured = make.one_visit(region)
    (tour,) = toured.result.plan.tours
    first = replace(tour.days[0], lodging_id="L1")
    second = replace(first, day=3, visits=(), depart_s=clock("08:00", day=3), arrive_s=clock("09:00", day=3))
    second = replace(second, lodging_id=None)
    plan = replace(toured.result.plan, tours=(replace(tour, days=(first, second)),))
    toured = replace(toured, result=replace(toured.result, plan=plan))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tours.json").write_text(json.dumps({"kit_orders": []}), encoding="utf-8")
    wrote = Wrote(file=Path("written.csv"), rows=())
    for now, goes_on in (("11:29", ("2026-03-04", "", "0")), ("11:30", ("2026-03-05", "L1", "1"))):
        at = f"2026-03-04T{now}:00+08:00"
        taken = take_up_tours(region, tmp_path / "out", toured, wrote, tmp_path / "on", at)
        (row,) = rows(tmp_path / "on" / "crews.csv")
        assert (row["away_on"], row["sleeps_at"], row["nights_out"]) == goes_on
        assert bool(taken.nearly) is (now == "11:30")


def test_what_walk_ins_need_stays_when_the_last_call_for_the_product_is_done(tmp_path: Path) -> None:
    cells = make.cells()
    for row in cells["jobs"]:
        row["product"] = "washer"
    cells["jobs"][0] |= {"product": "fridge", "certificates": "gas", "parts": ""}
    walk_ins = '[tour.walk_ins]\nproduct = "fridge"\nper_thousand = 85'
    region = make.write(tmp_path / "region", cells, make.settings(walk_ins))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "tours.json").write_text(json.dumps({"kit_orders": []}), encoding="utf-8")
    wrote = Wrote(file=Path("written.csv"), rows=())
    toured = make.one_visit(region)
    taken = take_up_tours(region, tmp_path / "out", toured, wrote, tmp_path / "on", "2026-03-05T06:00:00+08:00")
    assert taken.trusted == ("J1",)
    assert "J1" not in {row["job_id"] for row in rows(tmp_path / "on" / "jobs.csv")}
    walk_in = [job for job in read_tours(tmp_path / "on").touring.jobs if job.kind is WorkKind.WALK_IN]
    assert {job.certificates for job in walk_in} == {frozenset({"gas"})}
