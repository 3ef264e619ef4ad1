"""Villages, lodgings, crews, maintenance plans and van parts as master data, and out of a day folder."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select

from api.database import Database
from api.store.jobs import By
from api.store.load import load_day
from api.store.tour_days import crews_on, tour_source
from api.store.tour_rows import put_cells
from api.tables.jobs import JobRow
from datasets.china_tours import Region, make_tours
from datasets.day import read_source, source_of
from datasets.tours import build_tours
from tests.api.clients import MakeKey, client_of
from tests.api.tour_region import EVENING, WISH, clock_of, made, region, write_region

AT: dict[str, dict[str, Any]] = {
    "V1": {"village_id": None, "position": {"coordinates": [103.67, 30.63], "datum": "WGS84"}},
    "VB": {"village_id": None, "position": {"coordinates": [116.23, 40.22], "datum": "WGS84"}},
}
"""Positions of villages, as maintenance plans state them that are in none."""


def pointers(answer: Response) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {fault["pointer"] for fault in answer.json()["errors"]}


def put(client: TestClient, address: str, row: dict[str, Any], version: int | None = None) -> Response:
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    said = {"effective_from": "2026-03-02"}
    answer: Response = client.put(f"/v1/{address}", json=row, headers=headers, params=said)
    return answer


def lines_put(client: TestClient, path: str, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what is said of lines that are put in bulk."""
    answer = client.post(
        f"/v1/{path}:bulk",
        content="\n".join(map(json.dumps, lines)),
        headers={"Content-Type": "application/x-ndjson"},
        params={"effective_from": "2026-03-02"},
    )
    return [json.loads(line) for line in answer.text.splitlines()]


def test_every_kind_is_listed_and_each_row_read_back(client: TestClient) -> None:
    counts = {"villages": 4, "lodgings": 1, "crews": 3, "maintenance-plans": 2, "van-parts": 1}
    for path, count in counts.items():
        items = client.get(f"/v1/{path}").json()["items"]
        assert len(items) == count, path
        for item in items:
            one = client.get(f"/v1/{path}/{item['id']}")
            assert one.json() == item
            same = client.put(f"/v1/{path}/{item['id']}", json=item["row"], headers={"If-Match": one.headers["etag"]})
            assert (same.status_code, same.json()) == (200, item), same.text


def test_what_is_wrong_with_rows_is_told(client: TestClient) -> None:
    crew = client.get("/v1/crews/G1").json()["row"]
    wrong = {**crew, "outlet_id": "O9", "technician_ids": ["T2", "T9"], "day_start": "20:00", "break_earliest": "12:00"}
    assert pointers(put(client, "crews/G9", wrong)) == {
        "/outlet_id",
        "/technician_ids",
        "/day_end",
        "/break_latest",
        "/break_duration",
    }
    plan = client.get("/v1/maintenance-plans/M1").json()["row"]
    assert pointers(put(client, "maintenance-plans/M9", {**plan, "village_id": "V9", "late_days": 95})) == {
        "/village_id",
        "/late_days",
    }
    assert pointers(put(client, "maintenance-plans/M9", {**plan, "village_id": None})) == {""}
    village = client.get("/v1/villages/V1").json()["row"]
    swapped = {**village, "position": {"coordinates": [30.6, 103.6], "datum": "WGS84"}}
    assert put(client, "villages/V9", swapped).status_code == 422
    part = {"part_id": "P9", "volume_ml": 5, "chance_permille": 1}
    assert pointers(put(client, "van-parts/P9", part)) == {"/part_id"}


def test_nothing_ends_that_is_needed(client: TestClient) -> None:
    for address, users in (
        ("villages/V2", ["maintenance/M1"]),
        ("technicians/T1", ["crews/G1"]),
        ("outlets/O3", ["crews/G3", "technicians/T3"]),
    ):
        refused = client.delete(f"/v1/{address}", headers={"If-Match": '"1"'})
        assert (refused.status_code, sorted(refused.json()["referred_by"])) == (409, users)
    assert client.delete("/v1/crews/G1", headers={"If-Match": '"1"'}).status_code == 204
    assert client.get("/v1/crews/G1").status_code == 404


