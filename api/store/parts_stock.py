"""Stock as rows of stock.csv: what is put there is a count; what a day plans with is what the ledger leaves."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.parts_shelves import Count, Key, Standing, count_stock, standings
from api.tables.parts import Allocation, ShelfRow

__all__ = ["count_rows", "counted_out", "ledger_cells"]

INSTANT = dt.timedelta(microseconds=1)

Cells = Mapping[str, str]


def count_rows(session: Session, rows: Sequence[Count], now: dt.datetime) -> None:
    """Take over rows that say no moment as counts of now, later than any that is known."""
    known = _counted(session, {row.part_id for row in rows})
    moments = (max(now, known.get(row.key, now) + INSTANT) if row.key in known else now for row in rows)
    counts = [
        Count(source_id=row.source_id, part_id=row.part_id, on_hand=row.on_hand, reserved=row.reserved, as_of=moment)
        for row, moment in zip(rows, moments, strict=True)
    ]
    count_stock(session, counts, actor="stock", now=now)


def counted_out(session: Session, keys: Iterable[Key], now: dt.datetime) -> None:
    """Count nothing where a row of the stock has ended."""
    gone = [Count(source_id=source_id, part_id=part_id, on_hand=0, as_of=now) for source_id, part_id in keys]
    count_rows(session, gone, now)


def _counted(session: Session, part_ids: Collection[str]) -> dict[Key, dt.datetime]:
    columns = (ShelfRow.source_id, ShelfRow.part_id, ShelfRow.as_of)
    return {
        (source_id, part_id): as_of
        for source_id, part_id, as_of in session.execute(select(*columns))
        if part_id in part_ids
    }


def ledger_cells(
    session: Session, rows: Sequence[Cells], now: dt.datetime, job_ids: Collection[str]
) -> list[dict[str, str]]:
    """Return rows of stock.csv as the ledger has them at a moment.

    job_ids: of the day that is planned: what is promised to them and has not left is theirs to be planned anew.
    """
    shelves = standings(session, {row["part_id"] for row in rows}, now)
    theirs = _unsent(session, now, job_ids)
    return [_row(row, shelves.get((row["warehouse_id"], row["part_id"])), theirs) for row in rows]


def _row(row: Cells, shelf: Standing | None, theirs: Mapping[Key, int]) -> dict[str, str]:
    if shelf is None:
        return dict(row)
    taken = shelf.held + shelf.promised - theirs.get((row["warehouse_id"], row["part_id"]), 0)
    if taken == 0 and (shelf.on_hand, shelf.reserved) == (int(row["on_hand"]), int(row.get("reserved") or 0)):
        return dict(row)
    return {**row, "on_hand": str(shelf.on_hand), "reserved": str(max(0, shelf.reserved + taken))}


def _unsent(session: Session, now: dt.datetime, job_ids: Collection[str]) -> Mapping[Key, int]:
    """Return how many units on the shelves are promised to some jobs and have not left yet."""
    query = select(Allocation.holder, Allocation.source_id, Allocation.part_id, Allocation.quantity).where(
        Allocation.released_at.is_(None), Allocation.ships_at > now, Allocation.arrives_at.is_(None)
    )
    wanted, units = set(job_ids), Counter[Key]()
    for holder, source_id, part_id, quantity in session.execute(query):
        if holder in wanted:
            units[source_id, part_id] += quantity
    return units
