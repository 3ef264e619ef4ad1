"""The closed loop through the API, from what is published to the call-back, on both databases."""

import csv
import datetime as dt
import io
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from api.auto_publishing import publish_checked
from api.database import Database
from api.errors import Conflict
from api.store.jobs import By
from api.store.sending import Channels, freeze_moments, send_visits
from api.store.unacknowledged import watch_items
from api.tables.dispatch import DispatchEntry, DispatchItem, Refusal
from api.tables.events import Event
from api.tables.jobs import JobHistory, JobRow
from api.tables.plans import Plan, Visit
from tests.api.clients import MakeKey, client_of
from tests.api.published import make
from tests.api.published_network import EVENING, SEVEN

DATE = "2026-03-02"
ONLINE, FAX, PHONE = "O1", "O2", "O3"
"""Our own outlet, a contract outlet of the same centre, and our own one of another centre."""


def items(client: TestClient, **asked: Any) -> list[dict[str, Any]]:
    found = client.get("/v1/dispatch-items", params={"limit": 1000, **asked})
    assert found.status_code == 200, found.text
    rows: list[dict[str, Any]] = found.json()["items"]
    return rows


def an_item(client: TestClient, outlet_id: str) -> dict[str, Any]:
    return items(client, outlet_id=outlet_id, state="pending")[0]


def act(client: TestClient, item: dict[str, Any], verb: str, body: Any = None, version: int | None = None) -> Any:
    headers = {"If-Match": f'"{version or item["version"]}"'}
    return client.post(f"/v1/dispatch-items/{item['id']}:{verb}", json=body, headers=headers)


def state_of(client: TestClient, item: dict[str, Any]) -> str:
    state: str = client.get(f"/v1/jobs/{item['job_id']}").json()["state"]
    return state


def events(database: Database, type_: str) -> list[Event]:
    with database.read() as session:
        found = list(session.scalars(select(Event).where(Event.type == type_).order_by(Event.position)))
        session.expunge_all()
        return found


def move(app: FastAPI, **by: float) -> None:
    app.state.clock.move(dt.timedelta(**by))


def test_every_live_visit_is_an_item_of_its_outlet(client: TestClient, database: Database) -> None:
    found = items(client)
    with database.read() as session:
        visits = {visit.job_id: visit for visit in session.scalars(select(Visit))}
        session.expunge_all()
    assert {item["job_id"] for item in found} == visits.keys()
    assert {item["outlet_id"] for item in found} == {ONLINE, FAX, PHONE}
    for item in found:
        visit = visits[item["job_id"]]
        assert (item["outlet_id"], item["technician_id"]) == (visit.outlet_id, visit.technician_id)
        assert dt.datetime.fromisoformat(item["start_at"]) == visit.start_at
        # Whoever is paid from 8 o'clock in China visits nobody at night: moments are China's.
        assert 8 <= dt.datetime.fromisoformat(item["start_at"]).hour < 19
        freeze = {"online": None, "fax": "2026-03-01T18:00:00+08:00", "phone": "2026-03-02T07:00:00+08:00"}
        assert (item["state"], item["sends"], item["freeze_at"]) == ("pending", 1, freeze[item["channel"]])
        assert state_of(client, item) == ("offered" if item["channel"] == "online" else "planned")
    assert len(events(database, "dispatch_item.created")) == len(found)


def test_items_are_found_by_what_they_are(client: TestClient) -> None:
    found = items(client)
    first = found[0]
    for name in ("centre_id", "outlet_id", "technician_id", "job_id", "date", "channel"):
        wanted = [item["id"] for item in found if item[name] == first[name]]
        assert [item["id"] for item in items(client, **{name: first[name]})] == wanted
    pages, cursor = [], None
    while True:
        page = client.get("/v1/dispatch-items", params={"limit": 7} | ({"cursor": cursor} if cursor else {})).json()
        pages += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert pages == found
    assert client.get("/v1/dispatch-items", params={"cursor": "WzEsMl0"}).status_code == 400


