"""Who watches: one of the workers at a time; and what a server knows of them."""

import datetime as dt
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from structlog.testing import capture_logs

from api.attendance import SILENT_AFTER_S, Attendance
from api.database import Database
from api.settings import Settings
from api.tables.events import Event
from api.tables.plans import Worker
from api.watchman import Watchman
from tests.api.clients import NOW, StandingClock
from tests.api.running import until, worker
from tests.api.stocked import job, stock


class Seconds:
    """A stop watch that only moves when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_one_of_two_watchmen_looks_until_it_is_gone(
    client: TestClient, app: FastAPI, database_url: str, tmp_path: Path
) -> None:
    stock(app.state.database, tmp_path / "day")
    assert client.post("/v1/jobs", json=job()).status_code == 201
    later = StandingClock(NOW + dt.timedelta(hours=22))
    one, other = (Watchman(Settings(database_url=database_url), later) for _ in range(2))
    with one, other:
        until(lambda: alarms(app.state.database) == ["job.sla_at_risk"], "somebody has looked")
    # The threads are gone, and their turns with them.
    later.move(dt.timedelta(hours=2))
    first, second = (Watchman(Settings(database_url=database_url), later) for _ in range(2))
    assert first.round() == {"sla_breached": 1, "stuck": 1}
    later.move(dt.timedelta(days=30))
    assert second.round() == {}, "it is the first one's turn"
    assert alarms(app.state.database) == ["job.sla_at_risk", "job.sla_breached", "job.stuck"]
    for done in (first, second):
        done.close()


def test_a_look_that_fails_is_not_the_last(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []

    def fail(_: Watchman) -> dict[str, int]:
        looks.append(1)
        raise ValueError

    monkeypatch.setattr(Watchman, "round", fail)
    monkeypatch.setattr("api.watchman.EVERY_S", 0.01)
    with Watchman(Settings(database_url=database_url), StandingClock()):
        until(lambda: len(looks) > 1, "it has looked again")


def alarms(database: Database) -> list[str]:
    with database.read() as session:
        said = session.scalars(select(Event.type).where(Event.type != "job.state_changed").order_by(Event.position))
        return [type_ for type_ in said if type_ != "job.created"]


def test_a_worker_watches(client: TestClient, app: FastAPI, database_url: str, tmp_path: Path) -> None:
    stock(app.state.database, tmp_path / "day")
    assert client.post("/v1/jobs", json=job()).status_code == 201
    with worker(database_url, tmp_path / "work.log"):
        # By the machine's clock the promise was broken long ago.
        until(lambda: "job.sla_breached" in alarms(app.state.database), "the watch has said it")


def test_a_server_counts_the_workers_that_say_something(database: Database) -> None:
    seconds = Seconds()
    attendance = Attendance(database, seconds)
    assert attendance.workers() is None
    with database.write() as session:
        for name in ("dead", "alive"):
            session.add(Worker(executor=name, started_at=NOW, seen_at=NOW, place=name))
    attendance.look()
    assert attendance.workers() is None, "what stands there may be old"
    with database.write() as session:
        session.get_one(Worker, "alive").seen_at = NOW + dt.timedelta(seconds=2)
    seconds.now = 2
    attendance.look()
    assert attendance.workers() == 1
    with capture_logs() as logs:
        seconds.now = 2 + SILENT_AFTER_S
        attendance.look()
        attendance.look()
        assert attendance.workers() == 0
        with database.write() as session:
            session.get_one(Worker, "dead").seen_at = NOW + dt.timedelta(hours=1)
        attendance.look()
    assert [entry["event"] for entry in logs] == ["workers.none", "workers.back"]


@pytest.mark.parametrize("workers", [None, 0, 2])
def test_readiness_shows_them(
    app: FastAPI, anyone: TestClient, monkeypatch: pytest.MonkeyPatch, workers: int | None
) -> None:
    monkeypatch.setattr(app.state.attendance, "workers", lambda: workers)
    answer = anyone.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "workers": workers})
