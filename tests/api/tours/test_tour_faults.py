"""Faults of what tours are planned from point into what was sent, and name the row; no file is spoken of."""

import datetime as dt
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.plan_files import packed_json
from api.store.tour_plans import file_of
from api.tables.tours import CrewRow, MaintenanceRow, TourFile
from tests.api.tour_region import WISH, made, run, wish_for
from tests.api.tours.test_tour_promises import act


def break_row(app: FastAPI, model: Any, id_: str, **cells: str) -> None:
    """Write cells into a row that nobody would be let put there."""
    with app.state.database.write() as session:
        row = session.scalars(select(model).where(model.id == id_)).one()
        row.cells = {**row.cells, **cells}


def told(errors: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["detail"]) for fault in errors]


def test_rows_that_cannot_be_read_are_named_and_the_wish_pointed_into(client: TestClient, app: FastAPI) -> None:
    break_row(app, CrewRow, "G2", day_start="25:00")
    break_row(app, MaintenanceRow, "M1", service_duration="P9X")
    refused = client.post("/v1/tours", json={**WISH, "validate_only": True})
    found = told(refused.json()["errors"])
    assert {pointer for pointer, _ in found} == {"/scope"}
    assert [detail.partition('"')[0] for _, detail in found] == [
        "crews G2, day_start: ",
        "maintenance M1, service_duration: ",
    ]
    assert ".csv" not in refused.text
    assert "line " not in refused.text
    chinese = client.post("/v1/tours", json={**WISH, "validate_only": True}, headers={"Accept-Language": "zh"})
    assert not any(fault["detail"].isascii() for fault in chinese.json()["errors"])
    tours = run(client, wish_for(client))
    assert (tours["state"], tours["problem"]["code"]) == ("failed", "day_refused")
    assert told(tours["problem"]["errors"]) == found


def test_levers_of_an_earlier_wish_are_not_pointed_into(client: TestClient, app: FastAPI) -> None:
    spans = [{"crew_id": "G1", "first": "2026-03-02", "last": "2026-03-03"}]
    tours = made(client, scope={"crews": ["G1"]}, levers={"spans": spans, "never_visit": ["V2", "V3"]})
    assert act(client, tours, "publish").status_code == 200
    down = {"van_down": {"crew_id": "G1", "date": "2026-03-02", "back_on": "2026-03-03"}}
    refused = client.post(f"/v1/tours/{tours['id']}:replan", json=down)
    assert refused.status_code == 422, refused.text
    assert {fault["pointer"] for fault in refused.json()["errors"]} == {"/van_down"}
    again = client.post(f"/v1/tours/{tours['id']}:replan", json={"levers": {"spans": [{**spans[0], "crew_id": "G2"}]}})
    assert {fault["pointer"] for fault in again.json()["errors"]} == {"/levers/spans/0/crew_id"}


def test_a_base_that_cannot_be_read_is_pointed_to(client: TestClient, app: FastAPI) -> None:
    tours = made(client)
    with app.state.database.write() as session:
        document = file_of(session, tours["id"], "tours")
        assert document is not None
        document["tours"][0]["crew_id"] = 7
        body = packed_json(document)
        kept = session.scalars(select(TourFile).filter_by(tour_plan_id=tours["id"], name="tours")).one()
        kept.body = body
    again = run(client, wish_for(client, base_tour_plan=tours["id"]))
    assert (again["state"], again["problem"]["code"]) == ("failed", "base_refused")
    found = told(again["problem"]["errors"])
    assert {pointer for pointer, _ in found} == {"/base_tour_plan"}
    assert not any("tours.json" in detail for _, detail in found)
    assert dt.date.fromisoformat(again["date"])


def test_what_shortening_did_not_send_is_not_pointed_to(client: TestClient, app: FastAPI) -> None:
    break_row(app, MaintenanceRow, "M1", product="spaceship")
    said = {"interval_days": 6, "late_days": 5}
    refused = client.post("/v1/maintenance-plans/M1:shorten", json=said, headers={"If-Match": '"1"'})
    assert [(pointer, detail.partition(":")[0]) for pointer, detail in told(refused.json()["errors"])] == [
        ("/late_days", '"5"; allowed'),
        ("", "product"),
    ]


def test_tours_whose_messages_or_figures_were_changed_in_the_store_are_not_published(
    client: TestClient, app: FastAPI
) -> None:
    tours = made(client)
    with app.state.database.write() as session:
        document = file_of(session, tours["id"], "tours")
        assert document is not None
        document["announcements"][0]["text"] = "x"
        document["cost_fen"]["wages"] += 1
        document["cost_fen"]["driving"] -= 1
        document["kits"].pop()
        kept = session.scalars(select(TourFile).filter_by(tour_plan_id=tours["id"], name="tours")).one()
        kept.body = packed_json(document)
    refused = act(client, tours, "publish")
    assert refused.status_code == 409, refused.text
    found = [(one["rule"], one["where"]) for one in refused.json()["findings"]]
    assert {where for rule, where in found if rule == "STATED"} == {"driving", "wages", "announcements[1]"}
    assert "KIT" in {rule for rule, _ in found}
