"""Tours become what holds: days of crews, visits, states of jobs; and what became of it all."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.errors import Conflict, Fault, Refused
from api.event_types import EventType
from api.events import emit
from api.job_states import JobState, Role
from api.plan_states import PlanState
from api.store.batches import batches
from api.store.due_orphans import take_up_only
from api.store.durable_runs import centre_of
from api.store.job_moves import move_job, state_event
from api.store.jobs import By, change_job
from api.store.network import holding
from api.store.slots import lock_centre
from api.store.tour_dates import (
    other_centres_villages,
    require_dates_kept,
    told_by,
)
from api.store.tour_holds import WITHDRAWN, leave_tour
from api.store.tour_parts import leave_aboard, promise_kits, settle_kit, settle_spares
from api.store.tour_plans import file_of
from api.store.tour_rows import put_cells, put_told
from api.tables.jobs import JobRow
from api.tables.network import OutletRow
from api.tables.plans import Visit
from api.tables.tours import CrewRow, MaintenanceRow, TourDayRow, TourPlanRow, TourVisitRow, VillageRow
from datasets.times import local_date
from datasets.tour_actuals import was_there
from datasets.tour_told import Promise, told_in

__all__ = ["Said", "ToursHeld", "publish_tours", "record_visits"]

AT_ONCE = 500
CREW_ROLES = frozenset({Role.PLAN, Role.DISPATCH, Role.OUTLET})
TAKEN_OVER = "replanned"
LEFT_THE_TOUR = (TAKEN_OVER, WITHDRAWN)
OPEN_STILL = (None, *LEFT_THE_TOUR)
"""What stands of visits of which nobody has said what became of them."""

Day = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a crew says became of a visit. parts_used: spare parts and units."""

    job_id: str
    outcome: str
    start: dt.datetime | None
    end: dt.datetime | None
    note: str
    parts_used: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToursHeld:
    """What publishing tours did. superseded: plans that hold no more.

    short_of_parts: jobs whose kit was promised to somebody else since. short_of_spares: order lines of spare parts.
    """

    visits: int
    superseded: tuple[str, ...]
    short_of_parts: tuple[str, ...]
    short_of_spares: tuple[str, ...]


def publish_tours(
    session: Session, plan: TourPlanRow, days: Sequence[Day], *, actor: str, at: dt.datetime
) -> ToursHeld:
    """Make finished tours hold for their crews and days, with the parts that they take along.

    Raises
    ------
    Conflict
        The tours are over; villages were told dates since that they do not keep; jobs are not as they were when the
        plan was asked for, or another crew's; or people of the crews are promised elsewhere.
    """
    for centre_id in sorted(plan.centre_ids):
        lock_centre(session, centre_id)
    _require_to_come(plan, days, local_date(at))
    require_dates_kept(session, plan, days, at)
    visits = [(day, visit) for day in days for visit in day["visits"]]
    ids = [visit["job_id"] for _, visit in visits]
    due = {visit["job_id"] for _, visit in visits if visit["maintenance_id"] is not None}
    take_up_only(session, due, by=_by(plan, actor), at=at)
    jobs = _jobs(session, ids)
    own = _open_of(session, plan.crew_ids)
    _require_movable(ids, days, jobs, own)
    _require_ours(session, ids, {*plan.crew_ids, *(day["crew_id"] for day in days)})
    members = _members(session, plan, days)
    _require_free(session, days, members)
    again = {(day["crew_id"], dt.date.fromisoformat(day["date"])) for day in days}
    earlier = {row.tour_id for row in own.values()}
    superseded = _take_back(session, plan, own, kept=set(ids), again=again, actor=actor, at=at)
    _take_over(session, ids)
    centres = _centres(session, plan)
    try:
        if days:
            session.execute(insert(TourDayRow), [_day_row(plan, members, day) for day in days])
        if visits:
            session.execute(insert(TourVisitRow), [_visit_row(plan, centres, day, visit) for day, visit in visits])
        session.flush()
    except IntegrityError as clash:
        raise Conflict("Another plan of tours holds for the same crews and days; plan again.") from clash
    for day, visit in visits:
        if (job := jobs.get(visit["job_id"])) is not None:
            _promise(session, plan, job, members[day["crew_id"]], visit, actor=actor, at=at)
    given_up = {id_ for id_, row in own.items() if row.date >= plan.date and row.start_at > at}
    short, short_lines = promise_kits(session, plan, given_up.union(ids), at)
    settle_spares(session, earlier, at)
    plan.state, plan.published_at = PlanState.PUBLISHED.value, at
    plan.version += 1
    session.flush()
    told = {
        "crew_days": len(days),
        "visits": len(visits),
        "superseded": superseded,
        "short_of_parts": short,
        "short_of_spares": short_lines,
    }
    for centre_id in plan.centre_ids:
        emit(session, EventType.TOUR_PUBLISHED, plan.id, {"centre_id": centre_id, **told}, centre_id, at)
    return ToursHeld(
        visits=len(visits),
        superseded=tuple(superseded),
        short_of_parts=tuple(short),
        short_of_spares=tuple(short_lines),
    )


