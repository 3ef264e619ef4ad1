"""What a call costs without a tour: the nearest outlet that can do it, by its tariff."""

from typing import Any

import pytest

from optimizer.model import DAY_S, ContractTariff, Day, Ownership, Skill, Tariff
from optimizer.tours.model import TourJob
from optimizer.tours.outlets import with_outlets
from tests import make, make_tours

KILOMETRE = 1_000
TARIFF = Tariff(
    contract_tariffs=(ContractTariff(id="far", call_out_fen=2_000, bands=((10_000, 500), (90_000, 4_000))),),
)


def outlet_of(day: Day) -> TourJob:
    asked = make_tours.touring(jobs=(make_tours.work(outlet_fen=None), make_tours.work(id="brought", outlet_fen=None)))
    first, brought = with_outlets(asked, day, make.FlatTravel()).jobs
    assert (brought.outlet_id, brought.outlet_fen) == ("", None)
    return first


def day_with(**outlet: Any) -> Day:
    job = make.job(position=make.at(20 * KILOMETRE), service_s=1_800)
    return make.day(job, outlets=(make.outlet(**outlet),), tariff=TARIFF)


def test_a_contract_outlet_is_paid_call_out_distance_and_minutes() -> None:
    found = outlet_of(day_with(ownership=Ownership.CONTRACT, tariff_id="far"))
    assert (found.outlet_id, found.outlet_fen) == ("o1", 2_000 + 4_000 + 30 * 80)


def test_own_people_cost_the_way_there_and_back_and_their_time() -> None:
    """Twice 2,000 s and half an hour at 4,500 fen an hour; 40 km at 90 fen."""
    assert outlet_of(day_with(ownership=Ownership.OWN)).outlet_fen == 5_800 * 4_500 // 3_600 + 3_600


@pytest.mark.parametrize(
    ("cut_off", "changes", "reached"),
    [
        ({0, 1}, {"last_s": 2 * DAY_S - 1}, False),
        ({0, 1}, {"last_s": 2 * DAY_S}, True),
        ({1}, {"last_s": 2 * DAY_S - 1}, True),
        ({1}, {"last_s": 2 * DAY_S - 1, "first_s": DAY_S}, False),
        (set(range(7)), {"last_s": 7 * DAY_S}, True),
    ],
)
def test_an_outlet_gets_no_farther_than_the_road(cut_off: set[int], changes: dict[str, int], reached: bool) -> None:
    lost = make_tours.village(cut_off=frozenset(cut_off))
    asked = make_tours.touring(villages=(lost,), jobs=(make_tours.work(outlet_fen=None, **changes),))
    (found,) = with_outlets(asked, day_with(ownership=Ownership.OWN), make.FlatTravel()).jobs
    assert (found.outlet_fen is not None, found.outlet_id != "") == (reached, reached)


def test_where_nobody_can_there_is_no_outlet() -> None:
    job = make.job(skill=Skill(family="rare", level=3))
    found = outlet_of(make.day(job))
    assert (found.outlet_id, found.outlet_fen) == ("", None)
