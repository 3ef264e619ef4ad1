"""Tours through the API: wished for, shown, locked, announced, published, planned again, written down."""

import datetime as dt
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response
from pydantic import TypeAdapter
from sqlalchemy import select

from api.schemas.tour_documents import AnnouncementShown, ItineraryShown, KitShown, ToursGeoJson
from api.store.days import day_of
from api.store.tour_holds import held_by_tours
from api.tables.events import Event
from api.tables.jobs import JobRow
from tests.api.clients import MakeKey, client_of
from tests.api.tour_region import EVENING, WISH, clock_of, made, run

KEPT: dict[str, TypeAdapter[Any]] = {
    "itinerary": TypeAdapter(list[ItineraryShown]),
    "geojson": TypeAdapter(ToursGeoJson),
    "kit": TypeAdapter(list[KitShown]),
    "announcements": TypeAdapter(list[AnnouncementShown]),
}
"""What the documents are documented as: they are answered as they are kept."""


def act(client: TestClient, tours: dict[str, Any], word: str, said: Any = None, version: int | None = None) -> Response:
    """Post to tours, about their present version unless another is said."""
    now = client.get(f"/v1/tours/{tours['id']}").json()["version"]
    headers = {"If-Match": f'"{now if version is None else version}"'}
    answer: Response = client.post(f"/v1/tours/{tours['id']}:{word}", json=said, headers=headers)
    return answer


def stops(client: TestClient, id_: str) -> dict[str, set[str]]:
    """Return the dates on which each village is visited."""
    found: dict[str, set[str]] = {}
    for tour in client.get(f"/v1/tours/{id_}/itinerary").json():
        for day in tour["days"]:
            for visit in day["visits"]:
                found.setdefault(visit["village_id"], set()).add(day["date"])
    return found


def pointers(answer: Response) -> set[str]:
    assert answer.status_code == 422, answer.text
    return {fault["pointer"] for fault in answer.json()["errors"]}


def events(app: FastAPI, kind: str) -> list[Event]:
    with app.state.database.read() as session:
        found = list(session.scalars(select(Event).where(Event.type == kind).order_by(Event.position)))
        session.expunge_all()
        return found


def test_tours_are_made_and_every_paper_is_as_documented(client: TestClient, app: FastAPI) -> None:
    tours = made(client)
    assert tours["centre_ids"] == ["C1"]
    outcome = tours["outcome"]
    assert outcome["jobs"] >= 4
    assert outcome["bound"]["fen"] <= outcome["cost"]["fen"] == sum(one["fen"] for one in outcome["items"].values())
    assert [moment["delay_days"] for moment in outcome["fitting"]["curve"]] == [0, 3, 7]
    assert {"V1", "V2", "V3"} <= stops(client, tours["id"]).keys()
    for name, schema in KEPT.items():
        answer = client.get(f"/v1/tours/{tours['id']}/{name}")
        assert answer.status_code == 200
        schema.validate_json(answer.content)
    pages = client.get(f"/v1/tours/{tours['id']}/sheets").json()
    assert "index.html" in pages
    assert "崇州村" in client.get(f"/v1/tours/{tours['id']}/sheets/{pages[0]}").text
    assert client.get(f"/v1/tours/{tours['id']}/calendar").text.startswith("BEGIN:VCALENDAR")
    told = client.get(f"/v1/tours/{tours['id']}/events").text
    assert "event: tour.progress" in told
    assert told.count("event: tour.finished") == 1
    assert client.get(f"/v1/tours/{tours['id']}/check").json() == {"legal": True, "findings": []}
    assert client.get("/v1/tours").json()["items"][0]["id"] == tours["id"]
    assert [event.data["state"] for event in events(app, "tour.finished")] == ["finished"]


