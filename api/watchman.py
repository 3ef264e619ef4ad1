"""Runs the watch over open jobs again and again, outside every request; of all processes of a store one does."""

import datetime as dt
import threading

import structlog
from sqlalchemy.exc import SQLAlchemyError

from api.clock import Clock
from api.database import Database
from api.errors import Problem
from api.logs import store_error
from api.store.unacknowledged import watch_items
from api.store.watch import watch
from api.turns import Turn

__all__ = ["EVERY_S", "Watchman"]

EVERY_S = 30.0

log = structlog.get_logger("paigong.watch")


class Watchman:
    """Looks at every open job and dispatch item twice a minute; acknowledge_within: before a visit, at the latest."""

    def __init__(self, database: Database, clock: Clock, acknowledge_within: dt.timedelta) -> None:
        self._database = database
        self._clock = clock
        self._acknowledge_within = acknowledge_within
        self._turn = Turn(database, "watch")
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch, in a thread."""
        self._thread = threading.Thread(target=self._run, name="watchman", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the look that is under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._turn.give_up()

    def round(self) -> dict[str, int]:
        """Look once, if it is this process's turn, and return what was said."""
        if not self._turn.is_ours():
            return {}
        now = self._clock()
        with self._database.write() as session:
            said = watch(session, now)
        with self._database.write() as session:
            unacknowledged = watch_items(session, now, self._acknowledge_within)
        return said | ({"unacknowledged": unacknowledged} if unacknowledged else {})

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                said = self.round()
            except (SQLAlchemyError, Problem) as error:
                log.error("watch", **store_error(error))
                continue
            if said:
                log.info("watch", **said)
