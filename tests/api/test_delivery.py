"""Webhooks: signed, in order per subject, tried again for days, once more on demand."""

import datetime as dt
import json
import random
import socket
import sqlite3
from collections.abc import Callable, Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from standardwebhooks import Webhook as Verifier

from api.database import Database
from api.delivery import GIVEN_UP_AFTER, Attempt, Courier, http_sender, pause_after
from api.event_types import EventType
from api.events import emit
from api.logs import store_error
from api.metrics import Metrics
from api.tables.events import Delivery, Webhook
from api.turns import Turn
from tests.api.clients import MakeKey, StandingClock, client_of

URL = "https://tickets.example/hook"


class Receiver:
    """Stands for the other side: remembers what came, answers as it is told."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str]] = []
        self.got: list[tuple[str, int]] = []
        self.messages: list[tuple[dict[str, str], bytes]] = []
        self.answers: Callable[[str], int | None] = lambda subject: 204

    def __call__(self, url: str, headers: dict[str, str], body: bytes) -> Attempt:
        event = json.loads(body)
        status = self.answers(event["subject"])
        self.came.append((event["subject"], headers["webhook-id"]))
        self.messages.append((headers, body))
        if status is not None and status < 300:
            self.got.append((event["subject"], event["data"]["n"]))
        return Attempt(status=status, error=None if status else "ConnectError")


class Post:
    """A webhook, its receiver and the courier between them."""

    def __init__(self, app: FastAPI, client: TestClient) -> None:
        self.app, self.client = app, client
        self.database: Database = app.state.database
        self.clock: StandingClock = app.state.clock
        self.receiver = Receiver()
        self.courier = self.new_courier()

    def new_courier(self) -> Courier:
        return Courier(self.database, self.clock, self.receiver, Metrics(), random.Random(1))

    def webhook(self, **more: object) -> dict[str, object]:
        made = self.client.post("/v1/webhooks", json={"url": URL, **more})
        assert made.status_code == 201, made.text
        shown: dict[str, object] = made.json()
        return shown

    def happen(
        self, *subjects: str, type_: EventType = EventType.JOB_STATE_CHANGED, centre_id: str | None = None
    ) -> None:
        with self.database.write() as session:
            for n, subject in enumerate(subjects):
                emit(session, type_, subject, {"n": n}, centre_id)

    def go_round(self) -> None:
        while self.courier.round():
            pass

    def states(self) -> list[str]:
        with self.database.read() as session:
            return list(session.scalars(select(Delivery.state).order_by(Delivery.event_position)))

    def wait(self, hours: float, step_s: int = 60) -> None:
        for _ in range(int(hours * 3_600 / step_s)):
            self.clock.move(dt.timedelta(seconds=step_s))
            self.go_round()


@pytest.fixture
def post(app: FastAPI, client: TestClient) -> Iterator[Post]:
    made = Post(app, client)
    yield made
    made.courier.stop()


def test_a_message_is_signed_as_standard_webhooks_has_it(post: Post) -> None:
    post.clock.now = dt.datetime.now(dt.UTC)  # the verifier looks at the real clock
    secret = str(post.webhook()["secret"])
    post.happen("job_1")
    post.go_round()
    ((headers, body),) = post.receiver.messages
    event = Verifier(secret).verify(body, headers)
    assert (event["type"], event["subject"], event["id"]) == ("job.state_changed", "job_1", headers["webhook-id"])


def test_what_was_before_is_not_told(post: Post) -> None:
    post.happen("before")
    post.webhook()
    post.happen("after")
    post.go_round()
    assert post.receiver.got == [("after", 0)]


def test_a_webhook_is_told_of_its_types_and_centres(post: Post, make_key: MakeKey) -> None:
    client_of(post.app, make_key("admin", centres=["C01"])).post(
        "/v1/webhooks", json={"url": URL, "types": ["job.created", "plan.published"]}
    )
    post.happen("mine", type_=EventType.JOB_CREATED, centre_id="C01")
    post.happen("another type", centre_id="C01")
    post.happen("another centre", type_=EventType.JOB_CREATED, centre_id="C02")
    post.happen("no centre", type_=EventType.JOB_CREATED)
    post.go_round()
    assert [subject for subject, _ in post.receiver.got] == ["mine"]


def test_a_receiver_that_was_down_for_an_hour_gets_everything_in_order(post: Post) -> None:
    post.webhook()
    post.receiver.answers = lambda subject: None
    post.happen("a", "b", "a", "c", "a", "b")
    post.go_round()
    post.wait(hours=1)
    assert post.receiver.got == []
    assert len(post.receiver.came) < 40, "one event at a time asks whether it is back"
    post.receiver.answers = lambda subject: 204
    post.wait(hours=0.3)
    assert sorted(post.receiver.got) == [("a", 0), ("a", 2), ("a", 4), ("b", 1), ("b", 5), ("c", 3)]
    for subject in "abc":
        mine = [n for name, n in post.receiver.got if name == subject]
        assert mine == sorted(mine)
    ids = {identity for _, identity in post.receiver.came}
    assert len(ids) == 6, "an attempt is told from another event by its id"
    assert set(post.states()) == {"delivered"}


def test_what_one_event_is_refused_for_holds_up_its_own_subject_only(post: Post) -> None:
    post.webhook()
    post.receiver.answers = lambda subject: 400 if subject == "bad" else 204
    post.happen("bad", "good", "bad", "good")
    post.go_round()
    assert post.receiver.got == [("good", 1), ("good", 3)]
    post.receiver.answers = lambda subject: 204
    post.wait(hours=0.1)
    assert post.receiver.got[2:] == [("bad", 0), ("bad", 2)]


def test_after_days_it_is_given_up_and_can_be_replayed(post: Post) -> None:
    hook = post.webhook()
    post.receiver.answers = lambda subject: 503
    post.happen("a", "a")
    post.wait(hours=GIVEN_UP_AFTER.total_seconds() / 3_600 + 2, step_s=1_200)
    assert post.states() == ["given_up", "given_up"]
    post.receiver.answers = lambda subject: 204
    answer = post.client.post(f"/v1/webhooks/{hook['id']}:replay", json={})
    assert (answer.status_code, answer.json()) == (202, {"deliveries": 2})
    assert post.client.get(answer.headers["location"]).status_code == 200
    post.wait(hours=0.5)
    assert post.receiver.got == [("a", 0), ("a", 1)]


def test_a_replay_sends_again_under_the_same_ids_what_came_before_the_webhook_too(post: Post) -> None:
    post.happen("old")
    start = post.client.get("/v1/events").json()
    post.happen("x", "y")
    hook = post.webhook()
    post.happen("z")
    post.go_round()
    answer = post.client.post(f"/v1/webhooks/{hook['id']}:replay", json={"after": start["next"]})
    assert answer.json() == {"deliveries": 3}
    post.go_round()
    assert [subject for subject, _ in post.receiver.got] == ["z", "x", "y", "z"]
    assert len({identity for subject, identity in post.receiver.came if subject == "z"}) == 1


def test_a_cursor_that_is_none_is_a_fault_of_the_payload(post: Post) -> None:
    hook = post.webhook()
    answer = post.client.post(f"/v1/webhooks/{hook['id']}:replay", json={"after": "nonsense"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/after")


def test_a_webhook_that_rests_catches_up(post: Post) -> None:
    hook = post.webhook()
    address = f"/v1/webhooks/{hook['id']}"
    assert post.client.patch(address, json={"is_active": False}).status_code == 428
    changed = post.client.patch(address, json={"is_active": False}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    post.happen("a")
    post.go_round()
    assert post.receiver.came == []
    stale = post.client.patch(address, json={"is_active": True}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    post.client.patch(address, json={"is_active": True}, headers={"If-Match": '"2"'})
    post.go_round()
    assert post.receiver.got == [("a", 0)]


def test_another_process_goes_on_when_the_first_is_gone(post: Post) -> None:
    post.webhook()
    post.happen("a")
    post.go_round()
    second = post.new_courier()
    post.happen("b")
    assert second.round() == 0, "one at a time"
    post.courier.stop()
    assert second.round() == 1
    second.stop()
    assert [subject for subject, _ in post.receiver.got] == ["a", "b"]


def test_a_turn_is_one_holders(database: Database) -> None:
    first, second, other = Turn(database, "x"), Turn(database, "x"), Turn(database, "y")
    assert first.is_ours()
    assert first.is_ours()
    assert not second.is_ours()
    assert other.is_ours()
    first.give_up()
    assert second.is_ours()
    for turn in (second, other):
        turn.give_up()


def test_the_secret_is_shown_once(post: Post) -> None:
    hook = post.webhook(types=["job.created"], description="x")
    assert str(hook["secret"]).startswith("whsec_")
    shown = post.client.get(f"/v1/webhooks/{hook['id']}")
    assert "secret" not in shown.json()
    assert shown.headers["ETag"] == '"1"'
    assert "whsec_" not in post.client.get("/v1/webhooks").text


def test_what_became_of_events_can_be_read_page_by_page(post: Post) -> None:
    hook = post.webhook()
    post.receiver.answers = lambda subject: 404 if subject == "b" else 200
    post.happen("a", "b", "c")
    post.go_round()
    address = f"/v1/webhooks/{hook['id']}/deliveries"
    first = post.client.get(address, params={"limit": 2}).json()
    rest = post.client.get(address, params={"limit": 2, "cursor": first["next"]}).json()
    rows = first["items"] + rest["items"]
    assert [(row["subject"], row["state"], row["status"]) for row in rows] == [
        ("c", "delivered", 200),
        ("b", "waiting", 404),
        ("a", "delivered", 200),
    ]
    assert rest["next"] is None


def test_a_removed_webhook_is_told_nothing_more(post: Post) -> None:
    hook = post.webhook()
    post.happen("a")
    assert post.client.delete(f"/v1/webhooks/{hook['id']}").status_code == 204
    post.go_round()
    assert post.receiver.came == []
    assert post.client.get(f"/v1/webhooks/{hook['id']}").status_code == 404


def test_a_test_is_sent_at_once_and_told(post: Post) -> None:
    hook = post.webhook()
    post.app.state.send = lambda url, headers, body: Attempt(status=418)
    answer = post.client.post(f"/v1/webhooks/{hook['id']}:test").json()
    assert (answer["status"], answer["error"]) == (418, None)
    assert post.client.get("/v1/events").json()["items"] == []


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/", "file:///etc/passwd", "javascript:x", "a.example", "http://", "https://u:p@a.example/",
     "http://169.254.169.254/latest", "http://a.example:99999/", "http://a b/", "http://[::1", "http://é.example/"],
)  # fmt: skip
def test_an_address_that_is_no_web_address_is_refused(post: Post, url: str) -> None:
    answer = post.client.post("/v1/webhooks", json={"url": url})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/url"


def test_webhooks_need_the_scope_and_the_centres(post: Post, make_key: MakeKey) -> None:
    hook = post.webhook()
    assert client_of(post.app, make_key("jobs:write")).get("/v1/webhooks").status_code == 403
    theirs = client_of(post.app, make_key("admin", centres=["C01"]))
    assert theirs.get(f"/v1/webhooks/{hook['id']}").status_code == 404
    assert theirs.get("/v1/webhooks").json()["items"] == []
    with post.database.read() as session:
        assert session.get_one(Webhook, str(hook["id"])).centres is None


@given(failures=st.integers(1, 10_000), seed=st.integers(0, 99))
def test_pauses_grow_to_a_quarter_of_an_hour(failures: int, seed: int) -> None:
    pause = pause_after(failures, random.Random(seed)).total_seconds()
    assert min(2.5 * 2 ** min(failures - 1, 9), 450) <= pause <= min(5 * 2 ** min(failures - 1, 9), 900)


def test_a_store_that_fails_is_logged_with_reason_and_place() -> None:
    def locked() -> None:
        raise OperationalError("UPDATE", {"name": "a customer"}, sqlite3.OperationalError("database is locked"))

    with pytest.raises(OperationalError) as failed:
        locked()
    said = store_error(failed.value)
    assert (said["error"], said["reason"]) == ("OperationalError", "database is locked")
    assert all(place.startswith("test_delivery.py:") for place in said["where"])
    assert "customer" not in str(said)


def test_an_address_where_nobody_listens_is_called_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    attempt = http_sender(1.0)(f"http://127.0.0.1:{port}/hook", {}, b"{}")
    assert attempt == Attempt(status=None, error=f"nobody listens at 127.0.0.1:{port}")
