"""Orders of parts over the wire: answered at once or in time, reserved, approved, pinned, cancelled, reported."""

import datetime as dt
import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.parts_network import PartsNetworks
from api.parts_watch import watch_orders
from api.sourcing_process import run_sourcing_here
from api.store.sourcing_runs import begin_run
from api.tables.events import Event
from tests.api.clients import MakeKey, client_of
from tests.api.stocked import job


def order(client: TestClient, *lines: tuple[str, int], **said: Any) -> Any:
    body = {"outlet_id": "O1", "lines": [{"part_id": part, "quantity": units} for part, units in lines], **said}
    answer = client.post("/v1/parts-orders", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def change(client: TestClient, shown: Any, verb: str, **body: Any) -> Any:
    headers = {"If-Match": f'"{shown["version"]}"'}
    extra = {"json": body} if verb in ("approve", "pin") else {}
    return client.post(f"/v1/parts-orders/{shown['id']}:{verb}", headers=headers, **extra)


def job_id(client: TestClient, **said: Any) -> str:
    made = client.post("/v1/jobs", json=job(centre_id="C1", **said))
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def answers(shown: Any) -> list[str | None]:
    return [line["answer"] and line["answer"]["answer"] for line in shown["lines"]]


def shelf(client: TestClient, source: str = "W1", part: str = "P2") -> Any:
    (row,) = client.get(f"/v1/stock-snapshots?source_id={source}&part_id={part}").json()["items"]
    return row


def test_every_line_is_answered_at_once(client: TestClient) -> None:
    shown = order(client, ("P2", 2), ("P1", 1), ("P3", 1))
    assert answers(shown) == ["confirmed", "confirmed", "declined"]
    assert shown["state"] == "settled"
    sent = shown["lines"][0]["dispatches"][0]
    assert (sent["source_id"], sent["quantity"], sent["state"]) == ("W1", 2, "promised")
    assert shown["lines"][0]["answer"]["eta_p90"] == sent["eta_p90"]
    assert (shelf(client)["on_hand"], shelf(client)["free"]) == (10, 8)
    said = {"Accept-Language": "zh"}
    again = client.get(f"/v1/parts-orders/{shown['id']}", headers=said)
    assert "发出" in again.json()["lines"][0]["answer"]["reason"]
    assert again.headers["ETag"] == f'"{shown["version"]}"'


def test_a_kit_that_lacks_one_part_holds_nothing(client: TestClient) -> None:
    shown = order(client, ("P2", 1), ("P3", 1), job_id=job_id(client))
    assert "confirmed" not in answers(shown)
    assert shelf(client)["free"] == 10


def test_a_quote_is_kept_for_a_time(app: FastAPI, client: TestClient) -> None:
    kept = order(client, ("P2", 4), answering="reserve", valid_for="PT30M")
    lost = order(client, ("P2", 3), answering="reserve", valid_for="PT10M")
    assert (shelf(client)["held"], shelf(client)["free"]) == (7, 3)
    app.state.clock.move(dt.timedelta(minutes=10))
    assert shelf(client)["free"] == 6
    assert change(client, lost, "confirm").status_code == 410
    confirmed = change(client, kept, "confirm")
    assert confirmed.json()["lines"][0]["dispatches"][0]["state"] == "promised"
    assert (shelf(client)["held"], shelf(client)["promised"]) == (0, 4)
    assert watch_orders(app.state.database, PartsNetworks(), app.state.clock()) == (0, 1)
    assert client.get(f"/v1/parts-orders/{lost['id']}").json()["state"] == "cancelled"


def test_over_quota_waits_for_a_person_and_its_units_wait_too(client: TestClient) -> None:
    assert client.put("/v1/quotas/O1;P2", json={"quota": 3}).status_code == 201
    assert answers(order(client, ("P2", 2))) == ["confirmed"]
    shown = order(client, ("P2", 2))
    assert answers(shown) == ["needs_approval"]
    assert shown["lines"][0]["dispatches"][0]["state"] == "awaits_approval"
    assert shelf(client)["free"] == 6
    assert client.get("/v1/quotas/O1;P2").json()["left"] == 1
    assert change(client, shown, "approve", lines=[2]).status_code == 409
    approved = change(client, shown, "approve")
    assert answers(approved.json()) == ["confirmed"]
    assert (approved.json()["lines"][0]["approved_by"], shelf(client)["free"]) == ("tester", 6)
    stale = change(client, shown, "cancel")
    assert (stale.status_code, stale.json()["version"]) == (412, approved.json()["version"])


def test_a_person_says_where_it_comes_from(client: TestClient) -> None:
    shown = order(client, ("P2", 2))
    pinned = change(client, shown, "pin", line=1, source_id="W2").json()
    assert [one["source_id"] for one in pinned["lines"][0]["dispatches"]] == ["W2"]
    assert (shelf(client)["free"], shelf(client, "W2")["free"]) == (10, 2)
    assert change(client, pinned, "pin", line=1, source_id="W9").status_code == 422
    assert change(client, pinned, "cancel").json()["state"] == "cancelled"
    assert shelf(client, "W2")["free"] == 4


def test_what_has_left_does_not_come_back(app: FastAPI, client: TestClient) -> None:
    shown = order(client, ("P2", 2))
    app.state.clock.move(dt.timedelta(hours=8))
    assert client.get(f"/v1/parts-orders/{shown['id']}").json()["lines"][0]["dispatches"][0]["state"] == "left"
    assert change(client, shown, "pin", line=1, source_id="W2").status_code == 409
    change(client, shown, "cancel")
    assert shelf(client)["free"] == 8
    counted = {"source_id": "W1", "part_id": "P2", "on_hand": 8, "as_of": "2026-03-02T16:30:00+08:00"}
    assert client.post("/v1/stock-snapshots", json=counted).json()["free"] == 8


def test_the_outlets_own_shelf_serves_at_once(client: TestClient) -> None:
    counted = {"source_id": "O1", "part_id": "P2", "on_hand": 1, "as_of": "2026-03-02T08:59:00+08:00"}
    assert client.post("/v1/stock-snapshots", json=counted).status_code == 201
    (soonest, *_) = client.get("/v1/parts/availability?part_id=P2&outlet_id=O1").json()["items"]
    assert (soonest["source_id"], soonest["mode"], soonest["cost"]["fen"]) == ("O1", "pickup", 0)
    filling = order(client, ("P2", 1))
    assert filling["lines"][0]["dispatches"][0]["source_id"] != "O1", "a shelf is not filled from itself"
    shown = order(client, ("P2", 1), waiting=True)
    assert shown["lines"][0]["dispatches"][0]["source_id"] == "O1"
    assert shelf(client, "O1")["free"] == 0
    change(client, shown, "cancel")
    assert shelf(client, "O1")["free"] == 1


def test_units_on_their_way_are_promised_once(client: TestClient) -> None:
    counted = {"source_id": "W2", "part_id": "P4", "on_hand": 0, "as_of": "2026-03-02T08:59:00+08:00"}
    arriving = [{"quantity": 4, "ready_at": "2026-03-03T09:00:00+08:00"}]
    assert client.post("/v1/stock-snapshots", json=counted | {"inbound": arriving}).status_code == 201
    shown = order(client, ("P4", 3), needed_by="2026-03-02T12:00:00+08:00")
    waiting = order(client, ("P4", 3))
    assert (answers(shown), answers(waiting)) == (["confirmed"], ["backordered"])
    row = shelf(client, "W2", "P4")
    assert (row["free"], row["inbound"][0]["quantity"]) == (0, 1)
    assert sum(one["quantity"] for one in waiting["lines"][0]["dispatches"]) == 3


def test_a_later_order_is_answered_before_its_time_whatever_happens(app: FastAPI, client: TestClient) -> None:
    shown = order(client, ("P2", 2), answering="later", respond_within="PT2H")
    assert answers(shown) == [None]
    networks = PartsNetworks()
    assert watch_orders(app.state.database, networks, app.state.clock()) == (0, 0)
    app.state.clock.move(dt.timedelta(minutes=106))
    assert watch_orders(app.state.database, networks, app.state.clock()) == (1, 0)
    answered = client.get(f"/v1/parts-orders/{shown['id']}").json()
    assert (answers(answered), answered["lines"][0]["answer"]["answered_by"]) == (["confirmed"], "watch")
    assert answered["responded_at"] < answered["respond_by"]
    with app.state.database.read() as session:
        (told,) = session.scalars(select(Event).where(Event.type == "parts_order.responded")).all()
        assert (told.subject, told.centre_id, told.data["lines"][0]["answer"]) == (shown["id"], "C1", "confirmed")


def test_a_run_leaves_what_is_confirmed_and_answers_the_rest(app: FastAPI, client: TestClient) -> None:
    first = order(client, ("P2", 10))
    waiting = order(client, ("P3", 1))
    assert (answers(first), answers(waiting)) == (["confirmed"], ["declined"])
    late = order(client, ("P2", 3), answering="later")
    run = client.post("/v1/sourcing-runs", json={"limits": {"duration": "PT5S"}}).json()
    run_sourcing_here(app.state.database, run["id"], "test", app.state.clock)
    done = client.get(f"/v1/sourcing-runs/{run['id']}").json()
    assert (done["state"], done["orders"], done["answers"], done["gap"]) == ("finished", 1, {"confirmed": 1}, 0)
    answered = client.get(f"/v1/parts-orders/{late['id']}").json()
    assert answered["lines"][0]["answer"]["run_id"] == run["id"]
    assert client.get(f"/v1/parts-orders/{first['id']}").json()["version"] == first["version"]
    assert client.post(f"/v1/sourcing-runs/{run['id']}:cancel").status_code == 409


def test_a_run_that_was_to_be_cancelled_is_not_begun_again(app: FastAPI, client: TestClient) -> None:
    """Its worker died before it could end it: whoever takes it over ends it."""
    late = order(client, ("P2", 3), answering="later")
    run = client.post("/v1/sourcing-runs", json={}).json()
    with app.state.database.write() as session:
        assert begin_run(session, run["id"], "dead", app.state.clock()) == 1
    assert client.post(f"/v1/sourcing-runs/{run['id']}:cancel").json()["state"] == "running"
    run_sourcing_here(app.state.database, run["id"], "another", app.state.clock)
    assert client.get(f"/v1/sourcing-runs/{run['id']}").json()["state"] == "cancelled"
    assert answers(client.get(f"/v1/parts-orders/{late['id']}").json()) == [None]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"outlet_id": "O9"}, "/outlet_id"),
        ({"lines": [{"part_id": "P9", "quantity": 1}]}, "/lines/0/part_id"),
        ({"lines": [{"part_id": "P2", "quantity": 1, "pinned_source_id": "W9"}]}, "/lines/0/pinned_source_id"),
        ({"lines": []}, "/lines"),
        ({"valid_for": "P30D", "answering": "reserve"}, "/valid_for"),
        ({"answering": "reserve"}, "/valid_for"),
        ({"valid_for": "PT1H"}, "/valid_for"),
        ({"respond_within": "PT1S"}, "/respond_within"),
    ],
)
def test_an_order_with_faults_is_none(client: TestClient, changes: dict[str, Any], pointer: str) -> None:
    body = {"outlet_id": "O1", "lines": [{"part_id": "P2", "quantity": 1}], **changes}
    answer = client.post("/v1/parts-orders", json=body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert client.get("/v1/parts-orders").json()["items"] == []


def test_a_centre_sees_its_own(app: FastAPI, client: TestClient) -> None:
    shown = order(client, ("P2", 1))
    other = client_of(app, MakeKey(app)("parts:write", centres=["C2"]))
    assert other.get(f"/v1/parts-orders/{shown['id']}").status_code == 404
    assert other.get("/v1/parts-orders").json()["items"] == []
    assert (
        other.post(
            "/v1/parts-orders", json={"outlet_id": "O1", "lines": [{"part_id": "P2", "quantity": 1}]}
        ).status_code
        == 422
    )
    assert other.get("/v1/parts/availability?part_id=P2&centre_id=C1").status_code == 404
    counted = {"source_id": "W1", "part_id": "P2", "on_hand": 99, "as_of": "2026-03-02T08:59:00+08:00"}
    assert other.post("/v1/stock-snapshots", json=counted).status_code == 422
    reading = client_of(app, MakeKey(app)("jobs:write"))
    assert reading.post("/v1/sourcing-runs", json={}).status_code == 403


def test_counts_line_by_line(client: TestClient) -> None:
    lines = [
        b'{"source_id": "W1", "part_id": "P2", "on_hand": 9, "as_of": "2026-03-02T08:40:00+08:00"}',
        b'{"source_id": "W1", "part_id": "P2", "on_hand": 7, "as_of": "2026-03-02T08:50:00+08:00"}',
        b'{"source_id": "W1", "part_id": "P1", "on_hand": 5, "as_of": "2026-03-02T08:30:00+08:00"}',
        b'{"source_id": "W9", "part_id": "P1", "on_hand": 5, "as_of": "2026-03-02T08:40:00+08:00"}',
        b'{"source_id": "W1", "part_id": "P1", "on_hand": -1, "as_of": "2026-03-02T08:40:00+08:00"}',
    ]
    answer = client.post("/v1/stock-snapshots:bulk", content=b"\n".join(lines))
    told = [
        (line["status"], line["errors"] and line["errors"][0]["code"])
        for line in map(json.loads, answer.text.splitlines())
    ]
    assert told[:4] == [("updated", None), ("updated", None), ("refused", "older"), ("refused", "unknown")]
    assert told[4][0] == "refused"
    assert shelf(client)["on_hand"] == 7


def test_reports_of_parts(client: TestClient) -> None:
    order(client, ("P2", 2))
    order(client, ("P2", 20))
    order(client, ("P2", 1), answering="later")
    (row,) = client.get("/v1/reports/parts-response").json()["rows"]
    assert (row["lines"], row["in_time"], row["open"], row["percent"]) == (3, 2, 1, 100.0)
    (fill,) = client.get("/v1/reports/fill-rate").json()["rows"]
    assert (fill["part_id"], fill["units"], fill["lines"]) == ("P2", 23, 3)
    assert client.get("/v1/reports/fill-rate?format=csv").text.startswith("\ufeffcentre_id,part_id,lines")


def test_nothing_is_needed_before_it_is_ordered(client: TestClient) -> None:
    body = {"outlet_id": "O1", "lines": [{"part_id": "P2", "quantity": 1}]}
    for over in ("2026-02-23T10:00:00+08:00", "2020-01-01T00:00:00+08:00"):
        refused = client.post("/v1/parts-orders", json=body | {"needed_by": over})
        assert (refused.status_code, refused.json()["detail"]) == (422, "1 fault."), refused.text
        assert [(fault["pointer"], fault["code"]) for fault in refused.json()["errors"]] == [
            ("/needed_by", "in_the_past")
        ]
