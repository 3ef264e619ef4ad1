"""Clients of the application in tests: keys, and a clock that only moves when told."""

import datetime as dt

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.store import keys

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # 09:00 in China, a Monday


class StandingClock:
    """A clock that stands at 09:00 of the sample day until it is moved."""

    def __init__(self, now: dt.datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def move(self, by: dt.timedelta) -> None:
        self.now += by


class MakeKey:
    """Makes keys; what is returned goes into the headers of a client."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    def __call__(
        self, *scopes: str, centres: list[str] | None = None, expires_at: dt.datetime | None = None
    ) -> dict[str, str]:
        with self.app.state.database.write() as session:
            made = keys.make_key(session, name="tester", scopes=scopes, centres=centres, now=NOW, expires_at=expires_at)
        return {"Authorization": f"Bearer {made.token}"}


def client_of(app: FastAPI, headers: dict[str, str] | None = None) -> TestClient:
    """Return a client that is answered 500 where a person would be."""
    return TestClient(app, headers=headers, raise_server_exceptions=False, base_url="http://127.0.0.1")
