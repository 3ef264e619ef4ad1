"""A line is cut where no one source that may serve it could send it whole, and nowhere else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.model import CustomerClass, ShipMode
from optimizer.parts.check import faults
from optimizer.parts.cutting import Cutting
from optimizer.parts.grid import lay_out
from optimizer.parts.model import Answer, Source, Sourced, SourceKind, Sourcing
from optimizer.parts.price import lines_over_quota
from optimizer.parts.quoting import QuoteDesk
from optimizer.parts.sourcing import source
from tests import make_parts as make
from tests.make import clock, part
from tests.optimizer.parts.test_one_program import of_several_units, possible

DAY_9 = clock("00:00", 9)


def holds(id: str, *shelf: Any, **fields: Any) -> Source:
    return make.source(id, shelves={"p1": make.shelf(*shelf)}, **fields)


SIXES = (holds("w2", 6), holds("w3", 6))
LARGE: Mapping[str, tuple[Source, Mapping[str, Any], Mapping[str, Any]]] = {
    "an outlet's own": (holds("shop9", 20, kind=SourceKind.OUTLET, outlet_id="u9"), {"to_id": "c9"}, {}),
    "no lane here": (holds("far", 20), {"to_id": "c9"}, {}),
    "no lane that carries it": (holds("far", 20), {"carries": frozenset()}, {}),
    "no departure": (holds("far", 20), {"departures_s": ()}, {}),
    "out of reach": (holds("far", 20), {"mode": ShipMode.PICKUP, "reach": frozenset({"u9"})}, {}),
    "by a vehicle of its own": (holds("far", 8), {"mode": ShipMode.DEDICATED}, {}),
    "kept in reserve": (holds("far", 20, 15), {}, {}),
    "comes after the last departure": (holds("far", 0, 0, (DAY_9, 20)), {}, {}),
    "comes too late": (holds("far", 20), {"transit_p90_s": 400_000}, {"latest_s": clock("12:00", 2)}),
    "arrives too late": (holds("far", 1, 0, (clock("12:00", 2), 19)), {}, {"latest_s": clock("12:00", 2)}),
    "packs nothing": (holds("far", 20, dock_lines=0), {}, {}),
    "offline": (holds("far", 20, open=False), {}, {}),
}


@pytest.mark.parametrize("what", LARGE)
@pytest.mark.parametrize("kit", [True, False])
def test_a_large_shelf_that_may_not_serve_a_line_does_not_keep_it_whole(what: str, kit: bool) -> None:
    large, lane, wish = LARGE[what]
    of = make.order if kit else make.stock_order
    asked = make.asked(
        of(make.line(quantity=12), **wish),
        sources=(large, *SIXES),
        routes=(make.route(large.id, **lane), make.route("w2"), make.route("w3")),
    )
    sourced = source(asked)
    assert faults(asked, sourced) == []
    answer = make.answer(sourced)
    assert answer.answer is Answer.CONFIRMED
    assert sum(one.quantity for one in answer.dispatches) == 12
    assert len(answer.dispatches) == 2
    assert sourced.optimal


def test_what_another_outlet_holds_changes_nothing() -> None:
    order = make.stock_order(make.line(quantity=12))
    routes = make.route("w2"), make.route("w3")
    alone = source(make.asked(order, sources=SIXES, routes=routes))
    assert source(make.asked(order, sources=(*SIXES, LARGE["an outlet's own"][0]), routes=routes)) == alone


def shares(asked: Sourcing) -> list[int]:
    order = asked.orders[0]
    return Cutting(asked).shares(order, order.lines[0])


def test_the_reserve_counts_for_those_who_may_have_it() -> None:
    sources = holds("w1", 13, 3), holds("w2", 6)
    routes = make.route("w1"), make.route("w2")
    order = make.order(make.line(quantity=12))
    assert shares(make.asked(order, sources=sources, routes=routes)) == [10, 2]
    needy = replace(order, customer_class=CustomerClass.VULNERABLE)
    assert shares(make.asked(needy, sources=sources, routes=routes)) == [12]


def test_an_order_counts_the_shelf_of_its_own_outlet() -> None:
    own = holds("shop", 12, kind=SourceKind.OUTLET, outlet_id="u1")
    routes = make.route("w2"), make.route("w3")
    assert shares(make.asked(make.order(make.line(quantity=12)), sources=(own, *SIXES), routes=routes)) == [12]
    assert shares(make.asked(make.stock_order(make.line(quantity=12)), sources=(own, *SIXES), routes=routes)) == [6, 6]


def test_stock_that_arrives_before_the_last_departure_counts() -> None:
    soon = holds("w1", 0, 0, (clock("12:00", 2), 12))
    asked = make.asked(
        make.order(make.line(quantity=12)), sources=(soon, *SIXES), routes=tuple(map(make.route, ("w1", "w2", "w3")))
    )
    assert shares(asked) == [12]


def test_a_vehicle_of_its_own_counts_for_as_many_units_as_nothing_else_carries() -> None:
    sources = holds("w1", 9), holds("w2", 6)
    routes = make.route("w1", ShipMode.DEDICATED), make.route("w2")
    for wanted, cut in {5: [5], 6: [6], 7: [7], 9: [9], 12: [9, 3], 16: [9, 6, 1]}.items():
        assert shares(make.asked(make.order(make.line(quantity=wanted)), sources=sources, routes=routes)) == cut


def test_what_is_pinned_is_cut_along_its_source_alone() -> None:
    line = make.line(quantity=12, pinned="w2")
    asked = make.asked(make.stock_order(line), sources=SIXES, routes=(make.route("w2"), make.route("w3")))
    assert shares(asked) == [6, 6]
    assert [(one.source_id, one.quantity) for one in make.answer(source(asked)).dispatches] == [("w2", 6)]


def test_a_line_is_also_cut_along_the_shelves_of_what_would_do_instead() -> None:
    other = make.source("w1", shelves={"p2": make.shelf(6)})
    more = make.source("w2", shelves={"p2": make.shelf(6)})
    asked = make.asked(
        make.order(make.line(quantity=12)),
        sources=(other, more),
        routes=(make.route("w1"), make.route("w2")),
        substitutes={"p1": ("p2",)},
        parts=(part("p1"), part("p2")),
    )
    assert make.answer(source(asked)).answer is Answer.SUBSTITUTED


def test_a_quote_cuts_along_what_is_left_and_keeps_the_modes_of_what_was_ever_there() -> None:
    big = make.stock_order(make.line("l0", quantity=12), id="s0")
    asked = make.asked(
        big,
        sources=(holds("w1", 12), holds("far", 12), *SIXES),
        routes=(make.route("w1"), make.route("far", ShipMode.DEDICATED), make.route("w2"), make.route("w3")),
    )
    desk = QuoteDesk(asked, source(asked))
    quote = desk.quote(make.stock_order(make.line("l1", quantity=12), id="s1"))
    assert sorted((one.source_id, one.quantity) for one in quote.dispatches) == [("w2", 6), ("w3", 6)]


def test_a_quote_counts_what_is_left_of_a_reserve_once() -> None:
    needy = make.order(make.line("l0", quantity=3), id="o0", customer_class=CustomerClass.VULNERABLE)
    asked = make.asked(needy, sources=(holds("w1", 10, 3), holds("w2", 2)), routes=(make.route("w1"), make.route("w2")))
    sent = replace(make.answer(source(asked), "l0").dispatches[0], source_id="w1", below_floor=3)
    desk = QuoteDesk(asked, _nobody(asked))
    desk.promise(needy, (sent,))
    quote = desk.quote(make.stock_order(make.line("l1", quantity=7), id="s1"))
    assert [(one.source_id, one.quantity) for one in quote.dispatches] == [("w1", 7)]


def _nobody(asked: Sourcing) -> Sourced:
    return source(replace(asked, orders=()))


@settings(deadline=None, max_examples=150)
@given(st.integers(min_value=0, max_value=100_000), st.integers(min_value=1, max_value=9), st.booleans())
def test_a_line_is_whole_just_where_one_legal_dispatch_could_bring_it(seed: int, orders: int, units: bool) -> None:
    asked = of_several_units(seed, orders) if units else make.random_problem(seed, orders=orders)
    latest = [None, clock("20:00"), clock("12:00", 1), clock("12:00", 2)]
    asked = replace(
        asked,
        orders=tuple(replace(one, latest_s=latest[(seed + n) % 4]) for n, one in enumerate(asked.orders)),
    )
    over = lines_over_quota(asked)
    cut: dict[str, list[int]] = {}
    for piece in (laid := lay_out(asked, over, {})).pieces:
        cut.setdefault(piece.order.lines[piece.line].id, []).append(piece.quantity)
        line = piece.order.lines[piece.line]
        served = any(True for _ in possible(asked, piece.order, replace(piece, quantity=line.quantity), over))
        alone = piece.quantity == line.quantity
        # A line that nobody has one of is not cut either: there is nothing to cut it along.
        assert alone or not served
        if alone and not served:
            one = replace(piece, quantity=1)
            assert line.quantity == 1 or not any(
                sent.mode is not ShipMode.DEDICATED for sent, _ in possible(asked, piece.order, one, over)
            )
    assert all(sum(cut[line.id]) == line.quantity for order in laid.groups for line in order.lines)
