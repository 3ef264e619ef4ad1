"""Stock as rows of stock.csv: what is put there is a count; what a day plans with is what the ledger leaves."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.batches import batches
from api.store.parts_shelves import Arrival, Count, Key, Standing, count_stock
from api.tables.parts import Allocation, ShelfRow
from datasets.cells import INBOUND
from datasets.times import EPOCH, TIME_ZONE

__all__ = ["RowCount", "arriving_cells", "count_rows", "counted_out", "ledger_cells", "unsent_units"]

INSTANT = dt.timedelta(microseconds=1)
AT_ONCE = 500

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCount:
    """A row of stock.csv. as_of: None for one that says no moment: it counts from when it is put.

    So does one whose moment is still to come, as tomorrow's folder has it this evening: nobody has counted yet what
    will be there then, and what somebody counts meanwhile is newer.
    """

    source_id: str
    part_id: str
    on_hand: int
    reserved: int = 0
    floor: int = 0
    inbound: tuple[Arrival, ...] = ()
    as_of: dt.datetime | None = None

    def counted_by(self, now: dt.datetime) -> dt.datetime | None:
        """Return when it was counted, None for no moment that has been."""
        return None if self.as_of is None or self.as_of > now else self.as_of


def count_rows(session: Session, rows: Sequence[RowCount], now: dt.datetime) -> None:
    """Take over rows as counts: those of no moment that has been as later than any known, others if they are newer."""
    known = _counted(session, sorted({row.part_id for row in rows}))
    counts = [
        Count(
            source_id=row.source_id,
            part_id=row.part_id,
            on_hand=row.on_hand,
            reserved=row.reserved,
            floor=row.floor,
            inbound=row.inbound,
            as_of=row.counted_by(now) or max(now, known.get((row.source_id, row.part_id), now - INSTANT) + INSTANT),
        )
        for row in rows
    ]
    count_stock(session, counts, actor="stock", now=now)


def counted_out(session: Session, keys: Iterable[Key], now: dt.datetime) -> None:
    """Count nothing where a row of the stock has ended."""
    count_rows(session, [RowCount(source_id=source, part_id=part, on_hand=0) for source, part in keys], now)


def _counted(session: Session, part_ids: Sequence[str]) -> dict[Key, dt.datetime]:
    found: dict[Key, dt.datetime] = {}
    for some in batches(part_ids, AT_ONCE):
        of_parts = ShelfRow.part_id.in_(some)
        query = select(ShelfRow.source_id, ShelfRow.part_id, ShelfRow.as_of).where(of_parts)
        found |= {(source_id, part_id): as_of for source_id, part_id, as_of in session.execute(query)}
    return found


def ledger_cells(
    session: Session,
    rows: Sequence[Cells],
    shelves: Mapping[Key, Standing],
    now: dt.datetime,
    job_ids: Collection[str],
) -> list[dict[str, str]]:
    """Return rows of stock.csv as the ledger has them at a moment.

    job_ids: of the day that is planned: what is promised to them and has not left is theirs to be planned anew.
    """
    theirs = unsent_units(session, shelves, now, job_ids)
    return [_row(row, shelves.get((row["warehouse_id"], row["part_id"])), theirs) for row in rows]


def _row(row: Cells, shelf: Standing | None, theirs: Mapping[Key, int]) -> dict[str, str]:
    if shelf is None:
        return dict(row)
    taken = shelf.held + shelf.promised - theirs.get((row["warehouse_id"], row["part_id"]), 0)
    if taken == 0 and (shelf.on_hand, shelf.reserved) == (int(row["on_hand"]), int(row.get("reserved") or 0)):
        return {**row, **arriving_cells(row, shelf)}
    counted = {"on_hand": str(shelf.on_hand), "reserved": str(max(0, shelf.reserved + taken))}
    return {**row, **counted, "floor": str(shelf.floor or ""), **arriving_cells(row, shelf)}


def arriving_cells(row: Cells, shelf: Standing) -> Cells:
    """Return the cells of what is on its way and not promised, as typed where that is all of it."""
    typed = row.get("inbound", "")
    if not typed and not shelf.inbound:
        return {}
    meant = [(one.quantity, one.ready_at) for one in shelf.inbound]
    if [(units, EPOCH + dt.timedelta(seconds=s)) for s, units in (INBOUND.parse(typed) if typed else ())] == meant:
        return {}
    lots = (f"{one.quantity}@{one.ready_at.astimezone(TIME_ZONE).isoformat()}" for one in shelf.inbound)
    # A row may be of a later moment than the count that knows of these.
    return {"inbound": ";".join(lots), "as_of": ""}


def unsent_units(
    session: Session, shelves: Mapping[Key, Standing], now: dt.datetime, holders: Collection[str]
) -> Counter[Key]:
    """Return how many units on the shelves are promised to some holders and have not left yet.

    What lies on a holder's own shelf leaves by no departure: it is there until a later count says otherwise.
    """
    columns = (Allocation.holder, Allocation.source_id, Allocation.part_id, Allocation.quantity, Allocation.ships_at)
    is_own = Allocation.ready_p90_at == Allocation.ships_at
    query = select(*columns).where(
        Allocation.released_at.is_(None), (Allocation.ships_at > now) | is_own, Allocation.arrives_at.is_(None)
    )
    wanted, units = set(holders), Counter[Key]()
    for holder, source_id, part_id, quantity, ships_at in session.execute(query):
        key = source_id, part_id
        if holder in wanted and key in shelves and shelves[key].as_of <= ships_at:
            units[key] += quantity
    return units
