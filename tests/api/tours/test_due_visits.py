"""Due visits fill days that are planned from the store, become jobs when they are promised, and are had when done."""

import datetime as dt
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import func, select

from api.job_states import JobState, Role
from api.store.days import day_of
from api.store.job_moves import move_job
from api.store.jobs import By
from api.store.tour_days import tour_source
from api.store.watch import watch
from api.tables.events import Event
from api.tables.jobs import JobRow
from api.tables.plans import Visit
from api.tables.tours import TourVisitRow
from datasets.times import local_date
from optimizer.model import DAY_S, ClockKind
from tests.api.published import plan, plan_and_publish
from tests.api.tour_region import clock_of, made

DATE = dt.date(2026, 3, 2)
DUE = "M1@2026-03-04"
TO_V2 = {"never_visit": ["V1", "V3"]}


def publish_day(client: TestClient, app: FastAPI) -> None:
    plan_and_publish(app.state.database, date=DATE, now=clock_of(client)(), days=4)


def act(client: TestClient, path: str, word: str, said: Any = None) -> Response:
    etag = client.get(path).headers["etag"]
    answer: Response = client.post(f"{path}:{word}", json=said, headers={"If-Match": etag})
    return answer


def owed(app: FastAPI, client: TestClient) -> set[str]:
    """Return the due visits that a day of both centres would take in, or has."""
    now = clock_of(client)()
    date = max(DATE, local_date(now))
    with app.state.database.read() as session:
        folder = day_of(session, centre_ids=None, date=date, days=4, now=now)
    return {job.id for job in folder.day.jobs if "@" in job.id}


def on_tour(client: TestClient, tours: dict[str, Any]) -> set[str]:
    itinerary = client.get(f"/v1/tours/{tours['id']}/itinerary").json()
    return {visit["job_id"] for tour in itinerary for day in tour["days"] for visit in day["visits"]}


def move(app: FastAPI, client: TestClient, *states: JobState, id_: str = DUE) -> None:
    with app.state.database.write() as session:
        job = session.get_one(JobRow, id_)
        for state in states:
            if job.state != state:
                by = By(actor="test", channel="api")
                move_job(session, job, state, roles=frozenset(Role), by=by, at=clock_of(client)())


def test_a_planned_due_visit_is_a_job_with_a_clock_of_its_own(client: TestClient, app: FastAPI) -> None:
    assert client.get(f"/v1/jobs/{DUE}").status_code == 404
    publish_day(client, app)
    job = client.get(f"/v1/jobs/{DUE}").json()
    assert (job["source"], job["centre_id"], job["state"]) == ("maintenance", "C1", "offered")
    with app.state.database.read() as session:
        assert session.get_one(JobRow, DUE).due_at is None
        visits = session.scalars(select(Visit).where(Visit.job_id == DUE)).all()
        assert len(visits) == 1
        told = session.scalars(select(Event.type).where(Event.subject == DUE).order_by(Event.position)).all()
        assert told[:2] == ["job.created", "job.state_changed"]
        folder = day_of(session, centre_ids=["C1"], date=DATE, days=4, now=clock_of(client)())
        (again,) = [job for job in folder.day.jobs if job.id == DUE]
        assert again.published is not None
        assert [(clock.kind, clock.due_s) for clock in again.clocks] == [(ClockKind.RESOLUTION, 3 * DAY_S)]
    # The next plan has it still, and as one job.
    publish_day(client, app)
    with app.state.database.read() as session:
        due = JobRow.source == "maintenance"
        assert session.scalar(select(func.count()).select_from(JobRow).where(due)) == 1
        assert session.scalar(select(func.count()).select_from(Visit).where(Visit.job_id == DUE)) == 1


def test_what_a_day_promises_no_tour_does(client: TestClient, app: FastAPI) -> None:
    before = made(client, scope={"crews": ["G1"]}, levers=TO_V2)
    assert DUE in on_tour(client, before)
    publish_day(client, app)
    refused = act(client, f"/v1/tours/{before['id']}", "publish")
    assert refused.status_code == 409, refused.text
    assert DUE in refused.json()["job_ids"]
    after = made(client, scope={"crews": ["G1"]}, levers=TO_V2)
    assert DUE not in on_tour(client, after)


