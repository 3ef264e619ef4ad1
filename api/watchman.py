"""Runs the watch over open jobs again and again, outside every request; of all workers of a store one does."""

import contextlib
import datetime as dt
import threading
import time
from collections import defaultdict
from typing import Self

import structlog
from sqlalchemy import select

from api.booking import expire_holds
from api.clock import Clock
from api.database import Database
from api.desks import Desks
from api.edge import REPLAYED_FOR
from api.errors import Conflict
from api.logs import store_error
from api.parts_network import PartsNetworks
from api.parts_watch import watch_orders
from api.settings import Settings
from api.store.slots import HELD
from api.store.sweep import Retention, sweep
from api.store.tour_missed import watch_told
from api.store.unacknowledged import watch_items
from api.store.watch import watch
from api.tables.slots import SlotHold
from api.turns import Turn

__all__ = ["EVERY_S", "Watchman"]

EVERY_S = 30.0
SWEEP_EVERY_S = 3_600.0
REST = 4.0
"""However long a look takes, it rests this many times as long: it may take a fifth of one processor, not more."""
PATIENCE_S = 2.0
LEFT_TO_OTHERS = dt.timedelta(minutes=1)
"""Whoever asks for slots gives back what has run out; the watchman does it where nobody has asked for so long."""

log = structlog.get_logger("paigong.watch")


class Watchman:
    """Looks at open jobs, dispatch items and holds twice a minute, and sweeps every hour; use as a context manager."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._database = Database(settings.database_url)
        self._clock = clock
        self._acknowledge_within = dt.timedelta(minutes=settings.acknowledge_minutes)
        self._retention = Retention(
            answers=REPLAYED_FOR,
            events=dt.timedelta(days=settings.keep_events_days),
            holds=dt.timedelta(days=settings.keep_holds_days),
        )
        self._parts = PartsNetworks()
        self._turn = Turn(self._database, "watch")
        self._swept: float | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchman", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        # A look that is under way is not waited for: what it has not committed another watchman will say.
        self._thread.join(PATIENCE_S)
        if not self._thread.is_alive():
            self.close()

    def close(self) -> None:
        """Let another one have the turn."""
        self._turn.give_up()
        self._database.close()

    def round(self) -> dict[str, int]:
        """Look once, if it is this process's turn, and return what was said and swept."""
        if not self._turn.is_ours():
            return {}
        now = self._clock()
        said = watch(self._database, now)
        said["unacknowledged"] = watch_items(self._database, now, self._acknowledge_within)
        said["expired_holds"] = self._expire_holds(now)
        said["parts_answered"], said["parts_quotes_over"] = watch_orders(self._database, self._parts, now)
        said["tours_missed"] = watch_told(self._database, now)
        if self._swept is None or time.monotonic() - self._swept >= SWEEP_EVERY_S:
            self._swept = time.monotonic()
            said |= {f"swept_{what}": count for what, count in sweep(self._database, now, self._retention).items()}
        return {what: count for what, count in said.items() if count}

    def _run(self) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            try:
                said = self.round()
            except Exception as error:
                # Whatever it is, the next look may go well; without this thread nobody would look.
                log.error("watch", **store_error(error))
                said = {}
            if said:
                log.info("watch", **said)
            self._stop.wait(max(EVERY_S, REST * (time.monotonic() - begun)))

    def _expire_holds(self, now: dt.datetime) -> int:
        """Give back the places of holds that ran out while nobody asked, and return how many."""
        over = select(SlotHold.centre_id, SlotHold.id).where(
            SlotHold.state == HELD, SlotHold.expires_at <= now - LEFT_TO_OTHERS
        )
        of_centre: defaultdict[str, list[str]] = defaultdict(list)
        with self._database.read() as session:
            for centre_id, hold_id in session.execute(over.order_by(SlotHold.id)):
                of_centre[centre_id].append(hold_id)
        desks = Desks(self._database, self._clock)
        for centre_id, hold_ids in of_centre.items():
            with self._database.read() as session, contextlib.suppress(Conflict):
                # Laid out here, so that the transactions that follow are short.
                desks.current(session, centre_id)
            expire_holds(self._database, desks, hold_ids, now)
        return sum(map(len, of_centre.values()))
