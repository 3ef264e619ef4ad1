"""A plan becomes what holds: live visits and routes, job states and history, in one transaction or not at all."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.errors import Conflict
from api.event_types import EventType
from api.events import emit, emit_all
from api.frozen_days import LiveVisit
from api.job_states import JobState
from api.judging import StoredPlan
from api.plan_states import PlanState
from api.store.batches import batches
from api.store.days import read_jobs
from api.store.due_jobs import due_rows, enter_due, on_tours
from api.store.due_orphans import take_up_only
from api.store.job_moves import job_event, tell_moves
from api.store.jobs import By
from api.store.parts_promises import allocate_shipments
from api.store.plan_days import live_visits
from api.store.sending import Channels, freeze_moments, send_visits
from api.store.slots import lock_centre, places_held
from api.store.tour_holds import require_at_home
from api.tables.base import new_id
from api.tables.jobs import JobHistory, JobRow
from api.tables.plans import LiveRoute, Plan, Published, Visit
from datasets.times import TIME_ZONE, moment_of
from optimizer.model import LOCK_TOLERANCE_S

__all__ = ["Publication", "publish"]

MOVABLE = (JobState.NEEDS_VISIT, JobState.PLANNED, JobState.OFFERED, JobState.ACKNOWLEDGED)
"""Jobs whose visit a plan may decide."""
PROMISED = frozenset(MOVABLE) - {JobState.NEEDS_VISIT}
AT_ONCE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What publishing did. left_away: jobs of the plan that need no visit any more, or are under way.

    short_of_parts: jobs whose kit was promised to somebody else since the plan was begun; nothing is kept for them.
    """

    visits: int
    routes: int
    planned: int
    unplanned: int
    left_away: tuple[str, ...]
    superseded: tuple[str, ...]
    short_of_parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    id: str
    state: JobState
    technician_id: str | None
    start: dt.datetime | None
    told: bool


def publish(session: Session, plan: Plan, stored: StoredPlan, *, actor: str, at: dt.datetime) -> Publication:
    """Make a finished plan the one that holds for its centres and dates.

    Raises
    ------
    Conflict
        Promises have changed since the plan's day was read, another plan was published at the same moment, or an
        outlet would be told something new after its freeze.
    """
    for centre_id in sorted(plan.centre_ids):
        lock_centre(session, centre_id)
    day = stored.day
    known = {job.id for job in day.jobs}
    holds = places_held(session, known)
    _enter_due(session, stored, By(actor=actor, channel="api", plan_id=plan.id), at)
    jobs = {job.id: job for job in _jobs(session, known)}
    _hold_promises(session, plan, stored, known, known - jobs.keys() - holds)
    visits, routes = _rows(plan, stored)
    dropped = sorted(holds - {row["job_id"] for row in visits})
    if dropped:
        raise Conflict(
            f"{len(dropped)} places are held for customers and have none in this plan; plan again.",
            members={"hold_ids": dropped[:AT_ONCE]},
        )
    free = holds | {id_ for id_, job in jobs.items() if job.state in MOVABLE}
    left_away = tuple(sorted(row["job_id"] for row in visits if row["job_id"] not in free))
    visits = [row for row in visits if row["job_id"] not in set(left_away)]
    require_at_home(session, {(row["technician_id"], row["date"]) for row in visits})
    movable = {job.id for job in jobs.values() if job.state in MOVABLE or job.state == JobState.CANCELLED}
    movable |= holds
    dates = [day.date + dt.timedelta(days=number) for number in range(day.days)]
    try:
        _replace_visits(session, movable, visits)
        _replace_routes(session, plan, dates, routes)
        superseded = _hold(session, plan, dates, actor, at)
    except IntegrityError as clash:
        raise Conflict("Another plan or appointment holds for the same time; plan again.") from clash
    planned, unplanned = _move_jobs(session, plan, jobs, visits, known, actor, at)
    # Outlets are told of jobs, not of places that are only held.
    sent = [row for row in visits if row["job_id"] in jobs]
    send_visits(
        session,
        sent,
        Channels(
            of_outlet={outlet.id: str(outlet.channel) for outlet in day.outlets},
            freeze_s=freeze_moments(session, day.date, at),
            thawed=None if plan.wish["freeze"] == "none" else plan.wish.get("thawed", ()),
        ),
        job_ids=jobs.keys(),
        standing={row["job_id"]: jobs[row["job_id"]].state for row in sent if _holds(jobs[row["job_id"]], row)},
        by=By(actor=actor, channel="api", plan_id=plan.id),
        at=at,
    )
    visited = {row["job_id"] for row in visits}
    short_of_parts = allocate_shipments(
        session,
        [one for one in stored.plan.shipments if one.job_id in visited],
        holders=movable | visited,
        first=day.date,
        now=at,
    )
    plan.state, plan.published_at = PlanState.PUBLISHED, at
    plan.version += 1
    done = Publication(
        visits=len(visits),
        routes=len(routes),
        planned=planned,
        unplanned=unplanned,
        left_away=left_away,
        superseded=superseded,
        short_of_parts=tuple(short_of_parts),
    )
    _tell(session, plan, done, dates, at)
    session.flush()
    return done


