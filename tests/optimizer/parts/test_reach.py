"""Lanes by which parts are fetched: for outlets near enough, and for nobody else."""

from dataclasses import replace
from typing import Any

import pytest

from optimizer.model import Lock, Published, ShipMode, Skill
from optimizer.parts.check import faults
from optimizer.parts.first_come import Preference, first_come
from optimizer.parts.model import Answer, Sourcing
from optimizer.parts.quoting import QuoteDesk
from optimizer.parts.replies import replies
from optimizer.parts.reply import WhyNot
from optimizer.parts.returns import Return, plan_returns
from optimizer.parts.sourcing import source
from optimizer.parts.supply import NOTHING_BESIDE, asked_of
from tests import make as small
from tests import make_parts as make
from tests.make import at, clock

FETCHED = make.route(
    mode=ShipMode.PICKUP, departures_s=(clock("08:30"),), transit_p90_s=36_000, reach=frozenset({"u1"}), cost_fen=10
)
BOTH = (FETCHED, make.route())


def ordered(outlet_id: str | None, likely: str | None = None, **fields: Any) -> Sourcing:
    order = make.order(outlet_id=outlet_id, likely_outlet_id=likely, **fields)
    return make.asked(order, routes=BOTH)


@pytest.mark.parametrize(
    ("outlet_id", "likely", "mode"),
    [
        ("u1", None, ShipMode.PICKUP),
        ("u2", None, ShipMode.STANDARD),
        ("u2", "u1", ShipMode.STANDARD),
        (None, "u1", ShipMode.PICKUP),
        (None, "u2", ShipMode.STANDARD),
        (None, None, ShipMode.STANDARD),
    ],
)
def test_who_is_within_reach_fetches_and_nobody_else(outlet_id: str | None, likely: str | None, mode: ShipMode) -> None:
    asked = ordered(outlet_id, likely)
    for sourced in (source(asked), first_come(asked, Preference.CHEAPEST)):
        (sent,) = make.answer(sourced).dispatches
        assert faults(asked, sourced) == []
        assert sent.mode is mode


def test_the_checker_refuses_what_is_fetched_from_too_far_away() -> None:
    near, far = ordered("u1"), ordered("u2")
    fetched = source(near)
    assert faults(near, fetched) == []
    assert any("no pickup lane from w1 to c1" in fault for fault in faults(far, fetched))
    wide = replace(far, routes=(replace(FETCHED, reach=None), make.route()))
    assert faults(wide, fetched) == []


def test_a_waiting_customer_out_of_reach_has_a_vehicle_of_its_own() -> None:
    """For others the pickup is fast enough to forbid it."""
    routes = (FETCHED, make.route(mode=ShipMode.DEDICATED, cost_fen=9_000))
    for outlet_id, mode in (("u1", ShipMode.PICKUP), ("u2", ShipMode.DEDICATED)):
        asked = make.asked(make.order(outlet_id=outlet_id, urgent=True), routes=routes)
        sourced = source(asked)
        assert faults(asked, sourced) == []
        assert make.answer(sourced).dispatches[0].mode is mode


def test_what_can_only_be_fetched_is_declined_to_who_is_too_far_away() -> None:
    asked = make.asked(make.order(outlet_id="u2"), routes=(FETCHED,))
    sourced = source(asked)
    assert faults(asked, sourced) == []
    assert make.answer(sourced).answer is Answer.DECLINED
    (reply,) = replies(asked, sourced)
    assert reply.nearest is not None
    assert reply.nearest.why_not is WhyNot.NO_LANE
    assert "u2 is too far away" in reply.nearest.said.en


def test_outlets_of_a_centre_share_the_shelf_and_not_the_lane() -> None:
    orders = tuple(
        make.order(make.line(f"l{id}"), id=f"o{id}", outlet_id=id, position=at(1_000)) for id in ("u1", "u2", "u3")
    )
    asked = make.asked(*orders, sources=(make.source(shelves={"p1": make.shelf(2)}),), routes=BOTH)
    sourced = source(asked)
    assert faults(asked, sourced) == []
    assert sourced.optimal
    assert [len(answer.dispatches) for answer in sourced.answers].count(1) == 2
    assert make.answer(sourced, "lu1").dispatches[0].mode is ShipMode.PICKUP


