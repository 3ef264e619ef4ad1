"""A day folder with villages and crews → what tours are planned from, and what is printed with them."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from datasets.day import DayFolder, DaySource, build_day, read_source
from datasets.due_visits import DueVisit, due_visits, visit_jobs
from datasets.faults import DayRefused, FaultList
from datasets.network import live_rows, wgs84
from datasets.settings import Settings
from datasets.table import Table
from datasets.tour_apart import told_apart
from datasets.tour_crews import build_crews
from datasets.tour_kits_ready import kits_ready
from datasets.tour_policy import TourPolicy
from datasets.tour_told import Promise
from datasets.tour_walk_ins import with_certificates, with_walk_ins
from geo.areas import Areas
from geo.matrix import unit_vectors
from optimizer.model import DAY_S, ClockKind, Day, Job
from optimizer.tours.kit import VanPart
from optimizer.tours.model import (
    Levers,
    LockedDay,
    Lodging,
    Spacing,
    Span,
    Told,
    Touring,
    TourJob,
    Village,
    WorkKind,
)

__all__ = ["Aside", "TourFolder", "build_tours", "read_tours"]

EARTH_M = 6_371_000
NO_PROMISE_DAYS = 366
"""A call without a promise may wait for so long beyond the horizon, and so for later tours."""
NEEDED = ("villages", "lodgings", "crews")


class Aside(StrEnum):
    """Why a call is none of a tour's: it lies in no village, or its customer must still agree to pay."""

    FAR = "far"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TourFolder:
    """A day folder whose tours can be planned, read and found good.

    folder: the same as `paigong day` reads it. touring: what tours are planned from; nobody knows yet what outlets
    would be paid (`optimizer.tours.outlets.with_outlets`). day: the same days with exactly the calls and due visits
    that tours may do as its jobs, for kits, sourcing and outlets. policy: [tour] of day.toml. visits: due visits by job
    id. aside: why other calls are none of a tour's, by job id.
    jobs: text of each job as in jobs.csv (brand, product, fault, address, contact, phone, …), by job id.
    villages, lodgings, crews, maintenance, consents: every cell as typed, indexed by id.
    """

    folder: DayFolder
    touring: Touring
    day: Day
    policy: TourPolicy
    van_parts: tuple[VanPart, ...]
    visits: Mapping[str, DueVisit]
    aside: Mapping[str, Aside]
    carried: Mapping[str, tuple[tuple[str, int], ...]]
    jobs: pd.DataFrame
    villages: pd.DataFrame
    lodgings: pd.DataFrame
    crews: pd.DataFrame
    maintenance: pd.DataFrame
    consents: pd.DataFrame


def read_tours(folder: Path) -> TourFolder:
    """Read a day folder with its villages, lodgings and crews.

    Raises
    ------
    DayRefused
        With every fault of every file.
    """
    source = read_source(folder)
    faults = FaultList()
    for name in NEEDED:
        if not len(source.tables[name].lines):
            faults.add(source.tables[name].layout.file, None, "", "no rows", "at least one row, to plan tours")
    if faults.faults:
        raise DayRefused(faults.faults)
    return build_tours(source)


def build_tours(source: DaySource) -> TourFolder:
    """Build the tours' question from a source that has villages, lodgings and crews."""
    settings, tables = source.settings, source.tables
    folder = build_day(source)
    areas = Areas.of_places() if source.areas is None else source.areas
    live_ids = set(tables["outlets"].values["outlet_id"][live_rows(tables["outlets"], settings.date)])
    live_outlets = [outlet for outlet in folder.day.outlets if outlet.id in live_ids]
    owed = [visit for visit in due_visits(tables["maintenance"], settings) if _village_of(visit, tables)]
    visits = visit_jobs(owed, tables, live_outlets, areas, settings)
    policy = replace(settings.tour, walk_ins=with_certificates(settings.tour.walk_ins, tables))
    villages = told_apart(_build_villages(tables["villages"], settings), areas)
    known = tables["jobs"].ids
    calls = [job for job in folder.day.jobs if job.id in known]
    at = _nearest_villages(calls, villages, settings.tour.village_reach_m)
    aside = {job.id: Aside.FAR for job in calls if job.id not in at}
    aside |= {job.id: Aside.PENDING for job in calls if job.id in at and not job.consent}
    calls = [job for job in calls if job.id not in aside]
    day = replace(folder.day, jobs=(*calls, *visits.jobs))
    ready = kits_ready(day, folder.supply.shelves, sorted(set(tables["crews"].values["outlet_id"])))
    consents = dict(zip(tables["consents"].values["job_id"], tables["consents"].values["until"], strict=True))
    asked = [_call(job, at[job.id], consents.get(job.id), ready, settings) for job in calls]
    by_id = {visit.id: visit for visit in owed}
    asked += [_visit(job, by_id[job.id], tables["maintenance"], ready, settings) for job in visits.jobs]
    touring = Touring(
        date=settings.date,
        days=settings.days,
        now_s=settings.now_s,
        villages=villages,
        lodgings=told_apart(_build_lodgings(tables["lodgings"], settings), areas),
        crews=told_apart(build_crews(tables, day.shifts, settings), None),
        jobs=tuple(asked),
        spacings=_spacings(owed, tables["maintenance"]),
        driving_s=settings.tour.driving_s,
        cover_s=settings.tour.cover_s,
        lead_day=_lead_day(settings),
        charges=settings.tour.charges,
        levers=_levers(settings),
    )
    rows = pd.concat([folder.jobs.loc[[job.id for job in calls]], _indexed(visits.rows)])
    return TourFolder(
        folder=folder,
        touring=with_walk_ins(touring, policy.walk_ins),
        day=day,
        policy=policy,
        van_parts=_van_parts(tables["van_parts"], tables["parts"]),
        visits=by_id,
        aside=aside,
        carried={id_: kit for id_, kit in folder.carried.items() if id_ in at} | dict(visits.carried),
        jobs=rows,
        **{name: _indexed(tables[name]) for name in ("villages", "lodgings", "crews", "maintenance", "consents")},
    )