def _jobs(session: Session, ids: Sequence[str]) -> dict[str, JobRow]:
    found: dict[str, JobRow] = {}
    for some in batches(ids, AT_ONCE):
        for job in session.scalars(select(JobRow).where(JobRow.id.in_(some)).with_for_update()):
            found[job.id] = job
    return found


def _open_of(session: Session, crew_ids: Collection[str]) -> dict[str, TourVisitRow]:
    """Return the visits that tours of these crews promise still, by job."""
    query = select(TourVisitRow).where(TourVisitRow.crew_id.in_(crew_ids), TourVisitRow.outcome.is_(None))
    return {row.job_id: row for row in session.scalars(query)}


def _require_movable(
    ids: Sequence[str], days: Sequence[Day], jobs: Mapping[str, JobRow], own: Mapping[str, TourVisitRow]
) -> None:
    calls = {
        visit["job_id"] for day in days for visit in day["visits"] if visit["kind"] not in {"preventive", "walk_in"}
    }
    wrong = sorted(
        id_
        for id_ in ids
        if (id_ in calls or id_ in jobs)
        and (id_ not in jobs or jobs[id_].state != JobState.NEEDS_VISIT)
        and not (id_ in own and id_ in jobs and jobs[id_].state == JobState.PLANNED)
    )
    if wrong:
        raise Conflict(
            f"{len(wrong)} jobs are not as they were when the tours were planned; plan again.",
            members={"job_ids": wrong[:AT_ONCE]},
        )


def _require_to_come(plan: TourPlanRow, days: Sequence[Day], today: dt.date) -> None:
    """Raise Conflict for tours all of which is over; tours without a day are as long as was asked for."""
    last = max((dt.date.fromisoformat(day["date"]) for day in days), default=plan.date + dt.timedelta(plan.days - 1))
    if last < today:
        raise Conflict("The tours are over; plan again.", members={"last": last.isoformat()})


def _require_ours(session: Session, ids: Sequence[str], crew_ids: Collection[str]) -> None:
    """Raise Conflict when a published tour of another crew promises one of the jobs still."""
    found: list[str] = []
    for some in batches(ids, AT_ONCE):
        query = select(TourVisitRow.job_id).where(TourVisitRow.job_id.in_(some), TourVisitRow.outcome.is_(None))
        found += session.scalars(query.where(TourVisitRow.crew_id.not_in(crew_ids)))
    if found:
        raise Conflict(
            f"{len(found)} visits are on published tours of other crews; plan again.",
            members={"job_ids": sorted(found)[:AT_ONCE]},
        )


def _members(session: Session, plan: TourPlanRow, days: Sequence[Day]) -> dict[str, list[str]]:
    """Return who rides in each crew; a crew that a planner added has nobody by name."""
    query = holding(CrewRow, plan.date, columns=[CrewRow.id, CrewRow.cells])
    members = {id_: cells["technician_ids"].split(";") for id_, cells in session.execute(query)}
    return {day["crew_id"]: members.get(day["crew_id"], []) for day in days}