def test_the_loop_is_closed(client: TestClient, app: FastAPI, database: Database) -> None:
    item = an_item(client, ONLINE)
    done = act(client, item, "acknowledge")
    assert (done.status_code, done.json()["state"], state_of(client, item)) == (200, "acknowledged", "acknowledged")
    for step, item_state, job_state in (
        ("en_route", "inProgress", "en_route"),
        ("on_site", "inProgress", "on_site"),
        ("done", "completed", "done"),
    ):
        move(app, minutes=10)
        told = client.post(f"/v1/dispatch-items/{item['id']}:progress", json={"step": step})
        assert told.status_code == 200, told.text
        assert (told.json()["applied"], told.json()["item"]["state"]) == (True, item_state)
        assert state_of(client, item) == job_state
    for state in ("callback_due", "closed"):
        version = client.get(f"/v1/jobs/{item['job_id']}").headers["etag"]
        path = f"/v1/jobs/{item['job_id']}"
        assert client.patch(path, json={"state": state}, headers={"If-Match": version}).status_code == 200
    assert state_of(client, item) == "closed"
    with database.read() as session:
        lines = session.scalars(
            select(JobHistory).where(JobHistory.job_id == item["job_id"]).order_by(JobHistory.id)
        ).all()
        assert [line.to_state for line in lines][-7:] == [
            "offered", "acknowledged", "en_route", "on_site", "done", "callback_due", "closed"
        ]  # fmt: skip
        assert {line.plan_id for line in lines[-6:-2]} == {item["plan_id"]}
        assert {line.channel for line in lines[-6:-2]} == {"online"}
    history = client.get(f"/v1/dispatch-items/{item['id']}/history").json()["items"]
    assert [entry["kind"] for entry in history] == ["created", "acknowledged", *["progressed"] * 3]


def test_what_happened_to_an_item_cannot_be_changed(database: Database) -> None:
    for change in ("UPDATE dispatch_entries SET actor = 'x'", "DELETE FROM dispatch_entries"):
        with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
            connection.exec_driver_sql(change)


def test_a_job_has_one_open_item(database: Database) -> None:
    columns = [column.key for column in DispatchItem.__table__.columns]
    names = ", ".join(columns)
    copied = ", ".join("'item_twice'" if name == "id" else name for name in columns)
    copy = f"INSERT INTO dispatch_items ({names}) SELECT {copied} FROM dispatch_items LIMIT 1"
    with pytest.raises(DBAPIError), database.engine.begin() as connection:
        connection.exec_driver_sql(copy)


def test_saying_yes_twice_changes_nothing(client: TestClient, database: Database) -> None:
    item = an_item(client, ONLINE)
    first = act(client, item, "acknowledge")
    again = act(client, item, "acknowledge")
    assert again.status_code == 200
    assert again.json() == first.json()
    assert len(events(database, "dispatch_item.acknowledged")) == 1


def test_of_two_dispatchers_on_one_item_the_second_is_told(client: TestClient) -> None:
    item = an_item(client, FAX)
    assert act(client, item, "mark-called", {"outcome": "not_reached"}).status_code == 200
    late = act(client, item, "reject", {"reason": "busy"})
    assert (late.status_code, late.json()["version"]) == (412, 2)
    assert client.post(f"/v1/dispatch-items/{item['id']}:acknowledge").status_code == 428
    assert act(client, item, "acknowledge", version=2).status_code == 200


def test_own_technicians_may_not_refuse(client: TestClient) -> None:
    item = an_item(client, ONLINE)
    refused = act(client, item, "reject", {"reason": "too far"})
    assert refused.status_code == 409
    assert "may not refuse" in refused.json()["detail"]
    on_the_phone = act(client, an_item(client, PHONE), "mark-called", {"outcome": "refused"})
    assert on_the_phone.status_code == 409
    assert items(client, job_id=item["job_id"]) == [item]


