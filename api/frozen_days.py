"""The day that a run plans, kept as it was when the run began: whoever resumes or checks it reads the same.

It is kept as values, not as a memory of objects: a version that no longer knows them says so, and one plans anew.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from datasets.day import DayFolder
from datasets.job_list import Answer
from datasets.times import seconds_of
from optimizer.model import Day
from optimizer.parts.returns import Return
from optimizer.parts.supply import Supply

__all__ = ["FrozenDay", "LiveVisit", "OtherVersion", "frozen", "thawed"]

FRAMES = ("centres", "outlets", "technicians", "jobs", "warehouses", "parts")


class OtherVersion(Exception):
    """The day was frozen by a version whose days had another shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVisit:
    """A promised visit as it was when the day was frozen."""

    technician_id: str
    start_at: dt.datetime
    end_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrozenDay:
    """A day, the promised visits of its centres by job, and whether changes to them are counted and priced."""

    folder: DayFolder
    live: Mapping[str, LiveVisit]
    against_published: bool = True
    base: Mapping[str, LiveVisit] = field(default_factory=dict)
    """Visits of the plan that this one is held against, of jobs that nobody is promised."""
    standing: frozenset[str] = frozenset()
    """Jobs whose promised visits are no business of the plan: under way, or frozen."""

    def published(self) -> Mapping[str, tuple[str, int]] | None:
        """Return technician and start (seconds of the day's clock) of each promised visit; None when there are none."""
        if not self.against_published:
            return {}
        day = self.folder.day
        said = {job.id: (job.published.technician_id, job.published.start_s) for job in day.jobs if job.published}
        live = {
            id_: (was.technician_id, seconds_of(day.date, was.start_at))
            for id_, was in {**self.base, **self.live}.items()
        }
        return {id_: was for id_, was in (said | live).items() if id_ not in self.standing} or None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    index: list[str]
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A frozen day as JSON has it."""

    folder: str
    day: Day
    travel: str
    sla_names: dict[str, tuple[str, ...]]
    policies: tuple[str, ...]
    answers: dict[str, tuple[Answer, ...]]
    frames: dict[str, _Frame]
    live: dict[str, LiveVisit]
    against_published: bool
    base: dict[str, LiveVisit] = field(default_factory=dict)
    standing: frozenset[str] = frozenset()
    supply: Supply = field(default_factory=Supply)
    forecast: list[tuple[str, str, int]] = field(default_factory=list)
    """That of the supply, which has pairs for keys: JSON has none."""
    returns: tuple[Return, ...] = ()
    carried: dict[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)


_KEPT: TypeAdapter[_Kept] = TypeAdapter(_Kept)


def frozen(day: FrozenDay) -> Any:
    """Return a day as JSON has it."""
    folder = day.folder
    kept = _Kept(
        folder=str(folder.folder),
        day=folder.day,
        travel=folder.travel,
        sla_names=dict(folder.sla_names),
        policies=tuple(folder.policies),
        answers=dict(folder.answers),
        frames={name: _frame(getattr(folder, name)) for name in FRAMES},
        live=dict(day.live),
        base=dict(day.base),
        against_published=day.against_published,
        standing=day.standing,
        supply=replace(folder.supply, forecast={}),
        forecast=[(centre_id, part_id, units) for (centre_id, part_id), units in folder.supply.forecast.items()],
        returns=folder.returns,
        carried=dict(folder.carried),
    )
    return _KEPT.dump_python(kept, mode="json")


def thawed(document: bytes) -> FrozenDay:
    """Return the day of a document. Raises OtherVersion."""
    try:
        kept = _KEPT.validate_json(document)
    except ValidationError as error:
        raise OtherVersion(f"{error.error_count()} values of the day are unknown to this version") from error
    frames: dict[str, Any] = {
        name: pd.DataFrame(table.rows, index=pd.Index(table.index), columns=table.columns, dtype=str)
        for name, table in kept.frames.items()
    }
    folder = DayFolder(
        folder=Path(kept.folder),
        day=kept.day,
        travel=kept.travel,
        sla_names=kept.sla_names,
        policies=kept.policies,
        answers=kept.answers,
        supply=replace(kept.supply, forecast={(centre, part): units for centre, part, units in kept.forecast}),
        returns=kept.returns,
        carried=kept.carried,
        **frames,
    )
    return FrozenDay(
        folder=folder,
        live=kept.live,
        against_published=kept.against_published,
        base=kept.base,
        standing=kept.standing,
    )


def _frame(frame: pd.DataFrame) -> _Frame:
    text = frame.astype(str)
    return _Frame(index=text.index.tolist(), columns=text.columns.tolist(), rows=text.to_numpy().tolist())