def test_what_a_tour_does_no_day_promises(client: TestClient, app: FastAPI) -> None:
    assert owed(app, client) == {DUE, "MB@2026-03-04"}
    now = clock_of(client)()
    waiting = plan(app.state.database, date=DATE, now=now, days=4)
    tours = made(client, scope={"crews": ["G1"]}, levers=TO_V2)
    with app.state.database.read() as session:
        assert session.get(JobRow, DUE) is None
    assert act(client, f"/v1/tours/{tours['id']}", "publish").status_code == 200
    assert owed(app, client) == {"MB@2026-03-04"}
    # The plan of the day was made before: it holds without the visit, or has to be planned again.
    answer = act(client, f"/v1/plans/{waiting}", "publish")
    with app.state.database.read() as session:
        assert session.get(Visit, DUE) is None
        assert len(session.scalars(select(TourVisitRow).where(TourVisitRow.job_id == DUE)).all()) == 1
    assert answer.status_code in (200, 409), answer.text


def test_a_done_visit_is_had(client: TestClient, app: FastAPI) -> None:
    publish_day(client, app)
    clock_of(client).move(dt.timedelta(days=2))
    move(app, client, JobState.OFFERED, JobState.ACKNOWLEDGED, JobState.EN_ROUTE, JobState.ON_SITE, JobState.DONE)
    assert client.get("/v1/maintenance-plans/M1").json()["row"]["last_on"] == "2026-03-03"
    assert DUE not in owed(app, client)


def test_a_visit_that_was_had_and_is_needed_again_is_a_job_like_others(client: TestClient, app: FastAPI) -> None:
    publish_day(client, app)
    clock_of(client).move(dt.timedelta(days=2))
    move(app, client, JobState.OFFERED, JobState.ACKNOWLEDGED, JobState.EN_ROUTE, JobState.ON_SITE, JobState.DONE)
    clock_of(client).move(dt.timedelta(days=2))
    move(app, client, JobState.CALLBACK_DUE, JobState.NEEDS_VISIT)
    now = clock_of(client)()
    with app.state.database.read() as session:
        folder = day_of(session, centre_ids=["C1"], date=dt.date(2026, 3, 6), days=2, now=now)
        source = tour_source(session, centre_ids=["C1"], crew_ids=["G1"], date=dt.date(2026, 3, 6), days=2, now=now)
    (job,) = [job for job in folder.day.jobs if job.id == DUE]
    assert (job.windows, folder.sla_names[DUE]) == ((), ("all",))
    assert DUE in {cells["job_id"] for cells in source.tables["jobs"]}
    plan_and_publish(app.state.database, date=dt.date(2026, 3, 6), now=now, days=2)
    assert client.get(f"/v1/jobs/{DUE}").json()["state"] == "offered"
    move(app, client, JobState.NEEDS_VISIT)
    assert DUE in owed(app, client)


def test_a_visit_that_is_solved_on_the_telephone_is_had(client: TestClient, app: FastAPI) -> None:
    publish_day(client, app)
    move(app, client, JobState.NEEDS_VISIT)
    clock_of(client).move(dt.timedelta(days=2))
    move(app, client, JobState.CALLBACK_DUE)
    assert client.get("/v1/maintenance-plans/M1").json()["row"]["last_on"] == "2026-03-03"
    assert DUE not in owed(app, client)
    watch(app.state.database, clock_of(client)())
    assert states(app) == {DUE: "callback_due"}
    # It did not help after all: from then on it is a job like others, which no plan owes.
    move(app, client, JobState.NEEDS_VISIT)
    watch(app.state.database, clock_of(client)())
    assert states(app) == {DUE: "needs_visit"}
    now = clock_of(client)()
    with app.state.database.read() as session:
        folder = day_of(session, centre_ids=["C1"], date=dt.date(2026, 3, 4), days=2, now=now)
        assert [job.id for job in folder.day.jobs if job.id.startswith("M1@")] == [DUE]
        due_at = session.scalar(select(JobRow.due_at).where(JobRow.id == DUE))
    assert due_at is not None, "the watch has the clock of a call for it"


def test_a_visit_that_nobody_came_for_is_owed_again_as_the_same_job(client: TestClient, app: FastAPI) -> None:
    publish_day(client, app)
    move(app, client, JobState.NEEDS_VISIT)
    assert DUE in owed(app, client)
    tours = made(client, scope={"crews": ["G1"]}, levers=TO_V2)
    assert DUE in on_tour(client, tours)
    publish_day(client, app)
    assert client.get(f"/v1/jobs/{DUE}").json()["state"] == "offered"