def test_what_is_left_out_says_why_in_the_language_asked_for(client: TestClient) -> None:
    tours = made(client, levers={"never_visit": ["V3"]})
    address = f"/v1/tours/{tours['id']}/left-out"
    (english,) = [one for one in client.get(address).json() if one["job_id"] == "J3"]
    (chinese,) = [one for one in client.get(address, headers={"Accept-Language": "zh"}).json() if one["job_id"] == "J3"]
    assert english["rule"] == chinese["rule"] == "FORBIDDEN"
    assert english["reason"].isascii()
    assert not chinese["reason"].isascii()


def test_levers_hold(client: TestClient) -> None:
    levers = {"never_visit": ["V1"], "nights": 0}
    tours = made(client, levers=levers)
    assert tours["outcome"]["nights"] == 0
    assert "V1" not in stops(client, tours["id"])
    assert tours["levers"]["never_visit"] == ["V1"]


def test_every_fault_of_a_wish_is_told(client: TestClient) -> None:
    levers = {
        "must_visit": ["V9", "V1"],
        "never_visit": ["V1"],
        "forbidden_lodgings": ["L9"],
        "locked": [{"crew_id": "G9", "date": "2026-04-01", "lodging_id": "L8"}],
        "spans": [{"crew_id": "G1", "first": "2026-03-02", "last": "2026-03-20"}],
        "more_crews": [{"crew_id": "G1", "like": "G9"}],
        "more_days": [{"crew_id": "G1", "date": "2026-02-01"}],
    }
    wrong = {**WISH, "scope": {"crews": ["G1", "G9"]}, "levers": levers, "base_tour_plan": "tour_none"}
    assert pointers(client.post("/v1/tours", json=wrong)) == {
        "/scope/crews/1",
        "/levers/must_visit/0",
        "/levers/never_visit/0",
        "/levers/forbidden_lodgings/0",
        "/levers/locked/0/crew_id",
        "/levers/locked/0/date",
        "/levers/locked/0/lodging_id",
        "/levers/spans/0/last",
        "/levers/more_crews/0/crew_id",
        "/levers/more_crews/0/like",
        "/levers/more_days/0/date",
        "/base_tour_plan",
    }
    assert pointers(client.post("/v1/tours", json={**WISH, "scope": {}})) == {"/scope"}
    past = {**WISH, "horizon": {"date": "2026-02-01", "days": 3}}
    assert pointers(client.post("/v1/tours", json=past)) == {"/horizon/date"}
    unknown = {**WISH, "levers": {"locked": [{"crew_id": "G1", "date": "2026-03-02", "job_ids": ["J9"]}]}}
    assert pointers(client.post("/v1/tours", json={**unknown, "validate_only": True})) == {"/levers/locked/0/job_ids"}
    assert pointers(client.post("/v1/tours", json=unknown)) == {"/levers/locked/0/job_ids"}


CONTRADICTORY = {
    "never_visit": ["V1"],
    "nights": 0,
    "locked": [
        {"crew_id": "G1", "date": "2026-03-03", "job_ids": ["J1"], "lodging_id": None},
        {"crew_id": "G2", "date": "2026-03-03", "job_ids": ["J1", "J9"], "lodging_id": None},
    ],
    "spans": [{"crew_id": "G2", "first": "2026-03-02", "last": "2026-03-03"}],
    "more_days": [{"crew_id": "G2", "date": "2026-03-02"}],
}


def test_levers_that_cannot_hold_are_refused_together(client: TestClient) -> None:
    wrong = {**WISH, "levers": CONTRADICTORY}
    refused = client.post("/v1/tours", json=wrong)
    assert pointers(refused) == {
        "/levers/locked/0",
        "/levers/locked/1",
        "/levers/locked/1/job_ids",
        "/levers/spans/0",
        "/levers/more_days/0",
    }
    details = [fault["detail"] for fault in refused.json()["errors"]]
    assert "J1 is in V1, which is never to be visited" in details
    assert "J1 is locked to G2@2026-03-03 as well" in details
    assert "that is 1 nights, and 0 are allowed (--nights)" in details
    assert client.get("/v1/tours").json()["items"] == [], "nothing waits for a worker"
    chinese = client.post("/v1/tours", json=wrong, headers={"Accept-Language": "zh"}).json()["errors"]
    assert not any(fault["detail"].isascii() for fault in chinese)
    assert pointers(client.post("/v1/tours", json={**wrong, "validate_only": True})) == pointers(refused)
    tours = made(client)
    again = client.post(f"/v1/tours/{tours['id']}:replan", json={"levers": CONTRADICTORY})
    assert pointers(again) == pointers(refused)


