"""Runs survive: workers that are killed, a database that is killed, a person who changes their mind."""

import time
from pathlib import Path

import pytest

from api.database import Database
from api.plan_states import ENDED, PlanState
from api.store.plans import ask_to_cancel, events_after, file_of, get_plan
from api.upgrade import upgrade
from bench.postgis import Cluster, cluster
from datasets.china import make_day
from tests.api.running import DATE, NOW, load, plan_of, shards, store_with_a_day, until, wish, worker

LONG = 3_000_000
"""Steps that take longer than a test: a run that must be interrupted."""


@pytest.fixture
def stocked(database: Database, tmp_path: Path) -> Database:
    """Return a store with a small network and its jobs."""
    store_with_a_day(database, tmp_path)
    return database


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def has_ended(database: Database, plan_id: str) -> bool:
    return plan_of(database, plan_id).state in ENDED


@pytest.fixture(scope="module")
def several_shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a day folder that is cut into several shards."""
    folder = tmp_path_factory.mktemp("sample") / "day"
    make_day(folder, jobs=500, technicians=300, seed=1, date=DATE)
    return folder


def test_a_killed_workers_run_is_taken_over_and_no_shard_is_solved_twice(
    database: Database, several_shards: Path, tmp_path: Path
) -> None:
    stocked, url = database, url_of(database)
    load(database, several_shards)
    with worker(url, tmp_path / "first.log") as first:
        plan_id = wish(stocked, steps=4_000)
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


def test_a_run_that_goes_on_is_cancelled_within_two_seconds(stocked: Database, tmp_path: Path) -> None:
    with worker(url_of(stocked), tmp_path / "work.log"):
        plan_id = wish(stocked, steps=LONG)
        until(lambda: plan_of(stocked, plan_id).progress.get("best") is not None, "something was found")
        with stocked.write() as session:
            ask_to_cancel(session, get_plan(session, plan_id, lock=True), NOW)
        begun = time.monotonic()
        until(lambda: has_ended(stocked, plan_id), "it is cancelled")
        took_s = time.monotonic() - begun
        assert plan_of(stocked, plan_id).state == PlanState.CANCELLED
        # Two seconds where nobody else needs the processors; tests run where everybody does.
        assert took_s < 10
        following = wish(stocked, steps=200)
        until(lambda: has_ended(stocked, following), "the worker is free again")


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


def test_a_run_outlives_the_crash_of_its_database(tmp_path: Path) -> None:
    with cluster() as running:
        database = Database(running.create("crashing"))
        _outlive(running, database, tmp_path)
        database.close()


def _outlive(running: Cluster, database: Database, tmp_path: Path) -> None:
    upgrade(database)
    store_with_a_day(database, tmp_path)
    with worker(url_of(database), tmp_path / "work.log"):
        plan_id = wish(database, steps=20_000)
        until(lambda: plan_of(database, plan_id).progress.get("best") is not None, "something was found")
        running.kill()
        running.start()
        until(lambda: has_ended(database, plan_id), "the run has ended")
    plan = plan_of(database, plan_id)
    assert (plan.state, plan.problem) == (PlanState.FINISHED, None)
