"""The visits that maintenance plans owe within a horizon, and the same as jobs of a day."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from datasets.columns import JOBS
from datasets.faults import FaultList
from datasets.job_list import KitList, build_jobs, carried_by_job, compute
from datasets.settings import Settings
from datasets.table import Table, table_of
from datasets.times import instant_text
from geo.areas import Areas
from optimizer.model import DAY_S, Clock, ClockKind, Job, Outlet, Shift, Technician

__all__ = [
    "CLOCK_NAME",
    "DueVisit",
    "VisitJobs",
    "due_visits",
    "first_of_each",
    "plan_of",
    "that_fill",
    "visit_jobs",
]

CLOCK_NAME = "maintenance"
"""The promise of a due visit has this name beside the rows of the policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueVisit:
    """A visit that a plan owes. Days count from the first of the horizon.

    row: of maintenance.csv. first_day, last_day: its tolerance. overdue: the tolerance was over before it could be
    planned; it may then be on any day.
    """

    id: str
    row: int
    due_day: int
    first_day: int
    last_day: int
    overdue: bool

    @property
    def plan_id(self) -> str:
        """The plan that owes it."""
        return plan_of(self.id)


def plan_of(visit_id: str) -> str:
    """Return the plan of a visit by its id, which is the plan's with `@` and the date it is due on."""
    return visit_id.rpartition("@")[0]


def due_visits(plans: Table, settings: Settings) -> list[DueVisit]:
    """Return the visits whose tolerance meets the horizon, by plan as the file has them and then by date.

    A visit is due `interval_days` after the last one, and so on. One whose tolerance is over stays owed, and what
    follows it is counted from the first day that is still to come. Rows that cannot be read owe nothing.
    """
    today = max(0, settings.now_s // DAY_S)
    columns = (plans.values[name] for name in ("plan_id", "interval_days", "last_on", "early_days", "late_days"))
    return [
        visit
        for row, cells in enumerate(zip(*columns, strict=True))
        if None not in cells
        for visit in _of_plan(row, cells, settings, today)
    ]


def _of_plan(row: int, cells: tuple[str, int, dt.date, int, int], settings: Settings, today: int) -> Iterator[DueVisit]:
    plan_id, interval, last_on, early, late = cells
    due = (last_on - settings.date).days + interval
    while due - early < settings.days:
        overdue = due + late < today
        yield DueVisit(
            id=f"{plan_id}@{settings.date + dt.timedelta(days=due)}",
            row=row,
            due_day=due,
            first_day=due - early,
            last_day=due + late,
            overdue=overdue,
        )
        due = (today if overdue else due) + interval


def first_of_each(visits: Iterable[DueVisit]) -> list[DueVisit]:
    """Return the first visit of each plan: the next one's date depends on it."""
    found: dict[int, DueVisit] = {}
    for visit in visits:
        found.setdefault(visit.row, visit)
    return list(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitJobs:
    """Visits as a day has them. rows: of jobs.csv. carried: the parts of their kits that are on every van, by id."""

    rows: Table
    jobs: tuple[Job, ...]
    carried: Mapping[str, tuple[tuple[str, int], ...]]


def visit_jobs(
    visits: Sequence[DueVisit],
    tables: Mapping[str, Table],
    live_outlets: Sequence[Outlet],
    areas: Areas,
    settings: Settings,
) -> VisitJobs:
    """Return visits as jobs: reported when their tolerance begins, in a window as long as it lasts.

    So nobody waits for them before; an overdue one may be at any time. None where no outlet is live.
    """
    plans = tables["maintenance"].rows()
    villages = {village["village_id"]: village for village in tables["villages"].rows()}
    wanted = visits if live_outlets else ()
    rows = table_of([_job_row(visit, plans[visit.row], villages, settings) for visit in wanted], JOBS, FaultList())
    kits = KitList.of(tables["kits"], tables["parts"])
    computed, _ = compute(rows, live_outlets, areas, settings)
    jobs = build_jobs(rows, computed, frozenset(), kits, settings)
    return VisitJobs(
        rows=rows,
        jobs=tuple(replace(job, clocks=(_clock(visit),)) for job, visit in zip(jobs, wanted, strict=True)),
        carried=carried_by_job(rows, computed.exchanged, kits, settings),
    )


def _clock(visit: DueVisit) -> Clock:
    """Return the clock of a visit: it is done by the end of its tolerance; an overdue one by the end of the first day.

    A promise about the end of the visit: those about arrivals are for customers who wait.
    """
    return Clock(kind=ClockKind.RESOLUTION, due_s=DAY_S * (1 + (0 if visit.overdue else visit.last_day)))


_SAME = ("brand", "product", "fault", "skill_level", "certificates", "customer_class", "service_duration")
_OF_HOME = ("crew_size", "load", "contact", "phone")


def _job_row(
    visit: DueVisit, plan: Mapping[str, str], villages: Mapping[str, Mapping[str, str]], settings: Settings
) -> dict[str, str]:
    village = villages.get(plan["village_id"], {})
    place = plan if plan["lon"] else village
    begins, ends = (
        instant_text(settings.date, at) for at in (visit.first_day * DAY_S, (visit.last_day + 1) * DAY_S - 1)
    )
    return {
        **{name: plan[name] for name in (*_SAME, *_OF_HOME)},
        "job_id": visit.id,
        "reported_at": begins,
        "job_type": "maintenance",
        "skill_level": plan["skill_level"] or "1",
        "lon": place["lon"],
        "lat": place["lat"],
        "datum": place["datum"],
        "address": plan["address"] or village.get("name", ""),
        "contact": plan["contact"] or village.get("contact", ""),
        "phone": plan["phone"] or village.get("phone", ""),
        "windows": "" if visit.overdue else f"{begins}/{ends}",
    }


def that_fill(
    visits: Sequence[Job],
    calls: Iterable[Job],
    people: tuple[Iterable[Shift], Iterable[Technician], Iterable[Outlet]],
    percent: int,
) -> list[Job]:
    """Return the visits that thin days have room for, those whose tolerance ends first before the others.

    A centre takes visits in while they and its calls are no more than so many percent of the paid time of its people,
    work on site alone. Calls are never fewer for it.
    """
    shifts, technicians, outlets = people
    centre_of = {outlet.id: outlet.centre_id for outlet in outlets}
    home = {person.id: centre_of[person.outlet_id] for person in technicians}
    room: defaultdict[str, int] = defaultdict(int)
    for shift in shifts:
        room[home[shift.technician_id]] += (shift.end_s - shift.start_s) * percent // 100
    for job in calls:
        room[job.centre_id] -= job.service_s * job.crew
    order = np.argsort([visit.clocks[0].due_s for visit in visits], kind="stable").tolist()
    kept = set()
    for index in order:
        visit = visits[index]
        if visit.service_s * visit.crew <= room[visit.centre_id]:
            room[visit.centre_id] -= visit.service_s * visit.crew
            kept.add(index)
    return [visit for index, visit in enumerate(visits) if index in kept]
