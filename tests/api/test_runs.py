"""Runs survive: workers that are killed, a database that is killed, a person who changes their mind."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from api.app import create_app
from api.database import Database
from api.errors import Conflict
from api.plan_states import ENDED, PlanState
from api.settings import Settings
from api.store.plans import RunLost, ask_to_cancel, events_after, file_of, get_plan, tell_progress
from api.tables.access import AuditEntry, Posted
from api.tables.dispatch import DispatchItem
from api.tables.events import Event
from api.tables.jobs import JobRow
from api.tables.plans import LiveRoute, Plan, Published, Visit, Worker
from api.upgrade import upgrade
from bench.postgis import Cluster, cluster
from tests.api.clients import MakeKey, StandingClock, client_of
from tests.api.conftest import copied
from tests.api.published_network import EVENING, planned_network
from tests.api.running import (
    DATE,
    NOW,
    children,
    key_of,
    plan_of,
    server,
    shards,
    store_with_a_day,
    until,
    wish,
    worker,
)

LONG = 3_000_000
"""Steps that take longer than a test: a run that must be interrupted."""


@pytest.fixture(params=["sqlite", "postgis"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a store with a small network and its jobs."""
    with copied(request, tmp_path, "day", store_with_a_day) as url:
        yield url


@pytest.fixture
def stocked(database: Database) -> Database:
    """Return a store with a small network and its jobs."""
    return database


@pytest.fixture(scope="module")
def mortal() -> Iterator[Cluster]:
    """Yield a cluster that is killed."""
    with cluster() as running:
        yield running


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def searches(plan: Plan) -> bool:
    """Tell whether a run has found something, and has shards that it has not finished."""
    told = plan.progress
    return bool(told.get("best") and told["best"]["visits"] > 0 and told["shards_done"] < told["shards"])


def has_ended(database: Database, plan_id: str) -> bool:
    return plan_of(database, plan_id).state in ENDED


def test_a_killed_workers_run_is_taken_over_and_no_shard_is_solved_twice(stocked: Database, tmp_path: Path) -> None:
    url = url_of(stocked)
    with worker(url, tmp_path / "first.log") as first:
        plan_id = wish(stocked, steps=40_000)
        until(lambda: len(shards(stocked, plan_id)) >= 1, "a shard is done")
        first.kill()
    kept = shards(stocked, plan_id)
    assert plan_of(stocked, plan_id).state == PlanState.RUNNING
    with worker(url, tmp_path / "second.log"):
        until(lambda: has_ended(stocked, plan_id), "the run has ended")
    plan = plan_of(stocked, plan_id)
    assert (plan.state, plan.problem, plan.attempt) == (PlanState.FINISHED, None, 2)
    marks = shards(stocked, plan_id)
    # The first attempt's marks are there as they were; only what was missing was solved.
    assert kept.items() < marks.items()
    assert set(kept.values()) == {1}
    assert {attempt for key, attempt in marks.items() if key not in kept} == {2}
    assert plan.outcome is not None
    assert plan.outcome["travel"]["is_estimate"]
    with stocked.read() as session:
        assert file_of(session, plan_id, "plan") is not None
        told = [(event.number, event.type) for event in events_after(session, plan_id, 0, limit=10_000)]
    assert [number for number, _ in told] == list(range(1, len(told) + 1))
    assert {kind for _, kind in told} == {"plan.progress", "plan.finished"}


def test_a_run_in_the_middle_of_its_search_is_cancelled(stocked: Database, tmp_path: Path) -> None:
    """How soon is measured: bench/cancel.py."""
    with worker(url_of(stocked), tmp_path / "work.log"):
        plan_id = wish(stocked, steps=LONG)
        until(lambda: searches(plan_of(stocked, plan_id)), "a shard is being searched")
        assert plan_of(stocked, plan_id).state == PlanState.RUNNING
        with stocked.write() as session:
            ask_to_cancel(session, get_plan(session, plan_id, lock=True), NOW)
        until(lambda: has_ended(stocked, plan_id), "it is cancelled")
        following = wish(stocked, steps=200)
        until(lambda: has_ended(stocked, following), "the worker is free again")
    plan = plan_of(stocked, plan_id)
    assert (plan.state, plan.outcome, plan.problem) == (PlanState.CANCELLED, None, None)
    assert plan_of(stocked, following).state == PlanState.FINISHED
    with stocked.read() as session:
        told = events_after(session, plan_id, 0, limit=10_000)
        assert [event.number for event in told] == list(range(1, len(told) + 1))
        assert [event.data for event in told if event.type == "plan.finished"] == [{"state": "cancelled"}]
        assert told[-1].type == "plan.finished", "an attempt that was ended tells nothing any more"
    with stocked.write() as session:
        with pytest.raises(RunLost):
            tell_progress(session, plan_id, 1, {"stage": "search", "share": 0.0}, NOW)
        with pytest.raises(Conflict):
            ask_to_cancel(session, get_plan(session, plan_id, lock=True), NOW)


