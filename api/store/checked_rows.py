"""Rows that callers send, judged as the files of a day folder are, against the network that holds on a date."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.errors import Fault
from api.payloads import MOST_SHOWN
from api.schemas.cells import pointer_of_column
from api.store.families import unknown_families
from api.store.network import MASTER_TABLES, holding
from api.tables.network import Document, TechnicianRow
from api.tables.tours import CrewRow, VillageRow
from datasets.columns import TABLES, Column, TableFormat
from datasets.day_tables import check_rows
from datasets.faults import Fault as CellFault
from datasets.faults import FaultList
from datasets.table import Table, table_of
from datasets.tour_columns import TOUR_TABLES
from optimizer.model import Ownership

__all__ = ["LAYOUTS", "as_held", "checked_rows", "faults_by_row", "said_of_cell"]

LAYOUTS: Mapping[str, TableFormat] = {layout.name: layout for layout in (*TABLES, *TOUR_TABLES)}

DOCUMENTS_OF = {
    "outlets": (("calendar", "calendars"), ("tariff_id", "contract_tariffs")),
    "warehouses": (("calendar", "calendars"),),
    "lanes": (("calendar", "calendars"),),
}
"""Columns that name a document, and its kind."""

Cells = Mapping[str, str]


def checked_rows(
    session: Session,
    name: str,
    rows: Sequence[Cells],
    on: dt.date,
    centre_ids: Collection[str] | None = None,
    *,
    today: dt.date | None = None,
) -> tuple[Table, dict[int, list[Fault]]]:
    """Return the table of the rows that are good, and the faults of the others by the place of their row, from 0.

    centre_ids: of whoever writes; other centres' villages are unknown to them. None: nothing is. today: when it is
    written; what has happened has not happened later than that, or than the date.
    """
    faults = FaultList()
    table = table_of(rows, LAYOUTS[name], faults)
    check_rows(table, faults)
    _check_known(session, table, on, centre_ids, faults)
    if name == "villages":
        _check_stops(session, table, on, centre_ids, faults)
    if name == "crews":
        _check_members(session, table, on, faults)
    if name == "maintenance":
        _check_plans(session, table, on if today is None else max(on, today), faults)
    if name in DOCUMENTS_OF:
        _check_documents(session, table, on, faults)
    by_row = faults_by_row(faults.faults)
    good = [row for place, row in enumerate(rows) if place not in by_row]
    return (table_of(good, LAYOUTS[name], FaultList()) if by_row else table), by_row


def as_held(name: str, cells: Cells, held: Cells) -> dict[str, str]:
    """Return a row's cells, those that mean what is held already as they are held: `0` and an empty cell may be equal.

    So the same again changes nothing, whether a file or a caller said it first.
    """
    kept = dict(cells)
    for column in LAYOUTS[name].columns:
        new, old = cells.get(column.name, ""), held.get(column.name, "")
        if new != old and _means(column, new) == _means(column, old):
            kept[column.name] = old
    return {column: cell for column, cell in kept.items() if cell or column in cells}


def _means(column: Column, cell: str) -> Any:
    """Return what a cell says; what it cannot say is only equal to itself."""
    if cell == "":
        return column.default
    try:
        return column.kind.parse(cell)
    except ValueError:
        return (cell,)


def faults_by_row(faults: Sequence[CellFault]) -> dict[int, list[Fault]]:
    """Return faults of cells as faults of payloads, by the place of their row, from 0."""
    found: dict[int, list[Fault]] = defaultdict(list)
    for fault in faults:
        found[(fault.row or 1) - 1].append(
            Fault(pointer=pointer_of_column(fault.column), code="not_allowed", detail=said_of_cell(fault))
        )
    return dict(found)


def said_of_cell(fault: CellFault) -> str:
    """Return what is wrong with a cell, for who never saw a file."""
    allowed = _FILE.sub(r"\1", fault.allowed).replace("part_id:quantity;… with ids", "parts with ids")
    allowed = allowed.replace("that stands in ", "of ").replace("that stand in ", "of ")
    value = f'"{fault.value}"; ' if 0 < len(fault.value) <= MOST_SHOWN else ""
    return f"{value}allowed: {allowed}"


_FILE = re.compile(r"\b(\w+)\.csv\b")


def _check_known(
    session: Session, table: Table, on: dt.date, centre_ids: Collection[str] | None, faults: FaultList
) -> None:
    """Refuse ids of things that the network does not have on the date, or that belong to other centres."""
    for column in table.layout.columns:
        if not column.refers:
            continue
        model: Any = MASTER_TABLES[column.refers]
        wanted = set(table.text[column.name]) - {""}
        # Whoever may name a village is shown its people.
        seen = [model.centre_id.in_(centre_ids)] if centre_ids is not None and column.refers == "villages" else []
        known = set(session.scalars(holding(model, on, model.id.in_(wanted), *seen, columns=[model.id])))
        unknown = ~table.among(column.name, known | {""})
        table.refuse(unknown, column.name, f"an id of {column.refers} that holds on {on}", faults)


def _check_stops(
    session: Session, table: Table, on: dt.date, centre_ids: Collection[str] | None, faults: FaultList
) -> None:
    """Refuse villages to carry things to that are neither there nor sent too, or that belong to other centres."""
    named = [{id_ for _, id_ in at or ()} for at in table.values["announced_at"]]
    wanted = {id_ for ids in named for id_ in ids} - table.ids
    seen = [] if centre_ids is None else [VillageRow.centre_id.in_(centre_ids)]
    query = holding(VillageRow, on, VillageRow.id.in_(wanted), *seen, columns=[VillageRow.id])
    known = {*table.ids, *session.scalars(query)} if wanted else table.ids
    unknown = np.array([not ids <= known for ids in named], np.bool_)
    table.refuse(unknown, "announced_at", f"ids of villages that hold on {on}", faults)


def _check_members(session: Session, table: Table, on: dt.date, faults: FaultList) -> None:
    """Refuse technicians that are not there, and those who ride in another crew."""
    members = [ids or () for ids in table.values["technician_ids"]]
    wanted = {id_ for ids in members for id_ in ids}
    known = set(session.scalars(holding(TechnicianRow, on, TechnicianRow.id.in_(wanted), columns=[TechnicianRow.id])))
    unknown = np.array([not known.issuperset(ids) for ids in members], np.bool_)
    table.refuse(unknown, "technician_ids", f"ids of technicians that hold on {on}", faults)
    own = set(table.text["crew_id"].tolist())
    crew_of = {
        id_: crew_id
        for crew_id, cells in session.execute(holding(CrewRow, on, columns=[CrewRow.id, CrewRow.cells]))
        if crew_id not in own
        for id_ in cells["technician_ids"].split(";")
    }
    for row, ids in enumerate(members):
        for id_ in ids:
            other = crew_of.setdefault(id_, table.text["crew_id"][row])
            if other != table.text["crew_id"][row]:
                allowed = f"each technician in one crew; {other} has them"
                faults.add(table.layout.file, int(table.lines[row]), "technician_ids", id_, allowed)


def _check_plans(session: Session, table: Table, latest: dt.date, faults: FaultList) -> None:
    """Refuse last visits that are still to come, and products that nobody and nothing in the network knows."""
    later = np.array([last_on is not None and last_on > latest for last_on in table.values["last_on"]], np.bool_)
    table.refuse(later, "last_on", f"a date not after {latest}", faults)
    products = set(table.text["product"]) - {""}
    unknown = ~table.among("product", (products - unknown_families(session, products)) | {""})
    table.refuse(unknown, "product", "a family that some technician, kit or part has", faults)


def _check_documents(session: Session, table: Table, on: dt.date, faults: FaultList) -> None:
    """Refuse calendars and contract tariffs that are not there."""
    named = holding(Document, on, Document.kind.in_(("calendars", "contract_tariffs"))).subquery()
    known = {(kind, id_) for kind, id_ in session.execute(select(named.c.kind, named.c.id))}
    for column, kind in DOCUMENTS_OF[table.layout.name]:
        ids = {id_ for of_kind, id_ in known if of_kind == kind} | {""}
        unknown = ~table.among(column, ids)
        table.refuse(unknown, column, f"one of {kind}: {', '.join(sorted(ids - {''})) or 'none is there'}", faults)
    if table.layout.name == "outlets":
        unpaid = (table.values["ownership"] == Ownership.CONTRACT) & ~table.given("tariff_id")
        table.refuse(unpaid, "tariff_id", "not empty for a contract outlet", faults)