def test_a_job_that_a_locked_day_lost_is_said(client: TestClient) -> None:
    tours = made(client, scope={"crews": ["G1"]})
    day = client.get(f"/v1/tours/{tours['id']}/itinerary").json()[0]["days"][0]
    gone = next(visit["job_id"] for visit in day["visits"] if not visit["job_id"].startswith("M"))
    assert act(client, tours, "lock-day", {"crew_id": "G1", "date": day["date"]}).status_code == 200
    job = client.get(f"/v1/jobs/{gone}")
    body = {"reason": "自行修好"}
    cancelled = client.post(f"/v1/jobs/{gone}:cancel", json=body, headers={"If-Match": job.headers["etag"]})
    assert cancelled.status_code == 200, cancelled.text
    again = run(client, client.post(f"/v1/tours/{tours['id']}:replan", json=FEW | {"levers": {}}).json()["id"])
    (lost,) = again["outcome"]["not_kept"]
    assert (lost["kind"], lost["about"], lost["date"]) == ("lock", gone, day["date"])
    assert "no job that a tour could do" in lost["sentence"]
    told = client.get(f"/v1/tours/{again['id']}", headers={"Accept-Language": "zh"}).json()["outcome"]["not_kept"]
    assert "不再有" in told[0]["sentence"]


FEW: dict[str, Any] = {"limits": {"steps": 60}}


def test_a_van_that_comes_back_takes_its_crew_on(client: TestClient) -> None:
    """Its days without a van are free; what is locked for the time after stays."""
    tours = made(client, scope={"crews": ["G1"]})
    down = {"crew_id": "G1", "date": "2026-03-02", "back_on": "2026-03-04"}
    wished = client.post(f"/v1/tours/{tours['id']}:replan", json=FEW | {"van_down": down})
    again = run(client, wished.json()["id"])
    assert (again["state"], again["problem"]) == ("finished", None)
    dates = {day["date"] for tour in client.get(f"/v1/tours/{again['id']}/itinerary").json() for day in tour["days"]}
    assert dates
    assert min(dates) >= "2026-03-04"
    reversed_ = {"van_down": down | {"back_on": "2026-03-02"}}
    assert pointers(client.post(f"/v1/tours/{tours['id']}:replan", json=reversed_)) == {"/van_down"}


def test_only_judged_nothing_is_made(client: TestClient) -> None:
    valid = client.post("/v1/tours", json={**WISH, "validate_only": True})
    assert valid.status_code == 200, valid.text
    assert valid.json() == {"villages": 3, "lodgings": 1, "crews": 2, "jobs": 5, "aside": {}}
    assert client.get("/v1/tours").json()["items"] == []


def test_a_wish_that_is_repeated_is_one(client: TestClient) -> None:
    key = {"Idempotency-Key": "once"}
    first = client.post("/v1/tours", json=WISH, headers=key)
    again = client.post("/v1/tours", json=WISH, headers=key)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["idempotency-replayed"] == "true"
    other = client.post("/v1/tours", json={**WISH, "seed": 2}, headers=key)
    assert other.status_code == 422
    assert len(client.get("/v1/tours").json()["items"]) == 1


