"""A small day, read once, and stores that have loaded it."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.database import Database
from api.store.jobs import By
from api.store.load import load_day
from datasets.day import DayFolder, build_day, read_source
from tests.api.conftest import copied
from tests.small_day import make_small_day

DATE = dt.date(2026, 3, 2)
NOW = dt.datetime(2026, 3, 1, 22, 0, tzinfo=dt.UTC)
BY = By(actor="tests", channel="load")


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


@pytest.fixture(params=["sqlite", "postgis"])
def loaded(request: pytest.FixtureRequest, tmp_path: Path, day_path: Path) -> Iterator[Database]:
    """Yield a store of the test's own that has loaded the sample day: the test runs on both databases."""

    def load(database: Database, _: Path) -> None:
        with database.write() as session:
            load_day(session, read_source(day_path), by=BY, now=NOW)

    with copied(request, tmp_path, "loaded", load) as url:
        database = Database(url)
        yield database
        database.close()
