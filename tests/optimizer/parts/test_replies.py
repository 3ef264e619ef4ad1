"""Replies about parts: the next-best by trying everything, why not the nearest, what would help, what is at risk."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.model import Clock, ClockKind, CustomerClass, ShipMode, SizeClass
from optimizer.parts import model
from optimizer.parts.check import broken_rules
from optimizer.parts.grid import MODES, lay_out
from optimizer.parts.price import price
from optimizer.parts.replies import replies
from optimizer.parts.reply import HelpKind, LineReply, RiskKind, WhyNot
from optimizer.parts.sourcing import source
from optimizer.wording import difference_words
from tests import make_parts as make
from tests.make import at, clock, part

SEEDS = st.integers(min_value=0, max_value=100_000)


def reply(asked: model.Sourcing, line_id: str = "l1") -> LineReply:
    """Return the reply to a line, all of them being complete sentences."""
    some = replies(asked, source(asked))
    for one in some:
        for said in (one.said, *(other.said for other in one.alternatives), *(help.said for help in one.helps)):
            assert said.en
            assert said.zh
    return next(one for one in some if one.line_id == line_id)


def swapped(
    asked: model.Sourcing, sourced: model.Sourced, now: model.Dispatch | None, other: model.Dispatch
) -> model.Sourced:
    """Return the answers with one dispatch in the place of another, priced anew."""
    answers = []
    for answer in sourced.answers:
        if answer.line_id == other.line_id:
            kept = [one for one in answer.dispatches if one is not now]
            dispatches = (*kept, other)
            line = next(line for order in asked.orders for line in order.lines if line.id == other.line_id)
            whole = sum(one.quantity for one in dispatches) == line.quantity
            answer = replace(
                answer,
                answer=model.Answer.BACKORDERED,
                dispatches=dispatches,
                eta_p90_s=max(one.ready_p90_s for one in dispatches) if whole else 0,
            )
        answers.append(answer)
    return priced(asked, replace(sourced, answers=tuple(answers)))


def priced(asked: model.Sourcing, sourced: model.Sourced) -> model.Sourced:
    """Return answers at their right price, nothing being proven about them."""
    return replace(sourced, cost=price(asked, sourced), bound_fen=0, optimal=False)


@settings(deadline=None, max_examples=80)
@given(SEEDS, st.integers(min_value=1, max_value=7))
def test_an_alternative_is_legal_and_changes_the_cost_by_what_it_says(seed: int, orders: int) -> None:
    asked = make.random_problem(seed, orders=orders)
    sourced = source(asked)
    for one in replies(asked, sourced):
        for other in one.alternatives:
            then = swapped(asked, sourced, other.instead_of, other.dispatch)
            assert bool(broken_rules(asked, then)) is other.over_sources
            assert then.cost.total - sourced.cost.total == other.difference_fen


@settings(deadline=None, max_examples=80)
@given(SEEDS, st.integers(min_value=1, max_value=4))
def test_no_better_change_of_one_dispatch_is_found_by_trying_everything(seed: int, orders: int) -> None:
    asked = make.random_problem(seed, orders=orders)
    sourced = source(asked)
    for one in replies(asked, sourced):
        tried: dict[tuple[str, ShipMode, int, str, int], int] = {}
        answer = make.answer(sourced, one.line_id)
        order, line = next((o, a) for o in asked.orders for a in o.lines if a.id == one.line_id)
        sent = sum(now.quantity for now in answer.dispatches)
        items: list[tuple[int, model.Dispatch | None]] = [(now.quantity, now) for now in answer.dispatches]
        if sent < line.quantity and (order.job_id is None or len(order.lines) == 1):
            items.append((line.quantity - sent, None))
        for number, (quantity, now) in enumerate(items):
            for other in _dispatches(asked, order, line, quantity):
                key = other.source_id, other.mode, other.ships_s, other.part_id
                if now is not None and key == (now.source_id, now.mode, now.ships_s, now.part_id):
                    continue
                then = swapped(asked, sourced, now, other)
                if not broken_rules(asked, then):
                    fen = then.cost.total - sourced.cost.total
                    tried[*key, number] = min(fen, tried.get((*key, number), fen))
        found = [other.difference_fen for other in one.alternatives if not other.over_sources]
        assert found == sorted(tried.values())[:2]


def _dispatches(
    asked: model.Sourcing, order: model.Order, line: model.OrderLine, quantity: int
) -> Iterator[model.Dispatch]:
    """Yield every way in which units could come, legal or not, by the departures that are looked at."""
    runs = lay_out(asked, (), {}).grid.runs
    looked_at = {(asked.sources[run["source"]].id, MODES[run["mode"]], int(run["ships"])) for run in runs}
    for part_id in (line.part_id, *asked.substitutes.get(line.part_id, ())):
        weight_g = next(one.weight_g for one in asked.parts if one.id == part_id)
        for below in (0, quantity):
            base: dict[str, Any] = {
                "line_id": line.id,
                "order_id": order.id,
                "part_id": part_id,
                "quantity": quantity,
                "below_floor": below,
            }
            for own in asked.sources:
                if own.outlet_id is not None and own.outlet_id == order.outlet_id:
                    now: dict[str, Any] = {
                        "ships_s": asked.now_s,
                        "ready_p50_s": asked.now_s,
                        "ready_p90_s": asked.now_s,
                    }
                    yield model.Dispatch(source_id=own.id, mode=ShipMode.PICKUP, cost_fen=0, **now, **base)
            for lane in asked.routes:
                for ships_s in lane.departures_s:
                    if (lane.source_id, lane.mode, ships_s) in looked_at:
                        fast = lane.mode in (ShipMode.EXPRESS, ShipMode.PICKUP)
                        yield model.Dispatch(
                            source_id=lane.source_id,
                            mode=lane.mode,
                            ships_s=ships_s,
                            ready_p50_s=ships_s + lane.transit_p50_s,
                            ready_p90_s=ships_s + lane.transit_p90_s,
                            cost_fen=lane.cost_fen + quantity * weight_g * lane.cost_fen_per_kg // 1000,
                            bulky_fallback=order.urgent and order.waiting and not fast,
                            **base,
                        )


TWO = (make.source(), make.source("w2", position=at(50_000)))
TWO_ROUTES = (make.route(), make.route("w2", cost_fen=2_000))


def test_the_decision_is_told_with_source_mode_times_and_freight() -> None:
    one = reply(make.asked())
    assert "w1" in one.said.en
    assert "11.00 yuan" in one.said.en
    assert "次日12:00前到" in one.said.zh
    assert one.freight_fen == 1_100
    assert one.nearest is not None
    assert one.nearest.why_not is None


def test_the_next_best_sources_with_money_and_time() -> None:
    slower = make.route("w2", cost_fen=500, transit_p90_s=90_000)
    express = make.route(mode=ShipMode.EXPRESS, cost_fen=90_000, transit_p90_s=20_000)
    one = reply(make.asked(sources=TWO, routes=(make.route(), slower, express)))
    assert one.dispatches[0].source_id == "w2"
    sooner, faster = one.alternatives
    assert (sooner.dispatch.source_id, sooner.dispatch.mode, sooner.later_s) == ("w1", ShipMode.STANDARD, -18_000)
    assert (faster.dispatch.mode, faster.later_s) == (ShipMode.EXPRESS, -70_000)
    assert 0 <= sooner.difference_fen <= faster.difference_fen
    assert "5 h sooner" in sooner.said.en
    assert "早5小时" in sooner.said.zh


NEAREST: dict[WhyNot, model.Sourcing] = {
    WhyNot.PINNED: make.asked(make.order(make.line(pinned="w2")), sources=TWO, routes=TWO_ROUTES),
    WhyNot.OFFLINE: make.asked(sources=(make.source(open=False), TWO[1]), routes=TWO_ROUTES),
    WhyNot.NO_STOCK: make.asked(sources=(make.source(shelves={}), TWO[1]), routes=TWO_ROUTES),
    WhyNot.FLOOR: make.asked(sources=(make.source(shelves={"p1": make.shelf(2, 2)}), TWO[1]), routes=TWO_ROUTES),
    WhyNot.NO_LANE: make.asked(sources=TWO, routes=TWO_ROUTES[1:]),
    WhyNot.TOO_BULKY: make.asked(
        parts=(part("p1", size_class=SizeClass.BULKY),),
        sources=TWO,
        routes=(make.route(), make.route("w2", carries=frozenset(SizeClass))),
    ),
    WhyNot.LANE_CLOSED: make.asked(sources=TWO, routes=(make.route(departures_s=()), TWO_ROUTES[1])),
    WhyNot.NEEDS_EXPRESS: make.asked(
        make.order(urgent=True), sources=TWO, routes=(make.route(), make.route("w2", mode=ShipMode.EXPRESS))
    ),
    WhyNot.ONLY_DEDICATED: make.asked(
        sources=TWO, routes=(make.route(mode=ShipMode.DEDICATED, cost_fen=1), TWO_ROUTES[1])
    ),
    WhyNot.DEARER: make.asked(sources=TWO, routes=(make.route(cost_fen=2_500), TWO_ROUTES[1])),
    WhyNot.CUT_OFF: make.asked(
        make.order(clocks=(Clock(kind=ClockKind.ARRIVAL, due_s=clock("13:00", 1)),)),
        sources=TWO,
        routes=(
            make.route(departures_s=(clock("16:00", 1),), missed_s=make.NOW_S - 60, cost_fen=2_000),
            TWO_ROUTES[1],
        ),
    ),
}


@pytest.mark.parametrize("why_not", NEAREST)
def test_why_the_nearest_source_does_not_send_it(why_not: WhyNot) -> None:
    nearest = reply(NEAREST[why_not]).nearest
    assert nearest is not None
    assert nearest.source_id == "w1"
    assert nearest.why_not is why_not
    assert "w1" in nearest.said.en
    assert "w1" in nearest.said.zh


def test_a_cut_off_missed_says_by_how_much() -> None:
    nearest = reply(NEAREST[WhyNot.CUT_OFF]).nearest
    assert nearest is not None
    assert nearest.amount == 60
    assert "1 min" in nearest.said.en
    assert nearest.said.en.endswith("the next leaves 16:00 (day +1), too late")
    assert nearest.said.zh.endswith("下一班次日16:00发出，赶不上")


def _not_missed(order: model.Order, nearest: model.Source, **lane: Any) -> model.Sourcing:
    """Return a problem in which a departure of the nearest source was a minute ago, and the next is tomorrow."""
    late: dict[str, Any] = {"departures_s": (clock("16:00", 1),), "missed_s": make.NOW_S - 60, "cost_fen": 2_000}
    return make.asked(order, sources=(nearest, TWO[1]), routes=(make.route(**late | lane), TWO_ROUTES[1]))


HURRIED = make.order(clocks=(Clock(kind=ClockKind.ARRIVAL, due_s=clock("13:00", 1)),))


def test_a_departure_is_missed_only_where_the_next_one_comes_too_late() -> None:
    in_time = reply(_not_missed(make.order(), TWO[0])).nearest
    assert in_time is not None
    assert in_time.why_not is WhyNot.DEARER
    too_late_either_way = reply(_not_missed(HURRIED, TWO[0], transit_p90_s=2 * 86_400)).nearest
    assert too_late_either_way is not None
    assert too_late_either_way.why_not is WhyNot.DEARER
    missed = _not_missed(HURRIED, TWO[0])
    express = make.route(mode=ShipMode.EXPRESS, cost_fen=9_000)
    by_express = reply(replace(missed, routes=(*missed.routes, express))).nearest
    assert by_express is not None
    assert by_express.why_not is WhyNot.DEARER


def test_who_has_too_few_until_more_arrives_missed_nothing() -> None:
    few = make.source(shelves={"p1": make.shelf(0, 0, (clock("12:00"), 5))})
    nearest = reply(_not_missed(HURRIED, few)).nearest
    assert nearest is not None
    assert (nearest.why_not, nearest.amount) == (WhyNot.NO_STOCK, 0)
    assert "has 0 of 1 × p1 until more arrives" in nearest.said.en
    assert "24 h later" in nearest.said.en
    assert "现有0件p1（需1件）" in nearest.said.zh
    # What it has is promised to others, or its reserve: it could not have sent it.
    kept = make.source(shelves={"p1": make.shelf(1, 1, (clock("12:00"), 5))})
    reserved = reply(_not_missed(HURRIED, kept)).nearest
    assert reserved is not None
    assert reserved.why_not is WhyNot.DEARER


def test_a_nearest_source_that_is_later_and_dearer_says_by_how_much() -> None:
    slow = make.route(cost_fen=2_500, transit_p90_s=72_000 + 5 * 3_600)
    nearest = reply(make.asked(sources=TWO, routes=(slow, TWO_ROUTES[1]))).nearest
    assert nearest is not None
    assert nearest.why_not is WhyNot.DEARER
    assert nearest.said.en.endswith("dearer, 5 h later")
    assert "晚5" in nearest.said.zh


def _two_orders(**second: Any) -> tuple[model.Order, model.Order]:
    first = make.order(make.line("l0"), id="o0", customer_class=CustomerClass.VULNERABLE)
    return first, replace(make.order(make.line("l1")), **second)


def test_the_last_unit_is_promised_to_another_or_the_quota_is_used_up() -> None:
    sources = (make.source(shelves={"p1": make.shelf(1)}), TWO[1])
    routes = (make.route(cost_fen=100), TWO_ROUTES[1])
    quotas = (model.Quota(outlet_id="u2", part_id="p1", left=0),)
    promised = reply(make.asked(*_two_orders(), sources=sources, routes=routes)).nearest
    assert promised is not None
    assert promised.why_not is WhyNot.PROMISED
    over = make.asked(*_two_orders(outlet_id="u2"), sources=sources, routes=routes, quotas=quotas)
    quota = reply(over).nearest
    assert quota is not None
    assert quota.why_not is WhyNot.QUOTA


def test_a_full_dock_keeps_it() -> None:
    once: dict[str, Any] = {"departures_s": (clock("16:00"),)}
    docked = (make.source(dock_lines=1), TWO[1])
    routes = (make.route(**once), make.route("w2", cost_fen=2_000, **once))
    nearest = reply(make.asked(*_two_orders(), sources=docked, routes=routes)).nearest
    assert nearest is not None
    assert nearest.why_not is WhyNot.DOCK_FULL


def test_no_split_keeps_it() -> None:
    both = make.order(make.line("l1"), make.line("l2", "p2"), most_sources=1)
    sources = (make.source(), make.source("w2", position=at(50_000), shelves={"p1": make.shelf(), "p2": make.shelf()}))
    nearest = reply(make.asked(both, sources=sources, routes=TWO_ROUTES)).nearest
    assert nearest is not None
    assert nearest.why_not is WhyNot.SPLIT


def test_what_would_take_one_source_more_is_told_where_nothing_else_is() -> None:
    both = make.stock_order(make.line("l1"), make.line("l2", "p2"), most_sources=1)
    sources = (make.source(), make.source("w2", position=at(50_000), shelves={"p2": make.shelf()}))
    (first, *_) = reply(make.asked(both, sources=sources, routes=TWO_ROUTES), "l2").alternatives
    assert (first.dispatch.source_id, first.over_sources) == ("w2", True)
    assert first.said.en.endswith("yuan cheaper, there 12:00 (day +1), one source more than the order may have")
    assert first.said.zh.endswith("超出该订单允许的来源数")


def test_a_kit_with_one_missing_names_the_other_part() -> None:
    one = reply(make.asked(make.order(make.line("l1"), make.line("l2", "p3"))))
    assert one.nearest is not None
    assert one.nearest.why_not is WhyNot.KIT
    assert [help.kind for help in one.helps] == [HelpKind.KIT]
    assert "p3" in one.helps[0].said.en
    assert one.risk is not None
    assert one.risk.kind is RiskKind.NOT_SENT
    assert one.job_id == "j-o1"


HELPS: dict[HelpKind, model.Sourcing] = {
    HelpKind.INBOUND: make.asked(
        make.order(make.line(quantity=2), most_sources=1),
        sources=(
            make.source(shelves={"p1": make.shelf(0, 0, (clock("12:00"), 1))}),
            make.source("w2", shelves={"p1": make.shelf(0, 0, (clock("12:00"), 1))}),
        ),
        routes=TWO_ROUTES,
    ),
    HelpKind.RESERVE: make.asked(sources=(make.source(shelves={"p1": make.shelf(2, 2)}),)),
    HelpKind.UNPIN: make.asked(make.order(make.line(pinned="w9"))),
    HelpKind.SPLIT: make.asked(make.order(make.line(quantity=12), most_sources=1), sources=TWO, routes=TWO_ROUTES),
    HelpKind.REOPEN: make.asked(sources=(make.source(open=False),)),
    HelpKind.APPROVAL: make.asked(quotas=(model.Quota(outlet_id="u1", part_id="p1", left=0),)),
    HelpKind.SUBSTITUTE: make.asked(
        make.order(make.line("l1"), make.line("l2", "p3")),
        sources=(make.source(shelves={"p2": make.shelf()}),),
        substitutes={"p1": ("p2",)},
    ),
}


@pytest.mark.parametrize("kind", HELPS)
def test_what_would_help_a_line_that_is_not_sent(kind: HelpKind) -> None:
    assert kind in {help.kind for help in reply(HELPS[kind]).helps}


def test_of_what_is_missing_as_many_are_told_as_arrive() -> None:
    (help,) = (one for one in reply(HELPS[HelpKind.INBOUND]).helps if one.kind is HelpKind.INBOUND)
    assert (help.source_id, help.quantity) == ("w1", 1)


def test_a_late_line_is_told_the_way_that_would_be_in_time_and_when_to_visit() -> None:
    dear = make.route(mode=ShipMode.EXPRESS, cost_fen=30_000, transit_p50_s=3_600, transit_p90_s=7_200)
    late = make.order(clocks=(), needed_by_s=clock("01:00", 1))
    asked = make.asked(late, routes=(make.route(), dear))
    sourced = source(asked)
    (one,) = replies(asked, sourced)
    assert one.risk is not None
    assert [(help.kind, help.at_s) for help in one.helps] == [
        (HelpKind.SOONER, clock("18:00")),
        (HelpKind.VISIT, clock("12:00", 1)),
    ]
    # Without the cheaper lane it is answered just so, nothing is late, and it costs so much more.
    other = replace(asked, routes=(dear,))
    instead = source(other)
    (told,) = replies(other, instead)
    assert (told.eta_p90_s, told.risk, told.helps) == (clock("18:00"), None, ())
    assert difference_words(instead.cost.total - sourced.cost.total).en in one.helps[0].said.en
    only = make.asked(late)
    assert [help.kind for help in reply(only).helps] == [HelpKind.VISIT]
    assert reply(make.asked(replace(late, job_id=None, waiting=False))).helps == ()


def helped(asked: model.Sourcing) -> dict[str, list[tuple[HelpKind, int | None]]]:
    """Return what would help every line, and when."""
    return {one.line_id: [(help.kind, help.at_s) for help in one.helps] for one in replies(asked, source(asked))}


def test_a_visit_is_in_time_once_its_whole_kit_is() -> None:
    kit = make.order(make.line("l1"), make.line("l2", "p2"), clocks=(), needed_by_s=clock("01:00", 1))
    sources = (make.source(), make.source("w2", shelves={"p2": make.shelf()}))
    dear = make.route(mode=ShipMode.EXPRESS, cost_fen=30_000, transit_p50_s=3_600, transit_p90_s=7_200)
    last = make.route("w2", transit_p50_s=80_000, transit_p90_s=90_000)
    visit = (HelpKind.VISIT, clock("17:00", 1))
    both_late = make.asked(kit, sources=sources, routes=(make.route(), dear, last))
    assert helped(both_late) == {"l1": [visit], "l2": [visit]}
    one_late = replace(both_late, routes=(make.route(), dear, replace(last, transit_p50_s=600, transit_p90_s=1_200)))
    assert helped(one_late) == {
        "l1": [(HelpKind.SOONER, clock("18:00")), (HelpKind.VISIT, clock("12:00", 1))],
        "l2": [],
    }


FAST = make.route(mode=ShipMode.EXPRESS, cost_fen=30_000, transit_p50_s=3_600, transit_p90_s=7_200)
TWO_LINES = make.order(make.line("l1"), make.line("l2", "p2"), clocks=(), needed_by_s=clock("01:00", 1))
BOTH_PARTS = {"p1": make.shelf(), "p2": make.shelf()}


def test_a_kit_of_which_two_lines_are_late_is_told_both_ways_at_once_and_what_they_cost_together() -> None:
    sources = (make.source(), make.source("w2", shelves={"p2": make.shelf()}))
    slow = (make.route(), make.route("w2", transit_p50_s=80_000, transit_p90_s=90_000))
    later = replace(FAST, source_id="w2", transit_p90_s=10_800)
    asked = make.asked(TWO_LINES, sources=sources, routes=(*slow, FAST, later))
    sourced = source(asked)
    told = replies(asked, sourced)
    visit = (HelpKind.VISIT, clock("17:00", 1))
    assert helped(asked) == {id: [(HelpKind.SOONER, clock("19:00")), visit] for id in ("l1", "l2")}
    first, second = (one.helps[0] for one in told)
    assert (first.source_id, second.source_id) == ("w1", "w2")
    assert first.said == second.said
    assert first.said.en.startswith(
        "both another way: p1 express from w1, there by 18:00 and p2 express from w2, there by 19:00, in time, together"
    )
    # Without the cheaper lanes it is answered just so, and costs so much more.
    dear = source(replace(asked, routes=(FAST, later)))
    assert difference_words(dear.cost.total - sourced.cost.total).en in first.said.en
    assert difference_words(dear.cost.total - sourced.cost.total).zh in first.said.zh


def test_two_late_lines_may_come_from_another_source_only_together() -> None:
    """Of one source at most: neither line may move by itself."""
    sources = tuple(make.source(name, shelves=BOTH_PARTS) for name in ("w1", "w2"))
    kit = replace(TWO_LINES, most_sources=1)
    asked = make.asked(kit, sources=sources, routes=(make.route(), replace(FAST, source_id="w2")))
    assert [kinds[0] for kinds in helped(asked).values()] == [(HelpKind.SOONER, clock("18:00"))] * 2
    apart = (replace(FAST, source_id="w2"), replace(FAST, source_id="w3"))
    three = (
        make.source(shelves=BOTH_PARTS),
        *(make.source(f"w{n}", shelves={f"p{n - 1}": make.shelf()}) for n in (2, 3)),
    )
    torn = make.asked(kit, sources=three, routes=(make.route(), *apart))
    assert {kind for helps in helped(torn).values() for kind, _ in helps} == {HelpKind.VISIT}


@pytest.mark.parametrize(("left", "helps"), [(2, True), (1, False)])
def test_two_late_lines_are_not_promised_the_same_unit(left: int, helps: bool) -> None:
    kit = replace(TWO_LINES, lines=(make.line("l1"), make.line("l2")))
    sources = (make.source(), make.source("w2", shelves={"p1": make.shelf(left)}))
    asked = make.asked(kit, sources=sources, routes=(make.route(), replace(FAST, source_id="w2")))
    sourced = source(asked)
    for _ in range(2):
        told = replies(asked, sourced)
        assert all((HelpKind.SOONER in {help.kind for help in one.helps}) == helps for one in told)


def test_a_way_in_time_that_no_rule_opens_is_told_with_who_could_open_it() -> None:
    late = make.order(clocks=(), needed_by_s=clock("01:00", 1))
    own = replace(FAST, mode=ShipMode.DEDICATED)
    asked = make.asked(late, routes=(make.route(), own))
    (vehicle, visit) = reply(asked).helps
    assert (vehicle.kind, vehicle.source_id, vehicle.at_s) == (HelpKind.OWN_VEHICLE, "w1", clock("18:00"))
    assert "somebody orders it" in vehicle.said.en
    assert visit.kind is HelpKind.VISIT
    # It costs what it would if it were lawful, as it is for what is bulky.
    bulky = replace(asked, parts=(part("p1", size_class=SizeClass.BULKY),))
    everything = tuple(replace(route, carries=frozenset(SizeClass)) for route in asked.routes)
    (sooner, _) = reply(replace(bulky, routes=everything)).helps
    assert sooner.kind is HelpKind.SOONER
    assert sooner.said.en.split(", ")[-1] in vehicle.said.en
    # Express that only a reserve could feed: whoever keeps it may release it.
    kept = make.source("w2", shelves={"p1": make.shelf(2, 2)})
    reserve = make.asked(late, sources=(make.source(), kept), routes=(make.route(), replace(FAST, source_id="w2")))
    assert [help.kind for help in reply(reserve).helps] == [HelpKind.RESERVE, HelpKind.VISIT]
    assert reply(reserve).helps[0].at_s == clock("18:00")
    # Two decisions at once are nobody's to take, and who is offline sends nothing.
    for other in (kept, make.source("w2", open=False)):
        closed = make.asked(late, sources=(make.source(), other), routes=(make.route(), replace(own, source_id="w2")))
        assert [help.kind for help in reply(closed).helps] == [HelpKind.VISIT]


def test_the_way_in_time_is_told_however_many_cheaper_ones_are_late_too() -> None:
    late = make.order(clocks=(), needed_by_s=clock("01:00", 1))
    dear = make.route("w4", mode=ShipMode.EXPRESS, cost_fen=30_000, transit_p50_s=3_600, transit_p90_s=7_200)
    dearer = replace(dear, mode=ShipMode.DEDICATED, cost_fen=50_000)
    names = [f"w{number}" for number in range(1, 5)]
    slow = (make.route(name, cost_fen=1_000 + 10 * number) for number, name in enumerate(names[:3]))
    asked = make.asked(late, sources=tuple(make.source(name) for name in names), routes=(*slow, dearer, dear))
    told = reply(asked)
    assert [one.dispatch.source_id for one in told.alternatives] == ["w2", "w3"]
    sooner = told.helps[0]
    assert (sooner.kind, sooner.source_id, sooner.at_s) == (HelpKind.SOONER, "w4", clock("18:00"))
    assert "express" in sooner.said.en


def test_another_visit_helps_where_the_visit_is_late_and_says_what_stays_late() -> None:
    def clocks(*kinds: ClockKind) -> model.Sourcing:
        due = tuple(Clock(kind=kind, due_s=clock("01:00", 1)) for kind in kinds)
        return make.asked(make.order(clocks=due, lead_s=7_200))

    (visit,) = reply(clocks(ClockKind.ARRIVAL)).helps
    assert visit.said.en == "a visit agreed for 12:00 (day +1) or later, the promised time"
    assert reply(clocks(ClockKind.RESOLUTION)).helps == ()
    (both,) = reply(clocks(ClockKind.ARRIVAL, ClockKind.RESOLUTION)).helps
    assert both.said.en.endswith("; the repair promised by 01:00 (day +1) is missed by 13 h all the same")
    assert both.said.zh.endswith("；但仍超出承诺修复时间次日01:00共13小时")


def test_units_of_the_reserve_are_told() -> None:
    vulnerable = make.order(customer_class=CustomerClass.VULNERABLE)
    one = reply(make.asked(vulnerable, sources=(make.source(shelves={"p1": make.shelf(2, 2)}),)))
    assert one.below_floor == 1
    assert "reserve" in one.said.en


def test_risk_is_late_or_a_spread_across_the_clock() -> None:
    assert reply(make.asked()).risk is None
    between = make.stock_order(make.line(), needed_by_s=clock("03:00", 1))
    spread = reply(make.asked(between)).risk
    assert spread is not None
    assert (spread.kind, spread.late_s) == (RiskKind.SPREAD, 9 * 3_600)
    late = reply(make.asked(make.order(clocks=between.clocks, needed_by_s=clock("01:00", 1)))).risk
    assert late is not None
    assert late.kind is RiskKind.LATE


def test_the_clock_counts_from_the_visit_not_from_the_arrival() -> None:
    assert reply(make.asked(make.order(lead_s=40 * 3_600))).risk is not None


def test_without_orders_there_are_no_replies() -> None:
    asked = replace(make.asked(), orders=())
    assert replies(asked, source(asked)) == ()


def test_an_order_that_fills_a_shelf_is_not_helped_by_what_lies_on_it() -> None:
    own = make.source("shop", kind=model.SourceKind.OUTLET, outlet_id="u1", shelves={"p1": make.shelf(5)})
    asked = make.asked(make.stock_order(make.line(pinned="w1")), sources=(make.source(shelves={}), own))
    (reply,) = replies(asked, source(asked))
    assert reply.helps == ()
