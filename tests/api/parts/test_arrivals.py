"""What is on its way to a source is promised once, be it by a quote, an order or what a count found missing."""

import datetime as dt
import json
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.api.parts.test_orders import answers, change, order, shelf

TOMORROW = "2026-03-03T10:00:00+08:00"


def count(client: TestClient, units: int, *arriving: tuple[int, str], as_of: str = "09:00:00", **said: Any) -> None:
    body = {"source_id": "W1", "part_id": "P2", "on_hand": units, "as_of": f"2026-03-02T{as_of}+08:00", **said}
    inbound = [{"quantity": quantity, "ready_at": ready_at} for quantity, ready_at in arriving]
    answer = client.post("/v1/stock-snapshots", json=body | {"inbound": inbound})
    assert answer.status_code == 201, answer.text


def arriving(client: TestClient) -> int:
    return sum(lot["quantity"] for lot in shelf(client)["inbound"])


def count_away(client: TestClient) -> None:
    count(client, 0, source_id="W2")


def test_a_quote_of_units_on_their_way_is_kept_of_those(client: TestClient) -> None:
    count_away(client)
    count(client, 0, (5, TOMORROW))
    first = order(client, ("P2", 5), answering="reserve", valid_for="PT1H")
    assert answers(first) == ["backordered"]
    row = shelf(client)
    assert (row["free"], row["short"], row["inbound"]) == (0, 0, [])
    second = order(client, ("P2", 5), answering="reserve", valid_for="PT1H")
    assert [line["dispatches"] for line in second["lines"]] == [[]]
    assert change(client, first, "confirm").status_code == 200
    assert (shelf(client)["promised"], shelf(client)["short"], arriving(client)) == (0, 0, 0)


def test_a_quote_that_is_over_gives_back_what_is_on_its_way(app: FastAPI, client: TestClient) -> None:
    count_away(client)
    count(client, 0, (5, TOMORROW))
    order(client, ("P2", 5), answering="reserve", valid_for="PT1H")
    app.state.clock.move(dt.timedelta(hours=1))
    assert arriving(client) == 5


def test_what_a_count_found_missing_is_made_up_by_what_arrives(client: TestClient) -> None:
    order(client, ("P2", 10))
    count_away(client)
    count(client, 4, (5, TOMORROW), (3, "2026-03-04T10:00:00+08:00"))
    assert (shelf(client)["short"], arriving(client)) == (6, 2)
    shown = order(client, ("P2", 5))
    assert sum(one["quantity"] for one in shown["lines"][0]["dispatches"]) <= 2


def test_what_was_there_when_it_was_counted_is_not_on_its_way(client: TestClient) -> None:
    times = ("2026-03-02T08:59:59+08:00", TOMORROW, "2026-03-02T09:00:00+08:00")
    inbound = [{"quantity": 1, "ready_at": ready_at} for ready_at in times]
    body = {"source_id": "W1", "part_id": "P2", "on_hand": 0, "as_of": "2026-03-02T09:00:00+08:00", "inbound": inbound}
    refused = client.post("/v1/stock-snapshots", json=body)
    assert refused.status_code == 422, refused.text
    assert {fault["pointer"] for fault in refused.json()["errors"]} == {"/inbound/0/ready_at", "/inbound/2/ready_at"}
    (line,) = client.post("/v1/stock-snapshots:bulk", content=json.dumps(body)).text.splitlines()
    assert [fault["pointer"] for fault in json.loads(line)["errors"]] == ["/inbound/0/ready_at", "/inbound/2/ready_at"]
    assert client.post("/v1/stock-snapshots", json=body | {"inbound": inbound[1:2]}).status_code == 201
    assert arriving(client) == 1