def test_what_a_contract_outlet_refuses_goes_to_others(client: TestClient, app: FastAPI, database: Database) -> None:
    item = an_item(client, FAX)
    others = [each["job_id"] for each in items(client, outlet_id=FAX) if each["id"] != item["id"]]
    refused = act(client, item, "reject", {"reason": "no technician"})
    assert refused.status_code == 200, refused.text
    assert (refused.json()["item"]["state"], refused.json()["refusals"]) == ("rejected", 1)
    assert state_of(client, item) == "needs_visit"
    replan_id = refused.json()["replan_id"]
    if others:
        second = act(client, an_item(client, FAX), "reject", {"reason": "no technician"}).json()
        # A replan that waits serves both.
        assert (second["replan_id"], second["refusals"]) == (replan_id, 2)
    make(database, replan_id)
    plan = client.get(f"/v1/plans/{replan_id}").json()
    assert (plan["state"], plan["problem"]) == ("finished", None)
    assert publish_checked(database, replan_id, app.state.clock())
    again = [each for each in items(client, job_id=item["job_id"]) if each["state"] == "pending"]
    assert {each["outlet_id"] for each in again} <= {ONLINE}
    with database.read() as session:
        assert session.scalar(select(func.count()).where(Visit.job_id == item["job_id"], Visit.outlet_id == FAX)) == 0
    for each in again:
        assert act(client, each, "acknowledge").status_code == 200
        with database.read() as session:
            lifted = session.scalars(select(Refusal.lifted_at).where(Refusal.job_id == item["job_id"])).all()
        assert None not in lifted


def test_reports_out_of_order_leave_the_same(client: TestClient, app: FastAPI, database: Database) -> None:
    item = an_item(client, ONLINE)
    path = f"/v1/dispatch-items/{item['id']}:progress"
    moments = {"en_route": "06:35", "on_site": "06:50", "done": "07:20"}
    move(app, hours=2)

    def say(step: str) -> dict[str, Any]:
        told = client.post(path, json={"step": step, "at": f"{DATE}T{moments[step]}:00+08:00"})
        assert told.status_code == 200, told.text
        said: dict[str, Any] = told.json()
        return said

    assert say("done")["applied"]
    assert not say("en_route")["applied"]
    assert not say("on_site")["applied"]
    last = say("done")
    assert not last["applied"]
    shown = last["item"]
    assert [shown[name][11:16] for name in ("en_route_at", "on_site_at", "ended_at")] == list(moments.values())
    assert (shown["state"], state_of(client, item)) == ("completed", "done")
    version = shown["version"]
    assert say("on_site")["item"]["version"] == version
    assert client.post(path, json={"step": "failed"}).status_code == 409
    assert len(events(database, "dispatch_item.reported_late")) == 2


def test_naive_and_future_moments_are_refused(client: TestClient) -> None:
    item = an_item(client, ONLINE)
    path = f"/v1/dispatch-items/{item['id']}:progress"
    for at in (f"{DATE}T06:30:00", f"{DATE}T06:36:00+08:00"):
        assert client.post(path, json={"step": "en_route", "at": at}).status_code == 422


def test_a_part_that_is_missing_ends_the_visit(client: TestClient, database: Database) -> None:
    item = an_item(client, ONLINE)
    told = client.post(f"/v1/dispatch-items/{item['id']}:progress", json={"step": "needs_part"})
    assert (told.json()["item"]["state"], state_of(client, item)) == ("held", "needs_part")
    with database.read() as session:
        assert session.get(Visit, item["job_id"]) is None


