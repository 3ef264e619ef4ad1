"""Planning against a published plan: what was published, what changed, and what it cost to keep the rest."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.changes import outlets_to_tell
from datasets.day import DayFolder
from optimizer.churn import Change, Fate, additions, changes, withdrawn
from optimizer.model import LOCK_TOLERANCE_S, Channel, Job, Lock, Published
from optimizer.plan import Plan
from optimizer.stability import Stability

__all__ = ["Base", "Changes", "against", "published_as"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The plan folder that was published, and whether what stability costs is to be found out."""

    out: Path
    stability: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """A plan beside what was published.

    overdue: published visits that should have begun by now, and whose jobs are still in the day. tell: outlets to be
    told by phone or fax. stability: None when it was not asked for.
    """

    rows: tuple[Change, ...]
    published: int
    overdue: int
    tell: Mapping[str, Channel]
    stability: Stability | None = None

    def count(self, *fates: Fate) -> int:
        """Return how many visits became these."""
        return sum(change.fate in fates for change in self.rows)

    @property
    def changed(self) -> int:
        """Published visits that are not as they were, of jobs that the day still has."""
        return len(self.rows) - self.count(Fate.NEW, Fate.DROPPED)

    @property
    def call_again(self) -> int:
        """Customers who were told what no longer holds."""
        return sum(change.call_again for change in self.rows)

    @property
    def churn_fen(self) -> int:
        """What the changes are priced at together."""
        return sum(change.fen for change in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain dictionaries and numbers for JSON."""
        return {
            "published": self.published,
            "unchanged": self.published - self.changed,
            "changed": self.changed,
            "by_change": {fate.value: self.count(fate) for fate in Fate},
            "customers_to_call_again": self.call_again,
            "outlets_to_tell": {channel.value: n for channel, n in sorted(Counter(self.tell.values()).items())},
            "overdue": self.overdue,
            "churn_fen": self.churn_fen,
            "stability": None if self.stability is None else dataclasses.asdict(self.stability),
        }


def against(
    folder: DayFolder, plan: Plan, base_visits: Mapping[str, tuple[str, int]] | None, stability: Stability | None
) -> Changes | None:
    """Return what changed against what was published, None when nothing was.

    base_visits: every visit of the published plan. Without it the day's own published visits are but a part of a
    plan, and what is new beside them is not told apart.
    """
    day = folder.day
    published = [job.published for job in day.jobs if job.published is not None]
    rows = changes(day, plan)
    if base_visits is not None:
        rows = (*rows, *additions(day, plan), *withdrawn(day, base_visits))
    elif not published:
        return None
    return Changes(
        rows=rows,
        published=len(published),
        overdue=sum(was.start_s < day.now_s for was in published),
        tell=outlets_to_tell(folder, rows),
        stability=stability,
    )


def published_as(folder: DayFolder, visits: Mapping[str, tuple[str, int]]) -> DayFolder:
    """Return the day with these visits (technician, start) as the published ones, and no others.

    A customer already told stays told, and keeps the time that was said when the visit has not moved since by more
    than the tolerance: small moves must not add up from plan to plan.
    """
    jobs = tuple(
        dataclasses.replace(job, published=_published(job, *visits[job.id]))
        if job.id in visits
        else dataclasses.replace(job, published=None, lock=Lock.NONE)
        for job in folder.day.jobs
    )
    return dataclasses.replace(folder, day=dataclasses.replace(folder.day, jobs=jobs))


def _published(job: Job, technician_id: str, start_s: int) -> Published:
    before = job.published
    if before is None:
        return Published(technician_id=technician_id, start_s=start_s, told=False)
    same = before.technician_id == technician_id and abs(before.start_s - start_s) <= LOCK_TOLERANCE_S
    return before if same else Published(technician_id=technician_id, start_s=start_s, told=before.told)
