"""Lanes by which parts are fetched, over the wire: for outlets near enough, and for nobody else."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.parts_network import PartsNetworks

FETCHED = {
    "warehouse_id": "W1",
    "centre_id": "C1",
    "mode": "pickup",
    "cut_off": "10:00",
    "transit_p50": "PT10M",
    "transit_p90": "PT20M",
    "cost_fen": 100,
    "carries": ["small"],
}


def put(client: TestClient, **fields: Any) -> Any:
    row = FETCHED | fields
    return client.put(f"/v1/lanes/W1;C1;{row['mode']};10:00;small", json=row)


def modes(app: FastAPI, client: TestClient, outlet_id: str) -> set[str]:
    """Return how a part comes to an outlet, by the network as it is now and not as it was a moment ago."""
    app.state.parts = PartsNetworks()
    items = client.get("/v1/parts/availability", params={"part_id": "P2", "outlet_id": outlet_id}).json()["items"]
    return {item["mode"] for item in items}


def test_a_lane_put_with_a_reach_is_for_outlets_within_it(app: FastAPI, client: TestClient) -> None:
    """O1 is 7 km from W1 by road, O2 of the same centre 30 km."""
    sent = modes(app, client, "O2")
    assert sent == {"standard", "express", "dedicated"}
    made = put(client, reach_km=15)
    assert (made.status_code, made.json()["row"]["reach_km"]) == (201, 15), made.text
    address = f"/v1/lanes/{made.json()['id']}"
    assert client.get(address).json()["row"]["reach_km"] == 15
    assert [modes(app, client, id) - sent for id in ("O1", "O2")] == [{"pickup"}, set()]
    wide = client.put(address, json=FETCHED | {"reach_km": 40}, headers={"If-Match": made.headers["ETag"]})
    assert wide.status_code == 200, wide.text
    assert [modes(app, client, id) - sent for id in ("O1", "O2")] == [{"pickup"}, {"pickup"}]
    nobody = client.put(address, json=FETCHED | {"reach_km": 0}, headers={"If-Match": wide.headers["ETag"]})
    assert nobody.json()["row"]["reach_km"] == 0
    assert [modes(app, client, id) - sent for id in ("O1", "O2")] == [set(), set()]
    anybody = client.put(address, json=FETCHED, headers={"If-Match": nobody.headers["ETag"]})
    assert anybody.json()["row"]["reach_km"] is None
    assert [modes(app, client, id) - sent for id in ("O1", "O2")] == [{"pickup"}, {"pickup"}]


def test_a_centre_is_told_from_where_only_outlets_near_enough_may_fetch(app: FastAPI, client: TestClient) -> None:
    def told(**asked: Any) -> tuple[set[str], list[str]]:
        app.state.parts = PartsNetworks()
        found = client.get("/v1/parts/availability", params={"part_id": "P2", **asked}).json()
        return {item["mode"] for item in found["items"]}, found["fetched_nearby"]

    sent, nobody = told(centre_id="C1")
    assert (sent, nobody) == ({"standard", "express", "dedicated"}, [])
    assert put(client, reach_km=15).status_code == 201
    assert told(centre_id="C1") == (sent, ["W1"])
    # Named, an outlet sees its own ways, and nothing is left to be asked for.
    assert told(outlet_id="O1") == (sent | {"pickup"}, [])
    assert told(outlet_id="O2") == (sent, [])
    # More than W1 has can be fetched by nobody.
    assert told(centre_id="C1", quantity=99_999) == (set(), [])


@pytest.mark.parametrize("fields", [{}, {"reach_km": 0}])
def test_where_everybody_or_nobody_may_fetch_no_outlet_needs_to_be_named(
    app: FastAPI, client: TestClient, fields: dict[str, Any]
) -> None:
    assert put(client, **fields).status_code == 201
    app.state.parts = PartsNetworks()
    found = client.get("/v1/parts/availability", params={"part_id": "P2", "centre_id": "C1"}).json()
    assert found["fetched_nearby"] == []
    assert ("pickup" in {item["mode"] for item in found["items"]}) == (fields == {})


@pytest.mark.parametrize("fields", [{"mode": "standard", "reach_km": 15}, {"reach_km": -1}])
def test_a_reach_of_a_lane_by_which_parts_are_sent_is_refused(client: TestClient, fields: dict[str, Any]) -> None:
    refused = put(client, **fields)
    assert refused.status_code == 422, refused.text
    assert [fault["pointer"] for fault in refused.json()["errors"]] == ["/reach_km"]
