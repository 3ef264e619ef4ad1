"""Plans through the API: wishes, what is refused, what a finished plan shows, publishing, on both databases."""

import datetime as dt
import json
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from pydantic import TypeAdapter
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from api.database import Database
from api.frozen_days import FrozenDay
from api.plan_files import PlanDocument, packed
from api.plan_states import PlanState
from api.run_process import run_here
from api.schemas.figures import ComparedFigures, Figures
from api.schemas.plan_documents import ChangeShown, LeftOutShown, PickShown, RoutesGeoJson, RouteShown
from api.store.plan_days import freeze
from api.store.plans import RunLost, begin_run, end_run, file_of, keep_day, tell_progress
from api.tables.events import Event
from api.tables.jobs import JobHistory, JobRow
from api.tables.network import CentreRow
from api.tables.plans import LiveRoute, Plan, PlanFile, Published, Visit
from tests.api.clients import MakeKey, client_of
from tests.api.conftest import copied
from tests.api.published import hire
from tests.api.running import NOW, plan_of, store_with_a_day, until

WISH = {
    "scope": {"centres": "all"},
    "horizon": {"date": "2026-03-02", "days": 1, "now": "2026-03-02T07:00:00+08:00"},
    "limits": {"steps": 300},
}


@pytest.fixture(params=["sqlite", "postgis"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Yield the address of a store with a small network and its jobs."""
    with copied(request, tmp_path, "day", store_with_a_day) as url:
        yield url


@pytest.fixture
def stocked(app: FastAPI) -> Database:
    """Return the application's store with a small network; what judges plans does it here."""
    database: Database = app.state.database
    app.state.judge = lambda work, *args: work(*args)
    return database


KEPT: dict[str, TypeAdapter[Any]] = {
    "routes": TypeAdapter(list[RouteShown]),
    "routes.geojson": TypeAdapter(RoutesGeoJson),
    "unassigned": TypeAdapter(list[LeftOutShown]),
    "kpis": TypeAdapter(ComparedFigures | Figures),
    "diff": TypeAdapter(list[ChangeShown]),
    "sheets": TypeAdapter(list[str]),
    "picklist": TypeAdapter(list[PickShown]),
}
"""What the documents of a plan are documented as: they are answered as they are kept."""


def wished(client: TestClient, database: Database, **changes: Any) -> dict[str, Any]:
    """Wish for a plan, make it, and return it."""
    posted = client.post("/v1/plans", json={**WISH, **changes})
    assert posted.status_code == 202, posted.text
    plan_id = posted.json()["id"]
    assert posted.headers["location"] == f"/v1/plans/{plan_id}"
    run_here(database, plan_id, "test", hire)
    shown: dict[str, Any] = client.get(f"/v1/plans/{plan_id}").json()
    return shown


def publish(client: TestClient, plan: dict[str, Any], version: int | None = None) -> Any:
    return client.post(f"/v1/plans/{plan['id']}:publish", headers={"If-Match": f'"{version or plan["version"]}"'})


def test_a_plan_is_made_shown_and_published(client: TestClient, stocked: Database) -> None:
    plan = wished(client, stocked)
    assert (plan["state"], plan["problem"]) == ("finished", None)
    assert (plan["progress"]["stage"], plan["progress"]["share"]) == ("done", 1.0)
    assert plan["outcome"]["travel"]["is_estimate"] is True
    assert plan["outcome"]["cost"]["currency"] == "CNY"
    visits = unassigned = 0
    for centre_id in plan["centres"]:
        asked = {"centre_id": centre_id}
        for path, shown in KEPT.items():
            answer = client.get(f"/v1/plans/{plan['id']}/{path}", params=asked)
            shown.validate_json(answer.content)
        routes = client.get(f"/v1/plans/{plan['id']}/routes", params=asked).json()
        visits += sum(len(route["stops"]) for route in routes)
        unassigned += len(client.get(f"/v1/plans/{plan['id']}/unassigned", params=asked).json())
        pages = client.get(f"/v1/plans/{plan['id']}/sheets", params=asked).json()
        page = client.get(f"/v1/plans/{plan['id']}/sheets/{pages[0]}", params=asked)
        assert page.headers["content-type"].startswith("text/html")
    assert visits == plan["outcome"]["served"]
    assert unassigned == plan["outcome"]["left_out"] + plan["outcome"]["awaiting_consent"]
    assert client.get(f"/v1/plans/{plan['id']}/check").json() == {"legal": True, "findings": []}
    assert publish(client, plan, 77).status_code == 412
    done = publish(client, plan)
    assert done.status_code == 200, done.text
    assert done.json()["visits"] == visits
    with stocked.read() as session:
        assert len(session.scalars(select(Visit.job_id)).all()) == visits
        jobs = session.scalars(select(JobRow.id).where(JobRow.state.in_(("planned", "offered")))).all()
        assert len(jobs) >= visits
        assert session.scalars(select(JobHistory.job_id).where(JobHistory.plan_id == plan["id"])).all()
        assert set(session.scalars(select(Published.centre_id))) == set(plan["centres"])
        assert session.scalars(select(LiveRoute.version)).all()
    assert publish(client, plan, done.json()["plan"]["version"]).status_code == 409
    again = wished(client, stocked)
    assert again["outcome"]["changes"]["published"] >= visits
    for path in ("kpis", "diff"):
        KEPT[path].validate_json(client.get(f"/v1/plans/{again['id']}/{path}").content)
    assert client.get(f"/v1/plans/{again['id']}/diff").json()
    replaced = publish(client, again)
    assert replaced.status_code == 200, replaced.text
    assert replaced.json()["superseded"] == [plan["id"]]
    assert client.get(f"/v1/plans/{plan['id']}").json()["state"] == "superseded"


def test_who_would_wait_is_answered_with_the_finished_plan(client: TestClient, stocked: Database) -> None:
    answers: list[Any] = []
    asking = threading.Thread(
        target=lambda: answers.append(client.post("/v1/plans", json=WISH, headers={"Prefer": "wait=30"}))
    )
    asking.start()
    until(lambda: client.get("/v1/plans").json()["items"] or not asking.is_alive(), "it is in the queue")
    (waiting,) = client.get("/v1/plans").json()["items"]
    # What a worker does, but for the planning: nobody waits longer than 30 s.
    with stocked.write() as session:
        attempt = begin_run(session, waiting["id"], "test", NOW)
        assert attempt == 1
        end_run(session, waiting["id"], attempt, PlanState.FINISHED, NOW, outcome=None)
    asking.join()
    (answer,) = answers
    assert (answer.status_code, answer.json()["state"]) == (200, "finished")
    assert answer.json() == client.get(answer.headers["location"]).json()
    assert answer.headers.get_list("etag") == [f'"{answer.json()["version"]}"']


def test_whoever_waits_in_vain_is_told_that_it_was_accepted(client: TestClient, stocked: Database) -> None:
    answer = client.post("/v1/plans", json=WISH, headers={"Prefer": "respond-async, wait=1"})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert client.get(answer.headers["location"]).json() == answer.json()


def test_what_a_published_plan_explains_is_told_in_both_languages(client: TestClient, stocked: Database) -> None:
    plan = wished(client, stocked, limits={"steps": 1})
    assert publish(client, plan).status_code == 200
    told: dict[str, str] = {}
    for job in client.get("/v1/jobs", params={"limit": 1_000}).json()["items"]:
        answer = client.get(f"/v1/jobs/{job['id']}/explanation")
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert said["plan_id"] == plan["id"]
        is_waiting = job["state"] in ("needs_visit", "planned", "offered")
        assert said["explained"] == (is_waiting or bool(said["explanations"]))
        assert (said["now"] is not None) == is_waiting
        assert all(one["said"] in said["said"] and one["candidates"] for one in said["explanations"])
        told |= {one["why"]: job["id"] for one in said["explanations"]}
    assert told.keys() == {"left_out", "late", "not_nearest"}
    for why, job_id in told.items():
        chinese = client.get(f"/v1/jobs/{job_id}/explanation", headers={"Accept-Language": "zh-CN"}).json()
        assert why in {one["why"] for one in chinese["explanations"]}
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese["said"])


def test_a_plan_can_be_held_against_another_one(client: TestClient, stocked: Database) -> None:
    first = wished(client, stocked)
    visits = {
        stop["job_id"]: (route["technician_id"], stop["start"])
        for centre_id in first["centres"]
        for route in client.get(f"/v1/plans/{first['id']}/routes", params={"centre_id": centre_id}).json()
        for stop in route["stops"]
    }
    second = wished(client, stocked, base_plan=first["id"], limits={"steps": 1})
    assert second["wish"]["base_plan"] == first["id"]
    assert second["outcome"]["changes"]["published"] == len(visits) > 0
    for change in client.get(f"/v1/plans/{second['id']}/diff").json():
        assert (change["was_technician_id"], change["was_start"]) == visits.get(change["job_id"], (None, None))
    assert publish(client, second).status_code == 200


def test_a_plan_is_held_against_one_of_its_own_scope_that_was_made(client: TestClient, stocked: Database) -> None:
    made = wished(client, stocked)
    waiting = client.post("/v1/plans", json=WISH).json()
    one_centre = {"scope": {"centres": made["centres"][:1]}}
    tomorrow = {"horizon": {"date": "2026-03-03", "days": 1, "now": "2026-03-02T07:00:00+08:00"}}
    for changes, code in (
        ({"base_plan": "plan_0"}, "unknown_plan"),
        ({"base_plan": waiting["id"]}, "not_made"),
        ({"base_plan": made["id"], **one_centre}, "other_scope"),
        ({"base_plan": made["id"], **tomorrow}, "other_scope"),
    ):
        refused = client.post("/v1/plans", json={**WISH, **changes})
        assert refused.status_code == 422, refused.text
        assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/base_plan", code)]


def test_events_of_a_publication_are_the_moves_of_the_history(client: TestClient, stocked: Database) -> None:
    plan = wished(client, stocked)
    assert publish(client, plan).status_code == 200
    with stocked.read() as session:
        lines = session.scalars(select(JobHistory).where(JobHistory.kind == "state"))
        moves = sorted((one.job_id, one.from_state, one.to_state) for one in lines)
        told = session.scalars(select(Event).where(Event.type == "job.state_changed").order_by(Event.position)).all()
        assert sorted((one.subject, one.data["from_state"], one.data["to_state"]) for one in told) == moves
        last = {one.subject: one.data for one in told}
        jobs = {job.id: job for job in session.scalars(select(JobRow).where(JobRow.id.in_(last)))}
        assert {id_: (data["to_state"], data["version"]) for id_, data in last.items()} == {
            id_: (job.state, job.version) for id_, job in jobs.items()
        }
    assert {to for _, _, to in moves} == {"planned", "offered"}


def test_stages_and_tenths_of_a_run_are_in_the_feed(client: TestClient, stocked: Database) -> None:
    plan_id = client.post("/v1/plans", json=WISH).json()["id"]
    with stocked.write() as session:
        assert begin_run(session, plan_id, "one", NOW) == 1
    for stage, share in (("search", 0.01), ("search", 0.02), ("search", 0.11), ("explain", 0.11), ("explain", 0.19)):
        with stocked.write() as session:
            tell_progress(session, plan_id, 1, {"stage": stage, "share": share}, NOW)
    feed = client.get("/v1/events", params={"type": "plan.progress"}).json()["items"]
    assert [one["data"] for one in feed] == [
        {"stage": "search", "share": 0.01},
        {"stage": "search", "share": 0.11},
        {"stage": "explain", "share": 0.11},
    ]
    assert {one["subject"] for one in feed} == {plan_id}


def test_what_was_done_once_is_answered_again_and_not_done_again(client: TestClient, stocked: Database) -> None:
    plan = wished(client, stocked)
    headers = {"If-Match": f'"{plan["version"]}"', "Idempotency-Key": "k1"}
    answers = [client.post(f"/v1/plans/{plan['id']}:publish", headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotency-replayed"] == "true"
    with stocked.read() as session:
        assert len(session.scalars(select(Event).where(Event.type == "plan.published")).all()) == len(plan["centres"])


def test_what_only_looks_is_answered_again_too(client: TestClient, stocked: Database) -> None:
    wish = {**WISH, "validate_only": True}
    answers = [client.post("/v1/plans", json=wish, headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotency-replayed"] == "true"


def test_what_waits_for_a_part_is_in_no_plan(client: TestClient, stocked: Database) -> None:
    assert publish(client, wished(client, stocked)).status_code == 200
    item = client.get("/v1/dispatch-items").json()["items"][0]
    told = client.post(f"/v1/dispatch-items/{item['id']}:progress", json={"step": "needs_part"})
    assert told.status_code == 200, told.text
    again = wished(client, stocked)
    assert again["state"] == "finished"
    assert item["job_id"] not in jobs_of(client, again)
    done = publish(client, again)
    assert (done.status_code, done.json()["left_away"]) == (200, [])
    job = client.get(f"/v1/jobs/{item['job_id']}")
    assert job.json()["state"] == "needs_part"
    there = client.patch(job.request.url.path, json={"state": "needs_visit"}, headers={"If-Match": job.headers["etag"]})
    assert there.status_code == 200, there.text


def jobs_of(client: TestClient, plan: dict[str, Any]) -> set[str]:
    """Return the jobs that a plan speaks of: visited, or left out."""
    found = set()
    for centre_id in plan["centres"]:
        asked = {"centre_id": centre_id}
        for route in client.get(f"/v1/plans/{plan['id']}/routes", params=asked).json():
            found |= {stop["job_id"] for stop in route["stops"]}
        left_out = client.get(f"/v1/plans/{plan['id']}/unassigned", params=asked).json()
        found |= {one["job_id"] for one in left_out}
    return found


def test_a_plan_of_several_centres_is_looked_at_by_centre_or_whole(client: TestClient, stocked: Database) -> None:
    assert publish(client, wished(client, stocked)).status_code == 200
    plan = wished(client, stocked, seed=2)
    assert len(plan["centres"]) > 1
    path = f"/v1/plans/{plan['id']}"
    missing = client.get(f"{path}/routes")
    assert missing.status_code == 400
    assert missing.json()["errors"][0]["parameter"] == "query.centre_id"
    whole = client.get(f"{path}/diff").json()
    assert whole
    for centre_id in plan["centres"]:
        assert all(one in whole for one in client.get(f"{path}/diff", params={"centre_id": centre_id}).json())
    assert len(whole) == sum(plan["outcome"]["changes"]["by_change"].values())


def test_a_tampered_plan_is_not_published(client: TestClient, stocked: Database) -> None:
    plan = wished(client, stocked)
    key = {"plan_id": plan["id"], "centre_id": "", "name": "plan"}
    with stocked.write() as session:
        document = json.loads(zlib.decompress(session.scalar(select(PlanFile.body).filter_by(**key)) or b""))
        longest = max(document["routes"], key=lambda route: len(route["stops"]))
        longest["stops"].reverse()
        session.execute(update(PlanFile).filter_by(**key).values(body=zlib.compress(json.dumps(document).encode())))
    refused = publish(client, plan)
    assert refused.status_code == 409
    assert {found["rule"] for found in refused.json()["findings"]} & {"TRAVEL", "WINDOW", "SHIFT"}
    with stocked.read() as session:
        assert session.scalars(select(Visit.job_id)).all() == []


def test_of_two_plans_for_the_same_day_one_is_published(client: TestClient, stocked: Database) -> None:
    plans = [wished(client, stocked), wished(client, stocked)]
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda plan=plan: answers.append(publish(client, plan).status_code)) for plan in plans
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 409]
    with stocked.read() as session:
        assert len(set(session.scalars(select(Published.plan_id)))) == 1
        assert len(set(session.scalars(select(Visit.plan_id)))) == 1


def test_a_promise_made_since_the_plan_was_begun_is_not_overwritten(client: TestClient, stocked: Database) -> None:
    plan = wished(client, stocked)
    with stocked.write() as session:
        job_id = session.scalars(select(JobRow.id)).first()
        start = NOW + dt.timedelta(hours=3)
        place = {"centre_id": plan["centres"][0], "outlet_id": "X", "technician_id": "X", "date": dt.date(2026, 3, 2)}
        times = {"start_at": start, "end_at": start + dt.timedelta(hours=1), "travel_s": 0, "travel_m": 0}
        session.add(Visit(job_id=job_id, plan_id=None, sequence=1, **place, **times))
    refused = publish(client, plan)
    assert refused.status_code == 409
    assert refused.json()["job_ids"] == [job_id]


def test_nobody_is_at_two_places_at_once(database: Database) -> None:
    start = NOW + dt.timedelta(hours=3)

    def visit(job_id: str, minutes: int) -> Visit:
        begin = start + dt.timedelta(minutes=minutes)
        return Visit(
            job_id=job_id,
            plan_id=None,
            centre_id="C1",
            outlet_id="O1",
            technician_id="T1",
            date=dt.date(2026, 3, 2),
            sequence=1,
            start_at=begin,
            end_at=begin + dt.timedelta(hours=1),
            travel_s=0,
            travel_m=0,
        )

    with database.write() as session:
        session.add_all([visit("J1", 0), visit("J2", 60)])
    for minutes in (-59, 30, 119):
        with pytest.raises(IntegrityError), database.write() as session:
            session.add(visit("J3", minutes))
    with database.write() as session:
        session.add(visit("J3", 120))
    with pytest.raises(IntegrityError), database.write() as session:
        session.execute(update(Visit).where(Visit.job_id == "J3").values(start_at=start))


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"scope": {"centres": ["nowhere"]}}, "/scope/centres/0"),
        ({"scope": {"centres": []}}, "/scope/centres"),
        ({"horizon": {"date": "2026-03-01", "now": "2026-03-02T07:00:00+08:00"}}, "/horizon/date"),
        ({"horizon": {"date": "2026-03-02", "now": "2026-03-02T07:00:00"}}, "/horizon/now"),
        ({"limits": {"steps": 1, "duration": "PT1S"}}, "/limits"),
        ({"limits": {"duration": "PT0S"}}, "/limits"),
        ({"limits": {"duration": 30}}, "/limits/duration"),
        ({"surprise": 1}, "/surprise"),
    ],
)
def test_a_wish_that_cannot_be_is_refused(
    client: TestClient, stocked: Database, change: dict[str, Any], pointer: str
) -> None:
    refused = client.post("/v1/plans", json={**WISH, **change})
    assert refused.status_code == 422
    assert any(fault["pointer"].startswith(pointer) for fault in refused.json()["errors"]), refused.text
    assert client.get("/v1/plans").json()["items"] == []


