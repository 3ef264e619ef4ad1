"""VROOM's clients are answered as vroom-express answers them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from api.errors import Unavailable
from api.settings import Settings
from api.solver_pool import WAITING_PER_WORKER, Order, SolverPool
from api.solving import Answer, Code
from optimizer.solve import Engine
from tests.api.clients import MakeKey, client_of

PROBLEM = {
    "vehicles": [{"id": 1, "start_index": 0}],
    "jobs": [{"id": 7, "location_index": 1}],
    "matrices": {"car": {"durations": [[0, 60], [60, 0]]}},
}
BAD_OPTIONS: list[object] = [[], {"g": True}, {"x": 6}, {"x": "5"}, {"y": 1}]


class Solvers:
    """Stands for the solving processes: remembers what was asked."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.is_warm = True
        self.answer = Answer(code=Code.SOLVED, document=b'{"code": 0}')

    async def solve(self, order: Order) -> Answer:
        self.orders.append(order)
        return self.answer


@pytest.fixture
def app(sqlite_url: str) -> FastAPI:
    application = create_app(Settings(database_url=sqlite_url, vroom_seconds=6))
    application.state.solvers = Solvers()
    return application


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return client_of(app, MakeKey(app)("plans:solve"))


def orders(app: FastAPI) -> list[Order]:
    asked: list[Order] = app.state.solvers.orders
    return asked


def test_a_problem_is_handed_on_as_it_came(app: FastAPI, client: TestClient) -> None:
    body = json.dumps(PROBLEM).encode()
    answer = client.post("/vroom", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (200, {"code": 0})
    assert answer.headers["content-type"] == "application/json"
    (order,) = orders(app)
    assert (order.problem, order.seconds, order.is_plan, order.engine) == (body, 6, False, "search")
    client.post("/vroom?engine=ortools", json=PROBLEM)
    assert orders(app)[1].engine == "ortools"


def test_a_problem_that_cannot_be_read_does_not_wait_for_a_process_to_get_ready(
    app: FastAPI, client: TestClient
) -> None:
    app.state.solvers.is_warm = False
    unreadable = {**PROBLEM, "jobs": [{"id": "seven", "location_index": 1}]}
    answer = client.post("/vroom", json=unreadable)
    assert (answer.status_code, answer.json()["code"]) == (400, 2)
    assert orders(app) == []
    assert client.post("/vroom", json=PROBLEM).status_code == 200


def test_options_are_vroom_express_own(app: FastAPI, client: TestClient) -> None:
    options_and_orders: tuple[tuple[dict[str, object], int, bool], ...] = (
        ({"x": 5}, 6, False),
        ({"x": 0, "t": 4}, 1, False),
        ({"c": True, "g": False}, 6, True),
    )
    for options, seconds, is_plan in options_and_orders:
        assert client.post("/vroom", json={**PROBLEM, "options": options}).status_code == 200
        order = orders(app)[-1]
        assert (order.seconds, order.is_plan) == (seconds, is_plan)
        assert json.loads(order.problem) == PROBLEM


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"jobs": []}',
        b'{"vehicles": []}',
        b"[" * 100_000,
        *(json.dumps({**PROBLEM, "options": options}).encode() for options in BAD_OPTIONS),
    ],
)
def test_what_is_no_problem_has_code_2(app: FastAPI, client: TestClient, body: bytes) -> None:
    answer = client.post("/vroom", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json().keys() == {"code", "error"}
    assert answer.json()["code"] == 2
    assert orders(app) == []


def test_too_many_jobs_have_code_4(client: TestClient) -> None:
    answer = client.post("/vroom", json={"vehicles": [], "jobs": [0] * 12_001})
    assert (answer.status_code, answer.json()["code"]) == (413, 4)


@pytest.mark.parametrize(("code", "status"), [(Code.REFUSED, 400), (Code.DEFECT, 500)])
def test_the_solvers_own_errors_keep_their_codes(app: FastAPI, client: TestClient, code: Code, status: int) -> None:
    app.state.solvers.answer = Answer(code=code, document=b'{"code": %d, "error": "x"}' % code)
    answer = client.post("/vroom", json=PROBLEM)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_key_with_its_scope_is_needed_and_told_in_vrooms_shape(app: FastAPI, client: TestClient) -> None:
    for headers, status in (({}, 401), (MakeKey(app)("dispatch"), 403)):
        answer = client_of(app, headers).post("/vroom", json=PROBLEM)
        assert (answer.status_code, answer.json()["code"]) == (status, 2)
    assert client.get("/vroom/health").status_code == 200
    assert client.get("/vroom/nothing").json()["code"] == 2
    assert client.get("/vroom?engine=x").json()["code"] == 2


@pytest.fixture(scope="module")
def real() -> Iterator[SolverPool]:
    pool = SolverPool(1)
    yield pool
    pool.close()


@pytest.mark.anyio
async def test_a_solving_process_solves(real: SolverPool) -> None:
    order = Order(problem=json.dumps(PROBLEM).encode(), seconds=0.2, engine=Engine.SEARCH, is_plan=False)
    answered = await real.solve(order)
    document: dict[str, Any] = json.loads(answered.document)
    assert answered.code is Code.SOLVED
    assert [step["type"] for step in document["routes"][0]["steps"]] == ["start", "job"]
    refused = await real.solve(Order(problem=b'{"vehicles": 1}', seconds=1, engine=Engine.SEARCH, is_plan=False))
    assert refused.code is Code.REFUSED


@pytest.mark.anyio
async def test_who_comes_when_too_many_wait_is_told_so() -> None:
    pool = SolverPool(1)
    pool._waiting = WAITING_PER_WORKER  # noqa: SLF001 - as if so many were waiting
    with pytest.raises(Unavailable):
        await pool.solve(Order(problem=b"{}", seconds=1, engine=Engine.SEARCH, is_plan=False))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
