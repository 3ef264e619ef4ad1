"""What villages were told and holds no more: cancelled, kept or missed, by whoever wrote it into their row."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from api.store.batches import batches
from api.store.network import holding
from api.tables.tours import ToldOff, VillageRow
from datasets.day import DaySource
from datasets.faults import FaultList
from datasets.table import Table, table_of
from datasets.times import moment_of
from datasets.tour_told import Promise, told_cells, told_in

__all__ = ["note_told", "said_at", "taken_off", "without_bygones"]

AT_ONCE = 500

Cells = Mapping[str, str]


def note_told(session: Session, rows: Iterable[Cells], on: dt.date, now: dt.datetime) -> None:
    """Remember what the rows of villages, about to be put, say no more; what they say anew holds again."""
    after = {row["village_id"]: told_in(row) for row in rows}
    for ids in batches(sorted(after), AT_ONCE):
        held = session.execute(
            holding(VillageRow, on, VillageRow.id.in_(ids), columns=[VillageRow.id, VillageRow.cells])
        )
        before = {id_: told_in({"village_id": id_, **cells}) for id_, cells in held}
        for id_ in ids:
            was = before.get(id_, frozenset())
            for date, stop_id in was ^ after[id_]:
                session.execute(delete(ToldOff).filter_by(village_id=id_, date=date, stop_id=stop_id))
            off: list[dict[str, Any]] = [
                {"village_id": id_, "date": date, "stop_id": stop_id, "at": now} for date, stop_id in was - after[id_]
            ]
            if off:
                session.execute(insert(ToldOff), off)


def without_bygones(session: Session, table: Table, today: dt.date) -> Table:
    """Return villages, about to be put, without what was taken off and is over: nobody is told a day that has passed.

    Whoever writes a row has read it some time ago, and says again what was kept, missed or cancelled since.
    """
    rows = table.rows()
    over = {row["village_id"]: {one for one in told_in(row) if one[0] < today} for row in rows}
    off = taken_off(session, (id_ for id_, promises in over.items() if promises), None)
    gone = {id_: over[id_] & promises for id_, promises in off.items()}
    if not any(gone.values()):
        return table
    for row in rows:
        if off_here := gone.get(row["village_id"]):
            row.update(told_cells(row["village_id"], told_in(row) - off_here))
    return table_of(rows, table.layout, FaultList())


def said_at(read: DaySource, now: dt.datetime) -> dt.datetime | None:
    """Return the moment of which a folder speaks, None for one that is still to come."""
    moment = moment_of(read.settings.date, read.settings.now_s)
    return moment if moment <= now else None


def taken_off(session: Session, village_ids: Iterable[str], said: dt.datetime | None) -> dict[str, frozenset[Promise]]:
    """Return by village what was taken off since a folder spoke; None: nobody knows when, and all that was counts."""
    found: dict[str, set[Promise]] = {}
    later = () if said is None else (ToldOff.at >= said,)
    for ids in batches(sorted(set(village_ids)), AT_ONCE):
        for row in session.scalars(select(ToldOff).where(ToldOff.village_id.in_(ids), *later)):
            found.setdefault(row.village_id, set()).add((row.date, row.stop_id))
    return {id_: frozenset(promises) for id_, promises in found.items()}
