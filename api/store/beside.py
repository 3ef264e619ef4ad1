"""A day folder beside what is loaded: only what is not there yet is added, and what is there stays as it is."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.store.checked_rows import as_held
from api.store.network import DOCUMENT_KINDS, MASTER_TABLES, Put, holding, put_documents, row_id
from api.store.tour_rows import off_since, put_master, what_happened
from api.tables.network import Document
from datasets.faults import FaultList
from datasets.table import Table, table_of

__all__ = ["put_beside", "put_documents_beside"]

ADDED_KINDS = ("calendars", "contract_tariffs")
"""Documents that rows name: those of other ids are added. The others are the whole network's."""
TOUR = "tour"
"""The settings that a network without tours has no use for: a region brings them."""


def put_beside(
    session: Session, table: Table, *, effective_from: dt.date, now: dt.datetime, said: dt.datetime | None = None
) -> Put:
    """Put the rows of a table that are not there yet; of those that are there only what has happened since is written.

    said: when the folder spoke of what has happened; None: nobody knows. A kit is there with all its parts: rows that
    would add to it stay out.
    """
    name, keys = table.layout.name, table.layout.keys
    model = MASTER_TABLES[name]
    query = holding(model, effective_from, columns=[model.id, model.cells])
    held: dict[str, dict[str, str]] = {id_: cells for id_, cells in session.execute(query)}
    kits = {_kit(cells) for cells in held.values()} if name == "kits" else frozenset()
    wanted: list[Mapping[str, str]] = []
    unchanged, kept = [], []
    off = off_since(session, table, said)
    for row in table.rows():
        id_ = row_id(row, keys)
        before = held.get(id_)
        if before is None:
            if name == "kits" and _kit(row) in kits:
                kept.append(id_)
            else:
                wanted.append(row)
            continue
        since = what_happened(name, row, before, off.get(id_, frozenset()))
        happened = {column: cell for column, cell in {**before, **since}.items() if cell}
        if happened != before:
            wanted.append(happened)
        elif as_held(name, {column: cell for column, cell in row.items() if cell}, before) == before:
            unchanged.append(id_)
        else:
            kept.append(id_)
    put = put_master(session, table_of(wanted, table.layout, FaultList()), effective_from=effective_from, now=now)
    return Put(
        created=put.created, changed=put.changed, unchanged=(*unchanged, *put.unchanged), ended=(), kept=tuple(kept)
    )


def _kit(cells: Mapping[str, str]) -> tuple[str, str]:
    return cells["product"], cells.get("fault", "")


def put_documents_beside(
    session: Session,
    documents: Mapping[str, Mapping[str, Mapping[str, Any]]],
    *,
    effective_from: dt.date,
    now: dt.datetime,
) -> list[Put]:
    """Put calendars and contract tariffs of new ids, and what is said of tours where nothing is; the rest stays.

    documents: by kind and id. What a network does not say is its usual value: a region does not change that either.
    """
    puts = []
    for kind in DOCUMENT_KINDS:
        query = holding(Document, effective_from, Document.kind == kind, columns=[Document.id, Document.cells])
        held = {id_: content for id_, content in session.execute(query)}
        wanted = {
            id_: content
            for id_, content in documents[kind].items()
            if id_ not in held and (kind in ADDED_KINDS or id_ == TOUR)
        }
        put = put_documents(session, kind, wanted, effective_from=effective_from, now=now)
        rest = [id_ for id_ in documents[kind] if id_ not in wanted]
        same = tuple(id_ for id_ in rest if held.get(id_) == documents[kind][id_])
        kept = tuple(id_ for id_ in rest if id_ not in same)
        puts.append(Put(created=put.created, unchanged=same, kept=kept))
    return puts
