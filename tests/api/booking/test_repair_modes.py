"""The ways to repair a job that is in the store, by the plan that holds."""

import datetime as dt

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from api.tables.jobs import JobRow
from api.tables.plans import Visit
from tests.api.clients import MakeKey, client_of


def some_job(app: FastAPI) -> str:
    with app.state.database.read() as session:
        found: str = session.scalars(select(Visit.job_id).order_by(Visit.job_id)).first()
        return found


def test_every_way_has_its_price_and_days_and_one_is_best(app: FastAPI, client: TestClient) -> None:
    job_id = some_job(app)
    answer = client.get(f"/v1/jobs/{job_id}/repair-modes")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [option["mode"] for option in found["options"]] == ["on_site", "depot", "exchange", "remote"]
    for option in found["options"]:
        if option["possible"]:
            assert option["cost"]["fen"] == sum(item["fen"] for item in option["items"].values())
            assert option["promised_days"] >= option["usual_days"] >= 1
            assert dt.datetime.fromisoformat(option["done_by"]) > dt.datetime.fromisoformat(found["as_of"])
        else:
            assert option["cost"] is option["promised_days"] is option["done_by"] is None
            assert option["said"] in found["said"]
    best = next(option for option in found["options"] if option["mode"] == found["recommended"])
    weighed = {
        option["mode"]: sum(option[name]["fen"] for name in ("cost", "customer_pays", "waiting"))
        for option in found["options"]
        if option["possible"]
    }
    assert weighed[best["mode"]] == min(weighed.values())


def test_a_job_that_the_network_does_not_know_is_a_conflict(app: FastAPI, client: TestClient) -> None:
    job_id = some_job(app)
    with app.state.database.write() as session:
        job = session.get(JobRow, job_id)
        job.cells = {**job.cells, "parts": "GONE:1"}
    answer = client.get(f"/v1/jobs/{job_id}/repair-modes")
    assert answer.status_code == 409, answer.text
    assert "parts.csv" in answer.json()["detail"]


def test_it_is_said_in_the_language_asked_for(app: FastAPI, client: TestClient) -> None:
    path = f"/v1/jobs/{some_job(app)}/repair-modes"
    assert client.get(path, headers={"Accept-Language": "zh-CN"}).json()["said"].startswith("建议")
    assert client.get(path).json()["said"].startswith("Best ")


def test_other_centres_jobs_are_not_there(app: FastAPI, make_key: MakeKey) -> None:
    job_id = some_job(app)
    stranger = client_of(app, make_key("jobs:write", centres=["C-OTHER"]))
    assert stranger.get(f"/v1/jobs/{job_id}/repair-modes").status_code == 404
    assert client_of(app, make_key()).get("/v1/jobs/nobody/repair-modes").status_code == 404
