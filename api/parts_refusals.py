"""Answers to lines of orders for which nothing can be worked out."""

from api.tables.parts import PartsOrder, PartsOrderLine
from optimizer.parts.model import Answer, LineAnswer

__all__ = ["lost", "no_network", "nowhere"]


def nowhere(order: PartsOrder, line: PartsOrderLine) -> LineAnswer:
    """Return what is told where the network has the outlet or the part no more."""
    return _answer(
        order,
        line,
        Answer.DECLINED,
        f"{order.outlet_id} or {line.part_id} is not in the network any more",
        f"{order.outlet_id}或{line.part_id}已不在网络中",
    )


def lost(order: PartsOrder, line: PartsOrderLine) -> LineAnswer:
    """Return what is told where the shelves have too few for what was worked out: the next run decides again."""
    return _answer(
        order,
        line,
        Answer.BACKORDERED,
        f"what was free of {line.part_id} is promised to others by now; it is decided again",
        f"{line.part_id}的可用库存已被占用，将重新安排",
    )


def no_network(order: PartsOrder, line: PartsOrderLine) -> LineAnswer:
    """Return what is told where no network holds in which anything could be sent."""
    return _answer(
        order,
        line,
        Answer.DECLINED,
        "no network holds today that parts could be sent in",
        "今日没有可用于发货的网络",
    )


def _answer(order: PartsOrder, line: PartsOrderLine, answer: Answer, reason: str, reason_zh: str) -> LineAnswer:
    return LineAnswer(
        line_id=line.id,
        order_id=order.id,
        answer=answer,
        reason=reason,
        reason_zh=reason_zh,
        eta_p50_s=None,
        eta_p90_s=None,
    )
