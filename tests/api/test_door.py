"""What comes in is read strictly; every fault is a clear problem, in the caller's language."""

import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.errors import Refused
from api.settings import Settings
from api.strict_json import MOST_DEPTH, MOST_FAULTS, read_json
from tests.api.clients import MakeKey, StandingClock, client_of
from tests.api.probe import add_probe


@pytest.fixture
def here(sqlite_url: str) -> TestClient:
    """Return a client of an application with small limits; what is refused here never reaches a store."""
    app = create_app(Settings(database_url=sqlite_url, body_limit=100_000), clock=StandingClock())
    add_probe(app)
    return client_of(app, MakeKey(app)("admin"))


def post(client: TestClient, body: bytes) -> tuple[int, list[tuple[str, str]]]:
    answer = client.post("/v1/things", content=body, headers={"Content-Type": "application/json"})
    document = answer.json()
    return answer.status_code, [(error["pointer"], error["code"]) for error in document.get("errors", [])]


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (b'{"name": NaN}', [("/name", "not_a_number")]),
        (b'{"name": "a", "count": -Infinity}', [("/count", "not_a_number")]),
        (b'{"name": "a", "count": 1e999}', [("/count", "number_too_large")]),
        (b'{"name": "a", "count": 99999999999999999999}', [("/count", "integer_too_large")]),
        (b'{"name": "a", "count": ' + b"9" * 5_000 + b"}", [("", "integer_too_large")]),
        (b'{"name": "a", "name": "b"}', [("/name", "key_twice")]),
        (b'{"name": "a\\u0000"}', [("/name", "nul_character")]),
        (b'{"name": "\\ud800"}', [("/name", "half_a_character")]),
        (b'{"name": "a", "x\\u0000": 1}', [("/x\0", "nul_character")]),
        (b'{"name": "\xff"}', [("", "encoding")]),
        (b'{"name": "a"', [("", "json_invalid")]),
        (b"[" * 10_000 + b"]" * 10_000, [("", "too_deep")]),
        (b'{"name": ' + b"[" * 60 + b"]" * 60 + b"}", [("/name" + "/0" * (MOST_DEPTH - 1), "too_deep")]),
        (b'{"tags": ["a", NaN, "b\\u0000"]}', [("/tags/1", "not_a_number"), ("/tags/2", "nul_character")]),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, bytes) else "",
)
def test_what_a_lax_reader_passes_on_is_refused(here: TestClient, body: bytes, faults: list[tuple[str, str]]) -> None:
    assert post(here, body) == (422, faults)


def test_the_place_of_what_is_no_json_is_told(here: TestClient) -> None:
    answer = here.post("/v1/things", content=b'{\n  "name": x}', headers={"Content-Type": "application/json"})
    assert answer.json()["errors"][0]["detail"].startswith("line 2, column 11")


def test_every_fault_of_a_payload_is_listed_with_its_place(here: TestClient) -> None:
    status, faults = post(
        here,
        json.dumps(
            {
                "count": "1",
                "at": "2026-03-02T09:00:00",
                "takes": "an hour",
                "position": {"coordinates": [200, 30], "datum": "MARS"},
                "tags": ["ok", "not;ok", 3],
                "a/b~c": 1,
            }
        ).encode(),
    )
    assert status == 422
    assert dict(faults) == {
        "/name": "missing",
        "/count": "int_type",
        "/at": "timezone_aware",
        "/takes": "time_delta_parsing",
        "/position/datum": "enum",
        "/tags/1": "not_allowed",
        "/tags/2": "string_type",
        "/a~1b~0c": "extra_forbidden",
    }


def test_nobody_without_a_key_learns_what_a_payload_should_be(here: TestClient) -> None:
    for body in (b"{", b"{}", b'{"name": NaN}'):
        headers = {"Content-Type": "application/json", "Authorization": "Bearer x"}
        assert here.post("/v1/things", content=body, headers=headers).status_code == 401


def test_what_is_right_is_answered_in_chinas_time(here: TestClient) -> None:
    body = {"name": "a", "at": "2026-03-02T01:00:00Z", "takes": "PT90M"}
    answer = here.post("/v1/things", json=body)
    assert answer.status_code == 201
    assert answer.json()["at"] == "2026-03-02T09:00:00+08:00"
    assert answer.json()["takes"] == "PT1H30M"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", 1772413200, "2026-03-02"])
def test_a_moment_is_one_of_this_century_with_an_offset(here: TestClient, at: object) -> None:
    assert post(here, json.dumps({"name": "a", "at": at}).encode())[0] == 422


def test_a_fault_of_the_query_is_not_one_of_the_payload(here: TestClient) -> None:
    answer = here.get("/v1/things/x", params={"number": "many"})
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {"parameter": "query.number", "code": "int_parsing", "detail": answer.json()["errors"][0]["detail"]}
    ]


def test_titles_are_in_the_callers_language(here: TestClient) -> None:
    chinese = here.post("/v1/things", json={}, headers={"Accept-Language": "zh-CN"})
    assert chinese.json()["title"] == "请求内容有误"
    assert chinese.headers["Content-Language"] == "zh-CN"
    for header in ("en-GB, zh;q=0.5", "fr, de", "zh;q=0", ""):
        assert here.post("/v1/things", json={}, headers={"Accept-Language": header}).json()["title"][0] == "T", header


