"""The application on a small region with villages and crews, on either database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.database import Database
from api.settings import Settings
from tests.api.clients import MakeKey, StandingClock, client_of
from tests.api.conftest import copied
from tests.api.tour_region import EVENING, load_region


@pytest.fixture(scope="session")
def _tours_sqlite(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tours")
    file = folder / "tours.db"
    file.write_bytes(_sqlite_template.read_bytes())
    _load(f"sqlite:///{file}", folder / "day")
    return file


@pytest.fixture(scope="session")
def _tours_postgis(_postgis_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    _load(_postgis_template.create("tours", "upgraded"), tmp_path_factory.mktemp("tours") / "day")
    return _postgis_template


def _load(url: str, folder: Path) -> None:
    database = Database(url)
    load_region(database, folder)
    database.close()


@pytest.fixture(params=["sqlite", "postgis"])
def tours_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a store with the region."""
    with copied(request, tmp_path, "tours") as url:
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
