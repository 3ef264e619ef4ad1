"""An application over a small network."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.api.stocked import stock


@pytest.fixture
def stocked(app: FastAPI, client: TestClient, tmp_path: Path) -> TestClient:
    """Return a client whose key may do everything, over a network of two centres."""
    stock(app.state.database, tmp_path / "day")
    return client
