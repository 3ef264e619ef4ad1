"""What the watch says: at risk, broken, overdue for a supervisor, stuck; each exactly once."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from api.database import Database
from api.events import START, read_events
from api.job_states import JobState
from api.schemas.jobs import JobIn
from api.store.job_upsert import Sending, upsert_jobs
from api.store.jobs import By, change_job
from api.store.network import put_documents
from api.store.settings import NETWORK
from api.store.watch import watch
from api.tables.jobs import JobHistory, JobRow
from tests.api.conftest import copied
from tests.api.stocked import job, stock

NOW = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)  # 09:00 in China; the job was reported half an hour before
HOUR = dt.timedelta(hours=1)
BY = By(actor="desk", channel="api")


@pytest.fixture(params=["sqlite", "postgis"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with copied(request, tmp_path, "stocked", stock) as url:
        yield url


@pytest.fixture
def stocked(database: Database) -> Database:
    return database


def enter(database: Database, state: JobState = JobState.NEEDS_VISIT) -> str:
    with database.write() as session:
        sending = Sending(source="crm", by=BY, centres=None, first_state=state)
        done = upsert_jobs(session, sending, [("SR-1", JobIn.model_validate_json(json.dumps(job())))], now=NOW)
        return done.entered[0].id


def look(database: Database, hours: float) -> dict[str, int]:
    return watch(database, NOW + hours * HOUR)


def told(database: Database) -> list[str]:
    with database.read() as session:
        return [event.type for event in read_events(session, START, 100)]


def set_(database: Database, job_id: str, **columns: Any) -> None:
    with database.write() as session:
        change_job(session, session.get_one(JobRow, job_id), "state", by=BY, now=NOW, **columns)


def test_each_thing_is_said_once(stocked: Database) -> None:
    job_id = enter(stocked)
    assert look(stocked, 1) == {}
    assert look(stocked, 22) == {"sla_at_risk": 1}  # warned two hours before; due at 08:30 of the next day
    assert look(stocked, 22) == {}
    assert look(stocked, 23) == {}
    assert look(stocked, 24) == {"sla_breached": 1, "stuck": 1}
    assert look(stocked, 30) == {}
    assert told(stocked) == ["job.created", "job.state_changed", "job.sla_at_risk", "job.sla_breached", "job.stuck"]
    with stocked.read() as session:
        alarm = session.scalars(select(JobHistory).where(JobHistory.kind == "sla_breached")).one()
        assert alarm.job_id == job_id
        assert (alarm.detail["clock"], alarm.detail["due_at"]) == ("arrival", "2026-03-03T08:30:00+08:00")


def test_a_visit_that_comes_too_late_is_at_risk_at_once(stocked: Database) -> None:
    job_id = enter(stocked)
    set_(stocked, job_id, state="planned", published_technician_id="T1", published_start=NOW + 24 * HOUR)
    assert look(stocked, 0) == {"sla_at_risk": 1}


def test_a_clock_that_stands_still_says_nothing(stocked: Database) -> None:
    job_id = enter(stocked)
    with stocked.write() as session:
        row = session.get_one(JobRow, job_id)
        change_job(session, row, "clock_paused", by=BY, now=NOW, clock_paused_at=NOW, clock_paused_reason="access")
    assert "sla_breached" not in look(stocked, 40)
    with stocked.read() as session:
        assert session.get_one(JobRow, job_id).due_at == NOW + 23.5 * HOUR + 40 * HOUR


def test_what_phone_did_not_solve_goes_to_a_supervisor(stocked: Database) -> None:
    promises = {"sla": [{"name": "4 h", "clock": "phone", "within": "PT4H"}]}
    with stocked.write() as session:
        put_documents(session, "sla_policies", {NETWORK: promises}, effective_from=dt.date(2026, 3, 2), now=NOW)
    enter(stocked, JobState.RECEIVED)
    assert look(stocked, 1) == {}
    assert look(stocked, 3) == {"sla_at_risk": 1}
    assert look(stocked, 3.6) == {"sla_breached": 1, "escalated": 1}
    assert "job.escalated" in told(stocked)
    assert look(stocked, 3.7) == {}


@pytest.mark.parametrize(
    ("state", "hours", "stuck"),
    [("offered", 1.9, False), ("offered", 2.1, True), ("needs_part", 71, False), ("needs_part", 73, True)],
)
def test_stuck_states_are_alarmed(stocked: Database, state: str, hours: float, stuck: bool) -> None:
    job_id = enter(stocked)
    set_(stocked, job_id, state=state)
    assert ("stuck" in look(stocked, hours)) == stuck


def test_a_job_that_is_over_is_watched_no_more(stocked: Database) -> None:
    job_id = enter(stocked)
    set_(stocked, job_id, state="cancelled")
    assert look(stocked, 100) == {}


def test_who_was_visited_is_called_back(stocked: Database) -> None:
    job_id = enter(stocked)
    set_(stocked, job_id, state="done")
    assert look(stocked, 1) == {"callback_due": 1}
    assert look(stocked, 1) == {}
    with stocked.read() as session:
        assert session.get_one(JobRow, job_id).state == "callback_due"
        line = session.scalars(select(JobHistory).where(JobHistory.to_state == "callback_due")).one()
        assert (line.from_state, line.actor, line.channel) == ("done", "watch", "clock")
    assert told(stocked)[-1] == "job.state_changed"
