"""Reports through the API: counted as planned and as reported, in JSON and CSV."""

import csv
import datetime as dt
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import insert

from api.csv_answers import csv_text, neutral
from api.job_states import JobState, Role
from api.store.job_moves import move_job
from api.store.jobs import By
from api.tables.jobs import JobHistory, JobRow
from api.tables.plans import Visit
from geo.estimate import EstimateTravel
from optimizer.cost import contract_price
from optimizer.model import ContractTariff, TravelMode
from tests.api.clients import MakeKey, StandingClock, client_of
from tests.api.stocked import IN_XINJIN, job

HOUR = dt.timedelta(hours=1)
NINE = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
IN_PIXIAN = [103.9, 30.82]
BY = By(actor="T2", channel="phone")


def visited(
    app: FastAPI, job_id: str, technician: str, outlet: str, start: dt.datetime, *moves: tuple[str, float]
) -> None:
    """Promise a visit, and let it happen: state and hours after its start."""
    with app.state.database.write() as session:
        row = session.get_one(JobRow, job_id)
        row.published_technician_id, row.published_start, row.state = technician, start, "acknowledged"
        visit = {"job_id": job_id, "centre_id": "C1", "outlet_id": outlet, "technician_id": technician, "sequence": 1}
        times = {"date": dt.date(2026, 3, 2), "start_at": start, "end_at": start + HOUR, "travel_s": 0, "travel_m": 0}
        session.execute(insert(Visit), [visit | times])
        session.flush()
        for state, hours in moves:
            move_job(session, row, JobState(state), roles=frozenset(Role), by=BY, at=start + hours * HOUR)


def entered(client: TestClient, **changes: Any) -> str:
    answer = client.post("/v1/jobs", json=job(**changes))
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


def rows(client: TestClient, name: str, **wanted: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/reports/{name}", params=wanted)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert report["readings"][0] == {
        "policy": "hotline 12",
        "clock": "arrival",
        "reading": "PT12H: 12 h from the report, day and night",
    }
    found: list[dict[str, Any]] = report["rows"]
    return found


def test_promises_as_reported_else_as_planned(stocked: TestClient, app: FastAPI) -> None:
    clock: StandingClock = app.state.clock
    came, planned_late, _, gone = (entered(stocked, product="washer") for _ in range(4))
    visited(app, came, "T1", "O1", NINE, ("on_site", 0.5), ("done", 1))
    visited(app, planned_late, "T2", "O2", NINE + 30 * HOUR)
    stocked.post(f"/v1/jobs/{gone}:cancel", json={"reason": "x"}, headers={"If-Match": '"1"'})
    clock.move(2 * HOUR)
    assert rows(stocked, "sla") == [
        {"kept": 1, "late": 1, "missed": 0, "open": 1, "percent": 50.0, "by_actuals": 1, "by_plan": 1}
        | {"policy": "seat", "clock": "arrival"}
    ]
    clock.move(30 * HOUR)
    assert rows(stocked, "sla")[0]["missed"] == 1
    assert rows(stocked, "sla", **{"from": "2026-03-03"}) == []
    assert rows(stocked, "sla", centre_id="C2") == []


def test_appointments_are_counted_apart(stocked: TestClient, app: FastAPI) -> None:
    slot = {"start": "2026-03-02T10:00:00+08:00", "end": "2026-03-02T11:00:00+08:00"}
    kept, late = (entered(stocked, product="washer", appointment=slot) for _ in range(2))
    visited(app, kept, "T1", "O1", NINE + HOUR, ("on_site", 0.5))
    visited(app, late, "T2", "O2", NINE + HOUR, ("on_site", 1.5))
    found = {row["policy"]: (row["kept"], row["late"]) for row in rows(stocked, "sla")}
    assert found == {"appointment": (1, 1), "seat": (2, 0)}


def test_parity_by_class_and_owner(stocked: TestClient, app: FastAPI) -> None:
    city, far, _ = (
        entered(stocked, position={"coordinates": place, "datum": "WGS84"})
        for place in (IN_PIXIAN, IN_XINJIN, IN_XINJIN)
    )
    visited(app, city, "T2", "O2", NINE, ("on_site", 0.5))
    visited(app, far, "T1", "O1", NINE + 60 * HOUR)
    found = {(row["area_class"], row["ownership"]): row for row in rows(stocked, "parity")}
    assert len(found) == 6
    assert (found["seat", "contract"]["kept"], found["seat", "contract"]["by_actuals"]) == (1, 1)
    assert (found["remote", "own"]["late"], found["remote", "own"]["by_plan"]) == (1, 1)
    assert found["remote", "nobody"]["open"] == 1


def test_workload_marks_starved_contract_outlets(stocked: TestClient, app: FastAPI) -> None:
    found = {row["outlet_id"]: row for row in rows(stocked, "workload")}
    assert (found["O2"]["owed"], found["O2"]["starved"], found["O1"]["starved"]) == (3, True, False)
    for number in range(2):
        visited(app, entered(stocked), "T2", "O2", NINE + 2 * number * HOUR)
    found = {row["outlet_id"]: row for row in rows(stocked, "workload")}
    assert (found["O2"]["visits"], found["O2"]["service"]) == (2, "PT2H")
    assert (found["O2"]["owed"], found["O2"]["starved"]) == (1, False)


