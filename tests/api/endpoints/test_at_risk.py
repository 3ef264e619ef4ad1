"""The list of promises at risk, with the action that saves each."""

import datetime as dt

from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.tables.jobs import JobRow
from tests.api.clients import MakeKey, StandingClock, client_of
from tests.api.stocked import job

HOUR = dt.timedelta(hours=1)


def test_least_time_to_spare_first_with_the_action(stocked: TestClient, app: FastAPI, make_key: MakeKey) -> None:
    clock: StandingClock = app.state.clock
    ids = [stocked.post("/v1/jobs", json=job(consent=consent)).json()["id"] for consent in ("given", "pending")]
    planned = stocked.post("/v1/jobs", json=job()).json()["id"]
    fine = stocked.post("/v1/jobs", json=job(reported_at="2026-03-02T09:00:00+08:00")).json()["id"]
    start = clock.now + 23 * HOUR
    with app.state.database.write() as session:
        for id_ in (planned, fine):
            row = session.get_one(JobRow, id_)
            row.published_technician_id, row.published_start, row.state = "T1", start - (id_ == fine) * HOUR, "planned"
    assert stocked.get("/v1/at-risk").json()["items"][0]["job_id"] == planned
    clock.move(22.5 * HOUR)
    found = stocked.get("/v1/at-risk").json()["items"]
    assert {one["job_id"]: one["action"] for one in found if one["clock"] == "arrival"} == {
        planned: "set_out",
        ids[0]: "place_now",
        ids[1]: "ask_consent",
    }
    assert [one["slack"] for one in found] == ["PT30M", "PT1H", "PT1H"]
    assert "set out by 03-03 08:30" in next(one["advice"] for one in found if one["job_id"] == planned)
    chinese = stocked.get("/v1/at-risk", headers={"Accept-Language": "zh"}).json()["items"]
    assert "派工" in next(one["advice"] for one in chinese if one["job_id"] == ids[0])
    clock.move(2 * HOUR)
    late = {one["job_id"]: one for one in stocked.get("/v1/at-risk", params={"centre_id": "C1"}).json()["items"]}
    assert (late[ids[0]]["grade"], late[ids[0]]["act_by"]) == ("breached", None)
    assert late[planned]["action"] == "tell_customer"
    other = client_of(app, make_key(centres=["C2"]))
    assert other.get("/v1/at-risk").json()["items"] == []


def test_pages_tell_of_the_moment_of_the_first(stocked: TestClient, app: FastAPI) -> None:
    clock: StandingClock = app.state.clock
    for _ in range(5):
        assert stocked.post("/v1/jobs", json=job()).status_code == 201
    clock.move(23 * HOUR)
    whole = stocked.get("/v1/at-risk").json()["items"]
    assert len(whole) >= 5
    found, wanted = [], {"limit": "2"}
    while True:
        page = stocked.get("/v1/at-risk", params=wanted).json()
        found += page["items"]
        if page["next"] is None:
            break
        wanted |= {"cursor": page["next"]}
        # Whoever turns the page takes their time: everything has an hour less to spare by now.
        clock.move(HOUR)
    assert found == whole
    for cursor in ("WyJqb2JfMDE5OCJd", "WyJ4IiwgMSwgImpvYiIsICJhcnJpdmFsIl0"):
        assert stocked.get("/v1/at-risk", params={"cursor": cursor}).status_code == 400
