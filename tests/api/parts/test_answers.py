"""Every order gets an answer that holds: whatever the shelves, the network or the clock did meanwhile."""

import datetime as dt
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

import api.parts_answers
from api.errors import Conflict
from api.parts_answers import asked_of_orders
from api.parts_network import PartsNetwork, PartsNetworks
from api.parts_watch import watch_orders
from api.sourcing_process import run_sourcing_here
from api.store.parts_orders import OrderSeen
from api.store.parts_promises import Sending
from tests.api.parts.test_arrivals import TOMORROW, count, count_away
from tests.api.parts.test_orders import answers, change, job_id, order, shelf

MINUTE = dt.timedelta(minutes=1)


def get(client: TestClient, shown: Any) -> Any:
    return client.get(f"/v1/parts-orders/{shown['id']}").json()


def run(app: FastAPI, client: TestClient) -> Any:
    run_id = client.post("/v1/sourcing-runs", json={}).json()["id"]
    run_sourcing_here(app.state.database, run_id, "test", app.state.clock)
    return client.get(f"/v1/sourcing-runs/{run_id}").json()


def sent(shown: Any) -> list[int]:
    return [sum(one["quantity"] for one in line["dispatches"]) for line in shown["lines"]]


def nothing_fits(sendings: Any, _: Any) -> tuple[list[Sending], set[str]]:
    return [], {one.line_id for one in sendings}


def test_a_quote_whose_units_have_gone_is_answered_anew(app: FastAPI, client: TestClient) -> None:
    count_away(client)
    quoted = order(client, ("P2", 10), answering="reserve", valid_for="PT1H")
    # Another server's clock is ahead by two minutes.
    app.state.clock.move(61 * MINUTE)
    assert answers(order(client, ("P2", 10))) == ["confirmed"]
    app.state.clock.move(-2 * MINUTE)
    confirmed = change(client, quoted, "confirm").json()
    assert (answers(confirmed), sent(confirmed), shelf(client)["short"]) == (["declined"], [0], 0)


