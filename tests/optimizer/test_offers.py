"""Offers: legal, exact to the fen, and no cheaper place exists."""

from hypothesis import given, settings

from optimizer.check import check
from optimizer.cost import price
from optimizer.model import Day
from optimizer.offers import insert, make_offers, requote
from optimizer.travel import TravelTimes
from tests import strategies
from tests.offering import brute_force, searched_desk, slots_of


@settings(max_examples=100)
@given(case=strategies.days_and_travel())
def test_a_plan_with_an_offer_is_legal_and_costs_what_was_said(case: tuple[Day, TravelTimes]) -> None:
    day, travel = case
    desk, draft = searched_desk(day, travel)
    assert check(desk.day(), desk.plan(), travel) == ()
    before = price(desk.day(), desk.plan(), travel)
    offers = make_offers(desk, draft, slots_of(day))
    assert [offer.price_fen for offer in offers] == sorted(offer.price_fen for offer in offers)
    for offer in offers:
        after = insert(desk, draft, offer)
        assert check(after.day(), after.plan(), travel) == ()
        now = price(after.day(), after.plan(), travel)
        items = zip(now.items(), before.items(), strict=True)
        assert offer.price.items() == tuple((name, fen - was) for (name, fen), (_, was) in items)
        assert offer.slot.earliest_s <= offer.start_s <= offer.slot.latest_s
        assert requote(desk, draft, offer) == offer


@settings(max_examples=60)
@given(case=strategies.days_and_travel(max_jobs=9, max_technicians=4))
def test_no_legal_place_in_a_slot_is_cheaper(case: tuple[Day, TravelTimes]) -> None:
    day, travel = case
    desk, draft = searched_desk(day, travel)
    slots = slots_of(day, hours=5)
    found = {offer.slot: offer.price_fen for offer in make_offers(desk, draft, slots)}
    assert found == {slot: fen for slot in slots if (fen := brute_force(desk, draft, slot, travel)) is not None}
