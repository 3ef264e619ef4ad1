"""Stores with a published plan, copied for every test, on both databases."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.database import Database
from api.settings import Settings
from api.store.jobs import By
from api.store.load import load_day
from datasets.day import read_source
from tests.api.clients import NOW, StandingClock
from tests.api.conftest import copied
from tests.api.published import plan_and_publish
from tests.small_day import make_small_day

DATE = dt.date(2026, 3, 2)
MORNING = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.UTC)  # 06:00 in China


def _publish(database: Database, folder: Path) -> None:
    make_small_day(folder, DATE)
    with database.write() as session:
        load_day(session, read_source(folder), by=By(actor="test", channel="load"), now=MORNING)
    plan_and_publish(database, date=DATE, now=MORNING)


@pytest.fixture(params=["sqlite", "postgis"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a store in which a plan holds."""
    with copied(request, tmp_path, "published", _publish) as url:
        yield url


@pytest.fixture
def clock() -> StandingClock:
    """Return a clock that stands at 09:00 of the day."""
    return StandingClock(NOW)


@pytest.fixture
def app(database_url: str, clock: StandingClock) -> Iterator[FastAPI]:
    """Yield the application on a store in which a plan holds; its clock stands still."""
    application = create_app(Settings(database_url=database_url), clock=clock)
    yield application
    application.state.database.close()
