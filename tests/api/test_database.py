"""The store's transactions: what is promised waits for the disk, who reads sees one moment."""

import datetime as dt

from sqlalchemy import func, select, text

from api.database import Database
from api.event_types import EventType
from api.events import emit
from api.tables.events import Event

__all__: list[str] = []


def test_only_what_can_be_asked_again_does_not_wait_for_the_disk(database: Database) -> None:
    asked = text("PRAGMA synchronous" if database.is_sqlite else "SHOW synchronous_commit")
    said = []
    # The same connection serves all three: nothing may stay as the one in the middle wanted it.
    for durable in (True, False, True):
        with database.write(durable=durable) as session:
            said.append(session.scalar(asked))
    with database.read() as session:
        said.append(session.scalar(asked))
    full, normal = (2, 1) if database.is_sqlite else ("on", "off")
    assert said == [full, normal, full, full]


def test_who_reads_sees_one_moment_whatever_is_written_meanwhile(database: Database) -> None:
    count = select(func.count()).select_from(Event)
    now = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
    with database.read() as reader:
        assert reader.scalar(count) == 0
        with database.write() as writer:
            emit(writer, EventType.JOB_CREATED, "J1", {}, None, at=now)
        with database.read() as other:
            assert other.scalar(count) == 1
        assert reader.scalar(count) == 0
    # The connection is given back as it was taken: writers see what others have committed since they began.
    if not database.is_sqlite:
        with database.write() as writer:
            assert writer.scalar(text("SHOW transaction_isolation")) == "read committed"