def test_validate_only_reads_the_day_and_makes_nothing(client: TestClient, stocked: Database) -> None:
    valid = client.post("/v1/plans", json={**WISH, "validate_only": True})
    assert valid.status_code == 200, valid.text
    assert valid.json()["jobs"] > 0
    assert client.get("/v1/plans").json()["items"] == []


def test_a_centre_without_jobs_has_an_empty_plan(client: TestClient, stocked: Database) -> None:
    with stocked.write() as session:
        centre_id = session.scalars(select(CentreRow.id).order_by(CentreRow.id)).first()
        session.execute(update(JobRow).where(JobRow.centre_id == centre_id).values(state="cancelled"))
    plan = wished(client, stocked, scope={"centres": [centre_id]})
    assert (plan["state"], plan["problem"]) == ("finished", None)
    assert client.get(f"/v1/plans/{plan['id']}/routes").json() == []
    assert publish(client, plan).status_code == 200


def test_others_write_while_a_run_reads_its_day(
    client: TestClient, stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrote: list[str] = []

    def read_slowly(session: Session, plan: Plan) -> FrozenDay:
        other = Database(stocked.url.render_as_string(hide_password=False))
        try:
            with other.engine.connect() as connection:
                if other.is_sqlite:
                    connection.exec_driver_sql("PRAGMA busy_timeout = 3000")
                connection.execute(update(CentreRow).values(id=CentreRow.id))
                connection.commit()
            wrote.append("written")
        except OperationalError as error:
            wrote.append(str(error.orig))
        other.close()
        return freeze(session, plan)

    monkeypatch.setattr("api.run_process.freeze", read_slowly)
    assert wished(client, stocked)["state"] == "finished"
    assert wrote == ["written"]


def test_a_day_with_faults_fails_and_says_why(client: TestClient, stocked: Database) -> None:
    with stocked.write() as session:
        job = session.scalars(select(JobRow).where(JobRow.state == "needs_visit")).first()
        assert job is not None
        job.cells = {**job.cells, "service_duration": "soon"}
    plan = wished(client, stocked)
    assert plan["state"] == "failed"
    assert plan["problem"]["code"] == "day_refused"
    assert any("service_duration" in fault["pointer"] for fault in plan["problem"]["errors"])
    assert client.get(f"/v1/plans/{plan['id']}/routes").status_code == 409


def test_what_a_run_told_is_replayed_from_where_it_was_seen(client: TestClient, stocked: Database) -> None:
    plan = wished(client, stocked)

    def told(after: str | None) -> list[str]:
        headers = {} if after is None else {"Last-Event-ID": after}
        text = client.get(f"/v1/plans/{plan['id']}/events", headers=headers).text
        return [line.removeprefix("id: ") for line in text.splitlines() if line.startswith("id: ")]

    everything = told(None)
    assert everything == [str(number) for number in range(1, len(everything) + 1)]
    assert told(everything[-2] if len(everything) > 1 else "0") == everything[-1:]
    assert told(everything[-1]) == []


def test_an_attempt_that_was_taken_over_may_not_write(client: TestClient, stocked: Database) -> None:
    plan_id = client.post("/v1/plans", json=WISH).json()["id"]
    with stocked.write() as session:
        assert begin_run(session, plan_id, "one", NOW) == 1
    with stocked.write() as session:
        assert begin_run(session, plan_id, "other", NOW) == 2
    with pytest.raises(RunLost), stocked.write() as session:
        tell_progress(session, plan_id, 1, {"stage": "search"}, NOW)
    with stocked.write() as session:
        tell_progress(session, plan_id, 2, {"stage": "search"}, NOW)
    assert plan_of(stocked, plan_id).progress == {"stage": "search"}


def test_only_the_attempt_that_runs_keeps_the_day_and_ends_the_run(client: TestClient, stocked: Database) -> None:
    plan_id = client.post("/v1/plans", json=WISH).json()["id"]
    for _ in range(2):
        with stocked.write() as session:
            begin_run(session, plan_id, "one", NOW)
    days = [packed(PlanDocument(centre_id="", name="day", content={"attempt": number})) for number in (1, 2)]
    with stocked.write() as session:
        keep_day(session, plan_id, 2, days[1])
    with pytest.raises(RunLost), stocked.write() as session:
        keep_day(session, plan_id, 1, days[0])
    with pytest.raises(RunLost), stocked.write() as session:
        end_run(session, plan_id, 1, PlanState.FINISHED, NOW)
    plan = packed(PlanDocument(centre_id="", name="plan", content=["a plan"]))
    with stocked.write() as session:
        end_run(session, plan_id, 2, PlanState.FINISHED, NOW, outcome={}, documents=[plan])
    with stocked.read() as session:
        assert file_of(session, plan_id, "day") == b'{"attempt":2}'
        assert file_of(session, plan_id, "plan") == b'["a plan"]'


def test_a_plan_beyond_the_keys_centres_is_not_there(
    app: FastAPI, client: TestClient, make_key: MakeKey, stocked: Database
) -> None:
    plan_id = client.post("/v1/plans", json=WISH).json()["id"]
    other = client_of(app, make_key("plans:solve", centres=["elsewhere"]))
    assert other.get(f"/v1/plans/{plan_id}").status_code == 404
    assert other.post(f"/v1/plans/{plan_id}:cancel").status_code == 404
    assert other.get("/v1/plans").json()["items"] == []
    assert client.post(f"/v1/plans/{plan_id}:cancel").json()["state"] == PlanState.CANCELLED


def test_hand_edited_routes_are_priced_and_change_nothing(client: TestClient, stocked: Database) -> None:
    plan = wished(client, stocked)
    found = [
        route
        for centre_id in plan["centres"]
        for route in client.get(f"/v1/plans/{plan['id']}/routes", params={"centre_id": centre_id}).json()
    ]
    longest = max(found, key=lambda route: len(route["stops"]))
    jobs = [stop["job_id"] for stop in longest["stops"]]
    edit = {"technician_id": longest["technician_id"], "date": longest["date"]}
    same = client.post(f"/v1/plans/{plan['id']}:evaluate", json={"routes": [{**edit, "jobs": jobs}]})
    assert same.status_code == 200, same.text
    assert (same.json()["difference"]["fen"], same.json()["violations"]) == (0, [])
    assert same.json()["routes"] == [longest]
    off = client.post(f"/v1/plans/{plan['id']}:evaluate", json={"routes": [{**edit, "jobs": jobs[1:]}]}).json()
    assert jobs[0] in off["left_out"]
    unknown = client.post(f"/v1/plans/{plan['id']}:evaluate", json={"routes": [{**edit, "jobs": ["nothing"]}]})
    assert unknown.json()["errors"][0]["pointer"] == "/routes/0/jobs/0"
    assert client.get(f"/v1/plans/{plan['id']}").json() == plan


def test_a_killed_publication_leaves_nothing(client: TestClient, stocked: Database, monkeypatch: Any) -> None:
    plan = wished(client, stocked)
    monkeypatch.setattr("api.store.publishing._tell", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
    assert publish(client, plan).status_code == 500
    with stocked.read() as session:
        assert session.scalars(select(Visit.job_id)).all() == []
        assert session.scalars(select(Published.plan_id)).all() == []
    monkeypatch.undo()
    with stocked.write() as session:
        session.execute(delete(Visit))
    assert publish(client, plan).status_code == 200
