"""Every rule of sourcing by problems small enough to solve by eye."""

from dataclasses import replace

import pytest

from optimizer.model import CustomerClass, ShipMode, SizeClass
from optimizer.parts.check import faults
from optimizer.parts.model import Answer, Quota, Sourced, SourceKind, Sourcing
from optimizer.parts.sourcing import source
from tests import make_parts as make
from tests.make import clock, part

ALL_SIZES = frozenset(SizeClass)


def solved(asked: Sourcing) -> Sourced:
    """Source it, and hold the answer against the checker."""
    sourced = source(asked)
    assert faults(asked, sourced) == []
    assert sourced.optimal
    return sourced


def test_the_plain_case_is_confirmed_for_its_p90() -> None:
    answer = make.answer(solved(make.asked()))
    assert answer.answer is Answer.CONFIRMED
    assert (answer.eta_p50_s, answer.eta_p90_s) == (clock("02:00", 1), clock("12:00", 1))
    (dispatch,) = answer.dispatches
    assert (dispatch.source_id, dispatch.ships_s, dispatch.cost_fen) == ("w1", clock("16:00"), 1_100)


def test_a_cut_off_missed_by_a_minute_means_the_next_departure() -> None:
    late = make.route(departures_s=(clock("16:00", 1),))
    answer = make.answer(solved(make.asked(now_s=clock("16:01"), routes=(late,))))
    assert answer.dispatches[0].ships_s == clock("16:00", 1)


def test_what_would_come_after_the_latest_is_not_sent_however_cheap() -> None:
    routes = (make.route(), make.route(mode=ShipMode.EXPRESS, cost_fen=9_000, transit_p90_s=15 * 3_600))
    by_noon, by_eight, by_six = (make.order(latest_s=clock(time, 1)) for time in ("12:00", "08:00", "06:00"))
    assert make.answer(solved(make.asked(by_noon, routes=routes))).dispatches[0].mode is ShipMode.STANDARD
    assert make.answer(solved(make.asked(by_eight, routes=routes))).dispatches[0].mode is ShipMode.EXPRESS
    assert make.answer(solved(make.asked(by_six, routes=routes))).dispatches == ()


def test_urgent_and_waiting_travels_fast_however_dear() -> None:
    routes = (make.route(), make.route(mode=ShipMode.EXPRESS, cost_fen=9_000, transit_p90_s=80_000))
    urgent = make.order(urgent=True)
    assert make.answer(solved(make.asked(urgent, routes=routes))).dispatches[0].mode is ShipMode.EXPRESS
    assert make.answer(solved(make.asked(routes=routes))).dispatches[0].mode is ShipMode.STANDARD


def test_a_bulky_part_without_a_fast_lane_goes_by_itself_and_says_so() -> None:
    routes = (
        make.route(carries=ALL_SIZES),
        make.route(mode=ShipMode.EXPRESS),
        make.route(mode=ShipMode.DEDICATED, carries=ALL_SIZES, cost_fen=20_000),
    )
    bulky = (part("p1", size_class=SizeClass.BULKY),)
    (dispatch,) = make.answer(solved(make.asked(make.order(urgent=True), parts=bulky, routes=routes))).dispatches
    assert dispatch.mode is ShipMode.DEDICATED
    assert dispatch.bulky_fallback


def test_a_dedicated_vehicle_only_where_nothing_else_carries_it() -> None:
    dedicated = make.route(mode=ShipMode.DEDICATED, cost_fen=1, carries=ALL_SIZES)
    both = make.asked(routes=(make.route(), dedicated))
    assert make.answer(solved(both)).dispatches[0].mode is ShipMode.STANDARD
    bulky = replace(both, parts=(part("p1", size_class=SizeClass.BULKY),))
    (dispatch,) = make.answer(solved(bulky)).dispatches
    assert dispatch.mode is ShipMode.DEDICATED
    assert not dispatch.bulky_fallback


