"""What a line is told of which not all can be sent: only what is true of what is left."""

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


def test_what_comes_too_late_by_every_lane_is_told_so() -> None:
    asked = make.asked(make.stock_order(latest_s=clock("20:00")))
    answer = make.answer(source(asked))
    assert answer.reason.startswith("no lane brings p1 here by 20:00")
    assert answer.reason_zh.startswith("无线路可在20:00前将p1运到")
