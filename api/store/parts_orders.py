"""Orders of parts as rows, with their lines, their answers and what is promised to them."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from api.errors import NotFound
from api.store.batches import batches
from api.store.parts_shelves import HELD
from api.tables.parts import Allocation, PartsOrder, PartsOrderLine, QuotaRow, Reservation
from optimizer.parts.model import Answer

__all__ = [
    "CANCELLED",
    "LAST",
    "OPEN",
    "SETTLED",
    "OrderSeen",
    "QuotaStanding",
    "order_seen",
    "orders_of",
    "quota_left",
    "undecided",
    "units_counted",
    "units_of_orders",
]

OPEN, SETTLED, CANCELLED = "open", "settled", "cancelled"
LAST = frozenset({Answer.CONFIRMED, Answer.SUBSTITUTED, Answer.DECLINED})
"""Answers that stay; a line with another one, or none, is decided again."""
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSeen:
    """An order with its lines by number, what is promised to each, and what is only reserved for it."""

    row: PartsOrder
    lines: Sequence[PartsOrderLine]
    promised: Mapping[str, Sequence[Allocation]] = field(default_factory=dict)
    reserved: Mapping[str, Sequence[Reservation]] = field(default_factory=dict)

    def sent(self, line: PartsOrderLine, now: dt.datetime) -> int:
        """Return how many units of a line have left."""
        return sum(
            one.quantity for one in self.promised.get(line.id, ()) if not one.provisional and one.ships_at <= now
        )

    def undecided(self, line: PartsOrderLine) -> bool:
        """Tell whether a line is to be decided, or again: of a kit all lines are, or none."""
        of_it = [line] if self.row.job_id is None else self.lines
        return any(undecided(one) for one in of_it)


def undecided(line: PartsOrderLine) -> bool:
    """Tell whether a line, taken by itself, is still to be decided, or again."""
    return line.answer not in LAST


def order_seen(session: Session, order_id: str, centres: frozenset[str] | None, *, lock: bool = False) -> OrderSeen:
    """Return an order. Raises NotFound, also for another centre's."""
    wanted = select(PartsOrder).where(PartsOrder.id == order_id).execution_options(populate_existing=True)
    row = session.scalar(wanted.with_for_update() if lock else wanted)
    if row is None or (centres is not None and row.centre_id not in centres):
        raise NotFound("There is no such order of parts.")
    return orders_of(session, [row])[0]


def orders_of(session: Session, rows: Sequence[PartsOrder]) -> list[OrderSeen]:
    """Return orders with all that belongs to them, in their order."""
    lines: defaultdict[str, list[PartsOrderLine]] = defaultdict(list)
    promised: defaultdict[str, list[Allocation]] = defaultdict(list)
    reserved: defaultdict[str, list[Reservation]] = defaultdict(list)
    for some in batches([row.id for row in rows], AT_ONCE):
        of_orders = select(PartsOrderLine).where(PartsOrderLine.order_id.in_(some)).order_by(PartsOrderLine.number)
        for line in session.scalars(of_orders.execution_options(populate_existing=True)):
            lines[line.order_id].append(line)
        live = select(Allocation).where(Allocation.holder.in_(some), Allocation.released_at.is_(None))
        ordered = live.order_by(Allocation.ships_at, Allocation.id).execution_options(populate_existing=True)
        for one in session.scalars(ordered):
            promised[one.line_id].append(one)
        held = select(Reservation).where(Reservation.order_id.in_(some), Reservation.state == HELD)
        for kept in session.scalars(held.order_by(Reservation.id).execution_options(populate_existing=True)):
            reserved[kept.line_id or ""].append(kept)
    return [OrderSeen(row=row, lines=lines[row.id], promised=promised, reserved=reserved) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaStanding:
    """A quota and what was ordered of it since it counts."""

    row: QuotaRow
    ordered: int

    @property
    def left(self) -> int:
        """What may still be ordered without approval."""
        return self.left_besides(0)

    def left_besides(self, units: int) -> int:
        """Return what would be left if so many of the units that count did not."""
        return max(0, self.row.quota - self.row.used - self.ordered + units)


_COUNTED = (
    PartsOrder.state != CANCELLED,
    PartsOrder.ordered_at >= QuotaRow.counted_from,
    PartsOrderLine.answer.is_not(None),
    PartsOrderLine.answer != Answer.DECLINED.value,
    (PartsOrderLine.answer != Answer.NEEDS_APPROVAL.value) | PartsOrderLine.approved_at.is_not(None),
)


def units_counted(outlet_id: ColumnElement[str], part_id: ColumnElement[str]) -> object:
    """Return the units of an outlet's orders that its quota counts: not what is cancelled, declined or unapproved."""
    return (
        select(func.coalesce(func.sum(PartsOrderLine.quantity), 0))
        .join(PartsOrder, PartsOrder.id == PartsOrderLine.order_id)
        .where(
            PartsOrder.outlet_id == outlet_id,
            PartsOrderLine.part_id == part_id,
            *_COUNTED,
        )
        .correlate(QuotaRow)
        .scalar_subquery()
    )


def units_of_orders(session: Session, order_ids: Sequence[str]) -> Counter[tuple[str, str]]:
    """Return the units of some orders that quotas count, by outlet and part."""
    units: Counter[tuple[str, str]] = Counter()
    for some in batches(order_ids, AT_ONCE):
        of_quota = (QuotaRow.outlet_id == PartsOrder.outlet_id) & (QuotaRow.part_id == PartsOrderLine.part_id)
        query = (
            select(QuotaRow.outlet_id, QuotaRow.part_id, func.sum(PartsOrderLine.quantity))
            .join_from(PartsOrderLine, PartsOrder, PartsOrder.id == PartsOrderLine.order_id)
            .join(QuotaRow, of_quota)
            .where(PartsOrder.id.in_(some), *_COUNTED)
            .group_by(QuotaRow.outlet_id, QuotaRow.part_id)
        )
        for outlet_id, part_id, of_some in session.execute(query):
            units[outlet_id, part_id] += int(of_some)
    return units


def quota_left(
    session: Session,
    outlet_ids: Iterable[str] | None,
    *where: ColumnElement[bool],
    limit: int | None = None,
) -> list[QuotaStanding]:
    """Return the quotas of some outlets, None for all."""
    used: ColumnElement[int] = units_counted(QuotaRow.outlet_id, QuotaRow.part_id)  # type: ignore[assignment,arg-type]
    query = select(QuotaRow, used).where(*where).order_by(QuotaRow.outlet_id, QuotaRow.part_id).limit(limit)
    if outlet_ids is not None:
        query = query.where(QuotaRow.outlet_id.in_(sorted(set(outlet_ids))))
    return [QuotaStanding(row=row, ordered=int(ordered)) for row, ordered in session.execute(query)]
