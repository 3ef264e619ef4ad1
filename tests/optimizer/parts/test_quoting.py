"""Quotes and availability: as good as everything tried, legal beside all promises, and nothing promised twice."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.model import ShipMode
from optimizer.parts import model
from optimizer.parts.check import broken_rules, faults
from optimizer.parts.check_told import untrue
from optimizer.parts.price import price
from optimizer.parts.quoting import Quote, QuoteDesk
from optimizer.parts.sourcing import source
from tests import make_parts as make
from tests.make import clock

SEEDS = st.integers(min_value=0, max_value=100_000)


def with_quote(
    asked: model.Sourcing, sourced: model.Sourced, order: model.Order, quote: Quote
) -> tuple[model.Sourcing, model.Sourced]:
    """Return the problem and its answers with one order more."""
    more = replace(asked, orders=(*asked.orders, order))
    both = replace(
        sourced,
        answers=(*sourced.answers, *quote.answers),
        consignments=(*sourced.consignments, *quote.consignments),
        bound_fen=0,
        optimal=False,
    )
    return more, replace(both, cost=price(more, both))


@settings(deadline=None, max_examples=60)
@given(SEEDS, st.integers(min_value=1, max_value=6))
def test_a_quote_is_legal_beside_all_promises_and_costs_what_it_says(seed: int, orders: int) -> None:
    asked = replace(make.random_problem(seed, orders=orders + 1), quotas=())
    asked, order = replace(asked, orders=asked.orders[:-1]), asked.orders[-1]
    sourced = source(asked)
    quote = QuoteDesk(asked, sourced).quote(order)
    more, both = with_quote(asked, sourced, order, quote)
    assert faults(more, both) == []
    assert both.cost.total - sourced.cost.total == quote.cost.total
    assert [reply.line_id for reply in quote.replies] == [line.id for line in order.lines]


@settings(deadline=None, max_examples=60)
@given(SEEDS)
def test_with_nothing_promised_a_quote_is_the_best_answer(seed: int) -> None:
    asked = make.random_problem(seed, orders=1)
    nobody = replace(asked, orders=())
    best = source(asked)
    quote = QuoteDesk(nobody, replace(source(nobody), bid_fen=best.bid_fen)).quote(asked.orders[0])
    assert quote.cost == best.cost
    assert quote.answers == best.answers or quote.cost.total == best.cost.total


@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_orders_quoted_in_turn_never_share_a_unit(seed: int) -> None:
    asked = replace(make.random_problem(seed, orders=8), quotas=())
    nobody = replace(asked, orders=())
    sourced, sofar = source(nobody), nobody
    desk = QuoteDesk(nobody, sourced)
    for order in asked.orders:
        quote = desk.quote(order)
        desk.promise(order, quote.dispatches)
        sofar, sourced = with_quote(sofar, sourced, order, quote)
    # What lines are told of stock to come is no promise: later orders may be given those units.
    assert set(faults(asked, sourced)) <= set(untrue(asked, sourced))


def test_the_last_unit_is_quoted_until_it_is_promised_and_again_once_it_is_back() -> None:
    asked = make.asked(sources=(make.source(shelves={"p1": make.shelf(2)}),))
    desk = QuoteDesk(asked, source(asked))
    order = make.order(make.line("l9"), id="o9")
    quote = desk.quote(order)
    assert quote.ready_p90_s == clock("12:00", 1)
    desk.promise(order, quote.dispatches)
    assert desk.quote(order).ready_p90_s is None
    desk.give_back(order, quote.dispatches)
    assert desk.quote(order) == quote


def test_a_line_is_cut_along_what_is_left() -> None:
    sources = tuple(make.source(id, shelves={"p1": make.shelf(units)}) for id, units in (("w1", 6), ("w2", 3)))
    routes = (make.route(), make.route("w2"))
    asked = make.asked(make.order(make.line("l0", quantity=2, pinned="w1")), sources=sources, routes=routes)
    quote = QuoteDesk(asked, source(asked)).quote(make.order(make.line("l9", quantity=6), id="o9"))
    assert {(one.source_id, one.quantity) for one in quote.dispatches} == {("w1", 4), ("w2", 2)}


def test_a_quote_over_the_quota_needs_approval() -> None:
    asked = make.asked(quotas=(model.Quota(outlet_id="u1", part_id="p1", left=1),))
    quote = QuoteDesk(asked, source(asked)).quote(make.order(make.line("l9"), id="o9"))
    assert quote.answers[0].answer is model.Answer.NEEDS_APPROVAL
    assert quote.cost.quota == 100


def test_what_is_free_where_and_by_when() -> None:
    own = make.source("shop", outlet_id="u1", kind=model.SourceKind.OUTLET, shelves={"p1": make.shelf(1)})
    sources = (make.source(shelves={"p1": make.shelf(5, 2, (clock("12:00", 1), 4))}), own)
    routes = (make.route(), make.route(mode=ShipMode.EXPRESS, transit_p90_s=30_000))
    asked = make.asked(make.order(make.line(quantity=2, pinned="w1")), sources=sources, routes=routes)
    desk = QuoteDesk(asked, source(asked))
    one = desk.availability("p1", "c1", "u1")
    assert [(some.source_id, some.mode, some.free) for some in one] == [
        ("shop", ShipMode.PICKUP, 1),
        ("w1", ShipMode.EXPRESS, 1),
        ("w1", ShipMode.STANDARD, 1),
    ]
    assert one[2].ready_p90_s == clock("12:00", 1)
    assert one[2].cost_fen == 1_100
    several = desk.availability("p1", "c1", "u1", quantity=4)
    assert [(some.source_id, some.ships_s, some.free) for some in several] == [
        ("w1", clock("16:00", 1), 5),
        ("w1", clock("16:00", 1), 5),
    ]
    assert desk.availability("p1", "c9") == ()
    assert desk.availability("p9", "c1") == ()


@settings(deadline=None, max_examples=60)
@given(SEEDS)
def test_what_is_said_to_be_free_can_be_had(seed: int) -> None:
    asked = replace(make.random_problem(seed, orders=4), quotas=())
    sourced = source(asked)
    desk = QuoteDesk(asked, sourced)
    for part in asked.parts:
        for some in desk.availability(part.id, "c1", "u1"):
            order = make.stock_order(make.line("l9", part.id, some.free), id="o9")
            dispatch = model.Dispatch(
                line_id="l9",
                order_id="o9",
                part_id=part.id,
                quantity=some.free,
                source_id=some.source_id,
                mode=some.mode,
                ships_s=some.ships_s,
                ready_p50_s=some.ready_p50_s,
                ready_p90_s=some.ready_p90_s,
                cost_fen=some.cost_fen,
            )
            answer = make.answer(source(make.asked()), "l1")
            told = replace(answer, line_id="l9", order_id="o9", dispatches=(dispatch,), eta_p90_s=dispatch.ready_p90_s)
            more = replace(asked, orders=(*asked.orders, order))
            both = replace(sourced, answers=(*sourced.answers, told))
            wrong = [fault for fault in broken_rules(more, both) if "by itself" not in fault and "price" not in fault]
            assert wrong == []
