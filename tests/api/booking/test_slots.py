"""Slots are offered, held, confirmed, moved and cancelled; every change holds for the next question."""

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api.desks import CentreDesk, Desks
from api.settings import Settings
from api.tables.events import Event
from api.tables.jobs import JobHistory, JobRow
from api.tables.plans import LiveRoute, Visit
from api.tables.slots import Appointment, SlotHold
from api.watchman import Watchman
from tests.api.booking.conftest import DATE, MORNING
from tests.api.clients import MakeKey, StandingClock, client_of
from tests.api.published import plan_and_publish


def draft(app: FastAPI, **changes: Any) -> dict[str, Any]:
    """Return a draft at the door of a planned job, so that somebody can come."""
    with app.state.database.read() as session:
        visit = session.scalars(select(Visit).order_by(Visit.job_id)).first()
        job = session.get(JobRow, visit.job_id)
        cells = job.cells
        centre_id = job.centre_id
    said = {
        "reported_at": "2026-03-02T08:30:00+08:00",
        "product": cells["product"],
        "skill_level": 1,
        "position": {"coordinates": [float(cells["lon"]), float(cells["lat"])], "datum": cells["datum"]},
        "service_duration": "PT20M",
        "centre_id": centre_id,
        "parts": [],
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def ask(client: TestClient, job: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = client.post("/v1/slot-offers", json={"job": job, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def hold(client: TestClient, offer: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/v1/slot-holds", json={"offer_id": offer["id"]})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def confirm(client: TestClient, held: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/v1/slot-holds/{held['id']}:confirm")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def visits_of(app: FastAPI, technician_id: str) -> list[tuple[str, dt.datetime, dt.datetime]]:
    with app.state.database.read() as session:
        rows = session.scalars(select(Visit).where(Visit.technician_id == technician_id).order_by(Visit.start_at))
        return [(row.job_id, row.start_at, row.end_at) for row in rows]


def test_offers_are_priced_graded_and_change_nothing(app: FastAPI, client: TestClient) -> None:
    with app.state.database.read() as session:
        before = session.execute(select(func.sum(LiveRoute.version), func.count())).one()
        visits = session.scalar(select(func.count()).select_from(Visit))
    found = ask(client, draft(app), most=5)
    assert 1 <= len(found["items"]) <= 5
    assert found["nobody"] is None
    assert found["items"][0]["grade"] == "A"
    prices = [one["price"]["fen"] for one in found["items"]]
    assert prices == sorted(prices)
    assert all(sum(item["fen"] for item in one["items"].values()) == one["price"]["fen"] for one in found["items"])
    assert all(one["start"] <= one["planned_start"] <= one["end"] for one in found["items"])
    assert all(one["planned_start"] >= "2026-03-02T09:00:00+08:00" for one in found["items"])
    with app.state.database.read() as session:
        assert session.execute(select(func.sum(LiveRoute.version), func.count())).one() == before
        assert session.scalar(select(func.count()).select_from(Visit)) == visits


def test_a_slot_from_offer_to_appointment(app: FastAPI, client: TestClient) -> None:
    said = draft(app, source="crm", external_id="SR-1", contact="王女士")
    offer = ask(client, said)["items"][0]
    held = hold(client, offer)
    assert held["state"] == "held"
    assert held["expires_at"] == "2026-03-02T09:10:00+08:00"
    assert held["id"] in [id_ for id_, _, _ in visits_of(app, held["technician_id"])]
    assert client.get("/v1/jobs?external_id=SR-1").json()["items"] == []
    made = confirm(client, held)
    assert confirm(client, held) == made
    job = client.get(f"/v1/jobs/{made['job_id']}").json()
    # The outlet is online: it was sent the visit at once.
    assert (job["state"], job["external_id"], job["lock"]) == ("offered", "SR-1", "pinned")
    assert job["appointment"] == {"start": offer["start"], "end": offer["end"]}
    assert job["visit"]["technician_id"] == held["technician_id"]
    assert job["visit"]["told"]
    assert made["job_id"] in [id_ for id_, _, _ in visits_of(app, held["technician_id"])]
    with app.state.database.read() as session:
        kinds = list(session.scalars(select(Event.type).where(Event.subject == made["id"])))
        assert kinds == ["appointment.confirmed"]
        lines = list(session.scalars(select(JobHistory.kind).where(JobHistory.job_id == made["job_id"])))
        assert sorted(lines) == ["appointment", "created", "state"]
    # The next question meets the new visit where it is.
    assert ask(client, draft(app))["items"]


def test_visits_never_overlap_and_legs_fit(app: FastAPI, client: TestClient) -> None:
    for number in range(6):
        found = ask(client, draft(app), most=1)
        held = hold(client, found["items"][0])
        if number % 2:
            assert client.delete(f"/v1/slot-holds/{held['id']}").status_code == 204
        else:
            confirm(client, held)
        times = visits_of(app, held["technician_id"])
        assert all(a[2] <= b[1] for a, b in itertools.pairwise(times))
        assert len({id_ for id_, _, _ in times}) == len(times)
    # A process that starts now reads the same plan as the one that has followed it.
    centre_id = found["centre_id"]
    with app.state.database.read() as session:
        followed = app.state.desks.current(session, centre_id)[0].desk
        fresh = type(app.state.desks)(app.state.database, app.state.clock).current(session, centre_id)[0].desk
    assert followed.routes == fresh.routes
    assert not followed.shut.any() or followed.shut.tolist() == fresh.shut.tolist()


def test_a_released_place_is_offered_again(app: FastAPI, client: TestClient) -> None:
    first = ask(client, draft(app), most=50)["items"]
    held = hold(client, first[0])
    assert client.delete(f"/v1/slot-holds/{held['id']}").status_code == 204
    assert client.delete(f"/v1/slot-holds/{held['id']}").status_code == 204
    assert client.post(f"/v1/slot-holds/{held['id']}:confirm").status_code == 410
    again = ask(client, draft(app), most=50)["items"]
    assert [(one["price"], one["planned_start"]) for one in again] == [
        (one["price"], one["planned_start"]) for one in first
    ]


def test_an_offer_has_one_hold_and_the_other_gets_new_offers(app: FastAPI, client: TestClient) -> None:
    offer = ask(client, draft(app))["items"][0]
    hold(client, offer)
    lost = client.post("/v1/slot-holds", json={"offer_id": offer["id"]})
    assert lost.status_code == 409
    new = lost.json()["offers"]
    assert new
    assert hold(client, new[0])["state"] == "held"


def test_a_hold_runs_out(app: FastAPI, client: TestClient, clock: StandingClock) -> None:
    offer = ask(client, draft(app))["items"][0]
    held = hold(client, offer)
    clock.move(dt.timedelta(minutes=10))
    assert client.get(f"/v1/slot-holds/{held['id']}").json()["state"] == "expired"
    gone = client.post(f"/v1/slot-holds/{held['id']}:confirm")
    assert gone.status_code == 410
    assert ask(client, draft(app))["items"]
    assert held["id"] not in [id_ for id_, _, _ in visits_of(app, held["technician_id"])]


def test_an_appointment_is_moved_and_cancelled(app: FastAPI, client: TestClient) -> None:
    made = confirm(client, hold(client, ask(client, draft(app))["items"][0]))
    path = f"/v1/appointments/{made['id']}"
    tag = client.get(path).headers["etag"]
    answer = client.post("/v1/slot-offers", json={"job_id": made["job_id"], "most": 20})
    assert answer.status_code == 201, answer.text
    other = next(one for one in answer.json()["items"] if one["start"] != made["start"])
    wish = {"offer_id": other["id"]}
    assert client.post(f"{path}:reschedule", json=wish).status_code == 428
    assert client.post(f"{path}:reschedule", json=wish, headers={"If-Match": '"9"'}).status_code == 412
    moved = client.post(f"{path}:reschedule", json=wish, headers={"If-Match": tag})
    assert moved.status_code == 200, moved.text
    assert moved.json()["start"] == other["start"]
    with app.state.database.read() as session:
        assert session.scalar(select(func.count()).where(Visit.job_id == made["job_id"])) == 1
        assert session.scalar(select(func.count()).where(SlotHold.state == "held")) == 0
    assert client.post(f"{path}:cancel", json={"reason": "no"}).status_code == 428
    done = client.post(f"{path}:cancel", json={"reason": "no"}, headers={"If-Match": moved.headers["etag"]})
    assert done.status_code == 200, done.text
    job = client.get(f"/v1/jobs/{made['job_id']}").json()
    assert (job["state"], job["appointment"], job["visit"]) == ("needs_visit", None, None)
    with app.state.database.read() as session:
        assert session.scalar(select(func.count()).where(Visit.job_id == made["job_id"])) == 0
    again = client.post(f"{path}:cancel", json={"reason": "no"}, headers={"If-Match": done.headers["etag"]})
    assert again.status_code == 409


def test_what_nobody_can_serve_says_why(app: FastAPI, client: TestClient) -> None:
    found = ask(client, draft(app, crew_size=9), remedies=True)
    assert found["items"] == []
    assert ask(client, draft(app, crew_size=9))["nobody"] == {**found["nobody"], "remedies": None}
    nobody = found["nobody"]
    assert nobody["candidates"]
    assert all(not one["possible"] for one in nobody["candidates"])
    broken = {v["rule"] for one in nobody["candidates"] for v in one["verdicts"] if not v["holds"]}
    assert "CREW" in {rule.upper() for rule in broken}
    assert any(one["kind"] == "crew" for one in nobody["remedies"])


def test_recommendation_ranks_and_changes_nothing(app: FastAPI, client: TestClient) -> None:
    answer = client.post("/v1/assignments:recommend", json={"job": draft(app)}, headers={"Accept-Language": "zh"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    possible = [one["price"]["fen"] for one in found["candidates"] if one["possible"]]
    assert possible
    assert found["candidates"][0]["dearer"]["fen"] == 0
    assert all(one["verdicts"] for one in found["candidates"])


def test_a_job_that_is_served_well_is_explained_too(app: FastAPI, client: TestClient) -> None:
    with app.state.database.read() as session:
        visits = {
            visit.job_id: visit.plan_id
            for visit in session.scalars(
                select(Visit).where(Visit.start_at > app.state.clock() + dt.timedelta(hours=2))
            )
        }
    explained = {id_: client.get(f"/v1/jobs/{id_}/explanation").json() for id_ in sorted(visits)[:12]}
    well = {id_: said for id_, said in explained.items() if not said["explanations"]}
    assert well
    for id_, said in well.items():
        assert said["explained"]
        assert said["plan_id"] == visits[id_]
        assert said["remedies"] == []
        candidates = said["now"]["candidates"]
        assert any(one["possible"] and one["dearer"]["fen"] == 0 for one in candidates)
        assert all(one["verdicts"] for one in candidates)
    one = next(iter(well))
    chinese = client.get(f"/v1/jobs/{one}/explanation", headers={"Accept-Language": "zh-CN"}).json()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese["said"])


def test_a_booked_slot_is_explained_within_its_slot(app: FastAPI, client: TestClient) -> None:
    made = confirm(client, hold(client, ask(client, draft(app), most=50)["items"][-1]))
    said = client.get(f"/v1/jobs/{made['job_id']}/explanation").json()
    assert said["explained"]
    assert said["plan_id"]
    possible = [one for one in said["now"]["candidates"] if one["possible"]]
    assert made["technician_id"] in {one["technician_id"] for one in possible}
    assert all(made["start"] <= one["start"] <= made["end"] for one in possible)


def test_where_nobody_can_come_an_explanation_has_what_would_help(app: FastAPI, client: TestClient) -> None:
    job = client.post("/v1/jobs", json=draft(app, service_duration="PT14H"))
    assert job.status_code == 201, job.text
    said = client.get(f"/v1/jobs/{job.json()['id']}/explanation").json()
    assert not any(one["possible"] for one in said["now"]["candidates"])
    assert all(any(not verdict["holds"] for verdict in one["verdicts"]) for one in said["now"]["candidates"])
    assert isinstance(said["remedies"], list)


@pytest.mark.parametrize("field", ["reported_at"])
def test_naive_times_are_refused(app: FastAPI, client: TestClient, field: str) -> None:
    answer = client.post("/v1/slot-offers", json={"job": draft(app, **{field: "2026-03-02T08:30:00"})})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == f"/job/{field}"
    bound = client.post("/v1/slot-offers", json={"job": draft(app), "earliest": "2026-03-02T10:00:00"})
    assert bound.status_code == 422


def test_another_centre_sees_nothing(app: FastAPI, client: TestClient, make_key: MakeKey) -> None:
    found = ask(client, draft(app))
    held = hold(client, found["items"][1])
    made = confirm(client, hold(client, found["items"][0])) if len(found["items"]) > 1 else None
    stranger = client_of(app, make_key("jobs:write", centres=["C-OTHER"]))
    assert stranger.post("/v1/slot-offers", json={"job": draft(app)}).status_code == 404
    assert stranger.post("/v1/slot-holds", json={"offer_id": found["items"][0]["id"]}).status_code == 404
    assert stranger.get(f"/v1/slot-holds/{held['id']}").status_code == 404
    assert stranger.post(f"/v1/slot-holds/{held['id']}:confirm").status_code == 404
    assert stranger.delete(f"/v1/slot-holds/{held['id']}").status_code == 404
    assert made is None or stranger.get(f"/v1/appointments/{made['id']}").status_code == 404
    reader = client_of(app, make_key())
    assert reader.post("/v1/slot-offers", json={"job": draft(app)}).status_code == 403
    assert reader.post("/v1/assignments:recommend", json={"job": draft(app)}).status_code == 200


def test_the_next_plan_keeps_held_and_confirmed_places(app: FastAPI, client: TestClient) -> None:
    offers = ask(client, draft(app), most=50)["items"]
    made = confirm(client, hold(client, offers[0]))
    held = hold(client, ask(client, draft(app), most=50)["items"][0])
    # By a clock at which nobody has set out yet: whoever is under way at 09:00 would have to start again from base.
    plan_and_publish(app.state.database, date=DATE, now=MORNING + dt.timedelta(minutes=10))
    with app.state.database.read() as session:
        kept = session.get(Visit, held["id"])
        promised = session.get(Visit, made["job_id"])
        assert kept.technician_id == held["technician_id"]
        assert kept.start_at == dt.datetime.fromisoformat(held["planned_start"])
        assert promised.technician_id == made["technician_id"]
        assert made["start"] <= promised.start_at.astimezone(dt.timezone(dt.timedelta(hours=8))).isoformat()
    assert confirm(client, held)["state"] == "confirmed"
    assert ask(client, draft(app))["items"]


def test_live_visits_stand_at_the_hours_of_the_plan(app: FastAPI) -> None:
    china = dt.timezone(dt.timedelta(hours=8))
    with app.state.database.read() as session:
        hours = {visit.start_at.astimezone(china).hour for visit in session.scalars(select(Visit))}
    assert min(hours) >= 7
    assert max(hours) <= 20


def test_the_outlet_is_told_of_an_appointment_and_of_its_end(app: FastAPI, client: TestClient) -> None:
    made = confirm(client, hold(client, ask(client, draft(app))["items"][0]))
    (item,) = client.get("/v1/dispatch-items", params={"job_id": made["job_id"]}).json()["items"]
    assert (item["technician_id"], item["state"]) == (made["technician_id"], "pending")
    cancelled = client.post(
        f"/v1/appointments/{made['id']}:cancel", json={"reason": "away"}, headers={"If-Match": f'"{made["version"]}"'}
    )
    assert cancelled.status_code == 200, cancelled.text
    items = client.get("/v1/dispatch-items", params={"job_id": made["job_id"]}).json()["items"]
    assert [item["state"] for item in items] == ["cancelled"]


def test_a_hold_that_ran_out_while_nobody_asked_is_given_back_and_forgotten_in_time(
    app: FastAPI, client: TestClient, clock: StandingClock, database_url: str
) -> None:
    held = hold(client, ask(client, draft(app))["items"][0])
    kept = confirm(client, hold(client, ask(client, draft(app))["items"][0]))
    before = visits_of(app, held["technician_id"])
    watchman = Watchman(Settings(database_url=database_url, keep_holds_days=1), clock)
    clock.move(dt.timedelta(minutes=10))
    assert "expired_holds" not in watchman.round(), "whoever asks next does it, for a minute"
    clock.move(dt.timedelta(minutes=1))
    assert watchman.round()["expired_holds"] == 1
    assert {row[0] for row in before} - {row[0] for row in visits_of(app, held["technician_id"])} == {held["id"]}
    assert client.get(f"/v1/slot-holds/{held['id']}").json()["state"] == "expired"
    clock.move(dt.timedelta(days=2))
    again = Watchman(Settings(database_url=database_url, keep_holds_days=1), clock)
    watchman.close()
    assert again.round()["swept_holds"] == 1
    assert client.get(f"/v1/slot-holds/{held['id']}").status_code == 404
    assert client.get(f"/v1/appointments/{kept['id']}").json()["state"] == "confirmed"
    again.close()


def offers_of(client: TestClient, job_id: str) -> list[dict[str, Any]]:
    answer = client.post("/v1/slot-offers", json={"job_id": job_id, "most": 50})
    assert answer.status_code == 201, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_an_appointment_does_not_stand_in_its_own_way(app: FastAPI, client: TestClient) -> None:
    made = confirm(client, hold(client, ask(client, draft(app))["items"][0]))
    said = ("start", "planned_start", "technician_id", "price")
    moving = [{name: one[name] for name in said} for one in offers_of(client, made["job_id"])]
    reason = {"reason": "away"}
    tag = {"If-Match": f'"{made["version"]}"'}
    assert client.post(f"/v1/appointments/{made['id']}:cancel", json=reason, headers=tag).status_code == 200
    assert [{name: one[name] for name in said} for one in offers_of(client, made["job_id"])] == moving


def test_an_appointment_moves_on_its_own_route(app: FastAPI, client: TestClient) -> None:
    made = confirm(client, hold(client, ask(client, draft(app))["items"][0]))
    before = visits_of(app, made["technician_id"])
    offers = offers_of(client, made["job_id"])
    same = next(one for one in offers if (one["technician_id"], one["start"]) == (made["technician_id"], made["start"]))
    refused = client.post("/v1/slot-holds", json={"offer_id": same["id"]})
    assert (refused.status_code, refused.json()["job_id"]) == (409, made["job_id"])
    path = f"/v1/appointments/{made['id']}:reschedule"
    moved = client.post(path, json={"offer_id": same["id"]}, headers={"If-Match": f'"{made["version"]}"'})
    assert moved.status_code == 200, moved.text
    assert moved.json()["start"] == made["start"]
    assert {id_ for id_, _, _ in visits_of(app, made["technician_id"])} == {id_ for id_, _, _ in before}


def test_a_confirmation_is_answered_again(app: FastAPI, client: TestClient) -> None:
    held = hold(client, ask(client, draft(app))["items"][0])
    key = {"Idempotency-Key": "k1"}
    answers = [client.post(f"/v1/slot-holds/{held['id']}:confirm", headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotency-replayed"] == "true"
    with app.state.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Appointment)) == 1


def test_a_confirmation_is_told_as_the_moves_of_its_job(app: FastAPI, client: TestClient) -> None:
    made = confirm(client, hold(client, ask(client, draft(app))["items"][0]))
    with app.state.database.read() as session:
        told = session.scalars(select(Event).where(Event.subject == made["job_id"]).order_by(Event.position)).all()
        moves = [one.data["to_state"] for one in told if one.type == "job.state_changed"]
        assert moves[:2] == ["needs_visit", "planned"]
        assert moves[-1] == session.get_one(JobRow, made["job_id"]).state


def test_a_recommendation_asks_every_plan_that_holds(
    app: FastAPI, client: TestClient, clock: StandingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.move(dt.timedelta(hours=14))
    wanted = {"job": draft(app)}
    whole = client.post("/v1/assignments:recommend", json=wanted).json()
    current = Desks.current

    def by_date(desks: Desks, session: Any, centre_id: str) -> tuple[CentreDesk, ...]:
        (one,) = current(desks, session, centre_id)
        return tuple(replace(one, dates=frozenset({date})) for date in sorted(one.dates))

    monkeypatch.setattr(Desks, "current", by_date)
    answer = client.post("/v1/assignments:recommend", json=wanted)
    assert answer.status_code == 200, answer.text
    best = answer.json()["candidates"][0]
    assert best == whole["candidates"][0]
    assert best["possible"]
    assert best["start"] > "2026-03-03"
    people = [one["technician_id"] for one in answer.json()["candidates"]]
    assert len(people) == len(set(people))
    nobody = ask(client, draft(app, crew_size=9), remedies=True)["nobody"]
    assert nobody["candidates"]
    prices = [one["price"]["fen"] for one in nobody["remedies"]]
    assert prices == sorted(prices)
