"""Whatever the OpenAPI document allows, and much that it does not, is answered as it declares: never by a 5xx."""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance
from sqlalchemy import select

from api.delivery import Attempt
from api.tables.dispatch import DispatchItem
from api.tables.plans import Visit
from api.tour_process import run_tours_here
from tests.api.clients import MakeKey
from tests.api.published import hire
from tests.api.published_network import SEVEN, publish_network
from tests.api.test_vroom_endpoint import Solvers

HARD_TO_SAY = [positive_data_acceptance, ignored_auth]
"""A cursor of ours, a web address that is not link-local: no schema says what they are. The door for wrong keys closes
after so many of them, with 429; test_without_a_key_nothing_answers asks every operation without one."""


@schemathesis.serializer("application/x-ndjson")
def lines(_: Any, value: Any) -> bytes:
    """Return a bulk body: what the schema calls one text is sent as it is."""
    return value.encode(errors="surrogatepass") if isinstance(value, str) else json.dumps(value).encode()


@pytest.fixture
def ids(app: FastAPI, client: TestClient, tmp_path: Path) -> dict[str, str]:
    """Fill the store with a network, a plan that holds and what hangs on it; return the ids by their names."""
    publish_network(app.state.database, tmp_path)
    app.state.clock.now = SEVEN
    with app.state.database.read() as session:
        visit = session.scalars(select(Visit).order_by(Visit.start_at.desc())).first()
        item_id = session.scalars(select(DispatchItem.id)).first()
        found = {
            name: getattr(visit, name) for name in ("job_id", "technician_id", "outlet_id", "centre_id", "plan_id")
        }

    def post(path: str, said: dict[str, Any]) -> dict[str, Any]:
        answer = client.post(f"/v1/{path}", json=said)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made

    like = client.get(f"/v1/jobs/{found['job_id']}").json()
    said = {name: like[name] for name in ("product", "position")} | {"skill_level": 1, "service_duration": "PT15M"}
    draft = said | {"reported_at": "2026-03-02T06:00:00+08:00", "centre_id": found["centre_id"]}
    offers = post("slot-offers", {"job": draft, "most": 3})["items"]
    held = [post("slot-holds", {"offer_id": offers[0]["id"]})]
    held.append(post("slot-holds", {"offer_id": post("slot-offers", {"job": draft, "most": 3})["items"][0]["id"]}))
    found |= {
        "item_id": item_id,
        "hold_id": held[1]["id"],
        "appointment_id": post(f"slot-holds/{held[0]['id']}:confirm", {})["id"],
        "offer_id": post("slot-offers", {"job": draft})["items"][0]["id"],
        "disruption_id": post("disruptions", {"ill": {"technician_id": found["technician_id"]}})["disruption"]["id"],
        "webhook_id": post("webhooks", {"url": "https://example.org/hook", "types": ["job.created"]})["id"],
    }
    found["tour_id"] = _tours(app, client, found)
    rows = ("centres", "outlets", "technicians", "warehouses", "parts", "kits", "stock", "lanes", "tariffs")
    for path in (*rows, "villages", "lodgings", "crews", "maintenance-plans"):
        items = client.get(f"/v1/{path}").json()["items"]
        found[f"/{path}"] = items[0]["id"] if items else "none"
    assert all(found.values()), found
    return found


def _tours(app: FastAPI, client: TestClient, found: dict[str, str]) -> str:
    """Make tours of a crew through one village; return their id."""
    outlet = client.get(f"/v1/outlets/{found['outlet_id']}").json()["row"]
    person = client.get(f"/v1/technicians/{found['technician_id']}").json()["row"]
    family, place = person["skills"][0]["family"], {"position": outlet["position"], "name": "近村"}
    plan = {"village_id": "V1", "product": family, "service_duration": "PT20M", "interval_days": 90}
    for path, row in (
        ("villages/V1", place),
        ("lodgings/L1", {**place, "price_fen": 100, "check_in": "21:00"}),
        ("crews/G1", {"name": "一组", "outlet_id": found["outlet_id"], "technician_ids": [found["technician_id"]]}),
        ("maintenance-plans/M1", {**plan, "last_on": "2025-12-02", "early_days": 2, "late_days": 2}),
    ):
        assert client.put(f"/v1/{path}", json=row).status_code == 201, path
    wish = {"scope": {"crews": ["G1"]}, "horizon": {"date": "2026-03-02", "days": 2}, "limits": {"steps": 20}}
    made = client.post("/v1/tours", json={**wish, "levers": {"must_visit": ["V1"]}})
    assert made.status_code == 202, made.text
    id_: str = made.json()["id"]
    run_tours_here(app.state.database, id_, "test", hire, app.state.clock)
    assert client.get(f"/v1/tours/{id_}").json()["outcome"]["jobs"], client.get(f"/v1/tours/{id_}").text
    return id_


def fill(case: Any, ids: dict[str, str]) -> None:
    """Put ids that there are in the place of those that were made up, and the version that most things have."""
    names = {**ids, "id": ids.get(f"/{case.path.split('/')[2]}", "network")} if "/v1/" in case.path else ids
    for place in (case.path_parameters, case.query, case.body):
        if isinstance(place, dict):
            place.update({name: names[name] for name in place.keys() & names.keys()})
    if case.headers is not None and "If-Match" in case.headers:
        case.headers["If-Match"] = '"1"'


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_every_operation_answers_as_it_declares(app: FastAPI, make_key: MakeKey, ids: dict[str, str]) -> None:
    """Every other request names what there is; those between are made up."""
    app.state.send = lambda url, headers, body: Attempt(status=204)
    app.state.solvers = Solvers()
    app.state.judge = lambda work, *args: work(*args)
    app.router.lifespan_context = _without_courier
    key = make_key("admin")
    turn = itertools.count()
    met: set[int] = set()
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]

        @settings(
            max_examples=4,
            derandomize=True,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def ask(case: Any) -> None:
            if next(turn) % 2:
                fill(case, ids)
            answer = case.call(headers=key)
            met.add(answer.status_code)
            assert answer.status_code < 500, (case.method, case.path, answer.text)
            case.validate_response(answer, excluded_checks=HARD_TO_SAY)

        ask()
    # It came further than the door, and was refused in every way that there is.
    assert met >= {200, 201, 204, 400, 404, 409, 412, 422}, met


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
