"""Reads an earlier plan as what was published: who was to come when, whatever has changed in the day since."""

import csv
from collections.abc import Mapping
from pathlib import Path

from datasets.faults import FaultList, PlanRefused
from datasets.table import read_text
from datasets.times import Unreadable, instant_of, midnight_of
from optimizer.model import Day

__all__ = ["read_visits"]

STOPS_FILE = "stops.csv"
COLUMNS = ("job_id", "technician_id", "start")


def read_visits(out: Path, day: Day) -> Mapping[str, tuple[str, int]]:
    """Return technician and start (seconds of the day's clock) of each visit in a plan folder, by job.

    Jobs that the day no longer knows were cancelled or done, and stay: so do technicians, whose visits go to others.

    Raises
    ------
    PlanRefused
        The folder has no readable stops.csv; every fault is listed.
    """
    faults = FaultList()
    text = read_text(out / STOPS_FILE, faults)
    visits: dict[str, tuple[str, int]] = {}
    if text is not None:
        reader = csv.DictReader(text.splitlines())
        for column in set(COLUMNS) - set(reader.fieldnames or ()):
            faults.add(STOPS_FILE, 1, column, "missing", "a column of this name")
        midnight = midnight_of(day.date)
        for row in reader if not faults.faults else ():
            try:
                start_s = instant_of(row["start"] or "") - midnight
            except Unreadable as unreadable:
                faults.add(STOPS_FILE, reader.line_num, "start", row["start"], str(unreadable))
                continue
            for column in ("job_id", "technician_id"):
                if not row[column]:
                    faults.add(STOPS_FILE, reader.line_num, column, "empty", "an id")
            visits[row["job_id"]] = (row["technician_id"], start_s)
    if faults.faults:
        raise PlanRefused(faults.faults)
    return visits
