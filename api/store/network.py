"""Master data by date: what holds when, what is put in its place, what has ended."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, insert, select
from sqlalchemy.orm import Session, aliased

from api.store.batches import batches
from api.store.parts_shelves import Arrival
from api.store.parts_stock import RowCount, count_rows, counted_out
from api.tables.network import (
    CentreRow,
    Document,
    Effective,
    ForecastRow,
    KitRow,
    LaneRow,
    OutletRow,
    PartRow,
    ReturnRow,
    StockRow,
    TechnicianCertificate,
    TechnicianRow,
    TechnicianSkill,
    TransferLaneRow,
    WarehouseRow,
)
from api.tables.tours import CrewRow, LodgingRow, MaintenanceRow, VanPartRow, VillageRow
from datasets.network import wgs84
from datasets.table import Table
from datasets.times import EPOCH

__all__ = [
    "DOCUMENT_KINDS",
    "MASTER_TABLES",
    "NETWORK_TABLES",
    "SUPPLY_TABLES",
    "TOUR_TABLES",
    "Put",
    "end",
    "get",
    "history",
    "holding",
    "holds",
    "point",
    "put_documents",
    "put_table",
    "row_id",
]

NETWORK_TABLES: Mapping[str, type[Effective]] = {
    "centres": CentreRow,
    "outlets": OutletRow,
    "technicians": TechnicianRow,
    "warehouses": WarehouseRow,
    "parts": PartRow,
    "kits": KitRow,
    "stock": StockRow,
    "lanes": LaneRow,
}
"""The tables of a day folder but jobs, by name."""

SUPPLY_TABLES: Mapping[str, type[Effective]] = {
    "transfer_lanes": TransferLaneRow,
    "forecast": ForecastRow,
    "returns": ReturnRow,
}
"""The tables about parts that hold by date too; what else a folder says of parts the ledger keeps."""

TOUR_TABLES: Mapping[str, type[Effective]] = {
    "villages": VillageRow,
    "lodgings": LodgingRow,
    "crews": CrewRow,
    "maintenance": MaintenanceRow,
    "van_parts": VanPartRow,
}
"""The tables about tours that hold by date."""

MASTER_TABLES: Mapping[str, type[Effective]] = {**NETWORK_TABLES, **SUPPLY_TABLES, **TOUR_TABLES}

DOCUMENT_KINDS = ("calendars", "sla_policies", "tariffs", "contract_tariffs", "settings")

CHUNK = 500
STOCK_COLUMNS = ("warehouse_id", "part_id", "on_hand", "reserved")


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """What putting rows did; unchanged ones were left alone. Ids in the order of the rows.

    kept: rows that say something else than what is there, which stays: only of what is put beside others.
    """

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def row_id(cells: Mapping[str, str], keys: Iterable[str]) -> str:
    """Return the id of a row: the cells of its key columns, joined by what no key but the last may hold."""
    return ";".join(cells[key] for key in keys)


def point(lon: float, lat: float) -> str:
    """Return a position as both databases take it."""
    return f"SRID=4326;POINT({lon!r} {lat!r})"


def holds(model: type[Any], on: dt.date) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a version holds on a date."""
    later = aliased(model)
    same_kind = [later.kind == model.kind] if model is Document else []
    newest = (
        select(func.max(later.effective_from))
        .where(later.id == model.id, *same_kind, later.effective_from <= on)
        .correlate(model)
        .scalar_subquery()
    )
    return (model.effective_from == newest, ~model.ended)


def holding(
    model: type[Any], on: dt.date, *where: ColumnElement[bool], columns: Sequence[Any] | None = None
) -> Select[Any]:
    """Select the versions that hold on a date, in the order in which their things were entered.

    where: further conditions on the versions that hold. columns: of `model`; None selects whole rows.
    """
    return select(*(columns or [model])).where(*holds(model, on), *where).order_by(model.entered, model.id)


def get(session: Session, model: type[Any], id_: str, on: dt.date, *where: ColumnElement[bool]) -> Any | None:
    """Return the version of a thing that holds on a date, None where there is none."""
    return session.scalars(holding(model, on, model.id == id_, *where)).one_or_none()


def history(session: Session, model: type[Any], id_: str, *where: ColumnElement[bool]) -> Sequence[Any]:
    """Return every version of a thing, the earliest first."""
    return session.scalars(select(model).where(model.id == id_, *where).order_by(model.effective_from)).all()