def test_a_cancelled_job_withdraws_its_item(client: TestClient, database: Database) -> None:
    item = an_item(client, ONLINE)
    version = client.get(f"/v1/jobs/{item['job_id']}").headers["etag"]
    cancelled = client.post(
        f"/v1/jobs/{item['job_id']}:cancel", json={"reason": "sold it"}, headers={"If-Match": version}
    )
    assert cancelled.status_code == 200, cancelled.text
    assert client.get(f"/v1/dispatch-items/{item['id']}").json()["state"] == "cancelled"
    assert len(events(database, "dispatch_item.withdrawn")) == 1
    assert client.post(f"/v1/dispatch-items/{item['id']}:progress", json={"step": "en_route"}).status_code == 409


def test_the_call_list_begins_with_the_least_time_to_spare(client: TestClient, app: FastAPI) -> None:
    app.state.clock.now = EVENING
    shown = client.get("/v1/call-lists", params={"centre_id": "C1", "date": DATE})
    assert shown.status_code == 200, shown.text
    calls = shown.json()["items"]
    assert (calls[0]["party"], calls[0]["outlet_id"], calls[0]["why"]) == ("outlet", FAX, "freeze")
    assert calls[0]["slack"] == "PT1H"
    assert [call["before"] for call in calls] == sorted(call["before"] for call in calls)
    mine = [item["id"] for item in items(client, outlet_id=FAX)]
    assert calls[0]["item_ids"] == mine
    assert (calls[0]["contact"], calls[0]["phone"]) == ("李", "028-1")
    assert {call["party"] for call in calls[1:]} == {"customer"}
    assert len(calls) - 1 == len(items(client, centre_id="C1"))
    page = client.get(calls[0]["sheet"])
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for item in items(client, outlet_id=FAX):
        assert act(client, item, "mark-called", {"outcome": "confirmed"}).status_code == 200
    after = client.get("/v1/call-lists", params={"centre_id": "C1", "date": DATE}).json()["items"]
    assert {call["party"] for call in after} == {"customer"}
    assert {state_of(client, item) for item in items(client, outlet_id=FAX)} == {"acknowledged"}


def test_a_customer_who_was_told_is_not_called_again(client: TestClient, database: Database) -> None:
    item = an_item(client, ONLINE)
    assert act(client, item, "mark-called", {"party": "customer", "outcome": "confirmed"}).status_code == 200
    with database.read() as session:
        assert session.get_one(JobRow, item["job_id"]).told
    calls = client.get("/v1/call-lists", params={"centre_id": "C1", "date": DATE}).json()["items"]
    assert item["id"] not in {id_ for call in calls if call["party"] == "customer" for id_ in call["item_ids"]}


def test_no_cell_of_the_call_list_runs_as_a_formula(client: TestClient, database: Database) -> None:
    item = an_item(client, ONLINE)
    with database.write() as session:
        job = session.get_one(JobRow, item["job_id"])
        job.cells = {**job.cells, "contact": '=HYPERLINK("http://x")', "phone": "+1"}
    table = client.get("/v1/call-lists.csv", params={"centre_id": "C1", "date": DATE})
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    (mine,) = [row for row in rows if row["party"] == "customer" and row["item_ids"] == item["id"]]
    assert (mine["contact"], mine["phone"]) == ('\'=HYPERLINK("http://x")', "'+1")
    assert table.content.startswith(b"\xef\xbb\xbf")
    assert {row["before"][16:] for row in rows} == {":00+08:00"}
    assert not any(row["slack"].endswith("S") and row["slack"] != "PT0S" for row in rows)
    shown = client.get("/v1/call-lists", params={"centre_id": "C1", "date": DATE}).json()["items"]
    assert len(shown) == len(rows)


def test_a_centre_that_a_key_does_not_see_has_no_call_list(app: FastAPI, make_key: MakeKey) -> None:
    other = client_of(app, make_key("dispatch", centres=["C2"]))
    assert other.get("/v1/call-lists", params={"centre_id": "C1", "date": DATE}).status_code == 404
    assert {item["centre_id"] for item in items(other)} == {"C2"}
    assert client_of(app, make_key("jobs:write")).post("/v1/dispatch-items/item_1:acknowledge").status_code == 403