def _enter_due(session: Session, stored: StoredPlan, by: By, at: dt.datetime) -> None:
    """Make jobs of the due visits that the plan has, but for those that a tour or another plan has taken since."""
    rows = due_rows(stored.frozen.folder)
    planned = {stop.job_id for route in stored.plan.routes for stop in route.stops}.intersection(rows)
    planned -= on_tours(session, planned)
    take_up_only(session, planned, by=by, at=at)
    for some in batches(sorted(planned), AT_ONCE):
        planned.difference_update(session.scalars(select(JobRow.id).where(JobRow.id.in_(some))))
    if planned:
        reported = at.astimezone(TIME_ZONE).isoformat(timespec="seconds")
        cells = [
            {**row, "job_id": id_, "reported_at": min(row["reported_at"], reported)}
            for id_, row in sorted(rows.items())
            if id_ in planned
        ]
        made = enter_due(session, read_jobs(session, cells, now=at), by=by, at=at)
        emit_all(session, EventType.JOB_CREATED, [(job.id, job_event(job), job.centre_id) for job in made], at)


def _jobs(session: Session, job_ids: set[str]) -> Iterator[_Job]:
    columns = (JobRow.id, JobRow.state, JobRow.published_technician_id, JobRow.published_start, JobRow.told)
    for some in batches(sorted(job_ids), AT_ONCE):
        for id_, state, technician_id, start, told in session.execute(
            select(*columns).where(JobRow.id.in_(some)).order_by(JobRow.id).with_for_update()
        ):
            yield _Job(id=id_, state=JobState(state), technician_id=technician_id, start=start, told=told)


def _hold_promises(session: Session, plan: Plan, stored: StoredPlan, known: set[str], over: set[str]) -> None:
    """Refuse to overwrite a promise that the plan has not seen; over: places that were held and are not any more."""
    now = live_visits(session, plan, known)
    unseen = now.keys() - known - stored.frozen.live.keys()
    moved = {id_ for id_ in known - over if not _same(now.get(id_), stored.frozen.live.get(id_))}
    if unseen or moved:
        ids = sorted(unseen | moved)
        raise Conflict(
            f"{len(ids)} visits were promised, moved or taken back since this plan was begun; plan again.",
            members={"job_ids": ids[:AT_ONCE]},
        )


def _same(one: LiveVisit | None, other: LiveVisit | None) -> bool:
    return one == other