def test_a_plan_that_waits_is_cancelled_at_once_and_never_run(stocked: Database, tmp_path: Path) -> None:
    plan_id = wish(stocked, steps=LONG)
    with stocked.write() as session:
        ask_to_cancel(session, get_plan(session, plan_id, lock=True), NOW)
    assert plan_of(stocked, plan_id).state == PlanState.CANCELLED
    with worker(url_of(stocked), tmp_path / "work.log"):
        following = wish(stocked, steps=200)
        until(lambda: has_ended(stocked, following), "the next one is made")
    plan = plan_of(stocked, plan_id)
    assert (plan.state, plan.attempt) == (PlanState.CANCELLED, 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_whose_process_is_killed_goes_on_from_its_shards(stocked: Database, tmp_path: Path) -> None:
    url = url_of(stocked)
    with worker(url, tmp_path / "work.log") as running:
        plan_id = wish(stocked, steps=8_000)
        until(lambda: len(shards(stocked, plan_id)) >= 1, "a shard is done")
        os.kill(run_process_of(running.pid), signal.SIGKILL)
        kept = shards(stocked, plan_id)
        until(lambda: has_ended(stocked, plan_id), "the run has ended")
    plan = plan_of(stocked, plan_id)
    assert (plan.state, plan.problem, plan.attempt) == (PlanState.FINISHED, None, 2)
    marks = shards(stocked, plan_id)
    assert kept.items() < marks.items()
    assert {attempt for key, attempt in marks.items() if key not in kept} == {2}


def run_process_of(worker_pid: int) -> int:
    """Return the process of the run that a worker is at: its fork server's child."""
    (found,) = [process for server in children(worker_pid) for process in children(server)]
    return found


@pytest.mark.parametrize("database_url", ["postgis"], indirect=True)
def test_several_workers_run_each_plan_once_and_one_takes_over_what_another_dies_of(
    stocked: Database, tmp_path: Path
) -> None:
    url = url_of(stocked)
    with ExitStack() as stack:
        crew = [stack.enter_context(worker(url, tmp_path / f"{number}.log")) for number in range(3)]
        plan_ids = [wish(stocked, steps=steps) for steps in (8_000, 300, 300, 300)]
        until(lambda: len(shards(stocked, plan_ids[0])) >= 1, "a shard of the first plan is done")
        victim = str(plan_of(stocked, plan_ids[0]).executor)
        with stocked.read() as session:
            pid = int(session.get_one(Worker, victim).place.split()[-1])
        next(process for process in crew if process.pid == pid).kill()
        kept = shards(stocked, plan_ids[0])
        until(lambda: all(has_ended(stocked, plan_id) for plan_id in plan_ids), "all runs have ended")
        with stocked.read() as session:
            assert victim not in set(session.scalars(select(Worker.executor))), "the dead are taken off the list"
    plans = [plan_of(stocked, plan_id) for plan_id in plan_ids]
    assert [(plan.state, plan.problem) for plan in plans] == [(PlanState.FINISHED, None)] * 4
    # Every plan was begun once, but for the one that was taken over by another worker: that one twice.
    assert [plan.attempt for plan in plans] == [2, 1, 1, 1]
    assert plans[0].executor != victim
    assert len({plan.executor for plan in plans}) == 2
    marks = shards(stocked, plan_ids[0])
    assert kept
    assert kept.items() <= marks.items()
    assert {attempt for key, attempt in marks.items() if key not in kept} <= {2}
    for plan_id in plan_ids[1:]:
        assert set(shards(stocked, plan_id).values()) == {1}
    with stocked.read() as session:
        ended = Counter(session.scalars(select(Event.subject).where(Event.type == "plan.finished")))
    assert ended == Counter(plan_ids)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_goes_on_while_the_api_is_dead(stocked: Database, tmp_path: Path) -> None:
    url = url_of(stocked)
    headers = key_of(stocked)
    asked = {
        "scope": {"centres": "all"},
        "horizon": {"date": DATE.isoformat(), "now": NOW.isoformat()},
        "limits": {"steps": 60_000},
    }
    # As a shell starts it: here a worker and all that it starts in turn come up from nothing.
    with worker(url, tmp_path / "work.log", anew=True):
        with server(url, tmp_path / "first.log", headers) as (client, process):
            answer = client.post("/v1/plans", json=asked)
            assert answer.status_code == 202, answer.text
            path = answer.headers["location"]
            plan_id = answer.json()["id"]
            until(lambda: (client.get(path).json()["progress"] or {}).get("best") is not None, "something was found")
            process.kill()
        told = plan_of(stocked, plan_id).told
        until(lambda: plan_of(stocked, plan_id).told > told, "the run tells more")
        with server(url, tmp_path / "second.log", headers) as (client, _):
            shown = client.get(path).json()
            assert shown["state"] in {"running", "finished"}
            assert shown["progress"]["attempt"] == 1
            until(lambda: client.get(path).json()["state"] != "running", "the run has ended")
            shown = client.get(path).json()
            assert (shown["state"], shown["problem"]) == ("finished", None)
            events = client.get(f"{path}/events").text
            routes = [
                route
                for centre_id in shown["centres"]
                for route in client.get(f"{path}/routes", params={"centre_id": centre_id}).json()
            ]
    assert sum(len(route["stops"]) for route in routes) == shown["outcome"]["served"] > 0
    numbers = [int(line.removeprefix("id: ")) for line in events.splitlines() if line.startswith("id: ")]
    assert numbers == list(range(1, plan_of(stocked, plan_id).told + 1))
    assert plan_of(stocked, plan_id).attempt == 1


def test_a_run_outlives_the_crash_of_its_database(mortal: Cluster, tmp_path: Path) -> None:
    database = Database(mortal.create("crashing"))
    upgrade(database)
    store_with_a_day(database, tmp_path)
    with worker(url_of(database), tmp_path / "work.log"):
        plan_id = wish(database, steps=20_000)
        until(lambda: plan_of(database, plan_id).progress.get("best") is not None, "something was found")
        mortal.kill()
        mortal.start()
        until(lambda: has_ended(database, plan_id), "the run has ended")
    plan = plan_of(database, plan_id)
    assert (plan.state, plan.problem) == (PlanState.FINISHED, None)
    database.close()


def test_a_publication_that_the_database_dies_of_has_not_happened(mortal: Cluster, tmp_path: Path) -> None:
    app = create_app(Settings(database_url=mortal.create("publishing")), clock=StandingClock(EVENING))
    app.state.judge = lambda work, *args: work(*args)
    database: Database = app.state.database
    upgrade(database)
    plan_id = planned_network(database, tmp_path)
    client = client_of(app, MakeKey(app)("admin"))
    path = f"/v1/plans/{plan_id}"
    headers = {"If-Match": client.get(path).headers["etag"], "Idempotency-Key": "once"}
    answers: list[int] = []
    asking = threading.Thread(
        target=lambda: answers.append(client.post(f"{path}:publish", headers=headers).status_code)
    )
    beside = psycopg.connect(url_of(database).replace("+psycopg", ""))
    # Visits, routes and jobs are written by then; the dispatch items are not.
    beside.execute("LOCK TABLE dispatch_items IN SHARE MODE")
    asking.start()
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'dispatch_items'::regclass"
    until(lambda: beside.execute(waiting).fetchone() == (1,) or not asking.is_alive(), "it publishes")
    mortal.kill()
    beside.close()
    mortal.start()
    asking.join()
    assert answers == [503]
    with database.read() as session:
        for table in (Visit, LiveRoute, Published, DispatchItem, Posted, AuditEntry):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table
        assert set(session.scalars(select(JobRow.state))) == {"needs_visit"}
    done = client.post(f"{path}:publish", headers=headers)
    assert done.status_code == 200, done.text
    with database.read() as session:
        visited = Counter(session.scalars(select(Visit.job_id)))
        assert Counter(session.scalars(select(DispatchItem.job_id))) == visited
        assert len(visited) == done.json()["visits"] > 0
        assert set(session.scalars(select(Published.plan_id))) == {plan_id}
        told = session.scalars(select(Event.centre_id).where(Event.type == "plan.published"))
        assert Counter(told) == Counter(client.get(path).json()["centres"])
    app.state.queue.destroy()
    database.close()
