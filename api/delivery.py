"""Events on their way to webhooks: signed, in order per subject, tried again for days, outside every request."""

import datetime as dt
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import structlog
from sqlalchemy.exc import SQLAlchemyError
from standardwebhooks import Webhook as Signer

from api.clock import Clock
from api.database import Database
from api.logs import store_error
from api.metrics import Metrics
from api.schemas.events import EventShown
from api.store.webhooks import active_webhooks, due_deliveries, hand_over, oldest_due
from api.tables.events import Delivery, Webhook
from api.turns import Turn

__all__ = ["GIVEN_UP_AFTER", "Attempt", "Courier", "Send", "http_sender", "pause_after", "signed_headers"]

GIVEN_UP_AFTER = dt.timedelta(days=3)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 5.0, 900.0
AT_ONCE = 100
"""Deliveries to one webhook before the next one has its turn."""
TURN_S = 5.0
"""Seconds of one webhook's turn, plus its last attempt."""
IDLE_S = 0.5
TRY_LATER = frozenset({408, 425, 429})

log = structlog.get_logger("paigong.webhooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What became of an attempt. status: None without an answer."""

    status: int | None
    error: str | None = None

    @property
    def is_delivered(self) -> bool:
        """Return whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_unreached(self) -> bool:
        """Return whether the receiver as a whole is not there: the next event would fare no better."""
        return self.status is None or self.status >= 500 or self.status in TRY_LATER


class Send(Protocol):
    """Sends one message."""

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> Attempt:
        """Return what became of it; never raises."""
        ...


def http_sender(timeout_s: float) -> Send:
    """Return what sends over HTTP: no redirects, no proxies, little patience."""

    @cache
    def client() -> httpx.Client:
        # Made for the first event: reading the certificates of all authorities takes a while.
        return httpx.Client(timeout=timeout_s, follow_redirects=False, trust_env=False)

    def send(url: str, headers: dict[str, str], body: bytes) -> Attempt:
        try:
            with client().stream("POST", url, headers=headers, content=body) as answer:
                return Attempt(status=answer.status_code)  # its body is nobody's business, however long
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return Attempt(status=None, error=_words(error, url, timeout_s))

    return send


def _words(error: Exception, url: str, timeout_s: float) -> str:
    """Return why there was no answer, for whoever set the address."""
    place = urlsplit(url).netloc.rpartition("@")[2]
    match error:
        case httpx.ConnectTimeout():
            return f"no connection to {place} within {timeout_s:g} s"
        case httpx.TimeoutException():
            return f"{place} did not answer within {timeout_s:g} s"
        case httpx.ConnectError() if "refused" in str(error):
            return f"nobody listens at {place}"
        case httpx.ConnectError():
            return f"no connection to {place}: {error}"
        case _:
            return f"the connection to {place} broke ({type(error).__name__})"


def signed_headers(secret: str, event_id: str, now: dt.datetime, body: str) -> dict[str, str]:
    """Return the headers of Standard Webhooks."""
    return {
        "Content-Type": "application/json",
        "User-Agent": "paigong",
        "webhook-id": event_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Signer(secret).sign(event_id, now, body),
    }


def pause_after(failures: int, chance: random.Random) -> dt.timedelta:
    """Return how long to wait after so many failures: doubling, with jitter, up to a quarter of an hour."""
    seconds = min(FIRST_PAUSE_S * 2.0 ** min(failures - 1, 30), LONGEST_PAUSE_S)
    return dt.timedelta(seconds=seconds * chance.uniform(0.5, 1.0))


class Courier:
    """Delivers what is due; of all processes of a store one at a time does."""

    def __init__(
        self, database: Database, clock: Clock, send: Send, metrics: Metrics, chance: random.Random | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._send = send
        self._metrics = metrics
        self._chance = chance or random.Random()
        self._turn = Turn(database, "webhooks")
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to deliver, in a thread."""
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the attempt that is under way."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._turn.give_up()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                attempts = self.round()
            except SQLAlchemyError as error:
                log.error("store", **store_error(error))
                attempts = 0
            if not attempts:
                self._stop.wait(IDLE_S)

    def round(self) -> int:
        """Give every webhook its turn; return how many attempts were made."""
        now = self._clock()
        with self._database.read() as session:
            webhooks = active_webhooks(session)
            waiting_since = oldest_due(session)
            session.expunge_all()  # what was read outlives the transaction
        lag_s = 0.0 if waiting_since is None else (now - waiting_since).total_seconds()
        self._metrics.events_lag.set(lag_s)
        if not webhooks or not self._turn.is_ours():
            return 0
        return sum(self._serve(webhook, now) for webhook in webhooks)

    def _serve(self, webhook: Webhook, now: dt.datetime) -> int:
        self._hand_over(webhook.id, now)
        if webhook.resumes_at is not None and webhook.resumes_at > now:
            return 0
        with self._database.read() as session:
            # While the receiver is away one event at a time finds out whether it is back.
            due = due_deliveries(session, webhook.id, now, 1 if webhook.failures else AT_ONCE)
            session.expunge_all()
        ends = time.monotonic() + TURN_S
        made: list[tuple[str, Attempt]] = []
        for delivery, event in due:
            body = EventShown.of(event).model_dump_json()
            headers = signed_headers(webhook.secret, event.id, now, body)
            attempt = self._send(webhook.url, headers, body.encode())
            made.append((delivery.id, attempt))
            if attempt.is_unreached or self._stop.is_set() or time.monotonic() > ends:
                break
        # Together, so that few other writers wait: what is killed before this is sent again under the same ids.
        self._note(webhook.id, made)
        return len(made)

    def _hand_over(self, webhook_id: str, now: dt.datetime) -> None:
        with self._database.read() as session:
            webhook = session.get(Webhook, webhook_id)
            if webhook is None or not hand_over(session, webhook, now):
                return
        with self._database.write() as session:
            webhook = session.get(Webhook, webhook_id, with_for_update=True)
            if webhook is not None:
                hand_over(session, webhook, now)

    def _note(self, webhook_id: str, made: Sequence[tuple[str, Attempt]]) -> None:
        """Write down what became of these attempts."""
        if not made:
            return
        now = self._clock()
        with self._database.write() as session:
            webhook = session.get(Webhook, webhook_id, with_for_update=True)
            if webhook is None:
                return  # removed meanwhile
            for delivery_id, attempt in made:
                delivery = session.get(Delivery, delivery_id)
                if delivery is not None:
                    self._note_one(webhook, delivery, attempt, now)
        for _, attempt in made:
            outcome = "delivered" if attempt.is_delivered else "unreached" if attempt.is_unreached else "refused"
            self._metrics.deliveries.labels(outcome).inc()
            if not attempt.is_delivered:
                said = {"outcome": outcome, "status": attempt.status, "error": attempt.error}
                log.warning("not delivered", webhook=webhook_id, **said)

    def _note_one(self, webhook: Webhook, delivery: Delivery, attempt: Attempt, now: dt.datetime) -> None:
        delivery.attempts += 1
        delivery.tried_at, delivery.status, delivery.error = now, attempt.status, attempt.error
        if not attempt.is_unreached:
            webhook.failures, webhook.resumes_at = 0, None
        if attempt.is_delivered:
            delivery.state = "delivered"
            return
        if attempt.is_unreached:
            webhook.failures += 1
            webhook.resumes_at = delivery.due_at = now + pause_after(webhook.failures, self._chance)
        else:
            delivery.due_at = now + pause_after(delivery.attempts, self._chance)
        if now - delivery.created_at >= GIVEN_UP_AFTER:
            delivery.state = "given_up"
