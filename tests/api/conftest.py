"""A store of its own for every test, on SQLite and on PostGIS."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.database import Database
from api.settings import Settings
from api.upgrade import upgrade
from bench.postgis import Cluster, cluster
from tests.api.clients import MakeKey, StandingClock, client_of

TEMPLATE = "upgraded"


@pytest.fixture(scope="session")
def postgis() -> Iterator[Cluster]:
    """Yield the PostGIS cluster of this test worker."""
    # Hundreds of stores are copied, each through the log: in memory (tests/conftest.py) its usual gigabyte is missed.
    with cluster("max_wal_size=128MB") as running:
        yield running


@pytest.fixture(scope="session")
def _postgis_template(postgis: Cluster) -> Cluster:
    """Return the cluster once it holds an upgraded, empty store to copy."""
    database = Database(postgis.create(TEMPLATE))
    upgrade(database)
    database.close()
    return postgis


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of an upgraded, empty store to copy."""
    file = tmp_path_factory.mktemp("sqlite") / f"{TEMPLATE}.db"
    database = Database(f"sqlite:///{file}")
    upgrade(database)
    database.close()
    return file


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    """Return the address of an upgraded, empty store on SQLite."""
    file = tmp_path / "paigong.db"
    shutil.copyfile(_sqlite_template, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgis_url(_postgis_template: Cluster) -> Iterator[str]:
    """Yield the address of an upgraded, empty store on PostGIS."""
    name = f"test_{uuid4().hex}"
    yield _postgis_template.create(name, TEMPLATE)
    _postgis_template.drop(name)


@pytest.fixture(params=["sqlite", "postgis"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Return the address of an upgraded, empty store: the test runs on either."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Yield an upgraded, empty store: the test runs on either."""
    opened = Database(database_url)
    yield opened
    opened.close()


Fill = Callable[[Database, Path], None]
"""Puts into an upgraded, empty store what tests begin from; it may write into a folder."""


@pytest.fixture(scope="session")
def _prepared() -> set[tuple[str, str]]:
    """Return which stores were filled: on what, under which name."""
    return set()


@contextmanager
def copied(request: pytest.FixtureRequest, tmp_path: Path, name: str, fill: Fill) -> Iterator[str]:
    """Yield the address of a test's own copy of a store that was filled once, on the database that the test runs on."""
    prepared: set[tuple[str, str]] = request.getfixturevalue("_prepared")
    is_new = (request.param, name) not in prepared
    if request.param == "sqlite":
        empty: Path = request.getfixturevalue("_sqlite_template")
        filled, file = empty.with_name(f"{name}.db"), tmp_path / f"{name}.db"
        if is_new:
            shutil.copyfile(empty, filled)
            _filled(f"sqlite:///{filled}", fill, tmp_path / name)
        prepared.add((request.param, name))
        shutil.copyfile(filled, file)
        yield f"sqlite:///{file}"
        return
    postgis: Cluster = request.getfixturevalue("_postgis_template")
    if is_new:
        _filled(postgis.create(name, TEMPLATE), fill, tmp_path / name)
    prepared.add((request.param, name))
    copy = f"test_{uuid4().hex}"
    yield postgis.create(copy, name)
    postgis.drop(copy)


def _filled(url: str, fill: Fill, folder: Path) -> None:
    database = Database(url)
    fill(database, folder)
    database.close()


@pytest.fixture(params=["sqlite", "postgis"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a store without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    postgis: Cluster = request.getfixturevalue("postgis")
    name = f"empty_{uuid4().hex}"
    yield postgis.create(name)
    postgis.drop(name)


@pytest.fixture
def app(database_url: str) -> Iterator[FastAPI]:
    """Yield the application on an upgraded, empty store, on either database; its clock stands still."""
    application = create_app(Settings(database_url=database_url), clock=StandingClock())
    yield application
    application.state.database.close()


@pytest.fixture
def make_key(app: FastAPI) -> MakeKey:
    """Return what makes a key and gives its Authorization header."""
    return MakeKey(app)


@pytest.fixture
def anyone(app: FastAPI) -> TestClient:
    """Return a client without a key."""
    return client_of(app)


@pytest.fixture
def client(app: FastAPI, make_key: MakeKey) -> TestClient:
    """Return a client whose key may do everything everywhere."""
    return client_of(app, make_key("admin"))
