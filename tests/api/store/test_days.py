"""A day out of the store is the day of the folder that was loaded."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.database import Database
from api.store.days import VISIT_STATES, day_of, read_jobs
from api.store.jobs import change_job, enter_jobs
from api.store.network import end
from api.tables.jobs import JobRow
from api.tables.network import TechnicianRow
from datasets.day import DayFolder
from datasets.faults import DayRefused
from optimizer.model import Lock
from tests.api.store.conftest import BY, DATE, NOW

DAY: dict[str, Any] = {"date": DATE, "days": 2, "now": NOW}


def a_job(session: Session) -> JobRow:
    return session.scalars(select(JobRow).order_by(JobRow.entered).limit(1)).one()


def test_the_whole_day_is_that_of_the_folder(loaded: Database, day_folder: DayFolder) -> None:
    with loaded.read() as session:
        out = day_of(session, centre_ids=None, **DAY)
    assert out.day == day_folder.day
    assert out.sla_names == day_folder.sla_names
    assert out.answers == day_folder.answers
    assert out.travel == day_folder.travel
    assert out.policies == day_folder.policies


def test_the_day_of_a_centre_is_its_part_of_the_whole(loaded: Database, day_folder: DayFolder) -> None:
    whole = day_folder.day
    centre_id = max({job.centre_id for job in whole.jobs}, key=lambda id_: sum(j.centre_id == id_ for j in whole.jobs))
    with loaded.read() as session:
        day = day_of(session, centre_ids={centre_id}, **DAY).day
    outlets = {outlet.id for outlet in whole.outlets if outlet.centre_id == centre_id}
    people = {person.id for person in whole.technicians if person.outlet_id in outlets}
    jobs = [job for job in whole.jobs if job.centre_id == centre_id]
    assert jobs
    assert {outlet.id for outlet in day.outlets} == outlets
    assert {person.id for person in day.technicians} == people
    assert day.shifts == tuple(shift for shift in whole.shifts if shift.technician_id in people)
    for job, same in zip(day.jobs, jobs, strict=True):
        stays = same.preferred_technician_id in people
        assert job == replace(same, preferred_technician_id=same.preferred_technician_id if stays else None)
    assert (day.warehouses, day.parts, day.tariff) == (whole.warehouses, whole.parts, whole.tariff)
    assert day.lanes == tuple(lane for lane in whole.lanes if lane.centre_id == centre_id)


@pytest.mark.parametrize(
    "state", ["received", "on_site", "done", "needs_part", "failed", "callback_due", "closed", "cancelled"]
)
def test_a_job_that_needs_no_visit_is_not_planned(loaded: Database, state: str) -> None:
    with loaded.write() as session:
        job = change_job(session, a_job(session), "state", by=BY, now=NOW, state=state)
        assert job.id not in {each.id for each in day_of(session, centre_ids=None, **DAY).day.jobs}


@pytest.mark.parametrize("state", VISIT_STATES)
def test_a_published_visit_is_known_as_such(loaded: Database, day_folder: DayFolder, state: str) -> None:
    person = day_folder.day.technicians[0]
    start = dt.datetime(2026, 3, 2, 10, 15, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    visit: dict[str, Any] = {
        "published_technician_id": person.id,
        "published_start": start,
        "told": True,
        "lock": "time",
    }
    with loaded.write() as session:
        id_ = change_job(session, a_job(session), "published", by=BY, now=NOW, state=state, **visit).id
        days = [day_of(session, centre_ids=None, **DAY).day]
        days.append(day_of(session, centre_ids={a_job(session).centre_id}, **DAY).day)
    for day in days:
        (job,) = [job for job in day.jobs if job.id == id_]
        assert job.published is not None
        assert (job.published.technician_id, job.published.start_s, job.published.told) == (person.id, 36_900, True)
        assert job.lock is (Lock.PINNED if state == "en_route" else Lock.TIME)
        assert person.id in {each.id for each in day.technicians}


def test_a_visit_that_has_begun_keeps_its_technician(loaded: Database, day_folder: DayFolder) -> None:
    shift = day_folder.day.shifts[0]
    shift_date = dt.date.fromisoformat(shift.id.partition("@")[2])
    start = dt.datetime.combine(shift_date, dt.time(10), dt.timezone(dt.timedelta(hours=8)))
    visit: dict[str, Any] = {"published_technician_id": shift.technician_id, "published_start": start}
    with loaded.write() as session:
        job = a_job(session)
        change_job(session, job, "state", by=BY, now=NOW, state="on_site", **visit)
        minutes = day_folder.day.jobs[0].service_s
        after = [each for each in day_of(session, centre_ids=None, **DAY).day.shifts if each.id == shift.id]
    assert [each.start_s for each in after] == [(shift_date - DATE).days * 86_400 + 36_000 + minutes]


def test_a_clock_that_stood_still_is_due_later(loaded: Database, day_folder: DayFolder) -> None:
    with loaded.write() as session:
        id_ = change_job(session, a_job(session), "clock", by=BY, now=NOW, paused_s=1_800).id
        (job,) = [job for job in day_of(session, centre_ids=None, **DAY).day.jobs if job.id == id_]
    (before,) = [job for job in day_folder.day.jobs if job.id == id_]
    assert job.reported_s == before.reported_s + 1_800


def test_jobs_are_read_by_the_network_and_every_fault_is_named(loaded: Database, day_folder: DayFolder) -> None:
    good = {str(name): cell for name, cell in day_folder.jobs.iloc[0].items() if cell and name != "job_type"}
    with loaded.write() as session:
        read = read_jobs(session, [good, good], now=NOW)
        entered = enter_jobs(session, read, source="crm", external_ids=["a/1", "a/2"], by=BY, now=NOW)
        assert [each.outcome for each in entered] == ["created", "created"]
        row = session.get_one(JobRow, entered[0].id)
        first = day_folder.day.jobs[0]
        assert (row.centre_id, row.state, row.version) == (first.centre_id, "needs_visit", 1)
        assert row.due_at == min(
            dt.datetime(2026, 3, 1, 16, tzinfo=dt.UTC) + dt.timedelta(seconds=clock.due_s)
            for clock in first.clocks
            if clock.kind == "arrival"
        )
        with pytest.raises(DayRefused) as refused:
            read_jobs(session, [good, {**good, "skill_level": "9", "preferred_technician_id": "nobody"}], now=NOW)
    assert {(fault.row, fault.column) for fault in refused.value.faults} == {
        (2, "preferred_technician_id"),
        (2, "skill_level"),
    }


def test_a_technician_who_is_gone_has_no_visits_left(loaded: Database, day_folder: DayFolder) -> None:
    gone = day_folder.day.technicians[0].id
    with loaded.write() as session:
        visit: dict[str, Any] = {"published_technician_id": gone, "published_start": NOW, "lock": "both", "told": True}
        id_ = change_job(session, a_job(session), "published", by=BY, now=NOW, state="planned", **visit).id
        assert end(session, TechnicianRow, [gone], effective_from=DATE, now=NOW) == (gone,)
        day = day_of(session, centre_ids=None, **DAY).day
    (job,) = [job for job in day.jobs if job.id == id_]
    assert (job.published, job.lock) == (None, Lock.NONE)