def test_two_dispatchers_change_one_thing_each(client: TestClient) -> None:
    tours = made(client)
    day = client.get(f"/v1/tours/{tours['id']}/itinerary").json()[0]["days"][0]
    crew_id = client.get(f"/v1/tours/{tours['id']}/itinerary").json()[0]["crew_id"]
    lock = {"crew_id": crew_id, "date": day["date"]}
    assert client.post(f"/v1/tours/{tours['id']}:lock-day", json=lock).status_code == 428
    locked = act(client, tours, "lock-day", lock, tours["version"])
    assert locked.status_code == 200, locked.text
    assert locked.json()["locked_days"] == [lock]
    for word, said in (("lock-day", lock), ("announce", {"village_ids": "all"}), ("publish", None)):
        stale = act(client, tours, word, said, tours["version"])
        assert (stale.status_code, stale.json()["version"]) == (412, tours["version"] + 1), word
    assert act(client, tours, "lock-day", {**lock, "locked": False}).json()["locked_days"] == []
    assert pointers(act(client, tours, "lock-day", {"crew_id": "G1", "date": "2026-05-01"})) == {"/date"}


def test_an_announced_date_is_told_once_and_kept(client: TestClient, app: FastAPI) -> None:
    tours = made(client)
    dates = stops(client, tours["id"])
    told = act(client, tours, "announce", {"village_ids": ["V1", "V2"]})
    assert told.status_code == 200, told.text
    assert {one["village_id"]: one["is_new"] for one in told.json()["villages"]} == {"V1": True, "V2": True}
    assert pointers(act(client, tours, "announce", {"village_ids": ["V1", "VB"]})) == {"/village_ids/1"}
    again = act(client, tours, "announce", {"village_ids": "all"})
    assert {one["village_id"]: one["is_new"] for one in again.json()["villages"]}["V1"] is False
    assert sorted(event.subject for event in events(app, "tour.announced")) == ["V1", "V2", "V3"]
    village = client.get("/v1/villages/V1").json()
    known = [{"date": date, "at_village_id": "V1"} for date in sorted(dates["V1"])]
    assert (village["row"]["announced"], village["version"]) == (known, 2)
    # Whatever else is wanted, the dates stay.
    other = made(client, seed=7, levers={"nights": 0}, horizon={"date": "2026-03-02", "days": 4})
    kept = stops(client, other["id"])
    assert all(dates[id_] <= kept[id_] for id_ in dates)
    count = sum(len(some) for some in dates.values())
    assert (other["outcome"]["announced"], other["outcome"]["announced_kept"]) == (count, count)


def test_published_tours_hold_people_and_jobs(client: TestClient, app: FastAPI) -> None:
    tours = made(client)
    done = act(client, tours, "publish")
    assert done.status_code == 200, done.text
    assert done.json()["tour"]["state"] == "published"
    assert done.json()["visits"] == tours["outcome"]["jobs"]
    assert act(client, tours, "publish").status_code == 409
    assert client.get("/v1/jobs/J1").json()["state"] == "planned"
    away = {
        (tour["crew_id"], day["date"])
        for tour in client.get(f"/v1/tours/{tours['id']}/itinerary").json()
        for day in tour["days"]
    }
    with app.state.database.read() as session:
        folder = day_of(session, centre_ids=["C1"], date=dt.date(2026, 3, 2), days=4, now=EVENING)
    crew_of = {"T1": "G1", "T2": "G2"}
    working = {
        (crew_of[shift.technician_id], f"2026-03-0{2 + shift.day}")
        for shift in folder.day.shifts
        if shift.technician_id in crew_of
    }
    assert away
    assert not away & working
    toured = {visit for visits in (_job_ids(client, tours["id"]),) for visit in visits}
    assert not toured & {job.id for job in folder.day.jobs}
    # A later plan of the same crews takes the place of it.
    other = made(client, seed=5, levers={"never_visit": ["V3"]})
    again = act(client, other, "publish")
    assert again.status_code == 200, again.text
    assert again.json()["superseded"] == [tours["id"]]
    assert client.get("/v1/jobs/J3").json()["state"] == "needs_visit"
    assert client.get(f"/v1/tours/{tours['id']}").json()["state"] == "superseded"


def _job_ids(client: TestClient, id_: str) -> set[str]:
    tours = client.get(f"/v1/tours/{id_}/itinerary").json()
    return {visit["job_id"] for tour in tours for day in tour["days"] for visit in day["visits"]}


