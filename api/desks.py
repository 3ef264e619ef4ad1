"""The published plan kept as arrays, a desk per centre and plan: built once, then moved on with the live schedule.

What holds is in the store. A desk remembers the version of every live route that it has seen; before each question it
asks for one row that says whether any has changed, whoever changed it, and takes over the routes that did.
"""

import datetime as dt
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import structlog
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from api.clock import Clock
from api.database import Database
from api.errors import Conflict
from api.judging import stored_plan
from api.replanning import published_as
from api.store.days import network_on
from api.store.plans import file_of
from api.store.slots import HeldJob, held_jobs
from api.tables.jobs import JobRow
from api.tables.plans import LiveRoute, Plan, Published, Visit
from datasets.one_job import JobReader
from datasets.times import local_date, moment_of, seconds_of
from optimizer.desk import Desk, Undrivable, part_of, prepare
from optimizer.model import Job
from optimizer.plan import Route, Stop
from optimizer.territory import parity_of
from optimizer.travel import TravelTimes

__all__ = ["CentreDesk", "Desks"]

Stamp = tuple[tuple[tuple[dt.date, str], ...], int, int]
_LOG = structlog.get_logger()

# Asked before every offer: a statement that is made once is not put together again.
_PLANS_THAT_HOLD = (
    select(Published.date, Published.plan_id)
    .where(Published.centre_id == bindparam("centre_id"), Published.date >= bindparam("today"))
    .order_by(Published.date)
)
_ROUTE_VERSIONS = select(func.count(), func.coalesce(func.sum(LiveRoute.version), 0)).where(
    LiveRoute.centre_id == bindparam("centre_id"), LiveRoute.date >= bindparam("today")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreDesk:
    """A centre's part of a plan that holds for some dates, as it is live now.

    routes: the version of each live route that is in the desk.
    """

    centre_id: str
    plan_id: str
    dates: frozenset[dt.date]
    desk: Desk
    travel: TravelTimes
    reader: JobReader
    routes: Mapping[tuple[str, dt.date], int]

    def asked_at(self, now: dt.datetime) -> Desk:
        """Return the desk at a moment; dates that another plan holds for are shut."""
        desk = self.desk.at(self.seconds(now))
        ours = [(date - self.first).days for date in self.dates]
        elsewhere = ~np.isin(desk.abilities.day, ours)
        return replace(desk, shut=desk.shut | elsewhere) if elsewhere.any() else desk

    @property
    def first(self) -> dt.date:
        """The date whose midnight the day's clock counts from."""
        return self.desk.roster.day.date

    def seconds(self, moment: dt.datetime) -> int:
        """Return a moment by the day's clock."""
        return seconds_of(self.first, moment)

    def moment(self, seconds: int) -> dt.datetime:
        """Return what the day's clock means."""
        return moment_of(self.first, seconds)

    def shift_id(self, technician_id: str, date: dt.date) -> str | None:
        """Return a technician's shift on a date."""
        roster = self.desk.roster
        shift = roster.shift_on.get((technician_id, (date - roster.day.date).days))
        return None if shift is None else shift.id


class Desks:
    """The desks of this process; any number of threads may ask."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._kept: dict[str, tuple[Stamp, tuple[CentreDesk, ...]]] = {}
        self._bases: dict[tuple[str, str], CentreDesk] = {}
        self._loading = threading.Lock()
        self._centres: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def warm(self) -> None:
        """Build every desk that is published, so that nobody waits for it."""
        today = local_date(self._clock())
        with self._database.read() as session:
            for centre_id in sorted(set(session.scalars(select(Published.centre_id).where(Published.date >= today)))):
                self.current(session, centre_id)

    def current(self, session: Session, centre_id: str) -> tuple[CentreDesk, ...]:
        """Return a centre's desks, one for each plan that holds for it from today on, as this session sees them.

        The session must not have changed visits itself: what it might still take back is nobody's to remember.

        Raises
        ------
        Conflict
            No plan is published for the centre.
        """
        stamp = self._stamp(session, centre_id)
        if not stamp[0]:
            raise Conflict("No plan is published for this centre: there is nothing to offer from.")
        if (known := self._known(centre_id, stamp)) is not None:
            return known
        with self._centres[centre_id]:
            if (known := self._known(centre_id, stamp)) is not None:
                return known
            desks = self._moved_on(session, centre_id, stamp)
            self._kept[centre_id] = stamp, desks
            return desks

    def reader(self, session: Session, centre_id: str | None) -> JobReader:
        """Return what reads a job: that of its centre's plan if it says which, or of any plan. Raises Conflict."""
        kept = self._kept.get(centre_id or "") or next(iter(self._kept.values()), None)
        if kept is not None:
            return kept[1][0].reader
        today = local_date(self._clock())
        first = session.scalar(select(Published.centre_id).where(Published.date >= today).limit(1))
        return self.current(session, first or "")[0].reader

    def _known(self, centre_id: str, stamp: Stamp) -> tuple[CentreDesk, ...] | None:
        """Return the desks if they are as new as the stamp: versions only grow while the same plans hold."""
        kept = self._kept.get(centre_id)
        return kept[1] if kept is not None and kept[0][0] == stamp[0] and kept[0][2] >= stamp[2] else None

    def _stamp(self, session: Session, centre_id: str) -> Stamp:
        asked = {"centre_id": centre_id, "today": local_date(self._clock())}
        plans = session.execute(_PLANS_THAT_HOLD, asked)
        routes = session.execute(_ROUTE_VERSIONS, asked).one()
        return tuple((date, plan_id) for date, plan_id in plans), int(routes[0]), int(routes[1])

    def _moved_on(self, session: Session, centre_id: str, stamp: Stamp) -> tuple[CentreDesk, ...]:
        dates: defaultdict[str, set[dt.date]] = defaultdict(set)
        for date, plan_id in stamp[0]:
            dates[plan_id].add(date)
        before = {one.plan_id: one for one in self._kept.get(centre_id, (stamp, ()))[1]}
        found = []
        for plan_id, held in dates.items():
            known = before.get(plan_id) or self._base(session, plan_id, centre_id)
            found.append(_followed(session, replace(known, dates=frozenset(held))))
        return tuple(found)

    def _base(self, session: Session, plan_id: str, centre_id: str) -> CentreDesk:
        """Return a centre's desk of a plan as it was published; all centres of a plan are read at once."""
        with self._loading:
            if (plan_id, centre_id) not in self._bases:
                held = set(session.scalars(select(Published.plan_id)))
                self._bases = {key: base for key, base in self._bases.items() if key[0] in held}
                for base in _bases(session, plan_id):
                    self._bases[plan_id, base.centre_id] = base
            return self._bases.pop((plan_id, centre_id))


def _bases(session: Session, plan_id: str) -> Iterable[CentreDesk]:
    """Yield the desks of a plan's centres, as it was published."""
    row = session.get_one(Plan, plan_id)
    day_file, plan_file = file_of(session, plan_id, "day"), file_of(session, plan_id, "plan")
    assert day_file, "a published plan has its day"
    assert plan_file, "a published plan has its routes"
    stored = stored_plan(day_file, plan_file)
    del day_file, plan_file
    owner = {shift.id: shift.technician_id for shift in stored.day.shifts}
    visits = {
        stop.job_id: (owner[route.shift_id], stop.start_s) for route in stored.plan.routes for stop in route.stops
    }
    told = set(session.scalars(select(JobRow.id).where(JobRow.told, JobRow.published_technician_id.is_not(None))))
    day = published_as(stored.frozen.folder, visits).day
    day = replace(day, jobs=tuple(_told(job, job.id in told) for job in day.jobs))
    travel = stored.travel
    reader = JobReader(network_on(session, date=row.date, days=row.days, now=row.now))
    parity = parity_of(day, {job_id: start_s for job_id, (_, start_s) in visits.items()})
    outlets: defaultdict[str, list[str]] = defaultdict(list)
    for outlet in day.outlets:
        outlets[outlet.centre_id].append(outlet.id)
    for centre_id in row.centre_ids:
        part, plan = part_of(day, stored.plan, outlets[centre_id])
        yield CentreDesk(
            centre_id=centre_id,
            plan_id=plan_id,
            dates=frozenset(),
            desk=prepare(part, plan, travel, parity),
            travel=travel,
            reader=reader,
            routes={},
        )


def _told(job: Job, is_told: bool) -> Job:
    if job.published is None or job.published.told == is_told:
        return job
    return replace(job, published=replace(job.published, told=is_told))


def _followed(session: Session, desk: CentreDesk) -> CentreDesk:
    """Return the desk with the live routes that have changed since it last looked."""
    here = (LiveRoute.centre_id == desk.centre_id, LiveRoute.date.in_(desk.dates))
    changed = [
        route
        for route in session.scalars(select(LiveRoute).where(*here))
        if desk.routes.get((route.technician_id, route.date)) != route.version
    ]
    wanted = {(route.technician_id, route.date) for route in changed}
    visits: defaultdict[tuple[str, dt.date], list[Visit]] = defaultdict(list)
    if changed:
        query = select(Visit).where(Visit.centre_id == desk.centre_id, Visit.date.in_(desk.dates))
        if len(changed) <= FEW:
            query = query.where(Visit.technician_id.in_({route.technician_id for route in changed}))
        for visit in session.scalars(query.order_by(Visit.sequence)):
            if (visit.technician_id, visit.date) in wanted:
                visits[visit.technician_id, visit.date].append(visit)
    arrays = desk.desk
    live = [(route, visits[route.technician_id, route.date]) for route in changed]
    # Whoever has left a route may come back on another one: all leave before anybody comes.
    for route, stops in live:
        arrays = _without(desk, arrays, route, {visit.job_id for visit in stops})
    for route, stops in live:
        arrays = _with(session, desk, arrays, route, stops)
    versions = {(route.technician_id, route.date): route.version for route in changed}
    return replace(desk, desk=arrays, routes={**desk.routes, **versions})


FEW = 50


def _without(desk: CentreDesk, arrays: Desk, live: LiveRoute, stay: set[str]) -> Desk:
    shift_id = desk.shift_id(live.technician_id, live.date)
    old = arrays.routes.get(shift_id or "")
    for stop in old.stops if old else ():
        if stop.job_id not in stay:
            try:
                arrays = arrays.remove(stop.job_id)
            except Undrivable:
                return _shut(arrays, shift_id or "", "undrivable")
    return arrays


def _with(session: Session, desk: CentreDesk, arrays: Desk, live: LiveRoute, visits: Sequence[Visit]) -> Desk:
    """Return the desk with a live route; one that it cannot know is shut: nothing is offered there."""
    shift_id = desk.shift_id(live.technician_id, live.date)
    if shift_id is None:
        return arrays
    old = arrays.routes.get(shift_id)
    wanted = [(one.job_id, desk.seconds(one.start_at), desk.seconds(one.end_at)) for one in visits]
    if wanted == [(stop.job_id, stop.start_s, stop.end_s) for stop in (old.stops if old else ())]:
        return arrays
    if not wanted:
        return arrays
    strangers = [one.job_id for one in visits if one.job_id not in arrays.jobs and one.job_id not in arrays.left_out]
    held = held_jobs(session, strangers)
    if len(held) < len(strangers):
        return _shut(arrays, shift_id, "stranger")
    jobs = [_job_of(desk, one) for one in held]
    shipments = [one for held_job in held for one in held_job.shipments_of(desk.plan_id)]
    route = Route(
        shift_id=shift_id,
        depart_s=desk.seconds(live.depart_at),
        stops=tuple(
            Stop(job_id=job_id, start_s=start_s, end_s=end_s, travel_s=one.travel_s, travel_m=one.travel_m)
            for one, (job_id, start_s, end_s) in zip(visits, wanted, strict=True)
        ),
        return_s=desk.seconds(live.return_at),
        return_travel_s=live.return_travel_s,
        return_travel_m=live.return_travel_m,
        break_start_s=None if live.break_start_at is None else desk.seconds(live.break_start_at),
    )
    return arrays.replace_route(route, jobs, shipments)


def _job_of(desk: CentreDesk, held: HeldJob) -> Job:
    job = desk.reader.read(held.cells)
    return replace(job, centre_id=desk.centre_id) if job.centre_id not in desk.desk.centres else job


def _shut(arrays: Desk, shift_id: str, why: str) -> Desk:
    _LOG.warning("desk.shut", shift_id=shift_id, why=why)
    shut = arrays.shut.copy()
    shut[arrays.abilities.shifts[shift_id]] = True
    return replace(arrays, shut=shut)
