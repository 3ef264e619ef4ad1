"""The OpenAPI document is complete, and its page needs no other machine."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from tests.api.clients import client_of

WITHOUT_EXAMPLE = {"boolean", "null"}
SCHEMAS = "#/components/schemas/"
VERBS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    place = tmp_path_factory.mktemp("documentation") / "paigong.db"
    return client_of(create_app(Settings(database_url=f"sqlite:///{place}")))


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    answer: dict[str, Any] = client.get("/openapi.json").json()
    return answer


FREE = {
    "/components/schemas/JsonValue": "what is told of an event or an entry, and prices, each kind with its own words",
    "/components/schemas/ProblemShown": "RFC 9457: kinds of problems have members of their own",
    "/paths//vroom/post/requestBody/content/application/json/schema": "VROOM's format, which docs/solve.md describes",
    "/paths//vroom/post/responses/200/content/application/json/schema": "the same",
}
"""Schemas that leave anything open, and why."""
SAID = {"type", "$ref", "anyOf", "oneOf", "allOf", "enum", "const"}
BOUND = {"properties", "additionalProperties", "patternProperties"}


def bare_fields(document: dict[str, Any]) -> Iterator[str]:
    """Yield the fields of all schemas that have no description or no example, and schemas that allow anything."""
    yield from (f"{place}: anything" for place in open_schemas(document) if place not in FREE)
    for name, schema in document["components"]["schemas"].items():
        for field, about in schema.get("properties", {}).items():
            # A description that the named schema has in the same words is left to it.
            named = document["components"]["schemas"].get(about.get("$ref", "").removeprefix(SCHEMAS), {})
            if "description" not in about and "description" not in named:
                yield f"{name}.{field}: description"
            if not has_example(about, document):
                yield f"{name}.{field}: example"


def has_example(about: dict[str, Any], document: dict[str, Any]) -> bool:
    """Tell whether a field shows what it looks like: itself, its parts, or the schema that it names."""
    if {"example", "examples", "enum", "const", "$ref"} & about.keys() or about.get("type") in WITHOUT_EXAMPLE:
        return True
    if about.get("type") == "array" and has_example(about.get("items", {}), document):
        return True
    parts = about.get("anyOf", []) + about.get("oneOf", []) + about.get("allOf", [])
    return bool(parts) and all(has_example(part, document) or part.get("type") == "null" for part in parts)


def open_schemas(document: dict[str, Any]) -> Iterator[str]:
    """Yield the places of schemas that say nothing, or objects that may have any field."""
    for path, methods in document.get("paths", {}).items():
        for place, node in walked(methods, f"/paths/{path}"):
            if place.endswith("/schema"):
                yield from open_within(node, place)
    for name, schema in document["components"]["schemas"].items():
        yield from open_within(schema, f"/components/schemas/{name}")


def walked(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    yield place, node
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in inner:
        yield from walked(value, f"{place}/{name}")


def open_within(schema: dict[str, Any], place: str) -> Iterator[str]:
    is_object = schema.get("type") == "object"
    if (
        not SAID & schema.keys()
        or schema.get("additionalProperties") is True
        or (is_object and not BOUND & schema.keys())
    ):
        yield place
    for name in ("properties", "patternProperties", "$defs"):
        for field, about in schema.get(name, {}).items():
            yield from open_within(about, f"{place}/{name}/{field}")
    for name in ("items", "additionalProperties"):
        if isinstance(schema.get(name), dict):
            yield from open_within(schema[name], f"{place}/{name}")
    for name in ("anyOf", "oneOf", "allOf"):
        for number, part in enumerate(schema.get(name, [])):
            yield from open_within(part, f"{place}/{name}/{number}")


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method in VERBS
            yield f"{method.upper()} {path}", operation


def test_every_field_is_described_with_an_example(document: dict[str, Any]) -> None:
    assert list(bare_fields(document)) == []


def test_a_field_without_a_description_is_found() -> None:
    bare = {
        "components": {
            "schemas": {"A": {"type": "object", "properties": {"x": {"type": "string"}, "y": {"$ref": "#"}}}}
        }
    }
    assert list(bare_fields(bare)) == ["A.x: description", "A.x: example", "A.y: description"]


def test_a_schema_that_allows_anything_is_found(document: dict[str, Any]) -> None:
    assert set(open_schemas(document)) == FREE.keys()
    answers: dict[str, Any] = {"200": {"content": {"application/json": {"schema": {}}}}}
    listed = {"type": "array", "items": {"type": "object", "additionalProperties": True}}
    loose = {"paths": {"/x": {"get": {"responses": answers}}}, "components": {"schemas": {"A": listed}}}
    assert list(bare_fields(loose)) == [
        "/paths//x/get/responses/200/content/application/json/schema: anything",
        "/components/schemas/A/items: anything",
    ]


MEASURES = re.compile(r"(^|_)(s|fen|seconds|minutes)$")
OF_FILES = re.compile(r"In$|Figures$")
"""Rows of master data and key figures have the names and units of the files that they are in too."""


def test_durations_and_money_say_their_units_themselves(document: dict[str, Any]) -> None:
    bare = {
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field in schema.get("properties", {})
        if MEASURES.search(field) and not OF_FILES.search(name)
    }
    assert bare == {"Money.fen", "Amount.fen"}


def test_what_is_accepted_says_where_it_can_be_asked_for(document: dict[str, Any]) -> None:
    """Whether it does is asked of every operation by test_openapi_fuzz.py."""
    accepted = {name: each["responses"]["202"] for name, each in operations(document) if "202" in each["responses"]}
    assert accepted.keys() >= {"POST /v1/plans", "POST /v1/disruptions", "POST /v1/webhooks/{webhook_id}:replay"}
    assert all(answer["headers"]["Location"]["required"] for answer in accepted.values())


@pytest.mark.parametrize(
    ("name", "kind", "schema"),
    [
        ("routes", "application/json", "RouteShown"),
        ("routes.geojson", "application/geo+json", "RoutesGeoJson"),
        ("unassigned", "application/json", "LeftOutShown"),
        ("kpis", "application/json", "Figures"),
        ("diff", "application/json", "ChangeShown"),
    ],
)
def test_what_is_kept_of_a_plan_has_its_schema(document: dict[str, Any], name: str, kind: str, schema: str) -> None:
    content = document["paths"][f"/v1/plans/{{plan_id}}/{name}"]["get"]["responses"]["200"]["content"]
    assert list(content) == [kind]
    assert f"'{SCHEMAS}{schema}'" in str(content[kind]["schema"])


def test_lines_are_the_only_answer_to_lines(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if name.endswith(":bulk"):
            assert list(operation["responses"]["200"]["content"]) == ["application/x-ndjson"], name


def test_every_parameter_and_operation_is_described(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation.get("summary"), name
        assert operation.get("tags"), name
        for parameter in operation.get("parameters", []):
            assert parameter.get("description"), f"{name}: {parameter['name']}"


def test_every_operation_declares_its_problems(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        statuses = operation["responses"].keys()
        if "security" in operation:
            assert {"401", "429"} <= statuses, name
        if name.startswith(("POST /v1", "PATCH /v1", "PUT /v1")) and "requestBody" in operation:
            assert {"413", "422"} <= statuses, name
        if name.startswith(("PATCH", "PUT")) and "{" in name:
            assert "404" in statuses, name


def test_what_needs_a_key_says_so(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    (scheme,) = document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for name, operation in operations(document):
        assert ("security" in operation) == ("/v1/" in name or "/vroom" in name), name


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    names = set(re.findall(r"#/components/schemas/([A-Za-z0-9_.-]+)", str(document)))
    assert names <= document["components"]["schemas"].keys()


def test_the_interactive_page_asks_no_other_machine(client: TestClient) -> None:
    page = client.get("/docs").text
    assert re.findall(r"https?://[^\s\"']+", page) == []
    assets = re.findall(r"(?:src|href)=[\"']([^\"']+)[\"']", page)
    assert len(assets) >= 3
    for asset in assets:
        assert asset.startswith("/"), asset
        assert client.get(asset).status_code == 200, asset