def test_a_bulky_part_goes_by_itself_where_the_lanes_that_carry_it_have_nothing_left() -> None:
    """One unit lies where a lane carries it, another where only a vehicle of its own does: both are served."""
    bulky = (part("p1", size_class=SizeClass.BULKY),)
    one = {"p1": make.shelf(1)}
    problem = make.asked(
        make.order(id="o1"),
        make.order(make.line("l2"), id="o2"),
        parts=bulky,
        sources=(make.source(shelves=one), make.source("w2", shelves=one)),
        routes=(make.route(carries=ALL_SIZES), make.route("w2", ShipMode.DEDICATED, carries=ALL_SIZES, cost_fen=9_000)),
    )
    sent = [dispatch.mode for answer in solved(problem).answers for dispatch in answer.dispatches]
    assert sorted(sent) == [ShipMode.DEDICATED, ShipMode.STANDARD]


def test_the_reserve_is_kept_for_those_who_may_have_it_at_a_price() -> None:
    shelves = (make.source(shelves={"p1": make.shelf(2, 2)}),)
    assert make.answer(solved(make.asked(sources=shelves))).answer is Answer.DECLINED
    vulnerable = make.order(customer_class=CustomerClass.VULNERABLE)
    sourced = solved(make.asked(vulnerable, sources=shelves))
    assert make.answer(sourced).dispatches[0].below_floor == 1
    assert sourced.cost.reserve == 4_000


def test_what_is_above_the_floor_is_given_before_the_reserve() -> None:
    shelves = (make.source(shelves={"p1": make.shelf(3, 2)}),)
    orders = [make.order(make.line(f"l{n}"), id=f"o{n}", urgent=True) for n in (1, 2)]
    fast = (make.route(mode=ShipMode.EXPRESS),)
    sourced = solved(make.asked(*orders, sources=shelves, routes=fast))
    assert sorted(answer.dispatches[0].below_floor for answer in sourced.answers) == [0, 1]


def test_inbound_is_promised_from_the_departure_it_reaches() -> None:
    in_time = make.asked(sources=(make.source(shelves={"p1": make.shelf(0, 0, (clock("16:00"), 1))}),))
    answer = make.answer(solved(in_time))
    assert answer.dispatches[0].ships_s == clock("16:00")
    assert answer.answer is Answer.BACKORDERED
    assert answer.eta_p90_s == clock("12:00", 1)
    a_minute_late = make.asked(sources=(make.source(shelves={"p1": make.shelf(0, 0, (clock("16:01"), 1))}),))
    assert make.answer(solved(a_minute_late)).dispatches[0].ships_s == clock("16:00", 1)


def test_inbound_cannot_be_promised_twice() -> None:
    shelves = (make.source(shelves={"p1": make.shelf(1, 0, (clock("12:00", 1), 1))}),)
    orders = [make.order(make.line(f"l{n}"), id=f"o{n}") for n in (1, 2, 3)]
    sourced = solved(make.asked(*orders, sources=shelves))
    assert sorted(sum(one.quantity for one in answer.dispatches) for answer in sourced.answers) == [0, 1, 1]
    assert sorted(one.ships_s for answer in sourced.answers for one in answer.dispatches) == [
        clock("16:00"),
        clock("16:00", 1),
    ]


def test_a_quota_of_nothing_needs_approval_and_is_sourced() -> None:
    sourced = solved(make.asked(quotas=(Quota(outlet_id="u1", part_id="p1", left=0),)))
    answer = make.answer(sourced)
    assert answer.answer is Answer.NEEDS_APPROVAL
    assert sum(dispatch.quantity for dispatch in answer.dispatches) == 1
    assert sourced.cost.quota == 100


def test_a_line_over_its_quota_gives_way() -> None:
    orders = [make.order(make.line(f"l{n}"), id=f"o{n}", ordered_s=make.NOW_S + n) for n in (1, 2)]
    quotas = (Quota(outlet_id="u1", part_id="p1", left=1),)
    scarce = (make.source(shelves={"p1": make.shelf(1)}),)
    sourced = solved(make.asked(*orders, quotas=quotas, sources=scarce))
    assert make.answer(sourced, "l1").answer is Answer.CONFIRMED
    assert not make.answer(sourced, "l2").dispatches


