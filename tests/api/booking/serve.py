"""Serves a store on loopback by a clock that stands still; its words are URL PORT [PLACE MARK].

With a place, the process stands still for good where the transaction that publishes gets there, and makes the file
MARK: before the statement that begins like it, before the `commit`, or once it is `committed` and not answered yet.
"""

import sys
import threading
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import Engine, event

from api.app import create_app
from api.settings import Settings
from tests.api.clients import StandingClock

__all__ = ["PUBLISHES", "main", "stand_still_at"]

PUBLISHES = ("INSERT INTO published", "INSERT INTO tour_days")


def stand_still_at(engine: Engine, place: str, mark: Path) -> None:
    """Let the transaction that publishes get there and no further."""

    def stand_still() -> None:
        mark.touch()
        threading.Event().wait()

    @event.listens_for(engine, "before_cursor_execute")
    def statement(connection: Any, _: object, text: str, *__: object) -> None:
        if text.startswith(PUBLISHES):
            connection.info["publishes"] = True
        if text.startswith(place) and (place in PUBLISHES or "publishes" in connection.info):
            stand_still()

    @event.listens_for(engine, "commit")
    def commit(connection: Any) -> None:
        if place == "commit" and "publishes" in connection.info:
            stand_still()

    @event.listens_for(engine, "checkin")
    def checkin(_: object, record: Any) -> None:
        if place == "committed" and record.info.pop("publishes", False):
            stand_still()


def main() -> None:
    """Serve."""
    app = create_app(Settings(database_url=sys.argv[1]), clock=StandingClock())
    if len(sys.argv) > 3:
        # Nobody asks for slots, and in a process of its own the judge would load all that a plan needs once more.
        app.state.desks.warm = lambda: None
        app.state.judge = lambda work, *args: work(*args)
        stand_still_at(app.state.database.engine, sys.argv[3], Path(sys.argv[4]))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
