"""What villages are told whose date passed without anybody coming (致歉), in Chinese: drafts, for somebody to send."""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pandas as pd

from datasets.plan_tables import no_formula
from datasets.tour_announcements import products_of, whom_to_call
from datasets.tour_names import Person, Toured
from optimizer.tours.model import Crew, WorkKind

__all__ = ["APOLOGIES_FILE", "Apology", "Missed", "apologies", "apology_table"]

APOLOGIES_FILE = "apologies.csv"
COLUMNS = ("village_id", "village", "date", "contact", "phone", "jobs", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A village, and a day that it was told and on which nobody came. stop_id: where the crew was to stop."""

    village_id: str
    day: int
    stop_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Apology:
    """A draft for a village. job_ids: what its people wait for still."""

    missed: Missed
    village: str
    date: dt.date
    contact: Person
    job_ids: tuple[str, ...]
    text: str


def apologies(toured: Toured, missed: Iterable[Missed], done: Collection[str]) -> tuple[Apology, ...]:
    """Return a draft per village that was missed. done: jobs that are seen to."""
    return tuple(_apology(toured, one, done) for one in missed)


def _apology(toured: Toured, one: Missed, done: Collection[str]) -> Apology:
    village, stop = toured.villages[one.village_id], toured.villages[one.stop_id]
    contact = toured.names.contact(village)
    waiting = [
        job
        for job in toured.asked.jobs
        if job.village_id == village.id and job.id not in done and job.kind is not WorkKind.WALK_IN
    ]
    where = f"{'到' if stop is village else '在'}{stop.name}"
    still = f"已登记的{products_of(toured, waiting)}继续有效，不必重新报修。" if waiting else ""
    return Apology(
        missed=one,
        village=village.name,
        date=toured.date(one.day),
        contact=contact,
        job_ids=tuple(job.id for job in waiting),
        text=f"【巡回维修致歉】{f'{contact.name}您好' if contact.name else '各位村民好'}："
        f"原定{toured.date_zh(one.day)}{where}的巡回维修未能成行，让大家久等，非常抱歉。{still}"
        f"新日期定下后立即通知；急需维修的请来电，我们另行安排。{whom_to_call(toured, _coming(toured, one))}",
    )


def apology_table(drafts: Iterable[Apology]) -> bytes:
    """Return drafts as CSV that spreadsheets read."""
    rows = [
        {
            "village_id": one.missed.village_id,
            "village": no_formula(one.village),
            "date": one.date.isoformat(),
            "contact": no_formula(one.contact.name),
            "phone": no_formula(one.contact.phone),
            "jobs": ";".join(one.job_ids),
            "text": one.text,
        }
        for one in drafts
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(index=False, lineterminator="\n").encode("utf-8-sig")


def _coming(toured: Toured, missed: Missed) -> list[Crew]:
    """Return the crew that was to come, or the first."""
    coming = [
        toured.crews[tour.crew_id]
        for tour, day, visit in toured.result.plan.visits()
        if visit.village_id == missed.stop_id and day.day == missed.day
    ]
    return [*coming, *toured.asked.crews][:1]