def _rows(plan: Plan, stored: StoredPlan) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of visits and routes."""
    day = stored.day
    shifts = {shift.id: shift for shift in day.shifts}
    outlets = {outlet.id: outlet for outlet in day.outlets}
    outlet_of = {person.id: outlets[person.outlet_id] for person in day.technicians}
    moment = partial(moment_of, day.date)
    visits, routes = [], []
    for route in stored.plan.routes:
        shift = shifts[route.shift_id]
        outlet = outlet_of[shift.technician_id]
        place = {
            "plan_id": plan.id,
            "centre_id": outlet.centre_id,
            "outlet_id": outlet.id,
            "technician_id": shift.technician_id,
            "date": day.date + dt.timedelta(days=shift.day),
        }
        routes.append(
            {
                **place,
                "depart_at": moment(route.depart_s),
                "return_at": moment(route.return_s),
                "break_start_at": None if route.break_start_s is None else moment(route.break_start_s),
                "return_travel_s": route.return_travel_s,
                "return_travel_m": route.return_travel_m,
            }
        )
        visits += [
            {
                **place,
                "job_id": stop.job_id,
                "sequence": sequence,
                "start_at": moment(stop.start_s),
                "end_at": moment(stop.end_s),
                "travel_s": stop.travel_s,
                "travel_m": stop.travel_m,
            }
            for sequence, stop in enumerate(route.stops, start=1)
        ]
    return visits, routes


def _replace_visits(session: Session, job_ids: set[str], visits: Sequence[Mapping[str, Any]]) -> None:
    for some in batches(sorted(job_ids), AT_ONCE):
        session.execute(delete(Visit).where(Visit.job_id.in_(some)))
    if visits:
        session.execute(insert(Visit), list(visits))


def _replace_routes(
    session: Session, plan: Plan, dates: Sequence[dt.date], routes: Sequence[Mapping[str, Any]]
) -> None:
    here = (LiveRoute.centre_id.in_(plan.centre_ids), LiveRoute.date.in_(dates))
    columns = (LiveRoute.technician_id, LiveRoute.date, LiveRoute.version)
    version = {(id_, date): number for id_, date, number in session.execute(select(*columns).where(*here))}
    # Visits that the plan had no business with keep their routes.
    wanted = {(row["technician_id"], row["date"]) for row in routes}
    kept = select(Visit.technician_id).where(
        Visit.date == LiveRoute.date, Visit.technician_id == LiveRoute.technician_id
    )
    for id_, date in version:
        gone = (LiveRoute.technician_id == id_, LiveRoute.date == date)
        session.execute(delete(LiveRoute).where(*gone, *(() if (id_, date) in wanted else (~kept.exists(),))))
    rows = [{**row, "version": version.get((row["technician_id"], row["date"]), 0) + 1} for row in routes]
    if rows:
        session.execute(insert(LiveRoute), rows)


def _hold(session: Session, plan: Plan, dates: Sequence[dt.date], actor: str, at: dt.datetime) -> tuple[str, ...]:
    """Let the plan hold for its centres and dates; return the plans that hold for nothing any more."""
    here = (Published.centre_id.in_(plan.centre_ids), Published.date.in_(dates))
    before = set(session.scalars(select(Published.plan_id).where(*here)))
    session.execute(delete(Published).where(*here))
    rows = [
        {"centre_id": centre_id, "date": date, "plan_id": plan.id, "published_at": at, "actor": actor}
        for centre_id in plan.centre_ids
        for date in dates
    ]
    session.execute(insert(Published), rows)
    left = select(Published.plan_id).where(Published.plan_id.in_(before))
    gone = tuple(sorted(before - set(session.scalars(left)) - {plan.id}))
    session.execute(
        update(Plan)
        .where(Plan.id.in_(gone))
        .values(state=PlanState.SUPERSEDED, version=Plan.version + 1)
        .execution_options(synchronize_session=False)
    )
    return gone


def _move_jobs(
    session: Session,
    plan: Plan,
    jobs: Mapping[str, _Job],
    visits: Sequence[Mapping[str, Any]],
    known: set[str],
    actor: str,
    at: dt.datetime,
) -> tuple[int, int]:
    """Say in the jobs who comes when, and in their history what changed; return how many are planned and unplanned."""
    changes: list[dict[str, Any]] = []
    history: list[dict[str, Any]] = []
    visited = {row["job_id"]: row for row in visits}
    unplanned = 0
    for id_ in sorted(known & jobs.keys()):
        job, row = jobs[id_], visited.get(id_)
        if row is None and job.state not in PROMISED and job.technician_id is None:
            continue
        if job.state not in MOVABLE or (row is not None and _holds(job, row)):
            continue
        state = JobState.NEEDS_VISIT if row is None else JobState.PLANNED
        unplanned += row is None
        start = None if row is None else row["start_at"]
        technician_id = None if row is None else row["technician_id"]
        changes.append({"job_id": id_, "to": str(state), "technician": technician_id, "start": start})
        history.append(
            {
                "id": new_id("hist"),
                "job_id": id_,
                "at": at,
                "actor": actor,
                "channel": "api",
                "kind": "state",
                "from_state": str(job.state),
                "to_state": str(state),
                "plan_id": plan.id,
                "detail": {
                    "technician_id": technician_id,
                    "start": None if start is None else start.isoformat(),
                    "was_technician_id": job.technician_id,
                    "was_start": None if job.start is None else job.start.isoformat(),
                    "was_told": job.told,
                },
            }
        )
    if changes:
        moved = (
            update(JobRow)
            .where(JobRow.id == bindparam("job_id"))
            .values(
                state=bindparam("to"),
                published_technician_id=bindparam("technician"),
                published_start=bindparam("start"),
                told=False,
                version=JobRow.version + 1,
                updated_at=at,
            )
        )
        session.connection().execute(moved, changes)
    if history:
        session.execute(insert(JobHistory), history)
    tell_moves(session, {line["job_id"]: line["from_state"] for line in history}, at)
    return len(changes) - unplanned, unplanned


def _holds(job: _Job, row: Mapping[str, Any]) -> bool:
    """Return whether a visit stays as it was promised."""
    if job.state not in PROMISED or job.start is None or job.technician_id != row["technician_id"]:
        return False
    start: dt.datetime = row["start_at"]
    return abs((start - job.start).total_seconds()) <= LOCK_TOLERANCE_S


def _tell(session: Session, plan: Plan, done: Publication, dates: Sequence[dt.date], at: dt.datetime) -> None:
    told = {
        "dates": [date.isoformat() for date in dates],
        "visits": done.visits,
        "routes": done.routes,
        "superseded": list(done.superseded),
        "short_of_parts": list(done.short_of_parts),
    }
    count = dict(
        session.execute(
            select(Visit.centre_id, func.count()).where(Visit.plan_id == plan.id).group_by(Visit.centre_id)
        ).all()
    )
    for centre_id in plan.centre_ids:
        data = {**told, "centre_id": centre_id, "visits": count.get(centre_id, 0)}
        emit(session, EventType.PLAN_PUBLISHED, plan.id, data, centre_id, at)