def _require_free(session: Session, days: Sequence[Day], members: Mapping[str, Sequence[str]]) -> None:
    """Raise Conflict when somebody of a crew is promised to a customer elsewhere on a day of the tour."""
    away = {(id_, dt.date.fromisoformat(day["date"])) for day in days for id_ in members[day["crew_id"]]}
    people = sorted({id_ for id_, _ in away})
    found = set()
    for some in batches(people, AT_ONCE):
        query = select(Visit.technician_id, Visit.date, Visit.job_id).where(Visit.technician_id.in_(some))
        found |= {job_id for id_, date, job_id in session.execute(query) if (id_, date) in away}
    if found:
        raise Conflict(
            f"People of the crews are promised to {len(found)} customers on days of the tours.",
            members={"job_ids": sorted(found)[:AT_ONCE]},
        )


def _take_back(
    session: Session,
    plan: TourPlanRow,
    own: Mapping[str, TourVisitRow],
    *,
    kept: Collection[str],
    again: Collection[tuple[str, dt.date]],
    actor: str,
    at: dt.datetime,
) -> list[str]:
    """Take back what earlier tours of these crews promise from the first date on; return those that hold no more.

    What has begun was done, or will be said not to have been: its visit stays, and with it the crew's day.
    """
    others = {row.tour_plan_id for row in own.values() if row.date >= plan.date}
    ours = (TourDayRow.crew_id.in_(plan.crew_ids), TourDayRow.date >= plan.date)
    begun = {(row.crew_id, row.date) for row in own.values() if row.start_at <= at} - set(again)
    for day in session.scalars(select(TourDayRow).where(*ours)).all():
        others.add(day.tour_plan_id)
        if (day.crew_id, day.date) in begun:
            # The tours that take its place begin from home: nobody sleeps where this day was to end.
            day.sleeps_at, day.nights_out = None, 0
        else:
            session.delete(day)
    gone = [row for row in own.values() if row.date >= plan.date and row.start_at > at]
    for row in gone:
        if row.job_id not in kept:
            leave_aboard(session, row.job_id, row.tour_id, at)
        session.delete(row)
    session.flush()
    for job in _jobs(session, [row.job_id for row in gone if row.job_id not in kept]).values():
        if job.state == JobState.PLANNED:
            move_job(session, job, JobState.NEEDS_VISIT, roles=CREW_ROLES, by=_by(plan, actor), at=at)
    superseded = []
    for id_ in sorted(others):
        holds = session.scalar(select(func.count()).select_from(TourDayRow).where(TourDayRow.tour_plan_id == id_))
        if not holds:
            before = session.get_one(TourPlanRow, id_)
            before.state = PlanState.SUPERSEDED.value
            before.version += 1
            superseded.append(id_)
    session.flush()
    return superseded


def _take_over(session: Session, ids: Sequence[str]) -> None:
    """Say of visits that are over, and of which nobody said anything, that another tour has their job now."""
    for some in batches(ids, AT_ONCE):
        over = (TourVisitRow.job_id.in_(some), TourVisitRow.outcome.is_(None))
        session.execute(update(TourVisitRow).where(*over).values(outcome=TAKEN_OVER))


def _centres(session: Session, plan: TourPlanRow) -> dict[str, str]:
    """Return the centre of each outlet that crews leave from."""
    columns = [OutletRow.id, OutletRow.centre_id]
    return {id_: centre_id for id_, centre_id in session.execute(holding(OutletRow, plan.date, columns=columns))}


def _day_row(plan: TourPlanRow, members: Mapping[str, Sequence[str]], day: Day) -> dict[str, Any]:
    return {
        **{name: day[name] for name in ("crew_id", "sleeps_at", "nights_out")},
        "date": dt.date.fromisoformat(day["date"]),
        "tour_plan_id": plan.id,
        "technician_ids": list(members[day["crew_id"]]),
    }


