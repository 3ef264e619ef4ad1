"""What is called the best is the best: against every lane and every departure, judged by the checker and its price."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from random import Random

import pytest

from optimizer.model import ShipMode
from optimizer.parts.check import broken_rules
from optimizer.parts.departures import departures_worth_a_look
from optimizer.parts.model import (
    Answer,
    Dispatch,
    LineAnswer,
    Order,
    OrderLine,
    Shelf,
    Sourced,
    Sourcing,
    SourcingCost,
)
from optimizer.parts.price import price
from optimizer.parts.sourcing import source
from tests import make_parts as make

SIX_HOURS_S = 6 * 3_600
EVERY_SIX_HOURS = tuple(make.NOW_S + number * SIX_HOURS_S for number in range(1, 13))


def test_what_arrives_late_is_promised_though_much_else_arrives_before() -> None:
    shelves = {f"p{k}": make.shelf(0, 0, (EVERY_SIX_HOURS[k], 1)) for k in range(2, 11)}
    shelves["p1"] = make.shelf(0, 0, (EVERY_SIX_HOURS[11], 1))
    asked = make.asked(
        make.order(),
        *(make.order(make.line(f"l{k}", f"p{k}"), id=f"o{k}") for k in range(2, 11)),
        sources=(make.source(shelves=shelves),),
        routes=(make.route(departures_s=EVERY_SIX_HOURS),),
        parts=tuple(replace(make.asked().parts[0], id=f"p{k}") for k in range(1, 11)),
    )
    sourced = source(asked)
    assert [one.ships_s for one in make.answer(sourced).dispatches] == [EVERY_SIX_HOURS[11]]
    assert sourced.optimal


def test_what_arrives_late_at_a_narrow_dock_is_promised() -> None:
    late = make.source(dock_lines=1, shelves={"p1": make.shelf(0, 0, (EVERY_SIX_HOURS[8], 2))})
    two = (make.order(), make.order(make.line("l2"), id="o2"))
    asked = make.asked(*two, sources=(late,), routes=(make.route(departures_s=EVERY_SIX_HOURS),))
    sourced = source(asked)
    ships_s = sorted(one.ships_s for answer in sourced.answers for one in answer.dispatches)
    assert ships_s == list(EVERY_SIX_HOURS[8:10])


def test_what_nobody_here_asks_for_needs_no_departure() -> None:
    shelves = {"p1": make.shelf(), "p2": make.shelf(0, 0, (EVERY_SIX_HOURS[3], 1))}
    asked = make.asked(sources=(make.source(shelves=shelves),), routes=(make.route(departures_s=EVERY_SIX_HOURS),))
    assert departures_worth_a_look(asked) == [[EVERY_SIX_HOURS[0]]]


@pytest.mark.parametrize("seed", range(60))
def test_no_departure_at_all_is_cheaper(seed: int) -> None:
    asked = _drawn(seed)
    sourced = source(asked)
    cheapest = _cheapest(asked)
    assert sourced.optimal
    assert (sourced.cost.total, sourced.bound_fen) == (cheapest, cheapest)


def _drawn(seed: int) -> Sourcing:
    """Draw three orders of one or two lines, little stock, much of it to arrive late, narrow docks."""
    random = Random(f"departures {seed}")
    sources = tuple(
        make.source(
            f"w{number}",
            dock_lines=random.choice([None, 1, 1, 2]),
            shelves={part_id: _shelf(random) for part_id in ("p1", "p2")},
        )
        for number in (1, 2)
    )
    lanes = [("w1", ShipMode.STANDARD), ("w2", random.choice([ShipMode.STANDARD, ShipMode.EXPRESS]))]
    lanes += [("w1", ShipMode.STANDARD)] * random.choice([0, 1])
    routes = tuple(
        make.route(
            source_id,
            mode,
            departures_s=tuple(sorted(random.sample(EVERY_SIX_HOURS, random.choice([7, 9, 10])))),
            transit_p90_s=random.choice([10_000, 72_000]),
            cost_fen=random.choice([300, 1_000, 2_600]),
        )
        for source_id, mode in lanes
    )
    lines = [
        make.line(f"l{k}", random.choice(["p1", "p2"]), 1, random.choice([None, None, None, "w1"])) for k in range(4)
    ]
    kits = random.choice([[lines[:2], lines[2:3]], [lines[:1], lines[1:2], lines[2:3]], [lines[:1], lines[1:3]]])
    orders = tuple(
        (make.order if random.random() < 0.7 else make.stock_order)(
            *some,
            id=f"o{k}",
            clocks=(),
            waiting=random.random() < 0.5,
            needed_by_s=random.choice([None, *EVERY_SIX_HOURS[3:8:4]]),
        )
        for k, some in enumerate(kits)
    )
    return make.asked(*orders, sources=sources, routes=routes)


def _shelf(random: Random) -> Shelf:
    arrivals = random.sample(EVERY_SIX_HOURS, random.choice([0, 1, 2]))
    return make.shelf(random.choice([0, 0, 1]), 0, *((ready_s - random.choice([0, 60]), 1) for ready_s in arrivals))


def _cheapest(asked: Sourcing) -> int:
    """Return the price of the cheapest of all combinations of lanes and departures that breaks no rule."""
    bundles = [sorted(_bundles(asked, order), key=lambda some: some[0]) for order in asked.orders]
    together = sorted(product(*bundles), key=lambda some: sum(fen for fen, _ in some))
    for choice in together:
        if not broken_rules(asked, _answered(tuple(one for _, answers in choice for one in answers))):
            return sum(fen for fen, _ in choice)
    raise AssertionError("to send nothing breaks no rule")


def _bundles(asked: Sourcing, order: Order) -> Iterator[tuple[int, tuple[LineAnswer, ...]]]:
    alone = replace(asked, orders=(order,))
    for choice in product(*(list(_options(asked, order, line)) for line in order.lines)):
        sourced = _answered(choice)
        if not broken_rules(alone, sourced):
            yield price(alone, sourced).total, choice


def _options(asked: Sourcing, order: Order, line: OrderLine) -> Iterator[LineAnswer]:
    yield _told(order, line, ())
    weight_g = next(part.weight_g for part in asked.parts if part.id == line.part_id)
    for route in asked.routes:
        for ships_s in route.departures_s:
            yield _told(
                order,
                line,
                (
                    Dispatch(
                        line_id=line.id,
                        order_id=order.id,
                        part_id=line.part_id,
                        quantity=line.quantity,
                        source_id=route.source_id,
                        mode=route.mode,
                        ships_s=ships_s,
                        ready_p50_s=ships_s + route.transit_p50_s,
                        ready_p90_s=ships_s + route.transit_p90_s,
                        cost_fen=route.cost_fen + line.quantity * weight_g * route.cost_fen_per_kg // 1000,
                    ),
                ),
            )


def _told(order: Order, line: OrderLine, dispatches: tuple[Dispatch, ...]) -> LineAnswer:
    return LineAnswer(
        line_id=line.id,
        order_id=order.id,
        answer=Answer.CONFIRMED,
        reason="",
        reason_zh="",
        eta_p50_s=None,
        eta_p90_s=None,
        dispatches=dispatches,
    )


def _answered(answers: tuple[LineAnswer, ...]) -> Sourced:
    return Sourced(answers=answers, consignments=(), cost=SourcingCost(), bound_fen=0, optimal=False)
