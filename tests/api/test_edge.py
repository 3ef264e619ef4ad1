"""One request, one transaction: what is repeated, what is written down, what is refused."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from api.tables.access import AuditEntry, Posted
from api.tables.events import Event
from tests.api.clients import NOW, MakeKey, client_of
from tests.api.probe import Gate, add_probe


@pytest.fixture
def gate(app: FastAPI) -> Gate:
    return add_probe(app)


def count_of(app: FastAPI, table: type) -> int:
    with app.state.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_same_key_and_content_get_the_first_answer(app: FastAPI, gate: Gate, client: TestClient) -> None:
    first = client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k1"})
    again = client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k1"})
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert gate.runs == count_of(app, Event) == count_of(app, AuditEntry) == 1


def test_the_same_key_with_another_content_is_refused(app: FastAPI, gate: Gate, client: TestClient) -> None:
    client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k1"})
    other = client.post("/v1/things", json={"name": "b"}, headers={"Idempotency-Key": "k1"})
    assert other.status_code == 422
    assert other.json()["errors"][0]["code"] == "idempotency_key_reused"
    assert count_of(app, Event) == 1


def test_a_key_is_one_callers_own(app: FastAPI, gate: Gate, client: TestClient, make_key: MakeKey) -> None:
    another = client_of(app, make_key("jobs:write"))
    ids = {
        c.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k"}).json()["id"]
        for c in (client, another)
    }
    assert len(ids) == 2


def test_a_refusal_is_not_remembered(app: FastAPI, gate: Gate, client: TestClient) -> None:
    for _ in range(2):
        answer = client.post("/v1/things", json={"name": "clash"}, headers={"Idempotency-Key": "k1"})
        assert answer.status_code == 409
        assert answer.json()["offers"] == []
    assert gate.runs == 2
    assert count_of(app, Event) == count_of(app, Posted) == count_of(app, AuditEntry) == 0


def test_a_day_later_the_key_is_free(app: FastAPI, gate: Gate, make_key: MakeKey) -> None:
    client = client_of(app, make_key("admin"))
    client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k1"})
    app.state.clock.move(dt.timedelta(hours=23, minutes=59))
    client.post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k1"})
    assert gate.runs == 1
    app.state.clock.move(dt.timedelta(minutes=2))
    assert client.post("/v1/things", json={"name": "b"}, headers={"Idempotency-Key": "k1"}).status_code == 201
    assert gate.runs == 2


def test_two_at_once_run_one_effect(app: FastAPI, gate: Gate, make_key: MakeKey) -> None:
    key = make_key("admin")
    gate.opens.clear()

    def post(_: int) -> tuple[int, bytes]:
        answer = client_of(app, key).post("/v1/things", json={"name": "a"}, headers={"Idempotency-Key": "k1"})
        return answer.status_code, answer.content

    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(post, number) for number in range(4)]
        assert gate.is_inside.wait(20)
        gate.opens.set()
        found = {answer.result() for answer in answers}
    assert len(found) == 1
    assert gate.runs == 1
    assert count_of(app, Event) == 1


def test_without_a_key_every_post_counts(app: FastAPI, gate: Gate, client: TestClient) -> None:
    for _ in range(2):
        client.post("/v1/things", json={"name": "a"})
    assert gate.runs == count_of(app, Event) == 2


@pytest.mark.parametrize("key", ["", "a b", "k" * 256, "ké"])
def test_what_is_no_idempotency_key_is_refused(gate: Gate, client: TestClient, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = client.post("/v1/things", json={"name": "a"}, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "header.Idempotency-Key"
    assert gate.runs == 0


def test_a_defect_leaves_nothing_and_tells_nothing(app: FastAPI, gate: Gate, client: TestClient) -> None:
    answer = client.post("/v1/things", json={"name": "crash"}, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "customer" not in answer.text
    assert count_of(app, Event) == count_of(app, Posted) == 0


def test_the_audit_says_who_when_and_what_and_is_never_rewritten(app: FastAPI, gate: Gate, client: TestClient) -> None:
    headers = {"X-Actor": "%E5%BC%A0%E4%B8%89", "X-Request-Id": "abc"}
    client.post("/v1/things", json={"name": "a"}, headers=headers)
    with app.state.database.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.actor, entry.method, entry.path) == ("张三", "POST", "/v1/things")
        assert (entry.request_id, entry.at, entry.detail) == ("abc", NOW, {"name": "a"})
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises(IntegrityError), app.state.database.write() as session:
            session.execute(text(statement))


def test_a_change_of_another_version_is_refused_with_the_current_one(gate: Gate, client: TestClient) -> None:
    missing = client.patch("/v1/things/x")
    assert missing.status_code == 428
    for tag in ('"6"', "*", "nonsense", '"07x"'):
        stale = client.patch("/v1/things/x", headers={"If-Match": tag})
        assert stale.status_code == 412, tag
        assert stale.json()["version"] == 7
        assert stale.headers["ETag"] == '"7"'
    for tag in ('"7"', 'W/"7"', '"3", "7"'):
        assert client.patch("/v1/things/x", headers={"If-Match": tag}).status_code == 200, tag


def test_prefer_says_how_long_to_wait(gate: Gate, client: TestClient) -> None:
    for header, seconds in {
        "wait=5": 5.0,
        "respond-async, wait=2": 2.0,
        "wait=999": 30.0,
        "x": 0.0,
        "await=3": 0.0,
    }.items():
        assert client.get("/v1/things/x", headers={"Prefer": header}).json()["wait"] == seconds, header


def test_requests_of_many_threads_do_not_mix(app: FastAPI, gate: Gate, make_key: MakeKey) -> None:
    key, names = make_key("admin"), [f"n{number}" for number in range(20)]
    start = threading.Barrier(4)

    def ask(mine: list[str]) -> list[bool]:
        start.wait()
        client = client_of(app, key)
        return [client.get("/v1/things/x", headers={"X-Actor": name}).json()["actor"] == name for name in mine]

    with ThreadPoolExecutor(4) as threads:
        assert all(all(same) for same in threads.map(ask, [names[i::4] for i in range(4)]))