def put_table(
    session: Session,
    table: Table,
    *,
    effective_from: dt.date,
    now: dt.datetime,
    whole: bool = False,
    typed: Sequence[Mapping[str, Any]] | None = None,
) -> Put:
    """Put the rows of a table that was read and found good; they hold from a date on.

    whole: the table has everything that holds from then on; things that are not in it end. typed: the columns beside
    the cells where the rows alone do not say them.
    """
    name = table.layout.name
    model = MASTER_TABLES[name]
    typed = _TYPED.get(name, _nothing_typed)(table) if typed is None else typed
    rows = {
        row_id(cells, table.layout.keys): {"cells": {name: cell for name, cell in cells.items() if cell}, **columns}
        for cells, columns in zip(table.rows(), typed, strict=True)
    }
    put = _put(session, model, rows, effective_from=effective_from, now=now, whole=whole)
    if model is StockRow:
        _count(session, rows, put, now)
    return put


def _count(session: Session, rows: Mapping[str, Mapping[str, Any]], put: Put, now: dt.datetime) -> None:
    """Let the ledger know of rows of the stock that are new or changed."""
    counted = (rows[id_] for id_ in (*put.created, *put.changed))
    counts = [
        RowCount(
            source_id=row["warehouse_id"],
            part_id=row["part_id"],
            on_hand=row["on_hand"],
            reserved=row["reserved"],
            floor=row["floor"],
            inbound=tuple(Arrival(quantity=quantity, ready_at=_moment(s)) for s, quantity in row["inbound"]),
            as_of=None if row["as_of"] is None else _moment(row["as_of"]),
        )
        for row in counted
    ]
    count_rows(session, counts, now)


def _moment(seconds: int) -> dt.datetime:
    """Return a moment as cells are read: seconds since 1970 began in China."""
    return EPOCH + dt.timedelta(seconds=seconds)


def put_documents(
    session: Session,
    kind: str,
    documents: Mapping[str, Mapping[str, Any]],
    *,
    effective_from: dt.date,
    now: dt.datetime,
    whole: bool = False,
) -> Put:
    """Put documents of a kind by id; they hold from a date on.

    whole: these are all of the kind from then on; others end.
    """
    rows = {id_: {"kind": kind, "cells": dict(content)} for id_, content in documents.items()}
    return _put(
        session,
        Document,
        rows,
        (Document.kind == kind,),
        effective_from=effective_from,
        now=now,
        whole=whole,
    )


def end(
    session: Session,
    model: type[Any],
    ids: Iterable[str],
    *where: ColumnElement[bool],
    effective_from: dt.date,
    now: dt.datetime,
) -> tuple[str, ...]:
    """End things from a date on, and return those that had not ended yet; versions that begin later stay."""
    wanted = set(ids)
    held = [row for row in _columns_of(session, holding(model, effective_from, *where)) if row["id"] in wanted]
    known = _known(session, model, [row["id"] for row in held], where)
    ended = [{**row, "ended": True, **_stamp(known[row["id"]], effective_from, now)} for row in held]
    _replace(session, model, ended, where)
    if model is StockRow:
        counted_out(session, [(row["warehouse_id"], row["part_id"]) for row in ended], now)
    return tuple(row["id"] for row in ended)