def _build_villages(table: Table, settings: Settings) -> tuple[Village, ...]:
    """Build every village; days without a road in count inside the horizon only, a date told until it is over.

    A contact is a name with its telephone: two people of one name are two contacts.
    """
    names = (
        "village_id",
        "name",
        "households",
        "contact",
        "phone",
        "last_visit",
        "announced",
        "announced_at",
        "cut_off",
    )
    columns = zip(*(table.values[name] for name in names), strict=True)
    return tuple(
        Village(
            id=id_,
            name=name,
            position=(lon, lat),
            households=households,
            contact=f"{contact} {phone}".strip(),
            last_visit_day=_day_or_none(last_visit, settings),
            told=_told(id_, announced, announced_at, settings),
            cut_off=_days(cut_off, settings),
        )
        for (lon, lat), (id_, name, households, contact, phone, last_visit, announced, announced_at, cut_off) in zip(
            wgs84(table).tolist(), columns, strict=True
        )
    )


def _told(
    id_: str, announced: Iterable[dt.date], announced_at: Iterable[Promise], settings: Settings
) -> tuple[Told, ...]:
    """Return what a village was told and is not over."""
    promises = {*((date, id_) for date in announced), *announced_at}
    told = (Told(day=(date - settings.date).days, stop_id=stop_id) for date, stop_id in promises)
    return tuple(sorted(one for one in told if one.day >= 0))


def _build_lodgings(table: Table, settings: Settings) -> tuple[Lodging, ...]:
    """Build every lodging."""
    columns = zip(
        *(table.values[name] for name in ("lodging_id", "name", "price_fen", "check_in", "closed_on")), strict=True
    )
    return tuple(
        Lodging(
            id=id_,
            name=name,
            position=(lon, lat),
            price_fen=price_fen,
            check_in_s=check_in_s,
            closed=_days(closed, settings),
        )
        for (lon, lat), (id_, name, price_fen, check_in_s, closed) in zip(wgs84(table).tolist(), columns, strict=True)
    )


def _day_or_none(date: dt.date | None, settings: Settings) -> int | None:
    return None if date is None else (date - settings.date).days


def _days(dates: frozenset[dt.date], settings: Settings) -> frozenset[int]:
    return frozenset(day for date in dates if 0 <= (day := (date - settings.date).days) < settings.days)


def _village_of(visit: DueVisit, tables: Mapping[str, Table]) -> str | None:
    found: str | None = tables["maintenance"].values["village_id"][visit.row]
    return found


def _nearest_villages(jobs: Sequence[Job], villages: Sequence[Village], reach_m: int) -> dict[str, str]:
    """Return the village that each job lies in: the nearest in a straight line, if that is within reach."""
    if not jobs:
        return {}
    places = KDTree(unit_vectors(np.array([village.position for village in villages], np.float64)))
    found = places.query(unit_vectors(np.array([job.position for job in jobs], np.float64)))
    away, nearest = np.asarray(found[0]), np.asarray(found[1])
    return {
        job.id: villages[place].id
        for job, place, chord in zip(jobs, nearest.tolist(), away.tolist(), strict=True)
        if chord * EARTH_M <= reach_m
    }


