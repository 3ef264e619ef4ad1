"""A small day, read once, and stores that have loaded it."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.database import Database
from api.store.jobs import By
from api.store.load import load_day
from bench.postgis import Cluster
from datasets.day import DayFolder, build_day, read_source
from tests.api.conftest import TEMPLATE, copied
from tests.small_day import make_small_day

DATE = dt.date(2026, 3, 2)
NOW = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.UTC)
BY = By(actor="tests", channel="load")
LOADED = "loaded"


@pytest.fixture(scope="session")
def day_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sample day folder."""
    folder = tmp_path_factory.mktemp("store") / "day"
    make_small_day(folder, DATE)
    return folder


@pytest.fixture(scope="session")
def day_folder(day_path: Path) -> DayFolder:
    """Return the sample day as its folder says."""
    return build_day(read_source(day_path))


def _load(url: str, day_path: Path) -> None:
    database = Database(url)
    with database.write() as session:
        load_day(session, read_source(day_path), by=BY, now=NOW)
    database.close()


@pytest.fixture(scope="session")
def _loaded_sqlite(_sqlite_template: Path, day_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / f"{LOADED}.db"
    shutil.copyfile(_sqlite_template, file)
    _load(f"sqlite:///{file}", day_path)
    return file


@pytest.fixture(scope="session")
def _loaded_postgis(_postgis_template: Cluster, day_path: Path) -> Cluster:
    _load(_postgis_template.create(LOADED, TEMPLATE), day_path)
    return _postgis_template


@pytest.fixture(params=["sqlite", "postgis"])
def loaded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yield a store of the test's own that has loaded the sample day: the test runs on both databases."""
    with copied(request, tmp_path, LOADED) as url:
        database = Database(url)
        yield database
        database.close()