def test_a_body_beyond_the_limit_is_refused_declared_or_not(here: TestClient) -> None:
    headers = {"Content-Type": "application/json"}
    declared = here.post("/v1/things", content=b"x" * 100_001, headers=headers)
    assert (declared.status_code, declared.json()["limit"]) == (413, 100_000)
    chunked = here.post("/v1/things", content=(b"x" * 1_000 for _ in range(200)), headers=headers)
    assert chunked.status_code == 413
    assert chunked.headers["content-type"] == "application/problem+json"
    assert here.post("/v1/things", content=b'{"name": "a"}', headers=headers).status_code == 201


def test_no_address_holds_nul(here: TestClient) -> None:
    assert here.get("/v1/things/a%00b").status_code == 400
    assert here.get("/v1/things/a?number=%00").status_code == 400


def test_a_body_that_is_not_said_to_be_json_is_refused(here: TestClient) -> None:
    answer = here.post("/v1/things", content=b'{"name": "a"}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422


def test_a_method_that_is_not_there_is_a_problem(here: TestClient) -> None:
    answer = here.put("/v1/things")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


def test_security_headers_are_on_every_answer(here: TestClient) -> None:
    for address in ("/healthz", "/v1/nothing", "/docs", "/v1/things/x"):
        headers = here.get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff", address
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], address
        assert headers["X-Request-Id"], address


def test_a_store_that_does_not_answer_is_unavailable(app: FastAPI, make_key: MakeKey, tmp_path: object) -> None:
    gone = create_app(Settings(database_url=f"sqlite:///{tmp_path}/no/such/folder.db"))
    client = client_of(gone, make_key("admin"))
    assert client.get("/readyz").status_code == 503
    answer = client.get("/v1/events")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
numbers = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_what_is_json_is_read_as_it_is(value: object) -> None:
    assert read_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    faults = None
    try:
        read_json(body)
    except Refused as refused:
        faults = refused.faults
    assert faults is None or 1 <= len(faults) <= MOST_FAULTS


def test_parameters_that_the_address_does_not_have_are_refused_beside_all_else(here: TestClient) -> None:
    refused = here.get("/v1/things/x", params={"number": "many", "first": "1", "last": "2"})
    assert refused.status_code == 400
    assert {fault["parameter"]: fault["code"] for fault in refused.json()["errors"]} == {
        "query.first": "unknown_parameter",
        "query.last": "unknown_parameter",
        "query.number": "int_parsing",
    }
    alone = here.get("/v1/things/x", params={"nombre": "1"})
    assert alone.status_code == 400
    assert alone.json()["errors"][0]["detail"] == '"nombre" is unknown; allowed: number'
    assert here.get("/v1/things/x", params={"number": "1"}).status_code == 200


def test_a_post_with_an_unknown_parameter_does_nothing_and_tells_all(here: TestClient) -> None:
    body = {"name": 1}
    refused = here.post("/v1/things?valdate_only=true", json=body)
    assert refused.status_code == 400
    assert [fault.get("pointer", fault.get("parameter")) for fault in refused.json()["errors"]] == [
        "query.valdate_only",
        "/name",
    ]
    assert here.post("/v1/things?valdate_only=true", json={"name": "crash"}).status_code == 400


def test_without_a_key_nothing_is_told_of_parameters(here: TestClient) -> None:
    assert isinstance(here.app, FastAPI)
    assert client_of(here.app).get("/v1/things/x?first=1").status_code == 401


def test_faults_say_what_was_sent_and_what_is_allowed_in_words_of_this_house(here: TestClient) -> None:
    sent = {
        "name": "a",
        "at": "2026-03-02T09:00:00",
        "count": 101,
        "position": {"coordinates": [32.05, 118.79], "datum": "WGS84"},
        "surprise": 1,
    }
    said = {fault["pointer"]: fault["detail"] for fault in here.post("/v1/things", json=sent).json()["errors"]}
    assert said["/at"] == '"2026-03-02T09:00:00"; allowed: a moment with its offset, such as 2026-03-02T09:30:00+08:00'
    assert said["/count"].startswith("101; ")
    assert said["/position"] == "longitude first, then latitude: these look swapped"
    assert said["/surprise"] == "there is no such field here"


def test_a_body_that_is_not_called_json_is_told_so(here: TestClient) -> None:
    for headers in ({}, {"Content-Type": "text/plain"}):
        refused = here.post("/v1/things", content=b'{"name": "a"}', headers=headers)
        assert refused.status_code == 422
        assert [fault["code"] for fault in refused.json()["errors"]] == ["content_type"]
    called = {"Content-Type": "application/json; charset=utf-8"}
    assert here.post("/v1/things", content=b'{"name": "a"}', headers=called).status_code == 201


def test_quotes_that_an_etag_lacks_are_asked_for(here: TestClient) -> None:
    refused = here.patch("/v1/things/x", headers={"If-Match": "7"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["detail"] == 'quotes belong to it: If-Match: "7"'