def test_a_job_that_is_cancelled_leaves_its_tour(client: TestClient, app: FastAPI) -> None:
    tours = made(client)
    act(client, tours, "publish")
    job = client.get("/v1/jobs/J1")
    draft = client.post("/v1/slot-offers", json={"job_id": "J1"})
    assert (draft.status_code, draft.json()["detail"]) == (
        409,
        "The job is on a published tour; take it off that first.",
    )
    said = {"reason": "customer_withdrew"}
    gone = client.post("/v1/jobs/J1:cancel", json=said, headers={"If-Match": job.headers["etag"]})
    assert gone.status_code == 200, gone.text
    visit = {"job_id": "J1", "outcome": "not_reached"}
    assert pointers(client.post(f"/v1/tours/{tours['id']}:record", json={"visits": [visit]})) == {"/visits/0/job_id"}
    with app.state.database.read() as session:
        assert "J1" not in held_by_tours(session)


def test_a_job_that_has_changed_meanwhile_is_no_tours_any_more(client: TestClient) -> None:
    tours = made(client)
    job = client.get("/v1/jobs/J1")
    said = {"reason": "customer_withdrew"}
    gone = client.post("/v1/jobs/J1:cancel", json=said, headers={"If-Match": job.headers["etag"]})
    assert gone.status_code == 200, gone.text
    refused = act(client, tours, "publish")
    assert (refused.status_code, refused.json()["job_ids"]) == (409, ["J1"])


def test_a_village_cut_off_is_left_out_and_told_dates_stay(client: TestClient) -> None:
    tours = made(client)
    act(client, tours, "announce", {"village_ids": "all"})
    act(client, tours, "publish")
    dates = stops(client, tours["id"])
    clock_of(client).move(dt.timedelta(hours=10))
    cut_off = {"village_id": "V3", "dates": [f"2026-03-0{day}" for day in range(2, 6)]}
    wished = client.post(f"/v1/tours/{tours['id']}:replan", json={"village_cut_off": cut_off, "limits": {"steps": 60}})
    assert wished.status_code == 202, wished.text
    again = run(client, wished.json()["id"])
    assert (again["state"], again["problem"]) == ("finished", None)
    assert again["replan"] == {"kind": "village_cut_off", "of": tours["id"]}
    kept = stops(client, again["id"])
    assert "V3" not in kept
    assert all(min(dates[id_]) in kept[id_] for id_ in ("V1", "V2"))
    assert again["outcome"]["announced_kept"] == again["outcome"]["announced"] - 1


def test_a_van_that_is_down_gives_its_villages_to_the_other_crew(client: TestClient) -> None:
    tours = made(client)
    act(client, tours, "announce", {"village_ids": "all"})
    act(client, tours, "publish")
    dates = stops(client, tours["id"])
    crews = {tour["crew_id"] for tour in client.get(f"/v1/tours/{tours['id']}/itinerary").json()}
    down = min(crews)
    wished = client.post(
        f"/v1/tours/{tours['id']}:replan",
        json={"van_down": {"crew_id": down, "date": "2026-03-02"}, "limits": {"steps": 60}},
    )
    again = run(client, wished.json()["id"])
    assert (again["state"], again["problem"]) == ("finished", None)
    itinerary = client.get(f"/v1/tours/{again['id']}/itinerary").json()
    assert {tour["crew_id"] for tour in itinerary} == {"G1", "G2"} - {down}
    kept = stops(client, again["id"])
    outcome = again["outcome"]
    assert sum(len(dates[id_] & kept.get(id_, set())) for id_ in dates) == outcome["announced_kept"] >= 1
    assert len(outcome["not_kept"]) == outcome["announced"] - outcome["announced_kept"]