def test_a_visit_that_came_to_nothing_was_given_all_the_same(stocked: TestClient, app: FastAPI) -> None:
    for number, end in enumerate(("failed", "needs_part")):
        visited(app, entered(stocked), "T2", "O2", NINE + 2 * number * HOUR, ("on_site", 0.5), (end, 1))
    with app.state.database.write() as session:
        visit = {"job_id": "hold_1", "centre_id": "C1", "outlet_id": "O2", "technician_id": "T2", "sequence": 1}
        start = NINE + 6 * HOUR
        times = {"date": dt.date(2026, 3, 2), "start_at": start, "end_at": start + HOUR, "travel_s": 0, "travel_m": 0}
        session.execute(insert(Visit), [visit | times])
    found = {row["outlet_id"]: row for row in rows(stocked, "workload")}
    assert (found["O2"]["visits"], found["O2"]["service"]) == (2, "PT2H")


@pytest.mark.parametrize(
    ("detail", "kind", "fen"),
    [
        ({"technician_id": "T2", "start": "2026-03-02T09:00:00+08:00"}, "technician", 2_000),
        ({"technician_id": "T1", "start": "2026-03-02T09:16:00+08:00"}, "moved", 1_500),
        ({"technician_id": "T1", "start": "2026-03-02T09:15:00+08:00"}, None, 0),
        ({"technician_id": None, "start": None, "was_told": True}, "left_out", 5_000),
    ],
)
def test_churn_is_what_promises_changed(
    stocked: TestClient, app: FastAPI, detail: dict[str, Any], kind: str | None, fen: int
) -> None:
    job_id = entered(stocked)
    was = {"was_technician_id": "T1", "was_start": "2026-03-02T09:00:00+08:00"}
    with app.state.database.write() as session:
        line = {"id": "hist_x", "job_id": job_id, "at": NINE, "actor": "x", "channel": "api", "kind": "state"}
        session.add(JobHistory(**line, from_state="planned", to_state="planned", plan_id="plan_1", detail=was | detail))
    found = rows(stocked, "churn")
    assert [(row[kind or ""], row["churn"]["fen"], row["changed"]) for row in found] == ([(1, fen, 1)] if kind else [])


def test_settled_cost_is_planned_cost(stocked: TestClient, app: FastAPI) -> None:
    position = {"coordinates": IN_PIXIAN, "datum": "WGS84"}
    paid, own = (entered(stocked, position=position, source="=crm", external_id=f"+{number}") for number in range(2))
    visited(app, paid, "T2", "O2", NINE, ("on_site", 0.5), ("done", 3))
    visited(app, own, "T1", "O1", NINE, ("on_site", 0.5), ("done", 1))
    app.state.clock.move(4 * HOUR)
    line = rows(stocked, "settlement-lines")[0]
    metres = EstimateTravel().matrix(np.array([[103.8872, 30.8093]]), np.array([IN_PIXIAN]), TravelMode.MOTORBIKE)
    distance_m = int(metres.metres[0, 0])
    tariff = ContractTariff(id="county", call_out_fen=3_500, bands=((5_000, 0), (15_000, 1_200)), fen_per_minute=70)
    assert line["distance_m"] == distance_m
    assert line["total"]["fen"] == contract_price(tariff, distance_m, 3_600)
    assert sum(line[item]["fen"] for item in ("call_out", "distance", "service")) == line["total"]["fen"]
    assert [row["job_id"] for row in rows(stocked, "settlement-lines")] == [paid]
    answer = stocked.get("/v1/reports/settlement-lines", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert (table[0]["source"], table[0]["external_id"]) == ("'=crm", "'+0")
    assert int(table[0]["total_fen"]) == line["total"]["fen"]
    assert "PT24H" in table[0]["policy_reading"]


@pytest.mark.parametrize("name", ["sla", "parity", "workload", "churn", "settlement-lines"])
def test_every_report_is_csv_too_and_keeps_to_its_centres(
    stocked: TestClient, app: FastAPI, make_key: MakeKey, name: str
) -> None:
    answer = stocked.get(f"/v1/reports/{name}", params={"format": "csv"})
    assert answer.status_code == 200, answer.text
    assert answer.text.splitlines()[0].endswith(",policy_reading")
    north = client_of(app, make_key(centres=["C2"]))
    assert north.get(f"/v1/reports/{name}", params={"centre_id": "C1"}).status_code == 404
    assert north.get(f"/v1/reports/{name}").status_code == 200
    bad = {"from": "2026-03-02", "to": "2026-03-01"}
    assert stocked.get(f"/v1/reports/{name}", params=bad).status_code == 400


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_becomes_a_formula(text: str) -> None:
    assert neutral(text) == f"'{text}"
    table = csv_text(["a", "b"], [[text, -1]]).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(table, newline="")))
    assert read[1] == [f"'{text}", "-1"]


def test_harmless_cells_stay(tmp_path: Path) -> None:
    assert [neutral(cell) for cell in ("a=1", "", 5, None)] == ["a=1", "", 5, None]
    assert csv_text(["a"], [[None], [["x", "y"]], [True]]) == b'\xef\xbb\xbfa\r\n""\r\nx;y\r\nyes\r\n'


def test_a_table_repeats_no_reading_that_is_not_its_rows(stocked: TestClient) -> None:
    def readings(name: str) -> list[tuple[str, str]]:
        answer = stocked.get(f"/v1/reports/{name}", params={"format": "csv"})
        table = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
        return [(row.get("policy", ""), row["policy_reading"]) for row in table]

    entered(stocked)
    promises = readings("sla")
    assert promises
    assert all(
        reading.startswith(f"{policy}: ") or (policy, reading) == ("appointment", "") for policy, reading in promises
    )
    _, first = readings("workload")[0]
    assert " | " in first
    assert {reading for _, reading in readings("workload")[1:]} <= {""}
