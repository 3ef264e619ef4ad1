"""The plain rules: legal whatever is asked, no better than the decision together, and plain."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.model import CustomerClass, ShipMode
from optimizer.parts.check import faults
from optimizer.parts.first_come import Preference, first_come
from optimizer.parts.grid import lay_out
from optimizer.parts.model import Answer, Sourced, Sourcing
from optimizer.parts.replies import replies
from optimizer.parts.sourcing import source
from tests import make_parts as make
from tests.make import at

SEEDS = st.integers(min_value=0, max_value=100_000)
PREFERENCES = st.sampled_from(list(Preference))


@settings(deadline=None, max_examples=80)
@given(SEEDS, st.integers(min_value=1, max_value=12), PREFERENCES)
def test_a_plain_rule_is_legal_and_no_better_than_the_bound(seed: int, orders: int, preference: Preference) -> None:
    asked = make.random_problem(seed, orders=orders)
    sourced = first_come(asked, preference)
    assert faults(asked, sourced) == []
    # The bound is of lines that are whole, or cut where none could send them whole; of other shares it says nothing.
    if _in_these_pieces(asked, sourced):
        assert sourced.cost.total >= source(asked).bound_fen
    assert len(replies(asked, sourced)) == len(sourced.answers)


def _in_these_pieces(asked: Sourcing, sourced: Sourced) -> bool:
    pieces: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for piece in lay_out(asked, (), {}).pieces:
        pieces[piece.order.lines[piece.line].id][piece.quantity] += 1
    return all(
        Counter(one.quantity for one in answer.dispatches) <= pieces[answer.line_id] for answer in sourced.answers
    )


NEAR_AND_FAR = {
    "sources": (make.source(), make.source("w2", position=at(50_000))),
    "routes": (make.route(cost_fen=5_000), make.route("w2")),
}


def test_the_nearest_is_taken_though_it_is_dearer() -> None:
    asked = make.asked(**NEAR_AND_FAR)
    assert make.answer(first_come(asked, Preference.NEAREST)).dispatches[0].source_id == "w1"
    assert make.answer(first_come(asked, Preference.CHEAPEST)).dispatches[0].source_id == "w2"


@pytest.mark.parametrize("preference", Preference)
def test_who_came_first_has_the_last_unit(preference: Preference) -> None:
    late = make.order(make.line("l1"), id="o1", customer_class=CustomerClass.VULNERABLE)
    early = make.order(make.line("l2"), id="o2", ordered_s=make.NOW_S - 60)
    asked = make.asked(late, early, sources=(make.source(shelves={"p1": make.shelf(1)}),))
    sourced = first_come(asked, preference)
    assert make.answer(sourced, "l2").answer is Answer.CONFIRMED
    assert make.answer(sourced, "l1").answer is Answer.DECLINED


@pytest.mark.parametrize("preference", Preference)
def test_a_kit_that_is_not_complete_leaves_the_units_to_others(preference: Preference) -> None:
    kit = make.order(make.line("l1"), make.line("l2", "p3"), id="o1", ordered_s=make.NOW_S - 60)
    asked = make.asked(kit, make.order(make.line("l3"), id="o2"), sources=(make.source(shelves={"p1": make.shelf(1)}),))
    sourced = first_come(asked, preference)
    assert not make.answer(sourced, "l1").dispatches
    assert make.answer(sourced, "l3").answer is Answer.CONFIRMED


def test_urgent_orders_travel_fast_by_a_plain_rule_too() -> None:
    routes = (make.route(), make.route(mode=ShipMode.EXPRESS, cost_fen=9_000))
    sourced = first_come(make.asked(make.order(urgent=True), routes=routes), Preference.NEAREST)
    assert make.answer(sourced).dispatches[0].mode is ShipMode.EXPRESS
