"""Whatever the OpenAPI document allows, and much that it does not, is answered as it declares: never by a 5xx."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from api.delivery import Attempt
from tests.api.clients import MakeKey
from tests.api.test_vroom_endpoint import Solvers

HARD_TO_SAY = [positive_data_acceptance, ignored_auth]
"""A cursor of ours, a web address that is not link-local: no schema says what they are. The door for wrong keys closes
after so many of them, with 429; test_without_a_key_nothing_answers asks every operation without one."""


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: Any) -> bytes:
    """Return a bulk body: what the schema calls one text is sent as it is."""
    return value.encode(errors="surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_every_operation_answers_as_it_declares(app: FastAPI, make_key: MakeKey) -> None:
    app.state.send = lambda url, headers, body: Attempt(status=204)
    app.state.solvers = Solvers()
    app.router.lifespan_context = _without_courier
    key = make_key("admin")
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]

        @settings(
            max_examples=5,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def ask(case: Any) -> None:
            answer = case.call(headers=key)
            assert answer.status_code < 500, (case.method, case.path, answer.text)
            case.validate_response(answer, excluded_checks=HARD_TO_SAY)

        ask()


def test_without_a_key_nothing_answers(app: FastAPI, anyone: TestClient) -> None:
    open_to_all = {"/healthz", "/readyz", "/version", "/metrics"}
    answered = [
        (method, path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path not in open_to_all and anyone.request(method, path).status_code != 401
    ]
    assert answered == []


@asynccontextmanager
async def _without_courier(app: FastAPI) -> AsyncIterator[None]:
    yield