def test_a_crew_on_the_road_goes_on_from_its_bed(client: TestClient) -> None:
    # Two days that hang together by a night: the first is locked so.
    locked = [{"crew_id": "G1", "date": "2026-03-02", "job_ids": ["J1"], "lodging_id": "L1"}]
    tours = made(client, scope={"crews": ["G1"]}, levers={"locked": locked})
    day = client.get(f"/v1/tours/{tours['id']}/itinerary").json()[0]["days"][0]
    assert day["lodging"]["lodging_id"] == "L1"
    assert act(client, tours, "publish").status_code == 200
    clock_of(client).move(dt.timedelta(days=1))
    wished = client.post(f"/v1/tours/{tours['id']}:replan", json={"levers": {}, "limits": {"steps": 60}})
    again = run(client, wished.json()["id"])
    assert (again["state"], again["problem"]) == ("finished", None)
    assert again["date"] == "2026-03-02"
    clock_of(client).move(dt.timedelta(hours=9))
    wished = client.post(
        f"/v1/tours/{tours['id']}:replan", json={"levers": {}, "date": "2026-03-03", "limits": {"steps": 60}}
    )
    again = run(client, wished.json()["id"])
    first = client.get(f"/v1/tours/{again['id']}/itinerary").json()[0]
    assert first["tour_id"] == "G1@2026-03-03"
    lines = client.get(f"/v1/tours/{again['id']}/geojson").json()["features"]
    start = next(line for line in lines if line["properties"]["kind"] == "day")["geometry"]["coordinates"][0]
    assert start == [103.53, 30.58]


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({}, ""),
        ({"levers": {}, "van_down": {"crew_id": "G1", "date": "2026-03-02"}}, ""),
        ({"van_down": {"crew_id": "G3", "date": "2026-03-02"}}, "/van_down/crew_id"),
        ({"village_cut_off": {"village_id": "V9", "dates": ["2026-03-02"]}}, "/village_cut_off/village_id"),
        ({"levers": {"must_visit": ["V9"]}}, "/levers/must_visit/0"),
        ({"levers": {}, "date": "2026-03-09"}, "/date"),
    ],
)
def test_a_replan_with_faults_is_none(client: TestClient, said: Any, pointer: str) -> None:
    tours = made(client)
    assert pointers(client.post(f"/v1/tours/{tours['id']}:replan", json=said)) == {pointer}


def test_what_became_of_visits_moves_last_dates(client: TestClient) -> None:
    tours = made(client)
    assert client.post(f"/v1/tours/{tours['id']}:record", json={"visits": [said("J1")]}).status_code == 409
    act(client, tours, "publish")
    itinerary = client.get(f"/v1/tours/{tours['id']}/itinerary").json()
    visits = {visit["job_id"]: visit for tour in itinerary for day in tour["days"] for visit in day["visits"]}
    (due,) = [id_ for id_ in visits if id_.startswith("M1@")]
    early = client.post(f"/v1/tours/{tours['id']}:record", json={"visits": [said("J1", visits["J1"]["start"])]})
    assert pointers(early) == {"/visits/0/start"}
    to_come = {"visits": [{"job_id": "J1", "outcome": "not_reached"}]}
    assert pointers(client.post(f"/v1/tours/{tours['id']}:record", json=to_come)) == {"/visits/0/outcome"}
    clock_of(client).move(dt.timedelta(days=5))
    told = [said(id_, visits[id_]["start"]) for id_ in ("J1", due)]
    told.append({"job_id": "J2", "outcome": "not_reached"})
    unknown = client.post(f"/v1/tours/{tours['id']}:record", json={"visits": [*told, {**told[0], "job_id": "J9"}]})
    assert pointers(unknown) == {"/visits/3/job_id"}
    recorded = client.post(f"/v1/tours/{tours['id']}:record", json={"visits": told})
    assert recorded.status_code == 200, recorded.text
    assert recorded.json() == {"visits": 3, "done": 2, "maintenance_ids": ["M1"], "village_ids": ["V1", "V2"]}
    assert client.get("/v1/jobs/J1").json()["state"] == "done"
    assert client.get("/v1/jobs/J2").json()["state"] == "needs_visit"
    assert client.get("/v1/maintenance-plans/M1").json()["row"]["last_on"] == visits[due]["start"][:10]
    assert client.get("/v1/villages/V1").json()["row"]["last_visit"] == visits["J1"]["start"][:10]
    assert client.post(f"/v1/tours/{tours['id']}:record", json={"visits": told}).status_code == 409
    period = {"from": "2026-03-01", "to": "2026-03-10"}
    rows = client.get("/v1/reports/tours", params=period).json()["rows"]
    assert (sum(row["done"] for row in rows), sum(row["not_reached"] for row in rows)) == (2, 1)
    assert sum(row["visits"] for row in rows) == tours["outcome"]["jobs"]
    csv = client.get("/v1/reports/tours", params={**period, "format": "csv"})
    assert csv.text.startswith("\ufefftour_plan_id,tour_id,centre_id,crew_id")
    villages = client.get("/v1/reports/unvisited-villages", params={"to": "2026-03-10", "days": 15}).json()["rows"]
    assert [row["village_id"] for row in villages] == ["VB", "V3"]


