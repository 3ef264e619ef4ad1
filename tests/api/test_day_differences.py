"""A plan folder becomes a published plan: what is refused says why in words that help."""

import datetime as dt

import pytest

from api.database import Database
from api.day_differences import day_differences
from api.errors import Conflict
from api.folder_plans import read_folder_plan, take_over
from api.plan_documents import Finished
from api.planning import plan_day
from api.store.jobs import By, change_job
from api.store.load import load_day
from api.tables.jobs import JobRow
from datasets.day import read_source
from optimizer.budget import Steps
from tests.api.published import hire
from tests.bad_days import make_network

NOW = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Return a small day's plan, read from its folder."""
    folder = tmp_path_factory.mktemp("folder")
    day = make_network.write(folder / "day", jobs=8, technicians=4)
    with hire() as workers:
        plan_day(
            day,
            folder / "plan",
            base=None,
            budget=Steps(steps=60),
            workers=workers,
            seed=1,
            progress=lambda *_: None,
        )
    return read_folder_plan(day, folder / "plan")


@pytest.fixture
def stocked(database: Database, given: Finished) -> Database:
    """Return a store that has loaded the day."""
    with database.write() as session:
        load_day(session, read_source(given.folder.folder), by=By(actor="test", channel="load"), now=NOW)
    return database


def test_a_plan_of_the_day_that_is_loaded_holds(stocked: Database, given: Finished) -> None:
    with stocked.write() as session:
        assert take_over(session, given, actor="test", at=NOW).visits > 0


def test_a_day_that_is_over_is_called_that(stocked: Database, given: Finished) -> None:
    later = NOW + dt.timedelta(days=30)
    with stocked.write() as session, pytest.raises(Conflict, match="The day is over: its last date is 2026-03-0") as it:
        take_over(session, given, actor="test", at=later)
    assert "--date" in it.value.detail


def test_what_differs_is_said(stocked: Database, given: Finished) -> None:
    first, second, *_ = sorted(job.id for job in given.folder.day.jobs)
    by = By(actor="test", channel="api")
    with stocked.write() as session:
        change_job(session, session.get_one(JobRow, first), "state", by=by, now=NOW, state="done")
        change_job(session, session.get_one(JobRow, second), "changed", by=by, now=NOW, consent="pending")
    with pytest.raises(Conflict) as refused, stocked.write() as session:
        take_over(session, given, actor="test", at=NOW)
    assert f"1 jobs do not wait in the store ({first})" in refused.value.detail
    assert f"1 jobs have another consent in the store ({second})" in refused.value.detail


def test_equal_days_differ_in_nothing(given: Finished) -> None:
    assert day_differences(given.folder.day, given.folder.day) == ()
