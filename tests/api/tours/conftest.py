"""The application on a small region with villages and crews, on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from tests.api.clients import MakeKey, StandingClock, client_of
from tests.api.conftest import copied
from tests.api.tour_region import EVENING, load_region


@pytest.fixture(params=["sqlite", "postgis"])
def tours_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a store with the region."""
    with copied(request, tmp_path, "tours", load_region) as url:
        yield url


@pytest.fixture
def app(tours_url: str) -> Iterator[FastAPI]:
    """Yield the application on it; its clock stands still on the evening before."""
    application = create_app(Settings(database_url=tours_url), clock=StandingClock(EVENING))
    application.state.judge = lambda work, *args: work(*args)
    yield application
    application.state.database.close()


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """Return a client whose key may do everything everywhere."""
    return client_of(app, MakeKey(app)("admin"))
