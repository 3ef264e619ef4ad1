"""What is swept, and what never is."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.database import Database
from api.event_types import EventType
from api.events import emit
from api.store.keys import make_key
from api.store.sweep import Retention, sweep
from api.store.webhooks import create_webhook, hand_over
from api.tables.access import AuditEntry, Posted
from api.tables.events import Delivery, Event, Webhook

NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
RETENTION = Retention(answers=DAY, events=90 * DAY, holds=30 * DAY)
NOTHING = {"answers": 0, "deliveries": 0, "events": 0, "holds": 0}


def happened(database: Database, *days_ago: float) -> None:
    with database.write() as session:
        for number, days in enumerate(days_ago):
            emit(session, EventType.JOB_CREATED, f"job_{number}", {}, at=NOW - days * DAY)


def kept(database: Database) -> list[float]:
    with database.read() as session:
        return [(NOW - at) / DAY for at in session.scalars(select(Event.at).order_by(Event.position))]


def webhook(session: Session, at: dt.datetime) -> str:
    return create_webhook(session, url="http://127.0.0.1:9/", types=[], description="", centres=None, now=at).id


def test_events_are_kept_as_long_as_they_are_promised(database: Database) -> None:
    happened(database, 200, 91, 89, 0)
    assert sweep(database, NOW, RETENTION) == NOTHING | {"events": 2}
    assert kept(database) == [89, 0]
    assert sweep(database, NOW, RETENTION) == NOTHING


@pytest.mark.parametrize("at_once", [1, 2])
def test_little_at_a_time_comes_to_the_same(database: Database, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr("api.store.sweep.AT_ONCE", at_once)
    happened(database, 400, 300, 200, 89, 100, 0)
    # The feed is swept from its beginning: what is older than something younger before it waits for that.
    assert sweep(database, NOW, RETENTION)["events"] >= 3
    assert kept(database) in ([89, 100, 0], [89, 0])


def test_what_a_webhook_still_waits_for_stays(database: Database) -> None:
    with database.write() as session:
        hook_id = webhook(session, NOW - 200 * DAY)
    happened(database, 150, 120)
    assert sweep(database, NOW, RETENTION) == NOTHING, "nothing was handed over yet"
    with database.write() as session:
        hook = session.get_one(Webhook, hook_id)
        hand_over(session, hook, NOW - 150 * DAY)
        session.get_one(
            Delivery, session.scalars(select(Delivery.id).order_by(Delivery.event_position)).all()[1]
        ).created_at = NOW
    assert sweep(database, NOW, RETENTION) == NOTHING | {"deliveries": 1, "events": 1}
    assert kept(database) == [120], "sent again a moment ago"


def test_stored_answers_go_and_audit_stays(database: Database) -> None:
    with database.write() as session:
        made = make_key(session, name="tester", scopes=[], centres=None, now=NOW)
        for hours in (23, 25):
            at = NOW - dt.timedelta(hours=hours)
            row = {"fingerprint": b"", "at": at, "status": 200, "headers": {}, "body": b""}
            session.add(Posted(key_id=made.id, idempotency_key=str(hours), **row))
        entry: dict[str, Any] = {
            "key_id": None,
            "actor": "x",
            "request_id": "x",
            "method": "POST",
            "path": "/",
            "detail": {},
        }
        session.add(AuditEntry(id="audit_1", at=NOW - 5_000 * DAY, **entry))
    assert sweep(database, NOW, RETENTION) == NOTHING | {"answers": 1}
    with database.read() as session:
        assert session.scalars(select(Posted.idempotency_key)).all() == ["23"]
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 1