def test_telephone_quotes_know_the_reach() -> None:
    asked = ordered("u1")
    desk = QuoteDesk(replace(asked, orders=()), source(replace(asked, orders=())))
    assert {way.mode for way in desk.availability("p1", "c1", "u1")} == {ShipMode.PICKUP, ShipMode.STANDARD}
    assert {way.mode for way in desk.availability("p1", "c1", "u2")} == {ShipMode.STANDARD}
    assert {way.mode for way in desk.availability("p1", "c1")} == {ShipMode.STANDARD}
    assert [desk.fetched_nearby("p1", "c1", quantity) for quantity in (1, 10, 11)] == [("w1",), ("w1",), ()]
    assert desk.fetched_nearby("p2", "c1") == desk.fetched_nearby("p9", "c1") == desk.fetched_nearby("p1", "c9") == ()
    for outlet_id, mode in (("u1", ShipMode.PICKUP), ("u2", ShipMode.STANDARD)):
        (answer,) = desk.quote(ordered(outlet_id).orders[0]).answers
        assert answer.dispatches[0].mode is mode


def test_a_defective_part_is_brought_back_by_who_is_within_reach() -> None:
    waiting = Return(
        id="r1", outlet_id="u1", centre_id="c1", position=at(), part_id="p1", quantity=1, ready_s=make.NOW_S
    )
    plan = plan_returns(make.asked(routes=BOTH), (waiting, replace(waiting, id="r2", outlet_id="u2")))
    assert {parcel.outlet_id: parcel.mode for parcel in plan.parcels} == {
        "u1": ShipMode.PICKUP,
        "u2": ShipMode.STANDARD,
    }


def kit_beside_outlets(**fields: Any) -> Sourcing:
    """Ask for a kit beside an outlet near the job that does other things, one a little farther, and one far off."""
    outlets = tuple(
        small.outlet(id, position=at(metres)) for id, metres in (("near", 100), ("able", 5_000), ("far", 20_000))
    )
    technicians = (
        small.technician("t1", outlet_id="near", skills=(Skill(family="tv", level=3),)),
        small.technician("t2", outlet_id="able"),
        small.technician("t3", outlet_id="far"),
    )
    fetched = small.lane(mode=ShipMode.PICKUP, cost_fen=10, reach=frozenset({"near", "far"}))
    day = small.parts_day(
        small.job(order_lines=(small.order_line(),)),
        outlets=outlets,
        technicians=technicians,
        shifts=tuple(small.shift(f"{one.id}-0") for one in technicians),
        lanes=(fetched, small.lane()),
    )
    return asked_of(replace(day, **fields), NOTHING_BESIDE)


def far_away() -> dict[str, Any]:
    """Bind the job to who works far off."""
    published = Published(technician_id="t3", start_s=clock("10:00"), told=True)
    return {"jobs": (small.job(order_lines=(small.order_line(),), published=published, lock=Lock.TECHNICIAN),)}


@pytest.mark.parametrize(
    ("fields", "outlet_id", "mode"),
    [
        ({}, "able", ShipMode.STANDARD),
        ({"shifts": (small.shift("t1-0"), small.shift("t3-0"))}, "far", ShipMode.PICKUP),
        ({"shifts": (small.shift("t1-0"),)}, None, ShipMode.STANDARD),
        ({"technicians": (), "shifts": (), "outlets": ()}, None, ShipMode.STANDARD),
        ({"lanes": (small.lane(),)}, None, ShipMode.STANDARD),
        (far_away(), "far", ShipMode.PICKUP),
    ],
)
def test_who_is_thought_to_fetch_is_the_nearest_who_may_come(
    fields: dict[str, Any], outlet_id: str | None, mode: ShipMode
) -> None:
    asked = kit_beside_outlets(**fields)
    assert asked.orders[0].likely_outlet_id == outlet_id
    assert make.answer(source(asked)).dispatches[0].mode is mode


def test_who_is_thought_to_fetch_may_be_an_outlet_across_the_border_of_the_centre() -> None:
    """As the day does: the nearest capable outlet visits, whichever centre's it is, and fetches if it is in reach."""
    outlets = (small.outlet("own", position=at(9_000)), small.outlet("across", position=at(2_000), centre_id="c2"))
    technicians = (small.technician("t1", outlet_id="own"), small.technician("t2", outlet_id="across"))
    base = kit_beside_outlets(outlets=outlets, technicians=technicians, shifts=(small.shift("t1-0"),))
    assert base.orders[0].likely_outlet_id == "own", "nobody is on duty across the border"
    both = (small.shift("t1-0"), small.shift("t2-0"))
    centres = (small.day().centres[0], replace(small.day().centres[0], id="c2", position=at(50_000)))
    for reach, mode in ((frozenset({"across"}), ShipMode.PICKUP), (frozenset({"own"}), ShipMode.STANDARD)):
        lanes = (small.lane(mode=ShipMode.PICKUP, cost_fen=10, reach=reach), small.lane())
        asked = kit_beside_outlets(outlets=outlets, technicians=technicians, shifts=both, centres=centres, lanes=lanes)
        assert asked.orders[0].likely_outlet_id == "across"
        sourced = source(asked)
        assert faults(asked, sourced) == []
        assert make.answer(sourced).dispatches[0].mode is mode
