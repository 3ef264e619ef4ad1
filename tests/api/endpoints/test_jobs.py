"""Jobs through the API: entered, changed, moved on, seen by those who may; on both databases."""

import datetime as dt
import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select

from api.events import START, read_events
from api.job_states import JobState, Role
from api.store.job_moves import move_job
from api.store.jobs import By
from api.tables.jobs import JobHistory, JobRow
from tests.api.clients import MakeKey, StandingClock, client_of
from tests.api.stocked import IN_XINJIN, job

HOUR = dt.timedelta(hours=1)
PROMISED = ("planned", "offered")


def entered(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post("/v1/jobs", json=job(**changes))
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def act(
    client: TestClient, shown: dict[str, Any], action: str, body: Any = None, version: int | None = None
) -> Response:
    headers = {"If-Match": f'"{shown["version"] if version is None else version}"'}
    address = f"/v1/jobs/{shown['id']}"
    method, address = ("PATCH", address) if action == "patch" else ("POST", f"{address}:{action}")
    answer: Response = client.request(method, address, json=body, headers=headers)
    return answer


def moved(client: TestClient, shown: dict[str, Any], *states: str) -> dict[str, Any]:
    for state in states:
        if state in PROMISED:
            shown = promised(client, shown, state)
            continue
        answer = act(client, shown, "patch", {"state": state})
        assert answer.status_code == 200, answer.text
        shown = answer.json()
    return shown


def promised(client: TestClient, shown: dict[str, Any], state: str) -> dict[str, Any]:
    """Move a job on as a publication does: no caller may."""
    app: Any = client.app
    with app.state.database.write() as session:
        row = session.get_one(JobRow, shown["id"])
        by = By(actor="tester", channel="api")
        move_job(session, row, JobState(state), roles=frozenset({Role.PLAN}), by=by, at=app.state.clock())
    found: dict[str, Any] = client.get(f"/v1/jobs/{shown['id']}").json()
    return found


def events(app: FastAPI) -> list[tuple[str, Any]]:
    with app.state.database.read() as session:
        found = read_events(session, START, 1_000, types=["job.state_changed"])
        return [(event.type, event.data.get("to_state")) for event in found]


def faults(answer: Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {fault["pointer"]: fault["code"] for fault in answer.json()["errors"]}


def test_a_job_is_entered_and_read_back(stocked: TestClient, app: FastAPI) -> None:
    position = {"coordinates": [104.0712345, 30.66], "datum": "GCJ02"}
    shown = entered(stocked, source="crm", external_id="SR-1", position=position, windows=[])
    assert shown["state"] == "needs_visit"
    assert shown["tmf_state"] == "pending"
    assert shown["centre"] == "C1"
    assert shown["position"] == position
    assert shown["place"]["datum"] == "WGS84"
    assert shown["place"]["coordinates"] != position["coordinates"]
    assert shown["due_at"] == "2026-03-03T08:30:00+08:00"
    again = stocked.get(f"/v1/jobs/{shown['id']}")
    assert again.json() == shown
    assert again.headers["etag"] == '"1"'
    assert events(app) == [("job.state_changed", "needs_visit")]
    assert entered(stocked, needs_visit=False)["state"] == "received"


def test_an_api_job_and_a_csv_job_are_refused_alike_all_faults_at_once(stocked: TestClient) -> None:
    answer = stocked.post(
        "/v1/jobs",
        json=job(
            centre_id="C9",
            preferred_technician_id="T9",
            same_fault_at="2026-03-02T09:00:00+08:00",
            position={"coordinates": [30.66, 1.5], "datum": "WGS84"},
            parts=[{"part_id": "P9", "quantity": 1}],
        ),
    )
    assert set(faults(answer)) == {
        "/centre_id",
        "/preferred_technician_id",
        "/same_fault_at",
        "/position/coordinates/0",
        "/position/coordinates/1",
        "/parts",
    }
    assert stocked.get("/v1/jobs").json()["items"] == []


@pytest.mark.parametrize(
    ("reported_at", "code"),
    [
        ("2026-03-02T09:04:00+08:00", None),
        ("2026-03-02T09:06:00+08:00", "in_the_future"),
        ("2026-03-02T08:30:00", "not_allowed"),
        ("2026-03-02", "not_allowed"),
    ],
)
def test_clock_skew_and_naive_times(stocked: TestClient, reported_at: str, code: str | None) -> None:
    answer = stocked.post("/v1/jobs", json=job(reported_at=reported_at))
    if code is None:
        assert answer.status_code == 201
    else:
        assert faults(answer) == {"/reported_at": code}


@pytest.mark.parametrize("text", ["'); DROP TABLE jobs;--", "=HYPERLINK(1)", "@SUM(A1)", "Robert\t\r\n”‘"])
def test_injection_in_free_text_is_only_text(stocked: TestClient, text: str) -> None:
    shown = entered(
        stocked, address=text, contact=text, brand=text, source="crm", external_id=text.replace("\t\r\n", "")
    )
    assert stocked.get(f"/v1/jobs/{shown['id']}").json()["address"] == text
    found = stocked.get("/v1/jobs", params={"source": "crm", "external_id": shown["external_id"]}).json()
    assert [one["id"] for one in found["items"]] == [shown["id"]]
    assert stocked.get("/v1/jobs", params={"product": text}).json()["items"] == []


def test_the_same_name_twice_is_a_conflict_and_an_upsert_is_not(stocked: TestClient) -> None:
    shown = entered(stocked, source="crm", external_id="SR-1")
    again = stocked.post("/v1/jobs", json=job(source="crm", external_id="SR-1"))
    assert (again.status_code, again.json()["id"]) == (409, shown["id"])
    address = "/v1/jobs/by-external/crm/SR-1"
    same = stocked.put(address, json=job())
    assert (same.status_code, same.json()) == (200, shown)
    changed = stocked.put(address, json=job(urgent=True))
    assert (changed.status_code, changed.json()["urgent"], changed.json()["version"]) == (200, True, 2)
    assert changed.json()["id"] == shown["id"]
    new = stocked.put("/v1/jobs/by-external/crm/SR-2", json=job())
    assert new.status_code == 201


def test_a_replayed_key_enters_one_job(stocked: TestClient) -> None:
    key = {"Idempotency-Key": "call-1"}
    one, two = (stocked.post("/v1/jobs", json=job(), headers=key) for _ in range(2))
    assert one.json() == two.json()
    assert two.headers["idempotency-replayed"] == "true"
    other = stocked.post("/v1/jobs", json=job(urgent=True), headers=key)
    assert other.status_code == 422
    assert len(stocked.get("/v1/jobs").json()["items"]) == 1


def test_two_dispatchers_on_one_job(stocked: TestClient) -> None:
    shown = entered(stocked)
    assert act(stocked, shown, "patch", {"urgent": True}).status_code == 200
    late = act(stocked, shown, "patch", {"crew_size": 2})
    assert (late.status_code, late.json()["version"], late.headers["etag"]) == (412, 2, '"2"')
    assert stocked.get(f"/v1/jobs/{shown['id']}").json()["crew_size"] == 1
    assert stocked.patch(f"/v1/jobs/{shown['id']}", json={"crew_size": 2}).status_code == 428


def test_a_merge_patch_changes_and_clears(stocked: TestClient) -> None:
    shown = entered(stocked, brand="A", fault="no_cooling")
    changed = act(stocked, shown, "patch", {"brand": None, "skill_level": 2}).json()
    assert (changed["brand"], changed["skill_level"], changed["fault"]) == (None, 2, "no_cooling")
    assert "/product" in faults(act(stocked, changed, "patch", {"product": None}))
    assert "/nonsense" in faults(act(stocked, changed, "patch", {"nonsense": 1}))


def test_the_loop_from_report_to_call_back(stocked: TestClient, app: FastAPI) -> None:
    shown = entered(stocked, needs_visit=False)
    loop = [
        "needs_visit",
        "planned",
        "offered",
        "acknowledged",
        "en_route",
        "on_site",
        "done",
        "callback_due",
        "closed",
    ]
    shown = moved(stocked, shown, *loop)
    assert (shown["state"], shown["tmf_state"], shown["next_states"]) == ("closed", "completed", [])
    items = stocked.get(f"/v1/jobs/{shown['id']}/timeline").json()["items"]
    assert [(item["from_state"], item["to_state"]) for item in items] == list(
        zip([None, "received", *loop[:-1]], ["received", *loop], strict=True)
    )
    assert {item["actor"] for item in items} == {"tester"}
    assert [state for _, state in events(app)] == ["received", *loop]


def test_a_move_that_is_not_in_the_loop_is_a_conflict(stocked: TestClient, app: FastAPI) -> None:
    shown = entered(stocked)
    answer = act(stocked, shown, "patch", {"state": "done"})
    assert (answer.status_code, answer.json()["state"]) == (409, "needs_visit")
    assert "cancelled" in answer.json()["next_states"]
    assert len(events(app)) == 1


def test_what_happened_may_be_told_later_but_not_ahead(stocked: TestClient) -> None:
    shown = moved(stocked, entered(stocked), "planned", "offered", "acknowledged")
    ahead = act(stocked, shown, "patch", {"state": "on_site", "at": "2026-03-02T09:30:00+08:00"})
    assert faults(ahead) == {"/at": "in_the_future"}
    early = act(stocked, shown, "patch", {"state": "on_site", "at": "2026-03-02T08:00:00+08:00"})
    assert faults(early) == {"/at": "before_the_report"}
    told = act(stocked, shown, "patch", {"state": "on_site", "at": "2026-03-02T08:45:00+08:00"})
    assert told.status_code == 200
    clocks = {clock["clock"]: clock for clock in stocked.get(f"/v1/jobs/{shown['id']}/sla").json()["clocks"]}
    assert clocks["arrival"]["stopped_at"] == "2026-03-02T08:45:00+08:00"
    assert clocks["arrival"]["grade"] == "kept"


def test_history_is_append_only(stocked: TestClient, app: FastAPI) -> None:
    entered(stocked)
    with pytest.raises(Exception, match="append"), app.state.database.write() as session:
        session.scalars(select(JobHistory)).one().actor = "somebody else"


def test_roles_of_scopes_move_jobs(stocked: TestClient, app: FastAPI, make_key: MakeKey) -> None:
    ticketing, reader = (client_of(app, make_key(*scopes)) for scopes in (["jobs:write"], []))
    shown = entered(ticketing)
    assert act(ticketing, shown, "patch", {"state": "planned"}).status_code == 403
    assert reader.post("/v1/jobs", json=job()).status_code == 403
    assert act(reader, shown, "patch", {"state": "cancelled"}).status_code == 403
    assert reader.get(f"/v1/jobs/{shown['id']}").status_code == 200
    for scopes in (["dispatch"], ["dispatch", "plans:publish", "jobs:write"], ["admin"]):
        anybody = client_of(app, make_key(*scopes))
        assert act(anybody, shown, "patch", {"state": "planned"}).status_code == 403
    assert stocked.get(f"/v1/jobs/{shown['id']}").json()["version"] == shown["version"]


def test_another_centres_rows_do_not_exist(stocked: TestClient, app: FastAPI, make_key: MakeKey) -> None:
    shown = entered(stocked, source="crm", external_id="SR-1")
    other = client_of(app, make_key("jobs:write", "dispatch", centres=["C2"]))
    assert other.get(f"/v1/jobs/{shown['id']}").status_code == 404
    assert other.get("/v1/jobs").json()["items"] == []
    for part in ("sla", "explanation", "timeline"):
        assert other.get(f"/v1/jobs/{shown['id']}/{part}").status_code == 404
    assert act(other, shown, "cancel", {"reason": "x"}).status_code == 404
    assert act(other, shown, "patch", {"urgent": True}).status_code == 404
    assert other.put("/v1/jobs/by-external/crm/SR-1", json=job(centre_id="C2")).status_code == 404
    assert faults(other.post("/v1/jobs", json=job(centre_id="C1"))) == {"/centre_id": "other_centre"}
    assert stocked.get(f"/v1/jobs/{shown['id']}").json() == shown


def test_cancel_escalate_and_what_a_closed_job_takes(stocked: TestClient) -> None:
    shown = entered(stocked, source="crm", external_id="SR-1")
    shown = act(stocked, shown, "escalate", {"reason": "second call"}).json()
    shown = act(stocked, shown, "cancel", {"reason": "sold the unit"}).json()
    assert (shown["state"], shown["version"]) == ("cancelled", 3)
    assert act(stocked, shown, "escalate", {"reason": "again"}).status_code == 409
    assert act(stocked, shown, "patch", {"urgent": True}).status_code == 409
    assert stocked.put("/v1/jobs/by-external/crm/SR-1", json=job()).status_code == 200
    assert stocked.put("/v1/jobs/by-external/crm/SR-1", json=job(urgent=True)).status_code == 409
    last = stocked.get(f"/v1/jobs/{shown['id']}/timeline").json()["items"][-1]
    assert (last["to_state"], last["detail"]["reason"]) == ("cancelled", "sold the unit")


def test_consent_pauses_and_the_clock(stocked: TestClient, app: FastAPI) -> None:
    clock: StandingClock = app.state.clock
    shown = entered(stocked, consent="pending")
    shown = act(stocked, shown, "pause-clock", {"reason": "awaiting_consent"}).json()
    assert act(stocked, shown, "pause-clock", {"reason": "awaiting_consent"}).status_code == 409
    clock.move(3 * HOUR)
    sla = stocked.get(f"/v1/jobs/{shown['id']}/sla").json()
    assert (sla["paused"], sla["paused_now"]) == ("PT3H", True)
    shown = act(stocked, shown, "record-consent", {"consent": "given", "amount": {"fen": 18_000}}).json()
    assert (shown["consent"], shown["clock_paused_at"]) == ("given", None)
    clock.move(HOUR)
    sla = stocked.get(f"/v1/jobs/{shown['id']}/sla").json()
    arrival = next(one for one in sla["clocks"] if one["clock"] == "arrival")
    assert (sla["paused"], arrival["due_at"]) == ("PT3H", "2026-03-03T11:30:00+08:00")
    assert arrival["remaining"] == "PT22H30M"
    assert act(stocked, shown, "resume-clock").status_code == 409
    other = entered(stocked, consent="pending")
    assert act(stocked, other, "record-consent", {"consent": "refused"}).json()["state"] == "cancelled"


def test_the_class_is_computed_from_the_live_outlet_map(stocked: TestClient) -> None:
    shown = entered(stocked, position={"coordinates": IN_XINJIN, "datum": "WGS84"})

    def sla() -> tuple[str, str]:
        answer = stocked.get(f"/v1/jobs/{shown['id']}/sla").json()
        arrival = next(clock for clock in answer["clocks"] if clock["clock"] == "arrival")
        return answer["area_class"], arrival["due_at"]

    assert sla() == ("remote", "2026-03-04T00:00:00+08:00")
    outlet = {
        "name": "新津直营",
        "centre_id": "C1",
        "ownership": "own",
        "channel": "online",
        "position": {"coordinates": [103.8, 30.4], "datum": "WGS84"},
        "opens": "08:00",
        "closes": "18:00",
    }
    opened = stocked.put("/v1/outlets/O9", json=outlet)
    assert opened.status_code == 201, opened.text
    assert sla() == ("seat", "2026-03-03T08:30:00+08:00")
    closed = outlet | {"closed_on": "2026-03-02"}
    stocked.put("/v1/outlets/O9", json=closed, headers={"If-Match": opened.headers["etag"]})
    assert sla()[0] == "remote"


def test_a_clock_with_a_calendar_skips_nights_and_holidays(stocked: TestClient) -> None:
    shown = entered(stocked)
    hours = {"calendar": "office", "opens": "09:00", "closes": "18:00"}
    policy = {"rows": [{"name": "office hours", "clock": "arrival", "within": "PT10H", **hours}]}
    tag = {"If-Match": stocked.get("/v1/sla-policies/network").headers["etag"]}
    assert stocked.put("/v1/sla-policies/network", json=policy, headers=tag).status_code == 200
    sla = stocked.get(f"/v1/jobs/{shown['id']}/sla").json()
    # Nine hours on Monday; Tuesday is a public holiday; the tenth on Wednesday.
    assert [clock["due_at"] for clock in sla["clocks"]] == ["2026-03-04T10:00:00+08:00"]
    assert sla["policies"] == ["day.toml"]


def test_lists_are_filtered_and_come_in_pages(stocked: TestClient) -> None:
    ids = [entered(stocked, product=product)["id"] for product in ("fridge", "washer", "fridge", "heater", "fridge")]
    cancelled = stocked.get(f"/v1/jobs/{ids[0]}").json()
    act(stocked, cancelled, "cancel", {"reason": "x"})
    found, cursor = [], None
    while True:
        page = stocked.get("/v1/jobs", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        found += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == ids[::-1]

    def some(**wanted: Any) -> list[str]:
        answer = stocked.get("/v1/jobs", params=wanted)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    assert some(product="fridge", state="needs_visit") == [ids[4], ids[2]]
    assert some(state=["cancelled", "planned"]) == [ids[0]]
    assert some(centre_id="C2") == []
    assert some(due_before="2026-03-03T08:30:00+08:00") == []
    assert len(some(due_before="2026-03-03T08:30:01+08:00")) == 5
    assert stocked.get("/v1/jobs", params={"cursor": "nonsense"}).status_code == 400


def lines(client: TestClient, *jobs: Any) -> list[dict[str, Any]]:
    body = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in jobs)
    answer = client.post("/v1/jobs:bulk", content=body.encode())
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def test_bulk_lines_stand_for_themselves(stocked: TestClient, app: FastAPI) -> None:
    named = [job(source="crm", external_id=f"SR-{number}") for number in range(4)]
    results = lines(
        stocked,
        named[0],
        "",
        named[1] | {"reported_at": "2026-03-02T08:30:00", "skill_level": 9},
        named[2] | {"centre_id": "C9"},
        '{"broken',
        named[3],
    )
    assert [(one["line"], one["status"]) for one in results] == [
        (1, "created"),
        (3, "refused"),
        (4, "refused"),
        (5, "refused"),
        (6, "created"),
    ]
    assert {fault["pointer"] for fault in results[1]["errors"]} == {"/reported_at", "/skill_level"}
    assert [fault["pointer"] for fault in results[2]["errors"]] == ["/centre_id"]
    again = lines(stocked, named[0], named[3] | {"urgent": True}, named[3] | {"load": 1})
    assert [one["status"] for one in again] == ["unchanged", "refused", "updated"]
    with app.state.database.read() as session:
        assert len(session.scalars(select(JobRow)).all()) == 2


def test_bulk_keeps_the_published_visit_of_a_job(stocked: TestClient, app: FastAPI) -> None:
    shown = entered(stocked, source="crm", external_id="SR-1")
    start = dt.datetime(2026, 3, 2, 3, tzinfo=dt.UTC)
    with app.state.database.write() as session:
        row = session.get_one(JobRow, shown["id"])
        row.published_technician_id, row.published_start, row.state, row.told = "T1", start, "planned", True
    assert lines(stocked, job(source="crm", external_id="SR-1", urgent=True))[0]["status"] == "updated"
    after = stocked.get(f"/v1/jobs/{shown['id']}").json()
    assert after["visit"] == {
        "plan_id": None,
        "technician_id": "T1",
        "start": "2026-03-02T11:00:00+08:00",
        "told": True,
    }
    locked = act(stocked, after, "patch", {"lock": "time"}).json()
    assert locked["lock"] == "time"
    freed = act(stocked, locked, "patch", {"state": "needs_visit"}).json()
    assert (freed["visit"], freed["lock"]) == (None, "none")
    assert faults(act(stocked, freed, "patch", {"lock": "time"})) == {"/lock": "not_published"}


def test_an_explanation_says_when_there_is_none(stocked: TestClient) -> None:
    shown = entered(stocked)
    answer = stocked.get(f"/v1/jobs/{shown['id']}/explanation", headers={"Accept-Language": "zh-CN"}).json()
    assert (answer["explained"], answer["explanations"], answer["plan_id"]) == (False, [], None)
    assert "计划" in answer["said"]


def test_what_is_created_and_changed_is_told(stocked: TestClient, app: FastAPI) -> None:
    shown = entered(stocked, source="crm", external_id="SR-1")
    act(stocked, shown, "patch", {"skill_level": 2})
    said = job(skill_level=2) | {"needs_visit": True}
    assert stocked.put("/v1/jobs/by-external/crm/SR-1", json=said, headers={"If-Match": '"2"'}).status_code == 200
    with app.state.database.read() as session:
        told = [(one.type, one.data["version"]) for one in read_events(session, START, 100)]
    assert told == [("job.created", 1), ("job.state_changed", 1), ("job.changed", 2)]
    feed = stocked.get("/v1/events", params={"type": ["job.created", "job.changed"]}).json()["items"]
    assert {one["data"]["external_id"] for one in feed} == {"SR-1"}


def test_clocks_and_consent_can_be_asked_for_in_the_feed(stocked: TestClient) -> None:
    shown = entered(stocked, consent="pending")
    shown = act(stocked, shown, "pause-clock", {"reason": "awaiting_consent"}).json()
    assert act(stocked, shown, "record-consent", {"consent": "given"}).status_code == 200
    for type_ in ("job.clock_paused", "job.clock_resumed", "job.consent_given"):
        feed = stocked.get("/v1/events", params={"type": type_})
        assert [one["subject"] for one in feed.json()["items"]] == [shown["id"]], feed.text


def test_a_family_that_nobody_and_nothing_knows_is_refused(stocked: TestClient) -> None:
    refused = stocked.post("/v1/jobs", json=job(product="frigde"))
    assert faults(refused) == {"/product": "unknown_family"}
    assert refused.json()["errors"][0]["detail"].startswith('"frigde"; ')