def states(app: FastAPI) -> dict[str, str]:
    """Return the jobs of M1's due visits by state."""
    with app.state.database.read() as session:
        found = session.execute(select(JobRow.id, JobRow.state).where(JobRow.id.startswith("M1@")))
        return {id_: state for id_, state in found}


def shorten(client: TestClient, days: int) -> None:
    assert act(client, "/v1/maintenance-plans/M1", "shorten", {"interval_days": days}).status_code == 200


SOONER = "M1@2026-03-02"


def test_a_plan_has_one_job_though_its_date_moves(client: TestClient, app: FastAPI) -> None:
    publish_day(client, app)
    move(app, client, JobState.NEEDS_VISIT)
    shorten(client, 88)
    publish_day(client, app)
    assert states(app) == {DUE: "cancelled", SOONER: "offered"}
    # Nobody called it off: the next visit does not count from it.
    move(app, client, JobState.NEEDS_VISIT, id_=SOONER)
    assert SOONER in owed(app, client)
    row = client.get("/v1/maintenance-plans/M1")
    longer = {**row.json()["row"], "interval_days": 90}
    put = client.put("/v1/maintenance-plans/M1", json=longer, headers={"If-Match": row.headers["etag"]})
    assert put.status_code == 200, put.text
    publish_day(client, app)
    assert states(app) == {DUE: "offered", SOONER: "cancelled"}
    # This one somebody does call off.
    assert act(client, f"/v1/jobs/{DUE}", "cancel", {"reason": "customer_withdrew"}).status_code == 200
    assert owed(app, client) == {"MB@2026-03-04"}


def test_tours_leave_a_plan_one_job_though_its_date_moves(client: TestClient, app: FastAPI) -> None:
    publish_day(client, app)
    for id_ in ("J1", "J2", "J3", "J4", DUE):
        move(app, client, JobState.NEEDS_VISIT, id_=id_)
    shorten(client, 88)
    tours = made(client, scope={"crews": ["G1"]}, levers=TO_V2)
    assert SOONER in on_tour(client, tours)
    assert act(client, f"/v1/tours/{tours['id']}", "publish").status_code == 200
    assert states(app) == {DUE: "cancelled"}


def test_the_watch_calls_off_what_no_plan_owes_any_more(client: TestClient, app: FastAPI) -> None:
    publish_day(client, app)
    watch(app.state.database, clock_of(client)())
    move(app, client, JobState.NEEDS_VISIT)
    watch(app.state.database, clock_of(client)())
    assert states(app) == {DUE: "needs_visit"}
    row = client.get("/v1/maintenance-plans/M1")
    ended = client.delete("/v1/maintenance-plans/M1", headers={"If-Match": row.headers["etag"]})
    assert ended.status_code == 204, ended.text
    watch(app.state.database, clock_of(client)())
    assert states(app) == {DUE: "cancelled"}


def test_a_visit_that_was_called_off_is_not_owed(client: TestClient, app: FastAPI) -> None:
    publish_day(client, app)
    assert act(client, f"/v1/jobs/{DUE}", "cancel", {"reason": "customer_withdrew"}).status_code == 200
    assert owed(app, client) == {"MB@2026-03-04"}


@pytest.mark.parametrize(("outcome", "state", "moved"), [("done", "done", ["M1"]), ("not_reached", "needs_visit", [])])
def test_a_job_that_was_a_days_can_be_a_tours(
    client: TestClient, app: FastAPI, outcome: str, state: str, moved: list[str]
) -> None:
    publish_day(client, app)
    for id_ in ("J1", "J2", "J3", "J4", DUE):
        move(app, client, JobState.NEEDS_VISIT, id_=id_)
    tours = made(client, scope={"crews": ["G1"]}, levers=TO_V2)
    assert act(client, f"/v1/tours/{tours['id']}", "publish").status_code == 200
    assert client.get(f"/v1/jobs/{DUE}").json()["state"] == "planned"
    assert DUE not in owed(app, client)
    clock_of(client).move(dt.timedelta(days=4))
    at = "2026-03-04T10:00:00+08:00"
    said = {"job_id": DUE, "outcome": outcome, "start": at, "end": at}
    recorded = client.post(f"/v1/tours/{tours['id']}:record", json={"visits": [said]})
    assert (recorded.status_code, recorded.json()["maintenance_ids"]) == (200, moved)
    assert client.get(f"/v1/jobs/{DUE}").json()["state"] == state
    assert ("M1" in {id_.partition("@")[0] for id_ in owed(app, client)}) is (not moved)
