"""What a line is told of which not all can be sent: only what is true of what is left."""

from optimizer.model import ShipMode
from optimizer.parts.sourcing import source
from tests import make_parts as make
from tests.make import clock


def reasons(*inbound: tuple[int, int]) -> tuple[str, str]:
    sources = (make.source(shelves={"p1": make.shelf(2, 0, *inbound)}),)
    answer = make.answer(source(make.asked(make.stock_order(make.line(quantity=500)), sources=sources)))
    return answer.reason, answer.reason_zh


def test_no_more_is_expected_only_where_nothing_is_inbound() -> None:
    en, zh = reasons()
    assert "no more is expected" in en
    assert "且无可用在途" in zh


def test_what_is_inbound_and_not_enough_is_counted() -> None:
    en, zh = reasons((clock("12:00", 1), 1))
    assert "no more is expected" not in en
    assert en.endswith("missing 1 on the way")
    assert zh.endswith("在途1件")


def test_a_vehicle_of_its_own_counts_where_nothing_fast_will_ever_have_as_many() -> None:
    order = make.order(make.line(quantity=3), make.line("l2", "p2"), urgent=True)
    houses = (
        make.source("w1", shelves={"p1": make.shelf(1)}),
        make.source("w2", shelves={"p1": make.shelf(0, 0, (clock("12:00", 1), 3))}),
    )
    routes = (make.route("w1", ShipMode.EXPRESS), make.route("w2", ShipMode.DEDICATED))
    answer = source(make.asked(order, sources=houses, routes=routes)).answers[0]
    assert answer.reason.endswith("of the 3 missing 3 on the way")


def test_what_comes_too_late_by_every_lane_is_told_so() -> None:
    asked = make.asked(make.stock_order(latest_s=clock("20:00")))
    answer = make.answer(source(asked))
    assert answer.reason.startswith("no lane brings p1 here by 20:00")
    assert answer.reason_zh.startswith("无线路可在20:00前将p1运到")
