"""Which workers say that they live, seen from a serving process: without one nothing is planned and nobody watches."""

import threading
import time
from collections.abc import Callable, Mapping

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from api.database import Database
from api.tables.plans import Worker

__all__ = ["Attendance"]

LOOK_EVERY_S = 2.0
SILENT_AFTER_S = 15.0
"""A worker says every second that it lives; one that starts needs some seconds to say it first."""

log = structlog.get_logger("paigong.workers")


class Attendance:
    """Counts the workers that are heard of, by this process's own clock: no two machines' clocks are compared."""

    def __init__(self, database: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._monotonic = monotonic
        self._begun = monotonic()
        self._said: Mapping[str, object] = {}
        self._heard_at: dict[str, float] = {}
        self._is_silence_known = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look, in a thread."""
        self._thread = threading.Thread(target=self._run, name="attendance", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def look(self) -> None:
        """See who has said something since the last look; log when nobody has for long, and when somebody does again.

        What stands there at the first look may be a dead worker's: only a change is a sign of life.
        """
        with self._database.read() as session:
            said = dict(session.execute(select(Worker.executor, Worker.seen_at)).all())
        now = self._monotonic()
        heard = {executor: now for executor, at in said.items() if self._said.get(executor, at) != at}
        self._heard_at = {executor: at for executor, at in (self._heard_at | heard).items() if executor in said}
        self._said = said
        self._report(self.workers())

    def workers(self) -> int | None:
        """Return how many workers live; None: not known yet."""
        now = self._monotonic()
        count = sum(now - at < SILENT_AFTER_S for at in self._heard_at.values())
        return None if count == 0 and now - self._begun < SILENT_AFTER_S else count

    def _report(self, workers: int | None) -> None:
        if workers == 0 and not self._is_silence_known:
            log.warning("workers.none", detail="plans wait, promises are not watched: paigong work")
        elif workers and self._is_silence_known:
            log.info("workers.back", workers=workers)
        self._is_silence_known = workers == 0

    def _run(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            try:
                self.look()
            except SQLAlchemyError as error:
                log.error("workers", error=type(error).__name__)