def test_a_centre_has_its_own_crews_plans_and_places(client: TestClient, app: FastAPI) -> None:
    beijing = client_of(app, MakeKey(app)("admin", centres=["C2"]))
    assert [item["id"] for item in beijing.get("/v1/crews").json()["items"]] == ["G3"]
    assert [item["id"] for item in beijing.get("/v1/maintenance-plans").json()["items"]] == ["MB"]
    assert [item["id"] for item in beijing.get("/v1/villages").json()["items"]] == ["VB"]
    assert beijing.get("/v1/lodgings").json()["items"] == []
    crew, plan = (beijing.get(f"/v1/{path}").json()["row"] for path in ("crews/G3", "maintenance-plans/MB"))
    assert put(beijing, "crews/G1", crew, 1).status_code == 404
    assert put(beijing, "maintenance-plans/M1", plan, 1).status_code == 404
    assert put(beijing, "maintenance-plans/M8", {**plan, **AT["V1"]}).status_code == 403
    assert put(beijing, "maintenance-plans/M9", plan).status_code == 201
    village, bed = (client.get(f"/v1/{path}").json()["row"] for path in ("villages/V1", "lodgings/L1"))
    for path, row, own in (("villages/V1", village, "villages/V9"), ("lodgings/L1", bed, "lodgings/L9")):
        assert beijing.get(f"/v1/{path}").status_code == 404
        assert put(beijing, path, row, 1).status_code == 404
        assert beijing.delete(f"/v1/{path}", headers={"If-Match": '"1"'}).status_code == 404
        assert put(beijing, own, row).status_code == 403
        assert put(beijing, own, {**row, "centre_id": "C1"}).status_code == 403
        # A place near one centre may be said to be another's.
        assert put(beijing, own, {**row, "centre_id": "C2"}).status_code == 201
        assert beijing.get(f"/v1/{own}", params={"on": "2026-03-02"}).json()["row"]["centre_id"] == "C2"
    assert put(beijing, "maintenance-plans/M7", {**plan, "village_id": "V9"}).status_code == 201
    lines = [{"id": "V1", "row": village}, {"id": "V8", "row": village}]
    lines.append({"id": "V7", "row": {**village, "centre_id": "C2"}})
    results = lines_put(beijing, "villages", lines)
    assert [result["status"] for result in results] == ["refused", "refused", "created"]
    assert pointers(put(client, "villages/V9", {**village, "centre_id": "C9"}, 1)) == {"/centre_id"}


def test_no_place_of_another_centre_is_read_through_a_row_of_ones_own(client: TestClient, app: FastAPI) -> None:
    beijing = client_of(app, MakeKey(app)("admin", centres=["C2"]))
    plan = client.get("/v1/maintenance-plans/MB").json()["row"]
    for village_id in ("V1", "V9"):
        sly = {**plan, **AT["VB"], "village_id": village_id}
        assert pointers(put(beijing, "maintenance-plans/MZ", sly)) == {"/village_id"}
        (line,) = lines_put(beijing, "maintenance-plans", [{"id": "MZ", "row": sly}])
        assert [fault["pointer"] for fault in line["errors"]] == ["/row/village_id"]
    with app.state.database.read() as session:
        source = tour_source(session, centre_ids=["C2"], crew_ids=["G3"], date=dt.date(2026, 3, 2), days=4, now=EVENING)
    assert [row["village_id"] for row in source.tables["villages"]] == ["VB"]
    # Keys of all centres may lend a village.
    assert put(client, "maintenance-plans/MZ", {**plan, **AT["VB"], "village_id": "V1"}).status_code == 201


