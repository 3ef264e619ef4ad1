"""The folder of tours, whole or not at all, and the way back from tours.json."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datasets.faults import PlanRefused
from datasets.tour_folder import check_tour_place, write_tours
from datasets.tour_kpis import tour_kpis
from datasets.tour_levers import MoreCrew, MoreDay, Pulled, pull
from datasets.tour_papers import TOUR_PAPERS
from datasets.tour_reading import read_tour_base, read_tour_plan
from datasets.whole_folder import ForeignFolder
from optimizer.tours.model import Levers, LockedDay, Span
from optimizer.tours.plan import Tour
from tests.datasets.make_tour_folder import edited
from tests.datasets.make_toured import (
    ASKED,
    PLAN,
    RESULT,
    crew,
    toured,
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tours") / "out"
    write_tours(place, toured(), tour_kpis(toured()).as_dict())
    return place


def test_the_folder_is_whole_and_reads_back(out: Path) -> None:
    assert {path.name for path in out.iterdir()} == {
        *TOUR_PAPERS,
        "tours.json",
        "tours.geojson",
        "tours.ics",
        "tours.png",
        "kpis.json",
        "sheets",
    }
    assert {path.name for path in out.parent.iterdir()} == {"out"}
    read = read_tour_plan(out, ASKED)
    assert read.result == RESULT
    assert read.pulled == Pulled()
    assert (read.provider, read.is_estimate) == ("flat", True)
    for file, (columns, _) in TOUR_PAPERS.items():
        content = (out / file).read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert tuple(next(csv.reader(io.StringIO(content.decode("utf-8-sig"))))) == columns


def test_levers_read_back_with_a_crew_that_was_added(tmp_path: Path) -> None:
    pulled = Pulled(
        levers=Levers(
            nights=2,
            day_metres=250_000,
            van_days=9,
            must_visit=frozenset({"V5", "V1"}),
            never_visit=frozenset({"V6"}),
            forbidden_lodgings=frozenset({"L2"}),
            locked=(LockedDay(crew_id="K1", day=1, job_ids=("J2",), lodging_id="L2"),),
            spans=(Span(crew_id="K2", first_day=3, last_day=5),),
        ),
        crews=(MoreCrew(id="K1-2", like="K1"),),
        days=(MoreDay(crew_id="K2", day=9),),
    )
    (tour,) = PLAN.tours
    plan = replace(PLAN, tours=(replace(tour, crew_id="K1-2"),))
    found = toured(asked=pull(ASKED, pulled), pulled=pulled, plan=plan, kit_orders=())
    write_tours(tmp_path / "out", found, {})
    read = read_tour_plan(tmp_path / "out", ASKED)
    assert read.pulled == pulled
    assert read.result.plan == plan


def test_an_added_crew_begins_at_home_and_works_as_told() -> None:
    tired = crew("K9", "九组", days=frozenset({0}), nights_before=7)
    pulled = Pulled(crews=(MoreCrew(id="K9-2", like="K9"),), days=(MoreDay(crew_id="K9", day=4),))
    first, second = pull(replace(ASKED, crews=(tired,)), pulled).crews
    assert (first.days, first.nights_before) == (frozenset({0, 4}), 7)
    assert (second.id, second.days, second.nights_before) == ("K9-2", frozenset({0}), 0)


def test_every_fault_is_told_at_once(out: Path, tmp_path: Path) -> None:
    def edit(document: Any) -> None:
        document["days"] = 9
        document["cost_fen"]["total"] += 1
        document["tours"][0]["crew_id"] = "K7"
        document["tours"][0]["nights"] = 5
        document["tours"][0]["days"][0]["visits"][0]["job_id"] = "J77"
        document["tours"][0]["days"][1]["lodging_id"] = "L7"
        document["tours"][0]["days"][1]["depart"] = "08:00"
        document["left_out"][0]["rule"] = "MOOD"
        document["levers"]["must_visit"] = ["V77"]
        document["more"] = 1

    with pytest.raises(PlanRefused) as refused:
        read_tour_plan(edited(out, tmp_path / "bad", edit), ASKED)
    assert {fault.column for fault in refused.value.faults} == {
        "days",
        "cost_fen.total",
        "tours[1].crew_id",
        "tours[1].nights",
        "tours[1].days[1].visits[1].job_id",
        "tours[1].days[2].lodging_id",
        "tours[1].days[2].depart",
        "left_out[1].rule",
        "levers.must_visit",
        "more",
    }


@pytest.mark.parametrize("text", ["", "[1, 2]", "{", '{"format": "paigong plan 1"}', "[" * 100_000])
def test_what_is_no_such_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "tours.json").write_text(text, encoding="utf-8")
    with pytest.raises(PlanRefused):
        read_tour_plan(tmp_path, ASKED)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PlanRefused) as refused:
        read_tour_plan(tmp_path / "nowhere", ASKED)
    assert refused.value.faults[0].file == "tours.json"


def test_a_base_loses_what_is_gone(out: Path) -> None:
    later = replace(ASKED, jobs=tuple(one for one in ASKED.jobs if one.id != "J1"))
    base = read_tour_base(out, later)
    (tour,) = base.plan.tours
    assert [visit.job_id for day in tour.days for visit in day.visits] == ["J2", "J3", "J4", "J6"]
    assert [job_id for ids in base.gone.values() for job_id in ids] == ["J1"]
    # Three days on, the tour is over.
    assert read_tour_base(out, replace(ASKED, date=PLAN_IS_OVER)).plan.tours == ()


PLAN_IS_OVER = ASKED.date.replace(day=5)


def test_something_else_is_not_replaced(tmp_path: Path) -> None:
    place = tmp_path / "mine"
    place.mkdir()
    (place / "letter.txt").touch()
    with pytest.raises(ForeignFolder):
        check_tour_place(place)
    with pytest.raises(ForeignFolder):
        write_tours(place, toured(), {})
    assert [path.name for path in place.iterdir()] == ["letter.txt"]


def test_when_a_paper_fails_nothing_is_left(tmp_path: Path) -> None:
    broken = Tour(crew_id="nobody", days=PLAN.tours[0].days)
    with pytest.raises(KeyError):
        write_tours(tmp_path / "out", toured(plan=replace(PLAN, tours=(broken,))), {})
    assert list(tmp_path.iterdir()) == []
