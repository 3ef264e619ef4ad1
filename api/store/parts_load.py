"""What a day folder says of parts beside its stock, into the ledger: outlets' shelves, quotas, open orders."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.store.network import Put
from api.store.parts_orders import OPEN
from api.store.parts_shelves import Arrival
from api.store.parts_stock import RowCount, count_rows
from api.tables.parts import PartsOrder, PartsOrderLine, QuotaRow, ShelfRow
from datasets.day import DaySource
from datasets.table import Table
from datasets.times import EPOCH

__all__ = ["put_supply"]


def put_supply(
    session: Session, read: DaySource, *, actor: str, now: dt.datetime, keeps: bool = False
) -> dict[str, Put]:
    """Take over what a folder says; again changes nothing. Orders and quotas that are not in it stay.

    keeps: shelves and quotas that are there stay too.
    """
    return {
        "outlet_stock": _count(session, read.tables["outlet_stock"], now, keeps=keeps),
        "quotas": _put_quotas(session, read.tables["quotas"], now, keeps=keeps),
        "orders": _enter_orders(session, read, actor, now),
    }


def _rows(table: Table) -> list[dict[str, Any]]:
    return [dict(zip(table.values, row, strict=True)) for row in zip(*table.values.values(), strict=True)]


def _moment(seconds: int) -> dt.datetime:
    return EPOCH + dt.timedelta(seconds=seconds)


def _count(session: Session, table: Table, now: dt.datetime, *, keeps: bool) -> Put:
    """Count outlets' shelves; a row that says no moment counts only where it says something else than is known."""
    known = {(row.source_id, row.part_id): row for row in session.scalars(select(ShelfRow))} if len(table.lines) else {}
    created: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    kept: list[str] = []
    counts = []
    for row in _rows(table):
        key = row["outlet_id"], row["part_id"]
        before, id_ = known.get(key), ";".join(key)
        said = RowCount(
            source_id=key[0],
            part_id=key[1],
            on_hand=row["on_hand"],
            reserved=row["reserved"],
            inbound=tuple(Arrival(quantity=quantity, ready_at=_moment(s)) for s, quantity in row["inbound"]),
            as_of=None if row["as_of"] is None else _moment(row["as_of"]),
        )
        if before is not None and _is_known(said, before, now):
            unchanged.append(id_)
            continue
        if before is not None and keeps:
            kept.append(id_)
            continue
        (created if before is None else changed).append(id_)
        counts.append(said)
    count_rows(session, counts, now)
    return Put(created=tuple(created), changed=tuple(changed), unchanged=tuple(unchanged), kept=tuple(kept))


def _is_known(said: RowCount, before: ShelfRow, now: dt.datetime) -> bool:
    counted = said.counted_by(now)
    if counted is not None:
        return counted <= before.as_of
    return (said.on_hand, said.reserved) == (before.on_hand, before.reserved)


def _put_quotas(session: Session, table: Table, now: dt.datetime, *, keeps: bool) -> Put:
    known = {(row.outlet_id, row.part_id): row for row in session.scalars(select(QuotaRow))} if len(table.lines) else {}
    created: list[str] = []
    changed: list[str] = []
    unchanged: list[str] = []
    kept: list[str] = []
    for row in _rows(table):
        key = row["outlet_id"], row["part_id"]
        before, id_ = known.get(key), ";".join(key)
        if before is None:
            created.append(id_)
            before = QuotaRow(outlet_id=key[0], part_id=key[1], version=0)
            session.add(before)
        elif (before.quota, before.used) == (row["quota"], row["used"]):
            unchanged.append(id_)
            continue
        elif keeps:
            kept.append(id_)
            continue
        else:
            changed.append(id_)
        before.quota, before.used, before.counted_from = row["quota"], row["used"], now
        before.version, before.updated_at = before.version + 1, now
    session.flush()
    return Put(created=tuple(created), changed=tuple(changed), unchanged=tuple(unchanged), kept=tuple(kept))


def _enter_orders(session: Session, read: DaySource, actor: str, now: dt.datetime) -> Put:
    """Enter orders that are not there yet, without an answer: the next run, or the watch, gives one."""
    table = read.tables["orders"]
    of_order: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in _rows(table):
        of_order[row["order_id"]].append(row)
    known = set(session.scalars(select(PartsOrder.id))) if of_order else set()
    outlets = read.tables["outlets"]
    centre_of = dict(zip(outlets.values["outlet_id"], outlets.values["centre_id"], strict=True))
    within = dt.timedelta(seconds=read.settings.parts.respond_within_s)
    created = [id_ for id_ in of_order if id_ not in known]
    for id_ in created:
        session.add(_order(id_, of_order[id_][0], centre_of, within, actor, now))
    session.flush()
    session.add_all(
        PartsOrderLine(
            id=row["line_id"],
            order_id=id_,
            number=number,
            part_id=row["part_id"],
            quantity=row["quantity"],
            pinned_source_id=row["pinned_source_id"],
        )
        for id_ in created
        for number, row in enumerate(of_order[id_], start=1)
    )
    session.flush()
    return Put(created=tuple(created), unchanged=tuple(id_ for id_ in of_order if id_ in known))


def _order(
    id_: str,
    row: Mapping[str, Any],
    centre_of: Mapping[str, str],
    within: dt.timedelta,
    actor: str,
    now: dt.datetime,
) -> PartsOrder:
    ordered_at = _moment(row["ordered_at"])
    return PartsOrder(
        id=id_,
        version=1,
        state=OPEN,
        centre_id=centre_of[row["outlet_id"]],
        outlet_id=row["outlet_id"],
        job_id=row["job_id"],
        ordered_at=ordered_at,
        respond_by=ordered_at + within,
        needed_by=None if row["needed_by"] is None else _moment(row["needed_by"]),
        waiting=row["waiting"],
        urgent=row["urgent"],
        customer_class=str(row["customer_class"]),
        most_sources=row["most_sources"],
        actor=actor,
        created_at=now,
        updated_at=now,
    )