def test_a_village_that_is_another_centres_by_now_is_neither_told_nor_visited(client: TestClient, app: FastAPI) -> None:
    tours = made(client, scope={"crews": ["G3"]})["id"]
    village = client.get("/v1/villages/VB").json()["row"]
    later = {"effective_from": "2026-03-01"}
    handed = client.put(
        "/v1/villages/VB", json={**village, "centre_id": "C1"}, headers={"If-Match": '"1"'}, params=later
    )
    assert handed.status_code == 200, handed.text
    beijing = client_of(app, MakeKey(app)("admin", "plans:publish", centres=["C2"]))

    def act(word: str, said: Any = None) -> Response:
        headers = {"If-Match": beijing.get(f"/v1/tours/{tours}").headers["etag"]}
        answer: Response = beijing.post(f"/v1/tours/{tours}:{word}", json=said, headers=headers)
        return answer

    refused = act("announce", {"village_ids": ["VB"]})
    assert (pointers(refused), refused.json()["errors"][0]["code"]) == ({"/village_ids/0"}, "other_centre")
    assert act("announce", {"village_ids": "all"}).json()["villages"] == []
    assert act("publish").status_code == 200
    days = beijing.get(f"/v1/tours/{tours}/itinerary").json()[0]["days"]
    visits = [one for day in days for one in day["visits"] if one["village_id"] == "VB"]
    clock_of(client).move(dt.timedelta(days=5))
    said = [{"job_id": one["job_id"], "outcome": "done", "start": one["start"], "end": one["end"]} for one in visits]
    recorded = beijing.post(f"/v1/tours/{tours}:record", json={"visits": said}).json()
    assert (recorded["done"], recorded["village_ids"]) == (len(visits), [])
    assert len(visits) > 0
    assert client.get("/v1/villages/VB").json()["row"] == {**village, "centre_id": "C1"}


def test_tours_and_reports_know_the_places_of_their_centres(client: TestClient, app: FastAPI) -> None:
    with app.state.database.read() as session:
        source = tour_source(session, centre_ids=["C2"], crew_ids=["G3"], date=dt.date(2026, 3, 2), days=4, now=EVENING)
    assert [row["village_id"] for row in source.tables["villages"]] == ["VB"]
    assert source.tables["lodgings"] == []
    beijing = client_of(app, MakeKey(app)("admin", centres=["C2"]))
    rows = beijing.get("/v1/reports/unvisited-villages", params={"to": "2026-03-10"}).json()["rows"]
    assert [row["village_id"] for row in rows] == ["VB"]
    wish = {"scope": {"crews": ["G3"]}, "horizon": {"date": "2026-03-02", "days": 4}}
    levers = {"must_visit": ["V1"], "forbidden_lodgings": ["L1"]}
    assert pointers(client.post("/v1/tours", json={**wish, "levers": levers})) == {
        "/levers/must_visit/0",
        "/levers/forbidden_lodgings/0",
    }


def test_rows_are_put_line_by_line(client: TestClient) -> None:
    plan = client.get("/v1/maintenance-plans/M1").json()["row"]
    lines = [{"id": "M7", "row": plan}, {"id": "M8", "row": {**plan, "village_id": "V9"}}, {"id": "M1", "row": plan}]
    body = "\n".join(json.dumps(line) for line in lines)
    answer = client.post("/v1/maintenance-plans:bulk", content=body, headers={"Content-Type": "application/x-ndjson"})
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert [result["status"] for result in results] == ["created", "refused", "unchanged"]
    assert results[1]["errors"][0]["pointer"] == "/row/village_id"


def test_a_maintenance_plan_is_shortened_from_a_date_on(client: TestClient) -> None:
    address = "/v1/maintenance-plans/M1:shorten"
    said = {"interval_days": 60, "late_days": 5}
    assert client.post(address, json=said).status_code == 428
    assert client.post(address, json=said, headers={"If-Match": '"9"'}).status_code == 412
    assert pointers(client.post(address, json={"interval_days": 90}, headers={"If-Match": '"1"'})) == {"/interval_days"}
    wide = {"interval_days": 6, "late_days": 5}
    assert pointers(client.post(address, json=wide, headers={"If-Match": '"1"'})) == {"/late_days"}
    done = client.post(address, json=said, headers={"If-Match": '"1"'}, params={"effective_from": "2026-04-01"})
    assert done.status_code == 200, done.text
    assert client.get("/v1/maintenance-plans/M1").json()["row"]["interval_days"] == 90
    later = client.get("/v1/maintenance-plans/M1", params={"on": "2026-04-01"}).json()["row"]
    assert (later["interval_days"], later["late_days"], later["early_days"]) == (60, 5, 2)


