"""What is not kept for one reason is said once, with all whom it is about."""

from api.tour_not_kept import not_kept_lines
from optimizer.tours.told import Why
from optimizer.tours.unkept import Alike, Unkept, UnkeptKind


def one(name: str, why: str | None) -> Unkept:
    rest = Why(en=f" are not: {why}.", zh=f"：{why}。")
    alike = None if why is None else Alike(name=Why(en=name, zh=name), rest=rest)
    return Unkept(
        kind=UnkeptKind.DATE, about=name, sentence=f"{name} is not: {why}.", sentence_zh=f"{name}：{why}。", alike=alike
    )


def test_a_line_for_each_reason_in_the_order_of_the_first() -> None:
    found = [one("A", "far"), one("B", "cut"), one("K1", None), one("C", "far"), one("K2", None), one("D", "far")]
    assert list(not_kept_lines(found)) == [
        "NOT KEPT (3): A, C, D are not: far. A、C、D：far。",
        "NOT KEPT: B is not: cut. B：cut。",
        "NOT KEPT: K1 is not: None. K1：None。",
        "NOT KEPT: K2 is not: None. K2：None。",
    ]
