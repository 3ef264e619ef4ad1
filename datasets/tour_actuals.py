"""Planned against actual: what became of the visits of a tour, as the crew wrote it down."""

import csv
import datetime as dt
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from datasets.faults import FaultList
from datasets.plan_tables import no_formula
from datasets.table import csv_records, read_text
from datasets.times import Unreadable, instant_of, instant_text, midnight_of
from datasets.tour_names import Toured
from optimizer.model import DAY_S
from optimizer.tours.plan import Tour, TourDay, Visit

__all__ = [
    "ACTUAL_COLUMNS",
    "PROGRESS_COLUMNS",
    "Actual",
    "Done",
    "Outcome",
    "Progress",
    "impossible",
    "progress_of",
    "progress_table",
    "read_actuals",
    "was_there",
]

LATEST_DAYS = 7
"""A tour that comes home late is home so many days after the horizon."""
ACTUAL_COLUMNS = ("job_id", "outcome", "start", "end", "note")
PROGRESS_COLUMNS = (
    *("job_id", "tour_id", "village_id", "village", "planned_start", "planned_end", "outcome", "start", "end"),
    *("late_s", "longer_s", "note"),
)


class Outcome(StrEnum):
    """What became of a visit."""

    DONE = "done"
    NO_PART = "no_part"
    NOBODY_HOME = "nobody_home"
    NOT_REACHED = "not_reached"
    OTHER = "other"


_THERE = frozenset({Outcome.DONE, Outcome.NO_PART, Outcome.NOBODY_HOME})


def was_there(outcome: str) -> bool:
    """Tell whether the crew came to the village, whatever it could do there."""
    return outcome in _THERE