def _visit_row(plan: TourPlanRow, centres: Mapping[str, str], day: Day, visit: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tour_plan_id": plan.id,
        "job_id": visit["job_id"],
        "tour_id": day["tour_id"],
        "centre_id": centres.get(day["outlet_id"], plan.centre_ids[0]),
        "crew_id": day["crew_id"],
        "date": dt.date.fromisoformat(day["date"]),
        "village_id": visit["village_id"],
        "kind": visit["kind"],
        "maintenance_id": visit["maintenance_id"],
        "start_at": dt.datetime.fromisoformat(visit["start"]),
        "end_at": dt.datetime.fromisoformat(visit["end"]),
        "note": "",
        "parts_used": [],
    }


def _promise(
    session: Session,
    plan: TourPlanRow,
    job: JobRow,
    members: Sequence[str],
    visit: Mapping[str, Any],
    *,
    actor: str,
    at: dt.datetime,
) -> None:
    """Say of a call who comes and when: the first of the crew stands for all of it."""
    before = job.state
    start = dt.datetime.fromisoformat(visit["start"])
    who = members[0] if members else None
    if before == JobState.PLANNED and (job.published_technician_id, job.published_start) == (who, start):
        return
    columns = {"published_technician_id": who, "published_start": start, "told": False}
    detail = {"technician_id": who, "start": visit["start"], "tour_plan_id": plan.id}
    change_job(session, job, "state", by=_by(plan, actor), now=at, detail=detail, state="planned", **columns)
    if before != JobState.PLANNED:
        emit(session, EventType.JOB_STATE_CHANGED, job.id, state_event(job, before), job.centre_id, at=at)


def _by(plan: TourPlanRow, actor: str) -> By:
    return By(actor=actor, channel="api", plan_id=plan.id)


def record_visits(
    session: Session,
    plan: TourPlanRow,
    said: Sequence[Said],
    *,
    centre_ids: Collection[str] | None,
    actor: str,
    at: dt.datetime,
) -> tuple[list[str], list[str]]:
    """Write down what became of visits; return the maintenance plans and villages whose last visit has moved.

    centre_ids: of whoever says it, None for all; villages of others stay as they are.

    A visit that later tours took over, or that was withdrawn after it had begun, may have happened all the same: it is
    said here, and theirs is off. Where it has not, theirs stays.

    Raises Refused for jobs that the tours do not hold, Conflict for those of which it was said before.
    """
    rows = {
        row.job_id: row
        for row in session.scalars(select(TourVisitRow).filter_by(tour_plan_id=plan.id).with_for_update())
    }
    faults = [
        Fault(
            pointer=f"/visits/{number}/job_id", code="unknown_job", detail=f'no visit to "{one.job_id}" in these tours'
        )
        for number, one in enumerate(said)
        if one.job_id not in rows
    ]
    faults += [
        Fault(pointer=f"/visits/{number}/start", code="in_the_future", detail="not after now")
        for number, one in enumerate(said)
        if max(filter(None, (one.start, one.end)), default=at) > at
    ]
    faults += [
        Fault(pointer=f"/visits/{number}/outcome", code="in_the_future", detail="a start or end: the visit is to come")
        for number, one in enumerate(said)
        if one.start is None and one.end is None and one.job_id in rows and rows[one.job_id].start_at > at
    ]
    if faults:
        raise Refused("The visits cannot be written down.", faults=faults)
    again = sorted(one.job_id for one in said if rows[one.job_id].outcome not in OPEN_STILL)
    if again:
        raise Conflict(f"It was said before what became of {len(again)} visits.", members={"job_ids": again})
    jobs = _jobs(session, [one.job_id for one in said])
    by = _by(plan, actor)
    plans = _last_dates(
        (rows[one.job_id].maintenance_id, one, rows[one.job_id]) for one in said if one.outcome == "done"
    )
    villages = _last_dates(
        (rows[one.job_id].village_id, one, rows[one.job_id]) for one in said if was_there(one.outcome)
    )
    moved = [id_ for id_, date in plans.items() if _moved(session, "maintenance", id_, "last_on", date, at)]
    for id_ in other_centres_villages(session, villages, local_date(at), centre_ids):
        del villages[id_]
    seen = [id_ for id_, date in villages.items() if _moved(session, "villages", id_, "last_visit", date, at)]
    waiting = told_by(file_of(session, plan.id, "announcements") or ())
    theirs = waiting.keys() - other_centres_villages(session, waiting, local_date(at), centre_ids)
    stops = {(_date_of(one, rows[one.job_id]), rows[one.job_id].village_id) for one in said if was_there(one.outcome)}
    _met(session, {stop for stop in stops if stop[1] in villages}, theirs.union(villages), at)
    for one in said:
        row = rows[one.job_id]
        has_left = row.outcome in LEFT_THE_TOUR
        if has_left and was_there(one.outcome):
            leave_tour(session, one.job_id, at, is_fitted=one.outcome == "done")
        row.outcome, row.started_at, row.ended_at, row.note = one.outcome, one.start, one.end, one.note
        row.parts_used = [{"part_id": part_id, "quantity": quantity} for part_id, quantity in one.parts_used]
        if has_left and not was_there(one.outcome):
            continue
        if one.outcome != "done":
            leave_aboard(session, one.job_id, row.tour_id, at)
        if one.job_id in jobs:
            _move(session, jobs[one.job_id], one, by, at)
        if one.outcome == "done" or one.job_id not in jobs:
            settle_kit(session, one.job_id, at, is_fitted=one.outcome == "done")
    session.flush()
    settle_spares(session, (rows[one.job_id].tour_id for one in said), at)
    plan.version += 1
    session.flush()
    told = {"visits": len(said), "done": sum(one.outcome == "done" for one in said), "maintenance_ids": moved}
    emit(session, EventType.TOUR_VISITED, plan.id, told, centre_of(plan.centre_ids), at)
    return moved, seen