def test_a_kit_with_one_missing_holds_nothing() -> None:
    kit = make.order(*(make.line(f"l{n}", f"p{n}") for n in (1, 2, 3)))
    shelves = (make.source(shelves={"p1": make.shelf(), "p2": make.shelf()}),)
    sourced = solved(make.asked(kit, sources=shelves))
    assert all(not answer.dispatches for answer in sourced.answers)
    assert "p3" in make.answer(sourced, "l1").reason
    assert "p3" in make.answer(sourced, "l1").reason_zh


def test_the_last_units_go_to_a_kit_that_can_be_completed() -> None:
    whole = make.order(make.line("l1"), make.line("l2", "p2"), id="whole")
    broken = make.order(make.line("l3"), make.line("l4", "p3"), id="broken", customer_class=CustomerClass.VULNERABLE)
    shelves = (make.source(shelves={"p1": make.shelf(1), "p2": make.shelf(1)}),)
    sourced = solved(make.asked(broken, whole, sources=shelves))
    assert make.answer(sourced, "l1").answer is Answer.CONFIRMED
    assert not make.answer(sourced, "l3").dispatches


def test_an_order_of_stock_is_sent_in_part() -> None:
    stock = make.stock_order(*(make.line(f"l{n}", f"p{n}") for n in (1, 2)))
    sourced = solved(make.asked(stock))
    assert make.answer(sourced, "l1").answer is Answer.CONFIRMED
    assert make.answer(sourced, "l2").answer is Answer.DECLINED


def test_a_substitute_is_sent_where_the_part_is_not_to_be_had() -> None:
    shelves = (make.source(shelves={"p2": make.shelf()}),)
    sourced = solved(make.asked(sources=shelves, substitutes={"p1": ("p2",)}))
    answer = make.answer(sourced)
    assert answer.answer is Answer.SUBSTITUTED
    assert answer.dispatches[0].part_id == "p2"
    assert sourced.cost.substitution == 500
    assert make.answer(solved(make.asked(substitutes={"p1": ("p2",)}))).answer is Answer.CONFIRMED


def test_a_pinned_line_comes_from_there_or_not_at_all() -> None:
    far = make.source("w2", shelves={"p1": make.shelf(1)})
    routes = (make.route(), make.route("w2", cost_fen=50_000))
    pinned = make.order(make.line(pinned="w2"))
    sourced = solved(make.asked(pinned, sources=(make.source(), far), routes=routes))
    assert make.answer(sourced).dispatches[0].source_id == "w2"
    nowhere = make.asked(make.order(make.line(pinned="w9")))
    assert not make.answer(solved(nowhere)).dispatches


def test_a_source_offline_sends_nothing() -> None:
    assert make.answer(solved(make.asked(sources=(make.source(open=False),)))).answer is Answer.DECLINED


def test_a_dock_packs_only_so_many_lines() -> None:
    orders = [make.order(make.line(f"l{n}"), id=f"o{n}") for n in (1, 2, 3)]
    sourced = solved(make.asked(*orders, sources=(make.source(dock_lines=2),)))
    ships_s = sorted(answer.dispatches[0].ships_s for answer in sourced.answers)
    assert ships_s == [clock("16:00"), clock("16:00"), clock("16:00", 1)]


def test_a_quantity_larger_than_any_shelf_comes_from_several() -> None:
    shelves = tuple(make.source(id, shelves={"p1": make.shelf(units)}) for id, units in (("w1", 4), ("w2", 3)))
    routes = (make.route(), make.route("w2"))
    large = make.asked(make.order(make.line(quantity=6)), sources=shelves, routes=routes)
    sourced = solved(large)
    assert {(one.source_id, one.quantity) for one in make.answer(sourced).dispatches} == {("w1", 4), ("w2", 2)}
    assert sourced.cost.split == 300
    unsplit = replace(large, orders=(make.order(make.line(quantity=6), most_sources=1),))
    answer = make.answer(solved(unsplit))
    assert not answer.dispatches
    assert answer.answer in {Answer.BACKORDERED, Answer.DECLINED}


def test_a_quantity_larger_than_everything_is_answered() -> None:
    assert make.answer(solved(make.asked(make.order(make.line(quantity=99))))).answer is Answer.DECLINED
    part_of_it = make.answer(solved(make.asked(make.stock_order(make.line(quantity=99)))))
    assert part_of_it.answer is Answer.BACKORDERED
    assert sum(dispatch.quantity for dispatch in part_of_it.dispatches) == 10


