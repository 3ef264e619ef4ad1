"""An application over a small network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.api.conftest import copied
from tests.api.stocked import stock


@pytest.fixture(params=["sqlite", "postgis"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a store with a network of two centres."""
    with copied(request, tmp_path, "stocked", stock) as url:
        yield url


@pytest.fixture
def stocked(client: TestClient) -> TestClient:
    """Return a client whose key may do everything, over a network of two centres."""
    return client
