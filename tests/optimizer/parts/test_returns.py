"""Returns of defective parts: the cheapest way back by trying all, together where that pays, or a reason."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.model import ShipMode, SizeClass
from optimizer.parts.model import Route, Sourcing
from optimizer.parts.returns import Return, StayReason, plan_returns
from tests import make_parts as make
from tests.make import at, clock, part

ALL_SIZES = frozenset(SizeClass)


def back(id: str = "r1", part_id: str = "p1", quantity: int = 1, ready_s: int = clock("09:00")) -> Return:
    """Make a return of outlet u1, packed at nine."""
    return Return(
        id=id, outlet_id="u1", centre_id="c1", position=at(), part_id=part_id, quantity=quantity, ready_s=ready_s
    )


def test_a_return_rides_the_next_departure_backwards() -> None:
    (parcel,) = plan_returns(make.asked(), [back(quantity=3)]).parcels
    assert (parcel.source_id, parcel.leaves_s, parcel.back_p90_s) == ("w1", clock("16:00"), clock("12:00", 1))
    assert parcel.weight_g == 1_500
    assert parcel.cost_fen == 1_000 + 300


def test_a_return_packed_a_minute_late_waits_for_the_next() -> None:
    (parcel,) = plan_returns(make.asked(), [back(ready_s=clock("16:01"))]).parcels
    assert parcel.leaves_s == clock("16:00", 1)


def test_what_leaves_together_is_one_parcel() -> None:
    some = [back("r1"), back("r2", "p2"), back("r3", ready_s=clock("17:00"))]
    first, second = plan_returns(make.asked(), some).parcels
    assert first.return_ids == ("r1", "r2")
    assert second.return_ids == ("r3",)


def test_bulky_parts_go_by_themselves_and_only_they() -> None:
    dedicated = make.route(mode=ShipMode.DEDICATED, carries=ALL_SIZES, cost_fen=1)
    parts = (part("p1"), part("p2", size_class=SizeClass.BULKY))
    plan = plan_returns(make.asked(parts=parts, routes=(make.route(), dedicated)), [back("r1"), back("r2", "p2")])
    assert {(one.mode, one.return_ids) for one in plan.parcels} == {
        (ShipMode.STANDARD, ("r1",)),
        (ShipMode.DEDICATED, ("r2",)),
    }


def test_the_nearer_of_two_at_the_same_price() -> None:
    sources = (make.source("far", position=at(90_000)), make.source("near", position=at(1_000)))
    routes = (make.route("far"), make.route("near"))
    (parcel,) = plan_returns(make.asked(sources=sources, routes=routes), [back()]).parcels
    assert parcel.source_id == "near"


@pytest.mark.parametrize(
    ("reason", "asked", "one"),
    [
        (StayReason.UNKNOWN_PART, make.asked(), back(part_id="p9")),
        (StayReason.NO_LANE, make.asked(routes=()), back()),
        (StayReason.NO_LANE, make.asked(sources=(make.source(open=False),)), back()),
        (StayReason.TOO_BULKY, make.asked(parts=(part("p1", size_class=SizeClass.BULKY),)), back()),
        (StayReason.NO_DEPARTURE, make.asked(), back(ready_s=clock("17:00", 3))),
    ],
)
def test_why_a_return_stays(reason: StayReason, asked: Sourcing, one: Return) -> None:
    plan = plan_returns(asked, [one])
    assert plan.parcels == ()
    assert [some.reason for some in plan.staying] == [reason]
    assert plan.staying[0].said.zh


@settings(deadline=None, max_examples=80)
@given(st.integers(min_value=0, max_value=100_000))
def test_nothing_cheaper_is_found_by_trying_everything(seed: int) -> None:
    random = Random(seed)
    asked = make.random_problem(seed)
    returns = [back(f"r{n}", f"p{random.randint(1, 3)}", random.randint(1, 3)) for n in range(random.randint(1, 4))]
    plan = plan_returns(asked, returns)
    told = [id for parcel in plan.parcels for id in parcel.return_ids] + [some.return_id for some in plan.staying]
    assert sorted(told) == sorted(one.id for one in returns)
    # By part, as parts of a size class go together.
    going = {one.part_id for one in returns if one.id in {id for parcel in plan.parcels for id in parcel.return_ids}}
    cheapest = min(
        (_fen(asked, returns, dict(zip(sorted(going), lanes, strict=True))) for lanes in _choices(asked, going)),
        default=0,
    )
    assert plan.cost_fen == cheapest


def _choices(asked: Sourcing, going: set[str]) -> Iterator[tuple[Route, ...]]:
    open_ids = {one.id for one in asked.sources if one.open and one.outlet_id is None}
    open_ = [one for one in asked.routes if one.source_id in open_ids and one.is_for("u1")]
    lanes = [one for one in open_ if one.departures_s[-1] >= clock("09:00")]
    options = []
    for part_id in sorted(going):
        size = next(one.size_class for one in asked.parts if one.id == part_id)
        carrying = [one for one in lanes if size in one.carries]
        options.append([one for one in carrying if one.mode is not ShipMode.DEDICATED] or carrying)
    yield from product(*options)


def _fen(asked: Sourcing, returns: list[Return], lane_of: dict[str, Route]) -> int:
    weight = {one.id: one.weight_g for one in asked.parts}
    loads: dict[Route, int] = {}
    for one in returns:
        if one.part_id in lane_of:
            lane = lane_of[one.part_id]
            loads[lane] = loads.get(lane, 0) + one.quantity * weight[one.part_id]
    return sum(lane.cost_fen + weight_g * lane.cost_fen_per_kg // 1000 for lane, weight_g in loads.items())


def test_a_dear_lane_is_shared_rather_than_a_second_one_paid() -> None:
    small = make.route("w2", carries=frozenset({SizeClass.SMALL}), cost_fen=500)
    medium = make.route(carries=frozenset({SizeClass.SMALL, SizeClass.MEDIUM}), cost_fen=900)
    parts = (part("p1", size_class=SizeClass.SMALL), part("p2"))
    asked = make.asked(parts=parts, sources=(make.source(), make.source("w2")), routes=(small, medium))
    assert [one.source_id for one in plan_returns(asked, [back()]).parcels] == ["w2"]
    (together,) = plan_returns(asked, [back("r1"), back("r2", "p2")]).parcels
    assert together.source_id == "w1"
    apart = replace(asked, routes=(replace(small, cost_fen_per_kg=0), replace(medium, cost_fen_per_kg=90_000)))
    assert len(plan_returns(apart, [back("r1"), back("r2", "p2")]).parcels) == 2
