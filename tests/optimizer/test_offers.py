"""Offers: legal, exact to the fen, and no cheaper place exists."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.check import check
from optimizer.cost import price
from optimizer.desk import Desk, Undrivable, part_of, prepare
from optimizer.model import (
    LOCK_TOLERANCE_S,
    AreaClass,
    Break,
    Certificate,
    Day,
    Job,
    Ownership,
    Published,
    Skill,
)
from optimizer.offers import Grade, Offer, insert, make_offers, requote
from optimizer.plan import Plan
from optimizer.territory import parity_of
from optimizer.travel import TravelTimes
from tests import make, strategies
from tests.offering import brute_force, planned, searched_desk, slots_of

MORNING = make.window("08:00", "10:00")
NOON = make.window("10:00", "12:00")


def desk_of(day: Day, *routes, **fields) -> Desk:
    return prepare(day, make.plan(day, *routes, **fields), make.FlatTravel())


def assert_exact(desk: Desk, draft: Job, offer: Offer, travel: TravelTimes) -> Desk:
    """Hold the desk with the offer against the checker and the prices, and return it."""
    before = price(desk.day(), desk.plan(), travel)
    after = insert(desk, draft, offer)
    assert check(after.day(), after.plan(), travel) == ()
    now = price(after.day(), after.plan(), travel)
    items = zip(now.items(), before.items(), strict=True)
    assert offer.price.items() == tuple((name, fen - was) for (name, fen), (_, was) in items)
    assert not after.shut[after.abilities.shifts[offer.shift_id]]
    return after


@settings(max_examples=100)
@given(case=strategies.days_and_travel(max_technicians=8))
def test_a_plan_with_an_offer_is_legal_and_costs_what_was_said(case: tuple[Day, TravelTimes]) -> None:
    day, travel = case
    desk, draft = searched_desk(day, travel)
    assert check(desk.day(), desk.plan(), travel) == ()
    offers = make_offers(desk, draft, slots_of(day))
    assert [offer.price_fen for offer in offers] == sorted(offer.price_fen for offer in offers)
    for offer in offers:
        assert_exact(desk, draft, offer, travel)
        assert offer.slot.earliest_s <= offer.start_s <= offer.slot.latest_s
        assert requote(desk, draft, offer) == offer


@settings(max_examples=60)
@given(case=strategies.days_and_travel(max_jobs=9, max_technicians=6))
def test_no_legal_place_in_a_slot_is_cheaper(case: tuple[Day, TravelTimes]) -> None:
    day, travel = case
    desk, draft = searched_desk(day, travel)
    slots = slots_of(day, hours=5)
    found = {offer.slot: offer.price_fen for offer in make_offers(desk, draft, slots)}
    assert found == {slot: fen for slot in slots if (fen := brute_force(desk, draft, slot, travel)) is not None}


@settings(max_examples=60)
@given(case=strategies.days_and_travel(max_technicians=6), seed=st.integers(0, 1_000))
def test_offers_beside_a_plan_timed_by_others_are_legal_and_exact(case: tuple[Day, make.FlatTravel], seed: int) -> None:
    day, travel = case
    rest, draft = replace(day, jobs=day.jobs[:-1]), replace(day.jobs[-1], appointment=None, published=None)
    desk = prepare(rest, strategies.legal_plan(rest, travel, seed), travel)
    for offer in make_offers(desk, draft, slots_of(day)):
        assert_exact(desk, draft, offer, travel)


@settings(max_examples=60)
@given(case=strategies.days_and_travel(max_technicians=6))
def test_a_job_that_the_plan_leaves_out_is_offered_less_the_price_of_leaving_it_out(
    case: tuple[Day, TravelTimes],
) -> None:
    day, travel = case
    desk = prepare(day, planned(day, travel), travel)
    for job in list(desk.left_out.values())[:3]:
        for offer in make_offers(desk, job, slots_of(day)):
            after = assert_exact(desk, job, offer, travel)
            assert job.id not in after.left_out


@settings(max_examples=60)
@given(case=strategies.days_and_travel(max_technicians=6), hour=st.integers(6, 17))
def test_at_a_later_moment_nobody_under_way_is_called_back(case: tuple[Day, TravelTimes], hour: int) -> None:
    day, travel = case
    desk, draft = searched_desk(day, travel)
    later = desk.at(hour * 3_600)
    planned_at = {stop.job_id: stop for route in desk.plan().routes for stop in route.stops}
    for offer in make_offers(later, draft, slots_of(day)):
        assert offer.start_s - offer.travel_s >= later.now_s
        for moved in offer.moved:
            assert planned_at[moved.job_id].start_s - planned_at[moved.job_id].travel_s >= later.now_s
        assert all(line.ships_s >= later.now_s for line in offer.shipments)
        assert_exact(later, draft, offer, travel)


def test_a_technician_on_the_way_is_not_called_back() -> None:
    there = make.job(position=make.at(36_000), windows=(make.window("10:00", "17:00"),))
    day = make.day(there)
    desk = desk_of(day, make.route(day, ("j1", make.clock("10:00"))))
    near = make.job("j2", service_s=60)
    (before,) = make_offers(desk.at(make.clock("08:59")), near, [make.window("08:00", "17:00")])
    (after,) = make_offers(desk.at(make.clock("09:01")), near, [make.window("08:00", "17:00")])
    assert (before.after, after.after) == ("", "j1")


def test_an_idle_technician_had_their_break_by_the_afternoon() -> None:
    rest = Break(earliest_s=make.clock("11:30"), latest_s=make.clock("12:30"), duration_s=2_700)
    day = make.day(make.job(), shifts=(make.shift(break_=rest),))
    busy = desk_of(day, make.route(day, ("j1", make.clock("08:01") + 40)))
    for desk in (desk_of(replace(day, jobs=())), busy):
        (offer,) = make_offers(desk.at(make.clock("14:00")), make.job("j2"), [make.window("14:00", "16:00")])
        assert offer.start_s - offer.travel_s == make.clock("14:00")
        assert offer.route.break_start_s == make.clock("11:30")
        after = insert(desk.at(make.clock("14:00")), make.job("j2"), offer)
        assert check(after.day(), after.plan(), make.FlatTravel()) == ()


@settings(max_examples=60)
@given(case=strategies.days_and_travel(max_technicians=8))
def test_a_job_inserted_and_removed_leaves_everything_as_it_was(case: tuple[Day, TravelTimes]) -> None:
    day, travel = case
    desk, draft = searched_desk(day, travel)
    other = replace(draft, id="other", position=day.jobs[0].position)
    offers = make_offers(desk, draft, slots_of(day))
    expected = make_offers(desk, other, slots_of(day))
    for offer in offers[:3]:
        back = insert(desk, draft, offer).remove(draft.id)
        assert set(back.plan().routes) == set(desk.plan().routes)
        assert set(back.plan().shipments) == set(desk.plan().shipments)
        assert make_offers(back, other, slots_of(day)) == expected
        assert not back.shut.any()
        # A desk lives for a day of holds that run out: it keeps nothing of them.
        assert back.jobs.keys() == back.floors.keys() == back.shift_of.keys() == desk.jobs.keys()


@settings(max_examples=40)
@given(case=strategies.days_and_travel(max_technicians=6))
def test_offers_taken_one_after_the_other_stay_legal_and_exact(case: tuple[Day, TravelTimes]) -> None:
    day, travel = case
    desk, draft = searched_desk(day, travel)
    for number in range(6):
        job = replace(draft, id=f"draft {number}", order_lines=())
        offers = make_offers(desk, job, slots_of(day), most=1)
        if not offers:
            break
        desk = assert_exact(desk, job, offers[0], travel)
    prepared = prepare(desk.day(), desk.plan(), travel)
    last = replace(draft, id="last", order_lines=())
    again = {offer.slot: offer.price_fen for offer in make_offers(prepared, last, slots_of(day))}
    # Fresh from the plan, whoever was moved has no time left to go back to: the prices are those of the desk.
    assert {offer.slot: offer.price_fen for offer in make_offers(desk, last, slots_of(day))} == again


@settings(max_examples=40)
@given(case=strategies.days_and_travel(max_technicians=6))
def test_removing_visits_leaves_a_legal_plan_and_everybody_elses_time(case: tuple[Day, TravelTimes]) -> None:
    day, travel = case
    desk = prepare(day, planned(day, travel), travel)
    for job_id in list(desk.jobs)[:4]:
        before = {stop.job_id: stop.start_s for route in desk.plan().routes for stop in route.stops}
        try:
            desk = desk.remove(job_id)
        except Undrivable:
            continue
        assert check(desk.day(), desk.plan(), travel) == ()
        after = {stop.job_id: stop.start_s for route in desk.plan().routes for stop in route.stops}
        assert before == {**after, job_id: before[job_id]}


@settings(max_examples=30)
@given(case=strategies.days_and_travel(max_technicians=6, centres=2))
def test_a_part_of_the_network_offers_what_the_whole_does(case: tuple[Day, TravelTimes]) -> None:
    day, travel = case
    rest, draft = replace(day, jobs=day.jobs[:-1]), replace(day.jobs[-1], appointment=None, order_lines=())
    plan = planned(rest, travel)
    whole = prepare(rest, plan, travel)
    parity = parity_of(rest, {stop.job_id: stop.start_s for route in plan.routes for stop in route.stops})
    prices = {offer.slot: offer.price_fen for offer in make_offers(whole, draft, slots_of(day))}
    found: dict[object, int] = {}
    for centre in day.centres:
        inside = [outlet.id for outlet in day.outlets if outlet.centre_id == centre.id]
        part = prepare(*part_of(rest, plan, inside), travel, parity)
        for offer in make_offers(part, draft, slots_of(day)):
            found[offer.slot] = min(offer.price_fen, found.get(offer.slot, offer.price_fen))
    assert found == prices


def test_the_only_technician_comes_at_once() -> None:
    desk = desk_of(replace(make.day(), jobs=()))
    (offer,) = make_offers(desk, make.job(), [MORNING])
    assert (offer.technician_id, offer.outlet_id, offer.date, offer.after) == ("t1", "o1", make.DATE, "")
    assert (offer.start_s, offer.travel_s, offer.travel_m) == (make.clock("08:01") + 40, 100, 1_000)
    assert (offer.moved, offer.late, offer.grade) == ((), (), Grade.A)
    assert offer.route.depart_s == make.clock("08:00")


def test_only_slots_with_a_place_are_offered_and_at_most_so_many() -> None:
    desk = desk_of(replace(make.day(), jobs=()))
    night = make.window("02:00", "04:00")
    offers = make_offers(desk, make.job(), [night, NOON, MORNING])
    assert [offer.slot for offer in offers] == [MORNING, NOON]
    assert make_offers(desk, make.job(), [NOON, MORNING], most=1) == offers[:1]


def test_the_slot_is_the_appointment_that_later_visits_respect() -> None:
    desk = desk_of(replace(make.day(), jobs=()))
    job = make.job(service_s=7_200)
    (offer,) = make_offers(desk, job, [make.window("08:00", "08:30")])
    taken = insert(desk, job, offer)
    assert taken.jobs["j1"].appointment == offer.appointment
    second = make.job("j2", service_s=7_200)
    (after,) = make_offers(taken, second, [make.window("08:00", "12:00")])
    assert (after.after, after.moved) == ("j1", ())


def test_a_visit_that_nobody_was_told_of_moves_and_the_offer_says_how_far() -> None:
    waits = make.job(published=Published(technician_id="t1", start_s=make.clock("08:01") + 40, told=False))
    day = make.day(waits)
    desk = desk_of(day, make.route(day, ("j1", make.clock("08:01") + 40)))
    (offer,) = make_offers(desk, make.job("j2"), [make.window("08:00", "08:10")])
    (moved,) = offer.moved
    assert moved.job_id == "j1"
    assert moved.to_s - moved.from_s == 1_800
    assert offer.price.churn == day.tariff.churn_moved_fen


def test_a_customer_who_was_told_is_not_moved() -> None:
    told = make.job(published=Published(technician_id="t1", start_s=make.clock("08:01") + 40, told=True))
    day = make.day(told)
    desk = desk_of(day, make.route(day, ("j1", make.clock("08:01") + 40)))
    assert make_offers(desk, make.job("j2"), [make.window("08:00", "08:10")]) == ()
    short = make.job("j2", service_s=LOCK_TOLERANCE_S)
    (offer,) = make_offers(desk, short, [make.window("08:00", "08:10")])
    assert offer.price.churn == 0


@pytest.mark.parametrize(("beyond_m", "found"), [(0, 1), (1, 0)])
def test_nobody_goes_beyond_their_reach(beyond_m: int, found: int) -> None:
    day = replace(make.day(), jobs=(), technicians=(make.technician(mode="walk"),))
    job = make.job(position=make.at(4_000 + beyond_m))
    assert len(make_offers(desk_of(day), job, [make.window("08:00", "12:00")])) == found


def test_a_certificate_counts_on_its_dates_only() -> None:
    tomorrow = make.DATE + dt.timedelta(days=1)
    gas = Certificate(scheme="gas", first=tomorrow, last=tomorrow)
    day = make.day(
        days=3,
        technicians=(make.technician(certificates=(gas,)),),
        shifts=(make.shift(), make.shift("t1-1"), make.shift("t1-2")),
    )
    job = make.job(certificates=frozenset({"gas"}))
    offers = make_offers(desk_of(replace(day, jobs=())), job, slots_of(day))
    assert {offer.date for offer in offers} == {tomorrow}


def test_a_kit_that_is_ready_tomorrow_is_offered_from_then_on_and_paid() -> None:
    slow = make.lane(cut_off_s=make.clock("20:00"), transit_p90_s=14 * 3_600)
    day = make.parts_day(days=2, lanes=(slow,), shifts=(make.shift(), make.shift("t1-1")))
    job = make.job(order_lines=(make.order_line(),))
    desk = desk_of(replace(day, jobs=()))
    offers = make_offers(desk, job, slots_of(day))
    assert min(offer.start_s for offer in offers) == make.clock("10:00", day=1)
    assert {offer.kit_ready_s for offer in offers} == {make.clock("10:00", day=1)}
    assert {offer.price.parts for offer in offers} == {1_100}
    (line,) = offers[0].shipments
    assert line.warehouse_id == "w1"


def test_parts_are_promised_once_and_free_again_when_the_visit_goes() -> None:
    day = make.parts_day(warehouses=(make.warehouse(stock={"p1": 1}),))
    first, second = (make.job(f"j{i}", order_lines=(make.order_line(f"l{i}"),)) for i in (1, 2))
    desk = desk_of(replace(day, jobs=()))
    (offer,) = make_offers(desk, first, [NOON])
    taken = insert(desk, first, offer)
    assert make_offers(taken, second, [NOON]) == ()
    assert len(make_offers(taken.remove("j1"), second, [NOON])) == 1


def test_a_frozen_outlet_takes_nothing_new_and_freezes_as_time_passes() -> None:
    day = make.day(outlets=(make.outlet(freeze_s=make.clock("07:00")),))
    desk = desk_of(replace(day, jobs=()))
    assert len(make_offers(desk, make.job(), [NOON])) == 1
    assert make_offers(desk.at(make.clock("07:00")), make.job(), [NOON]) == ()


def test_a_hold_is_quoted_again_and_lost_when_its_place_is_taken() -> None:
    desk = desk_of(replace(make.day(), jobs=()))
    first, second = make.job("j1", service_s=7_200), make.job("j2", service_s=7_200)
    slot = make.window("08:00", "09:00")
    (mine,), (theirs,) = (make_offers(desk, job, [slot]) for job in (first, second))
    assert requote(desk, first, mine) == mine
    assert requote(insert(desk, second, theirs), first, mine) is None


def test_only_those_asked_for_come() -> None:
    day = make.day(
        technicians=(make.technician(), make.technician("t2", position=make.at(500))),
        shifts=(make.shift(), make.shift("t2-0")),
    )
    desk = desk_of(replace(day, jobs=()))
    (best,) = make_offers(desk, make.job(), [NOON])
    (asked,) = make_offers(desk, make.job(), [NOON], technician_ids=["t1", "nobody"])
    assert (best.technician_id, asked.technician_id) == ("t2", "t1")
    assert asked.price_fen > best.price_fen
    assert make_offers(desk, make.job(), [NOON], technician_ids=["nobody"]) == ()


def test_an_offer_that_breaks_a_promise_says_so_and_is_graded_last() -> None:
    day = make.day(days=2, shifts=(make.shift(), make.shift("t1-1")))
    desk = desk_of(replace(day, jobs=()))
    today, tomorrow = make_offers(desk, make.job(), [MORNING, make.window("08:00", "10:00", day=1)])
    assert (today.late, today.grade) == ((), Grade.A)
    assert ([str(kind) for kind in tomorrow.late], tomorrow.grade) == (["arrival"], Grade.C)


def test_a_contract_outlet_still_owed_visits_is_cheaper_by_what_they_are_worth() -> None:
    contract = make.outlet(ownership=Ownership.CONTRACT, workload_target=1)
    desk = desk_of(replace(make.day(), jobs=(), outlets=(contract,)))
    (offer,) = make_offers(desk, make.job(), [NOON])
    assert offer.price.workload == -make.day().tariff.workload_fen
    (second,) = make_offers(insert(desk, make.job(), offer), make.job("j2"), [NOON])
    assert second.price.workload == 0


def test_a_remote_customer_served_late_counts_for_parity() -> None:
    day = replace(make.day(), jobs=())
    late = make.job(area_class=AreaClass.REMOTE, clocks=(make.job().clocks[0],))
    late = replace(late, clocks=(replace(late.clocks[0], due_s=make.clock("07:00")),))
    (offer,) = make_offers(desk_of(day), late, [NOON])
    assert offer.price.parity == day.tariff.parity_fen


def test_a_route_of_a_new_plan_takes_the_place_of_the_old_one() -> None:
    day = make.day(make.job("j1"), make.job("j2"))
    at_s = make.clock("08:01") + 40
    desk = desk_of(day, make.route(day, ("j1", at_s)))
    changed = desk.replace_route(make.route(day, ("j2", at_s)))
    assert set(changed.jobs) == {"j2"}
    assert "j1" not in changed.left_out
    assert check(changed.day(), changed.plan(), make.FlatTravel()) == ()
    emptied = changed.remove("j2")
    assert emptied.plan() == Plan(routes=(), unassigned=())


def test_a_route_grows_beyond_what_the_arrays_were_laid_out_for() -> None:
    desk = desk_of(replace(make.day(), jobs=()))
    for number in range(12):
        job = make.job(f"j{number}", service_s=600)
        (offer,) = make_offers(desk, job, [make.window("08:00", "17:00")])
        desk = assert_exact(desk, job, offer, make.FlatTravel())
    assert len(desk.plan().routes[0].stops) == 12


def test_many_readers_get_the_same_answers() -> None:
    day = strategies.random_day(5, jobs=14, technicians=8)
    travel = strategies.random_travel(day, 5)
    desk, draft = searched_desk(day, travel)
    drafts = [replace(draft, id=f"d{i}", position=day.jobs[i % 14].position) for i in range(60)]
    alone = [make_offers(desk, job, slots_of(day)) for job in drafts]
    assert any(alone)
    with ThreadPoolExecutor(4) as readers:
        together = list(readers.map(lambda job: make_offers(desk, job, slots_of(day)), drafts))
    assert together == alone


def test_nobody_knows_the_family() -> None:
    desk = desk_of(replace(make.day(), jobs=()))
    assert make_offers(desk, make.job(skill=Skill(family="lift", level=1)), [NOON]) == ()
