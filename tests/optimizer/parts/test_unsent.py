"""What a line is told of which not all can be sent: only what is true of what is left."""

from typing import Any

from optimizer.model import ShipMode
from optimizer.parts import model
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


def told(*sources: model.Source, pinned: str | None = None, **fields: Any) -> tuple[str, str]:
    order = make.stock_order(make.line(quantity=2, pinned=pinned))
    lanes = tuple(make.route(one.id) for one in sources)
    answer = make.answer(source(make.asked(order, sources=sources, routes=lanes, **fields)))
    return answer.reason, answer.reason_zh


def test_a_source_that_a_person_decided_on_and_is_offline_is_said_to_be() -> None:
    en, zh = told(make.source(), make.source("w2", open=False), pinned="w2")
    assert en.startswith("w2, which a person decided on, is offline")
    assert zh.startswith("人工指定的w2停用中")
    assert "does not have 2" in told(make.source("w2", shelves={}), pinned="w2")[0]


def test_a_reserve_is_named_only_where_units_lie_in_it() -> None:
    later = make.shelf(0, 3, (clock("12:00", 1), 1))
    en, zh = told(make.source(shelves={"p1": later}), make.source("w2", shelves={"p1": later}))
    assert "reserve" not in en
    assert "安全库存" not in zh
    assert "p1 is kept in reserve" in told(make.source(shelves={"p1": make.shelf(2, 2)}))[0]
    # What lies there is another part that would do: it is this which is kept.
    both = {"p1": make.shelf(0, 2), "p2": make.shelf(2, 2)}
    assert "p2 is kept in reserve" in told(make.source(shelves=both), substitutes={"p1": ("p2",)})[0]


def test_a_line_that_would_take_one_source_more_names_it_and_its_price() -> None:
    order = make.stock_order(make.line("l1"), make.line("l2", "p2"), most_sources=1)
    sources = (make.source(), make.source("w2", shelves={"p2": make.shelf()}))
    lanes = make.route(), make.route("w2", cost_fen=1_500)
    (declined,) = (
        answer
        for answer in source(make.asked(order, sources=sources, routes=lanes)).answers
        if answer.answer is model.Answer.DECLINED
    )
    assert declined.line_id == "l2"
    assert "not at the 1 source that the order comes from, and it may have no more" in declined.reason
    assert "w2 could send it by standard at 16:00, there by 12:00 (day +1), freight 16.00 yuan" in declined.reason
    assert "不可再增加货源：w2可于16:00普运发出" in declined.reason_zh


def test_units_that_lie_apart_are_said_to() -> None:
    first = make.order(make.line("l0", pinned="w1"), id="o0")
    second = make.stock_order(make.line("l1", quantity=2))
    sources = (make.source(shelves={"p1": make.shelf(2)}), make.source("w2", shelves={"p1": make.shelf(1)}))
    lanes = make.route(), make.route("w2")
    answer = make.answer(source(make.asked(first, second, sources=sources, routes=lanes)))
    assert "no one source has 2 of it left above its reserve" in answer.reason
    assert "没有一个库在安全库存之上尚有2件" in answer.reason_zh


def test_what_costs_more_than_it_is_worth_says_both() -> None:
    lane = make.route(cost_fen=500_000)
    answer = make.answer(source(make.asked(make.stock_order(), routes=(lane,))))
    assert answer.answer is model.Answer.DECLINED
    assert "to send it costs 5,006.28 yuan with its lateness, more than the 60" in answer.reason
    assert "w1 could send it by standard at 16:00" in answer.reason
    assert "高于缺件代价" in answer.reason_zh
