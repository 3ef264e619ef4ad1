"""Stores of the test's own, in which a plan is published, and the application over them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from api.database import Database
from api.settings import Settings
from tests.api.clients import StandingClock
from tests.api.conftest import copied
from tests.api.published_network import SEVEN, publish_network


@pytest.fixture(params=["sqlite", "postgis"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a store of the test's own, with a published plan."""
    with copied(request, tmp_path, "published_network", publish_network) as url:
        yield url


@pytest.fixture
def app(database_url: str) -> Iterator[FastAPI]:
    """Yield the application at 06:30 of the day."""
    application = create_app(Settings(database_url=database_url), clock=StandingClock(SEVEN))
    application.state.judge = lambda work, *args: work(*args)
    yield application
    application.state.queue.destroy()
    application.state.database.close()


@pytest.fixture
def database(app: FastAPI) -> Database:
    """Return the application's store."""
    opened: Database = app.state.database
    return opened
