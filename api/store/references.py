"""What still refers to a row of the network: nothing ends while something needs it."""

import datetime as dt
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.job_states import OPEN_STATES
from api.store.network import MASTER_TABLES, holding
from api.tables.jobs import JobRow
from datasets.columns import TABLES
from datasets.tour_columns import TOUR_TABLES

__all__ = ["referring_rows"]

DOCUMENT_COLUMNS = {"calendars": "calendar", "contract_tariffs": "tariff_id"}
"""Documents that rows name, and the column in which they do."""


def referring_rows(session: Session, table: str, id_: str, on: dt.date) -> list[str]:
    """Return `table/id` of every row on a date, and `jobs/id` of every open job, that names this row or document."""
    found = []
    for layout in (*TABLES, *TOUR_TABLES):
        names = {column.name for column in layout.columns if column.refers == table}
        if table in DOCUMENT_COLUMNS:
            names |= {column.name for column in layout.columns if column.name == DOCUMENT_COLUMNS[table]}
        if table == "technicians" and layout.name == "crews":
            names = {"technician_ids"}
        if not names or layout.name not in MASTER_TABLES:
            continue
        model: Any = MASTER_TABLES[layout.name]
        for row, cells in session.execute(holding(model, on, columns=[model.id, model.cells])):
            if any(id_ in cells.get(name, "").split(";") for name in names):
                found.append(f"{layout.name}/{row}")
    if table == "centres":
        states = [state.value for state in OPEN_STATES]
        jobs = select(JobRow.id).where(JobRow.centre_id == id_, JobRow.state.in_(states)).limit(20)
        found += [f"jobs/{job}" for job in session.scalars(jobs)]
    return found
