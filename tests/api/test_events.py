"""The feed: order, places, and what a key's centres may see."""

import threading

from fastapi.testclient import TestClient

from api.database import Database
from api.event_types import EventType
from api.events import START, Place, emit, end_of_feed, read_events
from tests.api.clients import MakeKey, client_of


def subjects(database: Database, after: Place = START) -> list[str]:
    with database.read() as session:
        return [event.subject for event in read_events(session, after, 100)]


def test_an_event_of_a_transaction_that_fails_never_was(database: Database) -> None:
    try:
        with database.write() as session:
            emit(session, EventType.JOB_CREATED, "job_1", {})
            raise KeyError
    except KeyError:
        pass
    assert subjects(database) == []


def test_no_reader_passes_an_event_that_is_committed_later(database: Database) -> None:
    if database.is_sqlite:
        with database.write() as session:
            emit(session, EventType.JOB_CREATED, "first", {})
            assert subjects(database) == []
    else:
        with database.write() as late:
            emit(late, EventType.JOB_CREATED, "first", {})
            with database.write() as session:
                emit(session, EventType.JOB_CREATED, "second", {})
            # "second" is visible, and "first" will come before it: a reader that went on would never see it.
            assert subjects(database) == []
            with database.read() as session:
                assert end_of_feed(session) == START
        assert subjects(database) == ["first", "second"]


def test_many_writers_and_a_reader_that_goes_on_lose_nothing(database: Database) -> None:
    def write(writer: int) -> None:
        for turn in range(10):
            with database.write() as session:
                emit(session, EventType.JOB_CREATED, f"{writer}-{turn}", {})

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for writer in writers:
        writer.start()
    seen: list[str] = []
    place = START
    while any(writer.is_alive() for writer in writers) or len(seen) < 40:
        with database.read() as session:
            for event in read_events(session, place, 7):
                seen.append(event.subject)
                place = Place(transaction=event.transaction_id, position=event.position)
        if not any(writer.is_alive() for writer in writers) and not read_more(database, place):
            break
    assert len(seen) == len(set(seen)) == 40
    for writer_number in range(4):
        mine = [subject for subject in seen if subject.startswith(f"{writer_number}-")]
        assert mine == [f"{writer_number}-{turn}" for turn in range(10)]


def read_more(database: Database, place: Place) -> bool:
    return bool(subjects(database, place))


def test_the_feed_goes_on_where_a_reader_was(client: TestClient) -> None:
    database: Database = client.app.state.database  # type: ignore[attr-defined]
    with database.write() as session:
        for number in range(3):
            emit(session, EventType.JOB_CREATED, f"job_{number}", {"n": number}, centre_id="C01")
    first = client.get("/v1/events", params={"limit": 2}).json()
    assert [event["subject"] for event in first["items"]] == ["job_0", "job_1"]
    assert first["has_more"]
    rest = client.get("/v1/events", params={"after": first["next"]}).json()
    assert [event["subject"] for event in rest["items"]] == ["job_2"]
    assert not rest["has_more"]
    assert client.get("/v1/events", params={"after": rest["next"]}).json()["items"] == []
    assert client.get("/v1/events", params={"after": "end"}).json()["next"] == rest["next"]


def test_another_centres_events_are_not_there(client: TestClient, make_key: MakeKey) -> None:
    database: Database = client.app.state.database  # type: ignore[attr-defined]
    with database.write() as session:
        emit(session, EventType.JOB_CREATED, "mine", {}, centre_id="C01")
        emit(session, EventType.JOB_CREATED, "theirs", {}, centre_id="C02")
        emit(session, EventType.PLAN_PROGRESS, "everybody's", {})
    here = client_of(make_key.app, make_key(centres=["C01"]))
    assert [event["subject"] for event in here.get("/v1/events").json()["items"]] == ["mine"]


def test_a_cursor_of_elsewhere_is_refused(client: TestClient) -> None:
    for cursor in ("x", "WyJqb2JfMDE5OCJd", "WzEsMl0x", "bnVsbA", "W3RydWUsMV0"):
        answer = client.get("/v1/events", params={"after": cursor})
        assert answer.status_code == 400, cursor
        assert answer.json()["errors"][0]["parameter"] == "query.after"
