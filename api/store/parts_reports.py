"""Reports about parts: whether orders were answered in time, and how much of them was sent."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.store.parts_orders import CANCELLED
from api.store.reports import Period
from api.tables.parts import Allocation, PartsOrder, PartsOrderLine
from datasets.times import TIME_ZONE
from optimizer.parts.model import Answer

__all__ = ["fill_rate_rows", "parts_response_rows"]


def _lines(session: Session, period: Period) -> Sequence[Any]:
    """Return the lines ordered on some dates, but cancelled ones, with what is promised to each."""
    begins = dt.datetime.combine(period.first, dt.time(), TIME_ZONE)
    ends = dt.datetime.combine(period.last, dt.time(), TIME_ZONE) + dt.timedelta(days=1)
    promised = (
        select(func.coalesce(func.sum(Allocation.quantity), 0))
        .where(
            Allocation.holder == PartsOrder.id,
            Allocation.line_id == PartsOrderLine.id,
            Allocation.released_at.is_(None),
            ~Allocation.provisional,
        )
        .correlate(PartsOrder, PartsOrderLine)
        .scalar_subquery()
    )
    query = (
        select(PartsOrder, PartsOrderLine, promised)
        .join(PartsOrderLine, PartsOrderLine.order_id == PartsOrder.id)
        .where(PartsOrder.ordered_at >= begins, PartsOrder.ordered_at < ends, PartsOrder.state != CANCELLED)
    )
    if period.centres is not None:
        query = query.where(PartsOrder.centre_id.in_(period.centres))
    return session.execute(query).all()


def parts_response_rows(session: Session, period: Period, now: dt.datetime) -> list[dict[str, Any]]:
    """Return by centre how many lines were answered by their time, and what the first answer was."""
    count: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for order, line, _ in _lines(session, period):
        found = count[order.centre_id]
        found["lines"] += 1
        answered_at = line.first_answered_at
        if answered_at is not None:
            found["in_time" if answered_at <= order.respond_by else "late"] += 1
            found[line.first_answer or ""] += 1
            found["minutes"] += int((answered_at - order.ordered_at).total_seconds()) // 60
        else:
            found["open" if order.respond_by > now else "missed"] += 1
    names = ("lines", "in_time", "late", "missed", "open", *(answer.value for answer in Answer))
    return [
        {
            "centre_id": centre_id,
            **{name: found[name] for name in names},
            "percent": _percent(found["in_time"], found["in_time"] + found["late"] + found["missed"]),
            "mean_minutes": found["minutes"] // answered if (answered := found["in_time"] + found["late"]) else None,
        }
        for centre_id, found in sorted(count.items())
    ]


def fill_rate_rows(session: Session, period: Period) -> list[dict[str, Any]]:
    """Return by centre and part how many of the units ordered are promised or sent."""
    count: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for order, line, promised in _lines(session, period):
        found = count[order.centre_id, line.part_id]
        found["lines"] += 1
        found["units"] += line.quantity
        found["sent_units"] += min(line.quantity, int(promised))
        found["filled"] += int(promised) >= line.quantity
        found["at_once"] += line.first_answer in (Answer.CONFIRMED, Answer.SUBSTITUTED)
        found["backordered"] += line.answer == Answer.BACKORDERED
        found["declined"] += line.answer == Answer.DECLINED
    names = ("lines", "filled", "at_once", "backordered", "declined", "units", "sent_units")
    return [
        {
            "centre_id": centre_id,
            "part_id": part_id,
            **{name: found[name] for name in names},
            "percent": _percent(found["sent_units"], found["units"]),
        }
        for (centre_id, part_id), found in sorted(count.items())
    ]


def _percent(share: int, whole: int) -> float | None:
    return round(100 * share / whole, 1) if whole else None
