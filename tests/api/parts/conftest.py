"""The application on a small network of parts, on either database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from tests.api.clients import MakeKey, StandingClock, client_of
from tests.api.conftest import copied
from tests.api.parts_network import load_network


@pytest.fixture(params=["sqlite", "postgis"])
def parts_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a store with the network of parts."""
    with copied(request, tmp_path, "parts", load_network) as url:
        yield url


@pytest.fixture
def app(parts_url: str) -> Iterator[FastAPI]:
    """Yield the application on it; its clock stands still at 09:00."""
    application = create_app(Settings(database_url=parts_url), clock=StandingClock())
    yield application
    application.state.database.close()


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    """Return a client whose key may do everything everywhere."""
    return client_of(app, MakeKey(app)("admin"))
