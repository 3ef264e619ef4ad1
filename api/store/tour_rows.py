"""Master data of tours: whose a maintenance plan is, what a day folder brings, and what has happened since."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.job_states import JobState
from api.store.checked_rows import LAYOUTS
from api.store.network import MASTER_TABLES, TOUR_TABLES, Put, history, holding, put_table
from api.store.places import nearest_outlets
from api.store.told_off import note_told, said_at, taken_off, without_bygones
from api.tables.jobs import JobHistory, JobRow
from api.tables.tours import JobWait, MaintenanceRow, VillageRow
from datasets.day import DaySource
from datasets.due_visits import plan_of
from datasets.faults import FaultList
from datasets.network import wgs84
from datasets.table import Table, table_of
from datasets.times import EPOCH, local_date
from datasets.tour_told import Promise, told_cells, told_in

__all__ = [
    "MAINTENANCE",
    "PLACED",
    "WAS_HAD",
    "centres_of",
    "load_consents",
    "load_tours",
    "off_since",
    "put_cells",
    "put_master",
    "put_told",
    "visit_had",
    "what_happened",
]

Cells = Mapping[str, str]

MAINTENANCE = "maintenance"
"""The source of jobs that are due visits; a visit's name there, and its id, is its plan's with `@` and a date."""
WAS_HAD = (
    select(JobHistory.id)
    .where(
        JobHistory.job_id == JobRow.id,
        JobHistory.to_state.in_((JobState.DONE.value, JobState.CALLBACK_DUE.value)),
    )
    .exists()
)
"""Of jobs: they were done once, or solved on the telephone. A due visit that needs one again is a job like others: its
plan counts from then on."""
PLACED = frozenset({"villages", "lodgings", "maintenance"})
"""Tables whose rows belong to the centre of where they are."""
HAPPENED = {"villages": ("last_visit",), "maintenance": ("last_on",)}
"""What visits have written since a folder was made: the later date counts."""


def put_master(
    session: Session, table: Table, *, effective_from: dt.date, now: dt.datetime, whole: bool = False
) -> Put:
    """Put rows of any master table, as `put_table` does; of villages, without what they were told and is over."""
    typed = None
    if table.layout.name in PLACED:
        typed = [{"centre_id": centre_id} for centre_id in centres_of(session, table, effective_from)]
    if table.layout.name == "villages":
        table = without_bygones(session, table, local_date(now))
        note_told(session, table.rows(), effective_from, now)
    return put_table(session, table, effective_from=effective_from, now=now, whole=whole, typed=typed)


def centres_of(session: Session, table: Table, on: dt.date) -> list[str | None]:
    """Return whose each row is: the centre that it states, else its village's, else the nearest live outlet's."""
    rows = table.rows()
    wanted = {row.get("village_id", "") for row in rows} - {""} if table.layout.name == "maintenance" else set()
    query = holding(VillageRow, on, VillageRow.id.in_(wanted), columns=[VillageRow.id, VillageRow])
    villages: dict[str, VillageRow] = {id_: village for id_, village in session.execute(query)} if wanted else {}
    found: dict[tuple[float, float], str | None] = {}
    centres: list[str | None] = []
    for row, (lon, lat) in zip(rows, wgs84(table).tolist(), strict=True):
        village = None if row["lon"] else villages.get(row.get("village_id", ""))
        if stated := row.get("centre_id") or (village and village.centre_id):
            centres.append(stated)
            continue
        place = (lon, lat) if row["lon"] else _place_of(None if village is None else village.cells)
        if place is not None and place not in found:
            near = nearest_outlets(session, *place, on=on, count=1)
            found[place] = near[0].centre_id if near else None
        centres.append(None if place is None else found[place])
    return centres


def _place_of(village: Cells | None) -> tuple[float, float] | None:
    if village is None:
        return None
    layout = LAYOUTS["villages"]
    lon, lat = wgs84(table_of([village], layout, FaultList())).tolist()[0]
    return lon, lat


def put_cells(session: Session, name: str, id_: str, cells: Cells, *, on: dt.date, now: dt.datetime) -> None:
    """Write something that has happened into a row: into what holds today, and what will hold from a later date."""
    _put_into_versions(session, name, id_, lambda _: cells, on=on, now=now)


def put_told(
    session: Session,
    village_id: str,
    *,
    on: dt.date,
    now: dt.datetime,
    told: Collection[Promise] = (),
    off: Collection[Promise] = (),
) -> None:
    """Add to what a village was told, and take off, today and in what will hold from a later date; the rest stays."""

    def cells(before: Cells) -> Cells:
        return told_cells(village_id, told_in(before).difference(off).union(told))

    _put_into_versions(session, "villages", village_id, cells, on=on, now=now)


def _put_into_versions(
    session: Session, name: str, id_: str, happened: Callable[[Cells], Cells], *, on: dt.date, now: dt.datetime
) -> None:
    model = MASTER_TABLES[name]
    held = session.scalars(holding(model, on, model.id == id_)).one_or_none()
    later = [row for row in history(session, model, id_) if row.effective_from > on and not row.ended]
    versions = [(row.effective_from, dict(row.cells)) for row in later]
    if held is not None:
        versions = [(max(on, held.effective_from), dict(held.cells)), *versions]
    for date, before in versions:
        table = table_of([{**before, **happened(before)}], LAYOUTS[name], FaultList())
        put_master(session, table, effective_from=date, now=now)


def visit_had(session: Session, visit_id: str, at: dt.datetime) -> None:
    """Let the plan of a due visit count from it."""
    plan_id, today = plan_of(visit_id), local_date(at)
    query = holding(MaintenanceRow, today, MaintenanceRow.id == plan_id, columns=[MaintenanceRow.cells])
    cells = session.scalars(query).one_or_none()
    if cells is not None and cells["last_on"] < today.isoformat():
        put_cells(session, "maintenance", plan_id, {"last_on": today.isoformat()}, on=today, now=at)


def load_tours(session: Session, read: DaySource, *, effective_from: dt.date, now: dt.datetime) -> dict[str, Put]:
    """Put the tables about tours that a folder has; of those that it has not, nothing ends."""
    puts = {}
    for name in TOUR_TABLES:
        table = read.tables[name]
        if len(table.lines):
            table = _with_what_happened(session, table, effective_from, said_at(read, now))
            puts[name] = put_master(session, table, effective_from=effective_from, now=now, whole=True)
    return puts


def load_consents(session: Session, read: DaySource) -> Put:
    """Take over until when customers agreed to wait; what was recorded later here stays."""
    outcomes: dict[str, list[str]] = {"created": [], "changed": [], "unchanged": []}
    table = read.tables["consents"]
    for row in [dict(zip(table.values, cells, strict=True)) for cells in zip(*table.values.values(), strict=True)]:
        recorded_at = EPOCH + dt.timedelta(seconds=row["recorded_at"])
        said = {"until": row["until"], "channel": row["channel"], "recorded_by": row["recorded_by"]}
        before = session.get(JobWait, row["job_id"])
        if before is None:
            session.add(JobWait(job_id=row["job_id"], recorded_at=recorded_at, **said))
            outcomes["created"].append(row["job_id"])
        elif before.recorded_at < recorded_at:
            for name, value in {**said, "recorded_at": recorded_at}.items():
                setattr(before, name, value)
            outcomes["changed"].append(row["job_id"])
        else:
            outcomes["unchanged"].append(row["job_id"])
    session.flush()
    return Put(**{name: tuple(ids) for name, ids in outcomes.items()})


def _with_what_happened(session: Session, table: Table, on: dt.date, said: dt.datetime | None) -> Table:
    """Return a folder's rows with later dates of the store in their cells, and all that villages were told in either: a
    promise outlives a load. said: when the folder spoke; what was taken off since stays off.
    """
    name = table.layout.name
    if name not in HAPPENED:
        return table
    model = TOUR_TABLES[name]
    query = holding(model, on, columns=[model.id, model.cells])
    held: dict[str, dict[str, str]] = {id_: cells for id_, cells in session.execute(query)}
    rows: Sequence[dict[str, Any]] = table.rows()
    off = off_since(session, table, said)
    for row in rows:
        id_ = row[table.layout.keys[0]]
        row.update(what_happened(name, row, held.get(id_, {}), off.get(id_, frozenset())))
    return table_of(rows, table.layout, FaultList())


def off_since(session: Session, table: Table, said: dt.datetime | None) -> dict[str, frozenset[Promise]]:
    """Return by village what was taken off since a folder spoke; other tables tell nobody anything."""
    return taken_off(session, table.ids, said) if table.layout.name == "villages" else {}


def what_happened(name: str, row: Cells, before: Cells, off: frozenset[Promise] = frozenset()) -> dict[str, str]:
    """Return the cells of a row that say what has happened, as a folder's and the store's say it together.

    off: what the folder may say of what was told, and holds no more.
    """
    cells = {column: max(row[column], before.get(column, "")) for column in HAPPENED.get(name, ())}
    if name == "villages" and (before or off):
        here = told_in({"village_id": row["village_id"], **before})
        cells |= told_cells(row["village_id"], (told_in(row) - off) | here)
    return cells
