"""Reports out of the store: promises, parity, workload, churn, and what contract outlets are paid."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.job_states import JobState
from api.promises import Standing
from api.schemas.written import duration_text
from api.store.batches import batches
from api.store.network import holding
from api.store.standings import JobStanding, standings_of
from api.tables.jobs import JobHistory, JobRow
from api.tables.network import OutletRow
from api.tables.plans import Visit
from datasets.policies import PolicyClock, SlaRow
from datasets.settings import Settings
from datasets.times import TIME_ZONE
from optimizer.attainment import percent
from optimizer.model import DAY_S, LOCK_TOLERANCE_S, AreaClass, Ownership, Tariff

__all__ = ["Period", "churn_rows", "parity_rows", "reading_of", "sla_rows", "workload_rows"]

_NOBODY = "nobody"
_APPOINTMENT = "appointment"
_CAME_TO_NOTHING = (JobState.FAILED.value, JobState.NEEDS_PART.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Dates, both included, in China; centres: None for all."""

    first: dt.date
    last: dt.date
    centres: frozenset[str] | None

    @property
    def begins(self) -> dt.datetime:
        """The first midnight."""
        return dt.datetime.combine(self.first, dt.time(), TIME_ZONE).astimezone(dt.UTC)

    @property
    def ends(self) -> dt.datetime:
        """The midnight after the last date."""
        return dt.datetime.combine(self.last + dt.timedelta(days=1), dt.time(), TIME_ZONE).astimezone(dt.UTC)

    def within(self, query: Any, moment: Any, centre: Any) -> Any:
        """Keep a query to these dates and centres."""
        query = query.where(moment >= self.begins, moment < self.ends)
        return query if self.centres is None else query.where(centre.in_(self.centres))


def reading_of(row: SlaRow) -> str:
    """Return how a promise is read."""
    if row.within.days_only:
        days = row.within.seconds // DAY_S
        text = f"P{days}D: the end of calendar day {days}, the day of the report is the first"
    else:
        text = f"{duration_text(row.within.seconds)}: {row.within.seconds / 3_600:g} h from the report"
    if row.hours is None:
        return text if row.within.days_only else f"{text}, day and night"
    return f"{text}, open time only, {_clock(row.hours.opens_s)} to {_clock(row.hours.closes_s)}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}"


def sla_rows(session: Session, period: Period, now: dt.datetime, settings: Settings) -> list[dict[str, Any]]:
    """Return how each promise came out, over the jobs that were reported on these dates and not cancelled."""
    groups: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for found in _standings(session, period, now, settings):
        for standing in found.standings:
            groups[standing.row.name, standing.row.clock.value].update(_outcome(standing))
        if found.job.appointment_start is not None:
            groups[_APPOINTMENT, "arrival"].update(_appointment(found, now))
    return [{"policy": policy, "clock": clock, **_counted(count)} for (policy, clock), count in sorted(groups.items())]


def parity_rows(session: Session, period: Period, now: dt.datetime, settings: Settings) -> list[dict[str, Any]]:
    """Return how arrivals came out by class of place and by who comes; as reported where it was, else as planned."""
    owners = {outlet.id: outlet.ownership for outlet in session.scalars(holding(OutletRow, period.last))}
    jobs = list(_standings(session, period, now, settings))
    came = _came(session, [found.job.id for found in jobs])
    groups: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for found in jobs:
        arrivals = [one for one in found.standings if one.row.clock is PolicyClock.ARRIVAL]
        if not arrivals:
            continue
        outlet_id = came.get(found.job.id) or (found.visit.outlet_id if found.visit is not None else "")
        owner = owners.get(outlet_id, _NOBODY)
        groups[found.area_class.value, owner].update(_outcome(min(arrivals, key=lambda one: one.due_s)))
    return [
        {"area_class": area.value, "ownership": owner, **_counted(groups[area.value, owner])}
        for area in AreaClass
        for owner in (*(ownership.value for ownership in Ownership), _NOBODY)
    ]


def workload_rows(session: Session, period: Period) -> list[dict[str, Any]]:
    """Return what each outlet was given on these dates, against what contract outlets are owed."""
    visits: Counter[str] = Counter()
    minutes: Counter[str] = Counter()
    for outlet_id, start_at, end_at in _given(session, period):
        visits[outlet_id] += 1
        minutes[outlet_id] += round((end_at - start_at).total_seconds() / 60)
    where = () if period.centres is None else (OutletRow.centre_id.in_(period.centres),)
    rows = []
    for outlet in session.scalars(holding(OutletRow, period.last, *where)):
        target, so_far = (int(outlet.cells.get(name) or 0) for name in ("workload_target", "visits_so_far"))
        due = max(0, target - so_far)
        is_contract = outlet.ownership == Ownership.CONTRACT
        rows.append(
            {
                "outlet_id": outlet.id,
                "name": outlet.cells["name"],
                "centre_id": outlet.centre_id,
                "ownership": outlet.ownership,
                "visits": visits[outlet.id],
                "service_minutes": minutes[outlet.id],
                "target": target,
                "so_far": so_far,
                "owed": max(0, due - visits[outlet.id]),
                "starved": bool(is_contract and due and 2 * visits[outlet.id] < due),
            }
        )
    return rows


