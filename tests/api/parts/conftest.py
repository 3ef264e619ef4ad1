"""The application on a small network of parts, on either database."""

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
from tests.api.parts_network import load_network


@pytest.fixture(scope="session")
def _parts_sqlite(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts")
    file = folder / "parts.db"
    file.write_bytes(_sqlite_template.read_bytes())
    _load(f"sqlite:///{file}", folder / "day")
    return file


@pytest.fixture(scope="session")
def _parts_postgis(_postgis_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    _load(_postgis_template.create("parts", "upgraded"), tmp_path_factory.mktemp("parts") / "day")
    return _postgis_template


def _load(url: str, folder: Path) -> None:
    database = Database(url)
    load_network(database, folder)
    database.close()


@pytest.fixture(params=["sqlite", "postgis"])
def parts_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a store with the network of parts."""
    with copied(request, tmp_path, "parts") as url:
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
