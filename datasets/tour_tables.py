"""Checks in the tables about tours what one cell cannot show: who rides with whom, who agreed when, what is due."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from datasets.due_visits import due_visits, plan_of
from datasets.faults import FaultList
from datasets.settings import SETTINGS_FILE, Settings
from datasets.table import Table
from datasets.times import midnight_of
from optimizer.model import DAY_S

__all__ = ["TOUR_ROWS", "check_tours"]

LONGEST_PLAN_ID = 50
"""A visit is named after its plan and its date, and that is an id too."""

Mask = NDArray[np.bool_]


def check_tours(tables: Mapping[str, Table], settings: Settings | None, faults: FaultList) -> None:
    """Note what is wrong between the tables about tours and the others."""
    _check_members(tables["crews"], tables["technicians"], faults)
    _check_aboard(tables["crews"], tables, faults)
    _check_consents(tables["consents"], tables["jobs"], faults)
    _check_spares(tables["van_parts"], tables["parts"], faults)
    _check_stops(tables["villages"], faults)
    if settings is not None:
        _check_dates(tables, settings, faults)
        _check_visits(tables, settings, faults)
        _check_levers(tables, settings, faults)
        _check_locked(tables, settings, faults)


def _check_members(crews: Table, technicians: Table, faults: FaultList) -> None:
    members = [ids or () for ids in crews.values["technician_ids"]]
    if technicians.whole:
        unknown = _where(not technicians.ids.issuperset(ids) for ids in members)
        crews.refuse(unknown, "technician_ids", "ids that stand in technicians.csv, separated by ;", faults)
    first: dict[str, int] = {}
    for row, ids in enumerate(members):
        for id_ in ids:
            before = first.setdefault(id_, row)
            if before != row:
                allowed = f"each technician in one crew; line {crews.lines[before]} has them too"
                faults.add(crews.layout.file, int(crews.lines[row]), "technician_ids", id_, allowed)


def _check_aboard(crews: Table, tables: Mapping[str, Table], faults: FaultList) -> None:
    jobs, plans = tables["jobs"], tables["maintenance"]
    if jobs.whole and plans.whole:
        unknown = _where(
            any(id_ not in jobs.ids and plan_of(id_) not in plans.ids for id_ in ids or ())
            for ids in crews.values["aboard"]
        )
        crews.refuse(unknown, "aboard", "ids of jobs.csv, or of visits of maintenance.csv (plan@date)", faults)


def _check_consents(consents: Table, jobs: Table, faults: FaultList) -> None:
    reported = dict(zip(jobs.text["job_id"].tolist(), jobs.values["reported_at"].tolist(), strict=True))
    called = np.array(
        [np.nan if (at := reported.get(job)) is None else at for job in consents.text["job_id"].tolist()], np.float64
    )
    early = consents.numbers("recorded_at") < called
    consents.refuse(early, "recorded_at", "a time not before the job's reported_at", faults)


def _check_spares(spares: Table, parts: Table, faults: FaultList) -> None:
    both = zip(parts.text["part_id"].tolist(), parts.values["carried"].tolist(), strict=True)
    carried = spares.among("part_id", frozenset(part_id for part_id, on_every_van in both if on_every_van))
    spares.refuse(carried, "part_id", "a part that is not on every van anyway (parts.carried)", faults)


def _check_stops(villages: Table, faults: FaultList) -> None:
    """Refuse villages to carry things to that are not there."""
    if villages.whole:
        unknown = _where(any(id_ not in villages.ids for _, id_ in at or ()) for at in villages.values["announced_at"])
        villages.refuse(unknown, "announced_at", "DATE@village_id with ids that stand in villages.csv", faults)


def _check_dates(tables: Mapping[str, Table], settings: Settings, faults: FaultList) -> None:
    first, last = settings.date, settings.date + dt.timedelta(days=settings.days - 1)
    today = first + dt.timedelta(days=max(0, settings.now_s // DAY_S))
    for name, column in (("villages", "last_visit"), ("maintenance", "last_on")):
        later = _where(date is not None and date > today for date in tables[name].values[column])
        tables[name].refuse(later, column, f"a date not after {today}", faults)
    for name, column, dates in (
        ("villages", "announced", tables["villages"].values["announced"]),
        (
            "villages",
            "announced_at",
            [{date for date, _ in at or ()} for at in tables["villages"].values["announced_at"]],
        ),
        ("crews", "away_on", [{date} - {None} for date in tables["crews"].values["away_on"]]),
    ):
        outside = _where(not all(first <= date <= last for date in some or ()) for some in dates)
        what = "a date" if name == "crews" else "dates"
        tables[name].refuse(outside, column, f"{what} from {first} to {last}", faults)
    recorded = tables["consents"].numbers("recorded_at") - midnight_of(first)
    tables["consents"].refuse(recorded > settings.now_s, "recorded_at", "a time not after `now` of day.toml", faults)


def _check_visits(tables: Mapping[str, Table], settings: Settings, faults: FaultList) -> None:
    """A visit is a job by its plan and date; a call of that name would be another job."""
    plans, jobs = tables["maintenance"], tables["jobs"]
    taken = {visit.row for visit in due_visits(plans, settings) if visit.id in jobs.ids}
    doubled = _where(row in taken for row in range(len(plans.lines)))
    plans.refuse(doubled, "plan_id", "a plan none of whose visits (plan@date) has the id of a job in jobs.csv", faults)


def _check_levers(tables: Mapping[str, Table], settings: Settings, faults: FaultList) -> None:
    levers = settings.tour.levers
    for key, ids, table in (
        ("must_visit", levers.must_visit, tables["villages"]),
        ("never_visit", levers.never_visit, tables["villages"]),
        ("forbidden_lodgings", levers.forbidden_lodgings, tables["lodgings"]),
    ):
        _check_known(f"tour.{key}", ids, table, faults)
    for both in sorted(levers.must_visit & levers.never_visit):
        faults.add(SETTINGS_FILE, None, "tour.never_visit", both, "villages that are not in must_visit as well")


def _check_locked(tables: Mapping[str, Table], settings: Settings, faults: FaultList) -> None:
    policy, last = settings.tour, settings.date + dt.timedelta(days=settings.days - 1)
    jobs, plans = tables["jobs"], tables["maintenance"]
    for number, locked in enumerate(policy.locked, start=1):
        where = f"tour.locked[{number}]"
        _check_known(f"{where}.crew_id", [locked.crew_id], tables["crews"], faults)
        _check_known(f"{where}.lodging_id", [locked.lodging_id], tables["lodgings"], faults)
        if not settings.date <= locked.date <= last:
            faults.add(SETTINGS_FILE, None, f"{where}.date", locked.date, f"a date from {settings.date} to {last}")
        for job_id in locked.job_ids if jobs.whole and plans.whole else ():
            if job_id not in jobs.ids and plan_of(job_id) not in plans.ids:
                allowed = "ids of jobs.csv, or of visits of maintenance.csv (plan@date)"
                faults.add(SETTINGS_FILE, None, f"{where}.job_ids", job_id, allowed)
    for number, span in enumerate(policy.spans, start=1):
        where = f"tour.spans[{number}]"
        _check_known(f"{where}.crew_id", [span.crew_id], tables["crews"], faults)
        for key, date in (("first", span.first), ("last", span.last)):
            if not settings.date <= date <= last:
                faults.add(SETTINGS_FILE, None, f"{where}.{key}", date, f"a date from {settings.date} to {last}")


def _check_known(where: str, ids: Collection[str], table: Table, faults: FaultList) -> None:
    for id_ in sorted(ids) if table.whole else ():
        if id_ and id_ not in table.ids:
            faults.add(SETTINGS_FILE, None, where, id_, f"ids that stand in {table.layout.file}")


def _check_rows_of_crews(table: Table, faults: FaultList) -> None:
    for begins, ends in (("day_start", "day_end"), ("service_start", "service_end")):
        table.refuse(table.numbers(begins) >= table.numbers(ends), ends, f"a time of day after {begins}", faults)
    _check_all_or_none(table, ("break_earliest", "break_latest", "break_duration"), faults)
    _check_all_or_none(table, ("away_on", "nights_out"), faults)
    _check_beds(table, faults)
    _check_vans(table, faults)
    reversed_break = table.numbers("break_earliest") > table.numbers("break_latest")
    table.refuse(reversed_break, "break_latest", "a time of day not before break_earliest", faults)
    at_home = table.given("aboard") & ~table.given("away_on")
    table.refuse(at_home, "aboard", "nothing, unless the crew is away (away_on, nights_out)", faults)


def _check_beds(table: Table, faults: FaultList) -> None:
    """Who is away slept somewhere, unless they left home this very morning."""
    slept, away = table.given("sleeps_at"), table.given("away_on")
    nights = table.numbers("nights_out")
    table.refuse(
        away & ~slept & (nights > 0), "sleeps_at", "the lodging of the last night, where nights_out > 0", faults
    )
    table.refuse(~away & slept, "sleeps_at", "nothing, unless the crew is away (away_on, nights_out)", faults)


def _check_vans(table: Table, faults: FaultList) -> None:
    both = zip(table.values["van_down_on"], table.values["van_back_on"], strict=True)
    wrong = _where(back is not None and (down is None or back <= down) for down, back in both)
    table.refuse(wrong, "van_back_on", "a date after van_down_on, from which the van can be used again", faults)


def _check_rows_of_villages(table: Table, faults: FaultList) -> None:
    own = zip(table.text["village_id"].tolist(), table.values["announced_at"], strict=True)
    at_home = _where(any(id_ == village_id for _, id_ in at or ()) for village_id, at in own)
    table.refuse(at_home, "announced_at", "other villages; dates in the village itself stand in announced", faults)


def _check_rows_of_consents(table: Table, faults: FaultList) -> None:
    both = zip(table.values["until"], table.values["recorded_at"], strict=True)
    over = _where(
        until is not None and recorded is not None and midnight_of(until + dt.timedelta(days=1)) <= recorded
        for until, recorded in both
    )
    table.refuse(over, "until", "a date not before that of recorded_at", faults)


def _check_rows_of_maintenance(table: Table, faults: FaultList) -> None:
    _check_all_or_none(table, ("lon", "lat", "datum"), faults)
    nowhere = ~table.given("village_id") & ~table.given("lon") & ~table.given("lat") & ~table.given("datum")
    table.refuse(nowhere, "village_id", "a village, or lon, lat and datum", faults)
    wide = table.numbers("early_days") + table.numbers("late_days") >= table.numbers("interval_days")
    table.refuse(wide, "late_days", "early_days and late_days that are together shorter than interval_days", faults)
    long = _where(len(id_) > LONGEST_PLAN_ID for id_ in table.text["plan_id"].tolist())
    table.refuse(long, "plan_id", f"an id of at most {LONGEST_PLAN_ID} characters", faults)


def _check_all_or_none(table: Table, columns: tuple[str, ...], faults: FaultList) -> None:
    given = [table.given(column) for column in columns]
    some = np.logical_or.reduce(given)
    for column, here in zip(columns, given, strict=True):
        table.refuse(some & ~here, column, f"{', '.join(columns[:-1])} and {columns[-1]}, all or none", faults)


def _where(rows: Iterable[bool]) -> Mask:
    return np.fromiter(rows, dtype=np.bool_)


TOUR_ROWS = {
    "villages": _check_rows_of_villages,
    "crews": _check_rows_of_crews,
    "consents": _check_rows_of_consents,
    "maintenance": _check_rows_of_maintenance,
}
"""What must fit within the rows of one table."""