def _given(session: Session, period: Period) -> Iterator[tuple[str, dt.datetime, dt.datetime]]:
    """Yield outlet, start and end of visits that are promised or were made, and of those that came to nothing.

    A place that is only held is nobody's visit yet: it has no job.
    """
    promised = select(Visit.outlet_id, Visit.start_at, Visit.end_at).join(JobRow, JobRow.id == Visit.job_id)
    for row in session.execute(promised.where(Visit.date >= period.first, Visit.date <= period.last)):
        yield row.outlet_id, row.start_at, row.end_at
    ended = select(JobHistory.detail).where(JobHistory.kind == "state", JobHistory.to_state.in_(_CAME_TO_NOTHING))
    for detail in session.scalars(ended.where(JobHistory.at >= period.begins, JobHistory.at < period.ends)):
        if "planned_end" in detail:
            start_at, end_at = (dt.datetime.fromisoformat(detail[name]) for name in ("planned_start", "planned_end"))
            yield detail["outlet_id"], start_at, end_at


def churn_rows(session: Session, period: Period, tariff: Tariff) -> list[dict[str, Any]]:
    """Return what each publication changed of what had been promised, priced as a plan's churn is."""
    entries: Any = select(JobHistory, JobRow.centre_id).join(JobRow, JobRow.id == JobHistory.job_id)
    entries = period.within(entries.where(JobHistory.kind == "state"), JobHistory.at, JobRow.centre_id)
    groups: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for entry, centre_id in session.execute(entries):
        fate = _fate(entry.detail)
        if fate is None:
            continue
        told = bool(entry.detail.get("was_told"))
        fen = tariff.churn_moved_fen if fate == "moved" else tariff.churn_technician_fen
        fen += tariff.churn_told_fen if told else 0
        groups[entry.plan_id or "", centre_id].update({"changed": 1, fate: 1, "told": int(told), "churn_fen": fen})
    fields = ("changed", "technician", "moved", "left_out", "told", "churn_fen")
    return [
        {"plan_id": plan_id or None, "centre_id": centre_id, **{field: count[field] for field in fields}}
        for (plan_id, centre_id), count in sorted(groups.items())
    ]


def _fate(detail: Mapping[str, Any]) -> str | None:
    """Return what became of a promised visit, None where nothing had been promised or nothing changed."""
    was, was_start = detail.get("was_technician_id"), detail.get("was_start")
    if was is None or was_start is None:
        return None
    if detail.get("technician_id") is None:
        return "left_out"
    if detail["technician_id"] != was:
        return "technician"
    moved = dt.datetime.fromisoformat(detail["start"]) - dt.datetime.fromisoformat(was_start)
    return "moved" if abs(moved.total_seconds()) > LOCK_TOLERANCE_S else None


def _standings(session: Session, period: Period, now: dt.datetime, settings: Settings) -> Sequence[JobStanding]:
    query = select(JobRow).where(JobRow.state != JobState.CANCELLED.value).order_by(JobRow.id)
    jobs = session.scalars(period.within(query, JobRow.reported_at, JobRow.centre_id)).all()
    return standings_of(session, jobs, now, settings)


def _came(session: Session, job_ids: Sequence[str]) -> dict[str, str]:
    """Return the outlet that last came to each job, from its history."""
    found: dict[str, str] = {}
    for some in batches(job_ids, 500):
        entries = (
            select(JobHistory.job_id, JobHistory.detail)
            .where(JobHistory.job_id.in_(some), JobHistory.to_state == JobState.ON_SITE.value)
            .order_by(JobHistory.at, JobHistory.id)
        )
        for job_id, detail in session.execute(entries):
            if detail.get("outlet_id"):
                found[job_id] = detail["outlet_id"]
    return found


def _outcome(standing: Standing) -> Iterator[str]:
    """Yield the columns that a promise counts in."""
    if standing.stopped_s is not None:
        yield "kept" if standing.stopped_s <= standing.due_s else "late"
        yield "by_actuals"
    elif standing.expected_s is not None:
        yield "kept" if standing.expected_s <= standing.due_s else "late"
        yield "by_plan"
    else:
        yield "missed" if standing.remaining_s < 0 else "open"


def _appointment(found: JobStanding, now: dt.datetime) -> Iterator[str]:
    """Yield the columns that an appointment counts in: a start within the slot keeps it."""
    start, end = found.job.appointment_start, found.job.appointment_end
    arrival = next((one for one in found.standings if one.row.clock is PolicyClock.ARRIVAL), None)
    came = None if arrival is None or arrival.stopped_s is None else found.moment(arrival.stopped_s)
    at = came if came is not None else found.job.published_start
    if start is None or end is None:
        return
    if at is None:
        yield "missed" if end < now else "open"
        return
    yield "kept" if start <= at <= end else "late"
    yield "by_actuals" if came is not None else "by_plan"


def _counted(count: Counter[str]) -> dict[str, Any]:
    fields = ("kept", "late", "missed", "open", "by_actuals", "by_plan")
    due = count["kept"] + count["late"] + count["missed"]
    share = percent(count["kept"], due)
    return {**{field: count[field] for field in fields}, "percent": None if share is None else round(share, 2)}
