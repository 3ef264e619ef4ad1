"""Key figures of sourcing, on problems solved by eye."""

from optimizer.model import ShipMode
from optimizer.parts.kpis import sourcing_kpis
from optimizer.parts.model import Quota, SourceKind
from optimizer.parts.sourcing import source
from tests.make import at, clock
from tests.make_parts import NOW_S, asked, line, order, route, shelf, stock_order
from tests.make_parts import source as warehouse


def test_one_line_from_the_shelf() -> None:
    problem = asked(order(line()))
    found = sourcing_kpis(problem, source(problem))
    assert (found.lines, found.filled, found.expected, found.kits, found.complete_kits) == (1, 1, 0, 1, 1)
    assert (found.fill_rate_percent, found.answered_in_time_percent) == (100.0, 100.0)
    assert found.served == {"standard": 1}
    # Leaves at 16:00, twenty hours at most, ordered at 08:00.
    assert found.hours_to_ready == 28.0
    assert found.late_orders == 0
    assert found.freight_fen == found.cost.freight


def test_a_line_that_nobody_has_is_not_filled_and_its_order_is_late() -> None:
    problem = asked(order(line("l1"), line("l2", part_id="p3")), order(line("l3"), id="o2"))
    found = sourcing_kpis(problem, source(problem))
    assert (found.lines, found.filled, found.kits, found.complete_kits, found.late_orders) == (3, 1, 2, 1, 1)
    assert sum(found.answers.values()) == 3
    assert found.hours_to_ready == 28.0


def test_units_on_their_way_fill_a_line_and_are_told_apart() -> None:
    shelves = {"p1": shelf(0, 0, (clock("12:00"), 5))}
    problem = asked(order(line()), sources=(warehouse(shelves=shelves),))
    found = sourcing_kpis(problem, source(problem))
    assert (found.filled, found.expected) == (1, 1)
    assert found.answers == {"backordered": 1}


def test_a_line_over_its_quota_that_waits_for_stock_is_expected_too() -> None:
    shelves = {"p1": shelf(0, 0, (clock("12:00"), 5))}
    quota = Quota(outlet_id="u1", part_id="p1", left=0)
    problem = asked(order(line()), sources=(warehouse(shelves=shelves),), quotas=(quota,))
    sourced = source(problem)
    found = sourcing_kpis(problem, sourced)
    assert found.answers == {"needs_approval": 1}
    assert found.expected == sum("once stock arrives" in one.reason for one in sourced.answers) == 1


def test_the_outlets_own_shelf_is_a_mode_of_its_own() -> None:
    own = warehouse("shop", kind=SourceKind.OUTLET, outlet_id="u1", position=at())
    problem = asked(order(line()), sources=(own,), routes=())
    assert sourcing_kpis(problem, source(problem)).served == {"own_shelf": 1}


def test_an_answer_after_its_time_and_an_order_after_its_need() -> None:
    late = stock_order(line("l1"), needed_by_s=clock("20:00"), respond_by_s=NOW_S - 1)
    problem = asked(late, stock_order(line("l2"), id="s2", needed_by_s=clock("12:00", 1)))
    found = sourcing_kpis(problem, source(problem))
    assert (found.answered_in_time, found.answered_in_time_percent) == (1, 50.0)
    assert found.late_orders == 1
    assert (found.kits, found.complete_kits_percent, found.hours_to_ready) == (0, None, None)


def test_two_sources_for_one_line_are_a_split() -> None:
    houses = (warehouse("w1", shelves={"p1": shelf(2)}), warehouse("w2", shelves={"p1": shelf(2)}))
    problem = asked(order(line(quantity=4)), sources=houses, routes=(route("w1"), route("w2", ShipMode.EXPRESS)))
    found = sourcing_kpis(problem, source(problem))
    assert (found.filled, found.split_orders) == (1, 1)
