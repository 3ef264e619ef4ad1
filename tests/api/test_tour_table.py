"""The table that planners read: money apart from weights, and why a rule by hand makes no tour."""

import re
from dataclasses import asdict, replace

import pytest
from rich.console import Console

from api.tour_table import tour_table, why_no_tour
from datasets.tour_kpis import TourKpis, tour_kpis
from optimizer.tours.by_hand import by_hand, nearest_and_back_s
from optimizer.tours.plan import TourCost
from tests.datasets.make_toured import toured
from tests.make import FlatTravel, at
from tests.make_tours import touring, village, work

COST = TourCost(
    tours=5_000,
    wages=72_000,
    per_diem=16_000,
    lodging=24_000,
    driving=31_000,
    waiting=9_900,
    outlets=140_000,
    deferred=50_000,
    breaches=78_000_000,
    kept=200_000_000,
)
OURS = replace(tour_kpis(toured()), cost_fen=asdict(COST), total_fen=COST.total)
STAYS = replace(OURS, tours=0, days=0, jobs=0, cost_fen=asdict(TourCost(outlets=140_000)), total_fen=140_000)
HOME, DUSK = "nearest_home_each_night", "nearest_sleep_at_dusk"


def shown(ours: TourKpis, **by_hand: TourKpis) -> dict[str, list[str]]:
    """Return the rows of the table by their names, as they fit a terminal of 80."""
    console = Console(width=80)
    with console.capture() as caught:
        console.print(tour_table("Tours", ours, by_hand))
    rows = [re.split(r"\s*│\s*", line.strip("│ \n")) for line in caught.get().splitlines() if line.startswith("│")]
    return {cells[0]: cells[1:] for cells in rows}


def test_what_is_paid_stands_apart_from_what_is_weighed() -> None:
    rows = shown(OURS, **{DUSK: OURS})
    assert rows["paid"] == ["¥ 2,880"] * 2
    assert rows["left to outlets"] == ["¥ 1,400"] * 2
    assert rows["weighed, no money"] == ["¥ 599"] * 2
    assert rows["broken, no money"] == ["¥ 2,780,000"] * 2
    assert rows["dates, wishes not kept"] == ["¥ 2,000,000"] * 2
    assert rows["paid and weighed"] == ["¥ 2,783,479"] * 2
    assert "carried in" not in rows, "what no column has is no row"


def test_every_item_of_a_cost_is_in_one_of_the_sums() -> None:
    each = TourCost(**dict.fromkeys(TourCost.__slots__, 100))
    rows = shown(replace(OURS, cost_fen=asdict(each), total_fen=each.total))
    assert [rows[name] for name in ("paid", "weighed, no money", "broken, no money")] == [["¥ 6"], ["¥ 6"], ["¥ 2"]]
    assert rows["paid and weighed"] == ["¥ 14"]


def test_where_there_are_no_tours_there_are_no_figures_of_them() -> None:
    rows = shown(OURS, **{HOME: STAYS})
    assert [rows[name][1] for name in ("tours", "days on tour", "km by road", "jobs done", "wages")] == [
        *("none", "–", "–", "–", "–")
    ]
    assert rows["paid"][1] == rows["left to outlets"][1] == "¥ 1,400"


@pytest.mark.parametrize(
    ("by_hand", "nearest_s", "said"),
    [
        ({HOME: STAYS}, 24_480, ["is within a day and back: the nearest is 6.8 hours", "a day may have 6.0."]),
        ({HOME: STAYS}, 20_000, ["No tours by hand, home each night: none that keeps every rule does any job."]),
        ({DUSK: STAYS}, None, ["No tours by hand, bed at dusk: none that keeps every rule does any job."]),
        ({HOME: OURS}, 24_480, []),
    ],
)
def test_a_rule_that_makes_no_tour_says_why(
    by_hand: dict[str, TourKpis], nearest_s: int | None, said: list[str]
) -> None:
    lines = list(why_no_tour(OURS, by_hand, nearest_s, 6 * 3_600))
    assert len(lines) == bool(said)
    assert all(words in lines[0] for words in said)


def test_nobody_goes_anywhere_by_day_where_the_nearest_village_is_too_far() -> None:
    far = (village(id="v1", position=at(200_000)), village(id="v2", position=at(300_000)), village(id="v3"))
    asked = touring(villages=far, jobs=(work(), work(id="j2", village_id="v2")))
    nearest_s = nearest_and_back_s(asked, FlatTravel())
    near_s = nearest_and_back_s(replace(asked, jobs=(work(village_id="v3"),)), FlatTravel())
    assert nearest_s is not None
    assert near_s is not None
    assert near_s < asked.driving_s < nearest_s
    assert by_hand(asked, FlatTravel(), sleeps=False).tours == ()
    assert nearest_and_back_s(replace(asked, jobs=()), FlatTravel()) is None
