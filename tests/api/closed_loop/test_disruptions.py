"""Disruptions through the API: each kind becomes a plan that knows of it, on both databases."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api.auto_publishing import publish_checked
from api.database import Database
from api.store.plan_days import freeze
from api.store.plans import get_plan
from api.tables.dispatch import DispatchItem, Disruption
from api.tables.jobs import JobRow
from api.tables.plans import Plan, Visit
from optimizer.model import Channel, Day, TravelMode
from tests.api.clients import MakeKey, client_of
from tests.api.published import make
from tests.api.running import until, worker

NINE = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
LIMITS = {"limits": {"steps": 150}}


@pytest.fixture
def desk(app: FastAPI, client: TestClient) -> TestClient:
    """Return a client at 09:00 of the day."""
    app.state.clock.now = NINE
    return client


def a_visit(database: Database, outlet_id: str = "O1", after: dt.datetime = NINE) -> Visit:
    """Return the first visit of an outlet that begins later."""
    later = select(Visit).where(Visit.outlet_id == outlet_id, Visit.start_at > after + dt.timedelta(minutes=30))
    with database.read() as session:
        visit = session.scalars(later.order_by(Visit.start_at)).first()
        assert visit is not None
        session.expunge_all()
        return visit


def report(client: TestClient, **said: Any) -> dict[str, Any]:
    answer = client.post("/v1/disruptions", json={**LIMITS, **said})
    assert answer.status_code == 202, answer.text
    made: dict[str, Any] = answer.json()
    assert made["plan"]["state"] == "queued"
    assert answer.headers["location"] == f"/v1/disruptions/{made['disruption']['id']}"
    return made


def day_of_plan(database: Database, plan_id: str) -> Day:
    """Return the day that a plan will be about."""
    with database.read() as session:
        return freeze(session, get_plan(session, plan_id)).folder.day


def moment(said: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"2026-03-02T{said}:00+08:00")


def seconds(hours: float) -> int:
    return int(hours * 3_600)


def test_who_is_ill_has_no_shift_and_their_visits_go_to_others(desk: TestClient, database: Database) -> None:
    visit = a_visit(database)
    made = report(desk, ill={"technician_id": visit.technician_id})
    plan_id = made["plan"]["id"]
    day = day_of_plan(database, plan_id)
    assert visit.technician_id not in {shift.technician_id for shift in day.shifts}
    make(database, plan_id)
    shown = desk.get(f"/v1/disruptions/{made['disruption']['id']}").json()
    assert (shown["plan"]["state"], shown["plan"]["problem"]) == ("finished", None)
    changes = shown["plan"]["outcome"]["changes"]
    assert changes["changed"] >= 1
    assert changes["stability"] is not None
    assert changes["churn"]["fen"] >= 0
    rows = desk.get(f"/v1/plans/{plan_id}/diff", params={"centre_id": "C1"}).json()
    assert visit.job_id in {row["job_id"] for row in rows}
    # Nothing holds until somebody publishes it.
    assert a_visit(database).technician_id == visit.technician_id
    held = desk.post(f"/v1/plans/{plan_id}:publish", headers={"If-Match": f'"{shown["plan"]["version"]}"'})
    assert held.status_code == 200, held.text
    with database.read() as session:
        count = select(func.count()).where(Visit.technician_id == visit.technician_id, Visit.start_at > NINE)
        assert session.scalar(count) == 0
    again = desk.get("/v1/dispatch-items", params={"job_id": visit.job_id}).json()["items"]
    assert {item["technician_id"] for item in again if item["state"] == "pending"} <= {
        shift.technician_id for shift in day.shifts
    }


def test_who_is_away_for_some_hours_works_before_or_after(desk: TestClient, database: Database) -> None:
    visit = a_visit(database)
    until = report(desk, ill={"technician_id": visit.technician_id, "to": "2026-03-02T13:00:00+08:00"})
    (shift,) = [s for s in day_of_plan(database, until["plan"]["id"]).shifts if s.technician_id == visit.technician_id]
    assert (shift.start_s, shift.end_s) == (seconds(13), seconds(17))
    ended = desk.post(f"/v1/disruptions/{until['disruption']['id']}:end", headers={"If-Match": '"1"'})
    assert ended.status_code == 200
    from_ = report(desk, ill={"technician_id": visit.technician_id, "from": "2026-03-02T15:00:00+08:00"})
    (shift,) = [s for s in day_of_plan(database, from_["plan"]["id"]).shifts if s.technician_id == visit.technician_id]
    assert (shift.end_s, shift.latest_end_s) == (seconds(15), seconds(15))


def test_a_visit_that_takes_longer_keeps_its_technician(desk: TestClient, database: Database) -> None:
    visit = a_visit(database, after=NINE - dt.timedelta(hours=3))
    now = visit.start_at + dt.timedelta(minutes=1)
    desk.app.state.clock.now = now  # type: ignore[attr-defined]
    made = report(desk, overrun={"technician_id": visit.technician_id, "longer_by": "PT40M"})
    until = visit.end_at + dt.timedelta(minutes=40)
    assert dt.datetime.fromisoformat(made["disruption"]["to_at"]) == until
    assert made["disruption"]["said"]["job_id"] == visit.job_id
    day = day_of_plan(database, made["plan"]["id"])
    assert visit.job_id not in {job.id for job in day.jobs}
    (shift,) = [s for s in day.shifts if s.technician_id == visit.technician_id]
    assert shift.start_s == (until - moment("00:00")) // dt.timedelta(seconds=1)


def test_who_has_no_vehicle_goes_another_way_or_not_at_all(desk: TestClient, database: Database) -> None:
    visit = a_visit(database)
    who = {"technician_id": visit.technician_id}
    made = report(desk, vehicle_down={**who, "travel_mode": "transit"})
    modes = {person.id: person.mode for person in day_of_plan(database, made["plan"]["id"]).technicians}
    assert modes.pop(visit.technician_id) is TravelMode.TRANSIT
    assert set(modes.values()) == {TravelMode.CAR}
    made = report(desk, vehicle_down=who)
    day = day_of_plan(database, made["plan"]["id"])
    assert visit.technician_id not in {shift.technician_id for shift in day.shifts}


def test_an_urgent_job_is_held_to_its_time(desk: TestClient, database: Database) -> None:
    visit = a_visit(database)
    made = report(desk, urgent_job={"job_id": visit.job_id, "before": "2026-03-02T14:00:00+08:00"})
    assert made["disruption"]["thawed"] == []
    (job,) = [job for job in day_of_plan(database, made["plan"]["id"]).jobs if job.id == visit.job_id]
    assert job.urgent
    assert [job.windows[0].earliest_s >= seconds(9), job.windows[-1].latest_s <= seconds(14)] == [True, True]


def test_a_late_part_keeps_everybody_away_until_then(desk: TestClient, database: Database) -> None:
    visit = a_visit(database)
    made = report(desk, part_late={"job_id": visit.job_id, "ready_at": "2026-03-02T15:30:00+08:00"})
    (job,) = [job for job in day_of_plan(database, made["plan"]["id"]).jobs if job.id == visit.job_id]
    assert min(window.earliest_s for window in job.windows) >= seconds(15.5)
    assert made["disruption"]["thawed"] == [visit.outlet_id]


def test_an_outlet_without_internet_is_told_by_phone(desk: TestClient, database: Database) -> None:
    made = report(desk, outlet_offline={"outlet_id": "O1", "to": "2026-03-02T18:00:00+08:00"})
    day = day_of_plan(database, made["plan"]["id"])
    (outlet,) = [outlet for outlet in day.outlets if outlet.id == "O1"]
    assert (outlet.channel, outlet.freeze_s) == (Channel.PHONE, seconds(7))
    calls = desk.get("/v1/call-lists", params={"centre_id": "C1", "date": "2026-03-02"}).json()["items"]
    assert "O1" in {call["outlet_id"] for call in calls if call["party"] == "outlet"}


def test_a_customer_who_was_not_there_needs_another_visit(desk: TestClient, database: Database) -> None:
    visit = a_visit(database)
    made = report(desk, no_show={"job_id": visit.job_id, "not_before": "2026-03-02T14:00:00+08:00"})
    with database.read() as session:
        assert session.get_one(JobRow, visit.job_id).state == "needs_visit"
        assert session.get(Visit, visit.job_id) is None
    (job,) = [job for job in day_of_plan(database, made["plan"]["id"]).jobs if job.id == visit.job_id]
    assert min(window.earliest_s for window in job.windows) >= seconds(14)
    assert desk.post("/v1/disruptions", json={"no_show": {"job_id": visit.job_id}}).status_code == 409


def test_a_frozen_outlet_is_thawed_for_its_own_disruption_alone(desk: TestClient, database: Database) -> None:
    visit = a_visit(database, "O2")
    made = report(desk, ill={"technician_id": visit.technician_id})
    freezes = {outlet.id: outlet.freeze_s for outlet in day_of_plan(database, made["plan"]["id"]).outlets}
    assert freezes["O2"] is None
    other = a_visit(database, "O1")
    ended = desk.post(f"/v1/disruptions/{made['disruption']['id']}:end", headers={"If-Match": '"1"'})
    assert ended.status_code == 200
    made = report(desk, ill={"technician_id": other.technician_id})
    freezes = {outlet.id: outlet.freeze_s for outlet in day_of_plan(database, made["plan"]["id"]).outlets}
    assert freezes["O2"] == -seconds(6)
    before = {v.job_id: (v.technician_id, v.start_at) for v in visits(database, "O2")}
    make(database, made["plan"]["id"])
    assert publish_checked(database, made["plan"]["id"], NINE)
    assert {v.job_id: (v.technician_id, v.start_at) for v in visits(database, "O2")} == before


def visits(database: Database, outlet_id: str) -> list[Visit]:
    with database.read() as session:
        found = list(session.scalars(select(Visit).where(Visit.outlet_id == outlet_id)))
        session.expunge_all()
        return found


def test_what_is_only_to_be_judged_leaves_nothing(desk: TestClient, database: Database) -> None:
    visit = a_visit(database)
    with database.read() as session:
        plans = session.scalar(select(func.count()).select_from(Plan))
    said = {"ill": {"technician_id": visit.technician_id}, "validate_only": True}
    judged = desk.post("/v1/disruptions", json=said)
    assert judged.status_code == 200, judged.text
    assert judged.json()["day"]["promised"] > 0
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Disruption)) == 0
        assert session.scalar(select(func.count()).select_from(Plan)) == plans


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"ill": {"technician_id": "T0"}, "overrun": {"technician_id": "T0", "longer_by": "PT5M"}},
        {"ill": {"technician_id": "T99"}},
        {"urgent_job": {"job_id": "J999"}},
        {"outlet_offline": {"outlet_id": "O99"}},
        {"overrun": {"technician_id": "T0", "longer_by": "PT0S"}},
        {"ill": {"technician_id": "T0"}, "now": "2026-03-02T09:00:00"},
        {"ill": {"technician_id": "T0"}, "now": "2026-03-02T09:06:00+08:00"},
        {"ill": {"technician_id": "T0", "to": "2026-03-02T08:00:00+08:00"}},
        {"ill": {"technician_id": "T0", "from": "2026-03-02T12:00:00+08:00", "to": "2026-03-02T11:00:00+08:00"}},
    ],
)
def test_what_cannot_be_is_refused(desk: TestClient, database: Database, said: dict[str, Any]) -> None:
    refused = desk.post("/v1/disruptions", json=said)
    assert refused.status_code == 422, refused.text
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Disruption)) == 0


def test_a_key_needs_its_scopes_and_sees_its_centres(app: FastAPI, desk: TestClient, make_key: MakeKey) -> None:
    said = {"ill": {"technician_id": "T0"}}
    assert client_of(app, make_key("dispatch")).post("/v1/disruptions", json=said).status_code == 403
    solver = client_of(app, make_key("plans:solve"))
    assert solver.post("/v1/disruptions", json={**said, "publish": "auto"}).status_code == 403
    other = client_of(app, make_key("plans:solve", centres=["C2"]))
    assert other.post("/v1/disruptions", json=said).status_code == 422
    made = report(desk, **said)
    assert other.get(f"/v1/disruptions/{made['disruption']['id']}").status_code == 404
    assert other.get("/v1/disruptions").json()["items"] == []
    assert len(desk.get("/v1/disruptions").json()["items"]) == 1


def test_a_plan_may_be_published_by_itself(
    desk: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = a_visit(database)
    made = report(desk, ill={"technician_id": visit.technician_id}, publish="auto")
    monkeypatch.setattr("api.run_process.utc_now", lambda: NINE)
    make(database, made["plan"]["id"])
    assert desk.get(f"/v1/plans/{made['plan']['id']}").json()["state"] == "published"


def test_a_plan_whose_process_was_killed_before_it_published_is_published_after_all(
    desk: TestClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = report(desk, ill={"technician_id": a_visit(database).technician_id}, publish="auto")
    plan_id = made["plan"]["id"]
    monkeypatch.setattr("api.run_process.utc_now", lambda: NINE)
    with monkeypatch.context() as killed:
        killed.setattr("api.run_process.publish_when_made", lambda *_: (_ for _ in ()).throw(SystemExit))
        with pytest.raises(SystemExit):
            make(database, plan_id)
    assert desk.get(f"/v1/plans/{plan_id}").json()["state"] == "finished"
    make(database, plan_id)
    assert desk.get(f"/v1/plans/{plan_id}").json()["state"] == "published"
    version = desk.get(f"/v1/plans/{plan_id}").json()["version"]
    make(database, plan_id)
    assert desk.get(f"/v1/plans/{plan_id}").json()["version"] == version


def test_a_worker_replans_what_was_reported(
    desk: TestClient, database: Database, database_url: str, tmp_path: Path
) -> None:
    visit = a_visit(database)
    with worker(database_url, tmp_path / "work.log"):
        made = report(desk, ill={"technician_id": visit.technician_id})
        path = f"/v1/disruptions/{made['disruption']['id']}"
        until(lambda: desk.get(path).json()["plan"]["state"] not in {"queued", "running"}, "it is planned")
    found = desk.get(path).json()["plan"]
    assert (found["state"], found["problem"]) == ("finished", None)
    assert found["outcome"]["changes"]["changed"] >= 1
    held = desk.post(f"/v1/plans/{found['id']}:publish", headers={"If-Match": f'"{found["version"]}"'})
    assert held.status_code == 200, held.text
    with database.read() as session:
        count = select(func.count()).where(Visit.technician_id == visit.technician_id, Visit.start_at > NINE)
        assert session.scalar(count) == 0
        moved = session.get(Visit, visit.job_id)
        items = session.scalars(
            select(DispatchItem).where(DispatchItem.job_id == visit.job_id, DispatchItem.state == "pending")
        ).all()
        assert [item.technician_id for item in items] == ([] if moved is None else [moved.technician_id])


def test_ids_may_be_chinese_wherever_one_is_named(client: TestClient) -> None:
    for said in (
        {"ill": {"technician_id": "张三"}},
        {"urgent_job": {"job_id": "报修单 1"}},
        {"outlet_offline": {"outlet_id": "南京网点"}},
    ):
        answer = client.post("/v1/disruptions", json={**LIMITS, **said})
        assert answer.json()["errors"][0]["code"].startswith("unknown_"), answer.text
    wish = {"scope": {"centres": ["南京"]}, "horizon": {"date": "2026-03-02", "days": 1}}
    refused = client.post("/v1/plans", json=wish)
    assert "南京" in refused.json()["errors"][0]["detail"], refused.text
    badly = client.post("/v1/disruptions", json={**LIMITS, "ill": {"technician_id": "=a;b"}})
    assert "begins with a letter" in badly.json()["errors"][0]["detail"]