def test_the_outlets_own_shelf_serves_it_at_once() -> None:
    own = make.source("u1-shelf", kind=SourceKind.OUTLET, outlet_id="u1", shelves={"p1": make.shelf(1)})
    sourced = solved(make.asked(sources=(make.source(), own)))
    answer = make.answer(sourced)
    assert answer.dispatches[0].source_id == "u1-shelf"
    assert answer.eta_p90_s == make.NOW_S
    assert sourced.cost.freight == 0
    elsewhere = make.asked(make.order(outlet_id="u2"), sources=(make.source(), own))
    assert make.answer(solved(elsewhere)).dispatches[0].source_id == "w1"


def test_a_shelf_is_not_filled_from_itself() -> None:
    own = make.source("u1-shelf", kind=SourceKind.OUTLET, outlet_id="u1", shelves={"p1": make.shelf(1)})
    sourced = solved(make.asked(make.stock_order(), sources=(make.source(), own)))
    assert make.answer(sourced).dispatches[0].source_id == "w1"


def test_lines_of_an_order_share_a_parcel() -> None:
    two = make.order(make.line("l1"), make.line("l2", "p2"))
    both = {"p1": make.shelf(), "p2": make.shelf()}
    sources = (make.source(shelves=both), make.source("w2", shelves={"p2": make.shelf()}))
    cheaper = make.route("w2", cost_fen=950)
    sourced = solved(make.asked(two, sources=sources, routes=(make.route(), cheaper)))
    assert len(sourced.consignments) == 1
    assert sourced.consignments[0].line_ids == ("l1", "l2")
    assert sourced.cost.consignments == 500


def test_thousands_of_orders_for_the_last_ten_units() -> None:
    orders = [make.order(make.line(f"l{n}"), id=f"o{n}", ordered_s=make.NOW_S - 60 * (n % 600)) for n in range(5_000)]
    sourced = solved(make.asked(*orders))
    served = [answer for answer in sourced.answers if answer.dispatches]
    assert len(served) == 10
    assert len(sourced.answers) == 5_000


def test_a_lane_without_departures_sends_nothing() -> None:
    answer = make.answer(solved(make.asked(routes=(make.route(departures_s=()),))))
    assert answer.answer is Answer.DECLINED


def test_a_part_nobody_knows_is_declined() -> None:
    assert make.answer(solved(make.asked(make.order(make.line(part_id="p99"))))).answer is Answer.DECLINED


def test_without_any_source_everything_is_declined() -> None:
    assert make.answer(solved(make.asked(sources=(), routes=()))).answer is Answer.DECLINED


def test_without_any_order_there_is_nothing_to_say() -> None:
    sourced = solved(replace(make.asked(), orders=()))
    assert sourced.answers == ()
    assert sourced.cost.total == 0


def test_an_order_of_a_hundred_lines() -> None:
    many = make.stock_order(*(make.line(f"l{n}", f"p{n % 3 + 1}") for n in range(100)))
    sourced = solved(make.asked(many))
    assert sum(bool(answer.dispatches) for answer in sourced.answers) == 10


def test_scarcity_keeps_units_for_later_orders() -> None:
    sources = (make.source(), make.source("w2"))
    both = make.asked(sources=sources, routes=(make.route(), make.route("w2", cost_fen=1_200)))
    assert make.answer(solved(both)).dispatches[0].source_id == "w1"
    sourced = solved(replace(both, bid_fen={("w1", "p1"): 900}))
    assert make.answer(sourced).dispatches[0].source_id == "w2"


def test_the_worth_of_a_unit_comes_from_what_is_forecast() -> None:
    scarce = (make.source(shelves={"p1": make.shelf(2)}),)
    asked = make.asked(bid_fen=None, forecast={("c1", "p1"): 5}, sources=scarce)
    assert solved(asked).bid_fen == {("w1", "p1"): 60_000 - 1_100}
    assert solved(replace(asked, forecast={("c1", "p1"): 1})).bid_fen == {}


