"""The checker finds what is wrong with an answer: each sentence is provoked by tampering with a right one."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from optimizer.model import CustomerClass, ShipMode
from optimizer.parts.check import faults
from optimizer.parts.model import Answer, Charges, LineAnswer, Quota, Sourced, SourceKind, Sourcing
from optimizer.parts.sourcing import source
from tests import make_parts as make
from tests.make import clock

Tamper = Callable[[Sourced], Sourced]


def told(number: int = 0, **fields: Any) -> Tamper:
    """Return what changes an answer."""

    def tamper(sourced: Sourced) -> Sourced:
        answers = list(sourced.answers)
        answers[number] = replace(answers[number], **fields)
        return replace(sourced, answers=tuple(answers))

    return tamper


def sent(number: int = 0, **fields: Any) -> Tamper:
    """Return what changes the first dispatch of an answer."""

    def tamper(sourced: Sourced) -> Sourced:
        first, *others = sourced.answers[number].dispatches
        return told(number, dispatches=(replace(first, **fields), *others))(sourced)

    return tamper


def listed(change: Callable[[tuple[LineAnswer, ...]], tuple[LineAnswer, ...]]) -> Tamper:
    """Return what changes the list of answers."""
    return lambda sourced: replace(sourced, answers=change(sourced.answers))


PLAIN = make.asked(
    sources=(make.source(), make.source("w2"), make.source("w3", open=False)),
    routes=(make.route(), make.route("w2", cost_fen=2_000)),
)
KIT = make.asked(
    make.order(make.line("l1"), make.line("l2", "p2")),
    sources=(make.source(shelves={"p1": make.shelf(), "p2": make.shelf()}),),
)
OWN = make.asked(sources=(make.source("shop", kind=SourceKind.OUTLET, outlet_id="u1"),), routes=())
URGENT = make.asked(make.order(urgent=True), routes=(make.route(), make.route(mode=ShipMode.EXPRESS)))
RESERVED = make.asked(
    make.order(customer_class=CustomerClass.PRIORITY), sources=(make.source(shelves={"p1": make.shelf(1, 1)}),)
)
TWICE = make.asked(
    make.order(make.line(quantity=2), customer_class=CustomerClass.PRIORITY),
    sources=(make.source(shelves={"p1": make.shelf(2, 1)}),),
)
SPLIT = make.asked(
    make.order(make.line(quantity=2)),
    sources=tuple(make.source(id, shelves={"p1": make.shelf(1)}) for id in ("w1", "w2")),
    routes=(make.route(), make.route("w2")),
)
DOCKED = make.asked(make.order(), make.order(make.line("l2"), id="o2"), sources=(make.source(dock_lines=1),))
OVER = make.asked(quotas=(Quota(outlet_id="u1", part_id="p1", left=0),))
OTHER = make.asked(sources=(make.source(shelves={"p2": make.shelf()}),), substitutes={"p1": ("p2",)})
INBOUND = make.asked(sources=(make.source(shelves={"p1": make.shelf(0, 0, (clock("16:00"), 1))}),))
TOO_DEAR = make.asked(
    make.stock_order(make.line()),
    sources=(make.source(shelves={"p1": make.shelf(0, 0, (clock("12:00", 1), 1))}),),
    charges=Charges(backorder_fen=1),
)
BY_NOON = make.asked(
    make.order(latest_s=clock("12:00", 1)), routes=(make.route(departures_s=(clock("16:00"), clock("18:00"))),)
)

CASES: list[tuple[str, Sourcing, Tamper, str]] = [
    ("no answer", PLAIN, listed(lambda _: ()), "line l1 has no answer"),
    ("two answers", PLAIN, listed(lambda answers: answers * 2), "line l1 has 2 answers"),
    ("another's line", PLAIN, told(line_id="l9"), "l9 is no line of this problem"),
    ("too many", PLAIN, sent(quantity=2), "line l1 asks for 1, 2 are sent"),
    ("too few", PLAIN, told(dispatches=()), "line l1 is told confirmed, 0 of 1 are sent"),
    ("declined and sent", PLAIN, told(answer=Answer.DECLINED), "line l1 is declined and sent"),
    ("no time", PLAIN, told(eta_p90_s=None), "line l1 is told confirmed without a time"),
    ("another time", PLAIN, told(eta_p90_s=0), "promised for another time than 12:00"),
    ("unknown source", PLAIN, sent(source_id="w9"), "w9 or p1 is not of this problem"),
    ("nothing", PLAIN, sent(quantity=0), "0 are sent"),
    ("another part", PLAIN, sent(part_id="p2"), "p2 does not do instead of p1"),
    ("offline", PLAIN, sent(source_id="w3"), "w3 is offline"),
    (
        "part of the reserve",
        TWICE,
        sent(below_floor=1),
        "takes 1 of 2 from the reserve: it is of it whole or not at all",
    ),
    ("reserve", PLAIN, sent(below_floor=1), "takes 1 from the reserve of w1, which is not for it"),
    ("no such departure", PLAIN, sent(ships_s=clock("15:59")), "no standard lane from w1 to c1 carries p1 at 15:59"),
    ("no such price", PLAIN, sent(cost_fen=1), "in that time and at that price"),
    ("too early", replace(PLAIN, now_s=clock("08:00")), sent(ships_s=clock("07:00")), "has left before now"),
    (
        "after the latest",
        BY_NOON,
        sent(ships_s=clock("18:00"), ready_p50_s=clock("04:00", 1), ready_p90_s=clock("14:00", 1)),
        "is there at 14:00 (day +1), nothing may come after 12:00 (day +1)",
    ),
    ("slow", URGENT, sent(mode=ShipMode.STANDARD), "a customer waits and it travels standard"),
    ("slow needlessly", URGENT, sent(mode=ShipMode.STANDARD, bulky_fallback=True), "though a faster lane carries it"),
    ("by itself", PLAIN, sent(mode=ShipMode.DEDICATED), "it goes by itself, though standard carry it"),
    ("own shelf", OWN, sent(cost_fen=5), "lies on the outlet's own shelf"),
    ("half a kit", KIT, told(1, dispatches=()), "order o1 is a kit: l2 is not sent, others are"),
    ("empty shelf", replace(PLAIN, sources=(make.source(shelves={"p1": make.shelf(1)}),)), sent(quantity=3), "has 1"),
    ("floor", RESERVED, sent(below_floor=0), "w1 keeps 1 of p1, and 1 of 1 have left without leave"),
    ("wrong price", PLAIN, lambda s: replace(s, cost=replace(s.cost, freight=1)), "freight is said to cost 1 fen"),
    ("bound", PLAIN, lambda s: replace(s, bound_fen=s.cost.total + 1), "less than the"),
    ("not the best", PLAIN, lambda s: replace(s, bound_fen=s.cost.total - 1), "it is said to be the best"),
    ("over quota", OVER, told(answer=Answer.CONFIRMED), "line l1 is over its quota and told confirmed"),
    ("in quota", PLAIN, told(answer=Answer.NEEDS_APPROVAL), "line l1 is within its quota and told needs_approval"),
    ("its own part", PLAIN, told(answer=Answer.SUBSTITUTED), "told substituted, its own part is sent"),
    ("a substitute", OTHER, told(answer=Answer.CONFIRMED), "told confirmed, another part is sent"),
    ("not on hand", INBOUND, told(answer=Answer.CONFIRMED), "w1 has 0 of p1 on hand, 1 are told as if they were"),
    ("on hand", PLAIN, told(answer=Answer.BACKORDERED), "told backordered, what it gets is on hand"),
    ("usual time", PLAIN, told(eta_p50_s=0), "usually there at another time"),
    ("no fallback", PLAIN, sent(bulky_fallback=True), "marked as a fallback, and it is none"),
    ("no fallback fast", URGENT, sent(bulky_fallback=True), "marked as a fallback, and it is none"),
    ("another line", PLAIN, sent(line_id="l9"), "says it is for l9 of order o1"),
    ("another order", PLAIN, sent(order_id="o9"), "says it is for l1 of order o9"),
    ("answer's order", PLAIN, told(order_id="o9"), "answered for order o9, it is of o1"),
    ("less than none", PLAIN, sent(below_floor=-1), "-1 of 1 are said to be of the reserve"),
    ("no parcels", PLAIN, lambda s: replace(s, consignments=()), "gets a parcel from w1 at 16:00"),
    ("more parcels", PLAIN, lambda s: replace(s, consignments=s.consignments * 2), "2 parcels are said to leave, 1 do"),
    ("another worth", PLAIN, lambda s: replace(s, bid_fen={("w1", "p1"): 7}), "worth something else"),
    (
        "declined, though expected",
        TOO_DEAR,
        told(answer=Answer.DECLINED, eta_p50_s=None, eta_p90_s=None),
        "1 are left to come",
    ),
    ("declined for a time", TOO_DEAR, told(answer=Answer.DECLINED), "line l1 is declined for"),
    ("one time", TOO_DEAR, told(eta_p50_s=None), "told one time of two"),
    ("no lane", TOO_DEAR, told(eta_p50_s=1, eta_p90_s=1), "when no lane comes"),
    ("nothing comes", PLAIN, told(dispatches=(), answer=Answer.BACKORDERED, eta_p50_s=None), "told one time of two"),
]


@pytest.mark.parametrize(("asked", "tamper", "sentence"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_every_tampering_is_found(asked: Sourcing, tamper: Tamper, sentence: str) -> None:
    sourced = source(asked)
    assert faults(asked, sourced) == []
    found = faults(asked, tamper(sourced))
    assert any(sentence in fault for fault in found), found


def test_to_expect_more_than_is_left_is_found() -> None:
    sourced = source(TOO_DEAR)
    gone = replace(TOO_DEAR, sources=(make.source(shelves={"p1": make.shelf(0)}),))
    assert any("told that 1 come, fewer are left" in fault for fault in faults(gone, sourced))


def test_what_travels_slowly_though_a_vehicle_of_its_own_carries_it_is_found() -> None:
    slow = make.asked(make.order(urgent=True))
    wider = replace(slow, routes=(*slow.routes, make.route(mode=ShipMode.DEDICATED)))
    assert any("though a vehicle of its own carries it" in fault for fault in faults(wider, source(slow)))


def test_a_pin_that_is_not_kept_is_found() -> None:
    sourced = source(PLAIN)
    pinned = replace(PLAIN, orders=(make.order(make.line(pinned="w2")),))
    assert any("a person decided on w2" in fault for fault in faults(pinned, sourced))


def test_too_many_sources_are_found() -> None:
    sourced = source(SPLIT)
    narrow = replace(SPLIT, orders=(replace(SPLIT.orders[0], most_sources=1),))
    assert any("comes from 2 sources, at most 1" in fault for fault in faults(narrow, sourced))


def test_a_full_dock_is_found() -> None:
    wide = replace(DOCKED, sources=(make.source(),))
    assert any("packs 1 lines for standard at 16:00, 2 are to leave" in fault for fault in faults(DOCKED, source(wide)))
