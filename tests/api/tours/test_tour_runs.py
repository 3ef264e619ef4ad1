"""Runs of tours survive: workers that are killed, a person who changes their mind."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.database import Database
from api.errors import Conflict
from api.plan_states import ENDED, PlanState
from api.store.durable_runs import RunLost
from api.store.tour_plans import (
    ask_to_cancel,
    begin_run,
    end_run,
    events_after,
    get_tour_plan,
    put_back,
    run_alone,
    tell_progress,
)
from api.tables.tours import TourFile
from tests.api.running import until, worker
from tests.api.tour_region import EVENING, run, wish_for

LONG = {"steps": 100_000_000}
"""Steps that take longer than a test: a run that must be interrupted."""


def state_of(database: Database, id_: str) -> Any:
    with database.read() as session:
        return run_alone(session, id_)


def searches(database: Database, id_: str) -> bool:
    return bool(state_of(database, id_).progress.get("stage") == "planning")


def test_a_killed_workers_run_is_taken_over_and_one_in_its_search_is_cancelled(
    client: TestClient, app: FastAPI, tours_url: str, tmp_path: Path
) -> None:
    database: Database = app.state.database
    with worker(tours_url, tmp_path / "first.log") as first:
        id_ = wish_for(client, limits=LONG)
        until(lambda: searches(database, id_), "it searches")
        first.kill()
    assert state_of(database, id_).state == PlanState.RUNNING
    with database.read() as session:
        before = session.scalar(select(TourFile.body).filter_by(tour_plan_id=id_, name="source"))
    with worker(tours_url, tmp_path / "second.log"):
        until(lambda: state_of(database, id_).attempt == 2 and searches(database, id_), "it is taken over")
        # What the first attempt froze is planned by the second.
        with database.read() as session:
            assert session.scalar(select(TourFile.body).filter_by(tour_plan_id=id_, name="source")) == before
        assert client.post(f"/v1/tours/{id_}:cancel").status_code == 200
        until(lambda: state_of(database, id_).state in ENDED, "it is cancelled")
        following = wish_for(client)
        until(lambda: state_of(database, following).state in ENDED, "the worker is free again")
    assert state_of(database, id_).state == PlanState.CANCELLED
    made = state_of(database, following)
    assert (made.state, made.problem, made.attempt) == (PlanState.FINISHED, None, 1)
    with database.read() as session:
        told = events_after(session, id_, 0, limit=10_000)
        assert [event.number for event in told] == list(range(1, len(told) + 1))
        assert [event.data for event in told if event.type == "tour.finished"] == [{"state": "cancelled"}]


def test_tours_that_wait_are_cancelled_at_once(client: TestClient) -> None:
    id_ = wish_for(client)
    cancelled = client.post(f"/v1/tours/{id_}:cancel")
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert client.post(f"/v1/tours/{id_}:cancel").status_code == 409
    assert run(client, id_)["attempt"] == 0
    for path in ("itinerary", "left-out", "check"):
        assert client.get(f"/v1/tours/{id_}/{path}").status_code == 409


def test_an_attempt_that_was_lost_writes_nothing(client: TestClient, app: FastAPI) -> None:
    id_ = wish_for(client)
    with app.state.database.write() as session:
        assert begin_run(session, id_, "one", EVENING) == 1
        tell_progress(session, id_, 1, {"stage": "planning", "share": 0.5}, EVENING)
        put_back(session, id_, 1)
        with pytest.raises(RunLost):
            tell_progress(session, id_, 1, {"stage": "planning", "share": 0.6}, EVENING)
        with pytest.raises(RunLost):
            end_run(session, id_, 1, PlanState.FINISHED, EVENING)
    assert client.get(f"/v1/tours/{id_}").json()["progress"]["share"] == 0.5
    with app.state.database.write() as session:
        ask_to_cancel(session, get_tour_plan(session, id_, lock=True), EVENING)
        # Its worker died before it could end it.
        assert begin_run(session, id_, "two", EVENING) is None
        with pytest.raises(Conflict):
            ask_to_cancel(session, get_tour_plan(session, id_, lock=True), EVENING)
