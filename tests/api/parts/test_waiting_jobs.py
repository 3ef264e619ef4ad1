"""A job that waits for a part is taken up again once all that was ordered for it has come."""

import datetime as dt

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.store.jobs import By, change_job
from api.store.watch import PARTS_CAME, watch
from api.tables.jobs import JobRow
from api.tables.parts import Allocation, PartsOrderLine
from tests.api.parts.test_orders import answers, change, job_id, order

LATER = dt.timedelta(hours=40)


def waiting(app: FastAPI, client: TestClient) -> str:
    """Return a job whose technician has found that a part is missing."""
    id_ = job_id(client)
    with app.state.database.write() as session:
        job = session.get_one(JobRow, id_)
        change_job(session, job, "state", by=By(actor="t1", channel="app"), now=app.state.clock(), state="needs_part")
    return id_


def state(client: TestClient, id_: str) -> str:
    return str(client.get(f"/v1/jobs/{id_}").json()["state"])


def look(app: FastAPI) -> int:
    return watch(app.state.database, app.state.clock()).get(PARTS_CAME, 0)


def test_a_job_is_taken_up_when_the_last_of_its_parts_has_come(app: FastAPI, client: TestClient) -> None:
    id_ = waiting(app, client)
    shown = order(client, ("P2", 2), ("P4", 1), job_id=id_)
    assert answers(shown) == ["confirmed", "confirmed"]
    etas = [dt.datetime.fromisoformat(line["answer"]["eta_p90"]) for line in shown["lines"]]
    app.state.clock.move(max(etas) - app.state.clock() - dt.timedelta(seconds=1))
    assert (look(app), state(client, id_)) == (0, "needs_part")
    app.state.clock.move(dt.timedelta(seconds=1))
    assert (look(app), state(client, id_)) == (1, "needs_visit")
    last = client.get(f"/v1/jobs/{id_}/timeline").json()["items"][-1]
    assert last["detail"] == {"reason": "parts ready", "order_id": shown["id"]}
    assert look(app) == 0


def test_a_job_goes_on_waiting_for_what_nobody_has_sent(app: FastAPI, client: TestClient) -> None:
    id_ = waiting(app, client)
    order(client, ("P2", 2), job_id=id_)
    unsent = order(client, ("P2", 50), job_id=id_)
    quote = order(client, ("P4", 1), job_id=waiting(app, client), answering="reserve", valid_for="PT1H")
    app.state.clock.move(LATER)
    assert answers(unsent) != ["confirmed"]
    assert (look(app), state(client, id_), state(client, quote["job_id"])) == (0, "needs_part", "needs_part")
    order(client, ("P2", 1), job_id=id_)
    app.state.clock.move(2 * LATER)
    assert (look(app), state(client, id_)) == (1, "needs_visit")


def test_every_line_of_a_part_has_to_come(app: FastAPI, client: TestClient) -> None:
    id_ = waiting(app, client)
    shown = order(client, ("P2", 2), ("P4", 1), job_id=id_)
    assert answers(shown) == ["confirmed", "confirmed"]
    with app.state.database.write() as session:
        # Orders out of a day folder may have a part twice.
        session.get_one(PartsOrderLine, shown["lines"][1]["id"]).part_id = "P2"
        first = Allocation.line_id == shown["lines"][0]["id"]
        for one in session.scalars(select(Allocation).where(first)):
            one.ready_p90_at += LATER
    eta = dt.datetime.fromisoformat(shown["lines"][1]["answer"]["eta_p90"])
    app.state.clock.move(eta - app.state.clock())
    assert (look(app), state(client, id_)) == (0, "needs_part")
    app.state.clock.move(LATER)
    assert (look(app), state(client, id_)) == (1, "needs_visit")


def test_a_cancelled_order_brings_nothing(app: FastAPI, client: TestClient) -> None:
    id_ = waiting(app, client)
    shown = order(client, ("P2", 2), job_id=id_)
    assert change(client, shown, "cancel").status_code == 200
    app.state.clock.move(LATER)
    assert (look(app), state(client, id_)) == (0, "needs_part")


def test_what_came_before_the_visit_is_not_what_it_lacked(app: FastAPI, client: TestClient) -> None:
    id_ = job_id(client)
    order(client, ("P2", 2), job_id=id_)
    app.state.clock.move(LATER)
    with app.state.database.write() as session:
        job = session.get_one(JobRow, id_)
        change_job(session, job, "state", by=By(actor="t1", channel="app"), now=app.state.clock(), state="needs_part")
    assert (look(app), state(client, id_)) == (0, "needs_part")
    order(client, ("P4", 1), job_id=id_)
    app.state.clock.move(2 * LATER)
    assert (look(app), state(client, id_)) == (1, "needs_visit")