def test_an_outlet_that_nobody_reaches_loses_the_visit(client: TestClient, app: FastAPI, database: Database) -> None:
    item = an_item(client, FAX)
    first = act(client, item, "mark-called", {"outcome": "not_reached"}).json()
    assert (first["up_for_replanning"], first["replan_id"]) == (False, None)
    second = act(client, item, "mark-called", {"outcome": "wrong_number"}, version=2).json()
    assert second["up_for_replanning"]
    assert second["replan_id"]
    assert len(events(database, "dispatch_item.up_for_replanning")) == 1
    (call,) = [
        call
        for call in client.get("/v1/call-lists", params={"centre_id": "C1", "date": DATE}).json()["items"]
        if call["party"] == "outlet"
    ]
    assert (call["up_for_replanning"], call["tries"], call["last_outcome"]) == (True, 2, "wrong_number")
    make(database, second["replan_id"])
    with database.read() as session:
        assert session.get_one(Plan, second["replan_id"]).problem is None
    # The freeze of this outlet is lifted: what nobody can be told is no promise.
    assert publish_checked(database, second["replan_id"], app.state.clock())
    assert client.get(f"/v1/dispatch-items/{item['id']}").json()["state"] == "cancelled"


def test_nobody_said_yes_is_said_once(client: TestClient, app: FastAPI, database: Database) -> None:
    soon = min(item["start_at"] for item in items(client))
    now = dt.datetime.fromisoformat(soon) - dt.timedelta(minutes=59)
    assert watch_items(database, now, dt.timedelta(minutes=60)) >= 1
    assert watch_items(database, now, dt.timedelta(minutes=60)) == 0
    told = events(database, "dispatch_item.unacknowledged")
    assert told[0].data["minutes_left"] == 59


def test_after_its_freeze_an_outlet_is_told_nothing_new(client: TestClient, database: Database) -> None:
    item = an_item(client, FAX)
    frozen: dict[str, Any] = {"job_ids": [item["job_id"]], "standing": {}}
    by = By(actor="test", channel="api", plan_id=item["plan_id"])

    def send(thawed: Any) -> Any:
        with database.write() as session:
            freeze_s = freeze_moments(session, EVENING.date(), EVENING)
            channels = Channels(of_outlet={FAX: "fax"}, freeze_s=freeze_s, thawed=thawed)
            return send_visits(session, [], channels, **frozen, by=by, at=SEVEN)

    with pytest.raises(Conflict) as refused:
        send(())
    assert refused.value.members["outlet_ids"] == [FAX]
    assert client.get(f"/v1/dispatch-items/{item['id']}").json() == item
    assert send([FAX]).withdrawn == 1


def test_only_what_changed_is_sent_again(client: TestClient, app: FastAPI, database: Database) -> None:
    before = {item["id"]: item for item in items(client)}
    wish = {
        "scope": {"centres": "all"},
        "horizon": {"date": DATE, "days": 1, "now": "2026-03-02T06:30:00+08:00"},
        "limits": {"steps": 200},
    }
    with database.read() as session:
        entries = len(session.scalars(select(DispatchEntry.id)).all())
    plan_id = client.post("/v1/plans", json=wish).json()["id"]
    make(database, plan_id)
    version = client.get(f"/v1/plans/{plan_id}").headers["etag"]
    held = client.post(f"/v1/plans/{plan_id}:publish", headers={"If-Match": version})
    assert held.status_code == 200, held.text
    changed = held.json()["planned"] + held.json()["unplanned"]
    after = {item["id"]: item for item in items(client)}
    same = [id_ for id_ in before if after[id_] == before[id_]]
    assert len(same) >= len(before) - changed
    with database.read() as session:
        written = len(session.scalars(select(DispatchEntry.id)).all()) - entries
    assert written <= 2 * changed