def test_the_worth_of_a_unit_is_by_lanes_that_carry_it() -> None:
    scarce = (make.source(shelves={"p1": make.shelf(2)}),)
    letters = make.route(mode=ShipMode.EXPRESS, cost_fen=1, carries=frozenset({SizeClass.BULKY}))
    asked = make.asked(bid_fen=None, forecast={("c1", "p1"): 5}, sources=scarce, routes=(letters, make.route()))
    assert solved(asked).bid_fen == {("w1", "p1"): 60_000 - 1_100}


def test_nothing_is_expected_of_units_that_others_are_promised() -> None:
    one = (make.source(shelves={"p1": make.shelf(0, 0, (clock("12:00"), 1))}),)
    orders = [make.order(make.line(f"l{n}"), id=f"o{n}") for n in range(3)]
    sourced = solved(make.asked(*orders, sources=one))
    unsent = [answer for answer in sourced.answers if not answer.dispatches]
    assert [answer.answer for answer in unsent] == [Answer.DECLINED] * 2
    assert all("promised to other orders" in answer.reason for answer in unsent)


def test_a_pinned_source_that_has_nothing_is_the_reason_whatever_others_have() -> None:
    empty = make.source("w2", shelves={"p1": make.shelf(0)})
    full = make.source(shelves={"p1": make.shelf(0, 0, (clock("12:00", 1), 1))})
    pinned = make.order(make.line(pinned="w2"))
    answer = make.answer(solved(make.asked(pinned, sources=(full, empty), routes=(make.route(), make.route("w2")))))
    assert answer.answer is Answer.DECLINED
    assert "w2, which a person decided on, does not have" in answer.reason


def test_what_no_lane_carries_is_not_expected() -> None:
    bulky = (part("p1", size_class=SizeClass.BULKY),)
    held = (make.source(shelves={"p1": make.shelf(3, 0, (clock("12:00", 1), 1))}),)
    answer = make.answer(solved(make.asked(parts=bulky, sources=held)))
    assert answer.answer is Answer.DECLINED
    assert "no lane carries p1 here" in answer.reason


def test_what_is_sent_in_part_has_no_time_where_no_more_comes() -> None:
    answer = make.answer(solved(make.asked(make.stock_order(make.line(quantity=99)))))
    assert answer.answer is Answer.BACKORDERED
    assert answer.eta_p90_s is None


@pytest.mark.parametrize(
    ("worth_fen", "mode"),
    [(0, ShipMode.STANDARD), (14_000, ShipMode.STANDARD), (15_000, ShipMode.EXPRESS)],
)
def test_what_is_lost_after_the_need_pays_for_a_dearer_lane(worth_fen: int, mode: ShipMode) -> None:
    """Two units of which each is worth so much in time; the express is 29,000 fen dearer, the hour late costs 200."""
    late = clock("12:00", 1) - 3_600
    routes = (make.route(), make.route(mode=ShipMode.EXPRESS, cost_fen=30_000, transit_p90_s=7_200))
    valued = replace(make.line(quantity=2), in_time_fen=worth_fen)
    asked = make.asked(make.stock_order(valued, needed_by_s=late), routes=routes)
    sourced = solved(asked)
    assert make.answer(sourced).dispatches[0].mode is mode
    if mode is ShipMode.STANDARD:
        plain = solved(replace(asked, orders=(make.stock_order(make.line(quantity=2), needed_by_s=late),)))
        assert sourced.cost.lateness - plain.cost.lateness == 2 * worth_fen
    # Whoever has no need by a time loses nothing.
    whenever = solved(make.asked(make.stock_order(valued), routes=routes))
    assert make.answer(whenever).dispatches[0].mode is ShipMode.STANDARD


def test_what_is_never_sent_is_lost_too() -> None:
    valued = replace(make.line(quantity=2), in_time_fen=7_000)
    asked = make.asked(make.stock_order(valued, needed_by_s=clock("12:00", 1)), sources=(make.source(shelves={}),))
    plain = replace(asked, orders=(make.stock_order(make.line(quantity=2), needed_by_s=clock("12:00", 1)),))
    assert solved(asked).cost.backorder - solved(plain).cost.backorder == 14_000