def said(job_id: str, start: str = "2026-03-02T09:00:00+08:00") -> dict[str, Any]:
    return {"job_id": job_id, "outcome": "done", "start": start, "end": start}


def test_another_centres_tours_are_not_there(client: TestClient, app: FastAPI) -> None:
    tours = made(client)
    other = client_of(app, MakeKey(app)("plans:solve", "plans:publish", "dispatch", centres=["C2"]))
    for path in ("", "/itinerary", "/kit", "/left-out", "/events", "/check", "/sheets", "/calendar"):
        assert other.get(f"/v1/tours/{tours['id']}{path}").status_code == 404, path
    for word, body in (("cancel", None), ("lock-day", {"crew_id": "G1", "date": "2026-03-02"}), ("publish", None)):
        assert act_as(other, tours, word, body).status_code == 404, word
    assert other.get("/v1/tours").json()["items"] == []
    assert pointers(other.post("/v1/tours", json=WISH)) == {"/scope/crews/0", "/scope/crews/1"}
    foreign = {**WISH, "base_tour_plan": tours["id"], "scope": {"crews": ["G3"]}}
    assert pointers(other.post("/v1/tours", json=foreign)) == {"/base_tour_plan"}
    mine = other.post("/v1/tours", json={**WISH, "scope": {"centres": "all"}}).json()
    assert (mine["centre_ids"], mine["crew_ids"]) == (["C2"], ["G3"])
    reader = client_of(app, MakeKey(app)("jobs:write"))
    assert reader.post("/v1/tours", json=WISH).status_code == 403


def act_as(client: TestClient, tours: dict[str, Any], word: str, body: Any) -> Response:
    answer: Response = client.post(f"/v1/tours/{tours['id']}:{word}", json=body, headers={"If-Match": '"1"'})
    return answer


def test_a_consent_to_wait_makes_a_call_a_tours(client: TestClient, app: FastAPI) -> None:
    job = client.get("/v1/jobs/J4")
    address, match = "/v1/jobs/J4:record-consent", {"If-Match": job.headers["etag"]}
    wrong = {"kind": "wait", "consent": "given"}
    assert client.post(address, json=wrong, headers=match).status_code == 422
    over = {**wrong, "until": "2026-02-01"}
    assert pointers(client.post(address, json=over, headers=match)) == {"/until"}
    given = client.post(address, json={**wrong, "until": "2026-03-05"}, headers=match)
    assert given.status_code == 200, given.text
    tours = made(client)
    (visit,) = [
        visit
        for tour in client.get(f"/v1/tours/{tours['id']}/itinerary").json()
        for day in tour["days"]
        for visit in day["visits"]
        if visit["job_id"] == "J4"
    ]
    assert visit["kind"] == "consented"
    refused = {"kind": "wait", "consent": "refused"}
    back = client.post(address, json=refused, headers={"If-Match": given.headers["etag"]})
    assert (back.status_code, back.json()["state"]) == (200, "needs_visit")
    with app.state.database.read() as session:
        assert session.get_one(JobRow, "J4").version == 3
