"""A server that is killed while it publishes: nothing of it holds, or all of it does; never anything between."""

import datetime as dt
import os
import signal
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api.database import Database
from api.plan_states import PlanState
from api.store.plans import get_plan
from api.tables.access import AuditEntry
from api.tables.base import Base
from api.tables.dispatch import DispatchItem
from api.tables.events import Event
from api.tables.jobs import JobHistory, JobRow
from api.tables.plans import Published, Visit
from api.tables.slots import Appointment
from tests.api.booking.conftest import DATE
from tests.api.booking.served import served
from tests.api.booking.test_slots import ask, confirm, draft, hold
from tests.api.clients import NOW, MakeKey
from tests.api.published import plan
from tests.api.running import until

BEFORE = ("INSERT INTO dispatch_items", "commit")
PROMISES = ("visits", "live_routes", "published", "appointments", "dispatch_items", "dispatch_entries", "refusals")
TOLD = ("events", "job_history", "audit", "posted", "plan_events")
NEW_JOBS = 6


def stored(database: Database) -> dict[str, list[str]]:
    """Return every row that publishing could touch."""
    with database.read() as session:
        rows = {
            name: sorted(map(str, session.execute(select(Base.metadata.tables[name])))) for name in (*PROMISES, *TOLD)
        }
        rows["jobs"] = sorted(map(str, session.execute(select(JobRow.id, JobRow.state, JobRow.version))))
    return rows


def plan_beside_an_appointment(app: FastAPI, client: TestClient) -> tuple[str, str]:
    """Book an appointment, enter some jobs, and return the plan of them all, which waits to be published."""
    said = draft(app)
    appointment = confirm(client, hold(client, ask(client, said)["items"][0]))
    for number in range(NEW_JOBS):
        assert client.post("/v1/jobs", json={**said, "external_id": f"new-{number}"}).status_code == 201
    return plan(app.state.database, date=DATE, now=NOW), appointment["id"]


def test_a_publication_is_whole_or_has_not_happened(
    app: FastAPI, client: TestClient, make_key: MakeKey, database_url: str, tmp_path: Path
) -> None:
    database: Database = app.state.database
    plan_id, appointment_id = plan_beside_an_appointment(app, client)
    with database.read() as session:
        version = get_plan(session, plan_id).version
        before_items = session.scalar(select(func.count()).select_from(DispatchItem))
    headers = make_key("admin") | {"If-Match": f'"{version}"', "Idempotency-Key": "once"}
    asked = f"/v1/plans/{plan_id}:publish"
    before = stored(database)
    for number, place in enumerate(BEFORE):
        kill_at(database_url, headers, asked, place, tmp_path / f"{number}.mark")
        assert stored(database) == before, place
    kill_at(database_url, headers, asked, "committed", tmp_path / "committed.mark")
    whole = stored(database)
    assert whole != before
    with served(database_url, headers) as (restarted, _):
        again = restarted.post(asked)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (200, "true")
        assert again.json()["plan"]["state"] == PlanState.PUBLISHED
        assert restarted.post(asked, headers={"Idempotency-Key": "another"}).status_code == 412
    assert stored(database) == whole
    assert_holds_once(database, plan_id, appointment_id)
    with database.read() as session:
        assert (session.scalar(select(func.count()).select_from(DispatchItem)) or 0) > (before_items or 0)


def kill_at(url: str, headers: dict[str, str], asked: str, place: str, mark: Path) -> None:
    """Ask a server to publish, and kill it at a place."""
    with served(url, headers, place, str(mark)) as (client, process):

        def publish() -> None:
            with suppress(httpx.TransportError):
                client.post(asked)

        asking = threading.Thread(target=publish)
        asking.start()
        until(lambda: mark.exists() or not asking.is_alive(), f"it publishes, up to {place}")
        assert mark.exists(), f"it never came to {place}"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        asking.join()


def assert_holds_once(database: Database, plan_id: str, appointment_id: str) -> None:
    """Assert that a plan holds, for every centre-day once, and that whoever is told is told once."""
    with database.read() as session:
        found = get_plan(session, plan_id)
        dates = [found.date + dt.timedelta(days=number) for number in range(found.days)]
        holding: Any = session.execute(select(Published.centre_id, Published.date, Published.plan_id)).all()
        assert Counter(map(tuple, holding)) == Counter((c, d, plan_id) for c in found.centre_ids for d in dates)
        told = Counter(
            session.scalars(select(Event.centre_id).where(Event.type == "plan.published", Event.subject == plan_id))
        )
        assert told == Counter(found.centre_ids)
        lines = select(JobHistory.job_id, JobHistory.to_state).where(JobHistory.plan_id == plan_id)
        assert set(Counter(map(tuple, session.execute(lines))).values()) == {1}
        visited = set(session.scalars(select(Visit.job_id)))
        items = select(DispatchItem.job_id).where(DispatchItem.state.in_(("pending", "acknowledged", "inProgress")))
        assert Counter(session.scalars(items)) == Counter(visited)
        assert session.scalars(select(Appointment.id).where(Appointment.state == "confirmed")).all() == [appointment_id]
        published = select(func.count()).where(AuditEntry.path == f"/v1/plans/{plan_id}:publish")
        assert session.scalar(published) == 1
