"""Many clients want the same slots at once, of two processes' desks; and an API that is killed in between."""

import itertools
import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.app import create_app
from api.settings import Settings
from api.tables.plans import Visit
from tests.api.booking.served import served
from tests.api.booking.test_slots import ask, draft
from tests.api.clients import MakeKey, StandingClock, client_of

CLIENTS = 40


def test_forty_clients_and_ten_slots(app: FastAPI, client: TestClient, make_key: MakeKey, database_url: str) -> None:
    other = create_app(Settings(database_url=database_url), clock=StandingClock())
    key = make_key("jobs:write")
    clients = [client_of(one, key) for one in (app, other)]
    offers = ask(client, draft(app), most=10)["items"]
    ask(clients[1], draft(app))

    def book(number: int) -> tuple[str, int, bool]:
        offer = offers[number % len(offers)]
        answer = clients[number // len(offers) % 2].post("/v1/slot-holds", json={"offer_id": offer["id"]})
        if answer.status_code == 201:
            done = clients[0].post(f"/v1/slot-holds/{answer.json()['id']}:confirm")
            return offer["id"], done.status_code, True
        return offer["id"], answer.status_code, "offers" in answer.json()

    with ThreadPoolExecutor(CLIENTS) as pool:
        outcomes = list(pool.map(book, range(CLIENTS)))
    assert {status for _, status, _ in outcomes} == {200, 409}
    booked = Counter(offer_id for offer_id, status, _ in outcomes if status == 200)
    assert set(booked.values()) == {1}
    assert all(told for _, _, told in outcomes)
    with app.state.database.read() as session:
        rows = session.scalars(select(Visit).order_by(Visit.technician_id, Visit.start_at)).all()
        pairs = [(a.end_at, b.start_at) for a, b in itertools.pairwise(rows) if a.technician_id == b.technician_id]
    assert pairs
    assert all(end <= start for end, start in pairs)
    other.state.database.close()


def test_an_api_that_is_killed_keeps_what_is_held(app: FastAPI, make_key: MakeKey, database_url: str) -> None:
    headers = make_key("jobs:write")
    said = draft(app)
    with served(database_url, headers) as (client, process):
        offers = client.post("/v1/slot-offers", json={"job": said}).json()["items"]
        held = client.post("/v1/slot-holds", json={"offer_id": offers[0]["id"]}).json()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with served(database_url, headers) as (client, _):
        assert client.post("/v1/slot-holds", json={"offer_id": offers[0]["id"]}).status_code == 409
        answer = client.post(f"/v1/slot-holds/{held['id']}:confirm")
        assert answer.status_code == 200
        job = client.get(f"/v1/jobs/{answer.json()['job_id']}").json()
        assert job["visit"]["technician_id"] == held["technician_id"]
