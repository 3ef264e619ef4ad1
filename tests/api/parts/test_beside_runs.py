"""What a sourcing run proposes beside its answers: transfers between sources, and the way back of defective parts."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from api.sourcing_process import run_sourcing_here
from api.store.jobs import By
from api.store.load import load_day
from datasets.day import read_source
from tests.api.clients import MakeKey, StandingClock, client_of
from tests.api.parts.test_orders import order
from tests.api.parts_network import LANES, LOADED
from tests.datasets.make_day_folder import tables, write

HOME = [lane for lane in LANES if (lane["warehouse_id"], lane["centre_id"]) in (("W1", "C1"), ("W2", "C2"))]
TRANSFER = {
    **{"from_id": "W2", "to_id": "W1", "mode": "standard", "cut_off": "18:00", "transit_p50": "PT2H"},
    **{"transit_p90": "PT4H", "cost_fen": "900", "cost_fen_per_kg": "", "carries": "small;medium"},
}
STOCK = [
    {"warehouse_id": "W1", "part_id": "P1", "on_hand": "5"},
    {"warehouse_id": "W2", "part_id": "P2", "on_hand": "9"},
]
RETURNS = [
    {"return_id": f"B{number}", "outlet_id": outlet, "part_id": "P1", "quantity": "1", "ready_at": ready_at}
    for number, outlet, ready_at in (
        (1, "O1", "2026-03-02T12:00:00+08:00"),
        (2, "O1", "2026-03-02T13:00:00+08:00"),
        (3, "O1", "2026-05-02T13:00:00+08:00"),
    )
]


@pytest.fixture
def app(app: FastAPI, tmp_path: Path) -> FastAPI:
    """Return the application on a network whose parts are in the wrong place."""
    cells = {"jobs": [], "lanes": HOME, "stock": STOCK, "transfer_lanes": [TRANSFER], "returns": RETURNS}
    write(tmp_path / "wrong", tables() | cells)
    with app.state.database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM lanes")
        load_day(
            session,
            read_source(tmp_path / "wrong"),
            by=By(actor="test", channel="load"),
            now=LOADED + dt.timedelta(minutes=1),
        )
    return app


def run(app: FastAPI, client: TestClient, **body: Any) -> str:
    wished = client.post("/v1/sourcing-runs", json=body)
    assert wished.status_code == 202, wished.text
    id_ = str(wished.json()["id"])
    run_sourcing_here(app.state.database, id_, "test", app.state.clock)
    assert client.get(f"/v1/sourcing-runs/{id_}").json()["state"] == "finished"
    return id_


def test_a_run_tells_which_units_would_help_from_where(app: FastAPI, client: TestClient) -> None:
    wanted = order(client, ("P2", 3), answering="later")
    id_ = run(app, client)
    (move,) = client.get(f"/v1/sourcing-runs/{id_}/transfers").json()["items"]
    assert (move["from_id"], move["to_id"], move["part_id"], move["quantity"]) == ("W2", "W1", "P2", 3)
    assert (move["ships_at"], move["ready_p90"]) == ("2026-03-02T18:00:00+08:00", "2026-03-02T22:00:00+08:00")
    assert move["order_ids"] == [wanted["id"]]
    assert move["gain"]["fen"] == move["saves"]["fen"] - move["cost"]["fen"] > 0
    line = client.get(f"/v1/parts-orders/{wanted['id']}").json()["lines"][0]["answer"]
    assert (line["answer"], [one["kind"] for one in line["reply"]["helps"]][:1]) == ("declined", ["transfer"])
    chinese = client.get(f"/v1/sourcing-runs/{id_}/transfers", headers={"Accept-Language": "zh-CN"}).json()
    assert chinese["items"][0]["reason"] != move["reason"]


def test_a_run_tells_how_defective_parts_go_back(app: FastAPI, client: TestClient) -> None:
    id_ = run(app, client)
    first, second, third = client.get(f"/v1/sourcing-runs/{id_}/returns").json()["items"]
    assert first["parcel"] == second["parcel"]
    assert (first["parcel"]["to_id"], first["parcel"]["leaves_at"]) == ("W1", "2026-03-02T18:30:00+08:00")
    assert (first["parcel"]["return_ids"], first["reason"]) == (["B1", "B2"], None)
    assert third["parcel"] is None
    assert third["reason"]
    page = client.get(f"/v1/sourcing-runs/{id_}/returns?limit=2").json()
    rest = client.get(f"/v1/sourcing-runs/{id_}/returns?limit=2&cursor={page['next']}").json()
    assert [one["return_id"] for one in page["items"] + rest["items"]] == ["B1", "B2", "B3"]
    assert rest["next"] is None
    assert client.get(f"/v1/sourcing-runs/{id_}/returns?cursor=WyJ4Il0").status_code == 400


def test_a_run_counts_what_it_answers_too_late(app: FastAPI, client: TestClient) -> None:
    order(client, ("P2", 3), answering="later", respond_within="PT1H")
    app.state.clock.move(dt.timedelta(hours=2))
    order(client, ("P2", 1), answering="later")
    shown = client.get(f"/v1/sourcing-runs/{run(app, client)}").json()
    assert (shown["lines"], shown["answered_late"]) == (2, 1)
    (row,) = client.get("/v1/reports/parts-response").json()["rows"]
    assert (row["in_time"], row["late"], row["missed"]) == (1, 1, 0)


def test_what_was_found_is_there_after_a_restart(app: FastAPI, client: TestClient, parts_url: str) -> None:
    order(client, ("P2", 3), answering="later")
    id_ = run(app, client)
    before = client.get(f"/v1/sourcing-runs/{id_}/transfers").json()
    again = create_app(Settings(database_url=parts_url), clock=StandingClock())
    assert client_of(again, MakeKey(again)("admin")).get(f"/v1/sourcing-runs/{id_}/transfers").json() == before
    again.state.database.close()


def test_nothing_is_told_of_another_centres_run_or_of_one_that_has_not_ended(app: FastAPI, client: TestClient) -> None:
    id_ = run(app, client)
    other = client_of(app, MakeKey(app)("parts:write", centres=["C2"]))
    waiting = client.post("/v1/sourcing-runs", json={}).json()["id"]
    for what in ("transfers", "returns"):
        assert other.get(f"/v1/sourcing-runs/{id_}/{what}").status_code == 404
        refused = client.get(f"/v1/sourcing-runs/{waiting}/{what}", headers={"Accept-Language": "zh-CN"})
        assert (refused.status_code, refused.json()["detail"]) == (409, "该次运行的状态为 queued。")
    own = run(app, client, centres=["C2"])
    assert other.get(f"/v1/sourcing-runs/{own}/returns").json()["items"] == []


def test_a_lane_from_a_source_that_is_gone_is_none(app: FastAPI, client: TestClient) -> None:
    with app.state.database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM warehouses WHERE id = 'W2'")
        session.connection().exec_driver_sql("DELETE FROM lanes WHERE warehouse_id = 'W2'")
    order(client, ("P2", 3), answering="later")
    assert client.get(f"/v1/sourcing-runs/{run(app, client)}/transfers").json()["items"] == []
