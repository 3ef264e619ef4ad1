"""Master data through the API: by date, with versions, in bulk; on both databases."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from tests.api.clients import MakeKey, client_of

OUTLET = {
    "name": "=HYPERLINK('x')",
    "centre_id": "C1",
    "ownership": "own",
    "channel": "online",
    "position": {"coordinates": [103.8, 30.4], "datum": "GCJ02"},
    "opens": "08:00",
    "closes": "18:00",
}


def pointers(answer: Response) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {fault["pointer"] for fault in answer.json()["errors"]}


def test_every_kind_is_listed_and_each_row_read_back(stocked: TestClient) -> None:
    counts = {"centres": 2, "outlets": 4, "technicians": 4, "warehouses": 2, "parts": 4, "kits": 3, "stock": 3}
    for path, count in (counts | {"lanes": 3, "calendars": 2, "contract-tariffs": 1, "tariffs": 1}).items():
        items = stocked.get(f"/v1/{path}").json()["items"]
        assert len(items) == count, path
        for item in items:
            one = stocked.get(f"/v1/{path}/{item['id']}")
            assert one.json() == item
            same = stocked.put(f"/v1/{path}/{item['id']}", json=item["row"], headers={"If-Match": one.headers["etag"]})
            assert (same.status_code, same.json()) == (200, item), same.text


def test_a_row_is_put_changed_and_ended_by_date(stocked: TestClient) -> None:
    address = "/v1/outlets/O9"
    assert stocked.get(address).status_code == 404
    made = stocked.put(address, json=OUTLET, params={"effective_from": "2026-03-10"})
    assert (made.status_code, made.json()["row"]["position"]) == (201, OUTLET["position"])
    assert stocked.get(address).status_code == 404
    assert stocked.get(address, params={"on": "2026-03-10"}).json()["row"]["name"] == OUTLET["name"]
    later = {"effective_from": "2026-03-20"}
    changed = OUTLET | {"closes": "20:00"}
    assert stocked.put(address, json=changed, params=later).status_code == 428
    stale = stocked.put(address, json=changed, params=later, headers={"If-Match": '"9"'})
    assert (stale.status_code, stale.json()["version"]) == (412, 1)
    assert stocked.put(address, json=changed, params=later, headers={"If-Match": '"1"'}).json()["version"] == 2
    assert stocked.get(address, params={"on": "2026-03-19"}).json()["row"]["closes"] == "18:00"
    ended = stocked.delete(address, params={"effective_from": "2026-04-01"}, headers={"If-Match": '"2"'})
    assert ended.status_code == 204
    assert stocked.get(address, params={"on": "2026-03-31"}).json()["row"]["closes"] == "20:00"
    assert stocked.get(address, params={"on": "2026-04-01"}).status_code == 404


def test_what_is_wrong_is_refused_as_in_a_day_folder(stocked: TestClient) -> None:
    bad = OUTLET | {"centre_id": "C9", "ownership": "contract", "calendar": "nonsense", "closes": "07:00"}
    assert pointers(stocked.put("/v1/outlets/O9", json=bad)) == {"/centre_id", "/tariff_id", "/calendar", "/closes"}
    person = stocked.get("/v1/technicians/T1").json()["row"]
    bad = person | {"outlet_id": "O77", "break_latest": None}
    assert pointers(stocked.put("/v1/technicians/T9", json=bad)) == {"/outlet_id", "/break_latest"}
    row = stocked.get("/v1/stock/W1;P1").json()["row"]
    assert pointers(stocked.put("/v1/stock/W1;P2", json=row, headers={"If-Match": '"1"'})) == {""}
    assert stocked.get("/v1/outlets", params={"on": "1026-03-10"}).status_code == 400


def test_nothing_ends_while_something_needs_it(stocked: TestClient) -> None:
    answer = stocked.delete("/v1/outlets/O1", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["referred_by"]) == (409, ["technicians/T1"])
    assert stocked.delete("/v1/calendars/office", headers={"If-Match": '"1"'}).status_code == 409
    assert stocked.delete("/v1/technicians/T1", headers={"If-Match": '"1"'}).status_code == 204
    assert stocked.delete("/v1/outlets/O1", headers={"If-Match": '"1"'}).status_code == 204


def test_documents_are_judged_together(stocked: TestClient) -> None:
    policy = stocked.get("/v1/sla-policies/network")
    assert [row["name"] for row in policy.json()["row"]["rows"]] == ["hotline 12", "seat", "remote", "fridges fixed"]
    tag = {"If-Match": policy.headers["etag"]}
    row = {"name": "x", "clock": "arrival", "within": "PT24H"}
    bad = {"rows": [row, row | {"calendar": "nonsense"}, row | {"within": "PT0S"}]}
    assert pointers(stocked.put("/v1/sla-policies/network", json=bad, headers=tag)) == {
        "/rows/1/calendar",
        "/rows/2/within",
    }
    good = {"rows": [row], "shipped": ["network"]}
    assert stocked.put("/v1/sla-policies/network", json=good, headers=tag).json()["row"]["shipped"] == ["network"]
    prices = {"prices": {"unserved_fen": -1, "lateness": {"arrival": {"warn": "soon"}}}}
    tag = {"If-Match": stocked.get("/v1/tariffs/network").headers["etag"]}
    assert pointers(stocked.put("/v1/tariffs/network", json=prices, headers=tag)) == {
        "/prices/unserved_fen",
        "/prices/lateness/arrival/warn",
    }
    tariff = {"call_out_fen": 1, "bands": [[5_000, 0], [5_000, 10]], "fen_per_minute": 1}
    assert pointers(stocked.put("/v1/contract-tariffs/city", json=tariff)) == {"/bands"}
    tariff["bands"] = [[5_000, 0]]
    assert stocked.put("/v1/contract-tariffs/city", json=tariff).status_code == 201
    assert stocked.delete("/v1/contract-tariffs/county", headers={"If-Match": '"1"'}).status_code == 409


def test_holidays_and_swapped_working_days_are_those_of_the_calendars(stocked: TestClient) -> None:
    held = stocked.get("/v1/holidays/holidays")
    assert held.json()["row"] == {"closed": ["2026-03-03"], "working": ["2026-03-08"]}
    tag = {"If-Match": held.headers["etag"]}
    both = {"closed": ["2026-03-03"], "working": ["2026-03-03"]}
    assert pointers(stocked.put("/v1/holidays/holidays", json=both, headers=tag)) == {"/working"}
    new = {"closed": ["2026-04-04"], "working": []}
    assert stocked.put("/v1/holidays/holidays", json=new, headers=tag).status_code == 200
    assert stocked.get("/v1/holidays/other").status_code == 404


def test_certificates_are_those_of_the_technicians(stocked: TestClient) -> None:
    found = stocked.get("/v1/certificates", params={"scheme": "gas"}).json()["items"]
    assert [(one["technician_id"], one["is_valid"]) for one in found] == [("T1", True), ("T3", False)]
    later = stocked.get("/v1/certificates", params={"on": "2026-05-01", "technician_id": "T1"}).json()["items"]
    assert [one["is_valid"] for one in later] == [False]


def test_keys_of_a_centre_write_its_rows_only(stocked: TestClient, app: FastAPI, make_key: MakeKey) -> None:
    north = client_of(app, make_key("admin", centres=["C2"]))
    assert [one["id"] for one in north.get("/v1/outlets").json()["items"]] == ["O3"]
    assert [one["id"] for one in north.get("/v1/technicians").json()["items"]] == ["T3"]
    assert north.get("/v1/outlets/O1").status_code == 404
    assert north.put("/v1/outlets/O1", json=OUTLET, headers={"If-Match": '"1"'}).status_code == 404
    assert north.put("/v1/outlets/O9", json=OUTLET).status_code == 403
    assert north.put("/v1/outlets/O9", json=OUTLET | {"centre_id": "C2"}).status_code == 201
    assert north.put("/v1/parts/P9", json=stocked.get("/v1/parts/P1").json()["row"]).status_code == 403
    reader = client_of(app, make_key("jobs:write"))
    assert reader.put("/v1/outlets/O8", json=OUTLET).status_code == 403


@pytest.mark.parametrize("limit", [1, 3])
def test_lists_come_in_pages(stocked: TestClient, limit: int) -> None:
    found, cursor = [], None
    while True:
        wanted: dict[str, Any] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = stocked.get("/v1/outlets", params=wanted).json()
        found += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == ["O1", "O2", "O3", "O4"]


def test_bulk_lines_stand_for_themselves(stocked: TestClient) -> None:
    known = stocked.get("/v1/outlets/O1").json()["row"]
    said = [
        {"id": "O8", "row": OUTLET},
        {"id": "O9", "row": OUTLET | {"centre_id": "C9"}},
        {"id": "O1", "row": known},
        {"id": "O2", "row": stocked.get("/v1/outlets/O2").json()["row"] | {"workload_target": 5}},
        {"id": "O7", "row": OUTLET | {"opens": 8}},
    ]
    body = "\n".join(map(json.dumps, said)).encode()
    answer = stocked.post("/v1/outlets:bulk", content=body)
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert [one["status"] for one in results] == ["created", "refused", "unchanged", "updated", "refused"]
    assert [one["errors"][0]["pointer"] for one in results if "errors" in one] == ["/row/centre_id", "/row/opens"]
    assert stocked.get("/v1/outlets/O2").json()["row"]["workload_target"] == 5


PATHS = ("centres", "outlets", "technicians", "warehouses", "parts", "kits", "stock", "lanes")


def bulk(client: TestClient, path: str, said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = client.post(f"/v1/{path}:bulk", content="\n".join(map(json.dumps, said)).encode())
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize("path", PATHS)
def test_no_bulk_takes_over_the_rows_of_another_centre(
    stocked: TestClient, app: FastAPI, make_key: MakeKey, path: str
) -> None:
    north = client_of(app, make_key("admin", centres=["C2"]))
    before = stocked.get(f"/v1/{path}").json()["items"]
    mine = {"outlets": {"centre_id": "C2"}, "technicians": {"outlet_id": "O3"}}.get(path, {})
    said = [{"id": one["id"], "row": one["row"] | mine} for one in before]
    own = {item["id"] for item in north.get(f"/v1/{path}").json()["items"]} if mine or path == "lanes" else set()
    for result, line in zip(bulk(north, path, said), said, strict=True):
        assert result["status"] == ("unchanged" if line["id"] in own else "refused"), line
    assert stocked.get(f"/v1/{path}").json()["items"] == before


def test_a_line_of_another_centre_is_refused_alone(stocked: TestClient, app: FastAPI, make_key: MakeKey) -> None:
    north = client_of(app, make_key("admin", centres=["C2"]))
    said = [
        {"id": "N1", "row": OUTLET | {"centre_id": "C2"}},
        {"id": "N2", "row": OUTLET},
        {"id": "O1", "row": OUTLET | {"centre_id": "C2"}},
    ]
    results = bulk(north, "outlets", said)
    assert [one["status"] for one in results] == ["created", "refused", "refused"]
    codes = [(one["errors"][0]["pointer"], one["errors"][0]["code"]) for one in results[1:]]
    assert codes == [("/row", "other_centre"), ("/id", "not_found")]


def test_certificates_are_put_in_bulk_and_come_in_pages(stocked: TestClient, app: FastAPI, make_key: MakeKey) -> None:
    gas = {"technician_id": "T1", "scheme": "gas", "valid_from": "2027-01-01", "valid_to": "2027-12-31"}
    said = [
        gas,
        gas | {"technician_id": "T2", "scheme": "electrician"},
        gas | {"technician_id": "T77"},
        gas | {"technician_id": "T3", "valid_to": "2026-01-01"},
        gas | {"valid_to": "tomorrow"},
    ]
    first = bulk(stocked, "certificates", said)
    assert [one["status"] for one in first] == ["created", "created", "refused", "refused", "refused"]
    assert [one["id"] for one in first[:2]] == ["T1;gas;2027-01-01", "T2;electrician;2027-01-01"]
    assert [one["errors"][0]["pointer"] for one in first[2:]] == ["/technician_id", "/certificates", "/valid_to"]
    again = bulk(
        stocked, "certificates", [gas, gas | {"technician_id": "T2", "scheme": "electrician", "valid_to": "2028-01-01"}]
    )
    assert [one["status"] for one in again] == ["unchanged", "updated"]
    whole = stocked.get("/v1/certificates").json()
    assert whole["next"] is None
    found, wanted = [], {"limit": "1"}
    while True:
        page = stocked.get("/v1/certificates", params=wanted).json()
        found += page["items"]
        if page["next"] is None:
            break
        wanted |= {"cursor": page["next"]}
    assert found == whole["items"]
    assert {(one["technician_id"], one["scheme"]) for one in found} >= {("T1", "gas"), ("T2", "electrician")}
    assert stocked.get("/v1/certificates", params={"cursor": "WyJqb2JfMDE5OCJd"}).status_code == 400
    north = client_of(app, make_key("admin", centres=["C2"]))
    assert [one["status"] for one in bulk(north, "certificates", [gas, gas | {"technician_id": "T3"}])] == [
        "refused",
        "created",
    ]


@pytest.mark.parametrize("path", ["calendars", "sla-policies", "tariffs", "contract-tariffs", "holidays"])
def test_documents_are_put_in_bulk(stocked: TestClient, app: FastAPI, make_key: MakeKey, path: str) -> None:
    rows: dict[str, Any] = {
        "calendars": {"weekdays": ["mon", "tue"]},
        "sla-policies": {"rows": [{"name": "24 h", "clock": "arrival", "within": "PT24H"}]},
        "tariffs": {"prices": {"unserved_fen": 41_000}},
        "contract-tariffs": {"call_out_fen": 3_100, "bands": [[5_000, 0]], "fen_per_minute": 80},
        "holidays": {"closed": ["2026-05-01"]},
    }
    ids = {"sla-policies": "network", "tariffs": "network", "holidays": "holidays"}
    line = {"id": ids.get(path, "new"), "row": rows[path]}
    put = bulk(stocked, path, [line, line, {"id": line["id"], "row": {"nothing": 1}}])
    assert put[0]["status"] in ("created", "updated"), put
    assert [one["status"] for one in put[1:]] == ["unchanged", "refused"]
    held = stocked.get(f"/v1/{path}/{line['id']}").json()["row"]
    assert all(held[name] == value or name == "rows" for name, value in rows[path].items())
    if path in ids:
        (other,) = bulk(stocked, path, [line | {"id": "other"}])
        assert other["errors"][0]["pointer"] == "/id"
    north = client_of(app, make_key("admin", centres=["C2"]))
    assert north.post(f"/v1/{path}:bulk", content=json.dumps(line).encode()).status_code == 403


def test_a_document_that_does_not_fit_is_the_only_one_refused(stocked: TestClient) -> None:
    good = {"id": "network", "row": {"rows": [{"name": "24 h", "clock": "arrival", "within": "PT24H"}]}}
    bad = {"id": "network", "row": {"rows": [{"name": "x", "clock": "arrival", "within": "PT1H", "calendar": "none"}]}}
    results = bulk(stocked, "sla-policies", [bad, good])
    assert results[0]["status"] == "refused"
    assert results[0]["errors"][0]["pointer"].startswith("/row/rows/0")
    assert results[1]["status"] in ("created", "updated")
