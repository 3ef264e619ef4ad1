"""The visits that are not as they were published: whom to call again, and which outlets to tell by phone or fax."""

import csv
import io
from collections.abc import Iterable, Mapping

import pandas as pd

from datasets.day import DayFolder
from datasets.plan_tables import no_formula
from datasets.times import instant_text
from optimizer.churn import Change, by_urgency
from optimizer.model import Channel

__all__ = ["CHANGES_COLUMNS", "CHANGES_FILE", "changes_table", "outlets_to_tell"]

CHANGES_FILE = "changes.csv"
CHANGES_COLUMNS = (
    "job_id",
    "change",
    "call_again",
    "contact",
    "phone",
    "was_technician_id",
    "technician_id",
    "was_outlet_id",
    "outlet_id",
    "tell_outlets",
    "was_start",
    "start",
    "moved_min",
    "churn_fen",
)


def changes_table(folder: DayFolder, changes: Iterable[Change]) -> bytes:
    """Return changes.csv: a row per change, told customers first, then by the earlier of old and new start."""
    outlet_of = _column(folder.technicians, "outlet_id")
    contacts, phones = _column(folder.jobs, "contact"), _column(folder.jobs, "phone")
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CHANGES_COLUMNS)
    for change in sorted(changes, key=by_urgency):
        was_technician_id = change.was.technician_id if change.was else ""
        technician_id = change.technician_id or ""
        # What the published plan alone knows was never checked to be an id.
        cells = (
            no_formula(change.job_id),
            str(change.fate),
            "yes" if change.call_again else "no",
            no_formula(contacts.get(change.job_id, "")),
            no_formula(phones.get(change.job_id, "")),
            no_formula(was_technician_id),
            technician_id,
            outlet_of.get(was_technician_id, ""),
            outlet_of.get(technician_id, ""),
            ";".join(f"{outlet_id}:{channel}" for outlet_id, channel in _to_tell(folder, outlet_of, change).items()),
            _instant(folder, change.was.start_s if change.was else None),
            _instant(folder, change.start_s),
            _minutes(change.moved_s),
            str(change.fen),
        )
        writer.writerow(cells)
    return stream.getvalue().encode("utf-8-sig")


def outlets_to_tell(folder: DayFolder, changes: Iterable[Change]) -> dict[str, Channel]:
    """Return the channel of every outlet that wins, loses or moves a visit and is reached by phone or fax."""
    outlet_of = _column(folder.technicians, "outlet_id")
    told: dict[str, Channel] = {}
    for change in changes:
        told |= _to_tell(folder, outlet_of, change)
    return told


def _to_tell(folder: DayFolder, outlet_of: Mapping[str, str], change: Change) -> dict[str, Channel]:
    technician_ids = [change.was.technician_id] if change.was else []
    technician_ids += [change.technician_id] if change.technician_id else []
    outlet_ids = [outlet_of[technician_id] for technician_id in technician_ids if technician_id in outlet_of]
    # The cells as typed know closed outlets too: who is there is told that nobody is to come.
    channels = {outlet_id: Channel(str(folder.outlets.at[outlet_id, "channel"])) for outlet_id in outlet_ids}
    return {outlet_id: channel for outlet_id, channel in channels.items() if channel is not Channel.ONLINE}


def _column(table: pd.DataFrame, name: str) -> dict[str, str]:
    return {str(id_): str(cell) for id_, cell in table[name].items()}


def _instant(folder: DayFolder, start_s: int | None) -> str:
    return "" if start_s is None else instant_text(folder.day.date, start_s)


def _minutes(moved_s: int | None) -> str:
    """Return whole minutes, away from zero: a visit that moved by more than 15 min is not said to move by 15."""
    if moved_s is None:
        return ""
    minutes = -(-abs(moved_s) // 60)
    return str(minutes if moved_s >= 0 else -minutes)