@dataclass(frozen=True, slots=True, kw_only=True)
class Actual:
    """A row of the crew: the outcome of a job, when it was begun and ended (None where nothing was begun).

    line: of the file.
    """

    job_id: str
    outcome: Outcome
    start_s: int | None
    end_s: int | None
    note: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A planned visit beside what became of it; actual: None while nobody wrote anything."""

    tour: Tour
    day: TourDay
    visit: Visit
    actual: Actual | None

    @property
    def late_s(self) -> int | None:
        """How much later than planned it began, negative for earlier."""
        begun = None if self.actual is None else self.actual.start_s
        return None if begun is None else begun - self.visit.start_s

    @property
    def longer_s(self) -> int | None:
        """How much longer than planned it took."""
        actual = self.actual
        if actual is None or actual.start_s is None or actual.end_s is None:
            return None
        return (actual.end_s - actual.start_s) - (self.visit.end_s - self.visit.start_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """All planned visits, and jobs done that were not planned (现场受理 and the like)."""

    visits: tuple[Done, ...]
    unplanned: tuple[Actual, ...]

    def count(self, outcome: Outcome | None) -> int:
        """Return how many planned visits had this outcome, None for those that nobody wrote about."""
        return sum((None if one.actual is None else one.actual.outcome) is outcome for one in self.visits)


def read_actuals(path: Path, date: dt.date, faults: FaultList) -> tuple[Actual, ...]:
    """Read what a crew wrote down, as far as it can be read; times become seconds from midnight of the date."""
    content = read_text(path, faults)
    return () if content is None else tuple(_rows(content, path.name, date, faults))


def _rows(content: str, file: str, date: dt.date, faults: FaultList) -> Iterator[Actual]:
    lines, rows, whole = csv_records(content, file, faults)
    if not rows or tuple(rows[0]) != ACTUAL_COLUMNS:
        if whole:
            faults.add(file, 1, "", ",".join(rows[0]) if rows else "empty file", f"header {','.join(ACTUAL_COLUMNS)}")
        return
    seen: set[str] = set()
    for line, row in zip(lines[1:], rows[1:], strict=True):
        if len(row) != len(ACTUAL_COLUMNS):
            faults.add(file, line, "", f"{len(row)} cells", f"{len(ACTUAL_COLUMNS)} cells, as many as the header")
            continue
        cells = dict(zip(ACTUAL_COLUMNS, row, strict=True))
        if not cells["job_id"] or cells["job_id"] in seen:
            faults.add(file, line, "job_id", cells["job_id"], "a job, once in the file")
        seen.add(cells["job_id"])
        if cells["outcome"] not in set(Outcome):
            faults.add(file, line, "outcome", cells["outcome"], " | ".join(Outcome))
            continue
        start_s, end_s = (_moment(cells, name, line, file, date, faults) for name in ("start", "end"))
        if start_s is not None and end_s is not None and end_s < start_s:
            faults.add(file, line, "end", cells["end"], f"not before start, {cells['start']}")
        yield Actual(
            job_id=cells["job_id"],
            outcome=Outcome(cells["outcome"]),
            start_s=start_s,
            end_s=end_s,
            note=cells["note"],
            line=line,
        )


def _moment(cells: dict[str, str], name: str, line: int, file: str, date: dt.date, faults: FaultList) -> int | None:
    if not cells[name]:
        return None
    try:
        return instant_of(cells[name]) - midnight_of(date)
    except Unreadable as error:
        faults.add(file, line, name, cells[name], str(error))
        return None


def impossible(
    toured: Toured,
    actuals: tuple[Actual, ...],
    file: str,
    faults: FaultList,
    *,
    known: Collection[str] | None = None,
    now_s: int | None = None,
) -> None:
    """Note what cannot have happened: before the tour leaves, after now, at a job that there is not, of a visit that
    is still to begin, without a time before now.

    known: jobs that there are; None where others may have been done too. now_s: None for a week after the horizon.
    """
    leaves = {visit.job_id: tour.first_day * DAY_S for tour, _, visit in toured.result.plan.visits()}
    begins = {} if now_s is None else {visit.job_id: visit.start_s for _, _, visit in toured.result.plan.visits()}
    last_s = (toured.asked.days + LATEST_DAYS) * DAY_S if now_s is None else now_s
    latest = instant_text(toured.asked.date, last_s)
    for actual in actuals:
        if known is not None and actual.job_id not in known:
            allowed = "a job of jobs.csv, a due visit (plan@date) or one of the tours"
            faults.add(file, actual.line, "job_id", actual.job_id, allowed)
        if begins.get(actual.job_id, last_s) > last_s and actual.start_s is None and actual.end_s is None:
            planned = instant_text(toured.asked.date, begins[actual.job_id])
            allowed = f"start or end, until {latest}: the visit is planned for {planned}, which is still to come"
            faults.add(file, actual.line, "outcome", str(actual.outcome), allowed)
        first_s = leaves.get(actual.job_id, 0)
        for name, at_s in (("start", actual.start_s), ("end", actual.end_s)):
            if at_s is not None and not first_s <= at_s <= last_s:
                written = instant_text(toured.asked.date, at_s)
                allowed = f"a time from {instant_text(toured.asked.date, first_s)}, when the tour leaves, to {latest}"
                faults.add(file, actual.line, name, written, allowed)


def progress_of(toured: Toured, actuals: tuple[Actual, ...]) -> Progress:
    """Return planned visits beside what became of them."""
    by_job = {actual.job_id: actual for actual in actuals}
    visits = tuple(
        Done(tour=tour, day=day, visit=visit, actual=by_job.get(visit.job_id))
        for tour in toured.tours
        for day in tour.days
        for visit in day.visits
    )
    planned = {one.visit.job_id for one in visits}
    return Progress(visits=visits, unplanned=tuple(actual for actual in actuals if actual.job_id not in planned))


def progress_table(toured: Toured, progress: Progress) -> bytes:
    """Return planned against actual as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(PROGRESS_COLUMNS)
    for one in progress.visits:
        actual = one.actual
        writer.writerow(
            (
                one.visit.job_id,
                toured.tour_id(one.tour),
                one.visit.village_id,
                no_formula(toured.villages[one.visit.village_id].name),
                instant_text(toured.asked.date, one.visit.start_s),
                instant_text(toured.asked.date, one.visit.end_s),
                "" if actual is None else str(actual.outcome),
                _written(toured, None if actual is None else actual.start_s),
                _written(toured, None if actual is None else actual.end_s),
                "" if one.late_s is None else str(one.late_s),
                "" if one.longer_s is None else str(one.longer_s),
                "" if actual is None else no_formula(actual.note),
            )
        )
    for actual in progress.unplanned:
        times = _written(toured, actual.start_s), _written(toured, actual.end_s)
        writer.writerow(
            (no_formula(actual.job_id), *("",) * 5, str(actual.outcome), *times, "", "", no_formula(actual.note))
        )
    return stream.getvalue().encode("utf-8-sig")


def _written(toured: Toured, seconds: int | None) -> str:
    return "" if seconds is None else instant_text(toured.asked.date, seconds)