def test_a_quote_that_runs_out_while_it_waits_for_the_shelves_is_over(
    app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    quoted = order(client, ("P2", 1), answering="reserve", valid_for="PT1H")

    def lock_long(*_: Any) -> None:
        app.state.clock.move(61 * MINUTE)

    monkeypatch.setattr("api.endpoints.parts_orders.lock_shelves", lock_long)
    assert change(client, quoted, "confirm").status_code == 410


def test_units_that_arrive_within_a_second_are_there_from_the_next(client: TestClient) -> None:
    count(client, 0, source_id="W2", as_of="08:59:00")
    count(client, 0, (3, "2026-03-02T16:00:00.500000+08:00"), as_of="08:59:00")
    assert shelf(client)["inbound"][0]["ready_at"] == "2026-03-02T16:00:01+08:00"
    shown = order(client, ("P2", 2))
    assert (answers(shown), sent(shown)) == (["backordered"], [2])
    assert shown["responded_at"] is not None


def test_what_does_not_fit_has_an_answer_all_the_same(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.parts_answers, "fitted", nothing_fits)
    shown = order(client, ("P2", 2))
    assert (answers(shown), sent(shown), shown["state"]) == (["backordered"], [0], "open")
    assert shown["responded_at"] is not None


def test_a_run_tells_what_it_has_written(app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    order(client, ("P2", 2), answering="later")
    monkeypatch.setattr(api.parts_answers, "fitted", nothing_fits)
    done = run(app, client)
    assert (done["orders"], done["lines"], done["again"], done["answers"]) == (1, 1, 1, {"backordered": 1})


def test_a_run_is_made_while_others_order(app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    order(client, ("P2", 1), answering="later")
    begun = []

    def asked(session: Session, network: PartsNetwork, seen: list[OrderSeen], now: dt.datetime) -> Any:
        begun.append(session.connection().get_execution_options().get("begin"))
        return asked_of_orders(session, network, seen, now)

    monkeypatch.setattr("api.sourcing_process.asked_of_orders", asked)
    assert run(app, client)["answers"] == {"confirmed": 1}
    if app.state.database.is_sqlite:
        assert begun == ["IMMEDIATE"], "a reader that turns writer fails when anybody has written meanwhile"


class NoNetworks(PartsNetworks):
    """No network holds."""

    def current(self, session: Session, now: dt.datetime) -> PartsNetwork:
        raise Conflict("No network holds.")


def test_without_a_network_a_due_order_is_declined_at_last(app: FastAPI, client: TestClient) -> None:
    shown = order(client, ("P2", 2), answering="later", respond_within="PT1H")
    app.state.clock.move(50 * MINUTE)
    assert watch_orders(app.state.database, NoNetworks(), app.state.clock()) == (0, 0)
    app.state.clock.move(6 * MINUTE)
    assert watch_orders(app.state.database, NoNetworks(), app.state.clock()) == (1, 0)
    declined = get(client, shown)
    assert (answers(declined), declined["state"]) == (["declined"], "settled")
    assert declined["lines"][0]["answer"]["reason"] == "no network holds today that parts could be sent in"


def test_one_order_that_fails_keeps_no_other(app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (order(client, ("P2", 1), answering="later", respond_within="PT10M") for _ in range(2))
    answer = api.parts_answers.answer_at_once

    def fail(session: Session, network: PartsNetwork, seen: OrderSeen, decided: Any) -> None:
        if seen.row.id == first["id"]:
            raise ValueError
        answer(session, network, seen, decided)

    monkeypatch.setattr("api.parts_watch.answer_at_once", fail)
    assert watch_orders(app.state.database, PartsNetworks(), app.state.clock()) == (1, 0)
    assert (answers(get(client, first)), answers(get(client, second))) == ([None], ["confirmed"])


def test_a_kit_that_a_pin_breaks_holds_nothing(client: TestClient) -> None:
    kit = order(client, ("P2", 1), ("P4", 1), job_id=job_id(client))
    assert sent(kit) == [1, 1]
    pinned = change(client, kit, "pin", line=1, source_id="O2").json()
    assert sent(pinned) == [0, 0]
    assert "confirmed" not in answers(pinned)
    assert (shelf(client)["free"], shelf(client, "W1", "P4")["free"]) == (10, 3)
    again = change(client, pinned, "pin", line=1, source_id=None).json()
    assert (sent(again), again["state"]) == ([1, 1], "settled")


def test_quotas_count_once_in_a_long_run(app: FastAPI, client: TestClient) -> None:
    assert client.put("/v1/quotas/O1;P4", json={"quota": 106}).status_code == 201
    count(client, 0, (200, TOMORROW), as_of="08:59:00", part_id="P4")
    for _ in range(105):
        order(client, ("P4", 1), answering="later")
    # What is backordered counts, and is decided again.
    for _ in range(2):
        assert run(app, client)["answers"] == {"backordered": 105}


def test_the_job_of_an_order_is_there_and_names_no_parts_itself(client: TestClient) -> None:
    body = {"outlet_id": "O1", "lines": [{"part_id": "P2", "quantity": 1}]}
    known = job_id(client, parts=[{"part_id": "P2", "quantity": 1}])
    for wrong, code in (("J99", "unknown"), (known, "not_allowed")):
        answer = client.post("/v1/parts-orders", json=body | {"job_id": wrong})
        assert answer.status_code == 422
        assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/job_id", code)]


def test_an_order_of_which_all_has_left_is_settled(app: FastAPI, client: TestClient) -> None:
    count_away(client)
    count(client, 0, (6, "2026-03-02T10:00:00+08:00"))
    watched, of_run = order(client, ("P2", 3)), order(client, ("P2", 3))
    assert (answers(watched), sent(watched), watched["state"]) == (["backordered"], [3], "open")
    change(client, of_run, "pin", line=1, source_id=None)
    app.state.clock.move(dt.timedelta(days=1))
    assert run(app, client)["state"] == "finished"
    for shown in (watched, of_run):
        settled = get(client, shown)
        assert (answers(settled), sent(settled), settled["state"]) == (["confirmed"], [3], "settled")


def test_the_watch_settles_what_has_left(app: FastAPI, client: TestClient) -> None:
    count_away(client)
    count(client, 0, (6, "2026-03-02T10:00:00+08:00"))
    shown = order(client, ("P2", 3))
    app.state.clock.move(dt.timedelta(days=1))
    watch_orders(app.state.database, PartsNetworks(), app.state.clock())
    assert (answers(get(client, shown)), get(client, shown)["state"]) == (["confirmed"], "settled")


@pytest.mark.parametrize(("wrong", "pointer"), [({"source_id": "W9"}, "/source_id"), ({"part_id": "P9"}, "/part_id")])
def test_a_reservation_of_what_is_not_there_is_refused(client: TestClient, wrong: Any, pointer: str) -> None:
    said = {"source_id": "W1", "part_id": "P2", "quantity": 1, "centre_id": "C1", "valid_for": "PT1H"}
    answer = client.post("/v1/reservations", json=said | wrong)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