def _put(
    session: Session,
    model: type[Any],
    rows: Mapping[str, Mapping[str, Any]],
    where: tuple[ColumnElement[bool], ...] = (),
    *,
    effective_from: dt.date,
    now: dt.datetime,
    whole: bool,
) -> Put:
    held = {row["id"]: row["cells"] for row in _columns_of(session, holding(model, effective_from, *where))}
    changed = [id_ for id_, row in rows.items() if held.get(id_) != row["cells"]]
    known = _known(session, model, changed, where)
    first = (session.scalar(select(func.max(model.entered))) or 0) + 1
    versions = [
        {
            "id": id_,
            "ended": False,
            **rows[id_],
            **_stamp(known.get(id_, _Known(version=0, entered=first + place)), effective_from, now),
        }
        for place, id_ in enumerate(changed)
    ]
    _replace(session, model, versions, where)
    gone = held.keys() - rows.keys() if whole else ()
    return Put(
        created=tuple(id_ for id_ in changed if id_ not in held),
        changed=tuple(id_ for id_ in changed if id_ in held),
        unchanged=tuple(id_ for id_ in rows if held.get(id_) == rows[id_]["cells"]),
        ended=end(session, model, gone, *where, effective_from=effective_from, now=now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What a thing's next version goes on from."""

    version: int
    entered: int


def _known(
    session: Session, model: type[Any], ids: Sequence[str], where: tuple[ColumnElement[bool], ...]
) -> dict[str, _Known]:
    found = {}
    for some in batches(ids, CHUNK):
        query = select(model.id, func.max(model.version), func.min(model.entered)).where(model.id.in_(some), *where)
        for id_, version, entered in session.execute(query.group_by(model.id)):
            found[id_] = _Known(version=version, entered=entered)
    return found


def _stamp(known: _Known, effective_from: dt.date, now: dt.datetime) -> dict[str, Any]:
    return {
        "effective_from": effective_from,
        "version": known.version + 1,
        "entered": known.entered,
        "written_at": now,
    }


def _columns_of(session: Session, query: Select[Any]) -> list[dict[str, Any]]:
    """Return selected rows as column → value: reading whole objects to compare their cells would take longer."""
    return [
        {column.key: getattr(row, column.key) for column in type(row).__table__.columns}
        for row in session.scalars(query)
    ]


def _replace(
    session: Session, model: type[Any], versions: Sequence[Mapping[str, Any]], where: tuple[ColumnElement[bool], ...]
) -> None:
    """Write versions in the place of those of the same thing and date; objects that were read before are stale."""
    if not versions:
        return
    dates = {version["effective_from"] for version in versions}
    for some in batches([version["id"] for version in versions], CHUNK):
        session.execute(delete(model).where(model.id.in_(some), model.effective_from.in_(dates), *where))
    session.execute(
        insert(model), [{key: cell for key, cell in row.items() if key not in _NOT_STORED} for row in versions]
    )
    for name, part in _PARTS_OF_PEOPLE.items():
        parts = [
            {"technician_id": row["id"], "effective_from": row["effective_from"], **one}
            for row in versions
            for one in row.get(name, ())
        ]
        if parts:
            session.execute(insert(part), parts)
    session.expire_all()


def _positions(table: Table) -> list[str]:
    return [point(lon, lat) for lon, lat in wgs84(table).tolist()]


def _places_typed(table: Table) -> list[dict[str, Any]]:
    return [{"position": position} for position in _positions(table)]


def _outlets_typed(table: Table) -> list[dict[str, Any]]:
    columns = ("centre_id", "ownership", "channel", "opened_on", "closed_on")
    return [
        {"position": position, **dict(zip(columns, values, strict=True))}
        for position, *values in zip(_positions(table), *(table.values[column] for column in columns), strict=True)
    ]


def _technicians_typed(table: Table) -> list[dict[str, Any]]:
    columns = (table.values[column] for column in ("outlet_id", "skills", "certificates"))
    return [
        {
            "outlet_id": outlet_id,
            "skills": [{"family": skill.family, "level": skill.level} for skill in skills],
            "certificates": [
                {"scheme": one.scheme, "valid_from": one.first, "valid_to": one.last} for one in certificates
            ],
        }
        for outlet_id, skills, certificates in zip(*columns, strict=True)
    ]


def _typed(*columns: str) -> Callable[[Table], list[dict[str, Any]]]:
    def typed(table: Table) -> list[dict[str, Any]]:
        return [
            dict(zip(columns, values, strict=True))
            for values in zip(*(table.values[column] for column in columns), strict=True)
        ]

    return typed


def _nothing_typed(table: Table) -> list[dict[str, Any]]:
    return [{} for _ in table.lines]


_TYPED: Mapping[str, Callable[[Table], list[dict[str, Any]]]] = {
    "centres": _places_typed,
    "outlets": _outlets_typed,
    "warehouses": _places_typed,
    "technicians": _technicians_typed,
    "stock": _typed(*STOCK_COLUMNS, "floor", "inbound", "as_of"),
    "lanes": _typed("warehouse_id", "centre_id"),
    "crews": _typed("outlet_id"),
}
_PARTS_OF_PEOPLE: Mapping[str, type[Any]] = {"skills": TechnicianSkill, "certificates": TechnicianCertificate}
_NOT_STORED = {*_PARTS_OF_PEOPLE, "floor", "inbound", "as_of"}
"""What a row's version says in rows of its own, and what only the ledger keeps beside the cells."""