def _last_dates(visited: Iterable[tuple[str | None, Said, TourVisitRow]]) -> dict[str, dt.date]:
    """Return the last date of each that is named."""
    dates: dict[str, dt.date] = {}
    for id_, one, row in visited:
        if id_ is not None:
            date = _date_of(one, row)
            dates[id_] = max(date, dates.get(id_, date))
    return dates


def _date_of(one: Said, row: TourVisitRow) -> dt.date:
    """Return when somebody was there: as they say, else as planned."""
    return row.date if one.start is None else local_date(one.start)


def _moved(session: Session, table: str, id_: str, column: str, date: dt.date, at: dt.datetime) -> bool:
    """Move the date of a last visit forward; tell whether that was any news."""
    model: Any = {"villages": VillageRow, "maintenance": MaintenanceRow}[table]
    today = local_date(at)
    cells = session.scalars(holding(model, today, model.id == id_, columns=[model.cells])).one_or_none()
    if cells is None or cells.get(column, "") >= date.isoformat():
        return False
    put_cells(session, table, id_, {column: date.isoformat()}, on=today, now=at)
    return True


def _met(session: Session, stops: Collection[Promise], village_ids: Collection[str], at: dt.datetime) -> None:
    """Take off what villages were told, about stops in them or in others, and has come true."""
    today = local_date(at)
    if not stops:
        return
    for some in batches(sorted(village_ids), AT_ONCE):
        rows = holding(VillageRow, today, VillageRow.id.in_(some), columns=[VillageRow.id, VillageRow.cells])
        for id_, cells in session.execute(rows).all():
            told = told_in(cells)
            if met := told.intersection(stops):
                put_told(session, id_, off=met, on=today, now=at)


def _move(session: Session, job: JobRow, said: Said, by: By, at: dt.datetime) -> None:
    """Move a call on by what became of it, step by step as its loop has them."""
    if job.state != JobState.PLANNED:
        return
    if said.outcome in {"not_reached", "other"}:
        move_job(session, job, JobState.NEEDS_VISIT, roles=CREW_ROLES, by=by, at=at)
        return
    begun = said.start or at
    ends = {"done": JobState.DONE, "no_part": JobState.NEEDS_PART, "nobody_home": JobState.FAILED}
    for state, when in (
        (JobState.OFFERED, begun),
        (JobState.ACKNOWLEDGED, begun),
        (JobState.ON_SITE, begun),
        (ends[said.outcome], said.end or begun),
    ):
        move_job(session, job, state, roles=CREW_ROLES, by=by, at=when)