def _call(
    job: Job, village_id: str, until: dt.date | None, ready: Mapping[str, int | None], settings: Settings
) -> TourJob:
    """Return a call: by its consent, else by the first of its clocks."""
    agreed_s = None if until is None else ((until - settings.date).days + 1) * DAY_S - 1
    return _asked(
        job,
        village_id,
        settings,
        kind=WorkKind.CALL if agreed_s is None else WorkKind.CONSENTED,
        last_s=_promised_s(job, settings) if agreed_s is None else agreed_s,
        kit_ready_s=ready.get(job.id, 0),
        reported_s=job.reported_s,
    )


def _promised_s(job: Job, settings: Settings) -> int:
    """Return the latest start that keeps every clock; resolution clocks stop when the service ends."""
    starts = [clock.due_s - (job.service_s if clock.kind is ClockKind.RESOLUTION else 0) for clock in job.clocks]
    return min(starts, default=(settings.days + NO_PROMISE_DAYS) * DAY_S)


def _visit(job: Job, visit: DueVisit, plans: Table, ready: Mapping[str, int | None], settings: Settings) -> TourJob:
    """Return a due visit; an overdue one is owed until the horizon ends."""
    last_day = settings.days - 1 if visit.overdue else visit.last_day
    asked = _asked(
        job,
        plans.values["village_id"][visit.row],
        settings,
        kind=WorkKind.PREVENTIVE,
        last_s=(last_day + 1) * DAY_S - 1,
        kit_ready_s=ready.get(job.id, 0),
        reported_s=None,
    )
    return replace(
        asked,
        first_s=max(0, visit.first_day) * DAY_S,
        windows=(),
        due_day=visit.due_day,
        interval_days=plans.values["interval_days"][visit.row],
        plan_id=visit.plan_id,
    )


def _asked(
    job: Job,
    village_id: str,
    settings: Settings,
    *,
    kind: WorkKind,
    last_s: int,
    kit_ready_s: int | None,
    reported_s: int | None,
) -> TourJob:
    windows = job.windows if job.appointment is None else (job.appointment,)
    return TourJob(
        id=job.id,
        village_id=village_id,
        kind=kind,
        skill=job.skill,
        service_s=job.service_s,
        first_s=0,
        last_s=last_s,
        certificates=job.certificates,
        people=job.crew,
        load=job.load,
        windows=tuple((window.earliest_s, window.latest_s) for window in windows),
        reported_s=reported_s,
        customer_class=job.customer_class,
        portable=job.skill.family in settings.repair_modes.portable and job.crew == 1,
        kit_ready_s=kit_ready_s,
        order_lines=job.order_lines,
    )


def _lead_day(settings: Settings) -> int:
    """Return the first day that people can still be told of: where nothing is said of walk-ins, tomorrow's."""
    today, walk_ins = settings.now_s // DAY_S, settings.tour.walk_ins
    return max(0, today + 1) if walk_ins is None else max(0, today) + walk_ins.lead_days


def _spacings(visits: Sequence[DueVisit], plans: Table) -> tuple[Spacing, ...]:
    """Return for every plan with several visits in the horizon how far apart they lie: an interval, with its tolerance.

    The tolerances of two visits do not add up.
    """
    by_row: dict[int, list[str]] = {}
    for visit in visits:
        by_row.setdefault(visit.row, []).append(visit.id)
    interval, early, late = (plans.values[name] for name in ("interval_days", "early_days", "late_days"))
    return tuple(
        Spacing(job_ids=tuple(ids), least_days=max(1, interval[row] - early[row]), most_days=interval[row] + late[row])
        for row, ids in by_row.items()
        if len(ids) > 1
    )


def _levers(settings: Settings) -> Levers:
    policy = settings.tour

    def day_of(date: dt.date) -> int:
        return (date - settings.date).days

    return replace(
        policy.levers,
        locked=tuple(
            LockedDay(
                crew_id=locked.crew_id,
                day=day_of(locked.date),
                job_ids=locked.job_ids,
                lodging_id=locked.lodging_id or None,
            )
            for locked in policy.locked
        ),
        spans=tuple(
            Span(crew_id=span.crew_id, first_day=day_of(span.first), last_day=day_of(span.last))
            for span in policy.spans
        ),
    )


def _van_parts(table: Table, parts: Table) -> tuple[VanPart, ...]:
    columns = (parts.values[name] for name in ("part_id", "family", "price_fen"))
    known = {part_id: (family, price_fen) for part_id, family, price_fen in zip(*columns, strict=True)}
    names = ("part_id", "volume_ml", "chance_permille", "most")
    return tuple(
        VanPart(
            part_id=part_id,
            family=known[part_id][0],
            chance_permille=chance_permille,
            volume_ml=volume_ml,
            price_fen=known[part_id][1],
            most=most,
        )
        for part_id, volume_ml, chance_permille, most in zip(*(table.values[name] for name in names), strict=True)
    )


def _indexed(table: Table) -> pd.DataFrame:
    return pd.DataFrame(table.text, dtype=object).set_index(table.layout.columns[0].name, drop=True)
