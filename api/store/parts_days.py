"""The tables about parts of a day folder, out of the ledger: what outlets have, quotas, orders still open."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.network import SUPPLY_TABLES, holding
from api.store.parts_orders import OPEN, OrderSeen, orders_of, quota_left, undecided
from api.store.parts_shelves import Key, Standing
from api.store.parts_stock import arriving_cells, unsent_units
from api.tables.parts import PartsOrder, PartsOrderLine
from datasets.times import TIME_ZONE

__all__ = ["supply_cells"]

Cells = Mapping[str, str]


def supply_cells(
    session: Session,
    tables: Mapping[str, Sequence[Cells]],
    shelves: Mapping[Key, Standing],
    *,
    date: dt.date,
    now: dt.datetime,
    job_ids: Collection[str],
) -> dict[str, list[dict[str, str]]]:
    """Return the tables about parts; tables: those of the day, whose outlets and parts alone are spoken of.

    job_ids: of the day, whose kits are ordered with it; an order for one of them is left to that, and what is promised
    to them and has not left is theirs to be planned anew.
    """
    outlets = {row["outlet_id"] for row in tables["outlets"]}
    parts = {row["part_id"] for row in tables["parts"]}
    own = [key for key in sorted(shelves) if key[0] in outlets]
    theirs = unsent_units(session, shelves, now, job_ids)
    sources = {row["warehouse_id"] for row in tables["warehouses"]} | {source_id for source_id, _ in own}
    # A day that is planned for an earlier moment knows nothing of what was ordered since.
    query = select(PartsOrder).where(
        PartsOrder.state == OPEN, PartsOrder.quoted_until.is_(None), PartsOrder.ordered_at <= now
    )
    rows = session.scalars(query.order_by(PartsOrder.ordered_at, PartsOrder.id)).all()
    ours = [row for row in rows if row.outlet_id in outlets and row.job_id not in job_ids and row.id not in job_ids]
    by_date: dict[str, list[dict[str, str]]] = {
        name: list(session.scalars(holding(model, date, columns=[model.cells])))
        for name, model in SUPPLY_TABLES.items()
    }
    return {
        **by_date,
        "outlet_stock": [_shelf_cells(key, shelves[key], theirs[key]) for key in own],
        "quotas": [
            {
                "outlet_id": one.row.outlet_id,
                "part_id": one.row.part_id,
                "quota": str(one.row.quota),
                "used": str(one.row.quota - one.left),
            }
            for one in quota_left(session, None)
            if one.row.outlet_id in outlets and one.row.part_id in parts
        ],
        "orders": [
            cells
            for seen in orders_of(session, ours)
            for line in seen.lines
            if undecided(line) and line.part_id in parts
            for cells in _line_cells(seen, line, now, sources)
        ],
    }


def _shelf_cells(key: Key, shelf: Standing, theirs: int) -> dict[str, str]:
    reserved = shelf.on_hand - max(0, min(shelf.on_hand, shelf.free + theirs))
    return {
        "outlet_id": key[0],
        "part_id": key[1],
        "on_hand": str(shelf.on_hand),
        "reserved": str(reserved) if reserved else "",
        **arriving_cells({}, shelf),
    }


def _line_cells(seen: OrderSeen, line: PartsOrderLine, now: dt.datetime, sources: Collection[str]) -> list[Any]:
    """Return the row of what a line still asks for, none when all of it has left."""
    row, left = seen.row, line.quantity - seen.sent(line, now)
    if left <= 0:
        return []
    cells = {
        "order_id": row.id,
        "line_id": line.id.replace("/", "."),
        "outlet_id": row.outlet_id,
        "part_id": line.part_id,
        "quantity": str(left),
        "ordered_at": _written(row.ordered_at),
        "needed_by": "" if row.needed_by is None else _written(row.needed_by),
        "waiting": "yes" if row.waiting else "no",
        "urgent": "yes" if row.urgent else "no",
        "customer_class": row.customer_class,
        "most_sources": str(row.most_sources),
        "pinned_source_id": line.pinned_source_id if line.pinned_source_id in sources else "",
        "job_id": row.job_id or "",
    }
    return [cells]


def _written(moment: dt.datetime) -> str:
    return moment.astimezone(TIME_ZONE).isoformat(timespec="seconds")