def test_a_folder_comes_back_as_it_was_read(client: TestClient, app: FastAPI, tmp_path: Path) -> None:
    read = read_source(write_region(tmp_path / "day"))
    ours = build_tours(read).touring
    with app.state.database.read() as session:
        source = tour_source(
            session,
            centre_ids=["C1", "C2"],
            crew_ids=["G1", "G2", "G3"],
            date=dt.date(2026, 3, 2),
            days=4,
            now=EVENING,
        )
    theirs = build_tours(source_of(source.tables, source.values)).touring
    assert theirs == ours


def test_a_second_load_changes_nothing_and_takes_nothing_back(client: TestClient, app: FastAPI, tmp_path: Path) -> None:
    read = read_source(write_region(tmp_path / "day"))
    by = By(actor="test", channel="load")
    with app.state.database.write() as session:
        assert load_day(session, read, by=by, now=EVENING).changes == 0
    village = client.get("/v1/villages/V2").json()["row"]
    put(client, "villages/V2", {**village, "announced": [{"date": "2026-03-04"}], "last_visit": "2026-03-01"}, 1)
    with app.state.database.write() as session:
        assert load_day(session, read, by=by, now=EVENING).changes == 0
    row = client.get("/v1/villages/V2", params={"on": "2026-03-02"}).json()["row"]
    told = [{"date": "2026-03-04", "at_village_id": "V2"}]
    assert (row["announced"], row["last_visit"]) == (told, "2026-03-01")
    # A folder without tours ends none.
    cells = {name: rows for name, rows in region().items() if name not in {"villages", "crews", "lodgings"}}
    cells = {name: rows for name, rows in cells.items() if name not in {"maintenance", "van_parts"}}
    with app.state.database.write() as session:
        load_day(session, read_source(write_region(tmp_path / "other", cells)), by=by, now=EVENING)
    assert len(client.get("/v1/villages").json()["items"]) == 4


def test_two_sample_regions_are_loaded_side_by_side(database: Database, tmp_path: Path) -> None:
    """Their ids begin with their letters; a region that is loaded whole ends the other, as any folder does."""
    regions = (Region.GARZE, Region.NUJIANG)
    for one in regions:
        make_tours(tmp_path / one, region=one, villages=6, crews=1, days=3)
    by = By(actor="test", channel="load")

    def load(one: Region, *, whole: bool) -> None:
        with database.write() as session:
            load_day(session, read_source(tmp_path / one), by=by, now=EVENING, whole=whole)

    def crews() -> dict[str, str]:
        with database.read() as session:
            return crews_on(session, dt.date(2026, 3, 2))

    for one in regions:
        load(one, whole=False)
    assert set(crews()) == {"GZ-G1", "NJ-G1"}
    assert len(set(crews().values())) == 2
    with database.read() as session:
        ids = session.scalars(select(JobRow.id)).all()
    assert {id_[:3] for id_ in ids} == {"GZ-", "NJ-"}
    load(Region.NUJIANG, whole=True)
    assert set(crews()) == {"NJ-G1"}


def test_a_plan_whose_last_visit_is_to_come_or_that_nobody_can_do_is_refused(client: TestClient) -> None:
    plan = client.get("/v1/maintenance-plans/M1").json()["row"]
    wrong = {**plan, "last_on": "2027-03-02", "product": "spaceship"}
    assert pointers(put(client, "maintenance-plans/M9", wrong)) == {"/last_on", "/product"}
    lines = lines_put(client, "maintenance-plans", [{"id": "M9", "row": wrong}])
    assert {fault["pointer"] for fault in lines[0]["errors"]} == {"/row/last_on", "/row/product"}
    assert put(client, "maintenance-plans/M9", {**plan, "last_on": "2026-03-01"}).status_code == 201


def test_a_last_visit_to_come_in_a_store_keeps_no_region_from_its_tours(client: TestClient, app: FastAPI) -> None:
    database: Database = app.state.database
    with database.write() as session:
        put_cells(session, "maintenance", "M1", {"last_on": "2027-03-02"}, on=dt.date(2026, 3, 2), now=EVENING)
    valid = client.post("/v1/tours", json={**WISH, "validate_only": True})
    assert valid.status_code == 200, valid.text
